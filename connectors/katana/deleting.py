"""A sales order taken out of Katana, behind a guard of ours: Katana would delete what is delivered too (CHG-5)."""

from typing import Final

from connectors.errors import HubBusy, Rejected
from connectors.katana.budget import Priority
from connectors.katana.creating import ORDER
from connectors.katana.desk import Desk
from connectors.katana.intents import forget
from connectors.katana.kept import mark_gone, mark_there
from connectors.katana.origins import origin_in
from connectors.katana.standing import Standing
from schemas import actions

_NOW: Final = Priority.CHANGES


def delete_order(desk: Desk, action: actions.DeleteOrder) -> str:
    """Delete an order of which nothing has left; its id. It is read right before: Katana holds nothing still.

    Raises HubBusy where somebody shipped or invoiced it since it was decided on, and what Katana says where it refuses.
    """
    standing = desk.orders.standing(action.order_id)
    if standing is not None:
        why = _why_not(standing)
        if why:
            raise HubBusy(f"sales order {action.order_id} {why} meanwhile")
        desk.orders.forget()
        _delete(desk, action.order_id)
    whose = mark_gone(desk.connection, action.order_id)
    if whose is not None:  # it may be made anew: its store may open it again
        forget(desk.connection, ORDER, origin_in(desk.connection, whose["store_id"], whose["external_id"]).key)
    return action.order_id


def _delete(desk: Desk, order_id: str) -> None:
    """Known to be ours before it is sent, so that nobody takes it for a person's (ORD-7)."""
    mark_gone(desk.connection, order_id)
    try:
        desk.client.delete(f"sales_orders/{order_id}", priority=_NOW)
    except Rejected:
        mark_there(desk.connection, order_id)
        raise


def _why_not(standing: Standing) -> str | None:
    if standing.order.has_invoice:
        return "got an invoice"
    if standing.order.is_locked:
        return "came to lie in a closed inventory period"
    if any(one.pieces for one in standing.fulfillments):
        return "was packed or delivered in part"
    return None
