"""Places that hold stock: the hub's own, and those of a shop beside them."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from connectors import postgres
from sandbox import RunningSandbox, open_sandbox
from tests import makers
from tests.workers.cli.command import Cli, Result
from tests.workers.cli.hub_orders import bring_in, in_stock
from tests.workers.cli.shops import document
from tests.workers.cli.stocking import add
from workers.cli.main import run

Shops = dict[str, RunningSandbox[Any]]


@pytest.fixture
def shops() -> Iterator[Shops]:
    """A shop of every platform."""
    with ExitStack() as opened:
        yield {
            name: opened.enter_context(open_sandbox(name, orders=0))
            for name in ("bigcommerce", "shopify", "woocommerce")
        }


def connect(cli: Cli, shops: Shops, name: str, *more: str) -> Result:
    """Connect a shop as a store that is named after its platform."""
    pairs = [word for pair in shops[name].credentials.items() for word in ("--credential", "=".join(pair))]
    return cli("store", "connect", name, name, "--url", shops[name].url, *pairs, "--allow-insecure", *more)


def settings(cli: Cli, name: str = "shopify") -> dict[str, Any]:
    """A store's settings."""
    found: dict[str, Any] = document(cli("store", "show", name, "--json"))["settings"]
    return found


# -- the hub's own -----------------------------------------------------------------------------------------------------


def test_location_is_added_with_a_name(cli: Cli) -> None:
    assert cli("location", "add", "berlin", "--name", "Berlin warehouse").out == "Location berlin is there.\n"
    assert document(cli("location", "add", "bonn", "--json")) == {
        "code": "bonn",
        "name": "bonn",
        "message": "Location bonn is there.",
    }

    assert document(cli("location", "list", "--json")) == [
        {"code": "main", "name": "Main location", "is_default": True},
        {"code": "berlin", "name": "Berlin warehouse", "is_default": False},
        {"code": "bonn", "name": "bonn", "is_default": False},
    ]


def test_location_is_added_once(refusing_cli: Cli) -> None:
    result = refusing_cli("location", "add", "main")

    assert (result.code, result.err) == (1, "storesync: there is a location with this code already\n")


@pytest.mark.parametrize("words", [("add",), ("rename", "main")], ids=" ".join)
@pytest.mark.parametrize(
    "arguments",
    [("",), ("  ",), ("a\x1bb",), ("a\nb",), ("a" * 101,), ("a\udcff",), ("a", "--name", "\x1b"), ("a", "--name", "")],
)
def test_location_that_cannot_be_named_again_is_refused(
    words: tuple[str, ...], arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["location", *words, *arguments])

    out, err = capsys.readouterr()
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "must be a name of at most 100 characters" in err
    assert "None" not in err


@pytest.mark.parametrize("code", ["a,b", "a:b", "{a}", 'a"b'])
def test_location_that_location_map_could_not_name_is_refused(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["location", "add", code]) == 2
    assert "location_map" in capsys.readouterr().err


def test_renamed_location_keeps_its_stock_and_the_settings_that_name_it(cli: Cli, shops: Shops) -> None:
    cli("location", "add", "berlin")
    connect(cli, shops, "shopify", "--set", "location_map=101:main,102:berlin", "--set", "location=berlin")
    add(cli, "A-1", 7)

    assert cli("location", "rename", "main", "bonn", "--name", "Bonn").out == "Location main is bonn now.\n"
    assert cli("location", "rename", "berlin", "trier").code == 0

    assert in_stock(cli, "A-1") == {"bonn": "7", "trier": "0"}
    assert settings(cli)["location"] == "trier"
    assert settings(cli)["location_map"] == {"101": "bonn", "102": "trier"}
    assert document(cli("account", "show", "--json"))["default_location"] == "bonn"
    assert document(cli("location", "list", "--json"))[0] == {"code": "bonn", "name": "Bonn", "is_default": True}
    assert cli("hub", "stock", "adjust", "A-1", "1").code == 0


def test_location_gets_another_name_alone(cli: Cli) -> None:
    assert cli("location", "rename", "main", "--name", "House").code == 0

    assert document(cli("location", "list", "--json")) == [{"code": "main", "name": "House", "is_default": True}]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("rename", "main"), 2, "nothing to change"),
        (("rename", "mars", "moon"), 1, "there is no location mars"),
        (("rename", "main", "main", "--name", "Main"), 0, ""),
        (("remove", "mars"), 1, "there is no location mars"),
    ],
)
def test_what_cannot_be_done_with_a_location_is_said(
    cli: Cli, arguments: tuple[str, ...], code: int, words: str
) -> None:
    result = cli("location", *arguments)

    assert result.code == code
    assert words in result.err


def test_location_takes_no_code_that_another_has(cli: Cli) -> None:
    cli("location", "add", "berlin")

    result = cli("location", "rename", "berlin", "main")

    assert (result.code, result.err) == (1, "storesync: there is a location with this code already\n")


def test_location_of_which_nothing_is_can_be_removed(cli: Cli) -> None:
    cli("location", "add", "berlin")

    assert cli("location", "remove", "berlin").out == "Location berlin is gone.\n"

    assert [place["code"] for place in document(cli("location", "list", "--json"))] == ["main"]


