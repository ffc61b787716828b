"""Commands for stock: what the hub holds of a SKU."""

import click

from connectors.postgres import hub_view
from workers.cli.desk import database
from workers.cli.output import Failed, example, json_option, say, table


@click.group()
def stock() -> None:
    """Stock of the hub."""


@stock.command("show", epilog=example("storesync stock show CHAIR-1 --json"))
@click.argument("sku")
@json_option
def show_stock(sku: str, as_json: bool) -> None:
    """Show a SKU's stock at every location."""
    with database() as connection:
        locations = hub_view.stock_document(connection, sku)
    if locations is None:
        raise Failed(f"the hub has no SKU {sku!r}: see storesync hub product list")
    document = {"sku": sku, "locations": locations, "stores": []}
    columns = ["location", "in_stock", "committed", "committed_direct", "expected"]
    say(document, as_json, lambda: table(columns, [[place[column] for column in columns] for place in locations]))


COMMANDS = (stock,)
