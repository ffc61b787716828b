"""What the Shopify stand-in keeps of an order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

FIRST_ID: Final = 9_007_199_254_741_001  # above 2^53: a double would not hold it

Json = dict[str, Any]

_ZERO: Final = Decimal(0)


def gid(kind: str, number: int | str) -> str:
    """A global id."""
    return f"gid://shopify/{kind}/{number}"


def stamp(moment: datetime | None) -> str | None:
    """A time as Shopify writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


@dataclass(slots=True)
class Line:
    """What was ordered of one thing; `removed` and `sent` are pieces of it. Rates are fractions."""

    id: int
    given: Mapping[str, Any]
    quantity: int
    price: Decimal
    rates: tuple[Decimal, ...]
    discount: Decimal = _ZERO
    removed: int = 0
    sent: int = 0

    @property
    def left(self) -> int:
        """The pieces that are still the buyer's."""
        return self.quantity - self.removed

    @property
    def is_service(self) -> bool:
        """Whether nothing of it is ever sent: a tip."""
        return bool(self.given.get("is_tip"))


@dataclass(slots=True)
class Order:
    """An order as the shop keeps it."""

    id: int
    given: Mapping[str, Any]
    created: datetime
    updated: datetime
    lines: list[Line]
    financial: str | None = "PAID"
    note: str | None = None
    is_held: bool = False
    held: set[str] = field(default_factory=set)  # the locations whose part is on hold
    elsewhere: set[str] = field(default_factory=set)  # the locations whose part somebody else was asked to send
    cancelled: datetime | None = None
    closed: datetime | None = None
    refunded: Decimal = _ZERO
    fulfillments: list[Json] = field(default_factory=list)
    on_counter: set[str] = field(default_factory=set)  # the fulfilments that wait for the buyer
    returns: list[Json] = field(default_factory=list)
    raw: Json | None = None
    written: Json | None = None
