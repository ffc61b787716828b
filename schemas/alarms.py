"""Alarms: what a person should hear of within minutes (DOR-7). Data only: names of stores, counts, codes; no person."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AlarmKind(StrEnum):
    """What is wrong. The words are part of the public interface."""

    STORE_NEEDS_ATTENTION = "store_needs_attention"
    ORDERS_FAIL = "orders_fail"
    NOTHING_FETCHED = "nothing_fetched"
    HUB_AWAY = "hub_away"
    TASK_LOST = "task_lost"
    NO_WORKER = "no_worker"
    DATABASE_AWAY = "database_away"
    REDIS_AWAY = "redis_away"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that is wrong now: `subject` is what it is wrong with (a store, a task, or nothing), `detail` how."""

    kind: AlarmKind
    subject: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class KnownAlarm:
    """An alarm as it is remembered between looks.

    `said_at` is None until people were told. `quiet_since`: it is not seen any more. `over_at`: people were told that
    it is over; it is remembered a while, and `returns` counts how often it came back.
    """

    kind: AlarmKind
    subject: str
    detail: str
    since: datetime
    said_at: datetime | None = None
    reminded_at: datetime | None = None
    quiet_since: datetime | None = None
    over_at: datetime | None = None
    returns: int = 0


@dataclass(frozen=True, slots=True)
class Notice:
    """A message for people."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class SeenAlarms:
    """What a look found, and the kinds that it could not look for: of those nothing is known."""

    alarms: tuple[Alarm, ...]
    unknown: frozenset[AlarmKind] = frozenset()


@dataclass(frozen=True, slots=True)
class Watched:
    """What to remember after a look, and what to say, if anything."""

    known: tuple[KnownAlarm, ...]
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class StoreDay:
    """A store's last 24 hours, and what of it waits now: `failed` by reason."""

    name: str
    orders_in: int
    stock_told: int
    failed: dict[str, int]
    due_orders: int
    due_fulfillments: int
    due_skus: int
