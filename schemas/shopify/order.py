"""Shopify's JSON as a StoreOrder: facts only. It decides nothing about which orders or amounts the hub takes."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from schemas.errors import Unreadable
from schemas.fields import each_once, load
from schemas.figures import Figures, TaxedPart
from schemas.money import cent, reckoning
from schemas.orders import (
    ZERO,
    Address,
    Buyer,
    Kind,
    StoreCharge,
    StoreLine,
    StoreOrder,
)
from schemas.shopify.fulfillments import DONE, fulfillments, is_pickup, returns, to_send
from schemas.shopify.order_json import OrderJson
from schemas.shopify.platform import ARCHIVED, CANCELLED
from schemas.tax import NamedRate, Taxed, combined, tax_rate

Loaded = dict[str, Any]

_ORDER: Final = OrderJson()
_HELD: Final = "ON_HOLD"
_HUNDRED: Final = Decimal(100)
_DIGITS: Final = Decimal("1e-6")
_PAID: Final = {"PAID", "PARTIALLY_REFUNDED", "REFUNDED"}  # that money went back later is another matter
_RATE_DIGITS: Final = Decimal("1e-10")
_GUEST: Final[Loaded] = {"id": None, "name": "", "email": None}


@reckoning()
def read_order(payload: Any) -> StoreOrder:
    """An order with what was refunded or removed already off (MAP-8), in the buyer's currency throughout.

    Numbers must have been parsed as Decimal. Raises Unreadable with the path, and nothing else.
    """
    order = load(_ORDER, payload)
    total, currency = order["total"], order["currency"]
    if (total["shown"]["currency"], total["shop"]["currency"]) != (currency, order["shop_currency"]):
        raise Unreadable("totalPriceSet", "is not in the order's currencies")
    order["lines"] = each_once(order["lines"], "lineItems.nodes")
    order["fees"] = each_once(order["fees"], "additionalFees")
    lines = [line for line in order["lines"] if not _is_tip(line, order)]
    unit = _unit(order, lines)
    read = tuple(_line(line, order, unit) for line in lines)
    charges = tuple(_charges(order, unit))
    return StoreOrder(
        external_id=order["id"],
        number=order["name"] or order["id"],
        status=_status(order),
        currency=currency,
        created_at=order["created_at"],
        updated_at=order["updated_at"],
        prices_include_tax=order["taxes_included"],
        lines=tuple(line for line in read if line.quantity),
        charges=(*charges, *_unnamed_charges(order, read, charges)),
        total_with_tax=order["current_total"],
        total_tax=order["current_tax"],
        unit=unit,
        refunded_apart=max(ZERO, order["refunded"] - (total["shown"]["amount"] - order["current_total"])),
        customer_reference=order["po_number"] or None,
        note=order["note"] or None,
        has_items=bool(lines),
        is_paid=order["financial_status"] in _PAID if order["financial_status"] else None,
        delivery=order["fulfillment_status"].lower(),
        is_on_hold=any(one["status"] == _HELD for one in order["fulfillment_orders"]),
        is_pickup=is_pickup(order),
        fulfillments=fulfillments(order),
        to_send=to_send(order),
        returns=returns(order),
        **_people(order),
        **_exchange(order),
    )


def _status(order: Loaded) -> str:
    if order["cancelled_at"] is not None:
        return CANCELLED
    status: str = order["financial_status"].lower()
    # Of an archived order a refund says more: it is why nothing is to be delivered.
    return ARCHIVED if order["is_closed"] and status != "refunded" else status


def _exchange(order: Loaded) -> Loaded:
    """What one unit of the buyer's currency is in the shop's (ORD-8)."""
    shop, shown = order["total"]["shop"], order["total"]["shown"]
    if shop["currency"] == shown["currency"] or shop["amount"] <= 0 or shown["amount"] <= 0:
        return {}
    with reckoning("totalPriceSet"):
        rate = (shop["amount"] / shown["amount"]).quantize(_RATE_DIGITS)
    return {"exchange_rate": rate, "exchange_base": shop["currency"]} if rate else {}


# -- people ------------------------------------------------------------------------------------------------------


def _people(order: Loaded) -> Loaded:
    bill_to = _address(order["billing"] or order["shipping"])
    ship_to = _address(order["shipping"] or order["billing"])
    buyer = _buyer(order, bill_to, ship_to)
    return {"buyer": buyer, "bill_to": bill_to, "ship_to": ship_to, "withheld": tuple(order["withheld"])}


def _buyer(order: Loaded, bill_to: Address, ship_to: Address) -> Buyer:
    """The shop's customer; a guest is called as the order is billed or sent, else by the e-mail address."""
    customer = order["customer"] or _GUEST
    email = order["email"] or (customer["email"] or {}).get("address") or None
    names = (customer["name"], bill_to.person, bill_to.company, ship_to.person, email)
    return Buyer(next(filter(None, names), ""), email, customer["id"])


