"""The whole product on this machine, for real: servers, a sandbox shop, workers, beat, Flower, and an import."""

import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import click

from connectors import postgres
from connectors.config import read_config
from connectors.postgres import orders, reports, stores
from connectors.sandbox import RunningSandbox, open_sandbox
from schemas.money import money_text
from schemas.reasons import describe
from schemas.stores import StoreState
from tasks.process import Process, close_process
from tasks.stores import NewStore, connect_store
from workers import programs
from workers.cli.desk import open_desk
from workers.cli.output import Failed, example, table
from workers.cli.progress import watch_store
from workers.embedded import server_status, stop_servers
from workers.processes import start_programs

NAME: Final = "demo-woo"
ORDERS: Final = 300
SEED: Final = 7


@click.command(epilog=example("storesync demo", "storesync demo --once"))
@click.option("--once", is_flag=True, help="End by itself.")
def demo(once: bool) -> int:
    """See the whole product on this machine: a sandbox shop, workers, beat, Flower, and an import to the cent."""
    with _own_servers(), ExitStack() as running:
        held = _begin()
        running.callback(close_process)
        flower_port, web_port = _free_port(5555), _free_port(8080)
        chosen = programs.all_programs(workers=2, flower_port=flower_port, web_port=web_port)
        handle = start_programs(chosen, home=held.config.home)
        running.callback(handle.stop)
        click.echo(f"  workers, beat, web and Flower are starting; they log to {held.config.home / 'logs'}")

        sandbox = running.enter_context(_shop(held))
        is_complete = _import(held, sandbox)
        is_right = _tell_result(held) and is_complete
        _tell_next(flower_port)
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
    click.echo("storesync demo: everything below is real, only the shop is a sandbox.\n")
    held = open_desk()
    with held.pool.connection() as connection:
        others = [row["name"] for row in stores.stores(connection) if row["name"] != NAME]
        if others:
            raise Failed(
                f"real stores are connected here ({', '.join(others)}): give the demo a STORESYNC_HOME of its own"
            )
        _part(connection)
    click.echo(f"  PostgreSQL and Redis answer after {time.monotonic() - started:.1f} s")
    return held


def _part(connection: postgres.Connection) -> None:
    """An earlier demo's shop is gone with it."""
    row = stores.find_store(connection, NAME)
    if row is not None:
        stores.set_state(connection, row["id"], StoreState.DISCONNECTED)


@contextmanager
def _shop(held: Process) -> Iterator[RunningSandbox[Any]]:
    """A sandbox at an address no earlier demo has used: the same address would be the same shop, its orders known."""
    while True:
        sandbox = open_sandbox("woocommerce", orders=ORDERS, seed=SEED)
        with held.pool.connection() as connection:
            if stores.store_at(connection, "woocommerce", sandbox.url) is None:
                break
        sandbox.stop()
    try:
        yield sandbox
    finally:
        with held.pool.connection() as connection:
            _part(connection)
        sandbox.stop()


def _import(held: Process, sandbox: RunningSandbox[Any]) -> bool:
    with held.pool.connection() as connection:
        since = stores.database_time(connection)
    new = NewStore("woocommerce", NAME, sandbox.url, sandbox.credentials, {"fetch.every": "10s"}, allow_insecure=True)
    connect_store(held, new)
    click.echo(f"  connected a WooCommerce shop with {ORDERS} orders: {sandbox.url}\n")
    with held.pool.connection() as connection:
        row = stores.find_store(connection, NAME)
    if row is None:
        return False
    return watch_store(held, row["id"], NAME, since=since)


def _tell_result(held: Process) -> bool:
    """Print what came in; True when every order was imported or skipped, and the money adds up to the cent."""
    with held.pool.connection() as connection:
        row = stores.find_store(connection, NAME)
        assert row is not None
        counts = orders.counts(connection, row["id"])
        rows = reports.rows(connection, row["id"])
        money = reports.money(connection, row["id"])
    click.echo()
    table(["orders", "number", "why"], [(c["state"], c["orders"], describe(c["reason"])[0]) for c in counts])
    click.echo("\nrows: " + ", ".join(f"{count['rows']} {count['kind']}" for count in rows) + "\n")
    table(["money", "orders", "in the hub", "in the shop", "difference"], [_sum(total) for total in money])
    is_exact = all(total["total_with_tax"] == total["store_total_with_tax"] for total in money)
    click.secho(
        "\nEvery cent adds up." if is_exact else "\nTHE MONEY DOES NOT ADD UP.", fg="green" if is_exact else "red"
    )
    states = {count["state"] for count in counts}
    return is_exact and "imported" in states and states <= {"imported", "skipped"}


def _sum(total: postgres.Row) -> tuple[str, ...]:
    currency = total["currency"]
    ours, theirs = total["total_with_tax"], total["store_total_with_tax"]
    amounts = (money_text(amount, currency) for amount in (ours, theirs, ours - theirs))
    return (currency, str(total["orders"]), *amounts)


def _tell_next(flower_port: int) -> None:
    click.echo(f"\nFlower: http://127.0.0.1:{flower_port}/tasks\nIn another terminal, next:\n")
    for command, why in (
        ("order list --state imported --limit 10", "the orders"),
        (f"journal --store {NAME} --since 5m", "every decision, and why"),
        ("doctor", "whether everything works"),
        (f"sync {NAME} --wait", "fetch now"),
        ("hub product list", "what the hub holds"),
    ):
        click.echo(f"  {_program()} {command:<44} # {why}")


def _program() -> str:
    """How to type the command here: by its name, or by its path where that is not in PATH."""
    found = shutil.which("storesync")
    is_same = found is not None and Path(found).samefile(sys.argv[0])
    return "storesync" if is_same or not Path(sys.argv[0]).exists() else os.path.relpath(sys.argv[0])


def _stay() -> None:
    click.echo("\nIt goes on by itself: the shop is asked every 10 s. Ctrl-C stops.")
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
