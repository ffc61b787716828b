"""The stock of the Shopify stand-in: variants, their levels at the shop's locations, and what sets those.

What can be wrong with a mutation's input is told as Shopify does: with status 200, item by item, nothing applied.
As since 2026-04, a figure may be set where the item is not active: it is kept, nothing is said, and nobody can buy it.
"""

import base64
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sandbox.shopify.documents import Slice, Wrong
from sandbox.shopify.model import Json, gid, stamp
from sandbox.shopify.parcels import PRIMARY
from sandbox.shopify.search import has_sku, has_times

MOST_INPUTS: Final = 250

_ITEMS: Final = 500_000  # an item's number is its variant's and this
_MOST_PIECES: Final = 1_000_000_000
_REASONS: Final = frozenset(
    {
        *("correction", "cycle_count_available", "damaged", "movement_created", "movement_updated", "other"),
        *("movement_received", "movement_canceled", "promotion", "quality_control", "received", "reservation_created"),
        *("reservation_deleted", "reservation_updated", "restock", "safety_stock", "shrinkage"),
    }
)
_QUANTITY: Final = frozenset({"inventoryItemId", "locationId", "quantity", "changeFromQuantity"})
_NAMES: Final = ("available", "on_hand")
_OF_VARIANT: Final = frozenset({"name", "is_bundle"})
_OF_ITEM: Final = frozenset({"sku", "is_tracked"})
_INPUT: Final = frozenset({"name", "reason", "referenceDocumentUri", "quantities"})


@dataclass(slots=True)
class Variant:
    """A variant with its inventory item. `levels` are what is available by location where it is active.

    `kept` are the figures of locations where it is not.
    """

    id: int
    product: int
    item: int
    sku: str | None
    name: str
    updated: datetime
    item_updated: datetime
    levels: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    is_tracked: bool = True
    is_bundle: bool = False

    def activate(self, place: str, available: int | None) -> None:
        """Sell it at a location: so many pieces, or as many as were kept there."""
        kept = self.kept.pop(place, 0)
        self.levels[place] = kept if available is None else available

    @property
    def item_gid(self) -> str:
        """The inventory item's global id."""
        return gid("InventoryItem", self.item)


