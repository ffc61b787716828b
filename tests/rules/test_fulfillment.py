"""What a store and the hub each know of an order's fulfilments, and what links them (FUL-7, FUL-13, FUL-14)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from schemas.actions import LinkFulfillment, RemakeFulfillment
from schemas.hub import HubFulfillment, HubOrder, Sending
from schemas.orders import StoreFulfillment
from tasks.rules.after import after
from tasks.rules.fulfillment import (
    expected_until,
    heard,
    known_ids,
    link,
    names_line,
    refunded_before,
    remade,
    rows_by_line,
    sent,
    untold,
)
from tests.makers import CREATED_AT
from tests.rules.fulfilling import CALLED_OFF, PARTS, D, fulfillment, hub_order, parts, row, shop_order, waiting


def of_hub(id_: str, external_id: str | None = None, source: str = "hub", **rows: int) -> HubFulfillment:
    """A fulfilment of the hub with pieces by row."""
    return HubFulfillment(id_, external_id, source, tuple((key, D(pieces)) for key, pieces in rows.items()))


def hub(*fulfillments: HubFulfillment) -> HubOrder:
    """Rows r1 and r2 of lines 1 and 2, and one that a person added."""
    return hub_order(row("1", 5), row("2", 5), replace(row("9", 1), external_id=None), fulfillments=fulfillments)


def test_FUL_7_of_the_hub_s_fulfilments_some_are_known_to_the_store() -> None:
    order = hub(of_hub("p1", "77"), of_hub("p2"), of_hub("p3", source="store"), of_hub("p4"))

    assert known_ids(order) == {"77"}
    assert [one.id for one in untold(order)] == ["p2", "p4"]


def test_FUL_2_rows_are_found_by_their_line() -> None:
    assert {line: one.id for line, one in rows_by_line(hub()).items()} == {"1": "r1", "2": "r2"}


def test_FUL_1_fulfilments_are_oldest_first_by_ids_that_grow() -> None:
    order = shop_order(9, fulfillments=(fulfillment("100"), fulfillment("99"), fulfillment("98", CALLED_OFF)))

    assert [one.external_id for one in sent(order, PARTS)] == ["99", "100"]


@pytest.mark.parametrize(
    ("fulfillments", "to_send", "expected"),
    [
        ((), (), False),
        ((fulfillment("77", line_2=1),), (waiting(of={"2": 1}),), False),
        ((fulfillment("77", CALLED_OFF, line_2=1, line_1=1),), (), True),
        ((), (waiting(of={"2": 1}), waiting("fo2", of={"2": 1, "1": 1})), True),
    ],
    ids=["nothing", "another line", "it was in one", "it waits"],
)
def test_FUL_6_whether_a_fulfilment_is_ever_about_a_line(fulfillments: Any, to_send: Any, expected: bool) -> None:
    assert names_line(shop_order(1, 1, fulfillments=fulfillments, to_send=to_send), "1") is expected


@pytest.mark.parametrize(
    ("said", "in_row", "expected"),
    [
        pytest.param(1, 2, 0, id="nothing refunded"),
        pytest.param(2, 2, 1, id="one before the hub knew it"),
        pytest.param(3, 2, 2, id="two of them"),
        pytest.param(2, 3, 0, id="one since: it is in the row"),
        pytest.param(3, 3, 1, id="one before and one since"),
        pytest.param(2, 1, 1, id="the row has fewer than the line"),
    ],
)
def test_MAP_8_pieces_that_were_refunded_before_are_in_no_row(said: int, in_row: int, expected: int) -> None:
    """Two pieces are left on the line, of which one is delivered."""
    order = shop_order(9, 2, fulfillments=(fulfillment("77", line_2=said),))
    lines = (order.lines[0], replace(order.lines[1], delivered_quantity=D(1)))

    assert refunded_before(row("2", in_row), replace(order, lines=lines), PARTS) == expected


def test_MAP_8_a_line_that_is_gone_was_refunded_as_a_whole() -> None:
    order = replace(shop_order(fulfillments=(fulfillment("77", line_1=2),)), lines=())

    assert [refunded_before(row("1", pieces), order, PARTS) for pieces in (0, 1, 2)] == [2, 1, 0]


# -- links ---------------------------------------------------------------------------------------------------------


def test_FUL_7_the_hub_s_own_fulfilment_with_the_same_pieces_is_linked() -> None:
    order = hub(of_hub("p1", r1=1), of_hub("p2", r1=2), of_hub("p3", r1=2))

    assert link(fulfillment("77", line_1=2), order, source="store") == LinkFulfillment("h1", "77", "p2")


@pytest.mark.parametrize(("source", "rows"), [("hub", (("r1", D(2)),)), ("store", ())])
def test_FUL_7_without_one_it_is_remembered_with_what_the_hub_told(source: str, rows: tuple[Any, ...]) -> None:
    found = link(fulfillment("77", line_1=2, line_8=1), hub(of_hub("p1", r1=1)), source=source)

    assert found == LinkFulfillment("h1", "77", rows=rows, source=source)


def test_FUL_7_a_fulfilment_of_nothing_the_hub_has_is_none_of_the_hub_s() -> None:
    found = link(fulfillment("77", line_8=1), hub(of_hub("p1")), source="store")

    assert found == LinkFulfillment("h1", "77", source="store")


def test_FUL_7_a_link_gives_the_hub_s_fulfilment_its_id_and_leaves_the_others() -> None:
    before = hub(of_hub("p1", r1=1), of_hub("p2", r1=2))

    now = after(before, [LinkFulfillment("h1", "77", "p2")])

    assert now == hub(of_hub("p1", r1=1), of_hub("p2", "77", r1=2))


def test_FUL_7_a_link_to_none_of_them_is_one_more() -> None:
    now = after(hub(of_hub("p1")), [LinkFulfillment("h1", "77", rows=parts(line_1=2), source="store")])

    assert now == hub(of_hub("p1"), HubFulfillment("", "77", "store", parts(line_1=2)))


# -- what was called off and made again ------------------------------------------------------------------------------


def made_again(*hub_has: HubFulfillment, **pieces: int) -> RemakeFulfillment | None:
    """What fulfilment 79 takes over, of 76, 77 and 78 that were called off; 75 stands."""
    gone = tuple(fulfillment(id_, CALLED_OFF) for id_ in ("76", "77", "78"))
    new = replace(fulfillment("79", **pieces), tracking_number="T", carrier="C", tracking_url="U")
    order = shop_order(9, fulfillments=(fulfillment("75", line_1=1), *gone, new))
    return remade(new, order, hub(*hub_has), PARTS)


@pytest.mark.parametrize(
    ("hub_has", "taken"),
    [
        pytest.param([of_hub("p1", "77", "store", r1=2)], [("p1", "r1", 2)], id="all of it"),
        pytest.param([of_hub("p1", "77", "store", r1=9)], [("p1", "r1", 3)], id="no more than it holds"),
        pytest.param([of_hub("p1", "77", "store", r2=1, r1=1)], [("p1", "r1", 1)], id="nothing of another row"),
        pytest.param(
            [of_hub("p1", "76", "store", r1=2), of_hub("p2", "77", "store", r1=2), of_hub("p3", "78", "store", r1=2)],
            [("p1", "r1", 2), ("p2", "r1", 1)],
            id="from several until it has all",
        ),
        pytest.param([of_hub("p1", "75", "store", r1=2)], None, id="one that stands"),
        pytest.param([of_hub("p1", "77", "hub", r1=2)], None, id="the hub told it: it left here"),
        pytest.param([of_hub("p1", "77", "store", r2=2)], None, id="other pieces"),
    ],
)
def test_FUL_7_what_is_sent_again_takes_over_what_was_called_off(
    hub_has: list[HubFulfillment], taken: list[tuple[str, str, int]] | None
) -> None:
    found = made_again(*hub_has, line_1=3, line_8=1)

    expected = taken and tuple((id_, row_id, D(pieces)) for id_, row_id, pieces in taken)
    assert found == (RemakeFulfillment("h1", "79", expected, "T", "C", "U") if expected else None)


def test_FUL_7_pieces_that_go_over_are_in_one_fulfilment_and_an_empty_one_is_none() -> None:
    bare = of_hub("p9", "70", "store")  # it never had any
    before = hub(of_hub("p1", "76", "store", r1=2), of_hub("p2", "77", "store", r1=2, r2=1), bare)
    done = RemakeFulfillment("h1", "79", (("p1", "r1", D(2)), ("p2", "r1", D(1))))

    now = after(before, [done])

    new = of_hub("", "79", "store", r1=3)
    assert now == hub(of_hub("p2", "77", "store", r1=1, r2=1), bare, new)


# -- what the store was being told -----------------------------------------------------------------------------------


def sending(*there: str, **pieces: int) -> Sending:
    return Sending(parts(**pieces), CREATED_AT, there)


def found_in(*fulfillments: StoreFulfillment, there: tuple[str, ...] = ()) -> str | None:
    """The id of what the store made of two pieces of line 1, told by the hub."""
    order = shop_order(9, fulfillments=fulfillments)
    ours = heard(order, hub(of_hub("p1", "70")), PARTS, sending(*there, line_1=2))
    return ours.external_id if ours else None


def test_FUL_14_what_the_store_made_of_it_is_known_by_its_pieces() -> None:
    assert found_in(fulfillment("77", line_1=1), fulfillment("78", line_1=2), fulfillment("79", line_1=2)) == "78"


@pytest.mark.parametrize("known", ["70", "71"], ids=["the hub knows it", "it was there before"])
def test_FUL_14_what_was_known_before_is_not_it(known: str) -> None:
    assert found_in(fulfillment(known, line_1=2), there=("71",)) is None


def test_FUL_14_what_stands_goes_before_what_was_called_off() -> None:
    assert found_in(fulfillment("77", CALLED_OFF, line_1=2), fulfillment("78", line_1=2)) == "78"


def test_FUL_5_what_was_called_off_since_was_heard_all_the_same() -> None:
    assert found_in(fulfillment("77", CALLED_OFF, line_1=2)) == "77"


def test_FUL_14_what_was_heard_is_linked_as_the_hub_s() -> None:
    order = shop_order(9, fulfillments=(fulfillment("77", line_1=2),))

    found = heard(order, hub(), PARTS, sending(line_1=2))

    assert found == LinkFulfillment("h1", "77", rows=(("r1", D(2)),), source="hub")


def test_FUL_14_where_nothing_was_being_told_nothing_was_heard() -> None:
    assert heard(shop_order(9, fulfillments=(fulfillment("77", line_1=2),)), hub(), PARTS, None) is None


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (None, None),
        (Sending((), None), None),
        (Sending((), CREATED_AT), CREATED_AT + timedelta(minutes=1)),
    ],
    ids=["nothing", "the store said no", "nobody knows"],
)
def test_FUL_14_a_store_may_still_do_for_a_minute_what_it_did_not_answer_to(
    told: Sending | None, expected: Any
) -> None:
    assert expected_until(told) == expected
