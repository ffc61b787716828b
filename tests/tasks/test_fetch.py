"""Fetching: pages into due rows, the cursor only behind what is stored, each store for itself."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import locks
from connectors.cursor import Cursor
from connectors.postgres import stores
from sandbox import open_sandbox, seed_plain, seed_shop
from sandbox.woocommerce.generator import random_order
from schemas.stores import StoreState
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.orders.import_order import import_order
from tasks.rules.failures import CAP
from tests.connectors.raw_server import RawServer, http_answer
from tests.tasks.conftest import connect, import_all, import_due
from tests.tasks.orders.looking import (
    Shop,
    ahead,
    all_orders,
    asked,
    do,
    journal_of,
    let_waits_pass,
    order_of,
    rung,
    store_of,
)

OUTAGES = ("http_500", "http_503", "timeout", "reset", "truncated", "html")


@pytest.fixture
def second_shop() -> Iterator[Shop]:
    """Another shop with one open order."""
    with open_sandbox("woocommerce", orders=0) as sandbox:
        random_order(sandbox.shop, {"status": "processing"})
        yield sandbox


# -- the cursor ----------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_fetch_goes_on_from_its_cursor_when_its_time_is_over(
    held: Process, shop: Shop, acme: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed_shop(shop.shop, orders=330, seed=1)
    monkeypatch.setattr("tasks.fetch.BUDGET_SECONDS", 0)

    words = [fetch_orders(acme)]
    rings = rung(held.redis, "fetch")
    while words[-1] == "goes_on":
        words.append(fetch_orders(acme))

    assert rings == [[acme]]
    assert words[-1] == "fetched"
    assert len(words) > 2
    assert len(all_orders(held, acme)) == 330


@pytest.mark.long
@pytest.mark.parametrize("fault", OUTAGES)
def test_ch_11_an_outage_between_two_pages_loses_nothing(
    held: Process, shop: Shop, acme: int, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shop.shop.at(shop.shop.now() - timedelta(days=1)):
        seed_plain(shop.shop, orders=320)
    monkeypatch.setattr("tasks.fetch.BUDGET_SECONDS", 0)
    shop.faults.set_pace(timeout_seconds=0.1)
    assert fetch_orders(acme) == "goes_on"
    cursor, kept = store_of(held, acme).cursor, all_orders(held, acme)

    shop.faults.fail_next(1, fault)
    assert fetch_orders(acme) == "put_off"
    put_off = store_of(held, acme)

    assert (put_off.reason, put_off.fetch_attempts) == ("store_unavailable", 1)
    assert timedelta(0) <= ahead(put_off.fetch_due_at) + timedelta(seconds=1) <= timedelta(seconds=6)
    assert (put_off.cursor, all_orders(held, acme)) == (cursor, kept)
    let_waits_pass(held, acme)
    while fetch_orders(acme) == "goes_on":
        pass
    assert len(all_orders(held, acme)) == 320
    assert store_of(held, acme).reason is None


def test_ch_11_a_shop_that_does_not_answer_in_time_is_put_off(
    held: Process, shop: Shop, acme: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.http.READ_SECONDS", 0.2)
    shop.faults.fail_next(1, "timeout")

    assert fetch_orders(acme) == "put_off"
    assert "did not answer in time" in (store_of(held, acme).reason_detail or "")


def test_a_failed_first_fetch_leaves_no_cursor(held: Process, shop: Shop, acme: int) -> None:
    order = random_order(shop.shop, {"status": "processing"})
    shop.faults.fail_next(1, "reset")

    assert fetch_orders(acme) == "put_off"
    assert store_of(held, acme).cursor is None

    let_waits_pass(held, acme)
    assert import_all(held, acme) == ["imported"]
    assert order_of(held, acme, order.id).state == "imported"


def test_reading_again_since_a_moment_makes_no_doubles(held: Process, shop: Shop, acme: int) -> None:
    seed_plain(shop.shop, orders=12)
    import_all(held, acme)
    before = _rows(held, acme)

    with held.pool.connection() as connection:
        stores.read_again(connection, acme, datetime.now(UTC) - timedelta(days=2))
    assert fetch_orders(acme) == "fetched"

    assert len(before) == 12
    assert _rows(held, acme) == before  # not one row version is new
    assert import_due(held, acme) == []


def test_reading_again_since_a_moment_is_not_undone_by_the_fetch_that_is_on_its_way(
    held: Process, shop: Shop, acme: int
) -> None:
    seed_plain(shop.shop, orders=3)
    fetch_orders(acme)
    since = datetime.now(UTC) - timedelta(days=2)

    def move_the_cursor() -> None:
        with held.pool.connection() as connection:
            stores.read_again(connection, acme, since)

    word = _fetch_while(held, shop, acme, move_the_cursor)

    assert word == "goes_on"
    assert Cursor.read(store_of(held, acme).cursor or "").since == since.replace(microsecond=0)
    assert rung(held.redis, "fetch") == [[acme]]


def test_a_store_paused_in_the_middle_of_a_fetch_is_asked_nothing_more(held: Process, shop: Shop, acme: int) -> None:
    def pause() -> None:
        with held.pool.connection() as connection:
            stores.set_state(connection, acme, StoreState.PAUSED)

    assert _fetch_while(held, shop, acme, pause) == "goes_on"
    before = asked(shop)
    assert fetch_orders(acme) == "store_paused"
    assert asked(shop) == before


def test_an_unchanged_second_delivery_changes_no_row(held: Process, shop: Shop, acme: int) -> None:
    seed_plain(shop.shop, orders=5)
    fetch_orders(acme)
    before = _rows(held, acme)
    do(held, "UPDATE stores SET cursor = NULL WHERE id = %s", acme)

    assert fetch_orders(acme) == "fetched"

    assert len(before) == 5
    assert _rows(held, acme) == before


def test_a_page_the_database_refuses_is_stored_one_by_one(held: Process, shop: Shop, acme: int) -> None:
    seed_plain(shop.shop, orders=4)
    refused = random_order(shop.shop, {"status": "processing"})
    do(
        held,
        f"""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.external_id = '{refused.id}' AND NEW.snapshot IS NOT NULL THEN
                RAISE EXCEPTION 'no room for this' USING ERRCODE = '22000';
            END IF; RETURN NEW; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON store_orders FOR EACH ROW EXECUTE FUNCTION refuse()""",
    )

    import_all(held, acme)

    states = all_orders(held, acme)
    assert states.pop(str(refused.id)) == "failed"
    assert set(states.values()) == {"imported"}
    assert order_of(held, acme, refused.id).detail == {"path": "", "problem": "cannot be stored: no room for this"}
    assert journal_of(held, acme, refused.id) == [("fetch", "failed", "invalid_payload")]


# -- who may fetch -------------------------------------------------------------------------------------------------


def test_a_second_fetch_of_a_store_leaves_at_once(held: Process, shop: Shop, acme: int) -> None:
    with locks.lock(held.redis, locks.fetch_key(acme)) as is_ours:
        assert is_ours
        before = asked(shop)
        assert fetch_orders(acme) == "busy"

    assert asked(shop) == before
    assert fetch_orders(acme) == "fetched"


@pytest.mark.parametrize("state", [StoreState.PAUSED, StoreState.NEEDS_ATTENTION, StoreState.DISCONNECTED])
def test_a_store_that_is_not_active_is_not_asked(held: Process, shop: Shop, acme: int, state: StoreState) -> None:
    do(held, "UPDATE stores SET state = %s WHERE id = %s", state, acme)
    before = asked(shop)

    assert fetch_orders(acme) == f"store_{state}"
    assert asked(shop) == before


# -- 429 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fault", "seconds"), [("rate_limit", 600), ("rate_limit_bare", 30)])
def test_ch_11_a_rate_limit_is_waited_for_as_long_as_the_vendor_says_and_by_everybody(
    held: Process, shop: Shop, acme: int, fault: str, seconds: int
) -> None:
    order = random_order(shop.shop, {"status": "processing"})
    shop.faults.set_pace(retry_after_seconds=600)
    shop.faults.fail_next(1, fault)

    assert fetch_orders(acme) == "put_off"
    waiting = store_of(held, acme)
    before = asked(shop)

    assert (waiting.reason, waiting.fetch_attempts) == ("rate_limited", 0)
    assert seconds - 5 < ahead(waiting.fetch_due_at).total_seconds() <= seconds
    assert fetch_orders(acme) == "waiting"
    # By hand the store's own back-off is lifted, and an order is asked for that nobody knows: the shop hears nothing.
    with held.pool.connection() as connection:
        stores.fetch_now(connection, acme)
    assert fetch_orders(acme) == "put_off"
    assert import_order(acme, str(order.id)) == "put_off"
    assert asked(shop) == before


def test_ch_11_a_rate_limit_holds_for_other_workers_of_the_store(held: Process, shop: Shop, acme: int) -> None:
    order = random_order(shop.shop, {"status": "processing"})
    shop.faults.set_pace(retry_after_seconds=600)
    shop.faults.fail_next(1, "rate_limit")
    fetch_orders(acme)
    before = asked(shop)

    other = Process(held.config, held.pool)
    with pytest.raises(Exception, match="asked to wait until"):
        other.connector(store_of(held, acme)).snapshot(str(order.id))

    assert asked(shop) == before


def test_ch_11_an_order_that_waits_for_a_rate_limit_does_not_lose_patience(
    held: Process, shop: Shop, acme: int
) -> None:
    order = random_order(shop.shop, {"status": "processing"})
    shop.faults.set_pace(retry_after_seconds=600)
    shop.faults.fail_next(1, "rate_limit")

    words = [import_order(acme, str(order.id)) for _ in range(8)]

    waiting = order_of(held, acme, order.id)
    assert set(words) == {"put_off"}
    assert (waiting.state, waiting.reason, waiting.attempts) == ("pending", "rate_limited", 0)
    assert 590 < ahead(waiting.due_at).total_seconds() <= 600
    let_waits_pass(held, acme)
    assert import_due(held, acme) == ["imported"]


def test_MUL_1_a_rate_limit_does_not_hold_up_another_store(
    held: Process, shop: Shop, acme: int, second_shop: Shop
) -> None:
    second = connect(held, second_shop, "second")
    shop.faults.set_pace(retry_after_seconds=600)
    shop.faults.fail_next(1, "rate_limit")

    assert fetch_orders(acme) == "put_off"
    assert import_all(held, second) == ["imported"]


# -- outages -------------------------------------------------------------------------------------------------------


def test_ch_11_an_outage_is_journaled_once_and_tried_on_every_few_minutes(held: Process, shop: Shop, acme: int) -> None:
    order = random_order(shop.shop, {"status": "processing"})
    shop.faults.set_rates({"http_500": 1})

    pauses = [_failed_fetch(held, acme) for _ in range(8)]

    assert pauses[0] <= timedelta(seconds=5)
    assert timedelta(0) < CAP - pauses[-1] < timedelta(seconds=5)
    assert journal_of(held, acme) == [("fetch", "failed", "store_unavailable")]
    shop.faults.set_rates({})
    let_waits_pass(held, acme)
    assert import_all(held, acme) == ["imported"]
    assert order_of(held, acme, order.id).state == "imported"
    assert store_of(held, acme).fetch_attempts == 0


@pytest.mark.long
def test_ch_11_a_store_that_gives_pages_is_not_away_however_often_it_breaks_off(
    held: Process, shop: Shop, acme: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shop.shop.at(shop.shop.now() - timedelta(days=1)):
        seed_plain(shop.shop, orders=320)
    for _ in range(5):
        shop.faults.fail_next(1, "http_500")
        _failed_fetch(held, acme)
    monkeypatch.setattr("tasks.fetch.BUDGET_SECONDS", 0)
    assert fetch_orders(acme) == "goes_on"

    shop.faults.fail_next(1, "http_500")

    assert _failed_fetch(held, acme) <= timedelta(seconds=5)
    assert journal_of(held, acme) == []


def test_ch_11_a_shop_that_says_no_is_journaled_once(held: Process, acme: int) -> None:
    with RawServer(http_answer(400, '{"code": "rest_invalid_param", "message": "Invalid"}')) as refusing:
        do(held, "UPDATE stores SET url = %s WHERE id = %s", refusing.url, acme)

        pauses = [_failed_fetch(held, acme) for _ in range(3)]

    assert timedelta(0) < CAP - pauses[0] < timedelta(seconds=5)
    assert journal_of(held, acme) == [("fetch", "failed", "refused_by_store")]
    assert "answered 400 (rest_invalid_param: Invalid)" in (store_of(held, acme).reason_detail or "")


def test_ch_11_a_bug_stops_one_store_is_journaled_once_and_fails_the_task(
    held: Process, shop: Shop, acme: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random_order(shop.shop, {"status": "processing"})
    with monkeypatch.context() as broken:
        broken.setattr("connectors.woocommerce.orders.read_with_ambiguities", _divide_by_zero)
        pauses = [_fetch_that_breaks(held, acme) for _ in range(8)]
    stopped = store_of(held, acme)

    assert pauses[0] <= timedelta(seconds=5)
    assert timedelta(0) < CAP - pauses[-1] < timedelta(seconds=5)
    assert journal_of(held, acme) == [("fetch", "failed", "unexpected_error")]
    assert stopped.reason == "unexpected_error"
    assert re.fullmatch(r"ZeroDivisionError at connectors/[\w/]+\.py:\d+", stopped.reason_detail or "")
    assert import_all(held, acme) == ["imported"]


def test_MUL_1_an_outage_does_not_hold_up_another_store(
    held: Process, shop: Shop, acme: int, second_shop: Shop
) -> None:
    second = connect(held, second_shop, "second")
    shop.faults.set_rates({"http_503": 1})

    assert fetch_orders(acme) == "put_off"
    assert import_all(held, second) == ["imported"]


# -- what bells carry ----------------------------------------------------------------------------------------------


def test_BEY_9_messages_carry_ids_and_nothing_else(held: Process, shop: Shop, acme: int) -> None:
    buyer = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com"}
    placed = [random_order(shop.shop, {"status": "processing", "billing": buyer}) for _ in range(12)]

    fetch_orders(acme)
    messages: Any = held.redis.lrange("storesync:orders", 0, -1)
    raw = b"".join(messages)
    bells = rung(held.redis, "orders")

    assert {bell[0] for bell in bells} == {acme}
    assert sorted(key for bell in bells for key in bell[1:]) == sorted(str(order.id) for order in placed)
    assert not [word for word in (b"Lovelace", b"ada@", b"total", b"line_items") if word in raw]


def _failed_fetch(held: Process, store_id: int) -> timedelta:
    """A fetch that fails, and the waiting that follows, shortened; how long it would have been."""
    assert fetch_orders(store_id) == "put_off"
    pause = ahead(store_of(held, store_id).fetch_due_at)
    let_waits_pass(held, store_id)
    return pause


def _fetch_that_breaks(held: Process, store_id: int) -> timedelta:
    """A fetch with a bug, and the waiting that follows, shortened; how long it would have been."""
    with pytest.raises(ZeroDivisionError):
        fetch_orders(store_id)
    pause = ahead(store_of(held, store_id).fetch_due_at)
    let_waits_pass(held, store_id)
    return pause


def _divide_by_zero(*_: object) -> None:
    raise ZeroDivisionError("by \x00NUL\ud83d")


def _fetch_while(held: Process, shop: Shop, store_id: int, act: Any) -> str:
    """Fetch, and let something happen while the shop writes its page."""
    write = shop.shop.order_body
    done: list[int] = []

    def act_once(order: Any, decimals: int = 2) -> bytes:
        if not done:
            done.append(True)
            act()
        body: bytes = write(order, decimals)
        return body

    random_order(shop.shop, {"status": "processing"})
    shop.shop.order_body = act_once
    try:
        return str(fetch_orders(store_id))
    finally:
        shop.shop.order_body = write


def _rows(held: Process, store_id: int) -> dict[str, Any]:
    """The physical version of every order's row."""
    with held.pool.connection() as connection:
        statement = "SELECT external_id, ctid, xmin FROM store_orders WHERE store_id = %s"
        return {row["external_id"]: (row["ctid"], row["xmin"]) for row in connection.execute(statement, (store_id,))}
