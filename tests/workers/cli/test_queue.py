"""Work that a person puts in the queue: the right message, or a line that says why not."""

import json
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from redis import Redis

from connectors import postgres
from sandbox.woocommerce.generator import random_order
from tests.waiting import wait_until
from tests.workers.cli.command import Cli
from tests.workers.cli.shops import Shop, document, fetch, place, place_raw, read_again, take_in, try_to_fetch

Message = tuple[str, list[Any]]


def messages(redis: Redis, queue: str) -> list[Message]:
    """Task and arguments of what waits in a queue."""
    found: Any = redis.lrange(f"storesync:{queue}", 0, -1)
    return [_read(json.loads(text)) for text in reversed(found)]


def _read(message: dict[str, Any]) -> Message:
    return message["headers"]["task"], json.loads(b64decode(message["body"]))[0]


def store(connection: postgres.Connection) -> postgres.Row:
    (row,) = connection.execute("SELECT * FROM stores").fetchall()
    return row


# -- sync --------------------------------------------------------------------------------------------------------------


def test_sync_rings_for_the_store(cli: Cli, acme: Shop, redis: Redis, fresh_connection: postgres.Connection) -> None:
    result = cli("sync", "acme")

    assert (result.code, result.out) == (0, "acme is fetched now. See storesync order list --store acme\n")
    assert messages(redis, "fetch")[-1] == ("fetch_orders", [store(fresh_connection)["id"]])


def test_sync_does_not_wait_for_a_back_off_to_end(cli: Cli, acme: Shop, fresh_connection: postgres.Connection) -> None:
    fresh_connection.execute("UPDATE stores SET fetch_due_at = now() + interval '1 hour', fetch_attempts = 5")

    cli("sync", "acme")

    assert (store(fresh_connection)["fetch_due_at"], store(fresh_connection)["fetch_attempts"]) == (None, 0)


def test_sync_since_reads_again_from_then_on(cli: Cli, acme: Shop, fresh_connection: postgres.Connection) -> None:
    place(acme)
    take_in()
    with acme.shop.at(datetime(2026, 1, 5, tzinfo=UTC)):
        old = place(acme, status="on-hold")
    assert take_in() == []

    assert document(cli("sync", "acme", "--since", "2026-01-01", "--json"))["store"] == "acme"

    assert take_in() == ["skipped"]
    assert [row["external_id"] for row in document(cli("order", "list", "--state", "skipped", "--json"))] == [old]


def test_ORD_9_sync_since_before_the_first_import_brings_every_open_order(cli: Cli, acme: Shop) -> None:
    with acme.shop.at(datetime.now(UTC) - timedelta(days=90)):
        old = place(acme)

    shown = document(cli("sync", "acme", "--since", "2d", "--dry-run", "--json"))
    assert cli("sync", "acme", "--since", "2d").code == 0

    assert [row["external_id"] for row in shown] == [old]
    assert take_in() == ["imported"]


