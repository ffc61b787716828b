"""Hears PostgreSQL say that the hub moved, and rings for it at once; `ring_due` rings for what it does not hear."""

import logging
from threading import Event, Thread
from time import monotonic
from typing import Final

import psycopg

from connectors import postgres
from connectors.errors import Unavailable
from connectors.postgres import stock
from tasks import bells
from tasks.process import process

_LOG: Final = logging.getLogger(__name__)

LISTEN: Final = "LISTEN storesync_stock; LISTEN storesync_fulfillment"
GAP_SECONDS: Final = 0.2  # between two bells of one store: what moves meanwhile travels in one batch (STK-5)
_IDLE_SECONDS: Final = 1.0
_AWAY_SECONDS: Final = 2.0


class HubListener(Thread):
    """A thread beside beat: there is one beat, so there is one who listens."""

    def __init__(self, database_url: str) -> None:
        super().__init__(name="hub-listener", daemon=True)
        self._database_url = database_url
        self._stopped = Event()
        self._rung_at: dict[int, float] = {}

    def run(self) -> None:
        """Listen until stopped, whatever becomes of the connection."""
        while not self._stopped.is_set():
            try:
                with postgres.connect(self._database_url) as connection:
                    connection.execute("SET application_name = 'storesync listener'")
                    connection.execute(LISTEN)
                    self._listen(connection)
            except (psycopg.Error, Unavailable) as error:
                _LOG.warning("nobody listens to the hub for a moment: %s", error)
                self._stopped.wait(_AWAY_SECONDS)

    def stop(self) -> None:
        """End within a second."""
        self._stopped.set()

    def _listen(self, connection: postgres.Connection) -> None:
        waits = self._ring(connection)  # for what moved while nobody listened
        while not self._stopped.is_set():
            heard = list(connection.notifies(timeout=GAP_SECONDS if waits else _IDLE_SECONDS, stop_after=1))
            if heard or waits:
                waits = self._ring(connection)

    def _ring(self, connection: postgres.Connection) -> bool:
        """Ring for whatever is due; True when a store was rung for its stock a moment ago and must wait."""
        bells.ring_due_fulfillments(connection)
        now = monotonic()
        due = stock.due_stores(connection)
        fresh = [store_id for store_id in due if now - self._rung_at.get(store_id, -GAP_SECONDS) >= GAP_SECONDS]
        bells.ring_stock_once(process().redis, fresh)
        self._rung_at |= dict.fromkeys(fresh, now)
        return len(fresh) < len(due)
