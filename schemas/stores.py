"""A connected store as tasks and rules see it. Its credentials stay with the connector."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.platform import Platform
    from schemas.settings import Value


class StoreState(StrEnum):
    """Whether a store is worked on. A disconnected store keeps its row, so that its orders are known again.

    An inactive one is being set up: nothing of it travels by itself, but a person may bring things in (STG-1).
    """

    INACTIVE = "inactive"
    ACTIVE = "active"
    PAUSED = "paused"
    NEEDS_ATTENTION = "needs_attention"
    DISCONNECTED = "disconnected"


class StockNews(StrEnum):
    """Which movements of the hub are news for a store: of the shelf, and what rows of orders promise (STK-2)."""

    SHELF = "shelf"
    STORE_ROWS = "store_rows"  # and rows of orders of stores
    ROWS = "rows"  # and any row


@dataclass(frozen=True, slots=True)
class Store:
    """One store with all its settings (defaults filled in)."""

    id: int
    name: str
    platform: Platform
    url: str
    state: StoreState
    settings: dict[str, Value] = field(default_factory=dict)
    allow_insecure: bool = False
    imports_from: datetime | None = None  # orders created before do not import; None for no such limit (ORD-2)
    connected_at: datetime | None = None  # what was sold before had left the hub's stock before it was counted

    def is_on(self, key: str) -> bool:
        """Whether a switch is on; a switch of another platform is off."""
        return bool(self.settings.get(key, False))


@dataclass(frozen=True, slots=True)
class Remembered:
    """What storesync knows of an order from earlier looks; `state` and `reason` are as `storesync order show` says."""

    is_tombstoned: bool = False
    has_hub_order: bool = False
    was_imported: bool = False  # it stands in the hub, or once did
    state: str = "pending"
    reason: str | None = None
    is_erased: bool = False  # its buyer was erased, and does not come again (DOR-6)


@dataclass(frozen=True, slots=True)
class Skipped:
    """Which skipped orders are meant: for one of these reasons or in one of these statuses, in one currency or any."""

    reasons: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    currency: str | None = None
