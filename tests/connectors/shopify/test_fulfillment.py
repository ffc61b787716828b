"""connectors.shopify.connector: telling the shop of a fulfilment, and what it says to that (SPEC chapter 7)."""

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import graphql
import pytest

from connectors.errors import RateLimited, Rejected, Unavailable
from connectors.shopify.connector import Shopify
from sandbox import RunningSandbox, ShopifyShop
from sandbox.faults import Said
from schemas.actions import SendFulfillment
from schemas.orders import StoreOrder

DATA = Path(__file__).parents[2] / "data" / "shopify"

Shop = RunningSandbox[ShopifyShop]


def placed(sandbox: Shop, *locations: str) -> int:
    """An order of three pieces from each location."""
    lines = [{"sku": f"S-{place}", "price": "1.00", "quantity": 3, "location": place} for place in locations]
    return sandbox.shop.place_order({"lines": lines}).id


def order_of(store: Shopify, number: int) -> StoreOrder:
    return store.read(store.snapshot(str(number)).payload or "")


def send(order: StoreOrder, pieces: float = 3, places: int = 1, **tracking: Any) -> SendFulfillment:
    """So many pieces of each line of what is to be sent from the first places."""
    to_send = order.to_send[:places]
    wanted = tuple((one.external_id, tuple((line, Decimal(pieces)) for line, _, _ in one.lines)) for one in to_send)
    lines = tuple((line, Decimal(pieces)) for one in to_send for _, line, _ in one.lines)
    return SendFulfillment(order.external_id, wanted, lines, **tracking)


def test_FUL_10_a_fulfilment_of_the_hub_becomes_one_with_its_tracking(sandbox: Shop, store: Shopify) -> None:
    number = placed(sandbox, "101")
    tracking: dict[str, Any] = {"tracking_number": "JD1", "carrier": "DHL", "tracking_url": "https://track.example/JD1"}

    made = store.send_fulfillment(send(order_of(store, number), **tracking))

    order = order_of(store, number)
    (sent,) = order.fulfillments
    assert (sent.external_id, sent.status, sent.tracking_number) == (made, "SUCCESS", "JD1")
    assert (sent.carrier, sent.tracking_url) == ("DHL", "https://track.example/JD1")
    assert order.delivery == "fulfilled"
    assert sandbox.shop.notified == 1


def test_FUL_10_a_part_leaves_the_rest_to_be_sent(sandbox: Shop, store: Shopify) -> None:
    number = placed(sandbox, "101", "102")

    store.send_fulfillment(send(order_of(store, number), pieces=2))

    order = order_of(store, number)
    assert order.delivery == "partially_fulfilled"
    assert [pieces for one in order.to_send for _, _, pieces in one.lines] == [1, 3]


def test_FUL_14_sending_again_is_refused_and_the_look_before_says_why(sandbox: Shop, store: Shopify) -> None:
    number = placed(sandbox, "101")
    first = order_of(store, number)
    sandbox.faults.fail_next(1, "lost")
    with pytest.raises(Unavailable):
        store.send_fulfillment(send(first))

    assert order_of(store, number).to_send == ()
    with pytest.raises(Rejected, match="unfulfillable"):
        store.send_fulfillment(send(first))
    assert len(sandbox.shop.fulfillments_of(number)) == 1


def test_more_than_is_left_is_refused_in_the_shops_words(sandbox: Shop, store: Shopify) -> None:
    number = placed(sandbox, "101")

    with pytest.raises(Rejected, match="Invalid fulfillment order line item quantity"):
        store.send_fulfillment(send(order_of(store, number), pieces=4))
    assert sandbox.shop.fulfillments_of(number) == []


def test_a_part_of_a_piece_is_refused_and_not_rounded(sandbox: Shop, store: Shopify) -> None:
    order = order_of(store, placed(sandbox, "101"))

    with pytest.raises(Rejected, match="whole pieces"):
        store.send_fulfillment(send(order, pieces=1.5))


def test_fulfilments_of_two_places_are_refused_together(sandbox: Shop, store: Shopify) -> None:
    order = order_of(store, placed(sandbox, "101", "102"))

    with pytest.raises(Rejected, match="same location"):
        store.send_fulfillment(send(order, places=2))


def test_what_is_on_hold_is_refused_until_it_is_released(sandbox: Shop, store: Shopify) -> None:
    number = placed(sandbox, "101")
    order = order_of(store, number)
    sandbox.shop.hold(number)

    with pytest.raises(Rejected, match="on_hold"):
        store.send_fulfillment(send(order))

    sandbox.shop.release(number)
    assert store.send_fulfillment(send(order))


def test_a_throttled_fulfilment_is_not_made(sandbox: Shop, store: Shopify) -> None:
    number = placed(sandbox, "101")
    order = order_of(store, number)
    sandbox.shop.bucket.available, sandbox.shop.bucket.restore = 0, 0

    with pytest.raises(RateLimited):
        store.send_fulfillment(send(order))
    assert sandbox.shop.fulfillments_of(number) == []


@pytest.mark.parametrize(
    "payload", [None, {}, {"userErrors": [], "fulfillment": None}, {"userErrors": [], "fulfillment": {"id": "x"}}]
)
def test_an_answer_that_names_no_fulfilment_is_no_success(sandbox: Shop, store: Shopify, payload: Any) -> None:
    order = order_of(store, placed(sandbox, "101"))
    sandbox.faults.answer_next(1, Said(200, json.dumps({"data": {"fulfillmentCreate": payload}})))

    with pytest.raises(Unavailable):
        store.send_fulfillment(send(order))


def test_errors_with_status_200_are_no_success(sandbox: Shop, store: Shopify) -> None:
    """SPEC chapter 11."""
    order = order_of(store, placed(sandbox, "101"))
    error = {"message": "Variable $fulfillment was provided invalid value", "extensions": {"code": "INVALID_VARIABLE"}}
    sandbox.faults.answer_next(1, Said(200, json.dumps({"errors": [error]})))

    with pytest.raises(Rejected, match="INVALID_VARIABLE"):
        store.send_fulfillment(send(order))


def test_nobody_gives_an_order_a_status(sandbox: Shop, store: Shopify) -> None:
    with pytest.raises(Rejected, match="'fulfilled'"):
        store.set_status(str(placed(sandbox, "101")), "fulfilled")


@pytest.mark.parametrize("version", ["2026-07", "2026-10"])
def test_every_value_of_a_fulfilment_fits_the_vendors_schema(sandbox: Shop, store: Shopify, version: str) -> None:
    introspection = json.loads(gzip.decompress((DATA / f"schema_{version}.json.gz").read_bytes()))
    schema = graphql.build_client_schema(introspection, assume_valid=True)
    order = order_of(store, placed(sandbox, "101"))

    store.send_fulfillment(send(order, tracking_number="JD1", carrier="DHL", tracking_url="https://t.example/1"))

    document, variables = sandbox.shop.heard[-1]
    (operation, *_) = graphql.parse(document).definitions
    assert isinstance(operation, graphql.OperationDefinitionNode)
    read = graphql.execution.values.get_variable_values(schema, operation.variable_definitions, dict(variables))
    assert isinstance(read, dict)