class ShopStock:
    """Variants and locations. Every public method takes the shop's lock."""

    def __init__(
        self, lock: threading.RLock, now: Callable[[], datetime], announce: Callable[[str, Json], None]
    ) -> None:
        self.locations = {PRIMARY: "Main", "102": "Warehouse"}
        self.primary = PRIMARY
        self.closed: set[str] = set()  # locations where nothing more may be stocked
        self.inactive: set[str] = set()  # locations that the merchant deactivated
        self.variants: dict[int, Variant] = {}
        self._lock = lock
        self._now = now
        self._announce = announce
        self._ids = itertools.count(40_001)
        self._answers: dict[str, tuple[Json, Json]] = {}

    # -- what the merchant does

    def add(self, sku: str | None, **given: Any) -> Variant:
        """A variant; `levels` by location, by default 10 pieces at the primary one."""
        with self._lock:
            number = int(given.pop("id", 0)) or next(self._ids)
            levels = {str(place): int(count) for place, count in given.pop("levels", {PRIMARY: 10}).items()}
            product = int(given.pop("product", 0)) or number + 600
            name, now = given.pop("name", sku or "Thing"), self._now()
            one = Variant(number, product, number + _ITEMS, sku, name, now, now)
            one.levels = levels
            self.variants[number] = one
            self._announce("products/create", {"id": product})
            return self._changed(one, given)

    def change(self, variant: int, **given: Any) -> Variant:
        """Set sku, name, is_tracked or is_bundle of a variant."""
        with self._lock:
            one = self._changed(self.variants[variant], given)
            self._announce("products/update", {"id": one.product})
            return one

    def _changed(self, one: Variant, given: Mapping[str, Any]) -> Variant:
        for name, value in given.items():
            if name not in _OF_VARIANT | _OF_ITEM:
                raise ValueError(f"a variant has no {name}")
            setattr(one, name, value)
        if _OF_VARIANT & given.keys():
            one.updated = self._now()
        if _OF_ITEM & given.keys():
            one.item_updated = self._now()
        return one

    def put(self, variant: int, location: str, available: int | None) -> None:
        """Count a variant's pieces at a location by hand; None makes it inactive there, with its figure kept."""
        with self._lock:
            one = self.variants[variant]
            if available is not None:
                one.activate(location, available)
                self._moved(one, location)
            elif location in one.levels:
                one.kept[location] = one.levels.pop(location)
                self._moved(one, location, "disconnect")

    def _moved(self, one: Variant, place: str, event: str = "update") -> None:
        told = {"inventory_item_id": one.item, "location_id": int(place), "available": one.levels.get(place)}
        self._announce(f"inventory_levels/{event}", told)

    def delete(self, variant: int) -> None:
        """Delete a variant with its inventory item."""
        with self._lock:
            one = self.variants.pop(variant)
            self._announce("products/delete", {"id": one.product})

    def take(self, given: Mapping[str, Any], pieces: int) -> None:
        """Sell pieces of an order's line, or put them back."""
        one = self._sold(given)
        if one is None or not one.is_tracked:
            return
        place = str(given.get("location", PRIMARY))
        if place in one.levels:
            one.levels[place] -= pieces
            self._moved(one, place)

    def _sold(self, given: Mapping[str, Any]) -> Variant | None:
        number = given.get("variant")
        if number is not None:
            return self.variants.get(int(number))
        sku = given.get("sku")
        return next((one for one in self.variants.values() if sku and one.sku == sku), None)

    def of(self, sku: str) -> dict[tuple[str, str], int]:
        """What is available of all items with a SKU, by (item's global id, location)."""
        with self._lock:
            found = [one for one in self.variants.values() if (one.sku or "").strip() == sku]
            return {(one.item_gid, place): count for one in found for place, count in one.levels.items()}

    # -- what is asked

    def root(self) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
        """The queries of stock."""
        return {
            "productVariants": lambda asked: self._page(asked, self._variant, "updated"),
            "inventoryItems": lambda asked: self._page(asked, self._item, "item_updated"),
            "location": lambda asked: self._location(asked.get("id") or gid("Location", self.primary)),
            "locations": self._locations,
            "locationsCount": lambda _: {"count": len(self.locations), "precision": "EXACT"},
        }

    def _locations(self, asked: Mapping[str, Any]) -> list[Json]:
        """As the shop lists them: closed ones only where they are asked for."""
        shown = [one for one in self.locations if asked.get("includeInactive") or one not in self.inactive]
        found = [self._location(gid("Location", one)) for one in sorted(shown, key=lambda one: self.locations[one])]
        return [one for one in found if one is not None]

    def item(self, number: str) -> Json | None:
        """An inventory item by its global id."""
        one = self._by_item(number)
        return self._item(one) if one else None

    def _page(self, asked: Mapping[str, Any], write: Callable[[Variant], Json], when: str) -> Slice:
        query, after = str(asked.get("query") or ""), asked.get("after")
        behind = int(base64.b64decode(after)) if after else 0
        known = sorted((one for one in self.variants.values() if one.id > behind), key=lambda one: one.id)
        found = [one for one in known if _is_found(one, query, getattr(one, when))]
        page = found[: asked.get("first") or 10]
        end = base64.b64encode(str(page[-1].id).encode()).decode() if page else None
        return Slice([write(one) for one in page], end, len(page) < len(found))

    def _variant(self, one: Variant) -> Json:
        return {
            "id": gid("ProductVariant", one.id),
            "sku": one.sku,
            "displayName": one.name,
            "requiresComponents": one.is_bundle,
            "updatedAt": stamp(one.updated),
            "inventoryItem": self._item(one),
        }

    def _item(self, one: Variant) -> Json:
        variant = {"id": gid("ProductVariant", one.id), "displayName": one.name, "requiresComponents": one.is_bundle}
        return {
            "id": one.item_gid,
            "sku": one.sku,
            "tracked": one.is_tracked,
            "variants": [variant],
            "inventoryLevel": lambda asked: self._level_at(one, asked),
            "inventoryLevels": lambda asked: self._levels(one, is_all=asked.get("includeInactive") is True),
        }

    def _levels(self, one: Variant, *, is_all: bool) -> list[Json]:
        """As the shop lists them: those where the item is not active only where they are asked for."""
        return [self._level(one, place) for place in (*one.levels, *(one.kept if is_all else ()))]

    def _level_at(self, one: Variant, asked: Mapping[str, Any]) -> Json | None:
        place = _number(asked["locationId"])
        is_listed = place in one.levels or (place in one.kept and asked.get("includeInactive") is True)
        return self._level(one, place) if is_listed else None

    def _level(self, one: Variant, place: str) -> Json:
        pieces = one.levels[place] if place in one.levels else one.kept[place]
        told = {"available": pieces, "on_hand": pieces}
        return {
            "isActive": place in one.levels,
            "item": {"id": one.item_gid, "sku": one.sku},
            "id": gid("InventoryLevel", f"{one.item}?inventory_item_id={one.item}"),
            "location": self._location(gid("Location", place)),
            "quantities": lambda asked: [{"name": name, "quantity": told[name]} for name in asked["names"]],
        }

    def _location(self, number: str) -> Json | None:
        name = self.locations.get(number.removeprefix("gid://shopify/Location/"))
        is_active = number.removeprefix("gid://shopify/Location/") not in self.inactive
        return None if name is None else {"id": number, "name": name, "isActive": is_active}

    # -- what is set

    def mutations(self) -> dict[str, Callable[[Mapping[str, Any]], Json]]:
        """The mutations of stock."""
        return {
            "inventorySetQuantities": lambda asked: self._once(asked, self._set_quantities),
            "inventoryActivate": lambda asked: self._once(asked, self._activate),
        }

    def _once(self, asked: Mapping[str, Any], act: Callable[[Mapping[str, Any]], Json]) -> Json:
        """The same key with the same input is the same call; one that failed wants a new key."""
        key, given = asked.get("@idempotent.key"), {k: v for k, v in asked.items() if not k.startswith("@")}
        if not key:
            raise Wrong("The @idempotent directive is required for this mutation but was not provided.", "BAD_REQUEST")
        if key in self._answers:
            known, answer = self._answers[key]
            if known != given:
                words = "The same idempotency key cannot be used with different operation parameters."
                return _refusal([_error("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", words, None)])
            if answer["userErrors"]:
                words = "A previous request with this idempotency key failed. Retry with a new idempotency key."
                return _refusal([_error("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", words, None)])
            return answer
        self._answers[key] = given, (answer := act(given))
        return answer

    def _set_quantities(self, asked: Mapping[str, Any]) -> Json:
        given = asked["input"]
        _check_input(given)
        errors = [*_wrong_input(given), *self._wrong_quantities(given["quantities"])]
        if errors:
            return _refusal(errors)
        changes = [change for one in given["quantities"] if (change := self._set(one))]
        group = {
            "id": gid("InventoryAdjustmentGroup", 1),
            "changes": lambda asked: [one for one in changes if one["name"] in (asked.get("quantityNames") or _NAMES)],
        }
        return {"inventoryAdjustmentGroup": group if changes else None, "userErrors": []}

    def _set(self, one: Json) -> Json | None:
        """Set a figure, where the item is not active too; what changed, nothing where it was that already."""
        variant, place = self._by_item(one["inventoryItemId"]), _number(one["locationId"])
        assert variant is not None  # what is not there is an error
        figures = variant.levels if place in variant.levels else variant.kept
        delta = one["quantity"] - figures.get(place, 0)
        figures[place] = one["quantity"]
        if not delta:
            return None
        if figures is variant.levels:
            self._moved(variant, place)
        item, location = self._item(variant), self._location(one["locationId"])
        return {"name": "available", "delta": delta, "item": item, "location": location}

    def _wrong_quantities(self, quantities: list[Json]) -> Iterator[Json]:
        seen: set[tuple[str, str]] = set()
        for place, one in enumerate(quantities):
            wrong = self._wrong_quantity(one, seen)
            if wrong:
                code, name, words = wrong
                yield _error(code, words, ["input", "quantities", str(place), name])

    def _wrong_quantity(self, one: Json, seen: set[tuple[str, str]]) -> tuple[str, str, str] | None:
        variant, place = self._by_item(one["inventoryItemId"]), _number(one["locationId"])
        pair = (one["inventoryItemId"], place)
        if pair in seen:
            code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
            return code, "inventoryItemId", "The combination of inventoryItemId and locationId must be unique."
        seen.add(pair)
        if variant is None:
            return "INVALID_INVENTORY_ITEM", "inventoryItemId", "The specified inventory item could not be found."
        if place not in self.locations:
            return "INVALID_LOCATION", "locationId", "The specified location could not be found."
        if variant.is_bundle:
            words = "The specified inventory item is not allowed to be adjusted via API."
            return "NON_MUTABLE_INVENTORY_ITEM", "inventoryItemId", words
        return _wrong_count(one, variant.levels.get(place, variant.kept.get(place, 0)))

    def _activate(self, asked: Mapping[str, Any]) -> Json:
        variant, place = self._by_item(asked["inventoryItemId"]), _number(asked["locationId"])
        if variant is None:
            return _not_stocked("The inventory item could not be found.", "inventoryItemId")
        if place not in self.locations or place in self.closed | self.inactive:
            return _not_stocked("The item could not be stocked at the location.", "locationId")
        if place in variant.levels and asked.get("available") is not None:
            words = "Not allowed to set available quantity when the item is already active at the location."
            return _not_stocked(words, "available")
        if place not in variant.levels:
            variant.activate(place, asked.get("available"))
        return {"inventoryLevel": self._level(variant, place), "userErrors": []}

    def _by_item(self, number: str) -> Variant | None:
        digits = number.removeprefix("gid://shopify/InventoryItem/")
        return self.variants.get(int(digits) - _ITEMS) if digits.isdecimal() else None


