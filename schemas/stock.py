"""Stock of a store: the items that carry it, and what a store refused of what it was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from schemas.journal import Outcome
from schemas.reasons import Reason

if TYPE_CHECKING:
    from schemas.actions import TellStock

DEFAULT_PLACE = ""  # the one place of a store that keeps stock in one, and Shopify's primary location


@dataclass(frozen=True, slots=True)
class StoreItem:
    """One product or variant of a store that carries stock of its own.

    `external_id` is all that the vendor's stock call needs to find it: `product/10`, `product/15/variation/16`,
    `variant/77`, `gid://shopify/InventoryItem/1`. `sku` is trimmed, never empty. `is_tracked` is false where the store
    counts no pieces of it (STK-6). `shown` is what the store shows now in whole pieces, by place; a place that is not
    in it is one where the item is not active yet; None is a figure that nobody knows or that is no whole number.
    `inactive` are places in it where the item was to be made active, and nobody knows whether it is (STK-12).
    """

    external_id: str
    sku: str
    name: str
    is_tracked: bool
    shown: dict[str, int | None] = field(default_factory=dict)
    inactive: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CataloguePage:
    """Some items of a store. `gone` are external ids the store says no longer exist.

    `position` is where a walk goes on behind this page; None where the store knows no such thing. `without_sku` are
    as many more that the store sells, and nothing finds; `unread` are those it could not tell now, and may have.
    """

    items: tuple[StoreItem, ...]
    gone: tuple[str, ...] = ()
    position: str | None = None
    without_sku: int = 0
    unread: int = 0


@dataclass(frozen=True, slots=True)
class StoreLocation:
    """One of a store's own places that hold stock. `is_default` is the place that is called DEFAULT_PLACE above."""

    id: str
    name: str
    is_active: bool = True
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class NotTold:
    """What a store refused of a batch: the item, the place, why in our code and in its words (STK-8).

    `sku` is the one that the item has now, where it is another one than was meant; empty where it has none (STK-3).
    """

    external_id: str
    place: str
    reason: Reason
    words: str = ""
    sku: str = ""


def another_sku(tell: TellStock, sku: str) -> NotTold:
    """What was meant for one SKU, and is an item of another one now (STK-3)."""
    words = f"its SKU is {sku} now" if sku else f"it carries no stock of {tell.sku} any more"
    return NotTold(tell.external_id, tell.place, Reason.SKU_MOVED, words, sku)


@dataclass(frozen=True, slots=True)
class ExportLine:
    """What a store's import file says of one item of the hub at one place (STK-7); `location` is the hub's code.

    Of one that was never counted there, `is_counted`, a shop's own row keeps its figure (STK-10).
    """

    sku: str
    name: str
    quantity: int
    location: str
    is_counted: bool = True


# -- what a store is told of the hub's stock ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DueSku:
    """A SKU of a store that is to be told: its mark is set only up to `changed`."""

    sku: str
    changed: int
    attempts: int
    wants_look: bool
    tell_uncounted: bool  # a person said so (STK-10)
    may_look: bool
    reason: str | None
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SettledSku:
    """What came of a SKU: nothing to say, or why the store does not show the hub's value."""

    sku: str
    changed: int
    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StockLine:
    """A line of the journal about a SKU."""

    sku: str
    outcome: Outcome
    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
