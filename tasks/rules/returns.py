"""A store's returns against the hub's: one each, with its rows and quantities (CHG-9). It moves no stock and no row.

Both sides are compared as they are now, as with everything else a store changes: a return that grows in the store grows
in the hub, one that is called off goes. What was delivered stays delivered either way.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from schemas.actions import DeleteReturn, KeepReturn, Note, ReturnAction
from schemas.hub import HubOrder, HubReturn
from schemas.money import plain
from schemas.orders import ZERO, StoreOrder, StoreReturn
from schemas.reasons import Reason
from schemas.stores import Store

SWITCH: Final = "orders.returns"

_Lines = dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Returns:
    """What to do in the hub, what a person should know, and what was done in people's words."""

    actions: tuple[ReturnAction, ...] = ()
    notes: tuple[Note, ...] = ()
    done: tuple[str, ...] = ()


def follows_returns(store: Store) -> bool:
    """Whether the store's returns come to the hub."""
    return store.is_on(SWITCH)


def returned(order: StoreOrder, line: str | None, store: Store) -> Decimal:
    """The pieces of a line that the store's returns account for; none where returns do not come to the hub."""
    if not follows_returns(store):
        return ZERO
    return sum((pieces for one in order.returns for each, pieces in one.lines if each == line), ZERO)


def decide_returns(order: StoreOrder, hub_order: HubOrder) -> Returns:
    """What brings the hub's returns to where the store's are."""
    rows = {row.external_id: row.label for row in hub_order.rows if row.external_id and row.ships}
    known = {one.external_id: one for one in hub_order.returns if one.external_id is not None}
    actions: list[ReturnAction] = []
    done, unmatched = [], {}
    for one in order.returns:
        lines, strangers = _matched(one, rows)
        if strangers:
            unmatched[one.external_id] = strangers
        if lines and lines != _lines(known.get(one.external_id)):
            actions.append(KeepReturn(hub_order.id, one.external_id, tuple(lines.items())))
            pieces = ", ".join(f"{plain(count)} {rows[line]}" for line, count in lines.items())
            done.append(f"return {one.external_id}: {pieces}")
    for gone in sorted(known.keys() - {one.external_id for one in order.returns}):
        # Called off in the store: nobody is to wait for its pieces.
        actions.append(DeleteReturn(hub_order.id, gone))
        done.append(f"return {gone}: called off")
    notes = (Note(Reason.LINE_NOT_MATCHED, {"returns": unmatched}),) if unmatched else ()
    return Returns(tuple(actions), notes, tuple(done))


def _matched(one: StoreReturn, rows: dict[str, str]) -> tuple[_Lines, list[str]]:
    """The pieces that belong to a row, and the lines that belong to none: what has no row is in no hub to come back."""
    asked = {line: pieces for line, pieces in one.lines if pieces > 0}
    return {line: asked[line] for line in asked if line in rows}, sorted(asked.keys() - rows.keys())


def _lines(known: HubReturn | None) -> _Lines:
    return dict(known.lines) if known else {}
