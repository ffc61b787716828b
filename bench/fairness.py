"""A small shop's next order beside a long backlog of another shop: from the order in the shop to its row in the hub.

python -m bench.fairness [--backlog 30000] [--seconds 60]
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from bench.order_house import Bench, connect, imported, open_bench
from bench.servers import percentile
from bench.tables import publish
from connectors.platforms import open_store
from connectors.postgres import orders
from sandbox import RunningSandbox, open_sandbox
from sandbox.woocommerce.generator import random_order, seed_plain
from schemas.orders import Snapshot
from tasks import bells
from tasks.held import process

PAGE: Final = 500
EVERY: Final = 1.0  # seconds between two orders of the small shop
WARM_UP: Final = 8.0


def main() -> None:
    """Measure and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--backlog", type=int, default=30000)
    arguments.add_argument("--seconds", type=int, default=60)
    given = arguments.parse_args()
    rows = [*_measure(0, given.seconds), *_measure(given.backlog, given.seconds)]
    publish("fairness", rows)


def _measure(backlog: int, seconds: int) -> Iterator[tuple[str, str]]:
    with open_bench(1000) as bench, open_sandbox("woocommerce", orders=0) as shop:
        seed_plain(shop.shop, orders=1, lines=3)
        big, small = bench.connect("big"), connect("small", shop.url, dict(shop.credentials))
        if backlog:
            pile_up(bench, big, backlog)
        bench.start_workers()
        bench.start_beat()
        bells.ring_fetch(small)
        time.sleep(WARM_UP)
        before, began = imported(big), time.monotonic()
        waits = waits_of(shop, small, seconds, every=EVERY, ring=lambda: bells.ring_fetch(small))
        rate = (imported(big) - before) / (time.monotonic() - began)
        bench.stop_programs()
    name = f"beside a backlog of {backlog}" if backlog else "alone"
    ms = [1000 * wait for wait in waits]
    goal = " (goal: 400 / 700)" if backlog else ""
    yield f"{name}: orders of the small shop, one in {EVERY:g} s", str(len(waits))
    yield f"{name}: p50 / p99, ms{goal}", f"{percentile(ms, 0.5):.0f} / {percentile(ms, 0.99):.0f}"
    if backlog:
        yield f"{name}: orders/s of the backlog meanwhile", f"{rate:.0f}"


def pile_up(bench: Bench, store_id: int, backlog: int) -> None:
    """Orders that were fetched and that nobody has looked at: those of the shop, again and again with other ids."""
    source = open_store("woocommerce", bench.shop["url"], bench.shop["credentials"], allow_insecure=True)
    base = [one for page in source.changed_orders(None) for one in page.snapshots]
    with process().pool.connection() as connection:
        for start in range(0, backlog, PAGE):
            page = [_another(base[number % len(base)], 1_000_000 + number) for number in range(start, start + PAGE)]
            orders.keep_snapshots(connection, store_id, page)


def _another(snapshot: Snapshot, number: int) -> Snapshot:
    payload = (snapshot.payload or "").replace(f'{{"id":{snapshot.external_id},', f'{{"id":{number},', 1)
    return replace(snapshot, external_id=str(number), digest=f"d{number}", payload=payload)


def waits_of(
    shop: RunningSandbox[Any], store_id: int, seconds: int, *, every: float, ring: Callable[[], object] = lambda: None
) -> list[float]:
    """How long each order took that is placed meanwhile; `ring` says so, where the shop does not."""
    waiting: dict[str, float] = {}
    waits: list[float] = []
    began = due = time.monotonic()
    while (now := time.monotonic()) < began + seconds or (waiting and now < began + 2 * seconds):
        if due <= now < began + seconds:
            placed = random_order(shop.shop, {"status": "processing"})
            waiting[str(placed.id)], due = time.monotonic(), now + every
            ring()
        waits += [time.monotonic() - waiting.pop(each) for each in _arrived(store_id, list(waiting))]
        time.sleep(0.02)
    if waiting:
        raise SystemExit(f"{len(waiting)} orders did not come")
    return waits


def _arrived(store_id: int, waiting: list[str]) -> list[str]:
    asked = "SELECT external_id FROM hub.sales_orders WHERE store_id = %s AND external_id = ANY (%s)"
    if not waiting:
        return []
    with process().pool.connection() as connection:
        return [row["external_id"] for row in connection.execute(asked, (store_id, waiting))]


if __name__ == "__main__":
    main()
