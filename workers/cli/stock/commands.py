"""Commands for stock: what the hub holds of a SKU, what each store was told of it, and why not."""

from typing import Any, Final

import click

from connectors.hubs import our_hub
from connectors.postgres import Connection
from schemas.hub import StockLevel
from workers.cli.documents import stock_document
from workers.cli.on_demand import ListedCommand, OnDemand
from workers.cli.output import Failed, example, json_option, say, table
from workers.cli.start import database
from workers.seen_stock import Sight, advice, look_at_stores, store_document

_LISTED: Final = {
    "export": ListedCommand(
        "workers.cli.stock.export:export_stock",
        "Write the whole inventory as CSV for a shop's own import: the first fill.",
    ),
    "push": ListedCommand(
        "workers.cli.stock.push:push_stock", "Tell stores the hub's stock now; only what differs is sent."
    ),
}


@click.group(cls=OnDemand, listed=_LISTED)
def stock() -> None:
    """Stock of the hub, and what the stores show of it."""


@stock.command("show", epilog=example("storesync stock show CHAIR-1 --json"))
@click.argument("sku")
@json_option
def show_stock(sku: str, as_json: bool) -> None:
    """Show a SKU's stock at every location, and what each store was told of it."""
    with database() as connection:
        locations = stock_document(levels_of(connection, sku))
        sights = look_at_stores(connection, sku)
    document = {"sku": sku, "locations": locations, "stores": [store_document(sight) for sight in sights]}
    say(document, as_json, lambda: _tell(locations, sights))


def levels_of(connection: Connection, sku: str) -> tuple[StockLevel, ...]:
    """A SKU's stock at every location. Raises Failed for one that the hub does not stock."""
    levels = our_hub(connection).levels([sku])
    if not levels:
        raise Failed(f"the hub has no SKU {sku!r}: see storesync hub product list")
    return levels


def _tell(locations: list[dict[str, str]], sights: list[Sight]) -> None:
    columns = ["location", "in_stock", "committed", "committed_direct", "expected"]
    table(columns, [[place[column] for column in columns] for place in locations])
    if not sights:
        return
    click.echo()
    table(["store", "item", "place", "pushed", "pushed_at", "pending", "reason"], _rows(sights))
    for sight in sights:
        if words := advice(sight):
            click.echo(f"{sight.store.name}: {words}")


def _rows(sights: list[Sight]) -> list[list[Any]]:
    rows = []
    for sight in sights:
        document = store_document(sight)
        for item in document["items"] or [{}]:
            columns = [item.get(key) for key in ("external_id", "place", "pushed", "pushed_at", "pending")]
            rows.append([document["store"], *columns, document["reason"]])
    return rows
