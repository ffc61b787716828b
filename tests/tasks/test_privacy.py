"""One buyer can be shown and erased, by a person's wish or a shop's: nothing names them then (DOR-6)."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from connectors import locks, platforms
from connectors.postgres import journal, privacy, stores
from connectors.webhooks import Message
from sandbox import open_sandbox
from sandbox.shopify.generator import random_order
from sandbox.woocommerce.generator import random_order as order_at_woocommerce
from schemas.journal import Action, Line, Outcome
from schemas.privacy import Request
from tasks import privacy as tasks
from tasks import webhooks
from tasks.held import Process
from tasks.privacy import Erased, erase_buyer, erase_buyers, find_buyer
from tasks.stores import NewStore, connect_store
from tasks.upkeep import ring_due
from tasks.webhooks import Taken
from tests.connectors import signing
from tests.tasks.conftest import connect as connect_woocommerce
from tests.tasks.conftest import import_all, import_due, show
from tests.tasks.orders.looking import Shop, do, order_of, rung, store_of

EMAIL: Final = "Marked@Example.test"
MARKS: Final = ("marked", "555 0199", "Hidden Lane")
ADDRESS: Final = {
    "firstName": "Marked",
    "lastName": "Person",
    "address1": "Hidden Lane 4",
    "city": "Berlin",
    "countryCodeV2": "DE",
    "phone": "+49 555 0199",
}


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A Shopify shop without orders."""
    with open_sandbox("shopify", orders=0) as sandbox:
        yield sandbox


@pytest.fixture
def acme(held: Process, shop: Shop) -> int:
    """The shop, connected as `acme` by an app that has a secret: its id."""
    return connect(held, shop, "acme")


def connect(held: Process, shop: Shop, name: str) -> int:
    credentials = {**shop.credentials, "api_secret": "hush"}
    connect_store(held, NewStore("shopify", name, shop.url, credentials, allow_insecure=True))
    with held.pool.connection() as connection:
        row = stores.find_store(connection, name)
    assert row is not None
    return int(row.id)


def place(shop: Shop, number: int = 77, **given: Any) -> str:
    """An order of the marked buyer."""
    customer = {
        "id": f"gid://shopify/Customer/{number}",
        "displayName": "Marked Person",
        "defaultEmailAddress": {"emailAddress": EMAIL},
    }
    buyer = {"customer": customer, "email": EMAIL, "billing": ADDRESS, "shipping_address": ADDRESS}
    return str(random_order(shop.shop, {**buyer, "note": "For Marked, ring twice", **given}).id)


def named(held: Process) -> list[str]:
    """The tables that hold one of the marks."""
    with held.pool.connection() as connection:
        tables = connection.execute(
            "SELECT schemaname || '.' || tablename AS name FROM pg_tables"
            " WHERE schemaname IN ('public', 'hub') ORDER BY 1"
        ).fetchall()
        found = []
        for name in [row["name"] for row in tables]:
            rows = connection.execute(f"SELECT t.*::text AS row FROM {name} t".encode()).fetchall()
            if any(mark.lower() in row["row"].lower() for row in rows for mark in MARKS):
                found.append(name)
    return found


def tell(held: Process, store_id: int, topic: str, said: dict[str, Any], *, secret: str = "hush") -> Taken:
    """A shop's message at the door."""
    row = store_of(held, store_id)
    headers, body = signing.shopify(secret, topic, json.dumps(said).encode(), shop=row.shop or "", delivery=topic)
    lower = {name.lower(): value for name, value in headers.items()}
    return webhooks.hear(held, "shopify", row.webhook_token, Message(lower, body))


def sums(held: Process) -> list[tuple[Any, ...]]:
    """What was bought, and for how much."""
    with held.pool.connection() as connection:
        found = connection.execute(
            """SELECT o.external_id, o.total_with_tax, o.bill_to ->> 'country' AS country, r.sku, r.quantity, r.total
               FROM hub.sales_orders o JOIN hub.sales_order_rows r ON r.sales_order_id = o.id
               ORDER BY o.id, r.position"""
        )
        return [tuple(row.values()) for row in found]


