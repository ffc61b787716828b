"""Buyers of the built-in hub: what it keeps of one, and that it keeps nothing any more (DOR-6)."""

from collections.abc import Iterable, Sequence
from typing import Final

from connectors.postgres import Connection, Row, queries, together
from schemas.privacy import BuyersOrder, HubBuyer, OrderKey

_SQL: Final = queries("privacy", __package__)


def find_buyer(
    connection: Connection, email: str | None, *, customer_ids: Iterable[str] = (), orders: Iterable[OrderKey] = ()
) -> HubBuyer:
    """The customers with an e-mail address or with these ids, their orders, and these orders of stores."""
    found = connection.execute(_SQL["customers"], {"email": email, "ids": [*map(int, customer_ids)]}).fetchall()
    stores, externals = zip(*orders, strict=True) if (orders := [*orders]) else ((), ())
    wanted = {
        "customers": [int(row["id"]) for row in found],
        "stores": [*stores],
        "externals": [*externals],
    }
    return HubBuyer(
        tuple((row["id"], row["name"], row["email"]) for row in found),
        tuple(_order(row) for row in connection.execute(_SQL["orders_of"], wanted)),
    )


def _order(row: Row) -> BuyersOrder:
    rest = {name: value for name, value in row.items() if name not in {"store_id", "external_id"}}
    return BuyersOrder(key=(row["store_id"], row["external_id"]) if row["store_id"] else None, **rest)


def erase_buyer(connection: Connection, *, customer_ids: Sequence[str], order_ids: Sequence[str]) -> list[str]:
    """Erase customers, and the buyers of orders; a customer with other orders stays theirs. Who is erased, by ids.

    Money, quantities and countries stay.
    """
    wanted = {"customers": [*map(int, customer_ids)], "ids": [*map(int, order_ids)]}
    with together(connection):
        connection.execute(_SQL["hold_orders"], wanted)
        connection.execute(_SQL["stand_in"], wanted)
        erased = connection.execute(_SQL["erase_customers"], wanted).fetchall()
        connection.execute(_SQL["erase_orders"], wanted)
    return [row["id"] for row in erased]
