"""What a store changed on an imported order, against the hub's order (CHG-1…9). It maps nothing and applies nothing.

Both sides are compared as they are now; what the store said in between does not matter. So the hub's order ends where
one look at the store's last state would have ended, however often and in whatever order its news arrived (CHG-8).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from schemas.actions import (
    AddRow,
    ChangeAction,
    ChangeRow,
    DeleteOrder,
    DeleteRow,
    Detail,
    MoveRow,
    Note,
    OrderAction,
    SetFlags,
    SetTotals,
)
from schemas.hub import DeliveryStatus, DraftRow, HubMatches, HubOrder, HubRow, Totals
from schemas.money import plain
from schemas.orders import ZERO, StoreOrder
from schemas.reasons import Reason
from schemas.stores import Store
from tasks.rules import money
from tasks.rules.after import after
from tasks.rules.cancellation import (
    given_back,
    has_left,
    is_voided,
    sent_by_store,
    take_back,
    what_left,
    why_taken_back,
    with_quantity,
)
from tasks.rules.manufacturing import follow_mo, part_from_mo
from tasks.rules.mapping import Layout, build_rows, left_out_notes, mismatch_note
from tasks.rules.places import hub_location, location_notes
from tasks.rules.returns import decide_returns, follows_returns, returned


@dataclass(frozen=True, slots=True)
class Changes:
    """What to do in the hub, what a person should know, and what was done in people's words."""

    actions: tuple[ChangeAction | DeleteOrder | SetFlags, ...] = ()
    notes: tuple[Note, ...] = ()
    done: tuple[str, ...] = ()

    @property
    def on_order(self) -> tuple[OrderAction, ...]:
        """What is done to an order that stays."""
        return tuple(action for action in self.actions if not isinstance(action, DeleteOrder))

    @property
    def deletes(self) -> Reason | None:
        """Why the hub's order goes, None where it stays."""
        return next((action.reason for action in self.actions if isinstance(action, DeleteOrder)), None)


@dataclass(frozen=True, slots=True)
class _Step:
    """A row and what becomes of it; `put` takes its place. `held` is what stays against the store's word (CHG-4)."""

    before: HubRow
    after: HubRow | None
    put: DraftRow | None = None
    held: Detail | None = None


@dataclass(frozen=True, slots=True)
class _Look:
    """The two sides; `wanted` are the store's rows by external id, `sent` and `back` pieces by row id."""

    order: StoreOrder
    hub_order: HubOrder
    store: Store
    wanted: Mapping[str | None, DraftRow]
    sent: Mapping[str, Decimal]  # in the store's fulfilments, whatever was refunded since
    back: Mapping[str, Decimal]  # of these, off the store's lines since
    is_taken_back: bool


def follows_changes(store: Store) -> bool:
    """Whether anything that changes on the store's orders comes to the hub (SPEC chapter 5)."""
    return _follows_lines(store) or follows_returns(store)


def _follows_lines(store: Store) -> bool:
    return store.platform.changes_travel and store.is_on("orders.changes")


def decide_changes(order: StoreOrder, hub_order: HubOrder, *, store: Store, matches: HubMatches) -> Changes:
    """What brings the hub's order to where the store's is, as far as nothing of it is shipped or invoiced yet."""
    changes = _decide_lines(order, hub_order, store=store, matches=matches) if _follows_lines(store) else Changes()
    if changes.deletes:
        return changes
    if _follows_lines(store):
        changes = _joined(changes, _decide_paid(order, after(hub_order, changes.on_order), store))
    if follows_returns(store):
        found = decide_returns(order, after(hub_order, changes.on_order))
        changes = _joined(changes, Changes(found.actions, found.notes, found.done))
    return changes


def _joined(first: Changes, second: Changes) -> Changes:
    return Changes(first.actions + second.actions, first.notes + second.notes, first.done + second.done)


