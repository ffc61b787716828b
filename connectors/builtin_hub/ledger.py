"""The ledger of the built-in hub: old moves become sums. Levels stay as they are."""

from datetime import datetime
from typing import Final

from connectors.postgres import Connection, queries, read_one
from schemas.pruning import Portion

_SQL: Final = queries("ledger", __package__)

MOVES: Final = 2000  # that are looked at in one transaction


def cut(connection: Connection, before: datetime, beyond: int) -> Portion:
    """Sum old moves among the next ones behind a number."""
    values = {"before": before, "beyond": beyond, "limit": MOVES}
    with connection.transaction():
        connection.execute(_SQL["allow_summing"], {"allowed": "on"})
        portion = read_one(connection, Portion, _SQL["sum_old_moves"], values)
        connection.execute(_SQL["allow_summing"], {"allowed": "off"})
    return portion or Portion(0)
