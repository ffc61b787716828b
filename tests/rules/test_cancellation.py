"""What of an order has left when its store takes it back, and what becomes of the rest (CHG-5)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from schemas.actions import DeleteOrder, Note
from schemas.hub import HubFulfillment, HubOrder, HubRow
from schemas.orders import StoreOrder
from schemas.reasons import Reason
from tasks.rules.cancellation import given_back, has_left, sent_by_store, take_back, what_left, with_quantity
from tests.rules.fulfilling import CALLED_OFF, PARTS, D, fulfillment, hub_order, row, shop_order

AT = PARTS.platform


def hub(*rows: HubRow, **changes: Any) -> HubOrder:
    """Two pieces of lines 1 and 2 each and a fee, or the rows given; nothing has left the hub."""
    return hub_order(*(rows or (row("1", 2), row("2", 2), row("fee", 1, ships=False))), **changes)


def shop(*left: int, **changes: Any) -> StoreOrder:
    """The store's order with so many pieces left on lines 1 and 2, of which none is delivered."""
    order = shop_order(*left, **changes)
    return replace(order, lines=tuple(replace(line, delivered_quantity=D(0)) for line in order.lines))


@pytest.mark.parametrize(
    ("keeping", "reason"), [("has_invoice", Reason.KEPT_INVOICED), ("is_locked", Reason.KEPT_LOCKED)]
)
def test_CHG_5_what_keeps_an_order_is_said_with_why_it_would_go(keeping: str, reason: Reason) -> None:
    kept = replace(hub(), **{keeping: True})  # type: ignore[arg-type]

    detail: dict[str, object] = {"order_no": "5001", "because": Reason.CANCELLED_IN_STORE}
    assert take_back(kept, Reason.CANCELLED_IN_STORE) == Note(reason, detail)


def test_CHG_5_an_order_is_deleted_by_its_store_and_leaves_no_tombstone() -> None:
    assert take_back(hub(), Reason.CANCELLED_IN_STORE) == (DeleteOrder("h1", "store", Reason.CANCELLED_IN_STORE),)


# -- what the store has sent -----------------------------------------------------------------------------------------


def test_CHG_5_pieces_that_the_store_counts_as_delivered_have_left() -> None:
    order = shop(2, 2)
    lines = (replace(order.lines[0], delivered_quantity=D(1)), order.lines[1])

    assert sent_by_store(replace(order, lines=lines), hub(), AT) == {"r1": 1, "r2": 0, "rfee": 0}


def test_CHG_5_pieces_of_several_fulfilments_add_up_though_they_are_on_no_line_any_more() -> None:
    there = (
        fulfillment("77", line_1=1),
        fulfillment("78", line_1=1, line_2=1),
        fulfillment("79", CALLED_OFF, line_2=1),
    )

    assert sent_by_store(shop(0, 0, fulfillments=there), hub(), AT) == {"r1": 2, "r2": 1, "rfee": 0}


def test_CHG_5_no_more_has_left_than_is_in_the_row() -> None:
    assert sent_by_store(shop(0, fulfillments=(fulfillment("77", line_1=9),)), hub(), AT)["r1"] == 2


@pytest.mark.parametrize(("counted", "expected"), [({"r1": 1}, 1), ({"r2": 1}, 0)], ids=["another count", "none"])
def test_MAP_8_of_a_fulfilment_that_the_hub_knows_its_own_count_holds(counted: dict[str, int], expected: int) -> None:
    known = HubFulfillment("p1", "77", "store", tuple((key, D(pieces)) for key, pieces in counted.items()))

    order = shop(0, fulfillments=(fulfillment("77", line_1=2),))

    assert sent_by_store(order, hub(fulfillments=(known,)), AT)["r1"] == expected


@pytest.mark.parametrize(
    ("left", "fulfillments", "expected"),
    [
        pytest.param((0, 0), (), {"r1": 2, "r2": 2, "rfee": 1}, id="refunded as a whole, and nothing tells of pieces"),
        pytest.param((0, 1), (), {"r1": 0, "r2": 1, "rfee": 0}, id="what is left on its lines went out"),
        pytest.param((0, 0), (fulfillment("77", line_1=1),), {"r1": 1, "r2": 0, "rfee": 0}, id="it tells of pieces"),
    ],
)
@pytest.mark.parametrize("where", ["status", "delivery"])
def test_CHG_5_of_a_completed_order_nothing_waits(
    left: tuple[int, ...], fulfillments: Any, expected: dict[str, int], where: str
) -> None:
    order = shop(*left, fulfillments=fulfillments, **{where: AT.completed_status})

    assert sent_by_store(order, hub(), AT) == expected


def test_CHG_5_a_fee_has_never_left() -> None:
    order = shop(status=AT.completed_status)

    assert not has_left(order, hub(row("fee", 1, ships=False)), AT)
    assert has_left(order, hub(), AT)


@pytest.mark.parametrize("shipped", ["packed_quantity", "delivered_quantity"])
def test_CHG_5_what_the_hub_shipped_has_left(shipped: str) -> None:
    order = hub(row("1", 2), replace(row("2", 2), **{shipped: D(1)}))  # type: ignore[arg-type]

    assert has_left(shop(2, 2), order, AT)
    assert not has_left(shop(2, 2), hub(), AT)


def test_CHG_9_what_was_sent_and_is_off_its_line_since_was_given_back() -> None:
    order = shop(1, 2, fulfillments=(fulfillment("77", line_1=2), fulfillment("78", line_2=1)))
    lines = (replace(order.lines[0], delivered_quantity=D(1)), replace(order.lines[1], delivered_quantity=D(2)))

    assert given_back(replace(order, lines=lines), hub(), AT) == {"r1": 1, "r2": 0, "rfee": 0}


# -- what stays ------------------------------------------------------------------------------------------------------


def test_CHG_5_rows_shrink_to_what_has_left_and_fees_stay() -> None:
    rows = (
        row("1", 3, packed_quantity=D(1), discount_percent=D(10), batch_tracked=True),
        row("2", 2),
        row("3", 2, delivered_quantity=D(1)),
        row("fee", 1, ships=False),
    )
    order = shop(0, 0, 0, fulfillments=(fulfillment("77", line_1=2),))

    kept = what_left(order, hub(*rows), AT)

    assert {line: (made.quantity, made.ships) for line, made in kept.items()} == {
        "1": (2, True),
        "3": (1, True),
        "fee": (1, False),
    }
    assert (kept["1"].discount_percent, kept["1"].total, kept["1"].batch_tracked) == (10, 18, True)


@pytest.mark.parametrize(
    ("quantity", "total", "tax"), [("1", "25.17", "4.78"), ("2", "50.35", "9.57"), ("4", "100.69", "19.13")]
)
def test_CHG_1_a_row_with_other_pieces_keeps_its_price_its_discount_and_its_rate(
    quantity: str, total: str, tax: str
) -> None:
    before = row("1", 3, price_per_unit=D("27.97"), discount_percent=D(10), tax_rate=D(19), total=D("75.50"), tax=D(1))

    after = with_quantity(before, Decimal(quantity), currency="EUR")

    assert after == replace(before, quantity=Decimal(quantity), total=Decimal(total), tax=Decimal(tax))


def test_CHG_1_a_row_with_the_same_pieces_stays_as_it_is() -> None:
    before = row("1", 3, total=D("29.99"), tax=D("1.23"))

    assert with_quantity(before, D(3), currency="EUR") is before
