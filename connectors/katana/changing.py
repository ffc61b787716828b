"""A store's changes to the rows of an imported order, carried out in Katana (SPEC chapter 5). It decides nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from connectors.errors import HubRefused
from connectors.katana.bearing import Bearing, below_id
from connectors.katana.budget import Priority
from connectors.katana.creating import refuse_places
from connectors.katana.delivering import deliver_rows
from connectors.katana.desk import Desk, row_of
from connectors.katana.fees import fee_row
from connectors.katana.kept import KeptRow, changed, drop_row, keep_row, kept_fee, kept_row, row_written
from connectors.katana.late import written
from connectors.katana.standing import Standing
from schemas import actions
from schemas.actions import HubAction
from schemas.groups import Made
from schemas.hub import DraftRow, HubOrder, HubRow, NewItem
from schemas.hub_search import Links
from schemas.katana.bearing import takes_off
from schemas.katana.numbers import written_number
from schemas.katana.order import RowRecord
from schemas.katana.order_json import SentFee
from schemas.money import round_money
from schemas.orders import ZERO

_NOW: Final = Priority.CHANGES
_MONEY: Final = ("quantity", "price_per_unit", "discount_percent", "tax_rate", "total", "tax")


def change_row(desk: Desk, action: actions.ChangeRow, bearing: Bearing) -> str:
    """Give a row another quantity or other money: what is the same is not sent (CHG-1). The row's id."""
    standing = desk.order(action.order_id)
    row = row_of(standing, action.row_id)
    changes = {name: getattr(action, name) for name in _MONEY}
    if standing.is_below(row.id) != takes_off(replace(row, **changes)):  # Katana has only rows above zero
        item = row.variant_id or NewItem(row.name, row.kind, sku=row.sku)
        shared = ("external_id", "kind", "sku", "name", "location", "ships", "batch_tracked")
        draft = DraftRow(item=item, **changes, **{name: getattr(row, name) for name in shared})
        delete_row(desk, actions.DeleteRow(action.order_id, row.id))
        return add_row(desk, actions.AddRow(action.order_id, draft), bearing, borne=bearing.rows.get(row.id, ZERO)).id
    _write(desk, action.order_id, row.id, changes, bearing)
    return row.id


def bear_first(desk: Desk, bearing: Bearing) -> None:
    """Rows that nobody changes bear more or less of charges below zero from now on."""
    for row in bearing.moved:
        _write(desk, bearing.order_id, row.id, {name: getattr(row, name) for name in _MONEY}, bearing)


def _write(desk: Desk, order_id: str, row_id: str, changes: Mapping[str, Decimal], bearing: Bearing) -> None:
    standing, known = desk.order(order_id), desk.kept(row_id)
    row = row_of(standing, row_id)
    borne = bearing.rows.get(row_id, known.borne if known else ZERO)
    kept = changed(row, known, changes, standing.order.currency, borne=borne)
    if fee_id := standing.fee_id(row_id):
        _change_fee(desk, standing, fee_id, kept)
    body = _changes(desk, standing, row, kept) if standing.has(row_id) else {}
    if body:
        with desk.changing(order_id):
            desk.client.patch(f"sales_order_rows/{row.id}", body, priority=_NOW)
    with desk.connection.transaction():
        keep_row(desk.connection, order_id, row.id, external_id=row.external_id, kept=kept)
        if body:
            row_written(desk.connection, row.id, written(_record(standing, row.id), body).json)
    desk.orders.forget()


def _change_fee(desk: Desk, standing: Standing, fee_id: str, kept: KeptRow) -> None:
    was, fee = standing.kept[fee_row(fee_id)], standing.record.fee
    if fee is None or (fee.amount, was.tax_rate) != (kept.sent_total, kept.tax_rate):
        sent = SentFee(kept.sent_total, desk.goods.tax_rate(kept.tax_rate), kept.name)
        with desk.changing(standing.order.id):
            desk.fees.change(fee_id, sent)
        if fee is not None:
            row_written(desk.connection, fee_row(fee_id), {"fee": [str(fee.amount), str(kept.sent_total)]})


def _changes(desk: Desk, standing: Standing, row: HubRow, kept: KeptRow) -> dict[str, Any]:
    stands = _record(standing, row.id)
    discount = round_money(kept.sent_quantity * kept.price_per_unit - kept.sent_total, standing.order.currency)
    body: dict[str, Any] = {}
    if kept.sent_quantity != stands.quantity:
        body["quantity"] = written_number(kept.sent_quantity)
    if written_number(kept.price_per_unit) != written_number(stands.price_per_unit):
        body["price_per_unit"] = written_number(kept.price_per_unit)
    if max(ZERO, discount) != stands.discount:
        body["total_discount"] = written_number(max(ZERO, discount))
    if kept.tax_rate != row.tax_rate:
        body["tax_rate_id"] = int(desk.goods.tax_rate(kept.tax_rate))
    return body


