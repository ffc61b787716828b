"""A shop and a hub that hold one order, in memory: what people do on either side, and what storesync's looks do."""

import itertools
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from schemas.actions import (
    DeliverRows,
    LinkFulfillment,
    OrderAction,
    PackRows,
    RemakeFulfillment,
    SendFulfillment,
    SetStoreStatus,
)
from schemas.hub import DeliveryStatus, HubOrder, HubRow, Sending
from schemas.orders import ZERO, Kind, StoreFulfillment, StoreOrder, ToSend
from schemas.stores import Store
from tasks.rules.after import after
from tasks.rules.fulfillment_in import decide_delivery
from tasks.rules.fulfillment_out import covers, decide_fulfillment
from tests.makers import CREATED_AT, PERCENT, plain_line, store, store_order

D = Decimal
_IDS: Final = itertools.count(1)
SENT: Final = "success"
CALLED_OFF: Final = "cancelled"
_WHOLE: Final = replace(PERCENT, cancelled_statuses=frozenset({"cancelled"}))
WHOLE: Final = store(_WHOLE)  # knows orders that are completed, and no fulfilments
PARTS: Final = store(replace(_WHOLE, partial_fulfillment=True, fulfilled_statuses=frozenset({SENT})))


def row(line: str, quantity: int, **changes: Any) -> HubRow:
    """Pieces of a line's SKU, of which nothing is shipped."""
    plain = HubRow(
        id=f"r{line}",
        external_id=line,
        variant_id=f"v{line}",
        kind=Kind.PRODUCT,
        sku=f"SKU-{line}",
        name=f"SKU-{line}",
        quantity=D(quantity),
        packed_quantity=ZERO,
        delivered_quantity=ZERO,
        invoiced_quantity=ZERO,
        price_per_unit=D(10),
        tax_rate=ZERO,
        discount_percent=ZERO,
        location="main",
        status=DeliveryStatus.NOT_SHIPPED,
    )
    return replace(plain, **changes)


def hub_order(*rows: HubRow, **changes: Any) -> HubOrder:
    """The hub's order, its status as its rows are."""
    order = HubOrder(
        id="h1",
        order_no="5001",
        store_id=1,
        external_id="5001",
        status=DeliveryStatus.NOT_SHIPPED,
        currency="EUR",
        location="main",
        rows=rows,
    )
    return replace(with_status(order), **changes)


def with_status(order: HubOrder) -> HubOrder:
    """The order as the hub's own triggers leave it: fees go with the last row that ships."""
    counting = [each for each in order.rows if each.ships] or list(order.rows)
    if all(each.delivered_quantity == each.quantity for each in counting):
        rows = tuple(replace(each, delivered_quantity=each.quantity, packed_quantity=ZERO) for each in order.rows)
        return replace(order, rows=rows, status=DeliveryStatus.DELIVERED)
    if any(each.delivered_quantity for each in counting):
        return replace(order, status=DeliveryStatus.PARTIALLY_DELIVERED)
    is_packed = any(each.packed_quantity for each in counting)
    return replace(order, status=DeliveryStatus.PARTIALLY_PACKED if is_packed else DeliveryStatus.NOT_SHIPPED)


def fulfillment(external_id: str, status: str = SENT, /, **pieces: int) -> StoreFulfillment:
    """A fulfilment of the store: pieces by line, as line_1=2."""
    return StoreFulfillment(external_id, status, parts(**pieces))


def parts(**pieces: int) -> tuple[tuple[str, Decimal], ...]:
    """Pieces by the external id of the line, as line_1=2."""
    return tuple((name.removeprefix("line_"), D(quantity)) for name, quantity in pieces.items())


def waiting(external_id: str = "fo1", place: str = "7", *, of: dict[str, int], **changes: Any) -> ToSend:
    """What the store waits to send from one place: pieces by line."""
    lines = tuple((f"{external_id}-{line}", line, D(quantity)) for line, quantity in of.items())
    return ToSend(external_id, place, lines, **changes)


