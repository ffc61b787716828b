"""What people see of a SKU's stock in each store: its items, what was told, what is due, and why it is not shown."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from connectors import platforms
from connectors.hubs import our_hub
from connectors.postgres import Connection, stock_view, stores
from connectors.postgres.stock_view import ItemAt, SkuAt
from schemas.hub import StockLevel
from schemas.reasons import Reason, describe
from schemas.stock import DEFAULT_PLACE, StoreItem
from schemas.stores import Store, StoreState
from tasks.rules.places import hub_locations, location_of
from tasks.rules.stock import Push, decide_push, uncounted_places
from workers.cli.output import utc

_KEPT: Final = {Reason.NEVER_COUNTED, Reason.LOCATION_UNKNOWN}  # the store keeps a figure of its own
NOT_TOLD_YET = "It was not told yet: it is with the hub's next change, or now by storesync stock push."


@dataclass(frozen=True, slots=True)
class Sight:
    """One store as it stands to one SKU, which is `here`, with its items of it.

    `uncounted` are its places that are told nothing, as nobody counted there (STK-10). `push` is what it would be told
    of the hub's `levels`; None where the hub was not asked, or stocks no such SKU.
    """

    sku: str
    store: Store
    location: str
    here: SkuAt
    items: list[ItemAt]
    uncounted: Collection[str] = ()
    levels: Sequence[StockLevel] = ()
    push: Push | None = None

    @property
    def places(self) -> dict[str, str]:
        """The hub's location that each place of the store shows."""
        return hub_locations(self.store, self.location)

    @property
    def differs(self) -> bool:
        """Whether a store that sells it, and counts it, does not show the hub's figure."""
        if self.push is None:
            return False
        return bool(self.push.tells) or (self.push.note is not None and self.push.note.reason in _KEPT)

    @property
    def is_pending(self) -> bool:
        """Whether the store is still to be told something."""
        return self.here.is_due and self.store.is_on("stock.sync")

    @property
    def due_at(self) -> datetime | None:
        """Before which moment nothing is told: the SKU waits for itself, or for its store."""
        waits = [moment for moment in (self.here.due_at, self.here.store.stock_due_at) if moment]
        return max(waits) if waits and self.is_pending else None


def look_at_stores(connection: Connection, sku: str) -> list[Sight]:
    """Every connected store as it stands to a SKU, by name."""
    return look_at_skus(connection, {sku: our_hub(connection).levels([sku])})[sku]


def look_at_skus(
    connection: Connection, levels: Mapping[str, Sequence[StockLevel]], *, most_unread: int = stock_view.EVERY
) -> dict[str, list[Sight]]:
    """Every connected store as it stands to each of some SKUs, whose levels the hub told.

    So many orders that nobody has read yet are looked through for each SKU that waits.
    """
    items = stock_view.items(connection, list(levels))
    known: dict[int, tuple[Store, str]] = {}
    found: dict[str, list[Sight]] = {}
    for sku, at_stores in stock_view.at_stores(connection, list(levels), most_unread=most_unread).items():
        for here in at_stores:
            if here.store.id not in known:
                store = stores.read_store(here.store, platforms.record(here.store.platform))
                known[here.store.id] = (store, location_of(store, here.account))
        found[sku] = [
            _sight(here, *known[here.store.id], items.get((here.store.id, sku), []), levels[sku]) for here in at_stores
        ]
    return found


def _sight(here: SkuAt, store: Store, location: str, items: list[ItemAt], levels: Sequence[StockLevel]) -> Sight:
    sold = [_store_item(some) for some in _by_item(items)]
    push = decide_push(here.sku, levels=levels, items=sold, store=store, location=location) if levels else None
    uncounted = uncounted_places(levels, store=store, location=location)
    return Sight(here.sku, store, location, here, items, uncounted, levels, push)


def _by_item(items: Sequence[ItemAt]) -> list[list[ItemAt]]:
    found: dict[str, list[ItemAt]] = {}
    for item in items:
        found.setdefault(item.external_id, []).append(item)
    return list(found.values())


