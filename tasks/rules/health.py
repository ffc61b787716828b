"""Whether what was looked at is well, and in whose words it is said where it is not: the doctor's judgements."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from schemas.stores import StoreState

LATE_FETCHES: Final = 5  # intervals of `fetch.every` without a good fetch
OLDEST_DUE: Final = timedelta(minutes=15)
LEAST_FREE_BYTES: Final = 1_000_000_000
OLDEST_RATES: Final = timedelta(days=7)  # no rates are published at weekends and on holidays
IN_STEP_WAIT: Final = 60.0  # seconds that the oldest due work waits at most in a store that is in step
RECENT_ENDS: Final = timedelta(hours=1)  # a program that ended so lately is not well yet


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something is well, in words that say what to do where it is not."""

    is_ok: bool
    words: str


@dataclass(frozen=True, slots=True)
class KnockedWorker:
    """A worker that answers: its queues, the processes of its pool, and which of them are at a task, or answered."""

    name: str
    queues: frozenset[str]
    processes: frozenset[int]
    busy: frozenset[int]
    answered: frozenset[int]

    @property
    def silent(self) -> frozenset[int]:
        """Processes that have nothing to do and do not answer."""
        return self.processes - self.busy - self.answered

    @property
    def idle(self) -> frozenset[int]:
        """Processes that have nothing to do and answer."""
        return (self.processes & self.answered) - self.busy


@dataclass(frozen=True, slots=True)
class SilentWorker:
    """A worker that lived of late and does not answer; `pid` where it is on this machine."""

    name: str
    seconds_ago: int
    pid: int | None = None


# -- workers and queues ------------------------------------------------------------------------------------------------


def judge_workers(
    workers: Sequence[KnockedWorker], silent: Sequence[SilentWorker], queues: Collection[str], *, start: str
) -> Verdict:
    """Whether every queue is served, and every worker that lives, with every process of its pool, answers."""
    wrong = [_of_silent_worker(one, start) for one in silent]
    for worker in workers:
        wrong += [
            f"process {pid} of {worker.name} has nothing to do and does not answer: kill -9 {pid} on its machine,"
            " its worker starts another one"
            for pid in sorted(worker.silent)
        ]
    missing = [queue for queue in queues if not any(queue in worker.queues for worker in workers)]
    if not workers:
        wrong.insert(0, f"none answers: {start}")
    elif missing:
        wrong.insert(0, f"nobody works on {', '.join(missing)}: {start}")
    if wrong:
        return Verdict(False, ". ".join(wrong))
    processes = sum(len(worker.processes) for worker in workers)
    return Verdict(True, f"{len(workers)} answer(s), all queues served, {processes} processes")


def _of_silent_worker(worker: SilentWorker, start: str) -> str:
    said = f"{worker.name} was heard {worker.seconds_ago} s ago and does not answer: it is frozen, or was killed"
    return f"{said}. kill -9 {worker.pid}" if worker.pid else f"{said}. Start it again on its machine: {start}"


def judge_queues(
    waiting: Mapping[str, int], answered: Collection[str], workers: Sequence[KnockedWorker], *, seconds: float
) -> Verdict:
    """Whether a message that was put into each queue was worked on; who has others before it is only late."""
    wrong = []
    for queue, others in waiting.items():
        idle = sum(len(worker.idle) for worker in workers if queue in worker.queues)
        if queue not in answered and not others and idle:
            wrong.append(
                f"a message to {queue} was not worked on in {seconds:g} s, though {idle} processes have nothing to do:"
                " a worker that does not answer may have it"
            )
    told = ", ".join(f"{queue} {others}" for queue, others in waiting.items() if others)
    return Verdict(not wrong, ". ".join(wrong) or (f"messages wait: {told}" if told else "nothing waits"))


# -- the business of a store -------------------------------------------------------------------------------------------


def is_unfetched(age: float, every: float) -> bool:
    """Whether a store was not fetched to its end for too long; `age` and `every` in seconds."""
    return age > LATE_FETCHES * every


