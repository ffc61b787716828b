"""The first count from a store: what it shows and what its open orders wait for, on every platform, and only once."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import stock_imports
from sandbox import open_sandbox
from sandbox.woocommerce.generator import random_order
from schemas.stores import StoreState
from tasks.held import Process
from tasks.stock import importing as stock_import
from tasks.stock.importing import import_stock, want_stock
from tasks.stock.push import push_stock
from tasks.stores import set_state
from tests.stock_shops import PLATFORMS, PRIMARY, Shelf, connect_shelf
from tests.tasks.conftest import import_all, import_due
from tests.tasks.orders.looking import do, store_of
from tests.tasks.stock.stocking import add, adjust, let_stock_wait_pass


@pytest.fixture(params=PLATFORMS)
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    """A shop of each platform in turn that shows 8 chairs and no table."""
    with open_sandbox(request.param, orders=0) as sandbox:
        yield stocked(Shelf(request.param, sandbox))


@pytest.fixture
def woo() -> Iterator[Shelf]:
    with open_sandbox("woocommerce", orders=0) as sandbox:
        yield stocked(Shelf("woocommerce", sandbox))


def stocked(shelf: Shelf) -> Shelf:
    shelf.offer("CHAIR", 8)
    shelf.offer("TABLE", 0)
    return shelf


def sell(shelf: Shelf, sku: str, pieces: int) -> str:
    """A buyer orders pieces that the shop takes off its own figure."""
    match shelf.platform:
        case "bigcommerce":
            product = next(one for one in shelf.shop.catalogue.products.values() if one.sku == sku)
            line = {"product_id": product.id, "sku": sku, "price": "10.00", "quantity": pieces}
            order = shelf.shop.place_order({"products": [line]})
        case "shopify":
            line = {"name": sku, "sku": sku, "price": "10.00", "quantity": pieces}
            order = shelf.shop.place_order({"lines": [line]})
        case _:
            product = next(one for one in shelf.shop.catalogue.products.values() if one.sku == sku)
            lines = [{"product_id": product.id, "quantity": pieces}]
            order = random_order(shelf.shop, {"status": "processing", "line_items": lines})
    return str(order.id)


def have(held: Process, *skus: str) -> None:
    """Products of the hub that nobody counted."""
    for sku in skus:
        add(held, sku)


def count(held: Process, store_id: int, *, is_again: bool = False, is_trial: bool = False) -> dict[str, Any]:
    """Count a store's stock as workers would; what came of it."""
    want_stock(held, store_of(held, store_id), is_again=is_again, is_trial=is_trial)
    return go_on(held, store_id)


def go_on(held: Process, store_id: int) -> dict[str, Any]:
    """Go on with a count until it is over, orders being looked at in between."""
    for _ in range(20):
        import_stock(store_id)
        job = look(held, store_id)
        if job.is_over:
            return {"step": job.step, "reason": job.reason, **(job.report or {})}
        import_due(held, store_id)
        do(held, "UPDATE stock_imports SET due_at = NULL")
    raise AssertionError("it never ends")


def look(held: Process, store_id: int) -> stock_imports.StockImport:
    with held.pool.connection() as connection:
        job = stock_imports.look(connection, store_id)
    assert job is not None
    return job


def level(held: Process, sku: str, location: str = "main") -> tuple[int, bool]:
    """In stock, and whether it was counted."""
    with held.pool.connection() as connection:
        (found,) = [one for one in BuiltinHub(connection).levels([sku]) if one.location == location]
    return int(found.in_stock), found.is_counted


def left_out(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["sku"], one["reason"]) for one in report["left_out"] if one["sku"] in {"CHAIR", "TABLE", "NEW"}]


def test_STK_11_count_is_what_the_shop_shows_and_what_its_open_orders_wait_for(held: Process, shelf: Shelf) -> None:
    store = connect_shelf(held, shelf, {})
    have(held, "CHAIR", "TABLE")
    sell(shelf, "CHAIR", 3)
    import_all(held, store)
    (shown,) = shelf.shown("CHAIR")

    report = count(held, store)

    assert shown == 5
    assert level(held, "CHAIR") == (8, True)
    assert level(held, "TABLE") == (0, True)  # none are there, and that was counted
    assert (report["step"], report["figures"], report["pieces"]) == ("done", 2, "8")
    assert report["count"] == "1"


def test_STK_11_after_its_orders_are_delivered_the_hub_has_what_the_shop_shows(held: Process, shelf: Shelf) -> None:
    store = connect_shelf(held, shelf, {"stock.sync": "on", "stock.quantity": "in_stock_minus_committed"})
    have(held, "CHAIR", "TABLE")
    sell(shelf, "CHAIR", 3)
    import_all(held, store)

    count(held, store)
    let_stock_wait_pass(held, store)
    push_stock(store)
    do(held, "UPDATE hub.sales_order_rows SET delivered_quantity = quantity")
    let_stock_wait_pass(held, store)
    push_stock(store)

    assert level(held, "CHAIR") == (5, True)
    assert shelf.shown("CHAIR") == [5]


