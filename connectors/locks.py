"""Redis: locks and waits that workers share. Losing it costs time and never an order: PostgreSQL has the truth."""

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from connectors.errors import Unavailable
from connectors.holders import is_dead, me, read_holder
from connectors.redis_url import read_tls, without_tls

# A task that runs longer is told to stop, then killed; only after that may its lock end by itself: as long as the
# holder can still write, nobody else holds the lock.
SOFT_LIMIT_SECONDS: Final = 90
HARD_LIMIT_SECONDS: Final = 120
LOCK_SECONDS: Final = 150

# Work on one order is short, and a killed worker's orders should not lie locked for long.
ORDER_SOFT_LIMIT_SECONDS: Final = 30
ORDER_HARD_LIMIT_SECONDS: Final = 40
ORDER_LOCK_SECONDS: Final = 50

# A round of telling a store its stock is a few batches; what a killed worker left is told again soon.
STOCK_SOFT_LIMIT_SECONDS: Final = 60
STOCK_HARD_LIMIT_SECONDS: Final = 70
STOCK_LOCK_SECONDS: Final = 80

# A walk through a large catalogue takes its time, and nobody waits for it.
CATALOGUE_SOFT_LIMIT_SECONDS: Final = 600
CATALOGUE_HARD_LIMIT_SECONDS: Final = 630
CATALOGUE_LOCK_SECONDS: Final = 660

_ALIVE: Final = "storesync:alive"
HELD: Final = "storesync:held"  # which locks are held, and by whom: a list of what to look at, the locks are the truth

