"""kombu's Redis transport with a fix, and with messages that say who has them.

The fix: a worker that has tasks running survives the loss of its Redis connection.

In Celery 5.7 the consumer collects a broken connection (`transport.client` becomes None) and closes it. Closing gives
the channel's unacknowledged messages back to Redis, for which kombu 5.7 needs that client: `AttributeError: 'NoneType'
object has no attribute 'hostname'`, which nobody expects, and the worker ends with exit code 1. It takes one running
task and one free slot. `tests/workers/test_redis_transport.py` shows when a release makes this module superfluous.

The transports take kombu's place under the schemes `redis`, `rediss` and `sentinel`, so URLs, the defaults for TLS and
Flower's view of the broker stay what they are: `broker_transport` must stay unset.
"""

import json
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import kombu.transport
from kombu.transport import TRANSPORT_ALIASES, redis
from redis import Redis, Sentinel

from connectors.holders import is_dead, me, read_holder
from connectors.locks import sentinel_patience
from connectors.redis_url import read_sentinels, without_tls

SCHEMES: Final = {"redis": "Transport", "rediss": "Transport", "sentinel": "SentinelTransport"}
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


class SentinelChannel(Channel, redis.SentinelChannel):
    """The same where sentinels say which Redis is the master.

    kombu's own takes them from as many URLs: Flower can read one only, and each sentinel that is gone is waited for
    again and again.
    """

    from_transport_options = (*redis.SentinelChannel.from_transport_options, "sentinels")
    sentinels: Any = ()
    sentinel_kwargs: Any
    master_name: Any

    def _sentinel_managed_pool(self, asynchronous: bool = False) -> Any:
        entered = self._connparams(asynchronous)  # type: ignore[attr-defined] # the stubs know little of kombu
        del entered["host"], entered["port"]
        asked: Any = Sentinel(  # type: ignore[no-untyped-call]
            self.sentinels, sentinel_kwargs=self.sentinel_kwargs | sentinel_patience(), **entered
        )
        # Its connections are closed with the channel's.
        setattr(self, "_async_sentinel_manager" if asynchronous else "_sentinel_manager", asked)
        return asked.master_for(self.master_name).connection_pool


class Transport(redis.Transport):
    """kombu's transport with our channel."""

    Channel = Channel


class SentinelTransport(redis.SentinelTransport):
    """The same where sentinels say which Redis is the master."""

    Channel = SentinelChannel


def install() -> None:
    """Use these transports for every connection to Redis that this process makes from now on."""
    for scheme, transport in SCHEMES.items():
        TRANSPORT_ALIASES[scheme] = f"{__name__}:{transport}"
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
    """REDIS_URL in kombu's words, which are others for unix sockets and sentinels; what else it says is given apart."""
    parts = urlsplit(redis_url)
    sentinels = read_sentinels(redis_url)
    if sentinels:
        (host, port), *_ = sentinels.hosts
        who = "".join(parts.netloc.rpartition("@")[:2])
        return f"sentinel://{who}{f'[{host}]' if ':' in host else host}:{port}/{sentinels.db}"
    if parts.scheme != "unix":
        return without_tls(redis_url)
    options = dict(parse_qsl(parts.query))
    user, password = options.get("username", ""), options.get("password", "")
    who = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user or password else parts.netloc
    number = f"?{urlencode({'virtual_host': options['db']})}" if options.get("db") else ""
    return f"redis+socket://{who}{parts.path}{number}"


def sentinel_options(redis_url: str) -> dict[str, Any]:
    """What kombu's transport and Flower are told of sentinels, beside the URL of the first."""
    sentinels = read_sentinels(redis_url)
    if sentinels is None:
        return {}
    return {"sentinels": sentinels.hosts, "master_name": sentinels.master, "sentinel_kwargs": dict(sentinels.own)}
