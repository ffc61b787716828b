"""BigCommerce's JSON as a StoreOrder: facts only. It decides nothing about which orders or amounts the hub takes."""

import dataclasses
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from schemas.bigcommerce.amounts import Item, ItemMoney, OrderMoney, settle_items
from schemas.bigcommerce.order_json import (
    ORDER,
    digest,
    flat,
    has_shipments,
    is_wrapped,
    needs_parts,
    needs_shipments,
)
from schemas.bigcommerce.platform import DELETED, SHIPPED
from schemas.errors import Unreadable
from schemas.fields import each_once, load
from schemas.money import is_currency, reckoning, round_price
from schemas.orders import (
    ZERO,
    Address,
    Buyer,
    Kind,
    StoreCharge,
    StoreFulfillment,
    StoreLine,
    StoreOrder,
    ToSend,
)

__all__ = ["digest", "has_shipments", "needs_parts", "needs_shipments", "read_order"]

Loaded = dict[str, Any]

# That money went back later is another matter. Nothing is said of what is paid by ways that the shop does not know.
_PAID: Final = frozenset({"captured", "paid", "partially refunded", "refunded"})
_CERTIFICATE: Final = "giftcertificate"
_PHYSICAL: Final = ("", "physical")


# -- reading -----------------------------------------------------------------------------------------------------


@reckoning()
def read_order(payload: Any) -> StoreOrder:
    """An order with its consignments and fees, or as {"order": …, "products": […], "shipping_addresses": […], …}.
    Its shipments are beside the order only: an order without them there has none that matter.

    Numbers must have been parsed as Decimal. Raises Unreadable with the path, and nothing else.
    """
    if not is_wrapped(payload) and needs_parts(payload):
        raise Unreadable("products", "are not in the order")
    order = load(ORDER, flat(payload))
    order["lines"] = sorted(each_once(_lines(order), "products"), key=lambda line: int(line["id"]))
    order["fees"] = each_once(order["fees"], "fees")
    order["destinations"] = order["consignments"]["shipping"] or order["shipping_addresses"]
    order["currency"] = order["currency"] or order["shown_currency"]
    if not is_currency(order["currency"]):
        raise Unreadable("default_currency_code", "must be an ISO 4217 currency")
    return _store_order(order)


def _lines(order: Loaded) -> Iterable[Loaded]:
    sent = order["consignments"]
    for group in (sent["shipping"], sent["pickups"], sent["downloads"], sent["email"]["gift_certificates"]):
        for one in group:
            yield from one["line_items"]
    yield from order["products"]


def _store_order(order: Loaded) -> StoreOrder:
    charges = list(_charges(order))
    settled = settle_items([*map(_line_item, order["lines"]), *(cost for _, cost in charges)], _money(order))
    count = len(order["lines"])
    addresses = [_address(one) for one in order["destinations"]]
    bill_to = _address(order["billing_address"])
    rate, base = _exchange(order)
    return StoreOrder(
        external_id=order["id"],
        number=order["id"],
        status=DELETED if order["is_deleted"] else order["status"],
        currency=order["currency"],
        created_at=order["date_created"],
        updated_at=order["date_modified"],
        prices_include_tax=bool(order["is_tax_inclusive_pricing"]),
        lines=tuple(map(_line, order["lines"], settled.items[:count])),
        charges=tuple(
            replace(charge, amount=one.amount, tax_rate=one.tax_rate, tax=one.tax)
            for (charge, _), one in zip(charges, settled.items[count:], strict=True)
        ),
        total_with_tax=settled.total_with_tax,
        total_tax=settled.total_tax,
        buyer=_buyer(order, bill_to, addresses),
        bill_to=bill_to,
        ship_to=addresses[0] if addresses else bill_to,
        ship_to_count=max(len(addresses), 1),
        order_discount=settled.order_discount,
        unit=settled.unit,
        exchange_rate=rate,
        exchange_base=base,
        note="\n".join(text for text in (order["staff_notes"], order["customer_message"]) if text) or None,
        has_items=bool(order["lines"]),
        is_paid=order["payment_status"].lower() in _PAID if order["payment_status"] else None,
        fulfillments=tuple(map(_fulfillment, order["shipments"])),
        to_send=_to_send(order["lines"]),
    )


def _money(order: Loaded) -> OrderMoney:
    return OrderMoney(
        currency=order["currency"],
        is_gross=bool(order["is_tax_inclusive_pricing"]),
        total_with_tax=order["total_inc_tax"],
        total_tax=order["total_tax"],
        # Both come off the total: they are never the same money.
        discount=(order["discount_amount"] or ZERO) + (order["coupon_discount"] or ZERO),
        payments=(order["store_credit_amount"] or ZERO, order["gift_certificate_amount"] or ZERO),
    )


