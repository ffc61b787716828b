"""Beat's schedule, read from PostgreSQL: one fetch per active store at its own interval, and the fixed entries."""

import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
from celery.beat import ScheduleEntry, Scheduler
from celery.schedules import crontab, schedule
from redis import RedisError

from connectors import postgres
from connectors.bare import bare
from connectors.postgres import stores
from schemas.settings import fetch_every
from tasks.held import process
from workers import alive
from workers.listener import HubListener

_LOG: Final = logging.getLogger(__name__)

READ_SECONDS: Final = 2  # a changed store is followed within this time
_BEAT_LOCK: Final = 7203_0002  # advisory lock: of several beats only one ticks
_LEAVE_SECONDS: Final = 3  # for the listener to notice that it is to end
_LONG_AGO: Final = timedelta(days=30)
_ASKED: Final = "storesync:rates_asked_at"  # when beat last had the exchange rates asked for

FIXED: Final[dict[str, dict[str, Any]]] = {
    "ring_due": {"task": "ring_due", "schedule": 5, "options": {"expires": 5}},
    "fetch_hub": {"task": "fetch_hub", "schedule": 60, "options": {"expires": 60}},
    "raise_alarms": {"task": "raise_alarms", "schedule": 30, "options": {"expires": 30}},
    "refresh_rates": {"task": "refresh_rates", "schedule": 6 * 3600, "options": {"expires": 3600}},
    "check_webhooks": {
        "task": "check_webhooks",
        "schedule": crontab(hour="4", minute="10"),
        "options": {"expires": 3600},
    },
    "prune": {"task": "prune", "schedule": crontab(hour="2", minute="30"), "options": {"expires": 3600}},  # UTC
}


class StoreScheduler(Scheduler):
    """Keeps no schedule of its own: losing Redis loses nothing, a restart continues where stores were last fetched."""

    _connection: postgres.Connection | None = None
    _listener: HubListener | None = None
    _read_at: datetime | None = None

    def setup_schedule(self) -> None:
        """The fixed entries; the stores' come with the first tick."""
        self.data: dict[str, ScheduleEntry] = {}
        self.update_from_dict(FIXED)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """One round, if this beat holds the lock; a standby looks again shortly."""
        alive.touch()
        try:
            if not self._is_the_one():
                return READ_SECONDS
            self._hear()
            self._follow_stores()
        except psycopg.Error as error:
            _LOG.warning("beat waits for the database: %s", bare(error))
            self._let_go()
            return READ_SECONDS
        delay: float = super().tick(*args, **kwargs)
        return min(delay, READ_SECONDS)

    def _is_the_one(self) -> bool:
        """Whether the lock is ours: it lives and dies with this connection."""
        if self._connection is not None:
            return True
        connection = postgres.connect(process().config.database_url)
        row = connection.execute("SELECT pg_try_advisory_lock(%s) AS ours", (_BEAT_LOCK,)).fetchone()
        if not (row and row["ours"]):
            connection.close()
            return False
        self._connection = connection
        self._recall()
        return True

    def _hear(self) -> None:
        """Have a listener beside us: one that a bug ended is replaced."""
        if self._listener is None or not self._listener.is_alive():
            self._listener = HubListener(process().config.database_url)
            self._listener.start()

    def _recall(self) -> None:
        """Exchange rates are asked for soon after the first start, and not again at every restart."""
        entry, at = self.schedule["refresh_rates"], datetime.now(UTC) - _LONG_AGO
        with suppress(RedisError, ValueError):  # away, or never noted
            noted = process().redis.get(_ASKED) or ""
            at = datetime.fromisoformat(noted if isinstance(noted, str) else noted.decode("ascii"))
        entry.last_run_at = at

    def reserve(self, entry: ScheduleEntry) -> Any:
        """Remember when the exchange rates were asked for: a Redis that loses it costs one question more."""
        if entry.name == "refresh_rates":
            with suppress(RedisError):
                process().redis.set(_ASKED, datetime.now(UTC).isoformat())
        return super().reserve(entry)

    def _follow_stores(self) -> None:
        now = datetime.now(UTC)
        if self._connection is None or (self._read_at and now - self._read_at < timedelta(seconds=READ_SECONDS)):
            return
        self._read_at = now
        wanted = {f"fetch {store.name}": store for store in stores.schedule(self._connection)}
        for name in [name for name in self.schedule if name not in FIXED and name not in wanted]:
            del self.schedule[name]
        for name, store in wanted.items():
            entry = self._entry(name, store)
            kept = self.schedule.get(name)
            if kept is None or kept.schedule != entry.schedule or kept.args != entry.args:
                self.schedule[name] = entry

    def _entry(self, name: str, store: stores.Scheduled) -> ScheduleEntry:
        every = fetch_every(store.settings)
        return self.Entry(
            name=name,
            task="fetch_orders",
            schedule=schedule(timedelta(seconds=every)),
            args=(store.id,),
            options={"expires": every},  # an unanswered fetch is not asked for twice
            last_run_at=store.fetched_at or datetime.now(UTC) - _LONG_AGO,
            app=self.app,
        )

    def _let_go(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.stop()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Let a standby take over at once."""
        listener = self._listener
        self._let_go()
        if listener is not None:
            listener.join(_LEAVE_SECONDS)  # or it opens anew what is closed at the end of the program
        super().close()
