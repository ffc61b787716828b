"""Pieces of a sales order packed and delivered in Katana, each fulfilment once (FUL-1…8). It decides nothing.

What is packed is delivered by saying so of its parcel, since its stock has moved; all else by one new fulfilment. The
order's status follows by itself, and no date is ever sent: Katana would date all fulfilments by it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from connectors.errors import FieldsRejected, HubBusy, HubRefused, NotFound, Rejected
from connectors.katana import told
from connectors.katana.budget import Priority
from connectors.katana.copies import OVERLAP
from connectors.katana.desk import Desk, row_of
from connectors.katana.intents import Creation, MadeOnce, make_once, not_taken
from connectors.katana.kept import deliver_packed
from connectors.katana.orders import FULFILLMENT
from connectors.katana.reading import readable
from connectors.katana.standing import Standing
from schemas import actions
from schemas.hub import HubRow
from schemas.katana.numbers import written_number
from schemas.katana.order import FulfillmentRecord, read_fulfillment
from schemas.money import plain
from schemas.orders import ZERO

_NOW: Final = Priority.ORDERS
_PATH: Final = "sales_order_fulfillments"

Pieces = dict[str, Decimal]


def pack_rows(desk: Desk, action: actions.PackRows) -> str:
    """Pack pieces as a parcel of their own; the order's id (STK-2)."""
    standing = desk.order(action.order_id)
    asked = check_pieces(standing, action.rows, packs=True)
    parcel = actions.DeliverRows(action.order_id, action.rows, "store")
    _make(desk, _Parcel(parcel, standing, asked, is_packed=True))
    return action.order_id


def deliver_rows(desk: Desk, action: actions.DeliverRows) -> str:
    """Deliver pieces as one fulfilment of the store; the id of one of Katana's that has them (FUL-4, FUL-7)."""
    standing = desk.order(action.order_id)
    if known := known_as(standing, action.external_id):
        return known
    asked = check_pieces(standing, action.rows)
    asked |= _fees(standing, asked)
    parcels, rest, old = split(standing, asked)
    for parcel in parcels:
        _deliver_parcel(desk, action, parcel)
    for row_id, pieces in old.items():
        deliver_packed(desk.connection, row_id, pieces)
    ids = [parcel.id for parcel in parcels]
    if rest:
        ids.append(_make(desk, _Parcel(action, standing, rest)))
    desk.orders.forget()
    return ids[-1] if ids else action.order_id


def known_as(standing: Standing, external_id: str | None) -> str | None:
    """The fulfilment that a store's own one is already; None where it is none."""
    known = {one.external_id: one.id for one in standing.order.fulfillments}
    return known.get(external_id) if external_id is not None else None


def check_pieces(standing: Standing, asked: Iterable[tuple[str, Decimal]], *, packs: bool = False) -> Pieces:
    """Pieces by row; the same row twice counts together. Raises HubRefused for more than is left of one."""
    pieces: Pieces = {}
    for row_id, quantity in asked:
        row = row_of(standing, row_id)
        if standing.is_apart(row.id):
            continue  # Katana has no such row: it goes with the others
        if quantity <= 0:
            raise HubRefused(f"{row.label}: a quantity must be above 0, not {plain(quantity)}")
        pieces[row_id] = pieces.get(row_id, ZERO) + quantity
        left = row.quantity - row.delivered_quantity - (row.packed_quantity if packs else ZERO)
        if pieces[row_id] > left:
            done = "packed" if packs else "delivered"
            raise HubRefused(f"{row.label}: {plain(pieces[row_id])} cannot be {done}, {plain(left)} are left")
    if not pieces:
        raise HubRefused("no rows are named")
    return pieces


def split(standing: Standing, asked: Mapping[str, Decimal]) -> tuple[list[FulfillmentRecord], Pieces, Pieces]:
    """The packed parcels that go out as they are, the pieces of a new fulfilment, and those that were packed before.

    Of what was packed before the order came Katana has nothing. Raises HubRefused where a parcel would have to be
    opened: that Katana can, and its API cannot.
    """
    rows = {row.id: row for row in standing.order.rows}
    waiting = [one for one in standing.fulfillments if not one.is_delivered]
    in_parcels = _pieces_of(waiting)
    before = {id_: min(pieces, rows[id_].packed_quantity - in_parcels.get(id_, ZERO)) for id_, pieces in asked.items()}
    rest = {id_: pieces - before[id_] for id_, pieces in asked.items()}
    parcels = []
    for parcel in waiting:
        inside = _pieces_of([parcel])
        if inside and all(rest.get(id_, ZERO) >= pieces for id_, pieces in inside.items()):
            parcels.append(parcel)
            rest |= {id_: rest[id_] - pieces for id_, pieces in inside.items()}
    for id_, pieces in rest.items():
        row = rows[id_]
        if pieces > row.quantity - row.shipped_quantity:
            words = "is packed together with what is not sent: deliver it in Katana"
            raise HubRefused(f"{row.label}: some of it {words}")
    return parcels, _some(rest), _some(before)


def _pieces_of(parcels: Iterable[FulfillmentRecord]) -> Pieces:
    found = Pieces()
    for parcel in parcels:
        for row_id, pieces in parcel.pieces:
            found[row_id] = found.get(row_id, ZERO) + pieces
    return found


def _some(pieces: Mapping[str, Decimal]) -> Pieces:
    return {row_id: quantity for row_id, quantity in pieces.items() if quantity > 0}


