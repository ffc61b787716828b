"""`storesync audit`: what is missing comes in, and what is said of it (BEY-4)."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors import postgres
from sandbox.woocommerce.generator import random_order
from tasks.fetch import fetch_orders
from tests.workers.cli.command import Cli
from tests.workers.cli.shops import Shop, document


@pytest.fixture
def lost(acme: Shop, fresh_connection: postgres.Connection) -> str:
    """An order of some hours ago that no fetch told of; one of later was read."""
    with acme.shop.at(datetime.now(UTC) - timedelta(hours=5)):
        order = str(random_order(acme.shop, {"status": "processing"}).id)
    with acme.shop.at(datetime.now(UTC) - timedelta(minutes=10)):
        random_order(acme.shop, {"status": "processing"})
    assert fetch_orders("acme") == "fetched"
    fresh_connection.execute("DELETE FROM store_orders WHERE external_id = %s", [order])
    return order


def test_BEY_4_audit_brings_in_what_is_missing_and_everybody_says_so(cli: Cli, lost: str) -> None:
    found = cli("audit", "acme")

    assert found.code == 0
    assert found.out.startswith("acme: 1 missing since ")
    assert f"They come in now: {lost}." in found.out
    assert document(cli("order", "show", "acme", lost, "--json"))["state"] == "pending"

    again = document(cli("audit", "acme", "--days", "3", "--json"))
    assert (again["store"], again["missing"], again["listed"], again["orders"]) == ("acme", 0, 1, [])
    assert document(cli("store", "show", "acme", "--json"))["audited"] == {
        key: value for key, value in again.items() if key != "store"
    }
    assert f"0 missing since {again['since']}" in cli("store", "show", "acme").out


def test_BEY_4_audit_says_why_it_could_not_be_done(cli: Cli, acme: Shop, fresh_connection: postgres.Connection) -> None:
    not_read = cli("audit", "acme")
    assert fetch_orders("acme") == "fetched"
    fresh_connection.execute("UPDATE stores SET audited_at = NULL, activated_at = now() - interval '40 days'")
    random_order(acme.shop, {"status": "processing"})
    assert fetch_orders("acme") == "fetched"
    acme.faults.fail_next(1, "http_500")
    away = cli("audit", "acme")
    acme.faults.fail_next(1, "unauthorized")
    refused = cli("audit", "acme")

    assert (not_read.code, not_read.err) == (
        1,
        "storesync: the orders of acme were not read to their end yet: storesync sync acme --wait\n",
    )
    assert away.code == 1
    assert "the orders of acme could not be compared. The store did not answer" in away.err
    assert "It goes on by itself at 2" in away.err
    assert (refused.code, "needs_attention: storesync store check acme" in refused.err) == (1, True)
    assert "needs attention" in cli("audit", "acme").err
