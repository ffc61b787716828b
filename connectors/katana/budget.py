"""Katana's limit of requests, kept by all processes together in Redis, by priority (KAT-2). It asks Katana nothing.

Redis remembers the last minute and no more: whoever loses it runs into Katana's own limit once, and waits as long as
Katana says.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Protocol

from connectors.errors import RateLimited, RedisAway
from connectors.later import Later
from schemas.katana.limits import WINDOW, Quota

if TYPE_CHECKING:
    import redis as client
    from redis import Redis
else:
    client = Later("redis")

A_MINUTE: Final = 55  # of Katana's 60: five are left to a person's own tries, and to what we do not see
RESERVE: Final = 5
OVERDUE: Final = timedelta(minutes=5)  # a poll that is older goes before all else: nothing is never heard of

_ASKED: Final = "storesync:katana:asked"  # the requests of the last minute, by when they were made
_CLOSED: Final = "storesync:katana:closed"
_WAITING: Final = "storesync:katana:waiting"  # who was told to wait, by priority and until when that counts

# Times are milliseconds by the clock of Redis: machines' own differ. Answers with 0, or how long to wait.
_TAKE: Final = """
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window, most, share, rank = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local function wait(milliseconds)
  redis.call('hset', KEYS[3], rank, now + milliseconds + 5000)
  redis.call('pexpire', KEYS[3], window * 2)
  return milliseconds
end
local closed = redis.call('pttl', KEYS[2])
if closed > 0 then
  return closed
end
redis.call('zremrangebyscore', KEYS[1], '-inf', now - window)
local asked = redis.call('zcard', KEYS[1])
for before = 0, rank - 1 do
  if tonumber(redis.call('hget', KEYS[3], before) or 0) > now then
    return 1000
  end
end
if asked >= share then
  local oldest = redis.call('zrange', KEYS[1], asked - share, asked - share, 'WITHSCORES')
  return wait(math.max(1, oldest[2] + window - now))
end
redis.call('zadd', KEYS[1], now, ARGV[5])
redis.call('pexpire', KEYS[1], window)
redis.call('hdel', KEYS[3], rank)
return 0
"""
# What others asked, or what Katana counts otherwise, fills the minute as far as it says that less is left.
_LOWER: Final = """
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window, most, left = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('zremrangebyscore', KEYS[1], '-inf', now - window)
local unseen = most - left - redis.call('zcard', KEYS[1])
local at = now
if ARGV[4] ~= '' then
  at = math.min(now, math.max(now - window + 1, tonumber(ARGV[4]) - window))
end
for i = 1, unseen do
  redis.call('zadd', KEYS[1], at, ARGV[5] .. i)
end
if unseen > 0 then
  redis.call('pexpire', KEYS[1], window)
end
return math.max(0, unseen)
"""
_CLOSE: Final = """
if redis.call('pttl', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('set', KEYS[1], '1', 'PX', ARGV[1])
end
"""
_SPENT: Final = """
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return {redis.call('zcount', KEYS[1], now - tonumber(ARGV[1]), '+inf'), redis.call('pttl', KEYS[2])}
"""


class Priority(Enum):
    """What a request is for, the most urgent first: its rank, and how many of a minute's requests it may fill.

    What is urgent finds something left of a minute that others have begun.
    """

    OVERDUE = (0, A_MINUTE)
    ORDERS = (1, A_MINUTE)  # fulfilments and new orders
    CHANGES = (2, 50)
    STOCK = (3, 45)
    POLL = (4, 45)
    BACKFILL = (5, 35)

    @property
    def rank(self) -> int:
        """Its place: a smaller one goes first."""
        return self.value[0]

    @property
    def share(self) -> int:
        """Up to how many requests of a minute, made by anybody, it may still make one."""
        return self.value[1]


class Budget(Protocol):
    """The limit of requests, shared by everybody who asks Katana."""

    def take(self, priority: Priority) -> None:
        """One request is made now. Raises RateLimited, with when to come again, where it may not be."""

    def close(self, until: datetime) -> None:
        """Nobody asks before this moment."""

    def lower(self, quota: Quota) -> None:
        """Katana says what is left: where that is less than we think, we believe it; never more."""


@dataclass(frozen=True, slots=True)
class Unshared:
    """No limit is kept: for a connection that is only tried."""

    def take(self, priority: Priority) -> None:
        """It may be made."""

    def close(self, until: datetime) -> None:
        """There is nobody to tell."""

    def lower(self, quota: Quota) -> None:
        """Nobody counts."""


@dataclass(frozen=True, slots=True)
class SharedBudget:
    """The limit in Redis. Every method may raise RedisAway."""

    redis: Redis
    name: str = field(default_factory=lambda: secrets.token_hex(8))

    def take(self, priority: Priority) -> None:
        """One request is made now. Raises RateLimited, with when to come again, where it may not be."""
        args = [_WINDOW, A_MINUTE, priority.share, priority.rank, f"{self.name}{secrets.token_hex(8)}"]
        wait = int(self._run(_TAKE, [_ASKED, _CLOSED, _WAITING], args))
        if wait:
            until = datetime.now(UTC) + timedelta(milliseconds=wait)
            raise RateLimited(f"Katana's requests of this minute are used up until {until:%H:%M:%S} UTC", until=until)

    def close(self, until: datetime) -> None:
        """Nobody asks before this moment; a longer wait stays as it is."""
        wait = (until - datetime.now(UTC)) // timedelta(milliseconds=1) + 1
        if wait > 0:
            self._run(_CLOSE, [_CLOSED], [wait])

    def lower(self, quota: Quota) -> None:
        """Katana says what is left: where that is less than we think, we believe it; never more."""
        if quota.remaining is None or quota.remaining >= A_MINUTE + RESERVE:
            return
        reset = "" if quota.reset is None else str(int(quota.reset.timestamp() * 1000))
        left = max(0, quota.remaining - RESERVE)
        self._run(_LOWER, [_ASKED], [_WINDOW, A_MINUTE, left, reset, f"{self.name}{secrets.token_hex(8)} unseen "])

    def spent(self) -> tuple[int, float]:
        """How many requests were made in the last minute, and for how many seconds nobody may make one."""
        asked, closed = self._run(_SPENT, [_ASKED, _CLOSED], [_WINDOW])
        return int(asked), max(0, int(closed)) / 1000

    def _run(self, script: str, keys: list[str], args: list[Any]) -> Any:
        try:
            return self.redis.register_script(script)(keys=keys, args=args)
        except client.RedisError as error:
            raise RedisAway(f"Redis does not answer ({type(error).__name__})") from error


_WINDOW: Final = WINDOW // timedelta(milliseconds=1)


def seconds_to_finish(waiting: Mapping[Priority, int], priority: Priority, *, closed_seconds: float = 0) -> float:
    """How long what waits with a priority takes: all requests that go before it, then its own, each at its own pace.

    It is the time of an undisturbed minute after the other: whatever more urgent comes meanwhile comes on top.
    """
    before = (one for one in Priority if one.rank <= priority.rank)
    return closed_seconds + sum(waiting.get(one, 0) / one.share * WINDOW.total_seconds() for one in before)
