"""The pages of stores say what `store show` says, and ask one now (CON-1)."""

from connectors.postgres import journal, stores
from schemas.stores import StoreState
from tasks.held import Process
from tasks.stores import set_state
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import Shop, rung, store_of
from tests.workers.cli.shops import place, place_raw
from tests.workers.web.console.browsing import Person


def test_CON_1_a_store_tells_its_orders_by_state_and_reason(
    held: Process, shop: Shop, acme: int, viewer: Person
) -> None:
    place(shop, line_items=[{"sku": "HOOK-FRG", "quantity": 1}])
    place(shop, status="pending")
    place_raw(shop, total="n/a")
    import_all(held, acme)

    page = viewer.text("/stores/acme")

    assert "acme In step · woocommerce · asked" in page
    assert "Failed The store sent an order that cannot be read" in page
    assert "Skipped Orders in this status are not imported." in page or "Skipped The order is not paid yet." in page
    assert "Its orders were not compared yet." in page
    assert "Ask the store now" not in page
    assert "acme In step" in viewer.text("/stores")
    assert viewer.get("/stores/none").status_code == 404


def test_CON_1_a_store_is_asked_now_and_it_is_journaled_who_wanted_it(
    held: Process, acme: int, operator: Person
) -> None:
    with held.pool.connection() as connection:
        connection.execute("UPDATE stores SET fetch_due_at = now() + interval '1 hour'")
    rung(held.redis, "fetch")

    answer = operator.post("/stores/acme/sync", page="/stores/acme")

    assert answer.headers["Location"] == "/stores/acme#said"
    assert "acme is asked now what changed." in operator.text("/stores/acme")
    assert rung(held.redis, "fetch") == [[acme]]
    assert store_of(held, acme).fetch_due_at is None
    with held.pool.connection() as connection:
        line = journal.lines(connection, journal.Which(acme))[-1]
    assert (line.action, line.outcome, line.who) == ("fetch", "pending", "operator")


def test_CON_1_a_store_that_is_left_alone_is_asked_nothing(held: Process, acme: int, operator: Person) -> None:
    token = operator.token("/stores/acme")
    set_state(held, store_of(held, acme), StoreState.PAUSED)
    rung(held.redis, "fetch")

    assert "Ask the store now" not in operator.text("/stores/acme")
    operator.post("/stores/acme/sync", csrf_token=token)

    assert "acme is paused: nothing is asked of it." in operator.text("/stores/acme")
    assert rung(held.redis, "fetch") == []


def test_CON_1_a_stopped_store_says_why_and_what_to_do(held: Process, acme: int, viewer: Person) -> None:
    with held.pool.connection() as connection:
        stores.stop_store(connection, acme, reason="credentials_refused", detail="no such key")

    page = viewer.text("/stores/acme")

    assert "The store refused the credentials." in page
    assert "no such key" in page
    assert "storesync store set acme --credential" in page
    assert "/stores/acme/check" not in viewer.get("/stores/acme").text


def test_CON_1_a_disconnected_store_can_be_looked_at(held: Process, acme: int, operator: Person) -> None:
    set_state(held, store_of(held, acme), StoreState.DISCONNECTED)

    assert "Disconnected" in operator.text("/stores/acme")
    assert "acme" in operator.text("/stores")
    assert "Connect your first store" in operator.text("/")
