"""Stock told by hand: whom, what is asked of the store first, and how a person follows it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from redis import Redis

from connectors import postgres
from connectors.locks import catalogue_key, lock
from tests.waiting import wait_until
from tests.workers.cli.command import Cli
from tests.workers.cli.shops import Shop, fetch, place
from tests.workers.cli.stocking import add, offer, shown, stock_rows, tell
from tests.workers.cli.test_queue import messages
from workers.cli.stock import watch as stock_watch


@pytest.fixture
def pushing(cli: Cli, acme: Shop) -> Shop:
    """The shop, with stock sync on."""
    cli("store", "set", "acme", "stock.sync=on")
    return acme


@contextmanager
def worker(connection: postgres.Connection, sku: str) -> Iterator[None]:
    """Tell what is due once a SKU is asked for anew, as a worker would beside the command."""
    before = _changed(connection, sku)

    def work() -> None:
        wait_until(lambda: _changed(connection, sku) > before, what="the SKU to be asked for")
        tell(connection)

    thread = Thread(target=work)
    thread.start()
    yield
    thread.join()


def _changed(connection: postgres.Connection, sku: str) -> int:
    return max([changed for name, changed, _ in stock_rows(connection) if name == sku], default=0)


# -- whom --------------------------------------------------------------------------------------------------------------


def test_pushed_sku_reaches_the_store(
    cli: Cli, pushing: Shop, redis: Redis, fresh_connection: postgres.Connection
) -> None:
    add(cli, "A-1", 5)
    offer(pushing, "A-1")

    result = cli("stock", "push", "--sku", "A-1")

    assert (result.code, result.out) == (0, "acme: 1 SKU(s) are looked at now. See storesync journal --follow\n")
    assert "push_stock" in [task for task, _ in messages(redis, "stock")]
    tell(fresh_connection)
    assert shown(pushing, "A-1") == [5]


def test_STK_6_push_by_hand_asks_the_store_first_and_sends_only_what_differs(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection
) -> None:
    add(cli, "A-1", 5)
    add(cli, "B-1", 7)
    offer(pushing, "A-1", 5)
    offer(pushing, "B-1", 7)
    tell(fresh_connection)
    pushing.shop.set_stock("B-1", 2)  # a merchant's hand

    cli("stock", "push", "--sku", "A-1", "--sku", "B-1")
    tell(fresh_connection)

    (item,) = pushing.shop.stock_of("B-1")
    assert pushing.shop.told_stock() == [(item, 7)]


def test_STK_4_without_a_store_every_active_store_with_stock_sync_is_told(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection
) -> None:
    add(cli, "A-1", 5)
    fresh_connection.execute(
        "INSERT INTO stores (platform, name, url, credentials, settings, state)"
        " SELECT platform, 'quiet', 'https://quiet.example', credentials, '{}', 'active' FROM stores"
    )

    told = json.loads(cli("stock", "push", "--sku", "A-1", "--json").out)

    assert told["stores"] == [{"store": "acme", "skus": 1, "not_in_store": 0}]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("settings = '{}', stock_news = NULL", "stock sync is off for acme: storesync store set acme stock.sync=on"),
        ("state = 'paused'", "acme is paused: storesync store resume acme"),
        ("state = 'needs_attention'", "storesync store check acme"),
        ("name = 'other'", "there is no store 'acme': see storesync store list"),
    ],
    ids=["off", "paused", "needs attention", "unknown"],
)
def test_store_that_cannot_be_told_is_refused_in_one_line(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection, change: str, words: str
) -> None:
    add(cli, "A-1", 5)
    before = stock_rows(fresh_connection)
    fresh_connection.execute(f"UPDATE stores SET {change}")

    trial = () if "stock sync" in words else (("--dry-run",),)  # which comes before it is switched on
    for more in ((), ("--wait",), *trial):
        result = cli("stock", "push", "--store", "acme", "--sku", "A-1", *more)
        assert (result.code, result.out, len(result.err.splitlines())) == (1, "", 1)
        assert words in result.err
    assert stock_rows(fresh_connection) == before


def test_push_where_no_store_has_stock_sync_says_how_to_switch_it_on(cli: Cli, acme: Shop) -> None:
    add(cli, "A-1")

    result = cli("stock", "push", "--sku", "A-1")

    assert (result.code, result.err) == (
        1,
        "storesync: no active store has stock sync on: storesync store set NAME stock.sync=on\n",
    )


def test_sku_that_the_hub_does_not_stock_is_refused_and_nothing_is_asked(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection
) -> None:
    add(cli, "A-1")

    result = cli("stock", "push", "--sku", "A-1", "--sku", "NOPE")

    assert (result.code, stock_rows(fresh_connection)) == (1, [])
    assert result.err == "storesync: the hub stocks no SKU 'NOPE': see storesync hub product list\n"


@pytest.mark.parametrize(
    "arguments",
    [(), ("--all", "--sku", "A-1"), ("A-1",), ("--all", "A-1"), ("--all", "--wait", "--dry-run")],
    ids=["neither", "both", "no option", "all and one", "wait"],
)
def test_push_of_nothing_named_is_wrong_usage(refusing_cli: Cli, arguments: tuple[str, ...]) -> None:
    result = refusing_cli("stock", "push", *arguments)

    assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1)


# -- everything --------------------------------------------------------------------------------------------------------


def test_push_of_all_tells_what_hub_and_store_share_and_counts_what_the_store_has_not(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection
) -> None:
    for sku in ("A-1", "B-1", "C-1"):
        add(cli, sku, 5)
    fresh_connection.execute("TRUNCATE store_stock")  # as if it had moved before the store was connected
    offer(pushing, "A-1")
    offer(pushing, "B-1", 5)

    result = cli("stock", "push", "--store", "acme", "--all")

    assert "acme: 2 SKU(s) are looked at now. 1 of the hub's SKUs are not in the store." in result.out
    assert [sku for sku, *_ in stock_rows(fresh_connection)] == ["A-1", "B-1"]
    tell(fresh_connection)
    assert (shown(pushing, "A-1"), shown(pushing, "B-1")) == ([5], [5])
    assert [quantity for _, quantity in pushing.shop.told_stock()] == [5]


def test_push_of_all_from_a_store_that_is_away_fails_in_one_line(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection
) -> None:
    add(cli, "A-1", 5)
    before = stock_rows(fresh_connection)
    pushing.faults.set_rates({"http_503": 1})

    result = cli("stock", "push", "--all")

    assert (result.code, result.out) == (1, "")
    assert "Try again, or look whether the shop is up" in result.err
    assert stock_rows(fresh_connection) == before


def test_push_of_all_while_a_worker_reads_the_catalogue_says_to_come_back(
    cli: Cli, pushing: Shop, redis: Redis, fresh_connection: postgres.Connection
) -> None:
    (store,) = fresh_connection.execute("SELECT id FROM stores").fetchall()
    with lock(redis, catalogue_key(store["id"]), ttl=60):
        result = cli("stock", "push", "--all")

    assert (result.code, result.out) == (1, "")
    assert result.err == ("storesync: the catalogue of acme is being read by a worker: try again in a minute\n")


# -- followed ----------------------------------------------------------------------------------------------------------


def test_waiting_ends_when_the_stores_were_told_and_says_what_came_of_it(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection
) -> None:
    for sku in ("A-1", "B-1", "C-1"):
        add(cli, sku, 5)
    offer(pushing, "A-1")
    offer(pushing, "B-1", 5)

    with worker(fresh_connection, "A-1"):
        told = json.loads(cli("stock", "push", "--sku", "A-1", "B-1", "C-1", "--wait", "--json").out)

    assert told["message"] == "acme: 1 told, 1 shown already, 1 not (no_store_item)."
    assert told["stores"] == [
        {
            "store": "acme",
            "skus": 3,
            "not_in_store": 0,
            "told": 1,
            "same": 1,
            "not_shown": {"no_store_item": 1},
        }
    ]


def test_waiting_ends_when_a_store_was_put_off_for_less_than_a_look_at_it(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection
) -> None:
    offer(pushing, "A-1")
    add(cli, "A-1", 5)
    pushing.faults.set_rates({"http_503": 1})
    fresh_connection.execute(
        """CREATE FUNCTION pg_temp.soon() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN NEW.due_at := clock_timestamp(); RETURN NEW; END $$;
           CREATE TRIGGER soon BEFORE UPDATE ON store_stock FOR EACH ROW WHEN (NEW.due_at IS NOT NULL)
           EXECUTE FUNCTION pg_temp.soon()"""
    )

    with worker(fresh_connection, "A-1"):
        result = cli("stock", "push", "--sku", "A-1", "--wait")

    assert "(store_unavailable)" in result.err


@pytest.mark.parametrize(
    ("fault", "words"), [("http_503", "store_unavailable"), ("unauthorized", "credentials_refused")]
)
def test_waiting_ends_when_a_store_is_put_off_or_stopped(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection, fault: str, words: str
) -> None:
    offer(pushing, "A-1")
    add(cli, "A-1", 5)
    pushing.faults.set_rates({fault: 1})

    with worker(fresh_connection, "A-1"):
        result = cli("stock", "push", "--sku", "A-1", "--wait")

    assert (result.code, result.out) == (1, "")
    assert f"acme: 1 SKU(s) are not told yet ({words})." in result.err


def test_waiting_without_a_worker_ends_and_says_so(cli: Cli, pushing: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock_watch, "PATIENCE_SECONDS", 0)
    add(cli, "A-1", 5)

    result = cli("stock", "push", "--sku", "A-1", "--wait")

    assert (result.code, result.out) == (1, "")
    assert result.err == ("storesync: nobody works on it: start a worker with storesync up, or see storesync doctor\n")


# -- on trial ----------------------------------------------------------------------------------------------------------


def test_BEY_1_push_on_trial_shows_what_would_be_told_and_writes_nothing(
    cli: Cli, pushing: Shop, redis: Redis, fresh_connection: postgres.Connection
) -> None:
    for sku in ("A-1", "B-1", "C-1"):
        add(cli, sku, 5)
    offer(pushing, "A-1", 2)
    offer(pushing, "B-1", 5)
    before = stock_rows(fresh_connection), messages(redis, "stock")

    for which in (("--all",), ("--sku", "A-1", "--sku", "B-1", "--sku", "C-1")):
        result = cli("stock", "push", *which, "--dry-run", "--json")
        found = {line["sku"]: line for line in json.loads(result.out)}
        assert {sku: (line["outcome"], line["shows"], line["quantity"]) for sku, line in found.items()} == {
            "A-1": ("tell", "2", "5"),
            "B-1": ("same", "5", "5"),
            "C-1": ("skip", None, None),
        }
        assert found["C-1"]["reason"] == "no_store_item"

    assert (stock_rows(fresh_connection), messages(redis, "stock")) == before
    assert pushing.shop.told_stock() == []
    assert fresh_connection.execute("SELECT count(*) AS items FROM store_items").fetchone() == {"items": 0}


def test_BEY_1_push_on_trial_comes_before_stock_sync_is_switched_on(
    cli: Cli, acme: Shop, fresh_connection: postgres.Connection
) -> None:
    add(cli, "A-1", 5)
    offer(acme, "A-1", 2)

    (line,) = [
        found
        for found in json.loads(cli("stock", "push", "--store", "acme", "--all", "--dry-run", "--json").out)
        if found["sku"] == "A-1"
    ]

    assert (line["outcome"], line["shows"], line["quantity"]) == ("tell", "2", "5")
    assert stock_rows(fresh_connection) == []


def test_BEY_1_push_on_trial_is_a_table_for_people(cli: Cli, pushing: Shop) -> None:
    add(cli, "A-1", 5)
    offer(pushing, "A-1", 2)

    lines = cli("stock", "push", "--sku", "A-1", "--dry-run").out.splitlines()

    assert lines[1].split()[0:2] == ["A-1", "acme"]
    assert lines[1].split()[-4:] == ["2", "5", "tell", "-"]
    assert lines[-1] == "Would tell 1. Nothing was written or sent."


def test_STK_9_push_on_trial_says_what_waits_for_unread_orders(cli: Cli, pushing: Shop) -> None:
    add(cli, "HOOK-FRG", 8)
    place(pushing, line_items=[{"sku": "HOOK-FRG", "quantity": 1}])
    fetch()

    out = cli("stock", "push", "--sku", "HOOK-FRG", "--dry-run").out

    assert "orders_unread: Orders of the store for this SKU are still being read" in out
