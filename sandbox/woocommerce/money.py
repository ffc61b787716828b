"""Tax and totals the way WooCommerce computes them: net lines, tax per line and rate, the order as their sum."""

from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from functools import cache
from typing import Final

from sandbox.woocommerce.model import ZERO, Charge, Order, ShopSettings, TaxLine, TaxRate, Totals

_TAX_DIGITS: Final = Decimal("1e-6")
Place = tuple[str, str]


def to_cents(amount: Decimal, decimals: int = 2) -> Decimal:
    """An amount with the shop's decimals, half away from zero."""
    return amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def tax_to_cents(amount: Decimal, settings: ShopSettings) -> Decimal:
    """A tax with the shop's decimals: half a cent is dropped where prices include tax, so that the price holds.

    This is why a fee may say 0.48 in its taxes and 0.47 in its total_tax. A shop that rounds at the subtotal keeps it.
    """
    if settings.round_at_subtotal:
        return amount
    rounding = ROUND_HALF_DOWN if settings.prices_include_tax else ROUND_HALF_UP
    return amount.quantize(Decimal(1).scaleb(-settings.decimals), rounding=rounding)


@cache
def rates_at(settings: ShopSettings, place: Place, tax_class: str) -> tuple[TaxRate, ...]:
    """The rates that hold at a place for a tax class, in the order they apply."""
    found: dict[int, TaxRate] = {}
    for rate in sorted(settings.tax_rates, key=lambda rate: (rate.priority, rate.id)):
        if rate.tax_class == tax_class and rate.country == place[0] and rate.state in ("", place[1]):
            found.setdefault(rate.priority, rate)
    return tuple(found.values())


def tax_on(net: Decimal, rates: Iterable[TaxRate]) -> dict[int, Decimal]:
    """Tax of a net amount by rate id; a compound rate also taxes the tax before it."""
    taxes: dict[int, Decimal] = {}
    for rate in rates:
        base = net + sum(taxes.values(), ZERO) if rate.compound else net
        taxes[rate.id] = (base * rate.percent / 100).quantize(_TAX_DIGITS)
    return taxes


def net_of(gross: Decimal, rates: Sequence[TaxRate]) -> Decimal:
    """What remains of a price with tax: 24.99 at 19 % is 21.00, 8.95 at 7 % has no end."""
    plain = 1 + sum((rate.percent for rate in rates if not rate.compound), ZERO) / 100
    for rate in rates:
        if rate.compound:
            plain *= 1 + rate.percent / 100
    return gross / plain


def tax_place(order: Order, settings: ShopSettings) -> Place:
    """Where an order is taxed: at the buyer's, or at the shop's when it is picked up there."""
    if any(line.method_id == "local_pickup" for line in order.shipping_lines):
        return settings.country, settings.state
    for address in (order.shipping, order.billing):
        if address.get("country"):
            return address["country"], address.get("state", "")
    return settings.country, settings.state


def recalculate(order: Order, settings: ShopSettings, next_id: Callable[[], int]) -> None:
    """Set every tax of an order and its totals from the net amounts of its lines."""
    place = tax_place(order, settings)
    for line in order.lines:
        rates = rates_at(settings, place, line.tax_class)
        line.taxes = tax_on(line.total, rates)
        line.subtotal_taxes = line.taxes if line.subtotal == line.total else tax_on(line.subtotal, rates)
    for charge in order.shipping_lines:
        charge.taxes = _charge_taxes(charge, [r for r in rates_at(settings, place, "") if r.on_shipping])
    for charge in order.fee_lines:
        charge.taxes = _fee_taxes(charge, order, settings)
    order.tax_lines = _tax_lines(order, settings, next_id)
    order.totals = _totals(order, settings)


def _charge_taxes(charge: Charge, rates: Iterable[TaxRate]) -> dict[int, Decimal]:
    return tax_on(charge.total, rates) if charge.tax_status == "taxable" else {}


def _fee_taxes(fee: Charge, order: Order, settings: ShopSettings) -> dict[int, Decimal]:
    place = tax_place(order, settings)
    if fee.total >= 0:
        return _charge_taxes(fee, rates_at(settings, place, fee.tax_class))
    # A negative fee is a discount: it is taxed as the lines are, in their proportion, whatever its tax status says.
    whole = sum((line.total for line in order.lines), ZERO)
    taxes: dict[int, Decimal] = {}
    for tax_class in dict.fromkeys(line.tax_class for line in order.lines):
        part = sum((line.total for line in order.lines if line.tax_class == tax_class), ZERO)
        share = fee.total * part / whole if whole else ZERO
        for rate_id, tax in tax_on(share, rates_at(settings, place, tax_class)).items():
            taxes[rate_id] = taxes.get(rate_id, ZERO) + tax
    return taxes


def _tax_lines(order: Order, settings: ShopSettings, next_id: Callable[[], int]) -> list[TaxLine]:
    cart = _by_rate([line.taxes for line in order.lines] + [fee.taxes for fee in order.fee_lines], settings)
    shipping = _by_rate([line.taxes for line in order.shipping_lines], settings)
    known = {line.rate.id: line.id for line in order.tax_lines}
    rates = {rate.id: rate for rate in settings.tax_rates}
    return [
        TaxLine(known.get(i) or next_id(), rates[i], cart.get(i, ZERO), shipping.get(i, ZERO))
        for i in dict.fromkeys([*cart, *shipping])
    ]


def _by_rate(taxes: Iterable[dict[int, Decimal]], settings: ShopSettings) -> dict[int, Decimal]:
    sums: dict[int, Decimal] = {}
    for of_item in taxes:
        for rate_id, tax in of_item.items():
            sums[rate_id] = sums.get(rate_id, ZERO) + tax_to_cents(tax, settings)
    return sums


def total_tax(taxes: dict[int, Decimal], settings: ShopSettings) -> Decimal:
    """The tax of one item: each rate rounded, then added."""
    return sum((tax_to_cents(tax, settings) for tax in taxes.values()), ZERO)


def _totals(order: Order, settings: ShopSettings) -> Totals:
    def cents(amounts: Iterable[Decimal]) -> Decimal:
        parts = amounts if settings.round_at_subtotal else (to_cents(amount, settings.decimals) for amount in amounts)
        return sum(parts, ZERO)

    items = cents(line.total for line in order.lines)
    shipping = cents(line.total for line in order.shipping_lines)
    fees = cents(fee.total for fee in order.fee_lines)
    cart_tax = sum((line.tax_total for line in order.tax_lines), ZERO)
    shipping_tax = sum((line.shipping_tax_total for line in order.tax_lines), ZERO)
    before = sum((total_tax(line.subtotal_taxes, settings) for line in order.lines), ZERO)
    after = sum((total_tax(line.taxes, settings) for line in order.lines), ZERO)
    return Totals(
        discount=cents(line.subtotal for line in order.lines) - items,
        discount_tax=before - after,
        shipping=shipping,
        shipping_tax=shipping_tax,
        cart_tax=cart_tax,
        total=to_cents(items + shipping + fees + cart_tax + shipping_tax, settings.decimals),
    )
