"""The command that writes the whole inventory as a platform's own import file (STK-7)."""

import csv
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TextIO

import click

from connectors import platforms
from connectors.hubs import our_hub
from connectors.postgres import Connection, stores
from schemas.settings import with_defaults
from schemas.stock import ExportLine
from schemas.stock_export import Cells, Filling, StockFile, is_formula, read_header
from schemas.stores import Store, StoreState
from tasks.rules.places import hub_locations, location_of
from tasks.stock.export import export_lines
from workers.cli.output import Failed, done, example, json_option, say
from workers.cli.start import database, store_row

_FEW = 5  # SKUs or locations that a message names
_LARGEST_CELL = 2**31 - 1  # a description may be longer than Python's csv takes by itself


@dataclass(slots=True)
class ExportReport:
    """What came of an export: lines, SKUs left out; of a shop's own file what fits the hub, and what does not."""

    lines: int = 0
    left_out: list[str] = field(default_factory=list)
    uncounted: dict[str, None] = field(default_factory=dict)
    fitting: int = 0
    other_skus: dict[str, None] = field(default_factory=dict)  # each once, as they stand in the file
    other_locations: dict[str, None] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "left_out": self.left_out,
            "never_counted": list(self.uncounted),
            "fitting": self.fitting,
            "other_skus": list(self.other_skus),
            "other_locations": list(self.other_locations),
        }

    def words(self, *, also_uncounted: bool = False) -> str:
        """What people should look at; empty where there is nothing."""
        said: tuple[tuple[str, Collection[str]], ...] = (
            ("SKU(s) left out, which a spreadsheet takes for formulas", self.left_out),
            (
                "SKU(s) that were never counted in the hub: rows of the shop's own file stay as they are, others say 0",
                self.uncounted if also_uncounted else (),
            ),
            ("SKU(s) of the file that the hub does not have; their rows stay as they are", self.other_skus),
            (
                "location(s) of the file that are not called as in the hub; their rows stay as they are",
                self.other_locations,
            ),
        )
        return " ".join(f"{len(names)} {what}: {_named(names)}." for what, names in said if names)


def _named(names: Collection[str]) -> str:
    return ", ".join(map(repr, list(names)[:_FEW])) + (" and more" if len(names) > _FEW else "")


def _files() -> dict[str, StockFile]:
    """The import files of the platforms that have one."""
    records = map(platforms.record, platforms.PLATFORMS)
    return {record.name: record.stock_file for record in records if record.stock_file}


_FILES: Final = _files()
_HELP: Final = """\
Write the whole inventory as CSV for a shop's own import: the first fill.

\b
{steps}

Most imports find an item by what only the shop's own export has, like its ID. Without --fill those columns are empty.
Rows of the shop whose SKU the hub does not have, or never counted, stay as they are. A SKU that a spreadsheet would
take for a formula (=, +, -, @) is left out and named: storesync stock push --sku tells it.
""".format(steps="\n".join(f"{name + ':':<13}{file.steps}" for name, file in sorted(_FILES.items())))


@click.command(
    "export",
    help=_HELP,
    epilog=example(
        "storesync stock export --format woocommerce -o stock.csv",
        "storesync stock export --format shopify --store acme --fill inventory_export.csv -o stock.csv",
    ),
)
@click.option("--format", "platform", required=True, type=click.Choice(sorted(_FILES)), help="Whose import format.")
@click.option("-o", "--output", "path", metavar="FILE", help="Where to write; stdout if left out.")
@click.option("--store", "store_name", help="By this store's location, stock.quantity and stock.buffer.")
@click.option("--fill", "own", metavar="FILE", help="The shop's own export: it comes back with our quantities.")
@json_option
def export_stock(platform: str, path: str | None, store_name: str | None, own: str | None, as_json: bool) -> None:
    """Write what `_HELP` says."""
    how, written = _FILES[platform], ExportReport()
    shops = _read(own, how) if own else None
    with database() as connection:
        store, location = _store(connection, platform, store_name)
        names = {place.code: place.name for place in our_hub(connection).locations()}
        if unknown := sorted(set(hub_locations(store, location).values()) - names.keys()):
            raise Failed(f"the hub has no location {', '.join(unknown)}: see storesync location list")
        lines = _writable(export_lines(connection, store, location), written)
        rows = _filled(shops, lines, names, written) if shops else _rows(how, lines, names)
        if as_json and not path:
            say({"format": platform, "rows": list(rows), **written.document()}, True, lambda: None)
            return
        with _output(path) as file:
            for row in rows:
                csv.writer(file).writerow(row)
                written.lines += 1
    _report(written, path, is_filled=shops is not None)


