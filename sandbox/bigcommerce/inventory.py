"""The stand-in's inventory API v3: what is listed of tracked items, and adjustments with their refusals."""

from collections.abc import Collection, Iterator
from typing import Any, Final

from sandbox.bigcommerce.catalogue import BigCatalogue, BigProduct, BigVariant, Holder, is_counted, on_sale
from sandbox.bigcommerce.model import BigRefusal, Json

MOST_ITEMS: Final = 2000
MOST_PIECES: Final = 2_147_483_647

_INVALID: Final = "Payload contains invalid fields"


def items(catalogue: BigCatalogue, *, at: Collection[str]) -> Iterator[Json]:
    """The inventory's list at some locations, or at all: what is tracked, by product or by variant."""
    locations = [location for location in catalogue.locations if not at or str(location) in at]
    for product, holder in catalogue.holders():
        if not is_counted(product, holder):
            continue
        variant = product.variants[0] if isinstance(holder, BigProduct) else holder
        identity = {
            "sku": holder.sku,
            "variant_id": variant.id,
            "product_id": product.id,
            "sku_id": variant.id if variant.labels else None,
        }
        yield {"identity": identity, "locations": [_at(holder, location) for location in locations]}


def _at(holder: Holder, location: int) -> Json:
    pieces = holder.stock.get(location, 0)
    return {
        "location_id": location,
        "location_code": f"BC-LOCATION-{location}",
        "location_name": f"Location {location}",
        "available_to_sell": on_sale(holder, location),
        "total_inventory_onhand": pieces,
        "location_enabled": True,
        "settings": {
            "safety_stock": holder.safety.get(location, 0),
            "is_in_stock": on_sale(holder, location) > 0,
            "warning_level": 0,
            "bin_picking_number": "",
        },
    }


def places(catalogue: BigCatalogue, *, is_default: bool | None) -> list[Json]:
    """The shop's locations."""
    found = [one for one in catalogue.locations if is_default is None or (one == catalogue.default) == is_default]
    return [
        {
            "id": one,
            "code": f"BC-LOCATION-{one}",
            "label": f"Location {one}",
            "type_id": "PHYSICAL",
            "enabled": one not in catalogue.disabled,
        }
        for one in found
    ]


# -- adjustments -------------------------------------------------------------------------------------------------


def adjust(catalogue: BigCatalogue, given: Json, *, names_culprits: bool) -> None:
    """Accept an absolute adjustment as a whole, or refuse it as a whole. Raises BigRefusal."""
    asked = given.get("items")
    if not isinstance(asked, list) or not asked:
        raise BigRefusal(422, _INVALID, {"items": "must not be empty"})
    if len(asked) > MOST_ITEMS:
        raise BigRefusal(422, _INVALID, {"items": f"must have {MOST_ITEMS} items at most"})
    try:
        _refuse_shape(asked)
        unknown = sorted({one["location_id"] for one in asked} - set(catalogue.locations))
        if unknown:
            raise BigRefusal(422, f"Location not found, identities: {unknown}")
        named = _by_identity(catalogue)
        found = [named.get(_identity(one)) for one in asked]
        _refuse_items(catalogue, asked, found)
    except BigRefusal as refusal:
        raise refusal if names_culprits else BigRefusal(422, "The request could not be processed") from None
    for one, holder in zip(asked, found, strict=True):
        if holder is not None:
            catalogue.accept(holder, one["location_id"], one["quantity"])


def _refuse_shape(asked: list[Any]) -> None:
    problems: Json = {}
    for place, one in enumerate(asked):
        if not isinstance(one, dict) or not isinstance(one.get("location_id"), int) or len(one) != 3:
            problems[f"items.{place}"] = "must have a location_id, a quantity and one identity"
        elif not isinstance(one.get("quantity"), int) or not 0 <= one["quantity"] <= MOST_PIECES:
            problems[f"items.{place}.quantity"] = f"must be between 0 and {MOST_PIECES}"
    if problems:
        raise BigRefusal(422, _INVALID, problems)


def _identity(one: Json) -> str:
    name = next((name for name in ("variant_id", "product_id", "sku") if name in one), "sku")
    return f"{name} {one.get(name)}"


def _by_identity(catalogue: BigCatalogue) -> dict[str, Holder]:
    """Every product and variant by each identity that an adjustment may call it by."""
    named: dict[str, Holder] = {}
    for _, holder in catalogue.holders():
        if isinstance(holder, BigVariant):
            named |= {f"variant_id {holder.id}": holder, f"sku {holder.sku}": holder}
        else:
            named[f"product_id {holder.id}"] = holder
    return named


def _refuse_items(catalogue: BigCatalogue, asked: list[Json], found: list[Holder | None]) -> None:
    missing = [_identity(one) for one, holder in zip(asked, found, strict=True) if holder is None]
    if missing:
        raise BigRefusal(422, f"Items not found, identities: [{', '.join(missing)}]")
    words = [
        f"Item with {_identity(one)} {problem}"
        for one, holder in zip(asked, found, strict=True)
        if holder is not None and (problem := _wrong_mode(catalogue, holder))
    ]
    if words:
        raise BigRefusal(422, f"[{', '.join(words)}]")


def _wrong_mode(catalogue: BigCatalogue, holder: Holder) -> str:
    """Why the pieces of an item are not counted there; empty where they are."""
    product = holder if isinstance(holder, BigProduct) else catalogue.products[holder.product_id]
    if is_counted(product, holder):
        return ""
    if product.tracking == "none":
        return "is not tracked"
    return f"is tracked by {product.tracking}, please update stock by {product.tracking} id"
