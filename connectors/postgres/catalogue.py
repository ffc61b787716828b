"""Catalogues of stores in PostgreSQL: what each sells, what each item shows, and how far a walk through it has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.types.json import Jsonb

from connectors.postgres import Connection, queries, read_all
from schemas.failures import PutOff
from schemas.stock import StoreItem
from schemas.webhooks import Figure

_SQL: Final = queries("catalogue")

_SETTLING: Final = timedelta(seconds=60)  # a store may take what we told it some time after it said yes


def items(connection: Connection, store_id: int, skus: Sequence[str]) -> list[StoreItem]:
    """What a store has of some SKUs; a place that shows nobody knows what is in `shown` as None."""
    found = connection.execute(_SQL["items_of_skus"], {"store_id": store_id, "skus": list(skus)})
    return [StoreItem(**{**row, "inactive": tuple(row["inactive"])}) for row in found]


def named_items(connection: Connection, store_id: int, *, beyond: str, limit: int) -> list[tuple[str, str]]:
    """SKUs with names of what a store sells, each once, from beyond a SKU on; empty behind the last one."""
    values = {"store_id": store_id, "beyond": beyond, "limit": limit}
    return [(row["sku"], row["name"]) for row in connection.execute(_SQL["named_items"], values)]


def kept_items(connection: Connection, store_id: int, *, beyond: str, limit: int) -> list[StoreItem]:
    """What a store sells, as its catalogue is kept, from beyond an external id on; empty behind the last one."""
    values = {"store_id": store_id, "beyond": beyond, "limit": limit}
    return [StoreItem(**row) for row in connection.execute(_SQL["kept_items"], values)]


def keep_items(
    connection: Connection,
    store_id: int,
    found: Sequence[StoreItem],
    *,
    asked_at: datetime,
    asked_for: Sequence[str] = (),
    is_whole: bool = False,
) -> int:
    """Keep a page of a store's catalogue as it was asked for at a moment; returns how many SKUs are due for it.

    `asked_for` are SKUs that the caller asked for because it tells the store its stock now: they are not due for what
    was found, and as nobody else tells the store anything meanwhile, the store's figures count whatever their age.
    """
    newest = {item.external_id: item for item in found}
    kept = [newest[external_id] for external_id in sorted(newest)]
    values = {
        "store_id": store_id,
        "ids": [item.external_id for item in kept],
        "skus": [item.sku for item in kept],
        "names": [item.name for item in kept],
        "tracked": [item.is_tracked for item in kept],
        "asked_for": list(asked_for),
    }
    levels = [(item.external_id, place, shown) for item in kept for place, shown in sorted(item.shown.items())]
    page = {
        "store_id": store_id,
        "items": values["ids"],
        "ids": [level[0] for level in levels],
        "places": [level[1] for level in levels],
        "shown": [level[2] for level in levels],
        "asked_at": asked_at - _SETTLING,
        "asked_exactly": asked_at,
        "is_whole": is_whole,
        "is_held": bool(asked_for),
    }
    with connection.transaction():
        moved = connection.execute(_SQL["keep_items"], values).rowcount
        connection.execute(_SQL["keep_levels"], page)
        moved += connection.execute(_SQL["drop_levels"], page).rowcount
        connection.execute(_SQL["leave_places"], page)
    return moved


def drop_items(connection: Connection, store_id: int, external_ids: Sequence[str]) -> None:
    """Forget items that a store no longer has."""
    connection.execute(_SQL["drop_items"], {"store_id": store_id, "ids": list(external_ids)})


def unseen_items(connection: Connection, store_id: int, *, before: datetime) -> list[str]:
    """Items that no page brought since a moment."""
    found = connection.execute(_SQL["unseen_items"], {"store_id": store_id, "before": before})
    return [row["external_id"] for row in found]


def looked(connection: Connection, store_id: int, skus: Sequence[str]) -> None:
    """The store was asked for these SKUs now."""
    connection.execute(_SQL["looked"], {"store_id": store_id, "skus": list(skus)})


def due_stores(connection: Connection, *, every: int, hinted_every: int) -> list[int]:
    """Stores whose catalogue is wanted, for stock or products, and was not looked at for so many seconds.

    `hinted_every` counts where the shop said that something of it moved.
    """
    values = {"every": every, "hinted_every": hinted_every}
    return [row["id"] for row in connection.execute(_SQL["due_catalogues"], values)]


def seen(connection: Connection, store_id: int, *, asked_at: datetime, is_whole: bool, without_sku: int) -> None:
    """Every change of a store's catalogue up to a moment is known; of all of it, so many items have no SKU."""
    values = {"store_id": store_id, "asked_at": asked_at, "is_whole": is_whole, "without_sku": without_sku}
    connection.execute(_SQL["catalogue_seen"], values)


def hint(connection: Connection, store_id: int) -> None:
    """The shop says that what it sells moved: a look that begins after this brings it."""
    connection.execute(_SQL["hint_catalogue"], {"store_id": store_id})


def is_known(connection: Connection, store_id: int, figure: Figure) -> bool:
    """Whether an item shows these pieces as far as we know, or it is what we tell the store at this moment."""
    values = {"store_id": store_id, "item": figure.item, "place": figure.place, "pieces": figure.pieces}
    found = connection.execute(_SQL["is_known"], values | {"sku": figure.sku, "lately": _SETTLING}).fetchone()
    return found is not None


def skus_of(connection: Connection, store_id: int, external_ids: Sequence[str]) -> list[str]:
    """The SKUs of some items, as far as they are known."""
    found = connection.execute(_SQL["skus_of"], {"store_id": store_id, "ids": list(external_ids)})
    return [row["sku"] for row in found]


def keep_walk(connection: Connection, store_id: int, walk: dict[str, Any]) -> None:
    """Remember how far a walk through a store's catalogue has come."""
    connection.execute(_SQL["keep_catalogue_walk"], {"store_id": store_id, "walk": Jsonb(walk)})


def put_off(connection: Connection, store_id: int, why: PutOff) -> None:
    """Do not ask for a store's catalogue before a moment; once tries are over it says why, until a page comes."""
    values = {
        "store_id": store_id,
        "due_at": why.until,
        "attempt": int(why.is_attempt),
        "is_aside": why.is_aside,
        "reason": why.reason,
        "detail": why.words,
    }
    connection.execute(_SQL["put_off_catalogue"], values)


def read_again(connection: Connection, store_id: int, *, reason: str | None = None) -> None:
    """Ask for a store's catalogue now, if it was put off for a reason; None for whatever reason."""
    connection.execute(_SQL["read_again"], {"store_id": store_id, "reason": reason})


@dataclass(frozen=True, slots=True)
class SoldSku:
    """A SKU of a store: how many of its items have it, what one of them is called, whether the store counts it."""

    sku: str
    items: int
    name: str
    is_tracked: bool


def catalogue_skus(connection: Connection, store_id: int, *, beyond: str, least: int, limit: int) -> list[SoldSku]:
    """The SKUs of a store behind one of them, in their order, that so many of its items have at least."""
    values = {"store_id": store_id, "beyond": beyond, "least": least, "limit": limit}
    return read_all(connection, SoldSku, _SQL["catalogue_skus"], values)
