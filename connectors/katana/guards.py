"""What Katana's errors mean for who works with the hub: it is busy, or it says no. No store is to blame for them."""

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.errors import (
    ConnectorError,
    CredentialsRefused,
    HubBusy,
    HubRefused,
    Lacking,
    MadeOrNot,
    NotFound,
    RateLimited,
    RedisAway,
    Rejected,
    Unavailable,
)
from schemas.errors import Unreadable


@contextmanager
def katana_guards() -> Iterator[None]:
    """Raise HubBusy for what may pass, with when to come again, and HubRefused in Katana's words for what will not."""
    try:
        yield
    except (HubBusy, HubRefused, RedisAway):
        raise
    except (ConnectorError, Unreadable) as error:
        raise _meaning(error) from error


def _meaning(error: ConnectorError | Unreadable) -> ConnectorError:
    match error:
        case RateLimited(until=until) | MadeOrNot(until=until):
            return HubBusy(f"Katana: {error}", until=until)
        case CredentialsRefused() | Lacking():
            return HubBusy(f"Katana does not accept our key: {error}")
        case Rejected() | NotFound():
            return HubRefused(f"Katana says no: {error}")
        case Unavailable() | Unreadable():
            return HubBusy(f"Katana: {error}")
        case _:
            return error
