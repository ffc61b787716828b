"""What the hub's commands share: the hub in one transaction, and orders, SKUs and quantities as people type them."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar

import click

from connectors import hubs
from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import Connection, stores
from schemas.hub import HubOrder, HubRow
from schemas.settings import currency
from schemas.text import clean
from workers.cli.hub.doing import HubDesk
from workers.cli.output import Failed
from workers.cli.start import database

T = TypeVar("T")

_NUMBER: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")  # Decimal itself reads 1_000, NaN and 1e999 too
_OWN: Final = re.compile(r"hub/([0-9]{1,18})")  # an order made here, whose number a store uses as well

limit_option = click.option("--limit", default=1000, show_default=True, type=click.IntRange(1, 1_000_000))


@contextmanager
def hub_database() -> Iterator[Connection]:
    """A connection to where the built-in hub lives. Raises Failed where the account works with another one."""
    with database() as connection:
        name = stores.account(connection).hub
        if not hubs.facts_of(name).shares_transaction:
            raise Failed(f"the account's hub is {name}: this is done there, and not in the built-in one")
        yield connection


@contextmanager
def order_desk() -> Iterator[HubDesk]:
    """The hub in one transaction: a command is done as a whole or not at all, to orders that nobody else moves."""
    with hub_database() as connection:
        desk = HubDesk(connection)
        with desk.hub.unit():
            yield desk


@contextmanager
def hub_desk() -> Iterator[BuiltinHub]:
    """The same where the hub is all that is needed."""
    with order_desk() as desk:
        yield desk.hub


# -- orders --------------------------------------------------------------------------------------------------------


def find_order(hub: BuiltinHub, reference: str) -> HubOrder:
    """The order a person means by STORE/EXTERNAL_ID, a unique order number, or hub/ID for one made here."""
    own = _OWN.fullmatch(reference)
    order = hub.order(own[1]) if own else None
    if order is None or order.store_id is not None:
        order = hub.order(hub.named_order(reference))
    if order is None:
        raise Failed(f"order {reference} was deleted this moment")
    return order


def rows_named(order: HubOrder, sku: str) -> list[HubRow]:
    """The rows with a SKU, or with a name where they have none. Raises Failed, naming what there is."""
    rows = [row for row in order.rows if sku == row.label]
    if not rows:
        there = ", ".join(dict.fromkeys(row.label for row in order.rows))
        raise Failed(f"order {order.order_no} has no {sku}: its rows are {there}")
    return rows


# -- words ---------------------------------------------------------------------------------------------------------


class Word(click.ParamType[T]):
    """A word read by a function that raises ValueError with what is wrong with it."""

    def __init__(self, name: str, read: Callable[[str], T]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> T:
        """The word as its type; one clear line for anything else."""
        try:
            return self._read(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@dataclass(frozen=True, slots=True)
class PricedRow:
    """A row of an order made by hand; the price is per unit and without tax."""

    sku: str
    quantity: Decimal
    price: Decimal


def read_text(text: str) -> str:
    """A name that can be stored."""
    trimmed = text.strip()
    if not trimmed or clean(trimmed) != trimmed or len(trimmed) > 200:
        raise ValueError(f"{trimmed[:40]!r} must be 1 to 200 signs that can be printed")
    return trimmed


def read_quantity(text: str) -> Decimal:
    """Pieces, above 0."""
    quantity = Decimal(text) if _NUMBER.fullmatch(text) else Decimal(0)
    if not quantity:
        raise ValueError(f"{text!r} is no quantity: give a number above 0, like 2 or 0.5")
    return quantity


def read_delta(text: str) -> Decimal:
    """Pieces found, or lost where it is negative; 0 where somebody looked."""
    pieces = text[text.startswith(("+", "-")) :]
    if not _NUMBER.fullmatch(pieces):
        raise ValueError(f"{text!r} is no count: give pieces found or lost, like 5 or -2, or 0 where all is right")
    return -Decimal(pieces) if text.startswith("-") else Decimal(pieces)


def read_portion(text: str) -> tuple[str, Decimal]:
    """SKU=QTY; the last "=" parts them, a SKU may hold one."""
    sku, equals, quantity = text.rpartition("=")
    if not equals:
        raise ValueError(f"{text!r} must be SKU=QTY, like CHAIR-1=2")
    return read_text(sku), read_quantity(quantity)


def _read_priced_row(text: str) -> PricedRow:
    portion, at, price = text.rpartition("@")
    if not at or not _NUMBER.fullmatch(price):
        raise ValueError(f"{text!r} must be SKU=QTY@PRICE, like CHAIR-1=2@49.90")
    return PricedRow(*read_portion(portion), Decimal(price))


def _read_percent(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text) or Decimal(text) > 100:
        raise ValueError(f"{text!r} is no percentage: give 0 to 100, like 19")
    return Decimal(text)


def _read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no day: use 2026-01-31") from None


TEXT: Final = Word("text", read_text)
DELTA: Final = Word("delta", read_delta)
PORTION: Final = Word("portion", read_portion)
PRICED_ROW: Final = Word("row", _read_priced_row)
PERCENT: Final = Word("percent", _read_percent)
CURRENCY: Final = Word("currency", currency)
DAY: Final = Word("day", _read_day)
