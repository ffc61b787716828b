"""Marked buyers and secrets go through all that may happen to orders, and are looked for where they do not belong.

They belong into the hub's customers and addresses, and into what is kept of orders (DOR-6); secrets nowhere but locked.
"""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

import pytest

from connectors import http
from connectors.bare import bare
from connectors.config import ConfigError
from sandbox import open_sandbox
from sandbox.faults import Said
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.orders.fulfill import fulfill_order
from tasks.orders.import_order import change_order, import_order
from tasks.stock.push import push_stock
from tasks.upkeep import ring_due
from tests.tasks.bad_input import PLATFORMS, Bench, open_bench
from tests.tasks.conftest import import_all, import_due
from tests.tasks.orders.looking import Shop, all_orders, do, let_waits_pass
from workers.failing import TaskFailed
from workers.logs import JsonLines, TextLines
from workers.web import create_app

NAME, EMAIL, PHONE, STREET = "Marked Zebedee", "zebedee@example.test", "+44 20 7946 0958", "Hidden Lane 4"
MARKS: Final = ("Zebedee", "zebedee@", "7946 0958", "79460958", "Hidden Lane")
SAYS: Final = f"cannot be sent to {EMAIL}, {PHONE}"  # what a shop may repeat; a name alone nobody can know
OUR_WORDS: Final = (TaskFailed, ConfigError)  # as workers/failing.py has it
BELONGS: Final = {
    "hub.customers": {"name", "email", "name_key", "buyer_key"},
    "hub.sales_orders": {"bill_to", "ship_to", "notes"},
    "public.store_orders": {"snapshot", "hub_customer", "hub_email"},
    "public.order_words": {"words"},
}
ADDRESS: Final = {
    "woocommerce": {
        "first_name": "Marked",
        "last_name": "Zebedee",
        "address_1": STREET,
        "phone": PHONE,
        "country": "GB",
    },
    "bigcommerce": {
        "first_name": "Marked",
        "last_name": "Zebedee",
        "street_1": STREET,
        "phone": PHONE,
        "email": EMAIL,
        "country_iso2": "GB",
    },
    "shopify": {
        "firstName": "Marked",
        "lastName": "Zebedee",
        "address1": STREET,
        "phone": PHONE,
        "countryCodeV2": "GB",
    },
}
REFUSALS: Final = {
    "woocommerce": {"code": "no", "message": SAYS, "data": {"status": 400}},
    "bigcommerce": [{"status": 400, "message": SAYS}],
    "shopify": {"errors": [{"message": SAYS, "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]},
}


def place(bench: Bench, platform: str) -> str:
    """An order of the marked buyer."""
    shop, line = bench.shop.shop, {"sku": "CHAIR-1", "name": "Chair", "price": "30.00", "quantity": 2}
    match platform:
        case "bigcommerce":
            product = {**line, "product_id": 1, "variant_id": 2}
            return str(shop.place_order({"products": [product], "billing_address": ADDRESS[platform]}).id)
        case "shopify":
            buyer = {"email": EMAIL, "billing": ADDRESS[platform], "shipping_address": ADDRESS[platform]}
            return str(shop.place_order({"lines": [line], **buyer}).id)
        case _:
            given = {"status": "processing", "billing": ADDRESS[platform] | {"email": EMAIL}}
            return str(shop.place_order({**given, "line_items": [{"sku": "CHAIR-1", "quantity": 2}]}).id)


class Log(logging.Handler):
    """All that is logged, as programs write it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [form.format(record) for form in (TextLines("%(message)s"), JsonLines())]


@pytest.fixture
def log() -> Iterator[Log]:
    """What is logged from the first call on."""
    handler, root = Log(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


def said(work: Callable[..., Any], *arguments: Any) -> str:
    """What a task answers, or fails with as workers show it."""
    try:
        return str(work(*arguments))
    except (*OUR_WORDS, Exception) as error:
        logging.getLogger("a worker").error("task failed", exc_info=error)
        return repr(error) if isinstance(error, OUR_WORDS) else bare(error)


def tables(held: Process) -> dict[str, str]:
    """Every table's rows as text, without what belongs there."""
    with held.pool.connection() as connection:
        columns = connection.execute(
            """SELECT table_schema || '.' || table_name AS name, array_agg(column_name::text) AS columns
               FROM information_schema.columns WHERE table_schema IN ('public', 'hub') GROUP BY 1"""
        ).fetchall()
        found = {}
        for row in columns:
            asked = [name for name in row["columns"] if name not in BELONGS.get(row["name"], ())]
            rows = connection.execute(f"SELECT {', '.join(asked)} FROM {row['name']}".encode()).fetchall()
            found[row["name"]] = repr(rows)
        return found


def in_redis(held: Process) -> str:
    """All keys and values of Redis."""
    found: list[object] = []
    for key in held.redis.scan_iter():
        with suppress(Exception):
            found.append((key, held.redis.dump(key)))
        kind = held.redis.type(key)
        if kind == b"list":
            found += held.redis.lrange(key, 0, -1)
    return repr(found)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_BEY_9_marked_buyers_and_secrets_are_found_nowhere_that_they_do_not_belong(
    held: Process, log: Log, platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "READ_SECONDS", 5)
    with open_sandbox(platform, orders=0) as shop:
        results = [*_live(held, shop, platform)]
        secrets = [*shop.credentials.values()]

    assert "imported" in results
    assert all_orders(held, 1)
    web = create_app(held.config).test_client()
    places = {
        "log": "\n".join(log.lines),
        "results": repr(results),
        "redis": in_redis(held),
        "metrics": web.get("/metrics").text,
        **tables(held),
    }
    found = {name: mark for name, text in places.items() for mark in (*MARKS, *secrets) if mark in text}
    assert found == {}


def _live(held: Process, shop: Shop, platform: str) -> Iterator[str]:
    """All that may happen to an order of the marked buyer; what each task answers."""
    bench = open_bench(held, shop, platform, name="acme", **{"stock.sync": "on"})
    store, refusal = bench.store_id, Said(400, json.dumps(REFUSALS[platform]))
    if platform == "woocommerce":
        shop.shop.add_product({"name": "Chair", "sku": "CHAIR-1", "regular_price": "30.00", "stock_quantity": 50})
    order = place(bench, platform)
    yield from import_all(held, store)

    broken = place(bench, platform)  # a payload that breaks the schema
    bench.spoil(broken, {"billingAddress": SAYS} if platform == "shopify" else {"id": SAYS})
    yield said(fetch_orders, store)
    yield from import_due(held, store)

    another = place(bench, platform)  # the hub's guards say no in words of their own
    do(
        held,
        f"""CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'what {NAME} of {STREET} wants' USING ERRCODE = 'XX001'; END $$""",
    )
    do(held, "CREATE TRIGGER no BEFORE INSERT ON hub.sales_orders FOR EACH ROW EXECUTE FUNCTION no()")
    yield said(fetch_orders, store)
    for _ in range(4):
        yield said(import_order, store, another)
        let_waits_pass(held, store)
    do(held, "DROP TRIGGER no ON hub.sales_orders")
    do(held, "DROP FUNCTION no")

    do(held, "UPDATE hub.sales_order_rows SET delivered_quantity = quantity")  # the shop refuses to be told
    shop.faults.answer_next(2, refusal)
    yield said(fulfill_order, store, order)
    let_waits_pass(held, store)
    yield said(fulfill_order, store, order)
    shop.faults.answer_next(2, refusal)
    yield said(push_stock, store)

    bench.touch(order)  # it changes, and cannot be asked for
    shop.faults.answer_next(3, Said(503, json.dumps(REFUSALS[platform])))
    yield said(fetch_orders, store)
    let_waits_pass(held, store)
    yield said(fetch_orders, store)
    yield said(change_order, store, order)
    shop.faults.answer_next(1, Said(401, json.dumps(REFUSALS[platform])))
    yield said(fetch_orders, store)
    yield said(ring_due)
