"""A storm of stock changes in the hub and of orders in the shops, from several threads, the same at every run."""

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from connectors import postgres
from connectors.builtin_hub.hub import BuiltinHub
from sandbox.bigcommerce.generator import random_order as bigcommerce_order
from sandbox.shopify.generator import random_order as shopify_order
from sandbox.woocommerce.generator import random_order as woocommerce_order
from schemas.actions import AddProduct, AdjustStock
from tests.stock_shops import Shelf

SKUS: Final = tuple(f"S-{number:02}" for number in range(60))
FAULTS: Final = {"lost": 0.06, "http_500": 0.06, "slow": 0.08}

_MOVE: Final = """UPDATE hub.stock SET in_stock = in_stock + %s
    WHERE variant_id = ANY (SELECT id FROM hub.variants WHERE sku = ANY (%s))"""


@dataclass
class Storm:
    """What moves until `over` is set; `problems` is what went wrong in its own threads."""

    database_url: str
    shelves: Sequence[Shelf]
    over: threading.Event = field(default_factory=threading.Event)
    changes: int = 0
    problems: list[BaseException] = field(default_factory=list)

    def adjust(self, chance: random.Random, connection: postgres.Connection) -> None:
        """Pieces found or lost, as by hand."""
        with connection.transaction():
            delta = Decimal(chance.choice((-7, -1, 1, 2, 5)))
            BuiltinHub(connection).carry_out([AdjustStock(chance.choice(SKUS[:12]), delta)])

    def write(self, chance: random.Random, connection: postgres.Connection) -> None:
        """Plain SQL, one SKU or many in a transaction."""
        some = chance.sample(SKUS, chance.choice((1, 1, 1, 30)))
        connection.execute(_MOVE, (chance.choice((-2, 3)), some))

    def sell(self, chance: random.Random, _: postgres.Connection) -> None:
        """An order in one of the shops."""
        place_order(chance.choice(self.shelves), chance.choice(SKUS))

    def spoil_answers(self) -> None:
        """From now on the shops answer badly. A look-up takes several calls: one that fails early may wait long."""
        for shelf in self.shelves:
            shelf.sandbox.faults.set_pace(slow_seconds=0.3)
            shelf.sandbox.faults.set_rates(FAULTS)

    def run(self, act: Any, seed: int, pause: float) -> None:
        """Do something again and again."""
        chance = random.Random(seed)
        try:
            with postgres.connect(self.database_url) as connection:
                while not self.over.wait(chance.uniform(0, 2 * pause)):
                    act(chance, connection)
                    self.changes += 1
        except BaseException as error:  # the test asks for it: a thread's own end is nobody's
            self.problems.append(error)
            raise


@contextmanager
def raging(database_url: str, shelves: Sequence[Shelf]) -> Iterator[Storm]:
    """Four writers of the hub and one who sells; calm, and the shops sound again, afterwards."""
    storm = Storm(database_url, shelves)
    acts = ((storm.adjust, 1, 0.03), (storm.adjust, 2, 0.03), (storm.write, 3, 0.05), (storm.write, 4, 0.05))
    threads = [threading.Thread(target=storm.run, args=act) for act in (*acts, (storm.sell, 5, 0.15))]
    for thread in threads:
        thread.start()
    try:
        yield storm
    finally:
        storm.over.set()
        for thread in threads:
            thread.join()
        for shelf in shelves:
            shelf.sandbox.faults.set_rates({})


def fill(connection: postgres.Connection, shelves: Sequence[Shelf]) -> None:
    """The same SKUs in the hub and in every shop; a few twice in a shop, a few as variations."""
    hub = BuiltinHub(connection)
    with connection.transaction():
        hub.carry_out([AddProduct(sku, sku) for sku in SKUS])
        hub.carry_out([AdjustStock(sku, Decimal(50)) for sku in SKUS])
    for shelf in shelves:
        for sku in SKUS:
            shelf.offer(sku, 1)
        for sku in SKUS[10:14]:
            shelf.offer(sku, 1)


def place_order(shelf: Shelf, sku: str) -> None:
    """One piece sold in a shop."""
    line = {"name": sku, "sku": sku, "price": "10.00", "quantity": 1}
    match shelf.platform:
        case "bigcommerce":
            bigcommerce_order(shelf.shop, {"products": [line]})
        case "shopify":
            shopify_order(shelf.shop, {"lines": [line]})
        case _:
            woocommerce_order(shelf.shop, {"status": "processing", "line_items": [{"sku": sku, "quantity": 1}]})


def hub_shows(connection: postgres.Connection) -> dict[str, int]:
    """What stores are to show of each SKU."""
    rows = connection.execute(
        "SELECT v.sku, greatest(floor(sum(s.in_stock - s.committed_direct)), 0)::bigint AS pieces"
        " FROM hub.variants v JOIN hub.stock s ON s.variant_id = v.id WHERE v.sku LIKE 'S-%%' GROUP BY v.sku"
    )
    return {row["sku"]: row["pieces"] for row in rows}


def differing(connection: postgres.Connection, shelves: Sequence[Shelf]) -> dict[str, Any]:
    """Where a shop shows something else than the hub has: nothing in the end (STK-5)."""
    wanted = hub_shows(connection)
    return {
        f"{shelf.platform} {sku}": (shelf.shown(sku), pieces)
        for shelf in shelves
        for sku, pieces in wanted.items()
        if set(shelf.shown(sku)) != {pieces}
    }


def stale_last_words(connection: postgres.Connection, shelves: Sequence[Shelf]) -> dict[str, tuple[int, int]]:
    """Items whose last written figure, in the shop's own log, is another one than the hub's."""
    wanted = hub_shows(connection)
    stale = {}
    for shelf in shelves:
        skus = {str(item): sku for sku in wanted for item in shelf.shop.stock_of(sku)}
        for item, pieces in _last_words(shelf).items():
            if wanted[skus[item]] != pieces:
                stale[f"{shelf.platform} {item}"] = (pieces, wanted[skus[item]])
    return stale


def _last_words(shelf: Shelf) -> dict[str, int]:
    """The last quantity that was written to each item; Shopify's stand-in keeps no log that is long enough."""
    match shelf.platform:
        case "woocommerce":
            return dict(shelf.shop.told_stock())
        case "bigcommerce":
            taken = [one for one in shelf.shop.writes if "adjustments" in one["path"] and one["status"] == 200]
            items = [item for one in taken for item in one["body"]["items"]]
            return {f"product/{item['product_id']}": item["quantity"] for item in items}
        case _:
            return {}
