"""Alarms and the messages about them in PostgreSQL. Addresses pass through here encrypted, and only so."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from connectors.postgres import Connection, queries, read_all, read_one
from schemas.alarms import AlarmKind, KnownAlarm, Notice

_SQL = queries("alarms")


@dataclass(frozen=True, slots=True)
class AlarmAccount:
    """What the account says of alarms."""

    alerts_to: str
    digest_on: date | None


@dataclass(frozen=True, slots=True)
class KeptNotice:
    """A message: `told` are marks of the addresses that took it, `due_at` is None once it is done or given up."""

    id: int
    made_at: datetime
    title: str
    body: str
    told: list[str]
    attempts: int
    due_at: datetime | None
    reason: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class CountedDay:
    """What was done for a store in a time."""

    store_id: int
    orders_in: int
    stock_told: int


def addresses(connection: Connection) -> str:
    """Where alarms go, locked; empty where nobody is told."""
    return _account(connection, "alert_addresses").alerts_to


def lock(connection: Connection) -> AlarmAccount:
    """The account, for a decision in this transaction: another one waits for its end."""
    return _account(connection, "lock_alarms")


def _account(connection: Connection, name: str) -> AlarmAccount:
    found = read_one(connection, AlarmAccount, _SQL[name])
    assert found is not None
    return found


def set_addresses(connection: Connection, locked: str) -> None:
    """Let alarms go elsewhere."""
    connection.execute(_SQL["set_alert_addresses"], {"locked": locked})


def begin_look(connection: Connection, *, now: datetime, before: datetime) -> bool:
    """Whether it is time for a look: the last one was before a moment, and nobody else begins this one."""
    return connection.execute(_SQL["begin_look"], {"now": now, "before": before}).fetchone() is not None


def set_digest_day(connection: Connection, day: date) -> None:
    """Remember that a day's digest was made."""
    connection.execute(_SQL["set_digest_day"], {"day": day})


def known(connection: Connection) -> list[KnownAlarm]:
    """What is remembered; of a kind that only another version knows nothing is."""
    kinds = set(AlarmKind)
    return [
        KnownAlarm(**row | {"kind": AlarmKind(row["kind"])})
        for row in connection.execute(_SQL["known_alarms"]).fetchall()
        if row["kind"] in kinds
    ]


def keep(connection: Connection, alarms: Sequence[KnownAlarm]) -> None:
    """Remember these and no others."""
    connection.execute(_SQL["forget_alarms"])
    for alarm in alarms:
        connection.execute(_SQL["keep_alarm"], asdict(alarm))


def last_notice_at(connection: Connection) -> datetime | None:
    """When the last message was made."""
    row = connection.execute(_SQL["last_notice_at"]).fetchone()
    at: datetime | None = row["at"] if row else None
    return at


def add_notice(connection: Connection, notice: Notice, *, now: datetime, drop_before: datetime) -> None:
    """Have a message sent; those of long ago go."""
    connection.execute(_SQL["drop_old_notices"], {"before": drop_before})
    connection.execute(_SQL["add_notice"], {"now": now, "title": notice.title, "body": notice.body})


def take_notices(connection: Connection, *, now: datetime, again: datetime, most: int) -> list[KeptNotice]:
    """Messages to send now, counted as tried; nobody else takes them until `again`."""
    taken = read_all(connection, KeptNotice, _SQL["take_notices"], {"now": now, "again": again, "most": most})
    return sorted(taken, key=lambda notice: notice.id)


def settle_notice(
    connection: Connection,
    notice: KeptNotice,
    *,
    told: Sequence[str],
    due_at: datetime | None,
    problem: tuple[str, str] | None,
) -> None:
    """Write down what became of a message; `problem` is a reason and its detail."""
    reason, detail = problem or (None, None)
    values = {"id": notice.id, "told": list(told), "due_at": due_at, "reason": reason, "detail": detail}
    connection.execute(_SQL["settle_notice"], values)


def failing_notices(connection: Connection) -> list[KeptNotice]:
    """Messages that could not be sent yet."""
    return read_all(connection, KeptNotice, _SQL["failing_notices"])


def counted_day(connection: Connection, since: datetime) -> dict[int, CountedDay]:
    """What was done since a moment, by store."""
    return {day.store_id: day for day in read_all(connection, CountedDay, _SQL["counted_day"], {"since": since})}
