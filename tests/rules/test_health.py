"""What the doctor judges, as plain data."""

from datetime import date, timedelta

import pytest

from tasks.rules.health import (
    KnockedWorker,
    SilentWorker,
    Verdict,
    is_in_step,
    judge_audit,
    judge_disk,
    judge_due,
    judge_fetch,
    judge_queues,
    judge_rates,
    judge_restarts,
    judge_webhooks,
    judge_workers,
)

HOUR = timedelta(hours=1)
TODAY = date(2026, 3, 10)


def worker(
    *, busy: tuple[int, ...] = (), answered: tuple[int, ...] = (1, 2), queues: str = "fetch orders"
) -> KnockedWorker:
    """One of two processes."""
    return KnockedWorker("one@host", frozenset(queues.split()), frozenset({1, 2}), frozenset(busy), frozenset(answered))


def of_workers(*workers: KnockedWorker, silent: tuple[SilentWorker, ...] = ()) -> Verdict:
    return judge_workers(workers, silent, ["fetch", "orders"], start="storesync up")


@pytest.mark.parametrize(
    ("verdict", "is_ok", "words"),
    [
        (of_workers(worker()), True, "1 answer(s), all queues served, 2 processes"),
        (
            of_workers(worker(answered=(1,))),
            False,
            "process 2 of one@host has nothing to do and does not answer: kill -9 2",
        ),
        (of_workers(worker(answered=(1,), busy=(2,))), True, "1 answer(s)"),  # it is at a task
        (of_workers(), False, "none answers: storesync up"),
        (of_workers(worker(queues="fetch")), False, "nobody works on orders: storesync up"),
        (of_workers(worker(), silent=(SilentWorker("two@host", 9, 77),)), False, "two@host was heard 9 s ago"),
        (of_workers(worker(), silent=(SilentWorker("two@host", 9, 77),)), False, "kill -9 77"),
        (
            of_workers(worker(), silent=(SilentWorker("two@far", 9),)),
            False,
            "Start it again on its machine: storesync up",
        ),
    ],
)
def test_workers(verdict: Verdict, is_ok: bool, words: str) -> None:
    assert (verdict.is_ok, words in verdict.words) == (is_ok, True), verdict


@pytest.mark.parametrize(
    ("waiting", "answered", "who", "is_ok"),
    [
        (0, ["orders"], worker(), True),
        (0, [], worker(), False),
        (9, [], worker(), True),  # others are before it
        (0, [], worker(busy=(1, 2)), True),
        (0, [], worker(queues="fetch"), True),  # nobody works on it, which is said of workers
    ],
)
def test_queues(waiting: int, answered: list[str], who: KnockedWorker, is_ok: bool) -> None:
    verdict = judge_queues({"orders": waiting}, answered, [who], seconds=3)

    assert verdict.is_ok is is_ok
    assert is_ok or "a message to orders was not worked on in 3 s, though 2 processes" in verdict.words


@pytest.mark.parametrize(
    ("verdict", "is_ok", "words"),
    [
        (judge_fetch("acme", 250, 60), True, "last fetched 4 min ago, every 60 s"),
        (judge_fetch("acme", 301, 60), False, "storesync store show acme"),
        (judge_due("acme", 0, 0), True, "none waits"),
        (judge_due("acme", 7, 899), True, "7 wait, the oldest for 15 min"),
        (judge_due("acme", 7, 901), False, "storesync order list --store acme"),
        (judge_audit("acme", "0 missing.", missing=0, late=False), True, "0 missing."),
        (
            judge_audit("acme", "", missing=None, late=False),
            True,
            "not compared yet: the next night does, or storesync audit acme",
        ),
        (judge_audit("acme", "2 missing.", missing=2, late=False), False, "storesync audit acme"),
        (judge_audit("acme", "0 missing.", missing=0, late=True), False, "The last night brought no comparison"),
        (judge_webhooks("acme", "all 3", are_all_told=True, is_silent=False, refused=[]), True, "all 3"),
        (
            judge_webhooks("acme", "2 not", are_all_told=False, is_silent=False, refused=[]),
            False,
            "storesync store webhooks acme --repair",
        ),
        (judge_webhooks("acme", "all 3", are_all_told=True, is_silent=True, refused=[]), False, "PUBLIC_URL"),
        (
            judge_webhooks("acme", "all 3", are_all_told=True, is_silent=False, refused=["webhook_unproved 3"]),
            False,
            "Refused in the last day: webhook_unproved 3. Why: storesync store webhooks acme",
        ),
        (judge_disk("/data", 1_000_000_000), True, "1.0 GB free in /data"),
        (judge_disk("/data", 999_999_999), False, "make room"),
        (judge_rates(TODAY - timedelta(days=7), today=TODAY, needed=True), True, "newest of 2026-03-03"),
        (judge_rates(TODAY - timedelta(days=8), today=TODAY, needed=True), False, "storesync enqueue refresh_rates"),
        (judge_rates(None, today=TODAY, needed=False), True, "none"),
        (judge_restarts({}, log="/logs"), True, "none"),
        (judge_restarts({"web": [2 * HOUR]}, log="/logs"), True, "started again in the last day: web 1"),
        (judge_restarts({"web": [2 * HOUR, HOUR / 2]}, log="/logs"), False, "Why web ended: /logs"),
    ],
)
def test_business_and_machine(verdict: Verdict, is_ok: bool, words: str) -> None:
    assert (verdict.is_ok, words in verdict.words) == (is_ok, True), verdict


@pytest.mark.parametrize(
    ("state", "age", "oldest", "in_step"),
    [
        ("active", 0.0, None, True),
        ("active", 50.0, 60.0, True),
        ("active", 50.1, None, False),  # five intervals of ten seconds
        ("active", 0.0, 60.1, False),
        ("paused", 0.0, None, False),
        ("needs_attention", 0.0, None, False),
        ("of a newer version", 0.0, None, False),
    ],
)
def test_CON_1_a_store_is_in_step_when_it_is_asked_on_time_and_nothing_waits(
    state: str, age: float, oldest: float | None, in_step: bool
) -> None:
    assert is_in_step(state, age, 10.0, oldest) == in_step
