"""How the stand-in makes an order of a basket: lines, discounts, consignments, fees and totals."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from sandbox.bigcommerce.model import BigCommerceSettings, BigOrder, Json
from sandbox.bigcommerce.money import ZERO, cost, line_money, number, shares, text

_ADDRESS: Final = {
    "first_name": "Lena",
    "last_name": "Vogel",
    "company": "",
    "street_1": "Lindenweg 4",
    "street_2": "",
    "city": "Berlin",
    "state": "Berlin",
    "zip": "10115",
    "country": "Germany",
    "country_iso2": "DE",
    "phone": "",
    "email": "lena.vogel@example.test",
    "form_fields": [],
}
_COSTS: Final = ("shipping_cost", "handling_cost", "wrapping_cost")


def fill(order: BigOrder, given: Mapping[str, Any], settings: BigCommerceSettings, ids: Iterator[int]) -> None:
    """Give an order what a basket says; whatever it does not say is the shop's usual."""
    rate = number(given, "tax_rate", str(settings.tax_rate))
    is_gross = bool(given.get("is_tax_inclusive_pricing", settings.is_tax_inclusive))
    order.addresses = [_parcel(order.id, one, given, ids) for one in given.get("shipping_addresses", [{}])]
    order.coupons = [_coupon(order.id, one, ids) for one in given.get("coupons", [])]
    order.products = list(_lines(order, given, rate, is_gross=is_gross, ids=ids))
    order.fees = [_fee(one, rate, is_gross=is_gross, ids=ids) for one in given.get("fees", [])]
    charged = {"wrapping_cost": str(_wrapping(given)), **given}
    costs = [cost(name, number(charged, name), rate, is_gross=is_gross) for name in _COSTS]
    for parcel in order.addresses[:1]:
        parcel.update(cost("cost", number(given, "shipping_cost"), rate, is_gross=is_gross))
        parcel.update(cost("handling_cost", number(given, "handling_cost"), rate, is_gross=is_gross))
    order.fields |= {name: value for part in costs for name, value in part.items()}
    order.fields |= _totals(order, costs, given, is_gross=is_gross)
    order.fields |= _facts(order, given, settings) | {"is_tax_inclusive_pricing": is_gross}
    order.taxes = [_tax(order.id, line, rate, ids) for line in order.products]


def _wrapping(given: Mapping[str, Any]) -> Decimal:
    return sum((number(line, "wrapping") for line in given["products"]), ZERO)


def _discounts(given: Mapping[str, Any]) -> list[tuple[str, str | None, Decimal]]:
    """The discounts of the whole order: id, code, amount."""
    coupons = [("coupon", one["code"], number(one, "discount")) for one in given.get("coupons", [])]
    return [*coupons, ("manual-discount", None, number(given, "discount_amount"))]


def _lines(
    order: BigOrder, given: Mapping[str, Any], rate: Decimal, *, is_gross: bool, ids: Iterator[int]
) -> Iterator[Json]:
    baskets = given["products"]
    worth = [number(one, "price") * one.get("quantity", 1) - number(one, "promotion") for one in baskets]
    parts = [(id_, code, shares(amount, worth)) for id_, code, amount in _discounts(given)]
    address = order.addresses[0]["id"] if order.addresses else 0
    for place, one in enumerate(baskets):
        applied = [_applied(id_, code, part[place], "order") for id_, code, part in parts if part[place]]
        if number(one, "promotion"):
            applied.append(_applied("promotion", None, number(one, "promotion"), "product"))
        share = sum((part[place] for _, _, part in parts), ZERO)
        money = line_money(one, share, number(one, "tax_rate", str(rate)), is_gross=is_gross)
        wrapped = cost("wrapping_cost", number(one, "wrapping"), rate, is_gross=is_gross)
        wrapped.pop("wrapping_cost_tax_class_id")
        shown = applied if given.get("is_discount_reported", True) else []
        yield _line(order.id, one, ids) | money | wrapped | {"applied_discounts": shown, "order_address_id": address}


def _applied(id_: str, code: str | None, amount: Decimal, target: str) -> Json:
    return {"id": id_, "amount": text(amount), "name": code or id_, "code": code, "target": target}


def _line(order_id: int, given: Mapping[str, Any], ids: Iterator[int]) -> Json:
    name = str(given.get("name", given.get("sku", "Product")))
    return {
        "id": next(ids),
        "order_id": order_id,
        "product_id": given.get("product_id", 0),
        "variant_id": given.get("variant_id", 0),
        "order_pickup_method_id": 0,
        "name": name,
        "name_customer": name,
        "name_merchant": name,
        "sku": given.get("sku", ""),
        "upc": "",
        "type": given.get("type", "physical"),
        "weight": "1.0000",
        "width": "1.0000",
        "height": "1.0000",
        "depth": "1.0000",
        "quantity": given.get("quantity", 1),
        **dict.fromkeys(("base_cost_price", "cost_price_inc_tax", "cost_price_ex_tax", "cost_price_tax"), "0.0000"),
        "is_refunded": False,
        "quantity_refunded": 0,
        "refund_amount": "0.0000",
        "return_id": 0,
        "wrapping_id": 1 if "wrapping" in given else 0,
        "wrapping_name": "Silk paper" if "wrapping" in given else "",
        "wrapping_message": "",
        "quantity_shipped": 0,
        "event_name": None,
        "event_date": None,
        "fixed_shipping_cost": "0.0000",
        "ebay_item_id": "",
        "ebay_transaction_id": "",
        "option_set_id": None,
        "parent_order_product_id": None,
        "is_bundled_product": False,
        "bin_picking_number": "",
        "external_id": None,
        "fulfillment_source": "",
        "brand": "",
        "product_options": [],
        "configurable_fields": [],
        "gift_certificate_id": None,
    }


