"""No shop is emptied by one command: a push or a switch that would take much from it asks first (STK-2, STK-10)."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from connectors import postgres
from tasks.catalogue import fetch_catalogue
from tests.workers.cli.command import Cli, Result
from tests.workers.cli.shops import Shop, connect, document
from tests.workers.cli.stocking import add, offer, shown, stock_rows, tell

EVERYTHING = ("stock", "push", "--all")


@pytest.fixture
def pushing(cli: Cli, acme: Shop) -> Shop:
    """The shop, with stock sync on and nothing counted in the hub."""
    assert cli("store", "set", "acme", "stock.sync=on").code == 0
    return acme


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A person at a terminal, who types one thing at every question."""

    def type_in(answer: str) -> None:
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("click.termui.visible_prompt_func", lambda _prompt: answer)

    return type_in


def empty(shop: Shop) -> None:
    """Nothing else is on sale in the shop."""
    with shop.shop.lock:
        for product in [one for one in shop.shop.catalogue.products.values() if not one.parent_id]:
            shop.shop.catalogue.delete(product)


def stopped(result: Result, *words: str) -> None:
    """The command did nothing, said why, and named --yes."""
    assert result.code == 1, result
    for word in (*words, "--yes"):
        assert word in result.err, result.err
    assert result.err.count("\n") == 1


# -- what was never counted --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [EVERYTHING, ("stock", "push", "--sku", "A-1", "B-1")], ids=["all", "named"])
def test_STK_10_push_of_what_nobody_counted_stops_and_names_it(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection, command: tuple[str, ...]
) -> None:
    for sku, pieces in (("A-1", 589), ("B-1", 3)):
        add(cli, sku)
        offer(pushing, sku, pieces)

    stopped(cli(*command), "acme would be told 0 of 2 SKUs", "A-1 (shows 589)", "B-1 (shows 3)")

    assert stock_rows(fresh_connection) == []
    assert (shown(pushing, "A-1"), shown(pushing, "B-1")) == ([589], [3])


@pytest.mark.parametrize("command", [EVERYTHING, ("stock", "push", "--sku", "A-1")], ids=["all", "named"])
def test_STK_10_push_of_what_nobody_counted_goes_on_with_yes(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection, command: tuple[str, ...]
) -> None:
    add(cli, "A-1")
    offer(pushing, "A-1", 589)

    assert cli(*command, "--yes").code == 0
    tell(fresh_connection)

    assert shown(pushing, "A-1") == [0]


@pytest.mark.parametrize("answer", ["y", "n", ""])
def test_STK_10_person_at_a_terminal_is_asked(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection, answers: Any, answer: str
) -> None:
    add(cli, "A-1")
    offer(pushing, "A-1", 589)
    answers(answer)

    code = cli(*EVERYTHING).code
    tell(fresh_connection)

    assert (code, shown(pushing, "A-1")) == ((0, [0]) if answer == "y" else (1, [589]))


def test_STK_10_all_that_is_not_counted_stands_in_the_json(cli: Cli, pushing: Shop) -> None:
    for number in range(8):
        add(cli, f"A-{number}")
        offer(pushing, f"A-{number}", 5)

    result = cli(*EVERYTHING, "--json")

    (store,) = json.loads(result.out)["stores"]
    assert (result.code, store["store"]) == (1, "acme")
    assert store["never_counted"] == [{"sku": f"A-{number}", "shows": "5"} for number in range(8)]
    assert "and 3 more" in result.err


def test_STK_10_item_that_shows_none_already_is_no_reason_to_ask(cli: Cli, pushing: Shop) -> None:
    add(cli, "A-1")
    offer(pushing, "A-1", 0)

    assert cli(*EVERYTHING).code == 0


def test_STK_10_trial_shows_what_would_be_asked(cli: Cli, pushing: Shop) -> None:
    add(cli, "A-1")
    offer(pushing, "A-1", 589)

    (line,) = document(cli(*EVERYTHING, "--dry-run", "--json"))
    told = cli(*EVERYTHING, "--dry-run").out
    (agreed,) = document(cli(*EVERYTHING, "--dry-run", "--yes", "--json"))

    assert (line["outcome"], line["reason"], line["shows"], line["quantity"]) == ("ask", "never_counted", "589", "0")
    assert (line["needs_yes"], agreed["needs_yes"], agreed["outcome"]) == (True, False, "tell")
    assert "It would stop and ask first: acme would be told 0 of 1 SKU " in told


