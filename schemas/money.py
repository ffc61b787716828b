"""Currencies, minor units and rounding. Decimal from parse to database; no exchange, no discounts, no tax (MAP-5)."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib import import_module
from typing import Final

from schemas.errors import Unreadable

PRICE_DIGITS: Final = Decimal("1e-10")  # a unit price or percentage is kept to ten decimals
LIMIT: Final = Decimal("1e15")  # no shop's amount is larger; a larger one is a broken or hostile payload


@cache
def _currencies() -> dict[str, int]:
    """Minor units by currency. The library takes a while to read its table: it is loaded where money is asked about.

    Codes without a minor unit (gold, test codes) are no money that a shop can take.
    """
    known = import_module("iso4217").Currency
    return {currency.code: currency.exponent for currency in known if currency.exponent is not None}


def is_currency(code: str) -> bool:
    """Whether this is the code of a currency by ISO 4217."""
    return code in _currencies()


def minor_units(currency: str) -> int:
    """Decimals of a currency by ISO 4217: EUR 2, JPY 0, KWD 3. Raises Unreadable for an unknown code."""
    try:
        return _currencies()[currency]
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
