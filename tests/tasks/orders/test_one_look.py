"""A look asks a hub over something like HTTP once, and tells it only what is to be done (docs/decisions/0018)."""

from collections.abc import Iterator

import pytest

from connectors import hubs
from connectors.postgres.marks import keep_news
from sandbox import open_sandbox
from schemas.hub import HubOrder
from tasks.held import Process
from tasks.orders.fulfill import fulfill_order
from tasks.orders.preview import preview_orders
from tests.connectors.toy_hub import Toy, ToyHub
from tests.tasks.bad_input import Bench, open_bench
from tests.tasks.conftest import import_all, show
from tests.tasks.orders.delivering import line_ids, place, send, sent
from tests.tasks.orders.looking import Shop, order_of, store_of


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Toy:
    """What stands in the hub that every session is handed."""
    toy = Toy()
    monkeypatch.setattr(hubs, "HUBS", {"builtin": lambda connection: ToyHub(toy, connection)})
    return toy


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A Shopify shop without orders."""
    with open_sandbox("shopify", orders=0) as sandbox:
        yield sandbox


@pytest.fixture
def acme(held: Process, shop: Shop, toy: Toy) -> Bench:
    """The shop, connected as `acme`."""
    return open_bench(held, shop, "shopify", name="acme", **{"orders.returns": "on"})


def only(toy: Toy) -> HubOrder:
    """The one order of the hub."""
    (order,) = toy.orders.values()
    return order


def hear(held: Process, toy: Toy, cursor: str) -> str:
    """What moved in the hub since is marked here, as by whoever asks it; the next cursor."""
    with held.pool.connection() as connection:
        news = ToyHub(toy, connection).changes_since(cursor)
        keep_news(connection, news)
    return news.cursor


def test_KAT_1_an_order_comes_in_is_changed_delivered_and_returned(
    held: Process, shop: Shop, acme: Bench, toy: Toy
) -> None:
    order = place(shop, A=3, B=1)
    words = import_all(held, acme.store_id)
    shop.shop.refund(order.id, pieces=line_ids(order, {"B": 1}))
    send(shop, order, A=2)
    shop.shop.take_back(order.id, line_ids(order, {"A": 1}))
    words += import_all(held, acme.store_id)

    found = only(toy)
    assert words == ["imported", "delivered"]
    assert [(row.sku, row.quantity, row.delivered_quantity) for row in found.rows] == [("A", 3, 2)]
    assert [one.source for one in found.fulfillments] == ["store"]
    assert len(found.returns) == 1
    assert order_of(held, acme.store_id, order.id).hub_order_id == found.id


def test_KAT_2_a_look_reads_the_hub_s_order_once_and_tells_it_only_what_is_to_be_done(
    held: Process, shop: Shop, acme: Bench, toy: Toy
) -> None:
    order = place(shop, A=3)
    import_all(held, acme.store_id)
    toy.asked.clear()

    shop.shop.edit_order(order.id, {"note": "please hurry"})
    assert import_all(held, acme.store_id) == ["imported"]
    assert sorted(toy.asked) == ["find", "order"]

    toy.asked.clear()
    send(shop, order, A=1)
    assert import_all(held, acme.store_id) == ["delivered"]
    assert sorted(toy.asked) == ["deliveries", "find", "order"]


def test_FUL_10_what_the_hub_ships_is_told_and_linked(held: Process, shop: Shop, acme: Bench, toy: Toy) -> None:
    order = place(shop, A=2)
    import_all(held, acme.store_id)
    cursor = hear(held, toy, "0")
    toy.ship(only(toy).id, [(row.id, row.quantity) for row in only(toy).rows])
    hear(held, toy, cursor)
    toy.asked.clear()

    assert fulfill_order(acme.store_id, str(order.id)) == "sent"

    assert [(status, pieces) for status, pieces, _ in sent(shop, order)] == [("SUCCESS", {"A": 2})]
    assert sorted(toy.asked) == ["link", "order"]
    assert [one.external_id is not None for one in only(toy).fulfillments] == [True]
    assert fulfill_order(acme.store_id, str(order.id)) == "nothing_due"


def test_BEY_1_a_dry_run_foretells_and_keeps_nothing(held: Process, shop: Shop, acme: Bench, toy: Toy) -> None:
    order = place(shop, A=3)
    row = store_of(held, acme.store_id)
    (new,) = preview_orders(held, row, row.cursor)
    import_all(held, acme.store_id)
    send(shop, order, A=1)
    (sent_since,) = preview_orders(held, row, row.cursor)

    assert (new.outcome, sent_since.outcome) == ("create", "change")
    (parcel,) = sent_since.detail["delivered"]
    assert parcel["rows"] == [{"sku": "A", "quantity": "1"}]
    assert only(toy).fulfillments == ()
    assert show(held, str(order.id))["state"] == "imported"
