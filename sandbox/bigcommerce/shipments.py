"""How the stand-in ships: a record per parcel, pieces counted on lines, the order's status following their sum."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final

from sandbox.bigcommerce.model import BigOrder, Json, invalid

CARRIERS: Final = frozenset({"", "dhl", "dpd", "fedex", "ups", "usps", "royal-mail", "gls"})
_NUMBER_LIMIT: Final = 50
_SHIPPED: Final = 2
_PARTIALLY: Final = 3


def ship(order: BigOrder, given: Mapping[str, Any], ids: Iterator[int], now: datetime) -> Json:
    """Make a shipment of an order. Raises BigRefusal."""
    address = next((one for one in order.addresses if one["id"] == given.get("order_address_id")), None)
    if address is None:
        raise invalid("order_address_id", "must be an address of the order")
    items = given.get("items")
    if not isinstance(items, list) or not items:
        raise invalid("items", "must not be empty")
    for name, is_bad in (
        ("tracking_carrier", given.get("tracking_carrier", "") not in CARRIERS),
        ("tracking_number", len(given.get("tracking_number", "")) > _NUMBER_LIMIT),
    ):
        if is_bad:
            raise invalid(name, "is not one that is known")
    lines = [(_line(order, one, address), one) for one in items]
    for line, one in lines:
        line["quantity_shipped"] += one["quantity"]
    _count(order, now)
    shipment = _record(order, given, address, [_item(line, one) for line, one in lines])
    shipment |= {"id": next(ids), "date_created": format_datetime(now)}
    order.shipments.append(shipment)
    return shipment


def _line(order: BigOrder, one: Any, address: Json) -> Json:
    asked = one if isinstance(one, dict) else {}
    line = next((line for line in order.products if line["id"] == asked.get("order_product_id")), None)
    quantity = asked.get("quantity")
    if line is None or line["order_address_id"] != address["id"] or line["type"] != "physical":
        raise invalid("items", "must name physical products of the address")
    left = line["quantity"] - line["quantity_shipped"] - line["quantity_refunded"]
    if not isinstance(quantity, int) or not 0 < quantity <= left:
        raise invalid("items", f"The quantity specified is greater than the quantity of the product: {left}")
    return line


def _item(line: Json, one: Json) -> Json:
    return {"order_product_id": line["id"], "product_id": line["product_id"], "quantity": one["quantity"]}


def _count(order: BigOrder, now: datetime) -> None:
    """The order's own figures and status, from what its lines say is shipped."""
    physical = [line for line in order.products if line["type"] == "physical"]
    is_whole = all(line["quantity_shipped"] + line["quantity_refunded"] >= line["quantity"] for line in physical)
    order.status_id = _SHIPPED if is_whole else _PARTIALLY
    order.fields["items_shipped"] = sum(line["quantity_shipped"] for line in physical)
    order.fields["date_shipped"] = format_datetime(now)
    for address in order.addresses:
        lines = [line for line in physical if line["order_address_id"] == address["id"]]
        address["items_shipped"] = sum(line["quantity_shipped"] for line in lines)


def _record(order: BigOrder, given: Mapping[str, Any], address: Json, items: list[Json]) -> Json:
    carrier, number = str(given.get("tracking_carrier", "")), str(given.get("tracking_number", ""))
    own_link = str(given.get("tracking_link", ""))
    link = f"https://track.example.test/{carrier}/{number}" if number and not own_link else ""
    names = ("first_name", "last_name", "company", "street_1", "street_2", "city", "state", "zip", "country")
    parties = {
        kind: {name: party[name] for name in (*names, "country_iso2", "phone", "email")}
        for kind, party in (("billing_address", order.fields["billing_address"]), ("shipping_address", address))
    }
    return {
        "order_id": order.id,
        "customer_id": order.fields["customer_id"],
        "order_address_id": address["id"],
        "tracking_number": number,
        "merchant_shipping_cost": "0.0000",
        "shipping_method": address["shipping_method"],
        "comments": str(given.get("comments", "")),
        "shipping_provider": str(given.get("shipping_provider", "")),
        "tracking_carrier": carrier,
        "tracking_link": own_link,
        **parties,
        "items": items,
        "shipping_provider_display_name": "",
        "generated_tracking_link": link,
    }
