"""Orders per second from fetch to commit, beside what Celery and PostgreSQL could do alone, all in one run.

python -m bench.import_orders [--orders 2000]
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg import sql

from bench.machine import changed_rows, cpu_seconds, fingerprint
from bench.noop import noop
from connectors import open_store, postgres
from connectors.config import Config
from connectors.postgres import orders, stores
from connectors.postgres.hub import PostgresHub
from connectors.postgres.journal import Line
from connectors.secrets import open_secrets
from schemas.actions import CreateOrder
from tasks import bells
from tasks.fetch import fetch_orders
from tasks.orders import import_order
from tasks.process import Process, close_process, configure, process
from tasks.rules.mapping import build_order
from tasks.stores import NewStore, connect_store
from workers.app import QUEUES, app
from workers.cli.desk import upgrade
from workers.embedded import ensure_servers, server_status, stop_servers

ROOT = Path(__file__).parent.parent
TRACED = 50


@dataclass
class Bench:
    """Servers, a shop and programs of one run."""

    home: Path
    config: Config
    shop: dict[str, Any]
    running: ExitStack
    pids: list[int] = field(default_factory=list)

    def start(self, *command: str) -> None:
        """Start a program that ends with the run."""
        log = self.running.enter_context((self.home / "programs.log").open("ab"))
        environment = {"STORESYNC_HOME": str(self.home), "PATH": "/usr/bin:/bin"}
        program = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stdout=log, stderr=log)
        self.running.callback(_stop, program)
        self.pids.append(program.pid)

    def stop_programs(self) -> None:
        """End what was started so far."""
        self.running.pop_all().close()
        self.pids.clear()

    def start_workers(self, name: str) -> None:
        """Two worker processes as `storesync up` starts them, two slots each, and wait until both answer."""
        for number in (1, 2):
            options = ("-Q", ",".join(QUEUES), "-c", "2", "-n", f"worker{number}@bench", "--loglevel", "WARNING")
            self.start("-m", "celery", "-A", name, "worker", *options)
        _until(lambda: len(app.control.ping(timeout=1) or ()) == 2, "two workers")

    def shop_calls(self) -> int:
        """Calls the shop has answered so far."""
        with urllib.request.urlopen(f"{self.shop['url']}/_sandbox/state") as answer:
            return sum(json.load(answer)["calls"].values())


def main() -> None:
    """Measure and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--orders", type=int, default=2000)
    count = arguments.parse_args().orders
    with _bench(count) as bench:
        table = [*_measure(bench, count)]
    width = max(len(name) for name, _ in table)
    print(f"\n| {'figure':<{width}} | measured |\n| {'-' * width} | --- |")
    for name, value in table:
        print(f"| {name:<{width}} | {value} |")


@contextmanager
def _bench(count: int) -> Iterator[Bench]:
    home = Path(tempfile.mkdtemp(prefix="storesync-bench-"))
    home.chmod(0o711)
    os.environ["STORESYNC_HOME"] = str(home)
    with ExitStack() as leaving:
        leaving.callback(shutil.rmtree, home, ignore_errors=True)
        empty = Config("", "", home, "", "text")
        found = ensure_servers(empty)
        leaving.callback(stop_servers, empty)
        config = Config(found.database_url, found.redis_url, home, "", "text", found.embedded)
        configure(config)
        leaving.callback(close_process)
        command = [sys.executable, "-m", "bench.shop", str(count)]
        shop = leaving.enter_context(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE))
        leaving.callback(shop.kill)
        assert shop.stdout is not None
        said = json.loads(shop.stdout.readline()) | {"pid": shop.pid}
        running = leaving.enter_context(ExitStack())
        yield Bench(home, config, said, running)


def _measure(bench: Bench, count: int) -> Iterator[tuple[str, str]]:
    with postgres.connect(bench.config.database_url) as connection:
        upgrade(connection)
    noops = _noops_per_second(bench, count)
    alone, two = _transactions_per_second(bench, count)
    trips = _round_trips(bench)
    store_id = _connect(bench)
    imported = _import(bench, store_id, count)
    moved = _deliver_again(bench, store_id)
    rate = imported["rate"]
    yield "orders, each with 3 lines, every second buyer new", str(count)
    yield "**orders/s end to end, fetch to commit, 2 worker processes**", f"**{rate:.0f}**"
    yield "Celery no-op tasks/s, same settings, same workers", f"{noops:.0f}"
    yield "share of the no-op rate (goal: a third)", f"{rate / noops:.2f}"
    yield "against 5 orders/s (goal: 40 times)", f"{rate / 5:.0f} times"
    yield "PostgreSQL transactions/s writing the same rows, 1 / 2 processes", f"{alone:.0f} / {two:.0f}"
    for name in ("workers and beat", "PostgreSQL", "Redis", "the shop (sandbox)"):
        yield f"CPU ms per order: {name}", f"{1000 * imported[name] / count:.2f}"
    yield "database round trips per order", f"{trips:.1f}"
    yield "shop calls per 1,000 orders", f"{1000 * imported['calls'] / count:.1f}"
    yield "rows changed by a second delivery of everything", str(moved)


def _noops_per_second(bench: Bench, count: int) -> float:
    bench.start_workers("bench.noop")
    started = time.monotonic()
    with app.producer_pool.acquire(block=True) as producer, producer.batch(100):  # type: ignore[attr-defined]
        for number in range(count):
            noop.apply_async((1, str(number)), producer=producer, expires=300)
    redis = process().redis
    keys = ("storesync:orders", "storesync:unacked")
    _until(lambda: not redis.llen(keys[0]) and not redis.hlen(keys[1]), "all no-op tasks")
    seconds = time.monotonic() - started
    bench.stop_programs()
    return count / seconds


