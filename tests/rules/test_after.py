"""The order as it will stand, action by action, in plain data (CHG-8). That the hub reads back the same, a test beside
the hub holds.
"""

from dataclasses import replace
from typing import Any, Final

import pytest

from schemas.actions import (
    AddRow,
    ChangeRow,
    DeleteMo,
    DeleteReturn,
    DeleteRow,
    DeliverRows,
    KeepReturn,
    LinkFulfillment,
    MoveRow,
    OrderAction,
    PackRows,
    RemakeFulfillment,
    SetFlags,
    SetMoQuantity,
    SetTotals,
    UnlinkMo,
)
from schemas.flags import Flags
from schemas.hub import DeliveryStatus, HubFulfillment, HubMo, HubOrder, HubReturn, HubRow, MoStatus, Totals
from schemas.orders import ZERO, Kind
from tasks.rules.after import after, as_created
from tests.makers import plain_line, store_charge, store_order
from tests.rules.building import draft
from tests.rules.fulfilling import D, hub_order, row

TOTALS: Final = Totals(D(1), D(2), D(3), D(4), D(5), total_mismatch=True)
MADE: Final = HubMo("m1", MoStatus.NOT_STARTED, D(2))


def order(*rows: HubRow, **changes: Any) -> HubOrder:
    """Two pieces of line 1, three of line 2, and a fee; or the rows given."""
    return hub_order(*(rows or (row("1", 2), row("2", 3), row("fee", 1, ships=False))), **changes)


def done(before: HubOrder, *actions: OrderAction) -> HubOrder:
    return after(before, actions)


def amounts(of: HubOrder) -> dict[str, tuple[int, int]]:
    """Pieces packed and delivered, by row."""
    return {one.id: (int(one.packed_quantity), int(one.delivered_quantity)) for one in of.rows}


def pieces(**of: int) -> tuple[tuple[str, Any], ...]:
    return tuple((key, D(quantity)) for key, quantity in of.items())


def of_hub(id_: str, external_id: str | None, source: str = "hub", **rows: int) -> HubFulfillment:
    return HubFulfillment(id_, external_id, source, pieces(**rows))


# -- created -------------------------------------------------------------------------------------------------------


def test_CHG_8_an_order_that_is_created_is_named_by_what_it_is_in_its_store() -> None:
    made = replace(draft(store_order(lines=(plain_line("11", 2, 60),), charges=())), base_currency="SEK")

    created = as_created(made)

    assert (created.id, created.external_id, created.store_id) == ("order:1:5001", "5001", 1)
    assert (created.order_no, created.currency, created.base_currency) == ("5001", "EUR", "SEK")
    assert (created.location, created.exchange_rate) == (made.location, made.exchange_rate)
    assert created.totals == Totals(D(60), D(60), D(60), D(60), D(60), total_mismatch=False)
    (only,) = created.rows
    assert (only.id, only.external_id, only.variant_id) == ("line:11", "11", None)
    assert (only.kind, only.sku, only.name, only.ships) == (Kind.PRODUCT, "SKU-11", made.rows[0].name, True)
    assert (only.quantity, only.price_per_unit, only.total, only.tax) == (2, 30, 60, 0)


def test_CHG_8_a_row_of_an_item_that_is_there_is_of_that_item() -> None:
    made = draft(store_order(lines=(plain_line("11", 2, 60),), charges=()))
    known = replace(made.rows[0], item="v7", batch_tracked=True, discount_percent=D(5), tax_rate=D(19), tax=D(3))

    (only,) = as_created(replace(made, rows=(known,))).rows

    assert (only.variant_id, only.batch_tracked, only.discount_percent) == ("v7", True, 5)
    assert (only.tax_rate, only.tax, only.location) == (19, 3, known.location)


@pytest.mark.parametrize("is_paid", [True, False])
def test_CHG_8_an_order_that_is_paid_is_billed_and_paid(is_paid: bool) -> None:
    assert as_created(draft(store_order(is_paid=is_paid))).flags == Flags(billed=is_paid, paid=is_paid)


def test_MAP_8_what_comes_packed_or_delivered_was_gone_before() -> None:
    made = draft(store_order(lines=(plain_line("11", 5, 60, delivered_quantity=D(1)),), charges=()))
    packed = replace(made.rows[0], packed_quantity=D(2))

    created = as_created(replace(made, rows=(packed,)))

    assert amounts(created) == {"line:11": (2, 1)}
    assert (created.rows[0].gone_before, created.rows[0].invoiced_quantity) == (3, 0)
    assert created.status is DeliveryStatus.PARTIALLY_DELIVERED


