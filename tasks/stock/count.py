"""Counting stock from a file, and taking a count back: the whole of it or nothing (STK-11).

A file that a page was given is kept, and becomes a count once, however often that is asked for.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from connectors.hubs import our_hub
from connectors.postgres import Connection, count_files, journal
from schemas.actions import CountStock, TakeBackCount
from schemas.count_file import read_count_file
from schemas.counts import Count
from schemas.groups import Group
from schemas.journal import Action, Line, Outcome
from tasks.held import Process
from tasks.rules.counting import count_file, report_of
from tasks.rules.stock_loss import Loss
from tasks.stock import loss as losses
from tasks.stock.loss import Read


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


# -- files that pages were given ---------------------------------------------------------------------------------------

MOST_WRONG: Final = 100  # lines that are named


@dataclass(frozen=True, slots=True)
class FileCount:
    """What a file would count, or did; `losses` are what stores would show less by it, where a person is asked."""

    count_id: str | None
    count: Count
    losses: dict[str, Loss]

    def document(self) -> dict[str, Any]:
        """As a page shows it."""
        wrong = [{"number": one.number, "words": one.words} for one in self.count.wrong[:MOST_WRONG]]
        lines = [{"batch": line.batch} for line in self.count.lines]
        report = report_of(self.count, ())
        report["counted"] = [{**one, **more} for one, more in zip(report["counted"], lines, strict=False)]
        return {"count": self.count_id, **report, "wrong": wrong, "wrong_lines": len(self.count.wrong)}


def try_file(held: Process, id_: int, *, is_again: bool, read: Read) -> FileCount:
    """What a kept file would count. Raises ValueError."""
    with held.pool.connection() as connection:
        file = _kept(connection, id_)
        _, count = count_from_file(connection, file, is_again=is_again, is_trial=True)
    found = losses.losses_of_count(held, count.lines, read=read)
    return FileCount(None, count, {name: loss for name, loss in found.items() if loss.is_to_be_asked})


def count_kept_file(held: Process, id_: int, *, is_again: bool) -> FileCount:
    """Count a kept file; of one that was counted nothing is done again. Raises ValueError and HubRefused."""
    with held.pool.connection() as connection, our_hub(connection).unit():
        if before := count_files.hold(connection, id_):
            return FileCount(before, Count(), {})
        count_id, count = count_from_file(connection, _kept(connection, id_), is_again=is_again)
        if count_id is not None:
            count_files.counted(connection, id_, count_id)
    return FileCount(count_id, count, {})


def _kept(connection: Connection, id_: int) -> CountFile:
    file = count_files.kept(connection, id_)
    if file is None:
        raise ValueError("it is not kept any more: choose it again")
    return CountFile(file.name, file.content, file.location)
