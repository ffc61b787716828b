"""What people read of alarms, and of a day (DOR-7): names of stores, counts and reason codes, nothing of a person."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from schemas.alarms import AlarmKind, KnownAlarm, Notice, StoreDay
from schemas.reasons import describe

_WORDS: Final[Mapping[AlarmKind, tuple[str, str]]] = {
    AlarmKind.STORE_NEEDS_ATTENTION: (
        "{subject} needs attention",
        "Nothing is asked of the store until a person mends it: storesync store show {subject}",
    ),
    AlarmKind.ORDERS_FAIL: (
        "orders of {subject} fail",
        "storesync order list --state failed --store {subject}",
    ),
    AlarmKind.NOTHING_FETCHED: (
        "nothing was fetched from {subject}",
        "A long first import shows here too: storesync store show {subject}, then storesync doctor",
    ),
    AlarmKind.HUB_AWAY: (
        "the hub {subject} cannot be asked",
        "Orders and stock wait, nothing is lost: storesync doctor",
    ),
    AlarmKind.TASK_LOST: (
        "the task {subject} does not come back",
        "A worker has it, and is frozen or cut off: storesync doctor",
    ),
    AlarmKind.NO_WORKER: ("no worker", "What waits stays: storesync doctor"),
    AlarmKind.DATABASE_AWAY: (
        "PostgreSQL does not answer",
        "Nothing is imported meanwhile, nothing is lost: storesync doctor",
    ),
    AlarmKind.REDIS_AWAY: (
        "Redis does not answer",
        "Nothing is imported meanwhile, nothing is lost: storesync doctor",
    ),
}


def headline(kind: AlarmKind, subject: str) -> str:
    """What is wrong, in a few words."""
    return _WORDS[kind][0].format(subject=subject)


def word_notice(
    begun: Sequence[KnownAlarm], over: Sequence[KnownAlarm], still: Sequence[KnownAlarm], *, now: datetime
) -> Notice:
    """One message for all that is to be said."""
    lines = [_begun(alarm) for alarm in begun]
    lines += [f"Still: {_said(alarm)} (for {_lasted(now - alarm.since)})" for alarm in still]
    lines += [f"Over: {headline(alarm.kind, alarm.subject)} (it lasted {_over(alarm, now)})" for alarm in over]
    return Notice(f"storesync: {_title(begun, over, still)}", "\n".join(lines))


def _title(begun: Sequence[KnownAlarm], over: Sequence[KnownAlarm], still: Sequence[KnownAlarm]) -> str:
    several = (("alarms", begun), ("still so", still), ("over", over))
    if sum(len(alarms) for _, alarms in several) > 1:
        return ", ".join(f"{len(alarms)} {word}" for word, alarms in several if alarms)
    (word, (alarm,)) = next((word, alarms) for word, alarms in several if alarms)
    text = headline(alarm.kind, alarm.subject)
    return text if word == "alarms" else f"{word}: {text}"


def _begun(alarm: KnownAlarm) -> str:
    return f"Alarm: {_said(alarm)}. {_WORDS[alarm.kind][1].format(subject=alarm.subject)}"


def _said(alarm: KnownAlarm) -> str:
    detail = alarm.detail
    if alarm.kind is AlarmKind.STORE_NEEDS_ATTENTION:
        sentence, _ = describe(detail)
        detail = f"{detail}. {sentence}".rstrip(" .")
    return headline(alarm.kind, alarm.subject) + (f": {detail}" if detail else "")


def _over(alarm: KnownAlarm, now: datetime) -> str:
    return _lasted((alarm.quiet_since or now) - alarm.since)


def _lasted(time: timedelta) -> str:
    """A duration for people: `40 s`, `12 min`, `3 h`, `2 days`."""
    seconds = max(0, int(time.total_seconds()))
    for unit, size in (("days", 2 * 86400), ("h", 2 * 3600), ("min", 2 * 60)):
        if seconds >= size:
            return f"{2 * seconds // size} {unit}"
    return f"{seconds} s"


def word_digest(days: Sequence[StoreDay], alarms: Sequence[KnownAlarm], *, now: datetime) -> Notice:
    """What a day brought, and what waits at its end."""
    orders, failed = sum(day.orders_in for day in days), sum(sum(day.failed.values()) for day in days)
    lines = [_day(day) for day in days] or ["No store is connected."]
    on = [alarm for alarm in alarms if alarm.said_at is not None and alarm.over_at is None]
    lines += [f"Still: {_said(alarm)} (for {_lasted(now - alarm.since)})" for alarm in on]
    return Notice(f"storesync, 24 hours: {orders} orders in, {failed} set aside", "\n".join(lines))


def _day(day: StoreDay) -> str:
    reasons = ", ".join(f"{reason} {orders}" for reason, orders in sorted(day.failed.items()))
    failed = f"{sum(day.failed.values())} set aside ({reasons})" if reasons else "none set aside"
    waits = f"{day.due_orders} orders, {day.due_fulfillments} fulfilments, {day.due_skus} SKUs"
    return f"{day.name}: {day.orders_in} orders in, {failed}, stock told {day.stock_told} times; waiting now: {waits}"
