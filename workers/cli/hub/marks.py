"""The command for what a person says of a sales order beside its rows: paid, packed, closed, voided."""

from dataclasses import replace
from shlex import quote
from typing import Final

import click

from schemas.actions import HubAction
from schemas.hub import HubOrder
from tasks.rules.stitch import pack_all, set_flags
from workers.cli.hub.words import find_order, hub_desk
from workers.cli.output import Failed, done, example

_PACKED: Final = "packed"
_MARKS: Final = ("paid", _PACKED, "closed", "voided")


@click.command(
    "mark",
    epilog=example("storesync hub order mark acme/5001 paid", "storesync hub order mark acme/5001 voided --undo"),
)
@click.argument("reference", metavar="ORDER")
@click.argument("mark", metavar="MARK", type=click.Choice(_MARKS))
@click.option("--undo", is_flag=True, help="Take the mark off again; what is packed stays packed.")
def mark_order(reference: str, mark: str, undo: bool) -> None:
    """Mark an order as paid, packed, closed or voided. Packed takes in stock off; closed and voided promise nothing."""
    with hub_desk() as desk:
        found = find_order(desk, reference)
        actions = _unmark(found, mark) if undo else _mark(found, mark)
        desk.carry_out(actions)
    word = f"not {mark} any more" if undo else mark
    text = f"Order {found.order_no} is {word}. Next: storesync hub order show {quote(reference)}"
    done(text, order=reference, mark=mark, is_set=not undo)


def _mark(found: HubOrder, mark: str) -> tuple[HubAction, ...]:
    packing = pack_all(found) if mark == _PACKED else ()
    flags = replace(found.flags, **{mark: True})
    actions: tuple[HubAction, ...] = (
        *packing,
        *set_flags(found, replace(flags, billed=flags.billed or mark == "paid")),
    )
    if not actions:
        raise Failed(f"order {found.order_no} is {mark} already")
    return actions


def _unmark(found: HubOrder, mark: str) -> tuple[HubAction, ...]:
    if mark == _PACKED:
        raise Failed(
            f"order {found.order_no}: what is packed stays packed; adjust the stock if it is back on the shelf"
        )
    actions = set_flags(found, replace(found.flags, **{mark: False}))
    if not actions:
        raise Failed(f"order {found.order_no} is not {mark}")
    return actions
