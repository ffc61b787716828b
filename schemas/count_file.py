"""A file of counted stock: a CSV as people and their programs write it, read line by line (STK-11)."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from schemas.counts import FileLine, Wrong
from schemas.text import clean

MOST_BYTES: Final = 50_000_000
MOST_LINES: Final = 500_000

_DELIMITERS: Final = ";\t|,"
_NAMES: Final[Mapping[str, frozenset[str]]] = {
    "sku": frozenset(
        {"sku", "variant sku", "variant code", "product sku", "item sku", "item code", "code", "artikelnummer"}
    ),
    "quantity": frozenset(
        {"quantity", "qty", "in stock", "stock", "stock quantity", "on hand", "quantity on hand", "pieces", "count"}
        | {"counted", "available", "menge", "bestand", "anzahl"}
    ),
    "location": frozenset({"location", "location code", "warehouse", "place", "lager", "lagerort", "standort"}),
    "batch": frozenset({"batch", "batch no", "batch number", "lot", "lot number", "charge", "chargennummer"}),
}
_NUMBER: Final = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,6})?")
_THOUSANDS: Final = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")  # 1.500: one and a half, or fifteen hundred?


def decode(content: bytes) -> str:
    """The text of a file. Raises ValueError with what is wrong with it."""
    if len(content) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES // 1_000_000} MB")
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text: save it as CSV UTF-8") from None


def read_count_file(text: str, *, location: str) -> tuple[list[FileLine], list[Wrong]]:
    """The lines of a file and what is wrong with others; `location` is that of lines without one.

    Raises ValueError where the file as a whole cannot be read.
    """
    rows = _rows(text)
    columns = _columns(next(rows, (0, []))[1])
    lines, wrong = list[FileLine](), list[Wrong]()
    for number, row in rows:
        try:
            lines.append(
                _line(number, {name: row[at].strip() for name, at in columns.items() if at < len(row)}, location)
            )
        except ValueError as error:
            wrong.append(Wrong(number, str(error)))
        if len(lines) + len(wrong) > MOST_LINES:
            raise ValueError(f"it has more than {MOST_LINES} lines")
    if not lines and not wrong:
        raise ValueError("it has no line below the names of its columns")
    return lines, wrong


def delimiter_of(text: str) -> str:
    """What parts the columns of a file, as its first line says or shows."""
    return _parted(text)[0]


def _parted(text: str) -> tuple[str, bool]:
    """What parts its columns, and whether a line of its own says so, as Excel writes it."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    told = re.fullmatch(r"sep=(.)", first.strip(), re.IGNORECASE)
    return (told[1], True) if told else (max(_DELIMITERS, key=first.count), False)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Every row that is not empty, with the number of its line; the first are the names."""
    delimiter, is_told = _parted(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    try:
        for row in reader:
            if any(cell.strip() for cell in row) and not is_told:
                yield reader.line_num, row
            is_told = is_told and not any(cell.strip() for cell in row)
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num} is no CSV ({error})") from error


def _columns(names: Sequence[str]) -> dict[str, int]:
    """Which column is which, however it is spelt; others mean nothing."""
    found: dict[str, int] = {}
    for at, name in enumerate(names):
        plain = " ".join(re.sub(r"[^\w]|_", " ", name).lower().split())
        for meaning, spellings in _NAMES.items():
            if plain in spellings:
                if meaning in found:
                    raise ValueError(f"two of its columns are the {meaning}: {names[found[meaning]]!r} and {name!r}")
                found[meaning] = at
    missing = [meaning for meaning in ("sku", "quantity") if meaning not in found]
    if missing:
        there = ", ".join(repr(clean(name)[:40]) for name in names[:10]) or "nothing"
        raise ValueError(
            f"its first line has to name the columns SKU and quantity (and location, batch): it has {there}"
        )
    return found


def _line(number: int, cells: Mapping[str, str], location: str) -> FileLine:
    for name, text in cells.items():
        if clean(text) != text or len(text) > 200:
            raise ValueError(f"its {name} is no text of at most 200 signs")
    if not cells.get("sku"):
        raise ValueError("it has no SKU")
    quantity = _quantity(cells.get("quantity", ""))
    return FileLine(number, cells["sku"], quantity, cells.get("location") or location, cells.get("batch") or None)


def _quantity(text: str) -> Decimal:
    if not text:
        raise ValueError("it has no quantity: write 0 where there is nothing")
    if _THOUSANDS.fullmatch(text):
        plain = re.sub("[.,]", "", text)
        raise ValueError(
            f"{text} may mean {plain} or {Decimal(text.replace(',', '.')).normalize():f}: write one of them"
        )
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no quantity: write pieces, like 12 or 0.5")
    return Decimal(text.replace(",", "."))
