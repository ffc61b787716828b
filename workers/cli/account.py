"""Commands for what holds for all stores: account settings, exchange rates, keys."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import click

from connectors.config import ConfigError
from connectors.postgres import Connection, Row, rates, stores, tokens
from schemas.money import plain
from schemas.settings import currency, read_account_settings
from tasks.account import change_account
from tasks.account import set_rate as set_by_hand
from tasks.locations import refuse_unknown_locations
from tasks.process import Process
from workers.cli.agree import Doubt, agree, yes_option
from workers.cli.agree_stores import loss_with
from workers.cli.desk import database, open_desk, read_pairs
from workers.cli.output import Failed, done, example, json_option, say, table

_NUMBER: Final = re.compile(r"[0-9]{1,10}(\.[0-9]{1,12})?")  # Decimal itself reads 1_000, NaN and 1e999 too


@click.group()
def account() -> None:
    """Settings that hold for all stores."""


@account.command("show", epilog=example("storesync account show --json"))
@json_option
def show_account(as_json: bool) -> None:
    """Show the account's settings."""
    with database() as connection:
        settings = stores.account(connection)
    document = {name: getattr(settings, name) for name in settings.__slots__}
    say(document, as_json, lambda: table(["setting", "value"], document.items()))


@account.command("set", epilog=example("storesync account set base_currency=EUR multi_currency=on"))
@click.argument("settings", nargs=-1, required=True, metavar="KEY=VALUE…")
@yes_option
def set_account(settings: tuple[str, ...], yes: bool) -> None:
    """Change settings of the account; all or none."""
    values = read_account_settings(read_pairs(settings))
    if "default_location" in values and not yes:
        agree(_doubts(open_desk(), str(values["default_location"])), yes=yes)
    with database() as connection, connection.transaction():
        refuse_unknown_locations(connection, values)
        change_account(connection, values)
    done("Saved. It holds from the next task on.", settings=values)


def _doubts(held: Process, location: str) -> list[Doubt]:
    """What another default location would do to the stores that have none of their own."""
    with held.pool.connection() as connection:
        rows = stores.stores(connection) if stores.account(connection).default_location != location else []
    return [Doubt(row["name"], loss_with(held, row, row["settings"], location=location)) for row in rows]


@click.group("rates")
def rate_table() -> None:
    """Exchange rates: the European Central Bank's, and those set by hand."""


@rate_table.command("list", epilog=example("storesync rates list"))
@json_option
def list_rates(as_json: bool) -> None:
    """List the newest rate of every currency."""
    with database() as connection:
        rows = [{**row, "rate": plain(row["rate"])} for row in rates.latest(connection)]
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
        base = set_by_hand(connection, code, worth, on=datetime.now(UTC).date())
    done(f"1 {code} = {plain(worth)} {base} from today on.", currency=code, base=base, rate=plain(worth))


def _read_rate(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text) or not Decimal("1e-9") < Decimal(text) < Decimal("1e9"):
        raise click.UsageError(f"{text!r} is no exchange rate: give a number, like 0.92")
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
            stores.set_credentials(connection, row["id"], held.secrets.rotate(row["credentials"]))
        for row in tokens.stored(connection):
            _rotate_token(held, connection, row)
    if not rows:
        raise Failed("there are no credentials to rotate: connect a store first")
    done(f"Credentials of {len(rows)} store(s) are under the newest key.", stores=len(rows))


def _rotate_token(held: Process, connection: Connection, row: Row) -> None:
    """A token that no key opens is none: another one is fetched."""
    try:
        tokens.put(connection, row["store_id"], held.secrets.rotate(row["token"]))
    except ConfigError:
        tokens.forget(connection, row["store_id"])


COMMANDS = (account, rate_table, secrets)
