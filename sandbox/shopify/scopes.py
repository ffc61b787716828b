"""Which scope the Shopify stand-in wants for what: the errors of a token that has it not."""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.shopify.documents import Broken, Root
from sandbox.shopify.model import Json

Scopes = frozenset[str]

_PLACES: Final = ("merchant_managed", "assigned", "third_party")
_ROOT: Final[Mapping[str, tuple[str, ...]]] = {
    "orders": ("read_orders",),
    "order": ("read_orders",),
    "customers": ("read_customers",),
    "productVariants": ("read_products",),
    "inventoryItems": ("read_inventory", "read_products"),
    **dict.fromkeys(("location", "locations", "locationsCount"), ("read_locations",)),
    **dict.fromkeys(("inventorySetQuantities", "inventoryActivate"), ("write_inventory",)),
    "fulfillmentCreate": tuple(f"write_{place}_fulfillment_orders" for place in _PLACES),
}
_ORDER: Final[Mapping[str, tuple[str, ...]]] = {
    "customer": ("read_customers",),
    "returns": ("read_returns",),
    "fulfillmentOrders": tuple(f"read_{place}_fulfillment_orders" for place in _PLACES),
}


def is_granted(scopes: Scopes, wanted: tuple[str, ...]) -> bool:
    """Whether one of the wanted scopes is there; who may write may read."""
    return any(one in scopes or one.replace("read_", "write_", 1) in scopes for one in wanted)


def open_root(root: Root, scopes: Scopes) -> Root:
    """What documents can ask for or change, with an error in place of what a token may not."""
    return {**root, **{name: _closed(error) for name, error in _denied(root, _ROOT, scopes).items()}}


def open_order(order: Json, scopes: Scopes) -> Json:
    """An order's fields, with an error in place of what a token may not read."""
    return {**order, **_denied(order, _ORDER, scopes)}


def _denied(fields: Mapping[str, Any], wanted: Mapping[str, tuple[str, ...]], scopes: Scopes) -> dict[str, Broken]:
    return {
        name: Broken("ACCESS_DENIED", f"Access denied for {name} field. Required access: `{some[0]}` access scope.")
        for name, some in wanted.items()
        if name in fields and not is_granted(scopes, some)
    }


def _closed(error: Broken) -> Any:
    return lambda _: error
