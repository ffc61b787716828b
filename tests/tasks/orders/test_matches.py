"""What is found for orders of a store before anything is decided: the hub's rows, our links to them, rates."""

from decimal import Decimal

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import Connection
from connectors.postgres.links import keep_links
from schemas.actions import CreateOrder
from schemas.groups import Group
from schemas.hub import DraftOrder, HubMatches, HubOrder, NewItem
from schemas.orders import Buyer, Kind, StoreOrder
from tasks.orders.matches import find_matches
from tests.connectors.builtin_hub.makers import chair, imported, read, run
from tests.connectors.postgres.makers import add_store
from tests.makers import store_charge, store_line, store_order


@pytest.fixture
def acme(connection: Connection) -> int:
    """A store: its id."""
    return add_store(connection, "acme")


def bring_in(connection: Connection, store_id: int, order: DraftOrder) -> HubOrder:
    """The order, created and linked as an import does it."""
    hub, creation = BuiltinHub(connection), CreateOrder(order)
    answers = hub.apply([Group("creation", (creation,))])
    keep_links(connection, store_id, answers.links)
    return read(hub, answers.made(creation))


def matches(connection: Connection, store_id: int, *orders: StoreOrder, base: str = "EUR") -> list[HubMatches]:
    """What is found for each order."""
    return find_matches(BuiltinHub(connection), connection, store_id=store_id, orders=orders, base=base)


def test_MAP_1_a_product_without_sku_is_found_again_by_its_store(connection: Connection, acme: int) -> None:
    line = store_line(sku=None)
    nameless = chair(sku=None, item=NewItem("Vase", Kind.PRODUCT, key=line.item_key))
    first = bring_in(connection, acme, imported(acme, nameless))
    second = bring_in(connection, acme, imported(acme, nameless, external_id="5002"))

    (found,) = matches(connection, acme, store_order(lines=(line,)))

    assert found.by_key[line.item_key].id == first.rows[0].variant_id == second.rows[0].variant_id


def test_MAP_2_a_customer_is_found_by_the_stores_own_id(connection: Connection, acme: int) -> None:
    bring_in(connection, acme, imported(acme, customer_key="7"))

    (found,) = matches(connection, acme, store_order(buyer=Buyer("Countess Lovelace", "new@example.com", "7")))

    assert found.linked_customer is not None
    assert found.linked_customer.name == "Ada Lovelace"
    assert found.email_customer is None


def test_MAP_2_a_link_belongs_to_one_store(connection: Connection, acme: int) -> None:
    bring_in(connection, acme, imported(acme, customer_key="7"))

    (found,) = matches(connection, add_store(connection, "other"), store_order(buyer=Buyer("Grace", None, "7")))

    assert found.linked_customer is None


def test_MAP_2_what_a_link_leads_to_may_be_gone(connection: Connection, acme: int) -> None:
    line = store_line(sku=None)
    run(connection, "INSERT INTO customer_links VALUES (%s, '7', '999')", acme)
    run(connection, "INSERT INTO item_links VALUES (%s, %s, '999')", acme, line.item_key)

    (found,) = matches(connection, acme, store_order(lines=(line,), buyer=Buyer("Ada", None, "7")))

    assert (found.linked_customer, found.by_key) == (None, {})


def test_one_look_serves_many_orders_and_each_has_its_own(connection: Connection, acme: int) -> None:
    bring_in(connection, acme, imported(acme, chair(), customer_key="7"))
    run(connection, "INSERT INTO exchange_rates VALUES ('USD', 'EUR', '2026-01-01', 0.8, 'ecb')")
    ada = store_order(lines=(store_line(sku=" CHAIR "),), buyer=Buyer("Ada", "ADA@example.com", "8"), currency="USD")
    grace = store_order(lines=(store_line(sku="TABLE"),), buyer=Buyer("Grace", None, "7"))
    nobody = store_order(lines=(), charges=(store_charge(name="", kind=Kind.SERVICE),), buyer=Buyer("", None))

    of_ada, of_grace, of_nobody = matches(connection, acme, ada, grace, nobody)

    assert list(of_ada.by_sku) == ["CHAIR"]
    assert of_ada.linked_customer is None
    assert of_ada.email_customer == of_grace.linked_customer
    assert of_ada.rate is not None
    assert of_ada.rate.rate == Decimal("0.8")
    assert (of_grace.by_sku, of_grace.email_customer, of_grace.rate) == ({}, None, None)
    assert of_nobody == HubMatches()
