"""Redis: locks and waits that workers share. Losing it costs time and never an order: PostgreSQL has the truth."""

from __future__ import annotations

import logging
import secrets
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from connectors import counters
from connectors.counters import Counted
from connectors.errors import RedisAway
from connectors.holders import is_dead, me, read_holder
from connectors.later import Later
from connectors.redis_url import read_sentinels, read_tls, without_tls

if TYPE_CHECKING:
    import redis as client
    from redis import Redis
else:
    client = Later("redis")

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
local holders = {}
for i = 2, #KEYS do
  if redis.call('set', KEYS[i], ARGV[1], 'NX', 'PX', ARGV[2]) then
    redis.call('hset', KEYS[1], KEYS[i], ARGV[1])
    holders[i - 1] = false
  else
    holders[i - 1] = redis.call('get', KEYS[i])
  end
end
return holders
"""
_GIVE_BACK: Final = """
local given = {}
for i = 2, #KEYS do
  if redis.call('get', KEYS[i]) == ARGV[1] then
    redis.call('del', KEYS[i])
    redis.call('hdel', KEYS[1], KEYS[i])
    given[#given + 1] = KEYS[i]
  end
end
return given
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

SENTINEL_SECONDS: Final = 1  # a sentinel answers at once, or is gone with its machine

T = TypeVar("T")
_log = logging.getLogger(__name__)


def open_redis(url: str) -> Redis:
    """A client that gives up on a dead server instead of holding a worker. Connects at first use."""
    retry = client.retry.Retry(client.backoff.NoBackoff(), 1)
    patience: dict[str, Any] = {"socket_timeout": 5, "socket_connect_timeout": 5, "retry": retry}
    sentinels = read_sentinels(url)
    if sentinels is None:
        return client.Redis.from_url(without_tls(url), **patience, **read_tls(url))
    asked: Any = client.Sentinel(  # type: ignore[no-untyped-call]
        sentinels.hosts,
        sentinel_kwargs=sentinel_patience() | sentinels.own,
        db=sentinels.db,
        username=sentinels.username or None,
        password=sentinels.password or None,
        **patience,
    )
    master: Redis = asked.master_for(sentinels.master)
    return master


def sentinel_patience() -> dict[str, Any]:
    """How long one sentinel is waited for: it is asked once, since another one knows as well."""
    once = client.retry.Retry(client.backoff.NoBackoff(), 0)
    return {"socket_timeout": SENTINEL_SECONDS, "socket_connect_timeout": SENTINEL_SECONDS, "retry": once}


def order_key(store_id: int, external_id: str) -> str:
    """The lock of everything that is done to one order."""
    return f"storesync:order:{store_id}:{external_id}"


def fetch_key(store_id: int) -> str:
    """The lock of asking one store for its changes."""
    return f"storesync:fetch:{store_id}"


def stock_key(store_id: int) -> str:
    """The lock of telling one store all that is due (STK-5)."""
    return f"storesync:stock:{store_id}"


def latest_key(store_id: int) -> str:
    """The lock of telling one store its latest news, beside that (STK-5)."""
    return f"storesync:latest:{store_id}"


def sku_key(store_id: int, sku: str) -> str:
    """The lock of telling one store one SKU: nobody else tells it meanwhile (STK-5)."""
    return f"storesync:stock:{store_id}:{sku}"


def catalogue_key(store_id: int) -> str:
    """The lock of walking through one store's catalogue."""
    return f"storesync:catalogue:{store_id}"


def products_key(store_id: int) -> str:
    """The lock of bringing one store's products into the hub."""
    return f"storesync:products:{store_id}"


def count_key(store_id: int) -> str:
    """The lock of counting what one store shows."""
    return f"storesync:count:{store_id}"


def audit_key(store_id: int) -> str:
    """The lock of comparing one store's list of orders with ours."""
    return f"storesync:audit:{store_id}"


def compare_key(store_id: int) -> str:
    """The lock of comparing what one store shows."""
    return f"storesync:compare:{store_id}"


def webhooks_key(store_id: int) -> str:
    """The lock of asking one store what it tells by itself (BEY-5)."""
    return f"storesync:webhooks:{store_id}"


def job_key(id_: int) -> str:
    """The lock of doing what a page of the console asked for."""
    return f"storesync:job:{id_}"


def hub_key() -> str:
    """The lock of asking the account's hub what moved (KAT-4)."""
    return "storesync:hub"


@contextmanager
def lock(redis: Redis, key: str, *, ttl: int = LOCK_SECONDS) -> Iterator[bool]:
    """Hold a lock for a piece of work: True if it is ours, False if somebody else has it; as `lock_many` does."""
    with lock_many(redis, [key], ttl=ttl) as ours:
        yield bool(ours)


@contextmanager
def lock_many(redis: Redis, keys: Collection[str], *, ttl: int = LOCK_SECONDS) -> Iterator[frozenset[str]]:
    """Hold those of some locks that nobody else has, for a piece of work: which they are. Never waits.

    They are taken in one step, so that two who want the same ones get stuck in nothing. What a dead process held is
    ours at once. Raises RedisAway if Redis cannot be asked. Work that is done is not undone by a lock that got lost
    meanwhile.
    """
    token = f"{secrets.token_hex(8)} {me().text()}"
    ours = _take(redis, list(keys), token, ttl)
    try:
        yield ours
    finally:
        if ours:
            _leave(redis, ours, token, ttl)


def is_held(redis: Redis, key: str) -> bool:
    """Whether somebody has a lock, dead or alive."""
    return bool(_ask(lambda: redis.exists(key)))


def _take(redis: Redis, keys: Sequence[str], token: str, ttl: int) -> frozenset[str]:
    holders = _holders(redis, keys, token, ttl)
    if freed := _free_of_dead(redis, holders):
        _log.warning("%s was free: its holder is dead", _named(freed))
        holders = {key: holder for key, holder in holders.items() if key not in freed}
        holders |= _holders(redis, freed, token, ttl)
    return frozenset(keys) - holders.keys()


def _holders(redis: Redis, keys: Sequence[str], token: str, ttl: int) -> dict[str, bytes]:
    """Take what is free; who has the others."""
    take = redis.register_script(_TAKE)
    found = _ask(lambda: take(keys=[HELD, *keys], args=[token, ttl * 1000]))
    return {key: holder for key, holder in zip(keys, found, strict=True) if holder}


def _free_of_dead(redis: Redis, holders: Mapping[str, bytes]) -> list[str]:
    """Free those locks whose holder is dead; which ones. One process may hold a whole batch."""
    keys_of: defaultdict[bytes, list[str]] = defaultdict(list)
    for key, holder in holders.items():
        keys_of[holder].append(key)
    dead = [(keys, holder) for holder, keys in keys_of.items() if _is_of_dead(holder)]
    return _ask(lambda: [key for keys, holder in dead for key in sorted(_give_back(redis, keys, holder))])


def _leave(redis: Redis, ours: Collection[str], token: str, ttl: int) -> None:
    try:
        given = _give_back(redis, ours, token)
    except client.RedisError:
        _log.warning("%s cannot be given back, and ends by itself within %s s", _named(ours), ttl)
    else:
        if lost := set(ours) - given:
            _log.warning("%s was lost before its work was done", _named(lost))


def _give_back(redis: Redis, keys: Collection[str], token: str | bytes) -> set[str]:
    """Give back those of some locks that are a token's; which they were."""
    given = redis.register_script(_GIVE_BACK)(keys=[HELD, *keys], args=[token])
    return {key if isinstance(key, str) else key.decode() for key in given}


def _named(keys: Collection[str]) -> str:
    """As people read it: those of a batch are many, and all of one moment."""
    first = min(keys)
    return f"the lock {first}" if len(keys) == 1 else f"the lock {first} (and {len(keys) - 1} more)"


def _is_of_dead(token: str | bytes) -> bool:
    text = token if isinstance(token, str) else token.decode(errors="replace")
    holder = read_holder(text.partition(" ")[2])
    return holder is not None and is_dead(holder)


def free_dead(redis: Redis) -> list[str]:
    """Free every lock whose holder is dead, as far as this process can see for certain; which ones."""
    held = _ask(lambda: redis.register_script(_STILL_HELD)(keys=[HELD]))
    pairs = zip(held[::2], held[1::2], strict=True)
    return _free_of_dead(redis, {key if isinstance(key, str) else key.decode(): token for key, token in pairs})


def is_new(redis: Redis) -> bool:
    """Whether Redis has come up empty since this was last asked: its messages, locks and waits are gone."""
    return _ask(lambda: redis.set(_ALIVE, "1", nx=True)) is not None


def is_first(redis: Redis, key: str, *, seconds: int) -> bool:
    """Whether nobody has said this within so many seconds."""
    return _ask(lambda: redis.set(_said(key), "1", nx=True, ex=seconds)) is not None


def say(redis: Redis, key: str, *, seconds: int) -> None:
    """Say something for so many seconds."""
    _ask(lambda: redis.set(_said(key), "1", ex=seconds))


def was_said(redis: Redis, key: str) -> bool:
    """Whether somebody has said this, and it still holds."""
    return bool(_ask(lambda: redis.exists(_said(key))))


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
        counters.count(self.redis, Counted.VENDOR_WAITS, self.store_id)
        wait(self.redis, self.store_id, until)

    def called(self) -> None:
        """The store is asked something: it counts."""
        counters.count(self.redis, Counted.VENDOR_CALLS, self.store_id)

    def left(self, share: float) -> None:
        """What the store said is left of its budget of calls, from 0 to 1."""
        counters.note_headroom(self.redis, self.store_id, share)


def _said(key: str) -> str:
    return f"storesync:said:{key}"


def _wait_key(store_id: int) -> str:
    return f"storesync:wait:{store_id}"


def _ask(call: Callable[[], T]) -> T:
    try:
        return call()
    except client.RedisError as error:
        raise RedisAway(f"Redis does not answer ({type(error).__name__})") from error
