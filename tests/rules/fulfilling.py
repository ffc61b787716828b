"""A shop and a hub that hold one order, in memory: what people do on either side, and what storesync's looks do."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from schemas.actions import (
    DeliverRows,
    HubAction,
    LinkFulfillment,
    PackRows,
    RemakeFulfillment,
    SendFulfillment,
    SetFlags,
    SetStoreStatus,
)
from schemas.hub import DeliveryStatus, HubFulfillment, HubOrder, HubRow, Sending
from schemas.orders import ZERO, Kind, StoreFulfillment, StoreOrder, StoreParcel
from schemas.stores import Store
from tasks.rules.fulfillment_in import decide_delivery
from tasks.rules.fulfillment_out import covers, decide_fulfillment
from tests.makers import CREATED_AT, PERCENT, plain_line, store, store_order

D = Decimal
SENT: Final = "success"
CALLED_OFF: Final = "cancelled"
_WHOLE: Final = replace(PERCENT, cancelled_statuses=frozenset({"cancelled"}))
WHOLE: Final = store(_WHOLE)  # knows orders that are completed, and no parcels
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


def parcel(external_id: str, status: str = SENT, /, **pieces: int) -> StoreFulfillment:
    """A fulfilment of the store: pieces by line, as line_1=2."""
    return StoreFulfillment(external_id, status, parts(**pieces))


def parts(**pieces: int) -> tuple[tuple[str, Decimal], ...]:
    """Pieces by the external id of the line, as line_1=2."""
    return tuple((name.removeprefix("line_"), D(quantity)) for name, quantity in pieces.items())


def waiting(external_id: str = "fo1", place: str = "7", *, of: dict[str, int], **changes: Any) -> StoreParcel:
    """What the store waits to send from one place: pieces by line."""
    lines = tuple((f"{external_id}-{line}", line, D(quantity)) for line, quantity in of.items())
    return StoreParcel(external_id, place, lines, **changes)


def shop_order(*lines: int, **changes: Any) -> StoreOrder:
    """The store's order with pieces of line 1, line 2, ...; all of it waits in one parcel, less what was sent."""
    gone = [part for one in changes.get("fulfillments", ()) if one.status == SENT for part in one.lines]
    made = []
    for number, quantity in enumerate(lines, 1):
        sent = sum((pieces for line, pieces in gone if line == str(number)), ZERO)
        made.append(plain_line(str(number), quantity, 10 * quantity, delivered_quantity=min(sent, D(quantity))))
    left = {line.external_id: int(line.quantity - line.delivered_quantity) for line in made}
    values = {"lines": tuple(made), "charges": (), "parcels": (waiting(of=left),), **changes}
    return store_order(**values)


# -- a model that is walked --------------------------------------------------------------------------------------


class Died(Exception):
    """A worker was killed here."""