def add_row(desk: Desk, action: actions.AddRow, bearing: Bearing, *, borne: Decimal = ZERO) -> Made:
    """A row after the others, once (CHG-2); one below zero is written down, and its others bear it."""
    standing = desk.order(action.order_id)
    order, row = standing.order, action.row
    if desk.fees.is_fee(row):
        return Made(_add_fee(desk, standing, row, bearing.lines.get(row.external_id, borne)))
    if takes_off(row):
        row_id = below_id(action.order_id, row)
        keep_row(desk.connection, action.order_id, row_id, external_id=row.external_id, kept=kept_row(row, None))
        desk.orders.forget()
        return Made(row_id)
    borne = bearing.lines.get(row.external_id, borne)
    rest = replace(row, total=row.total - borne)
    sent = desk.rows.sent(rest, order.currency, order.store_id)
    line = _line(order, row)
    if gone := desk.rows.is_gone(action.order_id, line, {one.id for one in standing.record.rows}):
        drop_row(desk.connection, gone)
        desk.rows.forget(gone)
    with desk.changing(action.order_id):
        row_id = desk.rows.make(action.order_id, line, sent)
    kept = kept_row(row, rest, borne=borne)
    keep_row(desk.connection, action.order_id, row_id, external_id=row.external_id, kept=kept)
    desk.orders.forget()
    is_linked = isinstance(row.item, NewItem) and row.item.key and not (row.item.sku or "").strip()
    return Made(row_id, Links({row.item.key: sent.variant_id} if is_linked else {}))  # type: ignore[union-attr,dict-item]


def _add_fee(desk: Desk, standing: Standing, row: DraftRow, borne: Decimal) -> str:
    """Shipping that is no row: a fee of its own."""
    order_id, line = standing.order.id, _line(standing.order, row)
    if gone := desk.fees.forget_gone(order_id, line):
        drop_row(desk.connection, fee_row(gone))
    with desk.changing(order_id):
        fee_id = desk.fees.make(order_id, line, desk.fees.sent(replace(row, total=row.total - borne)))
    kept = kept_fee(row, borne=borne, fee_id=fee_id)
    keep_row(desk.connection, order_id, fee_row(fee_id), external_id=row.external_id, kept=kept)
    desk.orders.forget()
    return fee_row(fee_id)


def _line(order: HubOrder, row: DraftRow) -> str:
    """By what a new row is known: its line, and the row that it comes in place of, where that is still there."""
    line = row.external_id or f"#{row.label}"
    before = next((one.id for one in order.rows if one.external_id == row.external_id), None)
    return f"{line}:{before}" if before else line


def in_order(desk: Desk, group: Sequence[HubAction], bearing: Bearing) -> list[HubAction]:
    """A group's actions; of an order that would lose its last row the new ones come first: it may not let it go.

    What is below zero comes last: until then its others can be seen to bear something else.
    """
    return sorted(_new_first(desk, group), key=bearing.is_last)


def _new_first(desk: Desk, group: Sequence[HubAction]) -> list[HubAction]:
    gone = {action.row_id for action in group if isinstance(action, actions.DeleteRow)}
    added = [action for action in group if isinstance(action, actions.AddRow)]
    if not (gone and added) or any(row.id not in gone for row in desk.order(added[0].order_id).record.rows):
        return list(group)
    return [*added, *(action for action in group if not isinstance(action, actions.AddRow))]


def delete_row(desk: Desk, action: actions.DeleteRow) -> str:
    """Take a row off; what is gone already is done (CHG-3). The row's id."""
    standing = desk.order(action.order_id)
    if any(row.id == action.row_id for row in standing.record.rows):
        with desk.changing(action.order_id):
            desk.client.delete(f"sales_order_rows/{action.row_id}", priority=_NOW)
    elif fee_id := standing.fee_id(action.row_id):
        with desk.changing(action.order_id):
            desk.fees.delete(fee_id)
    with desk.connection.transaction():
        drop_row(desk.connection, action.row_id)
        desk.rows.forget(action.row_id)
    desk.orders.forget()
    if fees := _waiting_fees(standing, but=action.row_id):
        deliver_rows(desk, actions.DeliverRows(action.order_id, fees, "store"))
    return action.row_id


def _waiting_fees(standing: Standing, *, but: str) -> tuple[tuple[str, Decimal], ...]:
    """What is not sent, where all that is was delivered, and the last row that waited goes: Katana would wait on."""
    rows = [row for row in standing.order.rows if row.id != but and not standing.is_below(row.id)]
    if not any(row.delivered_quantity for row in rows if row.ships):
        return ()
    if any(row.delivered_quantity < row.quantity for row in rows if row.ships):
        return ()
    left = ((row.id, row.quantity - row.delivered_quantity) for row in rows if not row.ships)
    return tuple(part for part in left if part[1] > 0)


def move_row(desk: Desk, action: actions.MoveRow) -> str:
    """Ship a row from another location (CHG-7). The row's id."""
    refuse_places(desk.copies, action.location)
    standing = desk.order(action.order_id)
    row = row_of(standing, action.row_id)
    body = {"location_id": int(action.location)}
    with desk.changing(action.order_id):
        desk.client.patch(f"sales_order_rows/{row.id}", body, priority=_NOW)
    if kept := desk.kept(row.id):
        moved = replace(kept, location=action.location)
        with desk.connection.transaction():
            keep_row(desk.connection, action.order_id, row.id, external_id=row.external_id, kept=moved)
            row_written(desk.connection, row.id, written(_record(standing, row.id), body).json)
    desk.orders.forget()
    return row.id


def _record(standing: Standing, row_id: str) -> RowRecord:
    for one in standing.record.rows:
        if one.id == row_id:
            return one
    raise HubRefused(f"all of row {row_id} had left before its order came to Katana")