@pytest.mark.parametrize("missing", ["store_id", "external_id"])
def test_CHG_8_an_order_of_no_store_has_no_name_before_it_is_there(missing: str) -> None:
    made = replace(draft(store_order()), **{missing: None})  # type: ignore[arg-type]

    with pytest.raises(ValueError, match=r"^order 5001 is of no store: it has no name before it is created$"):
        as_created(made)


def test_CHG_8_a_row_of_no_line_has_no_name_before_it_is_there() -> None:
    made = draft(store_order(lines=(plain_line("11", 2, 60),), charges=()))
    rows = (replace(made.rows[0], external_id=None),)

    with pytest.raises(ValueError, match=r"^SKU-11 stands for no line of a store: it has no name before it is there$"):
        as_created(replace(made, rows=rows))


# -- rows ------------------------------------------------------------------------------------------------------------


def test_CHG_1_a_row_takes_its_money_and_the_others_stay() -> None:
    changed = done(order(), ChangeRow("h1", "r1", D(9), D(8), D(7), D(6), D(5), D(4)))

    first, *others = changed.rows
    assert (first.quantity, first.price_per_unit, first.discount_percent) == (9, 8, 7)
    assert (first.tax_rate, first.total, first.tax) == (6, 5, 4)
    assert others == list(order().rows[1:])


def test_CHG_2_a_row_is_added_behind_the_others() -> None:
    (new,) = draft(store_order(lines=(plain_line("3", 1, 10),), charges=())).rows

    assert [one.id for one in done(order(), AddRow("h1", new)).rows] == ["r1", "r2", "rfee", "line:3"]


def test_CHG_3_a_row_that_goes_takes_along_what_is_said_of_it() -> None:
    returned = HubReturn("9", pieces(**{"1": 1, "2": 2}), pieces(r1=1, r2=2))
    before = order(returns=(returned,), fulfillments=(of_hub("p1", "77", r1=1, r2=1),))

    now = done(before, DeleteRow("h1", "r1"))

    assert [one.id for one in now.rows] == ["r2", "rfee"]
    assert now.returns == (HubReturn("9", pieces(**{"2": 2}), pieces(r2=2)),)
    assert now.fulfillments == (of_hub("p1", "77", r2=1),)


def test_CHG_3_only_what_is_said_of_the_row_that_goes_goes() -> None:
    before = order(returns=(HubReturn("9", pieces(**{"1": 1, "2": 2}), pieces(r1=1, r2=2)),))

    assert done(before, DeleteRow("h1", "r2")).returns == (HubReturn("9", pieces(**{"1": 1}), pieces(r1=1)),)


def test_CHG_3_an_order_without_rows_has_not_left() -> None:
    before = order(row("1", 2, delivered_quantity=D(2)))

    assert done(before, DeleteRow("h1", "r1")).status is DeliveryStatus.NOT_SHIPPED


def test_CHG_7_a_row_moves_and_the_others_stay() -> None:
    assert [one.location for one in done(order(), MoveRow("h1", "r2", "berlin")).rows] == ["main", "berlin", "main"]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (SetMoQuantity("m1", D(9)), replace(MADE, quantity=D(9))),
        (DeleteMo("m1"), None),
        (UnlinkMo("m1"), None),
        (SetMoQuantity("m2", D(9)), MADE),
        (DeleteMo("m2"), MADE),
    ],
)
def test_CHG_1_the_manufacturing_order_that_is_named_follows(action: OrderAction, expected: HubMo | None) -> None:
    other = HubMo("m3", MoStatus.DONE, D(1))
    before = order(row("1", 2, mo=MADE), row("2", 3), row("3", 1, mo=other))

    assert [one.mo for one in done(before, action).rows] == [expected, None, other]


def test_CHG_8_totals_and_flags_are_those_that_are_set() -> None:
    now = done(order(), SetTotals("h1", TOTALS), SetFlags("h1", Flags(closed=True)))

    assert now == order(totals=TOTALS, flags=Flags(closed=True))