def test_STK_10_stock_show_says_that_nobody_counted_before_anything_moves(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection
) -> None:
    add(cli, "A-1")
    offer(pushing, "A-1", 589)
    assert fetch_catalogue("acme") == "walked"

    (store,) = document(cli("stock", "show", "A-1", "--json"))["stores"]
    told = cli("explain", "--sku", "A-1").out
    cli("hub", "stock", "adjust", "A-1", "0")
    tell(fresh_connection)
    (counted,) = document(cli("stock", "show", "A-1", "--json"))["stores"]

    assert (store["reason"], counted["reason"], shown(pushing, "A-1")) == ("never_counted", None, [0])
    assert "Nobody ever counted the item in the hub" in told


# -- less than half ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [EVERYTHING, ("stock", "push", "--sku", "A-1")], ids=["all", "named"])
@pytest.mark.parametrize(("pieces", "is_asked"), [(49, True), (50, False)])
def test_STK_10_push_that_leaves_less_than_half_stops(
    cli: Cli, pushing: Shop, command: tuple[str, ...], pieces: int, is_asked: bool
) -> None:
    empty(pushing)
    add(cli, "A-1", pieces)
    offer(pushing, "A-1", 100)

    result = cli(*command)

    if is_asked:
        stopped(result, "acme would show 49 pieces over all, and shows 100 now")
    else:
        assert result.code == 0


def test_STK_10_one_item_of_many_may_become_few(cli: Cli, pushing: Shop) -> None:
    empty(pushing)
    add(cli, "A-1", 1)
    offer(pushing, "A-1", 100)
    offer(pushing, "THEIRS", 900)

    assert cli("stock", "push", "--sku", "A-1").code == 0
    assert cli(*EVERYTHING).code == 0


# -- switches ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "change"),
    [
        (("stock.sync=off",), "stock.sync=on"),
        (("stock.sync=on",), "stock.buffer=60"),
        (("stock.sync=on",), "location=annex"),
        (("stock.sync=off", "stock.tell_uncounted=on"), "stock.sync=on"),
        (("stock.sync=on",), "stock.tell_uncounted=on"),
    ],
    ids=str,
)
def test_STK_10_switch_that_would_empty_a_shop_stops(
    cli: Cli, acme: Shop, fresh_connection: postgres.Connection, before: tuple[str, ...], change: str
) -> None:
    empty(acme)
    offer(acme, "A-1", 100)
    cli("location", "add", "annex")
    add(cli, "A-1")
    if "uncounted" not in f"{before} {change}":
        cli("hub", "stock", "adjust", "A-1", "80" if before == ("stock.sync=on",) else "10")
        cli("hub", "stock", "adjust", "A-1", "1", "--location", "annex")
    assert cli("store", "set", "acme", *before, "--yes").code == 0
    was = document(cli("store", "show", "acme", "--json"))["settings"]

    stopped(cli("store", "set", "acme", change, "fetch.every=5m"), "acme would")

    assert document(cli("store", "show", "acme", "--json"))["settings"] == was
    assert cli("store", "set", "acme", change, "--yes").code == 0
    assert document(cli("store", "show", "acme", "--json"))["settings"] != was


def test_STK_10_switch_that_tells_nothing_asks_nothing(cli: Cli, acme: Shop) -> None:
    add(cli, "A-1")
    offer(acme, "A-1", 589)

    assert cli("store", "set", "acme", "stock.sync=on").code == 0
    assert cli("store", "set", "acme", "stock.buffer=1").code == 0


def test_STK_10_default_location_that_would_empty_a_shop_stops(cli: Cli, pushing: Shop) -> None:
    empty(pushing)
    cli("location", "add", "annex")
    offer(pushing, "A-1", 100)
    add(cli, "A-1", 100)
    cli("hub", "stock", "adjust", "A-1", "1", "--location", "annex")

    stopped(cli("account", "set", "default_location=annex"), "acme would show 1 pieces over all")

    assert document(cli("account", "show", "--json"))["default_location"] == "main"
    assert cli("account", "set", "default_location=annex", "--yes").code == 0


