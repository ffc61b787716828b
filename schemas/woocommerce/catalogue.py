"""WooCommerce's products, batch answers, errors and subscriptions: facts only. It decides nothing about stock."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from marshmallow import ValidationError, fields, validate

from schemas.errors import Unreadable
from schemas.fields import Field, Id, Number, PlainText, Text, VendorSchema, load
from schemas.stock import DEFAULT_PLACE, StoreItem

Loaded = dict[str, Any]

_DIGITS: Final = validate.Regexp(r"[0-9]{1,20}\Z", error="must be an id")


@dataclass(frozen=True, slots=True)
class Product:
    """A product or variation of a list. `item` is None where it has no SKU of its own to be found by.

    `parent_id` is set on variations alone, `has_variations` on what may have them, `variations` are those it names.
    """

    id: str
    parent_id: str | None
    name: str
    has_variations: bool
    item: StoreItem | None
    variations: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RestError:
    """Why WooCommerce refuses: its code, its words, the status it would have had alone."""

    code: str
    message: str
    status: int | None


@dataclass(frozen=True, slots=True)
class WrittenItem:
    """What a batch did to one item: an error, or what the item shows now; neither where that is too odd to read."""

    id: str
    error: RestError | None = None
    is_tracked: bool = False
    quantity: int | None = None
    sku: str | None = None  # that it has now; None where the answer does not say
    odd: str = ""  # why it cannot be read


@dataclass(frozen=True, slots=True)
class Subscription:
    """A webhook as the shop keeps it."""

    external_id: str
    topic: str
    delivery_url: str
    is_active: bool


# -- the vendor's JSON -------------------------------------------------------------------------------------------

_NUMBER: Final = Number()


class _Tracking(Field[bool]):
    """Whether an item's own pieces are counted: not if nobody counts, nor if its parent's number is the one."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if value is True or value is False or value == "parent":
            return value is True
        raise ValidationError("must be true, false or parent")


class _Pieces(Field[int | None]):
    """A whole number of pieces; None for anything else, as plugins sell by weight."""

    def __init__(self) -> None:
        super().__init__(allow_none=True, load_default=None)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int | None:
        try:
            number = _NUMBER.deserialize(value)
        except ValidationError:
            return None
        return int(number) if number == number.to_integral_value() else None


class _Product(VendorSchema):
    id = Id(required=True, validate=_DIGITS)
    type = Text()
    parent_id = Text(validate=_DIGITS)
    name = PlainText()
    sku = Text()
    manage_stock = _Tracking(required=True)
    stock_quantity = _Pieces()
    variations = fields.Raw(load_default=None)


class _ErrorPart(VendorSchema):
    status = fields.Integer(allow_none=True, load_default=None, strict=True)


class _Error(VendorSchema):
    code = Id(required=True)  # as an id: a word that must be there
    message = PlainText()
    data = fields.Raw(load_default=None)


class _WrittenItem(VendorSchema):
    id = Text()
    sku = Text()
    error = fields.Nested(_Error, load_default=None)
    manage_stock = _Tracking(load_default=None, allow_none=True)
    stock_quantity = _Pieces()


class _Batch(VendorSchema):
    update = fields.List(fields.Raw(allow_none=True), required=True)


class _Webhook(VendorSchema):
    id = Id(required=True, validate=_DIGITS)
    status = Id(required=True)
    topic = Id(required=True)
    delivery_url = fields.String(required=True, validate=validate.Length(1, 2000))


_PRODUCT: Final = _Product()
_ERROR: Final = _Error()
_ERROR_PART: Final = _ErrorPart()
_BATCH: Final = _Batch()
_WRITTEN_ITEM: Final = _WrittenItem()
_WEBHOOK: Final = _Webhook()

# What is asked for of a product or variation, and of what a batch answers.
PRODUCT_FIELDS: Final = tuple(_PRODUCT.fields)


