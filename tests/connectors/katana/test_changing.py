"""A store's changes to the rows of its order come to Katana, as far as Katana lets them (CHG-1…8)."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.errors import HubBusy, HubRefused
from sandbox import Faults
from sandbox.faults import Said
from schemas.actions import AddRow, ChangeRow, DeleteRow, HubAction, MoveRow, SetFlags, SetTotals
from schemas.flags import Flags
from schemas.groups import Group
from schemas.hub import NewItem, Totals
from schemas.hub_search import Links
from schemas.orders import Kind
from tests.connectors.builtin_hub.makers import chair, product, shipping
from tests.connectors.katana.mortal import Died, MortalClient
from tests.connectors.katana.working import Work, paths, quantity

D = Decimal


def to(work: Work, pieces: int, **changes: object) -> ChangeRow:
    return replace(quantity(work.row(), pieces), order_id=work.id, **changes)  # type: ignore[arg-type]


def deliver(work: Work, pieces: int, line: str = "11") -> None:
    """A person delivers pieces of a row in Katana."""
    work.account.fulfillments.take_rest(work.number, "DELIVERED", {int(work.row(line).id): pieces})


def test_CHG_1_case_11_of_a_quantity_that_changes_nothing_else_is_sent(work: Work) -> None:
    work.create(chair(quantity=D(5), total=D(150), tax=D(30)), notes="Ring twice")
    change = to(work, 3)
    before = work.count() - 2  # the look's own two

    work.do(change)

    assert work.asked(before) == [
        f"GET /sales_orders/{work.id}",
        "GET /sales_order_fulfillments",
        f"PATCH /sales_order_rows/{change.row_id}",
    ]
    assert work.account.asked_for()[-1].body == {"quantity": 3}
    row = work.row()
    assert (row.quantity, row.total, row.tax) == (3, 90, 18)
    assert work.read().head.notes == "Ring twice"  # type: ignore[union-attr]


def test_CHG_1_other_money_is_sent_and_read_back_as_its_store_has_it(work: Work) -> None:
    work.create()
    change = to(work, 2, price_per_unit=D(40), discount_percent=D(10), total=D(72), tax=D("13.68"), tax_rate=D(19))

    work.do(change)
    body = work.account.asked_for()[-1].body
    before = work.count()
    work.do(change)

    rate = next(row["id"] for row in work.account.tax_rates.table.view() if row["rate"] == 19)
    assert body == {"price_per_unit": 40, "total_discount": 8, "tax_rate_id": rate}
    row = work.row()
    assert (row.total, row.tax, row.discount_percent, row.tax_rate) == (72, D("13.68"), 10, 19)
    assert work.writes(before) == []


def test_MAP_8_of_a_row_that_left_in_part_only_the_rest_changes(work: Work) -> None:
    work.create(chair(quantity=D(5), delivered_quantity=D(2), total=D(150), tax=D(30)))

    work.do(to(work, 4))

    assert work.account.asked_for()[-1].body == {"quantity": 2}
    assert (work.row().quantity, work.row().delivered_quantity, work.row().total) == (4, 2, 120)
    assert "fewer" in work.refusal(to(work, 2))


def test_CHG_1_case_12_a_row_that_is_delivered_in_part_is_not_asked_to_change(work: Work) -> None:
    work.create(chair(quantity=D(5), total=D(150)), product("TABLE"))
    deliver(work, 2)
    before = work.count()

    assert work.row().is_fixed
    assert not work.row("line-TABLE").is_fixed
    assert "changes none of it" in work.refusal(to(work, 3))
    assert work.writes(before) == []
    assert work.row().quantity == 5


def test_CHG_1_where_a_person_is_faster_it_is_looked_at_again(work: Work) -> None:
    work.create(chair(quantity=D(5), total=D(150)))
    change = to(work, 3)
    deliver_now = {int(work.row().id): 2}
    work.account.fulfillments.take_rest(work.number, "DELIVERED", deliver_now)

    with pytest.raises(HubBusy, match="moved on"):
        work.do(change)

    assert work.row().quantity == 5


def test_CHG_1_what_katana_refuses_though_nothing_moved_is_told_in_its_words(work: Work, faults: Faults) -> None:
    work.create()
    said = '{"error": {"statusCode": 422, "name": "UnprocessableEntityError", "message": "Not on a Monday"}}'
    faults.answer_next(1, Said(422, said), only="PATCH /v1/sales_order_rows")

    assert "Not on a Monday" in work.refusal(to(work, 3))


def test_CHG_2_CHG_3_case_13_a_row_comes_and_another_goes(work: Work) -> None:
    work.create(chair(), product("LAMP"))
    add = AddRow(work.id, replace(product("TABLE", 2), location=work.row().location))
    delete = DeleteRow(work.id, work.row("line-LAMP").id)
    work.do(add)
    before = work.count()

    work.read()
    work.do(delete)

    assert paths(work.writes(before)) == [f"DELETE /sales_order_rows/{delete.row_id}"]
    assert [(row.external_id, row.sku, row.quantity) for row in work.read().rows] == [
        ("11", "CHAIR", 2),
        ("line-TABLE", "TABLE", 2),
    ]
    work.do(delete)  # it is gone: that is done


def test_CHG_3_a_delete_that_finds_nothing_is_done(work: Work) -> None:
    work.create(chair(), product("LAMP"))
    row = work.row("line-LAMP")
    work.account.rows.delete(work.account.rows.table.find(int(row.id)))

    work.do(DeleteRow(work.id, row.id))

    assert [one.external_id for one in work.read().rows] == ["11"]


def test_CHG_2_a_line_may_come_again_after_its_row_went(work: Work) -> None:
    work.create(chair(), product("LAMP"))
    lamp = work.row("line-LAMP")

    work.do(DeleteRow(work.id, lamp.id), AddRow(work.id, replace(product("LAMP", 4), location=lamp.location)))

    assert [row["quantity"] for row in work.there()] == [2, 4]
    assert work.row("line-LAMP").id != lamp.id


@pytest.mark.parametrize("fault", ["timeout_done", "lost", "html_done"])
def test_CHG_2_an_added_row_whose_answer_is_lost_is_one(work: Work, faults: Faults, fault: str) -> None:
    work.create()
    add = AddRow(work.id, replace(product("TABLE", 2), location=work.row().location))
    faults.fail_next(1, fault, only="POST /v1/sales_order_rows")

    work.do(add)

    assert [row["quantity"] for row in work.there()] == [2, 2]
    assert work.row("line-TABLE").quantity == 2


def test_CHG_2_killed_between_answer_and_commit_an_added_row_is_one(work: Work, client: MortalClient) -> None:
    work.create()
    add = AddRow(work.id, replace(product("TABLE", 2), location=work.row().location))
    client.dies_after("sales_order_rows")
    with pytest.raises(Died):
        work.do(add)

    work.do(add)

    assert [row["quantity"] for row in work.there()] == [2, 2]
    assert work.row("line-TABLE").quantity == 2


def test_CHG_2_an_added_row_that_a_person_took_off_comes_again_with_its_line(work: Work) -> None:
    work.create()
    add = AddRow(work.id, replace(product("TABLE", 2), location=work.row().location))
    work.do(add)
    work.later(3600)
    work.account.rows.delete(work.account.rows.table.find(int(work.row("line-TABLE").id)))
    work.read()

    work.do(add)

    assert [row["quantity"] for row in work.there()] == [2, 2]
    assert work.row("line-TABLE").quantity == 2


def test_CHG_2_an_added_product_without_sku_is_told_as_its_store_calls_it(work: Work) -> None:
    work.create()
    vase = replace(product("x"), sku=None, item=NewItem("Vase", Kind.PRODUCT, key="vase"), location=work.row().location)

    answers = work.do(AddRow(work.id, vase))

    assert answers.links == Links({"vase": str(work.there()[1]["variant_id"])})


def test_CHG_2_an_order_that_is_shipped_in_part_takes_no_rows(work: Work) -> None:
    work.create(chair(), product("LAMP"))
    deliver(work, 1)
    before = work.count()

    assert work.read().takes_no_rows
    assert "no more rows" in work.refusal(AddRow(work.id, replace(product("TABLE"), location=work.row().location)))
    assert work.writes(before) == []


def test_CHG_7_a_row_moves(work: Work) -> None:
    work.create()
    attic = str(work.account.locations.create({"name": "Attic"})["id"])
    work.database.execute("UPDATE katana_polls SET read_at = NULL")

    work.do(MoveRow(work.id, work.row().id, attic))

    assert work.account.asked_for()[-1].body == {"location_id": int(attic)}
    assert work.row().location == attic
    assert "no location nowhere" in work.refusal(MoveRow(work.id, work.row().id, "nowhere"))


def test_MAP_6_FUL_6_money_and_flags_are_ours_to_keep(work: Work) -> None:
    order = work.create(chair(), is_paid=True)
    totals = Totals(D(50), D(60), D(50), D(51), D(61), total_mismatch=True)
    before = work.count()

    work.do(SetTotals(work.id, totals), SetFlags(work.id, Flags(closed=True)))

    assert order.flags == Flags(billed=True, paid=True)
    assert work.asked(before) == []
    assert (work.read().totals, work.read().flags) == (totals, Flags(closed=True))


ACTIONS: dict[str, Callable[[Work], HubAction]] = {
    "change": lambda work: to(work, 3),
    "move": lambda work: MoveRow(work.id, work.row().id, work.row().location),
    "add": lambda work: AddRow(work.id, replace(product("TABLE"), location=work.row().location)),
    "totals": lambda work: SetTotals(work.id, Totals(D(1), D(1), D(1), None, None, total_mismatch=False)),
}


@pytest.mark.parametrize("name", ["change", "move", "add"])
def test_ORD_7_what_is_done_to_an_order_that_is_gone_is_refused(work: Work, name: str) -> None:
    work.create()
    action = ACTIONS[name](work)
    work.account.orders.delete(work.account.orders.table.find(work.number))
    work.is_old()

    with pytest.raises(HubRefused, match="gone"):
        work.do(action)


def test_BEY_1_a_rehearsed_change_is_looked_at_and_not_made(work: Work) -> None:
    work.create(chair(), shipping())
    change, before = to(work, 3), work.count()

    assert work.applier.rehearse([Group("all", (change,))]).is_done("all")
    assert work.writes(before) == []


def test_FUL_8_what_is_not_sent_waits_no_longer_than_what_is(work: Work) -> None:
    work.create(chair(), product("LAMP"), shipping())
    deliver(work, 2)
    work.read()

    work.do(DeleteRow(work.id, work.row("line-LAMP").id))

    assert work.account.orders.table.find(work.number)["status"] == "DELIVERED"
    assert work.read().status == "DELIVERED"
    assert {one.source for one in work.read().fulfillments} == {"hub", "store"}


@pytest.mark.parametrize("may_go", [True, False])
def test_CHG_3_the_last_row_makes_room_for_another_one(work: Work, *, may_go: bool) -> None:
    work.create()
    work.account.oddities.last_row_can_go = may_go
    old = work.row()
    stool = replace(product("STOOL"), external_id="11", location=old.location)

    work.do(DeleteRow(work.id, old.id), AddRow(work.id, stool))

    assert [(row.external_id, row.sku) for row in work.read().rows] == [("11", "STOOL")]
