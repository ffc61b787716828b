"""What becomes of a failure (SPEC chapter 11)."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.failures import Problem, ProblemKind, PutOff
from schemas.reasons import Reason, describe
from schemas.rights import Right
from tasks.rules.failures import (
    Decision,
    StopPart,
    StopStore,
    StoreWait,
    back_off,
    decide_failure,
    decide_store_wait,
    is_news,
    rest_at_most,
    wait_when_moved,
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
    assert decide(kind) == PutOff(reason, WORDS, until=None, is_aside=True)


def test_an_unreadable_payload_is_set_aside_with_its_path() -> None:
    decision = decide(ProblemKind.UNREADABLE, path="line_items.0.quantity")

    assert decision == PutOff(Reason.INVALID_PAYLOAD, {"path": "line_items.0.quantity", **WORDS}, is_aside=True)


def test_refused_credentials_stop_the_store() -> None:
    assert decide(ProblemKind.REFUSED) == StopStore(Reason.CREDENTIALS_REFUSED, WORDS)


@pytest.mark.parametrize("attempts", [0, 99])
def test_a_rate_limit_waits_as_long_as_it_says_and_is_no_attempt(attempts: int) -> None:
    until = NOW + timedelta(minutes=17)

    decision = decide(ProblemKind.RATE_LIMITED, attempts=attempts, until=until)

    assert decision == PutOff(Reason.RATE_LIMITED, WORDS, until, is_attempt=False)


def test_a_rate_limit_without_a_moment_backs_off() -> None:
    decision = decide(ProblemKind.RATE_LIMITED, attempts=1)

    assert decision == PutOff(Reason.RATE_LIMITED, WORDS, NOW + timedelta(seconds=5), is_attempt=False)


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 2.5), (1, 5), (2, 10), (3, 20), (4, 40)])
def test_an_outage_is_tried_again_ever_later(attempts: int, seconds: float) -> None:
    decision = decide(ProblemKind.UNAVAILABLE, attempts=attempts)

    assert decision == PutOff(Reason.STORE_UNAVAILABLE, WORDS, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("attempts", [5, 6, 500])
def test_an_outage_is_set_aside_for_the_sweep_after_six_attempts(attempts: int) -> None:
    decision = decide(ProblemKind.UNAVAILABLE, attempts=attempts)

    assert decision == PutOff(Reason.STORE_UNAVAILABLE, WORDS, NOW + timedelta(hours=1), is_aside=True)


@pytest.mark.parametrize("attempts", [0, 5, 10_000])
def test_a_busy_hub_is_tried_again_as_often_as_it_takes(attempts: int) -> None:
    decision = decide(ProblemKind.HUB_BUSY, attempts=attempts)

    assert decision == PutOff(Reason.HUB_BUSY, WORDS, NOW + back_off(attempts, 0.5))


def test_KAT_2_a_hub_that_says_when_is_asked_again_then() -> None:
    until = NOW + timedelta(minutes=10)

    assert decide(ProblemKind.HUB_BUSY, until=until) == PutOff(Reason.HUB_BUSY, WORDS, until)


def test_a_bug_is_tried_three_times_and_then_set_aside() -> None:
    decisions = [decide(ProblemKind.UNEXPECTED, attempts=attempts) for attempts in range(3)]

    assert decisions == [
        PutOff(Reason.UNEXPECTED_ERROR, WORDS, NOW + timedelta(seconds=2.5)),
        PutOff(Reason.UNEXPECTED_ERROR, WORDS, NOW + timedelta(seconds=5)),
        PutOff(Reason.UNEXPECTED_ERROR, WORDS, until=None, is_aside=True),
    ]


@pytest.mark.parametrize("right", [None, Right.READ_ORDERS])
def test_DOR_4_a_refusal_of_orders_or_of_everything_stops_the_store(right: Right | None) -> None:
    problem = Problem(ProblemKind.REFUSED, "words", right=right)

    assert decide_failure(problem, attempts=0, now=NOW, jitter=0.5) == StopStore(Reason.CREDENTIALS_REFUSED, WORDS)


@pytest.mark.parametrize("right", [Right.WRITE_ORDERS, Right.READ_PRODUCTS, Right.WRITE_STOCK])
def test_DOR_4_a_refusal_of_another_right_stops_what_needs_it_and_is_tried_again_by_itself(right: Right) -> None:
    problem = Problem(ProblemKind.REFUSED, "words", right=right)
    until = NOW + timedelta(minutes=15)

    decision = decide_failure(problem, attempts=7, now=NOW, jitter=0.5)

    assert decision == StopPart(Reason.WRITE_REFUSED, WORDS, until, is_attempt=False, is_aside=True, right=right)
    assert decide_store_wait(problem, attempts=7, now=NOW, jitter=0.5) == StoreWait(until, 7)


def test_a_part_that_the_store_failed_at_is_tried_like_an_outage() -> None:
    tried, over = (decide(ProblemKind.IN_PART, attempts=attempts) for attempts in (4, 5))

    assert tried == PutOff(Reason.ANSWERED_IN_PART, WORDS, NOW + timedelta(seconds=40))
    assert over == PutOff(Reason.ANSWERED_IN_PART, WORDS, NOW + timedelta(hours=1), is_aside=True)


# -- how long it rests, and whether it is said -------------------------------------------------------------------------

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("until", "is_aside", "pause", "expected"),
    [
        pytest.param(NOW + 2 * HOUR, True, HOUR, NOW + HOUR, id="no longer than the pause"),
        pytest.param(NOW + HOUR, True, 2 * HOUR, NOW + HOUR, id="as long as it says"),
        pytest.param(None, True, HOUR, NOW + HOUR, id="not until somebody acts"),
        pytest.param(None, True, None, None, id="there is no pause"),
        pytest.param(NOW + 2 * HOUR, False, HOUR, NOW + 2 * HOUR, id="what is still tried waits as long as it says"),
    ],
)
def test_what_was_tried_often_enough_rests_no_longer_than_a_pause(
    until: datetime | None, is_aside: bool, pause: timedelta | None, expected: datetime | None
) -> None:
    why = PutOff(Reason.STORE_UNAVAILABLE, WORDS, until, is_aside=is_aside)

    assert rest_at_most(why, pause, now=NOW) == PutOff(Reason.STORE_UNAVAILABLE, WORDS, expected, is_aside=is_aside)


@pytest.mark.parametrize(
    ("reason", "is_aside", "last", "attempts", "expected"),
    [
        (Reason.STORE_UNAVAILABLE, False, None, 0, False),
        (Reason.STORE_UNAVAILABLE, True, None, 5, True),
        (Reason.STORE_UNAVAILABLE, True, "store_unavailable", 5, True),
        (Reason.STORE_UNAVAILABLE, True, "store_unavailable", 6, False),
        (Reason.STORE_UNAVAILABLE, True, "unexpected_error", 6, True),
        (Reason.UNEXPECTED_ERROR, True, "unexpected_error", 2, True),
        (Reason.UNEXPECTED_ERROR, True, "unexpected_error", 3, False),
        (Reason.REFUSED_BY_STORE, True, None, 0, True),
        (Reason.REFUSED_BY_STORE, True, "refused_by_store", 0, False),
    ],
)
def test_what_keeps_a_store_from_its_work_is_said_once(
    reason: Reason, is_aside: bool, last: str | None, attempts: int, expected: bool
) -> None:
    assert is_news(PutOff(reason, is_aside=is_aside), last=last, attempts=attempts) is expected


@pytest.mark.parametrize(
    ("reason", "expected"), [(Reason.REFUSED_BY_STORE, None), (Reason.STORE_UNAVAILABLE, timedelta(minutes=5))]
)
def test_what_moves_again_waits_no_hour_unless_the_store_refused_it(reason: Reason, expected: timedelta | None) -> None:
    assert wait_when_moved(PutOff(reason)) == expected


@pytest.mark.parametrize("kind", ProblemKind)
def test_every_problem_has_an_answer_with_a_cure(kind: ProblemKind) -> None:
    decision = decide(kind)

    assert describe(decision.reason)[1]


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
