"""Counting stock from a file, and taking a count back: the whole of it or nothing (STK-11)."""

from dataclasses import dataclass, replace

from connectors.hubs import our_hub
from connectors.postgres import Connection, journal
from schemas.actions import CountStock, TakeBackCount
from schemas.count_file import read_count_file
from schemas.counts import Count
from schemas.groups import Group
from schemas.journal import Action, Line, Outcome
from tasks.rules.counting import count_file


@dataclass(frozen=True, slots=True)
class CountFile:
    """A file to count: its name and text, and where lines without a location lie."""

    name: str
    text: str
    location: str


def count_from_file(
    connection: Connection, file: CountFile, *, is_again: bool = False, is_trial: bool = False
) -> tuple[str | None, Count]:
    """Count what a file says, as one adjustment; its id, and what was counted. Raises ValueError and HubRefused.

    Where a line is wrong nothing is counted, nor where everything was counted before.
    """
    lines, wrong = read_count_file(file.text, location=file.location)
    hub = our_hub(connection)
    with hub.unit():
        items = hub.shelves(sorted({line.sku for line in lines}))
        count = count_file(lines, items=items, is_again=is_again)
        if wrong or count.wrong:
            every = sorted((*wrong, *count.wrong), key=lambda one: one.number)
            return None, replace(count, lines=(), wrong=tuple(every))
        if is_trial or not count.lines:
            return None, count
        counted = CountStock(file.name, count.lines)
        count_id = hub.apply([Group("count", (counted,))]).made(counted)
        detail = {"count": count_id, "source": file.name, "figures": len(count.lines), "left_out": len(count.left_out)}
        journal.add(connection, Line(Action.COUNT, Outcome.COUNTED, None, detail), store_id=None)
    return count_id, count


def take_back(connection: Connection, count_id: str) -> None:
    """Take a count back as a whole. Raises HubRefused."""
    hub = our_hub(connection)
    with hub.unit():
        hub.apply([Group("count", (TakeBackCount(count_id),))])
        journal.add(connection, Line(Action.COUNT, Outcome.TAKEN_BACK, None, {"count": count_id}), store_id=None)
