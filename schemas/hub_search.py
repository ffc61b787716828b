"""What is looked for in a hub for some orders of a store, and what is there: sets, so that one call serves many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.hub import Customer, Variant


NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Links:
    """Which rows of the hub a store's own customers and its products without SKU became (MAP-1, MAP-2): ids by ids.

    `items` are by what a product without SKU is known by, `customers` by the store's id. A row may be gone since.
    """

    items: Mapping[str, str] = field(default_factory=dict)
    customers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: items by SKU and by id, services by name, customers by id, e-mail and name."""

    skus: frozenset[str] = NOTHING
    variant_ids: frozenset[str] = NOTHING
    services: frozenset[str] = NOTHING
    customer_ids: frozenset[str] = NOTHING
    emails: frozenset[str] = NOTHING
    names: frozenset[str] = NOTHING


@dataclass(frozen=True, slots=True)
class Found:
    """What is there of it, each by what it was asked with: the hub alone knows which e-mails or names are the same.

    `by_sku` holds every variant with a SKU. Of several services, or customers, with one name it is the oldest.
    """

    by_sku: Mapping[str, tuple[Variant, ...]] = field(default_factory=dict)
    by_id: Mapping[str, Variant] = field(default_factory=dict)
    services: Mapping[str, Variant] = field(default_factory=dict)
    customers: Mapping[str, Customer] = field(default_factory=dict)
    by_email: Mapping[str, Customer] = field(default_factory=dict)
    by_name: Mapping[str, Customer] = field(default_factory=dict)
