"""Chaos by hand: thousands of orders, fulfilments and stock in three shops, while shops, workers and servers fail.

python -m tests.flows.chaos [--orders 3000] [--faults 60] [--seed 1]

It ends with 1 where anything is lost, doubled or off, and says what.
"""

import argparse
import os
import random
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import psycopg

from connectors import postgres
from connectors.builtin_hub.hub import BuiltinHub
from connectors.errors import ConnectorError
from sandbox import open_sandbox
from sandbox.bigcommerce.generator import random_order as bigcommerce_order
from sandbox.shopify.generator import random_order as shopify_order
from sandbox.woocommerce.generator import random_order as woocommerce_order
from schemas.actions import AdjustStock, DeliverRows
from tasks.held import close_process, process
from tests.flows.house import House, open_house, own_servers
from tests.flows.stock_storm import SKUS, differing, fill
from tests.stock_shops import PLATFORMS, Shelf, connect_shelf
from workers.embedded import stop_servers

SETTINGS: Final = {"stock.sync": "on", "fetch.every": "10s"}
PIECES: Final = 20_000  # of each SKU: so many that no shop is sold out
PATIENCE: Final = 600  # seconds, when all faults are over
STRUCK: Final = 10  # seconds that a fault waits for calls at most
DELIVERED: Final = 0.1  # the share of orders that go out in the hub meanwhile

# What fails, and of 60 faults how many.
SHOP_FAULTS: Final = Counter(
    {
        "html": 10, "html_done": 8, "lost": 6, "truncated": 4, "reset": 4, "http_500": 4, "http_503": 3,
        "rate_limit": 4, "rate_limit_bare": 1, "firewall": 4, "timeout": 2, "partial": 2, "slow": 2,
    }
)  # fmt: skip
HOUSE_FAULTS: Final = Counter({"kill a worker": 3, "freeze a worker": 1, "empty Redis": 1, "kill PostgreSQL": 1})


@dataclass
class Chaos:
    """One run: its shops, what was placed in them, and what went wrong in its own threads."""

    house: House
    shelves: list[Shelf]
    chance: random.Random
    placed: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in PLATFORMS})
    happened: Counter[str] = field(default_factory=Counter)
    problems: list[BaseException] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)
    workers: int = 0

    def place(self, count: int, pause: float) -> None:
        """Sell so many orders of one to three SKUs, in one shop after the other."""
        chance = random.Random(self.chance.random())
        for number in range(count):
            shelf = self.shelves[number % len(self.shelves)]
            skus = {sku: chance.randint(1, 3) for sku in chance.sample(SKUS, chance.randint(1, 3))}
            self.placed[shelf.platform].append(_place(shelf, skus))
            time.sleep(pause)

    def deliver(self) -> None:
        """Now and then somebody delivers an order in the hub, with its tracking; the database may be away."""
        while not self.is_over.wait(0.2):
            with suppress(psycopg.OperationalError, ConnectorError), postgres.connect(self._url) as connection:
                _deliver_some(connection)

    def strike_shop(self, shelf: Shelf, names: list[str], seconds: float) -> None:
        """One fault of a shop after the other, spread over so much time: each until it struck one to three calls."""
        chance, faults = random.Random(len(shelf.platform)), shelf.sandbox.faults
        for name in names:
            time.sleep(seconds / len(names))
            wanted = faults.happened[name] + chance.randint(1, 3)
            faults.set_rates({name: 1.0})
            until = time.monotonic() + STRUCK
            while faults.happened[name] < wanted and time.monotonic() < until:
                time.sleep(0.05)
            faults.set_rates({})
            self.happened[name] += 1

    def strike_house(self, names: list[str], seconds: float) -> None:
        """One fault of our own programs and servers after the other."""
        for name in names:
            time.sleep(seconds / len(names))
            self._strike_house(name)
            self.happened[name] += 1

    def start_worker(self) -> None:
        """One more worker."""
        self.workers += 1
        self.house.start_worker(f"worker{self.workers}")

    def _strike_house(self, name: str) -> None:
        workers = [program for program in self.house.programs if program.startswith("worker")]
        match name:
            case "kill a worker":
                self.house.kill(self.chance.choice(workers))
                self.start_worker()
            case "freeze a worker":
                frozen = self.house.programs[self.chance.choice(workers)]
                os.killpg(frozen.pid, signal.SIGSTOP)
                time.sleep(3)
                os.killpg(frozen.pid, signal.SIGCONT)
            case "empty Redis":
                process().redis.flushall()
            case _:
                self.house.kill_server("PostgreSQL")
                self.house.restart_servers()

    @property
    def _url(self) -> str:
        return self.house.config.database_url

    def run(self, act: Callable[..., None], *values: Any) -> threading.Thread:
        """Do something beside; what goes wrong in it is kept."""

        def guarded() -> None:
            try:
                act(*values)
            except BaseException as error:  # a thread's own end is nobody's: the run asks for it
                self.problems.append(error)
                raise

        thread = threading.Thread(target=guarded, daemon=True)
        thread.start()
        return thread


