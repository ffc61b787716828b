"""What tests of the engine look at, and how they let time pass."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from connectors.postgres import journal, order_view, stores
from connectors.postgres.order_view import OrderRow
from connectors.postgres.rows import StoreRow
from sandbox import RunningSandbox
from tasks.held import Process

Shop = RunningSandbox[Any]


def asked(shop: Shop) -> int:
    """How often a shop was asked, whether it answered or not."""
    calls: int = sum(shop.shop.calls.values()) + sum(shop.faults.happened.values())
    return calls


def store_of(held: Process, store_id: int) -> StoreRow:
    """A store's row."""
    with held.pool.connection() as connection:
        row = stores.find_store(connection, str(store_id))
    assert row is not None
    return row


def order_of(held: Process, store_id: int, external_id: object) -> OrderRow:
    """An order's due row."""
    with held.pool.connection() as connection:
        row = order_view.order(connection, store_id, str(external_id))
    assert row is not None
    return row


def all_orders(held: Process, store_id: int) -> dict[str, str]:
    """The state of every order of a store."""
    with held.pool.connection() as connection:
        return {
            row.external_id: row.state
            for row in order_view.orders(connection, order_view.OrderFilter(store_id), limit=100_000)
        }


def journal_of(held: Process, store_id: int, external_id: object = None) -> list[tuple[str, str, str | None]]:
    """Action, outcome and reason of a store's or an order's journal, without how it was connected."""
    which = journal.Which(store_id=store_id, external_id=None if external_id is None else str(external_id))
    with held.pool.connection() as connection:
        lines = journal.lines(connection, which)
    return [(line.action, line.outcome, line.reason) for line in lines if line.action != "connect"]


def do(held: Process, statement: str, *values: object) -> int:
    """A statement of the test's own; how many rows it changed."""
    with held.pool.connection() as connection:
        return connection.execute(statement.encode(), values).rowcount


def let_waits_pass(held: Process, store_id: int) -> None:
    """Every moment that was waited for has come: of the store, of its orders, and in Redis."""
    for lane in ("fetch", "catalogue"):
        do(held, f"UPDATE stores SET {lane}_due_at = now() WHERE id = %s AND {lane}_due_at IS NOT NULL", store_id)
    do(held, "UPDATE store_lanes SET due_at = now() WHERE store_id = %s", store_id)
    do(held, "UPDATE stock_imports SET due_at = now() WHERE store_id = %s AND due_at IS NOT NULL", store_id)
    do(held, "UPDATE store_orders SET due_at = now() WHERE store_id = %s AND due_at IS NOT NULL", store_id)
    held.redis.delete(f"storesync:wait:{store_id}")


def lose_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on every lock is had by whoever asks for it."""

    @contextmanager
    def nobody_locks(*_: object, **__: object) -> Iterator[bool]:
        yield True

    monkeypatch.setattr("connectors.locks.lock", nobody_locks)


def ahead(moment: datetime | None) -> timedelta:
    """How far a moment lies ahead."""
    assert moment is not None
    return moment - datetime.now(UTC)


def messages(redis: Redis, queue: str) -> list[dict[str, Any]]:
    """The messages that wait in a queue, oldest first; their bodies decoded."""
    return _decoded(redis.lrange(f"storesync:{queue}", 0, -1))


def rung(redis: Redis, queue: str) -> list[list[Any]]:
    """The arguments of the messages that wait in a queue; the queue is empty afterwards, in one go."""
    with redis.pipeline(transaction=True) as both:
        both.lrange(f"storesync:{queue}", 0, -1)
        both.delete(f"storesync:{queue}")
        found, _ = both.execute()
    return [message["body"][0] for message in _decoded(found)]


def _decoded(raw: list[Any]) -> list[dict[str, Any]]:
    found = []
    for one in reversed(raw):
        message = json.loads(one)
        found.append(message | {"body": json.loads(base64.b64decode(message["body"]))})
    return found