def _transactions_per_second(bench: Bench, count: int) -> tuple[float, float]:
    """The same rows by the same statements, without Celery, Redis or parsing: in databases of their own."""
    rates = []
    for processes in (1, 2):
        url = _new_database(bench, f"raw{processes}")
        with ProcessPoolExecutor(processes) as pool:
            times = [pool.submit(_write_orders, url, bench.shop, part, processes) for part in range(processes)]
        rates.append(count / max(time.result() for time in times))
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
                (hub_order_id,) = PostgresHub(connection).apply([creation])
                outcome = orders.Outcome("imported", hub_order_id=hub_order_id, lines=(Line("import", "imported"),))
                orders.settle(connection, row["id"], external_id, changed=1, outcome=outcome)
        return time.monotonic() - started


def _prepare(connection: postgres.Connection, row: postgres.Row, shop: dict[str, Any]) -> list[tuple[str, CreateOrder]]:
    connector = open_store("woocommerce", shop["url"], shop["credentials"], allow_insecure=True)
    account, store = stores.account(connection), stores.read_store(row, connector.platform)
    drafts = []
    for page in connector.changed_orders(None):
        orders.keep_snapshots(connection, row["id"], page.snapshots)
        for snapshot in page.snapshots:
            order = connector.read(snapshot.payload or "")
            matches = PostgresHub(connection).matches(row["id"], order, base_currency=account.base_currency)
            creation, _ = build_order(order, store=store, account=account, matches=matches, location="main")
            drafts.append((snapshot.external_id, creation))
    return drafts


def _new_database(bench: Bench, name: str) -> str:
    with postgres.connect(bench.config.database_url) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = bench.config.database_url.rpartition("/")[0] + f"/{name}"
    with postgres.connect(url) as connection:
        postgres.upgrade(connection)
        values = {"name": "raw", "platform": "woocommerce", "url": bench.shop["url"], "settings": {}}
        credentials = open_secrets(bench.config).lock(bench.shop["credentials"])
        stores.connect_store(connection, values | {"credentials": credentials, "allow_insecure": True})
    return url


def _connect(bench: Bench, name: str = "bench") -> int:
    new = NewStore("woocommerce", name, bench.shop["url"], bench.shop["credentials"], {"fetch.every": "1d"}, True)
    connect_store(process(), new)
    with process().pool.connection() as connection:
        row = stores.find_store(connection, name)
    assert row is not None
    return int(row["id"])


def _round_trips(bench: Bench) -> float:
    """How often one import waits for the database: answers that end with ReadyForQuery, in libpq's own trace."""
    configure(_at(bench.config, _new_database(bench, "traced")))
    with process().pool.connection() as connection:
        row = stores.find_store(connection, "raw")
        assert row is not None
        drafts = _prepare(connection, row, bench.shop)
    process().pool = postgres.open_pool(process().config.database_url, size=1)  # all of it over one connection
    keys = [external_id for external_id, _ in drafts[:TRACED]]
    # libpq writes to the file descriptor until it is told not to, so the file stays open around all of it.
    with (bench.home / "trace").open("wb") as trace:
        with process().pool.connection() as connection:
            connection.pgconn.trace(trace.fileno())
        words = {import_order(row["id"], external_id) for external_id in keys}
        with process().pool.connection() as connection:
            connection.pgconn.untrace()
    assert words == {"imported"}
    configure(bench.config)
    return (bench.home / "trace").read_text(errors="replace").count("ReadyForQuery") / len(keys)


def _at(config: Config, database_url: str) -> Config:
    return Config(database_url, config.redis_url, config.home, config.secret_key, "text", config.embedded)


def _import(bench: Bench, store_id: int, count: int) -> dict[str, float]:
    bench.start_workers("workers.app")
    with process().pool.connection() as connection:
        stores.fetched(connection, store_id, cursor=None)  # beat keeps the bells going, the fetch is asked for below
    bench.start("-m", "celery", "-A", "workers.app", "beat", "--loglevel", "WARNING")
    servers = {status.name: status.pid or 0 for status in server_status(bench.config)}
    families = {
        "workers and beat": list(bench.pids),
        "PostgreSQL": [servers["PostgreSQL"]],
        "Redis": [servers["Valkey"]],
        "the shop (sandbox)": [bench.shop["pid"]],
    }
    before = {name: cpu_seconds(pids) for name, pids in families.items()}
    calls = bench.shop_calls()
    started = time.monotonic()
    bells.ring_fetch(store_id)
    _until(lambda: _imported(process(), store_id) == count, "all orders", every=0.25)
    seconds = time.monotonic() - started
    used = {name: cpu_seconds(pids) - before[name] for name, pids in families.items()}
    figures = {**used, "rate": count / seconds, "calls": bench.shop_calls() - calls - 1.0}
    bench.stop_programs()
    return figures


def _deliver_again(bench: Bench, store_id: int) -> int:
    """Everything once more from the beginning; how many row versions differ afterwards."""
    with postgres.connect(bench.config.database_url) as connection:
        before = fingerprint(connection)
        connection.execute("UPDATE stores SET cursor = NULL")
        assert fetch_orders(store_id) == "fetched"
        return changed_rows(before, fingerprint(connection))


def _imported(held: Process, store_id: int) -> int:
    with held.pool.connection() as connection:
        counted = orders.counts(connection, store_id)
        return sum(row["orders"] for row in counted if row["state"] == "imported")


def _until(condition: Callable[[], object], what: str, *, seconds: float = 300, every: float = 0.05) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {seconds} s for {what} at {datetime.now(UTC):%H:%M:%S}")
        time.sleep(every)


def _stop(program: "subprocess.Popen[bytes]") -> None:
    program.send_signal(signal.SIGTERM)
    program.wait()


if __name__ == "__main__":
    main()
