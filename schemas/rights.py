"""What a shop must allow, in our own words, and which settings need it. A platform's record has its names for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Right(StrEnum):
    """One thing that credentials may be allowed or not."""

    READ_ORDERS = "read_orders"
    WRITE_ORDERS = "write_orders"  # statuses and fulfilments
    READ_PRODUCTS = "read_products"  # items and what they show
    WRITE_STOCK = "write_stock"


@dataclass(frozen=True, slots=True)
class Need:
    """A right that a store needs, and the settings that need it; none where every store does."""

    right: Right
    settings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lack:
    """A right that the credentials do not have, by the names that the shop itself has for what is missing of it."""

    right: Right
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grants:
    """How a platform gives rights: what it calls each of them, and where a person gives them.

    `buyers` is where a person lets us read who orders, where that is more than a right.
    """

    names: Mapping[Right, tuple[str, ...]] = field(default_factory=dict)
    where: str = ""
    buyers: str = ""
