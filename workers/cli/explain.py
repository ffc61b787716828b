"""The command that tells how an order or a SKU came to be as it is: the trail of rules, in people's words (BEY-2)."""

from collections.abc import Sequence
from typing import Any

import click

from connectors.postgres import hub_lists, journal
from connectors.postgres.hub import PostgresHub
from workers.cli.desk import known_store_row, open_desk, order_id
from workers.cli.explain_order import explain_order
from workers.cli.explain_stock import explain_store
from workers.cli.output import cell, example, json_option, say
from workers.cli.stock import locations_of
from workers.cli.stock_stores import look_at_stores

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
        document = explain_order(connection, row, order_id(connection, row, str(external_id)))
    title = f"{store_name} {document['external_id']}: {document['state']}"
    say(document, as_json, lambda: _tell(title, document["trail"]))


def _explain_sku(sku: str) -> dict[str, Any]:
    with open_desk().pool.connection() as connection:
        locations = locations_of(connection, sku)
        levels = PostgresHub(connection).levels([sku])
        items = hub_lists.items_with_sku(connection, sku)
        lines = journal.lines(connection, journal.Which(sku=sku), limit=_LINES)
        stores = [explain_store(sight, levels, lines) for sight in look_at_stores(connection, sku)]
    return {"sku": sku, "items_in_hub": items, "locations": locations, "stores": stores}


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


COMMANDS = (explain,)