# -- reading -----------------------------------------------------------------------------------------------------


def read_product(payload: Any, parent: Product | None = None) -> Product:
    """An entry of the product list or, with its parent, of a variation list. Raises Unreadable.

    A variation without a SKU reports its parent's. That is no SKU of its own: its parent's pieces told to each of
    such variations would be sold several times.
    """
    read = load(_PRODUCT, payload)
    parent_id = parent.id if parent else read["parent_id"] if read["type"] == "variation" else None
    name = " - ".join(filter(None, (parent.name if parent else "", read["name"])))  # older shops name no variation
    is_orphan = parent_id in {"", "0"}
    is_inherited = parent is not None and parent.item is not None and parent.item.sku == read["sku"]
    return Product(
        id=read["id"],
        parent_id=parent_id,
        name=name,
        has_variations=parent_id is None and read["type"].startswith("variable"),  # also variable-subscription
        item=None if is_orphan or is_inherited or not read["sku"] else _item(read, name, parent_id),
        variations=frozenset(map(str, read["variations"])) if isinstance(read["variations"], list) else frozenset(),
    )


def _item(read: Loaded, name: str, parent_id: str | None) -> StoreItem:
    return StoreItem(
        external_id=external_id(read["id"], parent_id),
        sku=read["sku"],
        name=name,
        is_tracked=read["manage_stock"],
        shown={DEFAULT_PLACE: read["stock_quantity"]},
    )


def read_batch(payload: Any) -> tuple[WrittenItem, ...]:
    """What a batch did, item by item, as the shop answers it with 200 whatever happened. Raises Unreadable.

    What cannot be read of one item concerns that item alone; an entry that names none is left out.
    """
    return tuple(filter(None, map(_written, load(_BATCH, payload)["update"])))


def _written(entry: Any) -> WrittenItem | None:
    try:
        read = load(_WRITTEN_ITEM, entry)
        error = _rest_error(read["error"]) if read["error"] else None
        if error is None and read["manage_stock"] is None:
            raise Unreadable("manage_stock", "is missing")
    except Unreadable as odd:
        id_ = entry.get("id") if isinstance(entry, dict) else None
        is_named = isinstance(id_, str | int) and not isinstance(id_, bool)
        if not is_named:
            return None
        if entry.get("error"):
            return WrittenItem(str(id_), RestError("unreadable", str(odd), None))
        return WrittenItem(str(id_), odd=str(odd))
    sku = read["sku"] if "sku" in entry else None
    return WrittenItem(read["id"], error, read["manage_stock"] is True, read["stock_quantity"], sku)


def read_error(payload: Any) -> RestError:
    """The body of a refusal. Raises Unreadable."""
    return _rest_error(load(_ERROR, payload))


def _rest_error(read: Loaded) -> RestError:
    data = read["data"] if isinstance(read["data"], dict) else {}  # an empty PHP array is a list
    return RestError(read["code"], read["message"], load(_ERROR_PART, data)["status"])


def read_subscription(payload: Any) -> Subscription:
    """A webhook of the shop; its secret is never shown. Raises Unreadable."""
    read = load(_WEBHOOK, payload)
    return Subscription(read["id"], read["topic"], read["delivery_url"], is_active=read["status"] == "active")


def read_ping(body: str) -> str:
    """The id of the webhook that calls for the first time: a form, without a signature. Raises Unreadable."""
    ids = parse_qs(body[:200]).get("webhook_id", [])
    if len(ids) != 1 or not (ids[0].isascii() and ids[0].isdigit()):
        raise Unreadable("webhook_id", "must be an id")
    return ids[0]


# -- the names of items ------------------------------------------------------------------------------------------


def external_id(product_id: str, parent_id: str | None = None) -> str:
    """What a stock call needs to find an item: `product/10` or `product/15/variation/16`."""
    return f"product/{parent_id}/variation/{product_id}" if parent_id else f"product/{product_id}"
