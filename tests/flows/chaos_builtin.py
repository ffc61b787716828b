"""The built-in hub in the chaos: what is in it, who delivers there, and what of it is lost, doubled or off."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final

import psycopg

from connectors import postgres
from connectors.builtin_hub.hub import BuiltinHub
from connectors.errors import ConnectorError
from schemas.actions import AdjustStock, DeliverRows
from tests.flows.stock_storm import SKUS, differing, fill
from tests.stock_shops import Shelf

PIECES: Final = 20_000  # of each SKU: so many that no shop is sold out
DELIVERED: Final = 0.1  # the share of orders that go out in the hub meanwhile

_OPEN: Final = """SELECT id::text AS id FROM hub.sales_orders
    WHERE status = 'NOT_SHIPPED' AND NOT voided AND id %% 10 < %s ORDER BY random() LIMIT 3"""
_IN_HUB: Final = """SELECT s.name, o.external_id, o.status, o.total_mismatch,
    o.total_with_tax = o.store_total_with_tax AS is_exact
    FROM hub.sales_orders o JOIN stores s ON s.id = o.store_id"""
_DOUBLED: Final = """SELECT 'customer ' || lower(email) AS what FROM hub.customers WHERE email IS NOT NULL
        GROUP BY lower(email) HAVING count(*) > 1
    UNION ALL SELECT 'SKU ' || sku FROM hub.variants WHERE sku IS NOT NULL GROUP BY sku HAVING count(*) > 1"""
_STOCK: Final = """SELECT v.sku, s.in_stock, s.committed_direct,
        coalesce(sum(r.delivered_quantity), 0) AS gone, coalesce(sum(r.quantity - r.delivered_quantity), 0) AS left_open
    FROM hub.variants v JOIN hub.stock s ON s.variant_id = v.id
    LEFT JOIN hub.sales_order_rows r ON r.variant_id = v.id
    WHERE v.sku = ANY (%s) GROUP BY v.sku, s.in_stock, s.committed_direct"""


class BuiltinSide:
    """The hub in our own database."""

    faults: Final[Mapping[str, int]] = {}

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    def prepare(self, shelves: Sequence[Shelf]) -> None:
        """Items with few pieces, in the hub and in the shops."""
        with postgres.connect(self._url) as connection:
            fill(connection, shelves)

    def stock(self) -> None:
        """Now that stores are connected: so many pieces that none is sold out."""
        with postgres.connect(self._url) as connection, connection.transaction():
            BuiltinHub(connection).carry_out([AdjustStock(sku, Decimal(PIECES - 50)) for sku in SKUS])

    def pass_time(self) -> None:
        """It waits for nobody."""

    def deliver(self) -> None:
        """Somebody delivers some orders, with their tracking; the database may be away."""
        with suppress(psycopg.OperationalError, ConnectorError), postgres.connect(self._url) as connection:
            for row in connection.execute(_OPEN, (int(10 * DELIVERED),)).fetchall():
                _deliver(connection, row["id"])

    def strike(self, name: str) -> None:
        """It fails with PostgreSQL, and not by itself."""
        raise NotImplementedError(name)

    def orders(self, connection: postgres.Connection) -> list[tuple[str, str]]:
        """Stores and external ids of all orders in it."""
        return [(row["name"], row["external_id"]) for row in connection.execute(_IN_HUB).fetchall()]

    def delivered(self, connection: postgres.Connection) -> list[tuple[str, str]]:
        """Those that are out."""
        rows = connection.execute(_IN_HUB).fetchall()
        return [(row["name"], row["external_id"]) for row in rows if row["status"] == "DELIVERED"]

    def statuses(self, connection: postgres.Connection) -> Counter[str]:
        """How many orders are how far."""
        return Counter(row["status"] for row in connection.execute(_IN_HUB).fetchall())

    def differing(self, connection: postgres.Connection, shelves: Sequence[Shelf]) -> Mapping[str, Any]:
        """Where shops show something else than is there."""
        return differing(connection, shelves)

    def findings(
        self, connection: postgres.Connection, _: Mapping[tuple[str, str], Mapping[str, int]]
    ) -> Iterator[str]:
        """What else is doubled or off."""
        for row in connection.execute(_IN_HUB).fetchall():
            if not row["is_exact"]:
                yield f"off: money of {row['name']} {row['external_id']}"
        yield from (f"doubled: {row['what']}" for row in connection.execute(_DOUBLED).fetchall())
        for row in connection.execute(_STOCK, (list(SKUS),)).fetchall():
            wanted = (PIECES - row["gone"], row["left_open"])
            if (row["in_stock"], row["committed_direct"]) != wanted:
                yield f"off: stock of {row['sku']}: {row['in_stock']} and {row['committed_direct']}, not {wanted}"


def _deliver(connection: postgres.Connection, order_id: str) -> None:
    hub = BuiltinHub(connection)
    with hub.unit():
        order = hub.order(order_id)
        if order is None or any(each.delivered_quantity for each in order.rows):
            return
        rows = tuple((each.id, each.quantity) for each in order.rows if each.ships)
        hub.carry_out([DeliverRows(order.id, rows, "hub", tracking_number=f"T-{order.id}", carrier="DHL")])
