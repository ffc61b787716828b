"""What a person should know of an order is told at its import or when it comes up, and once (MAP-3, CHG-7)."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import RunningSandbox, open_sandbox
from tasks.held import Process
from tasks.stores import NewStore, change_store, connect_store
from tests.tasks.conftest import import_all, show
from tests.tasks.orders.looking import do, store_of

Shop = RunningSandbox[Any]
CHAIR = {"sku": "CHAIR", "name": "Chair", "price": "30.00", "quantity": 2, "product_id": 200}


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """A shop of the platform that the test names, without orders."""
    with open_sandbox(request.param, orders=0) as sandbox:
        yield sandbox


def connect(held: Process, shop: Shop, platform: str, **settings: Any) -> int:
    connect_store(held, NewStore(platform, "acme", shop.url, shop.credentials, settings, allow_insecure=True))
    with held.pool.connection() as connection:
        (row,) = connection.execute("SELECT id FROM stores").fetchall()
    return int(row["id"])


def noted(held: Process, order_id: int) -> list[tuple[str, str, Any]]:
    lines = show(held, str(order_id))["journal"]
    return [(line["action"], line["reason"], line["detail"]) for line in lines if line["outcome"] == "noted"]


@pytest.mark.parametrize("shop", ["bigcommerce"], indirect=True)
def test_MAP_3_a_custom_item_that_is_left_out_is_named_once(held: Process, shop: Shop) -> None:
    acme = connect(held, shop, "bigcommerce")
    order = shop.shop.place_order({"products": [CHAIR, {"name": "Engraving", "price": "15.00"}]})
    words = import_all(held, acme)
    order.products[0]["quantity"] = 3
    shop.shop.edit_order(order.id, {})
    words += import_all(held, acme)

    assert words == ["imported", "changed"]
    assert [line[:2] for line in noted(held, order.id)] == [("import", "custom_items_left_out")]


@pytest.mark.parametrize("shop", ["bigcommerce"], indirect=True)
def test_MAP_3_a_custom_item_that_a_change_brings_is_named(held: Process, shop: Shop) -> None:
    acme = connect(held, shop, "bigcommerce")
    given = {"products": [CHAIR, {"name": "Engraving", "price": "15.00"}]}
    order, other = shop.shop.place_order({"products": [CHAIR]}), shop.shop.place_order(given)
    import_all(held, acme)
    place = {name: value for name, value in order.products[0].items() if name in {"order_id", "order_address_id"}}
    order.products.append(other.products[1] | place)
    for words in ("please hurry", "please hurry!"):
        shop.shop.edit_order(order.id, {"staff_notes": words})
        import_all(held, acme)

    notes = [line for line in noted(held, order.id) if line[1] == "custom_items_left_out"]

    assert notes == [("change", "custom_items_left_out", {"names": ["Engraving"]})]


@pytest.mark.parametrize("shop", ["shopify"], indirect=True)
def test_CHG_7_a_location_that_is_not_mapped_is_told_at_the_import_and_once(held: Process, shop: Shop) -> None:
    acme = connect(held, shop, "shopify", location_map={"101": "main"})
    order = shop.shop.place_order({"lines": [CHAIR | {"location": "102"}]})
    words = import_all(held, acme)
    shop.shop.edit_order(order.id, {"note": "please hurry"})
    words += import_all(held, acme)

    assert words == ["imported", "imported"]
    assert noted(held, order.id) == [("import", "location_not_mapped", {"locations": ["102"]})]


@pytest.mark.parametrize("shop", ["shopify"], indirect=True)
def test_CHG_7_a_location_that_is_mapped_later_moves_the_row_at_the_next_change(held: Process, shop: Shop) -> None:
    do(held, "INSERT INTO hub.locations (code, name) VALUES ('annex', 'Annex')")
    acme = connect(held, shop, "shopify", location_map={"101": "main"})
    order = shop.shop.place_order({"lines": [CHAIR | {"location": "102"}]})
    import_all(held, acme)

    change_store(held, store_of(held, acme), {"location_map": {"101": "main", "102": "annex"}}, {})
    shop.shop.edit_order(order.id, {"note": "please hurry"})

    assert import_all(held, acme) == ["changed"]
    shown = show(held, str(order.id))
    assert [row["location"] for row in shown["order"]["rows"]] == ["annex"]
    assert shown["reason"] is None
