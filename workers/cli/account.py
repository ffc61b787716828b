"""Commands for what holds for all stores: account settings, exchange rates, keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import click

from connectors import hubs
from connectors.config import ConfigError
from connectors.keys import new_key
from connectors.later import Later
from connectors.postgres import Connection, earlier_secrets, hub_account, jobs, rates, stores, tokens
from connectors.postgres.stores import Locked
from schemas.account import settings_of
from schemas.hub_facts import HubFacts, words_of
from schemas.money import plain
from schemas.settings import ALERTS_TO, KATANA_KEY, Value, currency, read_account_settings
from tasks.held import Process
from tasks.rules.doubts import Doubt
from workers.cli.output import Failed, done, example, json_option, say, table, yes_option
from workers.cli.start import database, open_desk, read_pairs

if TYPE_CHECKING:
    from connectors import notices
    from tasks import account as account_tasks
    from tasks import hub_choice, locations, people
    from workers.cli import agree as agreeing
    from workers.cli.store import agree as of_stores
else:
    account_tasks, locations = Later("tasks.account"), Later("tasks.locations")
    hub_choice = Later("tasks.hub_choice")
    notices, people = Later("connectors.notices"), Later("tasks.people")
    agreeing, of_stores = Later("workers.cli.agree"), Later("workers.cli.store.agree")

MASK: Final = "****"
_NUMBER: Final = re.compile(r"[0-9]{1,10}(\.[0-9]{1,12})?")  # Decimal itself reads 1_000, NaN and 1e999 too


@click.group()
def account() -> None:
    """Settings that hold for all stores."""


@account.command("show", epilog=example("storesync account show --json"))
@json_option
def show_account(as_json: bool) -> None:
    """Show the account's settings."""
    held = open_desk()
    with held.pool.connection() as connection:
        settings = stores.account(connection)
        told = [notices.masked(url) for url in people.addresses(held, connection)]
        has_key = bool(hub_account.hub_account(connection).credentials)
    facts = hubs.facts_of(settings.hub)
    document = settings_of(settings) | {ALERTS_TO: told, KATANA_KEY: MASK if has_key else ""}
    others = tuple(f"{name}." for name in hubs.HUBS if name != settings.hub)
    document = {key: value for key, value in document.items() if not key.startswith(others)}
    say(document | {"hub_facts": asdict(facts)}, as_json, lambda: _show(document, facts))


def _show(document: Mapping[str, Any], facts: HubFacts) -> None:
    table(["setting", "value"], document.items())
    can, cannot = words_of(facts)
    click.echo(f"The hub {facts.name} can {', '.join(can)}.")
    if cannot:
        click.echo(f"It cannot {', '.join(cannot)}.")


@account.command("set", epilog=example("storesync account set base_currency=EUR multi_currency=on"))
@click.argument("settings", nargs=-1, required=True, metavar="KEY=VALUE…")
@yes_option
def set_account(settings: tuple[str, ...], yes: bool) -> None:
    """Change settings of the account; all or none."""
    values = read_account_settings(read_pairs(settings))
    values |= hub_choice.prove_choice(open_desk(), values, beside_another=yes)
    if "default_location" in values and not yes:
        agreeing.agree(_doubts(open_desk(), str(values["default_location"])), yes=yes)
    account_tasks.save_account(open_desk(), values)
    done("Saved. It holds from the next task on.", settings=values | _shown(values))


def _shown(values: Mapping[str, Value]) -> dict[str, Any]:
    """What of the values is shown otherwise than it was given: secrets are masked."""
    told: dict[str, Any] = {}
    if ALERTS_TO in values:
        told[ALERTS_TO] = [notices.masked(url) for url in str(values[ALERTS_TO]).split()]
    if KATANA_KEY in values:
        told[KATANA_KEY] = MASK
    return told


def _doubts(held: Process, location: str) -> list[Doubt]:
    """What another default location would do to the stores that have none of their own."""
    with held.pool.connection() as connection:
        rows = stores.stores(connection) if stores.account(connection).default_location != location else []
    return [Doubt(row.name, of_stores.loss_with(held, row, row.settings, location=location)) for row in rows]


@click.group("rates")
def rate_table() -> None:
    """Exchange rates: the European Central Bank's, and those set by hand."""


@rate_table.command("list", epilog=example("storesync rates list"))
@json_option
def list_rates(as_json: bool) -> None:
    """List the newest rate of every currency."""
    with database() as connection:
        rows = [asdict(rate) | {"rate": plain(rate.rate)} for rate in rates.latest(connection)]
    columns = ["currency", "base", "on_date", "rate", "source"]
    say(rows, as_json, lambda: table(columns, [[row[column] for column in columns] for row in rows]))


@rate_table.command(
    "set",
    epilog=example("storesync rates set USD 0.92"),
    context_settings={"ignore_unknown_options": True},  # -1 is a number that cannot be, and no option
)
@click.argument("code", metavar="CURRENCY")
@click.argument("rate")
def set_rate(code: str, rate: str) -> None:
    """Set by hand what one unit of CURRENCY is worth in the base currency from today on; it goes before all others."""
    worth, code = _read_rate(rate), _read_currency(code)
    with database() as connection:
        if code == stores.account(connection).base_currency:
            raise click.UsageError(f"{code} is the base currency")
        base = account_tasks.set_rate(connection, code, worth, on=datetime.now(UTC).date())
    done(f"1 {code} = {plain(worth)} {base} from today on.", currency=code, base=base, rate=plain(worth))


def _read_rate(text: str) -> Decimal:
    try:
        return read_rate(text)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def read_rate(text: str) -> Decimal:
    """What one unit of a currency is worth. Raises ValueError."""
    if not _NUMBER.fullmatch(text) or not Decimal("1e-9") < Decimal(text) < Decimal("1e9"):
        raise ValueError(f"{text!r} is no exchange rate: give a number, like 0.92")
    return Decimal(text)


def _read_currency(text: str) -> str:
    try:
        return currency(text)
    except ValueError as error:
        raise click.UsageError(f"{text!r} {error}") from error


@click.group()
def secrets() -> None:
    """Keys that encrypt the stores' credentials."""


@secrets.command("rotate", epilog=example("STORESYNC_SECRET_KEY=NEW,OLD storesync secrets rotate"))
def rotate_secrets() -> None:
    """Encrypt all credentials anew under the first key of STORESYNC_SECRET_KEY."""
    held = open_desk()
    with held.pool.connection() as connection, connection.transaction():
        rows = stores.stored_credentials(connection)
        for row in rows:
            stores.set_credentials(connection, row.store_id, held.secrets.rotate(row.locked))
        is_told = people.rotate_addresses(held, connection) | hub_choice.rotate_key(held, connection)
        for row in tokens.stored(connection):
            _rotate_token(held, connection, row)
        earlier_secrets.rotate(connection, held.secrets)
        jobs.rotate(connection, held.secrets)
    if not rows and not is_told:
        raise Failed("there are no credentials to rotate: connect a store first")
    done(f"Credentials of {len(rows)} store(s) are under the newest key.", stores=len(rows))


@secrets.command("make", epilog=example("storesync secrets make"))
def make_secret() -> None:
    """Print a new random key for STORESYNC_SECRET_KEY. Nothing is changed by it."""
    key = new_key()
    done(key, key=key)


def _rotate_token(held: Process, connection: Connection, row: Locked) -> None:
    """A token that no key opens is none: another one is fetched."""
    try:
        tokens.put(connection, row.store_id, held.secrets.rotate(row.locked))
    except ConfigError:
        tokens.forget(connection, row.store_id)
