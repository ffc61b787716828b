"""Files that people gave to pages to be counted, in PostgreSQL: kept for some days, for a worker to read (STK-11)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from connectors.postgres import Connection, queries, read_one

_SQL: Final = queries("count_files")


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file with its text, where lines without a location lie, who gave it, and what it was counted as."""

    id: int
    name: str
    content: str
    location: str
    who: str | None
    made_at: datetime
    count_id: str | None


def keep(connection: Connection, *, name: str, content: str, location: str, who: str) -> int:
    """Keep a file: its number."""
    values = {"name": name, "content": content, "location": location, "who": who}
    row = connection.execute(_SQL["keep_count_file"], values).fetchone()
    assert row is not None
    return int(row["id"])


def kept(connection: Connection, id_: int) -> KeptFile | None:
    """One of them; None where it is gone."""
    return read_one(connection, KeptFile, _SQL["count_file"], {"id": id_})


def hold(connection: Connection, id_: int) -> str | None:
    """What it was counted as, if it was; nobody else counts it before the transaction ends."""
    row = connection.execute(_SQL["hold_count_file"], {"id": id_}).fetchone()
    return row["count_id"] if row else None


def counted(connection: Connection, id_: int, count_id: str) -> None:
    """It is counted."""
    connection.execute(_SQL["count_file_done"], {"id": id_, "count_id": count_id})


def cut(connection: Connection) -> None:
    """Those of some days ago are gone."""
    connection.execute(_SQL["cut_count_files"])
