"""What a store's answers to a batch of stock leave behind (STK-3, STK-6, STK-8)."""

from dataclasses import replace
from typing import Any, Final

import pytest

from schemas.actions import Note, TellStock
from schemas.journal import Outcome
from schemas.reasons import Reason
from schemas.stock import DueSku, NotTold, SettledSku, StockLine
from tasks.rules.settlement import BatchAnswer, SettledBatch, lines_of, settle
from tasks.rules.stock import Push

TELL: Final = TellStock("A", "product/1", "", 5)
OTHER: Final = TellStock("B", "product/2", "", 7)
UNTRACKED: Final = Note(Reason.TRACKING_OFF, {"items": ["product/1"]})


def due(sku: str = "A", **known: Any) -> DueSku:
    values: dict[str, Any] = {"reason": None, "detail": {}, **known}
    return DueSku(sku, 3, 0, wants_look=False, tell_uncounted=False, may_look=True, **values)


def no(reason: Reason, tell: TellStock = TELL, words: str = "no", sku: str = "") -> NotTold:
    return NotTold(tell.external_id, tell.place, reason, words, sku)


def settled(*refused: NotTold, push: Push | None = None, known: DueSku | None = None, **said: Any) -> SettledBatch:
    """What becomes of one SKU whose store refused so much."""
    return settle([known or due()], [push or Push("A", (TELL,))], BatchAnswer(refused, **said))


def test_STK_6_what_a_store_took_is_settled_with_nothing_to_say() -> None:
    found = settled()

    assert found == SettledBatch(frozenset(), (SettledSku("A", 3),), (TELL,), (), frozenset())


def test_STK_6_why_a_store_cannot_show_it_is_kept_with_the_mark() -> None:
    found = settled(push=Push("A", note=UNTRACKED))

    assert found.settled == (SettledSku("A", 3, Reason.TRACKING_OFF, {"items": ["product/1"]}),)


def test_STK_8_the_words_of_every_item_that_was_refused_are_kept_under_the_first_reason() -> None:
    second = replace(TELL, external_id="product/9")
    push = Push("A", (TELL, second), UNTRACKED)

    found = settled(no(Reason.STORE_ITEM_GONE), no(Reason.REFUSED_BY_STORE, second, "never"), push=push)

    words = {"items": {"product/1": "no", "product/9": "never"}}
    assert found.settled == (SettledSku("A", 3, Reason.STORE_ITEM_GONE, words),)
    assert found.accepted == ()


def test_STK_8_one_bad_item_does_not_keep_the_others_from_being_settled() -> None:
    pushes = [Push("A", (TELL,)), Push("B", (OTHER,))]

    found = settle([due(), due("B")], pushes, BatchAnswer([no(Reason.REFUSED_BY_STORE)]))

    assert [(one.sku, one.reason) for one in found.settled] == [("A", Reason.REFUSED_BY_STORE), ("B", None)]
    assert (found.accepted, found.dropped) == ((OTHER,), ())


def test_STK_8_a_place_that_was_refused_leaves_the_other_place_of_the_item_told() -> None:
    berlin = replace(TELL, place="2")

    assert settled(no(Reason.REFUSED_BY_STORE), push=Push("A", (TELL, berlin))).accepted == (berlin,)


# -- what stays due ------------------------------------------------------------------------------------------------


def test_STK_8_what_no_call_brought_to_an_end_stays_due() -> None:
    second = replace(TELL, external_id="product/9")

    found = settled(push=Push("A", (TELL, second)), untold={second})

    assert (found.settled, found.accepted) == ((), (TELL,))


@pytest.mark.parametrize(("reason", "is_away"), [(Reason.MOVED_IN_STORE, False), (Reason.STORE_UNAVAILABLE, True)])
def test_STK_9_what_the_store_does_not_take_as_things_are_now_stays_due(reason: Reason, is_away: bool) -> None:
    second = replace(TELL, external_id="product/9")

    found = settled(no(reason, second), push=Push("A", (TELL, second)))

    assert (found.settled, found.accepted) == ((), (TELL,))
    assert found.away == ({"A"} if is_away else set())