def is_in_step(state: str, age: float, every: float, oldest_seconds: float | None) -> bool:
    """Whether a store is active, was asked on time, and nothing of it waits for long; None where nothing waits."""
    is_active = state == StoreState.ACTIVE and not is_unfetched(age, every)
    return is_active and (oldest_seconds is None or oldest_seconds <= IN_STEP_WAIT)


def judge_fetch(name: str, age: float, every: float) -> Verdict:
    """Whether a store was fetched to its end of late; `age` and `every` in seconds."""
    words = f"last fetched {_span(age)} ago, every {_span(every)}"
    if not is_unfetched(age, every):
        return Verdict(True, words)
    return Verdict(False, f"{words}. A long first import shows here too: storesync store show {name}")


def judge_due(name: str, orders: int, oldest_seconds: float) -> Verdict:
    """Whether a store's orders are looked at as they come."""
    if not orders:
        return Verdict(True, "none waits")
    words = f"{orders} wait, the oldest for {_span(oldest_seconds)}"
    if oldest_seconds <= OLDEST_DUE.total_seconds():
        return Verdict(True, words)
    return Verdict(False, f"{words}. See storesync order list --store {name} --state pending")


def judge_audit(name: str, words: str, *, missing: int | None, late: bool) -> Verdict:
    """Whether a store's list of orders was compared in the last night, and nothing was missing (BEY-4)."""
    if late:
        since = words or "never compared."
        return Verdict(False, f"The last night brought no comparison: {since} storesync audit {name}")
    if missing:
        return Verdict(False, f"{words} They come in by themselves. Whether all is there now: storesync audit {name}")
    return Verdict(True, words or f"not compared yet: the next night does, or storesync audit {name}")


def judge_webhooks(name: str, words: str, *, are_all_told: bool, is_silent: bool, refused: Sequence[str]) -> Verdict:
    """Whether a shop tells by itself what it was asked to, and what it tells is taken (BEY-5); `refused`: why not."""
    if not are_all_told:
        words += f". Orders come every fetch.every meanwhile: storesync store webhooks {name} --repair"
    if is_silent:
        words += (
            ". Orders came that it told nothing of: does PUBLIC_URL reach the web process from outside? They come every"
            " fetch.every meanwhile"
        )
    if refused:
        words += f". Refused in the last day: {', '.join(refused)}. Why: storesync store webhooks {name}"
    return Verdict(are_all_told and not is_silent and not refused, words)


# -- the machine -------------------------------------------------------------------------------------------------------


def judge_disk(folder: str, free: int) -> Verdict:
    """Whether there is room for data and logs."""
    words = f"{free / 1e9:.1f} GB free in {folder}"
    return Verdict(free >= LEAST_FREE_BYTES, words if free >= LEAST_FREE_BYTES else f"{words}: make room")


def judge_rates(newest: date | None, *, today: date, needed: bool) -> Verdict:
    """Whether the published exchange rates are fresh; where no other currency is taken they need not be."""
    words = f"newest of {newest}" if newest else "none"
    if not needed or (newest is not None and today - newest <= OLDEST_RATES):
        return Verdict(True, words)
    return Verdict(False, f"{words}: storesync enqueue refresh_rates --wait, or storesync rates set CURRENCY RATE")


def judge_restarts(ends: Mapping[str, Sequence[timedelta]], *, log: str) -> Verdict:
    """Whether programs that are watched end by themselves; of each how long ago it did, in the last day."""
    told = ", ".join(f"{name} {len(ages)}" for name, ages in ends.items() if ages)
    lately = [name for name, ages in ends.items() if any(age <= RECENT_ENDS for age in ages)]
    if not told:
        return Verdict(True, "none was started again in the last day")
    words = f"started again in the last day: {told}"
    return Verdict(not lately, f"{words}. Why {', '.join(lately)} ended: {log}" if lately else words)


def _span(seconds: float) -> str:
    """A time in the unit that people would use."""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
