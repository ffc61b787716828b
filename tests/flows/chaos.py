"""Chaos by hand: thousands of orders, fulfilments and stock in three shops, while shops, workers and servers fail.

python -m tests.flows.chaos [--hub katana] [--orders 3000] [--faults 60] [--seed 1]

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
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from connectors import postgres
from sandbox import KatanaAccount, Oddities, open_sandbox, run_katana
from sandbox.bigcommerce.generator import random_order as bigcommerce_order
from sandbox.shopify.generator import random_order as shopify_order
from sandbox.woocommerce.generator import random_order as woocommerce_order
from tasks.held import close_process, process
from tests.flows.chaos_builtin import BuiltinSide
from tests.flows.chaos_hub import HubSide
from tests.flows.chaos_katana import KatanaSide
from tests.flows.house import House, open_house, own_servers
from tests.flows.stock_storm import SKUS
from tests.stock_shops import PLATFORMS, Shelf, connect_shelf
from workers.embedded import stop_servers

SETTINGS: Final = {"stock.sync": "on", "fetch.every": "10s"}
PATIENCE: Final = 600  # seconds, when all faults are over
STRUCK: Final = 10  # seconds that a fault waits for calls at most
HUBS: Final = ("builtin", "katana")

# What fails, and of 60 faults how many.
SHOP_FAULTS: Final = Counter(
    {
        "html": 10, "html_done": 8, "lost": 6, "truncated": 4, "reset": 4, "http_500": 4, "http_503": 3,
        "rate_limit": 4, "rate_limit_bare": 1, "firewall": 4, "timeout": 2, "partial": 2, "slow": 2,
    }
)  # fmt: skip
FEW_OF_SHOPS: Final = 4  # with a hub that fails by itself, so much less of a shop does
HOUSE_FAULTS: Final = Counter(
    {"kill a worker": 3, "freeze a worker": 1, "empty Redis": 1, "kill PostgreSQL": 1, "kill Valkey": 1}
)


@dataclass
class Chaos:
    """One run: its shops, what was placed in them, and what went wrong in its own threads."""

    house: House
    shelves: list[Shelf]
    chance: random.Random
    hub: HubSide
    placed: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)  # pieces by SKU
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
            self.placed[shelf.platform, _place(shelf, skus)] = skus
            time.sleep(pause)

    def deliver(self) -> None:
        """Now and then somebody delivers an order in the hub."""
        while not self.is_over.wait(0.2):
            self.hub.deliver()

    def strike_hub(self, names: list[str], seconds: float) -> None:
        """One fault of the hub after the other."""
        for name in names:
            time.sleep(seconds / len(names))
            self.hub.strike(name)
            self.happened[name] += 1

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

    @contextmanager
    def time_passing(self) -> Iterator[None]:
        """The hub's own time goes by until the end."""
        is_over = threading.Event()

        def pass_on() -> None:
            while not is_over.wait(1):
                self.hub.pass_time()

        thread = self.run(pass_on)
        try:
            yield
        finally:
            is_over.set()
            thread.join()

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
                process().redis.flushdb()
            case _:
                self.house.kill_server(name.removeprefix("kill "))
                self.house.restart_servers()

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


# -- the end -------------------------------------------------------------------------------------------------------

_DUE: Final = """SELECT
    (SELECT count(*) FROM store_orders WHERE changed > order_settled) AS orders,
    (SELECT count(*) FROM store_orders WHERE hub_changed > hub_settled) AS fulfilments,
    (SELECT count(*) FROM store_stock WHERE changed > settled) AS stock"""
_WHY: Final = """SELECT s.name, o.external_id, concat_ws(' ', o.state, o.reason, o.detail::text) AS why
    FROM store_orders o JOIN stores s ON s.id = o.store_id"""
_STORES: Final = """SELECT name, concat_ws(' ', state, reason, reason_detail, fetch_due_at - now()) AS said FROM stores
    WHERE state <> 'active' OR fetch_due_at > now()"""


