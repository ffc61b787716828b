"""A store's change against the hub's order: what follows, what is held back, what is taken back (SPEC chapter 5)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from schemas.actions import (
    AddRow,
    ChangeRow,
    DeleteMo,
    DeleteRow,
    MoveRow,
    SetFlags,
    SetMoQuantity,
    SetTotals,
    UnlinkMo,
)
from schemas.bigcommerce import platform as bigcommerce
from schemas.flags import Flags
from schemas.hub import DeliveryStatus, HubMo, MoStatus
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
    delivered,
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

    assert apply(hub, changes) == replace(hub, flags=replace(hub.flags, paid=is_paid))
    assert changes.done == ("order: paid" if is_paid else "order: not paid any more",)
    assert change(order(TWO_CHAIRS, is_paid=None), hub) == Changes()  # a person marked it
    assert change(order(TWO_CHAIRS, is_paid=is_paid), replace(hub, flags=Flags(paid=is_paid))) == Changes()


def test_STI_1_whether_it_is_paid_follows_by_flags_where_the_profile_has_them() -> None:
    flagging = store(replace(FOLLOWING.platform, status_flags=bigcommerce.STITCH.status_flags))

    assert change(order(is_paid=False), imported(order(is_paid=True)), at=flagging) == Changes()


def test_CHG_1_everything_that_is_done_is_about_the_hub_s_order() -> None:
    before = imported(order(is_paid=False))
    chair, table = row_of(before, "CHAIR"), row_of(before, "TABLE")
    lamp = plain_line("3", 1, 10, sku="LAMP")

    changes = change(order(chairs(3), replace(lamp, external_id="2"), lamp, is_paid=True), before)

    changed, gone, instead, added, totals, flags = changes.actions
    assert isinstance(changed, ChangeRow)
    assert isinstance(instead, AddRow)
    assert isinstance(added, AddRow)
    assert isinstance(totals, SetTotals)
    assert (changed.order_id, changed.row_id) == ("h1", chair.id)
    assert gone == DeleteRow("h1", table.id)
    assert (instead.order_id, instead.row.external_id) == ("h1", "2")
    assert (added.order_id, added.row.external_id) == ("h1", "3")
    assert totals.order_id == "h1"
    assert flags == SetFlags("h1", Flags(paid=True))
    assert changes.done == (
        "CHAIR: quantity 3, was 2",
        "CHAIR: total 90, was 60",
        "TABLE: removed",
        "LAMP: added, quantity 1",
        "LAMP: added, quantity 1",
        "order: total with tax 110.00, in the store 110.00",
        "order: paid",
    )


def test_CHG_1_an_open_row_takes_over_all_of_its_line_s_money() -> None:
    line = plain_line("1", 2, 80, sku="CHAIR", discount=D(8), tax_rate=D(10), tax=D("7.21"))

    hub_order = after(imported(order(TWO_CHAIRS)), order(line))

    chair = row_of(hub_order, "CHAIR")
    assert (chair.price_per_unit, chair.discount_percent, chair.tax_rate) == (40, 10, 10)
    assert (chair.total, chair.tax) == (72, D("7.21"))


def test_MAP_5_long_amounts_of_a_change_stay_exact() -> None:
    amount = D("123456789012345678901234567.89")
    before = imported(order(plain_line("1", 1, amount, sku="CHAIR")))

    hub_order = after(before, order(plain_line("1", 3, "370370367037037036703703703.67", sku="CHAIR")))

    assert row_of(hub_order, "CHAIR").total == D("370370367037037036703703703.67")


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
    before = with_row(imported(order()), "CHAIR", mo=HubMo("m1", status))

    assert expected in change(order(chairs(asked), ONE_TABLE), before).actions


def test_CHG_1_a_manufacturing_order_makes_what_is_not_shipped_yet() -> None:
    row = {"mo": HubMo("m1", MoStatus.NOT_STARTED), "packed_quantity": D(1), "delivered_quantity": D(1)}
    before = with_row(imported(order(chairs(5))), "CHAIR", **row)

    assert SetMoQuantity("m1", D(2)) in change(order(chairs(4)), before).actions
    assert DeleteMo("m1") in change(order(chairs(2)), before).actions


def test_CHG_1_a_manufacturing_order_stays_as_it_is_when_only_the_price_changes() -> None:
    before = with_row(imported(order()), "CHAIR", mo=HubMo("m1", MoStatus.IN_PROGRESS))

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


def test_MAP_1_a_new_fee_needs_no_SKU() -> None:
    fee = store_charge("c1", name="Rush", kind=Kind.SERVICE, amount=D(5), tax=None)

    changes = change(order(charges=(fee,)), imported(order()))

    assert AddRow in kinds(changes)
    assert changes.notes == ()


def test_CHG_2_nothing_of_another_item_on_a_line_has_left_the_hub() -> None:
    stool = plain_line("1", 2, 60, sku="STOOL", delivered_quantity=D(1))

    assert row_of(after(imported(order()), order(stool, ONE_TABLE)), "STOOL").delivered_quantity == 0


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
    before = with_row(imported(order()), "CHAIR", mo=HubMo("m1", status))

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
    own = replace(row_of(imported(order()), "TABLE"), id="own", external_id=None, sku="GIFT")
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


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ((), {"what": "quantity", "store": "0", "hub": "2"}),
        ((chairs(1),), {"what": "quantity", "store": "1", "hub": "2"}),
        ((plain_line("1", 2, 50, sku="CHAIR"),), {"what": "total", "store": "50", "hub": "60"}),
        ((plain_line("1", 2, 60, sku="STOOL"),), {"what": "item", "store": "STOOL", "hub": "CHAIR"}),
    ],
    ids=["removed", "less", "cheaper", "another item"],
)
def test_CHG_4_what_is_held_back_says_what_the_store_and_the_hub_have(
    line: tuple[StoreLine, ...], told: dict[str, str]
) -> None:
    before = with_row(imported(order()), "CHAIR", packed_quantity=D(2))

    assert held(change(order(*line, ONE_TABLE), before)) == [{"row": "CHAIR", **told}]


@pytest.mark.parametrize(
    ("quantity", "amount", "tax", "expected"),
    [
        pytest.param(3, 90, "17.11", "17.11", id="the store's, where the row's money is the store's"),
        pytest.param(3, 93, "17.11", "17.10", id="by its rate, where the store's money is other"),
        pytest.param(2, 60, "11.41", "11.40", id="as it was, where nothing else changes"),
    ],
)
def test_CHG_4_the_tax_of_a_partly_protected_row(quantity: int, amount: int, tax: str, expected: str) -> None:
    before = imported(order(plain_line("1", 2, 60, sku="CHAIR", tax_rate=D(19), tax=D("11.40"))))
    before = with_row(before, "CHAIR", packed_quantity=D(1))

    changes = change(order(plain_line("1", quantity, amount, sku="CHAIR", tax_rate=D(19), tax=D(tax))), before)

    assert row_of(apply(before, changes), "CHAIR").tax == D(expected)


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


def test_MAP_6_a_mismatch_names_the_rows_whose_rate_does_not_give_their_tax() -> None:
    taxed = plain_line("1", 2, 60, sku="CHAIR", tax_rate=D(19), tax=D("11.40"))
    before = with_row(imported(order(taxed)), "CHAIR", packed_quantity=D(2), tax=D(5))

    changes = change(order(taxed, plain_line("3", 1, 10, sku="LAMP")), before)

    (note,) = (note for note in changes.notes if note.reason is Reason.TOTAL_MISMATCH)
    assert note.detail["rows_with_odd_tax"] == ["1"]


def test_MAP_6_a_mismatch_that_stays_is_told_with_every_change() -> None:
    mapped = store(FOLLOWING.platform, {"location_map": {"2": "berlin"}})
    wrong = order(TWO_CHAIRS, total_with_tax=D(70), total_tax=D(0))
    before = imported(wrong, at=mapped)

    changes = change(replace(wrong, lines=(replace(TWO_CHAIRS, location="2"),)), before, at=mapped)

    assert kinds(changes) == [MoveRow]
    assert [note.reason for note in changes.notes] == [Reason.TOTAL_MISMATCH]


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


def test_CHG_3_flags_that_the_change_itself_raises_stay_raised_when_it_is_paid() -> None:
    before = delivered(imported(order(is_paid=False)), CHAIR=2)

    now = after(before, order(TWO_CHAIRS, is_paid=True))

    assert now.flags == Flags(paid=True, packed=True, shipped=True)
