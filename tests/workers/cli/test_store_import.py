"""What a store has comes into the hub by hand: its products, and a first count of its stock, followed to the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest

from connectors import postgres
from connectors.postgres import stores
from sandbox import open_sandbox
from tasks.catalogue import fetch_catalogue
from tasks.held import process
from tasks.jobs import do_job
from tasks.products import import_products
from tasks.stock.compare import compare_stock
from tasks.stock.importing import import_stock
from tests.tasks.conftest import import_due
from tests.workers.cli.command import Cli
from tests.workers.cli.hub_orders import in_stock
from tests.workers.cli.shops import Shop, connect, document, place
from tests.workers.cli.stocking import add, offer
from workers.cli.store import imports as store_import


@pytest.fixture
def stocked(acme: Shop) -> Shop:
    """acme shows 8 chairs."""
    offer(acme, "CHAIR-1", 8)
    return acme


@contextmanager
def at_work(name: str = "acme") -> Iterator[None]:
    """A worker beside the command."""
    with process().pool.connection() as connection:
        row = stores.find_store(connection, name)
    assert row is not None
    store_id, is_over = row.id, Event()

    def work() -> None:
        while not is_over.wait(0.05):
            for task in (fetch_catalogue, import_products, import_stock):
                task(store_id)
            import_due(process(), store_id)

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def test_STG_2_products_come_in_by_hand_and_as_often_as_they_are_asked_for(cli: Cli, stocked: Shop) -> None:
    with at_work():
        first = document(cli("store", "import", "acme", "products", "--wait", "--json"))
        offer(stocked, "TABLE-1", 1)
        second = document(cli("store", "import", "acme", "products", "--wait", "--json"))

    assert first["made"] > 0
    assert (second["made"], second["known"]) == (1, first["made"] + first["known"])
    assert "TABLE-1" in {item["sku"] for item in document(cli("hub", "product", "list", "--json"))}


def test_STK_11_count_of_a_store_is_followed_to_its_end_and_can_be_taken_back(cli: Cli, stocked: Shop) -> None:
    add(cli, "CHAIR-1")
    place(stocked, line_items=[{"sku": "CHAIR-1", "quantity": 3}])

    with at_work():
        result = document(cli("store", "import", "acme", "stock", "--wait", "--json"))
        again = cli("store", "import", "acme", "stock", "--wait")
    shown = document(cli("store", "show", "acme", "--json"))["stock_import"]

    line = {"sku": "CHAIR-1", "location": "main", "shown": 5, "promised": "3", "quantity": "8", "delta": "8"}
    assert (result["count"], result["counted"]) == ("1", [line])
    assert in_stock(cli, "CHAIR-1") == {"main": "8"}
    assert (again.code, "counted_before" in again.out, "Nothing of acme was counted" in again.out) == (0, True, True)
    assert (shown["step"], shown["report"]["count"]) == ("done", None)
    assert cli("hub", "stock", "undo", "1").code == 0
    assert in_stock(cli, "CHAIR-1") == {"main": "0"}
    assert document(cli("hub", "stock", "counts", "--json"))[0]["source"] == "acme"


def test_STK_11_stores_that_share_a_location_are_shown_side_by_side(cli: Cli, stocked: Shop, other: Shop) -> None:
    offer(other, "CHAIR-1", 5)
    add(cli, "CHAIR-1")
    with at_work("other"):
        cli("store", "import", "other", "stock", "--dry-run", "--wait")

    with at_work():
        told = cli("store", "import", "acme", "stock")
        text = cli("store", "import", "acme", "stock", "--wait").out

    assert "other sell(s) from the same location" in told.out
    assert "CHAIR-1  main      8     5" in text
    assert in_stock(cli, "CHAIR-1") == {"main": "8"}


@pytest.fixture
def other(cli: Cli) -> Iterator[Shop]:
    """Another shop, connected as `other`."""
    with open_sandbox("woocommerce", orders=0) as sandbox:
        assert connect(cli, sandbox, "--allow-insecure", name="other").code == 0
        yield sandbox


def test_STG_2_import_says_when_nobody_works_on_it(cli: Cli, stocked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_import, "PATIENCE_SECONDS", 0.3)

    for what in ("products", "stock"):
        result = cli("store", "import", "acme", what, "--wait")
        assert (result.code, "nobody works on it" in result.err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("mars", "stock"), 1, "there is no store 'mars'"),
        (("acme", "furniture"), 2, "'products'"),
        (("acme", "stock"), 1, "acme is paused"),
    ],
)
def test_STG_2_import_that_cannot_be_is_refused(
    cli: Cli, stocked: Shop, arguments: tuple[str, ...], code: int, words: str, fresh_connection: postgres.Connection
) -> None:
    cli("store", "pause", "acme")

    result = cli("store", "import", *arguments)

    found: Any = fresh_connection.execute("SELECT count(*) AS jobs FROM stock_imports").fetchone()
    assert (result.code, words in result.err, found["jobs"]) == (code, True, 0)


def test_STK_13_comparison_is_told_by_store_show_and_doctor(
    cli: Cli, stocked: Shop, fresh_connection: postgres.Connection
) -> None:
    fetch_catalogue(1)
    cli("store", "set", "acme", "stock.sync=on")
    add(cli, "CHAIR-1", 1)
    fresh_connection.execute("UPDATE store_stock SET settled = changed")
    fresh_connection.execute("UPDATE stores SET catalogue_whole_at = now() - interval '25 hours'")
    fresh_connection.execute("UPDATE store_levels SET moved_at = moved_at - interval '1 day'")
    fetch_catalogue(1)

    compare_stock(1)

    shown = document(cli("store", "show", "acme", "--json"))["stock_compared"]
    text = cli("store", "show", "acme").out
    assert (shown["differing"], shown["told_again"], shown["not_told"]) == (1, 0, 1)
    assert shown["reason"] == "would_empty_store"
    assert "storesync stock push --store acme --all" in text
    assert "1 were not" in cli("doctor").out


def test_STK_11_store_that_was_parted_from_is_not_counted_when_it_comes_back(cli: Cli, stocked: Shop) -> None:
    add(cli, "CHAIR-1")
    cli("store", "import", "acme", "stock")
    cli("store", "disconnect", "acme")
    connect(cli, stocked, "--allow-insecure")

    import_stock(1)

    assert in_stock(cli, "CHAIR-1") == {"main": "0"}


def test_STG_2_customers_come_in_by_hand(cli: Cli, acme: Shop) -> None:
    place(acme, customer_id=7)

    with_words = cli("store", "import", "acme", "customers")
    assert (with_words.code, "come in now" in with_words.out) == (0, True)
    (number,) = [one["id"] for one in process_jobs()]
    assert do_job(number) == "done"
    assert cli("store", "import", "acme", "customers", "--again").code == 0


def process_jobs() -> list[Any]:
    with process().pool.connection() as connection:
        return connection.execute("SELECT id FROM jobs WHERE kind = 'import_customers' AND ended_at IS NULL").fetchall()
