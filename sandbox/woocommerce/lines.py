"""From what a request says to the items of an order: lines, charges, coupons, refund lines."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from typing import Any

from sandbox.woocommerce.catalogue import Catalogue, php_integer
from sandbox.woocommerce.errors import Refusal
from sandbox.woocommerce.model import ZERO, Charge, Coupon, CouponLine, Line, Meta, Order, Product, Refund, ShopSettings
from sandbox.woocommerce.money import Place, net_of, rates_at, tax_on, tax_place, to_cents, total_tax
from sandbox.woocommerce.numbers import Numbers


def amount(value: Any) -> Decimal:
    """A money text as WooCommerce takes it; what is no number is nothing."""
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return ZERO


def metas(given: Any, numbers: Numbers) -> list[Meta]:
    """Meta data with ids."""
    return [
        {"id": numbers.meta(), "key": str(one.get("key", "")), "value": one.get("value", "")} for one in given or []
    ]


def shown_meta(key: str, value: Any, numbers: Numbers) -> Meta:
    """A meta entry of an order item, which also carries what a page would show."""
    return {"id": numbers.meta(), "key": key, "value": value, "display_key": key, "display_value": value}


class Items:
    """Makes order items for one shop."""

    def __init__(self, settings: ShopSettings, catalogue: Catalogue, numbers: Numbers) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._numbers = numbers
        self._home: Place = (settings.country, settings.state)

    def line(self, given: Mapping[str, Any]) -> Line:
        """A line item: at the product's price without tax, unless the request says its totals."""
        product = self._product(given)
        quantity = php_integer(given.get("quantity", 1))
        tax_class = str(given.get("tax_class", product.tax_class if product else ""))
        net = self._net_price(product, quantity, tax_class) if product else ZERO
        total = amount(given["total"]) if "total" in given else net
        subtotal = amount(given["subtotal"]) if "subtotal" in given else total if "total" in given else net
        line = Line(self._numbers.item(), str(given.get("name", "")), 0, 0, quantity, subtotal, total, tax_class)
        if product:
            self._point_at(line, product)
        line.meta += [
            shown_meta(one["key"], one.get("value", ""), self._numbers) for one in given.get("meta_data") or []
        ]
        return line

    def change_line(self, line: Line, given: Mapping[str, Any]) -> None:
        """Set what is given; a new quantity alone leaves the totals, as in WooCommerce."""
        line.name = str(given.get("name", line.name))
        line.quantity = php_integer(given.get("quantity", line.quantity))
        line.tax_class = str(given.get("tax_class", line.tax_class))
        line.subtotal = amount(given["subtotal"]) if "subtotal" in given else line.subtotal
        line.total = amount(given["total"]) if "total" in given else line.total

    def shipping(self, given: Mapping[str, Any]) -> Charge:
        """A shipping line."""
        title = str(given.get("method_title", ""))
        method = str(given.get("method_id", ""))
        status = str(given.get("tax_status", "taxable"))
        return Charge(self._numbers.item(), title, amount(given.get("total", 0)), method, status)

    def fee(self, given: Mapping[str, Any]) -> Charge:
        """A fee; a negative one is a discount."""
        fee = Charge(self._numbers.item(), str(given.get("name", "")), amount(given.get("total", 0)))
        fee.tax_status = str(given.get("tax_status", "taxable"))
        fee.tax_class = str(given.get("tax_class", ""))
        return fee

    def apply_coupon(self, order: Order, coupon: Coupon) -> CouponLine:
        """Take a coupon off the order's lines. The line keeps what each share was before it was rounded."""
        place = tax_place(order, self._settings)
        whole = sum((line.total for line in order.lines), ZERO)
        discount = tax = ZERO
        for line in order.lines:
            off = self._share(coupon, line, whole)
            line.total -= off
            discount += off
            tax += sum(tax_on(off, rates_at(self._settings, place, line.tax_class)).values(), ZERO)
        decimals = self._settings.decimals
        return CouponLine(self._numbers.item(), coupon, to_cents(discount, decimals), to_cents(tax, decimals))

    def _share(self, coupon: Coupon, line: Line, whole: Decimal) -> Decimal:
        """A line's part of a discount. Where prices include tax the discount is in whole cents with tax."""
        rates = rates_at(self._settings, self._home, line.tax_class) if self._settings.prices_include_tax else ()
        if coupon.kind == "fixed_cart":
            return min(coupon.amount * line.total / whole, line.total) if whole else ZERO
        gross = line.total + sum(tax_on(line.total, rates).values(), ZERO)
        off = (gross * coupon.amount / 100).quantize(Decimal(1).scaleb(-self._settings.decimals), rounding=ROUND_DOWN)
        return net_of(off, rates)

    def refund_line(self, line: Line, given: Mapping[str, Any]) -> Line:
        """The negative of a part of a line; only its meta data says which line it was."""
        total = -amount(given.get("refund_total", 0))
        taxes = {int(tax["id"]): -amount(tax["refund_total"]) for tax in given.get("refund_tax") or []}
        meta = [shown_meta("_refunded_item_id", str(line.id), self._numbers)]
        quantity = -php_integer(given.get("quantity", 0))
        return Line(
            id=self._numbers.item(),
            name=line.name,
            product_id=line.product_id,
            variation_id=line.variation_id,
            quantity=quantity,
            subtotal=total,
            total=total,
            tax_class=line.tax_class,
            subtotal_taxes=taxes,
            taxes=taxes,
            meta=meta,
            parent_name=line.parent_name,
        )

    def refund_charge(self, charge: Charge, given: Mapping[str, Any]) -> Charge:
        """The negative of a part of a shipping line or fee."""
        taxes = {int(tax["id"]): -amount(tax["refund_total"]) for tax in given.get("refund_tax") or []}
        meta = [shown_meta("_refunded_item_id", str(charge.id), self._numbers)]
        total = -amount(given.get("refund_total", 0))
        return Charge(
            id=self._numbers.item(),
            name=charge.name,
            total=total,
            method_id=charge.method_id,
            tax_status=charge.tax_status,
            tax_class=charge.tax_class,
            taxes=taxes,
            meta=meta,
        )

    def refund_total(self, refund: Refund) -> Decimal:
        """What the refund's lines give back, tax included."""
        items: Iterable[Line | Charge] = [*refund.lines, *refund.shipping_lines, *refund.fee_lines]
        net = sum((to_cents(item.total, self._settings.decimals) for item in items), ZERO)
        return -net - sum((total_tax(item.taxes, self._settings) for item in items), ZERO)

    def _product(self, given: Mapping[str, Any]) -> Product | None:
        if given.get("sku"):
            found = self._catalogue.by_sku(str(given["sku"]))
            return found[0] if found else None
        wanted = given.get("variation_id") or given.get("product_id")
        if not wanted and "total" not in given:
            raise Refusal("woocommerce_rest_required_product_reference", "Product ID or SKU is required.", 400)
        return self._catalogue.products.get(php_integer(wanted or 0))

    def _net_price(self, product: Product, quantity: int, tax_class: str) -> Decimal:
        price = product.price * quantity
        if not self._settings.prices_include_tax:
            return price
        # The shop's own tax is taken out wherever the buyer is: the net price is the same for everybody.
        return net_of(price, rates_at(self._settings, self._home, tax_class))

    def _point_at(self, line: Line, product: Product) -> None:
        parent = self._catalogue.products.get(product.parent_id)
        line.product_id = parent.id if parent else product.id
        line.variation_id = product.id if parent else 0
        line.parent_name = parent.name if parent else None
        line.name = line.name or (f"{parent.name} - {product.option}" if parent else product.name)
