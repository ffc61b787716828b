"""Fulfilments, refunds and returns come in any order: the hub ends where it would have ended the other way round."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from schemas.actions import KeepReturn
from schemas.hub import DeliveryStatus, HubFulfillment, HubOrder
from schemas.orders import ZERO, StoreFulfillment, StoreLine, StoreOrder, StoreReturn
from tests.examples import examples
from tests.makers import plain_line, store_order
from tests.rules.changing import RETURNING, apply, change, imported

EXAMPLES: Final = examples(80)
LINES: Final = ("1", "2")


@dataclass
class Shop:
    """An order in the shop, as a merchant works on it: what was ordered, sent, given back before and after."""

    ordered: dict[str, int]
    sent: dict[str, int] = field(default_factory=dict)
    taken_off: dict[str, int] = field(default_factory=dict)
    given_back: dict[str, int] = field(default_factory=dict)
    fulfillments: tuple[StoreFulfillment, ...] = ()
    returns: tuple[StoreReturn, ...] = ()
    status: str = "processing"

    def unsent(self, line: str) -> int:
        return self.ordered[line] - self.sent.get(line, 0) - self.taken_off.get(line, 0)

    def kept(self, line: str) -> int:
        """Pieces that were sent and not given back."""
        return self.sent.get(line, 0) - self.given_back.get(line, 0)

    def send(self, line: str, pieces: int) -> None:
        self.sent[line] = self.sent.get(line, 0) + pieces
        name = f"p{len(self.fulfillments)}"
        self.fulfillments += (StoreFulfillment(name, "success", ((line, Decimal(pieces)),)),)

    def take_off(self, line: str, pieces: int) -> None:
        self.taken_off[line] = self.taken_off.get(line, 0) + pieces

    def give_back(self, line: str, pieces: int) -> None:
        self.given_back[line] = self.given_back.get(line, 0) + pieces
        self.returns += (StoreReturn(f"b{len(self.returns)}", ((line, Decimal(pieces)),)),)

    def cancel(self) -> None:
        self.status = "cancelled"
        for line in self.ordered:
            self.take_off(line, self.unsent(line))

    def order(self) -> StoreOrder:
        lines = tuple(self._line(line) for line in self.ordered if self.unsent(line) + self.kept(line))
        fulfillments, returns = self.fulfillments, self.returns
        return store_order(lines=lines, charges=(), status=self.status, fulfillments=fulfillments, returns=returns)

    def _line(self, line: str) -> StoreLine:
        left, kept = self.unsent(line) + self.kept(line), self.kept(line)
        return plain_line(line, left, 10 * left, delivered_quantity=Decimal(kept))


@st.composite
def histories(draw: st.DrawFn) -> list[StoreOrder]:
    """Every state of an order from its placing on."""
    shop = Shop({line: draw(st.integers(1, 4)) for line in LINES})
    states = [shop.order()]
    for _ in range(draw(st.integers(1, 6))):
        line = draw(st.sampled_from(LINES))
        for act, room in draw(
            st.permutations([("send", shop.unsent), ("take_off", shop.unsent), ("give_back", shop.kept)])
        ):
            if room(line):
                getattr(shop, act)(line, draw(st.integers(1, room(line))))
                states.append(shop.order())
                break
    if draw(st.booleans()):
        shop.cancel()
        states.append(shop.order())
    return states


def take_in(order: StoreOrder) -> HubOrder:
    """The order as it is imported: what it came with is delivered, and its fulfilments are known (MAP-8)."""
    made = imported(order, at=RETURNING)
    rows = {row.external_id: row for row in made.rows}
    left = {row.id: row.delivered_quantity for row in made.rows}
    links = []
    for fulfillment in order.fulfillments:
        pieces = {}
        for row_id, sent in ((rows[line].id, sent) for line, sent in fulfillment.lines if line in rows):
            pieces[row_id] = min(sent, left[row_id])
            left[row_id] -= pieces[row_id]
        links.append(_known(fulfillment, pieces))
    return _with_status(replace(made, fulfillments=tuple(links)))


def look(hub_order: HubOrder | None, order: StoreOrder) -> HubOrder | None:
    return apply(hub_order, change(order, hub_order, at=RETURNING)) if hub_order else None


def deliver(hub_order: HubOrder | None, order: StoreOrder) -> HubOrder | None:
    """Each fulfilment that is new, as a whole or not at all (FUL-2, FUL-7)."""
    for fulfillment in order.fulfillments:
        if hub_order and fulfillment.external_id not in names(hub_order):
            hub_order = _deliver(hub_order, fulfillment)
    return hub_order


def _deliver(hub_order: HubOrder, fulfillment: StoreFulfillment) -> HubOrder:
    told = dict(fulfillment.lines)
    pieces = {row.id: told.pop(row.external_id) for row in hub_order.rows if row.external_id in told}
    rows = tuple(
        replace(row, delivered_quantity=row.delivered_quantity + pieces.get(row.id, ZERO)) for row in hub_order.rows
    )
    if told or any(row.delivered_quantity > row.quantity for row in rows):
        return hub_order
    return _with_status(
        replace(hub_order, rows=rows, fulfillments=(*hub_order.fulfillments, _known(fulfillment, pieces)))
    )


def _known(fulfillment: StoreFulfillment, pieces: dict[str, Decimal]) -> HubFulfillment:
    return HubFulfillment(fulfillment.external_id, fulfillment.external_id, "store", tuple(pieces.items()))


def _with_status(hub_order: HubOrder) -> HubOrder:
    gone = [row.delivered_quantity == row.quantity for row in hub_order.rows]
    return replace(hub_order, status=DeliveryStatus.DELIVERED if all(gone) else DeliveryStatus.PARTIALLY_DELIVERED)


def names(hub_order: HubOrder | None) -> set[str | None]:
    return {one.external_id for one in hub_order.fulfillments} if hub_order else set()


def stands(hub_order: HubOrder | None) -> object:
    """What is to be delivered, what was, what came back, and the money; none of it is a mismatch (MAP-6)."""
    if hub_order is None:
        return None
    rows = {row.external_id: (row.quantity, row.delivered_quantity) for row in hub_order.rows}
    assert hub_order.totals is not None
    assert not hub_order.totals.total_mismatch
    return rows, {(one.external_id, one.lines) for one in hub_order.returns}, hub_order.totals.total


def still_to_send(order: StoreOrder) -> dict[str, Decimal]:
    """The store's own count of what it has not sent yet."""
    if order.status == "cancelled":
        return {}
    open_pieces = {line.external_id: line.quantity - line.delivered_quantity for line in order.lines}
    return {line: pieces for line, pieces in open_pieces.items() if pieces}


