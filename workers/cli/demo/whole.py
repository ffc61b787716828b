"""The whole product on this machine, for real: servers, sandbox shops, workers, beat, Flower, and what they do."""

import fcntl
import os
import shlex
import shutil
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import click

from connectors.config import read_config
from connectors.hubs import our_hub
from connectors.keys import flower_login
from connectors.postgres import order_view, stores
from connectors.postgres.rows import StoreRow
from schemas.hub import HubOrder
from schemas.money import money_text
from schemas.reasons import describe
from schemas.stores import StoreState
from schemas.takings import Takings
from tasks import users
from tasks.held import Process, close_process
from tasks.stores import NewStore, connect_store
from workers.cli.demo.hubs import DemoHub, open_demo_hub, patiently
from workers.cli.demo.money import kinds_of, sums_of
from workers.cli.demo.scenes import Scenes
from workers.cli.demo.shops import PLATFORMS, SKU, DemoShop, open_shop
from workers.cli.output import Failed, table
from workers.cli.progress import watch_stores
from workers.cli.servers import console_words
from workers.cli.start import open_desk
from workers.embedded import daemon, remove_home, stop_servers
from workers.supervision import programs
from workers.supervision.supervisord import start_programs

_LOCK: Final = "demo.lock"  # in the home above the demo's, held while one runs
_ALL: Final = 100_000  # more than a demo has
_RUNNING: Final = (("doctor", "whether everything works"),)


def run_demo(*, once: bool, hub: str = "builtin", orders: int | None = None) -> int:
    """Show it all, with one hub or another, and as many orders of each shop as suits it; the exit code."""
    _end_as_by_hand()
    with _home_of_its_own(), ExitStack() as running:
        flower_port, web_port = _free_port(5555), _free_port(8080)
        os.environ["PUBLIC_URL"] = f"http://127.0.0.1:{web_port}"
        held = _begin()
        running.callback(close_process)
        chosen = programs.all_programs(workers=2, flower_port=flower_port, web_port=web_port)
        handle = start_programs(chosen, home=held.config.home, environ=programs.environment(held.config))
        running.callback(handle.stop)
        click.echo(f"  workers, beat, web and Flower are starting; they log to {held.config.home / 'logs'}")

        house = running.enter_context(open_demo_hub(held, hub))
        shops = running.enter_context(_shops(held, orders or house.pace.orders))
        is_complete = _import(held, shops, house, orders or house.pace.orders)
        is_right = _tell_result(held, shops) and is_complete
        scenes = Scenes(held, house, shops)
        is_right = scenes.show_webhooks() and is_right
        is_right = scenes.show_change() and scenes.show_stock() and scenes.show_fulfillments() and is_right
        if not once:
            console = f"http://127.0.0.1:{web_port}"
            with held.pool.connection() as connection:
                click.echo(f"\n{console_words(console, users.first_link(connection, held.config, console))}")
            address = f"Flower: http://127.0.0.1:{flower_port}/tasks, login {flower_login(held.config)}"
            _tell_next(f"{address}\nIn another terminal, next:", shops, _RUNNING)
            _stay()
    _tell_next("Stopped. What came in is kept until the next demo begins anew; look at it:", shops, ())
    return 0 if is_right else 1


