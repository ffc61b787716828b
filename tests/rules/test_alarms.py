"""What is said of alarms over time: once, grouped, over when it is over, and not at every flap (DOR-7)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from schemas.alarms import Alarm, AlarmKind, KnownAlarm, Notice, SeenAlarms, StoreDay
from tasks.rules.alarm_words import word_digest
from tasks.rules.alarms import SeenStore, alarms_of_hub, alarms_of_store, decide_alarms
from tasks.rules.health import judge_fetch

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
STOPPED = Alarm(AlarmKind.STORE_NEEDS_ATTENTION, "acme", "credentials_refused")
OTHER = Alarm(AlarmKind.STORE_NEEDS_ATTENTION, "berta", "write_refused")
FAILING = Alarm(AlarmKind.ORDERS_FAIL, "acme", "invalid_payload 3")
UNFETCHED = Alarm(AlarmKind.NOTHING_FETCHED, "acme", "for 6 min")
NOBODY = Alarm(AlarmKind.NO_WORKER, "", "on fetch")

WELL = SeenStore("acme", "active", None, {}, fetch_age=10, every=60)

Looks = Sequence[tuple[float, list[Alarm]]]


@pytest.mark.parametrize(
    ("seen", "wrong"),
    [
        (WELL, set()),
        (replace(WELL, state="needs_attention", reason="credentials_refused", fetch_age=999), {STOPPED}),
        (replace(WELL, state="needs_attention"), {replace(STOPPED, detail="unknown")}),
        (replace(WELL, state="paused", fetch_age=999), set()),
        (replace(WELL, failing={"invalid_payload": 3}), {FAILING}),
        (replace(WELL, failing={"b": 1, "a": 2}, fetch_age=360), {replace(FAILING, detail="a 2, b 1"), UNFETCHED}),
        (replace(WELL, fetch_age=360, every=float("inf")), set()),
    ],
)
def test_DOR_7_what_is_wrong_with_a_store_is_decided_on_what_was_seen(seen: SeenStore, wrong: set[Alarm]) -> None:
    assert set(alarms_of_store(seen)) == wrong


def test_DOR_7_a_hub_that_cannot_be_asked_is_said_after_five_minutes() -> None:
    (away,) = alarms_of_hub("katana", "hub_busy")

    assert alarms_of_hub("katana", None) == []
    assert titles(each_minute([away], 0, 4)) == []
    assert titles(each_minute([away], 0, 6)) == [(5, "the hub katana cannot be asked")]


@pytest.mark.parametrize("age", [0, 299.9, 300, 300.1, 10_000])
def test_DOR_7_an_alarm_and_the_doctor_agree_on_what_was_not_fetched(age: float) -> None:
    is_said = bool(alarms_of_store(replace(WELL, fetch_age=age)))

    assert (is_said, judge_fetch("acme", age, 60).is_ok) == (age > 300, age <= 300)


def watch(
    looks: Looks, *, may_say: bool = True, unknown: frozenset[AlarmKind] = frozenset()
) -> list[tuple[float, Notice]]:
    """What is said, and in which minute, when it is looked in these minutes."""
    known: tuple[KnownAlarm, ...] = ()
    said: list[tuple[float, Notice]] = []
    for minute, alarms in looks:
        last = START + timedelta(minutes=said[-1][0]) if said else None
        now = START + timedelta(minutes=minute)
        watched = decide_alarms(SeenAlarms(tuple(alarms), unknown), known, last_said=last, may_say=may_say, now=now)
        known = watched.known
        if watched.notice:
            said.append((minute, watched.notice))
    return said


def titles(looks: Looks) -> list[tuple[float, str]]:
    return [(minute, notice.title.removeprefix("storesync: ")) for minute, notice in watch(looks)]


def each_minute(alarms: list[Alarm], first: int, last: int) -> list[tuple[float, list[Alarm]]]:
    return [(minute, alarms) for minute in range(first, last + 1)]


def test_DOR_7_what_is_wrong_is_said_once_and_again_when_it_is_over() -> None:
    looks = each_minute([STOPPED], 0, 60) + each_minute([], 61, 90)

    assert titles(looks) == [(0, "acme needs attention"), (66, "over: acme needs attention")]


def test_DOR_7_what_is_wrong_at_once_is_one_message() -> None:
    (_, notice), *more = watch([(0, [STOPPED, OTHER])])

    assert (notice.title, more) == ("storesync: 2 alarms", [])
    assert notice.body.splitlines() == [
        "Alarm: acme needs attention: credentials_refused. The store refused the credentials. Nothing is asked of the"
        " store until a person mends it: storesync store show acme",
        "Alarm: berta needs attention: write_refused. The store lets itself be read, and refuses this: the credentials"
        " lack the right that is named in the detail. Nothing is asked of the store until a person mends it:"
        " storesync store show berta",
    ]


def test_DOR_7_what_comes_right_after_a_message_waits_for_the_next() -> None:
    both = [STOPPED, OTHER]

    assert titles([(0, [STOPPED]), (0.5, both), (1, both), (2, both), (3, both)]) == [
        (0, "acme needs attention"),
        (2, "berta needs attention"),
    ]


@pytest.mark.parametrize(("alarm", "minutes"), [(STOPPED, 0), (UNFETCHED, 1), (NOBODY, 2), (FAILING, 15)])
def test_DOR_7_it_is_said_once_it_has_lasted(alarm: Alarm, minutes: int) -> None:
    assert [minute for minute, _ in watch(each_minute([alarm], 0, 30))] == [minutes]


def test_DOR_7_what_ends_before_it_was_said_is_never_said() -> None:
    looks = [(minute, [FAILING] if minute % 10 else []) for minute in range(120)]

    assert titles(looks) == []


def test_DOR_7_what_flaps_is_said_less_and_less_often() -> None:
    looks = [(minute, [STOPPED] if minute % 12 < 2 else []) for minute in range(8 * 60)]

    said = titles(looks)

    assert [title for _, title in said[:2]] == ["acme needs attention", "over: acme needs attention"]
    assert len(said) <= 5  # the rest of eight hours and forty flaps: its third return lasts


def test_DOR_7_a_gap_of_a_moment_is_no_end() -> None:
    assert titles([*each_minute([STOPPED], 0, 5), (6, []), *each_minute([STOPPED], 7, 20)]) == [
        (0, "acme needs attention")
    ]


def test_DOR_7_what_stays_wrong_is_said_again_after_hours_and_then_once_a_day() -> None:
    looks = [(60 * hour, [STOPPED]) for hour in range(60)]

    assert titles(looks) == [
        (0, "acme needs attention"),
        (4 * 60, "still so: acme needs attention"),
        (28 * 60, "still so: acme needs attention"),
        (52 * 60, "still so: acme needs attention"),
    ]


def test_DOR_7_that_nothing_is_fetched_is_no_news_while_nobody_works() -> None:
    assert titles(each_minute([UNFETCHED, NOBODY], 0, 10)) == [(2, "no worker")]


def test_DOR_7_what_cannot_be_looked_for_is_neither_over_nor_new() -> None:
    known = decide_alarms(SeenAlarms((NOBODY,)), (), last_said=None, may_say=False, now=START).known
    later = START + timedelta(hours=1)
    unknown = frozenset({AlarmKind.NO_WORKER})

    watched = decide_alarms(SeenAlarms((), unknown), known, last_said=None, may_say=False, now=later)

    assert watched.known == known


def test_DOR_7_nothing_is_said_while_nobody_is_to_be_told_and_all_of_it_then() -> None:
    silent = decide_alarms(SeenAlarms((STOPPED,)), (), last_said=None, may_say=False, now=START)
    heard = decide_alarms(
        SeenAlarms((STOPPED,)), silent.known, last_said=None, may_say=True, now=START + timedelta(days=1)
    )

    assert silent.notice is None
    assert heard.notice
    assert heard.notice.title == "storesync: acme needs attention"


def test_DOR_7_the_digest_says_what_came_in_failed_was_told_and_waits() -> None:
    day = StoreDay("acme", 12, 40, {"invalid_payload": 2, "refused_by_hub": 1}, 5, 1, 3)
    known = KnownAlarm(AlarmKind.ORDERS_FAIL, "acme", "invalid_payload 2", START, said_at=START)

    notice = word_digest([day], [known], now=START + timedelta(hours=5))

    assert notice.title == "storesync, 24 hours: 12 orders in, 3 set aside"
    assert notice.body.splitlines() == [
        "acme: 12 orders in, 3 set aside (invalid_payload 2, refused_by_hub 1), stock told 40 times; waiting now:"
        " 5 orders, 1 fulfilments, 3 SKUs",
        "Still: orders of acme fail: invalid_payload 2 (for 5 h)",
    ]
