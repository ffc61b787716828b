"""What of a look at an order is news: journaled once, and remembered so that the same again is none."""

import pytest

from schemas.actions import Note, Skip
from schemas.journal import Action, Line, Outcome
from schemas.outcomes import Told
from schemas.reasons import Reason
from schemas.stores import Remembered
from tasks.rules.news import Memory, News, Saying, decide_news, decide_told, is_skip_news

HELD = Note(Reason.HELD_BACK, {"rows": ["CHAIR"]})
HELD_MORE = Note(Reason.HELD_BACK, {"rows": ["CHAIR", "TABLE"]})
MISMATCH = Note(Reason.TOTAL_MISMATCH, {"residual": "0.01"})


def said(*notes: Note) -> list[Saying]:
    return [Saying(Action.CHANGE, note) for note in notes]


def remembered(*notes: Note) -> Memory:
    """As the next look finds it."""
    news = decide_news(said(*notes), Memory())
    return Memory(news.reason, news.detail)


def told(*notes: Note, memory: Memory) -> list[tuple[str | None, object]]:
    return [(line.reason, line.detail) for line in decide_news(said(*notes), memory).lines]


def test_CHG_4_what_is_said_is_journaled_with_what_was_being_done() -> None:
    news = decide_news([Saying(Action.CHANGE, HELD), Saying(Action.DELIVER, MISMATCH)], Memory())

    assert news.lines == (
        Line(Action.CHANGE, Outcome.NOTED, "held_back", HELD.detail),
        Line(Action.DELIVER, Outcome.NOTED, "total_mismatch", MISMATCH.detail),
    )


def test_CHG_4_the_first_is_remembered_as_the_reason_and_the_others_with_it() -> None:
    news = decide_news(said(HELD, MISMATCH), Memory())

    assert news.reason == "held_back"
    assert news.detail == HELD.detail | {"also": [{"reason": "total_mismatch", "detail": MISMATCH.detail}]}


@pytest.mark.parametrize("memory", [remembered(HELD), Memory()], ids=["something was", "nothing was"])
def test_CHG_4_nothing_said_is_nothing_remembered(memory: Memory) -> None:
    assert decide_news([], memory) == News()


@pytest.mark.parametrize(
    ("notes", "is_failing"),
    [
        ([Note(Reason.PARTIAL_NOT_SENT), Note(Reason.NOT_FULFILLABLE, {"lines": ["1"]})], True),
        ([Note(Reason.PARTIAL_NOT_SENT)], False),
    ],
    ids=["a person has to act", "it comes by itself"],
)
def test_FUL_12_why_a_store_does_not_show_it_is_told_and_remembered(notes: list[Note], is_failing: bool) -> None:
    found = decide_told(notes, Memory("partial_not_sent"))

    news = decide_news([Saying(Action.FULFILL, note) for note in notes], Memory("partial_not_sent"))
    assert found == Told(news.reason, news.detail, news.lines, is_failing=is_failing)
    assert [line.action for line in found.lines] == ["fulfill"] * is_failing


def test_FUL_13_a_store_that_shows_all_is_told_of_nothing() -> None:
    assert decide_told([], Memory("partial_not_sent")) == Told()


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        pytest.param([], [HELD], [HELD], id="new"),
        pytest.param([HELD], [HELD], [], id="the same again"),
        pytest.param([HELD], [HELD_MORE], [HELD_MORE], id="the same reason of more"),
        pytest.param([HELD, MISMATCH], [MISMATCH, HELD], [], id="in another order"),
        pytest.param([HELD], [HELD, MISMATCH], [MISMATCH], id="one more"),
        pytest.param([HELD, HELD_MORE], [HELD_MORE], [], id="two of one reason"),
        pytest.param([HELD, MISMATCH], [HELD], [], id="one less"),
    ],
)
def test_CHG_4_the_same_again_is_no_news(last: list[Note], now: list[Note], expected: list[Note]) -> None:
    assert told(*now, memory=remembered(*last)) == [(note.reason, note.detail) for note in expected]


def test_MAP_3_what_was_said_at_the_import_is_no_news_of_a_change_and_is_remembered_all_the_same() -> None:
    memory = Memory(at_import=((HELD.reason, HELD.detail),))

    news = decide_news(said(HELD), memory)

    assert (news.lines, news.reason) == ((), "held_back")


# -- skips ---------------------------------------------------------------------------------------------------------

SKIP = Skip(Reason.STATUS_NOT_IMPORTED, {"status": "pending"})


@pytest.mark.parametrize(
    ("remembered", "expected"),
    [
        pytest.param(Remembered(), True, id="never looked at"),
        pytest.param(Remembered(state="skipped", reason="unknown_status"), True, id="another reason"),
        pytest.param(Remembered(state="skipped", reason="status_not_imported"), False, id="the same reason"),
        pytest.param(Remembered(state="pending", reason="status_not_imported"), True, id="asked for again by hand"),
        pytest.param(Remembered(state="failed", reason="store_unavailable"), True, id="failed before"),
        pytest.param(Remembered(state="imported", has_hub_order=True), False, id="it stands in the hub"),
    ],
)
def test_ORD_5_the_same_skip_is_journaled_once(remembered: Remembered, expected: bool) -> None:
    assert is_skip_news(SKIP, remembered) is expected


@pytest.mark.parametrize(("reason", "expected"), [(None, True), ("deleted_in_hub", False)])
def test_ORD_7_the_tombstone_is_journaled_once(reason: str | None, expected: bool) -> None:
    remembered = Remembered(is_tombstoned=True, state="deleted", reason=reason)

    assert is_skip_news(Skip(Reason.DELETED_IN_HUB), remembered) is expected
