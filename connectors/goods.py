"""Items that a shop named when it said that their stock moved: in Redis, until they were asked for.

Losing them loses nothing that the daily walk through the catalogue does not bring.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from connectors.errors import RedisAway
from connectors.later import Later

if TYPE_CHECKING:
    import redis as client
    from redis import Redis
else:
    client = Later("redis")

_KEPT_SECONDS: Final = 86400


def name(redis: Redis, store_id: int, item: str) -> None:
    """An item of a store is to be asked for."""
    try:
        with redis.pipeline(transaction=False) as both:
            both.sadd(_key(store_id), item)
            both.expire(_key(store_id), _KEPT_SECONDS)
            both.execute()
    except client.RedisError as error:
        raise RedisAway(f"Redis does not answer ({type(error).__name__})") from error


def named(redis: Redis, store_id: int, *, most: int) -> list[str]:
    """Some of the items that are to be asked for."""
    try:
        found = redis.srandmember(_key(store_id), most)
    except client.RedisError as error:
        raise RedisAway(f"Redis does not answer ({type(error).__name__})") from error
    return [one if isinstance(one, str) else one.decode() for one in found or ()]  # type: ignore[union-attr]


def forget(redis: Redis, store_id: int, items: Collection[str]) -> None:
    """These were asked for."""
    try:
        if items:
            redis.srem(_key(store_id), *items)
    except client.RedisError as error:
        raise RedisAway(f"Redis does not answer ({type(error).__name__})") from error


def _key(store_id: int) -> str:
    return f"storesync:goods:{store_id}"
