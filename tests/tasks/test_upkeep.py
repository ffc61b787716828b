"""What rings again by itself, and what stays fresh."""

import inspect
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from connectors import ecb
from connectors.postgres import orders, rates, stores
from connectors.postgres.orders import BELL_SECONDS
from sandbox import open_sandbox, seed_plain
from sandbox.woocommerce.generator import random_order
from schemas.failures import PutOff
from schemas.stores import StoreState
from tasks.bells import FEW_QUEUE
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.upkeep import refresh_rates, ring_due
from tests.tasks.conftest import connect
from tests.tasks.orders.looking import Shop, all_orders, do, messages, rung


@pytest.fixture
def second(held: Process) -> Iterator[int]:
    """Another store with one order that is due: its id."""
    with open_sandbox("woocommerce", orders=0) as sandbox:
        random_order(sandbox.shop, {"status": "processing"})
        store_id = connect(held, sandbox, "second")
        fetch_orders(store_id)
        yield store_id


@pytest.fixture
def due(held: Process, shop: Shop, acme: int) -> list[str]:
    """Orders of acme that are due and whose bells are in the queue."""
    seed_plain(shop.shop, orders=5)
    ring_due()  # Redis is new at the first time
    fetch_orders(acme)
    return sorted(all_orders(held, acme))


def keys(held: Process) -> list[str]:
    """The orders whose bells wait in the queue; it is empty afterwards."""
    bells = rung(held.redis, FEW_QUEUE) + rung(held.redis, "orders")
    return sorted(key for _, *keys in bells for key in keys)


def let_bells_age(held: Process) -> None:
    """Every bell that is out got no answer for too long."""
    do(held, "UPDATE store_orders SET rung_at = rung_at - %s * interval '1 second'", BELL_SECONDS + 1)


def test_what_was_rung_is_not_rung_again_while_its_bell_is_on_its_way(held: Process, due: list[str]) -> None:
    assert keys(held) == due
    assert ring_due() == 0
    assert keys(held) == []


def test_bells_that_were_lost_are_rung_again_each_alone(held: Process, due: list[str]) -> None:
    keys(held)
    let_bells_age(held)

    assert ring_due() == len(due)

    again = rung(held.redis, "orders")
    assert sorted(bell[1:] for bell in again) == [[key] for key in due]


def test_a_redis_that_came_back_empty_is_rung_for_everything_at_once(held: Process, due: list[str]) -> None:
    held.redis.flushdb()

    assert ring_due() == len(due)
    assert keys(held) == due
    assert ring_due() == 0


def test_a_bell_expires_when_it_is_rung_again(held: Process, due: list[str]) -> None:
    (headers, *_) = [message["headers"] for message in messages(held.redis, FEW_QUEUE)]

    ahead = datetime.fromisoformat(headers["expires"]) - datetime.now(UTC)
    assert timedelta(seconds=BELL_SECONDS - 10) < ahead <= timedelta(seconds=BELL_SECONDS)


def test_MUL_1_a_paused_store_and_a_put_off_order_are_not_rung_for(
    held: Process, acme: int, due: list[str], second: int
) -> None:
    with held.pool.connection() as connection:
        orders.put_off(connection, acme, due[0], PutOff("hub_busy", {}, datetime.now(UTC) + timedelta(minutes=1)))
        stores.set_state(connection, second, StoreState.PAUSED)
    keys(held)
    let_bells_age(held)

    assert ring_due() == len(due) - 1
    assert keys(held) == due[1:]


def test_MUL_1_a_store_that_waits_is_fetched_when_its_time_has_come_whatever_its_interval(
    held: Process, acme: int, second: int
) -> None:
    ring_due()
    rung(held.redis, "fetch")
    now = datetime.now(UTC)
    with held.pool.connection() as connection:
        stores.put_off_fetch(connection, acme, PutOff("store_unavailable", {}, now))
        stores.put_off_fetch(connection, second, PutOff("rate_limited", {}, now + timedelta(hours=1)))

    ring_due()

    assert rung(held.redis, "fetch") == [[acme]]


def test_ORD_8_the_days_rates_are_kept(held: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not inspect.signature(ecb.daily_rates).parameters
    day = date(2026, 1, 5)
    monkeypatch.setattr(ecb, "daily_rates", lambda: {("USD", day): Decimal("0.9"), ("GBP", day): Decimal("1.2")})

    assert [refresh_rates(), refresh_rates()] == ["2 kept", "0 kept"]

    with held.pool.connection() as connection:
        kept = {row.currency: (row.rate, row.base, row.source) for row in rates.latest(connection)}
    assert kept == {"USD": (Decimal("0.9"), "EUR", "ecb"), "GBP": (Decimal("1.2"), "EUR", "ecb")}


@pytest.mark.parametrize("site", ["http://127.0.0.1:1", "https://rates.invalid"])
def test_ORD_8_without_internet_rates_are_no_failure_but_one_line(
    held: Process, site: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ecb, "_SITE", site)
    caplog.set_level("INFO", logger="tasks.upkeep")

    assert refresh_rates() == "not_reached"

    (record,) = (record for record in caplog.records if record.name == "tasks.upkeep")
    assert (record.levelname, record.exc_info) == ("INFO", None)
    assert len(record.getMessage().splitlines()) == 1


def test_rates_that_cannot_be_read_leave_the_old_ones(held: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    with held.pool.connection() as connection:
        rates.keep(connection, {("USD", date(2026, 1, 5)): Decimal("0.9")}, base="EUR", source="ecb")
    monkeypatch.setattr(ecb, "daily_rates", lambda: ecb.read_rates("<html>Maintenance</html>"))

    assert refresh_rates() == "not_reached"

    with held.pool.connection() as connection:
        assert [row.rate for row in rates.latest(connection)] == [Decimal("0.9")]
