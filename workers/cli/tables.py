"""Tables as people see them, in a terminal of any width or in a pipe. Cells are made by workers.cli.output."""

import sys
from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

_ENDLESS: Final = 1_000_000  # columns
_GAP: Final = 2  # columns between two
_FOLDED: Final = 16  # columns that a sentence has at least
_LONG: Final = 40  # signs from which on a word in a sentence may be parted


def console() -> Console:
    """Where text goes; endlessly wide when nobody looks, so that a pipe gets whole lines with nothing cut off."""
    is_seen = sys.stdout.isatty()
    # Markup and emoji are off: a customer may be called [/red] or :smile:.
    return Console(
        width=None if is_seen else _ENDLESS, highlight=False, soft_wrap=not is_seen, markup=False, emoji=False
    )


def show(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Print a table; where the terminal is too narrow for its ids and codes, one block of lines for each row.

    What a person copies (an id, a SKU, a reason) is never cut: only columns with blanks in them are folded.
    """
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
