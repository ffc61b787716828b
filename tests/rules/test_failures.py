"""What becomes of a failure (SPEC chapter 11)."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.failures import Problem, ProblemKind
from schemas.reasons import Reason
from tasks.rules.failures import (
    Decision,
    SetAside,
    StopStore,
    StoreWait,
    TryAgain,
    back_off,
    decide_failure,
    decide_store_wait,
)

NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
WORDS: dict[str, object] = {"problem": "words"}


def decide(
    kind: ProblemKind, *, attempts: int = 0, jitter: float = 0.5, path: str = "", until: datetime | None = None
) -> Decision:
    return decide_failure(Problem(kind, "words", path, until), attempts=attempts, now=NOW, jitter=jitter)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (ProblemKind.NOT_FOUND, Reason.NOT_FOUND_IN_STORE),
        (ProblemKind.REJECTED, Reason.REFUSED_BY_STORE),
        (ProblemKind.HUB_REFUSED, Reason.REFUSED_BY_HUB),
    ],
)
def test_what_cannot_succeed_is_set_aside_at_once(kind: ProblemKind, reason: Reason) -> None:
    assert decide(kind) == SetAside(reason, WORDS, again_at=None)


def test_an_unreadable_payload_is_set_aside_with_its_path() -> None:
    decision = decide(ProblemKind.UNREADABLE, path="line_items.0.quantity")

    assert decision == SetAside(Reason.INVALID_PAYLOAD, {"path": "line_items.0.quantity", **WORDS})


def test_refused_credentials_stop_the_store() -> None:
    assert decide(ProblemKind.REFUSED) == StopStore(Reason.CREDENTIALS_REFUSED, WORDS)


@pytest.mark.parametrize("attempts", [0, 99])
def test_a_rate_limit_waits_as_long_as_it_says_and_is_no_attempt(attempts: int) -> None:
    until = NOW + timedelta(minutes=17)

    decision = decide(ProblemKind.RATE_LIMITED, attempts=attempts, until=until)

    assert decision == TryAgain(until, Reason.RATE_LIMITED, is_attempt=False)


def test_a_rate_limit_without_a_moment_backs_off() -> None:
    decision = decide(ProblemKind.RATE_LIMITED, attempts=1)

    assert decision == TryAgain(NOW + timedelta(seconds=5), Reason.RATE_LIMITED, is_attempt=False)


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 2.5), (1, 5), (2, 10), (3, 20), (4, 40)])
def test_an_outage_is_tried_again_ever_later(attempts: int, seconds: float) -> None:
    decision = decide(ProblemKind.UNAVAILABLE, attempts=attempts)

    assert decision == TryAgain(NOW + timedelta(seconds=seconds), Reason.STORE_UNAVAILABLE)


@pytest.mark.parametrize("attempts", [5, 6, 500])
def test_an_outage_is_set_aside_for_the_sweep_after_six_attempts(attempts: int) -> None:
    decision = decide(ProblemKind.UNAVAILABLE, attempts=attempts)

    assert decision == SetAside(Reason.STORE_UNAVAILABLE, WORDS, NOW + timedelta(hours=1))


@pytest.mark.parametrize("attempts", [0, 5, 10_000])
def test_a_busy_hub_is_tried_again_as_often_as_it_takes(attempts: int) -> None:
    decision = decide(ProblemKind.HUB_BUSY, attempts=attempts)

    assert isinstance(decision, TryAgain)
    assert decision.reason is Reason.HUB_BUSY
    assert decision.at <= NOW + timedelta(minutes=5)


def test_a_bug_is_tried_three_times_and_then_set_aside() -> None:
    decisions = [decide(ProblemKind.UNEXPECTED, attempts=attempts) for attempts in range(3)]

    assert [type(decision) for decision in decisions] == [TryAgain, TryAgain, SetAside]
    assert decisions[-1] == SetAside(Reason.UNEXPECTED_ERROR, WORDS, again_at=None)


@pytest.mark.parametrize("kind", ProblemKind)
def test_every_problem_has_an_answer_with_a_cure(kind: ProblemKind) -> None:
    decision = decide(kind)

    assert decision.reason.cure


@pytest.mark.parametrize(
    ("attempts", "jitter", "seconds"),
    [(0, 0.0, 0), (0, 0.999, 4.995), (5, 0.5, 80), (6, 0.5, 150), (60, 0.999, 299.7)],
)
def test_back_off_doubles_to_five_minutes_with_full_jitter(attempts: int, jitter: float, seconds: float) -> None:
    assert back_off(attempts, jitter) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 2.5), (3, 20), (6, 150), (500, 150)])
@pytest.mark.parametrize("kind", [ProblemKind.UNAVAILABLE, ProblemKind.REJECTED, ProblemKind.NOT_FOUND])
def test_a_store_that_fails_waits_ever_longer_and_five_minutes_at_most(
    kind: ProblemKind, attempts: int, seconds: float
) -> None:
    wait = decide_store_wait(Problem(kind, "words"), attempts=attempts, now=NOW, jitter=0.5)

    assert wait == StoreWait(NOW + timedelta(seconds=seconds), attempts + 1)


def test_a_store_that_limits_us_waits_as_long_as_it_says_and_has_not_failed() -> None:
    until = NOW + timedelta(minutes=17)

    wait = decide_store_wait(Problem(ProblemKind.RATE_LIMITED, "words", until=until), attempts=2, now=NOW, jitter=0.5)

    assert wait == StoreWait(until, 2)


@pytest.mark.parametrize("kind", [ProblemKind.HUB_BUSY, ProblemKind.HUB_REFUSED, ProblemKind.UNEXPECTED])
def test_a_store_does_not_wait_for_what_is_ours(kind: ProblemKind) -> None:
    assert decide_store_wait(Problem(kind, "words"), attempts=0, now=NOW, jitter=0.5) is None
