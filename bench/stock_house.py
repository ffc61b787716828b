"""What the stock measurement works on: servers, three shops with one catalogue, and programs as `storesync up` runs."""

import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.servers import own_servers, serve, wait_until
from bench.stock_shops import FIRST, HEARD, skus
from connectors import postgres
from connectors.builtin_hub.hub import BuiltinHub
from connectors.config import Config
from connectors.postgres import order_view, stock, stores
from connectors.postgres.rows import StoreRow
from schemas.actions import AddProduct, AdjustStock
from tasks.held import process
from tasks.stores import NewStore, connect_store
from workers.app import app
from workers.cli.start import upgrade
from workers.supervision import programs
from workers.supervision.supervisord import start_programs

_PROGRAMS = {"web", "flower"}  # that do nothing for stock


@dataclass(frozen=True)
class Told:
    """A stock call that came in at a shop: when, by the machine's clock, and with which quantities."""

    at: float
    quantities: list[int]


@dataclass
class House:
    """One installation with its stores, by platform."""

    home: Path
    config: Config
    shops: dict[str, dict[str, Any]]
    stores: dict[str, int]
    leaving: ExitStack

    def told(self, platform: str) -> list[Told]:
        """The stock calls that a shop heard so far."""
        with urllib.request.urlopen(self.shops[platform]["server"] + HEARD) as answer:
            return [Told(at, quantities) for at, quantities in json.load(answer)]

    def start(self, workers: int) -> None:
        """Workers and beat, until the end; returns when all of them answer."""
        every = programs.all_programs(workers=workers, flower_port=1, web_port=1)
        chosen = [program for program in every if program.name not in _PROGRAMS]
        environment = {**os.environ, "STORESYNC_HOME": str(self.home)}
        self.leaving.callback(start_programs(chosen, home=self.home, environ=environment).stop)
        count = sum(program.count for program in chosen)
        wait_until(lambda: len(app.control.ping(timeout=1) or ()) == count, "the programs")

    def open_shop_of_orders(self, count: int) -> dict[str, Any]:
        """Another shop, in a process of its own, with so many open orders for some of the SKUs."""
        said: dict[str, Any] = serve(self.leaving, "bench.shop", str(count))[0]
        return said

    def connect(self, name: str, new: NewStore) -> int:
        """Connect a store: its id."""
        connect_store(process(), new)
        with process().pool.connection() as connection:
            row = stores.find_store(connection, name)
        assert row is not None
        return row.id

    def rows(self) -> list[StoreRow]:
        """The stores as the database has them."""
        with process().pool.connection() as connection:
            return [row for name in self.stores if (row := stores.find_store(connection, name))]

    def imported(self, store_id: int) -> int:
        """How many orders of a store came in."""
        with process().pool.connection() as connection:
            counted = order_view.counts(connection, store_id)
        return sum(row.orders for row in counted if row.state == "imported")

    def has_imported(self, store_id: int, count: int) -> bool:
        """Whether so many orders of a store came in."""
        return self.imported(store_id) >= count

    def wait_for_calm(self) -> None:
        """Until no store is to be told anything."""
        wait_until(lambda: not self._waiting(), "the stores to be told")

    def wait_for_settings(self) -> None:
        """Until every SKU was looked at once more after a setting changed."""
        wait_until(self._followed, "the settings to be followed")

    def _followed(self) -> bool:
        with process().pool.connection() as connection:
            return connection.execute("SELECT FROM stores WHERE stock_writers IS NOT NULL").fetchone() is None

    def _waiting(self) -> int:
        with process().pool.connection() as connection:
            return sum(stock.waiting(connection, store_id) for store_id in self.stores.values())


@contextmanager
def open_house(count: int) -> Iterator[House]:
    """A hub and three stores with the same SKUs and the same pieces of each; no program runs yet."""
    with own_servers() as (config, leaving):
        with postgres.connect(config.database_url) as connection:
            upgrade(connection)
            _fill(connection, count)
        shops = {shop["platform"]: shop for shop in serve(leaving, "bench.stock_shops", str(count))[0]}
        house = House(config.home, config, shops, {}, leaving)
        for platform, shop in shops.items():
            house.stores[platform] = house.connect(platform, _new_store(shop))
        yield house


def _fill(connection: postgres.Connection, count: int) -> None:
    names = skus(count)
    with connection.transaction():
        BuiltinHub(connection).carry_out([AddProduct(sku, sku) for sku in names])
        BuiltinHub(connection).carry_out([AdjustStock(sku, Decimal(FIRST)) for sku in names])


def _new_store(shop: dict[str, Any]) -> NewStore:
    settings = {"stock.sync": True, "fetch.every": "1d"}
    platform = shop["platform"]
    return NewStore(platform, platform, shop["server"] + shop["path"], shop["credentials"], settings, True)
