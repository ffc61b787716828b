"""Stock from the hub to three stores: vendor calls, SKUs per second, and how soon a change arrives, all in one run.

python -m bench.push_stock [--orders 50000] [--workers 2]
"""

import argparse
import random
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

from bench.servers import percentile, wait_until
from bench.stock_house import House, Told, open_house
from bench.stock_shops import VARIATIONS, skus
from connectors import postgres
from tasks import bells
from tasks.catalogue import fetch_catalogue
from tasks.held import process
from tasks.stores import NewStore, change_store

SKUS = 5000
BURST = 1000  # changes of one SKU
PROBES = 60
SETTLING = 10  # seconds until every SKU was looked at with another setting
GOALS = {"bigcommerce": "3", "shopify": "20", "woocommerce": "50 plus variations"}
_FIRST_PROBE = 1_000_000  # pieces; no other quantity of the run is so high

Table = Iterator[tuple[str, str]]


def main() -> None:
    """Measure and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--orders", type=int, default=5000, help="imported for another store meanwhile")
    arguments.add_argument("--workers", type=int, default=2, help="as of `storesync up`")
    given = arguments.parse_args()
    with open_house(SKUS) as house:
        table = [*_measure(house, given.orders, given.workers)]
    width = max(len(name) for name, _ in table)
    print(f"\n| {'figure':<{width}} | measured |\n| {'-' * width} | --- |")
    for name, value in table:
        print(f"| {name:<{width}} | {value} |")


def _measure(house: House, count: int, workers: int) -> Table:
    for store_id in house.stores.values():
        assert fetch_catalogue(store_id) == "walked"
    house.start(workers)
    probes = Probes(house)
    probes.send(1, lambda: False)  # whatever is opened at first use
    yield from _all_at_once(house)
    yield from _burst(house)
    yield from _latency(house, probes, count)


def _all_at_once(house: House) -> Table:
    """Every SKU changed in one transaction."""
    before = {platform: len(house.told(platform)) for platform in house.stores}
    started = time.monotonic()
    _run(house, "UPDATE hub.stock SET in_stock = in_stock + 1")
    house.wait_for_calm()
    seconds = time.monotonic() - started
    variations = f"{VARIATIONS} of WooCommerce's are variations, ten to a product"
    yield f"SKUs changed at once, in each of three stores ({variations})", str(SKUS)
    for platform, had in before.items():
        yield f"stock calls: {platform} (goal {GOALS[platform]})", str(len(house.told(platform)) - had)
    yield "seconds until all three stores show them", f"{seconds:.1f}"
    yield "SKUs/s, all stores together", f"{SKUS * len(before) / seconds:.0f}"


def _burst(house: House) -> Table:
    """One SKU changed again and again, each change committed by itself."""
    before = {platform: len(house.told(platform)) for platform in house.stores}
    with postgres.connect(house.config.database_url) as connection:
        connection.execute("SET synchronous_commit = off")  # a disk that is slow to sync would stretch the burst
        started = time.monotonic()
        for _ in range(BURST):
            connection.execute(_ONE, (1, skus(SKUS)[200]))
        seconds = time.monotonic() - started
    house.wait_for_calm()
    calls = {platform: len(house.told(platform)) - had for platform, had in before.items()}
    yield f"changes of one SKU, committed one by one within {seconds:.1f} s", str(BURST)
    yield "stock calls for them: " + " / ".join(calls) + " (goal 3 at most)", " / ".join(map(str, calls.values()))


def _latency(house: House, probes: "Probes", count: int) -> Table:
    house.wait_for_settings()
    house.wait_for_calm()
    time.sleep(SETTLING)
    idle = probes.send(PROBES, lambda: False)
    yield from _waits("idle", idle)
    _run(house, _PLENTY)
    shop = house.open_shop_of_orders(count)
    new = NewStore("woocommerce", "orders", shop["url"], shop["credentials"], {"fetch.every": "1d"}, True)
    importing = house.connect("orders", new)
    bells.ring_fetch(importing)
    wait_until(lambda: house.imported(importing), "the first order")
    for quantity, until in (("in_stock", count // 2), ("in_stock_minus_committed", count)):
        for row in house.rows():
            change_store(process(), row, {"stock.quantity": quantity}, {})
        house.wait_for_settings()
        time.sleep(SETTLING)
        had, started = house.imported(importing), time.monotonic()
        busy = probes.send(PROBES * 100, partial(house.has_imported, importing, until))
        rate = (house.imported(importing) - had) / (time.monotonic() - started)
        yield from _waits(f"while another store's orders come in, {quantity}", busy)
        yield f"… orders/s meanwhile, of {count} in all", f"{rate:.0f}"
        if busy:
            ratio = percentile(busy, 0.99) / percentile(idle, 0.99)
            yield "… p99 against idle (goal: 3 times at most)", f"{ratio:.1f} times"


def _waits(name: str, waited: list[float]) -> Table:
    yield f"hub commit to the store's call, {name}: calls", str(len(waited))
    if not waited:
        yield "…", "not measured: the orders were in before the first change; take more --orders"
        return
    shares = (percentile(waited, share) for share in (0.5, 0.99, 1))
    yield "… p50 / p99 / most, ms", " / ".join(f"{1000 * share:.0f}" for share in shares)


_ONE = """UPDATE hub.stock SET in_stock = in_stock + %s
    WHERE variant_id = (SELECT id FROM hub.variants WHERE sku = %s)"""
_PLENTY = """UPDATE hub.stock SET in_stock = 500000
    WHERE variant_id IN (SELECT id FROM hub.variants WHERE sku LIKE 'PLAIN-%')"""  # more than all orders commit
_SET = "UPDATE hub.stock SET in_stock = %s WHERE variant_id = (SELECT id FROM hub.variants WHERE sku = %s)"


class Probes:
    """Single changes of the hub, each of another SKU and to a quantity of its own by which its call is known."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._chance = random.Random(1)
        self._next = 0

    def send(self, most: int, is_over: Callable[[], bool]) -> list[float]:
        """Change so many SKUs, one about every second; seconds from each commit to each store's call."""
        sent: dict[int, float] = {}
        with postgres.connect(self._house.config.database_url) as connection:
            while len(sent) < most and not is_over():
                self._next += 1
                sku, pieces = skus(SKUS)[300 + self._next % 4000], _FIRST_PROBE + 2 * self._next
                connection.execute(_SET, (pieces, sku))
                sent[pieces] = time.time()
                threading.Event().wait(self._chance.uniform(0.6, 1.4))  # not in step with anything
        self._house.wait_for_calm()
        return [seconds for platform in self._house.stores for seconds in _waited(self._house.told(platform), sent)]


def _waited(told: list[Told], sent: dict[int, float]) -> Iterator[float]:
    arrived: dict[int, float] = {}
    for call in told:
        for pieces in call.quantities:
            arrived.setdefault(pieces, call.at)
    for pieces, at in sent.items():
        yield arrived[pieces] - at


def _run(house: House, statement: str) -> None:
    with postgres.connect(house.config.database_url) as connection:
        connection.execute(statement.encode())


if __name__ == "__main__":
    main()