@pytest.fixture
def bought(held: Process, shop: Shop, acme: int) -> list[str]:
    """Two orders of the marked buyer in the hub and one that was skipped, and one of somebody else: their ids."""
    ids = [place(shop), place(shop), place(shop, financial="VOIDED"), str(random_order(shop.shop).id)]
    import_all(held, acme)
    with held.pool.connection() as connection:
        said = {"problem": "the carrier knows no Marked Person at HIDDEN LANE 4 <marked@example.test>", "code": 7}
        journal.add(connection, Line(Action.FULFILL, Outcome.FAILED, None, said), store_id=acme, external_id=ids[0])
        noted = {"problem": f"mail to {EMAIL} came back"}
        journal.add(connection, Line(Action.FETCH, Outcome.FAILED, None, noted), store_id=acme)
    do(held, "UPDATE store_orders SET hub_detail = %s WHERE external_id = %s", json.dumps(said), ids[0])
    return ids


# -- by a person's wish ------------------------------------------------------------------------------------------------


def test_DOR_6_all_that_is_kept_of_a_buyer_is_shown(held: Process, bought: list[str]) -> None:
    buyer = find_buyer(held, EMAIL.lower())

    assert [name for _, name, _ in buyer.hub.customers] == ["Marked Person"]
    assert {order.bill_to["line_1"] for order in buyer.hub.orders} == {"Hidden Lane 4"}
    assert [order.external_id for order in buyer.orders] == bought[:3]
    assert all(order.snapshot for order in buyer.orders)
    assert len(buyer.lines) == 2
    assert find_buyer(held, "nobody@example.test").keys == []


def test_DOR_6_an_erased_buyer_is_named_nowhere_and_the_money_stays(held: Process, bought: list[str]) -> None:
    before = sums(held)
    assert named(held) == [
        *("hub.customers", "hub.sales_orders", "public.journal", "public.order_words", "public.store_orders")
    ]

    assert erase_buyer(held, EMAIL) == Erased(3)

    assert named(held) == []
    assert sums(held) == before
    assert show(held, bought[0])["order"]["customer"]["email"] is None
    assert show(held, bought[3])["order"]["customer"]["email"]
    assert find_buyer(held, EMAIL).keys == []
    assert erase_buyer(held, EMAIL) == Erased(0)


def test_DOR_6_nothing_of_an_erased_buyer_comes_back_with_a_change(
    held: Process, shop: Shop, acme: int, bought: list[str]
) -> None:
    erase_buyer(held, EMAIL)

    shop.shop.edit_order(int(bought[0]), {"note": "For Marked, ring thrice"})
    shop.shop.edit_order(int(bought[2]), {"financial": "PAID"})
    import_all(held, acme)

    assert show(held, bought[2])["order"]["bill_to"]["line_1"] == ""
    assert named(held) == []
    assert order_of(held, acme, bought[0]).snapshot is None


def test_DOR_6_who_buys_again_after_they_were_erased_is_a_new_customer(
    held: Process, shop: Shop, acme: int, bought: list[str]
) -> None:
    erase_buyer(held, EMAIL)

    another = place(shop)
    import_all(held, acme)

    assert show(held, another)["order"]["customer"] == {"name": "Marked Person", "email": EMAIL}
    assert show(held, bought[0])["order"]["customer"]["email"] is None


def test_DOR_6_an_order_that_somebody_works_on_is_waited_for(
    held: Process, acme: int, bought: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "PATIENCE_SECONDS", 0.2)
    with locks.lock(held.redis, locks.order_key(acme, bought[1])) as ours:
        assert ours
        assert erase_buyer(held, EMAIL) == Erased(2, left=1)

    assert erase_buyer(held, EMAIL).left == 0
    assert named(held) == []


# -- by a shop's -------------------------------------------------------------------------------------------------------


