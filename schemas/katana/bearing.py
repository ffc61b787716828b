"""Who bears what a row below zero takes off: Katana has none, so rows above zero get it as their discount (MAP-9).

Pure. A fee that takes something off is borne by the rows of its own tax rate, in proportion, to the cent: what an order
comes to at each rate stays as its store has it. WooCommerce taxes such a fee as the lines are taxed together; where no
row has its rate all lines bear it, if that gives its tax.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol

from schemas.katana.numbers import three_decimals
from schemas.money import cent
from schemas.orders import ZERO
from schemas.shares import spread

_HUNDRED: Final = Decimal(100)


class Priced(Protocol):
    """A row by its money."""

    @property
    def total(self) -> Decimal:
        """What it comes to without tax."""

    @property
    def tax(self) -> Decimal:
        """Its tax."""

    @property
    def tax_rate(self) -> Decimal:
        """In per cent."""

    @property
    def ships(self) -> bool:
        """Whether it is a line, and no charge."""


@dataclass(frozen=True, slots=True)
class Share:
    """A row, and what it bears already; of one that `is_fixed` that stays."""

    row: Priced
    borne: Decimal = ZERO
    is_fixed: bool = False


@dataclass(frozen=True, slots=True)
class Borne:
    """What each row bears, by its place; `short` is what is borne by none, below zero what is borne too much."""

    amounts: tuple[Decimal, ...]
    short: Decimal = ZERO


def takes_off(row: Priced) -> bool:
    """Whether a row is a charge below zero: Katana gets none of it. A line below zero is none: its pieces are sent."""
    return row.total < ZERO and not row.ships


def bear(parts: Sequence[Share], currency: str) -> Borne:
    """Share out what charges below zero take off, in whole minor units; no row bears more than it comes to."""
    amounts = [part.borne if part.is_fixed else ZERO for part in parts]
    if not any(amounts) and not any(takes_off(part.row) for part in parts):
        return Borne(tuple(amounts))
    unused, short = dict(enumerate(amounts)), ZERO
    for places, off in _wanted(parts, currency):
        left = off
        for place in places:  # what is fixed bears first
            used = min(left, unused[place])
            unused[place], left = unused[place] - used, left - used
        free = [place for place in places if not parts[place].is_fixed]
        room = [parts[place].row.total - amounts[place] for place in free]
        found = min(left, sum(room, ZERO))
        for place, share in zip(free, spread(found, room, currency), strict=True):
            amounts[place] += share
        short += left - found
    return Borne(tuple(amounts), short - sum(unused.values(), ZERO))


def _wanted(parts: Sequence[Share], currency: str) -> Iterator[tuple[list[int], Decimal]]:
    """The places of who may bear each charge, and how much; those of one rate come first."""
    above = [place for place, part in enumerate(parts) if part.row.total > ZERO]
    mixed = []
    for charge in (part.row for part in parts if takes_off(part.row)):
        same = [place for place in above if _rate(parts[place].row) == _rate(charge)]
        if same:
            yield same, -charge.total
        else:
            mixed.append(charge)
    lines = [place for place in above if parts[place].row.ships]
    for charge in mixed:
        is_taxed_so = _gives_tax(charge, [parts[place].row for place in lines], currency)
        yield lines if is_taxed_so else [], -charge.total


def _gives_tax(charge: Priced, lines: Sequence[Priced], currency: str) -> bool:
    """Whether a charge has the tax that its shares of lines would have; each rate rounds once."""
    whole, rates = sum((line.total for line in lines), ZERO), {_rate(line) for line in lines}
    if len(rates) < 2:
        return False
    tax = charge.total * sum((line.total * line.tax_rate for line in lines), ZERO) / whole / _HUNDRED
    return abs(tax - charge.tax) <= cent(currency) * len(rates)


def _rate(row: Priced) -> Decimal:
    return three_decimals(row.tax_rate)


class Bearer(Priced, Protocol):
    """A row with what it bears."""

    @property
    def borne(self) -> Decimal:
        """Of charges below zero."""


def unborne(rows: Iterable[Bearer]) -> Decimal:
    """What charges below zero take off that rows above zero do not bear."""
    return sum((-row.total if takes_off(row) else -row.borne for row in rows), ZERO)
