"""The command that tells how an order or a SKU came to be as it is: the trail of rules, in people's words (BEY-2)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from connectors.later import Later
from connectors.postgres import journal
from schemas.hub_search import Wanted
from workers.cli.output import cell, example, json_option, say
from workers.cli.start import known_store_row, open_desk, order_id

if TYPE_CHECKING:
    from connectors import hubs
    from workers import seen_stock
    from workers.cli import documents
    from workers.cli.explain import order, stock
    from workers.cli.stock import commands
else:
    hubs, documents = Later("connectors.hubs"), Later("workers.cli.documents")
    order, stock = Later("workers.cli.explain.order"), Later("workers.cli.explain.stock")
    commands, seen_stock = Later("workers.cli.stock.commands"), Later("workers.seen_stock")

_LINES = 1000  # of the journal


@click.command(epilog=example("storesync explain acme 5001", "storesync explain --sku CHAIR-1 --json"))
@click.argument("store_name", metavar="[STORE", required=False)
@click.argument("external_id", metavar="EXTERNAL_ID|NUMBER]", required=False)
@click.option("--sku", help="A SKU instead of an order: why each store shows what it shows.")
@json_option
def explain(store_name: str | None, external_id: str | None, sku: str | None, as_json: bool) -> None:
    """Tell how an order, or a SKU's stock in the stores, came to be as it is. Nothing is asked of a store."""
    if (sku is None) == (external_id is None) or (sku is not None and store_name):
        raise click.UsageError("give STORE and EXTERNAL_ID, or --sku SKU")
    if sku is not None:
        document = _explain_sku(sku)
        say(document, as_json, lambda: _tell_sku(document))
        return
    held = open_desk()
    with held.pool.connection() as connection:
        row = known_store_row(connection, str(store_name))
        document = order.explain_order(connection, row, order_id(connection, row, str(external_id)))
    title = f"{store_name} {document['external_id']}: {document['state']}"
    say(document, as_json, lambda: _tell(title, document["trail"]))


def _explain_sku(sku: str) -> dict[str, Any]:
    with open_desk().pool.connection() as connection:
        levels = commands.levels_of(connection, sku)
        items = len(hubs.our_hub(connection).find(Wanted(skus=frozenset({sku}))).by_sku.get(sku, ()))
        lines = journal.lines(connection, journal.Which(sku=sku), limit=_LINES)
        told = [stock.explain_store(sight, levels, lines) for sight in seen_stock.look_at_stores(connection, sku)]
    return {"sku": sku, "items_in_hub": items, "locations": documents.stock_document(levels), "stores": told}


def _tell_sku(document: dict[str, Any]) -> None:
    if document["items_in_hub"] > 1:
        click.echo(f"{document['items_in_hub']} items of the hub have this SKU: the one created latest counts (STK-3).")
    for place in document["locations"]:
        numbers = ", ".join(f"{key.replace('_', ' ')} {place[key]}" for key in ("in_stock", "committed", "expected"))
        click.echo(cell(f"{place['location']}: {numbers}, of it committed on rows {place['committed_direct']}"))
    for store in document["stores"]:
        click.echo()
        _tell(f"{store['store']} ({store['platform']})", store["trail"])
    if not document["stores"]:
        click.echo("No store is connected.")


def _tell(title: str, trail: Sequence[dict[str, Any]]) -> None:
    click.echo(cell(title))
    for step in trail:
        rules = f" ({', '.join(step['rules'])})" if step["rules"] else ""
        at = f"{step['at']}  " if step["at"] else ""
        click.echo(f"  {step['topic']:<11} {at}{cell(step['text'])}{rules}")