def test_DOR_6_a_request_for_data_is_noted_by_ids_for_a_person(held: Process, acme: int, bought: list[str]) -> None:
    said = {"customer": {"id": 77, "email": EMAIL, "phone": "555 0199"}, "orders_requested": [int(bought[0])]}
    before = named(held)

    assert tell(held, acme, "customers/data_request", said) is Taken.NOTED

    with held.pool.connection() as connection:
        (asked,) = privacy.open_requests(connection)
        assert (asked.kind, asked.customer_id, asked.order_ids) == (Request.TELL, "77", (bought[0],))
        assert [order.external_id for order in tasks.find_asked(held, asked).orders] == bought[:2]
        assert erase_buyers() == "0 orders erased"
        assert privacy.close(connection, asked.id)
        assert privacy.open_requests(connection) == []
    assert named(held) == before


def test_DOR_6_whom_a_shop_wants_erased_is_erased(held: Process, acme: int, bought: list[str]) -> None:
    before = sums(held)
    said = {"customer": {"id": 77, "email": EMAIL}, "orders_to_redact": [int(bought[2])]}

    assert tell(held, acme, "customers/redact", said) is Taken.NOTED
    assert rung(held.redis, "fetch")[-1] == []
    assert erase_buyers() == "3 orders erased"

    with held.pool.connection() as connection:
        assert privacy.to_erase(connection) == []
        assert {(one.customer_id, one.order_ids) for one in privacy.requests(connection)} == {(None, ())}
    assert sums(held) == before
    assert named(held) == ["public.journal"]  # a line of no order, by an e-mail that no request keeps


def test_DOR_6_a_bell_that_was_lost_is_rung_again(held: Process, acme: int, bought: list[str]) -> None:
    tell(held, acme, "customers/redact", {"customer": {"id": 77}})
    held.redis.flushdb()

    ring_due()

    assert [] in rung(held.redis, "fetch")


def test_DOR_6_a_buyer_of_two_shops_is_erased_in_the_one_that_asks(held: Process, shop: Shop, acme: int) -> None:
    with open_sandbox("woocommerce", orders=0) as other:
        beta = connect_woocommerce(held, other, "beta")
        here = place(shop)
        billing = {"first_name": "Marked", "last_name": "Person", "email": EMAIL, "address_1": "Hidden Lane 4"}
        there = str(order_at_woocommerce(other.shop, {"status": "processing", "billing": billing}).id)
        import_all(held, acme)
        import_all(held, beta)

        tell(held, acme, "customers/redact", {"customer": {"id": 77}})
        erase_buyers()

    assert show(held, here)["order"]["customer"]["email"] is None
    assert show(held, here)["order"]["ship_to"]["line_1"] == ""
    assert show(held, there, "beta")["order"]["customer"] == {"name": "Marked Person", "email": EMAIL}
    assert show(held, there, "beta")["order"]["bill_to"]["line_1"] == "Hidden Lane 4"


def test_DOR_6_a_shop_that_left_has_no_buyer_any_more(
    held: Process, acme: int, bought: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "PORTION", 1)
    do(held, "DELETE FROM hub.sales_orders WHERE external_id = %s", bought[3])  # its buyer has no order any more
    before = sums(held)

    assert tell(held, acme, "shop/redact", {"shop_id": 1, "shop_domain": "x"}) is Taken.NOTED
    assert erase_buyers() == "4 orders erased"

    assert sums(held) == before
    with held.pool.connection() as connection:
        people = connection.execute("SELECT name, email FROM hub.customers").fetchall()
        kept = connection.execute("SELECT count(*) AS n FROM store_orders WHERE snapshot IS NOT NULL").fetchall()
    assert all(row["name"].startswith("Erased buyer") and row["email"] is None for row in people)
    assert kept[0]["n"] == 0


@pytest.mark.parametrize("topic", sorted(platforms.record("shopify").asks_for_buyers))
def test_DOR_6_who_is_not_the_shop_erases_nobody(held: Process, acme: int, bought: list[str], topic: str) -> None:
    assert tell(held, acme, topic, {"customer": {"id": 77}}, secret="guess") is Taken.REFUSED

    with held.pool.connection() as connection:
        assert privacy.requests(connection) == []
    assert import_due(held, acme) == []
