"""What pages with long lists share: their addresses, the way back to what is newer, and the list as a file."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from io import StringIO
from typing import TYPE_CHECKING, Final

from flask import Response, stream_with_context, url_for

from schemas.stock_export import harmless_cell

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MOST_BACK: Final = 30  # pages: each makes the address longer
_BETWEEN: Final = "~"  # no place has it


@dataclass(frozen=True, slots=True)
class Way:
    """The places at which the pages before this one began, and this one: empty on the first."""

    places: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where this page begins, behind the last line of the one before; empty on the first."""
        return self.places[-1] if self.places else ""

    @property
    def is_first(self) -> bool:
        """Whether nothing is newer."""
        return not self.places

    @property
    def newer(self) -> str:
        """`after` of the page before; empty for the first one."""
        return _BETWEEN.join(self.places[:-1])

    def older(self, place: str) -> str:
        """`after` of the next page."""
        return _BETWEEN.join((*self.places, place)[-MOST_BACK:])


def read_way(after: str) -> Way:
    """The way to a page, as its address has it."""
    return Way(tuple(place for place in after.split(_BETWEEN) if place)[-MOST_BACK:])


def address(page: str, asked: "DataclassInstance", changed: Mapping[str, str]) -> str:
    """The page that shows what a person asked for, with nothing empty in its address."""
    values = asdict(asked) | dict(changed)
    return url_for(page, **{name: value for name, value in values.items() if value})


def file(name: str, lines: Iterable[str]) -> Response:
    """A file of lines, sent as they are read."""
    answer = Response(stream_with_context(iter(lines)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    return answer


def line(cells: Sequence[str]) -> str:
    """A line of a file; no spreadsheet takes a cell of it for a formula."""
    written = StringIO()
    csv.writer(written).writerow([harmless_cell(cell) for cell in cells])
    return written.getvalue()
