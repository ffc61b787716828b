"""connectors.shopify.connector: orders of more lines and parts than fit on a page, in shops with few points."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import RateLimited, Unavailable
from connectors.shopify.connector import Shopify
from connectors.shopify.pages import ORDERS_KEPT
from sandbox import RunningSandbox, ShopifyShop, run_shopify
from sandbox.faults import Said
from tests.connectors.store_contract import ids_of, snapshots_of
from tests.tasks.orders.delivering import Meanwhile

Shop = RunningSandbox[ShopifyShop]


@pytest.fixture
def small() -> Iterator[Shop]:
    """A shop on the Standard plan."""
    with run_shopify(ShopifyShop(plan="standard")) as sandbox:
        yield sandbox


def place(shop: ShopifyShop, lines: int) -> str:
    """An order of so many different things, all sent."""
    order = shop.place_order(
        {"lines": [{"name": f"T {n}", "price": "1.00", "sku": f"T-{n}", "taxes": ["0.19"]} for n in range(lines)]}
    )
    shop.fulfill(order.id)
    return str(order.id)


def connect(sandbox: Shop) -> Shopify:
    return Shopify(sandbox.url, sandbox.credentials, allow_insecure=True)


def pass_time(shop: ShopifyShop, until: datetime) -> None:
    """As if it were that late by the shop's bucket."""
    shop.bucket.at -= (until - datetime.now(UTC)).total_seconds()


# -- an order and its parts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 12, 13, 130])
def test_an_order_has_all_its_lines_whatever_fits_on_a_page(sandbox: Shop, store: Shopify, count: int) -> None:
    external_id = place(sandbox.shop, count)

    (listed,) = snapshots_of(store.changed_orders(None))
    asked = store.snapshot(external_id)

    assert (listed.payload is None) == (listed.skus is None) == (count > 12)
    for payload in {listed.payload, asked.payload} - {None}:
        read = store.read(payload or "")
        assert [line.sku for line in read.lines] == [f"T-{number}" for number in range(count)]
        assert len(read.fulfillments[0].lines) == count
        assert {line.location for line in read.lines} == {"101"}
    assert asked.skus == tuple(sorted(f"T-{number}" for number in range(count)))


def test_an_order_has_all_its_parts_whatever_fits_on_a_page(sandbox: Shop, store: Shopify) -> None:
    lines = [{"name": f"Thing {number}", "price": "1.00", "location": str(201 + number)} for number in range(150)]
    order = sandbox.shop.place_order({"lines": lines})

    read = store.read(store.snapshot(str(order.id)).payload or "")

    assert [line.location for line in read.lines] == [str(201 + number) for number in range(len(order.lines))]


@pytest.mark.parametrize("count", [12, 13])
def test_an_order_is_the_same_news_on_its_page_and_by_itself(sandbox: Shop, store: Shopify, count: int) -> None:
    """Else every poll would ask for it again."""
    external_id = place(sandbox.shop, count)

    (listed,) = snapshots_of(store.changed_orders(None))

    assert store.snapshot(external_id).digest == listed.digest


@pytest.mark.parametrize(("count", "is_news"), [(12, False), (13, True)])
def test_whatever_touches_a_long_order_is_news(sandbox: Shop, store: Shopify, count: int, is_news: bool) -> None:
    """What changed may be behind the part that the page shows."""
    with sandbox.shop.at(datetime.now(UTC) - timedelta(hours=1)):
        external_id = place(sandbox.shop, count)
    before = store.snapshot(external_id)
    sandbox.shop.edit_order(int(external_id), {})

    assert (store.snapshot(external_id).digest != before.digest) == is_news


def test_a_long_order_that_cannot_be_read_is_set_aside_alone(sandbox: Shop, store: Shopify) -> None:
    """SPEC chapter 11."""
    broken, whole = place(sandbox.shop, 13), place(sandbox.shop, 13)
    order = sandbox.shop.order(int(broken))
    order.raw = {**sandbox.shop.order_json(order), "createdAt": None}

    assert sorted(ids_of(store.changed_orders(None))) == [broken, whole]
    assert (store.snapshot(broken).problem or ("",))[0] == "createdAt"
    assert store.snapshot(whole).problem is None


# -- with few points ---------------------------------------------------------------------------------------------


def test_a_page_of_long_orders_needs_no_more_points_than_any_other(small: Shop) -> None:
    placed = [place(small.shop, 30) for _ in range(40)]
    store = connect(small)

    assert sorted(ids_of(store.changed_orders(None))) == sorted(placed)
    assert store.http.calls == 1


