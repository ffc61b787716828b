"""Where in the hub a store's places are: of its orders, its rows and its stock (CHG-7, STK-4). It moves nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.account import Account
from schemas.actions import Note
from schemas.hub import MOST_COUNTED, LocationUses
from schemas.orders import StoreLine, StoreOrder
from schemas.reasons import Reason
from schemas.stock import DEFAULT_PLACE, StoreLocation
from schemas.stores import Store


def location_of(store: Store, account: Account) -> str:
    """The hub location that a store's orders go to, and whose stock it shows: its own, else the account's."""
    return str(store.settings["location"] or account.default_location)


def hub_location(store_location: str | None, store: Store) -> str | None:
    """The hub location that a store's location is mapped to; None where it is not, or the store names none."""
    known = store.settings.get("location_map")
    return known.get(store_location) if isinstance(known, dict) and store_location else None


def hub_locations(store: Store, location: str) -> dict[str, str]:
    """The hub's location that each place of a store shows."""
    places = store.settings.get("location_map") or {DEFAULT_PLACE: location}
    assert isinstance(places, dict)
    return places


def location_notes(order: StoreOrder, store: Store) -> list[Note]:
    """Which of the store's locations have none in the hub, so that their rows are elsewhere (CHG-7)."""
    unmapped = sorted({line.location for line in order.lines if line.location and _is_unmapped(line, store)})
    return [Note(Reason.LOCATION_NOT_MAPPED, {"locations": unmapped})] if unmapped else []


def _is_unmapped(line: StoreLine, store: Store) -> bool:
    """A store that maps no location at all has one place for everything: nothing is missing there."""
    is_mapping = store.is_on("orders.row_locations") and store.is_on("location_map")
    return is_mapping and line.quantity > 0 and hub_location(line.location, store) is None


# -- the shop's own list beside the map ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MappedLocation:
    """A location of a store, and the hub's that it stands for; `at_store` is None where the store has none such."""

    id: str
    at_store: StoreLocation | None
    code: str | None


def map_locations(found: Sequence[StoreLocation], places: Mapping[str, str]) -> list[MappedLocation]:
    """Every location of a store with what its settings map it to, and what they name and the store does not have.

    `places` are the hub's locations by the store's places, as `hub_locations` has them.
    """
    known = {one.id for one in found}
    mapped = [MappedLocation(one.id, one, _code_of(one, places)) for one in found]
    lost = [MappedLocation(id_, None, code) for id_, code in places.items() if id_ not in {*known, DEFAULT_PLACE}]
    return mapped + lost


def _code_of(one: StoreLocation, places: Mapping[str, str]) -> str | None:
    return places.get(one.id) or (places.get(DEFAULT_PLACE) if one.is_default else None)


def unknown_places(found: Sequence[StoreLocation], named: Mapping[str, str]) -> str:
    """Why a map of a store's locations is wrong, naming those that there are; empty where it is right."""
    known = {one.id for one in found}
    unknown = [id_ for id_ in named if id_ not in known]
    if not unknown:
        return ""
    there = ", ".join(f"{one.id} ({one.name})" if one.name else one.id for one in found)
    return f"the shop has no location {', '.join(unknown)}; it has {there or 'none'}"


def _counted(count: int) -> str:
    return f"{count} or more" if count >= MOST_COUNTED else str(count)


def why_kept(uses: LocationUses, *, named_by: Sequence[str]) -> str:
    """What a location of the hub is still used for; empty where it may go. `named_by` are settings that name it."""
    counted = (
        (uses.stocked, "item(s) with stock there"),
        (uses.orders, "sales order(s) or row(s)"),
        (uses.supplies, "manufacturing or purchase order(s)"),
        (uses.moves, "line(s) of the stock ledger"),
    )
    return ", ".join([*named_by, *(f"{_counted(count)} {words}" for count, words in counted if count)])