def _end_as_by_hand() -> None:
    """A terminal that is closed, or whoever ends it, ends it as Ctrl-C does: no server stays."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


@contextmanager
def _home_of_its_own() -> Iterator[None]:
    """A home for this run alone, made anew, with servers of its own: nothing of it mixes with a real account."""
    home = read_config().home
    above = home.parent if home.name == "demo" and (home.parent / _LOCK).exists() else home  # its own words were typed
    with ExitStack() as held:
        try:
            lock = held.enter_context((daemon.make_folder(above) / _LOCK).open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed(f"a demo runs already in {above / 'demo'}: stop it with Ctrl-C in its terminal") from None
        except OSError as error:
            raise Failed(f"the demo cannot have a home in {above}: {error.strerror}") from error
        for server in ("DATABASE_URL", "REDIS_URL", "STORESYNC_SECRET_KEY", "METRICS_TOKEN"):
            os.environ.pop(server, None)
        os.environ["STORESYNC_HOME"] = str(above / "demo")
        remove_home(read_config())  # an earlier demo's
        try:
            yield
        finally:
            stop_servers(read_config())


def _begin() -> Process:
    started = time.monotonic()
    click.echo("storesync demo: everything below is real, only the shops are sandboxes.\n")
    held = open_desk()
    took = time.monotonic() - started
    click.echo(f"  PostgreSQL and Redis answer after {took:.1f} s, with their data in {held.config.home}")
    return held


@contextmanager
def _shops(held: Process, orders: int) -> Iterator[list[DemoShop]]:
    with ExitStack() as closing:
        shops = []
        for platform in PLATFORMS:
            shop = open_shop(platform, orders)
            closing.callback(shop.sandbox.stop)
            shops.append(shop)
        try:
            yield shops
        finally:
            with held.pool.connection() as connection:
                for row in stores.stores(connection):  # their shops are gone, what came of them can be looked at
                    stores.set_state(connection, row.id, StoreState.DISCONNECTED)


def _import(held: Process, shops: list[DemoShop], house: DemoHub, orders: int) -> bool:
    """Connect all three and watch their orders come in at once."""
    with held.pool.connection() as connection:
        since = stores.database_time(connection)
    settings = {"fetch.every": "1m"}
    for shop in shops:
        url, credentials = shop.sandbox.url, shop.sandbox.credentials
        connect_store(held, NewStore(shop.platform.name, shop.name, url, credentials, settings, allow_insecure=True))
        click.echo(f"  connected a {shop.platform.name} shop with {orders} orders: {url}")
    click.echo()
    ids = {shop.name: _row(held, shop.name).id for shop in shops}
    if watch_stores(held, ids, since=since, patience=house.pace.seconds):
        return True
    click.echo(f"Not everything came in. What was wrong stands in {held.config.home / 'logs'}")
    return False


def _row(held: Process, name: str) -> StoreRow:
    with held.pool.connection() as connection:
        row = stores.find_store(connection, name)
    assert row is not None
    return row


def _tell_result(held: Process, shops: list[DemoShop]) -> bool:
    """Print what came in; True when every order was imported or skipped, and the money adds up to the cent."""
    counts: list[tuple[str, order_view.StateCount]] = []
    sums: list[tuple[str, Takings]] = []
    kinds: Counter[str] = Counter()
    for shop in shops:
        orders = _orders_in_hub(held, shop)
        sums += [(shop.name, one) for one in sums_of(orders)]
        kinds += kinds_of(orders)
        with held.pool.connection() as connection:
            counts += [(shop.name, row) for row in order_view.counts(connection, _row(held, shop.name).id)]
    click.echo()
    table(["shop", "orders", "", "why"], [(n, c.state, c.orders, describe(c.reason)[0]) for n, c in counts])
    click.echo("\nrows: " + ", ".join(f"{number} {kind}" for kind, number in kinds.items()) + "\n")
    table(["shop", "money", "orders", "in the hub", "in the shop", "difference"], [(n, *_sum(row)) for n, row in sums])
    is_exact = all(one.in_hub == one.in_shop for _, one in sums)
    if sums:
        click.secho("\nEvery cent adds up." if is_exact else "\nTHE MONEY DOES NOT ADD UP.", bold=True)
    states = {count.state for _, count in counts}
    return is_exact and "imported" in states and states <= {"imported", "skipped"}


def _orders_in_hub(held: Process, shop: DemoShop) -> list[HubOrder]:
    """All that came in of a shop, read from the hub one by one."""
    with held.pool.connection() as connection:
        known = order_view.orders(connection, order_view.OrderFilter(_row(held, shop.name).id), limit=_ALL)
        hub = our_hub(connection)
        found = [patiently(partial(hub.order, row.hub_order_id)) for row in known if row.hub_order_id]
    return [order for order in found if order]


def _sum(total: Takings) -> tuple[str, ...]:
    amounts = (money_text(one, total.currency) for one in (total.in_hub, total.in_shop, total.in_hub - total.in_shop))
    return (total.currency, str(total.orders), *amounts)


def _tell_next(title: str, shops: list[DemoShop], more: Iterable[tuple[str, str]]) -> None:
    click.echo(f"\n{title}\n\n  export STORESYNC_HOME={shlex.quote(os.environ['STORESYNC_HOME'])}")
    for command, why in (
        ("order list --state imported --limit 10", "the orders"),
        (f"order show {shops[-1].name} {shops[-1].shared_order}", "one of them, and how it came to be"),
        ("journal --since 5m", "every decision, and why"),
        (f"stock show {SKU}", "what the hub holds of it"),
        *more,
    ):
        click.echo(f"  {_program()} {command:<44} # {why}")


def _program() -> str:
    """How to type the command here: by its name, or by its path where that is not in PATH."""
    found = shutil.which("storesync")
    is_same = found is not None and Path(found).samefile(sys.argv[0])
    return "storesync" if is_same or not Path(sys.argv[0]).exists() else os.path.relpath(sys.argv[0])


def _stay() -> None:
    click.echo("\nIt goes on by itself: the shops tell what moves, and are asked every minute. Ctrl-C stops.")
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