def _decide_paid(order: StoreOrder, hub_order: HubOrder, store: Store) -> Changes:
    """Whether it is paid follows the store: edited up it is not any more. A profile with flags has its own way."""
    if store.platform.status_flags is not None or order.is_paid in (None, hub_order.flags.paid):
        return Changes()
    flags = replace(hub_order.flags, paid=bool(order.is_paid))
    words = "order: paid" if order.is_paid else "order: not paid any more"
    return Changes((SetFlags(hub_order.id, flags),), done=(words,))


def _decide_lines(order: StoreOrder, hub_order: HubOrder, *, store: Store, matches: HubMatches) -> Changes:
    why, platform = why_taken_back(order, hub_order, store), store.platform
    layout = build_rows(order, hub_order, store=store, matches=matches)
    with localcontext(money.WIDE):
        if why is None:
            wanted: dict[str | None, DraftRow] = {row.external_id: row for row in layout.rows}
        elif is_voided(store):
            return Changes()  # by the rules of its profile, which take no row off
        elif has_left(order, hub_order, platform):
            # Too late to take it all back: what has not left yet is taken off, fees stay as they were charged.
            wanted = what_left(order, hub_order, platform)
        else:
            gone = take_back(hub_order, why)
            return Changes(notes=(gone,)) if isinstance(gone, Note) else Changes(gone)
        look = _Look(
            order,
            hub_order,
            store,
            wanted,
            sent=sent_by_store(order, hub_order, platform),
            back=given_back(order, hub_order, platform),
            is_taken_back=why is not None,
        )
        return _follow(look, layout)


# -- row by row --------------------------------------------------------------------------------------------------


def _follow(look: _Look, layout: Layout) -> Changes:
    hub_order = look.hub_order
    steps = [_follow_row(row, look) for row in hub_order.rows]
    # Nothing of a new row has left the hub: what the store delivered of it comes as a fulfilment (FUL-1).
    known = hub_order.known_lines
    added = [replace(row, delivered_quantity=ZERO) for row in look.wanted.values() if row.external_id not in known]
    held = [step.held for step in steps if step.held]
    if hub_order.status is DeliveryStatus.DELIVERED:
        # Delivered is final (FUL-5): what the store adds now is a matter for a person.
        held += [_difference(row.label, "row", row.quantity, ZERO) for row in added]
        return Changes(notes=_notes(held, look))
    if hub_order.takes_no_rows:
        # What is shipped in part is closed to new rows in some hubs.
        held, added = held + [_difference(row.label, "row", row.quantity, ZERO) for row in added], []
    actions = [action for step in steps for action in _row_actions(step, hub_order.id)]
    actions += [AddRow(hub_order.id, row) for row in added]
    if look.is_taken_back and not actions:
        # All of it had left before: money given back afterwards makes no other order of it.
        return Changes(notes=_notes(held, look))
    words = [*(word for step in steps for word in _words(step)), *map(_added, added)]
    rows = [row for step in steps for row in (step.after, step.put) if row] + added
    changes = Changes(tuple(actions), _notes(held, look) + _nameless(rows), tuple(words))
    return _joined(changes, _follow_totals(rows, look, layout))


def _follow_row(row: HubRow, look: _Look) -> _Step:
    wanted = look.wanted.get(row.external_id)
    if row.external_id is None:
        return _Step(row, row)  # a person added it: no store speaks of it
    if row.protected_quantity or _asked(row, wanted, look) > (wanted.quantity if wanted else ZERO):
        return _follow_protected(row, wanted, look)
    if wanted is None:
        return _Step(row, None)  # removed, or refunded down to nothing (CHG-3)
    if _is_another_item(row, wanted):
        if look.hub_order.takes_no_rows:
            return _another_item(row, wanted)
        return _Step(row, None, put=replace(wanted, delivered_quantity=ZERO))
    place = _location(row, look) or row.location
    after = replace(
        row,
        quantity=wanted.quantity,
        price_per_unit=wanted.price_per_unit,
        discount_percent=wanted.discount_percent,
        tax_rate=wanted.tax_rate,
        total=wanted.total,
        tax=wanted.tax,
        location=row.location if row.stays else place,
    )
    return _Step(row, after, held=_other_place(row, place) if place != after.location else None)


