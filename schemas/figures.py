"""What an order's own figures say together: the unit that its shop rounds in, and what was paid before its total."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from itertools import combinations
from typing import Any, Final

from schemas.money import cent
from schemas.orders import ZERO
from schemas.tax import USUAL, Taxed, plainest

_NOISE: Final = Decimal("1e-6")  # a double's last digits are no amount
_PROOF: Final = 2
_DECIMALS: Final = 10  # no shop shows more
_MOST: Final = 8  # payments of one order that are tried in all their sums


@dataclass(frozen=True, slots=True)
class TaxedPart:
    """A line or charge after all discounts, with the rate that is named for it; None where none is.

    `is_rounded` says whether its tax is one that the shop rounded.
    """

    taxed: Taxed
    rate: Decimal | None = None
    is_rounded: bool = True

    def is_explained(self, unit: Decimal) -> bool:
        """Whether its rate, or a usual one, gives its tax as far as rounding goes. No tax at all is an exemption."""
        if not self.taxed.tax:
            return True
        if self.rate is None:
            return plainest(self.taxed, slack=self.taxed.slack(unit, ZERO), steps=USUAL) is not None
        return self.taxed.off(self.rate) <= unit


@dataclass(frozen=True, slots=True)
class Figures:
    """An order's parts beside its totals, in the basis of its parts.

    `written` is the unit that all its amounts are written in, where a shop writes no more decimals than it has.
    """

    currency: str
    parts: Sequence[TaxedPart]
    total_with_tax: Decimal
    total_tax: Decimal
    written: Decimal = ZERO

    @property
    def off(self) -> Decimal:
        """What the parts come to beyond the total."""
        return sum((self._paid(part) for part in self.parts), -self.total_with_tax)

    def adds_up(self) -> bool:
        """Whether the parts make the total, as near as the penny proof asks (MAP-6)."""
        unit = max(cent(self.currency), self.written)
        return abs(self.off) <= unit * max(1, len(self.parts)) or any(map(self._adds_up_in, self._coarser()))

    def unit(self) -> Decimal:
        """The smallest amount that the shop rounds to: the currency's, or a coarser one that explains more.

        Shops without decimals are usual where the currency has them (DKK, HUF). Where nobody says so, what proves one
        is that every figure it rounded is whole, and that whole amounts account for taxes or totals that cents do not.
        """
        fine = cent(self.currency)
        if self.written > fine and _is_whole(self.total_with_tax, self.written):
            return self.written
        return next((unit for unit in self._coarser() if self._adds_up_in(unit) and self._is_better(unit)), fine)

    def is_doubtful(self) -> bool:
        """Whether cents leave something unexplained that a coarser unit might explain."""
        if not self._coarser():
            return False
        fine, taxes = cent(self.currency), [part.taxed.tax for part in self.parts]
        paid = [self._paid(part) for part in self.parts]
        leads = _leads_to(paid, self.total_with_tax, fine) and _leads_to(taxes, self.total_tax, fine)
        return bool(self._odd(fine)) or not leads

    def _is_better(self, unit: Decimal) -> bool:
        """Whether a unit explains what cents do not."""
        fine, count = cent(self.currency), max(1, len(self.parts))
        taxes = [part.taxed.tax for part in self.parts]
        if abs(self.off) > fine * count:
            return True
        if all(_is_whole(tax, unit) for tax in taxes):
            # One odd tax without a name may be an odd rate.
            return self._odd(fine) - self._odd(unit) >= _PROOF
        return fine * count < abs(sum(taxes, -self.total_tax)) <= unit * count / 2

    def _odd(self, unit: Decimal) -> int:
        """How much speaks against a unit: taxes that it does not explain, those that are named above all."""
        return sum(1 if part.rate is None else _PROOF for part in self.parts if not part.is_explained(unit))

    def _coarser(self) -> list[Decimal]:
        """The coarsest units, up to whole amounts, that all figures are whole in that a shop rounds.

        Which of them it rounds is not said: a shop that rounds the order's tax alone shows exact ones by line.
        """
        fine = cent(self.currency)
        totals = [self.total_with_tax, self.total_tax]
        most = coarsest(totals, fine)
        if most == fine:
            return []
        taxes = [part.taxed.tax for part in self.parts if part.is_rounded]
        return [unit for unit in (coarsest([*totals, *taxes], fine), most) if unit > fine]

    def _adds_up_in(self, unit: Decimal) -> bool:
        """Whether the total is that of the parts, each rounded to the unit or all of them together."""
        paid = [self._paid(part) for part in self.parts]
        if not sum((rounded(amount, unit) for amount in paid), -self.total_with_tax):
            return True
        return abs(self.off) <= unit and not all(_is_whole(amount, unit) for amount in paid)

    def _paid(self, part: TaxedPart) -> Decimal:
        return part.taxed.paid if part.taxed.is_gross else part.taxed.paid + part.taxed.tax


def coarsest(figures: Iterable[Decimal], fine: Decimal) -> Decimal:
    """The coarsest of 1, 0.1, 0.01 … that all figures are multiples of, and `fine` where none is or all are zero."""
    amounts = [amount for amount in figures if amount]
    unit = max(Decimal(1), fine)
    while unit > fine and not (amounts and all(_is_whole(amount, unit) for amount in amounts)):
        unit /= 10
    return unit


def written_in(amounts: Sequence[Decimal]) -> Decimal:
    """The unit that amounts are written in, 1 for "287"; zero where that is not sure: a double is 287.0 at least."""
    digits = -min((int(amount.as_tuple().exponent) for amount in amounts), default=0)
    unit = Decimal(1).scaleb(-max(0, digits))
    return ZERO if digits == 1 and all(_is_whole(amount, Decimal(1)) for amount in amounts) else unit


def unit_of(decimals: Any) -> Decimal:
    """The unit of a shop that shows so many decimals; zero where that is no number of them."""
    is_number = isinstance(decimals, int) and not isinstance(decimals, bool) and 0 <= decimals <= _DECIMALS
    return Decimal(1).scaleb(-decimals) if is_number else ZERO


def taken_off(payments: Sequence[Decimal], figures: Figures) -> Decimal:
    """What of the payments was taken off the order's total: nothing where it adds up or they do not account for it."""
    found = min(sums(payments), key=lambda paid: abs(figures.off - paid))
    if figures.adds_up() and abs(figures.off - found) > cent(figures.currency):
        return ZERO
    return found if replace(figures, total_with_tax=figures.total_with_tax + found).adds_up() else ZERO


def sums(payments: Sequence[Decimal]) -> Iterator[Decimal]:
    """What payments may come to that were taken off a total: nothing, all of them, some of them."""
    given = [payment for payment in payments if payment > 0][:_MOST]
    yield ZERO
    yield from (sum(some, ZERO) for count in range(len(given), 0, -1) for some in combinations(given, count))


def _is_whole(amount: Decimal, unit: Decimal) -> bool:
    return abs(amount - rounded(amount, unit)) < _NOISE


def _leads_to(amounts: Sequence[Decimal], total: Decimal, unit: Decimal) -> bool:
    """Whether amounts make a total once each of them is rounded to the unit, up or down."""
    low = sum((rounded(amount, unit, ROUND_FLOOR) for amount in amounts), ZERO)
    return low <= total <= sum((rounded(amount, unit, ROUND_CEILING) for amount in amounts), ZERO)


def rounded(amount: Decimal, unit: Decimal, rounding: str = ROUND_HALF_UP) -> Decimal:
    """An amount in whole units."""
    return (amount / unit).quantize(Decimal(1), rounding=rounding) * unit
