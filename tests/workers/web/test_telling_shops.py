"""Shops that were asked to tell, tell: each platform's own deliveries through the door, over real HTTP (BEY-5)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from connectors.platforms import PLATFORMS
from connectors.postgres import catalogue, stores
from connectors.webhooks import Message
from sandbox import BigCommerceShop, RunningSandbox, ShopifyShop, open_sandbox
from sandbox.shopify.parcels import PRIMARY
from tasks.catalogue import fetch_catalogue
from tasks.fetch import fetch_orders
from tasks.held import Process, configure, process
from tasks.orders.fulfill import fulfill_order
from tasks.stock.push import push_stock
from tasks.stores import NewStore, connect_store
from tasks.subscriptions import ask_for_webhooks
from tasks.upkeep import ring_due
from tasks.webhooks import Taken, hear
from tests.connectors import signing
from tests.tasks.conftest import held, import_all, import_due
from tests.tasks.orders.delivering import Desk
from tests.tasks.orders.looking import Shop, do, rung, store_of
from tests.tasks.stock.stocking import add, adjust
from tests.workers.web.serving import web_process

__all__ = ["held"]

SKU: Final = "CHAIR-1"
LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(params=sorted(PLATFORMS))
def shop(request: pytest.FixtureRequest) -> Iterator[RunningSandbox[Any]]:
    """A shop of each platform."""
    with open_sandbox(request.param, orders=0) as sandbox:
        yield sandbox


@pytest.fixture
def reached(held: Process) -> Iterator[Process]:
    """A process whose door is open to shops."""
    with web_process(held.config) as port:
        configure(replace(held.config, public_url=f"http://127.0.0.1:{port}"))
        yield process()


@pytest.fixture
def acme(reached: Process, shop: Shop) -> int:
    """The shop with one order of one product, connected with stock sync on, its catalogue known, asked to tell."""
    platform = next(name for name in PLATFORMS if name in type(shop.shop).__name__.lower())
    shop.merchant.sell(SKU, 2)
    add(reached, SKU, 7)
    new = NewStore(platform, "acme", shop.url, shop.credentials, {"stock.sync": "on"}, allow_insecure=True)
    connect_store(reached, new)
    with reached.pool.connection() as connection:
        row = stores.find_store(connection, "acme")
    assert row is not None
    import_all(reached, row.id)
    fetch_catalogue(row.id)
    push_stock(row.id)
    ask_for_webhooks(row.id)
    settle(reached, shop)
    return row.id


def settle(held: Process, shop: Shop) -> None:
    """Everything was told an hour ago, and no bell of it is out."""
    wait(shop)
    held.redis.flushdb()
    do(held, "UPDATE stores SET hinted_at = NULL, catalogue_hinted_at = NULL, catalogue_at = now() - '1m'::interval")
    forget_changes(shop)
    do(held, "UPDATE store_levels SET moved_at = now() - '1h'::interval, told_at = told_at - '1h'::interval")


def forget_changes(shop: Shop) -> None:
    """No product changed lately, as the shop's lists tell it."""
    if isinstance(shop.shop, ShopifyShop):
        for variant in shop.shop.stock.variants.values():
            variant.updated = variant.item_updated = LONG_AGO
    if isinstance(shop.shop, BigCommerceShop):
        for product in shop.shop.catalogue.products.values():
            product.modified = LONG_AGO


def wait(shop: Shop) -> None:
    told = shop.shop.hooks.courier if hasattr(shop.shop, "hooks") else shop.shop.webhooks
    assert told.wait_idle(20)
    assert {one.status for one in told.sent} <= {200}


def tasks(held: Process) -> set[str]:
    """What was rung for, of orders and of what is sold; the queue is empty afterwards."""
    heads = held.redis.lrange("storesync:fetch", 0, -1)
    rung(held.redis, "fetch")
    return {name for name in ("fetch_orders", "fetch_catalogue") if any(f'"{name}"'.encode() in one for one in heads)}


def count_by_hand(shop: Shop, pieces: int) -> None:
    """The merchant counts the product."""
    if isinstance(shop.shop, ShopifyShop):
        (number,) = shop.shop.stock.variants
        shop.shop.stock.put(number, PRIMARY, pieces)
    else:
        shop.shop.set_stock(SKU, pieces)


def shown(held: Process, store_id: int) -> set[int | None]:
    """What the catalogue says that the product shows."""
    with held.pool.connection() as connection:
        return {item.shown.get("") for item in catalogue.items(connection, store_id, [SKU])}


def test_BEY_5_an_order_is_told_and_fetched_at_once(reached: Process, shop: Shop, acme: int) -> None:
    order = shop.merchant.sell("TABLE-1", 1)
    wait(shop)

    assert "fetch_orders" in tasks(reached)
    fetch_orders(acme)
    assert import_due(reached, acme) == ["imported"]
    assert Desk(reached, acme, order).order().external_id == order