def _address(given: Loaded | None) -> Address:
    if given is None:
        return Address()
    state = given["province_code"] or given["province"]
    return Address(state=state, **{key: text for key, text in given.items() if not key.startswith("province")})


# -- lines -------------------------------------------------------------------------------------------------------


def _line(line: Loaded, order: Loaded, unit: Decimal) -> StoreLine:
    """A line with what is left of it: amount, discounts and taxes come for all pieces that were ordered."""
    ordered, left = line["quantity"], min(line["quantity"], line["current_quantity"])
    listed = line["price"] * ordered
    discount, tax = _discount(line), _tax(line)
    telling = _telling(line, order)
    rate = _rate(telling, _paid(telling), order=order, unit=unit)
    share = left / ordered if ordered else ZERO
    whole = StoreLine(
        external_id=line["id"],
        name=line["name"],
        sku=line["sku"] or None,
        quantity=left,
        amount=listed,
        discount=discount,
        tax_rate=rate,
        tax=tax,
        delivered_quantity=_delivered(line, left),
        product_key=_product_key(line),
        is_custom=line["variant"] is None and line["product"] is None and not line["sku"],
        is_physical=line["requires_shipping"],
        location=_location(line["id"], order),
    )
    return whole if left == ordered else _rest(whole, line, share, is_gross=order["taxes_included"])


def _rest(whole: StoreLine, line: Loaded, share: Decimal, *, is_gross: bool) -> StoreLine:
    """The part of a line that is left; Shopify says what is paid for it, but only without tax."""
    amount = line["price"] * whole.quantity
    stated = None if is_gross else line["paid_net"]
    discount = whole.discount * share if stated is None else amount - stated
    return replace(whole, amount=amount, discount=discount, tax=(whole.tax or ZERO) * share)


def _delivered(line: Loaded, left: Decimal) -> Decimal:
    """The pieces that are left and went out; a service never does."""
    never: Decimal = max(ZERO, line["non_fulfillable_quantity"] - (line["quantity"] - left))
    sent: Decimal = left - line["unfulfilled_quantity"] - never
    return max(ZERO, sent)


def _product_key(line: Loaded) -> str:
    for kind in ("variant", "product"):
        if line[kind] is not None:
            return f"{kind}:{line[kind]['id']}"
    return f"name:{line['name']}"


def _location(line_id: str, order: Loaded) -> str | None:
    """Where the line ships from, or did: the place that still has something to send comes first."""
    found = None
    for one in sorted(order["fulfillment_orders"], key=lambda each: each["status"] in DONE):
        place = (one["place"] or {}).get("location")
        for part in one["lines"]:
            if part["line"]["id"] == line_id and place is not None:
                if part["remaining"]:
                    return str(place["id"])
                found = found or str(place["id"])
    return found


def _tax(part: Loaded) -> Decimal:
    return sum((tax["tax"] for tax in part["taxes"]), ZERO)


def _discount(line: Loaded) -> Decimal:
    return sum((one["amount"] for one in line["discounts"]), ZERO)


def _paid(line: Loaded) -> Decimal:
    paid: Decimal = line["price"] * line["quantity"] - _discount(line)
    return paid


def _telling(line: Loaded, order: Loaded) -> Loaded:
    """The line that tells a line's rate: itself, or where it was given away the same item's that was paid (MAP-10)."""
    if _paid(line) or not line["price"]:
        return line
    return next((one for one in order["lines"] if _item(one) == _item(line) and _paid(one)), line)


def _item(line: Loaded) -> tuple[str, str]:
    return _product_key(line), line["sku"]


def _rate(part: Loaded, paid: Decimal, *, order: Loaded, unit: Decimal) -> Decimal:
    """The rate of what was paid; `part` names its taxes."""
    taxed = Taxed(paid, _tax(part) if paid else ZERO, order["taxes_included"])
    return tax_rate(taxed, rates=_named(part, taxed, unit), unit=unit)