def _place(shelf: Shelf, skus: dict[str, int]) -> str:
    lines: list[dict[str, Any]] = [
        {"name": sku, "sku": sku, "price": "10.00", "quantity": pieces} for sku, pieces in skus.items()
    ]
    match shelf.platform:
        case "bigcommerce":
            for line in lines:
                product = int(next(iter(shelf.shop.stock_of(line["sku"]))).partition("/")[2])
                line.update(product_id=product, variant_id=product)
            return str(bigcommerce_order(shelf.shop, {"products": lines, "status_id": 11}).id)
        case "shopify":
            return str(shopify_order(shelf.shop, {"lines": lines, "financial": "PAID"}).id)
        case _:
            given = [{"sku": sku, "quantity": pieces} for sku, pieces in skus.items()]
            return str(woocommerce_order(shelf.shop, {"status": "processing", "line_items": given}).id)


_OPEN: Final = """SELECT id::text AS id FROM hub.sales_orders
    WHERE status = 'NOT_SHIPPED' AND NOT voided AND id %% 10 < %s ORDER BY random() LIMIT 3"""


def _deliver_some(connection: postgres.Connection) -> None:
    for row in connection.execute(_OPEN, (int(10 * DELIVERED),)).fetchall():
        hub = BuiltinHub(connection)
        with hub.unit():
            order = hub.order(row["id"])
            if order is None or any(each.delivered_quantity for each in order.rows):
                continue
            rows = tuple((each.id, each.quantity) for each in order.rows if each.ships)
            hub.carry_out([DeliverRows(order.id, rows, "hub", tracking_number=f"T-{order.id}", carrier="DHL")])


# -- the end -------------------------------------------------------------------------------------------------------

_DUE: Final = """SELECT
    (SELECT count(*) FROM store_orders WHERE changed > order_settled) AS orders,
    (SELECT count(*) FROM store_orders WHERE hub_changed > hub_settled) AS fulfilments,
    (SELECT count(*) FROM store_stock WHERE changed > settled) AS stock"""
_WHY: Final = """SELECT s.name, o.external_id, concat_ws(' ', o.state, o.reason, o.detail::text) AS why
    FROM store_orders o JOIN stores s ON s.id = o.store_id WHERE o.hub_order_id IS NULL"""
_STORES: Final = """SELECT name, concat_ws(' ', state, reason, reason_detail, fetch_due_at - now()) AS said FROM stores
    WHERE state <> 'active' OR fetch_due_at > now()"""
_IN_HUB: Final = """SELECT s.name, o.external_id, o.status, o.total_mismatch,
    o.total_with_tax = o.store_total_with_tax AS is_exact
    FROM hub.sales_orders o JOIN stores s ON s.id = o.store_id"""
_DOUBLED: Final = """SELECT 'customer ' || lower(email) AS what FROM hub.customers WHERE email IS NOT NULL
        GROUP BY lower(email) HAVING count(*) > 1
    UNION ALL SELECT 'SKU ' || sku FROM hub.variants WHERE sku IS NOT NULL GROUP BY sku HAVING count(*) > 1"""
