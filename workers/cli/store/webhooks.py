"""The command that shows what a shop is asked to tell by itself, and mends it (BEY-5)."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from connectors import counters
from connectors.later import Later
from schemas.reasons import describe
from workers.cli.output import Failed, example, json_option, say, table, utc
from workers.cli.start import open_desk, store_row

if TYPE_CHECKING:
    from tasks import subscriptions
    from tasks.held import Process
else:
    subscriptions = Later("tasks.subscriptions", after="workers.app")


_SILENT: Final = (
    "Orders came that it told nothing of: try PUBLIC_URL from outside, with the port and path that the shop would use;"
    " a proxy must let /webhooks/ through. Orders come every fetch.every meanwhile."
)


@click.command(
    "webhooks", epilog=example("storesync store webhooks acme", "storesync store webhooks acme --repair --json")
)
@click.argument("name")
@click.option("--repair", is_flag=True, help="Ask for what is missing, switch on what is off, take away what is old.")
@json_option
def store_webhooks(name: str, repair: bool, as_json: bool) -> int:
    """Show what a shop is asked to tell by itself, and whether it does, asked now; or mend it.

    Orders come without it too, every fetch.every: with it they come at once.
    """
    held = open_desk()
    with held.pool.connection() as connection:
        row = store_row(connection, name)
    told = subscriptions.repair_now(held, row) if repair else subscriptions.look(held, row)
    if told is None:
        raise Failed(f"a worker is asking {name} at this moment: look again in a moment")
    document = {**_document(name, told), **_came(held, name)}
    say(document, as_json, lambda: _tell(document))
    return 1 if repair and not document["ok"] else 0


def _document(name: str, told: "subscriptions.Hearing") -> dict[str, Any]:
    """Topic by topic; those that the refusal is not about by name have its words too."""
    general = told.not_told.get("*")
    topics = [
        {"topic": topic, "told": topic in told.told, "detail": general or told.not_told.get(topic)}
        for topic in told.topics
    ]
    return {
        "name": name,
        "ok": not told.not_told and not told.left,
        "address": told.address,
        "reason": told.reason,
        "detail": general or "; ".join(dict.fromkeys(told.not_told.values())) or None,
        "topics": topics,
        "changed": list(told.changed),
        "left_over": list(told.left),
    }


def _came(held: "Process", name: str) -> dict[str, Any]:
    """What came of it: when the shop told anything last, whether it is silent, and what was refused in the last day."""
    with held.pool.connection() as connection:
        row = store_row(connection, name)
        is_silent = subscriptions.is_silent(held, connection, row)
    refused = [
        {"reason": one.reason, "times": one.times, "last_at": utc(datetime.fromtimestamp(one.last_at, UTC))}
        for one in counters.refused(held.redis, row.id)
    ]
    return {"heard_at": utc(row.heard_at), "silent": is_silent, "refused": refused}


def _tell(document: dict[str, Any]) -> None:
    click.echo(f"{document['name']} is asked to tell {document['address']}\n")
    rows = [[one["topic"], "yes" if one["told"] else "NO", one["detail"] or ""] for one in document["topics"]]
    table(["topic", "told", "why not"], rows)
    for title, key in (("Done now", "changed"), ("To be done", "left_over")):
        if document[key]:
            click.echo(f"\n{title}: {', '.join(document[key])}")
    if document["reason"]:
        sentence, cure = describe(document["reason"])
        click.echo(f"\n{sentence} {cure.replace('NAME', document['name'])}")
    click.echo(f"\nIt told something last: {document['heard_at'] or 'never'}")
    if document["silent"]:
        click.echo(_SILENT)
    for one in document["refused"]:
        sentence, cure = describe(one["reason"])
        click.echo(f"\nRefused in the last day: {one['reason']}, {one['times']} times, last {one['last_at']}.")
        click.echo(f"{sentence} {cure.replace('NAME', document['name'])}")
