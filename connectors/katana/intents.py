"""Making things in Katana once: written down, looked for, sent, remembered (KAT-1). What is next is for `once`."""

import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from connectors import json_text
from connectors.errors import ConnectorError, FieldsRejected, HubBusy, MadeOrNot, Rejected
from connectors.holders import is_dead, me, read_holder
from connectors.katana.client import may_have_made
from connectors.katana.once import AwaitIt, Intent, IsMade, LookFor, SendIt, decide_step
from connectors.postgres import Connection, is_in_transaction, queries
from schemas.errors import Unreadable
from schemas.text import masked

LEASE: Final = timedelta(minutes=5)  # many times what one request may take: whoever is at it longer is dead

_SQL: Final = queries("intents", __package__)


@dataclass(frozen=True, slots=True)
class Creation:
    """One thing to make: what it is, what it is known by there, and what is sent.

    `look` answers with the id of what is there already, deleted ones included, or None; `send` makes it and answers
    with its id. Both may raise a ConnectorError or Unreadable. `is_ours_alone`: nobody but us makes it, so what was
    never sent needs no look; nor where it `is_absent`: whether it is known that nobody else made it.
    `maybe_sent`: something that was sent then may have made it along.
    """

    kind: str
    key: str
    body: Mapping[str, Any]
    look: Callable[[], str | None]
    send: Callable[[Mapping[str, Any]], str]
    is_ours_alone: bool = False
    is_absent: Callable[[], bool] | None = None
    maybe_sent: datetime | None = None


@dataclass(frozen=True, slots=True)
class MadeOnce:
    """The id of what is there. One that `is_adopted` was found, and need not be as it is wanted, nor whole.

    `sent_at`: it was sent then, or was found then without: what of it is not to be seen may come soon after.
    """

    id: str
    is_adopted: bool
    sent_at: datetime | None = field(default=None, compare=False)


def make_once(connection: Connection, creation: Creation) -> MadeOnce:
    """Make a thing unless it is there; whoever else wants it meanwhile comes again.

    Raises HubBusy where another worker is at it, MadeOrNot where nobody knows yet whether it is made, Rejected where it
    clearly is not and cannot be, and what says that it was not even sent.
    """
    if is_in_transaction(connection):
        raise RuntimeError("a transaction is open: what is written down now would be lost with it")
    with _leased(connection, creation) as turn:
        return turn.run()


def forget(connection: Connection, kind: str, key: str) -> None:
    """A thing is gone from Katana: from now on it may be made again."""
    connection.execute(_SQL["forget_intent"], {"kind": kind, "key": key})


def forget_found(connection: Connection, kind: str, found_id: str) -> None:
    """What is gone from Katana is no other thing's any more, by its id there."""
    connection.execute(_SQL["forget_found"], {"kind": kind, "found_id": found_id})


def is_open(connection: Connection, kind: str, key: str) -> bool:
    """Whether something was sent, and nobody knows yet what came of it."""
    return connection.execute(_SQL["is_open_intent"], {"kind": kind, "key": key}).fetchone() is not None


def recognize(connection: Connection, kind: str, key: str, found_id: str) -> bool:
    """What was sent was seen: it is made. False where somebody is at it, who will know."""
    values = {"kind": kind, "key": key, "id": found_id}
    return connection.execute(_SQL["recognize_intent"], values).rowcount > 0


def made_long_ago(connection: Connection, kind: str, key: str, late: timedelta) -> str | None:
    """The id of what was made, long enough ago to be seen by reads that are late."""
    row = connection.execute(_SQL["made_long_ago"], {"kind": kind, "key": key, "late": late}).fetchone()
    return row["found_id"] if row else None


def not_taken(connection: Connection, kind: str, key: str, ids: Sequence[str]) -> list[str]:
    """Those of some ids that no other thing of a kind has become, in their order."""
    rows = connection.execute(_SQL["taken_ids"], {"kind": kind, "key": key, "ids": list(ids)})
    taken = {row["found_id"] for row in rows}
    return [one for one in ids if one not in taken]


def keys_of(connection: Connection, kind: str, ids: Sequence[str]) -> dict[str, str]:
    """What those of some ids that are ours were made for."""
    rows = connection.execute(_SQL["keys_of"], {"kind": kind, "ids": list(ids)})
    return {row["id"]: row["key"] for row in rows}


