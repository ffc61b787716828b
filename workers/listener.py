"""Hears PostgreSQL say that the hub moved, and rings for it at once; `ring_due` rings for what it does not hear."""

import logging
from threading import Event, Thread
from typing import Final

import psycopg

from connectors import postgres
from connectors.bare import bare
from connectors.errors import Unavailable
from connectors.postgres import stock
from tasks import bells
from tasks.held import process

_LOG: Final = logging.getLogger(__name__)

_STOCK: Final = "storesync_stock"
_ORDERS: Final = "storesync_fulfillment"
LISTEN: Final = f"LISTEN {_STOCK}; LISTEN {_ORDERS}"
_LOOK_SECONDS: Final = 0.02  # between two looks at what is due: an import is hundreds of notices a second
_HELD_BACK_SECONDS: Final = 0.1  # until the next look, while something waits for the rest of its burst
_IDLE_SECONDS: Final = 1.0
_AWAY_SECONDS: Final = 2.0


class HubListener(Thread):
    """A thread beside beat: there is one beat, so there is one who listens."""

    def __init__(self, database_url: str) -> None:
        super().__init__(name="hub-listener", daemon=True)
        self._database_url = database_url
        self._stopped = Event()

    def run(self) -> None:
        """Listen until stopped, whatever becomes of the connection."""
        while not self._stopped.is_set():
            try:
                with postgres.connect(self._database_url) as connection:
                    connection.execute("SET application_name = 'storesync listener'")
                    connection.execute(LISTEN)
                    self._listen(connection)
            except (psycopg.Error, Unavailable) as error:
                _LOG.warning("nobody listens to the hub for a moment: %s", bare(error))
                self._stopped.wait(_AWAY_SECONDS)

    def stop(self) -> None:
        """End within a second."""
        self._stopped.set()

    def _listen(self, connection: postgres.Connection) -> None:
        heard, is_waiting = {_STOCK, _ORDERS}, False  # what moved while nobody listened
        while not self._stopped.is_set():
            if is_waiting or _STOCK in heard:
                due = stock.due_stores(connection)
                bells.ring_stock_once(process().redis, due)
                is_waiting = bool(due)
            if _ORDERS in heard:
                bells.ring_due_fulfillments(connection)
            if heard:
                self._stopped.wait(_LOOK_SECONDS)  # all that is said meanwhile is heard together
            timeout = _HELD_BACK_SECONDS if is_waiting else _IDLE_SECONDS
            heard = {notice.channel for notice in connection.notifies(timeout=timeout, stop_after=1)}
