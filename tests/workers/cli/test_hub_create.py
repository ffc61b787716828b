"""A sales order made by hand: to the cent, for whom, and of what the hub knows."""

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from connectors import postgres
from connectors.builtin_hub.hub import BuiltinHub
from tests.workers.cli.command import Cli
from workers.cli.hub.create import WantedOrder, draft_order
from workers.cli.hub.words import PricedRow


def test_order_is_created_to_the_cent(cli: Cli) -> None:
    cli("hub", "product", "add", "A-1", "--name", "Chair", "--delivery-days", "30")
    cli("hub", "service", "add", "Wrapping", "--sku", "WRAP")
    rows = ("--row", "A-1=3@33.335", "--row", "WRAP=1@4.50", "--tax", "19")

    result = cli("hub", "order", "create", "--customer", "Ada Lovelace", "--email", "Ada@example.com", *rows, "--json")

    order = json.loads(result.out)
    assert (order["total"], order["total_with_tax"], order["currency"]) == ("104.51", "124.37", "EUR")
    assert [(row["name"], row["kind"], row["quantity"], row["price_per_unit"]) for row in order["rows"]] == [
        ("Chair", "product", "3", "33.335"),
        ("Wrapping", "service", "1", "4.5"),
    ]
    assert order["customer"] == {"name": "Ada Lovelace", "email": "Ada@example.com"}
    assert (order["total_mismatch"], order["store_total_with_tax"]) == (False, None)


def test_delivery_date_is_the_items_own(cli: Cli, fresh_connection: postgres.Connection) -> None:
    cli("hub", "product", "add", "A-1", "--delivery-days", "30")

    cli("hub", "order", "create", "--customer", "Ada", "--row", "A-1=1@1")

    row = fresh_connection.execute("SELECT delivery_date - created_at::date AS days FROM hub.sales_orders").fetchone()
    assert row == {"days": 30}


def test_FUL_15_order_made_here_belongs_to_no_store(cli: Cli, fresh_connection: postgres.Connection) -> None:
    cli("hub", "product", "add", "A-1")

    cli("hub", "order", "create", "--customer", "Ada", "--row", "A-1=1@10")

    (listed,) = json.loads(cli("hub", "order", "list", "--json").out)
    assert (listed["store"], listed["external_id"]) == (None, None)
    row = fresh_connection.execute("SELECT external_id FROM hub.sales_order_rows").fetchone()
    assert row == {"external_id": None}


def test_MAP_2_buyer_with_a_known_email_is_the_same_customer(
    cli: Cli, imported: None, fresh_connection: postgres.Connection
) -> None:
    cli("hub", "order", "create", "--customer", "A. Lovelace", "--email", "ADA@example.com", "--row", "OIL-1=1@10")

    assert fresh_connection.execute("SELECT name FROM hub.customers").fetchall() == [{"name": "Ada Lovelace"}]


def test_orders_made_here_are_numbered_on(cli: Cli) -> None:
    cli("hub", "product", "add", "A-1")
    create = ("hub", "order", "create", "--customer", "Ada", "--row", "A-1=1@1")

    results = [cli(*create), cli(*create, "--number", "SO-9"), cli(*create)]

    assert [result.out.split(" over ")[0] for result in results] == [
        "Created order SO-1",
        "Created order SO-9",
        "Created order SO-10",
    ]


def test_orders_made_at_once_get_numbers_of_their_own(cli: Cli, fresh_database_url: str) -> None:
    cli("hub", "product", "add", "A-1")
    wanted = WantedOrder("Ada", (PricedRow("A-1", Decimal(1), Decimal(1)),), tax=Decimal(0))

    def create(_: int) -> str:
        with postgres.connect(fresh_database_url) as connection, connection.transaction():
            action = draft_order(connection, wanted)
            BuiltinHub(connection).carry_out([action])
            return action.order.order_no

    with ThreadPoolExecutor(4) as threads:
        numbers = list(threads.map(create, range(8)))

    assert sorted(numbers) == [f"SO-{number}" for number in range(1, 9)]


def test_number_that_is_taken_is_refused(cli: Cli, imported: None) -> None:
    result = cli("hub", "order", "create", "--customer", "Ada", "--row", "OIL-1=1@10", "--number", "5001")

    assert result.code == 1
    assert "there is an order 5001 already" in result.err


def test_ORD_8_order_made_here_keeps_its_currency_and_its_worth(cli: Cli) -> None:
    cli("hub", "product", "add", "A-1")
    cli("rates", "set", "USD", "0.5")

    result = cli("hub", "order", "create", "--customer", "Ada", "--row", "A-1=1@10", "--currency", "usd", "--json")

    order = json.loads(result.out)
    assert (order["currency"], order["exchange_rate"], order["total"], order["total_base"]) == (
        "USD",
        "0.5",
        "10.00",
        "5.00",
    )


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (("--row", "GONE=1@1"), "the hub has no SKU 'GONE': storesync hub product add GONE"),
        (("--row", "A-1=1@1", "--currency", "USD"), "storesync rates set USD RATE"),
        (("--row", "A-1=1@1", "--location", "moon"), "there is no location moon"),
    ],
)
def test_order_of_what_the_hub_does_not_know_is_refused(cli: Cli, arguments: tuple[str, ...], cure: str) -> None:
    cli("hub", "product", "add", "A-1")

    result = cli("hub", "order", "create", "--customer", "Ada", *arguments)

    assert result.code == 1
    assert cure in result.err
    assert json.loads(cli("hub", "order", "list", "--json").out) == []


def test_ORD_8_foreign_currency_is_refused_where_it_is_off(cli: Cli) -> None:
    cli("hub", "product", "add", "A-1")
    cli("account", "set", "multi_currency=off")

    result = cli("hub", "order", "create", "--customer", "Ada", "--row", "A-1=1@1", "--currency", "USD")

    assert (result.code, result.err) == (
        1,
        "storesync: USD is not the base currency: storesync account set multi_currency=on\n",
    )
