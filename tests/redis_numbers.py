"""A database of a Redis server for one worker, whoever else runs tests on that server."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from redis import Redis

_NUMBERS: Final = range(1, 16)  # a server has 16 unless it is told otherwise; 0 may be somebody's


@contextmanager
def own_number(url: str) -> Iterator[str]:
    """The URL of an empty database that is ours until we leave, or die: our connection carries its number as a name."""
    with Redis.from_url(url, single_connection_client=True) as claiming:
        number = next((number for number in random.sample(_NUMBERS, len(_NUMBERS)) if _is_ours(claiming, number)), None)
        assert number is not None, (
            f"the databases {_NUMBERS[0]} to {_NUMBERS[-1]} of this Redis are all in use by tests"
        )
        own_url = urlsplit(url)._replace(path=f"/{number}").geturl()
        with Redis.from_url(own_url) as ours:
            ours.flushdb()
            yield own_url
            ours.flushdb()


def _is_ours(claiming: Redis, number: int) -> bool:
    """Name first, look then: of two that claim a number at once both leave it, or one of them has it."""
    name = f"storesync-tests-{number}"
    claiming.client_setname(name)
    return sum(client["name"] == name for client in claiming.client_list()) == 1
