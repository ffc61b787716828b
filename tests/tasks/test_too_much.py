"""Answers of more than was asked for, on every platform: no page, and no work for us (SPEC chapter 11)."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import ConnectorError, Unavailable
from sandbox import open_sandbox
from sandbox.faults import Said
from tasks.fetch import fetch_orders
from tasks.held import Process
from tests.connectors.store_contract_case import following
from tests.tasks.bad_input import PLATFORMS, Bench, open_bench
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import all_orders, do, let_waits_pass, order_of, store_of

MOST = {"bigcommerce": 250, "shopify": 50, "woocommerce": 100}
LINES = {"shopify": "lineItems", "woocommerce": "line_items"}


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    """Every platform."""
    return str(request.param)


@pytest.fixture
def bench(held: Process, platform: str) -> Iterator[Bench]:
    """A shop of the platform that was read before, with one order since."""
    with open_sandbox(platform, orders=0) as shop:
        bench = open_bench(held, shop, platform, name="acme")
        do(held, "UPDATE stores SET cursor = %s", following(datetime.now(UTC) - timedelta(days=1)))
        yield bench


def a_page(platform: str, entries: list[Any]) -> Said:
    """A page of orders with these entries."""
    if platform != "shopify":
        return Said(200, json.dumps(entries))
    connection = {"nodes": entries, "pageInfo": {"hasNextPage": False, "endCursor": None}}
    return Said(200, json.dumps({"data": {"orders": connection}}))


@pytest.mark.parametrize("more", [1, 5000])
def test_a_page_with_more_orders_than_were_asked_for_is_no_page(
    held: Process, bench: Bench, platform: str, more: int
) -> None:
    order = bench.place()
    before = store_of(held, bench.store_id).cursor
    entries = [{"id": number} for number in range(1, MOST[platform] + more + 1)]
    bench.shop.faults.answer_next(1, a_page(platform, entries))

    assert fetch_orders(bench.store_id) == "put_off"

    row = store_of(held, bench.store_id)
    assert (row.reason, row.cursor, all_orders(held, bench.store_id)) == ("store_unavailable", before, {})
    assert f"more entries than the {MOST[platform]} that were asked for" in (row.reason_detail or "")
    let_waits_pass(held, bench.store_id)
    assert import_all(held, bench.store_id) == ["imported"]
    assert order_of(held, bench.store_id, order).state == "imported"


BARE = {
    "one": "[1]",
    "numbers": f"[{'1,' * 400_000}1]",
    "lists": f"[{'[],' * 300_000}1]",
    "objects": f"[{'{},' * 90_000}1]",
}


@pytest.mark.parametrize("kind", BARE)
def test_bare_values_are_no_page_of_orders(held: Process, bench: Bench, platform: str, kind: str) -> None:
    body = BARE[kind]
    if platform == "shopify":
        body = f'{{"data": {{"orders": {{"nodes": {body}, "pageInfo": {{"hasNextPage": false, "endCursor": null}}}}}}}}'
        if len(body) < 1000:
            pytest.skip("an entry that is no order is set aside alone here")
    bench.shop.faults.answer_next(1, Said(200, body))
    started = time.process_time()

    assert fetch_orders(bench.store_id) == "put_off"

    assert all_orders(held, bench.store_id) == {}
    assert time.process_time() - started < 20


@pytest.mark.long
def test_an_order_of_a_million_lines_is_set_aside_alone(held: Process, bench: Bench, platform: str) -> None:
    good, bad = bench.place(), bench.place()
    many: Any = [0] * 200_000
    lines = (
        {LINES[platform]: many} if platform != "bigcommerce" else {"consignments": {"shipping": [{"line_items": many}]}}
    )
    bench.spoil(bad, lines)

    import_all(held, bench.store_id)

    assert all_orders(held, bench.store_id)[good] == "imported"
    row = order_of(held, bench.store_id, bad)
    # BigCommerce's lines are asked for apart where those in the order make no sense.
    came = ("imported", None) if platform == "bigcommerce" else ("failed", "invalid_payload")
    assert (row.state, row.reason) == came


CATALOGUE: dict[str, Callable[[list[Any]], Any]] = {
    "bigcommerce": lambda many: {"data": many, "meta": {"pagination": {"total": len(many)}}},
    "shopify": lambda many: {
        "data": {"productVariants": {"nodes": many, "pageInfo": {"hasNextPage": False, "endCursor": None}}}
    },
    "woocommerce": lambda many: many,
}


@pytest.mark.parametrize("count", [1001, 60_000])
def test_a_page_of_the_catalogue_with_more_than_was_asked_for_is_no_page(
    held: Process, bench: Bench, platform: str, count: int
) -> None:
    connector = held.connector(store_of(held, bench.store_id))
    if platform == "shopify":
        list(connector.find_items(["X"]).items)  # where its places are is known from here on
    said = Said(200, json.dumps(CATALOGUE[platform]([{"id": 1}] * count)))
    bench.shop.faults.answer_next(50, said)

    with pytest.raises(Unavailable, match="more entries than"):
        connector.find_items(["A", "B"])


def test_lists_within_an_order_that_never_end_are_left(held: Process, bench: Bench, platform: str) -> None:
    if platform == "shopify":
        pytest.skip("its lists go on from a cursor, and one that repeats is refused")
    order = bench.place()
    connector = held.connector(store_of(held, bench.store_id))
    part, most = {"bigcommerce": ("products", 250), "woocommerce": ("refunds", 100)}[platform]
    whole = connector.snapshot(order).payload or ""
    if platform == "woocommerce":
        refunded = {**json.loads(whole), "refunds": [{"id": 1, "total": "-1.00"}]}
        bench.shop.faults.answer_next(1, Said(200, json.dumps(refunded)), only=f"/orders/{order}")
    else:
        bare = {key: value for key, value in json.loads(whole).items() if key != "consignments"}
        bench.shop.faults.answer_next(1, Said(200, json.dumps(bare)), only=f"/orders/{order}")
    bench.shop.faults.answer_next(1000, Said(200, json.dumps([{"id": 1}] * most)), only=f"/{part}")

    with pytest.raises(ConnectorError, match="has no end"):
        connector.snapshot(order)