def test_STK_8_a_SKU_that_the_store_will_not_be_asked_for_is_settled_with_its_words() -> None:
    found = settle([due(), due("B")], [Push("B", (OTHER,))], BatchAnswer(refused_skus={"A": "no such word"}))

    assert found.settled == (
        SettledSku("B", 3),
        SettledSku("A", 3, Reason.REFUSED_BY_STORE, {"problem": "no such word"}),
    )


# -- items that are others now -------------------------------------------------------------------------------------


def test_STK_6_an_item_that_is_gone_is_forgotten_once_at_all_its_places() -> None:
    berlin = replace(TELL, place="2")
    refused = (no(Reason.STORE_ITEM_GONE), no(Reason.STORE_ITEM_GONE, berlin))

    found = settled(*refused, push=Push("A", (TELL, berlin)))

    assert (found.dropped, found.look_for) == (("product/1",), frozenset())


@pytest.mark.parametrize(("now", "expected"), [("NEW", {"A", "NEW"}), ("", {"A"})])
def test_STK_3_of_an_item_with_another_SKU_both_are_looked_for(now: str, expected: set[str]) -> None:
    found = settled(no(Reason.SKU_MOVED, sku=now))

    assert (found.look_for, found.dropped) == (expected, ("product/1",))


def test_STK_3_of_an_item_with_another_SKU_nothing_counts_as_told_at_any_place() -> None:
    berlin = replace(TELL, place="2")

    assert settled(no(Reason.SKU_MOVED), push=Push("A", (TELL, berlin))).accepted == ()


@pytest.mark.parametrize(
    ("reason", "words", "is_looked_for"),
    [
        pytest.param(Reason.SKU_MOVED, "its SKU is NEW now", False, id="the same again"),
        pytest.param(Reason.SKU_MOVED, "its SKU is OLD now", True, id="another SKU than last time"),
        pytest.param(Reason.STORE_ITEM_GONE, "its SKU is NEW now", True, id="the first time"),
    ],
)
def test_STK_3_a_store_that_contradicts_itself_is_asked_once(reason: str, words: str, is_looked_for: bool) -> None:
    known = due(reason=reason, detail={"items": {"product/1": words}})

    found = settled(no(Reason.SKU_MOVED, words="its SKU is NEW now", sku="NEW"), known=known)

    assert found.look_for == ({"A", "NEW"} if is_looked_for else set())


def test_STK_3_a_SKU_that_moved_before_words_were_kept_is_looked_for() -> None:
    assert settled(no(Reason.SKU_MOVED), known=due(reason=Reason.SKU_MOVED)).look_for == {"A"}


# -- the journal ---------------------------------------------------------------------------------------------------


def lines(
    found: SettledBatch, known: DueSku | None = None, marked: frozenset[str] = frozenset({"A"})
) -> list[StockLine]:
    return lines_of(found, [known or due()], marked=marked)


def test_STK_5_what_was_told_is_journaled_by_item_and_place() -> None:
    berlin = replace(TELL, place="2", quantity=0)

    found = settled(push=Push("A", (TELL, berlin)))

    assert lines(found, marked=frozenset()) == [
        StockLine("A", Outcome.TOLD, None, {"items": {"product/1": 5, "product/1 at 2": 0}})
    ]


@pytest.mark.parametrize(
    ("known", "is_news"),
    [
        pytest.param({}, True, id="the first time"),
        pytest.param({"reason": "tracking_off", "detail": {"items": ["product/1"]}}, False, id="the same again"),
        pytest.param({"reason": "tracking_off", "detail": {"items": ["product/8"]}}, True, id="of another item"),
        pytest.param({"reason": "no_store_item", "detail": {"items": ["product/1"]}}, True, id="for another reason"),
    ],
)
def test_STK_6_what_a_store_does_not_show_is_journaled_once(known: dict[str, Any], is_news: bool) -> None:
    found = settled(push=Push("A", note=UNTRACKED))

    assert (
        lines(found, due(**known)) == [StockLine("A", Outcome.NOTED, Reason.TRACKING_OFF, UNTRACKED.detail)] * is_news
    )


def test_STK_6_nothing_is_journaled_of_a_mark_that_was_not_set() -> None:
    assert lines(settled(push=Push("A", note=UNTRACKED)), marked=frozenset()) == []


def test_STK_6_that_nothing_is_wrong_any_more_is_no_line() -> None:
    known = due(reason="tracking_off", detail={})

    assert lines(settled(push=Push("A")), known) == []
