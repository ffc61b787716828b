"""Rows and orders that a hub lets nobody change once something of them is shipped: what stays is told (CHG-4)."""

from dataclasses import replace
from typing import Final

from schemas.actions import AddRow, ChangeRow, DeleteRow
from schemas.orders import StoreLine
from tests.makers import plain_line, store
from tests.rules.changing import (
    FOLLOWING,
    ONE_TABLE,
    TWO_CHAIRS,
    chairs,
    change,
    delivered,
    held,
    imported,
    kinds,
    order,
    with_row,
)

MAPPED: Final = store(FOLLOWING.platform, {"location_map": {"1": "main", "2": "berlin"}})
LAMP: Final[StoreLine] = plain_line("3", 1, 10, sku="LAMP")


def test_CHG_1_a_row_that_is_fixed_keeps_its_open_pieces_too() -> None:
    before = with_row(delivered(imported(order(chairs(5), ONE_TABLE)), CHAIR=2), "CHAIR", is_fixed=True)

    changes = change(order(chairs(3), ONE_TABLE), before)

    assert ChangeRow not in kinds(changes)
    assert held(changes) == [{"row": "CHAIR", "what": "quantity", "store": "3", "hub": "5"}]


def test_CHG_1_a_row_beside_one_that_is_fixed_follows() -> None:
    before = with_row(delivered(imported(order(TWO_CHAIRS, ONE_TABLE)), TABLE=1), "TABLE", is_fixed=True)

    assert kinds(change(order(chairs(1), ONE_TABLE), before))[:1] == [ChangeRow]


def test_CHG_5_of_an_order_that_left_in_part_what_is_fixed_stays_whole() -> None:
    before = with_row(delivered(imported(order(chairs(5), ONE_TABLE)), CHAIR=2), "CHAIR", is_fixed=True)

    changes = change(order(status="cancelled", fulfillments=()), before)

    assert kinds(changes)[:1] == [DeleteRow]
    assert held(changes) == [{"row": "CHAIR", "what": "quantity", "store": "0", "hub": "5"}]


def test_CHG_2_an_order_that_takes_no_rows_gets_none() -> None:
    before = replace(delivered(imported(order()), TABLE=1), takes_no_rows=True)

    changes = change(order(TWO_CHAIRS, ONE_TABLE, LAMP), before)

    assert AddRow not in kinds(changes)
    assert held(changes) == [{"row": "LAMP", "what": "row", "store": "1", "hub": "0"}]


def test_CHG_2_nor_another_item_in_place_of_one() -> None:
    before = replace(delivered(imported(order()), TABLE=1), takes_no_rows=True)
    stool = plain_line("1", 2, 60, sku="STOOL")

    changes = change(order(stool, ONE_TABLE), before)

    assert DeleteRow not in kinds(changes)
    assert held(changes) == [{"row": "CHAIR", "what": "item", "store": "STOOL", "hub": "CHAIR"}]


def test_CHG_7_a_row_that_stays_ships_from_where_it_is() -> None:
    before = with_row(imported(order(replace(TWO_CHAIRS, location="1"), ONE_TABLE), at=MAPPED), "CHAIR", stays=True)

    changes = change(order(replace(TWO_CHAIRS, location="2"), ONE_TABLE), before, at=MAPPED)

    assert changes.actions == ()
    assert held(changes) == [{"row": "CHAIR", "what": "location", "store": "berlin", "hub": "main"}]
