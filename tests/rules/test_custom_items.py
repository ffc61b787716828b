"""Custom items where the store has a switch for them (MAP-3): left out and named, or rows of a product per name."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from schemas.actions import Note, Skip
from schemas.hub import NewItem
from schemas.orders import StoreLine, StoreOrder
from schemas.reasons import Reason
from schemas.stores import Remembered, Store
from tasks.rules.eligibility import decide_import
from tests.makers import PERCENT, account, money, plain_line, store, store_line, store_order
from tests.rules.building import draft, notes_of

OFF = store(PERCENT, {"orders.custom_items": False})
ON = store(PERCENT, {"orders.custom_items": True})


def engraving(**changes: Any) -> StoreLine:
    line = plain_line("31", 1, "15.00", name="Engraving", sku=None, product_key="name:Engraving", is_custom=True)
    return replace(line, **changes)


def order(**changes: Any) -> StoreOrder:
    return store_order(**{"lines": (store_line(), engraving()), "charges": ()} | changes)


def decided(one: StoreOrder, at: Store) -> Skip | None:
    return decide_import(one, store=at, account=account(), remembered=Remembered(), rate=None)


def test_MAP_3_with_the_switch_off_the_order_comes_without_them() -> None:
    made = draft(order(), at=OFF)

    assert [row.external_id for row in made.rows] == ["11"]
    assert (made.total, made.store_total) == (money("42.00"), money("42.00"))
    assert not made.total_mismatch


def test_MAP_3_the_journal_names_what_was_left_out() -> None:
    assert notes_of(order(), at=OFF) == [Note(Reason.CUSTOM_ITEMS_LEFT_OUT, {"names": ["Engraving"]})]


def test_MAP_3_MAP_4_what_is_left_out_takes_its_share_of_the_discount_along() -> None:
    lines = (plain_line("11", 1, "45.00"), engraving())

    made = draft(order(lines=lines, order_discount=money("6.00")), at=OFF)

    assert (made.total, made.total_mismatch) == (money("40.50"), False)


def test_MAP_3_with_the_switch_on_they_are_rows_of_a_product_by_name() -> None:
    made = draft(order(), at=ON)

    item = made.rows[1].item
    assert isinstance(item, NewItem)
    assert (item.name, item.kind, item.key) == ("Engraving", "product", "name:Engraving")
    assert Reason.CUSTOM_ITEMS_LEFT_OUT not in [note.reason for note in notes_of(order(), at=ON)]


def test_MAP_3_a_store_without_the_switch_takes_them() -> None:
    assert len(draft(order(), at=store(PERCENT)).rows) == 2


def test_MAP_3_an_order_of_nothing_else_is_skipped_and_says_why() -> None:
    assert decided(order(lines=(engraving(),)), OFF) == Skip(Reason.CUSTOM_ITEMS_LEFT_OUT, {"names": ["Engraving"]})


@pytest.mark.parametrize("at", [OFF, ON], ids=["off", "on"])
def test_MAP_3_the_switch_keeps_no_order_with_products_away(at: Store) -> None:
    assert decided(order(), at) is None


def test_MAP_8_a_custom_item_that_was_refunded_is_not_named() -> None:
    assert notes_of(order(lines=(store_line(), engraving(quantity=Decimal(0), amount=Decimal(0)))), at=OFF) == []
