"""A platform that tasks have never heard of: its orders come in, its stock and its fulfilments go out."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from connectors.postgres import stores
from connectors.webhooks import Message
from sandbox import RunningSandbox, open_sandbox
from tasks.catalogue import fetch_catalogue
from tasks.held import Process
from tasks.stock.push import push_stock
from tasks.stores import NewStore, connect_store
from tasks.webhooks import Taken, hear
from tests.connectors import signing
from tests.connectors.toy import platform
from tests.connectors.toy.listed import toy
from tests.connectors.toy.sandbox import ToyShop
from tests.tasks.conftest import import_all, show
from tests.tasks.orders.delivering import Desk
from tests.tasks.orders.looking import rung, store_of
from tests.tasks.stock.stocking import add

__all__ = ["toy"]


@pytest.fixture
def shop() -> Iterator[RunningSandbox[ToyShop]]:
    """A toy shop."""
    with open_sandbox("toy", orders=0) as sandbox:
        yield sandbox


@pytest.fixture
def store(held: Process, shop: RunningSandbox[ToyShop]) -> int:
    """The shop, connected as `acme` with stock sync on: its id."""
    settings = {"stock.sync": "on"}
    connect_store(held, NewStore("toy", "acme", shop.url, shop.credentials, settings, allow_insecure=True))
    with held.pool.connection() as connection:
        row = stores.find_store(connection, "acme")
    assert row is not None
    return row.id


def test_MUL_1_an_order_of_a_new_platform_is_imported_followed_and_told_of_its_end(
    held: Process, shop: RunningSandbox[ToyShop], store: int
) -> None:
    order = shop.shop.place_order([{"sku": "TOY-1", "name": "Bear", "pieces": 3, "price": 5}])

    assert import_all(held, store) == ["imported"]
    made = show(held, order)["order"]
    assert [(row["sku"], row["quantity"], row["price_per_unit"]) for row in made["rows"]] == [("TOY-1", "3", "5")]
    assert (made["total_with_tax"], made["total_mismatch"], made["customer"]["name"]) == ("15.00", False, "Bo Li")

    shop.merchant.take_one_off(order)
    shop.shop.edit_order(order, total=10)
    import_all(held, store)
    assert [row["quantity"] for row in show(held, order)["order"]["rows"]] == ["2"]

    desk = Desk(held, store, order)
    desk.deliver()
    desk.tell()
    assert shop.merchant.says(order) == "sent"


def test_STK_1_the_stock_of_a_new_platform_s_items_is_told(
    held: Process, shop: RunningSandbox[ToyShop], store: int
) -> None:
    shop.shop.add_item("TOY-1", 20)
    add(held, "TOY-1", 7)

    fetch_catalogue(store)
    push_stock(store)

    assert list(shop.shop.stock_of("TOY-1").values()) == [7]


def news(shop: RunningSandbox[ToyShop]) -> Message:
    """What the shop tells the door."""
    body = b'{"id": 1}'
    return Message({"x-toy-signature": signing.signature(shop.credentials["key"], body)}, body)


def test_DOR_1_a_new_platform_is_heard_by_its_own_signature(
    held: Process, shop: RunningSandbox[ToyShop], store: int
) -> None:
    token = store_of(held, store).webhook_token
    held.redis.flushdb()

    assert hear(held, "toy", token, Message({}, b"{}")) == Taken.REFUSED
    assert hear(held, "toy", token, news(shop)) == Taken.NOTED
    assert rung(held.redis, "fetch") == [[store]]


def test_DOR_1_a_platform_that_tells_nothing_has_no_door(
    held: Process, shop: RunningSandbox[ToyShop], store: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "PLATFORM", replace(platform.PLATFORM, hears={}))

    assert hear(held, "toy", store_of(held, store).webhook_token, news(shop)) == Taken.REFUSED
