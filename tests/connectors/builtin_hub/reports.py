"""Whether the money of a store adds up in the hub, summed by the database."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from connectors.postgres import Connection, read_all

_MONEY: Final = """
SELECT o.currency, count(*) AS orders, sum(o.total_with_tax) AS total_with_tax,
       sum(o.store_total_with_tax) AS store_total_with_tax, count(*) FILTER (WHERE o.total_mismatch) AS mismatches
FROM hub.sales_orders o WHERE o.store_id = %(store_id)s GROUP BY o.currency ORDER BY o.currency
"""


@dataclass(frozen=True, slots=True)
class MoneySum:
    """What a store's orders in one currency come to, in the hub and in the store; so many of them do not agree."""

    currency: str
    orders: int
    total_with_tax: Decimal
    store_total_with_tax: Decimal
    mismatches: int


def money(connection: Connection, store_id: int) -> list[MoneySum]:
    """Totals of a store's orders in the hub and in the store, by currency (MAP-6)."""
    return read_all(connection, MoneySum, _MONEY, {"store_id": store_id})
