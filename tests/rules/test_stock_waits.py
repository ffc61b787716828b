"""How long stock waits that could not be told, and what is said of it (SPEC chapter 11, STK-8)."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from schemas.failures import Problem, ProblemKind, PutOff
from schemas.journal import Action, Line, Outcome
from schemas.reasons import Reason
from schemas.rights import Right
from schemas.stock import DueSku
from tasks.rules.failures import CAP, REFUSED_PAUSE, STORE_TRIES, SWEEP, StopPart, StopStore, back_off
from tasks.rules.stock_waits import StockTrouble, StockWaits, decide_stock_waits

NOW: Final = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
AWAY: Final = Problem(ProblemKind.UNAVAILABLE, "HTTP 503")
LIMITED: Final = Problem(ProblemKind.RATE_LIMITED, "wait", until=NOW + timedelta(minutes=2))
NO: Final = Problem(ProblemKind.REJECTED, "no such item")
BUG: Final = Problem(ProblemKind.UNEXPECTED, "KeyError")
MAY_NOT: Final = Problem(ProblemKind.REFUSED, "read only", right=Right.WRITE_STOCK)
WORDS: Final = {"problem": "HTTP 503"}


def due(sku: str, attempts: int = 0) -> DueSku:
    return DueSku(sku, 1, attempts, wants_look=False, tell_uncounted=False, may_look=True, reason=None, detail={})


def decided(trouble: StockTrouble, *, attempts: int = 0, last: str | None = None) -> StockWaits:
    found = decide_stock_waits(trouble, attempts=attempts, last=last, now=NOW, jitter=0.5)
    assert isinstance(found, StockWaits)
    return found


def test_a_store_that_refuses_us_stops_and_nothing_waits() -> None:
    trouble = StockTrouble(Problem(ProblemKind.REFUSED, "HTTP 401"), [due("A")])

    found = decide_stock_waits(trouble, attempts=3, last=None, now=NOW, jitter=0.5)

    assert found == StopStore(Reason.CREDENTIALS_REFUSED, {"problem": "HTTP 401"})


@pytest.mark.parametrize("attempts", [0, 2])
def test_a_store_that_is_away_waits_longer_each_time_and_its_SKUs_with_it(attempts: int) -> None:
    found = decided(StockTrouble(AWAY, [due("A", attempts)], [due("B")]), attempts=attempts)

    whole = PutOff(Reason.STORE_UNAVAILABLE, WORDS, NOW + back_off(attempts, 0.5), is_attempt=False)
    own = PutOff(Reason.STORE_UNAVAILABLE, WORDS, NOW + back_off(0, 0.5))
    assert found == StockWaits(((whole, ("B",)), (own, ("A",))), (whole, attempts + 1))


def test_a_wait_that_the_store_asked_for_is_no_attempt() -> None:
    found = decided(StockTrouble(LIMITED, [due("A")], [due("B")]), attempts=2)

    wait = PutOff(Reason.RATE_LIMITED, {"problem": "wait"}, LIMITED.until, is_attempt=False)
    assert found == StockWaits(((wait, ("B",)), (wait, ("A",))), (wait, 2))


def test_a_SKU_waits_the_longer_the_more_often_it_failed_while_its_store_was_not_away() -> None:
    failed = [due("A", 1), due("B", 4), due("C", 2), due("D", 4)]

    waits = decided(StockTrouble(AWAY, failed), attempts=2).skus[1:]

    assert [(why.until, skus) for why, skus in waits] == [
        (NOW + back_off(0, 0.5), ("A", "C")),
        (NOW + back_off(2, 0.5), ("B", "D")),
    ]


def test_a_store_that_answered_for_others_begins_anew() -> None:
    found = decided(StockTrouble(AWAY, [due("A")], is_answered=True), attempts=STORE_TRIES + 2)

    assert found.store is not None
    assert (found.store[0].until, found.store[1]) == (NOW + back_off(0, 0.5), 1)
    assert found.lines == ()


def test_where_only_what_was_asked_for_fails_no_store_waits() -> None:
    found = decided(StockTrouble(AWAY, [due("A", 3)], is_whole=False), attempts=2)

    assert found == StockWaits(((PutOff(Reason.STORE_UNAVAILABLE, WORDS, NOW + back_off(3, 0.5)), ("A",)),))


@pytest.mark.parametrize("problem", [BUG, Problem(ProblemKind.HUB_BUSY, "away")], ids=["a bug", "the hub"])
def test_for_what_is_ours_no_store_waits(problem: Problem) -> None:
    assert decided(StockTrouble(problem, [due("A")])).store is None


def test_what_was_tried_often_enough_rests_for_an_hour() -> None:
    (own,) = decided(StockTrouble(BUG, [due("A", 9)])).skus

    assert own[0].until == NOW + SWEEP


# -- what is said ------------------------------------------------------------------------------------------------------


def failed(reason: Reason, problem: str, skus: int) -> Line:
    return Line(Action.PUSH, Outcome.FAILED, reason, {"problem": problem, "skus": skus})


@pytest.mark.parametrize(
    ("attempts", "is_told"), [(0, False), (STORE_TRIES - 2, False), (STORE_TRIES - 1, True), (STORE_TRIES, False)]
)
def test_STK_8_a_store_that_stays_away_is_told_once_however_long_it_lasts(attempts: int, is_told: bool) -> None:
    found = decided(StockTrouble(AWAY, [due("A", attempts)], [due("B"), due("C")]), attempts=attempts)

    assert found.lines == ((failed(Reason.STORE_UNAVAILABLE, "HTTP 503", 3),) if is_told else ())


def test_STK_8_a_SKU_that_fails_more_often_than_its_store_is_told_by_itself() -> None:
    found = decided(StockTrouble(AWAY, [due("A", STORE_TRIES), due("B", 1)], [due("C")]), attempts=1)

    assert found.lines == (failed(Reason.STORE_UNAVAILABLE, "HTTP 503", 1),)


@pytest.mark.parametrize(("attempts", "is_told"), [(0, True), (1, False)])
def test_STK_8_a_store_that_says_no_is_told_the_first_time(attempts: int, is_told: bool) -> None:
    found = decided(StockTrouble(NO, [due("A"), due("B", 3)]), attempts=attempts)

    assert found.lines == ((failed(Reason.REFUSED_BY_STORE, "no such item", 2),) if is_told else ())
    assert {why.until for why, _ in found.skus[1:]} == {NOW + SWEEP}


def test_STK_8_SKUs_that_were_refused_alone_are_told_by_how_often_they_failed() -> None:
    found = decided(StockTrouble(BUG, [due("A", 2), due("B", 0), due("C", 9), due("D", 2)]))

    assert found.lines == (
        failed(Reason.UNEXPECTED_ERROR, "KeyError", 2),
        failed(Reason.UNEXPECTED_ERROR, "KeyError", 1),
    )


def test_STK_8_what_the_store_refused_of_others_is_told_of_the_SKUs_though_the_store_failed_before() -> None:
    found = decided(StockTrouble(NO, [due("A"), due("B")], is_whole=False), attempts=1)

    assert found.lines == (failed(Reason.REFUSED_BY_STORE, "no such item", 2),)


@pytest.mark.parametrize(("last", "is_told"), [(None, True), ("store_unavailable", True), ("write_refused", False)])
def test_DOR_4_a_store_that_lacks_the_right_is_told_once_and_tried_again_by_itself(
    last: str | None, is_told: bool
) -> None:
    found = decided(StockTrouble(MAY_NOT, [due("A", 5)], [due("B")]), attempts=1, last=last)

    detail: dict[str, Any] = {"problem": "read only"}
    until = NOW + REFUSED_PAUSE
    whole = PutOff(Reason.WRITE_REFUSED, detail, until, is_attempt=False)
    own = StopPart(Reason.WRITE_REFUSED, detail, until, is_attempt=False, is_aside=True, right=Right.WRITE_STOCK)
    assert found == StockWaits(
        ((whole, ("B",)), (own, ("A",))),
        (whole, 1),
        (Line(Action.STOP, Outcome.STOCK, Reason.WRITE_REFUSED, detail),) if is_told else (),
    )


def test_no_store_waits_longer_than_the_longest_back_off() -> None:
    found = decided(StockTrouble(AWAY, [due("A")]), attempts=99)

    assert found.store is not None
    assert found.store[0].until == NOW + CAP / 2
