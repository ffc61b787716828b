"""A store's products come into the hub once, at its connection, whatever its platform (products.import_on_connect)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import journal, stores
from sandbox import open_sandbox
from schemas.stores import StoreState
from tasks.catalogue import fetch_catalogue
from tasks.held import Process
from tasks.products import import_products
from tasks.stores import change_store, set_state
from tests.stock_shops import PLATFORMS, Shelf, connect_shelf
from tests.tasks.orders.looking import do, let_waits_pass, store_of
from tests.tasks.stock.stocking import add

ON = {"products.import_on_connect": "on"}


@pytest.fixture(params=PLATFORMS)
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    """A shop of each platform in turn, with three items of which one has no SKU."""
    with open_sandbox(request.param, orders=0) as sandbox:
        shelf = Shelf(request.param, sandbox)
        clear(shelf)
        for sku, name in (("CHAIR-1", "Oak chair"), ("TABLE-1", "Oak table"), ("", "Stickers")):
            offer(shelf, sku, name)
        yield shelf


@pytest.fixture
def wanted(held: Process, shelf: Shelf) -> int:
    """The shop, connected with the switch on: its id."""
    return connect_shelf(held, shelf, ON)


def clear(shelf: Shelf) -> None:
    """WooCommerce's stand-in comes with some products."""
    if shelf.platform == "woocommerce":
        catalogue = shelf.shop.catalogue
        for product in [one for one in catalogue.products.values() if not one.parent_id]:
            catalogue.delete(product)


def offer(shelf: Shelf, sku: str, name: str) -> None:
    match shelf.platform:
        case "bigcommerce":
            shelf.shop.add_product({"name": name, "sku": sku, "tracking": "product", "stock": 4})
        case "shopify":
            shelf.shop.stock.add(sku or None, name=name)
        case _:
            shelf.shop.add_product({"name": name, "sku": sku, "stock_quantity": 4}, is_sku_free=True)


def items(held: Process) -> list[tuple[str | None, str]]:
    """SKU and name of every item of the hub."""
    with held.pool.connection() as connection:
        return sorted((one.sku, one.name) for one in BuiltinHub(connection).products() if one.sku)


def told(held: Process, store_id: int) -> list[dict[str, Any]]:
    """What the journal says of it."""
    with held.pool.connection() as connection:
        lines = journal.lines(connection, journal.Which(store_id))
    return [line.detail for line in lines if line.action == "import_products"]


def due(held: Process) -> list[int]:
    with held.pool.connection() as connection:
        return stores.due_products(connection)


def test_a_stores_products_are_items_of_the_hub_under_their_names(held: Process, wanted: int) -> None:
    assert due(held) == []  # its catalogue is not known yet
    fetch_catalogue(wanted)
    assert due(held) == [wanted]

    assert import_products(wanted) == "2 made, 0 known"

    assert items(held) == [("CHAIR-1", "Oak chair"), ("TABLE-1", "Oak table")]
    assert told(held, wanted) == [{"made": 2, "known": 0, "without_sku": 1}]
    assert do(held, "SELECT FROM hub.stock") == 0
    assert do(held, "SELECT FROM store_stock") == 0


def test_MUL_2_items_that_the_hub_has_stay_as_they_are(held: Process, wanted: int) -> None:
    add(held, "CHAIR-1", 3)
    before = items(held)
    fetch_catalogue(wanted)

    assert import_products(wanted) == "1 made, 1 known"

    assert items(held) == [*before, ("TABLE-1", "Oak table")]


def test_products_come_once(held: Process, shelf: Shelf, wanted: int) -> None:
    fetch_catalogue(wanted)
    import_products(wanted)
    offer(shelf, "LAMP-1", "Lamp")
    do(held, "UPDATE stores SET catalogue_whole_at = NULL")
    fetch_catalogue(wanted)

    assert due(held) == []
    assert import_products(wanted) == "nothing_due"
    assert len(items(held)) == 2
    assert len(told(held, wanted)) == 1


def test_a_switch_that_is_set_later_brings_nothing(held: Process, shelf: Shelf) -> None:
    store_id = connect_shelf(held, shelf, {})
    change_store(held, store_of(held, store_id), ON, {})
    fetch_catalogue(store_id)

    assert due(held) == []
    assert import_products(store_id) == "nothing_due"
    assert items(held) == []


def test_a_shop_that_is_connected_again_brings_what_is_new(held: Process, shelf: Shelf, wanted: int) -> None:
    fetch_catalogue(wanted)
    import_products(wanted)
    set_state(held, store_of(held, wanted), StoreState.DISCONNECTED)
    offer(shelf, "LAMP-1", "Lamp")

    assert connect_shelf(held, shelf, ON) == wanted
    fetch_catalogue(wanted)

    assert import_products(wanted) == "1 made, 2 known"


def test_ch_11_a_shop_that_is_away_is_asked_until_its_products_are_there(
    held: Process, shelf: Shelf, wanted: int
) -> None:
    shelf.sandbox.faults.set_rates({"http_503": 1})
    assert fetch_catalogue(wanted) == "put_off"
    assert due(held) == []
    shelf.sandbox.faults.set_rates({})
    let_waits_pass(held, wanted)

    assert fetch_catalogue(wanted) == "walked"
    assert import_products(wanted) == "2 made, 0 known"


def test_a_crash_halfway_is_made_good(held: Process, wanted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.products.PIECE", 1)
    do(held, "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$")
    when = "WHEN (NEW.sku = 'TABLE-1')"
    do(held, f"CREATE TRIGGER stop BEFORE INSERT ON hub.variants FOR EACH ROW {when} EXECUTE FUNCTION stop()")
    fetch_catalogue(wanted)
    with pytest.raises(Exception, match="no"):
        import_products(wanted)
    assert (len(items(held)), due(held), told(held, wanted)) == (1, [], [])
    let_waits_pass(held, wanted)
    assert due(held) == [wanted]
    do(held, "DROP TRIGGER stop ON hub.variants")

    assert import_products(wanted) == "1 made, 1 known"

    assert len(items(held)) == 2
    assert due(held) == []


def test_a_store_that_is_paused_waits(held: Process, wanted: int) -> None:
    fetch_catalogue(wanted)
    set_state(held, store_of(held, wanted), StoreState.PAUSED)

    assert due(held) == []
    assert import_products(wanted) == "store_paused"


def test_MUL_2_two_stores_at_once_make_an_item_once(held: Process) -> None:
    with open_sandbox("woocommerce", orders=0) as one, open_sandbox("shopify", orders=0) as other:
        shelves = [Shelf("woocommerce", one), Shelf("shopify", other)]
        for number, shelf in enumerate(shelves):
            clear(shelf)
            for sku in (f"S-{number:02}" for number in range(40)):
                offer(shelf, sku, f"{sku} of {number}")
        ids = [connect_shelf(held, shelf, ON) for shelf in shelves]
        for store_id in ids:
            fetch_catalogue(store_id)

        with ThreadPoolExecutor() as workers:
            words = list(workers.map(import_products, ids))

    made = sum(int(word.split()[0]) for word in words)
    assert (made, len(items(held))) == (40, 40)
