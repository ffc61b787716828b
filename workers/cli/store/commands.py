"""Commands for stores: connect, look at, change, check, pause, disconnect."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from connectors import platforms
from connectors.later import Later
from connectors.postgres import lanes, stores
from connectors.postgres.rows import StoreRow
from schemas.reasons import describe
from schemas.settings import with_defaults
from schemas.stores import StoreState
from tasks.held import Process
from workers.cli.on_demand import ListedCommand, OnDemand
from workers.cli.output import done, example, json_option, say, table, utc, yes_option
from workers.cli.start import known_store_row, open_desk, read_pairs, store_row
from workers.cli.store.words import (
    PARTS,
    audited_words,
    compared_words,
    stock_import_document,
    stock_import_words,
    stopped_parts,
    unread_catalogue,
    waiting_words,
    webhooks_words,
)

if TYPE_CHECKING:
    from connectors.postgres import order_view, stock_imports
    from tasks import checks
    from tasks import stores as store_tasks
    from tasks.rules import rights
    from workers.cli.store import activating
    from workers.cli.store import agree as agreeing
else:
    activating = Later("workers.cli.store.activating")
    order_view, stock_imports = Later("connectors.postgres.order_view"), Later("connectors.postgres.stock_imports")
    rights, agreeing = Later("tasks.rules.rights"), Later("workers.cli.store.agree")
    checks, store_tasks = Later("tasks.checks"), Later("tasks.stores")

_CREDENTIAL = click.option(
    "--credential", "credentials", multiple=True, metavar="KEY=VALUE", help="VALUE may be @FILE. May be repeated."
)


_TO_ACTIVATE: Final = (
    "Nothing of it travels yet. Bring in: storesync store import {0} products. "
    "Look: storesync store activate {0} --dry-run. Then the same without --dry-run"
)
_LISTED: Final = {
    "import": ListedCommand(
        "workers.cli.store.imports:import_into_hub",
        "Bring a store's products or customers into the hub, or count its stock from what the store shows.",
    ),
    "locations": ListedCommand(
        "workers.cli.locations:store_locations",
        "Show a shop's own locations with their ids, asked for now, and the hub's location that each stands for.",
    ),
    "webhooks": ListedCommand(
        "workers.cli.store.webhooks:store_webhooks",
        "Show what a shop is asked to tell by itself, and whether it does, asked now; or mend it.",
    ),
}


@click.group(cls=OnDemand, listed=_LISTED)
def store() -> None:
    """Connected shops."""


@store.command(
    epilog=example(
        "storesync store connect woocommerce acme --url https://shop.example.com \\",
        "    --credential consumer_key=@key --credential consumer_secret=@secret --set fetch.every=30s",
    )
)
@click.argument("platform")
@click.argument("name")
@click.option("--url", required=True, help="The shop's address.")
@_CREDENTIAL
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting. May be repeated.")
@click.option("--allow-insecure", is_flag=True, help="Allow http and private addresses: for sandboxes.")
@click.option("--inactive", is_flag=True, help="Nothing of it travels by itself before `store activate`.")
@yes_option
def connect(platform: str, name: str, credentials: tuple[str, ...], settings: tuple[str, ...], **details: Any) -> None:
    """Connect a shop. Its open orders come in by themselves from then on, unless it begins inactive."""
    yes = details.pop("yes")
    secret, chosen = read_pairs(credentials, are_secret=True), read_pairs(settings)
    new = store_tasks.NewStore(platform, name, credentials=secret, settings=chosen, beside_another=yes, **details)
    held = open_desk()
    facts = store_tasks.connect_store(held, new, agreeing.agree_to_connect(held, name, yes=yes))
    money = f", sells in {facts.currency}" if facts.currency else ""
    text = f"Connected {name} ({platform}{money}). "
    text += _TO_ACTIVATE.format(name) if new.inactive else f"Its open orders come in now: storesync sync {name} --wait"
    if facts.withheld:
        text += f"\n{rights.withheld_words(facts.withheld, platforms.record(platform))}"
    state = StoreState.INACTIVE if new.inactive else StoreState.ACTIVE
    done(text, name=name, platform=platform, state=state, currency=facts.currency, withheld=list(facts.withheld))


@store.command("list", epilog=example("storesync store list --json", "storesync store list --all"))
@click.option("--all", "with_all", is_flag=True, help="Also those that are disconnected; they can be looked at.")
@json_option
def list_stores(with_all: bool, as_json: bool) -> None:
    """List the connected stores."""
    held = open_desk()
    with held.pool.connection() as connection:
        rows = stores.all_stores(connection) if with_all else stores.stores(connection)
        document = [_brief(row) for row in rows]
    columns = ["name", "platform", "url", "state", "reason", "fetched_at"]
    say(document, as_json, lambda: table(columns, [[row[column] for column in columns] for row in document]))


def _brief(row: StoreRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "platform": row.platform,
        "url": row.url,
        "state": row.state,
        "reason": row.reason,
        "fetched_at": utc(row.fetched_at),
    }


@store.command("show", epilog=example("storesync store show acme --json"))
@click.argument("name")
@json_option
def show_store(name: str, as_json: bool) -> None:
    """Show a store with its settings and what became of its orders."""
    held = open_desk()
    with held.pool.connection() as connection:
        row = known_store_row(connection, name)
        counts, job = order_view.counts(connection, row.id), stock_imports.look(connection, row.id)
        waiting = lanes.waiting(connection, row.id)
        document = _whole(row, counts) | {
            "stock_import": stock_import_document(job),
            "stock_compared": row.stock_compared,
            "audited": row.audited,
            "waits": [{**asdict(work), "due_at": utc(work.due_at)} for work in waiting],
        }
    stopped = [*(words for _, words in stopped_parts(row)), *(waiting_words(row.name, work) for work in waiting)]
    say(document, as_json, lambda: _tell(document, stopped))


def _whole(row: StoreRow, counts: list[order_view.StateCount]) -> dict[str, Any]:
    return {
        "id": row.id,
        **_brief(row),
        "reason_detail": row.reason_detail,
        "connected_at": utc(row.connected_at),
        "activated_at": utc(row.activated_at),
        "fetch_due_at": utc(row.fetch_due_at),
        "catalogue_at": utc(row.catalogue_at),
        "catalogue_whole_at": utc(row.catalogue_whole_at),
        "catalogue_due_at": utc(row.catalogue_due_at),
        "catalogue_reason": row.catalogue_reason,
        "catalogue_detail": row.catalogue_detail,
        **{f"{part}_due_at": utc(getattr(row, f"{part}_due_at")) for part in PARTS},
        **{f"{part}_{of}": getattr(row, f"{part}_{of}") for part in PARTS for of in ("reason", "detail")},
        "wants_products": row.wants_products,
        "allow_insecure": row.allow_insecure,
        "webhooks": f"/webhooks/{row.platform}/{row.webhook_token}",
        "webhooks_told": webhooks_words(row),
        "settings": with_defaults(platforms.record(row.platform), row.settings),
        "orders": [asdict(count) for count in counts],
    }


# What is told beside the table.
_APART: Final = frozenset({"settings", "orders", "stock_import", "stock_compared", "audited", "waits"})


def _tell(document: dict[str, Any], stopped: Iterable[str]) -> None:
    table(["", ""], [(key, value) for key, value in document.items() if key not in _APART])
    click.echo()
    table(["setting", "value"], document["settings"].items())
    click.echo()
    counts = [(count["state"], count["reason"], count["orders"], count["due"]) for count in document["orders"]]
    table(["orders", "reason", "number", "due"], counts)
    sentence, cure = describe(document["reason"])
    if sentence:
        click.echo(f"\n{sentence} {cure}")
    if document["audited"]:
        click.echo(f"\n{audited_words(document['audited'])}")
    if document["stock_compared"]:
        click.echo(f"\n{compared_words(document['name'], document['stock_compared'])}")
    if document["stock_import"]:
        click.echo(f"\n{stock_import_words(document['stock_import'])}")
    for words in stopped:
        click.echo(f"\n{words}")
    if document["catalogue_reason"]:
        click.echo(f"\n{unread_catalogue(document['name'], document['catalogue_reason'])}")


@store.command("set", epilog=example("storesync store set acme fetch.every=30s stock.buffer=2"))
@click.argument("name")
@click.argument("settings", nargs=-1, metavar="KEY=VALUE…")
@click.option("--url", help="The new address of a shop that moved.")
@_CREDENTIAL
@yes_option
def set_store(name: str, settings: tuple[str, ...], url: str | None, credentials: tuple[str, ...], yes: bool) -> None:
    """Change settings, credentials or address; all or none. They hold from the next task on."""
    if not settings and not credentials and not url:
        raise click.UsageError("nothing to set: give KEY=VALUE, --credential KEY=VALUE or --url URL")
    chosen, secrets = read_pairs(settings), read_pairs(credentials, are_secret=True)
    held = open_desk()
    row = _row(held, name)
    agrees = agreeing.agree_to_change(held, row, yes=yes)
    store_tasks.change_store(held, row, chosen, secrets, url=url, agree=agrees)
    done("Saved. It holds from the next task on.", name=name)


def _row(held: Process, name: str) -> StoreRow:
    with held.pool.connection() as connection:
        return store_row(connection, name)


@store.command(epilog=example("storesync store check acme"))
@click.argument("name")
@json_option
def check(name: str, as_json: bool) -> int:
    """Ask the shop whether address, credentials and their rights are enough; what had stopped goes on if they are."""
    held = open_desk()
    row = _row(held, name)
    document = checks.checked(row, checks.check_store(held, row))
    say(document, as_json, lambda: _tell_rights(document))
    return 0 if document["ok"] else 1


_GRANTED = {True: "yes", False: "MISSING", None: "not known before it is first used"}


def _tell_rights(document: dict[str, Any]) -> None:
    click.echo(f"{document['name']} answers and takes our credentials.\n")
    rows = [
        [one["right"], ", ".join(one["names"]), ", ".join(one["needed_by"]) or "every store", _GRANTED[one["granted"]]]
        for one in document["rights"]
    ]
    table(["right", "in the shop", "needed by", "granted"], rows)
    for where in {one["cure"]: None for one in document["rights"] if one["cure"]}:
        click.echo(f"\nGive what is missing in the shop: {where}. Then: storesync store check {document['name']}")
    if document["note"]:
        click.echo(f"\n{document['note']}")


@store.command(epilog=example("storesync store activate acme --dry-run", "storesync store activate acme"))
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Only show what would come in and be told; nothing is written or sent.")
@yes_option
def activate(name: str, dry_run: bool, yes: bool) -> None:
    """Let what an inactive store has travel by itself from now on, as of a shop that is connected now."""
    held = open_desk()
    row = _row(held, name)
    store_tasks.refuse_unless_inactive(row)
    if dry_run:
        activating.show_foretold(held, row)
        return
    facts = store_tasks.activate_store(held, row, agreeing.agree_to_activate(held, yes=yes), beside_another=yes)
    text = f"{name} is active. Its open orders come in now: storesync sync {name} --wait"
    if facts.withheld:
        text += f"\n{rights.withheld_words(facts.withheld, platforms.record(row.platform))}"
    done(text, name=name, state=StoreState.ACTIVE, withheld=list(facts.withheld))


@store.command(epilog=example("storesync store pause acme"))
@click.argument("name")
def pause(name: str) -> None:
    """Work on a store no more until it is resumed."""
    _move(name, StoreState.PAUSED)
    done(f"{name} is paused. Go on with: storesync store resume {name}", name=name, state=StoreState.PAUSED)


@store.command(epilog=example("storesync store resume acme"))
@click.argument("name")
@yes_option
def resume(name: str, yes: bool) -> None:
    """Go on with a paused store."""
    held = open_desk()
    row = _row(held, name)
    agreeing.agree_to_change(held, row, yes=yes)(row, row.settings)
    _move(name, StoreState.ACTIVE)
    done(f"{name} is active.", name=name, state=StoreState.ACTIVE)


@store.command(epilog=example("storesync store disconnect acme"))
@click.argument("name")
def disconnect(name: str) -> None:
    """Part from a store: its credentials are forgotten, its orders stay. Connected again, it knows them."""
    _move(name, StoreState.DISCONNECTED)
    done(f"{name} is disconnected. Its orders stay in the hub.", name=name, state=StoreState.DISCONNECTED)


def _move(name: str, state: StoreState) -> None:
    held = open_desk()
    store_tasks.set_state(held, _row(held, name), state)
