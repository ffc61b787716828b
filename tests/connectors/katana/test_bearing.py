"""An order with a charge below zero in Katana: its others bear it from the creation to the last parcel (MAP-9)."""

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import HubRefused
from schemas.actions import AddRow, ChangeRow, DeleteOrder, DeleteRow, DeliverRows
from schemas.hub import DeliveryStatus, DraftRow, HubOrder
from schemas.reasons import Reason
from tests.connectors.builtin_hub.makers import chair, product, shipping
from tests.connectors.katana.mortal import Died, MortalClient
from tests.connectors.katana.working import Work

D = Decimal


def loyalty(total: str = "-10", **changes: Any) -> DraftRow:
    """A charge that takes something off."""
    amount = D(total)
    values = {"external_id": "31", "name": "Loyalty", "total": amount, "price_per_unit": amount, "tax": amount / 5}
    return shipping(**{**values, **changes})


def table(**changes: Any) -> DraftRow:
    """A table at 40.00."""
    return product("TABLE", total=D(40), price_per_unit=D(40), tax=D(8), external_id="12", **changes)


def at_home(work: Work, row: DraftRow) -> DraftRow:
    """A row from where the others are."""
    return replace(row, location=work.row("12").location)


def come_to(work: Work) -> dict[Decimal, Decimal]:
    """What Katana's rows come to, by their tax rates."""
    rates, sums = work.account.tax_rates.table, defaultdict[Decimal, Decimal](Decimal)
    for row in work.there():
        sums[rates.find(row["tax_rate_id"])["rate"]] += row["price_per_unit"] * row["quantity"] - row["total_discount"]
    return dict(sums)


def own(order: HubOrder) -> dict[str | None, Decimal]:
    """What the order's rows come to, as its store has it."""
    return {row.external_id: row.total for row in order.rows}


def discounts(work: Work) -> list[Decimal]:
    return [row["total_discount"] for row in work.there()]


def change(work: Work, line: str, **changes: Any) -> ChangeRow:
    """A row with something else."""
    row = work.row(line)
    names = ("quantity", "price_per_unit", "discount_percent", "tax_rate", "total", "tax")
    return ChangeRow(work.id, row.id, **{name: getattr(row, name) for name in names} | changes)


def off(work: Work, total: str) -> ChangeRow:
    """The charge takes something else off."""
    return change(work, "31", total=D(total), price_per_unit=D(total), tax=D(total) / 5)


@pytest.fixture
def order(work: Work) -> HubOrder:
    """Two chairs at 30, a table at 40, and 10 less."""
    return work.create(chair(), table(), loyalty(), total=D(90))


def test_MAP_9_a_charge_below_zero_is_borne_by_the_others(work: Work, order: HubOrder) -> None:
    assert (discounts(work), come_to(work)) == ([6, 4], {D(20): D(90)})
    assert own(order) == {"11": 60, "12": 40, "31": -10}
    assert [row.discount_percent for row in order.rows] == [0, 0, 0]
    charge = work.row("31")
    assert (charge.quantity, charge.delivered_quantity, charge.tax, charge.is_fixed) == (1, 0, -2, False)
    assert order.status is DeliveryStatus.NOT_SHIPPED
    assert [one["name"] for one in work.account.services.table.view()] == []  # nobody needs its item


def test_KAT_1_an_order_whose_answer_nobody_heard_is_known_with_what_it_bears(work: Work, client: MortalClient) -> None:
    client.dies_after("sales_orders")
    with pytest.raises(Died):
        work.create(chair(), table(), loyalty())
    work.later(600)

    order = work.create(chair(), table(), loyalty("-20"))  # its store changed it meanwhile

    assert (discounts(work), own(order)) == ([6, 4], {"11": 60, "12": 40, "31": -10})


def test_MAP_9_what_left_before_the_order_came_bears_its_part(work: Work) -> None:
    gone, partly = table(delivered_quantity=D(1)), chair(delivered_quantity=D(1))

    order = work.create(partly, gone, loyalty())

    assert (discounts(work), come_to(work)) == ([3], {D(20): D(27)})  # half of the chairs' 6
    assert own(order) == {"11": 60, "12": 40, "31": -10}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([chair(), loyalty("-60.01")], "Loyalty: rows of that tax rate come to 0.01 EUR less than it takes off"),
        ([chair(), loyalty(tax_rate=D(7))], "come to 10.00 EUR less"),
        ([chair(total=D(-60), price_per_unit=D(-30))], "CHAIR of order 5001 is a line below zero"),
    ],
)
def test_MAP_9_what_nobody_can_bear_is_refused_before_anything_is_made(
    work: Work, rows: list[DraftRow], words: str
) -> None:
    with pytest.raises(HubRefused, match=words):
        work.create(*rows)

    assert work.writes() == []


def test_CHG_1_another_quantity_moves_what_the_others_bear(work: Work, order: HubOrder) -> None:
    work.do(change(work, "11", quantity=D(1), total=D(30), tax=D(6)))

    assert (discounts(work), come_to(work)) == ([D("4.29"), D("5.71")], {D(20): D(60)})
    assert own(work.read()) == {"11": 30, "12": 40, "31": -10}


