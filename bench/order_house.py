"""What measurements of orders work on: servers, a shop with orders, and programs as `storesync up` starts them."""

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.servers import ROOT, own_servers, serve
from connectors import postgres
from connectors.config import Config
from connectors.postgres import order_view, stores
from tasks.held import process
from tasks.stores import NewStore, connect_store
from workers.app import QUEUES, app
from workers.cli.start import upgrade


@dataclass
class Bench:
    """Servers, a shop and programs of one run."""

    config: Config
    shop: dict[str, Any]
    running: ExitStack
    pids: list[int] = field(default_factory=list)

    def start(self, *command: str) -> None:
        """Start a program that ends with the run."""
        log = self.running.enter_context((self.config.home / "programs.log").open("ab"))
        environment = {"STORESYNC_HOME": str(self.config.home), "PATH": "/usr/bin:/bin"}
        program = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stdout=log, stderr=log)
        self.running.callback(_stop, program)
        self.pids.append(program.pid)

    def stop_programs(self) -> None:
        """End what was started so far."""
        self.running.pop_all().close()
        self.pids.clear()

    def start_workers(self, name: str = "workers.app", *, processes: int = 2) -> None:
        """Worker processes as `storesync up` starts them, two slots each, and wait until all answer."""
        for number in range(1, processes + 1):
            options = ("-Q", ",".join(QUEUES), "-c", "2", "-n", f"worker{number}@bench", "--loglevel", "WARNING")
            self.start("-m", "celery", "-A", name, "worker", *options)
        while len(app.control.ping(timeout=1) or ()) < processes:
            pass

    def start_beat(self) -> None:
        """Beat: it keeps the bells going."""
        self.start("-m", "celery", "-A", "workers.app", "beat", "--loglevel", "WARNING")

    def shop_calls(self) -> int:
        """How often the shop was asked so far."""
        with urllib.request.urlopen(f"{self.shop['url']}/_sandbox/state") as answer:
            return sum(json.load(answer)["calls"].values())

    def connect(self, name: str = "bench") -> int:
        """Connect the shop as a store that is fetched when it is asked for: its id."""
        return connect(name, self.shop["url"], self.shop["credentials"])


@contextmanager
def open_bench(orders: int) -> Iterator[Bench]:
    """Servers with a migrated database, and a WooCommerce shop with so many plain orders; no program runs yet."""
    with own_servers() as (config, leaving):
        said, pid = serve(leaving, "bench.shop", str(orders))
        with postgres.connect(config.database_url) as connection:
            upgrade(connection)
        yield Bench(config, said | {"pid": pid}, leaving.enter_context(ExitStack()))


def connect(name: str, url: str, credentials: dict[str, str]) -> int:
    """Connect a WooCommerce shop that is fetched when it is asked for: the store's id."""
    connect_store(process(), NewStore("woocommerce", name, url, credentials, {"fetch.every": "1d"}, True))
    with process().pool.connection() as connection:
        row = stores.find_store(connection, name)
        assert row is not None
        stores.fetched(connection, row.id, cursor=None, hinted_at=None)  # beat fetches it in a day
    return row.id


def imported(store_id: int) -> int:
    """How many orders of a store came in."""
    with process().pool.connection() as connection:
        counted = order_view.counts(connection, store_id)
    return sum(row.orders for row in counted if row.state == "imported")


def _stop(program: subprocess.Popen[bytes]) -> None:
    program.send_signal(signal.SIGTERM)
    program.wait()