def _store_item(places: Sequence[ItemAt]) -> StoreItem:
    """An item as rules know it, of what is known of it at each place."""
    one = places[0]
    shown = {at.place: at.shown for at in places if at.place is not None}
    return StoreItem(one.external_id, one.sku, one.name, one.is_tracked, shown)


def why_not(sight: Sight) -> str | None:
    """Why the store does not show the hub's quantity, as far as that is known."""
    here, row, store = sight.here, sight.here.store, sight.store
    if not store.is_on("stock.sync"):
        return Reason.STOCK_SYNC_OFF
    if store.state == StoreState.NEEDS_ATTENTION:
        return row.reason or Reason.CREDENTIALS_REFUSED
    if here.is_held:
        return Reason.ORDERS_UNREAD
    if here.is_due and row.stock_due_at and row.stock_due_at > datetime.now(UTC):
        return row.stock_reason
    if here.why or here.is_due:
        return here.why
    # Never due: only its catalogue says something.
    if not sight.items:
        return Reason.NO_STORE_ITEM if row.catalogue_whole_at else None
    if not any(item.is_tracked for item in sight.items):
        return Reason.TRACKING_OFF
    stocked = {item.place for item in sight.items} - {None}
    return Reason.NEVER_COUNTED if any(place in stocked or not stocked for place in sight.uncounted) else None


def advice(sight: Sight) -> str:
    """In people's words: why the store does not show the quantity, what to do, or what it waits for."""
    reason = why_not(sight)
    if sight.store.state == StoreState.INACTIVE and sight.store.is_on("stock.sync"):
        return f"The store is not active yet: storesync store activate {sight.store.name}"
    if sight.store.state == StoreState.PAUSED and sight.store.is_on("stock.sync"):
        return f"The store is paused: storesync store resume {sight.store.name}"
    if reason:
        sentence, cure = describe(reason)
        named = "".join(f"{code}: " for code in sight.here.why_detail.get("locations", ()))
        return f"{named}{sentence} {_for_stock(cure, sight)}"
    if not sight.is_pending and not any(item.told is not None for item in sight.items):
        return NOT_TOLD_YET
    return ""


def _for_stock(cure: str, sight: Sight) -> str:
    """A cure with the store's name in it; where an order would be retried, the SKU is pushed."""
    again = f"storesync stock push --store {sight.store.name} --sku {sight.sku}"
    return cure.replace("storesync retry STORE EXTERNAL_ID", again).replace("NAME", sight.store.name)


def store_document(sight: Sight) -> dict[str, Any]:
    """What `stock show --json` says of a store."""
    reason, here = why_not(sight), sight.here
    return {
        "store": sight.store.name,
        "platform": sight.store.platform.name,
        "state": sight.store.state,
        "reason": reason,
        "detail": here.why_detail if reason and reason == here.why else {},
        "due_since": utc(here.due_since) if sight.is_pending else None,
        "due_at": utc(sight.due_at),
        "items": [_item(sight, *at) for at in _at_places(sight)],
    }


def _at_places(sight: Sight) -> list[tuple[ItemAt, str, ItemAt | None]]:
    """Every item at each place that is told, or was told once; with what is known of it there."""
    found: dict[str, dict[str, ItemAt]] = {}
    for item in sight.items:
        found.setdefault(item.external_id, {})[item.place or DEFAULT_PLACE] = item
    return [
        (next(iter(known.values())), place, known.get(place))
        for known in found.values()
        for place in [*sight.places, *(place for place in known if place not in sight.places)]
        if place in sight.places or known[place].told is not None
    ]


def _item(sight: Sight, item: ItemAt, place: str, known: ItemAt | None) -> dict[str, Any]:
    where = {} if place == DEFAULT_PLACE else {"place": place, "location": sight.places.get(place)}
    return {
        "external_id": item.external_id,
        **where,
        "name": item.name,
        "tracked": item.is_tracked,
        "shows": _text(known.shown if known else None),
        "pushed": _text(known.told if known else None),
        "pushed_at": utc(known.told_at if known else None),
        "pending": sight.is_pending and place in sight.places,
    }


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
