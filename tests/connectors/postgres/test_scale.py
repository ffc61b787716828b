"""What a question costs does not grow with what is stored (SPD-2): rows that PostgreSQL read for it are counted."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import pytest

from connectors import postgres
from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import Connection, journal, last_look, order_view, orders, outgoing, replay_view, stock_view
from connectors.postgres.journal import Which
from connectors.postgres.order_view import OrderFilter
from schemas.failures import PutOff
from schemas.outcomes import OrderOutcome
from schemas.stores import Skipped
from tests.connectors.builtin_hub.makers import one, run
from tests.connectors.postgres.makers import add_store
from tests.databases import own_database
from workers.embedded import Servers

pytestmark = pytest.mark.xdist_group("scale")  # one process fills a database for them all

ORDERS: Final = 4000
FEW: Final = 40  # far from all, and more than anybody asked for
A_SAMPLE: Final = 500  # of the newest, which a search looks through first
FILL: Final = """
    INSERT INTO store_orders (store_id, external_id, snapshot, digest, store_updated_at, hub_order_id, state, reason,
        detail, order_settled, skus, order_no, hub_status, hub_customer)
    SELECT %(store)s, n::text, to_json(body.text), n::text, now() - n * interval '1 minute',
        CASE WHEN n %% 10 > 0 THEN %(store)s * 100000 + n END, CASE WHEN n %% 10 > 0 THEN 'imported' ELSE 'skipped' END,
        CASE WHEN n %% 10 = 0 THEN 'status_not_imported' WHEN n %% 10 = 1 THEN 'total_mismatch' END,
        CASE WHEN n %% 10 = 0 THEN '{"status": "cancelled"}'::jsonb ELSE '{}' END,
        1, ARRAY['SKU-' || n %% 100], n::text, CASE WHEN n %% 10 > 0 THEN 'DELIVERED' END, 'Buyer ' || n
    FROM generate_series(1, %(orders)s) n CROSS JOIN (
        SELECT string_agg(md5(k::text), '') AS text FROM generate_series(1, 100) k) body;
    INSERT INTO journal (at, store_id, external_id, sku, action, outcome)
    SELECT now() - (%(orders)s - n) * interval '1 minute', %(store)s, CASE WHEN line = 1 THEN n::text END,
        CASE WHEN line = 2 THEN 'SKU-' || n %% 100 END, CASE line WHEN 1 THEN 'import' ELSE 'push' END,
        CASE line WHEN 1 THEN 'imported' ELSE 'told' END
    FROM generate_series(1, %(orders)s) n, generate_series(1, 2) line"""
READ: Final = """SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::int AS rows
    FROM pg_stat_xact_user_tables WHERE relname IN ('store_orders', 'journal', 'sales_orders', 'order_words')"""

Ask = Callable[[Connection, int, int], object]


class Filled(NamedTuple):
    """A store with many orders, all of them over, and one beside it with a single order: their ids."""

    connection: Connection
    busy: int
    quiet: int


@pytest.fixture(scope="module")
def filled(servers: Servers) -> Iterator[Filled]:
    """Both in a database that is made for them: what is read depends on what was stored, and planned, there before."""
    with own_database(servers.database_url) as url, postgres.connect(url) as connection:
        with connection.transaction():
            busy = _fill(connection, "busy", ORDERS)
            quiet = _fill(connection, "quiet", 1)
            run(connection, "ANALYZE store_orders, order_words, journal, stores, hub.sales_orders")
        yield Filled(connection, busy, quiet)


def _fill(connection: Connection, name: str, orders: int) -> int:
    store_id = add_store(connection, name)
    for statement in FILL.split(";"):
        connection.execute(statement, {"store": store_id, "orders": orders})
    return store_id


@pytest.fixture
def connection(filled: Filled) -> Iterator[Connection]:
    """A connection in a transaction that is rolled back."""
    with filled.connection.transaction(force_rollback=True):
        yield filled.connection


@pytest.fixture
def busy(filled: Filled) -> int:
    """The store with many orders."""
    return filled.busy


@pytest.fixture
def quiet(filled: Filled) -> int:
    """The store with one."""
    return filled.quiet


def _read(connection: Connection) -> int:
    return int(one(connection, READ)["rows"])


NOW: Final = datetime.now(UTC)
ASKED: Final[dict[str, Ask]] = {
    "an order": lambda c, busy, _: order_view.order(c, busy, "2000"),
    "an order by its number": lambda c, busy, _: order_view.named(c, busy, "#2000"),
    "its journal": lambda c, busy, _: journal.lines(c, Which(busy, "2000")),
    "the journal of an id": lambda c, busy, _: journal.lines(c, Which(external_id="2000")),
    "what its last look left": lambda c, busy, _: last_look.last_look(c, busy, "2000"),
    "the newest orders": lambda c, busy, _: order_view.orders(c, limit=10),
    "the newest of a store": lambda c, busy, _: order_view.orders(c, OrderFilter(busy), limit=10),
    "those of a quiet store": lambda c, _, quiet: order_view.orders(c, OrderFilter(quiet)),
    "failed orders": lambda c, busy, _: order_view.orders(c, OrderFilter(busy, "failed")),
    "skipped orders": lambda c, busy, _: order_view.orders(c, OrderFilter(busy, "skipped"), limit=10),
    "orders for a rare reason": lambda c, busy, _: order_view.orders(c, OrderFilter(busy, None, "not_found")),
    "how many orders there are": lambda c, busy, _: order_view.counts(c, busy),
    "the newest of the journal": lambda c, busy, _: journal.lines(c, Which(), limit=10),
    "the journal of a store": lambda c, busy, _: journal.lines(c, Which(busy), limit=10),
    "the journal of a quiet store": lambda c, _, quiet: journal.lines(c, Which(quiet)),
    "the journal of a SKU": lambda c, busy, _: journal.lines(c, Which(sku="SKU-1"), limit=10),
    "the latest hour of the journal": lambda c, busy, _: journal.lines(c, Which(since=NOW + timedelta(hours=1))),
    "news of a quiet store": lambda c, _, quiet: [*journal.follow(Which(quiet), ()).news(c)],
    "settings of a store": lambda c, busy, _: replay_view.settings_lines(c, busy),
    "a portion of a store's orders": lambda c, _, quiet: replay_view.kept_orders(c, quiet, None),
    "failed ones once more": lambda c, busy, _: orders.retry_failed(c, None),
    "those of a rare reason once more": lambda c, busy, _: orders.retry_failed(c, busy, "not_found"),
    "skipped for a rare reason": lambda c, busy, _: orders.skipped_again(c, None, Skipped(("no_exchange_rate",), ())),
    "skipped in a rare status": lambda c, busy, _: orders.skipped_again(c, busy, Skipped((), ("on-hold",))),
    "open ones by another profile": lambda c, busy, _: orders.look_again(c, busy, ["completed"]),
    "open ones both ways": lambda c, busy, _: orders.look_both_ways(c, busy, noted="x", also_delivered=False),
    "bells": lambda c, busy, _: (orders.pick_bells(c, busy), orders.due_stores(c), outgoing.due_stores(c)),
    "held SKUs": lambda c, busy, _: stock_view.held_skus(c, busy, ["SKU-1", "SKU-2"]),
    "an order of the hub by its number": lambda c, busy, _: BuiltinHub(c)._rows(
        "named_orders", {"reference": "busy/7"}
    ),
}


@pytest.mark.parametrize("name", ASKED)
def test_SPD_2_a_question_reads_no_more_than_it_answers(
    connection: Connection, busy: int, quiet: int, name: str
) -> None:
    before = _read(connection)

    ASKED[name](connection, busy, quiet)

    assert _read(connection) - before <= FEW


SEARCHED: Final = {
    "nobody": [],
    "buyer 2000": ["2000"],
    "YER 399": ["399", *(str(n) for n in range(3990, 4000))],
    "2000": ["2000"],
    "SKU-99": [str(n) for n in range(99, ORDERS, 100)],
    "er": [str(n) for n in range(1, 51)],
}


@pytest.mark.parametrize("text", SEARCHED)
def test_SPD_2_a_search_reads_a_few_of_the_newest_and_what_it_finds(
    connection: Connection, busy: int, quiet: int, text: str
) -> None:
    before = _read(connection)

    found = order_view.orders(connection, OrderFilter(busy, text=text), limit=50)

    assert [order.external_id for order in found][: len(SEARCHED[text])] == SEARCHED[text]
    assert _read(connection) - before <= A_SAMPLE + 4 * FEW


@pytest.mark.parametrize("limit", [10, 60])
def test_SPD_2_a_search_for_what_many_are_called_ends_with_the_last_that_is_wanted(
    connection: Connection, busy: int, quiet: int, limit: int
) -> None:
    run(connection, "UPDATE store_orders SET hub_email = 'b@example.com' WHERE external_id::int %% 5 = 1")
    run(connection, "ANALYZE store_orders, order_words")
    before = _read(connection)

    found = order_view.orders(connection, OrderFilter(text="example.com"), limit=limit)

    assert [order.external_id for order in found if order.store == "busy"][:9] == [str(n) for n in range(1, 45, 5)]
    assert (len(found), _read(connection) - before < ORDERS) == (limit, True)


def _counted(connection: Connection, store_id: int) -> list[tuple[Any, ...]]:
    return [(row.state, row.reason, row.orders, row.due) for row in order_view.counts(connection, store_id)]


def _count_rows(connection: Connection, store_id: int) -> int:
    return int(one(connection, "SELECT count(*) AS rows FROM order_counts WHERE store_id = %s", store_id)["rows"])


def test_SPD_2_orders_are_counted_as_they_move(connection: Connection, busy: int) -> None:
    orders.expect(connection, busy, "new")
    orders.expect(connection, busy, "bad")
    orders.set_aside(connection, busy, "bad", PutOff("refused_by_hub", {}, None), changed=1)
    orders.settle(connection, busy, "10", changed=2, outcome=OrderOutcome("imported", hub_order_id="7"))
    run(connection, "DELETE FROM store_orders WHERE external_id = '20'")

    expected = [
        ("failed", "refused_by_hub", 1, 0),
        ("imported", "total_mismatch", ORDERS // 10, 0),
        ("imported", None, ORDERS * 8 // 10 + 1, 0),
        ("pending", None, 1, 1),
        ("skipped", "status_not_imported", ORDERS // 10 - 2, 0),
    ]
    assert _counted(connection, busy) == expected
    assert _count_rows(connection, busy) > len(expected)


def test_SPD_2_counts_are_folded_once_they_are_many(connection: Connection, busy: int) -> None:
    run(connection, "UPDATE store_orders SET reason = 'custom_items_left_out' WHERE reason IS NULL")
    counted = _counted(connection, busy)

    orders.fold_counts(connection)

    assert _counted(connection, busy) == counted
    assert _count_rows(connection, busy) == len(counted)


@pytest.fixture
def new(connection: Connection) -> int:
    """A store whose orders are just in: what other tests wrote and took back fills the pages of older ones."""
    return _fill(connection, "new", FEW)


def test_SPD_2_what_moves_nothing_that_is_looked_for_is_written_in_place(connection: Connection, new: int) -> None:
    moved = "SELECT n_tup_hot_upd AS rows FROM pg_stat_xact_user_tables WHERE relname = 'store_orders'"
    before = one(connection, moved)["rows"]

    run(connection, "UPDATE store_orders SET sending = '{}' WHERE store_id = %s AND external_id IN ('39', '40')", new)

    assert one(connection, moved)["rows"] - before == 2


def test_SPD_2_words_of_an_order_that_changed_are_written_in_place(connection: Connection, new: int) -> None:
    moved = "SELECT n_tup_hot_upd AS rows FROM pg_stat_xact_user_tables WHERE relname = 'order_words'"
    before = one(connection, moved)["rows"]

    its = "store_id = %s AND external_id IN"
    run(connection, f"UPDATE store_orders SET store_updated_at = now() WHERE {its} ('39', '40')", new)
    run(connection, f"UPDATE store_orders SET sending = '{{}}' WHERE {its} ('37', '38')", new)

    assert one(connection, moved)["rows"] - before == 2
