"""Commands for the personal data of one buyer (DOR-6)."""

import pytest

from connectors import postgres
from connectors.postgres import privacy, stores
from schemas.privacy import AboutBuyer, Request
from tests.workers.cli.command import Cli
from tests.workers.cli.shops import Shop, document


@pytest.fixture
def ordered(cli: Cli) -> str:
    """An order made by hand for the buyer."""
    made = ("--customer", "Ada Lovelace", "--email", "ada@example.test", "--row", "CHAIR-1=2@10", "--number", "7")
    assert cli("hub", "product", "add", "CHAIR-1").code == 0
    assert cli("hub", "order", "create", *made).code == 0
    return "7"


def test_DOR_6_a_buyer_is_shown_and_erased(cli: Cli, ordered: str) -> None:
    shown = document(cli("privacy", "show", "ADA@example.test", "--json"))
    assert shown["customers"][0]["name"] == "Ada Lovelace"
    assert [order["order_no"] for order in shown["orders"]] == [ordered]
    assert "Ada Lovelace" in cli("privacy", "show", "ada@example.test").out

    assert document(cli("privacy", "erase", "ada@example.test", "--json"))["orders"] == 1

    assert cli("privacy", "show", "ada@example.test").out == "Nothing is kept of this buyer.\n"
    (order,) = document(cli("hub", "order", "list", "--json"))
    assert order["customer"].startswith("Erased buyer")
    assert order["total_with_tax"] == "20.00"


@pytest.mark.parametrize("who", ["ada", "", "a b@example.test"])
def test_who_is_no_email_address_is_refused(refusing_cli: Cli, who: str) -> None:
    assert refusing_cli("privacy", "erase", who).code == 2


def test_DOR_6_what_a_shop_asks_for_is_seen_until_it_is_done(
    cli: Cli, acme: Shop, fresh_connection: postgres.Connection
) -> None:
    row = stores.stores(fresh_connection)[0]
    number = privacy.ask(fresh_connection, row.id, Request.TELL, AboutBuyer("77", ("1",)))

    (listed,) = document(cli("privacy", "list", "--json"))
    assert (listed["id"], listed["kind"], listed["order_ids"]) == (number, "tell", ["1"])
    assert f"privacy show {number}" in cli("doctor", "--json").out
    assert cli("privacy", "show", str(number)).code == 0

    assert cli("privacy", "done", str(number)).code == 0

    assert f"privacy show {number}" not in cli("doctor", "--json").out
    assert cli("privacy", "done", str(number)).code == 1
    assert cli("privacy", "show", "99").code == 1
    assert document(cli("privacy", "list", "--json"))[0]["customer_id"] is None
