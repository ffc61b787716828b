"""A fulfilment as BigCommerce's shipment, and the answer that it was made. No rule about when one is sent."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from marshmallow import fields, validate

from schemas.errors import Unreadable
from schemas.fields import Id, Number, VendorSchema, load

if TYPE_CHECKING:
    from schemas.actions import SendFulfillment

_NUMBER_LIMIT: Final = 50  # of a tracking number
_LINK_LIMIT: Final = 500
_NO_SLUG: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Shipment:
    """The body that makes a shipment; `carrier` in the hub's words, empty where it names none."""

    fields: dict[str, Any]
    carrier: str

    def without_carrier(self) -> dict[str, Any]:
        """The same, with the carrier's name where people read it."""
        rest = {name: value for name, value in self.fields.items() if name != "tracking_carrier"}
        return rest | {"comments": self.carrier}


def shipment(fulfillment: SendFulfillment) -> Shipment:
    """The body for the one fulfilment of an action. Raises ValueError where it cannot be one of the shop's."""
    if len(fulfillment.taken) != 1:
        raise ValueError(f"a shipment goes to one address, and not to {len(fulfillment.taken)}")
    ((address, lines),) = fulfillment.taken
    fields: dict[str, Any] = {
        "order_address_id": int(address),
        "items": [{"order_product_id": int(line), "quantity": _whole(pieces)} for line, pieces in lines],
    }
    carrier = (fulfillment.carrier or "").strip()
    tracking = {
        "tracking_number": (fulfillment.tracking_number or "")[:_NUMBER_LIMIT],
        # The shop knows carriers by the names of a tracking service: "Royal Mail" is royal-mail there.
        "tracking_carrier": _NO_SLUG.sub("-", carrier.lower()).strip("-"),
        "tracking_link": fulfillment.tracking_url if len(fulfillment.tracking_url or "") <= _LINK_LIMIT else "",
    }
    if not tracking["tracking_carrier"]:
        tracking["comments"] = carrier
    return Shipment(fields | {name: value for name, value in tracking.items() if value}, carrier)


def _whole(pieces: Decimal) -> int:
    if pieces != int(pieces) or pieces <= 0:
        raise ValueError(f"a shipment has whole pieces, and not {pieces}")
    return int(pieces)


class _MadeItem(VendorSchema):
    line = Id(required=True, data_key="order_product_id")
    pieces = Number(required=True, data_key="quantity")


class _Made(VendorSchema):
    id = Id(required=True, validate=validate.Regexp(r"[0-9]{1,20}\Z", error="must be an id"))
    order_id = Id(required=True)
    items = fields.Nested(_MadeItem, many=True, required=True)


_MADE: Final = _Made()


def read_made(answer: Any, fulfillment: SendFulfillment) -> str:
    """The id of the shipment that was made of a fulfilment. Raises Unreadable for whatever does not say that it was."""
    made = load(_MADE, answer)
    if made["order_id"] != fulfillment.external_id:
        raise Unreadable("order_id", "is another order's")
    if _counted((one["line"], one["pieces"]) for one in made["items"]) != _counted(fulfillment.taken[0][1]):
        raise Unreadable("items", "are not those that were sent")
    return str(made["id"])


def _counted(lines: Iterable[tuple[str, Decimal]]) -> Counter[str]:
    count: Counter[str] = Counter()
    for line, pieces in lines:
        count[line] += int(pieces)
    return count
