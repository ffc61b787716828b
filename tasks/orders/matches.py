"""What orders of a store are decided on beside themselves: what the hub has, our links to it, rates. It only looks."""

from collections.abc import Sequence
from datetime import UTC, date

from connectors.hub import Hub
from connectors.postgres import Connection
from connectors.postgres.links import links
from connectors.postgres.rates import rates_on
from schemas.hub import HubMatches
from schemas.hub_search import Links
from schemas.orders import StoreOrder
from tasks.rules.matching import buyer_ids, matches_of, nameless_keys, wanted_of


def find_matches(
    hub: Hub, connection: Connection, *, store_id: int, orders: Sequence[StoreOrder], base: str
) -> list[HubMatches]:
    """What belongs to each order, in their order; `base` is the base currency (MAP-1, MAP-2, ORD-8)."""
    linked = links_of(connection, store_id, orders)
    rates = rates_on(connection, {_money(order) for order in orders}, base=base)
    found = hub.find(wanted_of(orders, linked))
    return [matches_of(order, found, linked, rates.get(_money(order))) for order in orders]


def links_of(connection: Connection, store_id: int, orders: Sequence[StoreOrder]) -> Links:
    """What earlier orders of the store made of the same customers, and of the same products without SKU."""
    return links(connection, store_id, items=nameless_keys(orders), customers=buyer_ids(orders))


def _money(order: StoreOrder) -> tuple[str, date]:
    return order.currency, order.created_at.astimezone(UTC).date()