@dataclass(slots=True)
class _Turn:
    """One worker's turn at one thing, as long as its lease."""

    connection: Connection
    creation: Creation
    owner: str
    intent: Intent
    now: datetime
    has_looked: bool = False
    is_adopted: bool = False

    def run(self) -> MadeOnce:
        self.has_looked = self.intent.sent_at is None and self._is_absent()
        while True:
            match decide_step(self.intent, now=self.now, has_looked=self.has_looked):
                case IsMade(id=id):
                    return self._made(id)
                case AwaitIt(until=until):
                    said = f" ({self.intent.said})" if self.intent.said else ""
                    raise MadeOrNot(f"whether it was made is not known{said}", until=until)
                case LookFor():
                    self._look()
                case SendIt():
                    if made := self._send():
                        return made

    def _is_absent(self) -> bool:
        """Whether what was never sent needs no look. What was refused was sent after all, and may be there."""
        creation = self.creation
        is_new = self.intent.found_id is None and not self.intent.said
        return creation.is_ours_alone or bool(is_new and creation.is_absent and creation.is_absent())

    def _look(self) -> None:
        found = self.creation.look()
        self.has_looked = True
        if found is not None:
            self._write("intent_found", id=found)
            self.intent, self.is_adopted = replace(self.intent, found_id=found), True
        elif self.intent.sent_at is not None:
            self._write("intent_not_found")
            self.intent = replace(self.intent, looks=self.intent.looks + 1)

    def _send(self) -> MadeOnce | None:
        """What was made; None where that is not known, and it has to be looked for."""
        before = self.intent
        self._write("intent_sent", digest=_digest(self.creation.body))
        try:
            made = self.creation.send(self.creation.body)
        except (ConnectorError, Unreadable) as error:
            if _is_clear(error, before):
                if found := self.creation.look():
                    self._write("intent_found", id=found)
                    self.is_adopted = True
                    return self._made(found)
                self._not_sent(before, said=masked(str(error)))
                raise
            if not may_have_made(error):
                self._not_sent(before, said=before.said)
                raise
            said = masked(str(error))
            self._write("intent_unclear", said=said)
            self.intent, self.has_looked = Intent(sent_at=self.now, said=said), False
            return None
        self._write("intent_found", id=made)
        self.intent = replace(self.intent, sent_at=self.now)
        return self._made(made)

    def _not_sent(self, before: Intent, *, said: str) -> None:
        self._write("intent_not_sent", sent_at=before.sent_at, looks=before.looks, said=said)

    def _made(self, id_: str) -> MadeOnce:
        return MadeOnce(id_, self.is_adopted, self.intent.sent_at or self.now)

    def _write(self, statement: str, **values: Any) -> None:
        owned = {"kind": self.creation.kind, "key": self.creation.key, "owner": self.owner}
        if self.connection.execute(_SQL[statement], {**owned, **values}).rowcount == 0:
            raise HubBusy("this took longer than it may, and another worker has taken it up")


def _is_clear(error: Exception, before: Intent) -> bool:
    """Whether it is refused for good: fields are named, or it was sent before and nothing came of it in ten minutes."""
    return isinstance(error, FieldsRejected) or (isinstance(error, Rejected) and before.sent_at is not None)


@contextmanager
def _leased(connection: Connection, creation: Creation) -> Iterator[_Turn]:
    owned = {"kind": creation.kind, "key": creation.key, "owner": f"{me().text()} {secrets.token_hex(8)}"}
    values = {**owned, "digest": _digest(creation.body), "lease": LEASE, "maybe_sent": creation.maybe_sent}
    row = connection.execute(_SQL["lease_intent"], values).fetchone()
    if row is None:
        _free_of_dead(connection, owned)
        row = connection.execute(_SQL["lease_intent"], values).fetchone()
    if row is None:
        raise HubBusy("another worker is making the same")
    now = row.pop("now")
    try:
        yield _Turn(connection, creation, owned["owner"], Intent(**row), now)
    finally:
        if not connection.broken:
            connection.execute(_SQL["end_lease"], owned)


def _free_of_dead(connection: Connection, owned: Mapping[str, str]) -> None:
    """What a process of this machine was at that is dead for certain is free. Raises HubBusy where it is not."""
    row = connection.execute(_SQL["leased_intent"], owned).fetchone()
    if row is None:
        return
    holder = read_holder(row["leased_by"].rpartition(" ")[0])
    if holder is None or not is_dead(holder):
        raise HubBusy(f"another worker is making the same, until {row['leased_until']:%H:%M:%S} UTC at the latest")
    connection.execute(_SQL["end_lease"], {**owned, "owner": row["leased_by"]})


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json_text.write(body).encode()).hexdigest()