_TAKE: Final = """
if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  redis.call('hset', KEYS[2], KEYS[1], ARGV[1])
  return false
end
return redis.call('get', KEYS[1])
"""
_GIVE_BACK: Final = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('del', KEYS[1])
redis.call('hdel', KEYS[2], KEYS[1])
return 1
"""
_STILL_HELD: Final = """
local held = redis.call('hgetall', KEYS[1])
local still = {}
for i = 1, #held, 2 do
  if redis.call('get', held[i]) == held[i + 1] then
    still[#still + 1] = held[i]
    still[#still + 1] = held[i + 1]
  else
    redis.call('hdel', KEYS[1], held[i])
  end
end
return still
"""

T = TypeVar("T")
_log = logging.getLogger(__name__)


def open_redis(url: str) -> Redis:
    """A client that gives up on a dead server instead of holding a worker. Connects at first use."""
    tls = read_tls(url)
    return Redis.from_url(
        without_tls(url), socket_timeout=5, socket_connect_timeout=5, retry=Retry(NoBackoff(), 1), **tls
    )


def order_key(store_id: int, external_id: str) -> str:
    """The lock of everything that is done to one order."""
    return f"storesync:order:{store_id}:{external_id}"


def fetch_key(store_id: int) -> str:
    """The lock of asking one store for its changes."""
    return f"storesync:fetch:{store_id}"


def stock_key(store_id: int) -> str:
    """The lock of telling one store its stock: vendors want one such call at a time (STK-5)."""
    return f"storesync:stock:{store_id}"


def catalogue_key(store_id: int) -> str:
    """The lock of walking through one store's catalogue."""
    return f"storesync:catalogue:{store_id}"


def products_key(store_id: int) -> str:
    """The lock of bringing one store's products into the hub."""
    return f"storesync:products:{store_id}"


def count_key(store_id: int) -> str:
    """The lock of counting what one store shows."""
    return f"storesync:count:{store_id}"


def compare_key(store_id: int) -> str:
    """The lock of comparing what one store shows."""
    return f"storesync:compare:{store_id}"


@contextmanager
def lock(redis: Redis, key: str, *, ttl: int = LOCK_SECONDS) -> Iterator[bool]:
    """Hold a lock for a piece of work: True if it is ours, False if somebody else has it. Never waits.

    What a dead process held is ours at once. Raises Unavailable if Redis cannot be asked. Work that is done is not
    undone by a lock that got lost meanwhile.
    """
    token = f"{secrets.token_hex(8)} {me().text()}"
    is_ours = _take(redis, key, token, ttl)
    try:
        yield is_ours
    finally:
        if is_ours:
            try:
                if not _give_back(redis, key, token):
                    _log.warning("the lock %s was lost before its work was done", key)
            except RedisError:
                _log.warning("the lock %s cannot be given back; it ends by itself within %s s", key, ttl)


def _take(redis: Redis, key: str, token: str, ttl: int) -> bool:
    take = redis.register_script(_TAKE)
    holder = _ask(lambda: take(keys=[key, HELD], args=[token, ttl * 1000]))
    if holder and _is_of_dead(holder) and _ask(lambda: _give_back(redis, key, holder)):
        _log.warning("the lock %s was free: its holder is dead", key)
        holder = _ask(lambda: take(keys=[key, HELD], args=[token, ttl * 1000]))
    return not holder


def _give_back(redis: Redis, key: str | bytes, token: str | bytes) -> bool:
    return bool(redis.register_script(_GIVE_BACK)(keys=[key, HELD], args=[token]))


def _is_of_dead(token: str | bytes) -> bool:
    text = token if isinstance(token, str) else token.decode(errors="replace")
    holder = read_holder(text.partition(" ")[2])
    return holder is not None and is_dead(holder)


def free_dead(redis: Redis) -> list[str]:
    """Free every lock whose holder is dead, as far as this process can see for certain; which ones."""
    held = _ask(lambda: redis.register_script(_STILL_HELD)(keys=[HELD]))
    pairs = zip(held[::2], held[1::2], strict=True)
    dead = [(key, token) for key, token in pairs if _is_of_dead(token)]
    freed = [key for key, token in dead if _ask(lambda: _give_back(redis, key, token))]  # noqa: B023 # asked at once
    return [key if isinstance(key, str) else key.decode() for key in freed]


def is_new(redis: Redis) -> bool:
    """Whether Redis has come up empty since this was last asked: its messages, locks and waits are gone."""
    return _ask(lambda: redis.set(_ALIVE, "1", nx=True)) is not None


def is_first(redis: Redis, key: str, *, seconds: int) -> bool:
    """Whether nobody has said this within so many seconds."""
    return _ask(lambda: redis.set(_said(key), "1", nx=True, ex=seconds)) is not None


def has_room(redis: Redis, key: str, *, every: float, ahead: float) -> bool:
    """Whether something may be done again: once in so many seconds in the long run, and a few times at once before.

    What was done lately counts as work ahead, by its own time to live in Redis; `ahead` is how much of it there may be.
    Two who ask in the same moment may both be told yes.
    """
    busy = max(0, _ask(lambda: redis.pttl(f"storesync:pace:{key}")))
    if busy > ahead * 1000:
        return False
    _ask(lambda: redis.set(f"storesync:pace:{key}", "1", px=busy + int(every * 1000)))
    return True


def unsay(redis: Redis, key: str) -> None:
    """It may be said again at once."""
    _ask(lambda: redis.delete(_said(key)))


def wait(redis: Redis, store_id: int, until: datetime) -> None:
    """Nobody asks the store before this moment; a longer wait stays as it is."""
    now = datetime.now(UTC)
    known = waiting_until(redis, store_id)
    if until <= now or (known is not None and known >= until):
        return
    milliseconds = (until - now) // timedelta(milliseconds=1) + 1
    _ask(lambda: redis.set(_wait_key(store_id), until.isoformat(), px=milliseconds))


def waiting_until(redis: Redis, store_id: int) -> datetime | None:
    """When the store may be asked again; None for now."""
    text = _ask(lambda: redis.get(_wait_key(store_id)))
    if text is None:
        return None
    until = datetime.fromisoformat(text if isinstance(text, str) else text.decode())
    return until if until > datetime.now(UTC) else None


@dataclass(frozen=True, slots=True)
class StoreWaits:
    """One store's wait, for its HTTP client."""

    redis: Redis
    store_id: int

    def until(self) -> datetime | None:
        """When the store may be asked again; None for now."""
        return waiting_until(self.redis, self.store_id)

    def wait(self, until: datetime) -> None:
        """Nobody asks the store before this moment."""
        wait(self.redis, self.store_id, until)


def _said(key: str) -> str:
    return f"storesync:said:{key}"


def _wait_key(store_id: int) -> str:
    return f"storesync:wait:{store_id}"


def _ask(call: Callable[[], T]) -> T:
    try:
        return call()
    except RedisError as error:
        raise Unavailable(f"Redis does not answer ({type(error).__name__})") from error
