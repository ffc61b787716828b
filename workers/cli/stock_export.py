"""The command that writes the whole inventory as a platform's own import file (STK-7)."""

import csv
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TextIO

import click

from connectors import STORES
from connectors.postgres import Connection, stores
from connectors.postgres.hub import PostgresHub
from schemas.settings import with_defaults
from schemas.stock import ExportLine
from schemas.stock_export import FORMATS, Cells, Filling, Format, is_formula, read_header
from schemas.stores import Store, StoreState
from tasks.stock_export import export_lines
from workers.cli.desk import database, store_row
from workers.cli.output import Failed, done, example, json_option, say

_FEW = 5  # SKUs that a message names


@dataclass(slots=True)
class Written:
    """What came of an export."""

    lines: int = 0
    left_out: list[str] = field(default_factory=list)


@click.command(
    "export",
    epilog=example(
        "storesync stock export --format woocommerce -o stock.csv",
        "storesync stock export --format shopify --store acme --fill inventory_export.csv -o stock.csv",
    ),
)
@click.option("--format", "platform", required=True, type=click.Choice(sorted(FORMATS)), help="Whose import format.")
@click.option("-o", "--output", "path", metavar="FILE", help="Where to write; stdout if left out.")
@click.option("--store", "store_name", help="By this store's location, stock.quantity and stock.buffer.")
@click.option("--fill", "own", metavar="FILE", help="The shop's own export: it comes back with our quantities.")
@json_option
def export_stock(platform: str, path: str | None, store_name: str | None, own: str | None, as_json: bool) -> None:
    """Write the whole inventory as CSV for a shop's own import: the first fill.

    \b
    WooCommerce: Products, Import; tick "Update existing products".
    Shopify:     Products, Inventory, Export first; give that file to --fill, then Import.
    BigCommerce: Products, Export first; give that file to --fill, then Import.

    Shopify finds an item by handle and options and BigCommerce by its ID, which only the shop's own export has. Without
    --fill those columns are empty. Rows of the shop whose SKU the hub does not have stay as they are. A SKU that a
    spreadsheet would take for a formula (=, +, -, @) is left out and named: storesync stock push --sku tells it.
    """
    how, written = FORMATS[platform], Written()
    shops = _read(own, how) if own else None
    with database() as connection:
        store, location = _store(connection, platform, store_name)
        names = {place["code"]: place["name"] for place in PostgresHub(connection).locations()}
        lines = _writable(export_lines(connection, store, location), written)
        rows = _filled(shops, lines, names) if shops else _rows(how, lines, names)
        if as_json and not path:
            say({"format": platform, "rows": list(rows), "left_out": written.left_out}, True, lambda: None)
            return
        with _output(path) as file:
            for row in rows:
                csv.writer(file).writerow(row)
                written.lines += 1
    _report(written, path)


def _store(connection: Connection, platform: str, name: str | None) -> tuple[Store, str]:
    """The store whose settings count, or one with the defaults; and the hub location whose stock is written."""
    account = stores.account(connection)
    if name is None:
        facts = STORES[platform].platform
        return Store(0, "", facts, "", StoreState.ACTIVE, with_defaults(platform, {})), account.default_location
    row = store_row(connection, name)
    if row["platform"] != platform:
        raise Failed(f"{name} is a {row['platform']} store: give --format {row['platform']}")
    store = stores.read_store(row, STORES[platform].platform)
    return store, str(store.settings["location"] or account.default_location)


def _writable(lines: Iterable[ExportLine], written: Written) -> Iterator[ExportLine]:
    """Lines without those whose SKU would be a formula: written with a sign before it, no import would find it."""
    for line in lines:
        if not is_formula(line.sku):
            yield line
        elif line.sku not in written.left_out:
            written.left_out.append(line.sku)


def _rows(how: Format, lines: Iterable[ExportLine], names: dict[str, str]) -> Iterator[Cells]:
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


def _read(file: str, how: Format) -> Own:
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


def _filled(own: Own, lines: Iterable[ExportLine], names: dict[str, str]) -> Iterator[Cells]:
    """The shop's rows with our quantities: by SKU, and by the location's name or code where the file has several."""
    ours: dict[str, dict[str, str]] = {}
    for line in lines:
        called = (line.location, names.get(line.location, line.location))
        ours.setdefault(line.sku, {}).update(dict.fromkeys(called, str(line.quantity)))
    at = own.at
    is_one_place = at.location is None or len({row[at.location] for row in own.rows}) < 2
    yield own.header
    for row in own.rows:
        places = ours.get(row[at.sku].strip(), {})
        fitting = set(places.values()) if is_one_place else {places.get(row[at.location or 0].strip(), "")}
        # Where two locations of the hub would fit, none of them does.
        quantity = fitting.pop() if len(fitting) == 1 else ""
        yield tuple(quantity or cell if place == at.stock else cell for place, cell in enumerate(row))


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


def _report(written: Written, path: str | None) -> None:
    document: dict[str, Any] = {"file": path, "rows": written.lines - 1, "left_out": written.left_out}
    named = ", ".join(map(repr, written.left_out[:_FEW])) + (" and more" if len(written.left_out) > _FEW else "")
    left_out = f"{len(written.left_out)} SKU(s) left out, which a spreadsheet takes for formulas: {named}"
    if path not in {None, "-"}:
        done(f"{written.lines - 1} rows written to {path}." + (f" {left_out}" if written.left_out else ""), **document)
    elif written.left_out:
        click.echo(f"storesync: {left_out}", err=True)
