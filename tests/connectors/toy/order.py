"""The toy's JSON as a StoreOrder and as items: facts only."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from marshmallow import fields

from schemas.errors import Unreadable
from schemas.fields import Currency, Flag, Id, Number, Text, UtcTime, VendorSchema, load
from schemas.meaning import digest_of, shape_of
from schemas.orders import Address, Buyer, StoreLine, StoreOrder

_LINE: Final = ("id", "sku", "name", "pieces", "price")
_MEANING: Final = shape_of("id", "status", "currency", "total", "note", "buyer", "email", lines=[shape_of(*_LINE)])


class _Line(VendorSchema):
    id = Id(required=True)
    sku = Text()
    name = Text()
    pieces = Number(required=True, minimum=Decimal(0))
    price = Number(required=True)


class _Order(VendorSchema):
    id = Id(required=True)
    status = Text()
    currency = Currency(required=True)
    created = UtcTime(required=True)
    updated = UtcTime(required=True)
    buyer = Text()
    email = Text()
    note = Text()
    total = Number(required=True)
    lines = fields.Nested(_Line, many=True, required=True)


class _Item(VendorSchema):
    id = Id(required=True)
    sku = Text()
    name = Text()
    pieces = Number(allow_none=True, load_default=None)
    error = Text()
    is_counted = Flag()


_ORDER: Final = _Order()
_ITEMS: Final = _Item(many=True)


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the shop; `error` is why it did not take what it was told."""

    id: str
    sku: str
    name: str
    pieces: int | None
    error: str


def read_order(payload: Any) -> StoreOrder:
    """An order. Raises Unreadable with the path."""
    order = load(_ORDER, payload)
    return StoreOrder(
        external_id=order["id"],
        number=order["id"],
        status=order["status"],
        currency=order["currency"],
        created_at=order["created"],
        updated_at=order["updated"],
        prices_include_tax=True,
        lines=tuple(
            StoreLine(line["id"], line["name"], line["sku"] or None, line["pieces"], line["pieces"] * line["price"])
            for line in order["lines"]
        ),
        charges=(),
        total_with_tax=order["total"],
        total_tax=Decimal(0),
        buyer=Buyer(order["buyer"], order["email"] or None),
        bill_to=Address(),
        ship_to=Address(),
        note=order["note"] or None,
        has_items=bool(order["lines"]),
    )


def digest(value: Any) -> str:
    """What changes where the meaning of an order does."""
    return digest_of(value, _MEANING)


def read_items(payload: Any) -> list[Item]:
    """Items, of a list or of an answer to what was told. Raises Unreadable."""
    if not isinstance(payload, list):
        raise Unreadable("", "is no list of items")
    items: Any = load(_ITEMS, payload)
    return [
        Item(one["id"], one["sku"], one["name"], None if one["pieces"] is None else int(one["pieces"]), one["error"])
        for one in items
    ]
