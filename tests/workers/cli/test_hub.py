"""Items, stock and manufacturing by hand: each command does what it says, or says why not."""

import json
from typing import Any

import pytest

from connectors import postgres
from tests import makers
from tests.workers.cli.command import Cli
from tests.workers.cli.hub_orders import bring_in, in_stock, show


def products(cli: Cli) -> dict[str, dict[str, Any]]:
    return {item["sku"]: item for item in json.loads(cli("hub", "product", "list", "--json").out)}


# -- items -------------------------------------------------------------------------------------------------------------


def test_product_is_added_with_what_was_said_of_it(cli: Cli) -> None:
    result = cli("hub", "product", "add", "OIL-1", "--name", "Oil", "--batch-tracked", "--delivery-days", "21")

    assert (result.code, result.out) == (0, "Added OIL-1. See: storesync hub product list\n")
    assert products(cli)["OIL-1"] == {
        "sku": "OIL-1",
        "name": "Oil",
        "kind": "product",
        "batch_tracked": True,
        "delivery_days": 21,
        "bundle": [],
    }


@pytest.mark.parametrize("components", [("A-1=2", "--bundle", "B-1=0.5"), ("A-1=2", "B-1=0.5")])
def test_bundle_is_made_of_its_components(cli: Cli, components: tuple[str, ...]) -> None:
    cli("hub", "product", "add", "A-1")
    cli("hub", "product", "add", "B-1")

    result = cli("hub", "product", "add", "SET-1", "--bundle", *components)

    assert result.code == 0
    assert products(cli)["SET-1"]["bundle"] == [{"sku": "A-1", "quantity": "2"}, {"sku": "B-1", "quantity": "0.5"}]
    assert "A-1=2 B-1=0.5" in cli("hub", "product", "list").out


def test_bundle_of_what_is_not_there_adds_nothing(cli: Cli) -> None:
    result = cli("hub", "product", "add", "SET-1", "--bundle", "GONE=1")

    assert (result.code, result.err) == (1, "storesync: there is no item with the SKU GONE\n")
    assert products(cli) == {}


def test_second_item_with_a_sku_is_told(cli: Cli) -> None:
    cli("hub", "product", "add", "A-1")

    result = cli("hub", "product", "add", "A-1", "--name", "New", "--another")

    assert "2 items share this SKU now: the new one is meant" in result.out


@pytest.mark.parametrize("command", [("product", "add", "A-1"), ("service", "add", "Repair", "--sku", "A-1")])
def test_STK_10_sku_that_is_there_is_not_added_by_a_slip(cli: Cli, command: tuple[str, ...]) -> None:
    cli("hub", "product", "add", "A-1", "--name", "Oak chair")

    result = cli("hub", *command)

    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("storesync: A-1 is there already, as the product 'Oak chair': ")
    assert "--another" in result.err
    assert products(cli)["A-1"]["name"] == "Oak chair"


def test_service_has_no_stock(cli: Cli) -> None:
    cli("hub", "service", "add", "Gift wrapping", "--sku", "WRAP")

    result = cli("hub", "stock", "adjust", "WRAP", "1")

    assert products(cli)["WRAP"]["kind"] == "service"
    assert (result.code, result.err) == (1, "storesync: WRAP is a service: it has no stock\n")


# -- stock -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "left"),
    [(("5",), "5"), (("+0.5",), "0.5"), (("-5",), "-5"), (("-1.5",), "-1.5"), (("--", "-2"), "-2")],
)
def test_stock_is_adjusted_up_and_down(cli: Cli, arguments: tuple[str, ...], left: str) -> None:
    cli("hub", "product", "add", "A-1")

    result = cli("hub", "stock", "adjust", "A-1", *arguments)

    assert (result.code, in_stock(cli, "A-1")) == (0, {"main": left})
    assert f"In stock now: {left} at main." in result.out


