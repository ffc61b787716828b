"""Fulfilment both ways between the hub and a shop that knows whole orders only (FUL-3…15)."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.postgres.hub import PostgresHub
from connectors.sandbox import seed_plain
from schemas.actions import DeliverRows, PackRows
from tasks.fulfillment import fulfill_order
from tasks.process import Process
from tests.tasks.conftest import import_all, show
from tests.tasks.looking import Shop, do, journal_of, order_of, rung


@pytest.fixture
def imported(held: Process, shop: Shop, acme: int) -> str:
    """An order of acme that stands in the hub: its external id."""
    seed_plain(shop.shop, orders=1)
    import_all(held, acme)
    (row,) = rows(held)
    return str(row["external_id"])


def rows(held: Process) -> list[dict[str, Any]]:
    with held.pool.connection() as connection:
        return connection.execute("SELECT * FROM store_orders").fetchall()


def ship(held: Process, store_id: int, external_id: str, *, packs: bool = False, pieces: int | None = None) -> None:
    """A person packs or delivers an order in the hub, all of it or so many pieces of its first row."""
    hub_order_id = order_of(held, store_id, external_id)["hub_order_id"]
    with held.pool.connection() as connection, connection.transaction():
        hub = PostgresHub(connection)
        order = hub.order(hub_order_id)
        assert order is not None
        parts = tuple((row.id, row.quantity) for row in order.rows if row.ships)
        parts = parts if pieces is None else ((parts[0][0], Decimal(pieces)),)
        hub.apply([PackRows(order.id, parts) if packs else DeliverRows(order.id, parts, "hub")])


def test_FUL_3_completed_in_the_store_is_delivered_in_the_hub(
    held: Process, shop: Shop, acme: int, imported: str
) -> None:
    shop.shop.complete_order(int(imported))

    assert import_all(held, acme) == ["delivered"]

    order = show(held, imported)["order"]
    assert (order["status"], order["flags"]["shipped"]) == ("DELIVERED", True)
    assert ("deliver", "delivered", None) in journal_of(held, acme, imported)


def test_FUL_13_what_came_from_the_store_is_not_sent_back(held: Process, shop: Shop, acme: int, imported: str) -> None:
    shop.shop.complete_order(int(imported))
    import_all(held, acme)
    before = shop.shop.calls.total()

    assert order_of(held, acme, imported)["hub_changed"] == order_of(held, acme, imported)["hub_settled"] > 0
    assert fulfill_order(acme, imported) == "nothing_due"
    assert shop.shop.calls.total() == before


def test_FUL_12_delivered_in_the_hub_is_completed_in_the_store(
    held: Process, shop: Shop, acme: int, imported: str
) -> None:
    ship(held, acme, imported)

    assert fulfill_order(acme, imported) == "sent"

    assert shop.shop.status_of(imported) == "completed"
    assert journal_of(held, acme, imported)[-1] == ("fulfill", "sent", None)
    assert fulfill_order(acme, imported) == "nothing_due"
    assert import_all(held, acme) == ["imported"]  # the echo
    assert fulfill_order(acme, imported) == "nothing_due"


@pytest.mark.parametrize("portion", ["packed", "packed_in_part", "delivered_in_part"])
def test_FUL_12_part_of_an_order_is_not_sent_and_said_once(
    held: Process, shop: Shop, acme: int, imported: str, portion: str
) -> None:
    do(held, "UPDATE hub.sales_order_rows SET quantity = 2 WHERE ships")
    ship(held, acme, imported, packs=portion != "delivered_in_part", pieces=None if portion == "packed" else 1)

    assert fulfill_order(acme, imported) == "noted"

    assert shop.shop.status_of(imported) == "processing"
    assert journal_of(held, acme, imported)[-1] == ("fulfill", "noted", "partial_not_sent")
    said = len(journal_of(held, acme, imported))
    do(held, "UPDATE store_orders SET hub_changed = hub_changed + 1")
    assert fulfill_order(acme, imported) == "noted"
    assert len(journal_of(held, acme, imported)) == said


def test_fulfilment_sync_that_is_off_sends_nothing_either_way(
    held: Process, shop: Shop, acme: int, imported: str
) -> None:
    do(held, "UPDATE stores SET settings = settings || '{\"fulfillment.sync\": false}'")
    ship(held, acme, imported)

    assert fulfill_order(acme, imported) == "nothing_to_tell"
    assert shop.shop.status_of(imported) == "processing"


def test_store_that_is_away_is_told_later(held: Process, shop: Shop, acme: int, imported: str) -> None:
    ship(held, acme, imported)
    shop.faults.set_rates({"http_500": 1})

    assert fulfill_order(acme, imported) == "put_off"
    assert order_of(held, acme, imported)["hub_reason"] == "store_unavailable"

    shop.faults.set_rates({})
    do(held, "UPDATE store_orders SET hub_due_at = NULL")
    assert fulfill_order(acme, imported) == "sent"


def test_FUL_15_hub_created_order_reaches_no_store(held: Process, acme: int) -> None:
    assert rows(held) == []
    assert rung(held.redis, "fulfillment") == []