# -- what leaves -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("packed", "status", "flags"),
    [
        pytest.param({"r1": 1}, DeliveryStatus.PARTIALLY_PACKED, Flags(), id="a part"),
        pytest.param({"r1": 2}, DeliveryStatus.PARTIALLY_PACKED, Flags(), id="a row"),
        pytest.param({"r1": 2, "r2": 3}, DeliveryStatus.PACKED, Flags(packed=True), id="all that ships"),
    ],
)
def test_FUL_8_packing_says_how_far_the_order_is(packed: dict[str, int], status: DeliveryStatus, flags: Flags) -> None:
    now = done(order(), PackRows("h1", pieces(**packed)))

    assert amounts(now) == {"r1": (packed.get("r1", 0), 0), "r2": (packed.get("r2", 0), 0), "rfee": (0, 0)}
    assert (now.status, now.flags) == (status, flags)


@pytest.mark.parametrize(
    ("delivered", "status", "flags"),
    [
        pytest.param({"r1": 1}, DeliveryStatus.PARTIALLY_DELIVERED, Flags(), id="a part"),
        pytest.param({"r1": 2}, DeliveryStatus.PARTIALLY_DELIVERED, Flags(), id="a row"),
        pytest.param(
            {"r1": 2, "r2": 3}, DeliveryStatus.DELIVERED, Flags(packed=True, shipped=True), id="all that ships"
        ),
    ],
)
def test_FUL_1_delivering_says_how_far_the_order_is_and_takes_fees_along(
    delivered: dict[str, int], status: DeliveryStatus, flags: Flags
) -> None:
    now = done(order(), DeliverRows("h1", pieces(**delivered), "store"))

    fee = (0, 1) if status is DeliveryStatus.DELIVERED else (0, 0)
    assert amounts(now) == {"r1": (0, delivered["r1"]), "r2": (0, delivered.get("r2", 0)), "rfee": fee}
    assert (now.status, now.flags) == (status, flags)


def test_FUL_1_a_fee_that_was_packed_is_delivered_with_the_rest() -> None:
    now = done(order(), PackRows("h1", pieces(rfee=1)), DeliverRows("h1", pieces(r1=2, r2=3), "store"))

    assert amounts(now)["rfee"] == (0, 1)


def test_FUL_1_each_row_says_how_far_it_is() -> None:
    rows = (row("1", 1, packed_quantity=D(1)), row("2", 2, packed_quantity=D(1)), row("3", 1), row("4", 2))

    now = done(order(*rows), DeliverRows("h1", pieces(r4=1), "store"), DeliverRows("h1", pieces(r3=1), "store"))

    assert [one.status for one in now.rows] == [
        DeliveryStatus.PACKED,
        DeliveryStatus.PARTIALLY_PACKED,
        DeliveryStatus.DELIVERED,
        DeliveryStatus.PARTIALLY_DELIVERED,
    ]


def test_FUL_8_what_is_delivered_is_taken_from_what_is_packed_first() -> None:
    before = order(row("1", 5, packed_quantity=D(2)), row("2", 3, packed_quantity=D(1)))

    assert amounts(done(before, DeliverRows("h1", pieces(r1=1), "store"))) == {"r1": (1, 1), "r2": (1, 0)}
    assert amounts(done(before, DeliverRows("h1", pieces(r1=3), "store"))) == {"r1": (0, 3), "r2": (1, 0)}


def test_FUL_3_an_order_of_fees_is_as_far_as_its_fees() -> None:
    before = order(row("a", 1, ships=False), row("b", 1, ships=False))

    first = done(before, DeliverRows("h1", pieces(ra=1), "store"))
    second = done(first, DeliverRows("h1", pieces(rb=1), "store"))

    assert amounts(first) == {"ra": (0, 1), "rb": (0, 0)}
    assert (first.status, second.status) == (DeliveryStatus.PARTIALLY_DELIVERED, DeliveryStatus.DELIVERED)


def test_CHG_1_a_row_that_grows_leaves_its_order_open_again() -> None:
    before = done(order(), DeliverRows("h1", pieces(r1=2, r2=3), "store"))

    now = done(before, ChangeRow("h1", "r1", D(3), ZERO, ZERO, ZERO, ZERO, ZERO))

    assert (now.status, now.rows[0].status) == (DeliveryStatus.PARTIALLY_DELIVERED,) * 2
    assert now.flags == Flags(packed=True, shipped=True)  # they are only ever raised