def _is_found(one: Variant, query: str, updated: datetime) -> bool:
    return has_times(query, {"updated_at": stamp(updated) or "", "created_at": ""}) and has_sku(query, one.sku)


def _check_input(given: Json) -> None:
    """What is no such input at all, and so no user's error."""
    quantities = given["quantities"]
    if len(quantities) > MOST_INPUTS:
        words = f"The input array size of {len(quantities)} is greater than the maximum allowed of {MOST_INPUTS}."
        raise Wrong(words, "MAX_INPUT_SIZE_EXCEEDED")
    unknown = {name for one in quantities for name in one} - _QUANTITY | given.keys() - _INPUT
    if unknown:
        raise Wrong(f"Field is not defined on InventorySetQuantitiesInput: {min(unknown)}", "INVALID_VARIABLE")
    if any("changeFromQuantity" not in one for one in quantities):
        raise Wrong("The changeFromQuantity field is required for each quantity.", "BAD_REQUEST")


def _wrong_input(given: Json) -> Iterator[Json]:
    if given.get("name") not in {"available", "on_hand"}:
        yield _error("INVALID_NAME", "The quantity name must be either 'available' or 'on_hand'.", ["input", "name"])
    if given.get("reason") not in _REASONS:
        yield _error("INVALID_REASON", "The specified reason is invalid.", ["input", "reason"])


def _wrong_count(one: Json, available: int) -> tuple[str, str, str] | None:
    if one["quantity"] < 0:
        return "INVALID_QUANTITY_NEGATIVE", "quantity", "The quantity can't be negative."
    if one["quantity"] > _MOST_PIECES:
        return "INVALID_QUANTITY_TOO_HIGH", "quantity", "The total quantity can't be higher than 1,000,000,000."
    if one["changeFromQuantity"] not in (None, available):
        words = "The changeFromQuantity value does not match persisted value."
        return "CHANGE_FROM_QUANTITY_STALE", "changeFromQuantity", words
    return None


def _refusal(errors: list[Json]) -> Json:
    return {"inventoryAdjustmentGroup": None, "inventoryLevel": None, "userErrors": errors}


def _not_stocked(words: str, name: str) -> Json:
    return _refusal([{"field": [name], "message": words}])


def _error(code: str, words: str, path: list[str] | None) -> Json:
    return {"code": code, "field": path, "message": words}


def _number(place: str) -> str:
    return place.removeprefix("gid://shopify/Location/")
