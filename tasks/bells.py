"""Ringing: messages that carry ids and say "look here". What is due stands in the database, so a bell may be lost."""

from collections.abc import Iterable
from typing import Any, Final

from celery import current_app
from kombu.exceptions import BatchPublishError, OperationalError  # type: ignore[attr-defined] # new in kombu 5.7
from redis import Redis, RedisError

from connectors import locks
from connectors.errors import Unavailable
from connectors.postgres import Connection, comparing, orders, outgoing, stock, stock_imports, stores
from connectors.postgres.stock import DueStore

_IN_ONE_GO: Final = 100  # messages that go to Redis in one round trip
_TOGETHER: Final = 10  # orders in one message at most: Celery's own work for a message is as much as ours for an order
_FETCH_BELL_SECONDS: Final = 10
_STOCK_BELL_SECONDS: Final = 30
_UNANSWERED_SECONDS: Final = 5  # after that a bell may be lost
FRESH_EVERY: Final = 0.4  # seconds between two bells of one store in a storm of many SKUs: vendors count calls (STK-5)
FRESH_AHEAD: Final = 2.0  # so many seconds' bells come at once before that: a single change waits for nothing
_CATALOGUE_BELL_SECONDS: Final = 30
CATALOGUE_EVERY: Final = 600  # seconds between two looks at what a store's catalogue changed
_HANDS: Final = 8  # a few orders are spread over so many messages, so that several workers share them


def ring_order(store_id: int, external_id: str) -> None:
    """Ask a worker to look at one order."""
    _ring("import_order", [(store_id, external_id)], expires=orders.BELL_SECONDS)


