"""What a shop says of itself and seldom changes: asked for once in a while, since a process may live for days."""

from collections.abc import Callable
from time import monotonic
from typing import Final, Generic, TypeVar

SECONDS: Final = 300  # after which a shop is asked again

T = TypeVar("T")


class Memo(Generic[T]):
    """An answer of a shop, kept for a while."""

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._kept: tuple[float, T] | None = None  # until when

    def get(self) -> T:
        """What the shop said, or says now. Raises what asking raises."""
        if self._kept is None or self._kept[0] <= monotonic():
            self._kept = None
            answer = self._ask()
            self._kept = monotonic() + SECONDS, answer
        return self._kept[1]

    def forget(self) -> None:
        """The shop is asked the next time."""
        self._kept = None
