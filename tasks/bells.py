"""Ringing: messages that carry ids and say "look here". What is due stands in the database, so a bell may be lost."""

from collections.abc import Iterable

from celery import current_app
from kombu.exceptions import OperationalError

from connectors.errors import Unavailable
from connectors.postgres import Connection, orders

BATCH = 100


def ring_order(store_id: int, external_id: str) -> None:
    """Ask a worker to look at one order."""
    ring_orders(store_id, [external_id])


def ring_orders(store_id: int, external_ids: Iterable[str]) -> int:
    """Ask workers to look at orders; a bell that waits too long expires: it is rung again."""
    task = current_app.tasks["import_order"]
    rung = 0
    try:
        with current_app.producer_pool.acquire(block=True) as producer, producer.batch(BATCH):  # type: ignore[attr-defined] # new in kombu 5.7
            for external_id in external_ids:
                task.apply_async((store_id, external_id), producer=producer, expires=orders.BELL_SECONDS)
                rung += 1
    except OperationalError as error:
        raise Unavailable(f"Redis does not take messages ({error})") from error
    return rung


def ring_due_orders(connection: Connection, store_id: int) -> int:
    """Ring for a store's due orders, as far as its window has room (MUL-1)."""
    return ring_orders(store_id, orders.pick_bells(connection, store_id))


def ring_fetch(store_id: int) -> None:
    """Ask a worker to fetch a store's changed orders now."""
    try:
        current_app.tasks["fetch_orders"].apply_async((store_id,))
    except OperationalError as error:
        raise Unavailable(f"Redis does not take messages ({error})") from error