@dataclass
class Shop:
    """A store that fulfils by itself and by what it is told; a call beyond what waits is refused."""

    ordered: dict[str, int]
    left: dict[tuple[str, str], int]  # by (place, line)
    parcels: list[tuple[StoreFulfillment, dict[tuple[str, str], int]]] = field(default_factory=list)
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
            fulfillments=tuple(one for one, _ in self.parcels),
            parcels=tuple(waiting(f"fo{place}", place, of=self._at(place)) for place in places),
        )

    def _at(self, place: str) -> dict[str, int]:
        return {line: left for (where, line), left in self.left.items() if where == place and left}

    def sent(self, line: str) -> int:
        """Pieces of a line that are sent and not called off."""
        return sum(
            count for one, taken in self.parcels if one.status == SENT for (_, of), count in taken.items() if of == line
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
        live = [index for index, (one, _) in enumerate(self.parcels) if one.status == SENT]
        if live:
            index = live[number % len(live)]
            one, taken = self.parcels[index]
            self.parcels[index] = (replace(one, status=CALLED_OFF), taken)
            for key, count in taken.items():
                self.left[key] += count

    def hear(self, action: SendFulfillment) -> str:
        """What the vendor's call does."""
        places = {name.removeprefix("fo") for name, _ in action.parcels}
        (place,) = places
        taken: dict[tuple[str, str], int] = {}
        for name, lines in action.parcels:
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
        external_id = str(len(self.parcels) + 1)
        self.parcels.append((StoreFulfillment(external_id, SENT, tuple(lines.items())), taken))
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
        """fulfill_order; it may die before the store hears of a parcel, or after."""
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
        self.sending = Sending(action.lines, CREATED_AT)
        if dies == "before":
            raise Died
        external_id = self.shop.hear(action)
        if dies == "after":
            raise Died
        rows = () if action.fulfillment_id else action.rows
        self.apply(LinkFulfillment("h1", external_id, action.fulfillment_id, rows))
        self.sending = None

    def apply(self, action: HubAction) -> None:
        """What the hub does, with its guards."""
        self.hub = apply(self.hub, action)

    def settle(self) -> None:
        """Both sides are looked at until there is nothing to do."""
        for _ in range(10):
            if not (self.look_in() | self.look_out()):
                return
        raise AssertionError("it never comes to rest")


def apply(order: HubOrder, action: HubAction) -> HubOrder:
    """The hub's order after an action."""
    match action:
        case PackRows():
            return _with_rows(order, {row_id: (quantity, ZERO) for row_id, quantity in action.rows})
        case DeliverRows():
            packed = {each.id: each.packed_quantity for each in order.rows}
            moved = {row_id: (-min(packed[row_id], quantity), quantity) for row_id, quantity in action.rows}
            return _with_rows(_with_parcel(order, action.external_id, action.source, action.rows), moved)
        case LinkFulfillment(fulfillment_id=None):
            return _with_parcel(order, action.external_id, action.source, action.rows)
        case LinkFulfillment():
            (named,) = (one for one in order.fulfillments if one.id == action.fulfillment_id and not one.external_id)
            linked = replace(named, external_id=action.external_id)
            return replace(order, fulfillments=tuple(linked if one is named else one for one in order.fulfillments))
        case RemakeFulfillment():
            return _with_remade(order, action)
        case SetFlags():
            return replace(order, flags=action.flags)
        case _:
            raise AssertionError(action)


def _with_remade(order: HubOrder, action: RemakeFulfillment) -> HubOrder:
    """Pieces go over to one parcel; one that is empty then goes."""
    held = {one.id: dict(one.rows) for one in order.fulfillments}
    pieces: dict[str, Decimal] = {}
    for parcel_id, row_id, quantity in action.taken:
        held[parcel_id][row_id] -= quantity
        assert held[parcel_id][row_id] >= 0
        pieces[row_id] = pieces.get(row_id, ZERO) + quantity
    there = next((one for one in order.fulfillments if one.external_id == action.external_id), None)
    for row_id, quantity in dict(there.rows if there else ()).items():
        pieces[row_id] = pieces.get(row_id, ZERO) + quantity
    touched = {parcel_id for parcel_id, _, _ in action.taken}
    left = [
        replace(one, rows=tuple((row_id, quantity) for row_id, quantity in held[one.id].items() if quantity))
        for one in order.fulfillments
        if one is not there and (one.id not in touched or any(held[one.id].values()))
    ]
    return _with_parcel(replace(order, fulfillments=tuple(left)), action.external_id, "store", tuple(pieces.items()))


def _with_parcel(
    order: HubOrder, external_id: str | None, source: str, rows: tuple[tuple[str, Decimal], ...]
) -> HubOrder:
    assert external_id is None or external_id not in {one.external_id for one in order.fulfillments}
    new = HubFulfillment(f"p{len(order.fulfillments) + 1}", external_id, source, rows)
    return replace(order, fulfillments=(*order.fulfillments, new))


def _with_rows(order: HubOrder, moved: dict[str, tuple[Decimal, Decimal]]) -> HubOrder:
    rows = []
    for each in order.rows:
        packed, delivered = moved.get(each.id, (ZERO, ZERO))
        after = replace(
            each,
            packed_quantity=each.packed_quantity + packed,
            delivered_quantity=each.delivered_quantity + delivered,
        )
        assert min(after.packed_quantity, after.delivered_quantity) >= 0
        assert after.shipped_quantity <= after.quantity
        rows.append(after)
    return with_status(replace(order, rows=tuple(rows)))