@pytest.mark.long
def test_an_order_that_costs_more_than_the_shop_has_comes_in_after_some_waits(small: Shop) -> None:
    external_id = place(small.shop, 500)
    small.shop.bucket.maximum = 1000
    store = connect(small)

    read = store.read(read_at_last(small.shop, store, external_id))

    assert len(read.lines) == len(read.fulfillments[0].lines) == 500
    assert small.shop.asked["node"] == 15  # of lines, of what is to be sent and of what was: nothing twice


@pytest.mark.long
def test_long_orders_come_in_although_all_who_wait_come_back_at_once(small: Shop) -> None:
    waiting = {place(small.shop, 500): connect(small) for _ in range(4)}

    for _ in range(20):
        untils = {external_id: refused(store, external_id) for external_id, store in waiting.items()}
        waiting = {external_id: store for external_id, store in waiting.items() if untils[external_id]}
        pass_time(small.shop, max((until for until in untils.values() if until), default=datetime.now(UTC)))

    assert not waiting


def test_parts_of_a_long_order_that_changed_meanwhile_are_not_kept(small: Shop) -> None:
    """FUL-14: what was sent since is seen."""
    with small.shop.at(datetime.now(UTC) - timedelta(hours=1)):
        lines = [{"name": f"T {n}", "price": "1.00", "sku": f"T-{n}", "quantity": 2} for n in range(60)]
        order = small.shop.place_order({"lines": lines})
    store = connect(small)
    small.shop.bucket.available, small.shop.bucket.restore = 130, 1
    assert refused(store, str(order.id))
    assert small.shop.asked["node"] == 1
    small.shop.fulfill(order.id, {line.id: 1 for line in order.lines})
    small.shop.bucket.available = 2000

    (left,) = store.read(store.snapshot(str(order.id)).payload or "").to_send

    assert {pieces for _, _, pieces in left.lines} == {1}


def sent_one_by_one(shop: ShopifyShop, fulfillments: int) -> str:
    """An order of which each piece was sent for itself."""
    order = shop.place_order({"lines": [{"name": "T", "price": "1.00", "sku": "T", "quantity": fulfillments}]})
    for _ in range(fulfillments):
        shop.fulfill(order.id, {order.lines[0].id: 1})
    return str(order.id)


@pytest.mark.parametrize(("fulfillments", "is_whole"), [(4, True), (5, False), (30, False)])
def test_FUL_1_every_fulfilment_of_an_order_is_read_however_many(
    small: Shop, fulfillments: int, is_whole: bool
) -> None:
    placed, store = sent_one_by_one(small.shop, fulfillments), connect(small)

    (listed,) = snapshots_of(store.changed_orders(None))
    asked = store.snapshot(placed)

    assert (listed.payload is not None, listed.digest) == (is_whole, asked.digest)
    assert len(store.read(asked.payload or "").fulfillments) == fulfillments
    assert small.shop.asked["order"] == (1 if is_whole else 2)


@pytest.mark.parametrize("answer", [{}, {"order": None}, {"order": {"fulfillments": None}}, {"order": {"id": "x"}}])
def test_FUL_1_fulfilments_that_do_not_come_are_asked_for_later(small: Shop, answer: Any) -> None:
    placed = sent_one_by_one(small.shop, 5)
    said = Said(200, json.dumps({"data": answer}))

    with run_shopify(small.shop, Meanwhile()) as sandbox, pytest.raises(Unavailable):
        assert isinstance(sandbox.faults, Meanwhile)
        sandbox.faults.play(None, said)
        connect(sandbox).snapshot(placed)


@pytest.mark.long
def test_few_long_orders_are_kept_in_part(small: Shop) -> None:
    store = connect(small)
    for _ in range(ORDERS_KEPT + 5):
        small.shop.bucket.available, small.shop.bucket.restore = 130, 1
        assert refused(store, place(small.shop, 60))

    assert len(store._parts._kept) <= ORDERS_KEPT


def refused(store: Shopify, external_id: str) -> datetime | None:
    """Until when the shop asks to wait, if it does."""
    try:
        store.snapshot(external_id)
    except RateLimited as error:
        return error.until
    return None


def read_at_last(shop: ShopifyShop, store: Shopify, external_id: str) -> str:
    """An order's payload, however often the shop asks to wait."""
    for _ in range(20):
        try:
            return store.snapshot(external_id).payload or ""
        except RateLimited as error:
            pass_time(shop, error.until)
    raise AssertionError("it never came")