def test_STI_1_a_status_that_stays_raises_no_flag_that_somebody_took_off() -> None:
    before = order(row("1", 2, delivered_quantity=D(2)))
    assert (before.status, before.flags) == (DeliveryStatus.DELIVERED, Flags())

    now = done(before, ChangeRow("h1", "r1", D(2), D(7), ZERO, ZERO, ZERO, ZERO))

    assert (now.status, now.flags) == (DeliveryStatus.DELIVERED, Flags())


def test_FUL_1_a_delivery_is_a_fulfilment_with_its_tracking() -> None:
    action = DeliverRows(
        "h1",
        (*pieces(r1=1), *pieces(r1=1, r2=0)),
        "store",
        (),
        "77",
        tracking_number="T",
        carrier="C",
        tracking_url="U",
    )

    now = done(order(fulfillments=(of_hub("p1", None, r2=1),)), action)

    made = HubFulfillment("", "77", "store", pieces(r1=2), tracking_number="T", carrier="C", tracking_url="U")
    assert now.fulfillments == (of_hub("p1", None, r2=1), made)
    assert amounts(now)["r1"] == (0, 2)


# -- links and returns -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["hub", "store"])
def test_FUL_13_what_a_store_was_told_is_remembered_and_delivers_nothing(source: str) -> None:
    now = done(order(), LinkFulfillment("h1", "77", rows=pieces(r1=1), source=source))

    assert now.fulfillments == (replace(of_hub("", "77", source, r1=1), is_told_only=source == "hub"),)
    assert amounts(now) == amounts(order())


def test_FUL_13_the_fulfilment_that_is_named_gets_the_store_s_id() -> None:
    before = order(fulfillments=(of_hub("p1", None, r1=1), of_hub("p2", None, r1=1)))

    assert [one.external_id for one in done(before, LinkFulfillment("h1", "77", "p2")).fulfillments] == [None, "77"]


def test_FUL_7_pieces_that_were_sent_again_go_over_and_an_empty_fulfilment_goes() -> None:
    bare = of_hub("p9", "70", "store")
    before = order(fulfillments=(of_hub("p1", "76", "store", r1=1), of_hub("p2", "77", "store", r1=2, r2=1), bare))
    action = RemakeFulfillment("h1", "79", (*((id_, "r1", D(1)) for id_ in ("p1", "p2")),), "T", "C", "U")

    now = done(before, action)

    new = HubFulfillment("", "79", "store", pieces(r1=2), tracking_number="T", carrier="C", tracking_url="U")
    assert now.fulfillments == (of_hub("p2", "77", "store", r1=1, r2=1), bare, new)


def test_FUL_7_pieces_that_were_sent_again_go_over_to_the_fulfilment_that_is_there() -> None:
    """It delivered a new piece of row 2 and holds no second one of its id; each that is not made yet stays itself."""
    delivered = (DeliverRows("h1", pieces(r2=1), "store", (), name, tracking_number="T") for name in ("78", "79"))
    before = done(order(fulfillments=(of_hub("p1", "77", "store", r1=2),)), *delivered)

    now = done(before, RemakeFulfillment("h1", "78", (("p1", "r1", D(2)),), "other"))

    assert [(one.external_id, one.rows, one.tracking_number) for one in now.fulfillments] == [
        ("78", pieces(r2=1, r1=2), "T"),
        ("79", pieces(r2=1), "T"),
    ]


def test_CHG_9_a_return_is_kept_once_with_its_rows() -> None:
    first = done(order(), KeepReturn("h1", "9", pieces(**{"1": 1})), KeepReturn("h1", "10", pieces(**{"2": 1})))

    again = done(first, KeepReturn("h1", "9", pieces(**{"1": 2, "2": 1})))

    other = HubReturn("10", pieces(**{"2": 1}), pieces(r2=1))
    assert first.returns == (HubReturn("9", pieces(**{"1": 1}), pieces(r1=1)), other)
    assert again.returns == (HubReturn("9", pieces(**{"1": 2, "2": 1}), pieces(r1=2, r2=1)), other)
    assert done(again, DeleteReturn("h1", "9")).returns == (other,)


def test_MAP_9_fees_of_an_order_that_comes_delivered_are_delivered() -> None:
    lines = (plain_line("11", 2, 60, delivered_quantity=D(2)),)

    created = as_created(draft(store_order(lines=lines, charges=(store_charge(),))))

    assert created.status is DeliveryStatus.DELIVERED
    assert amounts(created) == {"line:11": (0, 2), "line:21": (0, 1)}
