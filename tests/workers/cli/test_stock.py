"""Stock as a command shows it."""

from tests.workers.cli.command import Cli
from tests.workers.cli.shapes import STOCK_SHOW, misfits
from tests.workers.cli.shops import Shop, document, place, take_in


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
