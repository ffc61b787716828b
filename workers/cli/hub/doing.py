"""What a person does with a sales order of the built-in hub, by a command or a button: whole or not at all, journaled.

The order must be one that the hub's `unit` holds still. Everything raises Failed, and HubRefused for the hub's guards.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import Connection, journal
from schemas.actions import DeleteOrder, DeliverRows, HubAction, InvoiceRows, PackRows
from schemas.hub import HubOrder, HubRow
from schemas.journal import Action, Line, Outcome
from schemas.money import plain
from schemas.orders import ZERO
from tasks.rules.stitch import pack_all, set_flags
from workers.cli.output import Failed


class HubDesk:
    """The built-in hub on one connection, and the connection: what is done at it is journaled there."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.hub = BuiltinHub(connection)


Chosen = Sequence[tuple[str, Decimal]]  # pieces by the ids of rows

PACKED: Final = "packed"
MARKS: Final = ("paid", PACKED, "closed", "voided")


# -- which pieces ------------------------------------------------------------------------------------------------------


def to_pack(row: HubRow) -> Decimal:
    """Pieces that may be packed; fees and shipping are not: they go with the rest."""
    return row.quantity - row.packed_quantity - row.delivered_quantity if row.ships else ZERO


def to_deliver(row: HubRow) -> Decimal:
    """Pieces that may be delivered."""
    return row.quantity - row.delivered_quantity


def to_invoice(row: HubRow) -> Decimal:
    """Pieces that no invoice has."""
    return row.quantity - row.invoiced_quantity


def all_left(found: HubOrder, left: Callable[[HubRow], Decimal], *, done: str) -> Chosen:
    """All that is left."""
    chosen = tuple((row.id, left(row)) for row in found.rows if left(row))
    if not chosen:
        raise Failed(f"order {found.order_no}: everything is {done} already")
    return chosen


def of_rows(found: HubOrder, asked: Mapping[str, Decimal], left: Callable[[HubRow], Decimal], *, done: str) -> Chosen:
    """Pieces of single rows, by their ids."""
    rows = {row.id: row for row in found.rows}
    for row_id, quantity in asked.items():
        if row_id not in rows:
            raise Failed(f"order {found.order_no} has no such row")
        if quantity > (most := left(rows[row_id])):
            raise Failed(f"{rows[row_id].label}: {plain(quantity)} cannot be {done}, {plain(most)} are left")
    chosen = tuple((row.id, asked[row.id]) for row in found.rows if asked.get(row.id))
    if not chosen:
        raise Failed("no pieces were named")
    return chosen


# -- what is done with them --------------------------------------------------------------------------------------------


def pack(desk: HubDesk, found: HubOrder, chosen: Chosen) -> str:
    """Pack pieces; what was done, as a sentence."""
    desk.hub.carry_out([PackRows(found.id, tuple(chosen))])
    _write(desk.connection, found, Outcome.PACKED, rows=_pieces(found, chosen))
    return _moved(desk, found, chosen, "Packed")


def deliver(desk: HubDesk, found: HubOrder, chosen: Chosen, **tracking: Any) -> str:
    """Deliver pieces as one fulfilment; what was done, as a sentence."""
    desk.hub.carry_out([DeliverRows(found.id, tuple(chosen), source="hub", **tracking)])
    _write(desk.connection, found, Outcome.DELIVERED, rows=_pieces(found, chosen))
    return _moved(desk, found, chosen, "Delivered")


def invoice(desk: HubDesk, found: HubOrder, rows: Sequence[HubRow]) -> tuple[str, list[str]]:
    """Invoice what is not invoiced of some rows; the invoice's number, and what people call the rows."""
    (number,) = desk.hub.carry_out([InvoiceRows(found.id, tuple(row.id for row in rows))])
    names = list(dict.fromkeys(row.label for row in rows if to_invoice(row) > 0))
    _write(desk.connection, found, Outcome.INVOICED, invoice=number, rows=names)
    return number, names


def delete(desk: HubDesk, found: HubOrder, who: str) -> None:
    """Delete an order; the hub journals it, and a store's order is remembered as deleted by whom (ORD-7)."""
    desk.hub.carry_out([DeleteOrder(found.id, who)])


def mark(desk: HubDesk, found: HubOrder, word: str, *, is_set: bool) -> None:
    """Mark an order as paid, packed, closed or voided, or take a mark off; what is packed stays packed."""
    desk.hub.carry_out(_marking(found, word) if is_set else _unmarking(found, word))
    _write(desk.connection, found, Outcome.MARKED, marks=[word if is_set else f"not {word}"])


def _marking(found: HubOrder, word: str) -> tuple[HubAction, ...]:
    packing = pack_all(found) if word == PACKED else ()
    flags = replace(found.flags, **{word: True})
    actions: tuple[HubAction, ...] = (
        *packing,
        *set_flags(found, replace(flags, billed=flags.billed or word == "paid")),
    )
    if not actions:
        raise Failed(f"order {found.order_no} is {word} already")
    return actions


def _unmarking(found: HubOrder, word: str) -> tuple[HubAction, ...]:
    if word == PACKED:
        raise Failed(
            f"order {found.order_no}: what is packed stays packed; adjust the stock if it is back on the shelf"
        )
    actions = set_flags(found, replace(found.flags, **{word: False}))
    if not actions:
        raise Failed(f"order {found.order_no} is not {word}")
    return actions


def _moved(desk: HubDesk, found: HubOrder, chosen: Chosen, done: str) -> str:
    now = desk.hub.order(found.id)
    state = f", which is {now.status} now" if now else ""
    return f"{done} {', '.join(_pieces(found, chosen))} of order {found.order_no}{state}."


def _pieces(found: HubOrder, chosen: Chosen) -> list[str]:
    names = {row.id: row.label for row in found.rows}
    return [f"{plain(quantity)} × {names[row_id]}" for row_id, quantity in chosen]


def _write(connection: Connection, found: HubOrder, outcome: Outcome, **detail: object) -> None:
    line = Line(Action.HANDLE, outcome, detail={"order_no": found.order_no, **detail})
    journal.add(connection, line, store_id=found.store_id, external_id=found.external_id)