@pytest.mark.parametrize("since", ["2999-01-01", "2999-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("more", [(), ("--dry-run",), ("--wait", "--json")])
def test_ORD_9_a_moment_that_is_still_to_come_is_refused(refusing_cli: Cli, since: str, more: tuple[str, ...]) -> None:
    result = refusing_cli("sync", "acme", "--since", since, *more)

    assert (result.code, result.out) == (2, "")
    assert "is still to come" in result.err


@pytest.mark.parametrize(
    "since", ["0001-01-01", "1969-12-31T23:59:59Z", "20260101", "700000d", "2026-01-01T00:00:00-12:00"]
)
def test_ORD_9_sync_since_long_ago_reads_everything(cli: Cli, acme: Shop, since: str) -> None:
    with acme.shop.at(datetime(2026, 2, 5, tzinfo=UTC)):
        place(acme, status="on-hold")

    assert cli("sync", "acme", "--since", since).code == 0

    assert take_in() == ["skipped"]


def test_BEY_1_sync_as_a_dry_run_says_what_would_come_and_writes_nothing(
    cli: Cli, acme: Shop, redis: Redis, fresh_connection: postgres.Connection
) -> None:
    good, bad = place(acme), place_raw(acme, currency="XXQ")
    before = store(fresh_connection), messages(redis, "fetch")

    shown = document(cli("sync", "acme", "--dry-run", "--json"))
    text = cli("sync", "acme", "--dry-run").out

    assert {row["external_id"]: row["outcome"] for row in shown} == {good: "create", bad: "fail"}
    assert "Nothing was written." in text
    assert (store(fresh_connection), messages(redis, "fetch")) == before
    assert document(cli("order", "list", "--json")) == []


@pytest.mark.parametrize(
    ("state", "words"),
    [("paused", "storesync store resume acme"), ("needs_attention", "storesync store check acme")],
)
def test_sync_of_a_store_that_rests_says_how_to_wake_it(
    cli: Cli, acme: Shop, fresh_connection: postgres.Connection, state: str, words: str
) -> None:
    fresh_connection.execute("UPDATE stores SET state = %s", (state,))

    result = cli("sync", "acme")

    assert (result.code, result.out, len(result.err.splitlines())) == (1, "", 1)
    assert words in result.err


def test_sync_of_an_unknown_store_is_refused(refusing_cli: Cli) -> None:
    result = refusing_cli("sync", "nope")

    assert (result.code, result.err) == (1, "storesync: there is no store 'nope': see storesync store list\n")


@pytest.mark.long
def test_sync_without_redis_says_so_in_one_line(acme: Shop, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("REDIS_URL", "redis://127.0.0.1:1")
    command = [sys.executable, "-c", "from workers.cli.main import main; main()", "sync", "acme"]

    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (1, "", 1)
    assert "see storesync doctor" in ended.stderr


# -- sync that waits ---------------------------------------------------------------------------------------------------


@contextmanager
def worker(redis: Redis, *steps: Callable[[], object]) -> Iterator[None]:
    """Take these steps once the store's bell rings, as a worker would beside the command."""
    before = len(messages(redis, "fetch"))

    def work() -> None:
        wait_until(lambda: len(messages(redis, "fetch")) > before, what="the bell")
        for step in steps:
            step()

    thread = Thread(target=work)
    thread.start()
    yield
    thread.join()


@pytest.fixture
def stubborn(acme: Shop) -> str:
    """An order that says too little by itself, and whose refunds the shop does not give the first time: its id."""
    acme.shop.add_product({"name": "Chair", "sku": "CHAIR-1", "regular_price": "30.00", "stock_quantity": 50})
    order = random_order(acme.shop, {"status": "processing", "line_items": [{"sku": "CHAIR-1", "quantity": 5}]})
    acme.shop.refund_order(order.id, {"pieces": {order.lines[0].id: 2}})
    acme.faults.fail_next(1, "rate_limit", only=f"/orders/{order.id}")
    return str(order.id)


def fetch_in_the_end() -> None:
    """Fetch as often as it takes."""
    wait_until(lambda: try_to_fetch() == "fetched", what="the shop to answer")


def read_in_the_end() -> None:
    """Look at what is due as often as it takes."""
    wait_until(lambda: read_again() == ["imported"], what="the shop to answer")


def test_sync_waits_until_the_last_order_is_in(cli: Cli, acme: Shop, redis: Redis) -> None:
    place(acme)
    place(acme, status="on-hold")

    with worker(redis, fetch, read_again):
        told = document(cli("sync", "acme", "--wait", "--json"))

    assert told["orders"] == {"imported": 1, "skipped": 1}
    assert told["message"] == "acme is up to date: 1 imported, 1 skipped."


def test_sync_waits_for_an_order_that_was_put_off(cli: Cli, stubborn: str, redis: Redis) -> None:
    with worker(redis, fetch, read_again, read_in_the_end):
        result = cli("sync", "acme", "--wait")

    assert (result.code, result.out) == (0, "acme is up to date: 1 imported.\n")


def test_sync_waits_for_a_fetch_that_was_put_off(cli: Cli, acme: Shop, redis: Redis) -> None:
    place(acme)
    acme.faults.fail_next(1, "rate_limit")

    with worker(redis, fetch_in_the_end, read_again):
        result = cli("sync", "acme", "--wait")

    assert (result.code, result.out) == (0, "acme is up to date: 1 imported.\n")


def test_sync_says_which_orders_are_put_off_for_longer_than_it_waits(
    cli: Cli, acme: Shop, stubborn: str, redis: Redis
) -> None:
    place(acme)
    acme.faults.set_pace(retry_after_seconds=900)

    with worker(redis, fetch, read_again):
        result = cli("sync", "acme", "--wait")

    assert (result.code, result.out, len(result.err.splitlines())) == (1, "", 1)
    assert "came in: 1 imported, 1 pending; 1 put off (rate_limited), tried again from 20" in result.err


def test_sync_says_when_the_shop_is_asked_again_that_is_put_off_for_longer(cli: Cli, acme: Shop, redis: Redis) -> None:
    acme.faults.set_pace(retry_after_seconds=900)
    acme.faults.fail_next(1, "rate_limit")

    with worker(redis, try_to_fetch):
        result = cli("sync", "acme", "--wait")

    assert (result.code, result.out, len(result.err.splitlines())) == (1, "", 1)
    assert "came in: the shop is asked again at 20" in result.err
    assert "Z (rate_limited). See storesync store show acme" in result.err


def test_sync_does_not_wait_for_a_store_that_was_stopped(cli: Cli, acme: Shop, redis: Redis) -> None:
    acme.faults.fail_next(1, "unauthorized")

    with worker(redis, try_to_fetch):
        result = cli("sync", "acme", "--wait")

    assert result.code == 1
    assert "came in: the store is not active (credentials_refused)." in result.err


@pytest.mark.parametrize(
    ("steps", "words"),
    [([], "came in: nobody works on it."), ([fetch], "came in: 1 pending; nobody works on it.")],
)
def test_sync_does_not_wait_where_nobody_works(
    cli: Cli,
    stubborn: str,
    redis: Redis,
    monkeypatch: pytest.MonkeyPatch,
    steps: list[Callable[[], object]],
    words: str,
) -> None:
    monkeypatch.setattr("workers.cli.progress.PATIENCE_SECONDS", 1)

    with worker(redis, *steps):
        result = cli("sync", "acme", "--wait")

    assert (result.code, result.out, len(result.err.splitlines())) == (1, "", 1)
    assert words in result.err


def test_sync_does_not_wait_for_ever_for_what_is_put_off_again_and_again(
    cli: Cli, acme: Shop, stubborn: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme.faults.set_pace(retry_after_seconds=60)
    monkeypatch.setattr("workers.cli.progress.STUCK_SECONDS", 1)
    monkeypatch.setattr("workers.cli.progress.PATIENCE_SECONDS", 0.5)

    with worker(redis, fetch, read_again):
        started = time.monotonic()
        result = cli("sync", "acme", "--wait")

    assert result.code == 1
    assert "came in: 1 pending; 1 put off (rate_limited)" in result.err
    assert time.monotonic() - started > 1


def test_sync_does_not_wait_for_what_was_set_aside(cli: Cli, acme: Shop, redis: Redis) -> None:
    place_raw(acme, currency="XXQ")

    with worker(redis, fetch):
        result = cli("sync", "acme", "--wait")

    assert (result.code, result.out) == (0, "acme is up to date: 1 failed.\n")


# -- enqueue -----------------------------------------------------------------------------------------------------------


def test_enqueued_task_waits_in_its_own_queue_with_the_stores_id(
    cli: Cli, acme: Shop, redis: Redis, fresh_connection: postgres.Connection
) -> None:
    store_id = store(fresh_connection)["id"]

    told = document(cli("enqueue", "import_order", "acme", "5001", "--json"))
    cli("enqueue", "ring_due")

    assert told["task"] == "import_order"
    assert messages(redis, "orders") == [("import_order", [store_id, "5001"])]
    assert messages(redis, "upkeep") == [("ring_due", [])]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nope",), 2, "there is no task 'nope'; there are "),
        (("celery.backend_cleanup",), 2, "there is no task"),
        (("fetch_orders",), 2, "missing a required argument: 'store'"),
        (("ring_due", "acme"), 2, "too many positional arguments"),
        (("fetch_orders", "nope"), 1, "there is no store 'nope': see storesync store list"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_task_that_cannot_run_is_not_enqueued(
    refusing_cli: Cli, redis: Redis, arguments: tuple[str, ...], code: int, words: str
) -> None:
    result = refusing_cli("enqueue", *arguments)

    assert (result.code, result.out, len(result.err.splitlines())) == (code, "", 1)
    assert words in result.err
    assert not redis.keys("storesync:*")