_STOCK: Final = """SELECT v.sku, s.in_stock, s.committed_direct,
        coalesce(sum(r.delivered_quantity), 0) AS gone, coalesce(sum(r.quantity - r.delivered_quantity), 0) AS left_open
    FROM hub.variants v JOIN hub.stock s ON s.variant_id = v.id
    LEFT JOIN hub.sales_order_rows r ON r.variant_id = v.id
    WHERE v.sku = ANY (%s) GROUP BY v.sku, s.in_stock, s.committed_direct"""


def wait_for_calm(chaos: Chaos) -> None:
    """Until every placed order is looked at, and every fulfilment and SKU told; faults' back-off is waited out."""
    deadline, said = time.monotonic() + PATIENCE, ""
    with postgres.connect(chaos.house.config.database_url) as connection:
        while time.monotonic() < deadline:
            due = connection.execute(_DUE).fetchone()
            assert due is not None
            there = len(connection.execute(_IN_HUB).fetchall())
            wanted = sum(map(len, chaos.placed.values()))
            if there >= wanted and not any(due.values()) and not differing(connection, chaos.shelves):
                return
            stores = {row["name"]: row["said"] for row in connection.execute(_STORES).fetchall()}
            words = f"  {there} of {wanted} orders are in the hub; due: {dict(due)}; {stores}"
            if words != said:
                print(words, flush=True)
            said = words
            time.sleep(5)


def findings(chaos: Chaos) -> Iterator[str]:
    """What is lost, doubled or off."""
    with postgres.connect(chaos.house.config.database_url) as connection:
        rows = connection.execute(_IN_HUB).fetchall()
        there = Counter((row["name"], row["external_id"]) for row in rows)
        placed = {(name, external_id) for name, ids in chaos.placed.items() for external_id in ids}
        why = {(row["name"], row["external_id"]): row["why"] for row in connection.execute(_WHY).fetchall()}
        yield from (f"lost: order {key}, {why.get(key, 'never seen')}" for key in sorted(placed - there.keys()))
        yield from (f"from nowhere: order {key}" for key in sorted(there.keys() - placed))
        yield from (f"doubled: order {key}" for key, count in there.items() if count > 1)
        yield from (f"off: money of {row['name']} {row['external_id']}" for row in rows if not row["is_exact"])
        yield from (f"doubled: {row['what']}" for row in connection.execute(_DOUBLED).fetchall())
        yield from (f"off: stock of {one}" for one in _stock_off(connection))
        yield from (f"off: {what} shows {shows}" for what, shows in differing(connection, chaos.shelves).items())
        delivered = [(row["name"], row["external_id"]) for row in rows if row["status"] == "DELIVERED"]
        yield from _fulfillments_off(chaos, delivered)


def _stock_off(connection: postgres.Connection) -> Iterator[str]:
    for row in connection.execute(_STOCK, (list(SKUS),)).fetchall():
        wanted = (PIECES - row["gone"], row["left_open"])
        if (row["in_stock"], row["committed_direct"]) != wanted:
            yield f"{row['sku']}: {row['in_stock']} and {row['committed_direct']} committed, not {wanted}"


def _fulfillments_off(chaos: Chaos, delivered: list[tuple[str, str]]) -> Iterator[str]:
    shops = {shelf.platform: shelf.shop for shelf in chaos.shelves}
    for name, external_id in delivered:
        if name == "shopify":
            sent = shops[name].fulfillments_of(int(external_id))
            if len(sent) != 1:
                yield f"{'lost' if not sent else 'doubled'}: fulfilment of {name} {external_id} ({len(sent)})"
        elif str(shops[name].status_of(external_id)).lower() != "completed":
            yield f"lost: fulfilment of {name} {external_id}"
    whole = {external_id for name, external_id in delivered if name == "shopify"}
    for external_id in chaos.placed["shopify"]:
        if external_id not in whole and shops["shopify"].fulfillments_of(int(external_id)):
            yield f"from nowhere: fulfilment of shopify {external_id}"


