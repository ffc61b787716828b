"""A store's returns in Katana, one each, with what of them was delivered there (CHG-9). It decides nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from psycopg.types.json import Jsonb

from connectors.errors import HubBusy, HubRefused, Rejected
from connectors.katana.budget import Priority
from connectors.katana.copies import OVERLAP
from connectors.katana.desk import Desk
from connectors.katana.intents import Creation, forget, forget_found, made_long_ago, make_once
from connectors.katana.reading import all_readable, readable
from connectors.katana.standing import Standing
from connectors.katana.told import known_fulfillments
from connectors.postgres import queries
from schemas import actions
from schemas.actions import Note
from schemas.groups import Made
from schemas.hub import HubRow
from schemas.katana.numbers import written_number
from schemas.katana.pages import entries
from schemas.katana.returns import (
    ReturnableRecord,
    ReturnRowRecord,
    read_return,
    read_return_row,
    read_returnable,
)
from schemas.money import plain
from schemas.orders import ZERO
from schemas.reasons import Reason

_SQL: Final = queries("fulfillments", __package__)
_NOW: Final = Priority.CHANGES
_KIND: Final = "return"  # of an intent; its key is the order's id and the store's own
_GONE: Final = "somebody deleted the return in Katana: what came back is theirs to enter"
_ROW: Final = "return row"  # its key is the return's id and the line of the fulfilment


@dataclass(frozen=True, slots=True)
class Placing:
    """Pieces of a return by the lines of fulfilments, and those of each row that no line has."""

    lines: Mapping[str, Decimal]
    short: Mapping[str, Decimal]


def keep_return(desk: Desk, action: actions.KeepReturn) -> Made:
    """Have one return for the store's, with the pieces that were delivered; its id, and a note of the others."""
    standing = desk.order(action.order_id)
    rows = {row.external_id: row for row in standing.order.rows if row.external_id is not None}
    if missing := sorted({line for line, _ in action.lines} - rows.keys()):
        raise HubRefused(f"sales order {action.order_id} has no row of the line {', '.join(missing)}")
    wanted = {rows[line].id: pieces for line, pieces in action.lines}
    items = _returnable(desk, action.order_id)
    return_id = _known(desk, action)
    there = _rows(desk, return_id) if return_id else []
    if return_id and not there and _is_gone(desk, standing, action, return_id):
        _keep(desk, action, rows, return_id, wanted)
        desk.orders.forget()
        return Made(return_id, notes=_notes(action, standing.order.rows, wanted, _GONE))
    placing = place(wanted, _lines_of(standing), items, there)
    _await_delivery(desk, standing, wanted, placing)
    if return_id is None and placing.lines:
        return_id = _make(desk, standing, action)
        there = _rows(desk, return_id)  # one that was found may have some
    refused = _settle(desk, return_id, there, placing, items) if return_id else ""
    short = wanted if refused else placing.short
    _keep(desk, action, rows, return_id, short)
    desk.orders.forget()
    return Made(return_id or "", notes=_notes(action, standing.order.rows, short, refused))


def complete(desk: Desk, order_id: str) -> None:
    """What was delivered since may come back with the returns that waited for it."""
    for row in desk.connection.execute(_SQL["kept_returns"], {"order_id": order_id}).fetchall():
        if row["lines"] != row["asked"]:
            lines = tuple((line, Decimal(pieces)) for line, pieces in row["asked"])
            keep_return(desk, actions.KeepReturn(order_id, row["external_id"], lines))


def delete_return(desk: Desk, action: actions.DeleteReturn) -> str:
    """Take a return back; what is gone already is done. Its id."""
    return_id = _known(desk, action)
    if return_id is not None:
        desk.client.delete(f"sales_returns/{return_id}", priority=_NOW)
        forget(desk.connection, _KIND, f"{action.order_id}:{action.external_id}")
    values = {"order_id": action.order_id, "external_id": action.external_id}
    desk.connection.execute(_SQL["drop_return"], values)
    desk.orders.forget()
    return return_id or ""


def place(
    wanted: Mapping[str, Decimal],
    lines: Mapping[str, Sequence[str]],
    items: Sequence[ReturnableRecord],
    there: Sequence[ReturnRowRecord],
) -> Placing:
    """Pieces by row on the lines of its fulfilments, as far as these have pieces that are in no other return."""
    free = {one.line_id: one.available for one in items}
    for one in there:
        free[one.line_id] = free.get(one.line_id, ZERO) + one.quantity
    placed, short = dict[str, Decimal](), dict[str, Decimal]()
    for row_id, pieces in wanted.items():
        left = pieces
        for line in lines.get(row_id, ()):
            part = min(left, free.get(line, ZERO))
            if part > 0:
                placed[line], left = part, left - part
        if left > 0:
            short[row_id] = left
    return Placing(placed, short)


def _await_delivery(desk: Desk, standing: Standing, wanted: Mapping[str, Decimal], placing: Placing) -> None:
    """What we delivered a moment ago can come back once Katana shows it. Raises HubBusy until then."""
    rows = {row.id: row for row in standing.order.rows}
    here = (rows[row_id].delivered_quantity - rows[row_id].gone_before >= wanted[row_id] for row_id in placing.short)
    if any(here) and any(one.is_fresh for one in known_fulfillments(desk.connection, standing.order.id)):
        until = datetime.now(UTC) + timedelta(seconds=60)
        raise HubBusy("what was delivered is not to be seen in Katana yet, and comes back then", until=until)


