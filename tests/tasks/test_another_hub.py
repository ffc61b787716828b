"""Tasks with a hub over something like HTTP: it refuses to be asked while a transaction of ours is open.

Whoever hears its news marks it; nothing of ours asks for the built-in one's tables.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors import hubs
from connectors.errors import HubBusy
from connectors.hubs import our_hub
from connectors.postgres import marks, order_view, orders, stores
from connectors.postgres.replay_view import looking
from connectors.woocommerce.connector import WooCommerce
from sandbox import RunningSandbox
from sandbox.woocommerce.generator import random_order
from schemas.errors import SettingRefused
from schemas.hub import DeliveryStatus, HubOrder
from schemas.orders import Kind
from tasks.catalogue import fetch_catalogue
from tasks.held import Process
from tasks.orders.fulfill import fulfill_order
from tasks.orders.import_order import change_order, import_order
from tasks.orders.replay import replay_orders
from tasks.products import import_products
from tasks.stock.importing import import_stock, want_stock
from tasks.stock.push import push_stock
from tests.connectors.toy_hub import Toy, ToyHub
from tests.tasks.conftest import connect, import_all, show

Shop = RunningSandbox[Any]


@pytest.fixture
def toy(held: Process, monkeypatch: pytest.MonkeyPatch) -> Iterator[Toy]:
    """The account works with the toy hub. Of the built-in one nothing is left that could be asked by mistake."""
    toy = Toy()
    monkeypatch.setitem(hubs.HUBS, "toy", lambda connection: ToyHub(toy, connection))
    with held.pool.connection() as connection:
        stores.change_account(connection, {"hub": "toy"})
    yield toy
    with held.pool.connection() as connection:
        row = connection.execute("SELECT count(*) AS orders FROM hub.sales_orders").fetchone()
    assert row == {"orders": 0}


def hear(held: Process, toy: Toy, since: str = "0") -> None:
    """What moved in the toy hub is marked, as whoever polls it does."""
    news = ToyHub(toy).changes_since(since)
    with held.pool.connection() as connection:
        marks.keep_news(connection, news)


def place(shop: Shop, **fields: Any) -> str:
    """An order that may come in; its id."""
    return str(random_order(shop.shop, {"status": "processing", **fields}).id)


def the_order(toy: Toy) -> HubOrder:
    """The one order in the hub."""
    (order,) = toy.orders.values()
    return order


@pytest.mark.usefixtures("acme")
def test_ORD_6_an_order_comes_in_once_and_shows(held: Process, shop: Shop, acme: int, toy: Toy) -> None:
    key = place(shop)

    assert import_all(held, acme) == ["imported"]

    order, shown = the_order(toy), show(held, key)
    assert (order.external_id, shown["state"], shown["order"]["order_no"]) == (key, "imported", order.order_no)
    assert shown["order"]["status"] == "NOT_SHIPPED"
    with held.pool.connection() as connection:
        (listed,) = order_view.orders(connection, order_view.OrderFilter(acme))
    assert order.head is not None and order.totals is not None
    assert (listed.customer, listed.total_with_tax) == (order.head.customer.name, order.totals.total_with_tax)


@pytest.mark.usefixtures("acme")
def test_BEY_3_orders_are_replayed_and_nothing_differs(held: Process, shop: Shop, acme: int, toy: Toy) -> None:
    keys = {place(shop), place(shop)}
    import_all(held, acme)
    toy.asked.clear()

    with held.pool.connection() as connection, looking(connection):
        found = [*replay_orders(connection, acme, None)]

    assert {one.kept.external_id: (one.left_out, one.differences) for one in found} == dict.fromkeys(keys, (None, ()))
    assert {"orders", "find", "locations"} <= set(toy.asked)


def test_ORD_6_a_worker_that_dies_behind_the_hub_s_answer_makes_no_second_order(
    held: Process, shop: Shop, acme: int, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = place(shop)

    def die(*_: object, **__: object) -> bool:
        raise HubBusy("the worker is gone before it has written down what the hub said")

    with monkeypatch.context() as dying:
        dying.setattr(orders, "settle", die)
        assert import_all(held, acme) == ["put_off"]
    with held.pool.connection() as connection:
        orders.retry(connection, acme, key)

    assert import_order(acme, key) == "imported"
    assert (the_order(toy).external_id, show(held, key)["state"]) == (key, "imported")


def test_MAP_2_a_customer_of_the_store_is_known_again(held: Process, shop: Shop, acme: int, toy: Toy) -> None:
    place(shop, customer_id=7, billing={"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com"})
    import_all(held, acme)
    place(shop, customer_id=7, billing={"first_name": "Ada", "last_name": "King", "email": "new@example.com"})
    import_all(held, acme)

    assert len(toy.orders) == 2
    assert len(toy.customers) == 1


@pytest.fixture
def travelling(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shop's platform, with the settings of one whose changes travel."""
    cancelled = frozenset({"cancelled"})
    platform = replace(WooCommerce.platform, name="bigcommerce", changes_travel=True, cancelled_statuses=cancelled)
    monkeypatch.setattr(WooCommerce, "platform", platform)


