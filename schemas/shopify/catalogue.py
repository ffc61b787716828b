"""Shopify's product variants as items that carry stock. It decides nothing about what they are told."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from marshmallow import ValidationError, fields

from schemas.errors import Unreadable
from schemas.fields import Number, Text, VendorSchema, load
from schemas.shopify.order_json import Gid, Nodes
from schemas.stock import DEFAULT_PLACE, StoreItem, StoreLocation

_ITEM_GID: Final = re.compile(r"gid://shopify/InventoryItem/[1-9][0-9]{0,19}\Z")


class _Place(VendorSchema):
    id = Gid(required=True)


class _Quantity(VendorSchema):
    name = Text()
    quantity = Number(allow_none=True, load_default=None)


class _Level(VendorSchema):
    is_active = fields.Boolean(required=True, data_key="isActive")
    place = fields.Nested(_Place, required=True, data_key="location")
    quantities = fields.Nested(_Quantity, many=True, required=True)


def _is_item(value: str) -> None:
    if not _ITEM_GID.match(value):
        raise ValidationError("must be the id of an inventory item")


class _Item(VendorSchema):
    id = fields.String(required=True, validate=_is_item)
    is_tracked = fields.Boolean(required=True, data_key="tracked")
    levels = Nodes(_Level, required=True, data_key="inventoryLevels")


class _Variant(VendorSchema):
    sku = Text()
    name = Text(data_key="displayName")
    is_bundle = fields.Boolean(load_default=False, data_key="requiresComponents")
    item = fields.Nested(_Item, required=True, data_key="inventoryItem")


class _Location(VendorSchema):
    id = Gid(required=True)
    name = Text()
    is_active = fields.Boolean(load_default=True, data_key="isActive")


class _Holder(VendorSchema):
    sku = Text()
    id = fields.String(required=True, validate=_is_item)


class _HeldLevel(_Level):
    item = fields.Nested(_Holder, required=True)


class _Activity(VendorSchema):
    is_active = fields.Boolean(required=True, data_key="isActive")


class _ChangedItem(_Holder):
    level = fields.Nested(_Activity, allow_none=True, load_default=None, data_key="inventoryLevel")


class _Change(VendorSchema):
    item = fields.Nested(_ChangedItem, allow_none=True, load_default=None)


class _Changes(VendorSchema):
    changes = fields.Nested(_Change, many=True, required=True)


_VARIANT: Final = _Variant()
_HELD_LEVEL: Final = _HeldLevel()
_CHANGES: Final = _Changes()
_LOCATION: Final = _Location()


def read_items(variants: Iterable[Any], *, primary: str) -> tuple[StoreItem, ...]:
    """The items of some variants, each once; what has no SKU is left out, and so is what cannot be read.

    `primary` is the number of the place that is shown as the default one.
    """
    read = (_item(one, primary) for one in variants)
    found = {one.external_id: one for one in read if one is not None}  # several variants may share an item
    return tuple(found.values())


def read_locations(nodes: Iterable[Any], *, primary: str) -> tuple[StoreLocation, ...]:
    """Some of the shop's locations. Raises Unreadable."""
    read = [load(_LOCATION, node) for node in nodes]
    return tuple(StoreLocation(one["id"], one["name"], one["is_active"], one["id"] == primary) for one in read)


@dataclass(frozen=True, slots=True)
class HeldLevel:
    """An item at a place, by its number: which SKU it has, whether it is active there, and what is available."""

    item: str
    sku: str
    place: str
    is_active: bool
    available: int | None


def read_level(answer: Any) -> HeldLevel:
    """The level that a mutation answers with. Raises Unreadable."""
    read = load(_HELD_LEVEL, answer)
    item = read["item"]
    return HeldLevel(item["id"], item["sku"], read["place"]["id"], read["is_active"], _available(read))


@dataclass(frozen=True, slots=True)
class Changed:
    """An item whose figure at a place was changed: which SKU it has, and whether it is active there."""

    item: str
    sku: str
    is_active: bool


def read_changes(group: Any) -> dict[str, Changed]:
    """What a mutation changed, by item; nothing where it changed nothing. Raises Unreadable."""
    items = [one["item"] for one in load(_CHANGES, group)["changes"]] if group is not None else []
    return {one["id"]: _changed(one) for one in items if one is not None}


def read_held(nodes: Any) -> dict[str, Changed]:
    """The same of items that were asked for, but for those that are gone. Raises Unreadable."""
    return read_changes({"changes": [{"item": node} for node in nodes]} if isinstance(nodes, list) else {})


def _changed(item: Any) -> Changed:
    return Changed(item["id"], item["sku"], is_active=item["level"] is not None and item["level"]["is_active"])


def without_sku(variants: Iterable[Any]) -> int:
    """How many of some variants have no SKU."""
    return sum(1 for one in variants if isinstance(one, dict) and not str(one.get("sku") or "").strip())


def variant_of(item: Any) -> Any:
    """An inventory item with its first variant, as a variant with its item."""
    if not isinstance(item, dict):
        return None
    found = item.get("variants")
    nodes = found.get("nodes") if isinstance(found, dict) else None
    variant = nodes[0] if isinstance(nodes, list) and nodes and isinstance(nodes[0], dict) else {}
    return {**variant, "sku": item.get("sku"), "inventoryItem": item}


def _item(variant: Any, primary: str) -> StoreItem | None:
    try:
        read = load(_VARIANT, variant)
    except Unreadable:
        return None  # nothing can be told to it, and the others must not wait for it
    if not read["sku"]:
        return None
    item = read["item"]
    shown = {level["place"]["id"]: _available(level) for level in item["levels"] if level["is_active"]}
    if primary in shown:
        shown[DEFAULT_PLACE] = shown[primary]
    # The figure of a bundle is that of its components: the store lets nobody set it.
    is_tracked = item["is_tracked"] and not read["is_bundle"]
    return StoreItem(item["id"], read["sku"], read["name"], is_tracked, shown)


def _available(level: Any) -> int | None:
    return next((_whole(one["quantity"]) for one in level["quantities"] if one["name"] == "available"), None)


def _whole(quantity: Any) -> int | None:
    return None if quantity is None or quantity % 1 else int(quantity)