def _line_item(line: Loaded) -> Item:
    return Item(
        ex_tax=line["ex_tax"],
        inc_tax=line["inc_tax"],
        tax=line["tax"],
        discount=sum((part["amount"] for part in line["applied_discounts"] or ()), ZERO),
        quantity=line["quantity"],
        refunded=min(line["quantity_refunded"] or ZERO, line["quantity"]),
    )


def _line(line: Loaded, money: ItemMoney) -> StoreLine:
    product, variant = (line[f"{kind}_id"] if line[f"{kind}_id"] != "0" else "" for kind in ("product", "variant"))
    left = line["quantity"] - min(line["quantity_refunded"] or ZERO, line["quantity"])
    key = f"variant:{variant}" if variant else f"product:{product}" if product else f"name:{line['name']}"
    return StoreLine(
        external_id=line["id"],
        name=line["name"],
        sku=line["sku"] or None,
        quantity=left,
        amount=money.amount,
        discount=money.discount,
        tax_rate=money.tax_rate,
        tax=money.tax,
        delivered_quantity=min(line["quantity_shipped"] or ZERO, left),
        product_key=key,
        # A gift certificate has no product either, but a buyer paid for it in the shop like for any other.
        is_custom=not product and line["type"] != _CERTIFICATE,
        is_physical=line["type"] in _PHYSICAL,
    )


def _fulfillment(shipment: Loaded) -> StoreFulfillment:
    return StoreFulfillment(
        external_id=shipment["id"],
        status=SHIPPED,
        lines=tuple((item["line_id"], item["quantity"]) for item in shipment["items"]),
        tracking_number=shipment["tracking_number"] or None,
        carrier=shipment["tracking_carrier"] or shipment["shipping_provider"] or None,
        tracking_url=shipment["tracking_link"] or shipment["generated_tracking_link"] or None,
    )


def _to_send(lines: Iterable[Loaded]) -> tuple[ToSend, ...]:
    """What is left to send to each address. What is fetched or downloaded has none.

    A shipment goes to one address, from nowhere in particular: the address stands for the place too, so that goods
    for two addresses are never told in one call.
    """
    left: dict[str, list[tuple[str, str, Decimal]]] = {}
    for line in lines:
        pieces = line["quantity"] - (line["quantity_shipped"] or ZERO) - (line["quantity_refunded"] or ZERO)
        if line["type"] in _PHYSICAL and line["order_address_id"] not in ("", "0") and pieces > 0:
            left.setdefault(line["order_address_id"], []).append((line["id"], line["id"], pieces))
    return tuple(ToSend(address, address, tuple(parts)) for address, parts in left.items())


def _charges(order: Loaded) -> Iterable[tuple[StoreCharge, Item]]:
    """The order's money beside its lines. Store credit and gift certificates are payments, and none of it (MAP-9)."""
    for fee in order["fees"]:
        charge = StoreCharge(f"fee:{fee['id']}", fee["name"] or fee["own_name"], Kind.SERVICE, ZERO)
        yield charge, Item(fee["ex_tax"], fee["inc_tax"])
    wrappings = dict.fromkeys(line["wrapping_name"] for line in order["lines"] if line["wrapping_name"])
    methods = dict.fromkeys(one["shipping_method"] for one in order["destinations"] if one["shipping_method"])
    for what, name, kind in (
        ("wrapping", ", ".join(wrappings) or "Gift wrapping", Kind.SERVICE),
        ("handling", "Handling", Kind.SERVICE),
        ("shipping", ", ".join(methods), Kind.SHIPPING),
    ):
        cost = Item(order[f"{what}_cost_ex_tax"] or ZERO, order[f"{what}_cost_inc_tax"] or ZERO)
        if cost.ex_tax or cost.inc_tax:
            yield StoreCharge(what, name, kind, ZERO), cost


def _exchange(order: Loaded) -> tuple[Decimal | None, str | None]:
    """The shop's own rate as the worth of one unit, and the currency it leads to.

    The shop gives it the other way round: 1 USD is 150 JPY. A 1 between two currencies is no rate: shops without
    several currencies say so of everything.
    """
    base, rate = order["base_currency"], order["base_rate"]
    if not base or base == order["currency"] or rate is None or rate <= 0 or rate == 1:
        return None, None
    with reckoning("store_default_to_transactional_exchange_rate"):
        return round_price(1 / rate), base


def _address(given: Loaded) -> Address:
    names = (field.name for field in dataclasses.fields(Address))
    return replace(Address(**{name: given[name] for name in names}), country=given["country"] or given["country_name"])


def _buyer(order: Loaded, bill_to: Address, addresses: list[Address]) -> Buyer:
    names = [one.person or one.company for one in (bill_to, *addresses[:1])]
    return Buyer(
        name=next(filter(None, names), ""),
        email=order["billing_address"]["email"] or None,
        external_id=order["customer_id"] if order["customer_id"] not in {"", "0"} else None,
    )
