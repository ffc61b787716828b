"""A person is faster, or Katana fails midway: nothing is done twice, and the next look goes by what stands (KAT-1)."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.errors import HubBusy
from sandbox import Faults
from schemas.actions import AddRow, ChangeRow, DeleteRow, DeliverRows, HubAction, KeepReturn, MoveRow
from tests.connectors.builtin_hub.makers import chair, product
from tests.connectors.katana.working import Work, paths, quantity

D = Decimal


def to(work: Work, pieces: int, line: str = "11") -> ChangeRow:
    return replace(quantity(work.row(line), pieces), order_id=work.id)


def decided(work: Work) -> dict[str, HubAction]:
    """What was decided on the order as it stands."""
    row = work.row()
    table = replace(product("TABLE", 2), location=row.location)
    return {
        "change": to(work, 3),
        "move": MoveRow(work.id, row.id, row.location),
        "add": AddRow(work.id, table),
        "deliver": DeliverRows(work.id, ((row.id, D(1)),), "store", external_id="77"),
    }


@pytest.mark.parametrize("name", ["change", "move", "add", "deliver"])
def test_ORD_7_an_order_that_is_deleted_between_look_and_write_is_looked_at_again(work: Work, name: str) -> None:
    work.create(chair(), product("LAMP"))
    action = decided(work)[name]
    work.read()
    work.account.orders.delete(work.account.orders.table.find(work.number))

    with pytest.raises(HubBusy):
        work.do(action)

    assert list(work.account.orders.table.view()) == []
    assert work.account.fulfillments.table.of(work.number) == []


@pytest.mark.parametrize("name", ["change", "move", "deliver"])
def test_KAT_4_a_row_that_is_deleted_between_look_and_write_is_looked_at_again(work: Work, name: str) -> None:
    work.create(chair(), product("LAMP"))
    action = decided(work)[name]
    work.read()
    work.account.rows.delete(work.account.rows.table.find(int(work.there()[0]["id"])))

    with pytest.raises(HubBusy):
        work.do(action)

    assert work.parcels() == []


@pytest.mark.parametrize("fault", ["timeout_done", "html_done", "truncated", "http_503", "rate_limit"])
def test_CHG_1_a_change_whose_answer_is_lost_is_made_by_the_next_look(work: Work, faults: Faults, fault: str) -> None:
    work.create()
    change = to(work, 5)
    faults.fail_next(1, fault, only="PATCH /v1/sales_order_rows")
    with pytest.raises(HubBusy) as caught:
        work.do(change)
    assert (caught.value.until is not None) == (fault == "rate_limit")

    work.do(to(work, 5))

    assert (work.row().quantity, work.row().total, work.row().tax) == (5, 150, 30)


def test_CHG_1_of_several_changes_what_is_done_stays_and_the_rest_comes_with_the_next_look(
    work: Work, faults: Faults
) -> None:
    work.create(chair(), product("LAMP"))
    changes = [to(work, 5), to(work, 7, "line-LAMP")]
    lamp = work.row("line-LAMP").id
    faults.fail_next(1, "rate_limit", only=f"PATCH /v1/sales_order_rows/{lamp}")

    with pytest.raises(HubBusy):
        work.do(*changes)
    before = work.count()
    work.do(*changes)

    assert paths(work.writes(before)) == [f"PATCH /sales_order_rows/{lamp}"]
    assert [row["quantity"] for row in work.there()] == [5, 7]


def test_CHG_3_a_deletion_whose_answer_is_lost_is_done(work: Work, faults: Faults) -> None:
    work.create(chair(), product("LAMP"))
    delete = DeleteRow(work.id, work.row("line-LAMP").id)
    faults.fail_next(1, "timeout_done", only="DELETE")
    with pytest.raises(HubBusy):
        work.do(delete)

    work.do(delete)

    assert [row.external_id for row in work.read().rows] == ["11"]


def test_FUL_8_a_parcel_whose_delivery_is_not_answered_for_is_delivered_once(work: Work, faults: Faults) -> None:
    work.account.add_product("CHAIR", stock=10)
    work.create()
    work.account.fulfillments.take_rest(work.number, "PACKED")
    action = DeliverRows(work.id, ((work.row().id, D(2)),), "store", external_id="77")
    faults.fail_next(1, "timeout_done", only="PATCH /v1/sales_order_fulfillments")
    with pytest.raises(HubBusy):
        work.do(action)

    order = work.read()

    assert order.status == "DELIVERED"
    assert work.account.summary()["stock"]["CHAIR"] == "8.00000"


STEPS: dict[str, Callable[[Work], HubAction]] = {
    "deliver": lambda work: DeliverRows(work.id, ((work.row().id, D(1)),), "store", external_id="77"),
    "return": lambda work: KeepReturn(work.id, "9", (("11", D(1)),)),
    "add": lambda work: AddRow(work.id, replace(product("TABLE", 2), location=work.row().location)),
}


@pytest.mark.parametrize("name", STEPS)
def test_KAT_2_where_the_minute_is_used_up_nothing_is_half_known(work: Work, faults: Faults, name: str) -> None:
    work.create()
    if name == "return":
        work.account.fulfillments.take_rest(work.number, "DELIVERED")
        work.read()
    action = STEPS[name](work)
    faults.fail_next(1, "rate_limit", only="POST")

    with pytest.raises(HubBusy) as caught:
        work.do(action)
    assert caught.value.until is not None
    work.orders.forget()
    work.do(action)

    made = [one for one in work.writes() if one.status == 200 and one.method == "POST"]
    assert len({(one.path, str(one.body)) for one in made}) == len(made)
