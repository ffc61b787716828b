"""What the work of a job is handed, and how it says that nothing can be done, or that a person stopped it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.postgres.rows import StoreRow
from tasks.held import Process

Document = Mapping[str, Any]  # of texts, numbers, lists; what else is in it is kept as its text


class NothingDone(Exception):
    """What was asked for cannot be done: a line that says why."""


class Stopped(Exception):
    """A person stopped the job."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What the work is handed: its store as it is now, what the page gave, and `see`, which is told how much was seen.

    `see` raises Stopped once a person stopped the job.
    """

    held: Process
    row: StoreRow | None
    arguments: Mapping[str, Any]
    secret: Mapping[str, str]
    begins: int  # how often it was begun: more than once where a worker ended in its midst
    see: Callable[[int], None]

    @property
    def store(self) -> StoreRow:
        """The store of a kind that is always about one."""
        assert self.row is not None
        return self.row

    def counting(self) -> Callable[[int], None]:
        """Is told how many more were seen."""
        seen = 0

        def more(number: int) -> None:
            nonlocal seen
            seen += number
            self.see(seen)

        return more


Work = Callable[[Errand], Document]
