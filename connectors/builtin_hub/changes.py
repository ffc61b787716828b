"""A store's changes to an imported order, carried out in the built-in hub (SPEC chapter 5). It decides nothing."""

from dataclasses import asdict
from typing import Any, Final, assert_never

from connectors.builtin_hub.rows import row_values
from connectors.errors import HubBusy, HubRefused
from connectors.postgres import Connection, queries
from schemas import actions
from schemas.groups import Made
from schemas.hub import Totals
from schemas.hub_search import Links

_SQL: Final = queries("changes", __package__)


def carry_out(connection: Connection, action: actions.KnownRowAction) -> str:
    """Carry one action out; the id of what it made or touched. Raises HubRefused, HubBusy and psycopg's errors."""
    match action:
        case actions.ChangeRow():
            return _row(connection, "change_row", asdict(action))
        case actions.DeleteRow():
            return _row(connection, "delete_row", asdict(action))
        case actions.MoveRow():
            return _row(connection, "move_row", asdict(action))
        case actions.SetMoQuantity():
            return _mo(connection, "set_mo_quantity", asdict(action))
        case actions.DeleteMo():
            return _mo(connection, "delete_mo", asdict(action))
        case actions.UnlinkMo():
            return _mo(connection, "unlink_mo", asdict(action))
        case actions.SetTotals():
            return set_totals(connection, action.order_id, action.totals)
        case actions.KeepReturn() | actions.DeleteReturn():
            return carry_out_return(connection, action)
        case _:
            assert_never(action)


def add_row(connection: Connection, action: actions.AddRow) -> Made:
    """Write a row after the others of its order, its item first where that is new (CHG-2)."""
    order = connection.execute(_SQL["order_store"], {"order_id": action.order_id}).fetchone()
    if order is None:
        raise HubRefused(f"sales order {action.order_id} is gone")
    values = {"variant_id": None, **row_values(action.row, 0, order["store_id"]), **order, "order_id": action.order_id}
    if "made_for" in values:
        (item,) = connection.execute(_SQL["keep_item"], values).fetchall()
        values["variant_id"] = item["id"]
    link = values.get("item_link")
    return Made(_row(connection, "add_row", values), Links({link: str(values["variant_id"])} if link else {}))


def set_totals(connection: Connection, order_id: str, totals: Totals) -> str:
    """Write the order's money anew; the order's id."""
    done = connection.execute(_SQL["set_totals"], {"order_id": order_id, **asdict(totals)}).fetchone()
    if done is None:
        raise HubRefused(f"sales order {order_id} is gone")
    return str(done["id"])


def carry_out_return(connection: Connection, action: actions.ReturnAction) -> str:
    """Write a store's return, or what it holds now, or delete it; the return's id (CHG-9)."""
    if isinstance(action, actions.DeleteReturn):
        return _return(connection, "delete_return", asdict(action))
    lines = [line for line, _ in action.lines]
    values = {"order_id": action.order_id, "lines": lines}
    found = connection.execute(_SQL["returned_rows"], values).fetchall()
    if len(found) < len(lines):
        missing = sorted(set(lines) - {row["external_id"] for row in found})
        raise HubRefused(f"sales order {action.order_id} has no row of the line {', '.join(missing)}")
    asked = {"external_id": action.external_id, "quantities": [pieces for _, pieces in action.lines], **values}
    return _return(connection, "keep_return", asked)


def _return(connection: Connection, statement: str, values: dict[str, Any]) -> str:
    done = connection.execute(_SQL[statement], values).fetchone()
    if done is None:
        raise HubRefused(f"sales order {values['order_id']} has no return {values['external_id']}")
    return str(done["id"])


def _row(connection: Connection, statement: str, values: dict[str, Any]) -> str:
    done = connection.execute(_SQL[statement], values).fetchone()
    if done is None:
        raise HubRefused(f"sales order {values['order_id']} has no row {values['row_id']}")
    return str(done["id"])


def _mo(connection: Connection, statement: str, values: dict[str, Any]) -> str:
    done = connection.execute(_SQL[statement], values).fetchone()
    if done is None:
        # It was started or taken away since the decision: the next look decides on what is there then.
        raise HubBusy(f"manufacturing order {values['mo_id']} moved on meanwhile")
    return str(done["id"])
