"""What a BigCommerce stand-in keeps: its settings, orders, and what its refusals look like."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

Json = dict[str, Any]

STATUSES: Final = {
    0: "Incomplete",
    1: "Pending",
    2: "Shipped",
    3: "Partially Shipped",
    4: "Refunded",
    5: "Cancelled",
    6: "Declined",
    7: "Awaiting Payment",
    8: "Awaiting Pickup",
    9: "Awaiting Shipment",
    10: "Completed",
    11: "Awaiting Fulfillment",
    12: "Manual Verification Required",
    13: "Disputed",
    14: "Partially Refunded",
}


@dataclass(slots=True)
class BigCommerceSettings:
    """A shop's own choices. The quota is shared by all who call it; `tax_rate` is in percent."""

    currency: str = "EUR"
    tax_rate: Decimal = Decimal(19)
    is_tax_inclusive: bool = False
    quota: int = 450  # of a Pro plan
    window_seconds: float = 30.0
    are_bounds_within: bool = True  # whether a date that is asked for as a bound is within it; not documented
    lines_inside: int | None = None  # how many lines an order in a list carries itself; None for all
    public_hooks_only: bool = False  # webhooks go to https on port 443 alone, as those of real shops do
    names_culprits: bool = True  # whether a refused stock call says which items are wrong


@dataclass(slots=True)
class BigOrder:
    """An order: its own fields, and its parts as the API shows them. `raw` is answered verbatim."""

    id: int
    created: datetime
    modified: datetime
    status_id: int
    fields: Json
    products: list[Json] = field(default_factory=list)
    addresses: list[Json] = field(default_factory=list)
    fees: list[Json] = field(default_factory=list)
    taxes: list[Json] = field(default_factory=list)
    coupons: list[Json] = field(default_factory=list)
    shipments: list[Json] = field(default_factory=list)
    is_deleted: bool = False
    raw: Json | None = None
    written: dict[bool, bytes] = field(default_factory=dict)


class BigRefusal(Exception):
    """The shop says no; becomes the list of errors that v2 sends."""

    def __init__(self, status: int, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = dict(details or {})

    def body(self) -> list[Json]:
        """The errors."""
        error: Json = {"status": self.status, "message": self.message}
        return [error | ({"details": self.details} if self.details else {})]


def not_found() -> BigRefusal:
    """What is not there."""
    return BigRefusal(404, "The requested resource was not found.")


def invalid(field: str, reason: str) -> BigRefusal:
    """A field or parameter that the shop does not take."""
    return BigRefusal(400, f"The field '{field}' is invalid.", {"invalid_reason": reason})
