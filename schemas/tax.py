"""The tax rate of one amount, read from the rates a store names and the tax it took. It rounds no money."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from schemas.orders import ZERO

_HUNDRED: Final = Decimal(100)
_DIGITS: Final = Decimal("1e-6")
_LIMIT: Final = Decimal(10_000)  # per cent; a "rate" above it is an amount of its own beside a tiny price
_FAR: Final = Decimal("Infinity")

_MOST: Final = 20  # taxes on one amount; more are no tax table of this world
# How plain a rate is: 19, then 5.5, 8.25, 7.7, 8.875; then as few digits as there are.
_PLAIN: Final = tuple(map(Decimal, ("1", "0.5", "0.25", "0.1", "0.125", "0.01", "0.005", "0.001", "0.0001")))
USUAL: Final = _PLAIN[:5]  # of most tax tables of this world


@dataclass(frozen=True, slots=True)
class NamedRate:
    """A rate as a store names it; None where it names a tax without its percentage."""

    percent: Decimal | None
    is_compound: bool = False


@dataclass(frozen=True, slots=True)
class Taxed:
    """What was paid for something, with its tax in it where `is_gross`, and that tax."""

    paid: Decimal
    tax: Decimal
    is_gross: bool = False

    @property
    def net(self) -> Decimal:
        """What was paid without tax."""
        return self.paid - self.tax if self.is_gross else self.paid

    def off(self, percent: Decimal) -> Decimal:
        """How far the tax is from the one that a rate gives, of what was paid: stores work it out of that."""
        if not -_HUNDRED < percent < _LIMIT:
            return _FAR
        share = percent / (_HUNDRED + percent) if self.is_gross else percent / _HUNDRED
        return abs(self.paid * share - self.tax)

    def slack(self, unit: Decimal, percent: Decimal) -> Decimal:
        """How far that may be by rounding alone: of the tax, and of an amount without tax that was rounded itself."""
        return unit / 2 if self.is_gross else unit / 2 * (1 + abs(percent) / _HUNDRED)


def tax_rate(taxed: Taxed, *, rates: Iterable[NamedRate], unit: Decimal) -> Decimal:
    """The percentage of all taxes of an amount together, `unit` being the smallest amount that its shop rounds to.

    As the store names it where that gives the tax, else the plainest one that does: a plugin's tax, a vanished rate,
    a tax on a part of the amount. What was paid for without any tax is exempt, whatever is named (MAP-10).
    """
    applied = tuple(rates)
    named = combined(applied) if len(applied) <= _MOST else None
    if not taxed.net:
        return named or ZERO
    count = max(1, len(applied))
    if not taxed.tax:
        return named if named and taxed.off(named) <= count * taxed.slack(unit, named) else ZERO
    # Every tax was rounded once.
    if named and taxed.off(named) <= unit * count:
        return named
    found = plainest(taxed, slack=taxed.slack(unit, named or ZERO))
    return _exactly(taxed) or named or ZERO if found is None else found


def plainest(taxed: Taxed, *, slack: Decimal, steps: Sequence[Decimal] = _PLAIN) -> Decimal | None:
    """Of the rates that give the tax but for `slack`, the plainest: 8.25 and not 8.250137. None where none does."""
    exact = _exactly(taxed)
    for step in steps if exact is not None else ():
        rate = (exact / step).quantize(Decimal(1), rounding=ROUND_HALF_UP) * step if exact else ZERO
        if rate and taxed.off(rate) <= slack:
            return rate.normalize() + ZERO
    return None


def _exactly(taxed: Taxed) -> Decimal | None:
    """The rate to six digits, with all the noise of its amounts; None where it would be none."""
    if not taxed.net or abs(taxed.tax) * _HUNDRED >= abs(taxed.net) * _LIMIT:
        return None
    return (taxed.tax * _HUNDRED / taxed.net).quantize(_DIGITS, rounding=ROUND_HALF_UP)


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
