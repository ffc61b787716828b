"""Which quantity each item of a store is to show, and what of it the store does not show yet (STK-2…6, STK-10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Final

from schemas.actions import Detail, Note, TellStock
from schemas.hub import StockLevel
from schemas.orders import ZERO
from schemas.reasons import Reason
from schemas.settings import Value
from schemas.stock import StoreItem
from schemas.stores import StockNews, Store
from tasks.rules.places import hub_locations

MOST: Final = 1_000_000_000  # pieces; the least of what the vendors take

Quantities = dict[str, int]  # pieces to show, by the store's place


@dataclass(frozen=True, slots=True)
class Push:
    """What a store is to be told of one SKU; without tells it shows the hub's value, or `note` says why it cannot."""

    sku: str
    tells: tuple[TellStock, ...] = ()
    note: Note | None = None


def decide_push(
    sku: str, *, levels: Sequence[StockLevel], items: Sequence[StoreItem], store: Store, location: str
) -> Push:
    """What to tell a store of one SKU: `levels` are the hub's of it, `location` is where the store's stock lies."""
    if not levels:
        return Push(sku, note=Note(Reason.NO_HUB_ITEM))
    if not items:
        return Push(sku, note=Note(Reason.NO_STORE_ITEM))
    wanted = wanted_quantities(levels, store=store, location=location)
    counted = [item for item in items if item.is_tracked]
    tells = tuple(tell for item in counted for tell in _tell_item(item, wanted))
    note = _unknown(levels, store=store, location=location) or _uncounted(
        counted, uncounted_places(levels, store=store, location=location)
    )
    return Push(sku, tells, note or _untracked(items))


def wanted_quantities(levels: Sequence[StockLevel], *, store: Store, location: str) -> Quantities:
    """Whole pieces that each place of a store is to show (STK-2, STK-4).

    Not those of a location that the hub does not have, or where the SKU was never counted (STK-10): there the store's
    own figure stays. Where several places of a store are one location of the hub, the first one shows its pieces and
    the others none: shown in each of them they would be sold more than once.
    """
    known = {level.location for level in levels}  # a SKU has a level at every location
    known -= set(uncounted_places(levels, store=store, location=location).values())
    wanted: Quantities = {}
    given: set[str] = set()
    for place, code in sorted(hub_locations(store, location).items(), key=lambda pair: (len(pair[0]), pair[0])):
        if code in known:
            wanted[place] = 0 if code in given else quantity_at(levels, code, store)
            given.add(code)
    return wanted


def uncounted_places(levels: Sequence[StockLevel], *, store: Store, location: str) -> dict[str, str]:
    """The places of a store that are told nothing, as nobody counted there, with their hub locations (STK-10)."""
    if store.settings["stock.tell_uncounted"]:
        return {}
    uncounted = {level.location for level in levels if not level.is_counted}
    return {place: code for place, code in hub_locations(store, location).items() if code in uncounted}


def quantity_at(levels: Sequence[StockLevel], location: str, store: Store) -> int:
    """Whole pieces to show of what lies at one location: never below 0, fractions left off (STK-2, STK-9)."""
    here = [level for level in levels if level.location == location]
    pieces = sum((level.in_stock - (promised(level, store) or ZERO) for level in here), ZERO)
    left = pieces - Decimal(str(store.settings["stock.buffer"]))
    return int(min(max(left, ZERO), Decimal(MOST)).to_integral_value(ROUND_FLOOR))


def promised(level: StockLevel, store: Store) -> Decimal | None:
    """What a store takes off for orders on which the SKU itself stands; None where it takes off nothing (STK-2)."""
    match store.settings["stock.quantity"]:
        case "in_stock_minus_committed":
            return level.committed_direct
        case "in_stock_minus_store_orders":
            return level.committed_store
        case _:
            return None


def stock_news(settings: Mapping[str, Value]) -> StockNews | None:
    """Which movements of the hub are news for a store with these settings; None where it is told no stock (STK-5)."""
    if settings["stock.sync"] is not True:
        return None
    return _NEWS[str(settings["stock.quantity"])]


_NEWS: Final = {
    "in_stock_minus_committed": StockNews.ROWS,
    "in_stock_minus_store_orders": StockNews.STORE_ROWS,
    "in_stock": StockNews.SHELF,
}


def _tell_item(item: StoreItem, wanted: Quantities) -> list[TellStock]:
    """What differs from what the item shows (STK-6). Where it is not active, no pieces need no telling (STK-12)."""
    active = item.shown.keys() - set(item.inactive)
    return [
        TellStock(
            item.sku,
            item.external_id,
            place,
            quantity,
            known=item.shown.get(place),
            activates=quantity > 0 and place not in active,
        )
        for place, quantity in wanted.items()
        if item.shown.get(place) != quantity and (quantity or place in item.shown)
    ]


def _unknown(levels: Sequence[StockLevel], *, store: Store, location: str) -> Note | None:
    unknown = set(hub_locations(store, location).values()) - {level.location for level in levels}
    return Note(Reason.LOCATION_UNKNOWN, {"locations": sorted(unknown)}) if unknown else None


def _uncounted(items: Sequence[StoreItem], places: dict[str, str]) -> Note | None:
    """What keeps its own figure: where an item lies at some places, those of them; else any."""
    stocked = {place for item in items for place in item.shown}
    kept = sorted({code for place, code in places.items() if place in stocked or not stocked})
    return Note(Reason.NEVER_COUNTED, {"locations": kept}) if kept and items else None


def _untracked(items: Sequence[StoreItem]) -> Note | None:
    untracked = [item.external_id for item in items if not item.is_tracked]
    detail: Detail = {"items": untracked}
    return Note(Reason.TRACKING_OFF, detail) if untracked else None
