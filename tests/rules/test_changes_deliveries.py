"""Parcels, refunds and returns come in any order: the hub ends where it would have ended the other way round."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.hub import DeliveryStatus, HubOrder
from schemas.orders import ZERO, StoreFulfillment, StoreLine, StoreOrder, StoreReturn
from tests.makers import plain_line, store_order
from tests.rules.changing import RETURNING, apply, change, imported

EXAMPLES: Final = settings(max_examples=60)
LINES: Final = ("1", "2")


@dataclass
class Shop:
    """An order in the shop, as a merchant works on it: what was ordered, sent, given back before and after."""

    ordered: dict[str, int]
    sent: dict[str, int] = field(default_factory=dict)
    taken_off: dict[str, int] = field(default_factory=dict)
    given_back: dict[str, int] = field(default_factory=dict)
    parcels: tuple[StoreFulfillment, ...] = ()
    returns: tuple[StoreReturn, ...] = ()
    status: str = "processing"

    def unsent(self, line: str) -> int:
        return self.ordered[line] - self.sent.get(line, 0) - self.taken_off.get(line, 0)

    def kept(self, line: str) -> int:
        """Pieces that were sent and not given back."""
        return self.sent.get(line, 0) - self.given_back.get(line, 0)

    def send(self, line: str, pieces: int) -> None:
        self.sent[line] = self.sent.get(line, 0) + pieces
        name = f"p{len(self.parcels)}"
        self.parcels += (StoreFulfillment(name, "success", ((line, Decimal(pieces)),)),)

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
        parcels, returns = self.parcels, self.returns
        return store_order(lines=lines, charges=(), status=self.status, fulfillments=parcels, returns=returns)

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


@dataclass(frozen=True)
class Hub:
    """The hub's order, None once it is deleted, and the parcels that were delivered in it."""

    order: HubOrder | None
    parcels: frozenset[str] = frozenset()


def look(hub: Hub, order: StoreOrder) -> Hub:
    return replace(hub, order=apply(hub.order, change(order, hub.order, at=RETURNING))) if hub.order else hub


def deliver(hub: Hub, order: StoreOrder) -> Hub:
    """Each parcel that is new, as a whole or not at all (FUL-2, FUL-7)."""
    for parcel in order.fulfillments:
        if hub.order and parcel.external_id not in hub.parcels:
            hub = _deliver(hub, hub.order, parcel)
    return hub


def _deliver(hub: Hub, hub_order: HubOrder, parcel: StoreFulfillment) -> Hub:
    pieces = dict(parcel.lines)
    rows = tuple(
        replace(row, delivered_quantity=row.delivered_quantity + pieces.pop(row.external_id or "", ZERO))
        for row in hub_order.rows
    )
    if pieces or any(row.delivered_quantity > row.quantity for row in rows):
        return hub
    is_whole = all(row.delivered_quantity == row.quantity for row in rows)
    status = DeliveryStatus.DELIVERED if is_whole else DeliveryStatus.PARTIALLY_DELIVERED
    return Hub(replace(hub_order, rows=rows, status=status), hub.parcels | {parcel.external_id})


def stands(hub: Hub) -> object:
    """What is to be delivered, what was, and what came back."""
    if hub.order is None:
        return None
    rows = {row.external_id: (row.quantity, row.delivered_quantity) for row in hub.order.rows}
    return rows, {(one.external_id, one.lines) for one in hub.order.returns}


@EXAMPLES
@given(states=histories(), data=st.data())
def test_CHG_9_deliveries_refunds_and_returns_end_the_same_whichever_comes_first(
    states: list[StoreOrder], data: st.DataObject
) -> None:
    hub = Hub(imported(states[0], at=RETURNING))
    for order in states[1:]:
        for step in data.draw(st.sampled_from([(), (look,), (deliver,), (look, deliver), (deliver, look)])):
            hub = step(hub, order)
    last = states[-1]

    heard_first = look(deliver(hub, last), last)
    heard_last = deliver(look(hub, last), last)

    assert stands(heard_first) == stands(heard_last)
    assert (heard_first.order is None) == (not any(line.quantity for line in last.lines) and not last.fulfillments)
    if heard_first.order:
        assert heard_first.parcels == {parcel.external_id for parcel in last.fulfillments}
        assert {one.external_id for one in heard_first.order.returns} == {one.external_id for one in last.returns}


@EXAMPLES
@given(states=histories())
def test_CHG_4_what_the_hub_delivered_is_never_taken_off_again(states: list[StoreOrder]) -> None:
    hub = Hub(imported(states[0], at=RETURNING))
    for order in states[1:]:
        before = deliver(hub, order)
        hub = look(before, order)
        if before.parcels:
            assert before.order is not None
            assert hub.order is not None
            now = {row.id: row.delivered_quantity for row in hub.order.rows}
            assert all(now.get(row.id, ZERO) == row.delivered_quantity for row in before.order.rows)
