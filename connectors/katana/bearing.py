"""What the rows of an order bear of its charges below zero once a group of changes is done (MAP-9, CHG-1…4).

Worked out for the whole group before anything of it is told: what bears more or less and is not changed itself is told
first, charges below zero are written down last. So whoever dies in between leaves a difference that the next look sees.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from connectors.errors import HubRefused
from connectors.katana.desk import Desk
from connectors.katana.standing import Standing
from schemas import actions
from schemas.actions import HubAction, Note
from schemas.hub import DraftRow, HubRow
from schemas.katana.bearing import Share, bear, takes_off
from schemas.money import money_text, plain
from schemas.orders import ZERO
from schemas.reasons import Reason

RowAction = actions.ChangeRow | actions.DeleteRow | actions.AddRow

_CHANGED: Final = ("quantity", "price_per_unit", "discount_percent", "tax_rate", "total", "tax")


@dataclass(frozen=True, slots=True)
class Bearing:
    """What rows bear, by their ids, and new ones by their lines. `moved` bear something else, and are not changed."""

    order_id: str = ""
    rows: Mapping[str, Decimal] = field(default_factory=dict)
    lines: Mapping[str | None, Decimal] = field(default_factory=dict)
    moved: tuple[HubRow, ...] = ()
    below: frozenset[str] = frozenset()  # ids of rows below zero
    notes: tuple[Note, ...] = ()

    def is_last(self, action: HubAction) -> bool:
        """Whether an action is about a charge below zero."""
        match action:
            case actions.ChangeRow(row_id=id_):
                return id_ in self.below or action.total < ZERO
            case actions.DeleteRow(row_id=id_):
                return id_ in self.below
            case actions.AddRow(row=row):
                return takes_off(row)
            case _:
                return False


def bearing_of(desk: Desk, group: Iterable[HubAction]) -> Bearing:
    """What the rows of the one order that a group is about bear afterwards.

    Raises HubRefused where rows cannot bear it, unless something of the order is shipped: Katana changes none of that,
    and what is missing is told.
    """
    changes = [action for action in group if isinstance(action, RowAction)]
    order_ids = {action.order_id for action in changes}
    if len(order_ids) != 1:
        return Bearing()
    standing = desk.order(order_ids.pop())
    below = frozenset(filter(standing.is_below, standing.kept))
    rows = _after(standing, changes)
    if not below and not any(one.borne for one in standing.kept.values()) and not any(map(takes_off, rows.values())):
        return Bearing()
    found = bear([_part(row, standing) for row in rows.values()], standing.order.currency)
    by_key = dict(zip(rows, found.amounts, strict=True))
    if found.short and not standing.fulfillments:
        raise HubRefused(not_borne(rows.values(), found.short, standing.order.currency))
    told = {action.row_id for action in changes if not isinstance(action, actions.AddRow)}
    moved = (
        row
        for key, row in rows.items()
        if isinstance(row, HubRow) and row.id not in told and by_key[key] != standing.borne_by(row.id)
    )
    return Bearing(
        standing.order.id,
        {row.id: by_key[key] for key, row in rows.items() if isinstance(row, HubRow)},
        {row.external_id: by_key[key] for key, row in rows.items() if isinstance(row, DraftRow)},
        tuple(moved),
        below,
        _notes(rows.values(), found.short),
    )


def below_id(order_id: str, row: DraftRow) -> str:
    """By what a charge below zero that is added is known: Katana has none to name."""
    return f"below-{order_id}-{row.external_id}"


def not_borne(rows: Iterable[HubRow | DraftRow], short: Decimal, currency: str) -> str:
    """Why charges below zero cannot be, in words."""
    names = ", ".join(row.label for row in rows if takes_off(row)) or "a charge"
    amount = f"{money_text(short, currency)} {currency}"
    return f"{names}: rows of that tax rate come to {amount} less than it takes off, and Katana has no row below zero"


def _after(standing: Standing, changes: Sequence[RowAction]) -> dict[tuple[str, str | None], HubRow | DraftRow]:
    """The rows as they are to be; new ones are known by their lines."""
    rows: dict[tuple[str, str | None], HubRow | DraftRow] = {
        # What is below zero is shown as it is borne, and is to be as it is.
        ("row", row.id): replace(row, total=standing.kept[row.id].total) if standing.is_below(row.id) else row
        for row in standing.order.rows
    }
    for action in changes:
        match action:
            case actions.DeleteRow(row_id=id_):
                rows.pop(("row", id_), None)
            case actions.ChangeRow(row_id=id_) if isinstance(row := rows.get(("row", id_)), HubRow):
                rows["row", id_] = replace(row, **{name: getattr(action, name) for name in _CHANGED})
            case actions.AddRow(row=new):
                rows.pop(("row", below_id(standing.order.id, new)), None)  # it is added already
                rows["line", new.external_id] = new
    return rows


def _part(row: HubRow | DraftRow, standing: Standing) -> Share:
    if isinstance(row, DraftRow):
        return Share(row)
    is_fixed = bool(standing.fulfillments) if standing.fee_id(row.id) else standing.has(row.id) and row.is_fixed
    return Share(row, standing.borne_by(row.id), is_fixed=is_fixed)


def _notes(rows: Iterable[HubRow | DraftRow], short: Decimal) -> tuple[Note, ...]:
    below = [row for row in rows if takes_off(row)]
    if not short or not below:
        return ()
    label, total = below[-1].label, below[-1].total
    held = {"row": label, "what": "total", "store": plain(total), "hub": plain(total + short)}
    return (Note(Reason.HELD_BACK, {"rows": [held]}),)
