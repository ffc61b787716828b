"""Orders and refunds as the WooCommerce REST API v3 writes them: field by field, in its order and its types."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.woocommerce.catalogue import Catalogue
from sandbox.woocommerce.model import Charge, CouponLine, Line, Order, Refund, ShopSettings, TaxLine
from sandbox.woocommerce.money import to_cents, total_tax

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "CAD": "$", "JPY": "¥", "CHF": "CHF", "PLN": "zł"}


def wp_json(value: Any) -> bytes:
    """JSON as PHP writes it: ASCII only, and every slash escaped."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode()


def number(value: Decimal) -> int | float:
    """A JSON number as PHP prints a float: whole ones without a point, the others with all their noise."""
    return int(value) if value == value.to_integral_value() else float(value)


def self_link(href: str) -> dict[str, Any]:
    """A link to the object itself."""
    return {"href": href, "targetHints": {"allow": METHODS}}


class Dates:
    """Moments in the two ways WooCommerce writes them: shop-local without zone, and UTC without Z."""

    def __init__(self, timezone: str) -> None:
        self.zone = ZoneInfo(timezone)

    def local(self, moment: datetime | None) -> str | None:
        """Shop-local time."""
        return None if moment is None else moment.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M:%S")

    def gmt(self, moment: datetime | None) -> str | None:
        """UTC."""
        return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


class OrderWriter:
    """Writes the orders of one shop. `decimals` is the request's `dp`; the shop itself rounds with its own."""

    def __init__(self, settings: ShopSettings, catalogue: Catalogue, url: str) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._url = url
        self._dates = Dates(settings.timezone)

    def order(self, order: Order, decimals: int = 2) -> dict[str, Any]:
        """An order."""
        money, totals = _Money(decimals), order.totals
        return {
            "id": order.id,
            "parent_id": 0,
            "status": order.status,
            "currency": order.currency,
            "version": self._settings.version,
            "prices_include_tax": order.prices_include_tax,
            "date_created": self._dates.local(order.created),
            "date_modified": self._dates.local(order.modified),
            "discount_total": money(totals.discount),
            "discount_tax": money(totals.discount_tax),
            "shipping_total": money(totals.shipping),
            "shipping_tax": money(totals.shipping_tax),
            "cart_tax": money(totals.cart_tax),
            "total": money(totals.total),
            "total_tax": money(to_cents(totals.total_tax, self._settings.decimals)),
            "customer_id": order.customer_id,
            "order_key": order.key,
            "billing": order.billing,
            "shipping": order.shipping,
            "payment_method": order.payment_method,
            "payment_method_title": order.payment_method_title,
            "transaction_id": order.transaction_id,
            "customer_ip_address": "",
            "customer_user_agent": "",
            "created_via": order.created_via,
            "customer_note": order.customer_note,
            "date_completed": self._dates.local(order.completed),
            "date_paid": self._dates.local(order.paid),
            "cart_hash": "",
            "number": order.number,
            "meta_data": order.meta,
            "line_items": [self._line(line, money) for line in order.lines],
            "tax_lines": [_tax_line(line, money) for line in order.tax_lines],
            "shipping_lines": [self._shipping(line, money) for line in order.shipping_lines],
            "fee_lines": [self._fee(fee, money) for fee in order.fee_lines],
            "coupon_lines": [_coupon(line) for line in order.coupon_lines],
            "refunds": [{"id": r.id, "reason": r.reason, "total": money(-r.amount)} for r in order.refunds],
            **self._after_lines(order),
        }

    def refund(self, order: Order, refund: Refund, decimals: int = 2) -> dict[str, Any]:
        """A refund: amount positive, lines negative."""
        money, base = _Money(decimals), self.href("orders", order.id)
        return {
            "id": refund.id,
            "date_created": self._dates.local(refund.created),
            "date_created_gmt": self._dates.gmt(refund.created),
            "amount": money(refund.amount),
            "reason": refund.reason,
            "refunded_by": 1,
            "refunded_payment": False,
            "meta_data": refund.meta,
            "line_items": [self._line(line, money) for line in refund.lines],
            "shipping_lines": [self._shipping(line, money) for line in refund.shipping_lines],
            "tax_lines": [],
            "fee_lines": [self._fee(fee, money) for fee in refund.fee_lines],
            "_links": {
                "self": [self_link(f"{base}/refunds/{refund.id}")],
                "collection": [{"href": f"{base}/refunds"}],
                "up": [{"href": base}],
            },
        }

    def note(self, order: Order, note: dict[str, Any]) -> dict[str, Any]:
        """An order note."""
        base = self.href("orders", order.id)
        return {
            "id": note["id"],
            "author": "system",
            "date_created": self._dates.local(note["at"]),
            "date_created_gmt": self._dates.gmt(note["at"]),
            "note": note["note"],
            "customer_note": note["customer_note"],
            "_links": {
                "self": [self_link(f"{base}/notes/{note['id']}")],
                "collection": [{"href": f"{base}/notes"}],
                "up": [{"href": base}],
            },
        }

    def href(self, kind: str, number: int | None = None) -> str:
        """The address of a collection or of one thing in it."""
        path = f"{self._url}/wp-json/wc/v3/{kind}"
        return path if number is None else f"{path}/{number}"

    def _after_lines(self, order: Order) -> dict[str, Any]:
        query = f"pay_for_order=true&key={order.key}"
        return {
            "payment_url": f"{self._url}/checkout/order-pay/{order.id}/?{query}",
            "is_editable": order.status in ("pending", "on-hold", "auto-draft"),
            "needs_payment": order.status in ("pending", "failed") and order.totals.total > 0,
            "needs_processing": any(not self._is_virtual(line) for line in order.lines),
            "date_created_gmt": self._dates.gmt(order.created),
            "date_modified_gmt": self._dates.gmt(order.modified),
            "date_completed_gmt": self._dates.gmt(order.completed),
            "date_paid_gmt": self._dates.gmt(order.paid),
            "currency_symbol": SYMBOLS.get(order.currency, order.currency),
            "_links": self._order_links(order),
        }

    def _order_links(self, order: Order) -> dict[str, Any]:
        own = self.href("orders", order.id)
        links: dict[str, Any] = {
            "self": [self_link(own)],
            "collection": [{"href": self.href("orders")}],
            "email_templates": [{"embeddable": True, "href": f"{own}/actions/email_templates"}],
        }
        if order.customer_id:
            links["customer"] = [{"href": self.href("customers", order.customer_id)}]
        return links

    def _line(self, line: Line, money: "_Money") -> dict[str, Any]:
        product = self._catalogue.products.get(line.variation_id or line.product_id)
        return {
            "id": line.id,
            "name": line.name,
            "product_id": line.product_id if product else 0,
            "variation_id": line.variation_id if product else 0,
            "quantity": line.quantity,
            "tax_class": line.tax_class,
            "subtotal": money(line.subtotal),
            "subtotal_tax": money(total_tax(line.subtotal_taxes, self._settings)),
            "total": money(line.total),
            "total_tax": money(total_tax(line.taxes, self._settings)),
            "taxes": [
                {"id": rate_id, "total": money(tax), "subtotal": money(line.subtotal_taxes.get(rate_id, tax))}
                for rate_id, tax in line.taxes.items()
            ],
            "meta_data": line.meta,
            "sku": self._catalogue.sku_of(product) if product else line.sku,
            "price": _price(line),
            "image": {"id": "", "src": ""},
            "parent_name": line.parent_name,
        }

    def _shipping(self, line: Charge, money: "_Money") -> dict[str, Any]:
        return {
            "id": line.id,
            "method_title": line.name,
            "method_id": line.method_id,
            "instance_id": "",
            "total": money(line.total),
            "total_tax": money(total_tax(line.taxes, self._settings)),
            "taxes": [{"id": rate_id, "total": money(tax), "subtotal": ""} for rate_id, tax in line.taxes.items()],
            "tax_status": line.tax_status,
            "meta_data": line.meta,
        }

    def _fee(self, fee: Charge, money: "_Money") -> dict[str, Any]:
        return {
            "id": fee.id,
            "name": fee.name,
            "tax_class": fee.tax_class,
            "tax_status": fee.tax_status,
            "amount": _plain(fee.total),
            "total": money(fee.total),
            "total_tax": money(total_tax(fee.taxes, self._settings)),
            "taxes": [{"id": rate_id, "total": money(tax), "subtotal": ""} for rate_id, tax in fee.taxes.items()],
            "meta_data": fee.meta,
        }

    def _is_virtual(self, line: Line) -> bool:
        product = self._catalogue.products.get(line.variation_id or line.product_id)
        return product is not None and product.virtual