def wait_for_calm(chaos: Chaos, patience: float = PATIENCE) -> None:
    """Until every placed order is looked at, and every fulfilment and SKU told; faults' back-off is waited out."""
    deadline, said = time.monotonic() + patience, ""
    with postgres.connect(chaos.house.config.database_url) as connection:
        while time.monotonic() < deadline:
            due = connection.execute(_DUE).fetchone()
            assert due is not None
            there = len(chaos.hub.orders(connection))
            differs = chaos.hub.differing(connection, chaos.shelves)
            if (
                there >= len(chaos.placed)
                and not any(due.values())
                and not differs
                and not _unfulfilled(chaos, connection)
            ):
                return
            stores = {row["name"]: row["said"] for row in connection.execute(_STORES).fetchall()}
            words = f"  {there} of {len(chaos.placed)} orders are in the hub; due: {dict(due)}; {stores}"
            if words != said:
                print(words, flush=True)
            said = words
            time.sleep(1)


def findings(chaos: Chaos) -> Iterator[str]:
    """What is lost, doubled or off."""
    with postgres.connect(chaos.house.config.database_url) as connection:
        there = Counter(chaos.hub.orders(connection))
        why = {(row["name"], row["external_id"]): row["why"] for row in connection.execute(_WHY).fetchall()}
        placed = chaos.placed.keys()
        yield from (f"lost: order {key}, {why.get(key, 'never seen')}" for key in sorted(placed - there.keys()))
        yield from (f"from nowhere: order {key}" for key in sorted(there.keys() - placed))
        yield from (f"doubled: order {key}" for key, count in there.items() if count > 1)
        yield from (f"off: order {key}, {why[key]}" for key in sorted(why) if not why[key].startswith("imported"))
        yield from chaos.hub.findings(connection, chaos.placed)
        differs = chaos.hub.differing(connection, chaos.shelves)
        yield from (f"off: {what} shows {shows}" for what, shows in differs.items())
        yield from _unfulfilled(chaos, connection)
        whole = set(chaos.hub.delivered(connection))
        shopify = next(shelf.shop for shelf in chaos.shelves if shelf.platform == "shopify")
        for name, external_id in placed - whole:
            if name == "shopify" and shopify.fulfillments_of(int(external_id)):
                yield f"from nowhere: fulfilment of shopify {external_id}"


def _unfulfilled(chaos: Chaos, connection: postgres.Connection) -> list[str]:
    """What is delivered in the hub and not, or twice, in its shop."""
    shops, found = {shelf.platform: shelf.shop for shelf in chaos.shelves}, []
    for name, external_id in chaos.hub.delivered(connection):
        if name == "shopify":
            sent = shops[name].fulfillments_of(int(external_id))
            if len(sent) != 1:
                found.append(f"{'lost' if not sent else 'doubled'}: fulfilment of {name} {external_id} ({len(sent)})")
        elif str(shops[name].status_of(external_id)).lower() != "completed":
            found.append(f"lost: fulfilment of {name} {external_id}")
    return found


# -- a run ---------------------------------------------------------------------------------------------------------


@contextmanager
def open_chaos(house: House, hub: str, seed: int, *, faster: int = 10) -> Iterator[Chaos]:
    """Shops and a hub, without orders and with stock; workers and beat are at work."""
    with ExitStack() as leaving:
        shelves = [Shelf(name, leaving.enter_context(open_sandbox(name, orders=0))) for name in PLATFORMS]
        chaos = Chaos(house, shelves, random.Random(seed), _hub(leaving, house, hub, seed=seed, faster=faster))
        chaos.hub.prepare(shelves)
        for _ in range(2):
            chaos.start_worker()
        house.start_beat()
        for shelf in shelves:
            shelf.sandbox.faults.set_pace(timeout_seconds=3, slow_seconds=1)
            connect_shelf(process(), shelf, SETTINGS)
        chaos.hub.stock()
        yield chaos


def _hub(leaving: ExitStack, house: House, name: str, *, seed: int, faster: int) -> HubSide:
    if name == "builtin":
        return BuiltinSide(house.config.database_url)
    account = KatanaAccount(Oddities(webhooks_by_hand=True, limit=10**9))
    katana = leaving.enter_context(run_katana(account))
    return KatanaSide(katana, house.config.database_url, seed=seed, faster=faster)


@dataclass(frozen=True)
class Faults:
    """Names of faults: of each shop, of our own programs and servers, and of the hub."""

    shops: list[list[str]]
    house: list[str]
    hub: list[str]


