"""Katana's stand-in as the hub in the chaos: its own faults, people who deliver there, and what is off in the end.

Time goes by faster for whatever waits for Katana: ten minutes after an answer that said nothing are one, and the
requests of a minute are given anew every second.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import psycopg
import redis
import requests

from connectors import postgres
from connectors.errors import RedisAway
from sandbox import KatanaAccount, RunningSandbox
from sandbox.katana.spoil import Written
from schemas.settings import read_account_settings
from tasks import bells
from tasks.account import reconfigure_account
from tasks.held import process
from tasks.hub_choice import prove_choice
from tests.flows.chaos_hub import Placed
from tests.flows.stock_storm import SKUS
from tests.stock_shops import Shelf

PIECES: Final = 20_000  # of each SKU: so many that no shop is sold out
KNOWN: Final = SKUS[:50]  # the others are made with their first order
STRUCK_SECONDS: Final = 6  # that a fault waits for calls at most
LATE_SECONDS: Final = 8.0  # that reads are older than writes: more than a minute of the fast time

_WRITTEN: Final = {"refused, written": (422, Written.ALL), "failed, written in part": (500, Written.PART)}
_LATER: Final = (
    """UPDATE katana_intents SET sent_at = sent_at - %(by)s, leased_until = leased_until - %(by)s
        WHERE found_id IS NULL OR leased_until IS NOT NULL""",
    "UPDATE katana_polls SET read_until = read_until - %(by)s, read_at = read_at - %(by)s",
    "UPDATE katana_mirror SET read_until = read_until - %(by)s, refreshed_at = refreshed_at - %(by)s",
    "UPDATE katana_orders SET made_at = made_at - %(by)s",
    "UPDATE katana_fulfillments SET made_at = made_at - %(by)s",
    "UPDATE katana_rows SET written_at = written_at - %(by)s WHERE written_at IS NOT NULL",
    "UPDATE store_orders SET due_at = due_at - %(by)s WHERE due_at > now()",
)
_MISMATCHED: Final = "SELECT id FROM katana_orders WHERE NOT is_gone AND (money->>'total_mismatch')::boolean"
_THERE: Final = """SELECT s.name, o.external_id, o.hub_order_id FROM store_orders o JOIN stores s ON s.id = o.store_id
    WHERE o.hub_order_id IS NOT NULL"""


class KatanaSide:
    """An account of Katana's stand-in, and our own database beside it."""

    faults: Final[Mapping[str, int]] = {
        "refused, written": 5, "failed, written in part": 5, "late reads": 4, "lost": 4, "html_done": 3,
        "timeout_done": 3, "timeout": 2, "http_500": 3, "reset": 2, "truncated": 2, "rate_limit": 3, "slow": 1,
    }  # fmt: skip

    def __init__(
        self, katana: RunningSandbox[KatanaAccount], database_url: str, *, seed: int, faster: int = 10
    ) -> None:
        self._katana, self._url, self._chance = katana, database_url, random.Random(seed)
        self._more = timedelta(seconds=faster - 1)  # goes by in each second beside itself
        self._shelves: Sequence[Shelf] = ()
        self._sent: set[tuple[str, str]] = set()  # what went out, there or in its shop

    @property
    def _account(self) -> KatanaAccount:
        return self._katana.shop

    def prepare(self, shelves: Sequence[Shelf]) -> None:
        """The account becomes the hub; most items are in it, all are in the shops."""
        self._shelves = shelves
        self._katana.faults.set_pace(timeout_seconds=3, slow_seconds=1)
        for sku in KNOWN:
            self._account.add_product(sku, stock=PIECES)
        for shelf in shelves:
            for sku in SKUS:
                shelf.offer(sku, 1)
        held, url = process(), {"katana.url": self._katana.url, "katana.allow_insecure": "on"}
        key = {"katana.api_key": self._katana.credentials["api_key"]}
        values = read_account_settings({"hub": "katana", **url, **key})
        values |= prove_choice(held, values)
        with held.pool.connection() as connection:
            reconfigure_account(held, connection, values)

    def stock(self) -> None:
        """All pieces are there from the beginning."""

    def pass_time(self) -> None:
        """The requests of a minute are given anew, what waits is due sooner, and Katana is asked what moved."""
        with suppress(redis.RedisError, RedisAway, psycopg.OperationalError), postgres.connect(self._url) as connection:
            process().redis.delete("storesync:katana:asked")
            for statement in _LATER:
                connection.execute(statement, {"by": self._more})
            bells.ring_hinted_hub(process().redis)

    def deliver(self) -> None:
        """Somebody delivers an order there, or one of two shops sends one."""
        there = self._there()
        by_person, by_shop = (
            [key for key in sorted(there.keys() - self._sent) if int(key[1]) % 10 == share] for share in (0, 1)
        )
        if by_person:
            key = self._chance.choice(by_person)
            self._sent.add(key)
            with self._account.lock:
                self._account.fulfillments.take_rest(int(there[key]), "DELIVERED", tracking_number=f"T-{key[1]}")
        for key in self._chance.sample(by_shop, min(1, len(by_shop))):
            shop = next(one.shop for one in self._shelves if one.platform == key[0])
            self._sent.add(key)
            if key[0] == "shopify":
                shop.fulfill(int(key[1]))
            else:
                shop.complete_order(int(key[1]))

    def _there(self) -> dict[tuple[str, str], str]:
        """Orders that are known to be there."""
        with suppress(psycopg.OperationalError), postgres.connect(self._url) as connection:
            rows = connection.execute(_THERE).fetchall()
            return {(row["name"], row["external_id"]): row["hub_order_id"] for row in rows}
        return {}

    def strike(self, name: str) -> None:
        """One of its faults, until it struck one to three calls."""
        times, faults = self._chance.randint(1, 3), self._katana.faults
        if name == "late reads":
            self._account.oddities.lag_seconds = LATE_SECONDS
            time.sleep(LATE_SECONDS)
            self._account.oddities.lag_seconds = 0
        elif name in _WRITTEN:
            status, written = _WRITTEN[name]
            path = self._chance.choice(("sales_orders", "customers", "sales_orders", "products"))
            plan = {"route": f"POST /{path}", "status": status, "written": written.value, "times": times}
            requests.post(f"{self._katana.server.url}/_sandbox/spoil", json=plan, timeout=10).raise_for_status()
        else:
            wanted, until = faults.happened[name] + times, time.monotonic() + STRUCK_SECONDS
            faults.set_rates({name: 1.0})
            while faults.happened[name] < wanted and time.monotonic() < until:
                time.sleep(0.05)
            faults.set_rates({})

    # -- the end

    def orders(self, _: postgres.Connection) -> list[tuple[str, str]]:
        """Platforms, which are the stores' names, and external ids of all orders in it."""
        return [_key(row) for row in self._live()]

    def delivered(self, _: postgres.Connection) -> list[tuple[str, str]]:
        """Those that are out."""
        return [_key(row) for row in self._live() if row["status"] == "DELIVERED"]

    def statuses(self, _: postgres.Connection) -> Counter[str]:
        """How many orders are how far."""
        return Counter(row["status"] for row in self._live())

    def differing(self, _: postgres.Connection, shelves: Sequence[Shelf]) -> Mapping[str, Any]:
        """Where shops show something else than is there, less what orders promise."""
        ordered: Counter[str] = Counter()
        for row in self._live():
            ordered.update(self._pieces(row["id"]))
        return {
            f"{shelf.platform} {sku}": (shelf.shown(sku), PIECES - ordered[sku])
            for shelf in shelves
            for sku in KNOWN
            if set(shelf.shown(sku)) != {PIECES - ordered[sku]}
        }

    def findings(self, connection: postgres.Connection, placed: Placed) -> Iterator[str]:
        """What else is doubled or off."""
        rows = connection.execute(_THERE).fetchall()
        known = {(row["name"], row["external_id"]): row["hub_order_id"] for row in rows}
        for row in self._live():
            key = _key(row)
            if known.get(key) != str(row["id"]):
                yield f"off: order {key} is {row['id']} there and {known.get(key)} here"
            if dict(self._pieces(row["id"])) != dict(placed.get(key, {})):
                yield f"off: rows of {key}: {dict(self._pieces(row['id']))}, not {placed.get(key)}"
        yield from (f"off: money of order {row['id']}" for row in connection.execute(_MISMATCHED).fetchall())
        yield from self._doubled()
        yield from self._parcels_off()

    def _doubled(self) -> Iterator[str]:
        account = self._account
        with account.lock:
            emails = Counter(row["email"].lower() for row in account.customers.table.view() if row["email"])
            skus = Counter(row["sku"] for row in account.variants.table.view() if row["sku"])
            services = Counter(row["name"] for row in account.services.table.view())
        for what, counted in (("customer", emails), ("SKU", skus), ("service", services)):
            yield from (f"doubled: {what} {name} ({count})" for name, count in counted.items() if count > 1)

    def _parcels_off(self) -> Iterator[str]:
        gone: Counter[str] = Counter()
        for order in self._live():
            parcels = self._account.fulfillments.table.of(order["id"])
            wanted = 1 if _key(order) in self._sent else 0
            if len(parcels) != wanted:
                yield f"off: {len(parcels)} fulfilments of {_key(order)} there, not {wanted}"
            if wanted:
                gone.update(self._pieces(order["id"]))
        for sku in KNOWN:
            pieces = self._account.summary()["stock"][sku]
            if Decimal(pieces) != PIECES - gone[sku]:
                yield f"off: stock of {sku} there: {pieces}, not {PIECES - gone[sku]}"

    def _live(self) -> list[Any]:
        with self._account.lock:
            return [row for row in self._account.orders.table.view() if row["ecommerce_order_id"]]

    def _pieces(self, order: int) -> Counter[str]:
        """Pieces of an order by SKU, its fee left aside."""
        found: Counter[str] = Counter()
        with self._account.lock:
            for row in self._account.rows.table.of(order):
                variant = self._account.variants.table.find(row["variant_id"], deleted=True)
                if variant["type"] != "service":
                    found[variant["sku"]] += int(row["quantity"])
        return found


def _key(row: Mapping[str, Any]) -> tuple[str, str]:
    return str(row["ecommerce_order_type"]).lower(), str(row["ecommerce_order_id"])
