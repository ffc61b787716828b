"""The ids of orders and rows that actions name by what they are in their store, for any hub. It writes nothing."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from connectors.errors import HubRefused
from schemas import actions
from schemas.actions import HubAction
from schemas.hub import DraftOrder
from schemas.names import line_named, name_of_order, order_named


class KnownNames(Protocol):
    """Where a hub looks names up."""

    def order_of(self, store_id: int, external_id: str) -> str | None:
        """The id of a store's order; None where there is none."""

    def rows_of(self, order_id: str, lines: list[str]) -> dict[str, str]:
        """The ids of those of its rows that lines stand for."""


class Names:
    """The ids behind the names of one `apply`; of an order that is created in it, from then on."""

    def __init__(self, known: KnownNames) -> None:
        self._known = known
        self._orders: dict[str, str] = {}

    def remember(self, draft: DraftOrder, order_id: str) -> None:
        """An order has just been created."""
        if draft.store_id is not None and draft.external_id is not None:
            self._orders[name_of_order(draft.store_id, draft.external_id)] = order_id

    def with_ids(self, action: HubAction) -> HubAction:
        """The action with the hub's own ids in place of names. Raises HubRefused where there is none."""
        match action:
            case actions.PackRows() | actions.LinkFulfillment():
                order_id, ids = self._ids(action.order_id, (row for row, _ in action.rows))
                return replace(action, order_id=order_id, rows=tuple((ids[row], pieces) for row, pieces in action.rows))
            case actions.DeliverRows():
                order_id, ids = self._ids(action.order_id, (row for row, _ in action.rows))
                rows = tuple((ids[row], pieces) for row, pieces in action.rows)
                batches = tuple((ids.get(row, row), batch, pieces) for row, batch, pieces in action.batches)
                return replace(action, order_id=order_id, rows=rows, batches=batches)
            case actions.RemakeFulfillment():
                order_id, ids = self._ids(action.order_id, (row for _, row, _ in action.taken))
                taken = tuple((fulfillment, ids[row], pieces) for fulfillment, row, pieces in action.taken)
                return replace(action, order_id=order_id, taken=taken)
            case actions.InvoiceRows():
                order_id, ids = self._ids(action.order_id, action.row_ids)
                return replace(action, order_id=order_id, row_ids=tuple(ids[row] for row in action.row_ids))
            case actions.ChangeRow() | actions.DeleteRow() | actions.MoveRow() | actions.CreateMo():
                order_id, ids = self._ids(action.order_id, [action.row_id])
                return replace(action, order_id=order_id, row_id=ids[action.row_id])
            case actions.AddRow() | actions.SetTotals() | actions.SetFlags() | actions.DeleteOrder():
                return replace(action, order_id=self._order_id(action.order_id))
            case actions.KeepReturn() | actions.DeleteReturn():
                return replace(action, order_id=self._order_id(action.order_id))
            case _:
                return action

    def _ids(self, order: str, rows: Iterable[str]) -> tuple[str, dict[str, str]]:
        """The order's id, and its rows' ids by their names; what is an id already is not looked up."""
        order_id, names = self._order_id(order), list(rows)
        lines = {name: line for name in names if (line := line_named(name)) is not None}
        if not lines:
            return order_id, {name: name for name in names}
        found = self._known.rows_of(order_id, list(lines.values()))
        if missing := sorted(set(lines.values()) - found.keys()):
            raise HubRefused(f"sales order {order_id} has no row of the line {', '.join(missing)}")
        return order_id, {name: found[lines[name]] if name in lines else name for name in names}

    def _order_id(self, name: str) -> str:
        key = order_named(name)
        if key is None:
            return name
        if name not in self._orders:
            found = self._known.order_of(*key)
            if found is None:
                raise HubRefused(f"order {key[1]} of the store is not in the hub")
            self._orders[name] = found
        return self._orders[name]
