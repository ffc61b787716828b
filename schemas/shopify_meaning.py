"""When a Shopify order means something else to us: a hash of what is read of it. It judges no order."""

from typing import Any, Final

from schemas.meaning import digest_of
from schemas.shopify_json import WITHHELD, OrderJson, meaning_of
from schemas.shopify_parcels import CREATE, READY


def _shape() -> dict[str, Any]:
    shape = meaning_of(OrderJson())
    del shape["updatedAt"], shape[WITHHELD]
    # Tracking edits never travel (CHG-6), and a parcel on its way is shown with a new word each day.
    del shape["fulfillments"][0]["trackingInfo"], shape["fulfillments"][0]["displayStatus"]
    del shape["fulfillmentOrders"]["nodes"][0]["supportedActions"]
    return shape


_SHAPE: Final = {"order": _shape(), "marks": None}


def digest(payload: Any) -> str:
    """A hash of everything that is read, so that it changes only with the order's meaning. Takes any JSON."""
    return digest_of({"order": payload, "marks": _marks(payload)}, _SHAPE)


def _marks(payload: Any) -> str:
    """Of what has many words, those that count: which parcels wait for their buyer, and which may be sent."""
    waits = [_value(one, "displayStatus") == READY for one in _list(_value(payload, "fulfillments"))]
    orders = _list(_value(_value(payload, "fulfillmentOrders"), "nodes"))
    actions = [_list(_value(one, "supportedActions")) for one in orders]
    return str((waits, [any(_value(one, "action") == CREATE for one in some) for some in actions]))


def _value(thing: Any, key: str) -> Any:
    return thing.get(key) if isinstance(thing, dict) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
