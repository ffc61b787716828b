"""Cutting what is long over, in portions that hold nobody up: old lines of the journal, old snapshots (SPD-2)."""

from datetime import datetime
from typing import Final

from connectors.postgres import Connection, chosen, queries, read_one
from schemas.pruning import Portion

_SQL: Final = queries("pruning")

LINES: Final = 2000  # of the journal that are looked at in one transaction
SNAPSHOTS: Final = 500  # that are cut in one transaction


def cut_journal(connection: Connection, before: datetime, beyond: int) -> Portion:
    """Cut old lines among the next ones behind a number, but for those that rules compare with."""
    return _cut(connection, "cut_journal", before, beyond, limit=LINES)


def cut_snapshots(connection: Connection, before: datetime) -> Portion:
    """Cut what stores sent of some orders, over or not, that neither came nor changed since; the next are found anew.

    Whoever looks at one of them again asks its store for it (DOR-6).
    """
    return _cut(connection, "cut_snapshots", before, 0, limit=SNAPSHOTS)


def cut_skipped(connection: Connection, before: datetime) -> Portion:
    """The same of orders that did not come to the hub by a rule."""
    return _cut(connection, "cut_skipped", before, 0, limit=SNAPSHOTS)


def _cut(connection: Connection, name: str, before: datetime, beyond: int, *, limit: int) -> Portion:
    statement = chosen(_SQL[name], (), limit=limit, over=_SQL["is_over"])
    with connection.transaction():
        connection.execute(_SQL["allow_cutting"], {"allowed": "on"})
        portion = read_one(connection, Portion, statement, {"before": before, "beyond": beyond})
        connection.execute(_SQL["allow_cutting"], {"allowed": "off"})
    return portion or Portion(0)
