"""What of a Shopify order went out, is still to be sent and came back. It decides nothing about the hub's rows.

Shopify plans each part of an order as a fulfilment order of one place; what is sent of it is a fulfilment.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from schemas.orders import ZERO, StoreFulfillment, StoreReturn, ToSend

if TYPE_CHECKING:
    from schemas.actions import SendFulfillment

Loaded = dict[str, Any]

DONE: Final = frozenset({"CLOSED", "CANCELLED", "INCOMPLETE"})  # fulfilment orders of which nothing is sent any more
CREATE: Final = "CREATE_FULFILLMENT"
READY: Final = "READY_FOR_PICKUP"

_RETURNED: Final = frozenset({"OPEN", "CLOSED"})  # the others were asked for, declined or called off
# A pick-up point of a carrier's is none of these: a parcel is sent there like to any address.
_FETCHED: Final = frozenset({"PICK_UP", "RETAIL"})
_COUNTER: Final = "pos"


def fulfillments(order: Loaded) -> tuple[StoreFulfillment, ...]:
    """What went out, with everything that was called off or failed."""
    fetched = {
        part["line"]["id"] for one in order["fulfillment_orders"] if _is_fetched(one, order) for part in one["lines"]
    }
    return tuple(_fulfillment(one, fetched) for one in order["fulfillments"])


def _fulfillment(one: Loaded, fetched: set[str]) -> StoreFulfillment:
    tracking = one["tracking"][0] if one["tracking"] else {}
    # What waits at the counter is not with the buyer yet (FUL-6). Of a parcel the same word says that it waits at the
    # carrier's: it went out all the same.
    waits = one["shown_status"] == READY and any(part["line"]["id"] in fetched for part in one["lines"])
    return StoreFulfillment(
        external_id=one["id"],
        status=READY if waits else one["status"],
        lines=_quantities((part["line"]["id"], part["quantity"]) for part in one["lines"]),
        tracking_number=tracking.get("number") or None,
        carrier=tracking.get("company") or None,
        tracking_url=tracking.get("url") or None,
    )


def to_send(order: Loaded) -> tuple[ToSend, ...]:
    """What is still to be sent, by place."""
    waiting = (_to_send(one, order) for one in order["fulfillment_orders"] if one["status"] not in DONE)
    return tuple(one for one in waiting if one.lines)


def _to_send(one: Loaded, order: Loaded) -> ToSend:
    place = (one["place"] or {}).get("location")
    return ToSend(
        external_id=f"gid://shopify/FulfillmentOrder/{one['id']}",
        place=str(place["id"]) if place else "",
        lines=tuple(
            (f"gid://shopify/FulfillmentOrderLineItem/{part['id']}", part["line"]["id"], part["remaining"])
            for part in one["lines"]
            if part["remaining"]
        ),
        can_be_sent=any(action["name"] == CREATE for action in one["actions"]),
        is_pickup=_is_fetched(one, order),
    )


def is_pickup(order: Loaded) -> bool:
    """Whether the buyer fetches all of it, or took it along (FUL-6, FUL-11)."""
    planned = [one for one in order["fulfillment_orders"] if one["status"] not in {"CANCELLED", "INCOMPLETE"}]
    return all(_is_fetched(one, order) for one in planned) if planned else order["source"] == _COUNTER


def _is_fetched(one: Loaded, order: Loaded) -> bool:
    kind = (one["delivery"] or {}).get("kind")
    return kind in _FETCHED if kind else order["source"] == _COUNTER


def returns(order: Loaded) -> tuple[StoreReturn, ...]:
    """What came back, or was agreed to (CHG-9)."""
    return tuple(_return(one) for one in order["returns"] if one["status"] in _RETURNED)


def _return(one: Loaded) -> StoreReturn:
    parts = ((part["of"]["line"]["id"], part["quantity"]) for part in one["lines"] if part["of"] is not None)
    return StoreReturn(one["id"], _quantities(parts))


def _quantities(parts: Iterable[tuple[str, Decimal]]) -> tuple[tuple[str, Decimal], ...]:
    """Pieces by line, each line once: a line may be returned in several parts."""
    pieces: dict[str, Decimal] = {}
    for line, count in parts:
        pieces[line] = pieces.get(line, ZERO) + (count or ZERO)
    return tuple(pieces.items())


# -- what is sent (FUL-10) ---------------------------------------------------------------------------------------


def fulfillment_json(one: SendFulfillment) -> dict[str, Any]:
    """A FulfillmentInput. The buyer is told, as by a merchant who fulfils by hand with the box ticked as it is."""
    tracking = {"company": one.carrier, "number": one.tracking_number, "url": one.tracking_url}
    sent: dict[str, Any] = {
        "lineItemsByFulfillmentOrder": [
            {
                "fulfillmentOrderId": planned,
                "fulfillmentOrderLineItems": [{"id": line, "quantity": int(pieces)} for line, pieces in lines],
            }
            for planned, lines in one.taken
        ],
        "notifyCustomer": True,
    }
    known = {name: text for name, text in tracking.items() if text}
    return sent | ({"trackingInfo": known} if known else {})
