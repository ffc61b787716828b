"""What commands say: text for people on a terminal, one JSON document with --json, one line for an error."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.money import plain

_AS_JSON = "storesync.json"
_JSON_HELP = "Print one JSON document."

Document = Mapping[str, Any] | Sequence[Any]


class Failed(click.ClickException):
    """What was asked for could not be done: one line that says what to do, exit code 1."""


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--json: one JSON document on stdout."""
    return click.option("--json", "as_json", is_flag=True, callback=_remember_json, help=_JSON_HELP)(command)


def example(*lines: str) -> str:
    """The epilog of a command: how it is typed."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


def console() -> Console:
    """Where text goes; wide when nobody looks, so that a pipe gets whole lines."""
    is_seen = sys.stdout.isatty()
    # Markup and emoji are off: a customer may be called [/red] or :smile:.
    return Console(width=None if is_seen else 200, highlight=False, soft_wrap=not is_seen, markup=False, emoji=False)


def say(document: Document, as_json: bool, text: Callable[[], None]) -> None:
    """The document as JSON, or the text for people."""
    if as_json:
        click.echo(json.dumps(document, default=_plain, ensure_ascii=False, indent=2))
    else:
        text()


def done(text: str, **document: Any) -> None:
    """What a command did: a line for people; with --json the document, the line as its message."""
    if click.get_current_context().meta.get(_AS_JSON):
        click.echo(json.dumps({**document, "message": text}, default=_plain, ensure_ascii=False, indent=2))
    else:
        click.echo(text)


def give_json(command: click.Command) -> None:
    """Let every command below a group take --json; those with a document of their own have it already."""
    if isinstance(command, click.Group):
        for below in command.commands.values():
            give_json(below)
    elif not any("--json" in option.opts for option in command.params):
        option = click.Option(["--json"], is_flag=True, expose_value=False, callback=_remember_json, help=_JSON_HELP)
        command.params.append(option)


def _remember_json(context: click.Context, _: click.Parameter, value: bool) -> bool:
    context.meta[_AS_JSON] = value
    return value


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table for people."""
    sheet = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        sheet.add_row(*(Text(cell(value)) for value in row))
    console().print(sheet)


def cell(value: Any) -> str:
    """A value in a table or line."""
    match value:
        case None:
            return "-"
        case bool():
            return "on" if value else "off"
        case dict() | list():
            return json.dumps(value, default=_plain, ensure_ascii=False) if value else "-"
        case datetime() | date() | Decimal():
            return _plain(value)
        case _:
            return str(value)


def utc(moment: datetime | None) -> str | None:
    """A time as ISO 8601 with Z."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _plain(value: object) -> str:
    match value:
        case datetime():
            return str(utc(value))
        case date():
            return value.isoformat()
        case Decimal():
            return plain(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form")
