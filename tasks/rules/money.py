"""The money of an order: discount shares, tax, rounding, unit prices, the penny proof (MAP-4…6, ORD-8). No matching.

An order states its amounts in one basis, with or without tax. Rows are settled there in whole minor units first; the
unit price and the discount % are then chosen so that they lead back to the settled total, never the other way round.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from schemas.hub import ExchangeRate
from schemas.money import PRICE_DIGITS, cent, round_money, round_price
from schemas.orders import ZERO, StoreLine, StoreOrder
from schemas.shares import round_to_sum, spread

WIDE: Final = Context(prec=60)  # products of the longest amounts and quantities of a payload stay exact
HUNDRED: Final = Decimal(100)
FINEST: Final = Decimal("0.00005")  # by so much a store that keeps a piece's tax to four decimals may be off


@dataclass(frozen=True, slots=True)
class Amount:
    """What one row comes to in the order's own basis: before discounts, and after all of them.

    `tax` is the store's own, None where it gives none.
    """

    listed: Decimal
    paid: Decimal
    tax_rate: Decimal
    tax: Decimal | None
    pieces: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class RowMoney:
    """The money of one row in whole minor units; `total` is without tax."""

    total: Decimal
    tax: Decimal
    tax_rate: Decimal
    pieces: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Price:
    """A unit price without tax and the discount on it, which together lead to the row's total."""

    per_unit: Decimal
    discount_percent: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Proof:
    """The hub's totals beside the store's (MAP-6). `odd_rows` are places of rows whose rate does not give their tax."""

    total: Decimal
    total_with_tax: Decimal
    store_total: Decimal
    store_total_with_tax: Decimal
    residual: Decimal
    residual_with_tax: Decimal
    is_mismatch: bool
    odd_rows: tuple[int, ...] = ()


# -- discounts (MAP-4) -------------------------------------------------------------------------------------------


def line_amounts(order: StoreOrder, lines: Sequence[StoreLine]) -> list[Amount]:
    """What each line comes to, with its own discount and its share of the order's."""
    values = [line.amount - line.discount for line in lines]
    shares = spread(order.order_discount, values, order.currency) if order.order_discount else [ZERO] * len(lines)
    return [
        Amount(line.amount, value - share, line.tax_rate, line.tax, line.quantity)
        for line, value, share in zip(lines, values, shares, strict=True)
    ]


def discount_percent(listed: Decimal, total: Decimal, currency: str) -> Decimal | None:
    """The percentage that brings `listed` to `total` to the minor unit: ten decimals, or as many as that takes.

    None where no discount does: from nothing to something, upwards, or across zero.
    """
    if total == listed:
        return ZERO
    if not listed or not 0 <= total / listed <= 1:
        return None
    exact, step = HUNDRED - HUNDRED * total / listed, PRICE_DIGITS
    percent = exact.quantize(step)
    while not _leads_to(total, listed, percent, currency):
        step /= 10
        percent = exact.quantize(step)
    return percent


# -- tax and rounding (MAP-5, MAP-6) -----------------------------------------------------------------------------


def net_of_tax(amount: Decimal, rate: Decimal) -> Decimal:
    """An amount that includes tax at `rate` percent, without it; not rounded."""
    return amount / (1 + rate / HUNDRED)


def settle_rows(amounts: Sequence[Amount], order: StoreOrder) -> list[RowMoney]:
    """Every row's total and tax in whole minor units, adding up to the store's own wherever its figures allow.

    Where prices include tax, the money paid stands and the row's total is what the tax leaves of it.
    """
    is_gross, units = order.prices_include_tax, _units(order)
    target = order.total_with_tax if is_gross else order.total_with_tax - order.total_tax
    paid = _settle([amount.paid for amount in amounts], target, units)

    by_rate = [_tax_by_rate(part, row.tax_rate, is_gross=is_gross) for part, row in zip(paid, amounts, strict=True)]
    stated = [tax if row.tax is None else row.tax for tax, row in zip(by_rate, amounts, strict=True)]
    # Not the tax rounded: a store with more decimals than its currency may be a cent off in one of the three.
    net = _whole(order.total_with_tax - order.total_tax, units[0])
    tax_target = _whole(order.total_with_tax, units[0]) - net
    taxes = _absorb(_settle(stated, tax_target, units), by_rate, tax_target, unit=units[-1])
    if not is_gross and sum(taxes) == tax_target and sum(paid) != _whole(target, units[0]):
        gross = [amount.paid + tax for amount, tax in zip(amounts, stated, strict=True)]
        paid = _less_tax(gross, taxes, order.total_with_tax, units) or paid
    return [
        RowMoney(part - tax if is_gross else part, tax, row.tax_rate, row.pieces)
        for part, tax, row in zip(paid, taxes, amounts, strict=True)
    ]