@EXAMPLES
@given(states=histories(), data=st.data())
def test_CHG_9_deliveries_refunds_and_returns_end_the_same_whichever_comes_first(
    states: list[StoreOrder], data: st.DataObject
) -> None:
    first = data.draw(st.sampled_from([place for place, order in enumerate(states) if still_to_send(order)]))
    hub_order: HubOrder | None = take_in(states[first])
    for order in states[first + 1 :]:
        for step in data.draw(st.sampled_from([(), (look,), (deliver,), (look, deliver), (deliver, look)])):
            hub_order = step(hub_order, order)
    last = states[-1]

    heard_first = look(deliver(hub_order, last), last)
    heard_last = deliver(look(hub_order, last), last)

    assert stands(heard_first) == stands(heard_last)
    if heard_first is None:
        assert last.fulfillments == states[first].fulfillments  # nothing of it has gone out since it came
        return
    assert names(heard_first) == {fulfillment.external_id for fulfillment in last.fulfillments}
    left = {row.external_id: row.quantity - row.delivered_quantity for row in heard_first.rows}
    assert {line: pieces for line, pieces in left.items() if pieces} == still_to_send(last)


@EXAMPLES
@given(states=histories())
def test_CHG_9_every_return_of_what_the_hub_delivered_stands_with_its_order(states: list[StoreOrder]) -> None:
    hub_order: HubOrder | None = take_in(states[0])
    for order in states[1:]:
        hub_order = look(deliver(hub_order, order), order)
        told = {one.external_id: dict(one.lines) for one in order.returns}
        assert {one.external_id: dict(one.lines) for one in hub_order.returns} == told if hub_order else not told


@EXAMPLES
@given(states=histories())
def test_CHG_4_what_the_hub_delivered_is_never_taken_off_again(states: list[StoreOrder]) -> None:
    hub_order: HubOrder | None = take_in(states[0])
    for order in states[1:]:
        before = deliver(hub_order, order)
        hub_order = look(before, order)
        if before is not None and before.fulfillments:
            assert hub_order is not None
            now = {row.id: row.delivered_quantity for row in hub_order.rows}
            assert all(now.get(row.id, ZERO) == row.delivered_quantity for row in before.rows)


def test_CHG_1_what_was_given_back_before_the_import_is_in_no_row_to_keep() -> None:
    shop = Shop({"1": 4})
    shop.send("1", 2)
    shop.give_back("1", 1)
    hub_order = take_in(shop.order())
    shop.take_off("1", 1)

    stays = look(hub_order, shop.order())

    assert stays is not None
    assert [(row.quantity, row.delivered_quantity) for row in stays.rows] == [(2, 1)]


def test_MAP_6_a_refund_of_what_was_delivered_is_no_mismatch() -> None:
    shop = Shop({"1": 4, "2": 1})
    hub_order = take_in(shop.order())
    shop.send("1", 2)
    shop.give_back("1", 1)

    changes = change(shop.order(), hub_order, at=RETURNING)

    assert [note.reason for note in changes.notes] == []
    assert [type(action) for action in changes.actions] == [KeepReturn]
