"""Whether a group of actions can be carried out in Katana, looked at before any of it is told. It writes nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from connectors.errors import HubRefused
from connectors.katana.bearing import Bearing, bearing_of
from connectors.katana.creating import Creator, refuse_places
from connectors.katana.delivering import check_pieces, known_as, split
from connectors.katana.desk import Desk, row_of
from connectors.order_names import Names
from schemas import actions
from schemas.actions import HubAction
from schemas.groups import Group
from schemas.hub import DraftRow
from schemas.katana.bearing import takes_off
from schemas.money import plain
from schemas.names import name_of_order
from schemas.orders import ZERO

_IN_KATANA: Final = "{} in Katana itself"
_REFUSED: Final = {
    actions.AddLocation: "a location is made",
    actions.ChangeLocation: "a location is changed",
    actions.RemoveLocation: "a location is removed",
    actions.ReceivePurchase: "a purchase is received",
    actions.InvoiceRows: "an invoice is made",
    actions.LockInventory: "inventory is closed",
}


@dataclass(slots=True)
class _Asked:
    """What a group asks for, taken together."""

    rows: list[tuple[str, Decimal]] = field(default_factory=list)
    added: set[str | None] = field(default_factory=set)
    has_packed: bool = False


class Trial:
    """What groups would meet, one after the other; what was looked at is taken to be done. May raise a ConnectorError.

    Of an order that is only now created no more is known than its draft.
    """

    def __init__(self, desk: Desk, creator: Creator, *, is_trial: bool) -> None:
        self._desk, self._creator, self._is_trial = desk, creator, is_trial
        self._created: set[str] = set()

    def refuse(self, group: Group, names: Names) -> Bearing:
        """What rows bear once a group is done. Raises HubRefused where an action of it cannot be."""
        if not self._is_trial:
            self._created.clear()  # by now they are there
        asked, known = _Asked(), list[HubAction]()
        for action in group.actions:
            if isinstance(action, actions.CreateOrder):
                self._creator.refuse(action.order)
                draft = action.order
                if draft.store_id is not None and draft.external_id is not None:
                    self._created.add(name_of_order(draft.store_id, draft.external_id))
            elif type(action) in _REFUSED:
                raise HubRefused(_IN_KATANA.format(_REFUSED[type(action)]))
            elif getattr(action, "order_id", "") not in self._created:
                known.append(names.with_ids(action))
                self._refuse(known[-1], asked)
        return bearing_of(self._desk, known)

    def _refuse(self, action: HubAction, asked: _Asked) -> None:  # noqa: C901 - one branch each
        match action:
            case actions.ChangeRow() | actions.DeleteRow() | actions.MoveRow():
                self._refuse_change(action)
            case actions.AddRow(order_id=order_id, row=new):
                self._refuse_row(order_id, new)
                asked.added.add(new.external_id)
            case actions.PackRows(order_id=order_id, rows=rows):
                check_pieces(self._desk.order(order_id), rows, packs=True)
                asked.has_packed = True
            case actions.DeliverRows(order_id=order_id, rows=rows, external_id=external_id):
                if known_as(self._desk.order(order_id), external_id):
                    return  # it is there already
                asked.rows += rows
                pieces = check_pieces(self._desk.order(order_id), asked.rows)
                if not asked.has_packed:
                    split(self._desk.order(order_id), pieces)
            case actions.LinkFulfillment(order_id=order_id, fulfillment_id=str(id_), external_id=external_id):
                self._refuse_link(order_id, id_, external_id)
            case actions.RemakeFulfillment(order_id=order_id, taken=taken):
                self._refuse_remake(order_id, taken)
            case actions.KeepReturn(order_id=order_id, lines=lines):
                known = self._desk.order(order_id).order.known_lines | asked.added
                if missing := sorted({line for line, _ in lines} - known):
                    raise HubRefused(f"sales order {order_id} has no row of the line {', '.join(missing)}")
            case _:
                pass

    def _refuse_change(self, action: actions.ChangeRow | actions.DeleteRow | actions.MoveRow) -> None:
        standing = self._desk.order(action.order_id)
        if isinstance(action, actions.DeleteRow) and all(row.id != action.row_id for row in standing.order.rows):
            return  # it is gone: that is done
        row = row_of(standing, action.row_id)
        if row.is_fixed:
            raise HubRefused(f"{row.label}: something of it is packed or delivered, and Katana changes none of it")
        match action:
            case actions.ChangeRow(quantity=quantity, total=total):
                if total < ZERO and row.ships:
                    raise HubRefused(f"{row.label} would be a line below zero, which Katana has not")
                if quantity <= row.gone_before or quantity < row.protected_quantity:
                    raise HubRefused(f"{row.label}: {plain(quantity)} pieces are fewer than have left or are invoiced")
            case actions.DeleteRow():
                if row.protected_quantity:
                    raise HubRefused(f"{row.label}: something of it has left, or is invoiced")
            case actions.MoveRow(location=location):
                if row.stays:
                    raise HubRefused(f"{row.label} is being made: Katana moves it nowhere")
                refuse_places(self._desk.copies, location)

    def _refuse_row(self, order_id: str, row: DraftRow) -> None:
        if self._desk.order(order_id).order.takes_no_rows:
            raise HubRefused("something of the order is packed or delivered: Katana takes no more rows on it")
        if row.total < ZERO and not takes_off(row):
            raise HubRefused(f"{row.label} is a line below zero, which Katana has not")
        refuse_places(self._desk.copies, row.location)

    def _refuse_link(self, order_id: str, fulfillment_id: str, external_id: str) -> None:
        for one in self._desk.order(order_id).order.fulfillments:
            if one.id == fulfillment_id and one.external_id in (None, external_id):
                return
        raise HubRefused(f"sales order {order_id} has no fulfilment {fulfillment_id} that no store knows yet")

    def _refuse_remake(self, order_id: str, taken: Iterable[tuple[str, str, Decimal]]) -> None:
        there = {one.id: dict(one.rows) for one in self._desk.order(order_id).order.fulfillments}
        for id_, row_id, pieces in taken:
            if there.get(id_, {}).get(row_id, ZERO) < pieces:
                raise HubRefused(f"sales order {order_id} is gone, or has no such fulfilments")
