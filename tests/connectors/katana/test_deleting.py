"""An order that its store took back goes from Katana, unless something of it left or is invoiced (CHG-5)."""

from typing import Final

import pytest

from connectors.errors import HubBusy, HubRefused
from sandbox import Faults
from sandbox.faults import Said
from schemas.actions import DeleteOrder
from schemas.groups import Group
from schemas.reasons import Reason
from tests.connectors.builtin_hub.makers import chair, shipping
from tests.connectors.katana.working import Work, paths

RETURNED: Final = '{"error": {"statusCode": 412, "name": "PreconditionFailedError", "message": "has return orders"}}'


def gone(work: Work) -> DeleteOrder:
    return DeleteOrder(work.id, "store", Reason.CANCELLED_IN_STORE)


def is_there(work: Work) -> bool:
    return work.account.orders.table.get(work.number) is not None


def test_CHG_5_an_order_is_read_right_before_it_is_deleted(work: Work) -> None:
    work.create(chair(), shipping())
    work.read()
    before = work.count()

    work.do(gone(work))

    assert work.asked(before) == [
        f"GET /sales_orders/{work.id}",
        "GET /sales_order_fulfillments",
        f"DELETE /sales_orders/{work.id}",
    ]
    assert not is_there(work)
    assert work.orders.find_order(work.store, "5001") is None


@pytest.mark.parametrize("is_all", [True, False])
def test_CHG_5_case_14_an_order_that_is_invoiced_meanwhile_stays(work: Work, *, is_all: bool) -> None:
    work.create()
    work.account.orders.invoice(work.number, is_all=is_all)
    before = work.count()

    with pytest.raises(HubBusy, match="invoice"):
        work.do(gone(work))

    assert work.writes(before) == []
    assert is_there(work)


@pytest.mark.parametrize("status", ["PACKED", "DELIVERED"])
def test_CHG_5_an_order_of_which_something_left_meanwhile_stays(work: Work, status: str) -> None:
    work.create(chair(), shipping())
    work.account.fulfillments.take_rest(work.number, status, {int(work.row().id): 1})

    with pytest.raises(HubBusy, match="packed or delivered"):
        work.do(gone(work))

    assert is_there(work)


@pytest.mark.parametrize("status", [400, 412, 422])
def test_CHG_5_case_14_what_katana_refuses_is_told_in_its_words(work: Work, faults: Faults, status: int) -> None:
    work.create()
    faults.answer_next(1, Said(status, RETURNED), only="DELETE")

    assert "has return orders" in work.refusal(gone(work))
    assert work.orders.find_order(work.store, "5001") == work.id


@pytest.mark.parametrize(("fault", "is_left"), [("timeout_done", False), ("http_503", True)])
def test_CHG_5_a_deletion_whose_answer_is_lost_is_done_again(
    work: Work, faults: Faults, fault: str, *, is_left: bool
) -> None:
    work.create()
    faults.fail_next(1, fault, only="DELETE")
    with pytest.raises(HubBusy):
        work.do(gone(work))
    assert is_there(work) is is_left

    work.do(gone(work))

    assert not is_there(work)
    assert work.orders.find_order(work.store, "5001") is None


def test_CHG_5_an_order_that_a_person_deleted_is_done_with(work: Work) -> None:
    work.create()
    work.account.orders.delete(work.account.orders.table.find(work.number))
    work.is_old()
    before = work.count()

    work.do(gone(work))

    assert work.writes(before) == []
    assert work.orders.find_order(work.store, "5001") is None


def test_CHG_5_an_order_that_its_store_opens_again_is_made_anew(work: Work) -> None:
    first = work.create()
    work.do(gone(work))
    before = work.count()

    second = work.create()

    assert first.id != second.id
    assert paths(work.writes(before)) == ["POST /sales_orders"]
    assert [row.external_id for row in second.rows] == ["11"]


def test_BEY_1_a_rehearsed_deletion_deletes_nothing(work: Work) -> None:
    work.create()

    work.applier.rehearse([Group("all", (gone(work),))])

    assert is_there(work)


def test_CHG_5_with_words_that_name_no_buyer(work: Work, faults: Faults) -> None:
    work.create()
    said = RETURNED.replace("has return orders", "order of ada@example.com has return orders")
    faults.answer_next(1, Said(412, said), only="DELETE")

    with pytest.raises(HubRefused) as caught:
        work.do(gone(work))

    assert "ada@example.com" not in str(caught.value)


def test_ORD_7_what_we_delete_is_no_person_s_deletion_whoever_asks_when(work: Work, faults: Faults) -> None:
    work.create()
    faults.fail_next(1, "timeout_done", only="DELETE")
    with pytest.raises(HubBusy):
        work.do(gone(work))

    assert work.database.execute("SELECT is_gone FROM katana_orders").fetchall() == [{"is_gone": True}]


def test_CHG_5_an_order_whose_deletion_came_to_nothing_is_there(work: Work, faults: Faults) -> None:
    work.create()
    faults.fail_next(1, "http_503", only="DELETE")
    with pytest.raises(HubBusy):
        work.do(gone(work))

    work.read()

    assert work.orders.find_order(work.store, "5001") == work.id
