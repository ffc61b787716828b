"""A shop's own import file for stock as CSV (STK-7): columns, cells, and the shop's own export filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from schemas.stock import ExportLine


# A spreadsheet takes such a cell for a formula, and may run what it says. Plain numbers are none.
_FORMULA: Final = re.compile(r"[=@＝＠＋－\t\r]|[+-](?![0-9]+([.,][0-9]+)?$)")

_CELLS: Final = re.compile(r"([;\r\n]\s*)")

_SHOWN: Final = ("Available", "On hand")
_NOT_STOCKED: Final = "not stocked"  # what an export shows of an item that a location does not have
_WHOLE: Final = re.compile(r"-?[0-9]{1,12}")

Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StockFile:
    """One platform's file: its columns, a line's cells, and by which names its own exports call SKU and stock.

    `steps` is how a merchant imports it. `held_columns` are what the stock of such an export has beyond what is
    available; `location_column` where it lies.
    """

    columns: Cells
    cells: Callable[[ExportLine, str], Cells]  # the line and the name of its location
    sku_columns: Cells
    stock_columns: Cells
    steps: str
    held_columns: tuple[Cells, ...] = ()
    location_column: str | None = None


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would read a cell as a formula."""
    return _FORMULA.match(text) is not None


def harmless_cell(text: str) -> str:
    """Text that a spreadsheet shows as it is, also one that takes ; or the end of a line for the end of a cell.

    Never for a SKU: an importer would look for it with the sign before.
    """
    return "".join(f"'{part}" if is_formula(part) else part for part in _CELLS.split(text))


@dataclass(frozen=True, slots=True)
class Filling:
    """Where in a shop's own export SKU, stock, what is held of it, what is shown, and place stand."""

    sku: int
    stock: int
    held: tuple[int, ...]
    shown: tuple[int, ...]
    location: int | None

    def fill(self, row: Cells, quantity: int) -> Cells:
        """The row with so many pieces available, as a push would show them; 0 stock no item that is not stocked."""
        if not quantity and any(row[place].strip().lower() == _NOT_STOCKED for place in self.shown):
            return row
        held = sum(int(row[place]) for place in self.held if _WHOLE.fullmatch(row[place].strip()))
        return (*row[: self.stock], str(quantity + held), *row[self.stock + 1 :])


def read_header(header: Sequence[str], how: StockFile) -> Filling:
    """Find the columns of a shop's own export. Raises ValueError with what is missing."""
    names = [name.strip() for name in header]
    place = how.location_column
    return Filling(
        sku=_column(names, how.sku_columns),
        stock=_column(names, how.stock_columns),
        held=tuple(_column(names, columns) for columns in how.held_columns),
        shown=tuple(place for place, name in enumerate(names) if name.startswith(_SHOWN)),
        location=names.index(place) if place in names else None,
    )


def _column(names: Sequence[str], wanted: Cells) -> int:
    for name in wanted:
        if name in names:
            return names.index(name)
    raise ValueError(f"has no column {' or '.join(wanted)}")
