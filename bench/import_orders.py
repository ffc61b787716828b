"""Orders per second from fetch to commit, beside what Celery and PostgreSQL could do alone, each pair in one run.

python -m bench.import_orders [--orders 20000] [--runs 3]
"""

import argparse
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from psycopg import sql

from bench.machine import changed_rows, cpu_seconds, fingerprint
from bench.noop import noop
from bench.order_house import Bench, imported, open_bench
from bench.servers import wait_until
from bench.tables import publish
from connectors import postgres
from connectors.builtin_hub.hub import BuiltinHub
from connectors.config import Config
from connectors.platforms import open_store
from connectors.postgres import orders, stores
from connectors.postgres.rows import StoreRow
from connectors.secrets import open_secrets
from schemas.actions import CreateOrder
from schemas.journal import Action, Line, Outcome
from schemas.outcomes import OrderOutcome
from tasks import bells
from tasks.fetch import fetch_orders
from tasks.held import configure, process
from tasks.orders.import_order import import_order
from tasks.orders.matches import find_matches
from tasks.rules.mapping import build_order
from workers.app import app
from workers.embedded import server_status

TRACED: Final = 50  # orders of one bell
SAMPLE: Final = 1000  # orders that PostgreSQL writes alone
BEST_PEER: Final = 5  # orders/s
PARTS: Final = ("workers and beat", "PostgreSQL", "Redis", "the shop (sandbox)")


@dataclass(frozen=True)
class Run:
    """Rates a second of one run, CPU seconds of each part of the import, and calls to the shop."""

    noops: float
    orders: float
    cpu: dict[str, float]
    calls: float
    delivered_again: int

    @property
    def ratio(self) -> float:
        """Orders beside no-ops."""
        return self.orders / self.noops