def test_STK_11_orders_that_are_not_in_the_hub_yet_come_first(held: Process, shelf: Shelf) -> None:
    store = connect_shelf(held, shelf, {})
    have(held, "CHAIR", "TABLE")
    sell(shelf, "CHAIR", 3)

    count(held, store)

    assert level(held, "CHAIR") == (8, True)


def test_STK_11_figures_that_an_order_moved_after_they_were_read_are_read_again(held: Process, woo: Shelf) -> None:
    store = connect_shelf(held, woo, {})
    have(held, "CHAIR", "TABLE")
    import_all(held, store)
    want_stock(held, store_of(held, store), is_again=False, is_trial=False)
    row = store_of(held, store)
    stock_import._begin(held, row, look(held, store))
    stock_import._read(held, row, look(held, store))  # 8 are shown
    sell(woo, "CHAIR", 3)  # and 5 behind that

    report = go_on(held, store)

    assert report["step"] == "done"
    assert level(held, "CHAIR") == (8, True)


def test_STK_11_orders_that_do_not_come_in_are_left_out_in_the_end(held: Process, woo: Shelf) -> None:
    store = connect_shelf(held, woo, {})
    have(held, "CHAIR", "TABLE")
    import_all(held, store)
    want_stock(held, store_of(held, store), is_again=False, is_trial=False)
    row = store_of(held, store)
    stock_import._begin(held, row, look(held, store))
    stock_import._read(held, row, look(held, store))
    sell(woo, "CHAIR", 3)
    assert import_stock(store) == "waits_for_orders"
    do(held, "UPDATE stock_imports SET step_at = step_at - interval '11 minutes'")

    import_stock(store)

    job = look(held, store)
    assert job.report
    assert left_out(job.report) == [("CHAIR", "orders_unread")]
    assert (level(held, "CHAIR")[1], level(held, "TABLE")[1]) == (False, True)


def test_STK_11_nothing_is_counted_twice_unless_asked(held: Process, shelf: Shelf) -> None:
    store = connect_shelf(held, shelf, {})
    have(held, "CHAIR", "TABLE")
    count(held, store)
    shelf.count("CHAIR", 20)

    second = count(held, store)
    before = level(held, "CHAIR")
    third = count(held, store, is_again=True)

    assert (second["count"], left_out(second)) == (None, [("CHAIR", "counted_before"), ("TABLE", "counted_before")])
    assert before == (8, True)
    assert (third["figures"], level(held, "CHAIR")) == (2, (20, True))


def test_STK_11_trial_says_what_would_be_counted_and_counts_nothing(held: Process, shelf: Shelf) -> None:
    store = connect_shelf(held, shelf, {})
    have(held, "CHAIR")

    report = count(held, store, is_trial=True)

    assert (report["count"], report["figures"]) == (None, 1)
    assert level(held, "CHAIR") == (0, False)


def test_STK_11_what_cannot_be_counted_is_named(held: Process, shelf: Shelf) -> None:
    shelf.offer("NEW", 4)
    store = connect_shelf(held, shelf, {})
    have(held, "CHAIR")
    with held.pool.connection() as connection:
        connection.execute("UPDATE hub.products SET batch_tracked = true")
    shelf.stop_counting("TABLE")

    report = count(held, store)

    assert left_out(report) == [("CHAIR", "batch_not_named"), ("NEW", "no_hub_item"), ("TABLE", "tracking_off")]
    assert report["count"] is None


@pytest.mark.parametrize(("figures", "expected"), [((8, 8), (8, True)), ((8, 5), (0, False))])
def test_STK_11_items_with_one_SKU_are_the_same_pieces(
    held: Process, shelf: Shelf, figures: tuple[int, int], expected: tuple[int, bool]
) -> None:
    shelf.offer("TWICE", figures[0])
    shelf.offer("TWICE", figures[1])
    store = connect_shelf(held, shelf, {})
    have(held, "TWICE")

    report = count(held, store)

    assert level(held, "TWICE") == expected
    assert ("figures_differ" in report["reasons"]) == (figures[0] != figures[1])


def test_STK_11_shop_that_owes_pieces_has_what_its_orders_wait_for_less_those(held: Process, woo: Shelf) -> None:
    store = connect_shelf(held, woo, {})
    have(held, "CHAIR", "TABLE")
    sell(woo, "CHAIR", 11)  # of 8
    woo.count("TABLE", -2)

    count(held, store)

    assert woo.shown("CHAIR") == [-3]
    assert level(held, "CHAIR") == (8, True)
    assert level(held, "TABLE") == (0, True)


