"""The stand-in's money: what a basket comes to with discounts, taxes and charges, as BigCommerce adds it up.

A line's totals are before discounts, its tax is after them, and only the order's totals have everything.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any, Final

from sandbox.bigcommerce.model import Json

ZERO: Final = Decimal(0)
_CENT: Final = Decimal("0.01")
_FINE: Final = Decimal("0.0001")
_HUNDRED: Final = Decimal(100)


def text(amount: Decimal) -> str:
    """An amount as the API writes it, with four decimals."""
    return f"{amount.quantize(_FINE, rounding=ROUND_HALF_UP):f}"


def cents(amount: Decimal) -> Decimal:
    """An amount in whole cents."""
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


def number(given: Mapping[str, Any], name: str, default: str = "0") -> Decimal:
    """A number of a request, as text or number."""
    return Decimal(str(given.get(name, default)))


def both(amount: Decimal, rate: Decimal, *, is_gross: bool) -> tuple[Decimal, Decimal]:
    """An amount of the shop's basis without tax and with it; what is worked out has four decimals."""
    factor = 1 + rate / _HUNDRED
    if is_gross:
        return (amount / factor).quantize(_FINE, rounding=ROUND_HALF_UP), amount
    return amount, amount + cents(amount * rate / _HUNDRED)


def shares(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """A total over the weights in whole cents, the odd ones to the largest remainders."""
    whole = sum(weights, ZERO)
    if not whole or not total:
        return [ZERO] * len(weights)
    exact = [total * weight / whole for weight in weights]
    parts = [one.quantize(_CENT, rounding=ROUND_FLOOR) for one in exact]
    order = sorted(range(len(parts)), key=lambda place: exact[place] - parts[place], reverse=True)
    for place in order[: int((total - sum(parts, ZERO)) / _CENT)]:
        parts[place] += _CENT
    return parts


def cost(prefix: str, amount: Decimal, rate: Decimal, *, is_gross: bool) -> Json:
    """The five fields of a cost: base, without tax, with it, the tax and its class."""
    ex_tax, inc_tax = both(amount, rate, is_gross=is_gross)
    named = {"ex_tax": ex_tax, "inc_tax": inc_tax, "tax": inc_tax - ex_tax}
    fields: Json = {f"{prefix}_{name}": text(value) for name, value in named.items()}
    return {f"base_{prefix}": text(amount), **fields, f"{prefix}_tax_class_id": 0}


def line_money(line: Mapping[str, Any], order_share: Decimal, rate: Decimal, *, is_gross: bool) -> Json:
    """The amounts of a line; `order_share` is its part of the order's discounts."""
    price, quantity = number(line, "price"), Decimal(line.get("quantity", 1))
    base = price * quantity
    ex_tax, inc_tax = both(base, rate, is_gross=is_gross)
    unit_ex, unit_inc = both(price, rate, is_gross=is_gross)
    paid = base - number(line, "promotion") - order_share
    tax = paid - cents(paid / (1 + rate / _HUNDRED)) if is_gross else cents(paid * rate / _HUNDRED)
    return {
        "base_price": text(price),
        "price_ex_tax": text(unit_ex),
        "price_inc_tax": text(unit_inc),
        "price_tax": text(unit_inc - unit_ex),
        "base_total": text(base),
        "total_ex_tax": text(ex_tax),
        "total_inc_tax": text(inc_tax),
        "total_tax": text(tax),
        "discounted_total_inc_tax": text(paid if is_gross else paid + tax),
    }
