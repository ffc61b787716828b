"""Many things asked of a store at once: who is to blame for a refusal, and what is left (STK-8)."""

from collections.abc import Callable, Sequence
from time import monotonic

import pytest

from connectors.errors import ConnectorError, CredentialsRefused, NotFound, Rejected, Unavailable
from tasks.stock.batches import MOST_CALLS, Asked, ask, in_parts

Call = Callable[[Sequence[int]], int]


def refusing(bad: set[int], calls: list[Sequence[int]], *, status: int = 400) -> Call:
    """A store that refuses, without naming anyone, whatever has a bad one in it; it answers how many it took."""

    def call(part: Sequence[int]) -> int:
        calls.append(part)
        if bad.intersection(part):
            raise Rejected("no", status=status)
        return len(part)

    return call


def culprits(asked: Asked[int, int]) -> set[int]:
    return {one for one, _ in asked.refused}


@pytest.mark.parametrize("bad", [set(), {0}, {37}, {99}, {3, 4, 70}], ids=repr)
def test_STK_8_culprits_are_found_and_all_others_are_taken(bad: set[int]) -> None:
    asked = ask(refusing(bad, []), [range(100)])

    assert (culprits(asked), sum(asked.answers)) == (bad, 100 - len(bad))
    assert (asked.failed, asked.left, asked.error) == ([], [], None)


@pytest.mark.parametrize(("size", "every"), [(2000, 250), (250, 20), (100, 2), (100, 3)])
def test_STK_8_no_good_one_is_blamed_however_many_are_bad(size: int, every: int) -> None:
    bad, calls = set(range(7, size, every)), list[Sequence[int]]()
    left, blamed, taken, rounds = list(range(size)), set[int](), 0, 0

    while left:
        before = len(calls)
        asked = ask(refusing(bad, calls), [left])
        assert len(calls) - before <= MOST_CALLS + 1
        assert asked.error is None
        left, blamed, taken, rounds = asked.left, blamed | culprits(asked), taken + sum(asked.answers), rounds + 1

    assert (blamed, taken) == (bad, size - len(bad))
    assert rounds <= 5


def test_STK_8_store_that_refuses_everything_blames_nobody() -> None:
    calls = list[Sequence[int]]()

    asked = ask(refusing(set(range(2000)), calls), [range(2000)])

    assert culprits(asked) == set()
    assert sorted([*asked.failed, *asked.left]) == list(range(2000))
    assert asked.failed  # each of these was refused alone: the next round begins with others
    assert str(asked.error) == "no"
    assert len(calls) == MOST_CALLS + 1


@pytest.mark.parametrize("status", [301, 308, 402, 404, 405, 423])
def test_STK_8_answer_that_speaks_of_the_store_is_asked_for_once(status: int) -> None:
    calls = list[Sequence[int]]()

    asked = ask(refusing({0}, calls, status=status), [range(50), range(50, 100)])

    assert len(calls) == 1
    assert (asked.refused, asked.failed, asked.left) == ([], [], list(range(100)))
    assert asked.error is not None


@pytest.mark.parametrize("error", [Unavailable("away"), CredentialsRefused("no entry")], ids=str)
def test_what_a_store_said_before_it_failed_counts(error: ConnectorError) -> None:
    def call(part: Sequence[int]) -> int:
        if 25 in part:
            raise error
        return len(part)

    asked = ask(call, [range(10), range(10, 20), range(20, 30), range(30, 40)])

    assert asked.answers == [10, 10]
    assert (asked.failed, asked.left, asked.error) == (list(range(20, 30)), list(range(30, 40)), error)


def test_STK_8_what_was_refused_alone_before_an_error_is_no_culprit_without_another_answer() -> None:
    answers = iter([Rejected("no", status=400), Unavailable("away")])

    def call(_: Sequence[int]) -> int:
        raise next(answers)

    asked = ask(call, [[1], [2], [3]])

    assert (asked.refused, sorted(asked.failed), asked.left) == ([], [1, 2], [3])


def test_name_that_a_store_does_not_know_is_found_like_any_culprit() -> None:
    def call(part: Sequence[int]) -> int:
        if 3 in part:
            raise NotFound("no such thing")
        return len(part)

    assert culprits(ask(call, [range(10)])) == {3}


def test_no_call_begins_after_its_time() -> None:
    calls = list[Sequence[int]]()

    asked = ask(refusing(set(), calls), [range(10)], stop_at=monotonic())

    assert (calls, asked.left, asked.error) == ([], list(range(10)), None)


@pytest.mark.parametrize(
    ("attempts", "sizes"),
    [(0, [100, 50]), (1, [50, 100]), (3, [12, 24, 48, 66]), (9, [6, 12, 24, 48, 60])],
)
def test_after_attempts_that_failed_calls_begin_small(attempts: int, sizes: list[int]) -> None:
    assert [len(part) for part in in_parts(range(150), most=100, attempts=attempts)] == sizes
