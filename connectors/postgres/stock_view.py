"""What people see of stock push: where a SKU stands in each store, and how far a push is. It changes nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from connectors.postgres import Connection, Row, queries, read_all, stores
from connectors.postgres.rows import StoreRow, read_store_row
from connectors.postgres.stock import UNREAD_SECONDS
from schemas.account import Account

_SQL: Final = queries("stock_view")


@dataclass(frozen=True, slots=True)
class SkuAt:
    """How a SKU stands in a store: whether and since when it is due, until when it waits, and why it is not shown.

    `is_held` where orders that nobody has read yet hold it back (STK-9), as far as they were looked through.
    """

    store: StoreRow
    account: Account
    sku: str
    is_due: bool
    due_since: datetime | None
    due_at: datetime | None
    attempts: int
    looked_at: datetime | None
    why: str | None
    why_detail: dict[str, Any]
    is_held: bool


EVERY: Final = 2**31  # more unread orders than any store has


def at_stores(connection: Connection, skus: Sequence[str], *, most_unread: int = EVERY) -> dict[str, list[SkuAt]]:
    """Every connected store as it stands to each of some SKUs, by name; so many unread orders are looked through."""
    rows, account = stores.stores(connection), stores.account(connection)
    values = {"skus": list(skus), "patience": UNREAD_SECONDS, "most_unread": most_unread}
    by_key = {(row["store_id"], row["sku"]): row for row in connection.execute(_SQL["skus_at_stores"], values)}
    return {sku: [_sku_at(store, account, at) for store in rows if (at := by_key.get((store.id, sku)))] for sku in skus}


def _sku_at(store: StoreRow, account: Account, at: Row) -> SkuAt:
    values = {**at, "why_detail": at["why_detail"] or {}}
    del values["store_id"]
    return SkuAt(store, account, **values)


@dataclass(frozen=True, slots=True)
class ItemAt:
    """An item of a store at a place, what it shows there and was told last; no place where nothing of it is known."""

    store_id: int
    sku: str
    external_id: str
    name: str
    is_tracked: bool
    place: str | None
    shown: int | None
    told: int | None
    told_at: datetime | None


def items(connection: Connection, skus: Sequence[str]) -> dict[tuple[int, str], list[ItemAt]]:
    """What each connected store, by its id, has of each of some SKUs, by item and place."""
    found: dict[tuple[int, str], list[ItemAt]] = {}
    for item in read_all(connection, ItemAt, _SQL["items_of_skus_at_stores"], {"skus": list(skus)}):
        found.setdefault((item.store_id, item.sku), []).append(item)
    return found


def sold(connection: Connection, *, after: str, prefix: str = "", limit: int) -> dict[str, str]:
    """The next SKUs that connected stores sell and that begin so, with a name of theirs, as code points order them."""
    found = connection.execute(_SQL["sold"], {"after": after, "prefix": prefix, "limit": limit})
    return {row["sku"]: row["name"] for row in found}


def pushing_stores(connection: Connection) -> list[StoreRow]:
    """Active stores with stock sync on."""
    return [read_store_row(row) for row in connection.execute(_SQL["pushing_stores"])]


def sold_skus(connection: Connection, store_id: int, skus: Sequence[str]) -> set[str]:
    """Which of some SKUs a store's catalogue has, as far as it is known."""
    found = connection.execute(_SQL["sold_skus"], {"store_id": store_id, "skus": list(skus)})
    return {row["sku"] for row in found}


def held_skus(connection: Connection, store_id: int, skus: Sequence[str]) -> set[str]:
    """Which of some SKUs wait for orders of a store that are not read yet (STK-9)."""
    values = {"store_id": store_id, "skus": list(skus), "patience": UNREAD_SECONDS}
    return {row["sku"] for row in connection.execute(_SQL["held_skus"], values)}


def shown_of_others(connection: Connection, store_id: int, places: Iterable[str], *, but: Sequence[str]) -> int:
    """The pieces that a store shows at some places of all SKUs but some, as far as that is known."""
    values = {"store_id": store_id, "places": list(places), "but": list(but)}
    row = connection.execute(_SQL["shown_of_others"], values).fetchone()
    return int(row["pieces"]) if row else 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a store is with what was asked of it; `stopped` says why nothing of it goes on, where that is so."""

    waiting: int
    stopped: str | None = None
    until: datetime | None = None


def push_progress(connection: Connection, store_id: int, skus: Sequence[str] | None, *, asked_at: datetime) -> Progress:
    """How many SKUs that were due at a moment still are; all of the store's for None."""
    values = {"store_id": store_id, "skus": None if skus is None else list(skus), "asked_at": asked_at}
    row = connection.execute(_SQL["push_progress"], values).fetchone()
    if row is None or row["state"] != "active":
        return Progress(0 if row is None else row["waiting"], row["store_reason"] or row["state"] if row else "gone")
    if not row["is_on"]:
        return Progress(row["waiting"], "stock_sync_off")
    return Progress(row["waiting"], row["put_off_reason"], row["put_off_until"])


@dataclass(frozen=True, slots=True)
class PushOutcome:
    """What came of a push: SKUs the store was told, that it showed already, and that it does not show, by reason."""

    told: int = 0
    same: int = 0
    not_shown: dict[str, int] = field(default_factory=dict)


def push_outcome(connection: Connection, store_id: int, skus: Sequence[str], *, asked_at: datetime) -> PushOutcome:
    """What came of SKUs that were asked for at a moment."""
    values = {"store_id": store_id, "skus": list(skus), "asked_at": asked_at}
    rows = connection.execute(_SQL["push_outcome"], values).fetchall()
    shown = [row for row in rows if row["reason"] is None]
    return PushOutcome(
        told=sum(row["skus"] for row in shown if row["was_told"]),
        same=sum(row["skus"] for row in shown if not row["was_told"]),
        not_shown={row["reason"]: row["skus"] for row in rows if row["reason"] is not None},
    )
