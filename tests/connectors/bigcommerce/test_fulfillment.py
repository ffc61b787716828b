"""connectors.bigcommerce.connector: statuses and shipments, told and read."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.bigcommerce.connector import BigCommerce
from connectors.errors import NotFound, Rejected, Unavailable
from sandbox import BigCommerceShop, Fault, RunningSandbox, run_bigcommerce, seed_plain_bigcommerce
from sandbox.bigcommerce.model import BigOrder
from sandbox.faults import Said
from schemas.actions import SendFulfillment
from schemas.bigcommerce.platform import PLATFORM
from schemas.orders import Snapshot, StoreOrder
from tests.connectors.store_contract_case import following

SHIP = "POST /v2/orders/{id}/shipments"
RECORDS = "GET /v2/orders/{id}/shipments"
ORDER = "GET /v2/orders/{id}"


@pytest.fixture
def order(shop: BigCommerceShop) -> BigOrder:
    """Three tables and a hook, and a file to download."""
    products = [
        {"sku": "TABLE", "product_id": 7, "quantity": 3, "price": "100.00"},
        {"sku": "HOOK", "product_id": 8, "quantity": 1, "price": "3.00"},
        {"sku": "PLAN", "product_id": 9, "quantity": 1, "price": "5.00", "type": "digital"},
    ]
    return shop.place_order({"products": products, "discount_amount": "10.00"})


def fulfillment(order: StoreOrder, *pieces: int, **tracking: Any) -> SendFulfillment:
    """So many pieces of the lines of what the order first has to send."""
    (one, *_) = order.to_send
    lines = tuple((line, Decimal(count)) for (line, _, _), count in zip(one.lines, pieces, strict=False))
    return SendFulfillment(order.external_id, ((one.external_id, lines),), lines, **tracking)


def fresh(store: BigCommerce, order: BigOrder) -> StoreOrder:
    return store.read(store.snapshot(str(order.id)).payload or "")


def listed(store: BigCommerce) -> Snapshot:
    (found,) = [one for page in store.changed_orders(None) for one in page.snapshots]
    return found


# -- statuses ----------------------------------------------------------------------------------------------------


def test_FUL_12_a_completed_order_is_told_with_its_status_alone(
    store: BigCommerce, shop: BigCommerceShop, order: BigOrder
) -> None:
    store.set_status(str(order.id), PLATFORM.completed_status)

    assert shop.status_of(str(order.id)) == "Completed"
    assert [write["body"] for write in shop.writes] == [{"status_id": 10}]


@pytest.mark.parametrize("status", sorted(PLATFORM.statuses - {"deleted"}))
def test_every_status_of_the_shop_can_be_given(store: BigCommerce, order: BigOrder, status: str) -> None:
    store.set_status(str(order.id), status)

    assert fresh(store, order).status == status


@pytest.mark.parametrize("status", ["deleted", "99", "Completed", ""])
def test_a_status_that_the_shop_has_not_is_rejected(store: BigCommerce, order: BigOrder, status: str) -> None:
    with pytest.raises(Rejected, match="no status"):
        store.set_status(str(order.id), status)

    assert store.http.calls == 0


def test_FUL_12_an_order_that_shows_another_status_than_it_was_given_is_not_done(
    sandbox: RunningSandbox[BigCommerceShop], store: BigCommerce, order: BigOrder
) -> None:
    sandbox.faults.answer_next(1, Said(200, sandbox.shop.body(order, with_parts=False)))

    with pytest.raises(Rejected, match="status 11 after it was set to 10"):
        store.set_status(str(order.id), PLATFORM.completed_status)


@pytest.mark.parametrize(
    "body", [b"<html></html>", b"", b"[]", b"{}", b'{"id":1}', b'{"id":1,"order_id":%d,"items":[]}'], ids=repr
)
def test_FUL_14_a_shipment_that_no_answer_shows_is_looked_for_again(
    sandbox: RunningSandbox[BigCommerceShop], store: BigCommerce, order: BigOrder, body: bytes
) -> None:
    sending = fulfillment(fresh(store, order), 3)
    said = body.replace(b"%d", str(order.id).encode())
    for fault in (Said(200, said), Said(201, said)):
        sandbox.faults.answer_next(1, fault)

        with pytest.raises(Unavailable):
            store.send_fulfillment(sending)

    assert fresh(store, order).fulfillments == ()


@pytest.mark.parametrize("external_id", ["999", "../store", ""])
def test_an_order_that_is_not_there_is_not_found(store: BigCommerce, external_id: str) -> None:
    with pytest.raises(NotFound):
        store.set_status(external_id, "completed")
    with pytest.raises(NotFound):
        store.send_fulfillment(SendFulfillment(external_id, (("1", (("1", Decimal(1)),)),), ()))


# -- sending -----------------------------------------------------------------------------------------------------


def test_what_is_left_to_send_is_the_physical_pieces_of_each_address(store: BigCommerce, order: BigOrder) -> None:
    table, hook, _ = (str(line["id"]) for line in order.products)

    (one,) = fresh(store, order).to_send

    assert (one.external_id, one.can_be_sent, one.is_pickup) == (str(order.addresses[0]["id"]), True, False)
    assert one.lines == ((table, table, Decimal(3)), (hook, hook, Decimal(1)))


def test_what_is_shipped_or_refunded_is_not_left(store: BigCommerce, shop: BigCommerceShop, order: BigOrder) -> None:
    table, hook, _ = (line["id"] for line in order.products)
    shop.refund_order(order.id, {table: 1})
    shop.ship_order(order.id, {table: 1, hook: 1})

    (one,) = fresh(store, order).to_send

    assert one.lines == ((str(table), str(table), Decimal(1)),)


def test_a_shipment_is_made_with_its_tracking(store: BigCommerce, shop: BigCommerceShop, order: BigOrder) -> None:
    tracking = {"tracking_number": "00340", "carrier": "Royal Mail", "tracking_url": "https://track.example.test/1"}

    made = store.send_fulfillment(fulfillment(fresh(store, order), 2, **tracking))

    (record,) = shop.shipments_of(str(order.id))
    assert (str(record["id"]), record["tracking_number"], record["tracking_carrier"]) == (made, "00340", "royal-mail")
    assert record["tracking_link"] == "https://track.example.test/1"
    assert [(item["order_product_id"], item["quantity"]) for item in record["items"]] == [(order.products[0]["id"], 2)]
    assert shop.status_of(str(order.id)) == "Partially Shipped"


def test_the_order_is_shipped_once_all_of_it_is(store: BigCommerce, shop: BigCommerceShop, order: BigOrder) -> None:
    for pieces in ((2,), (1, 1)):
        store.send_fulfillment(fulfillment(fresh(store, order), *pieces))

    assert shop.status_of(str(order.id)) == "Shipped"
    assert fresh(store, order).to_send == ()
    assert all(set(write["body"]) == {"order_address_id", "items"} for write in shop.writes)


def test_a_carrier_that_the_shop_does_not_know_is_told_as_a_comment(
    store: BigCommerce, shop: BigCommerceShop, order: BigOrder
) -> None:
    store.send_fulfillment(fulfillment(fresh(store, order), 1, tracking_number="5", carrier="Bob's Vans"))

    (record,) = shop.shipments_of(str(order.id))
    assert (record["tracking_number"], record["tracking_carrier"], record["comments"]) == ("5", "", "Bob's Vans")


def test_more_than_is_left_is_rejected_in_the_shop_s_words(
    store: BigCommerce, shop: BigCommerceShop, order: BigOrder
) -> None:
    sending = fulfillment(fresh(store, order), 3, carrier="DHL")
    store.send_fulfillment(sending)

    with pytest.raises(Rejected, match="items"):
        store.send_fulfillment(sending)

    assert (len(shop.shipments_of(str(order.id))), shop.calls_of(SHIP)) == (1, 2)


@pytest.mark.parametrize("pieces", ["0.5", "0", "-1"])
def test_a_part_of_a_piece_is_no_shipment(store: BigCommerce, order: BigOrder, pieces: str) -> None:
    lines = ((str(order.products[0]["id"]), Decimal(pieces)),)

    with pytest.raises(Rejected, match="whole pieces"):
        store.send_fulfillment(SendFulfillment(str(order.id), ((str(order.addresses[0]["id"]), lines),), lines))


def test_a_shipment_goes_to_one_address(store: BigCommerce, order: BigOrder) -> None:
    with pytest.raises(Rejected, match="one address, and not to 2"):
        store.send_fulfillment(SendFulfillment(str(order.id), (("1", ()), ("2", ())), ()))

    assert store.http.calls == 0


def test_FUL_14_a_shipment_whose_answer_was_lost_is_seen_by_who_looks_again(
    sandbox: RunningSandbox[BigCommerceShop], store: BigCommerce, order: BigOrder
) -> None:
    sending = fulfillment(fresh(store, order), 3, tracking_number="00340")
    sandbox.faults.fail_next(1, Fault.LOST)

    with pytest.raises(Unavailable):
        store.send_fulfillment(sending)

    (sent,) = fresh(store, order).fulfillments
    assert (sent.tracking_number, sent.lines) == ("00340", sending.lines)


# -- reading -----------------------------------------------------------------------------------------------------


def test_shipments_are_in_the_snapshot_with_tracking(
    store: BigCommerce, shop: BigCommerceShop, order: BigOrder
) -> None:
    table = order.products[0]["id"]
    (record,) = shop.ship_order(order.id, {table: 2}, tracking_number="00340", carrier="dhl")

    (sent,) = fresh(store, order).fulfillments

    assert (sent.external_id, sent.lines) == (str(record["id"]), ((str(table), Decimal(2)),))
    assert (sent.tracking_number, sent.carrier) == ("00340", "dhl")
    assert sent.tracking_url == "https://track.example.test/dhl/00340"
    assert sent.status in PLATFORM.fulfilled_statuses


def test_a_shipped_order_in_a_list_is_to_be_asked_for_and_has_the_same_digest(
    store: BigCommerce, shop: BigCommerceShop, order: BigOrder
) -> None:
    before = listed(store)
    shop.ship_order(order.id)

    after, asked = listed(store), store.snapshot(str(order.id))

    assert (before.payload is not None, after.payload, after.problem) == (True, None, None)
    assert before.digest != after.digest == asked.digest
    assert len(store.read(asked.payload or "").fulfillments) == 1


def test_an_order_with_few_lines_shown_has_all_its_parts_and_shipments(
    store: BigCommerce, shop: BigCommerceShop, order: BigOrder
) -> None:
    shop.ship_order(order.id)
    shop.settings.lines_inside = 1

    read = fresh(store, order)

    assert [line.sku for line in read.lines] == ["TABLE", "HOOK", "PLAN"]
    assert len(read.fulfillments) == 1


def test_nothing_but_orders_with_something_shipped_is_asked_for_shipments(
    store: BigCommerce, shop: BigCommerceShop, order: BigOrder
) -> None:
    assert fresh(store, order).fulfillments == ()
    assert shop.calls_of(RECORDS) == 0

    shop.ship_order(order.id)
    fresh(store, order)
    assert (shop.calls_of(ORDER), shop.calls_of(RECORDS)) == (2, 1)


@pytest.mark.parametrize(("status", "is_asked"), [(2, True), (3, True), (5, True), (4, True), (10, False)])
def test_a_completed_order_is_taken_from_the_list_as_it_is(
    store: BigCommerce, shop: BigCommerceShop, order: BigOrder, status: int, is_asked: bool
) -> None:
    shop.ship_order(order.id)
    shop.edit_order(order.id, {"status_id": status})

    assert (listed(store).payload is None) == is_asked
    assert len(fresh(store, order).fulfillments) == 1


def test_what_was_shipped_before_the_connection_is_taken_from_the_list_as_it_is(
    store: BigCommerce, shop: BigCommerceShop
) -> None:
    basket = {"products": [{"sku": "TABLE", "product_id": 7, "quantity": 2, "price": "100.00"}]}
    with shop.at(datetime.now(UTC) - timedelta(days=3)):
        old, still_open = (shop.place_order(basket) for _ in range(2))
        shop.ship_order(old.id)
        shop.ship_order(still_open.id, {still_open.products[0]["id"]: 1})
        shop.edit_order(still_open.id, {"status_id": 11})
    shop.place_order(basket)

    pages = list(store.changed_orders(None))
    cursor = pages[-1].cursor
    shop.ship_order(shop.place_order(basket).id)
    later = [one.payload for page in store.changed_orders(cursor) for one in page.snapshots]

    first = {one.external_id: one.payload is None for page in pages for one in page.snapshots}
    assert (first[str(old.id)], first[str(still_open.id)], None in later) == (False, True, True)


def test_STK_9_the_SKUs_of_a_shipped_order_are_known_before_it_is_asked_for(
    store: BigCommerce, shop: BigCommerceShop, order: BigOrder
) -> None:
    shop.ship_order(order.id)
    skus = ("HOOK", "PLAN", "TABLE")
    known = (listed(store).skus, store.snapshot(str(order.id)).skus)
    shop.settings.lines_inside = 1
    shop.edit_order(order.id, {"staff_notes": "x"})
    in_part = (listed(store).skus, store.snapshot(str(order.id)).skus)

    assert known == (skus, skus)
    assert in_part == (None, skus)


def test_a_status_without_a_shipment_record_is_no_shipment(
    store: BigCommerce, shop: BigCommerceShop, order: BigOrder
) -> None:
    shop.edit_order(order.id, {"status_id": 2, "items_shipped": 4})

    read = fresh(store, order)

    assert (read.status, read.fulfillments) == ("shipped", ())


@pytest.mark.long
def test_a_thousand_orders_with_nothing_shipped_cost_what_they_did() -> None:
    shop = BigCommerceShop()
    seed_plain_bigcommerce(shop, orders=1000)
    with run_bigcommerce(shop) as sandbox:
        store = BigCommerce(sandbox.url, sandbox.credentials, allow_insecure=True)
        since = following(datetime.now(UTC) - timedelta(hours=1))
        payloads = [one.payload for page in store.changed_orders(since) for one in page.snapshots]

    assert (len(payloads), None in payloads) == (1000, False)
    assert store.http.calls <= 6
