"""What keeps the house in order by itself: bells that were lost are rung again, rates stay fresh."""

import logging
from typing import TYPE_CHECKING, Final

from celery import shared_task

from connectors import counters, locks
from connectors.errors import ConnectorError
from connectors.later import Later
from connectors.postgres import orders, outgoing, rates, stock
from tasks import bells
from tasks.held import process
from tasks.rules.auditing import last_night

if TYPE_CHECKING:
    from connectors import ecb
else:
    ecb = Later("connectors.ecb")

_LOG: Final = logging.getLogger(__name__)


@shared_task(name="ring_due")
def ring_due() -> int:
    """Ring for everything that is due and whose bell was never rung or was lost; returns how many were rung."""
    held = process()
    with held.pool.connection() as connection:
        if locks.is_new(held.redis):  # Redis came back empty: every bell that was on its way is gone
            orders.forget_bells(connection)
            outgoing.forget_bells(connection)
        orders.fold_counts(connection)
        stock.due_after_writers(connection)
        stock.due_after_tellers(connection, over=locks.STOCK_LOCK_SECONDS)
        others = bells.ring_due_fetches(connection) + bells.ring_due_stock(connection)
        others += bells.ring_due_catalogues(connection) + bells.ring_due_fulfillments(connection)
        others += bells.ring_due_products(connection) + bells.ring_due_stock_imports(connection)
        others += bells.ring_due_compares(connection)
        others += bells.ring_due_audits(connection, night=last_night(held.now()))
        others += bells.ring_due_webhooks(connection, held.config.public_url)
        others += bells.ring_due_erasing(connection) + bells.ring_due_jobs(connection)
        return others + sum(bells.ring_due_orders(connection, store_id) for store_id in orders.due_stores(connection))


@shared_task(name="knock")
def knock(token: str, queue: str) -> str:
    """Answer that what is put into a queue is worked on."""
    counters.answer_knock(process().redis, token, queue)
    return "answered"


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