def test_STK_10_pause_that_ends_asks_first(cli: Cli, pushing: Shop) -> None:
    empty(pushing)
    offer(pushing, "A-1", 100)
    add(cli, "A-1", 100)
    cli("store", "pause", "acme")
    cli("hub", "stock", "adjust", "A-1", "-99")

    stopped(cli("store", "resume", "acme"), "acme would show 1 pieces over all")

    assert document(cli("store", "show", "acme", "--json"))["state"] == "paused"
    assert cli("store", "resume", "acme", "--yes").code == 0


def test_STK_10_shop_that_would_be_emptied_is_not_connected(cli: Cli, shop: Shop) -> None:
    empty(shop)
    offer(shop, "A-1", 100)
    add(cli, "A-1", 1)
    on = ("--allow-insecure", "--set", "stock.sync=on")

    stopped(connect(cli, shop, *on), "acme would show 1 pieces over all, and shows 100 now")

    assert document(cli("store", "list", "--json")) == []
    assert connect(cli, shop, *on, "--yes").code == 0


def test_STK_10_shop_that_does_not_answer_is_not_switched_unseen(cli: Cli, pushing: Shop) -> None:
    add(cli, "A-1", 1)
    pushing.faults.fail_next(20, "http_500", only="GET /wp-json/wc/v3/products")

    stopped(cli("store", "set", "acme", "stock.buffer=3"), "what acme shows cannot be read")

    assert document(cli("store", "show", "acme", "--json"))["settings"]["stock.buffer"] == 0
    assert cli("store", "set", "acme", "stock.buffer=3", "--yes").code == 0


# -- all that is in stock ----------------------------------------------------------------------------------------------


def test_STK_2_showing_all_that_is_in_stock_warns_and_asks(cli: Cli, acme: Shop) -> None:
    stopped(cli("store", "set", "acme", "stock.quantity=in_stock"), "put on sale there again")

    assert document(cli("store", "show", "acme", "--json"))["settings"]["stock.quantity"] == "in_stock_minus_committed"
    assert cli("store", "set", "acme", "stock.quantity=in_stock", "--yes").code == 0
    assert cli("store", "set", "acme", "stock.quantity=in_stock", "stock.buffer=1").code == 0


def test_STK_2_shop_is_not_connected_to_show_all_that_is_in_stock_without_a_word(cli: Cli, shop: Shop) -> None:
    given = ("--allow-insecure", "--set", "stock.quantity=in_stock")

    stopped(connect(cli, shop, *given), "put on sale there again")

    assert connect(cli, shop, *given, "--yes").code == 0


# -- a count -----------------------------------------------------------------------------------------------------------


def _count_all_as(cli: Cli, tmp_path: Path, pieces: int, *more: str) -> Result:
    file = tmp_path / "counted.csv"
    file.write_text(f"SKU,quantity\nA-1,{pieces}\nA-2,{pieces}\n")
    return cli("hub", "stock", "import", str(file), *more)


def test_STK_10_file_that_would_empty_a_shop_stops_and_asks(cli: Cli, pushing: Shop, tmp_path: Path) -> None:
    empty(pushing)
    for sku in ("A-1", "A-2"):
        offer(pushing, sku, 589)
        add(cli, sku)

    refused = _count_all_as(cli, tmp_path, 0)
    trial = _count_all_as(cli, tmp_path, 0, "--dry-run")

    assert (refused.code, refused.out) == (1, "")
    assert "acme would show 0 pieces over all, and shows 1,178 now." in refused.err
    assert "It would stop and ask first: acme would show 0 pieces" in trial.out
    assert document(cli("hub", "stock", "counts", "--json")) == []
    assert _count_all_as(cli, tmp_path, 0, "--yes").code == 0


def test_STK_10_file_that_leaves_a_shop_most_of_its_pieces_is_counted(cli: Cli, pushing: Shop, tmp_path: Path) -> None:
    empty(pushing)
    for sku in ("A-1", "A-2"):
        offer(pushing, sku, 100)
        add(cli, sku)

    assert _count_all_as(cli, tmp_path, 60).code == 0


def test_STK_10_what_a_shop_without_stock_sync_shows_is_not_asked_for(cli: Cli, acme: Shop, tmp_path: Path) -> None:
    empty(acme)
    for sku in ("A-1", "A-2"):
        offer(acme, sku, 100)
        add(cli, sku)

    assert _count_all_as(cli, tmp_path, 0).code == 0