def test_location_that_is_used_stays_and_says_by_what(
    cli: Cli, shops: Shops, fresh_connection: postgres.Connection
) -> None:
    cli("location", "add", "berlin")
    connect(cli, shops, "shopify", "--set", "location_map=101:main,102:berlin")
    connect(cli, shops, "woocommerce", "--set", "location=berlin")
    add(cli, "A-1")
    cli("hub", "stock", "adjust", "A-1", "7", "--location", "berlin")
    bring_in(fresh_connection, makers.store_order())

    berlin, main = cli("location", "remove", "berlin"), cli("location", "remove", "main")

    assert (berlin.code, main.code) == (1, 1)
    for words in (
        "location_map of the store shopify",
        "location of the store woocommerce",
        "1 item(s) with stock there",
    ):
        assert words in berlin.err
    assert "1 line(s) of the stock ledger" in berlin.err
    assert "the account's default_location" in main.err
    assert "sales order(s) or row(s)" in main.err


# -- a shop's own ------------------------------------------------------------------------------------------------------


def test_store_locations_shows_each_with_what_it_is_mapped_to(cli: Cli, shops: Shops) -> None:
    cli("location", "add", "berlin")
    connect(cli, shops, "shopify")

    before = document(cli("store", "locations", "shopify", "--json"))
    cli("store", "set", "shopify", "location_map=102:berlin")
    shops["shopify"].shop.stock.inactive.add("102")
    after = document(cli("store", "locations", "shopify", "--json"))

    main = {"id": "101", "name": "Main", "active": True, "default": True, "in_store": True, "location": "main"}
    other = {"id": "102", "name": "Warehouse", "active": True, "default": False, "in_store": True, "location": None}
    assert sorted(before, key=lambda one: one["id"]) == [main, other]
    assert sorted(after, key=lambda one: one["id"]) == [
        main | {"location": None},
        other | {"active": False, "location": "berlin"},
    ]


def test_store_locations_names_what_the_map_has_and_the_shop_has_no_longer(cli: Cli, shops: Shops) -> None:
    connect(cli, shops, "shopify", "--set", "location_map=102:main")
    del shops["shopify"].shop.stock.locations["102"]

    assert document(cli("store", "locations", "shopify", "--json"))[-1] == {
        "id": "102",
        "name": None,
        "active": None,
        "default": False,
        "in_store": False,
        "location": "main",
    }
    assert "The shop has no location 102" in cli("store", "locations", "shopify").out


def test_store_locations_of_bigcommerce_marks_the_default_one(cli: Cli, shops: Shops) -> None:
    catalogue = shops["bigcommerce"].shop.catalogue
    catalogue.locations, catalogue.default, catalogue.disabled = [1, 7], 7, {1}
    connect(cli, shops, "bigcommerce")

    found = document(cli("store", "locations", "bigcommerce", "--json"))

    assert [(one["id"], one["name"], one["active"], one["location"]) for one in found] == [
        ("1", "Location 1", False, None),
        ("7", "Location 7", True, "main"),
    ]


def test_store_locations_says_where_a_platform_has_none(cli: Cli, shops: Shops) -> None:
    connect(cli, shops, "woocommerce")

    assert document(cli("store", "locations", "woocommerce", "--json")) == []
    assert "keeps its stock in one place" in cli("store", "locations", "woocommerce").out


# -- settings that name them -------------------------------------------------------------------------------------------


def test_map_of_a_location_that_the_shop_has_not_is_refused_at_connection(cli: Cli, shops: Shops) -> None:
    result = connect(cli, shops, "shopify", "--set", "location_map=9999:main,101:main")

    assert result.code == 2
    assert "location_map: the shop has no location 9999; it has 101 (Main), 102 (Warehouse)" in result.err
    assert document(cli("store", "list", "--json")) == []


def test_map_of_a_location_that_the_shop_has_not_is_refused_later_too(cli: Cli, shops: Shops) -> None:
    connect(cli, shops, "shopify", "--set", "location_map=101:main")

    result = cli("store", "set", "shopify", "location_map=9999:main", "stock.buffer=2")

    assert (result.code, "9999" in result.err) == (2, True)
    assert settings(cli)["location_map"] == {"101": "main"}
    assert settings(cli)["stock.buffer"] == 0


def test_map_is_not_saved_while_the_shop_is_away(cli: Cli, shops: Shops) -> None:
    connect(cli, shops, "shopify")
    shops["shopify"].faults.set_rates({"http_500": 1})

    result = cli("store", "set", "shopify", "location_map=101:main", "stock.buffer=2")

    assert (result.code, len(result.err.splitlines())) == (1, 1)
    assert "nothing was saved" in result.err
    assert (settings(cli)["location_map"], settings(cli)["stock.buffer"]) == ({}, 0)


def test_other_settings_are_saved_while_the_shop_is_away(cli: Cli, shops: Shops) -> None:
    connect(cli, shops, "shopify", "--set", "location_map=101:main")
    shops["shopify"].faults.set_rates({"http_500": 1})

    assert cli("store", "set", "shopify", "stock.buffer=2").code == 0
    assert cli("store", "set", "shopify", "location_map={}").code == 0