def _units(order: StoreOrder) -> tuple[Decimal, ...]:
    """The units that rows are settled in: the currency's, and its shop's own where that is another one."""
    fine = cent(order.currency)
    return (fine, order.unit) if order.unit and order.unit > fine else (fine,)


def _less_tax(
    gross: Sequence[Decimal], taxes: Sequence[Decimal], total: Decimal, units: Sequence[Decimal]
) -> list[Decimal] | None:
    """What taxes leave of amounts with tax that add up to the total; None where they do not.

    A shop whose prices include tax, and that rounds the order's tax alone, shows amounts without tax that nobody paid:
    their sum is a cent off, while what was paid is whole.
    """
    paid = _settle(gross, total, units)
    if sum(paid) != _whole(total, units[0]):
        return None
    return [part - tax for part, tax in zip(paid, taxes, strict=True)]


def merge(rows: Sequence[RowMoney], order: StoreOrder) -> RowMoney:
    """Several settled rows as one: at their rate where it still gives their taxes together, else at the one that does.

    Three charges whose taxes were each rounded down are more than a unit from their rate on the sum.
    """
    total, tax = sum((row.total for row in rows), ZERO), sum((row.tax for row in rows), ZERO)
    merged = RowMoney(total, tax, rows[0].tax_rate)
    if len({row.tax_rate for row in rows}) == 1 and not _is_odd(merged, order):
        return merged
    return RowMoney(total, tax, round_price(HUNDRED * tax / total) if total else ZERO)


def _tax_by_rate(amount: Decimal, rate: Decimal, *, is_gross: bool) -> Decimal:
    if not rate:
        return ZERO
    return amount - net_of_tax(amount, rate) if is_gross else amount * rate / HUNDRED


def _settle(exact: Sequence[Decimal], target: Decimal, units: Sequence[Decimal]) -> list[Decimal]:
    """Each amount rounded up or down so that the sum is the target; a whole amount stays as it is.

    Where no such rounding reaches the target in any of the units the store contradicts itself: then each is rounded
    for itself.
    """
    fine, goal = units[0], _whole(target, units[0])
    for unit in units:
        parts = round_to_sum(exact, goal, unit)
        if sum(parts) == goal:
            return [part.quantize(fine) for part in parts]
    return [_whole(amount, fine) for amount in exact]


def _whole(amount: Decimal, unit: Decimal) -> Decimal:
    return amount.quantize(unit, rounding=ROUND_HALF_UP)


def _absorb(taxes: list[Decimal], by_rate: Sequence[Decimal], target: Decimal, *, unit: Decimal) -> list[Decimal]:
    """Bring rounded taxes to the order's tax by one unit a row, where each rate still stands by its row's tax.

    A store that adds up before it rounds (WooCommerce: "round at subtotal") shows 1.33 three times and 4.00 below.
    """
    missing = target - sum(taxes)
    if not missing:
        return taxes
    step = unit.copy_sign(missing)
    distances = [abs(exact - tax - step) for exact, tax in zip(by_rate, taxes, strict=True)]
    movable = sorted((place for place, off in enumerate(distances) if off < unit), key=distances.__getitem__)
    count = int(missing / step)
    if count > len(movable):
        return taxes  # rounding does not explain it: the rows stay the store's, the proof shows the difference
    moved = set(movable[:count])
    return [tax + step if place in moved else tax for place, tax in enumerate(taxes)]


# -- unit prices -------------------------------------------------------------------------------------------------


