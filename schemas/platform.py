"""What a platform is like, as data: rules read this record and never ask for a platform by name."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Platform:
    """One vendor's facts.

    `imports` maps each status that may import to the setting that switches it on, None for always.
    `statuses` are all words the vendor documents: anything else is an unknown status.
    """

    name: str
    imports: Mapping[str, str | None]
    statuses: frozenset[str]
    completed_status: str
    credentials: tuple[str, ...]
    optional_credentials: tuple[str, ...] = ()
    discounts_inside_price: bool = False
    changes_travel: bool = True
    cancelled_statuses: frozenset[str] = frozenset()  # nothing of such an order is to be delivered any more (CHG-5)
    partial_fulfillment: bool = False
    delivery_days: int | None = None  # None: the product's or the account's default
