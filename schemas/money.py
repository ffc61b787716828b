"""Currencies, minor units and rounding. Decimal from parse to database; no exchange, no discounts, no tax (MAP-5)."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import iso4217

from schemas.errors import Unreadable

# Codes without a minor unit (gold, test codes) are no money that a shop can take.
MINOR_UNITS: Final[dict[str, int]] = {
    currency.code: currency.exponent for currency in iso4217.Currency if currency.exponent is not None
}

PRICE_DIGITS: Final = Decimal("1e-10")  # a unit price or percentage is kept to ten decimals
LIMIT: Final = Decimal("1e15")  # no shop's amount is larger; a larger one is a broken or hostile payload


def minor_units(currency: str) -> int:
    """Decimals of a currency by ISO 4217: EUR 2, JPY 0, KWD 3. Raises Unreadable for an unknown code."""
    try:
        return MINOR_UNITS[currency]
    except KeyError:
        raise Unreadable("currency", f"{currency!r} is not an ISO 4217 currency") from None


def cent(currency: str) -> Decimal:
    """The smallest amount of a currency: 0.01 for EUR, 1 for JPY."""
    return Decimal(1).scaleb(-minor_units(currency))


def round_money(amount: Decimal, currency: str) -> Decimal:
    """The amount in whole minor units, half away from zero as shops round."""
    return amount.quantize(cent(currency), rounding=ROUND_HALF_UP)


def round_price(amount: Decimal) -> Decimal:
    """A unit price or percentage to ten decimals: exact enough that price × quantity rounds back to the line."""
    return amount.quantize(PRICE_DIGITS, rounding=ROUND_HALF_UP)


@contextmanager
def reckoning(path: str = "") -> Iterator[None]:
    """Around what is worked out of a payload. Raises Unreadable where its numbers, each of them likely, clash."""
    try:
        yield
    except ArithmeticError as error:
        raise Unreadable(path, "the numbers do not go together") from error


def plain(number: Decimal) -> str:
    """A decimal as people and JSON read it: no exponent, no trailing zeros ("2", "0.5")."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money_text(amount: Decimal, currency: str) -> str:
    """An amount with exactly the currency's decimals ("90.00", "66")."""
    return f"{round_money(amount, currency):f}"
