"""A store's own locations beside the hub's: what each is mapped to, and why one of the hub's has to stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.hub import LocationUses
from schemas.stock import DEFAULT_PLACE, StoreLocation


@dataclass(frozen=True, slots=True)
class MappedLocation:
    """A location of a store, and the hub's that it stands for; `at_store` is None where the store has none such."""

    id: str
    at_store: StoreLocation | None
    code: str | None


def map_locations(found: Sequence[StoreLocation], places: Mapping[str, str]) -> list[MappedLocation]:
    """Every location of a store with what its settings map it to, and what they name and the store does not have.

    `places` are the hub's locations by the store's places, as `rules.stock.hub_locations` has them.
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


def why_kept(uses: LocationUses, *, named_by: Sequence[str]) -> str:
    """What a location of the hub is still used for; empty where it may go. `named_by` are settings that name it."""
    counted = (
        (uses.stocked, "item(s) with stock there"),
        (uses.orders, "sales order(s) or row(s)"),
        (uses.supplies, "manufacturing or purchase order(s)"),
        (uses.moves, "line(s) of the stock ledger"),
    )
    return ", ".join([*named_by, *(f"{count} {words}" for count, words in counted if count)])
