"""What commands say: text for people on a terminal, one JSON document with --json, one line for an error."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.money import plain

_AS_JSON = "storesync.json"
_JSON_HELP = "Print one JSON document."

# Signs that a terminal obeys or that turn text around: ESC and its like, U+009B, line ends, bidirectional overrides.
# They come with names and notes that anybody may type into a shop.
_STEERING: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

_ENDLESS: Final = 1_000_000  # columns
_GAP: Final = 2  # columns between two
_FOLDED: Final = 16  # columns that a sentence has at least
_LONG: Final = 40  # signs from which on a word in a sentence may be parted

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
    """Where text goes; endlessly wide when nobody looks, so that a pipe gets whole lines with nothing cut off."""
    is_seen = sys.stdout.isatty()
    # Markup and emoji are off: a customer may be called [/red] or :smile:.
    return Console(
        width=None if is_seen else _ENDLESS, highlight=False, soft_wrap=not is_seen, markup=False, emoji=False
    )


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
    """A table for people; where the terminal is too narrow for its ids and codes, one block of lines for each row.

    What a person copies (an id, a SKU, a reason) is never cut: only columns with blanks in them are folded.
    """
    lines = [[cell(value) for value in row] for row in rows]
    screen = console()
    by_column = list(zip(columns, *lines, strict=True))
    if sum(map(_least_width, by_column)) + _GAP * (len(columns) - 1) > screen.width:
        for line in lines:
            _print_block(screen, columns, line)
        return
    sheet = Table(box=None, pad_edge=False, header_style="bold")
    for column, *words in by_column:
        sheet.add_column(column, no_wrap=not any(" " in word for word in words), overflow="fold")
    for line in lines:
        sheet.add_row(*map(Text, line))
    screen.print(sheet)


def _least_width(column: Sequence[str]) -> int:
    """How narrow a column may become: to its longest word, where words are of a length that people read."""
    whole = max(map(cell_len, column))
    if not any(" " in words for words in column[1:]):
        return whole
    longest = max(cell_len(word) for words in column for word in words.split() or [""] if len(word) < _LONG)
    return min(whole, max(_FOLDED, longest))


def _print_block(screen: Console, columns: Sequence[str], line: Sequence[str]) -> None:
    width = max(map(cell_len, columns))
    for column, word in zip(columns, line, strict=True):
        screen.print(Text(f"{column:<{width}}  {word}".strip()), soft_wrap=True)
    screen.print()


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
