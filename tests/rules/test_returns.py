"""A store's returns: one each in the hub, whatever comes when, and the sales order stays as it was (CHG-9)."""

from dataclasses import replace
from typing import Any

import pytest

from schemas.actions import AddRow, DeleteReturn, DeleteRow, KeepReturn
from schemas.hub import HubOrder, HubReturn
from schemas.orders import Kind, StoreOrder, StoreReturn
from schemas.reasons import Reason
from tasks.rules.changes import Changes, follows_changes
from tasks.rules.returns import decide_returns, returned
from tests.makers import plain_line, store, store_charge
from tests.rules.changing import (
    FOLLOWING,
    ONE_TABLE,
    RETURNING,
    TWO_CHAIRS,
    D,
    apply,
    chairs,
    change,
    delivered,
    fulfillment,
    imported,
    kinds,
    order,
)


def back(external_id: str = "9", **lines: int) -> StoreReturn:
    """A return with pieces of the chairs' and the table's line, or of one that is unknown."""
    ids = {"chairs": "1", "tables": "2", "strangers": "99"}
    return StoreReturn(external_id, tuple((ids[name], D(pieces)) for name, pieces in lines.items()))


def returning(*returns: StoreReturn, **changes: Any) -> StoreOrder:
    return order(TWO_CHAIRS, ONE_TABLE, returns=returns, **changes)


def after(hub_order: HubOrder, now: StoreOrder) -> HubOrder:
    stands = apply(hub_order, change(now, hub_order, at=RETURNING))
    assert stands is not None
    return stands


def chairs_back(pieces: int, external_id: str = "9") -> HubReturn:
    return HubReturn(external_id, (("1", D(pieces)),), (("line:1", D(pieces)),))


SENT = delivered(imported(order(), at=RETURNING), CHAIR=2, TABLE=1)


def test_CHG_9_a_return_comes_with_its_rows_and_quantities() -> None:
    changes = change(returning(back(chairs=1, tables=1)), SENT, at=RETURNING)

    assert changes.actions == (KeepReturn("h1", "9", (("1", D(1)), ("2", D(1)))),)
    assert changes.done == ("return 9: 1 CHAIR, 1 TABLE",)


def test_CHG_9_a_return_that_is_there_never_comes_twice() -> None:
    once = after(SENT, returning(back(chairs=1)))

    assert change(returning(back(chairs=1)), once, at=RETURNING) == Changes()


def test_CHG_9_every_return_of_the_store_is_one_of_its_own() -> None:
    stands = after(after(SENT, returning(back(chairs=1))), returning(back(chairs=1), back("10", chairs=1)))

    assert stands.returns == (chairs_back(1), chairs_back(1, "10"))


@pytest.mark.parametrize("switch", [FOLLOWING, store(FOLLOWING.platform)], ids=["changes only", "the default"])
def test_CHG_9_without_its_switch_nothing_comes(switch: Any) -> None:
    assert change(returning(back(chairs=1)), SENT, at=switch) == Changes()


def test_CHG_9_earlier_returns_come_once_it_is_switched_on() -> None:
    before = apply(SENT, change(returning(back(chairs=1)), SENT))
    assert before is not None

    assert after(before, returning(back(chairs=1))).returns == (chairs_back(1),)


def test_CHG_9_returns_come_where_other_changes_do_not() -> None:
    at = store(FOLLOWING.platform, {"orders.changes": False, "orders.returns": True})
    now = order(chairs(1), ONE_TABLE, returns=(back(chairs=1),))

    assert follows_changes(at)
    assert kinds(change(now, imported(order(), at=at), at=at)) == [KeepReturn]


@pytest.mark.parametrize("pieces", [1, 2])
def test_CHG_9_a_return_that_grows_or_shrinks_in_the_store_does_so_in_the_hub(pieces: int) -> None:
    before = after(SENT, returning(back(chairs=3 - pieces)))

    stands = after(before, returning(back(chairs=pieces)))

    assert stands.returns == (chairs_back(pieces),)


def test_CHG_9_a_return_that_is_called_off_goes() -> None:
    before = after(SENT, returning(back(chairs=1), back("10", chairs=1)))

    changes = change(returning(back("10", chairs=1)), before, at=RETURNING)

    assert changes.actions == (DeleteReturn("h1", "9"),)
    assert changes.done == ("return 9: called off",)


def test_CHG_9_a_line_that_matches_no_row_is_told_and_the_others_come() -> None:
    changes = change(returning(back(chairs=1, strangers=2), back("10", strangers=1)), SENT, at=RETURNING)

    assert changes.actions == (KeepReturn("h1", "9", (("1", D(1)),)),)
    assert [(note.reason, note.detail) for note in changes.notes] == [
        (Reason.LINE_NOT_MATCHED, {"returns": {"9": ["99"], "10": ["99"]}})
    ]


