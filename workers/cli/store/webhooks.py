"""The command that shows what a shop is asked to tell by itself, and mends it (BEY-5)."""

from typing import TYPE_CHECKING, Any

import click

from connectors.later import Later
from schemas.reasons import describe
from workers.cli.output import Failed, example, json_option, say, table
from workers.cli.start import open_desk, store_row

if TYPE_CHECKING:
    from tasks import subscriptions
else:
    subscriptions = Later("tasks.subscriptions", after="workers.app")


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
    document = _document(name, told)
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
