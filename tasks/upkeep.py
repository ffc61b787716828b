"""What keeps the house in order by itself: bells that were lost are rung again, rates stay fresh."""

import logging
from typing import Final

from celery import shared_task

from connectors import ecb, locks
from connectors.errors import ConnectorError
from connectors.postgres import orders, outgoing, rates, stock
from tasks import bells
from tasks.process import process

_LOG: Final = logging.getLogger(__name__)


@shared_task(name="ring_due")
def ring_due() -> int:
    """Ring for everything that is due and whose bell was never rung or was lost; returns how many were rung."""
    held = process()
    with held.pool.connection() as connection:
        if locks.is_new(held.redis):  # Redis came back empty: every bell that was on its way is gone
            orders.forget_bells(connection)
            outgoing.forget_bells(connection)
        stock.due_after_writers(connection)
        others = bells.ring_due_fetches(connection) + bells.ring_due_stock(connection)
        others += bells.ring_due_catalogues(connection) + bells.ring_due_fulfillments(connection)
        others += bells.ring_due_products(connection) + bells.ring_due_stock_imports(connection)
        others += bells.ring_due_compares(connection)
        return others + sum(bells.ring_due_orders(connection, store_id) for store_id in orders.due_stores(connection))


@shared_task(name="refresh_rates")
def refresh_rates() -> str:
    """Bring the day's exchange rates from the European Central Bank, where the network allows (ORD-8).

    Where it does not, the table that ships and what was set by hand go on: that is no failure.
    """
    try:
        table = ecb.daily_rates()
    except ConnectorError as error:
        _LOG.info("no new exchange rates, those that are there go on: %s", error)
        return "not_reached"
    with process().pool.connection() as connection:
        return f"{rates.keep(connection, table, base='EUR', source='ecb')} kept"