def test_CHG_1_CHG_2_CHG_3_the_charge_itself_changes_goes_and_comes(work: Work, order: HubOrder) -> None:
    work.do(off(work, "-20"))
    assert (discounts(work), own(work.read())["31"]) == ([12, 8], -20)
    work.do(DeleteRow(work.id, work.row("31").id))
    assert (discounts(work), list(own(work.read()))) == ([0, 0], ["11", "12"])
    work.do(AddRow(work.id, at_home(work, loyalty("-5"))))
    assert (discounts(work), own(work.read())["31"]) == ([3, 2], -5)
    before = work.count()
    work.do(AddRow(work.id, at_home(work, loyalty("-5"))))
    assert (work.writes(before), len(work.read().rows)) == ([], 3)


def test_CHG_2_CHG_3_rows_come_and_go_and_bear_their_part(work: Work, order: HubOrder) -> None:
    work.do(DeleteRow(work.id, work.row("11").id), AddRow(work.id, at_home(work, product("LAMP", 2, total=D(60)))))

    assert (discounts(work), come_to(work)) == ([4, 6], {D(20): D(90)})
    assert own(work.read()) == {"12": 40, "31": -10, "line-LAMP": 60}


def test_CHG_1_a_charge_may_cross_zero_and_come_back(work: Work, order: HubOrder) -> None:
    work.do(off(work, "15"))
    assert (discounts(work), come_to(work)) == ([0, 0, 0], {D(20): D(115)})
    assert own(work.read()) == {"11": 60, "12": 40, "31": 15}
    work.do(off(work, "-10"))
    assert (discounts(work), come_to(work)) == ([6, 4], {D(20): D(90)})
    assert own(work.read()) == {"11": 60, "12": 40, "31": -10}


def test_CHG_1_a_change_after_which_nobody_can_bear_it_is_refused(work: Work, order: HubOrder) -> None:
    before = work.count()

    assert "Katana has no row below zero" in work.refusal(DeleteRow(work.id, work.row("11").id), off(work, "-40.01"))

    assert work.writes(before) == []


@pytest.mark.parametrize("writes", [1, 2])
def test_KAT_1_who_dies_between_two_rows_leaves_what_the_next_look_sees(
    work: Work, order: HubOrder, client: MortalClient, writes: int
) -> None:
    client.dies_after("sales_order_rows", writes)
    with pytest.raises(Died):
        work.do(off(work, "-20"))
    work.orders.forget()

    wanted = {"11": D(60), "12": D(40), "31": D(-20)}
    differs = [line for line, total in own(work.read()).items() if total != wanted[line or ""]]
    assert "31" in differs
    work.do(*(change(work, line or "", total=wanted[line or ""]) for line in differs))
    assert (discounts(work), own(work.read())) == ([12, 8], {"11": 60, "12": 40, "31": -20})


def test_CHG_8_what_is_borne_no_more_is_seen_and_mended(work: Work, order: HubOrder) -> None:
    row = work.there()[0]
    work.account.rows.delete(row)  # a person took the chairs off

    work.orders.forget()
    assert work.row("31").total == -4
    work.do(off(work, "-10"))

    assert (discounts(work), work.row("31").total) == ([10], -10)


def test_FUL_1_parcels_have_no_row_of_it_and_its_rest_waits_for_none(work: Work, order: HubOrder) -> None:
    chairs, tables = work.row("11"), work.row("12")

    work.do(DeliverRows(work.id, ((chairs.id, D(2)),), "store", external_id="p1"))

    assert work.read().status is DeliveryStatus.PARTIALLY_DELIVERED
    charge = work.row("31")
    assert (charge.delivered_quantity, charge.is_fixed, charge.total) == (0, True, -10)
    assert "changes none of it" in work.refusal(off(work, "-20"))
    work.do(DeliverRows(work.id, ((tables.id, D(1)), (charge.id, D(1))), "store", external_id="p2"))
    assert work.read().status is DeliveryStatus.DELIVERED
    assert work.row("31").delivered_quantity == 1
    assert [len(one["sales_order_fulfillment_rows"]) for one in work.parcels()] == [1, 1]
    assert work.account.orders.table.find(work.number)["status"] == "DELIVERED"
    assert (discounts(work), own(work.read())) == ([6, 4], {"11": 60, "12": 40, "31": -10})


def test_CHG_4_what_an_open_row_bore_and_no_other_can_is_told(work: Work, order: HubOrder) -> None:
    chairs, tables = work.row("11"), work.row("12")
    work.do(DeliverRows(work.id, ((chairs.id, D(2)),), "store", external_id="p1"))

    notes = work.do(DeleteRow(work.id, tables.id)).notes("all")

    assert [(note.reason, note.detail) for note in notes] == [
        (Reason.HELD_BACK, {"rows": [{"row": "Loyalty", "what": "total", "store": "-10", "hub": "-6"}]})
    ]
    assert own(work.read()) == {"11": 60, "31": -6}  # as Katana has it
    assert (work.read().status, work.row("31").delivered_quantity) == (DeliveryStatus.DELIVERED, 1)


def test_CHG_5_an_order_with_it_is_taken_back_whole(work: Work, order: HubOrder) -> None:
    work.do(DeleteOrder(work.id, "store", Reason.CANCELLED_IN_STORE))

    assert list(work.account.orders.table.view()) == []
    assert work.create(chair(), table(), loyalty("-20")).id != order.id
    assert discounts(work) == [12, 8]
