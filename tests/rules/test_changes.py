"""A store's change against the hub's order: what follows, what is held back, what is taken back (SPEC chapter 5)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from schemas.actions import (
    AddRow,
    ChangeRow,
    DeleteMo,
    DeleteRow,
    SetMoQuantity,
    SetTotals,
    UnlinkMo,
)
from schemas.hub import DeliveryStatus, Flags, MoStatus
from schemas.orders import Address, Buyer, Kind, StoreLine
from schemas.reasons import Reason
from tasks.rules.changes import Changes, follows_changes
from tests.makers import INSIDE, PERCENT, plain_line, store, store_charge
from tests.rules.changing import (
    FOLLOWING,
    ONE_TABLE,
    TWO_CHAIRS,
    D,
    after,
    apply,
    chairs,
    change,
    held,
    imported,
    kinds,
    order,
    quantities,
    row_of,
    with_row,
)

# -- whose changes travel ----------------------------------------------------------------------------------------


def test_changes_travel_where_the_platform_has_them_and_the_store_wants_them() -> None:
    assert follows_changes(FOLLOWING)
    assert not follows_changes(store(PERCENT, {"orders.changes": False}))
    assert not follows_changes(store(INSIDE))


def test_nothing_changed_is_nothing_to_do() -> None:
    assert change(order(), imported(order())) == Changes()


def test_CHG_6_customer_addresses_dates_and_notes_never_follow() -> None:
    later = order(
        buyer=Buyer("Bo Li", "bo@example.com", "8"),
        bill_to=Address(city="Oslo"),
        ship_to=Address(city="Oslo"),
        note="Leave it at the door",
        number="5001-B",
    )

    assert change(later, imported(order())) == Changes()


# -- CHG-1: another quantity -------------------------------------------------------------------------------------


def test_ORD_8_a_changed_order_in_another_currency_keeps_the_rate_of_its_import() -> None:
    before = imported(order(TWO_CHAIRS))
    foreign = replace(before, currency="USD", base_currency="EUR", exchange_rate=D("0.5"))

    changes = change(order(chairs(4), currency="USD"), foreign)

    (totals,) = [action.totals for action in changes.actions if isinstance(action, SetTotals)]
    assert totals.total_base == totals.total / 2


@pytest.mark.parametrize("is_paid", [True, False])
def test_paid_follows_the_store_both_ways(is_paid: bool) -> None:
    hub = imported(order(TWO_CHAIRS, is_paid=not is_paid))

    changes = change(order(TWO_CHAIRS, is_paid=is_paid), hub)

    assert apply(hub, changes) == replace(hub, flags=Flags(paid=is_paid))
    assert changes.done == ("order: paid" if is_paid else "order: not paid any more",)
    assert change(order(TWO_CHAIRS, is_paid=None), hub) == Changes()  # a person marked it
    assert change(order(TWO_CHAIRS, is_paid=is_paid), replace(hub, flags=Flags(paid=is_paid))) == Changes()


@pytest.mark.parametrize("quantity", [1, 3])
def test_CHG_1_an_open_row_takes_the_new_quantity_and_its_money(quantity: int) -> None:
    hub_order = after(imported(order()), order(chairs(quantity), ONE_TABLE))

    chair = row_of(hub_order, "CHAIR")
    assert (chair.quantity, chair.total, chair.price_per_unit) == (quantity, 30 * quantity, 30)
    assert hub_order.totals is not None
    assert (hub_order.totals.total, hub_order.totals.store_total) == (30 * quantity + 40, 30 * quantity + 40)
    assert hub_order.totals.total_mismatch is False


@pytest.mark.parametrize(
    ("shipped", "asked", "expected"),
    [
        pytest.param({"packed_quantity": D(2)}, 7, 7, id="more: the open part grows"),
        pytest.param({"packed_quantity": D(1), "delivered_quantity": D(1)}, 3, 3, id="less, but more than is gone"),
        pytest.param({"invoiced_quantity": D(2)}, 3, 3, id="invoiced pieces count as gone"),
        pytest.param({"packed_quantity": D(2), "invoiced_quantity": D(3)}, 1, 3, id="packed ones are invoiced first"),
        pytest.param({"packed_quantity": D(2)}, 1, 2, id="less than is gone: what is gone"),
    ],
)
def test_CHG_1_what_is_packed_delivered_or_invoiced_is_never_taken_back(
    shipped: dict[str, Decimal], asked: int, expected: int
) -> None:
    before = with_row(imported(order(chairs(5), ONE_TABLE)), "CHAIR", **shipped)

    hub_order = after(before, order(chairs(asked), ONE_TABLE))

    assert row_of(hub_order, "CHAIR").quantity == expected


@pytest.mark.parametrize(
    ("status", "asked", "expected"),
    [
        pytest.param(MoStatus.NOT_STARTED, 5, SetMoQuantity("m1", D(5)), id="not started takes the quantity"),
        pytest.param(MoStatus.NOT_STARTED, 1, SetMoQuantity("m1", D(1)), id="less too"),
        pytest.param(MoStatus.IN_PROGRESS, 5, UnlinkMo("m1"), id="in progress goes on alone"),
        pytest.param(MoStatus.DONE, 1, UnlinkMo("m1"), id="done stays"),
    ],
)
def test_CHG_1_the_manufacturing_order_follows_or_parts(status: MoStatus, asked: int, expected: object) -> None:
    before = with_row(imported(order()), "CHAIR", mo=("m1", status))

    assert expected in change(order(chairs(asked), ONE_TABLE), before).actions


def test_CHG_1_a_manufacturing_order_makes_what_is_not_shipped_yet() -> None:
    row = {"mo": ("m1", MoStatus.NOT_STARTED), "packed_quantity": D(1), "delivered_quantity": D(1)}
    before = with_row(imported(order(chairs(5))), "CHAIR", **row)

    assert SetMoQuantity("m1", D(2)) in change(order(chairs(4)), before).actions
    assert DeleteMo("m1") in change(order(chairs(2)), before).actions


def test_CHG_1_a_manufacturing_order_stays_as_it_is_when_only_the_price_changes() -> None:
    before = with_row(imported(order()), "CHAIR", mo=("m1", MoStatus.IN_PROGRESS))

    cheaper = change(order(plain_line("1", 2, 50, sku="CHAIR"), ONE_TABLE), before)

    assert kinds(cheaper) == [ChangeRow, SetTotals]


# -- CHG-2: a line more ------------------------------------------------------------------------------------------


def test_CHG_2_an_added_line_is_a_new_row_where_the_order_is() -> None:
    before = replace(imported(order()), location="berlin")

    changes = change(order(TWO_CHAIRS, ONE_TABLE, plain_line("3", 1, 10, sku="LAMP")), before)

    (added,) = (action for action in changes.actions if isinstance(action, AddRow))
    assert (added.row.sku, added.row.external_id, added.row.total, added.row.location) == ("LAMP", "3", 10, "berlin")


def test_MAP_1_a_new_row_without_a_SKU_is_told() -> None:
    changes = change(order(TWO_CHAIRS, ONE_TABLE, plain_line("3", 1, 10, sku=None, name="Rug")), imported(order()))

    assert [(note.reason, note.detail) for note in changes.notes] == [(Reason.LINE_WITHOUT_SKU, {"names": ["Rug"]})]


def test_CHG_2_nothing_of_a_new_row_has_left_the_hub() -> None:
    lamp = plain_line("3", 2, 10, sku="LAMP", delivered_quantity=D(1))

    hub_order = after(imported(order()), order(TWO_CHAIRS, ONE_TABLE, lamp))

    assert row_of(hub_order, "LAMP").delivered_quantity == 0


def test_CHG_2_an_order_discount_that_shifts_prices_reaches_the_open_rows() -> None:
    lamp = plain_line("3", 1, 100, sku="LAMP")
    before = imported(order(order_discount=D(10)))

    hub_order = after(before, order(TWO_CHAIRS, ONE_TABLE, lamp, order_discount=D(10)))

    assert {row.sku: row.total for row in before.rows} == {"CHAIR": 54, "TABLE": 36}
    assert {row.sku: row.total for row in hub_order.rows} == {"CHAIR": 57, "TABLE": 38, "LAMP": 95}
    assert hub_order.totals is not None
    assert hub_order.totals.total_mismatch is False


def test_CHG_2_a_delivered_order_gets_no_row_any_more() -> None:
    before = with_row(imported(order(chairs(2))), "CHAIR", delivered_quantity=D(2))
    before = replace(before, status=DeliveryStatus.DELIVERED)

    changes = change(order(chairs(2), ONE_TABLE), before)

    assert changes.actions == ()
    assert held(changes) == [{"row": "TABLE", "what": "row", "store": "1", "hub": "0"}]


def test_MAP_3_a_custom_item_that_a_change_brings_is_left_out_and_told() -> None:
    without = store(FOLLOWING.platform, {"orders.custom_items": False})
    engraving = plain_line("3", 1, 15, sku=None, name="Engraving", is_custom=True)

    changes = change(order(TWO_CHAIRS, ONE_TABLE, engraving), imported(order(), at=without), at=without)

    assert changes.actions == ()
    assert [(note.reason, note.detail) for note in changes.notes] == [
        (Reason.CUSTOM_ITEMS_LEFT_OUT, {"names": ["Engraving"]})
    ]


@pytest.mark.parametrize("lines", [(), (TWO_CHAIRS,)], ids=["alone", "beside another"])
def test_MAP_3_a_custom_item_that_has_a_row_keeps_it_when_its_switch_goes_off(lines: tuple[StoreLine, ...]) -> None:
    without = store(FOLLOWING.platform, {"orders.custom_items": False})
    engraving = plain_line("3", 1, 15, sku=None, name="Engraving", is_custom=True)
    before = imported(order(*lines, engraving))

    same = change(order(*lines, engraving), before, at=without)
    more = after(before, order(*lines, replace(engraving, quantity=D(2), amount=D(30))), at=without)

    assert same == Changes()
    assert more.rows[-1].quantity == 2


def test_MAP_9_shipping_that_has_a_row_keeps_it_when_its_switch_goes_off() -> None:
    without = store(FOLLOWING.platform, {"orders.shipping_fee_line": False})
    parcel, second = (store_charge(id_, kind=Kind.SHIPPING, amount=D(7), tax=None) for id_ in ("c1", "c2"))
    one, both = order(charges=(parcel,)), order(charges=(parcel, second))

    assert change(one, imported(one), at=without) == Changes()
    assert change(both, imported(both), at=without) == Changes()
    assert {row.external_id for row in after(imported(one), both, at=without).rows} == {"1", "2", "c1"}


# -- CHG-3: a line less ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lines", [(ONE_TABLE,), (chairs(0), ONE_TABLE)], ids=["removed", "quantity 0"])
def test_CHG_3_removed_line_deletes_the_open_row(lines: tuple[StoreLine, ...]) -> None:
    hub_order = after(imported(order()), order(*lines))

    assert quantities(hub_order) == {"TABLE": 1}


@pytest.mark.parametrize(
    ("status", "expected"),
    [(MoStatus.NOT_STARTED, DeleteMo("m1")), (MoStatus.IN_PROGRESS, UnlinkMo("m1")), (MoStatus.DONE, UnlinkMo("m1"))],
)
def test_CHG_3_the_manufacturing_order_goes_too_unless_it_was_started(status: MoStatus, expected: object) -> None:
    before = with_row(imported(order()), "CHAIR", mo=("m1", status))

    changes = change(order(ONE_TABLE), before)

    assert changes.actions[:2] == (expected, DeleteRow(before.id, row_of(before, "CHAIR").id))


def test_CHG_3_a_partly_protected_row_shrinks_to_what_is_protected() -> None:
    before = with_row(imported(order(chairs(5), ONE_TABLE)), "CHAIR", packed_quantity=D(2))

    changes = change(order(ONE_TABLE), before)

    chair = row_of(apply(before, changes), "CHAIR")
    assert (chair.quantity, chair.total, chair.price_per_unit) == (2, 60, 30)
    assert held(changes) == [{"row": "CHAIR", "what": "quantity", "store": "0", "hub": "2"}]


def test_CHG_3_a_line_that_sells_another_item_is_one_removed_and_one_added() -> None:
    hub_order = after(imported(order()), order(plain_line("1", 2, 60, sku="STOOL"), ONE_TABLE))

    assert quantities(hub_order) == {"TABLE": 1, "STOOL": 2}


def test_CHG_3_a_fee_of_another_name_is_another_fee() -> None:
    parcel, express = (order(charges=(store_charge(name=name),)) for name in ("DHL", "DHL Express"))

    hub_order = after(imported(parcel), express)

    assert [row.name for row in hub_order.rows if not row.ships] == ["DHL Express"]


def test_a_row_that_a_person_added_is_no_store_s_to_change() -> None:
    own = replace(row_of(imported(order()), "TABLE"), id="r9", external_id=None, sku="GIFT")
    before = imported(order())
    before = replace(before, rows=(*before.rows, own))

    hub_order = after(before, order(chairs(3), ONE_TABLE))

    assert row_of(hub_order, "GIFT") == own


# -- CHG-4: what never changes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "protection",
    [{"packed_quantity": D(2)}, {"delivered_quantity": D(2)}, {"invoiced_quantity": D(2)}],
    ids=["packed", "delivered", "invoiced"],
)
@pytest.mark.parametrize(
    "line",
    [(), (chairs(5),), (chairs(1),), (plain_line("1", 2, 50, sku="CHAIR"),), (plain_line("1", 2, 60, sku="STOOL"),)],
    ids=["removed", "more", "less", "cheaper", "another item"],
)
def test_CHG_4_a_protected_row_never_changes_and_the_difference_is_told(
    protection: dict[str, Decimal], line: tuple[StoreLine, ...]
) -> None:
    before = with_row(imported(order()), "CHAIR", **protection)

    changes = change(order(*line, ONE_TABLE), before)

    assert row_of(apply(before, changes), "CHAIR") == row_of(before, "CHAIR")
    assert [one["row"] for one in held(changes)] == ["CHAIR"]


def test_CHG_4_the_rest_of_a_partly_protected_row_keeps_the_row_s_price() -> None:
    before = with_row(imported(order(chairs(5))), "CHAIR", packed_quantity=D(1))

    changes = change(order(plain_line("1", 3, 60, sku="CHAIR")), before)

    chair = row_of(apply(before, changes), "CHAIR")
    assert (chair.quantity, chair.price_per_unit, chair.total) == (3, 30, 90)
    assert held(changes) == [{"row": "CHAIR", "what": "total", "store": "60", "hub": "90"}]


def test_CHG_4_what_is_held_back_shows_in_the_proof() -> None:
    before = with_row(imported(order()), "CHAIR", packed_quantity=D(2))

    changes = change(order(ONE_TABLE), before)

    (totals,) = (action.totals for action in changes.actions if isinstance(action, SetTotals))
    assert (totals.total, totals.store_total, totals.total_mismatch) == (100, 40, True)
    assert [note.reason for note in changes.notes] == [Reason.HELD_BACK, Reason.TOTAL_MISMATCH]


def test_CHG_4_a_delivered_order_is_left_alone_as_a_whole() -> None:
    before = with_row(imported(order(chairs(2))), "CHAIR", delivered_quantity=D(2))
    before = replace(before, status=DeliveryStatus.DELIVERED)

    assert change(order(chairs(1)), before).actions == ()


# -- in people's words -------------------------------------------------------------------------------------------


def test_what_was_done_is_told_in_people_s_words() -> None:
    later = order(chairs(3), plain_line("3", 1, 15, sku="LAMP"))

    assert change(later, imported(order())).done == (
        "CHAIR: quantity 3, was 2",
        "CHAIR: total 90, was 60",
        "TABLE: removed",
        "LAMP: added, quantity 1",
        "order: total with tax 105.00, in the store 105.00",
    )
