"""What people see of stock push: where a SKU stands in each store, and how far a push is. It changes nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from connectors.postgres import Connection, queries, read_all
from connectors.postgres.rows import StoreRow, read_store_row
from connectors.postgres.stock import UNREAD_SECONDS
from schemas.account import Account, read_account

_SQL: Final = queries("stock_view")


@dataclass(frozen=True, slots=True)
class SkuAt:
    """How a SKU stands in a store: whether and since when it is due, until when it waits, and why it is not shown.

    `is_held` where orders that nobody has read yet hold it back (STK-9).
    """

    store: StoreRow
    account: Account
    is_due: bool
    due_since: datetime | None
    due_at: datetime | None
    attempts: int
    looked_at: datetime | None
    why: str | None
    why_detail: dict[str, Any]
    is_held: bool


def stores(connection: Connection, sku: str) -> list[SkuAt]:
    """Every connected store as it stands to one SKU, by name."""
    rows = connection.execute(_SQL["stores_of_sku"], {"sku": sku, "patience": UNREAD_SECONDS})
    return [
        SkuAt(
            store=read_store_row(row),
            account=read_account(row["account"]),
            is_due=row["sku_is_due"],
            due_since=row["sku_due_since"],
            due_at=row["sku_due_at"],
            attempts=row["sku_attempts"] or 0,
            looked_at=row["sku_looked_at"],
            why=row["why"],
            why_detail=row["why_detail"],
            is_held=bool(row["is_held"]),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class ItemAt:
    """An item of a store at a place, what it shows there and was told last; no place where nothing of it is known."""

    store_id: int
    external_id: str
    name: str
    is_tracked: bool
    place: str | None
    shown: int | None
    told: int | None
    told_at: datetime | None


def items(connection: Connection, sku: str) -> dict[int, list[ItemAt]]:
    """What each store, by its id, has of one SKU, by item and place."""
    found: dict[int, list[ItemAt]] = {}
    for item in read_all(connection, ItemAt, _SQL["items_of_sku"], {"sku": sku}):
        found.setdefault(item.store_id, []).append(item)
    return found


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
