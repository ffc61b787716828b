"""Tasks that a worker took and has not answered for longer than they may run, by the broker's own keys in Redis."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from redis import Redis

_TAKEN: Final = "storesync:unacked"  # `global_keyprefix` of workers/app.py, and kombu's names
_WHEN: Final = "storesync:unacked_index"


def lost_tasks(redis: "Redis", limit: Callable[[str], float], *, least: float, now: float) -> list[str]:
    """The names of tasks that were taken longer ago than `limit` says of each; nobody asks of younger than `least`.

    `now` is the time in seconds, by the clock of the machines that workers run on. Raises RedisError.
    """
    old: Any = redis.zrangebyscore(_WHEN, "-inf", now - least, withscores=True)
    if not old:
        return []
    texts: Any = redis.hmget(_TAKEN, [tag for tag, _ in old])
    names = [(_task(text), now - taken_at) for text, (_, taken_at) in zip(texts, old, strict=True) if text]
    return sorted(name for name, seconds in names if seconds > limit(name))


def _task(text: bytes) -> str:
    message, *_ = json.loads(text)
    return str(message.get("headers", {}).get("task", "unknown"))
