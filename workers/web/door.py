"""The door: what shops tell us by themselves (DOR-1). It glues; what becomes of a message is in `tasks/webhooks.py`."""

import logging
from threading import Lock
from typing import TYPE_CHECKING, Final

import psycopg
from flask import Blueprint, request

from connectors import counters
from connectors.config import ConfigError
from connectors.errors import RedisAway
from connectors.later import Later
from connectors.webhooks import MOST_BYTES, Message

if TYPE_CHECKING:
    from tasks import held, webhooks
else:
    held = Later("tasks.held", after="workers.app")
    webhooks = Later("tasks.webhooks", after="workers.app")

door: Final = Blueprint("door", __name__)

_LOG: Final = logging.getLogger(__name__)
_OPENING: Final = Lock()  # the first messages may come together, and what this process holds is opened once


def opened() -> "held.Process":
    """What this process holds open, opened by one of its threads."""
    with _OPENING:
        return held.process()


@door.post("/webhooks/<platform>/<token>")
def hear(platform: str, token: str) -> tuple[str, int]:
    """Take a message. The same answer to whoever is not believed: it tells nobody which stores there are."""
    request.max_content_length = MOST_BYTES
    headers = {name.lower(): value for name, value in request.headers.items()}
    message = Message(headers, request.get_data(cache=False))
    try:
        process = opened()
        outcome = webhooks.hear(process, platform, token, message)
        counters.count_webhook(process.redis, outcome)
    except (psycopg.Error, RedisAway, ConfigError) as error:
        _LOG.warning("a webhook cannot be noted now, and is to come again: %s", type(error).__name__)
        return "", 503
    return "", 401 if outcome is webhooks.Taken.REFUSED else 200