def test_CHG_9_a_return_before_its_delivery_is_known_comes_as_the_store_says() -> None:
    stands = after(imported(order(), at=RETURNING), returning(back(chairs=2)))

    assert stands.returns == (chairs_back(2),)


def test_CHG_9_a_row_that_comes_with_its_return_takes_it() -> None:
    lamp = plain_line("99", 1, 10, sku="LAMP")

    changes = change(order(TWO_CHAIRS, ONE_TABLE, lamp, returns=(back(strangers=1),)), imported(order()), at=RETURNING)

    assert [kind for kind in kinds(changes) if kind in {AddRow, KeepReturn}] == [AddRow, KeepReturn]
    assert changes.notes == ()


def test_CHG_9_a_row_that_goes_takes_no_return() -> None:
    before = imported(order(), at=RETURNING)

    changes = change(order(ONE_TABLE, returns=(back(chairs=1),)), before, at=RETURNING)

    assert DeleteRow in kinds(changes)
    assert KeepReturn not in kinds(changes)
    assert [note.reason for note in changes.notes] == [Reason.LINE_NOT_MATCHED]


def test_CHG_9_a_return_of_no_pieces_is_none() -> None:
    assert decide_returns(returning(back(chairs=0)), SENT).actions == ()


def test_CHG_9_a_fee_does_not_come_back() -> None:
    before = imported(order(charges=(store_charge("2", name="Gift wrapping", kind=Kind.SERVICE),)), at=RETURNING)
    before = replace(before, rows=tuple(row for row in before.rows if row.sku != "TABLE"))

    found = decide_returns(returning(back(chairs=1, tables=1)), before)

    assert found.actions == (KeepReturn("h1", "9", (("1", D(1)),)),)
    assert [note.detail for note in found.notes] == [{"returns": {"9": ["2"]}}]


def test_CHG_9_a_return_of_which_no_row_is_left_stays_as_it_was() -> None:
    before = replace(after(SENT, returning(back(chairs=1))), rows=())

    found = decide_returns(returning(back(chairs=1)), before)

    assert (found.actions, found.done) == ((), ())


def test_CHG_9_a_return_that_no_store_knows_is_left_alone() -> None:
    own = HubReturn(None, (("1", D(1)),))

    found = decide_returns(returning(back(chairs=1)), replace(SENT, returns=(own,)))

    assert found.actions == (KeepReturn("h1", "9", (("1", D(1)),)),)


def test_CHG_9_the_pieces_of_a_line_that_came_back_are_its_own() -> None:
    now = returning(back(chairs=2, tables=1), back("10", chairs=1))

    assert [returned(now, line, RETURNING) for line in ("1", "2", "3", None)] == [3, 1, 0, 0]
    assert returned(now, "1", FOLLOWING) == 0


# -- the sales order stays as it was -----------------------------------------------------------------------------


@pytest.mark.parametrize("lines", [(chairs(1), ONE_TABLE), (ONE_TABLE,)], ids=["one of two given back", "both of them"])
def test_CHG_9_what_came_back_and_was_refunded_is_no_difference(lines: Any) -> None:
    pieces = 2 - sum(int(line.quantity) for line in lines if line.sku == "CHAIR")
    now = order(*lines, fulfillments=(fulfillment(chairs=2, tables=1),), returns=(back(chairs=pieces),))

    changes = change(now, SENT, at=RETURNING)

    assert kinds(changes) == [KeepReturn]
    assert changes.notes == ()
    assert after(SENT, now).rows == SENT.rows


def test_CHG_4_more_that_is_gone_than_came_back_is_told() -> None:
    now = order(ONE_TABLE, fulfillments=(fulfillment(chairs=2, tables=1),), returns=(back(chairs=1),))

    assert [note.reason for note in change(now, SENT, at=RETURNING).notes] == [Reason.HELD_BACK]


@pytest.mark.parametrize("hub_order", [SENT, imported(order(), at=RETURNING)], ids=["delivered", "not told yet"])
@pytest.mark.parametrize("status", ["processing", "cancelled"])
def test_CHG_9_an_order_that_was_delivered_returned_and_refunded_stays(hub_order: HubOrder, status: str) -> None:
    now = store_order_given_back(status)

    stands = after(hub_order, now)

    assert stands.rows == hub_order.rows
    (one,) = stands.returns
    assert one.lines == (("1", D(2)), ("2", D(1)))
    assert change(now, stands, at=RETURNING) == Changes()


def store_order_given_back(status: str) -> StoreOrder:
    """Nothing is left on any line: the fulfilment and the return are what tells of them."""
    fulfillments, returns = (fulfillment(chairs=2, tables=1),), (back(chairs=2, tables=1),)
    return order(chairs(0), status=status, delivery="fulfilled", fulfillments=fulfillments, returns=returns)