def _asked(row: HubRow, wanted: DraftRow | None, look: _Look) -> Decimal:
    """The pieces a row is to have: the store's, and of the row's those that went out before they were refunded.

    The hub may hear of the fulfilment after the refund; it must end where it would have ended the other way round.
    """
    asked = wanted.quantity if wanted else ZERO
    if look.is_taken_back or not row.ships:
        return asked
    return max(asked, min(row.quantity, asked + look.back[row.id]))


def _is_another_item(row: HubRow, wanted: DraftRow) -> bool:
    """Whether the store's line sells something else now. A fee is what it is called; a product keeps its first name."""
    return row.sku != wanted.sku if row.ships else (row.kind, row.name) != (wanted.kind, wanted.name)


def _follow_protected(row: HubRow, wanted: DraftRow | None, look: _Look) -> _Step:
    """A row of which something is packed, delivered or invoiced: only its open pieces follow, at the row's price."""
    if wanted is not None and _is_another_item(row, wanted):
        return _another_item(row, wanted)
    protected, asked = row.protected_quantity, _asked(row, wanted, look)
    quantity = row.quantity if protected >= row.quantity else max(protected, asked)
    after = with_quantity(row, quantity, currency=look.order.currency)
    if wanted and after is not row and (asked, wanted.total, wanted.tax_rate) == (quantity, after.total, row.tax_rate):
        # The store's own tax where its row is ours: it may round otherwise than the rate does.
        after = replace(after, tax=wanted.tax)
    return _Step(row, after, held=_held(after, wanted, look))


def _held(row: HubRow, wanted: DraftRow | None, look: _Look) -> Detail | None:
    """What of a protected row stays against the store's word (CHG-4)."""
    if look.is_taken_back and row.ships:
        # What the store has sent out itself is no difference: an order is archived once it is fulfilled.
        sent = look.sent[row.id]
        return _difference(row.label, "quantity", sent, row.quantity) if sent < row.quantity else None
    asked = wanted.quantity if wanted else ZERO
    if asked < row.quantity <= asked + returned(look.order, row.external_id, look.store):
        return None  # it came back: a return says so, and the row still says what was delivered (CHG-9)
    if wanted is None or asked != row.quantity:
        return _difference(row.label, "quantity", asked, row.quantity)
    if wanted.total != row.total:
        return _difference(row.label, "total", wanted.total, row.total)
    location = _location(row, look)
    if location is not None and location != row.location:
        return _other_place(row, location)
    return None


def _another_item(row: HubRow, wanted: DraftRow) -> _Step:
    return _Step(row, row, held={"row": row.label, "what": "item", "store": wanted.label, "hub": row.label})


def _other_place(row: HubRow, location: str) -> Detail:
    return {"row": row.label, "what": "location", "store": location, "hub": row.location}


def _location(row: HubRow, look: _Look) -> str | None:
    """Where the store ships the row from, in the hub's words; None where it does not say so or may not."""
    if not look.store.is_on("orders.row_locations"):
        return None
    lines = (line for line in look.order.lines if line.external_id == row.external_id)
    return next((hub_location(line.location, look.store) for line in lines), None)


# -- what it takes -----------------------------------------------------------------------------------------------


def _row_actions(step: _Step, order_id: str) -> list[ChangeAction]:
    before, after = step.before, step.after
    if after is None:
        replacement = [AddRow(order_id, step.put)] if step.put else []
        return [*part_from_mo(before), DeleteRow(order_id, before.id), *replacement]
    actions: list[ChangeAction] = []
    if after.quantity != before.quantity:
        actions += follow_mo(after)
    if replace(after, location=before.location) != before:
        actions.append(_change(order_id, after))
    if after.location != before.location:
        actions.append(MoveRow(order_id, after.id, after.location))
    return actions


