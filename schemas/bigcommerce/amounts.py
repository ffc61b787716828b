"""What BigCommerce's amounts say together: which discount is on no line yet, whose taxes stand, what a rate is.

A line's totals are before all discounts, the tax beside them is after them, and no rate is given in a list of orders.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from schemas.figures import Figures, TaxedPart, sums
from schemas.money import cent
from schemas.orders import ZERO
from schemas.tax import USUAL, Taxed, plainest, tax_rate

_HUNDRED: Final = Decimal(100)
_PIECE: Final = Decimal("0.00005")  # a piece's tax is worked out to four decimals
_WIDE: Final = Decimal("0.5")  # per cent; an amount that leaves so much open does not tell its rate


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
    """The order's own figures. `discount` is all of it; `payments` are what may have been taken off the total (MAP-11).

    `unit` is the smallest amount that the shop rounds to, the currency's until it is known.
    """

    currency: str
    is_gross: bool
    total_with_tax: Decimal
    total_tax: Decimal
    discount: Decimal
    payments: tuple[Decimal, ...] = ()
    unit: Decimal = field(default=ZERO)

    def __post_init__(self) -> None:
        if not self.unit:
            object.__setattr__(self, "unit", cent(self.currency))


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
    unit: Decimal


def settle_items(items: Sequence[Item], money: OrderMoney) -> Settlement:
    """The items as an order of the hub can take them (MAP-4, MAP-8)."""
    money = replace(money, unit=_unit(items, money))
    order_discount, payment = _unreported(items, money)
    money = replace(money, total_with_tax=money.total_with_tax + payment)
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
        unit=money.unit,
    )


def _listed(item: Item, money: OrderMoney) -> Decimal:
    return item.inc_tax if money.is_gross else item.ex_tax


# -- discounts ---------------------------------------------------------------------------------------------------


def _unreported(items: Sequence[Item], money: OrderMoney) -> tuple[Decimal, Decimal]:
    """What of the order's discount no line reports, and what of its payments was taken off its total.

    Usually lines report their share of the discount, and payments leave the total alone. Where it is otherwise, the
    order's total tells: it is the one figure that was paid.
    """
    reported = sum((item.discount for item in items), ZERO)
    rest = money.discount - reported
    usual = rest if rest >= money.unit else ZERO
    paid = sum((_listed(item, money) for item in items), ZERO) - reported
    total = money.total_with_tax if money.is_gross else money.total_with_tax - money.total_tax
    slack = money.unit * max(1, len(items))
    tried = ((one, payment) for payment in sums(money.payments) for one in (usual, money.discount, ZERO))
    fitting = (each for each in tried if abs(paid - each[0] - total - each[1]) <= slack)
    return next(fitting, (usual, ZERO))


def _unit(items: Sequence[Item], money: OrderMoney) -> Decimal:
    """The smallest amount that the shop rounds to; a charge's tax is not rounded to it."""
    order_discount, payment = _unreported(items, money)
    share = _share(items, money, order_discount)
    slack = cent(money.currency) / 2
    parts = [
        TaxedPart(_paid(item, money, share), _shown(item, money, slack=slack), item.tax is not None) for item in items
    ]
    return Figures(money.currency, parts, money.total_with_tax + payment, money.total_tax).unit()


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
        paid, listing = _paid(item, money, share), _listing(item, money)
        # Four decimals tell more than a rounded tax does.
        shown = _shown(item, money, slack=ZERO) if listing.tax % cent(money.currency) else None
        vague = _shown(item, money, slack=cent(money.currency) / 2)
        hints = [rate for rate in (shown, *known, vague) if rate]
        told = paid if stand and paid.paid else listing  # of what was given away the list tells the rate (MAP-10)
        rates[place] = _rate(told, hints, _slacks(item, share, money.unit), money.unit)
        known.append(rates[place])
    return list(rates.values())


def _paid(item: Item, money: OrderMoney, share: Decimal) -> Taxed:
    paid = (_listed(item, money) - item.discount) * (1 if item.tax is None else share)
    return Taxed(paid, item.stated_tax, money.is_gross)


def _listing(item: Item, money: OrderMoney) -> Taxed:
    return Taxed(_listed(item, money), item.inc_tax - item.ex_tax, money.is_gross)


def _shown(item: Item, money: OrderMoney, *, slack: Decimal) -> Decimal | None:
    """The rate that the list shows, where it shows a usual one."""
    return plainest(_listing(item, money), slack=slack + _PIECE * max(Decimal(1), item.quantity), steps=USUAL)


def _slacks(item: Item, share: Decimal, unit: Decimal) -> tuple[Decimal, Decimal]:
    """How far a tax may be from its rate's: it was rounded once, an item's share of a discount is a guess; and then
    that of each piece may have been rounded."""
    once = unit / 2 if share == 1 else unit
    return once, once + _PIECE * item.quantity


def _rate(taxed: Taxed, hints: Sequence[Decimal], slacks: tuple[Decimal, Decimal], unit: Decimal) -> Decimal:
    """The rate that gives the tax: a known one, else the plainest, 8.25 and not 8.250137 (MAP-10).

    No tax on what was paid is an exemption, unless rounding alone took it.
    """
    if not taxed.net:
        return ZERO
    once, by_piece = slacks
    fitting = [rate for rate in hints if taxed.off(rate) <= once]
    if fitting or not taxed.tax:
        return fitting[0] if fitting else ZERO
    nearest = min(hints, key=taxed.off, default=ZERO)
    close = nearest if nearest and taxed.off(nearest) <= unit else None
    is_vague = once * 2 * _HUNDRED > _WIDE * abs(taxed.net)
    tried = (
        close if is_vague else None,
        plainest(taxed, slack=once, steps=USUAL),
        next((rate for rate in hints if taxed.off(rate) <= by_piece), None),
        plainest(taxed, slack=by_piece, steps=USUAL),
        close,
        plainest(taxed, slack=once),
    )
    found = next((rate for rate in tried if rate is not None), None)
    return tax_rate(taxed, rates=(), unit=unit) if found is None else found


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