@pytest.mark.usefixtures("travelling")
def test_CHG_1_CHG_2_a_change_of_the_store_follows(held: Process, shop: Shop, acme: int, toy: Toy) -> None:
    chair = shop.shop.add_product({"name": "Chair", "sku": "CHAIR", "regular_price": "30.00"})
    rug = shop.shop.add_product({"name": "Rug", "sku": "", "regular_price": "9.00"})
    key = place(shop, line_items=[{"product_id": chair.id, "quantity": 2}])
    import_all(held, acme)
    (line,) = shop.shop.order(int(key)).lines

    shop.shop.edit_order(
        int(key), {"line_items": [{"id": line.id, "quantity": 5}, {"product_id": rug.id, "quantity": 1}]}
    )

    assert import_all(held, acme) == ["changed"]
    rows = {row.name: row for row in the_order(toy).rows}
    assert (rows["Chair"].quantity, rows["Rug"].quantity) == (5, 1)
    with held.pool.connection() as connection:
        (link,) = connection.execute("SELECT variant_id FROM item_links").fetchall()
    assert link["variant_id"] == rows["Rug"].variant_id


@pytest.mark.usefixtures("travelling")
def test_CHG_5_an_order_that_its_store_takes_back_goes_and_may_come_again(
    held: Process, shop: Shop, acme: int, toy: Toy
) -> None:
    key = place(shop)
    import_all(held, acme)

    shop.shop.edit_order(int(key), {"status": "cancelled"})
    import_all(held, acme)
    gone = show(held, key)
    shop.shop.edit_order(int(key), {"status": "processing"})
    import_all(held, acme)

    assert (gone["state"], gone["order"]) == ("deleted", None)
    assert [line["reason"] for line in gone["journal"] if line["action"] == "delete"] == ["cancelled_in_store"]
    assert show(held, key)["state"] == "imported"
    assert the_order(toy).external_id == key


def test_FUL_10_what_a_person_ships_goes_to_the_store(held: Process, shop: Shop, toy: Toy) -> None:
    acme = connect(held, shop, "acme", **{"fulfillment.sync": True})
    key = place(shop)
    import_all(held, acme)
    order = the_order(toy)

    toy.ship(order.id, [(row.id, row.quantity) for row in order.rows])
    hear(held, toy)

    assert fulfill_order(acme, key) == "sent"
    assert shop.shop.status_of(key) == "completed"
    with held.pool.connection() as connection:
        row = order_view.order(connection, acme, key)
    assert row is not None
    assert row.hub_changed == row.hub_settled


def test_FUL_1_what_the_store_ships_comes_to_the_hub(held: Process, shop: Shop, toy: Toy) -> None:
    acme = connect(held, shop, "acme", **{"fulfillment.sync": True})
    key = place(shop)
    import_all(held, acme)

    shop.shop.complete_order(int(key))
    import_all(held, acme)

    assert the_order(toy).status is DeliveryStatus.DELIVERED


def test_ORD_7_what_a_person_deletes_does_not_come_again(held: Process, shop: Shop, acme: int, toy: Toy) -> None:
    key = place(shop)
    import_all(held, acme)

    toy.delete(the_order(toy).id, "Grace")
    hear(held, toy)
    shop.shop.edit_order(int(key), {"customer_note": "and now?"})
    import_all(held, acme)

    assert toy.orders == {}
    assert show(held, key)["reason"] == "deleted_in_hub"


def test_STK_5_a_store_shows_what_the_hub_has(held: Process, shop: Shop, toy: Toy) -> None:
    acme = connect(held, shop, "acme", **{"stock.sync": True, "products.import_on_connect": True})
    assert fetch_catalogue(acme)
    import_products(acme)
    sku = next(item.sku for item in toy.variants if item.sku)

    toy.stock(sku, 7)
    hear(held, toy)
    push_stock(acme)

    assert shop.shop.stock(sku) == 7


@pytest.mark.usefixtures("toy")
def test_STK_4_a_store_s_location_is_asked_for_before_anything_is_written(held: Process, shop: Shop) -> None:
    with pytest.raises(SettingRefused, match="there is no location 'berlin'; there are main"):
        connect(held, shop, "acme", location="berlin")

    assert connect(held, shop, "acme", location="main")


def test_STK_11_what_a_store_shows_is_counted(held: Process, shop: Shop, acme: int, toy: Toy) -> None:
    shop.shop.add_product({"name": "Chair", "sku": "CHAIR", "regular_price": "30.00", "stock_quantity": 5})
    place(shop, line_items=[{"sku": "CHAIR", "quantity": 2}])
    import_all(held, acme)
    with held.pool.connection() as connection:
        row = stores.find_store(connection, "acme")
    assert row is not None

    want_stock(held, row, is_again=False, is_trial=False)

    assert import_stock(acme) == "1 counted"
    assert toy.pieces == {"CHAIR": Decimal(5)}  # what the shop took off for the order is on its shelf still


def test_a_hub_is_never_asked_while_a_transaction_of_ours_is_open(held: Process, toy: Toy) -> None:
    toy.add_item("CHAIR", "Chair", Kind.PRODUCT)
    with held.pool.connection() as connection:
        hub = our_hub(connection)
        assert hub.levels(["CHAIR"])[0].in_stock == Decimal(0)
        with pytest.raises(AssertionError, match="open transaction"), connection.transaction():
            hub.levels(["CHAIR"])


def test_a_bell_for_a_change_and_one_for_an_import_do_the_same(held: Process, shop: Shop, acme: int, toy: Toy) -> None:
    key = place(shop)
    import_all(held, acme)

    assert change_order(acme, key) == "nothing_due"
    assert len(toy.orders) == 1