# -- a run ---------------------------------------------------------------------------------------------------------


@contextmanager
def _open(seed: int) -> Iterator[Chaos]:
    home = Path(tempfile.mkdtemp(prefix="storesync-chaos-"))
    home.chmod(0o711)
    with ExitStack() as leaving:
        leaving.callback(shutil.rmtree, home, ignore_errors=True)
        house = leaving.enter_context(open_house(own_servers(home)))
        leaving.callback(stop_servers, house.config)
        leaving.callback(close_process)
        shelves = [Shelf(name, leaving.enter_context(open_sandbox(name, orders=0))) for name in PLATFORMS]
        yield Chaos(house, shelves, random.Random(seed))


def _prepare(chaos: Chaos) -> None:
    with postgres.connect(chaos.house.config.database_url) as connection:
        fill(connection, chaos.shelves)
    for _ in range(2):
        chaos.start_worker()
    chaos.house.start_beat()
    for shelf in chaos.shelves:
        shelf.sandbox.faults.set_pace(timeout_seconds=3, slow_seconds=1)
        connect_shelf(process(), shelf, SETTINGS)
    with postgres.connect(chaos.house.config.database_url) as connection, connection.transaction():
        BuiltinHub(connection).carry_out([AdjustStock(sku, Decimal(PIECES - 50)) for sku in SKUS])


def _faults(chaos: Chaos, count: int) -> tuple[list[list[str]], list[str]]:
    """The faults of each shop, and those of our own programs and servers: as many in all, mixed."""
    every = [*SHOP_FAULTS.elements(), *HOUSE_FAULTS.elements()]
    chosen = chaos.chance.sample(every * -(-count // len(every)), count)
    shops: list[list[str]] = [[] for _ in chaos.shelves]
    for number, name in enumerate(name for name in chosen if name in SHOP_FAULTS):
        place = PLATFORMS.index("shopify") if name == "partial" else number % len(shops)
        shops[place].append(name)
    return shops, [name for name in chosen if name in HOUSE_FAULTS]


def main() -> int:
    """Let it rage, wait for calm, and say what is lost, doubled or off."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--orders", type=int, default=3000)
    arguments.add_argument("--faults", type=int, default=60)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--pause", type=float, default=0.05, help="seconds between two orders")
    given = arguments.parse_args()
    with _open(given.seed) as chaos:
        _prepare(chaos)
        shops, ours = _faults(chaos, given.faults)
        started, seconds = time.monotonic(), given.orders * given.pause
        threads = [
            chaos.run(chaos.place, given.orders, given.pause),
            chaos.run(chaos.strike_house, ours, seconds),
            *(
                chaos.run(chaos.strike_shop, shelf, names, seconds)
                for shelf, names in zip(chaos.shelves, shops, strict=True)
            ),
        ]
        delivering = chaos.run(chaos.deliver)
        for thread in threads:
            thread.join()
        chaos.is_over.set()
        delivering.join()
        print(f"{given.orders} orders and {given.faults} faults in {time.monotonic() - started:.0f} s", flush=True)
        wait_for_calm(chaos)
        found = [*(f"went wrong: {problem!r}" for problem in chaos.problems), *findings(chaos)]
        struck = sum((Counter(shelf.sandbox.faults.happened) for shelf in chaos.shelves), Counter[str]())
        print(f"calm after {time.monotonic() - started:.0f} s")
        print("faults:", ", ".join(f"{count} × {name}" for name, count in sorted(chaos.happened.items())))
        print("calls that they struck:", ", ".join(f"{count} × {name}" for name, count in sorted(struck.items())))
        with postgres.connect(chaos.house.config.database_url) as connection:
            states = Counter(row["status"] for row in connection.execute(_IN_HUB).fetchall())
        print("orders in the hub:", ", ".join(f"{count} {status}" for status, count in states.items()))
        print("\n".join(found[:50]) or "Nothing is lost, nothing doubled, nothing off.")
        if found:
            print(chaos.house.logs()[-4000:])
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