def price_row(amount: Amount, total: Decimal, quantity: Decimal, *, order: StoreOrder, is_inside: bool) -> Price:
    """The unit price and discount % of a row whose total is settled.

    `is_inside` puts the discount inside the price. The store's own price and percentage are kept where they lead to
    the total; the rounded cent that they miss it by goes into the percentage, or else into the price.
    """
    percent = ZERO if is_inside else _stated_percent(amount)
    stated = amount.listed if percent else amount.paid
    net = net_of_tax(stated, amount.tax_rate) if order.prices_include_tax else stated
    price = round_price(net / quantity)
    if _leads_to(total, price * quantity, percent, order.currency):
        return Price(price, percent)
    mended = discount_percent(price * quantity, total, order.currency) if percent else None
    if mended is not None:
        return Price(price, mended)
    return Price(unit_price(total, quantity, order.currency))


def unit_price(total: Decimal, quantity: Decimal, currency: str) -> Decimal:
    """The price that times `quantity` rounds to `total`: ten decimals, or as many as a huge quantity takes."""
    exact, step = total / quantity, PRICE_DIGITS
    price = exact.quantize(step)
    while not _leads_to(total, price * quantity, ZERO, currency):
        step /= 10
        price = exact.quantize(step)
    return price


def _stated_percent(amount: Amount) -> Decimal:
    """The discount as the store grants it; zero for a surcharge, which no percentage shows."""
    if not amount.listed or amount.listed == amount.paid:
        return ZERO
    percent = round_price(HUNDRED - HUNDRED * amount.paid / amount.listed)
    return percent if 0 <= percent <= HUNDRED else ZERO


def _leads_to(total: Decimal, listed: Decimal, percent: Decimal, currency: str) -> bool:
    return round_money(listed * (1 - percent / HUNDRED), currency) == total


# -- the proof (MAP-6) and the base currency (ORD-8) -------------------------------------------------------------


def proof(rows: Sequence[RowMoney], order: StoreOrder, *, left_out: Sequence[RowMoney] = ()) -> Proof:
    """Rows against the store's totals, less what a setting leaves out.

    A mismatch is more than one minor unit a row in either total, or a row whose rate gives a tax that is more than
    one minor unit from its own. That is per row and not per piece: a store that rounds each piece's tax may be half
    a unit a piece off, and a hub that works tax out of rate and row total would show that difference. The unit is the
    shop's own where it rounds more coarsely than its currency asks.
    """
    unit = _units(order)[-1]
    total = sum((row.total for row in rows), ZERO)
    with_tax = total + sum((row.tax for row in rows), ZERO)
    out, out_tax = sum((row.total for row in left_out), ZERO), sum((row.tax for row in left_out), ZERO)
    store_with_tax = round_money(order.total_with_tax, order.currency) - out - out_tax
    store_total = round_money(order.total_with_tax - order.total_tax, order.currency) - out
    odd = tuple(place for place, row in enumerate(rows) if _is_odd(row, order))
    worst = max(abs(total - store_total), abs(with_tax - store_with_tax))
    return Proof(
        total=total,
        total_with_tax=with_tax,
        store_total=store_total,
        store_total_with_tax=store_with_tax,
        residual=total - store_total,
        residual_with_tax=with_tax - store_with_tax,
        is_mismatch=worst > unit * len(rows) or bool(odd),
        odd_rows=odd,
    )


def _is_odd(row: RowMoney, order: StoreOrder) -> bool:
    by_rate = round_money(row.total * row.tax_rate / HUNDRED, order.currency)
    return abs(by_rate - row.tax) > _units(order)[-1] + row.pieces * FINEST


def exchange_rate(order: StoreOrder, base_currency: str, table: ExchangeRate | None) -> ExchangeRate | None:
    """The rate to the base currency: 1 at home, else the store's own where it leads there, else the table's."""
    on = order.created_at.date()
    if order.currency == base_currency:
        return ExchangeRate(Decimal(1), on)
    if order.exchange_rate and order.exchange_rate > 0 and order.exchange_base == base_currency:
        return ExchangeRate(order.exchange_rate, on)
    return table


def in_base(total: Decimal, rate: Decimal, base_currency: str) -> Decimal:
    """A total in the base currency, in its minor unit."""
    return round_money(total * rate, base_currency)
