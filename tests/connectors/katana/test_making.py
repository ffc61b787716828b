"""Manufacturing orders follow their rows as far as nobody has begun them (CHG-1, CHG-3, CHG-5)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import HubBusy
from sandbox import Faults
from schemas.actions import CreateMo, DeleteMo, DeleteRow, SetMoQuantity, SetMoStatus, UnlinkMo
from schemas.hub import MoStatus
from tests.connectors.builtin_hub.makers import chair, product
from tests.connectors.katana.mortal import Died, MortalClient
from tests.connectors.katana.working import Work, paths, quantity

D = Decimal


def begin(work: Work) -> str:
    """An order of five chairs that are made for it; the manufacturing order's id."""
    variant = str(work.account.add_product("CHAIR", is_producible=True)["id"])
    work.create(chair(item=variant, quantity=D(5), total=D(150)), product("LAMP"))
    create = CreateMo(work.id, work.row().id)
    return work.do(create).made(create)


def mos(work: Work) -> list[Any]:
    return list(work.account.manufacturing.table.view())


def test_what_is_to_be_made_for_a_row_is_made_once(work: Work) -> None:
    mo_id = begin(work)

    again = CreateMo(work.id, work.row().id)
    assert work.do(again).made(again) == mo_id
    (mo,) = mos(work)
    assert (str(mo["id"]), mo["planned_quantity"], work.row().mo.id) == (mo_id, 5, mo_id)  # type: ignore[union-attr]


@pytest.mark.parametrize("fault", ["timeout_done", "lost"])
def test_KAT_1_one_whose_answer_is_lost_is_one(work: Work, faults: Faults, fault: str) -> None:
    faults.fail_next(1, fault, only="POST /v1/manufacturing_order_make_to_order")

    begin(work)

    assert len(mos(work)) == 1


def test_KAT_1_killed_between_answer_and_commit_there_is_one(work: Work, client: MortalClient) -> None:
    client.dies_after("manufacturing_order_make_to_order")
    with pytest.raises(Died):
        begin(work)
    create = CreateMo(work.id, work.row().id)

    made = work.do(create).made(create)

    assert [str(mo["id"]) for mo in mos(work)] == [made]


@pytest.mark.parametrize("follows_itself", [True, False])
def test_CHG_1_one_that_nobody_began_follows_its_row(work: Work, *, follows_itself: bool) -> None:
    mo_id = begin(work)
    work.account.oddities.row_moves_manufacturing = follows_itself
    work.account.manufacturing.table.change(int(mo_id), additional_info="Oak, please")

    work.do(SetMoQuantity(mo_id, D(3)), replace(quantity(work.row(), 3), order_id=work.id))

    (mo,) = mos(work)
    assert (mo["planned_quantity"], mo["additional_info"]) == (3, "Oak, please")
    assert work.row().mo.quantity == 3  # type: ignore[union-attr]


def test_KAT_3_what_is_the_same_is_not_sent(work: Work) -> None:
    mo_id, before = begin(work), work.count()

    work.do(SetMoQuantity(mo_id, D(5)))

    assert work.writes(before) == []


@pytest.mark.parametrize("status", ["IN_PROGRESS", "BLOCKED", "DONE"])
def test_CHG_1_one_that_was_begun_meanwhile_is_looked_at_again(work: Work, status: str) -> None:
    mo_id = begin(work)
    mo = work.account.manufacturing.table.find(int(mo_id))
    work.account.manufacturing.change(mo, {"status": status})

    for action in (SetMoQuantity(mo_id, D(3)), DeleteMo(mo_id)):
        with pytest.raises(HubBusy, match="moved on"):
            work.do(action)


def test_CHG_1_CHG_3_one_that_was_begun_is_let_go(work: Work) -> None:
    mo_id = begin(work)
    work.do(SetMoStatus(mo_id, MoStatus.IN_PROGRESS))
    assert work.row().mo.status is MoStatus.IN_PROGRESS  # type: ignore[union-attr]

    work.do(UnlinkMo(mo_id), DeleteRow(work.id, work.row().id))

    (mo,) = mos(work)
    assert (mo["status"], mo["is_linked_to_sales_order"]) == ("IN_PROGRESS", False)
    assert [row.external_id for row in work.read().rows] == ["line-LAMP"]
    work.do(UnlinkMo(mo_id))  # the same again


def test_CHG_3_one_that_nobody_began_goes_with_its_row(work: Work) -> None:
    mo_id = begin(work)

    work.do(DeleteMo(mo_id), DeleteRow(work.id, work.row().id))

    assert mos(work) == []
    before = work.count()
    work.do(DeleteMo(mo_id))  # the same again
    assert paths(work.writes(before)) == []


def test_CHG_7_a_row_that_is_being_made_stays_where_it_is(work: Work) -> None:
    begin(work)

    assert work.row().stays
    assert not work.row("line-LAMP").stays
