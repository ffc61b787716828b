"""What people see of an order, on a terminal or on a page: what is known of it, and what it is called in a list."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from connectors import platforms
from connectors.later import Later
from connectors.postgres import Connection, journal, order_view
from connectors.postgres.order_view import ListedOrder, OrderRow
from schemas.errors import Unreadable
from schemas.journal import Entry

if TYPE_CHECKING:
    from connectors import hubs
    from schemas.hub import HubOrder
else:
    hubs = Later("connectors.hubs")


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """An order as storesync remembers it, the hub's order, and its lines of the journal."""

    row: OrderRow
    hub_order: HubOrder | None
    lines: list[Entry]


def known_order(connection: Connection, store_id: int, external_id: str) -> KnownOrder | None:
    """What is known of an order; None for one that storesync has never seen."""
    row = order_view.order(connection, store_id, external_id)
    if row is None:
        return None
    hub_order = hubs.our_hub(connection).order(row.hub_order_id) if row.hub_order_id else None
    return KnownOrder(row, hub_order, journal.lines(connection, journal.Which(store_id, external_id)))


@dataclass(frozen=True, slots=True)
class Called:
    """What people call an order, and what it comes to with tax in its currency; None where nobody said."""

    number: str | None
    customer: str | None
    total: Decimal | None
    currency: str | None


def called(row: ListedOrder) -> Called:
    """By the hub, else as the store said it last."""
    if row.total_with_tax is None and row.snapshot:
        with suppress(Unreadable):
            said = platforms.read_order(row.platform, row.snapshot)
            return Called(said.number, said.buyer.name, said.total_with_tax, said.currency)
    return Called(row.order_no, row.customer, row.total_with_tax, row.currency)
