"""A look now and then whether anything is wrong, from the one program that needs no worker, no Redis and no PostgreSQL.

What is wrong is decided and remembered where all look (`tasks/alarms.py`); that PostgreSQL is away this process
remembers alone, and tells those whom it knew of while PostgreSQL was there (DOR-7).
"""

import logging
from threading import Thread
from time import sleep
from typing import TYPE_CHECKING, Final

import psycopg

from connectors import postgres
from connectors.bare import bare
from connectors.config import Config
from connectors.later import Later
from schemas.alarms import Alarm, AlarmKind, KnownAlarm, SeenAlarms
from workers.web.door import opened

if TYPE_CHECKING:
    from tasks import alarms, people, trouble
    from tasks.rules import alarms as rules
else:
    alarms, people = Later("tasks.alarms", after="workers.app"), Later("tasks.people", after="workers.app")
    rules, trouble = Later("tasks.rules.alarms"), Later("tasks.trouble")

_LOG: Final = logging.getLogger(__name__)

LOOK_SECONDS: Final = 30


class Lookout:
    """Looks, and remembers between two looks what PostgreSQL cannot."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._known: tuple[KnownAlarm, ...] = ()
        self._addresses: list[str] = []

    def start(self) -> None:
        """Look for as long as this process lives, beside its work."""
        Thread(target=self._keep_looking, name="lookout", daemon=True).start()

    def _keep_looking(self) -> None:
        while True:
            sleep(LOOK_SECONDS)
            trouble.attempt(self.look, _log)

    def look(self) -> None:
        """One look. Raises what else goes wrong: ConfigError, psycopg.Error, a bug."""
        try:
            with postgres.connect(self._config.database_url) as connection:
                self._addresses = people.addresses(opened(), connection)
        except psycopg.OperationalError:
            self._tell(SeenAlarms((Alarm(AlarmKind.DATABASE_AWAY),)))
            return
        self._tell(SeenAlarms(()))
        alarms.look(opened())

    def _tell(self, seen: SeenAlarms) -> None:
        """Say that PostgreSQL is away, or back; what no service takes is said at the next look."""
        now = opened().now()
        may_say = bool(self._addresses)
        watched = rules.decide_alarms(seen, self._known, last_said=None, may_say=may_say, now=now)
        notice = watched.notice
        if notice is not None:
            sent = people.send(self._addresses, notice.title, notice.body)
            if not any(one.took for one in sent):
                _LOG.warning("no notification service takes a message: %s", notice.title)
                watched = rules.decide_alarms(seen, self._known, last_said=None, may_say=False, now=now)
        self._known = watched.known


def _log(error: Exception) -> None:
    _LOG.warning("alarms could not be looked for: %s", bare(error))
