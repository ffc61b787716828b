"""The tax rate of one amount, read from the rates a store names and the tax it took. It rounds no money."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from schemas.orders import ZERO

_HUNDRED: Final = Decimal(100)
_DIGITS: Final = Decimal("1e-6")
_LIMIT: Final = Decimal(10_000)  # per cent; a "rate" above it is an amount of its own beside a tiny price

_MOST: Final = 20  # taxes on one amount; more are no tax table of this world


@dataclass(frozen=True, slots=True)
class NamedRate:
    """A rate as a store names it; None where it names a tax without its percentage."""

    percent: Decimal | None
    is_compound: bool = False


def tax_rate(net: Decimal, tax: Decimal, *, rates: Iterable[NamedRate], unit: Decimal) -> Decimal:
    """The percentage of all taxes of an amount together, `unit` being the currency's smallest amount.

    As the store names it where that gives the tax, else the one that does: a plugin's tax, a vanished rate, a tax
    on a part of the amount.
    """
    applied = tuple(rates)
    named = combined(applied) if len(applied) <= _MOST else None
    # Every tax was rounded once, and one without any is exact but for the amount's own rounding.
    if named is not None and abs(net * named / _HUNDRED - tax) <= unit * max(1, len(applied)):
        return named
    if not net or abs(tax) * _HUNDRED >= abs(net) * _LIMIT:
        return named or ZERO
    return (tax * _HUNDRED / net).quantize(_DIGITS, rounding=ROUND_HALF_UP)


def combined(rates: Iterable[NamedRate]) -> Decimal | None:
    """The percentage of several rates: plain ones add up, compound ones are on top of the rest; None if one is unknown.

    5 and compound 10 are 15.5: 1.05 × 1.10.
    """
    plain, factor = ZERO, Decimal(1)
    for rate in rates:
        if rate.percent is None or abs(rate.percent) >= _LIMIT:
            return None
        if rate.is_compound:
            factor *= 1 + rate.percent / _HUNDRED
        else:
            plain += rate.percent
    return (_HUNDRED + plain) * factor - _HUNDRED