def choose_faults(chaos: Chaos, count: int, *, house: Mapping[str, int] = HOUSE_FAULTS) -> Faults:
    """As many in all, mixed; each way to fail of our own programs and servers is among them, if there is room."""
    of_shops = Counter(SHOP_FAULTS)
    if chaos.hub.faults:
        of_shops = Counter({name: -(-share // FEW_OF_SHOPS) for name, share in SHOP_FAULTS.items()})
    every = [*of_shops.elements(), *Counter(chaos.hub.faults).elements(), *Counter(house).elements()]
    ours = list(house)[:count]
    chosen = ours + chaos.chance.sample(every * -(-count // len(every)), count - len(ours))
    shops: list[list[str]] = [[] for _ in chaos.shelves]
    hub: list[str] = []
    for number, name in enumerate(name for name in chosen if name not in HOUSE_FAULTS):
        if name in chaos.hub.faults and (name not in SHOP_FAULTS or number % 3):
            hub.append(name)
        else:
            shops[PLATFORMS.index("shopify") if name == "partial" else number % len(shops)].append(name)
    return Faults(shops, [name for name in chosen if name in HOUSE_FAULTS], hub)


def rage(chaos: Chaos, faults: Faults, orders: int, pause: float) -> None:
    """Orders come in while everything fails; then all faults are over, and nobody delivers any more."""
    seconds = orders * pause
    threads = [
        chaos.run(chaos.place, orders, pause),
        chaos.run(chaos.strike_house, faults.house, seconds),
        chaos.run(chaos.strike_hub, faults.hub, seconds),
        *(
            chaos.run(chaos.strike_shop, shelf, names, seconds)
            for shelf, names in zip(chaos.shelves, faults.shops, strict=True)
        ),
    ]
    delivering = chaos.run(chaos.deliver)
    for thread in threads:
        thread.join()
    chaos.is_over.set()
    delivering.join()


def main() -> int:
    """Let it rage, wait for calm, and say what is lost, doubled or off."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--hub", choices=HUBS, default="builtin")
    arguments.add_argument("--orders", type=int, default=3000)
    arguments.add_argument("--faults", type=int, default=60)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--pause", type=float, default=0.05, help="seconds between two orders")
    given = arguments.parse_args()
    with _own_house() as house, open_chaos(house, given.hub, given.seed) as chaos:
        started = time.monotonic()
        with chaos.time_passing():
            rage(chaos, choose_faults(chaos, given.faults), given.orders, given.pause)
            print(f"{given.orders} orders and {given.faults} faults in {time.monotonic() - started:.0f} s", flush=True)
            wait_for_calm(chaos)
        found = [*(f"went wrong: {problem!r}" for problem in chaos.problems), *findings(chaos)]
        print(f"calm after {time.monotonic() - started:.0f} s")
        _say_what_failed(chaos)
        print("\n".join(found[:50]) or "Nothing is lost, nothing doubled, nothing off.")
        if found:
            print(house.logs()[-4000:])
    return 1 if found else 0


@contextmanager
def _own_house() -> Iterator[House]:
    home = Path(tempfile.mkdtemp(prefix="storesync-chaos-"))
    home.chmod(0o711)
    with ExitStack() as leaving:
        leaving.callback(shutil.rmtree, home, ignore_errors=True)
        house = leaving.enter_context(open_house(own_servers(home)))
        leaving.callback(stop_servers, house.config)
        leaving.callback(close_process)
        yield house


def _say_what_failed(chaos: Chaos) -> None:
    struck = sum((Counter(shelf.sandbox.faults.happened) for shelf in chaos.shelves), Counter[str]())
    print("faults:", ", ".join(f"{count} × {name}" for name, count in sorted(chaos.happened.items())))
    print("calls of shops that they struck:", ", ".join(f"{count} × {name}" for name, count in sorted(struck.items())))
    with postgres.connect(chaos.house.config.database_url) as connection:
        states = chaos.hub.statuses(connection)
    print("orders in the hub:", ", ".join(f"{count} {status}" for status, count in states.items()))


if __name__ == "__main__":
    raise SystemExit(main())
