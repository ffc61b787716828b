"""Commands for people who use the console: who they are, what they may do, and their passwords (CON-2)."""

import sys
from contextlib import suppress
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Final

import click

from connectors.later import Later
from connectors.postgres import users
from schemas.users import Role
from workers.cli.output import done, example, json_option, say, table, utc
from workers.cli.start import database

if TYPE_CHECKING:
    from tasks import users as user_tasks
else:
    user_tasks = Later("tasks.users")

_ROLE: Final = click.option(
    "--role",
    type=click.Choice([str(role) for role in Role]),
    default=str(Role.VIEWER),
    show_default=True,
    help="viewer looks, operator works, admin also connects stores and adds people.",
)


@click.group()
def user() -> None:
    """People who may sign in to the console."""


@user.command(epilog=example("storesync user add maria --role operator", "storesync user add maria < password.txt"))
@click.argument("name")
@_ROLE
def add(name: str, role: str) -> None:
    """Let a person sign in to the console. The password is asked for or read from stdin, else one is made."""
    password, is_made = _ask_password()
    with database() as connection:
        kept = user_tasks.add_user(connection, name, Role(role), password)
    _tell(f"{kept} may sign in to the console as {role}.", kept, password if is_made else None, role=role)


@user.command("list", epilog=example("storesync user list --json"))
@json_option
def list_users(as_json: bool) -> None:
    """List who may sign in to the console."""
    with database() as connection:
        document = [
            {"name": one.name, "role": one.role, "added_at": utc(one.made_at)} for one in users.users(connection)
        ]
    columns = ["name", "role", "added_at"]
    say(document, as_json, lambda: table(columns, [[row[column] for column in columns] for row in document]))


@user.command(epilog=example("storesync user remove maria"))
@click.argument("name")
def remove(name: str) -> None:
    """Let a person sign in no more; they are signed out at once."""
    with database() as connection:
        kept = user_tasks.remove_user(connection, name)
    done(f"{kept} is removed, and signed out.", name=kept)


@user.command("password", epilog=example("storesync user password maria"))
@click.argument("name")
def set_password(name: str) -> None:
    """Set a person's password anew, asked for or read from stdin; they are signed out everywhere."""
    with database() as connection:
        user_tasks.known(connection, name)
        password, is_made = _ask_password()
        kept = user_tasks.set_password(connection, name, password)
    _tell(f"{kept} has a new password, and is signed out everywhere.", kept, password if is_made else None)


def _ask_password() -> tuple[str, bool]:
    """A password, and whether it was made here. None stands on a command line, where others of the machine read it."""
    if sys.stdin is None or sys.stdin.closed:
        return token_urlsafe(15), True
    if sys.stdin.isatty():
        return click.prompt("Password", hide_input=True, confirmation_prompt="Once more", err=True), False
    with suppress(OSError):  # nothing to read from
        lines = sys.stdin.read().splitlines()[:2]
        if len(set(lines)) == 2:  # who is asked twice answers twice
            raise click.UsageError("the two lines are not the same password")
        if lines and lines[0]:
            return lines[0], False
    return token_urlsafe(15), True


def _tell(text: str, name: str, made: str | None, **more: str) -> None:
    shown = {} if made is None else {"password": made}
    done(text if made is None else f"{text} Their password, shown only now: {made}", name=name, **more, **shown)
