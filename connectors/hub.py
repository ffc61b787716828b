"""What the inventory hub can be asked and told, whichever it is. Every method may raise a ConnectorError."""

from collections.abc import Sequence
from typing import Protocol

from schemas.actions import HubAction
from schemas.hub import Batch, HubMatches, HubOrder, StockLevel
from schemas.orders import StoreOrder


class Hub(Protocol):
    """The one truth for stock and sales orders."""

    def matches(self, store_id: int, order: StoreOrder, *, base_currency: str) -> HubMatches:
        """Everything an import of this order is decided on, in one look (MAP-1, MAP-2, ORD-8)."""

    def order(self, hub_order_id: str) -> HubOrder | None:
        """A sales order as it stands; None when it is gone."""

    def order_to_change(self, hub_order_id: str) -> HubOrder | None:
        """The same, held still until the caller's transaction ends, as far as the hub can do that."""

    def batches(self, variant_ids: Sequence[str], location: str) -> tuple[Batch, ...]:
        """Batches with stock at a location, first received first (FUL-4)."""

    def levels(self, skus: Sequence[str]) -> tuple[StockLevel, ...]:
        """Stock of the newest variant of each SKU at every location (STK-3)."""

    def apply(self, actions: Sequence[HubAction]) -> tuple[str, ...]:
        """Carry the actions out in order, inside the caller's transaction; ids of what each made or touched.

        Raises HubRefused where the hub's own guards say no: the caller's transaction rolls back.
        """
