"""connectors.woocommerce.connector: what a shop is told of an order's delivery."""

from typing import Any

import pytest

from connectors.errors import NotFound, Rejected, Unavailable
from connectors.woocommerce.connector import WooCommerce
from sandbox import RunningSandbox, WooCommerceShop
from sandbox.faults import Said
from schemas.actions import SendFulfillment
from tests.connectors.woocommerce.shop import add

Running = RunningSandbox[WooCommerceShop]


def place(shop: WooCommerceShop, **changes: Any) -> str:
    return str(shop.place_order({"status": "processing", "line_items": [{"sku": "TABLE"}], **changes}).id)


def test_FUL_12_an_order_is_completed(shop: WooCommerceShop, store: WooCommerce) -> None:
    add(shop, "TABLE")
    placed = place(shop)

    store.set_status(placed, store.platform.completed_status)

    assert shop.status_of(placed) == "completed"
    assert shop.stock("TABLE") == 4


def test_completing_twice_does_no_harm(shop: WooCommerceShop, store: WooCommerce) -> None:
    add(shop, "TABLE")
    placed = place(shop)

    store.set_status(placed, "completed")
    store.set_status(placed, "completed")

    assert (shop.status_of(placed), shop.stock("TABLE")) == ("completed", 4)


@pytest.mark.parametrize("external_id", ["999999999", "../../users", "", "1?status=any"])
def test_a_status_of_an_order_that_is_not_there_is_not_found(store: WooCommerce, external_id: str) -> None:
    with pytest.raises(NotFound):
        store.set_status(external_id, "completed")


def test_a_status_that_the_shop_does_not_know_is_rejected(shop: WooCommerceShop, store: WooCommerce) -> None:
    add(shop, "TABLE")
    placed = place(shop)

    with pytest.raises(Rejected, match="rest_invalid_param"):
        store.set_status(placed, "delivered")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (Said(200, b'{"id":%d,"status":"processing"}'), Rejected),  # a plugin holds on to it
        (Said(200, b'{"id":1%d,"status":"completed"}'), Unavailable),
        (Said(200, b"[]"), Unavailable),
        (Said(200, b"<html>"), Unavailable),
        (Said(404, b'{"code":"rest_no_route"}'), Unavailable),
    ],
    ids=["another status", "another order", "a list", "a page", "no API"],
)
def test_an_answer_that_does_not_show_the_status_is_no_success(
    sandbox: Running, store: WooCommerce, said: Said, kind: type[Exception]
) -> None:
    add(sandbox.shop, "TABLE")
    placed = place(sandbox.shop)
    body = said.body.replace(b"%d", placed.encode()) if isinstance(said.body, bytes) else said.body
    sandbox.faults.answer_next(1, Said(said.status, body))

    with pytest.raises(kind):
        store.set_status(placed, "completed")


def test_a_fulfilment_is_nothing_that_woocommerce_knows(store: WooCommerce) -> None:
    with pytest.raises(Rejected, match="no fulfilments"):
        store.send_fulfillment(SendFulfillment("24", (), ()))
