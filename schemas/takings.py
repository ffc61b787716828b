"""What orders of one currency come to, in the hub and in the shop. Data only."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Takings:
    """Totals with tax by currency (MAP-6)."""

    currency: str
    orders: int
    in_hub: Decimal
    in_shop: Decimal

    @property
    def apart(self) -> Decimal:
        """What the hub has more."""
        return self.in_hub - self.in_shop
