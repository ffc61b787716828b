"""Every task that the frame is around: how it comes to have something to do, and whether that was done, once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg

from connectors.postgres import stores
from sandbox import RunningSandbox
from sandbox.woocommerce.generator import random_order
from tasks.catalogue import fetch_catalogue
from tasks.fetch import fetch_orders
from tasks.held import Process, close_process, process
from tasks.lanes import LANES, Lane, OrderLane
from tasks.orders.fulfill import fulfill_order
from tasks.orders.import_order import change_order, import_order
from tasks.products import import_products
from tasks.stock.compare import compare_stock
from tasks.stock.importing import import_stock, want_stock
from tasks.stock.push import push_latest, push_stock
from tests.tasks.conftest import import_all
from tests.tasks.orders.delivering import Desk
from tests.tasks.orders.looking import do, let_waits_pass, store_of
from tests.tasks.stock.stocking import add, adjust, let_stock_wait_pass
from tests.wire import Wire


@dataclass
class House:
    """A shop that is connected, and one process that works on it, whose database and Redis are at the end of a wire."""

    store_id: int
    shop: RunningSandbox[Any]
    database: Wire
    redis: Wire
    desk: psycopg.Connection[dict[str, Any]]  # of the test's own, past the wire
    order: str = ""
    skus: list[str] = field(default_factory=list)

    @property
    def held(self) -> Process:
        """The process as it is now."""
        return process()

    def reopen(self) -> None:
        """Another process in its place, with connections that work."""
        self.database.mend()
        self.redis.mend()
        close_process()

    def offer(self) -> str:
        """One more product of the shop, whose three pieces are counted."""
        sku = f"SKU-{len(self.skus)}"
        given = {"name": sku, "sku": sku, "manage_stock": True, "stock_quantity": 3}
        self.shop.shop.add_product(given, is_sku_free=True)
        self.skus.append(sku)
        return sku

    def place(self) -> None:
        """A new order comes into the shop."""
        self.order = str(random_order(self.shop.shop, {"status": "processing"}).id)

    def asked(self) -> int:
        """How often the shop was asked."""
        return sum(self.shop.shop.calls.values())

    def find(self, statement: str, *values: object) -> Any:
        """The one value that a statement finds."""
        row = self.desk.execute(statement.encode(), values).fetchone()
        return None if row is None else next(iter(row.values()))

    def lines(self, action: str, outcome: str) -> int:
        """How many lines of the journal say so, of this order or of no order."""
        return int(
            self.find(
                "SELECT count(*) FROM journal WHERE action = %s AND outcome = %s"
                " AND coalesce(external_id, %s) = %s AND at >= (SELECT moment FROM begun)",
                action,
                outcome,
                self.order,
                self.order,
            )
        )

    def let_time_pass(self) -> None:
        """Nothing waits any more, and what Redis remembers of the past is forgotten."""
        let_waits_pass(self.held, self.store_id)
        let_stock_wait_pass(self.held, self.store_id)
        do(self.held, "UPDATE store_orders SET hub_due_at = NULL")


@dataclass(frozen=True)
class Case:
    """One task: what makes it due (again and again), its work, whether that is done, and whether it was done once."""

    task: str
    prepare: Callable[[House], object]
    work: Callable[..., str]
    is_done: Callable[[House], bool]
    is_once: Callable[[House], bool] = lambda _: True
    behind: int = 0  # statements that come behind the work: the bell's
    meanwhile: str = "waiting"  # what the same message is answered while it waits; empty where it is done again

    @property
    def lane(self) -> Lane[Any]:
        """Its lane."""
        return LANES[self.task]

    def ids(self, house: House) -> tuple[Any, ...]:
        """What its message carries."""
        return (house.store_id, house.order) if isinstance(self.lane, OrderLane) else (house.store_id,)

    def run(self, house: House) -> str:
        """As a worker does."""
        return self.work(*self.ids(house))

    def ready(self, house: House) -> None:
        """Make it due; what the journal said before is of no interest."""
        self.prepare(house)
        house.let_time_pass()
        house.desk.execute("CREATE TEMPORARY TABLE IF NOT EXISTS begun (moment timestamptz)")
        house.desk.execute("DELETE FROM begun")
        house.desk.execute("INSERT INTO begun VALUES (clock_timestamp())")

    def steps(self, house: House) -> int:
        """How many statements its work takes, once it was done before."""
        for _ in range(2):
            self.ready(house)
            house.database.at(10**9, lambda: None)
            self.run(house)
            assert self.is_done(house), self.task
        return house.database.statements - self.behind


def _imported(house: House) -> None:
    house.place()
    import_all(house.held, house.store_id)


def _fetched(house: House) -> None:
    house.place()
    fetch_orders(house.store_id)


def _completed(house: House) -> None:
    _imported(house)
    house.shop.shop.complete_order(int(house.order))
    fetch_orders(house.store_id)


def _shipped(house: House) -> None:
    _imported(house)
    Desk(house.held, house.store_id, house.order).deliver()


def _walk(house: House) -> None:
    house.offer()
    do(house.held, "UPDATE stores SET catalogue_whole_at = NULL, catalogue_at = NULL, catalogue_walk = NULL")
    assert fetch_catalogue(house.store_id) == "walked"


def _moved(house: House) -> None:
    _walk(house)
    with_item(house)
    adjust(house.held, house.skus[-1], 7)


def with_item(house: House) -> None:
    """The hub has the newest product too."""
    add(house.held, house.skus[-1])


def _unwalked(house: House) -> None:
    house.offer()
    do(house.held, "UPDATE stores SET catalogue_whole_at = NULL, catalogue_at = NULL, catalogue_walk = NULL")


def _wanted(house: House) -> None:
    _walk(house)
    with house.held.pool.connection() as connection:
        stores.want_products(connection, house.store_id, wanted=True)
    do(house.held, "UPDATE stores SET catalogue_whole_at = now()")


def _to_count(house: House) -> None:
    _walk(house)
    with_item(house)
    do(house.held, "DELETE FROM stock_imports")
    want_stock(house.held, store_of(house.held, house.store_id), is_again=False, is_trial=False)


def _to_compare(house: House) -> None:
    _walk(house)
    with_item(house)
    do(house.held, "UPDATE stores SET compare_due = true")


def _is_known(house: House) -> bool:
    return bool(house.find("SELECT count(*) FROM store_items WHERE sku = %s", house.skus[-1]))


CASES: Final = (
    Case(
        "fetch_orders",
        House.place,
        fetch_orders,
        lambda house: house.find("SELECT count(*) FROM store_orders WHERE external_id = %s", house.order) == 1,
        behind=1,
    ),
    Case(
        "import_order",
        _fetched,
        import_order,
        lambda house: house.find("SELECT state FROM store_orders WHERE external_id = %s", house.order) == "imported",
        lambda house: (
            house.lines("import", "imported") == 1
            and house.find("SELECT count(*) FROM hub.sales_orders WHERE external_id = %s", house.order) == 1
        ),
        meanwhile="",
    ),
    Case(
        "change_order",
        _completed,
        change_order,
        lambda house: house.lines("deliver", "delivered") >= 1,
        lambda house: house.lines("deliver", "delivered") == 1,
        meanwhile="",
    ),
    Case(
        "fulfill_order",
        _shipped,
        fulfill_order,
        lambda house: (
            house.shop.shop.status_of(house.order) == "completed"
            and house.find("SELECT hub_changed = hub_settled FROM store_orders WHERE external_id = %s", house.order)
        ),
        lambda house: house.lines("fulfill", "sent") <= 1,
        meanwhile="",
    ),
    Case(
        "fetch_catalogue",
        _unwalked,
        fetch_catalogue,
        lambda house: _is_known(house) and house.find("SELECT catalogue_whole_at FROM stores") is not None,
    ),
    Case(
        "push_stock",
        _moved,
        push_stock,
        lambda house: house.shop.shop.stock(house.skus[-1]) == 7,
        behind=1,
        meanwhile="nothing_due",
    ),
    Case(
        "push_latest",
        _moved,
        push_latest,
        lambda house: house.shop.shop.stock(house.skus[-1]) == 7,
        behind=1,
        meanwhile="nothing_due",
    ),
    Case(
        "import_products",
        _wanted,
        import_products,
        lambda house: not house.find("SELECT wants_products FROM stores"),
        lambda house: (
            house.lines("import_products", "imported") == 1
            and house.find("SELECT count(*) FROM hub.variants WHERE sku = %s", house.skus[-1]) == 1
        ),
    ),
    Case(
        "import_stock",
        _to_count,
        import_stock,
        lambda house: house.find("SELECT step FROM stock_imports") == "done",
        lambda house: house.lines("count", "counted") == 1,
    ),
    Case(
        "compare_stock",
        _to_compare,
        compare_stock,
        lambda house: not house.find("SELECT compare_due FROM stores"),
        lambda house: house.lines("compare", "compared") == 1,
    ),
)
