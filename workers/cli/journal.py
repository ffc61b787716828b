"""The journal for people: every decision, with its reason."""

import time
from datetime import datetime
from typing import Any

import click

from connectors.postgres import Row, journal
from workers.cli.desk import MOMENT, database, known_store_row, order_id
from workers.cli.output import cell, example, json_option, say, table, utc

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
        which = journal.Which(store["id"] if store else None, external_id, sku, since)
        rows = journal.lines(connection, which)
        document = [_line(row) for row in rows]
        columns = ["at", "store", "external_id", "sku", "action", "outcome", "reason", "detail"]
        say(document, as_json, lambda: table(columns, [[row[column] for column in columns] for row in document]))
        following = journal.follow(which, rows)
        while follow:
            time.sleep(FOLLOW_SECONDS)
            for row in following.news(connection):
                click.echo("  ".join(cell(value) for value in _line(row).values()))


def _line(row: Row) -> dict[str, Any]:
    return {**{key: value for key, value in row.items() if key != "id"}, "at": utc(row["at"])}


COMMANDS = (show_journal,)