class _Money:
    """Writes amounts with a number of decimals."""

    def __init__(self, decimals: int) -> None:
        self._decimals = decimals

    def __call__(self, value: Decimal) -> str:
        return f"{to_cents(value, self._decimals):f}"


def _price(line: Line) -> int | float:
    # The one float of the vendor's money: total ÷ quantity in binary, noise and all. Clients must not use it.
    if not line.quantity:
        return 0
    price = float(line.total) / line.quantity
    return abs(int(price) if price.is_integer() else price)


def _tax_line(line: TaxLine, money: _Money) -> dict[str, Any]:
    return {
        "id": line.id,
        "rate_code": line.rate.code,
        "rate_id": line.rate.id,
        "label": line.rate.label,
        "compound": line.rate.compound,
        "tax_total": money(line.tax_total),
        "shipping_tax_total": money(line.shipping_tax_total),
        "rate_percent": number(line.rate.percent),
        "meta_data": [],
    }


def _coupon(line: CouponLine) -> dict[str, Any]:
    # Coupons are written without padding: "8.1".
    return {
        "id": line.id,
        "code": line.coupon.code,
        "discount": _plain(line.discount),
        "discount_tax": _plain(line.discount_tax),
        "meta_data": [],
        "discount_type": line.coupon.kind,
        "nominal_amount": number(line.coupon.amount),
        "free_shipping": False,
    }


def _plain(number: Decimal) -> str:
    """A decimal without exponent and trailing zeros, as PHP prints one."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