def _lines_of(standing: Standing) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in standing.fulfillments:
        for line_id, row_id in one.lines:
            found.setdefault(row_id, []).append(line_id)
    return found


def _returnable(desk: Desk, order_id: str) -> list[ReturnableRecord]:
    said = desk.client.get(f"sales_orders/{order_id}/returnable_items", priority=_NOW)
    return all_readable(read_returnable, readable(entries, said))


def _known(desk: Desk, action: actions.ReturnAction) -> str | None:
    values = {"order_id": action.order_id, "external_id": action.external_id}
    row = desk.connection.execute(_SQL["kept_return"], values).fetchone()
    return row["return_id"] if row else None


def _make(desk: Desk, standing: Standing, action: actions.KeepReturn) -> str:
    number = f"{standing.order.store_id}-{action.external_id}"

    def look() -> str | None:
        ours = _listed(desk, standing, action)
        return ours[-1] if ours else None  # newest first

    def send(body: Mapping[str, Any]) -> str:
        return readable(read_return, desk.client.post("sales_returns", body, priority=_NOW)).id

    place_id = standing.order.location
    if not place_id.isdecimal():
        raise HubRefused(f"sales order {action.order_id} has no location that a return could come back to")
    body = {"sales_order_id": int(action.order_id), "return_location_id": int(place_id), "order_no": number}
    key = f"{action.order_id}:{action.external_id}"
    return make_once(desk.connection, Creation(_KIND, key, body, look, send)).id


def _listed(desk: Desk, standing: Standing, action: actions.KeepReturn) -> list[str]:
    """Returns of the order that have the number of a store's."""
    asked = {"order_no": f"{standing.order.store_id}-{action.external_id}"}
    found = desk.client.matching("sales_returns", asked, priority=_NOW)
    return [one.id for one in all_readable(read_return, found) if one.order_id == action.order_id]


def _is_gone(desk: Desk, standing: Standing, action: actions.KeepReturn, return_id: str) -> bool:
    """Whether a return that we made long enough ago to be seen is there no more: a person deleted it."""
    made = made_long_ago(desk.connection, _KIND, f"{action.order_id}:{action.external_id}", OVERLAP)
    return made == return_id and return_id not in _listed(desk, standing, action)


def _rows(desk: Desk, return_id: str) -> list[ReturnRowRecord]:
    found = desk.client.matching("sales_return_rows", {"sales_return_id": return_id}, priority=_NOW)
    return all_readable(read_return_row, found)


def _settle(
    desk: Desk,
    return_id: str,
    there: Sequence[ReturnRowRecord],
    placing: Placing,
    items: Sequence[ReturnableRecord],
) -> str:
    """Bring the return's rows to where they should be; Katana's words where it does not let them."""
    variants = {one.line_id: one.variant_id for one in items}
    known = {one.line_id: one for one in there}
    try:
        for one in there:
            wanted = placing.lines.get(one.line_id, ZERO)
            if not wanted:
                desk.client.delete(f"sales_return_rows/{one.id}", priority=_NOW)
                forget_found(desk.connection, _ROW, one.id)
            elif wanted != one.quantity:
                body = {"quantity": written_number(wanted)}
                desk.client.patch(f"sales_return_rows/{one.id}", body, priority=_NOW)
        for line, pieces in placing.lines.items():
            if line not in known:
                _add_row(desk, return_id, line, {"variant_id": int(variants[line]), "quantity": written_number(pieces)})
    except Rejected as error:
        return str(error)
    return ""


def _add_row(desk: Desk, return_id: str, line: str, body: Mapping[str, Any]) -> None:
    def look() -> str | None:
        return next((one.id for one in _rows(desk, return_id) if one.line_id == line), None)

    def send(sent: Mapping[str, Any]) -> str:
        return readable(read_return_row, desk.client.post("sales_return_rows", sent, priority=_NOW)).id

    ids = {"sales_return_id": int(return_id), "fulfillment_row_id": int(line)}
    creation = Creation(_ROW, f"{return_id}:{line}", {**ids, **body}, look, send, is_ours_alone=True)
    make_once(desk.connection, creation)


def _keep(
    desk: Desk,
    action: actions.KeepReturn,
    rows: Mapping[str, HubRow],
    return_id: str | None,
    short: Mapping[str, Decimal],
) -> None:
    """What is there, and what was asked for: the same again is asked of Katana once more was delivered."""
    there = {line: pieces - short.get(rows[line].id, ZERO) for line, pieces in action.lines}
    values = {
        "order_id": action.order_id,
        "external_id": action.external_id,
        "return_id": return_id,
        "lines": Jsonb([[line, str(pieces)] for line, pieces in there.items() if pieces > 0]),
        "asked": Jsonb([[line, str(pieces)] for line, pieces in action.lines]),
        "seen": sum((rows[line].shipped_quantity for line, _ in action.lines), ZERO),
    }
    desk.connection.execute(_SQL["keep_katana_return"], values)


def _notes(
    action: actions.KeepReturn, rows: Sequence[HubRow], short: Mapping[str, Decimal], refused: str
) -> tuple[Note, ...]:
    if not short:
        return ()
    names = {row.id: row.label for row in rows}
    missing = [{"row": names[row_id], "missing": plain(pieces)} for row_id, pieces in short.items()]
    detail: dict[str, object] = {"return": action.external_id, "rows": missing}
    return (Note(Reason.RETURN_INCOMPLETE, {**detail, "problem": refused} if refused else detail),)
