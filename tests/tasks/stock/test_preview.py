"""What a stock push would tell a store, before anything is written (BEY-1)."""

import pytest

from connectors.postgres import stock
from schemas.reasons import Reason
from tasks.held import Process
from tasks.stock.preview import StockPreview, preview_all, preview_skus
from tasks.stock.push import push_stock
from tasks.trouble import UnknownStore
from tests.tasks.conftest import connect
from tests.tasks.orders.looking import Shop, do
from tests.tasks.stock.stocking import add, let_stock_wait_pass


@pytest.fixture
def acme(held: Process, shop: Shop) -> int:
    """The shop, connected with stock sync on: its id."""
    return connect(held, shop, "acme", **{"stock.sync": "on"})


def offer(shop: Shop, sku: str, pieces: int = 0) -> str:
    """A product of the shop whose pieces are counted: its external id."""
    given = {"name": sku, "sku": sku, "manage_stock": True, "stock_quantity": pieces}
    return f"product/{shop.shop.add_product(given, is_sku_free=True).id}"


def brief(found: StockPreview) -> tuple[str, str, int | None, int | None, str | None]:
    return found.sku, found.outcome, found.shows, found.quantity, found.reason


def test_BEY_1_preview_shows_each_item_with_what_it_shows_now(held: Process, shop: Shop, acme: int) -> None:
    first, second = offer(shop, "A-1", 2), offer(shop, "A-1", 9)
    add(held, "A-1", 9)

    found = list(preview_skus(held, acme, ["A-1"]))

    assert found == [
        StockPreview("A-1", "tell", first, "", 2, 9),
        StockPreview("A-1", "same", second, "", 9, 9),
    ]


def test_BEY_1_preview_says_why_an_item_would_not_be_told(held: Process, shop: Shop, acme: int) -> None:
    shop.shop.add_product({"name": "U-1", "sku": "U-1", "manage_stock": False})
    for sku in ("U-1", "GONE"):
        add(held, sku, 3)

    found = list(preview_skus(held, acme, ["U-1", "GONE", "NOPE"]))

    assert [(one.sku, one.outcome, one.reason) for one in found] == [
        ("U-1", "skip", Reason.TRACKING_OFF),
        ("GONE", "skip", Reason.NO_STORE_ITEM),
        ("NOPE", "skip", Reason.NO_HUB_ITEM),
    ]


def test_BEY_1_preview_says_that_the_hub_lost_the_location(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1", 2)
    add(held, "A-1", 7)
    do(held, "UPDATE hub.locations SET code = 'berlin'")

    found = list(preview_skus(held, acme, ["A-1"]))

    assert found == [StockPreview("A-1", "skip", reason=Reason.LOCATION_UNKNOWN, detail={"locations": ["main"]})]


def test_BEY_1_preview_of_all_leaves_out_what_the_hub_does_not_have(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1", 2)
    offer(shop, "THEIRS", 4)
    add(held, "A-1", 9)
    add(held, "OURS", 9)

    found = [brief(one) for one in preview_all(held, acme)]

    assert found == [("A-1", "tell", 2, 9, None), ("OURS", "skip", None, None, Reason.NO_STORE_ITEM)]


def test_BEY_1_preview_is_what_a_push_then_does(held: Process, shop: Shop, acme: int) -> None:
    skus = [f"S-{number}" for number in range(5)]
    for number, sku in enumerate(skus):
        offer(shop, sku, number % 2)
        add(held, sku, number % 3)
    expected = {one.external_id: one.quantity for one in preview_all(held, acme) if one.outcome == "tell"}

    with held.pool.connection() as connection:
        stock.ask(connection, acme, skus, wants_look=True)
    let_stock_wait_pass(held, acme)
    push_stock(acme)

    assert dict(shop.shop.told_stock()) == expected


def test_BEY_1_preview_follows_the_stores_own_settings(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1", 2)
    add(held, "A-1", 9)
    do(held, """UPDATE stores SET settings = settings || '{"stock.buffer": 4}'""")

    assert [brief(one) for one in preview_skus(held, acme, ["A-1"])] == [("A-1", "tell", 2, 5, None)]


def test_BEY_1_preview_writes_and_tells_nothing(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1", 2)
    add(held, "A-1", 9)
    tables = "(SELECT count(*) FROM store_items) + (SELECT count(*) FROM store_levels) + (SELECT count(*) FROM journal)"
    with held.pool.connection() as connection:
        before = connection.execute(f"SELECT {tables} AS rows, (SELECT sum(changed) FROM store_stock)").fetchone()
        list(preview_all(held, acme))
        list(preview_skus(held, acme, ["A-1"]))
        after = connection.execute(f"SELECT {tables} AS rows, (SELECT sum(changed) FROM store_stock)").fetchone()

    assert after == before
    assert shop.shop.told_stock() == []


def test_preview_of_an_unknown_store_is_refused(held: Process) -> None:
    with pytest.raises(UnknownStore):
        list(preview_all(held, 404))
