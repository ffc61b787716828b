"""What BigCommerce's amounts say together: which discount is on no line yet, whose taxes stand, what a rate is.

A line's totals are before all discounts, the tax beside them is after them, and no rate is given in a list of orders.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from schemas.orders import ZERO
from schemas.tax import tax_rate

_HUNDRED: Final = Decimal(100)
_MOST_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Item:
    """A line or charge as the order states it, for all its pieces. `tax` is after discounts, None for a charge."""

    ex_tax: Decimal
    inc_tax: Decimal
    tax: Decimal | None = None
    discount: Decimal = ZERO
    quantity: Decimal = Decimal(1)
    refunded: Decimal = ZERO

    @property
    def stated_tax(self) -> Decimal:
        """The tax that the order's own includes."""
        return self.inc_tax - self.ex_tax if self.tax is None else self.tax


@dataclass(frozen=True, slots=True)
class OrderMoney:
    """The order's own figures. `discount` is all of it; `unit` the currency's smallest amount."""

    unit: Decimal
    is_gross: bool
    total_with_tax: Decimal
    total_tax: Decimal
    discount: Decimal


@dataclass(frozen=True, slots=True)
class ItemMoney:
    """A line or charge without its refunded pieces, in the order's basis."""

    amount: Decimal
    discount: Decimal
    tax_rate: Decimal
    tax: Decimal | None

    @property
    def paid(self) -> Decimal:
        """What is paid for it, but for its share of the order's discount."""
        return self.amount - self.discount


@dataclass(frozen=True, slots=True)
class Settlement:
    """All items in their order, the discount that is on none of them, and the totals of what is left of them."""

    items: tuple[ItemMoney, ...]
    order_discount: Decimal
    total_with_tax: Decimal
    total_tax: Decimal


def settle_items(items: Sequence[Item], money: OrderMoney) -> Settlement:
    """The items as an order of the hub can take them (MAP-4, MAP-8)."""
    order_discount = _unreported(items, money)
    share = _share(items, money, order_discount)
    stand = _do_taxes_stand(items, money)
    rates = _rates(items, money, stand=stand, share=share)
    whole = [
        ItemMoney(_listed(item, money), item.discount, rate, item.stated_tax if stand else None)
        for item, rate in zip(items, rates, strict=True)
    ]
    left = [_without_refunds(one, item, money.unit) for one, item in zip(whole, items, strict=True)]
    gone = [before.paid - after.paid for before, after in zip(whole, left, strict=True)]
    # What went back had its part of the order's discount: the rest keeps no more than its own.
    discount_gone = (sum(gone, ZERO) * (1 - share)).quantize(money.unit, rounding=ROUND_HALF_UP)
    tax_gone = sum((_tax_gone(*pair, share, money) for pair in zip(whole, left, strict=True)), ZERO)
    paid_gone = sum(gone, ZERO) - discount_gone
    return Settlement(
        items=tuple(left),
        order_discount=order_discount - discount_gone,
        total_with_tax=money.total_with_tax - paid_gone - (ZERO if money.is_gross else tax_gone),
        total_tax=money.total_tax - tax_gone,
    )


def _listed(item: Item, money: OrderMoney) -> Decimal:
    return item.inc_tax if money.is_gross else item.ex_tax


# -- discounts ---------------------------------------------------------------------------------------------------


def _unreported(items: Sequence[Item], money: OrderMoney) -> Decimal:
    """What of the order's discount no line reports.

    Usually lines report their share of it. Where they report promotions of their own instead, the order's total
    tells: it is the one figure that was paid.
    """
    reported = sum((item.discount for item in items), ZERO)
    rest = money.discount - reported
    usual = rest if rest >= money.unit else ZERO
    paid = sum((_listed(item, money) for item in items), ZERO) - reported
    total = money.total_with_tax if money.is_gross else money.total_with_tax - money.total_tax
    slack = money.unit * max(1, len(items))
    fitting = (one for one in (usual, money.discount, ZERO) if abs(paid - one - total) <= slack)
    return next(fitting, usual)


def _share(items: Sequence[Item], money: OrderMoney, order_discount: Decimal) -> Decimal:
    """The part of a line's worth that is left once the order's discount is taken off."""
    worth = sum((_listed(item, money) - item.discount for item in items if item.tax is not None), ZERO)
    return 1 - order_discount / worth if worth else Decimal(1)


# -- taxes -------------------------------------------------------------------------------------------------------


def _do_taxes_stand(items: Sequence[Item], money: OrderMoney) -> bool:
    """Whether the items' taxes make the order's; where they do not, they are estimates from before some discount."""
    stated = sum((item.stated_tax for item in items), ZERO)
    return abs(stated - money.total_tax) <= money.unit * max(1, len(items)) / 2


def _rates(items: Sequence[Item], money: OrderMoney, *, stand: bool, share: Decimal) -> list[Decimal]:
    """Each item's rate. A small amount does not tell its rate: those of larger ones are tried on it first."""
    known: list[Decimal] = []
    rates = dict.fromkeys(range(len(items)), ZERO)
    for place in sorted(rates, key=lambda place: -abs(items[place].ex_tax)):
        item = items[place]
        rate = _rate(item.ex_tax, item.inc_tax - item.ex_tax, known, money.unit)
        if stand:
            paid = (_listed(item, money) - item.discount) * (1 if item.tax is None else share)
            net = paid - item.stated_tax if money.is_gross else paid
            rate = _rate(net, item.stated_tax, [rate, *known], money.unit)
        rates[place] = rate
        known.append(rate)
    return list(rates.values())


def _rate(net: Decimal, tax: Decimal, known: Iterable[Decimal], unit: Decimal) -> Decimal:
    """The rate that gives the tax: a known one, else the one with the fewest digits, 8.25 and not 8.250137."""
    if not net or not tax:
        return ZERO
    off = {rate: abs(net * rate / _HUNDRED - tax) for rate in known}
    nearest = min(off, key=off.__getitem__, default=None)
    if nearest is not None and off[nearest] <= unit:
        return nearest
    exact = tax * _HUNDRED / net
    if abs(exact) < _HUNDRED * _HUNDRED:
        for digits in range(_MOST_DIGITS):
            rate = exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
            if abs(net * rate / _HUNDRED - tax) <= unit / 2:
                return rate
    return tax_rate(net, tax, rates=(), unit=unit)


# -- refunds -----------------------------------------------------------------------------------------------------


def _without_refunds(whole: ItemMoney, item: Item, unit: Decimal) -> ItemMoney:
    """What is left of an item, by pieces (MAP-8): what two of three pieces took away is whole cents."""
    if not item.refunded:
        return whole

    def left(amount: Decimal) -> Decimal:
        gone = (amount * item.refunded / item.quantity).quantize(unit, rounding=ROUND_HALF_UP)
        return amount - gone if item.refunded < item.quantity else ZERO

    tax = None if whole.tax is None else left(whole.tax)
    return ItemMoney(left(whole.amount), left(whole.discount), whole.tax_rate, tax)


def _tax_gone(before: ItemMoney, after: ItemMoney, share: Decimal, money: OrderMoney) -> Decimal:
    """The tax of what refunds took off an item."""
    if before.tax is not None and after.tax is not None:
        return before.tax - after.tax
    paid = (before.paid - after.paid) * share
    net = paid / (1 + before.tax_rate / _HUNDRED) if money.is_gross else paid
    return (net * before.tax_rate / _HUNDRED).quantize(money.unit, rounding=ROUND_HALF_UP)
