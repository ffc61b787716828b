"""The whole product on this machine, for real: servers, sandbox shops, workers, beat, Flower, and what they do."""

import os
import shutil
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from connectors import postgres
from connectors.config import read_config
from connectors.postgres import orders, reports, stores
from schemas.money import money_text
from schemas.reasons import describe
from schemas.stores import StoreState
from tasks.process import Process, close_process
from tasks.stores import NewStore, connect_store
from workers import programs
from workers.cli.demo_scenes import show_change, show_parcels, show_stock
from workers.cli.demo_shops import ORDERS, PLATFORMS, SKU, DemoShop, open_shop
from workers.cli.desk import open_desk
from workers.cli.output import Failed, example, table
from workers.cli.progress import watch_stores
from workers.embedded import server_status, stop_servers
from workers.processes import start_programs


@click.command(epilog=example("storesync demo", "storesync demo --once"))
@click.option("--once", is_flag=True, help="End by itself.")
def demo(once: bool) -> int:
    """See the whole product on this machine: orders, stock and parcels between three sandbox shops and the hub."""
    with _own_servers(), ExitStack() as running:
        held = _begin()
        running.callback(close_process)
        flower_port, web_port = _free_port(5555), _free_port(8080)
        chosen = programs.all_programs(workers=2, flower_port=flower_port, web_port=web_port)
        handle = start_programs(chosen, home=held.config.home)
        running.callback(handle.stop)
        click.echo(f"  workers, beat, web and Flower are starting; they log to {held.config.home / 'logs'}")

        shops = running.enter_context(_shops(held))
        is_complete = _import(held, shops)
        is_right = _tell_result(held, shops) and is_complete
        is_right = show_change(held, shops) and show_stock(held, shops) and show_parcels(held, shops) and is_right
        _tell_next(flower_port, shops)
        if not once:
            _stay()
    click.echo("Stopped. Everything that came in is kept.")
    return 0 if is_right else 1


@contextmanager
def _own_servers() -> Iterator[None]:
    """Servers that run already are left running; those that the demo starts end with it."""
    config = read_config()
    ran_before = {status.name for status in server_status(config) if status.pid}
    try:
        yield
    finally:
        if not ran_before:
            stop_servers(config)


def _begin() -> Process:
    started = time.monotonic()
    click.echo("storesync demo: everything below is real, only the shops are sandboxes.\n")
    held = open_desk()
    with held.pool.connection() as connection:
        names = [row["name"] for row in stores.stores(connection)]
        others = [name for name in names if not name.startswith("demo-")]
        if others:
            raise Failed(
                f"real stores are connected here ({', '.join(others)}): give the demo a STORESYNC_HOME of its own"
            )
        _part(connection, names)
    click.echo(f"  PostgreSQL and Redis answer after {time.monotonic() - started:.1f} s")
    return held


def _part(connection: postgres.Connection, names: Iterable[str]) -> None:
    """An earlier demo's shops are gone with it."""
    for name in names:
        row = stores.find_store(connection, name)
        if row is not None:
            stores.set_state(connection, row["id"], StoreState.DISCONNECTED)


@contextmanager
def _shops(held: Process) -> Iterator[list[DemoShop]]:
    with ExitStack() as closing:
        shops = []
        for platform in PLATFORMS:
            shop = _at_new_address(held, platform)
            closing.callback(shop.sandbox.stop)
            shops.append(shop)
        try:
            yield shops
        finally:
            with held.pool.connection() as connection:
                _part(connection, [shop.name for shop in shops])


def _at_new_address(held: Process, platform: str) -> DemoShop:
    """A shop where no earlier demo had one: the same address would be the same shop, its orders known."""
    while True:
        shop = open_shop(platform)
        with held.pool.connection() as connection:
            if stores.store_at(connection, platform, shop.sandbox.url) is None:
                return shop
        shop.sandbox.stop()


def _import(held: Process, shops: list[DemoShop]) -> bool:
    """Connect all three and watch their orders come in at once."""
    with held.pool.connection() as connection:
        since = stores.database_time(connection)
    settings = {"fetch.every": "10s"}
    for shop in shops:
        url, credentials = shop.sandbox.url, shop.sandbox.credentials
        connect_store(held, NewStore(shop.platform, shop.name, url, credentials, settings, allow_insecure=True))
        click.echo(f"  connected a {shop.platform} shop with {ORDERS} orders: {url}")
    click.echo()
    ids = {shop.name: _row(held, shop.name)["id"] for shop in shops}
    return watch_stores(held, ids, since=since)


def _row(held: Process, name: str) -> postgres.Row:
    with held.pool.connection() as connection:
        row = stores.find_store(connection, name)
    assert row is not None
    return row


def _tell_result(held: Process, shops: list[DemoShop]) -> bool:
    """Print what came in; True when every order was imported or skipped, and the money adds up to the cent."""
    counts: list[tuple[str, postgres.Row]] = []
    sums: list[tuple[str, postgres.Row]] = []
    kinds: Counter[str] = Counter()
    for shop in shops:
        store_id = _row(held, shop.name)["id"]
        with held.pool.connection() as connection:
            counts += [(shop.name, row) for row in orders.counts(connection, store_id)]
            sums += [(shop.name, row) for row in reports.money(connection, store_id)]
            kinds.update({row["kind"]: row["rows"] for row in reports.rows(connection, store_id)})
    click.echo()
    table(["shop", "orders", "", "why"], [(n, c["state"], c["orders"], describe(c["reason"])[0]) for n, c in counts])
    click.echo("\nrows: " + ", ".join(f"{number} {kind}" for kind, number in kinds.items()) + "\n")
    table(["shop", "money", "orders", "in the hub", "in the shop", "difference"], [(n, *_sum(row)) for n, row in sums])
    is_exact = all(row["total_with_tax"] == row["store_total_with_tax"] for _, row in sums)
    click.secho("\nEvery cent adds up." if is_exact else "\nTHE MONEY DOES NOT ADD UP.", bold=True)
    states = {count["state"] for _, count in counts}
    return is_exact and "imported" in states and states <= {"imported", "skipped"}


def _sum(total: postgres.Row) -> tuple[str, ...]:
    currency = total["currency"]
    ours, theirs = total["total_with_tax"], total["store_total_with_tax"]
    amounts = (money_text(amount, currency) for amount in (ours, theirs, ours - theirs))
    return (currency, str(total["orders"]), *amounts)


def _tell_next(flower_port: int, shops: list[DemoShop]) -> None:
    click.echo(f"\nFlower: http://127.0.0.1:{flower_port}/tasks\nIn another terminal, next:\n")
    for command, why in (
        ("order list --state imported --limit 10", "the orders"),
        (f"order show {shops[-1].name} {shops[-1].shared_order}", "one of them, and how it came to be"),
        ("journal --since 5m", "every decision, and why"),
        ("doctor", "whether everything works"),
        (f"stock show {SKU}", "what the hub holds of it"),
    ):
        click.echo(f"  {_program()} {command:<44} # {why}")


def _program() -> str:
    """How to type the command here: by its name, or by its path where that is not in PATH."""
    found = shutil.which("storesync")
    is_same = found is not None and Path(found).samefile(sys.argv[0])
    return "storesync" if is_same or not Path(sys.argv[0]).exists() else os.path.relpath(sys.argv[0])


def _stay() -> None:
    click.echo("\nIt goes on by itself: the shops are asked every 10 s. Ctrl-C stops.")
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        click.echo()


def _free_port(wanted: int) -> int:
    """The usual port, or any other if it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Failed("no free port on this machine")


COMMANDS = (demo,)
