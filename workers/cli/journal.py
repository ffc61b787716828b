"""The journal for people: every decision, with its reason."""

import time
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from connectors.postgres import journal
from schemas.journal import Entry
from workers.cli.output import cell, example, json_option, say, table, utc
from workers.cli.start import MOMENT, database, known_store_row, order_id

FOLLOW_SECONDS = 1


@click.command("journal", epilog=example("storesync journal --store acme --since 2h", "storesync journal --follow"))
@click.option("--store", "store_name", help="Only this store's lines.")
@click.option("--order", "external_id", metavar="ID", help="Only this order's lines.")
@click.option("--sku", help="Only this SKU's lines.")
@click.option("--since", type=MOMENT, metavar="TIME", help="Only lines from then on: ISO 8601, or 2h ago.")
@click.option("--follow", is_flag=True, help="Go on printing new lines until Ctrl-C.")
@json_option
def show_journal(
    store_name: str | None,
    external_id: str | None,
    sku: str | None,
    since: datetime | None,
    follow: bool,
    as_json: bool,
) -> None:
    """Print the journal: what was done or not done to which order, and why."""
    if follow and as_json:
        raise click.UsageError("--follow never ends, --json is one document: choose one")
    with database() as connection:
        store = known_store_row(connection, store_name) if store_name else None
        if store and external_id:
            external_id = order_id(connection, store, external_id)
        which = journal.Which(store.id if store else None, external_id, sku, since)
        lines = journal.lines(connection, which)
        document = [_values(line) for line in lines]
        columns = ["at", "store", "external_id", "sku", "action", "outcome", "reason", "detail", "who"]
        say(document, as_json, lambda: table(columns, [[row[column] for column in columns] for row in document]))
        following = journal.follow(which, lines)
        while follow:
            time.sleep(FOLLOW_SECONDS)
            for line in following.news(connection):
                click.echo("  ".join(cell(value) for value in _values(line).values()))


def _values(line: Entry) -> dict[str, Any]:
    return {key: value for key, value in asdict(line).items() if key != "id"} | {"at": utc(line.at)}
