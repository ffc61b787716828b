"""What is made for rows in Katana: manufacturing orders, as far as a store's changes move them (CHG-1, CHG-3)."""

from collections.abc import Mapping
from typing import Any, Final

from connectors.errors import HubBusy, HubRefused, NotFound, Rejected
from connectors.katana.budget import Priority
from connectors.katana.desk import Desk, row_of
from connectors.katana.intents import Creation, make_once
from connectors.katana.reading import readable
from schemas import actions
from schemas.hub import MoStatus
from schemas.katana.numbers import written_number
from schemas.katana.order import MoRecord, read_mo

_NOW: Final = Priority.CHANGES
_KIND: Final = "manufacturing order"  # of an intent; its key is the row's id

MoAction = actions.CreateMo | actions.SetMoStatus | actions.SetMoQuantity | actions.DeleteMo | actions.UnlinkMo


def carry_out(desk: Desk, action: MoAction) -> str:
    """Carry one action out; the manufacturing order's id. Raises HubBusy where it moved on since it was looked at."""
    desk.orders.forget()
    match action:
        case actions.CreateMo():
            return create_mo(desk, action)
        case actions.SetMoQuantity(mo_id=mo_id, quantity=quantity):
            _set(desk, mo_id, planned_quantity=written_number(quantity))
        case actions.SetMoStatus(mo_id=mo_id, status=status):
            _set(desk, mo_id, is_begun_too=True, status=str(status))
        case actions.DeleteMo(mo_id=mo_id):
            _delete(desk, mo_id)
        case actions.UnlinkMo(mo_id=mo_id):
            mo = _read(desk, mo_id)
            if mo is not None:
                _unlink(desk, mo)
    return action.mo_id


def create_mo(desk: Desk, action: actions.CreateMo) -> str:
    """Have a row made, once. Katana makes as many pieces as the row has."""
    row = row_of(desk.order(action.order_id), action.row_id)
    if row.quantity <= row.shipped_quantity:
        raise HubRefused(f"{row.label} is shipped: there is nothing left to make")

    def look() -> str | None:
        now = desk.orders.standing(action.order_id)
        return next((one.mo_id for one in now.record.rows if one.id == row.id), None) if now else None

    def send(body: Mapping[str, Any]) -> str:
        return readable(read_mo, desk.client.post("manufacturing_order_make_to_order", body, priority=_NOW)).id

    body = {"sales_order_row_id": int(row.id), "create_subassemblies": False}
    made = make_once(desk.connection, Creation(_KIND, row.id, body, look, send)).id
    desk.orders.forget()
    return made


def _set(desk: Desk, mo_id: str, *, is_begun_too: bool = False, **changes: Any) -> None:
    """Change what is otherwise; the notes are sent back, since Katana would wipe them (KAT-3)."""
    said = _ask(desk, mo_id)
    mo = readable(read_mo, said) if said else None
    if mo is None or not (is_begun_too or mo.is_not_started):
        raise HubBusy(f"manufacturing order {mo_id} moved on meanwhile")
    if mo.status == MoStatus.DONE and changes.get("status") not in (None, MoStatus.DONE):
        raise HubRefused(f"manufacturing order {mo_id} is done")
    if changes.get("planned_quantity") == mo.quantity or changes.get("status") == mo.status:
        return
    body = {**changes, "additional_info": said.get("additional_info") or None}
    desk.client.patch(f"manufacturing_orders/{mo_id}", body, priority=_NOW)


def _delete(desk: Desk, mo_id: str) -> None:
    mo = _read(desk, mo_id)
    if mo is None:
        return
    if not mo.is_not_started:
        raise HubBusy(f"manufacturing order {mo_id} moved on meanwhile")
    try:
        desk.client.delete(f"manufacturing_orders/{mo_id}", priority=_NOW)
    except Rejected:
        _unlink(desk, mo)
        desk.client.delete(f"manufacturing_orders/{mo_id}", priority=_NOW)


def _unlink(desk: Desk, mo: MoRecord) -> None:
    if mo.row_id is not None:
        body = {"sales_order_row_id": int(mo.row_id)}
        desk.client.tell("manufacturing_order_unlink", body, priority=_NOW)


def _read(desk: Desk, mo_id: str) -> MoRecord | None:
    said = _ask(desk, mo_id)
    return readable(read_mo, said) if said else None


def _ask(desk: Desk, mo_id: str) -> Any:
    """A manufacturing order as Katana says it; None where it is gone."""
    try:
        return desk.client.get(f"manufacturing_orders/{mo_id}", priority=_NOW)
    except NotFound:
        return None
