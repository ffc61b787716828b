"""How errors leave a command: what one says, what to do about it, and the exit code. Loaded once there is one."""

from typing import TYPE_CHECKING, Final

import psycopg

from connectors.config import ConfigError
from connectors.errors import ConnectorError, CredentialsRefused, NoAddress, NotFound, RateLimited, Unavailable
from connectors.later import Later
from schemas.errors import SettingRefused, UserRefused
from tasks.trouble import UnknownStore
from workers.cli.output import first_line
from workers.embedded import EmbeddedError
from workers.supervision.supervisord import ProgramsError

if TYPE_CHECKING:
    import redis
    from kombu import exceptions as kombu
else:
    redis, kombu = Later("redis"), Later("kombu.exceptions")

OURS: Final = (SettingRefused, ConfigError, ConnectorError, EmbeddedError, ProgramsError, UnknownStore, UserRefused)


def of_servers() -> tuple[type[Exception], ...]:
    """What the clients of our servers raise."""
    return psycopg.Error, redis.RedisError, kombu.OperationalError


def words(error: Exception) -> tuple[str, int]:
    """A line on one of these errors, and the exit code: 2 for wrong usage."""
    match error:
        case SettingRefused() | NoAddress():
            return str(error), 2
        case psycopg.Error() if not isinstance(error, psycopg.OperationalError):
            return f"the database refuses this ({first_line(error)}): see storesync doctor", 1
        case _ if not isinstance(error, OURS):
            return f"a server does not answer ({first_line(error)}): see storesync doctor", 1
        case _:
            return f"{error}{_cure(error)}", 1


def _cure(error: Exception) -> str:
    """What to do about an answer of a shop that is no success, where its words do not say so."""
    match error:
        case ConnectorError(cure=cure) if cure:
            return ""
        case CredentialsRefused():
            return ". Give credentials that it takes, and that may read orders: --credential KEY=VALUE"
        case NotFound():
            return ". Look whether the URL is the shop's own"
        case RateLimited():
            return ""
        case Unavailable(request=""):  # no shop was asked
            return ": see storesync doctor"
        case Unavailable():
            return ". Try again, or look whether the shop is up"
        case _:
            return ""
