"""The hub's order as it will stand, computed and not read: created from a draft, or once actions are carried out.

So one look decides all that it has to say on one reading. It decides nothing itself; a test holds that the built-in hub
reads back the same. From which batches a row's pieces come is not followed: no decision asks for it.
"""

from collections.abc import Iterable
from dataclasses import fields, replace
from decimal import Decimal
from functools import reduce
from typing import Final, assert_never

from schemas import actions
from schemas.actions import OrderAction
from schemas.flags import Flags
from schemas.hub import (
    DeliveryStatus,
    DraftOrder,
    DraftRow,
    HubFulfillment,
    HubMo,
    HubOrder,
    HubReturn,
    HubRow,
    Totals,
    status_of,
)
from schemas.names import name_of_order, name_of_row
from schemas.orders import ZERO

Parts = tuple[tuple[str, Decimal], ...]  # pieces by row or line

_TOTALS: Final = tuple(field.name for field in fields(Totals))
_MONEY: Final = ("quantity", "price_per_unit", "discount_percent", "tax_rate", "total", "tax")


def as_created(draft: DraftOrder) -> HubOrder:
    """The order that a draft becomes; it and its rows are named by what they are in the store."""
    if draft.store_id is None or draft.external_id is None:
        raise ValueError(f"order {draft.order_no} is of no store: it has no name before it is created")
    order = HubOrder(
        id=name_of_order(draft.store_id, draft.external_id),
        order_no=draft.order_no,
        store_id=draft.store_id,
        external_id=draft.external_id,
        status=DeliveryStatus.NOT_SHIPPED,
        currency=draft.currency,
        location=draft.location,
        rows=tuple(_as_added(row) for row in draft.rows),
        flags=Flags(billed=draft.is_paid, paid=draft.is_paid),
        exchange_rate=draft.exchange_rate,
        base_currency=draft.base_currency,
        totals=Totals(**{name: getattr(draft, name) for name in _TOTALS}),
    )
    return _followed(order)


def after(order: HubOrder, done: Iterable[OrderAction]) -> HubOrder:
    """The order once the actions are carried out in their order."""
    return reduce(_after, done, order)


def _after(order: HubOrder, action: OrderAction) -> HubOrder:  # noqa: C901, PLR0912 - one branch each
    match action:
        case actions.ChangeRow():
            money = {name: getattr(action, name) for name in _MONEY}
            return _with_row(order, action.row_id, **money)
        case actions.AddRow(row=row):
            return _followed(replace(order, rows=(*order.rows, _as_added(row))))
        case actions.DeleteRow(row_id=row_id):
            return _without_row(order, row_id)
        case actions.MoveRow(row_id=row_id, location=location):
            return _with_row(order, row_id, location=location)
        case actions.SetMoQuantity(mo_id=mo_id, quantity=quantity):
            return _with_mo(order, mo_id, quantity)
        case actions.DeleteMo(mo_id=mo_id) | actions.UnlinkMo(mo_id=mo_id):
            return _with_mo(order, mo_id, None)
        case actions.SetTotals(totals=totals):
            return replace(order, totals=totals)
        case actions.KeepReturn() | actions.DeleteReturn():
            return _with_return(order, action)
        case actions.PackRows(rows=pieces):
            return _with_pieces(order, dict(pieces), {})
        case actions.DeliverRows():
            return _delivered(order, action)
        case actions.LinkFulfillment():
            return _linked(order, action)
        case actions.RemakeFulfillment():
            return _remade(order, action)
        case actions.SetFlags(flags=flags):
            return replace(order, flags=flags)
        case _:
            assert_never(action)


# -- rows --------------------------------------------------------------------------------------------------------


def _as_added(row: DraftRow) -> HubRow:
    if row.external_id is None:
        raise ValueError(f"{row.label} stands for no line of a store: it has no name before it is there")
    return HubRow(
        id=name_of_row(row.external_id),
        external_id=row.external_id,
        variant_id=row.item if isinstance(row.item, str) else None,
        kind=row.kind,
        sku=row.sku,
        name=row.name,
        quantity=row.quantity,
        packed_quantity=row.packed_quantity,
        delivered_quantity=row.delivered_quantity,
        invoiced_quantity=ZERO,
        price_per_unit=row.price_per_unit,
        tax_rate=row.tax_rate,
        discount_percent=row.discount_percent,
        location=row.location,
        status=DeliveryStatus.NOT_SHIPPED,
        ships=row.ships,
        batch_tracked=row.batch_tracked,
        total=row.total,
        tax=row.tax,
        gone_before=row.packed_quantity + row.delivered_quantity,
    )


def _with_row(order: HubOrder, row_id: str, **changes: object) -> HubOrder:
    rows = (replace(row, **changes) if row.id == row_id else row for row in order.rows)  # type: ignore[arg-type]
    return _followed(replace(order, rows=tuple(rows)))


def _without_row(order: HubOrder, row_id: str) -> HubOrder:
    """What says something of the row goes with it."""
    line = next((row.external_id for row in order.rows if row.id == row_id), None)
    returns = (replace(one, lines=_besides(one.lines, line), rows=_besides(one.rows, row_id)) for one in order.returns)
    fulfillments = (replace(one, rows=_besides(one.rows, row_id)) for one in order.fulfillments)
    rows = tuple(row for row in order.rows if row.id != row_id)
    return _followed(replace(order, rows=rows, returns=tuple(returns), fulfillments=tuple(fulfillments)))