def _store(connection: Connection, platform: str, name: str | None) -> tuple[Store, str]:
    """The store whose settings count, or one with the defaults; and the hub location whose stock is written."""
    account = stores.account(connection)
    if name is None:
        facts = platforms.record(platform)
        return Store(0, "", facts, "", StoreState.ACTIVE, with_defaults(facts, {})), account.default_location
    row = store_row(connection, name)
    if row.platform != platform:
        raise Failed(f"{name} is a {row.platform} store: give --format {row.platform}")
    store = stores.read_store(row, platforms.record(platform))
    return store, location_of(store, account)


def _writable(lines: Iterable[ExportLine], written: ExportReport) -> Iterator[ExportLine]:
    """Lines without those whose SKU would be a formula: written with a sign before it, no import would find it."""
    for line in lines:
        if not is_formula(line.sku):
            if not line.is_counted:
                written.uncounted[line.sku] = None
            yield line
        elif line.sku not in written.left_out:
            written.left_out.append(line.sku)


def _rows(how: StockFile, lines: Iterable[ExportLine], names: dict[str, str]) -> Iterator[Cells]:
    yield how.columns
    for line in lines:
        yield how.cells(line, names.get(line.location, line.location))


# -- the shop's own export -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Own:
    """A shop's own export, and where in it SKU, stock and place stand."""

    header: Cells
    rows: list[Cells]
    at: Filling


def _read(file: str, how: StockFile) -> Own:
    csv.field_size_limit(_LARGEST_CELL)
    try:
        with open(file, encoding="utf-8-sig", newline="") as text:
            header, *rows = [tuple(row) for row in csv.reader(text) if row] or [()]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Failed(f"cannot read {file}: {error}") from error
    try:
        at = read_header(header, how)
    except ValueError as error:
        raise Failed(f"cannot fill {file}: it {error}") from error
    short = next((number for number, row in enumerate(rows, 2) if len(row) != len(header)), None)
    if short:
        raise Failed(f"cannot fill {file}: its row {short} has not as many cells as its header")
    return Own(header, rows, at)


def _filled(own: Own, lines: Iterable[ExportLine], names: dict[str, str], written: ExportReport) -> list[Cells]:
    """The shop's rows with our quantities, by SKU and by the location's name or code. Raises Failed where none fits.

    A file of one location is of the hub's one, whatever it is called.
    """
    ours: dict[str, dict[str, int]] = {}
    here: set[str] = set()
    for line in lines:
        here.add(line.location)
        if not line.is_counted:
            continue  # the shop keeps its own figure
        called = (line.location, names.get(line.location, line.location))
        ours.setdefault(line.sku, {}).update(dict.fromkeys(called, line.quantity))
    at = own.at
    theirs = [row[at.location].strip() if at.location is not None else "" for row in own.rows]
    is_one_place = len(here) == 1 and len(set(theirs)) == 1
    rows = [own.header]
    for row, place in zip(own.rows, theirs, strict=True):
        sku = row[at.sku].strip()
        places = ours.get(sku, {})
        quantity = next(iter(places.values()), None) if is_one_place else places.get(place)
        rows.append(row if quantity is None else at.fill(row, quantity))
        if quantity is not None:
            written.fitting += 1
        elif sku in written.uncounted:
            continue
        elif places:
            written.other_locations[place] = None
        elif sku and sku not in written.left_out:
            written.other_skus[sku] = None
    if not written.fitting:
        known = ", ".join(repr(names.get(code, code)) for code in sorted(here)) or "no stock"
        raise Failed(f"no row of the file fits the hub, which has {known}. {written.words()}")
    return rows


# -- where it goes ---------------------------------------------------------------------------------------------------


@contextmanager
def _output(path: str | None) -> Iterator[TextIO]:
    """The file, or stdout; UTF-8, and line ends as the CSV writer makes them."""
    if path in {None, "-"}:
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr] # a TextIOWrapper
        yield sys.stdout
        return
    try:
        with open(str(path), "w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise Failed(f"cannot write {path}: {error.strerror}") from error


def _report(written: ExportReport, path: str | None, *, is_filled: bool) -> None:
    is_told = path not in {None, "-"}
    words = written.words(also_uncounted=is_told or is_filled)
    if is_told:
        rows = f"{written.lines - 1} rows written to {path}"
        text = f"{rows}, {written.fitting} of them fit the hub." if is_filled else f"{rows}."
        done(f"{text} {words}".strip(), file=path, rows=written.lines - 1, **written.document())
    elif words:
        click.echo(f"storesync: {words}", err=True)
