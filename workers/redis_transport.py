"""kombu's Redis transport with a fix, and with messages that say who has them.

The fix: a worker that has tasks running survives the loss of its Redis connection.

In Celery 5.7 the consumer collects a broken connection (`transport.client` becomes None) and closes it. Closing gives
the channel's unacknowledged messages back to Redis, for which kombu 5.7 needs that client: `AttributeError: 'NoneType'
object has no attribute 'hostname'`, which nobody expects, and the worker ends with exit code 1. It takes one running
task and one free slot. `tests/workers/test_redis_transport.py` shows when a release makes this module superfluous.

The transport takes kombu's place under the schemes `redis` and `rediss`, so URLs, the defaults for TLS and Flower's
view of the broker stay what they are: `broker_transport` must stay unset.
"""

import json
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import kombu.transport
from kombu.transport import TRANSPORT_ALIASES, redis
from redis import Redis

from connectors.holders import is_dead, me, read_holder
from connectors.redis_url import without_tls

SCHEMES: Final = ("redis", "rediss")
TAKEN_BY: Final = "taken_by"


class QoS(redis.QoS):
    """Keeps with every message that is not acknowledged yet who has it."""

    def append(self, message: Any, delivery_tag: str) -> None:
        """Keep a message that this process has from now on."""
        message._raw["properties"][TAKEN_BY] = me().text()
        super().append(message, delivery_tag)


class Channel(redis.Channel):
    """A channel that can be closed after its connection was collected."""

    QoS = QoS

    def close(self) -> None:
        """Close, but leave the messages of running tasks alone when the connection is gone.

        Those tasks still acknowledge through this channel's pool, which reconnects; what is never acknowledged
        returns by the visibility timeout.
        """
        transport: Any = self.connection
        if transport is not None and transport.client is None:
            transport.cycle.discard(self)
            return
        super().close()


class Transport(redis.Transport):
    """kombu's transport with our channel."""

    Channel = Channel


def install() -> None:
    """Use this transport for every redis:// and rediss:// connection that this process makes from now on."""
    for scheme in SCHEMES:
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
        kombu.transport._transport_cache.pop(scheme, None)  # type: ignore[attr-defined] # an earlier answer


def give_back_dead(channel: Any, client: Redis) -> int:
    """Give back to their queues the messages of every worker that is dead for certain; how many.

    The client is a plain one: the channel's own puts the prefix before the keys of some commands only.
    """
    kept: Any = client.hgetall(f"{channel.global_keyprefix}{channel.unacked_key}")
    dead = [tag.decode() for tag, text in kept.items() if _is_of_dead(text)]
    for tag in dead:
        channel.qos.restore_by_tag(tag)
    return len(dead)


def _is_of_dead(text: bytes) -> bool:
    message, *_ = json.loads(text)
    holder = read_holder(message["properties"].get(TAKEN_BY, ""))
    return holder is not None and is_dead(holder)


def broker_url(redis_url: str) -> str:
    """REDIS_URL in kombu's words, which differ from redis-py's for unix sockets; options of TLS are given apart."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return without_tls(redis_url)
    options = dict(parse_qsl(parts.query))
    user, password = options.get("username", ""), options.get("password", "")
    who = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user or password else parts.netloc
    number = f"?{urlencode({'virtual_host': options['db']})}" if options.get("db") else ""
    return f"redis+socket://{who}{parts.path}{number}"