def test_stock_is_adjusted_at_a_location_and_in_a_batch(cli: Cli) -> None:
    cli("location", "add", "berlin")
    cli("hub", "product", "add", "OIL-1", "--batch-tracked")

    result = cli("hub", "stock", "adjust", "OIL-1", "7", "--location", "berlin", "--batch", "B-7")

    assert (result.code, in_stock(cli, "OIL-1")) == (0, {"main": "0", "berlin": "7"})


def test_adjusting_a_batch_tracked_item_asks_for_the_batch(cli: Cli) -> None:
    cli("hub", "product", "add", "OIL-1", "--batch-tracked")

    result = cli("hub", "stock", "adjust", "OIL-1", "-2")

    assert (result.code, result.err) == (1, "storesync: OIL-1 is batch-tracked: name the batch\n")


def test_purchase_of_several_items_is_received_at_once(cli: Cli) -> None:
    cli("hub", "product", "add", "A-1")
    cli("hub", "product", "add", "B-1")

    result = cli("hub", "po", "receive", "A-1", "10", "B-1", "2.5")

    assert (result.code, in_stock(cli, "A-1"), in_stock(cli, "B-1")) == (0, {"main": "10"}, {"main": "2.5"})
    assert result.out.startswith("Received 10 × A-1 (PO-1), 2.5 × B-1 (PO-2).")


def test_purchase_is_received_as_a_whole_or_not_at_all(cli: Cli) -> None:
    cli("hub", "product", "add", "A-1")

    result = cli("hub", "po", "receive", "A-1", "10", "GONE", "2")

    assert (result.code, in_stock(cli, "A-1")) == (1, {"main": "0"})


def test_locked_inventory_keeps_its_stock(cli: Cli) -> None:
    cli("hub", "product", "add", "A-1")
    locked = cli("hub", "lock-inventory", "--until", "2100-01-31")

    result = cli("hub", "stock", "adjust", "A-1", "1")

    assert locked.code == 0
    assert (result.code, result.err) == (1, "storesync: inventory is locked up to and including 2100-01-31\n")


def test_CHG_5_order_in_a_locked_period_stays(cli: Cli, imported: None) -> None:
    cli("hub", "lock-inventory", "--until", "2026-01-31")

    result = cli("hub", "order", "delete", "acme/5001")

    assert (result.code, result.err) == (1, "storesync: order 5001 lies in a locked inventory period\n")
    assert show(cli, "acme/5001")["order_no"] == "5001"


# -- manufacturing -----------------------------------------------------------------------------------------------------


def test_mo_is_created_for_a_row_and_done(cli: Cli, imported: None) -> None:
    made = json.loads(cli("hub", "mo", "create", "acme/5001", "OIL-1", "--json").out)

    result = cli("hub", "mo", "set", made["mo"], "done")

    assert made == {"mo": made["mo"], "order_no": "5001", "sku": "OIL-1", "quantity": "2"}
    assert (result.code, in_stock(cli, "OIL-1")) == (0, {"main": "2"})
    (listed,) = json.loads(cli("hub", "mo", "list", "--json").out)
    assert (listed["status"], listed["sku"], listed["quantity"], listed["store"]) == ("DONE", "OIL-1", "2", "acme")


def test_second_mo_is_for_the_next_row_with_the_sku(cli: Cli, fresh_connection: postgres.Connection) -> None:
    lines = (makers.plain_line("1", 2, 20, sku="A-1"), makers.plain_line("2", 3, 30, sku="A-1"))
    bring_in(fresh_connection, makers.store_order(lines=lines))
    cli("hub", "mo", "create", "5001", "A-1")

    second = cli("hub", "mo", "create", "5001", "A-1")
    third = cli("hub", "mo", "create", "5001", "A-1")

    assert "3 × A-1" in second.out
    assert (third.code, third.err) == (1, "storesync: the row has a manufacturing order already\n")


def test_mo_that_is_not_there_is_said_so(cli: Cli) -> None:
    result = cli("hub", "mo", "set", "7", "DONE")

    assert (result.code, result.err) == (1, "storesync: there is no manufacturing order 7\n")