def test_STK_11_each_mapped_location_is_counted(held: Process) -> None:
    with open_sandbox("shopify", orders=0) as sandbox:
        shelf = Shelf("shopify", sandbox)
        shelf.shop.stock.add("CHAIR", levels={PRIMARY: 8, "102": 3})
        shelf.shop.stock.add("TABLE", levels={PRIMARY: 2})
        do(held, "INSERT INTO hub.locations (code, name) VALUES ('annex', 'Annex')")
        store = connect_shelf(held, shelf, {"location_map": {PRIMARY: "main", "102": "annex"}})
        have(held, "CHAIR", "TABLE")
        shelf.shop.place_order({"lines": [{"name": "x", "sku": "CHAIR", "price": "1.00", "location": "102"}]})

        report = count(held, store)

        assert (level(held, "CHAIR"), level(held, "CHAIR", "annex")) == ((8, True), (3, True))
        assert (level(held, "TABLE"), level(held, "TABLE", "annex")) == ((2, True), (0, False))
        assert left_out(report) == [("TABLE", "figure_unknown")]


def test_STK_11_figures_of_several_stores_stand_side_by_side_and_are_never_added(held: Process) -> None:
    with ExitStack() as opened:
        stores = {}
        for platform, pieces in (("woocommerce", 8), ("bigcommerce", 5)):
            shelf = Shelf(platform, opened.enter_context(open_sandbox(platform, orders=0)))
            shelf.offer("CHAIR", pieces)
            stores[platform] = connect_shelf(held, shelf, {})
        have(held, "CHAIR")

        other = count(held, stores["bigcommerce"], is_trial=True)
        first = count(held, stores["woocommerce"])
        second = count(held, stores["bigcommerce"])
        third = count(held, stores["bigcommerce"], is_again=True)

    assert other["figures"] == 1
    beside = [{"sku": "CHAIR", "location": "main", "figures": {"woocommerce": 8, "bigcommerce": 5}}]
    assert first["side_by_side"] == beside
    assert (second["count"], left_out(second)) == (None, [("CHAIR", "counted_before")])
    assert third["side_by_side"][0]["figures"] == {"bigcommerce": 5, "woocommerce": 8}
    assert level(held, "CHAIR") == (5, True)


@pytest.mark.parametrize("step", ["orders", "reading", "checking", "count"])
def test_STK_11_count_that_was_killed_is_done_again_and_counts_once(
    held: Process, shelf: Shelf, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = connect_shelf(held, shelf, {})
    have(held, "CHAIR", "TABLE")
    names = {"orders": "_begin", "reading": "_read", "checking": "_check", "count": "_finish"}
    work = getattr(stock_import, names[step])

    def die(*arguments: Any, **more: Any) -> None:
        work(*arguments, **more)
        raise KeyboardInterrupt

    monkeypatch.setattr(stock_import, names[step], die)
    with pytest.raises(KeyboardInterrupt):
        count(held, store)
    monkeypatch.setattr(stock_import, names[step], work)

    report = go_on(held, store)

    assert report["step"] == "done"
    assert level(held, "CHAIR") == (8, True)


def test_STK_11_shop_that_is_away_is_read_later(held: Process, shelf: Shelf) -> None:
    store = connect_shelf(held, shelf, {})
    have(held, "CHAIR", "TABLE")
    import_all(held, store)
    want_stock(held, store_of(held, store), is_again=False, is_trial=False)
    stock_import._begin(held, store_of(held, store), look(held, store))
    shelf.sandbox.faults.fail_next(1, "http_500")

    word = import_stock(store)
    job = look(held, store)

    assert (word, job.reason, job.step) == ("put_off", "store_unavailable", "reading")
    assert go_on(held, store)["step"] == "done"
    assert level(held, "CHAIR") == (8, True)


def test_STK_11_paused_store_is_not_asked(held: Process, woo: Shelf) -> None:
    store = connect_shelf(held, woo, {})
    want_stock(held, store_of(held, store), is_again=False, is_trial=False)
    set_state(held, store_of(held, store), StoreState.PAUSED)

    assert import_stock(store) == "store_paused"


@pytest.mark.parametrize(("shown", "expected"), [(None, 12), (20, 26)])
def test_STK_11_figure_that_the_hub_told_is_counted_with_what_the_hub_took_off(
    held: Process, woo: Shelf, shown: int | None, expected: int
) -> None:
    store = connect_shelf(held, woo, {"stock.sync": "on", "stock.buffer": "2"})
    have(held, "CHAIR", "TABLE")
    adjust(held, "CHAIR", 12)
    sell(woo, "CHAIR", 4)
    import_all(held, store)
    let_stock_wait_pass(held, store)
    push_stock(store)
    assert woo.shown("CHAIR") == [6]  # 12, less 4 that are promised, less 2 that are kept back
    if shown is not None:
        woo.count("CHAIR", shown)

    count(held, store, is_again=True)

    assert level(held, "CHAIR") == (expected, True)
