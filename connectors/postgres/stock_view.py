"""What people see of stock push: where a SKU stands in each store, and how far a push is. It changes nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from connectors.postgres import Connection, Row, queries
from connectors.postgres.stock import UNREAD_SECONDS
from schemas.stock import StoreItem

_SQL: Final = queries("stock_view")


def stores(connection: Connection, sku: str) -> list[Row]:
    """Every connected store as it stands to one SKU, by name."""
    return connection.execute(_SQL["stores"], {"sku": sku, "patience": UNREAD_SECONDS}).fetchall()


def items(connection: Connection, sku: str) -> dict[int, list[Row]]:
    """What each store, by its id, has of one SKU: a row per item and place."""
    found: dict[int, list[Row]] = {}
    for row in connection.execute(_SQL["items"], {"sku": sku}):
        found.setdefault(row["store_id"], []).append(row)
    return found


def pushing_stores(connection: Connection) -> list[Row]:
    """Active stores with stock sync on."""
    return connection.execute(_SQL["pushing_stores"]).fetchall()


def hub_skus(connection: Connection, store_id: int) -> tuple[list[str], list[str]]:
    """The hub's SKUs that a store's catalogue has, as far as it is known, and those that it has not."""
    rows = connection.execute(_SQL["hub_skus"], {"store_id": store_id}).fetchall()
    return [row["sku"] for row in rows if row["is_there"]], [row["sku"] for row in rows if not row["is_there"]]


def held_skus(connection: Connection, store_id: int, skus: Sequence[str]) -> set[str]:
    """Which of some SKUs wait for orders of a store that are not read yet (STK-9)."""
    values = {"store_id": store_id, "skus": list(skus), "patience": UNREAD_SECONDS}
    return {row["sku"] for row in connection.execute(_SQL["held_skus"], values)}


def kept_items(connection: Connection, store_id: int, *, beyond: str, limit: int) -> list[StoreItem]:
    """What a store sells, as its catalogue is kept, from beyond an external id on; empty behind the last one."""
    values = {"store_id": store_id, "beyond": beyond, "limit": limit}
    return [StoreItem(**row) for row in connection.execute(_SQL["kept_items"], values)]


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
class Outcome:
    """What came of a push: SKUs the store was told, that it showed already, and that it does not show, by reason."""

    told: int = 0
    same: int = 0
    not_shown: dict[str, int] = field(default_factory=dict)


def push_outcome(connection: Connection, store_id: int, skus: Sequence[str], *, asked_at: datetime) -> Outcome:
    """What came of SKUs that were asked for at a moment."""
    values = {"store_id": store_id, "skus": list(skus), "asked_at": asked_at}
    rows = connection.execute(_SQL["push_outcome"], values).fetchall()
    shown = [row for row in rows if row["reason"] is None]
    return Outcome(
        told=sum(row["skus"] for row in shown if row["was_told"]),
        same=sum(row["skus"] for row in shown if not row["was_told"]),
        not_shown={row["reason"]: row["skus"] for row in rows if row["reason"] is not None},
    )
