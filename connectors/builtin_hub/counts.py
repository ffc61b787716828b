"""Counts of the built-in hub: many SKUs seen at one moment, counted as one, and taken back. It decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from connectors.errors import HubRefused
from connectors.postgres import Connection, Row, queries, read_all, read_one
from schemas.actions import CountStock, TakeBackCount
from schemas.counts import CountedItem, MadeCount, Shelf
from schemas.orders import Kind

_SQL: Final = queries("counts", __package__)
_COUNT_LOCK: Final = 7203_0004  # advisory lock: one count at a time


def alone(connection: Connection) -> None:
    """Let nobody else count before the transaction ends."""
    connection.execute(_SQL["alone"], {"lock": _COUNT_LOCK})


def shelves(connection: Connection, skus: Sequence[str], *, store_id: int | None = None) -> dict[str, CountedItem]:
    """What the hub has of some SKUs, and what a store's open orders wait for, all of one moment."""
    items: dict[str, CountedItem] = {}
    rows = connection.execute(_SQL["shelves"], {"skus": list(skus), "store_id": store_id})
    by_sku: dict[str, dict[str, Shelf]] = {}
    for row in rows:
        there = by_sku.setdefault(row["sku"], {})
        there[row["location"]] = _shelf(row)
        if row["sku"] not in items:
            items[row["sku"]] = CountedItem(
                row["sku"], row["variant_id"], Kind(row["kind"]), row["batch_tracked"], row["is_bundle"], there
            )
    return items


def _shelf(row: Row) -> Shelf:
    batches = {name: Decimal(pieces) for name, pieces in row["batches"].items()}
    return Shelf(row["in_stock"], row["is_counted"], row["promised"], batches)


@dataclass(frozen=True, slots=True)
class PastCount(MadeCount):
    """The same, with of how many items it is, and what it added in pieces."""

    items: int
    added: Decimal


def counts(connection: Connection, *, limit: int) -> list[PastCount]:
    """The latest counts, newest first."""
    return read_all(connection, PastCount, _SQL["counts"], {"limit": limit})


def latest(connection: Connection, *, limit: int) -> list[MadeCount]:
    """The same, without how much is of each."""
    return read_all(connection, MadeCount, _SQL["latest_counts"], {"limit": limit})


def one(connection: Connection, count_id: str) -> MadeCount | None:
    """A count by its number."""
    return read_one(connection, MadeCount, _SQL["one_count"], {"count_id": count_id})


def carry_out(connection: Connection, action: CountStock | TakeBackCount) -> str:
    """Count, or take a count back; the count's id. Raises HubRefused."""
    return _count(connection, action) if isinstance(action, CountStock) else _take_back(connection, action.count_id)


def _count(connection: Connection, action: CountStock) -> str:
    if not action.lines:
        raise HubRefused("there is nothing to count")
    row = connection.execute(_SQL["begin"], {"source": action.source}).fetchone()
    assert row is not None
    values: dict[str, Any] = {
        "count_id": row["id"],
        "variant_ids": [line.variant_id for line in action.lines],
        "locations": [line.location for line in action.lines],
        "batches": [line.batch for line in action.lines],
        "deltas": [line.delta for line in action.lines],
    }
    connection.execute(_SQL["keep_batches"], values)
    connection.execute(_SQL["move"], values)
    return str(row["id"])


def _take_back(connection: Connection, count_id: str) -> str:
    alone(connection)
    values = {"count_id": count_id}
    row = connection.execute(_SQL["hold_count"], values).fetchone()
    if row is None:
        raise HubRefused(f"there is no count {count_id}")
    if row["taken_back_at"] is not None:
        raise HubRefused(f"count {count_id} was taken back already")
    later = connection.execute(_SQL["later"], values).fetchone()
    if later is not None:
        raise HubRefused(f"count {later['id']} counted some of the same items since: take that back first")
    connection.execute(_SQL["take_back"], values)
    connection.execute(_SQL["forget_counted"], values)
    return count_id
