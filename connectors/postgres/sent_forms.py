"""Forms of pages by their numbers, in PostgreSQL: what adds something up is done once, however often it is sent."""

from typing import Final
from uuid import UUID

from connectors.postgres import Connection, queries

_SQL: Final = queries("sent_forms")


def is_first(connection: Connection, number: UUID) -> bool:
    """Whether a form was not sent before; as long as the transaction lasts, as it is done with it or not at all."""
    return connection.execute(_SQL["first_sent"], {"number": number}).fetchone() is not None


def cut(connection: Connection) -> None:
    """Those of long ago are forgotten."""
    connection.execute(_SQL["cut_sent_forms"])
