"""A store's fulfilment location moves the row, where it is mapped and nothing has left (CHG-7)."""

from dataclasses import replace
from typing import Any, Final

import pytest

from schemas.actions import MoveRow
from schemas.orders import StoreOrder
from schemas.reasons import Reason
from tasks.rules.changes import Changes
from tests.makers import store
from tests.rules.changing import FOLLOWING, ONE_TABLE, TWO_CHAIRS, D, change, held, imported, order, row_of, with_row

MAPPED: Final = store(FOLLOWING.platform, {"location_map": {"1": "main", "2": "berlin"}})


def from_location(location: str | None) -> StoreOrder:
    return order(replace(TWO_CHAIRS, location=location), ONE_TABLE)


def test_CHG_7_a_row_moves_to_the_mapped_location() -> None:
    before = imported(from_location("1"), at=MAPPED)

    changes = change(from_location("2"), before, at=MAPPED)

    assert changes.actions == (MoveRow(before.id, row_of(before, "CHAIR").id, "berlin"),)
    assert changes.done == ("CHAIR: location berlin, was main",)


@pytest.mark.parametrize("protection", ["packed_quantity", "delivered_quantity"])
def test_CHG_7_a_packed_or_delivered_row_stays_where_it_is(protection: str) -> None:
    before = with_row(imported(from_location("1"), at=MAPPED), "CHAIR", **{protection: D(1)})

    changes = change(from_location("2"), before, at=MAPPED)

    assert changes.actions == ()
    assert held(changes) == [{"row": "CHAIR", "what": "location", "store": "berlin", "hub": "main"}]


def test_CHG_7_a_packed_row_that_is_where_its_store_ships_it_from_is_no_difference() -> None:
    before = with_row(imported(from_location("2"), at=MAPPED), "CHAIR", packed_quantity=D(1))

    assert change(from_location("2"), before, at=MAPPED) == Changes()


def test_CHG_7_an_unmapped_location_leaves_the_row_and_is_told() -> None:
    changes = change(from_location("9"), imported(from_location("1"), at=MAPPED), at=MAPPED)

    assert changes.actions == ()
    assert [(note.reason, note.detail) for note in changes.notes] == [
        (Reason.LOCATION_NOT_MAPPED, {"locations": ["9"]})
    ]


@pytest.mark.parametrize(
    "settings",
    [{"location_map": {"2": "berlin"}, "orders.row_locations": False}, {"location_map": {}}],
    ids=["switched off", "nothing mapped"],
)
def test_CHG_7_without_row_locations_every_row_stays(settings: dict[str, Any]) -> None:
    at = store(FOLLOWING.platform, settings)

    assert change(from_location("2"), imported(order(), at=at), at=at) == Changes()


def test_a_row_is_imported_at_its_mapped_location() -> None:
    assert row_of(imported(from_location("2"), at=MAPPED), "CHAIR").location == "berlin"
