"""Where in the hub a store's places are: of orders, rows and stock (CHG-7, STK-4)."""

from dataclasses import replace
from typing import Any, Final

import pytest

from schemas.hub import LocationUses
from schemas.stock import DEFAULT_PLACE, StoreLocation
from tasks.rules.places import (
    MappedLocation,
    hub_location,
    hub_locations,
    location_notes,
    location_of,
    map_locations,
    unknown_places,
    why_kept,
)
from tests.makers import PERCENT, account, store, store_line, store_order

MAP: Final = {"location_map": {"1": "main", "2": "berlin"}}
NO_USES: Final = LocationUses(0, 0, 0, 0)


def at(**settings: Any) -> Any:
    return store(PERCENT, {"orders.row_locations": True, **MAP, **settings})


@pytest.mark.parametrize(("own", "expected"), [("berlin", "berlin"), (None, "main"), ("", "main")])
def test_a_store_without_a_location_of_its_own_has_the_account_s(own: str | None, expected: str) -> None:
    assert location_of(at(location=own), account(default_location="main")) == expected


@pytest.mark.parametrize(("place", "expected"), [("2", "berlin"), ("9", None), ("", None), (None, None)])
def test_CHG_7_a_store_s_location_is_where_it_is_mapped_to(place: str | None, expected: str | None) -> None:
    assert hub_location(place, at()) == expected


def test_CHG_7_a_location_without_an_id_is_mapped_to_none() -> None:
    assert hub_location("", at(location_map={"": "main"})) is None


def test_CHG_7_a_store_without_a_map_maps_nothing() -> None:
    assert hub_location("1", replace(at(), settings={})) is None


def test_STK_4_a_store_that_maps_its_locations_shows_the_stock_of_each() -> None:
    assert hub_locations(at(), "main") == {"1": "main", "2": "berlin"}


def test_STK_4_a_store_without_a_map_shows_its_one_location_at_its_default_place() -> None:
    assert hub_locations(at(location_map={}), "berlin") == {DEFAULT_PLACE: "berlin"}


def unmapped(settings: dict[str, Any], *lines: tuple[str | None, int]) -> list[dict[str, object]]:
    """What is noted of lines at these locations of the store, with these quantities."""
    made = [store_line(str(place), location=place, quantity=pieces) for place, pieces in lines]
    return [note.detail for note in location_notes(store_order(lines=tuple(made)), at(**settings))]


def test_CHG_7_each_unmapped_location_is_told_once_and_in_order() -> None:
    assert unmapped({}, ("9", 1), ("2", 1), ("8", 1), ("9", 2)) == [{"locations": ["8", "9"]}]


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        pytest.param({}, ("2", 1), id="mapped"),
        pytest.param({}, (None, 1), id="the store names none"),
        pytest.param({}, ("9", 0), id="nothing left on the line"),
        pytest.param({"orders.row_locations": False}, ("9", 1), id="rows do not follow"),
        pytest.param({"location_map": {}}, ("9", 1), id="one place for everything"),
    ],
)
def test_CHG_7_nothing_is_told_where_no_row_is_elsewhere(
    settings: dict[str, Any], line: tuple[str | None, int]
) -> None:
    assert unmapped(settings, line) == []


# -- the shop's own list ------------------------------------------------------------------------------------------


def test_STK_4_every_location_of_a_shop_is_shown_with_the_hub_s() -> None:
    here, there = StoreLocation("1", "Workshop"), StoreLocation("3", "Fair")

    assert map_locations([here, there], {"1": "main"}) == [
        MappedLocation("1", here, "main"),
        MappedLocation("3", there, None),
    ]


def test_STK_4_what_is_mapped_and_not_in_the_shop_is_shown_too() -> None:
    assert map_locations([], {"7": "berlin", DEFAULT_PLACE: "main"}) == [MappedLocation("7", None, "berlin")]


def test_STK_4_without_a_map_the_shop_s_default_location_is_the_one_that_is_shown() -> None:
    default, other = StoreLocation("1", "Workshop", is_default=True), StoreLocation("2", "Fair")

    assert [one.code for one in map_locations([default, other], {DEFAULT_PLACE: "main"})] == ["main", None]


def test_STK_4_a_location_of_its_own_goes_before_that_of_the_default_place() -> None:
    default = StoreLocation("1", "Workshop", is_default=True)

    assert [one.code for one in map_locations([default], {"1": "berlin", DEFAULT_PLACE: "main"})] == ["berlin"]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([StoreLocation("1", "Workshop")], "the shop has no location 8, 9; it has 1 (Workshop)"),
        (
            [StoreLocation("1", "Workshop"), StoreLocation("2", "")],
            "the shop has no location 8, 9; it has 1 (Workshop), 2",
        ),
        ([], "the shop has no location 8, 1, 9; it has none"),
    ],
)
def test_a_map_of_locations_that_the_shop_does_not_have_is_explained(found: list[StoreLocation], words: str) -> None:
    assert unknown_places(found, {"8": "main", "1": "main", "9": "main"}) == words


def test_a_map_of_locations_that_the_shop_has_is_right() -> None:
    assert unknown_places([StoreLocation("1", "Workshop")], {"1": "main"}) == ""


@pytest.mark.parametrize(
    ("uses", "named_by", "words"),
    [
        (NO_USES, [], ""),
        (replace(NO_USES, stocked=1, orders=2), [], "1 item(s) with stock there, 2 sales order(s) or row(s)"),
        (
            replace(NO_USES, supplies=3, moves=4),
            [],
            "3 manufacturing or purchase order(s), 4 line(s) of the stock ledger",
        ),
        (replace(NO_USES, moves=4), ["acme's location"], "acme's location, 4 line(s) of the stock ledger"),
    ],
)
def test_a_location_that_is_used_says_by_what(uses: LocationUses, named_by: list[str], words: str) -> None:
    assert why_kept(uses, named_by=named_by) == words
