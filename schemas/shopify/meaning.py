"""What is read of a Shopify order: a hash that says when it means something else, and what is kept of it."""

from typing import Any, Final

from schemas.meaning import digest_of, kept_of
from schemas.shopify.fulfillments import CREATE, READY
from schemas.shopify.order_json import WITHHELD, OrderJson, meaning_of


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


_KEPT: Final = meaning_of(OrderJson())


def kept(payload: Any) -> Any:
    """What is read of an order, and nothing else of any JSON (DOR-6)."""
    return kept_of(payload, _KEPT)


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
