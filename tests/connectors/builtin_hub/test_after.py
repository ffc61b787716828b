"""What is computed of an order is what the built-in hub reads back, whatever is done to it (tasks/rules/after.py)."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import Connection
from schemas.actions import (
    AddLocation,
    AddRow,
    ChangeRow,
    CreateMo,
    CreateOrder,
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
from schemas.groups import Group
from schemas.hub import DraftOrder, DraftRow, HubOrder, HubRow, Totals
from schemas.names import name_of_order, name_of_row
from schemas.orders import Kind
from tasks.rules.after import Parts, after, as_created
from tests.connectors.builtin_hub.makers import draft, imported, product, read, shipping

D = Decimal
EXAMPLES = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
_NUMBERS = count(100)


# -- drafts --------------------------------------------------------------------------------------------------------


@st.composite
def drafts(draw: st.DrawFn) -> DraftOrder:
    """One to three rows that ship, some of which come packed or delivered, and up to two fees."""
    rows = [draw(_row(f"{place}")) for place in range(1, draw(st.integers(1, 3)) + 1)]
    fees = [shipping(external_id=f"fee{place}") for place in range(draw(st.integers(0, 2)))]
    return imported(0, *rows, *fees, is_paid=draw(st.booleans()), currency="SEK", exchange_rate=D("0.09"))


@st.composite
def _row(draw: st.DrawFn, line: str) -> DraftRow:
    quantity = draw(st.integers(1, 4))
    delivered = draw(st.sampled_from([0, 0, draw(st.integers(0, quantity))]))
    packed = draw(st.sampled_from([0, 0, quantity - delivered]))
    return product(
        f"SKU-{line}", quantity, external_id=line, delivered_quantity=D(delivered), packed_quantity=D(packed)
    )


# -- what may be done to an order ----------------------------------------------------------------------------------


def steps(order: HubOrder, data: st.DataObject, length: int) -> Iterator[OrderAction]:
    """Actions that the hub takes, each on the order as those before it leave it."""
    for _ in range(length):
        choices = [action for action in _possible(order, data) if action is not None]
        action = data.draw(st.sampled_from(choices), label="action")
        order = after(order, [action])
        yield action


def _possible(order: HubOrder, data: st.DataObject) -> list[OrderAction | None]:
    row = data.draw(st.sampled_from(order.rows), label="row")
    pieces = data.draw(st.integers(1, 4), label="pieces")
    number = str(next(_NUMBERS))
    flags = Flags(*data.draw(st.tuples(*[st.booleans()] * 6), label="flags"))
    totals = Totals(D(pieces), D(pieces), D(1), None, D(2), total_mismatch=True)
    new = product(f"SKU-{number}", pieces, external_id=number)
    fee = shipping(external_id=number, kind=Kind.SERVICE, item=new.item, ships=False)
    returned = ((row.external_id or "", D(pieces)),)
    known = data.draw(st.sampled_from(["ret-1", "ret-2"]), label="return")
    is_open = not row.shipped_quantity
    is_last = not any(each.ships for each in order.rows if each.id != row.id)
    return [
        PackRows(order.id, ((row.id, D(1)),)) if row.shipped_quantity < row.quantity else None,
        _delivery(order, row, D(pieces), data.draw(st.sampled_from([None, number]), label="fulfillment")),
        ChangeRow(order.id, row.id, max(row.shipped_quantity, D(pieces)), *_money(row)),
        AddRow(order.id, data.draw(st.sampled_from([new, fee]), label="new")),
        DeleteRow(order.id, row.id) if is_open and not is_last else None,
        MoveRow(order.id, row.id, data.draw(st.sampled_from(["main", "attic"]))) if is_open else None,
        SetTotals(order.id, totals),
        SetFlags(order.id, flags),
        KeepReturn(order.id, known, returned),
        DeleteReturn(order.id, known) if known in {one.external_id for one in order.returns} else None,
        LinkFulfillment(order.id, number, rows=((row.id, D(1)),), source=data.draw(st.sampled_from(["hub", "store"]))),
        *_on_what_the_hub_has_made(order, row, number),
    ]


def _delivery(order: HubOrder, row: HubRow, pieces: Decimal, fulfillment: str | None) -> DeliverRows | None:
    left = row.quantity - row.delivered_quantity
    source = "store" if fulfillment else "hub"
    return (
        DeliverRows(order.id, ((row.id, min(left, pieces)),), source, external_id=fulfillment, carrier="DHL")
        if left
        else None
    )


def _money(row: HubRow) -> tuple[Decimal, Decimal, Decimal, Decimal, Decimal]:
    """A shipped row keeps its price."""
    price = row.price_per_unit if row.shipped_quantity else row.price_per_unit + 1
    return price, row.discount_percent, row.tax_rate, D(7), D("0.7")


def _on_what_the_hub_has_made(order: HubOrder, row: HubRow, number: str) -> Iterator[OrderAction]:
    for one in order.fulfillments:
        if one.id and one.external_id is None:
            yield LinkFulfillment(order.id, number, one.id)
        if one.id and one.rows:
            (first, held), *_ = one.rows
            others = [each.external_id for each in order.fulfillments if each.external_id and each is not one]
            for external_id in (number, *others):
                yield RemakeFulfillment(order.id, external_id, ((one.id, first, min(held, D(1))),), carrier="UPS")
    if row.mo:
        yield SetMoQuantity(row.mo.id, D(9))
        yield DeleteMo(row.mo.id)
        yield UnlinkMo(row.mo.id)


# -- the two compared ------------------------------------------------------------------------------------------------


def shape(order: HubOrder) -> HubOrder:
    """The order without what only the hub knows: its ids, its items, its batches."""
    lines = {row.id: row.external_id or row.id for row in order.rows}

    def by_line(rows: Parts) -> Parts:
        return tuple(sorted((lines[row], pieces) for row, pieces in rows))

    rows = (replace(row, id=lines[row.id], variant_id=None, batches=()) for row in order.rows)
    fulfillments = (replace(one, id="", rows=by_line(one.rows)) for one in order.fulfillments)
    returns = (replace(one, lines=tuple(sorted(one.lines)), rows=by_line(one.rows)) for one in order.returns)
    return replace(order, id="", head=None, rows=tuple(rows), fulfillments=tuple(fulfillments), returns=tuple(returns))


@pytest.mark.long
@EXAMPLES
@given(made=drafts(), lengths=st.tuples(st.integers(0, 6), st.integers(0, 6)), data=st.data())
def test_CHG_8_what_is_computed_of_an_order_is_what_the_hub_reads_back(
    connection: Connection, hub: BuiltinHub, acme: int, made: DraftOrder, lengths: tuple[int, int], data: st.DataObject
) -> None:
    made = replace(made, store_id=acme)
    with connection.transaction(force_rollback=True):
        hub.carry_out([AddLocation("attic", "Attic")])
        creation = CreateOrder(made)
        created = as_created(made)
        first = tuple(steps(created, data, lengths[0]))

        order_id = hub.apply([Group("new", (creation,)), Group("rest", first)]).made(creation)

        there = read(hub, order_id)
        assert shape(after(created, first)) == shape(there)

        for row in there.rows:  # a person makes what is open
            if row.kind is Kind.PRODUCT and row.shipped_quantity < row.quantity:
                hub.carry_out([CreateMo(order_id, row.id)])
        there = read(hub, order_id)
        second = tuple(steps(there, data, lengths[1]))
        hub.apply([Group("all", second)])

        assert shape(after(there, second)) == shape(read(hub, order_id))


def test_CHG_9_what_was_returned_or_told_of_a_row_goes_with_it(hub: BuiltinHub, acme: int) -> None:
    (order_id,) = hub.carry_out(
        [CreateOrder(imported(acme, product("A", external_id="1"), product("B", external_id="2")))]
    )
    gone, stays = read(hub, order_id).rows
    pieces = ((gone.id, D(1)), (stays.id, D(1)))
    returned = (("1", D(1)), ("2", D(1)))
    hub.carry_out([KeepReturn(order_id, "ret", returned), LinkFulfillment(order_id, "f", rows=pieces)])
    before = read(hub, order_id)

    hub.carry_out([DeleteRow(order_id, gone.id)])

    now = after(before, [DeleteRow(order_id, gone.id)])
    assert shape(now) == shape(read(hub, order_id))
    assert [one.lines for one in now.returns] == [(("2", D(1)),)]


def test_CHG_2_a_row_of_no_line_and_an_order_of_no_store_have_no_name_before_they_are_there() -> None:
    with pytest.raises(ValueError, match="of no store"):
        as_created(draft())
    with pytest.raises(ValueError, match="no line"):
        as_created(imported(1, product("A", external_id=None)))


def test_CHG_2_an_order_and_its_rows_are_found_by_what_they_are_in_their_store(hub: BuiltinHub, acme: int) -> None:
    (order_id,) = hub.carry_out([CreateOrder(imported(acme, product("A", 2, external_id="11")))])

    hub.apply([Group("packing", (PackRows(name_of_order(acme, "5001"), ((name_of_row("11"), D(1)),)),))])

    assert [row.packed_quantity for row in read(hub, order_id).rows] == [1]


@pytest.mark.parametrize(
    "action",
    [SetFlags(name_of_order(1, "gone"), Flags()), PackRows("", ((name_of_row("gone"), D(1)),))],
    ids=["order", "row"],
)
def test_CHG_2_a_name_that_nothing_has_is_refused_in_words(hub: BuiltinHub, acme: int, action: OrderAction) -> None:
    (order_id,) = hub.carry_out([CreateOrder(imported(acme))])
    action = replace(action, order_id=order_id) if isinstance(action, PackRows) else action

    answers = hub.apply([Group("one", (action,), may_be_refused=True)])

    assert "gone" in str(answers.refusal("one"))
