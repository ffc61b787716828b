"""Telling people: where to, and until every service took the message or a day is over (DOR-7).

What is said is not decided here.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from connectors import keys, notices
from connectors.postgres import Connection, alarms, journal
from connectors.postgres.alarms import KeptNotice
from schemas.errors import SettingRefused
from schemas.journal import Action, Line, Outcome
from schemas.reasons import Reason
from schemas.settings import ALERTS_TO, read_account_settings
from tasks.held import Process

MOST_AT_ONCE: Final = 5  # messages of one look
TAKEN_FOR: Final = timedelta(minutes=5)  # nobody else sends what one is sending
AGAIN: Final = timedelta(minutes=1)  # what was not taken is sent again, later and later …
AGAIN_MOST: Final = timedelta(hours=1)  # … up to this, …
GIVEN_UP: Final = timedelta(days=1)  # … and no more after this


@dataclass(frozen=True, slots=True)
class Delivered:
    """An address, as it may be shown, and whether its service took a message."""

    address: str
    took: bool


def addresses(held: Process, connection: Connection) -> list[str]:
    """Where alarms go; secret. Raises ConfigError where no key opens them."""
    return _open(held, alarms.addresses(connection))


def _open(held: Process, locked: str) -> list[str]:
    return held.secrets.unlock(locked).get("urls", "").split("\n") if locked else []


def set_addresses(held: Process, connection: Connection, value: str) -> None:
    """Let alarms go to these addresses, one a line, from now on; journaled without them.

    Raises SettingRefused where one is no service's.
    """
    urls = value.split("\n") if value else []
    for number, name in enumerate(notices.service_names(urls) if urls else [], start=1):
        if name is None:
            raise SettingRefused(ALERTS_TO, f"no notification service has an address like number {number}")
    with connection.transaction():
        alarms.set_addresses(connection, held.secrets.lock({"urls": value}) if value else "")
        journal.add(connection, Line(Action.ALERT, Outcome.SAVED, detail={"addresses": len(urls)}))


def add_address(held: Process, text: str) -> list[Delivered]:
    """Let alarms go to one more address, or more, and send a test there. Raises SettingRefused."""
    more = str(read_account_settings({ALERTS_TO: text})[ALERTS_TO])
    if not more:
        raise SettingRefused(ALERTS_TO, "must be an address like ntfy://TOPIC")
    with held.pool.connection() as connection:
        together = "\n".join([*addresses(held, connection), more])
        set_addresses(held, connection, str(read_account_settings({ALERTS_TO: together})[ALERTS_TO]))
    return send_test(more.split("\n"))


def remove_address(held: Process, mark: str) -> None:
    """Let no alarm go to the address with a mark any more; nothing where it is gone already."""
    with held.pool.connection() as connection:
        left = [url for url in addresses(held, connection) if _mark(held, url) != mark]
        set_addresses(held, connection, "\n".join(left))


def marked_addresses(held: Process, connection: Connection) -> list[tuple[str, str]]:
    """Where alarms go, each by its mark and as it may be shown."""
    return [(_mark(held, url), notices.masked(url)) for url in addresses(held, connection)]


def send_test(urls: Sequence[str]) -> list[Delivered]:
    """Send a message that says that nothing is wrong."""
    return send(urls, "storesync: a test", "Alarms of this storesync come here. Nothing is wrong.")


def rotate_addresses(held: Process, connection: Connection) -> bool:
    """Lock the addresses anew under the first key; whether there are any. Raises ConfigError where none opens them."""
    locked = alarms.addresses(connection)
    alarms.set_addresses(connection, held.secrets.rotate(locked))
    return bool(locked)


def send(urls: Sequence[str], title: str, body: str) -> list[Delivered]:
    """Send now, in bounded time; what became of it at each address."""
    took = notices.send(urls, title, body) if urls else []
    return [Delivered(notices.masked(url), is_taken) for url, is_taken in zip(urls, took, strict=True)]


def deliver(held: Process) -> None:
    """Send the messages that are due. What a service does not take is sent to it again later."""
    now = held.now()
    with held.pool.connection() as connection:
        urls = addresses(held, connection)
        taken = alarms.take_notices(connection, now=now, again=now + TAKEN_FOR, most=MOST_AT_ONCE)
    for notice in taken:
        told = set(notice.told)
        left = [url for url in urls if _mark(held, url) not in told]
        sent = send(left, notice.title, notice.body)
        told |= {_mark(held, url) for url, one in zip(left, sent, strict=True) if one.took}
        _settle(held, notice, sorted(told), [one.address for one in sent if not one.took])


def _settle(held: Process, notice: KeptNotice, told: Sequence[str], refused: Sequence[str]) -> None:
    """Write down what came of it; journaled when it first fails, and when it is done."""
    now = held.now()
    again = min(AGAIN_MOST, AGAIN * 2 ** min(notice.attempts - 1, 10))
    is_over = not refused or now - notice.made_at > GIVEN_UP
    problem = (Reason.NOTIFICATION_FAILED, ", ".join(refused)) if refused else None
    with held.pool.connection() as connection, connection.transaction():
        alarms.settle_notice(connection, notice, told=told, due_at=None if is_over else now + again, problem=problem)
        detail = {"title": notice.title, "addresses": len(told)}
        if told and not refused:
            journal.add(connection, Line(Action.ALERT, Outcome.SAID, detail=detail))
        elif refused and notice.reason is None:
            line = Line(Action.ALERT, Outcome.FAILED, Reason.NOTIFICATION_FAILED, detail | {"refused": list(refused)})
            journal.add(connection, line)


def _mark(held: Process, url: str) -> str:
    """What stands for an address where it is remembered that a message reached it; without our key it says nothing."""
    key = keys.keys_of(held.config)[0].encode()[:64]
    return hashlib.blake2b(url.encode(), key=key, digest_size=8).hexdigest()
