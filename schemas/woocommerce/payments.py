"""What WooCommerce's plugins call a payment, and take off an order's total: gift cards, store credit, wallets (MAP-11).

Each plugin has a way of its own. What is not as a plugin writes it is none of its payments, and never an error: an
order is as good without.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

from marshmallow import ValidationError

from schemas.fields import Number, listed
from schemas.orders import ZERO

# Fields beside the order's own: WooCommerce's Gift Cards, PW Gift Cards.
CARD_FIELDS: Final = ("gift_cards", "pw_gift_cards_redeemed")

# Keys of the order's meta data: YITH Gift Cards, Advanced Coupons, Smart Coupons.
META_KEYS: Final = (
    "_ywgc_applied_gift_cards_totals",
    "acfw_store_credits_order_paid",
    "smart_coupons_contribution",
)
REFUNDED_ITEM: Final = "_refunded_item_id"  # of an item of a refund: which of the order's it gives back
_WALLET: Final = ("_legacy_fee_key", "_via_wallet_partial_payment")  # TeraWallet: a negative fee

_CENTS: Final = Decimal("0.01")  # by so much rounding parts a coupon from what a line shows of it
_NUMBER: Final = Number()


def is_payment(meta: Any) -> bool:
    """Whether a fee's meta data says that it is a payment."""
    return any((entry.get("key"), entry.get("value")) == _WALLET for entry in _objects(meta))


def payments(payload: Any) -> list[Decimal]:
    """Every amount that an order names as a gift card or credit; each may have been taken off its total, or not."""
    order = payload.get("order", payload) if isinstance(payload, dict) else None
    if not isinstance(order, dict):
        return []
    meta = [*_objects(order.get("meta_data")), *(_objects(payload.get("meta_data")) if order is not payload else ())]
    found = [_amount(card.get("amount")) for name in CARD_FIELDS for card in _objects(order.get(name))]
    found += [_total(entry.get("value")) for entry in known_meta(meta)]
    found += _coupons(order)
    return [amount for amount in found if amount > 0]


def _coupons(order: dict[str, Any]) -> list[Decimal]:
    """The coupons that no line shows: what a shop's own coupons take off is in the lines' totals."""
    coupons = [_sum(line, "discount", "discount_tax") for line in _objects(order.get("coupon_lines"))]
    lines = list(_objects(order.get("line_items")))
    shown = sum((_sum(line, "subtotal", "subtotal_tax") - _sum(line, "total", "total_tax") for line in lines), ZERO)
    most = sum(coupons, -shown) + _CENTS * (len(lines) + len(coupons))
    return [coupon for coupon in coupons if coupon <= most]


def _sum(part: dict[str, Any], *names: str) -> Decimal:
    return sum((_amount(part.get(name)) for name in names), ZERO)


def known_meta(meta: Any) -> list[dict[str, Any]]:
    """What of an order's meta data names a payment; the rest is none of our business."""
    return [{"key": one["key"], "value": one.get("value")} for one in _objects(meta) if one.get("key") in META_KEYS]


def kept_meta(meta: Any) -> list[dict[str, Any]]:
    """What is read of any meta data: amounts of payments without the codes of cards, and what a refund gives back."""
    known = {*META_KEYS, REFUNDED_ITEM, _WALLET[0]}
    return [
        {"key": one["key"], "value": _kept_value(one.get("value"))} for one in _objects(meta) if one.get("key") in known
    ]


def _kept_value(value: Any) -> Any:
    if not isinstance(value, dict):
        return [] if isinstance(value, list) else value
    parts = {"amount": value["amount"]} if "amount" in value else dict(enumerate(value.values()))
    return {str(name): None if isinstance(part, dict | list) else part for name, part in parts.items()}


def _total(value: Any) -> Decimal:
    """An amount, or the sum of those of an object: {"amount": 5}, {"CODE": "5.00"}."""
    if isinstance(value, dict):
        parts: Iterable[Any] = [value["amount"]] if "amount" in value else value.values()
        return sum(map(_amount, parts), ZERO)
    return _amount(value)


def _amount(value: Any) -> Decimal:
    try:
        amount: Decimal = _NUMBER.deserialize(value)
    except ValidationError:
        return ZERO
    return amount


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    value = listed(value)
    yield from (one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()
