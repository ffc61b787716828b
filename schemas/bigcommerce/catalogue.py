"""BigCommerce's products as the items that carry stock, and by which id its stock call finds each. No rule."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from marshmallow import fields, validate

from schemas.errors import Unreadable
from schemas.fields import Field, Id, PlainText, Text, VendorSchema, load
from schemas.stock import DEFAULT_PLACE, CataloguePage, StoreItem

# All that is read of a product, in the vendor's words; the id always comes along.
FIELDS: Final = ("name", "sku", "inventory_tracking")

_DIGITS: Final = validate.Regexp(r"[0-9]{1,18}\Z", error="must be an id")
_MOST: Final = 2**31  # of a level; what is beyond is no figure of a shop


class _Level(Field[int | None]):
    """Whole pieces; anything else is no figure."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int | None:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return value if is_whole and -_MOST < value < _MOST else None


class _Option(VendorSchema):
    label = PlainText()


class _Variant(VendorSchema):
    id = Id(required=True, validate=_DIGITS)
    sku = Text()
    options = fields.Nested(_Option, many=True, allow_none=True, load_default=list, data_key="option_values")


class _Product(VendorSchema):
    id = Id(required=True, validate=_DIGITS)
    name = PlainText()
    sku = Text()
    tracking = Text(data_key="inventory_tracking")
    variants = fields.Nested(_Variant, many=True, required=True)


class _Pagination(VendorSchema):
    total = _Level(allow_none=True, load_default=None)


class _Meta(VendorSchema):
    pagination = fields.Nested(_Pagination, load_default=lambda: {"total": None})


class _List(VendorSchema):
    data = fields.List(fields.Raw(allow_none=True), required=True)
    meta = fields.Nested(_Meta, load_default=lambda: {"pagination": {"total": None}})


class _Owned(VendorSchema):
    product_id = Id(required=True, validate=_DIGITS)


class _Named(_Owned):
    sku = Text()


class _InventoryItem(VendorSchema):
    identity = fields.Nested(_Named, required=True)


class _NamedVariant(VendorSchema):
    variant_id = Id(required=True, validate=_DIGITS)
    sku = Text()


class _InventoryVariant(VendorSchema):
    identity = fields.Nested(_NamedVariant, required=True)


class _OfVariant(_Owned):
    variant_id = Id(allow_none=True, load_default=None)


class _AtPlace(VendorSchema):
    id = Id(required=True, data_key="location_id")
    on_hand = _Level(allow_none=True, load_default=None, data_key="total_inventory_onhand")


class _Counted(VendorSchema):
    identity = fields.Nested(_OfVariant, required=True)
    places = fields.Nested(_AtPlace, many=True, required=True, data_key="locations")


_PRODUCT: Final = _Product()
_LIST: Final = _List()
_ITEM: Final = _InventoryItem()
_INVENTORY_VARIANT: Final = _InventoryVariant()
_COUNTED: Final = _Counted()
_OWNED: Final = _Owned()

Loaded = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a v3 list: its entries as they came, and how many there are in all, None where it does not say."""

    entries: tuple[Any, ...]
    total: int | None


def read_list(value: Any) -> Listed:
    """The page of a v3 list. Raises Unreadable."""
    loaded = load(_LIST, value, is_page=True)
    return Listed(tuple(loaded["data"]), loaded["meta"]["pagination"]["total"])


def id_of(entry: Any) -> int:
    """The id of a list's entry, 0 for one without."""
    id_ = entry.get("id") if isinstance(entry, dict) else None
    return id_ if isinstance(id_, int) and not isinstance(id_, bool) and id_ > 0 else 0


def read_product(product: Any, on_hand: Mapping[str, int | None]) -> CataloguePage:
    """The items of a product that came with its variants; none of a product that cannot be read.

    Stock of a product that is tracked by product is on the product's own SKU; its variants' SKUs count nothing. What
    is on hand is given by external id: the product's own levels are of all places together, less their safety stock.
    Gone is whatever of the product is no item, or is none any more: it lost its SKU, or is counted under another id.
    """
    try:
        one = load(_PRODUCT, product)
    except Unreadable:
        return CataloguePage(())
    items = {item.external_id: item for item in _items(one, on_hand) if item.sku}
    ids = [f"product/{one['id']}", *(f"variant/{variant['id']}" for variant in one["variants"])]
    gone = tuple(id_ for id_ in ids if id_ not in items)
    return CataloguePage(tuple(items.values()), gone, without_sku=_without_sku(one))


def _items(one: Loaded, on_hand: Mapping[str, int | None]) -> Iterator[StoreItem]:
    def item(kind: str, part: Loaded, *, is_tracked: bool) -> StoreItem:
        name = f"{kind}/{part['id']}"
        shown = {DEFAULT_PLACE: on_hand.get(name)} if is_tracked else {}
        names = [one["name"], *(option["label"] for option in part.get("options") or ())]
        return StoreItem(name, part["sku"], ", ".join(filter(None, names)), is_tracked, shown)

    tracking = one["tracking"]
    if tracking == "product":
        own = one["sku"] or _only_sku(one)
        yield item("product", one | {"sku": own}, is_tracked=True)
        rest = [variant for variant in one["variants"] if variant["sku"] != own]
        yield from (item("variant", variant, is_tracked=False) for variant in rest)
        return
    yield from (item("variant", variant, is_tracked=tracking == "variant") for variant in one["variants"])
    if one["sku"] not in {variant["sku"] for variant in one["variants"]}:
        yield item("product", one, is_tracked=False)


def _without_sku(one: Loaded) -> int:
    """How many of the product's variants have no SKU; a product without options may have it itself."""
    missing = sum(not variant["sku"] for variant in one["variants"])
    return 0 if one["sku"] and len(one["variants"]) == 1 else missing


def _only_sku(one: Loaded) -> str:
    """The SKU of a product without options, whose one variant is the product itself."""
    return str(one["variants"][0]["sku"]) if len(one["variants"]) == 1 else ""


def read_on_hand(entries: Iterable[Any], place: int) -> dict[str, int | None]:
    """What entries of the inventory's list have on hand at a place, by external id; None where they disagree.

    A product that is tracked by product may come as one of its variants, or as each of them.
    """
    found: dict[str, int | None] = {}
    for entry in entries:
        try:
            one = load(_COUNTED, entry)
        except Unreadable:
            continue
        pieces = next((at["on_hand"] for at in one["places"] if at["id"] == str(place)), None)
        for name in (f"product/{one['identity']['product_id']}", f"variant/{one['identity']['variant_id']}"):
            found[name] = pieces if found.get(name, pieces) == pieces else None
    return found


# -- which product a SKU belongs to ------------------------------------------------------------------------------


def read_identity(entry: Any) -> tuple[str, str] | None:
    """SKU and product id of an entry of the inventory's list; None for one that cannot be read."""
    try:
        identity = load(_ITEM, entry)["identity"]
    except Unreadable:
        return None
    return identity["sku"], identity["product_id"]


def read_sku(entry: Any) -> tuple[str, str] | None:
    """External id and SKU of a variant in the inventory's list; None where the entry does not say."""
    try:
        identity = load(_INVENTORY_VARIANT, entry)["identity"]
    except Unreadable:
        return None
    return (f"variant/{identity['variant_id']}", identity["sku"]) if "sku" in entry["identity"] else None


def product_of(variant: Any) -> str | None:
    """The id of the product that a variant of the catalogue belongs to; None where it cannot be read."""
    try:
        return str(load(_OWNED, variant)["product_id"])
    except Unreadable:
        return None
