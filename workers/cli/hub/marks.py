"""The command for what a person says of a sales order beside its rows: paid, packed, closed, voided."""

from shlex import quote

import click

from workers.cli.hub import doing
from workers.cli.hub.words import find_order, order_desk
from workers.cli.output import done, example


@click.command(
    "mark",
    epilog=example("storesync hub order mark acme/5001 paid", "storesync hub order mark acme/5001 voided --undo"),
)
@click.argument("reference", metavar="ORDER")
@click.argument("mark", metavar="MARK", type=click.Choice(doing.MARKS))
@click.option("--undo", is_flag=True, help="Take the mark off again; what is packed stays packed.")
def mark_order(reference: str, mark: str, undo: bool) -> None:
    """Mark an order as paid, packed, closed or voided. Packed takes in stock off; closed and voided promise nothing."""
    with order_desk() as desk:
        found = find_order(desk.hub, reference)
        doing.mark(desk, found, mark, is_set=not undo)
    word = f"not {mark} any more" if undo else mark
    text = f"Order {found.order_no} is {word}. Next: storesync hub order show {quote(reference)}"
    done(text, order=reference, mark=mark, is_set=not undo)
