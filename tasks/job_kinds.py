"""What jobs do, by kind: each asks a shop what a page wants to know, or does what a button says, and returns JSON.

Each is safe to run twice. It decides nothing: it is the command's own action.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from connectors.postgres.rows import StoreRow
from tasks.activation import foretell
from tasks.held import Process
from tasks.retrying import ask_for_order

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


def _foretell(errand: Errand) -> Document:
    """What an activation would bring (STG-3)."""
    return asdict(foretell(errand.held, errand.store, on_page=errand.counting()))


def _ask_order(errand: Errand) -> Document:
    """An order that the store never showed comes, and is looked at."""
    return {"external_id": ask_for_order(errand.held, errand.store, str(errand.arguments["external_id"]))}


KINDS: Final[dict[str, Work]] = {
    "ask_order": _ask_order,
    "foretell": _foretell,
}