def _parcel(order_id: int, given: Mapping[str, Any], order: Mapping[str, Any], ids: Iterator[int]) -> Json:
    nothing = cost("cost", ZERO, ZERO, is_gross=False) | cost("handling_cost", ZERO, ZERO, is_gross=False)
    return {
        "id": next(ids),
        "order_id": order_id,
        **_ADDRESS,
        **given,
        "items_total": sum(one.get("quantity", 1) for one in order["products"]),
        "items_shipped": 0,
        "shipping_method": order.get("shipping_method", "DHL Paket"),
        **nothing,
        "shipping_zone_id": 1,
        "shipping_zone_name": "Everywhere",
    }


def _coupon(order_id: int, given: Mapping[str, Any], ids: Iterator[int]) -> Json:
    amount = number(given, "discount")
    number_ = next(ids)
    facts = {"id": number_, "coupon_id": number_, "order_id": order_id, "code": given["code"], "type": 2}
    return facts | {"amount": text(amount), "discount": text(amount)}


def _fee(given: Mapping[str, Any], rate: Decimal, *, is_gross: bool, ids: Iterator[int]) -> Json:
    amounts = cost("cost", number(given, "cost"), rate, is_gross=is_gross)
    amounts["tax_class_id"] = amounts.pop("cost_tax_class_id")
    name = given.get("display_name_customer", "Fee")
    names = {"display_name_customer": name, "display_name_merchant": given.get("display_name_merchant", name)}
    return {"id": next(ids), "type": "custom_fee", "source": "v2", **names, **amounts}


def _tax(order_id: int, line: Json, rate: Decimal, ids: Iterator[int]) -> Json:
    return {
        "id": next(ids),
        "order_id": order_id,
        "order_address_id": line["order_address_id"],
        "tax_rate_id": 1,
        "sales_tax_id": "",
        "tax_class_id": 0,
        "name": "Tax",
        "class": "Default Tax Class",
        "rate": text(rate),
        "priority": 0,
        "priority_amount": line["total_tax"],
        "line_amount": line["total_tax"],
        "order_pickup_method_id": 0,
        "order_product_id": line["id"],
        "line_item_type": "item",
    }


def _totals(order: BigOrder, costs: list[Json], given: Mapping[str, Any], *, is_gross: bool) -> Json:
    def total(lines: list[Json], name: str) -> Decimal:
        return sum((Decimal(line[name]) for line in lines), ZERO)

    charges = [Decimal(value) for part in costs for name, value in part.items() if name.endswith("_inc_tax")]
    charged_tax = [Decimal(value) for part in costs for name, value in part.items() if name.endswith("cost_tax")]
    tax = total(order.products, "total_tax") + sum(charged_tax, ZERO) + total(order.fees, "cost_tax")
    inc_tax = total(order.products, "discounted_total_inc_tax") + sum(charges, ZERO) + total(order.fees, "cost_inc_tax")
    sub_ex, sub_inc = total(order.products, "total_ex_tax"), total(order.products, "total_inc_tax")
    promotions = sum((number(one, "promotion") for one in given["products"]), ZERO)
    return {
        "subtotal_ex_tax": text(sub_ex),
        "subtotal_inc_tax": text(sub_inc),
        "subtotal_tax": text(sub_inc - sub_ex),
        "total_ex_tax": text(inc_tax - tax),
        "total_inc_tax": text(inc_tax),
        "total_tax": text(tax),
        "discount_amount": text(number(given, "discount_amount") + promotions),
        "coupon_discount": text(total(order.coupons, "discount")),
        "items_total": sum(line["quantity"] for line in order.products),
    }


def _facts(order: BigOrder, given: Mapping[str, Any], settings: BigCommerceSettings) -> Json:
    currency = given.get("currency", settings.currency)
    foreign = {
        "store_default_currency_code": settings.currency,
        "store_default_to_transactional_exchange_rate": f"{number(given, 'exchange_rate', '1'):.10f}",
    }
    return {
        "customer_id": given.get("customer_id", 0),
        "date_shipped": "",
        "items_shipped": 0,
        "payment_method": "Credit Card",
        "payment_provider_id": None,
        "payment_status": given.get("payment_status", "captured"),
        "refunded_amount": "0.0000",
        "order_is_digital": all(line["type"] != "physical" for line in order.products),
        "store_credit_amount": text(number(given, "store_credit_amount")),
        "gift_certificate_amount": text(number(given, "gift_certificate_amount")),
        "ip_address": "",
        "currency_id": 1,
        "currency_code": currency,
        "currency_exchange_rate": "1.0000000000",
        "default_currency_id": 1,
        "default_currency_code": currency,
        **foreign,
        "staff_notes": given.get("staff_notes", ""),
        "customer_message": given.get("customer_message", ""),
        "shipping_address_count": len(order.addresses),
        "billing_address": {**_ADDRESS, **given.get("billing_address", {})},
        "order_source": "www",
        "channel_id": 1,
        "external_id": None,
        "tax_provider_id": "BasicTaxProvider",
        "customer_locale": "en",
    }
