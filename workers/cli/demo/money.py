"""What the demo's hub holds of a shop beside what the shop said, read from the hub order by order."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal

from schemas.hub import HubOrder
from schemas.takings import Takings


def sums_of(orders: Iterable[HubOrder]) -> list[Takings]:
    """Totals with tax by currency (MAP-6)."""
    by_currency: defaultdict[str, list[HubOrder]] = defaultdict(list)
    for order in orders:
        by_currency[order.currency].append(order)
    return [
        Takings(
            currency,
            len(found),
            sum((order.totals.total_with_tax for order in found if order.totals), Decimal(0)),
            sum((order.totals.store_total_with_tax or Decimal(0) for order in found if order.totals), Decimal(0)),
        )
        for currency, found in sorted(by_currency.items())
    ]


def kinds_of(orders: Iterable[HubOrder]) -> Counter[str]:
    """How many rows of each kind there are."""
    return Counter(row.kind for order in orders for row in order.rows)