def shop_order(*lines: int, **changes: Any) -> StoreOrder:
    """The store's order with pieces of line 1, line 2, ...; all of it waits at one place, less what was sent."""
    gone = [part for one in changes.get("fulfillments", ()) if one.status == SENT for part in one.lines]
    made = []
    for number, quantity in enumerate(lines, 1):
        sent = sum((pieces for line, pieces in gone if line == str(number)), ZERO)
        made.append(plain_line(str(number), quantity, 10 * quantity, delivered_quantity=min(sent, D(quantity))))
    left = {line.external_id: int(line.quantity - line.delivered_quantity) for line in made}
    values = {"lines": tuple(made), "charges": (), "to_send": (waiting(of=left),), **changes}
    return store_order(**values)


# -- a model that is walked --------------------------------------------------------------------------------------


class Died(Exception):
    """A worker was killed here."""


@dataclass
class Shop:
    """A store that fulfils by itself and by what it is told; a call beyond what waits is refused."""

    ordered: dict[str, int]
    left: dict[tuple[str, str], int]  # by (place, line)
    fulfillments: list[tuple[StoreFulfillment, dict[tuple[str, str], int]]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def order(self) -> StoreOrder:
        """The order as it is now."""
        sent = {line: self.sent(line) for line in self.ordered}
        lines = (
            plain_line(line, count, 10 * count, delivered_quantity=D(sent[line]))
            for line, count in self.ordered.items()
        )
        places = dict.fromkeys(place for place, _ in self.left)
        return store_order(
            lines=tuple(lines),
            charges=(),
            delivery="completed" if sent == self.ordered else "open",
            fulfillments=tuple(one for one, _ in self.fulfillments),
            to_send=tuple(waiting(f"fo{place}", place, of=self._at(place)) for place in places),
        )

    def _at(self, place: str) -> dict[str, int]:
        return {line: left for (where, line), left in self.left.items() if where == place and left}

    def sent(self, line: str) -> int:
        """Pieces of a line that are sent and not called off."""
        return sum(
            count
            for one, taken in self.fulfillments
            if one.status == SENT
            for (_, of), count in taken.items()
            if of == line
        )

    def send_by_hand(self, line: str, count: int) -> int:
        """A person sends pieces of a line, as many as are left; how many."""
        taken: dict[tuple[str, str], int] = {}
        for (place, of), left in self.left.items():
            pieces = min(left, count - sum(taken.values())) if of == line else 0
            if pieces:
                taken[place, of] = pieces
        if taken:
            self._send(taken)
        return sum(taken.values())

    def call_off(self, number: int) -> None:
        """A person calls one of the fulfilments off."""
        live = [index for index, (one, _) in enumerate(self.fulfillments) if one.status == SENT]
        if live:
            index = live[number % len(live)]
            one, taken = self.fulfillments[index]
            self.fulfillments[index] = (replace(one, status=CALLED_OFF), taken)
            for key, count in taken.items():
                self.left[key] += count

    def hear(self, action: SendFulfillment) -> str:
        """What the vendor's call does."""
        places = {name.removeprefix("fo") for name, _ in action.taken}
        (place,) = places
        taken: dict[tuple[str, str], int] = {}
        for name, lines in action.taken:
            for line_id, quantity in lines:
                key = (place, line_id.removeprefix(f"{name}-"))
                assert 0 < quantity <= self.left[key], f"refused: {action}"
                taken[key] = int(quantity)
        self.told.append(self._send(taken))
        return self.told[-1]

    def _send(self, taken: dict[tuple[str, str], int]) -> str:
        lines: dict[str, Decimal] = {}
        for (place, line), count in taken.items():
            self.left[place, line] -= count
            lines[line] = lines.get(line, ZERO) + count
        external_id = str(len(self.fulfillments) + 1)
        self.fulfillments.append((StoreFulfillment(external_id, SENT, tuple(lines.items())), taken))
        return external_id


@dataclass
class World:
    """A shop, a hub, and what storesync remembers between its looks."""

    shop: Shop
    hub: HubOrder
    at: Store = PARTS
    sending: Sending | None = None
    seen: list[StoreOrder] = field(default_factory=list)  # every snapshot that was ever brought

    def pack(self, line: str, count: int) -> int:
        """A person packs pieces, as many as are left; how many."""
        (found,) = (each for each in self.hub.rows if each.external_id == line)
        pieces = min(D(count), found.quantity - found.shipped_quantity)
        if pieces:
            self.apply(PackRows("h1", ((found.id, pieces),)))
        return int(pieces)

    def deliver(self, line: str, count: int) -> int:
        """A person delivers pieces, as many as are left; how many of them had not been packed."""
        (found,) = (each for each in self.hub.rows if each.external_id == line)
        pieces = min(D(count), found.quantity - found.delivered_quantity)
        if pieces:
            self.apply(DeliverRows("h1", ((found.id, pieces),), source="hub"))
        return int(max(ZERO, pieces - found.packed_quantity))

    def look_in(self, snapshot: StoreOrder | None = None) -> bool:
        """deliver_order: of the order as it is, or as it was; whether there was something to do."""
        order = snapshot or self.shop.order()
        self.seen.append(order)
        found = decide_delivery(order, self.hub, store=self.at, sending=self.sending)
        for action in found.actions:
            self.apply(action)
        if found.heard:
            self.sending = None
        return bool(found.actions)

    def look_out(self, *, dies: str = "") -> bool:
        """fulfill_order; it may die before the store hears of a fulfilment, or after."""
        order = self.shop.order()
        if self.sending is None and covers(order, self.hub, store=self.at):
            return False
        found = decide_fulfillment(order, self.hub, store=self.at, sending=self.sending)
        self.sending = None
        for action in found.actions:
            match action:
                case LinkFulfillment():
                    self.apply(action)
                case SendFulfillment():
                    self._send(action, dies)
                case SetStoreStatus():
                    raise AssertionError(action)
        return bool(found.actions)

    def _send(self, action: SendFulfillment, dies: str) -> None:
        there = tuple(one.external_id for one, _ in self.shop.fulfillments)
        self.sending = Sending(action.lines, CREATED_AT, there)
        if dies == "before":
            raise Died
        external_id = self.shop.hear(action)
        if dies == "after":
            raise Died
        rows = () if action.fulfillment_id else action.rows
        self.apply(LinkFulfillment("h1", external_id, action.fulfillment_id, rows))
        self.sending = None

    def apply(self, action: OrderAction) -> None:
        """What the hub does, with its guards."""
        self.hub = apply(self.hub, action)

    def settle(self) -> None:
        """Both sides are looked at until there is nothing to do."""
        for _ in range(10):
            if not (self.look_in() | self.look_out()):
                return
        raise AssertionError("it never comes to rest")


def apply(order: HubOrder, action: OrderAction) -> HubOrder:
    """The hub's order after an action: with the hub's guards, and an id of its own for each fulfilment that is new."""
    _refuse(order, action)
    now = after(order, [action])
    external_ids = [one.external_id for one in now.fulfillments if one.external_id is not None]
    assert len(external_ids) == len(set(external_ids)), action
    assert all(each.shipped_quantity <= each.quantity for each in now.rows), action
    named = (one if one.id else replace(one, id=f"p{next(_IDS)}") for one in now.fulfillments)
    return replace(now, fulfillments=tuple(named))


def _refuse(order: HubOrder, action: OrderAction) -> None:
    """A fulfilment gets a store's id once, and nothing is taken from it that it has not."""
    match action:
        case LinkFulfillment(fulfillment_id=str() as named):
            assert named in {one.id for one in order.fulfillments if one.external_id is None}, action
        case RemakeFulfillment():
            held = {(one.id, row_id): quantity for one in order.fulfillments for row_id, quantity in one.rows}
            assert all(quantity <= held[from_id, row_id] for from_id, row_id, quantity in action.taken), action
