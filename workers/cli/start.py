"""What a command works at: servers found or started, schema checked, arguments read."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
import psycopg
from psycopg.conninfo import conninfo_to_dict

from connectors import postgres
from connectors.config import Config, ConfigError
from connectors.later import Later
from connectors.postgres import journal, order_view, stores
from connectors.postgres.rows import StoreRow
from schemas.stores import StoreState
from tasks.held import Process, configure, process
from workers.cli.output import Failed
from workers.servers import find_servers

if TYPE_CHECKING:
    from connectors.postgres import rates
else:
    rates = Later("connectors.postgres.rates")


def open_desk() -> Process:
    """Everything a command needs; embedded servers are started and brought up to date by themselves."""
    config = servers()
    # Not by the pool: it tries for ten seconds, and then does not say why.
    with postgres.connect(config.database_url) as connection:
        missing = postgres.missing_migrations(connection)
        if missing and "DATABASE_URL" not in config.embedded:
            raise Failed("the database is not up to date: run storesync db upgrade")
        if missing:
            upgrade(connection)
    if context := click.get_current_context(silent=True):
        context.find_root().with_resource(journal.by(person()))
    return process()


def person(by: str = "command") -> str:
    """Who types, and by what (CON-2): ada (command). A container may run as a user without a name."""
    try:
        return f"{getpass.getuser()} ({by})"
    except (KeyError, OSError):
        return by


def servers() -> Config:
    """The configuration with servers that answer."""
    config = find_servers()
    _refuse_unreadable(config)
    configure(config)
    return config


def _refuse_unreadable(config: Config) -> None:
    """An address that its client cannot read: the client's own words may repeat a password that was not encoded."""
    try:
        ports = str(conninfo_to_dict(config.database_url).get("port") or "")
        _ = [int(port) for port in ports.split(",") if port]
    except (psycopg.ProgrammingError, ValueError):
        raise ConfigError(
            "DATABASE_URL must be like postgresql://USER:PASSWORD@HOST:5432/NAME; in user name and password write"
            " %40 for @, %2F for / and %3A for :"
        ) from None


def upgrade(connection: postgres.Connection) -> list[str]:
    """Bring the schema up to date, with the exchange rates that ship."""
    applied = postgres.upgrade(connection)
    rates.keep_shipped(connection)
    return applied


@contextmanager
def database() -> Iterator[postgres.Connection]:
    """A connection for a command's queries."""
    with open_desk().pool.connection() as connection:
        yield connection


def store_row(connection: postgres.Connection, name: str) -> StoreRow:
    """A connected store by name. Raises Failed."""
    row = known_store_row(connection, name)
    if row.state == StoreState.DISCONNECTED:
        raise Failed(f"{name} is disconnected: its orders can be looked at, and storesync store connect brings it back")
    return row


def known_store_row(connection: postgres.Connection, name: str) -> StoreRow:
    """A store by name, for looking: a disconnected one too. Raises Failed."""
    row = stores.ever(connection, name)
    if row is None:
        raise Failed(f"there is no store {name!r}: see storesync store list")
    return row


def order_id(connection: postgres.Connection, store: StoreRow, name: str) -> str:
    """The external id of the order that a person names by it or by its number, else the name. Raises Failed."""
    found = order_view.named(connection, store.id, name.strip())
    if len(found) > 1:
        ids = ", ".join(found)
        raise Failed(f"several orders of {store.name} have the number {name}: name one by its id, {ids}")
    return found[0] if found else name


def read_pairs(pairs: tuple[str, ...], *, are_secret: bool = False) -> dict[str, str]:
    """KEY=VALUE arguments; VALUE may be @FILE, so that a secret stays out of the shell's history.

    What may be a secret as a whole is not repeated in the error.
    """
    values: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        key = key.strip()
        if not equals or not key:
            what = "what was given to --credential" if are_secret else repr(pair)
            raise click.UsageError(f"{what} must be KEY=VALUE")
        if key in values:
            raise click.UsageError(f"{key} is given twice")
        values[key] = _from_file(value) if value.startswith("@") else value
    return values


def _from_file(value: str) -> str:
    try:
        return Path(value[1:]).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"cannot read {value[1:]}: {error}") from error


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Moment(click.ParamType[datetime]):
    """A time: ISO 8601 (UTC unless it says otherwise), or how long ago: 90s, 15m, 2h, 3d."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment in UTC; a clear line for anything else."""
        text = str(value).strip()
        try:
            if text[-1:] in _UNITS and text[:-1].isdecimal():
                return datetime.now(UTC) - timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
            moment = datetime.fromisoformat(text)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            self.fail(f"{text!r} is no time: use 2026-01-31T10:00:00Z or 2h", param, ctx)


class Past(Moment):
    """A time that has come: what is asked for since then is not nothing."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment in UTC; a clear line for anything else."""
        moment = super().convert(value, param, ctx)
        if moment > datetime.now(UTC):
            self.fail(f"{str(value).strip()!r} is still to come: give a time that has passed", param, ctx)
        return moment


MOMENT = Moment()
PAST = Past()
