"""A store takes an order back: it goes, stays, or shrinks to what has left on either side (CHG-5)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import pytest

from schemas.actions import DeleteMo, DeleteOrder, SetTotals, UnlinkMo
from schemas.bigcommerce import platform as bigcommerce
from schemas.hub import DeliveryStatus, HubMo, MoStatus
from schemas.orders import StoreLine
from schemas.platform import Platform
from schemas.reasons import Reason
from schemas.shopify import platform as shopify
from tasks.rules.changes import Changes
from tests.makers import plain_line, store, store_charge
from tests.rules.changing import (
    FOLLOWING,
    ONE_TABLE,
    TWO_CHAIRS,
    D,
    after,
    apply,
    chairs,
    change,
    delivered,
    fulfillment,
    held,
    imported,
    kinds,
    order,
    quantities,
    with_row,
)


def test_CHG_5_a_cancelled_order_that_nothing_was_shipped_of_is_deleted() -> None:
    changes = change(order(status="cancelled"), imported(order()))

    assert kinds(changes) == [DeleteOrder]
    assert changes.deletes is Reason.CANCELLED_IN_STORE


def test_CHG_5_an_order_with_nothing_left_on_it_is_deleted() -> None:
    assert change(order(chairs(0)), imported(order())).deletes is Reason.NOTHING_TO_DELIVER


def test_CHG_5_an_order_with_nothing_left_but_what_never_imports_is_deleted() -> None:
    without = store(FOLLOWING.platform, {"orders.custom_items": False})
    engraving = plain_line("3", 1, 15, is_custom=True)

    changes = change(order(engraving), imported(order(TWO_CHAIRS, engraving), at=without), at=without)

    assert changes.deletes is Reason.NOTHING_TO_DELIVER


@pytest.mark.parametrize(
    ("keeping", "reason"), [("has_invoice", Reason.KEPT_INVOICED), ("is_locked", Reason.KEPT_LOCKED)]
)
def test_CHG_5_an_invoice_or_a_locked_period_keeps_a_cancelled_order_as_it_is(keeping: str, reason: Reason) -> None:
    before = replace(imported(order()), **{keeping: True})  # type: ignore[arg-type]

    changes = change(order(chairs(1), status="cancelled"), before)

    assert changes.actions == ()
    assert [note.reason for note in changes.notes] == [reason]


def test_CHG_4_cancelling_what_is_packed_as_a_whole_leaves_the_totals_alone() -> None:
    before = imported(order(TWO_CHAIRS, ONE_TABLE))
    packed = replace(before, rows=tuple(replace(row, packed_quantity=row.quantity) for row in before.rows))
    cancelled = order(TWO_CHAIRS, ONE_TABLE, status="cancelled", total_with_tax=D(0), total_tax=D(0))

    changes = change(cancelled, packed)

    assert changes.actions == ()
    assert held(changes) == [
        {"row": "CHAIR", "what": "quantity", "store": "0", "hub": "2"},
        {"row": "TABLE", "what": "quantity", "store": "0", "hub": "1"},
    ]
    assert Reason.TOTAL_MISMATCH not in {note.reason for note in changes.notes}


def test_CHG_4_a_fee_of_what_was_packed_and_cancelled_is_no_difference() -> None:
    charged = order(TWO_CHAIRS, charges=(store_charge(tax_rate=D(0), tax=None),))
    before = with_row(imported(charged), "CHAIR", packed_quantity=D(2))
    before = replace(before, rows=tuple(replace(row, invoiced_quantity=row.quantity) for row in before.rows))

    assert [one["row"] for one in held(change(replace(charged, status="cancelled"), before))] == ["CHAIR"]


def test_CHG_5_manufacturing_orders_of_a_deleted_order_go_or_part() -> None:
    before = with_row(imported(order()), "CHAIR", mo=HubMo("m1", MoStatus.NOT_STARTED))
    before = with_row(before, "TABLE", mo=HubMo("m2", MoStatus.IN_PROGRESS))

    changes = change(order(status="cancelled"), before)

    assert changes.actions[:2] == (DeleteMo("m1"), UnlinkMo("m2"))


def test_CHG_5_of_a_cancelled_order_that_has_partly_left_the_rest_is_taken_off() -> None:
    before = with_row(imported(order(chairs(5), ONE_TABLE)), "CHAIR", packed_quantity=D(1), delivered_quantity=D(1))

    changes = change(order(chairs(5), ONE_TABLE, status="cancelled"), before)

    assert quantities(apply(before, changes)) == {"CHAIR": 2}
    assert held(changes) == [{"row": "CHAIR", "what": "quantity", "store": "0", "hub": "2"}]


def test_CHG_5_a_fulfilment_that_only_the_store_knows_of_yet_keeps_the_order() -> None:
    gone = order(chairs(5, delivered_quantity=D(3)), ONE_TABLE, status="cancelled")

    hub_order = after(imported(order(chairs(5), ONE_TABLE)), gone)

    assert quantities(hub_order) == {"CHAIR": 3}


def test_CHG_5_an_order_that_is_archived_once_it_is_fulfilled_is_no_news() -> None:
    fulfilled = order(chairs(2, delivered_quantity=D(2)), status="cancelled")
    before = imported(order(chairs(2)))
    delivered = replace(
        with_row(before, "CHAIR", delivered_quantity=D(2), status=DeliveryStatus.DELIVERED),
        status=DeliveryStatus.DELIVERED,
    )

    assert change(fulfilled, before) == Changes()
    assert change(fulfilled, delivered) == Changes()


# -- what the store has sent out, told or not yet ----------------------------------------------------------------

REFUNDED: Final = {"all refunded": "processing", "cancelled": "cancelled"}


@pytest.mark.parametrize("status", REFUNDED.values(), ids=REFUNDED)
def test_CHG_5_what_the_store_sent_and_then_refunded_is_not_deleted(status: str) -> None:
    before = imported(order())

    changes = change(order(chairs(0), status=status, fulfillments=(fulfillment(chairs=2, tables=1),)), before)

    stands = apply(before, changes)
    assert stands is not None
    assert stands.rows == before.rows


@pytest.mark.parametrize("status", REFUNDED.values(), ids=REFUNDED)
def test_CHG_5_of_what_was_sent_in_part_and_refunded_as_a_whole_the_rest_is_taken_off(status: str) -> None:
    gone = order(chairs(0), status=status, fulfillments=(fulfillment(chairs=1),))

    assert quantities(after(imported(order()), gone)) == {"CHAIR": 1}


def test_CHG_5_a_completed_order_keeps_every_row_though_no_fulfilment_tells_of_it() -> None:
    before = imported(order())

    assert quantities(after(before, order(chairs(0), delivery="completed"))) == {"CHAIR": 2, "TABLE": 1}


def test_CHG_5_a_service_that_is_in_no_fulfilment_stays_when_a_completed_order_is_archived() -> None:
    lines = (chairs(2, delivered_quantity=D(2)), ONE_TABLE)
    before = delivered(imported(order()), CHAIR=2)

    assert change(order(*lines, status="cancelled", delivery="completed"), before) == Changes()


@pytest.mark.parametrize("status", ["cancelled", "failure"])
def test_CHG_5_a_fulfilment_that_came_to_nothing_keeps_no_order(status: str) -> None:
    gone = order(chairs(0), fulfillments=(fulfillment(status=status, chairs=2),))

    assert kinds(change(gone, imported(order()))) == [DeleteOrder]


@pytest.mark.parametrize("left", [0, 1])
def test_CHG_1_a_refund_of_what_was_sent_leaves_the_row_to_its_delivery(left: int) -> None:
    lines = [chairs(left)] if left else []
    refunded = order(*lines, ONE_TABLE, fulfillments=(fulfillment(chairs=2),))
    heard_first = after(delivered(imported(order()), CHAIR=2), refunded)

    heard_last = after(imported(order()), refunded)

    assert quantities(heard_last) == quantities(heard_first) == {"CHAIR": 2, "TABLE": 1}


def test_MAP_8_pieces_that_were_refunded_before_the_import_are_off_no_total_again() -> None:
    """Three were ordered, two sent and one of these refunded: two came in, and a table is added now."""
    two = chairs(2, delivered_quantity=D(1))

    changes = change(order(two, ONE_TABLE, fulfillments=(fulfillment(chairs=2),)), imported(order(two)))

    assert changes.notes == ()
    assert [action.totals.total_mismatch for action in changes.actions if isinstance(action, SetTotals)] == [False]


@pytest.mark.parametrize("lines", [(TWO_CHAIRS,), (chairs(0),)], ids=["cancelled", "nothing left"])
def test_a_profile_that_voids_never_deletes_what_its_store_took_back(lines: tuple[StoreLine, ...]) -> None:
    stitch = store(replace(FOLLOWING.platform, status_flags=bigcommerce.STITCH.status_flags))

    assert change(order(*lines, status="cancelled"), imported(order()), at=stitch) == Changes()


def test_a_profile_that_voids_takes_no_row_off_what_has_left_in_part() -> None:
    stitch = store(replace(FOLLOWING.platform, status_flags=bigcommerce.STITCH.status_flags))
    before = delivered(imported(order()), CHAIR=1)

    assert change(order(status="cancelled"), before, at=stitch) == Changes()


# -- the platforms' own words ------------------------------------------------------------------------------------

GONE: Final = [
    (shopify.PLATFORM, ("cancelled", "refunded", "archived")),
    (bigcommerce.PLATFORM, ("cancelled", "declined", "refunded", "deleted")),
]
STAYING: Final = [
    (shopify.PLATFORM, ("paid", "pending", "partially_refunded", "voided", "expired")),
    (bigcommerce.PLATFORM, ("awaiting_fulfillment", "awaiting_payment", "partially_refunded", "disputed", "shipped")),
]


def each(words: Sequence[tuple[Platform, tuple[str, ...]]]) -> list[Any]:
    pairs = [(platform, status) for platform, statuses in words for status in statuses]
    return [pytest.param(*pair, id=f"{pair[0].name}: {pair[1]}") for pair in pairs]


@pytest.mark.parametrize(("platform", "status"), each(GONE))
def test_CHG_5_these_words_of_a_platform_take_an_order_back(platform: Platform, status: str) -> None:
    at = store(platform)

    assert kinds(change(order(status=status), imported(order(), at=at), at=at)) == [DeleteOrder]


@pytest.mark.parametrize(("platform", "status"), each(STAYING))
def test_CHG_5_any_other_word_of_a_platform_leaves_it(platform: Platform, status: str) -> None:
    at = store(platform)

    assert status in platform.statuses
    assert change(order(status=status), imported(order(), at=at), at=at) == Changes()
