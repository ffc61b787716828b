"""What stores know of an order's fulfilments, and how far it is, written in the built-in hub. It delivers nothing."""

from dataclasses import asdict
from typing import Any, Final, assert_never

from connectors.errors import HubRefused
from connectors.postgres import Connection, queries
from schemas import actions

_SQL: Final = queries("fulfillments", __package__)


FulfillmentAction = actions.LinkFulfillment | actions.RemakeFulfillment | actions.SetFlags


def carry_out(connection: Connection, action: FulfillmentAction) -> str:
    """Carry one action out; the id of what it made or touched. Raises HubRefused and psycopg's errors."""
    match action:
        case actions.LinkFulfillment(fulfillment_id=None):
            return keep_fulfillment(connection, action)
        case actions.LinkFulfillment():
            return link_fulfillment(connection, action)
        case actions.RemakeFulfillment():
            return remake_fulfillment(connection, action)
        case actions.SetFlags():
            return set_flags(connection, action)
        case _:
            assert_never(action)


def link_fulfillment(connection: Connection, action: actions.LinkFulfillment) -> str:
    """Have one of the order's fulfilments known by the store's id; its own id (FUL-13)."""
    refusal = f"sales order {action.order_id} has no fulfilment {action.fulfillment_id} that no store knows yet"
    return _id(connection, "link_fulfillment", asdict(action), refusal)


def keep_fulfillment(connection: Connection, action: actions.LinkFulfillment) -> str:
    """Remember a fulfilment of the store's, or one that it was told of; its id (FUL-7, FUL-14)."""
    values = {
        "order_id": action.order_id,
        "external_id": action.external_id,
        "source": action.source,
        "row_ids": [row_id for row_id, _ in action.rows],
        "quantities": [quantity for _, quantity in action.rows],
    }
    return _id(connection, "keep_fulfillment", values, f"sales order {action.order_id} is gone, or has no such rows")


def remake_fulfillment(connection: Connection, action: actions.RemakeFulfillment) -> str:
    """Let pieces go over to the fulfilment that the store made of those that it called off; its id (FUL-7)."""
    values = asdict(action) | {
        "fulfillments": [fulfillment_id for fulfillment_id, _, _ in action.taken],
        "row_ids": [row_id for _, row_id, _ in action.taken],
        "quantities": [quantity for _, _, quantity in action.taken],
    }
    refusal = f"sales order {action.order_id} is gone, or has no such fulfilments"
    made = _id(connection, "remake_fulfillment", values, refusal)
    connection.execute(_SQL["forget_empty_fulfillments"], values)
    return made


def set_flags(connection: Connection, action: actions.SetFlags) -> str:
    """Write all six flags of an order; the order's id (FUL-6)."""
    values = {"order_id": action.order_id, **asdict(action.flags)}
    return _id(connection, "set_flags", values, f"sales order {action.order_id} is gone")


def _id(connection: Connection, statement: str, values: dict[str, Any], refusal: str) -> str:
    done = connection.execute(_SQL[statement], values).fetchone()
    if done is None:
        raise HubRefused(refusal)
    return str(done["id"])