def _named(part: Loaded, taxed: Taxed, unit: Decimal) -> list[NamedRate]:
    """The rates that are named, but for those that took nothing where they would have: an exemption from that one."""
    rates = []
    for one in part["taxes"]:
        rate = NamedRate(_percent(one["rate"]))
        would = taxed.net * (rate.percent or ZERO) / _HUNDRED
        if one["tax"] or not taxed.paid or abs(would) <= unit / 2 * (1 + (rate.percent or ZERO) / _HUNDRED):
            rates.append(rate)
    return rates


def _unit(order: Loaded, lines: Iterable[Loaded]) -> Decimal:
    """The smallest amount that the shop rounds to, by what is left of the order (MAP-5)."""
    is_gross, parts = order["taxes_included"], []
    for line in lines:
        share = min(line["quantity"], line["current_quantity"]) / line["quantity"] if line["quantity"] else ZERO
        parts.append(_part(line, _paid(line) * share, share, is_gross=is_gross))
    for line in order["shipping_lines"]:
        share = line["current_price"] / line["price"] if line["price"] else Decimal(1)
        parts.append(_part(line, line["current_price"], share, is_gross=is_gross))
    parts += [_part(fee, fee["price"], Decimal(1), is_gross=is_gross) for fee in order["fees"]]
    extra = (order["tip"] or ZERO) + (order["duties"] or ZERO)
    return Figures(order["currency"], parts, order["current_total"] - extra, order["current_tax"]).unit()


def _part(part: Loaded, paid: Decimal, share: Decimal, *, is_gross: bool) -> TaxedPart:
    rates = [NamedRate(_percent(one["rate"])) for one in part["taxes"] if one["tax"]]
    return TaxedPart(Taxed(paid, _tax(part) * share, is_gross), combined(rates))


def _percent(rate: Decimal | None) -> Decimal | None:
    """0.2 is 20 %; a float's last digits are noise."""
    return None if rate is None else (rate * _HUNDRED).quantize(_DIGITS).normalize() + ZERO


# -- charges (MAP-9) ---------------------------------------------------------------------------------------------


def _charges(order: Loaded, unit: Decimal) -> Iterable[StoreCharge]:
    for place, line in enumerate(order["shipping_lines"]):
        rate = _rate(line, line["price"], order=order, unit=unit)
        share = line["current_price"] / line["price"] if line["price"] else Decimal(1)
        # Shopify numbers its kinds of things apart: a fee, a shipping line and a line item may share a number.
        yield StoreCharge(
            f"shipping:{line['id'] or place}",
            line["title"],
            Kind.SHIPPING,
            line["current_price"],
            rate,
            _tax(line) * share,
        )
    for fee in order["fees"]:
        rate = _rate(fee, fee["price"], order=order, unit=unit)
        yield StoreCharge(f"fee:{fee['id']}", fee["name"], Kind.SERVICE, fee["price"], rate, _tax(fee))
    for line in order["lines"]:
        if _is_tip(line, order) and line["current_quantity"]:
            yield StoreCharge(line["id"], line["name"] or "Tip", Kind.SERVICE, line["price"], ZERO, _tax(line))


def _is_tip(line: Loaded, order: Loaded) -> bool:
    """Whether a line is the tip: no product, and nothing that could ever be fulfilled, as Shopify says of tips alone.

    https://shopify.dev/docs/api/admin-graphql/latest/objects/LineItem#field-LineItem.fields.nonFulfillableQuantity
    """
    is_product = line["requires_shipping"] or line["variant"] is not None or line["product"] is not None
    is_kept = line["current_quantity"] > 0  # of what was taken back nothing can be fulfilled either
    return bool(order["tip"]) and not is_product and is_kept and line["non_fulfillable_quantity"] >= line["quantity"]


def _unnamed_charges(
    order: Loaded, lines: Iterable[StoreLine], charges: Iterable[StoreCharge]
) -> Iterable[StoreCharge]:
    """Duties and tips where the total holds them and nothing else on the order does: fees and lines may as well."""
    paid = sum((line.amount - line.discount for line in lines), ZERO) + sum((one.amount for one in charges), ZERO)
    missing = order["current_total"] - paid - (ZERO if order["taxes_included"] else order["current_tax"])
    # What is left of a line's discount has fractions of a cent, which the total has not.
    slack = cent(order["currency"]) * len(order["lines"])
    tip = None if any(_is_tip(line, order) for line in order["lines"]) else order["tip"]
    for name, amount in (("Duties", order["duties"]), ("Tip", tip)):
        if amount and amount - missing <= min(slack, amount / 2):
            missing -= amount
            yield StoreCharge(name.lower(), name, Kind.SERVICE, amount, ZERO, ZERO)
