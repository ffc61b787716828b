"""Stock by hand for shops of every platform on one hub: pushed, shown, explained."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from connectors import postgres
from sandbox import RunningSandbox, open_sandbox
from tests.workers.cli.command import Cli
from tests.workers.cli.shapes import STOCK_SHOW, misfits
from tests.workers.cli.shops import document, take_in
from tests.workers.cli.stocking import add, tell

PLATFORMS = ("bigcommerce", "shopify", "woocommerce")
Shops = dict[str, RunningSandbox[Any]]


@pytest.fixture
def shops(cli: Cli) -> Iterator[Shops]:
    """A shop of every platform that sells A-1 and shows 1 of it, connected with stock sync on."""
    with ExitStack() as opened:
        shops = {name: opened.enter_context(open_sandbox(name, orders=0)) for name in PLATFORMS}
        for name, sandbox in shops.items():
            _sell(name, sandbox.shop)
            pairs = [word for pair in sandbox.credentials.items() for word in ("--credential", "=".join(pair))]
            arguments = ("--url", sandbox.url, *pairs, "--set", "stock.sync=on", "--allow-insecure")
            assert cli("store", "connect", name, name, *arguments).code == 0
        yield shops


def _sell(platform: str, shop: Any) -> None:
    match platform:
        case "bigcommerce":
            shop.add_product({"name": "A-1", "sku": "A-1", "tracking": "product", "stock": 1})
        case "shopify":
            shop.stock.add("A-1", levels={"101": 1, "102": 1})
        case _:
            shop.add_product({"name": "A-1", "sku": "A-1", "stock_quantity": 1})


def shown(shops: Shops, platform: str) -> list[int | None]:
    """What each item, at each place, of a shop shows."""
    return list(shops[platform].shop.stock_of("A-1").values())


def test_STK_4_push_of_all_reaches_every_platform(
    cli: Cli, shops: Shops, fresh_connection: postgres.Connection
) -> None:
    add(cli, "A-1", 7)
    add(cli, "OURS", 2)

    found = json.loads(cli("stock", "push", "--all", "--dry-run", "--json").out)
    result = cli("stock", "push", "--all")
    for name in PLATFORMS:
        tell(fresh_connection, name)

    would = {line["store"]: (line["shows"], line["quantity"]) for line in found if line["outcome"] == "tell"}
    assert would == dict.fromkeys(PLATFORMS, ("1", "7"))
    assert result.out.count("1 SKU(s) are looked at now. 1 of the hub's SKUs are not in the store.") == 3
    assert (shown(shops, "bigcommerce"), shown(shops, "woocommerce")) == ([7], [7])
    assert shown(shops, "shopify") == [7, 1]  # the other location is not ours


def test_STK_4_each_location_of_a_map_is_shown_and_explained(
    cli: Cli, shops: Shops, fresh_connection: postgres.Connection
) -> None:
    cli("location", "add", "berlin")
    cli("store", "set", "shopify", "location_map=101:main,102:berlin")
    add(cli, "A-1", 7)
    cli("hub", "stock", "adjust", "A-1", "4", "--location", "berlin")
    tell(fresh_connection, "shopify")

    document_ = document(cli("stock", "show", "A-1", "--json"))
    (store,) = [one for one in document_["stores"] if one["store"] == "shopify"]
    explained = cli("explain", "--sku", "A-1").out

    assert list(misfits(document_, STOCK_SHOW)) == []
    assert [(item["place"], item["location"], item["pushed"]) for item in store["items"]] == [
        ("101", "main", "7"),
        ("102", "berlin", "4"),
    ]
    assert shown(shops, "shopify") == [7, 4]
    assert "in stock at berlin 4 − committed on rows 0 = 4" in explained


@pytest.mark.parametrize("platform", PLATFORMS)
def test_BEY_2_orders_of_every_platform_are_explained(cli: Cli, platform: str) -> None:
    with open_sandbox(platform, orders=12) as sandbox:
        pairs = [word for pair in sandbox.credentials.items() for word in ("--credential", "=".join(pair))]
        arguments = ("--url", sandbox.url, *pairs, "--allow-insecure")
        assert cli("store", "connect", platform, "acme", *arguments).code == 0
        take_in()

        orders = document(cli("order", "list", "--json"))
        explained = [document(cli("explain", "acme", order["external_id"], "--json")) for order in orders]

    assert [(one["state"], one["reason"]) for one in explained] == [(one["state"], one["reason"]) for one in orders]
    assert {one["state"] for one in orders} >= {"imported"}
    for one in explained:
        topics = {step["topic"] for step in one["trail"]}
        assert topics >= {"seen", "settings", "status", "waits", "so"}
        assert one["state"] != "imported" or topics >= {"hub", "row", "money"}


def test_MUL_1_store_that_is_away_holds_up_no_other(
    cli: Cli, shops: Shops, fresh_connection: postgres.Connection
) -> None:
    add(cli, "A-1", 7)
    shops["shopify"].faults.set_rates({"http_503": 1})

    result = cli("stock", "push", "--all")
    tell(fresh_connection, "woocommerce")

    assert (result.code, result.out, len(result.err.splitlines())) == (1, "", 1)
    assert result.err.startswith("storesync: shopify: ")
    assert shown(shops, "woocommerce") == [7]
