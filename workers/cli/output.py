"""What commands say: text for people on a terminal, one JSON document with --json, one line for an error."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import click

from connectors.later import Later
from schemas.money import plain

if TYPE_CHECKING:
    from workers.cli import tables
else:
    tables = Later("workers.cli.tables")

_AS_JSON = "storesync.json"
_JSON_HELP = "Print one JSON document."

# Signs that a terminal obeys or that turn text around: ESC and its like, U+009B, line ends, bidirectional overrides.
# They come with names and notes that anybody may type into a shop.
_STEERING: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

Document = Mapping[str, Any] | Sequence[Any]


class Failed(click.ClickException):
    """What was asked for could not be done: one line that says what to do, exit code 1."""


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--json: one JSON document on stdout."""
    return click.option("--json", "as_json", is_flag=True, callback=_remember_json, help=_JSON_HELP)(command)


yes_option = click.option("--yes", is_flag=True, help="Go on though a shop would show much less than now.")


def example(*lines: str) -> str:
    """The epilog of a command: how it is typed."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


def say(document: Document, as_json: bool, text: Callable[[], None]) -> None:
    """The document as JSON, or the text for people."""
    if as_json:
        click.echo(_json_text(document, indent=2))
    else:
        text()


def done(text: str, **document: Any) -> None:
    """What a command did: a line for people; with --json the document, the line as its message."""
    if wants_json():
        click.echo(_json_text({**document, "message": text}, indent=2))
    else:
        click.echo(harmless(text))


def wants_json() -> bool:
    """Whether the command at work was asked for a JSON document."""
    return bool(click.get_current_context().meta.get(_AS_JSON))


def give_json(command: click.Command) -> None:
    """Let a command take --json; one with a document of its own does already."""
    if not any("--json" in option.opts for option in command.params):
        option = click.Option(["--json"], is_flag=True, expose_value=False, callback=_remember_json, help=_JSON_HELP)
        command.params.append(option)


def _remember_json(context: click.Context, _: click.Parameter, value: bool) -> bool:
    context.meta[_AS_JSON] = value
    return value


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table for people; where the terminal is too narrow for its ids and codes, one block of lines for each row."""
    tables.show(columns, [[cell(value) for value in row] for row in rows])


def cell(value: Any) -> str:
    """A value in a table or line."""
    match value:
        case None:
            return "-"
        case bool():
            return "on" if value else "off"
        case dict() | list():
            return _json_text(value) if value else "-"
        case datetime() | date() | Decimal():
            return _plain(value)
        case _:
            return harmless(str(value))


def harmless(text: str) -> str:
    """The text on one line, with signs that would steer the terminal shown instead of obeyed."""
    return _STEERING.sub(lambda sign: " " if sign[0].isspace() else sign[0].encode("unicode_escape").decode(), text)


def _json_text(document: Document, *, indent: int | None = None) -> str:
    is_utf8 = sys.stdout.encoding.lower().replace("-", "") == "utf8"
    text = json.dumps(document, default=_plain, ensure_ascii=not is_utf8, indent=indent)
    return _STEERING.sub(lambda sign: sign[0] if sign[0] == "\n" else f"\\u{ord(sign[0]):04x}", text)


def first_line(error: Exception) -> str:
    """What an error says first; its class where it says nothing."""
    return next(iter(str(error).splitlines()), type(error).__name__)


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
