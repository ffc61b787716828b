"""The stand-in's counters: WordPress numbers everything of a kind in one row."""

import itertools
from collections.abc import Iterator


class Numbers:
    """Posts (products, orders, refunds), order items and meta entries are counted apart."""

    def __init__(self) -> None:
        self.posts: Iterator[int] = itertools.count(10)
        self._items = itertools.count(1)
        self._metas = itertools.count(1)

    def post(self) -> int:
        """The next id of a product, order or refund."""
        return next(self.posts)

    def item(self) -> int:
        """The next id of an order item."""
        return next(self._items)

    def meta(self) -> int:
        """The next id of a meta entry."""
        return next(self._metas)
