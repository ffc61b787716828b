"""The command that compares a store's list of orders with ours (BEY-4)."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from connectors.later import Later
from connectors.postgres import auditing, lanes, stores
from connectors.postgres.rows import StoreRow
from schemas.reasons import describe
from tasks.held import Process
from tasks.rules.auditing import DAYS
from workers.cli.output import Failed, example, json_option, say, utc
from workers.cli.queue import active_store
from workers.cli.start import open_desk
from workers.cli.store.words import audited_words

if TYPE_CHECKING:
    from tasks import audit as tasks
else:
    tasks = Later("tasks.audit", after="workers.app")

_LOOK_SECONDS: Final = 0.5  # between two looks at a comparison that a worker is at


@click.command(epilog=example("storesync audit acme", "storesync audit acme --days 30 --json"))
@click.argument("name")
@click.option("--days", default=DAYS, show_default=True, type=click.IntRange(1, 3650), help="Look back so many days.")
@json_option
def audit(name: str, days: int, as_json: bool) -> None:
    """Compare a store's list of orders with ours, and bring in what is missing.

    Orders that changed in the shop in these days are compared. Those that we lack are brought in, those of which the
    shop has a newer change are looked at again, as if a fetch had told of them. It is done every night by itself.
    """
    held = open_desk()
    row = active_store(held, name)
    audited = _compare(held, row, held.now() - timedelta(days=days))
    say({"store": name, **audited}, as_json, lambda: _tell(name, audited))


def _tell(name: str, audited: dict[str, Any]) -> None:
    click.echo(f"{name}: {audited_words(audited)}")
    if audited["missing"]:
        click.echo(f"They come in now: {', '.join(audited['orders'])}. See storesync order list --store {name}")


def _compare(held: Process, row: StoreRow, since: datetime) -> dict[str, Any]:
    """What came of it, once its end is reached. Raises Failed."""
    with held.pool.connection() as connection:
        lanes.clear(connection, row.id, "audit")
        auditing.want(connection, row.id, since)
    while True:
        word = tasks.compare_orders(row.id)
        if word == "busy":
            time.sleep(_LOOK_SECONDS)  # a worker is at it
        elif word != "goes_on":
            return _outcome(held, row, word)


def _outcome(held: Process, row: StoreRow, word: str) -> dict[str, Any]:
    with held.pool.connection() as connection:
        now = stores.find_store(connection, str(row.id)) or row
        waits = [work for work in lanes.waiting(connection, row.id) if work.task == "audit"]
    if now.audit_since is None and now.audited is not None:
        return now.audited
    name = row.name
    if waits:
        sentence, _ = describe(waits[0].reason)
        again = f"It goes on by itself at {utc(waits[0].due_at)}"
        raise Failed(f"the orders of {name} could not be compared. {sentence} ({waits[0].detail}) {again}")
    if word == "not_read_yet":
        raise Failed(f"the orders of {name} were not read to their end yet: storesync sync {name} --wait")
    raise Failed(f"the orders of {name} could not be compared, the store is {now.state}: storesync store check {name}")
