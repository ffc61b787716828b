"""What of a store is wrong, which alarms people are told of, and when it is said that they are over (DOR-7).

They are told grouped, once, and without flapping. What is sent where, and what was sent, is nobody's business here.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from schemas.alarms import Alarm, AlarmKind, KnownAlarm, SeenAlarms, Watched
from schemas.stores import StoreState
from tasks.rules.alarm_words import word_notice
from tasks.rules.health import is_unfetched

# How long it must last before it is said: a restart or an upgrade is none.
GRACE: Final = {
    AlarmKind.STORE_NEEDS_ATTENTION: timedelta(0),
    AlarmKind.ORDERS_FAIL: timedelta(minutes=15),
    AlarmKind.NOTHING_FETCHED: timedelta(minutes=1),
    AlarmKind.HUB_AWAY: timedelta(minutes=5),
    AlarmKind.TASK_LOST: timedelta(0),
    AlarmKind.NO_WORKER: timedelta(minutes=2),
    AlarmKind.DATABASE_AWAY: timedelta(minutes=2),
    AlarmKind.REDIS_AWAY: timedelta(minutes=2),
}
CALM: Final = timedelta(minutes=5)  # so long it must stay away to be over, …
CALM_MOST: Final = timedelta(hours=2)  # … twice as long with each return, up to this
REMEMBERED: Final = timedelta(days=1)  # one that comes again within this time is a return
FIRST_REMINDER: Final = timedelta(hours=4)
REMINDERS: Final = timedelta(days=1)  # the later ones
APART: Final = timedelta(minutes=2)  # between two messages: what comes meanwhile is one message

# While this is wrong nobody fetches: that nothing is fetched says nothing new.
_CAUSES: Final = frozenset({AlarmKind.NO_WORKER, AlarmKind.DATABASE_AWAY, AlarmKind.REDIS_AWAY})


@dataclass(frozen=True, slots=True)
class SeenStore:
    """A connected store as a look finds it: so many orders set aside by reason; seconds since its last good fetch."""

    name: str
    state: str
    reason: str | None
    failing: Mapping[str, int]
    fetch_age: float
    every: float


def alarms_of_store(store: SeenStore) -> list[Alarm]:
    """What is wrong with a store now."""
    found = []
    if store.state == StoreState.NEEDS_ATTENTION:
        found.append(Alarm(AlarmKind.STORE_NEEDS_ATTENTION, store.name, store.reason or "unknown"))
    if store.failing:
        detail = ", ".join(f"{reason} {orders}" for reason, orders in sorted(store.failing.items()))
        found.append(Alarm(AlarmKind.ORDERS_FAIL, store.name, detail))
    if store.state == StoreState.ACTIVE and is_unfetched(store.fetch_age, store.every):
        found.append(Alarm(AlarmKind.NOTHING_FETCHED, store.name, f"for {store.fetch_age / 60:.0f} min"))
    return found


def alarms_of_hub(name: str, reason: str | None) -> list[Alarm]:
    """What is wrong with a hub elsewhere: `reason` is why it could not be asked the last time."""
    return [Alarm(AlarmKind.HUB_AWAY, name, reason)] if reason else []


@dataclass(slots=True)
class _Sorted:
    """The alarms that are to be said, by what is to be said of them."""

    begun: list[KnownAlarm] = field(default_factory=list)
    over: list[KnownAlarm] = field(default_factory=list)
    still: list[KnownAlarm] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.begun or self.over or self.still)


def decide_alarms(
    seen: SeenAlarms, known: Iterable[KnownAlarm], *, last_said: datetime | None, may_say: bool, now: datetime
) -> Watched:
    """What to remember of what was seen, and the one message that says what is new, over, or still so.

    `may_say` is false where nobody is to be told: then all is remembered, and said once somebody is.
    """
    unknown = set(seen.unknown)
    if _CAUSES & {alarm.kind for alarm in seen.alarms}:
        unknown.add(AlarmKind.NOTHING_FETCHED)
    states = _remembered([one for one in seen.alarms if one.kind not in unknown], known, unknown, now)
    due = _due(states, now)
    if not due or not may_say or (last_said and now - last_said < APART):
        return Watched(tuple(states))
    told = tuple(_told(state, due, now) for state in states)
    return Watched(told, word_notice(due.begun, due.over, due.still, now=now))


def _remembered(
    found: Iterable[Alarm], known: Iterable[KnownAlarm], unknown: Collection[AlarmKind], now: datetime
) -> list[KnownAlarm]:
    present = {(alarm.kind, alarm.subject): alarm for alarm in found}
    states = []
    for state in known:
        alarm = present.pop((state.kind, state.subject), None)
        if alarm is not None:
            states.append(_seen_again(state, alarm, now))
        elif state.kind in unknown:
            states.append(state)
        elif (rest := _not_seen(state, now)) is not None:
            states.append(rest)
    return states + [KnownAlarm(alarm.kind, alarm.subject, alarm.detail, since=now) for alarm in present.values()]


def _seen_again(state: KnownAlarm, alarm: Alarm, now: datetime) -> KnownAlarm:
    if state.over_at is None:
        return replace(state, detail=alarm.detail, quiet_since=None)
    return KnownAlarm(state.kind, state.subject, alarm.detail, since=now, returns=state.returns + 1)


def _not_seen(state: KnownAlarm, now: datetime) -> KnownAlarm | None:
    if state.over_at is not None:
        return state if now - state.over_at < REMEMBERED else None
    if state.said_at is not None:
        return replace(state, quiet_since=state.quiet_since or now)
    # It went before it was said: nobody need hear of it, and how often it came back is remembered.
    return replace(state, over_at=now) if state.returns else None


def _due(states: Iterable[KnownAlarm], now: datetime) -> _Sorted:
    due = _Sorted()
    for state in states:
        if state.over_at is not None:
            continue
        if state.said_at is None:
            if now - state.since >= GRACE[state.kind]:
                due.begun.append(state)
        elif state.quiet_since is not None:
            if now - state.quiet_since >= min(CALM_MOST, CALM * 2 ** min(state.returns, 10)):
                due.over.append(state)
        elif now >= _reminder(state, state.said_at):
            due.still.append(state)
    return due


def _reminder(state: KnownAlarm, said_at: datetime) -> datetime:
    return state.reminded_at + REMINDERS if state.reminded_at else said_at + FIRST_REMINDER


def _told(state: KnownAlarm, due: _Sorted, now: datetime) -> KnownAlarm:
    """The state once its message is made."""
    if state in due.begun:
        return replace(state, said_at=now)
    if state in due.over:
        return replace(state, over_at=now)
    return replace(state, reminded_at=now) if state in due.still else state
