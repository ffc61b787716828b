"""What costs grow with: the same questions and the same imports beside a thousand orders and beside a million.

python -m bench.scale [--sizes 1000,100000,1000000] [--imports 300]

A shop's thousand orders are imported, and then multiplied in SQL (bench/scale.sql). A question is asked by the function
that asks it in the product; its time is what the database says it took, the best of some.
"""

import argparse
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any, Final

import psycopg

from bench.machine import cpu_seconds
from bench.servers import own_servers
from connectors import postgres
from connectors.builtin_hub import lists
from connectors.builtin_hub.hub import BuiltinHub
from connectors.config import Config
from connectors.postgres import (
    Connection,
    journal,
    last_look,
    order_view,
    orders,
    outgoing,
    stock,
    stock_view,
    stores,
)
from sandbox import open_sandbox, seed_plain
from sandbox.running import RunningSandbox
from schemas.stores import Skipped
from tasks.fetch import fetch_orders
from tasks.held import process
from tasks.orders.import_order import import_order
from tasks.prune import BUDGET_SECONDS, prune
from tasks.stores import NewStore, connect_store
from workers.cli.start import upgrade
from workers.embedded import server_status

BASE: Final = 1000  # orders that are imported, and multiplied
FEW: Final = 5  # orders of the quiet store, which are imported before
TRIES: Final = 4
BELL: Final = 50  # orders of one bell
TURNS: Final = 4  # of imports, for clocks that count in hundredths of a second
FILL: Final = Path(__file__).with_suffix(".sql").read_text()
_SAID: Final = re.compile(r"duration: ([0-9.]+) ms")

Ask = Callable[[Connection], object]


@dataclass
class House:
    """What is asked about: a busy store and a quiet one, and an order in the middle."""

    config: Config
    shop: RunningSandbox[Any]
    big: int
    quiet: int
    external_id: str
    order_no: str
    told: list[float] = field(default_factory=list)


