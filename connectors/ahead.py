"""Asking for the next of many while the one before it is worked on."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TypeVar

T = TypeVar("T")


def one_ahead(items: Iterator[T], *, until: float) -> Generator[T, None, None]:
    """The same, each asked for in a thread while the one before it is worked on.

    After `until` of the monotonic clock nothing is asked for before it is wanted. Whoever leaves early closes it, waits
    for what is on its way, and loses it. What fails is raised where it would have come.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as asking:
        coming = asking.submit(next, items, None)
        while (one := coming.result()) is not None:
            is_early = monotonic() < until
            if is_early:
                coming = asking.submit(next, items, None)
            yield one
            if not is_early:
                coming = asking.submit(next, items, None)