def _fees(standing: Standing, asked: Mapping[str, Decimal]) -> Pieces:
    """What is not sent goes with the last of what is: else Katana would wait for it for ever."""
    rows = [row for row in standing.order.rows if not standing.is_apart(row.id)]
    left = {row.id: row.quantity - row.delivered_quantity for row in rows}
    if any(left[row.id] > asked.get(row.id, ZERO) for row in rows if row.ships):
        return {}
    return {row.id: left[row.id] for row in rows if not row.ships and left[row.id] > 0}


# -- one of Katana's -----------------------------------------------------------------------------------------------


def _deliver_parcel(desk: Desk, action: actions.DeliverRows, parcel: FulfillmentRecord) -> None:
    """A parcel goes out as it was packed; what is known of its way stays."""
    has_way = parcel.tracking_number or parcel.carrier or parcel.tracking_url
    body = {"status": "DELIVERED", **({} if has_way else _tracking(action))}
    with desk.changing(action.order_id):
        desk.client.patch(f"{_PATH}/{parcel.id}", body, priority=_NOW)
    known = {one.fulfillment_id: one for one in told.known_fulfillments(desk.connection, action.order_id)}
    if parcel.id not in known or known[parcel.id].external_id is None:
        told.link(desk.connection, action.order_id, parcel.id, external_id=action.external_id, source=action.source)
    told.delivered(desk.connection, parcel.id)


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A new fulfilment, on an order as it stood."""

    action: actions.DeliverRows
    standing: Standing
    pieces: Pieces
    is_packed: bool = False

    @property
    def key(self) -> str:
        """By what it is known: the store's fulfilment, or its pieces on top of what had been shipped before."""
        if self.action.external_id is not None:
            return f"{self.action.order_id}:{self.action.external_id}"
        shipped = {row.id: row.shipped_quantity for row in self.standing.order.rows}
        parts = [f"{id_}={plain(pieces)}+{plain(shipped[id_])}" for id_, pieces in sorted(self.pieces.items())]
        digest = hashlib.sha256(",".join(parts).encode()).hexdigest()[:16]
        return f"{self.action.order_id}:{'packed' if self.is_packed else 'delivered'} {digest}"

    @property
    def body(self) -> dict[str, Any]:
        """As Katana takes it."""
        rows = {row.id: row for row in self.standing.order.rows}
        return {
            "sales_order_id": int(self.action.order_id),
            "status": "PACKED" if self.is_packed else "DELIVERED",
            "sales_order_fulfillment_rows": [self._row(rows[id_], pieces) for id_, pieces in self.pieces.items()],
            **_tracking(self.action),
        }

    def _row(self, row: HubRow, pieces: Decimal) -> dict[str, Any]:
        body: dict[str, Any] = {"sales_order_row_id": int(row.id), "quantity": written_number(pieces)}
        if row.batch_tracked:
            body["traceability"] = [
                {"batch_id": None if batch is None else int(batch), "quantity": written_number(quantity)}
                for batch, quantity in self._batches(row, pieces)
            ]
        return body

    def _batches(self, row: HubRow, pieces: Decimal) -> Iterable[tuple[str | None, Decimal]]:
        """The batches that were chosen, as far as these pieces reach; the rest is of none (FUL-4)."""
        for row_id, batch, quantity in self.action.batches:
            part = min(quantity, pieces) if row_id == row.id else ZERO
            if part > 0:
                pieces -= part
                yield batch, part
        if pieces > 0:
            yield None, pieces


def _tracking(action: actions.DeliverRows) -> dict[str, str]:
    said = {
        "tracking_number": (action.tracking_number or "")[:256],
        "tracking_carrier": action.carrier or "",
        "tracking_url": action.tracking_url if len(action.tracking_url or "") <= 2048 else "",
    }
    return {name: text for name, text in said.items() if text}


def _still_there(parcel: _Parcel, made: MadeOnce) -> str:
    """The id of what was made. Raises HubRefused where a person took it back since: it is theirs to deliver (FUL-5)."""
    is_seen = any(one.id == made.id for one in parcel.standing.fulfillments)
    is_long_ago = made.sent_at is not None and made.sent_at < datetime.now(UTC) - OVERLAP
    if is_long_ago and not is_seen and not made.is_adopted:
        raise HubRefused("somebody took back in Katana what was delivered: deliver it there")
    return made.id


def _make(desk: Desk, parcel: _Parcel) -> str:
    """Make a fulfilment once. What is ours is known to be before it is sent: it is no news to its store (FUL-13)."""
    order_id, key = parcel.action.order_id, parcel.key
    known = told.known_fulfillments(desk.connection, order_id)
    taken = {one.fulfillment_id for one in known if one.fulfillment_id and one.key != key}
    told.begin(desk.connection, parcel.action, key, parcel.pieces, is_packed=parcel.is_packed)

    def look() -> str | None:
        asked = {"sales_order_id": order_id}
        found = desk.client.matching(_PATH, asked, priority=_NOW)
        records = [readable(read_fulfillment, one) for one in found]
        same = [one.id for one in records if one.id not in taken and _pieces_of([one]) == parcel.pieces]
        free = not_taken(desk.connection, FULFILLMENT, key, same)
        return free[0] if free else None

    def send(body: Mapping[str, Any]) -> str:
        return readable(read_fulfillment, desk.client.post(_PATH, body, priority=_NOW)).id

    creation = Creation(FULFILLMENT, key, parcel.body, look, send, is_ours_alone=True)
    with desk.changing(order_id):
        try:
            made = _still_there(parcel, make_once(desk.connection, creation))
        except (Rejected, NotFound) as error:
            told.give_up(desk.connection, order_id, key)
            if isinstance(error, FieldsRejected) and any("traceability" in one for one in error.fields):
                raise HubBusy("a batch moved on meanwhile") from error
            raise
    told.end(desk.connection, order_id, key, made)
    desk.orders.forget()
    return made