def main() -> None:
    """Measure and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--orders", type=int, default=20000)
    arguments.add_argument("--runs", type=int, default=3)
    given = arguments.parse_args()
    runs = []
    for _ in range(given.runs):
        with open_bench(given.orders) as bench:
            runs.append(_run(bench, given.orders))
    with open_bench(SAMPLE) as bench:
        alone, two = _transactions_per_second(bench)
        trips = _round_trips(bench)
    publish("import_orders", [*_table(runs, given.orders, trips, (alone, two))])


def _run(bench: Bench, count: int) -> Run:
    noops = _noops_per_second(bench, min(count, 10000))
    store_id = bench.connect()
    rate, cpu, calls = _import(bench, store_id, count)
    return Run(noops, rate, cpu, calls, _deliver_again(store_id))


def _table(runs: list[Run], count: int, trips: float, raw: tuple[float, float]) -> Iterator[tuple[str, str]]:
    middle = sorted(runs, key=lambda run: run.ratio)[len(runs) // 2]
    yield "orders, each with 3 lines, every second buyer new", str(count)
    yield "runs; the figures below are of the one with the median ratio", str(len(runs))
    yield "**orders/s end to end, fetch to commit, 2 worker processes**", f"**{middle.orders:.0f}**"
    yield "Celery no-op tasks/s, same settings, same workers", f"{middle.noops:.0f}"
    yield "**orders/s ÷ no-ops/s, median (goal: 1)**", f"**{median(run.ratio for run in runs):.2f}**"
    yield "… of each run", " / ".join(f"{run.ratio:.2f}" for run in runs)
    yield f"orders/s ÷ {BEST_PEER} (goal: 150)", f"{middle.orders / BEST_PEER:.0f}"
    yield "**CPU ms per order, everything (goal: 2.0)**", f"**{1000 * sum(middle.cpu.values()) / count:.2f}**"
    for name in PARTS:
        yield f"… {name}", f"{1000 * middle.cpu[name] / count:.2f}"
    yield f"database round trips per order of a bell of {TRACED} (goal: 0.5)", f"{trips:.2f}"
    yield "PostgreSQL transactions/s writing the same rows one by one, 1 / 2 processes", f"{raw[0]:.0f} / {raw[1]:.0f}"
    yield "shop calls per 1,000 orders", f"{1000 * middle.calls / count:.1f}"
    yield "rows changed by a second delivery of everything", str(middle.delivered_again)


def _noops_per_second(bench: Bench, count: int) -> float:
    bench.start_workers("bench.noop")
    started = time.monotonic()
    with app.producer_pool.acquire(block=True) as producer, producer.batch(100):  # type: ignore[attr-defined]
        for number in range(count):
            noop.apply_async((1, str(number)), producer=producer, expires=300)
    redis = process().redis
    keys = ("storesync:orders", "storesync:unacked")
    wait_until(lambda: not redis.llen(keys[0]) and not redis.hlen(keys[1]), "all no-op tasks", seconds=300)
    seconds = time.monotonic() - started
    bench.stop_programs()
    return count / seconds


def _transactions_per_second(bench: Bench) -> tuple[float, float]:
    """The same rows by the same statements, without Celery, Redis or parsing: in databases of their own."""
    rates = []
    for processes in (1, 2):
        url = _new_database(bench, f"raw{processes}")
        with ProcessPoolExecutor(processes) as pool:
            times = [pool.submit(_write_orders, url, bench.shop, part, processes) for part in range(processes)]
        rates.append(SAMPLE / max(time.result() for time in times))
    return rates[0], rates[1]


def _write_orders(url: str, shop: dict[str, Any], part: int, parts: int) -> float:
    """Write every n-th order of the shop; seconds it took, without the preparation."""
    configure(Config(url, "redis://unused", Path("/nonexistent"), "k" * 32, "text"))
    with postgres.connect(url) as connection:
        row = stores.find_store(connection, "raw")
        assert row is not None
        drafts = _prepare(connection, row, shop)[part::parts]
        started = time.monotonic()
        for external_id, creation in drafts:
            with connection.transaction():
                (hub_order_id,) = BuiltinHub(connection).carry_out([creation])
                outcome = OrderOutcome(
                    "imported",
                    hub_order_id=hub_order_id,
                    lines=(Line(Action.IMPORT, Outcome.IMPORTED),),
                    created=creation.order,
                )
                orders.settle(connection, row.id, external_id, changed=1, outcome=outcome)
        return time.monotonic() - started


def _prepare(connection: postgres.Connection, row: StoreRow, shop: dict[str, Any]) -> list[tuple[str, CreateOrder]]:
    connector = open_store("woocommerce", shop["url"], shop["credentials"], allow_insecure=True)
    account, store = stores.account(connection), stores.read_store(row, connector.platform)
    drafts = []
    for page in connector.changed_orders(None):
        orders.keep_snapshots(connection, row.id, page.snapshots)
        for snapshot in page.snapshots:
            order = connector.read(snapshot.payload or "")
            hub = BuiltinHub(connection)
            (matches,) = find_matches(hub, connection, store_id=store.id, orders=[order], base=account.base_currency)
            creation, _ = build_order(order, store=store, account=account, matches=matches, location="main")
            drafts.append((snapshot.external_id, creation))
    return drafts


def _new_database(bench: Bench, name: str) -> str:
    with postgres.connect(bench.config.database_url) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = bench.config.database_url.rpartition("/")[0] + f"/{name}"
    with postgres.connect(url) as connection:
        postgres.upgrade(connection)
        credentials = open_secrets(bench.config).lock(bench.shop["credentials"])
        values = stores.StoreValues("raw", "woocommerce", bench.shop["url"], credentials, {}, allow_insecure=True)
        stores.connect_store(connection, values)
    return url


def _round_trips(bench: Bench) -> float:
    """How often orders of one bell wait for the database: answers that end with ReadyForQuery, in libpq's trace."""
    configure(_at(bench.config, _new_database(bench, "traced")))
    with process().pool.connection() as connection:
        row = stores.find_store(connection, "raw")
        assert row is not None
        drafts = _prepare(connection, row, bench.shop)
    process().pool = postgres.open_pool(process().config.database_url, size=1)  # all of it over one connection
    keys = [external_id for external_id, _ in drafts[:TRACED]]
    # libpq writes to the file descriptor until it is told not to, so the file stays open around all of it.
    with (bench.config.home / "trace").open("wb") as trace:
        with process().pool.connection() as connection:
            connection.pgconn.trace(trace.fileno())
        said = import_order(row.id, *keys)
        with process().pool.connection() as connection:
            connection.pgconn.untrace()
    assert said == f"{TRACED} imported"
    configure(bench.config)
    return (bench.config.home / "trace").read_text(errors="replace").count("ReadyForQuery") / len(keys)


def _at(config: Config, database_url: str) -> Config:
    return Config(database_url, config.redis_url, config.home, config.secret_key, "text", config.embedded)


def _import(bench: Bench, store_id: int, count: int) -> tuple[float, dict[str, float], float]:
    """Orders a second, CPU seconds by part, and calls to the shop."""
    bench.start_workers()
    bench.start_beat()
    servers = {status.name: status.pid or 0 for status in server_status(bench.config)}
    pids = ([*bench.pids], [servers["PostgreSQL"]], [servers["Valkey"]], [bench.shop["pid"]])
    families = dict(zip(PARTS, pids, strict=True))
    before = {name: cpu_seconds(family) for name, family in families.items()}
    calls = bench.shop_calls()
    started = time.monotonic()
    bells.ring_fetch(store_id)
    wait_until(lambda: imported(store_id) == count, "all orders", seconds=600, every=0.25)
    seconds = time.monotonic() - started
    used = {name: cpu_seconds(family) - before[name] for name, family in families.items()}
    asked = bench.shop_calls() - calls - 1.0
    bench.stop_programs()
    return count / seconds, used, asked


def _deliver_again(store_id: int) -> int:
    """Everything once more from the beginning; how many row versions differ afterwards."""
    with process().pool.connection() as connection:
        before = fingerprint(connection)
        connection.execute("UPDATE stores SET cursor = NULL")
        while fetch_orders(store_id) != "fetched":
            pass
        return changed_rows(before, fingerprint(connection))


if __name__ == "__main__":
    main()
