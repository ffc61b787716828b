"""Stock as a command shows it: in the hub, and what each store was told."""

from typing import Any

import pytest

from connectors import postgres
from tests.workers.cli.command import Cli
from tests.workers.cli.shapes import MOMENT, STOCK_SHOW, misfits
from tests.workers.cli.shops import Shop, document, fetch, place, take_in
from tests.workers.cli.stocking import add, offer, tell


@pytest.fixture
def pushing(cli: Cli, acme: Shop) -> Shop:
    """The shop, with stock sync on."""
    cli("store", "set", "acme", "stock.sync=on")
    return acme


def store_of(cli: Cli, sku: str) -> dict[str, Any]:
    """What `stock show` says of the one store."""
    shown = document(cli("stock", "show", sku, "--json"))
    assert list(misfits(shown, STOCK_SHOW)) == []
    (store,) = shown["stores"]
    return dict(store)


def test_STK_2_stock_is_shown_for_every_location_with_what_is_promised(cli: Cli, acme: Shop) -> None:
    cli("location", "add", "berlin")
    cli("hub", "product", "add", "HOOK-FRG")
    cli("hub", "stock", "adjust", "HOOK-FRG", "10.5")
    cli("hub", "stock", "adjust", "HOOK-FRG", "3", "--location", "berlin")
    place(acme, line_items=[{"sku": "HOOK-FRG", "quantity": 4}])
    take_in()

    shown = document(cli("stock", "show", "HOOK-FRG", "--json"))

    assert list(misfits(shown, STOCK_SHOW)) == []
    assert shown["sku"] == "HOOK-FRG"
    nothing = {"committed": "0", "committed_direct": "0", "expected": "0"}
    assert shown["locations"] == [
        {"location": "main", "in_stock": "10.5", "committed": "4", "committed_direct": "4", "expected": "0"},
        {"location": "berlin", "in_stock": "3", **nothing},
    ]


def test_stock_is_a_table_for_people(cli: Cli) -> None:
    cli("hub", "product", "add", "A-1")
    cli("hub", "stock", "adjust", "A-1", "2")

    lines = cli("stock", "show", "A-1").out.splitlines()

    assert lines[-1].split() == ["main", "2", "0", "0", "0"]


def test_unknown_sku_is_refused_with_where_to_look(refusing_cli: Cli) -> None:
    result = refusing_cli("stock", "show", "NO\x1b[2J-1", "--json")

    assert (result.code, result.out) == (1, "")
    assert result.err == "storesync: the hub has no SKU 'NO\\x1b[2J-1': see storesync hub product list\n"


# -- what the stores were told -----------------------------------------------------------------------------------------


def test_STK_4_what_a_store_was_told_is_shown_with_the_time(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection
) -> None:
    offer(pushing, "A-1")
    add(cli, "A-1", 8)
    tell(fresh_connection)

    store = store_of(cli, "A-1")

    (item,) = store["items"]
    assert (store["reason"], item["external_id"]) == (None, next(iter(pushing.shop.stock_of("A-1"))))
    assert (item["pushed"], item["shows"], item["pending"]) == ("8", "8", False)
    assert MOMENT.fullmatch(item["pushed_at"])


def test_item_that_is_still_to_be_told_is_pending(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection
) -> None:
    offer(pushing, "A-1")
    add(cli, "A-1", 8)
    tell(fresh_connection)
    cli("hub", "stock", "adjust", "A-1", "-3")

    store = store_of(cli, "A-1")

    assert [(item["pushed"], item["pending"]) for item in store["items"]] == [("8", True)]
    assert MOMENT.fullmatch(store["due_since"])


def test_item_that_a_person_set_back_in_the_store_was_pushed_all_the_same(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection
) -> None:
    offer(pushing, "A-1", 8)
    add(cli, "A-1", 8)
    tell(fresh_connection)

    (item,) = store_of(cli, "A-1")["items"]

    assert (item["pushed"], item["pushed_at"], item["shows"]) == (None, None, "8")  # it showed it already (STK-6)


def test_store_with_stock_sync_off_says_so(cli: Cli, acme: Shop) -> None:
    add(cli, "A-1", 8)

    store = store_of(cli, "A-1")
    text = cli("stock", "show", "A-1").out

    assert (store["reason"], store["items"]) == ("stock_sync_off", [])
    assert "acme: Stock sync is off for the store. storesync store set acme stock.sync=on." in text


def test_STK_3_sku_that_the_store_does_not_have_says_so_with_a_cure(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection
) -> None:
    add(cli, "A-1", 8)
    tell(fresh_connection)

    assert (store_of(cli, "A-1")["reason"], store_of(cli, "A-1")["items"]) == ("no_store_item", [])
    assert "Give the store's product this SKU, exactly" in cli("stock", "show", "A-1").out


def test_STK_6_item_that_the_store_does_not_count_says_so(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection
) -> None:
    pushing.shop.add_product({"name": "A-1", "sku": "A-1", "manage_stock": False})
    add(cli, "A-1", 8)
    tell(fresh_connection)

    store = store_of(cli, "A-1")

    assert (store["reason"], store["detail"]) == ("tracking_off", {"items": [store["items"][0]["external_id"]]})
    assert [(item["tracked"], item["pushed"]) for item in store["items"]] == [(False, None)]


def test_STK_4_store_whose_location_the_hub_lost_says_so_and_names_it(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection
) -> None:
    offer(pushing, "A-1", 2)
    add(cli, "A-1", 8)
    fresh_connection.execute("UPDATE hub.locations SET code = 'berlin'")
    tell(fresh_connection)

    store = store_of(cli, "A-1")

    assert (store["reason"], store["detail"]) == ("location_unknown", {"locations": ["main"]})
    assert "acme: main: The hub has no location with the code" in cli("stock", "show", "A-1").out
    assert "in stock at main" not in cli("explain", "--sku", "A-1").out


def test_STK_9_sku_behind_unread_orders_says_so(cli: Cli, pushing: Shop) -> None:
    add(cli, "HOOK-FRG", 8)
    place(pushing, line_items=[{"sku": "HOOK-FRG", "quantity": 1}])
    fetch()

    assert store_of(cli, "HOOK-FRG")["reason"] == "orders_unread"


def test_sku_of_a_store_that_is_away_says_when_it_is_tried_again(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection
) -> None:
    offer(pushing, "A-1")
    add(cli, "A-1", 8)
    pushing.faults.set_rates({"http_503": 1})
    tell(fresh_connection)

    store = store_of(cli, "A-1")

    assert store["reason"] == "store_unavailable"
    assert MOMENT.fullmatch(store["due_at"])


def test_sku_that_moves_while_a_store_is_away_says_why_it_waits(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection
) -> None:
    offer(pushing, "A-1")
    add(cli, "A-1", 8)
    pushing.faults.set_rates({"http_503": 1})
    tell(fresh_connection)
    fresh_connection.execute("UPDATE stores SET stock_due_at = now() + interval '1 minute'")
    add(cli, "A-2", 8)

    store = store_of(cli, "A-2")

    assert store["reason"] == "store_unavailable"
    assert MOMENT.fullmatch(store["due_at"])


def test_cure_for_stock_never_asks_to_retry_an_order(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection
) -> None:
    add(cli, "A-1", 8)
    fresh_connection.execute("UPDATE store_stock SET settled = changed, reason = 'refused_by_store'")

    text = cli("stock", "show", "A-1").out

    assert "then storesync stock push --store acme --sku A-1." in text
    assert "EXTERNAL_ID" not in text