def _besides(parts: Parts, key: str | None) -> Parts:
    return tuple(part for part in parts if part[0] != key)


def _with_mo(order: HubOrder, mo_id: str, quantity: Decimal | None) -> HubOrder:
    """Its manufacturing order makes another quantity, or (None) has no row any more."""

    def changed(mo: HubMo | None) -> HubMo | None:
        if mo is None or mo.id != mo_id:
            return mo
        return None if quantity is None else replace(mo, quantity=quantity)

    return replace(order, rows=tuple(replace(row, mo=changed(row.mo)) for row in order.rows))


def _with_pieces(order: HubOrder, packed: dict[str, Decimal], delivered: dict[str, Decimal]) -> HubOrder:
    """Pieces by row id, packed or delivered besides; what is delivered is taken from what is packed first."""
    rows = []
    for row in order.rows:
        sent = delivered.get(row.id, ZERO)
        waiting = max(row.packed_quantity + packed.get(row.id, ZERO) - sent, ZERO)
        rows.append(replace(row, packed_quantity=waiting, delivered_quantity=row.delivered_quantity + sent))
    return _followed(replace(order, rows=tuple(rows)))


# -- the whole order ---------------------------------------------------------------------------------------------


def _followed(order: HubOrder) -> HubOrder:
    """Statuses as the pieces are; fees are delivered with the last row that ships. A status that moves raises flags."""
    shipping = [row for row in order.rows if row.ships]
    if shipping and all(row.delivered_quantity >= row.quantity for row in shipping):
        order = replace(order, rows=tuple(row if row.ships else _all_delivered(row) for row in order.rows))
    rows = tuple(replace(row, status=status_of([row])) for row in order.rows)
    status = status_of([row for row in rows if row.ships] or rows)
    if status is order.status:
        return replace(order, rows=rows)
    is_delivered = status is DeliveryStatus.DELIVERED
    flags = replace(
        order.flags,
        packed=order.flags.packed or is_delivered or status is DeliveryStatus.PACKED,
        shipped=order.flags.shipped or is_delivered,
    )
    return replace(order, rows=rows, status=status, flags=flags)


def _all_delivered(row: HubRow) -> HubRow:
    return replace(row, delivered_quantity=row.quantity, packed_quantity=ZERO)


# -- returns and fulfilments -------------------------------------------------------------------------------------


def _with_return(order: HubOrder, action: actions.ReturnAction) -> HubOrder:
    if isinstance(action, actions.DeleteReturn):
        return replace(order, returns=tuple(one for one in order.returns if one.external_id != action.external_id))
    ids = {row.external_id: row.id for row in order.rows}
    kept = HubReturn(action.external_id, action.lines, tuple((ids[line], pieces) for line, pieces in action.lines))
    returns = [kept if one.external_id == action.external_id else one for one in order.returns]
    return replace(order, returns=tuple(returns if kept in returns else [*returns, kept]))


def _delivered(order: HubOrder, action: actions.DeliverRows) -> HubOrder:
    fulfillment = HubFulfillment(
        id=_NOT_MADE_YET,
        external_id=action.external_id,
        source=action.source,
        rows=_parts(action.rows),
        tracking_number=action.tracking_number,
        carrier=action.carrier,
        tracking_url=action.tracking_url,
    )
    order = replace(order, fulfillments=(*order.fulfillments, fulfillment))
    return _with_pieces(order, {}, dict(fulfillment.rows))


_NOT_MADE_YET: Final = ""  # the id of a fulfilment that the hub has not made yet: nothing names it


def _linked(order: HubOrder, action: actions.LinkFulfillment) -> HubOrder:
    if action.fulfillment_id is None:
        is_told = action.source == "hub"
        known = HubFulfillment(_NOT_MADE_YET, action.external_id, action.source, action.rows, is_told_only=is_told)
        return replace(order, fulfillments=(*order.fulfillments, known))
    fulfillments = (
        replace(one, external_id=action.external_id) if one.id == action.fulfillment_id else one
        for one in order.fulfillments
    )
    return replace(order, fulfillments=tuple(fulfillments))


def _remade(order: HubOrder, action: actions.RemakeFulfillment) -> HubOrder:
    """Pieces go over to one fulfilment, a new one where the hub has none of that id; one that is emptied is none."""
    fulfillments = order.fulfillments
    if all(one.external_id != action.external_id for one in fulfillments):
        tracking = (action.tracking_number, action.carrier, action.tracking_url)
        fulfillments += (HubFulfillment(_NOT_MADE_YET, action.external_id, "store", (), *tracking),)
    left = []
    for one in fulfillments:
        less = [(row_id, -quantity) for from_id, row_id, quantity in action.taken if from_id == one.id]
        is_made = one.external_id == action.external_id
        more = [(row_id, quantity) for _, row_id, quantity in action.taken] if is_made else []
        rows = _parts([*one.rows, *less, *more])
        if rows or not less:
            left.append(replace(one, rows=rows))
    return replace(order, fulfillments=tuple(left))


def _parts(pieces: Iterable[tuple[str, Decimal]]) -> Parts:
    """Each row once; nothing stands for no piece."""
    found: dict[str, Decimal] = {}
    for row_id, quantity in pieces:
        found[row_id] = found.get(row_id, ZERO) + quantity
    return tuple((row_id, quantity) for row_id, quantity in found.items() if quantity > 0)