def test_BEY_5_a_count_in_the_shop_is_known_at_once(reached: Process, shop: Shop, acme: int) -> None:
    count_by_hand(shop, 99)
    wait(shop)

    assert tasks(reached) == {"fetch_catalogue"}
    fetch_catalogue(acme)
    assert shown(reached, acme) == {99}


def test_BEY_5_a_count_that_was_told_and_not_rung_for_is_not_forgotten(reached: Process, shop: Shop, acme: int) -> None:
    count_by_hand(shop, 98)
    wait(shop)
    reached.redis.delete("storesync:fetch")

    ring_due()

    assert "fetch_catalogue" in tasks(reached)
    fetch_catalogue(acme)
    ring_due()
    assert "fetch_catalogue" not in tasks(reached)


def test_BEY_5_our_own_stock_comes_back_and_is_no_news(reached: Process, shop: Shop, acme: int) -> None:
    adjust(reached, SKU, 30)
    do(reached, "UPDATE store_stock SET sent_at = NULL, due_at = NULL")

    push_stock(acme)
    wait(shop)

    assert set(shop.shop.stock_of(SKU).values()) == {35}
    assert tasks(reached) == set()


def test_BEY_5_our_own_fulfillment_comes_back_and_changes_nothing(reached: Process, shop: Shop, acme: int) -> None:
    (order,) = [external_id for external_id in orders_of(shop)]
    desk = Desk(reached, acme, order)
    desk.deliver()
    assert desk.tell() == "sent"
    wait(shop)
    before = kept(reached, order)
    assert "fetch_orders" in tasks(reached)

    fetch_orders(acme)
    import_due(reached, acme)
    wait(shop)

    assert (kept(reached, order), tasks(reached)) == (before, set())
    assert fulfill_order(acme, order) == "nothing_due"


def orders_of(shop: Shop) -> list[str]:
    orders = shop.shop.orders if hasattr(shop.shop, "orders") else shop.shop.book.orders
    return [str(number) for number in orders]


def kept(held: Process, external_id: str) -> Any:
    """The hub's order as its tables have it, and how often its side moved."""
    with held.pool.connection() as connection:
        return [
            connection.execute(statement, (external_id,)).fetchall()
            for statement in (
                "SELECT hub_changed, hub_settled FROM store_orders WHERE external_id = %s",
                "SELECT * FROM hub.sales_orders WHERE external_id = %s",
                "SELECT f.* FROM hub.fulfillments f JOIN hub.sales_orders o ON o.id = sales_order_id"
                " WHERE o.external_id = %s",
            )
        ]


def tell_of_product(held: Process, store_id: int, item: str, pieces: int) -> Taken:
    """The shop says that a product shows so many pieces."""
    row = store_of(held, store_id)
    number = int(item.removeprefix("product/"))
    body = b'{"id":%d,"manage_stock":true,"stock_quantity":%d,"sku":"%s"}' % (number, pieces, SKU.encode())
    secret = held.secrets.unlock(row.credentials)["webhook_secret"]
    headers, _ = signing.woocommerce(secret, "product.updated", body)
    message = Message({name.lower(): value for name, value in headers.items()}, body)
    return hear(held, "woocommerce", row.webhook_token, message)


@pytest.mark.parametrize("shop", ["woocommerce"], indirect=True)
def test_BEY_5_what_is_being_told_at_this_moment_is_no_news(reached: Process, shop: Shop, acme: int) -> None:
    (item,) = shop.shop.stock_of(SKU)
    do(reached, "INSERT INTO stock_tellings (store_id, skus, holder) VALUES (%s, %s, 'me')", acme, [SKU])
    assert tell_of_product(reached, acme, item, 77) is Taken.IGNORED

    do(reached, "DELETE FROM stock_tellings")
    assert tell_of_product(reached, acme, item, 5) is Taken.IGNORED  # it shows that already
    assert tell_of_product(reached, acme, item, 77) is Taken.NOTED


@pytest.mark.long
@pytest.mark.parametrize("shop", ["woocommerce"], indirect=True)
def test_BEY_5_a_burst_of_a_thousand_products_makes_few_walks(reached: Process, shop: Shop, acme: int) -> None:
    walks = 0
    for number in range(1000):
        assert tell_of_product(reached, acme, f"product/{number + 100_000}", number) is Taken.NOTED
        if number % 100 == 0 and "fetch_catalogue" in tasks(reached):
            walks += 1
            fetch_catalogue(acme)

    assert walks <= 3
    ring_due()
    assert stores_hinted(reached, acme)


def stores_hinted(held: Process, store_id: int) -> bool:
    """Whether a look is still to come for what was told last."""
    return bool(do(held, "UPDATE stores SET name = name WHERE id = %s AND catalogue_hinted_at IS NOT NULL", store_id))
