"""What we wrote stands, though Katana shows for minutes what stood before (KAT-1)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.errors import HubBusy
from schemas.actions import AddRow, DeliverRows, KeepReturn, MoveRow, PackRows
from tests.connectors.builtin_hub.makers import chair, product
from tests.connectors.katana.working import Work, paths, quantity

D = Decimal


def to(work: Work, pieces: int) -> None:
    work.do(replace(quantity(work.row(), pieces), order_id=work.id))


def sent(work: Work, pieces: int, external_id: str | None = "77") -> DeliverRows:
    return DeliverRows(work.id, ((work.row().id, D(pieces)),), "store", external_id=external_id)


def test_CHG_1_a_row_that_was_changed_is_as_it_was_changed(work: Work) -> None:
    work.create(chair(quantity=D(5), total=D(150)))

    with work.lag():
        to(work, 3)
        assert (work.row().quantity, work.row().total) == (3, 90)
        to(work, 5)
        assert work.row().quantity == 5
        to(work, 4)

    assert [row["quantity"] for row in work.there()] == [4]
    assert work.row().quantity == 4


def test_KAT_4_what_a_person_changes_beside_it_is_seen(work: Work) -> None:
    work.create(chair(quantity=D(5), total=D(150)))
    to(work, 3)

    work.account.rows.change(work.account.rows.table.find(int(work.row().id)), {"quantity": 8})

    assert work.row().quantity == 8


def test_CHG_7_a_row_that_was_moved_is_where_it_went(work: Work) -> None:
    attic = str(work.account.locations.create({"name": "Attic"})["id"])
    work.create()

    with work.lag():
        work.do(MoveRow(work.id, work.row().id, attic))
        assert work.row().location == attic


def test_CHG_2_a_row_that_was_added_is_not_added_again(work: Work) -> None:
    work.create()
    work.account.add_product("TABLE")

    with work.lag():
        table = replace(product("TABLE", 2), location=work.row().location)
        for _ in range(2):
            work.do(AddRow(work.id, table))

    assert len(work.there()) == 2


@pytest.mark.parametrize("external_id", ["77", None])
def test_FUL_7_what_was_delivered_is_delivered(work: Work, external_id: str | None) -> None:
    work.create(chair(quantity=D(3)))

    with work.lag():
        action = sent(work, 2, external_id)
        work.do(action)
        order = work.read()
        assert (order.status, order.takes_no_rows, work.row().is_fixed) == ("PARTIALLY_DELIVERED", True, True)
        assert [one.external_id for one in order.fulfillments] == [external_id]
        assert "1 are left" in work.refusal(replace(action, external_id="78"))

    assert len(work.parcels()) == 1


def test_FUL_8_a_parcel_that_was_packed_and_delivered_is_no_longer_packed(work: Work) -> None:
    work.create(chair(quantity=D(3)))

    with work.lag():
        row = work.row().id
        work.do(PackRows(work.id, ((row, D(2)),)))
        assert (work.row().packed_quantity, work.row().delivered_quantity) == (2, 0)
        before = work.count()
        work.do(sent(work, 2))
        assert [path.split("/")[0] for path in paths(work.writes(before))] == ["PATCH "]
        assert (work.row().packed_quantity, work.row().delivered_quantity) == (0, 2)

    assert [one["status"] for one in work.parcels()] == ["DELIVERED"]


def test_CHG_9_what_was_delivered_a_moment_ago_comes_back_once_it_is_seen(work: Work) -> None:
    work.create()
    back = KeepReturn(work.id, "9", (("11", D(1)),))

    with work.lag():
        work.do(sent(work, 2))
        with pytest.raises(HubBusy) as caught:
            work.do(back)
    assert caught.value.until is not None
    work.do(back)

    assert [row["quantity"] for row in work.account.return_rows.table.view()] == [1]


def test_ORD_6_an_order_that_is_not_to_be_seen_yet_is_not_taken_for_gone(work: Work) -> None:
    work.create(external_id="5000")

    with work.lag(), pytest.raises(HubBusy) as caught:
        work.create()

    assert caught.value.until is not None
    assert (work.read().external_id, work.row().quantity) == ("5001", 2)