def ring_orders(store_id: int, external_ids: Iterable[str]) -> None:
    """Ask workers to look at orders. A bell that waits too long expires: it is rung again."""
    ids = list(external_ids)
    size = max(1, min(_TOGETHER, len(ids) // _HANDS))
    groups = [(store_id, *ids[start : start + size]) for start in range(0, len(ids), size)]
    _ring("import_order", groups, expires=orders.BELL_SECONDS)


def ring_due_orders(connection: Connection, store_id: int, *, at_least: int = 1) -> int:
    """Ring for a store's due orders, as far as its window has room (MUL-1); returns for how many."""
    bells = orders.pick_bells(connection, store_id, at_least=at_least)
    ring_orders(store_id, [bell.external_id for bell in bells if not bell.was_lost])
    # Whatever lost a bell may lose it again: alone it holds up no other order.
    for bell in bells:
        if bell.was_lost:
            ring_order(store_id, bell.external_id)
    return len(bells)


def ring_next_orders(connection: Connection, store_id: int) -> int:
    """Ring for the next orders once half the window is empty: many at a time, a few together in a message."""
    return ring_due_orders(connection, store_id, at_least=orders.WINDOW // 2)


def ring_fetch(store_id: int) -> None:
    """Ask a worker to fetch a store's changed orders now."""
    _ring("fetch_orders", [(store_id,)])


def ring_due_fetches(connection: Connection) -> int:
    """Ring for the stores whose fetch was put off until now; returns how many. It is done again every few seconds."""
    due = stores.due_fetches(connection)
    _ring("fetch_orders", [(store_id,) for store_id in due], expires=_FETCH_BELL_SECONDS)
    return len(due)


def ring_fulfillment(store_id: int, external_id: str) -> None:
    """Ask a worker to tell a store what the hub shipped of one order."""
    _ring("fulfill_order", [(store_id, external_id)], expires=orders.BELL_SECONDS)


def ring_due_fulfillments(connection: Connection) -> int:
    """Ring for the orders whose stores are to be told of them, as far as each store's window has room (MUL-1)."""
    rung = 0
    for store_id in outgoing.due_stores(connection):
        due = outgoing.pick_bells(connection, store_id)
        _ring("fulfill_order", [(store_id, external_id) for external_id in due], expires=orders.BELL_SECONDS)
        rung += len(due)
    return rung


def ring_stock(store_ids: Iterable[int]) -> None:
    """Ask workers to tell stores their stock."""
    _ring("push_stock", [(store_id,) for store_id in store_ids], expires=_STOCK_BELL_SECONDS)


def ring_stock_once(redis: Redis, due: Iterable[DueStore]) -> None:
    """Ask workers to tell stores their stock, unless a bell is out already or bells were rung too often lately.

    SKUs that move all the time are told together, about once a second, and the others wait for no such round. Workers
    that are busy find one bell: more than they answer would wait in the queue until all have expired.
    """
    for store in due:
        if store.is_ripe and locks.is_first(redis, _unanswered(store.id), seconds=_UNANSWERED_SECONDS):
            if _has_room(redis, store):
                ring_stock([store.id])
            else:
                answer_stock(redis, store.id)


def _has_room(redis: Redis, store: DueStore) -> bool:
    if store.has_fresh and locks.has_room(redis, f"stock:{store.id}", every=FRESH_EVERY, ahead=FRESH_AHEAD):
        return True
    return locks.has_room(redis, f"stock-again:{store.id}", every=stock.PACE_SECONDS, ahead=0)


def answer_stock(redis: Redis, store_id: int) -> None:
    """A bell for a store's stock is answered: what moves from now on needs another one."""
    locks.unsay(redis, _unanswered(store_id))


def _unanswered(store_id: int) -> str:
    return f"stock-bell:{store_id}"


def ring_due_stock(connection: Connection) -> int:
    """Ring for every store that may be told something now; returns how many."""
    ripe = [store.id for store in stock.due_stores(connection) if store.is_ripe]
    ring_stock(ripe)
    return len(ripe)


def ring_due_catalogues(connection: Connection) -> int:
    """Ring for the stores whose catalogue was not looked at for a while; returns how many."""
    due = stock.due_catalogues(connection, every=CATALOGUE_EVERY)
    _ring("fetch_catalogue", [(store_id,) for store_id in due], expires=_CATALOGUE_BELL_SECONDS)
    return len(due)


def ring_due_products(connection: Connection) -> int:
    """Ring for the stores whose products are to come into the hub; returns how many. It is done again in a moment."""
    due = stores.due_products(connection)
    _ring("import_products", [(store_id,) for store_id in due], expires=_FETCH_BELL_SECONDS)
    return len(due)


def ring_due_compares(connection: Connection) -> int:
    """Ring for the stores whose stock is to be compared; returns how many. It is done again in a moment."""
    due = comparing.due_stores(connection)
    _ring("compare_stock", [(store_id,) for store_id in due], expires=_FETCH_BELL_SECONDS)
    return len(due)


def ring_due_stock_imports(connection: Connection) -> int:
    """Ring for the stores of which a count is under way; returns how many. It is done again in a moment."""
    due = stock_imports.due(connection)
    _ring("import_stock", [(store_id,) for store_id in due], expires=_FETCH_BELL_SECONDS)
    return len(due)


def ring_stock_import(store_id: int) -> None:
    """Ask a worker to go on with the count of a store."""
    _ring("import_stock", [(store_id,)])


def ring_catalogue(store_id: int) -> None:
    """Ask a worker to look at a store's catalogue now."""
    _ring("fetch_catalogue", [(store_id,)])


def _ring(task: str, messages: list[tuple[Any, ...]], **options: Any) -> None:
    if not messages:
        return
    try:
        with current_app.producer_pool.acquire(block=True) as producer, producer.batch(_IN_ONE_GO):  # type: ignore[attr-defined] # new in kombu 5.7
            for arguments in messages:
                current_app.send_task(task, arguments, producer=producer, **options)
    except (OperationalError, BatchPublishError, RedisError) as error:
        raise Unavailable(f"Redis does not take messages ({error})") from error
