"""Shops that tell by themselves what moves: how long the door keeps them, and how long an order takes to the hub.

python -m bench.webhooks [--rate 200] [--seconds 20] [--backlog 10000]
"""

import argparse
import http.client
import json
import queue
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

from bench.fairness import pile_up, waits_of
from bench.order_house import Bench, connect, open_bench
from bench.servers import percentile, wait_until
from bench.tables import publish
from connectors.postgres import stores
from connectors.postgres.rows import StoreRow
from sandbox import RunningSandbox, open_sandbox
from sandbox.woocommerce.generator import seed_plain
from tasks.held import process
from tests.connectors import signing
from tests.ports import free_ports

CALLERS: Final = 8  # connections that the door's messages come over
WARM_UP: Final = 8.0
EVERY: Final = 1.0  # seconds between two orders


def main() -> None:
    """Measure and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rate", type=int, default=200)
    arguments.add_argument("--seconds", type=int, default=20)
    arguments.add_argument("--backlog", type=int, default=10_000)
    given = arguments.parse_args()
    rows = [*_door(given.rate, given.seconds), *_orders(0, given.seconds), *_orders(given.backlog, given.seconds)]
    publish("webhooks", rows)


# -- the door alone ----------------------------------------------------------------------------------------------------


def _door(rate: int, seconds: int) -> Iterator[tuple[str, str]]:
    with open_bench(1) as bench:
        port = _start_door(bench)
        row = _row(bench.connect())
        _post_all(port, row, rate=50, seconds=2)  # the first ones open what the door works with
        took = _post_all(port, row, rate=rate, seconds=seconds)
    ms = [1000 * one for one in took]
    yield (
        f"the door, {rate} messages/s: p50 / p99 / most, ms (goal: p99 20)",
        (f"{percentile(ms, 0.5):.1f} / {percentile(ms, 0.99):.1f} / {max(ms):.0f}"),
    )
    yield "the door: messages", str(len(ms))


def _post_all(port: int, row: StoreRow, *, rate: int, seconds: int) -> list[float]:
    """How long each answer took from the moment its message was due: a late one keeps the others waiting."""
    due: queue.SimpleQueue[float | None] = queue.SimpleQueue()
    took: list[float] = []
    headers, body = signing.woocommerce(
        _secret(row), "order.updated", json.dumps({"id": 7, "pad": "x" * 4000}).encode()
    )
    path = f"/webhooks/{row.platform}/{row.webhook_token}"

    def call() -> None:
        caller = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while (at := due.get()) is not None:
            caller.request("POST", path, body, headers)
            with caller.getresponse() as answer:
                answer.read()
                assert answer.status == 200, answer.status
            took.append(time.monotonic() - at)
        caller.close()

    callers = [threading.Thread(target=call) for _ in range(CALLERS)]
    for one in callers:
        one.start()
    began = time.monotonic()
    for number in range(rate * seconds):
        at = began + number / rate
        time.sleep(max(0.0, at - time.monotonic()))
        due.put(at)
    for _ in callers:
        due.put(None)
    for one in callers:
        one.join()
    return took


# -- from the shop to the hub ------------------------------------------------------------------------------------------


def _orders(backlog: int, seconds: int) -> Iterator[tuple[str, str]]:
    with open_bench(1000) as bench, open_sandbox("woocommerce", orders=0) as shop:
        seed_plain(shop.shop, orders=1, lines=3)
        big, small = bench.connect("big"), connect("small", shop.url, dict(shop.credentials))
        if backlog:
            pile_up(bench, big, backlog)
        port = _start_door(bench)
        _subscribe(shop, port, _row(small))
        bench.start_workers()
        bench.start_beat()
        time.sleep(WARM_UP)
        took = waits_of(shop, small, seconds, every=EVERY)
        bench.stop_programs()
    ms = [1000 * one for one in took]
    name = f"beside a backlog of {backlog}" if backlog else "alone"
    yield (
        f"{name}: from an order in the shop to the hub, p50 / p99, ms (goal: p50 500)",
        (f"{percentile(ms, 0.5):.0f} / {percentile(ms, 0.99):.0f}"),
    )
    yield f"{name}: orders, one in {EVERY:g} s", str(len(ms))


def _subscribe(shop: RunningSandbox[Any], port: int, row: StoreRow) -> None:
    address = f"http://127.0.0.1:{port}/webhooks/{row.platform}/{row.webhook_token}"
    for topic in ("order.created", "order.updated"):
        shop.shop.webhooks.subscribe({"topic": topic, "delivery_url": address, "secret": _secret(row)})


def _start_door(bench: Bench) -> int:
    (port,) = free_ports(1)
    bench.start("-m", "workers.web", "--port", str(port))
    wait_until(lambda: _answers(port), "the door")
    return port


def _answers(port: int) -> bool:
    caller = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        caller.request("GET", "/health")
        return caller.getresponse().status == 200
    except OSError:
        return False
    finally:
        caller.close()


def _row(store_id: int) -> StoreRow:
    with process().pool.connection() as connection:
        row = stores.find_store(connection, str(store_id))
    assert row is not None
    return row


def _secret(row: StoreRow) -> str:
    return process().secrets.unlock(row.credentials)["webhook_secret"]


if __name__ == "__main__":
    main()