def _change(order_id: str, row: HubRow) -> ChangeRow:
    return ChangeRow(
        order_id=order_id,
        row_id=row.id,
        quantity=row.quantity,
        price_per_unit=row.price_per_unit,
        discount_percent=row.discount_percent,
        tax_rate=row.tax_rate,
        total=row.total,
        tax=row.tax,
    )


def _follow_totals(rows: Sequence[HubRow | DraftRow], look: _Look, layout: Layout) -> Changes:
    """The order's money anew, and a note where rows and store do not agree (MAP-6)."""
    order, hub_order = look.order, look.hub_order
    settled = [money.RowMoney(row.total, row.tax, row.tax_rate, row.quantity) for row in rows]
    proof = money.proof(settled, order, left_out=[*layout.left_out, *_refunded_since(rows, look)])
    totals = Totals(
        total=proof.total,
        total_with_tax=proof.total_with_tax,
        # The rate of the day it was imported: dates never follow (CHG-6).
        total_base=money.in_base(proof.total, hub_order.exchange_rate, hub_order.base_currency),
        store_total=proof.store_total,
        store_total_with_tax=proof.store_total_with_tax,
        total_mismatch=proof.is_mismatch,
    )
    notes = (mismatch_note(order.currency, [row.external_id for row in rows], proof),) if proof.is_mismatch else ()
    if totals == hub_order.totals:
        return Changes(notes=notes)
    words = f"order: total with tax {totals.total_with_tax}, in the store {totals.store_total_with_tax}"
    return Changes((SetTotals(hub_order.id, totals),), notes, (words,))


def _refunded_since(rows: Sequence[HubRow | DraftRow], look: _Look) -> list[money.RowMoney]:
    """The money of pieces that were delivered and are off the store's total since: it speaks of fewer than the rows."""
    left: dict[str | None, Decimal] = {line.external_id: line.quantity for line in look.order.lines}
    refunded = []
    for row in (row for row in rows if isinstance(row, HubRow) and row.ships):
        pieces = min(look.back[row.id], row.quantity - left.get(row.external_id, ZERO))
        if pieces > 0:
            kept = with_quantity(row, row.quantity - pieces, currency=look.order.currency)
            refunded.append(money.RowMoney(kept.total - row.total, kept.tax - row.tax, row.tax_rate))
    return refunded


# -- what a person should know -----------------------------------------------------------------------------------


def _notes(held: list[Detail], look: _Look) -> tuple[Note, ...]:
    notes = [Note(Reason.HELD_BACK, {"rows": held})] if held else []
    left_out = [] if look.is_taken_back else left_out_notes(look.order, look.store, look.hub_order.known_lines)
    return (*notes, *left_out, *location_notes(look.order, look.store))


def _nameless(rows: Sequence[HubRow | DraftRow]) -> tuple[Note, ...]:
    names = [row.name for row in rows if isinstance(row, DraftRow) and row.ships and row.sku is None]
    return (Note(Reason.LINE_WITHOUT_SKU, {"names": names}),) if names else ()


def _difference(label: str, what: str, store: Decimal, hub: Decimal) -> Detail:
    return {"row": label, "what": what, "store": plain(store), "hub": plain(hub)}


def _words(step: _Step) -> list[str]:
    before, after = step.before, step.after
    if after is None:
        return [f"{before.label}: removed", *([_added(step.put)] if step.put else [])]
    pairs = [
        ("quantity", plain(before.quantity), plain(after.quantity)),
        ("total", plain(before.total), plain(after.total)),
        ("location", before.location, after.location),
    ]
    return [f"{before.label}: {what} {new}, was {old}" for what, old, new in pairs if old != new]


def _added(row: DraftRow) -> str:
    return f"{row.label}: added, quantity {plain(row.quantity)}"