def main() -> None:
    """Fill, ask, import, print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sizes", default="1000,100000,1000000")
    arguments.add_argument("--imports", type=int, default=300)
    given = arguments.parse_args()
    sizes = [int(size) for size in given.sizes.split(",")]
    found: dict[str, list[float]] = {}
    with own_servers() as (config, leaving):
        house = open_house(config, leaving)
        filled = 1
        for place, size in enumerate(sizes):
            age(house)
            filled = fill(house, filled, size // BASE)
            for name, ms in [*_questions(house), *_imports(house, given.imports, seed=place + 2)]:
                found.setdefault(name, []).append(ms)
        _print(sizes, found)
        _prune(house, given.imports, seed=100)


def _print(sizes: list[int], found: dict[str, list[float]]) -> None:
    print(
        "\n| ms | " + " | ".join(f"{size:,}" for size in sizes) + " | last ÷ first |\n|" + " --- |" * (len(sizes) + 2)
    )
    for name, times in found.items():
        ratio = times[-1] / times[0] if times[0] else 0
        print(f"| {name} | " + " | ".join(f"{ms:.2f}" for ms in times) + f" | {ratio:.2f} |")


def open_house(config: Config, leaving: ExitStack) -> House:
    """Two shops with what is asked about, their orders imported."""
    with postgres.connect(config.database_url) as connection:
        upgrade(connection)
        connection.execute("ALTER SYSTEM SET full_page_writes = off")  # whole pages say nothing of one import
        connection.execute("SELECT pg_reload_conf()")
    ids = {}
    for name, count in (("quiet", FEW), ("big", BASE)):
        shop = leaving.enter_context(open_sandbox("woocommerce", orders=0))
        seed_plain(shop.shop, orders=count, lines=3)
        settings = {"fetch.every": "1d"}
        connect_store(process(), NewStore("woocommerce", name, shop.url, dict(shop.credentials), settings, True))
        with process().pool.connection() as connection:
            row = stores.find_store(connection, name)
        assert row is not None
        ids[name] = row.id
        assert fetch_orders(row.id) == "fetched"
        _import_due(row.id)
    with postgres.connect(config.database_url) as connection:
        order = connection.execute(
            "SELECT external_id, order_no FROM store_orders WHERE store_id = %s ORDER BY 1 OFFSET 500", (ids["big"],)
        ).fetchone()
    assert order is not None
    return House(config, shop, ids["big"], ids["quiet"], order["external_id"], order["order_no"])


def _import_due(store_id: int) -> None:
    with process().pool.connection() as connection:
        rows = connection.execute(
            "SELECT external_id FROM store_orders WHERE store_id = %s AND changed > order_settled", (store_id,)
        ).fetchall()
    ids = [row["external_id"] for row in rows]
    for start in range(0, len(ids), BELL):
        import_order(store_id, *ids[start : start + BELL])


def age(house: House) -> None:
    """What was imported is older than what is filled in next, by the journal too, and over: a thousand are open."""
    with postgres.connect(house.config.database_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE journal SET at = at - interval '500 days' WHERE at > now() - interval '1 day'")
        connection.execute(
            "UPDATE store_orders SET hub_status = 'DELIVERED' WHERE hub_order_id::bigint > %s", (BASE + FEW,)
        )


def fill(house: House, filled: int, wanted: int) -> int:
    """Multiply the thousand orders from `filled` to `wanted` thousands; how many there are then."""
    started = time.monotonic()
    with postgres.connect(house.config.database_url) as connection:
        while filled < wanted:
            last = min(wanted, filled + 50) - 1
            parts = {"{first}": filled, "{last}": last, "{orders}": BASE + FEW}
            statements = FILL
            for name, number in parts.items():
                statements = statements.replace(name, str(number))
            connection.execute(statements)
            filled = last + 1
        connection.execute("SET statement_timeout = 0")
        for table in ("hub.customers", "hub.sales_orders", "hub.sales_order_rows"):
            connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")  # noqa: S608
        connection.execute("VACUUM ANALYZE")
        row = connection.execute("SELECT pg_database_size(current_database()) AS bytes").fetchone()
    assert row is not None
    print(f"{filled * BASE:,} orders, {row['bytes'] / 2**30:.2f} GB, {time.monotonic() - started:.0f} s", flush=True)
    return filled


# -- questions ---------------------------------------------------------------------------------------------------------


def _questions(house: House) -> Iterator[tuple[str, float]]:
    with postgres.connect(house.config.database_url) as connection:
        connection.execute("SET client_min_messages = log; SET log_min_duration_statement = 0")
        connection.add_notice_handler(lambda said: _hear(house, said))
        for name, ask in _asked(house).items():
            yield name, min(_once(house, connection, ask) for _ in range(TRIES))


def _hear(house: House, said: psycopg.errors.Diagnostic) -> None:
    if found := _SAID.match(said.message_primary or ""):
        house.told.append(float(found[1]))


def _once(house: House, connection: Connection, ask: Ask) -> float:
    """Milliseconds that the database took to answer; whatever was written is taken back."""
    with connection.transaction(force_rollback=True):
        house.told.clear()
        ask(connection)
        return sum(house.told)


def _asked(house: House) -> dict[str, Ask]:
    big, quiet, one = house.big, house.quiet, house.external_id
    hour = datetime.now(UTC) - timedelta(hours=1)
    lists_of = order_view.OrderFilter
    latest = datetime.now(UTC)
    return {
        "`order show`": lambda c: (
            order_view.named(c, big, house.order_no),
            order_view.order(c, big, one),
            journal.lines(c, journal.Which(big, one)),
        ),
        "`order list`": order_view.orders,
        "`order list --store`": lambda c: order_view.orders(c, lists_of(big)),
        "`order list --store`, a quiet one": lambda c: order_view.orders(c, lists_of(quiet)),
        "`order list --state failed`": lambda c: order_view.orders(c, lists_of(None, "failed")),
        "`order list --state skipped --limit 100`": lambda c: order_view.orders(
            c, lists_of(None, "skipped"), limit=100
        ),
        "`order list --reason`, none": lambda c: order_view.orders(c, lists_of(None, None, "not_found")),
        "`order list --search`, none": lambda c: order_view.orders(c, lists_of(None, None, None, "nobody")),
        "`order list --search`, a number": lambda c: order_view.orders(c, lists_of(None, None, None, house.order_no)),
        "`order list --search SKU`": lambda c: order_view.orders(c, lists_of(None, None, None, "PLAIN-001")),
        "`order list --search`, two signs, none": lambda c: order_view.orders(c, lists_of(None, None, None, "zq")),
        "`store show`, `sync --wait`": lambda c: order_view.counts(c, big),
        "`journal`": lambda c: journal.lines(c, journal.Which()),
        "`journal --store`": lambda c: journal.lines(c, journal.Which(big)),
        "`journal --store`, a quiet one": lambda c: journal.lines(c, journal.Which(quiet)),
        "`journal --sku`, nothing": lambda c: journal.lines(c, journal.Which(sku="nothing")),
        "`journal --since 1h`": lambda c: journal.lines(c, journal.Which(since=hour)),
        "`retry --failed`": lambda c: orders.retry_failed(c, None),
        "`retry --reason`, none": lambda c: orders.retry_failed(c, None, "not_found"),
        "look again (profile)": lambda c: orders.look_again(c, big, ["completed"]),
        "look both ways (fulfilments)": lambda c: orders.look_both_ways(c, big, noted="none", also_delivered=False),
        "skipped again (currency)": lambda c: orders.skipped_again(c, None, Skipped(("no_exchange_rate",), (), "USD")),
        "last look": lambda c: last_look.last_look(c, big, one),
        "look": lambda c: orders.look(c, big, one),
        "ring": lambda c: orders.pick_bells(c, big),
        "due stores, both ways": lambda c: (orders.due_stores(c), outgoing.due_stores(c), outgoing.pick_bells(c, big)),
        "held SKUs": lambda c: stock_view.held_skus(c, big, ["PLAIN-001", "PLAIN-002"]),
        "`explain --sku`": lambda c: (stock_view.at_stores(c, ["PLAIN-001"]), stock_view.items(c, ["PLAIN-001"])),
        "stock push --wait": lambda c: stock_view.push_outcome(c, big, ["PLAIN-001"], asked_at=latest),
        "due stock": stock.due_stores,
        "`hub order show`": lambda c: BuiltinHub(c).named_order(house.order_no),
        "`hub order list`": lambda c: lists.orders(c, limit=100),
    }


# -- imports -----------------------------------------------------------------------------------------------------------


def _imports(house: House, count: int, *, seed: int) -> Iterator[tuple[str, float]]:
    server = [status.pid for status in server_status(house.config) if status.name == "PostgreSQL" and status.pid]
    used = [0.0, 0.0, 0.0]
    for turn in range(TURNS):
        _bring(house, count, seed=10 * seed + turn)
        before = (cpu_seconds(server), time.process_time(), _wal(house))
        _import_due(house.big)
        after = (cpu_seconds(server), time.process_time(), _wal(house))
        used = [sum(one) - start for one, start in zip(zip(used, after, strict=True), before, strict=True)]
    names = ("CPU per import: PostgreSQL", "CPU per import: Python", "WAL per import, kB")
    for name, one, unit in zip(names, used, (1000, 1000, 1 / 1024), strict=True):
        yield name, one * unit / count / TURNS


def _bring(house: House, count: int, *, seed: int) -> None:
    """So many new orders of the busy shop are due."""
    seed_plain(house.shop.shop, orders=count, lines=3, seed=seed)
    with postgres.connect(house.config.database_url) as connection:
        connection.execute("UPDATE stores SET fetch_due_at = NULL")
    assert fetch_orders(house.big) == "fetched"
    with process().pool.connection() as connection:
        waiting = sum(row.due for row in order_view.counts(connection, house.big))
    assert waiting == count, (waiting, count)


def _prune(house: House, count: int, *, seed: int) -> None:
    """The same imports alone and while the journal is cut: does that hold them up?"""
    with process().pool.connection() as connection:
        never = {"privacy.keep_days": 0, "keep_stock_moves_days": 0}
        stores.change_account(connection, {**never, "keep_journal_days": 30})
    cutting = Thread(target=lambda: print(f"cut in {BUDGET_SECONDS} s: {prune()}"))
    for place, name in enumerate(("alone", "while the journal is cut")):
        _bring(house, count, seed=seed + place)
        if place:
            cutting.start()
        started = time.monotonic()
        _import_due(house.big)
        print(f"{name}: {1000 * (time.monotonic() - started) / count:.2f} ms per import", flush=True)
    cutting.join()


def _wal(house: House) -> float:
    with postgres.connect(house.config.database_url) as connection:
        row = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS bytes").fetchone()
    assert row is not None
    return float(row["bytes"])


if __name__ == "__main__":
    main()
