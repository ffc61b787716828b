"""What a store sells comes into our tables, and what we wrote there ourselves comes back without a push (STK-3…6)."""

from collections.abc import Iterator

import pytest

from connectors.postgres import catalogue
from sandbox import open_sandbox
from tasks.catalogue import fetch_catalogue, walk_whole
from tasks.held import Process
from tasks.stock.push import push_stock
from tests.stock_shops import PLATFORMS, Shelf, connect_shelf
from tests.tasks.orders.looking import do, store_of
from tests.tasks.stock.stocking import add, adjust, let_stock_wait_pass, stock_row

MANY = 260  # items: more than any platform has on a page


@pytest.fixture(params=PLATFORMS)
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    """An empty shop of each platform in turn."""
    with open_sandbox(request.param, orders=0) as sandbox:
        yield Shelf(request.param, sandbox)


@pytest.fixture
def store(held: Process, shelf: Shelf) -> int:
    """The shop, connected with stock sync on: its id."""
    return connect_shelf(held, shelf, {"stock.sync": "on"})


def known(held: Process, store: int, *skus: str) -> dict[str, list[int | None]]:
    """What we know that each item of some SKUs shows."""
    found: dict[str, list[int | None]] = {sku: [] for sku in skus}
    with held.pool.connection() as connection:
        for item in catalogue.items(connection, store, skus):
            found[item.sku].append(next(iter(item.shown.values()), None))
    return found


def make_look_old(held: Process) -> None:
    """The last walk through everything is more than a day ago."""
    do(held, "UPDATE stores SET catalogue_whole_at = now() - interval '25 hours'")


def test_STK_3_whole_catalogue_is_known_after_a_walk(held: Process, shelf: Shelf, store: int) -> None:
    skus = [f"S-{number:03}" for number in range(MANY)]
    for sku in skus:
        shelf.offer(sku, 3)

    assert fetch_catalogue(store) == "walked"

    assert known(held, store, *skus) == {sku: [3] for sku in skus}


def test_STK_3_what_is_new_is_known_after_a_look_at_changes(held: Process, shelf: Shelf, store: int) -> None:
    shelf.offer("OLD", 3)
    fetch_catalogue(store)
    shelf.offer("NEW", 4)

    assert fetch_catalogue(store) == "followed"

    assert known(held, store, "OLD", "NEW") == {"OLD": [3], "NEW": [4]}


def test_STK_3_what_is_deleted_is_forgotten_with_the_next_whole_walk(held: Process, shelf: Shelf, store: int) -> None:
    for sku in ("A-1", "A-2"):
        shelf.offer(sku, 3)
        add(held, sku, 5)
    push_stock(store)
    shelf.delete("A-1")
    make_look_old(held)

    assert fetch_catalogue(store) == "walked"

    assert known(held, store, "A-1", "A-2") == {"A-1": [], "A-2": [5]}
    let_stock_wait_pass(held, store)
    push_stock(store)
    assert stock_row(held, store, "A-1")["reason"] == "no_store_item"


def test_STK_3_catalogue_that_changes_under_way_loses_no_item(held: Process, shelf: Shelf, store: int) -> None:
    skus = [f"S-{number:03}" for number in range(MANY)]
    for sku in skus:
        shelf.offer(sku, 3)
    pages: list[int] = []

    def change_once(size: int) -> None:
        if not pages:
            shelf.delete(skus[0])
            shelf.delete(skus[-1])
            shelf.offer("NEW", 4)
        pages.append(size)

    assert walk_whole(held, store_of(held, store), change_once)

    assert len(pages) > 1
    assert known(held, store, *skus[1:-1]) == {sku: [3] for sku in skus[1:-1]}
    assert known(held, store, skus[-1]) == {skus[-1]: []}


def test_STK_6_what_we_wrote_comes_back_and_causes_no_push(held: Process, shelf: Shelf, store: int) -> None:
    skus = [f"S-{number}" for number in range(5)]
    for sku in skus:
        shelf.offer(sku, 3)
        add(held, sku, 5)
    push_stock(store)
    let_stock_wait_pass(held, store)

    for _ in range(3):
        fetch_catalogue(store)
        assert push_stock(store) == "nothing_due"

    assert shelf.calls() == 1


def test_STK_5_catalogue_that_was_asked_before_a_push_does_not_undo_it(held: Process, shelf: Shelf, store: int) -> None:
    shelf.offer("A-1", 3)
    add(held, "A-1", 5)
    fetch_catalogue(store)
    old = [item for page in held.connector(store_of(held, store)).catalogue(None) for item in page.items]
    with held.pool.connection() as connection:
        row = connection.execute("SELECT clock_timestamp() AS now").fetchone()
        assert row is not None
        push_stock(store)
        catalogue.keep_items(connection, store, old, asked_at=row["now"])
    adjust(held, "A-1", -2)  # what the old page says is shown
    let_stock_wait_pass(held, store)

    push_stock(store)

    assert shelf.shown("A-1") == [3]


def test_STK_5_crash_between_call_and_mark_is_told_again(held: Process, shelf: Shelf, store: int) -> None:
    shelf.offer("A-1", 3)
    add(held, "A-1", 5)
    _break_journal(held)
    push_stock(store)
    assert stock_row(held, store, "A-1")["settled"] == 0
    do(held, "DROP TRIGGER broken ON journal")

    adjust(held, "A-1", -2)  # back to what it showed before we told it
    let_stock_wait_pass(held, store)
    push_stock(store)

    assert shelf.shown("A-1") == [3]
    assert shelf.calls() == 2


def _break_journal(held: Process) -> None:
    """The database goes away whenever a push is to be written down."""
    do(
        held,
        """CREATE FUNCTION breaks() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE 'gone' USING ERRCODE = '57P01'; END $$""",
    )
    do(held, "CREATE TRIGGER broken BEFORE INSERT ON journal FOR EACH ROW EXECUTE FUNCTION breaks()")
