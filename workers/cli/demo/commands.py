"""The command that shows the whole product."""

from typing import TYPE_CHECKING

import click

from connectors.later import Later
from workers.cli.output import example

if TYPE_CHECKING:
    from workers.cli.demo import whole
else:
    whole = Later("workers.cli.demo.whole")


@click.command(epilog=example("storesync demo", "storesync demo --once", "storesync demo --hub katana --once"))
@click.option("--once", is_flag=True, help="End by itself.")
@click.option(
    "--hub",
    type=click.Choice(["builtin", "katana"]),
    default="builtin",
    show_default=True,
    help="katana: a stand-in of Katana Cloud Inventory, with few orders, as it takes few requests a minute.",
)
@click.option(
    "--orders", type=click.IntRange(3, 10_000), help="That each shop begins with.  [default: 100; with katana 8]"
)
def demo(once: bool, hub: str, orders: int | None) -> int:
    """See the whole product on this machine: orders, stock and fulfilments between three sandbox shops and the hub."""
    return whole.run_demo(once=once, hub=hub, orders=orders)
