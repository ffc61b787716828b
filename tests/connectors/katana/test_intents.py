"""Things are made in Katana once, whatever its answers were and whoever else makes them (KAT-1)."""

import re
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from connectors import postgres
from connectors.errors import CredentialsRefused, FieldsRejected, HubBusy, MadeOrNot, Unavailable
from connectors.holders import me
from connectors.katana.intents import Creation, MadeOnce, forget, make_once
from connectors.postgres import Connection

SOON = datetime.now(UTC) + timedelta(hours=1)


@dataclass
class Making:
    """Katana as one list of things, which a POST may write and fail, or a GET show late."""

    there: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    fails: BaseException | None = None
    writes: bool = True
    shows: bool = True

    def look(self) -> str | None:
        self.done.append("look")
        return self.there[0] if self.there and self.shows else None

    def send(self, _: Mapping[str, Any]) -> str:
        self.done.append("send")
        if self.writes:
            self.there.append(str(len(self.there) + 7))
        if self.fails:
            raise self.fails
        return self.there[-1]

    def make(self, connection: Connection, key: str = "shopify:acme:1") -> MadeOnce:
        return make_once(connection, Creation("sales order", key, {"order_no": "1"}, self.look, self.send))


def later(connection: Connection, seconds: int) -> None:
    """So much time passes."""
    connection.execute(
        "UPDATE katana_intents SET sent_at = sent_at - %(by)s, leased_until = leased_until - %(by)s",
        {"by": timedelta(seconds=seconds)},
    )


def fails(making: Making, connection: Connection, kind: type[BaseException]) -> BaseException:
    with pytest.raises(kind) as caught:
        making.make(connection)
    return caught.value


def test_KAT_1_a_thing_is_looked_for_made_and_remembered(database: Connection) -> None:
    making = Making()

    assert making.make(database) == MadeOnce("7", is_adopted=False)
    assert making.make(database) == MadeOnce("7", is_adopted=False)
    assert making.done == ["look", "send"]


def test_KAT_1_what_is_there_already_is_taken(database: Connection) -> None:
    making = Making(there=["5"])

    assert making.make(database) == MadeOnce("5", is_adopted=True)
    assert making.done == ["look"]


def test_KAT_1_an_unclear_answer_that_had_made_it_makes_no_second_one(database: Connection) -> None:
    making = Making(fails=Unavailable("timeout"))

    assert making.make(database) == MadeOnce("7", is_adopted=True)
    assert making.done == ["look", "send", "look"]


def test_KAT_1_a_process_that_ends_while_it_sends_leaves_it_to_be_looked_for(database: Connection) -> None:
    making = Making(fails=KeyboardInterrupt())
    fails(making, database, KeyboardInterrupt)
    making.fails = None

    assert making.make(database) == MadeOnce("7", is_adopted=True)
    assert making.done == ["look", "send", "look"]


def test_KAT_1_what_was_not_made_is_looked_for_three_times_and_sent_again(database: Connection) -> None:
    making = Making(fails=Unavailable("it did not answer"), writes=False)

    error = fails(making, database, MadeOrNot)
    assert "it did not answer" in str(error)
    assert making.done == ["look", "send", "look"]
    later(database, 30)
    fails(making, database, MadeOrNot)
    assert making.done == ["look", "send", "look"]
    later(database, 31)
    fails(making, database, MadeOrNot)
    assert making.done == ["look", "send", "look", "look"]
    later(database, 540)
    making.fails, making.writes = None, True

    assert making.make(database) == MadeOnce("7", is_adopted=False)
    assert making.done == ["look", "send", "look", "look", "look", "send"]


def test_KAT_1_what_katana_shows_late_is_found_when_it_does(database: Connection) -> None:
    making = Making(fails=Unavailable("timeout"), shows=False)
    fails(making, database, MadeOrNot)

    making.shows = True
    later(database, 61)

    assert making.make(database) == MadeOnce("7", is_adopted=True)
    assert making.done.count("send") == 1


def test_KAT_1_a_refusal_that_names_fields_is_looked_for_once_and_is_one(database: Connection) -> None:
    making = Making(fails=FieldsRejected("no", fields=("zip",)), writes=False)

    for _ in range(2):
        fails(making, database, FieldsRejected)

    assert making.done == ["look", "send", "look"] * 2


def test_KAT_1_a_refusal_that_had_written_all_the_same_is_no_refusal(database: Connection) -> None:
    making = Making(fails=FieldsRejected("no", fields=("zip",)))

    assert making.make(database) == MadeOnce("7", is_adopted=True)


def test_KAT_1_what_was_not_even_sent_is_not_waited_for(database: Connection) -> None:
    making = Making(fails=CredentialsRefused("no"), writes=False)
    fails(making, database, CredentialsRefused)
    making.fails, making.writes = None, True

    assert making.make(database).id == "7"
    assert making.done == ["look", "send", "look", "send"]


def test_KAT_1_what_was_open_before_it_was_not_sent_again_stays_open(database: Connection) -> None:
    making = Making(fails=Unavailable("timeout"), writes=False)
    fails(making, database, MadeOrNot)
    later(database, 601)
    making.fails = CredentialsRefused("no")
    fails(making, database, CredentialsRefused)
    making.done.clear()

    making.there = ["9"]

    assert making.make(database) == MadeOnce("9", is_adopted=True)
    assert making.done == ["look"]


def test_KAT_1_whoever_is_killed_while_it_sends_leaves_it_to_the_next(database: Connection) -> None:
    making = Making()
    making.make(database)
    database.execute(  # as it stands where the process was killed before it wrote down the answer
        "UPDATE katana_intents SET found_id = NULL, sent_at = now(), leased_by = 'dead', leased_until = now() + '1 min'"
    )

    busy = fails(making, database, HubBusy)
    later(database, 61)

    assert re.search(r"another worker is making the same, until \d\d:\d\d:\d\d UTC at the latest", str(busy))
    assert making.make(database) == MadeOnce("7", is_adopted=True)
    assert making.done == ["look", "send", "look"]


@pytest.mark.parametrize("is_dead", [True, False])
def test_KAT_1_what_a_dead_process_of_this_machine_was_at_goes_on_at_once(
    database: Connection, *, is_dead: bool
) -> None:
    making = Making()
    making.make(database)
    with subprocess.Popen(["sleep", "60"]) as other:
        started = int(Path(f"/proc/{other.pid}/stat").read_text().rpartition(")")[2].split()[19])
        holder = replace(me(), pid=other.pid, start=started)
        if is_dead:
            other.kill()
            other.wait()
        database.execute(
            "UPDATE katana_intents SET found_id = NULL, sent_at = now(),"
            " leased_by = %s, leased_until = now() + '5 min'",
            [f"{holder.text()} 0123"],
        )

        if is_dead:
            assert making.make(database) == MadeOnce("7", is_adopted=True)
        else:
            fails(making, database, HubBusy)
            other.kill()


def test_KAT_1_of_two_workers_one_makes_it(database: Connection, database_url: str) -> None:
    making, both = Making(), Barrier(2)
    look = making.look

    def slow_look() -> str | None:
        both.wait(timeout=30)
        return look()

    making.look = slow_look  # type: ignore[method-assign]

    def other() -> str:
        with postgres.connect(database_url) as connection:
            found: str | None = None
            try:
                found = making.make(connection).id
            except HubBusy:
                both.wait(timeout=30)
            return found or "busy"

    with ThreadPoolExecutor(2) as workers:
        made = sorted(worker.result() for worker in [workers.submit(other) for _ in range(2)])

    assert made == ["7", "busy"]
    assert making.done == ["look", "send"]


def test_KAT_1_whoever_lost_its_turn_writes_nothing_down(database: Connection) -> None:
    making = Making()
    send = making.send

    def slow_send(body: Mapping[str, Any]) -> str:
        database.execute("UPDATE katana_intents SET leased_by = 'somebody else'")
        return send(body)

    making.send = slow_send  # type: ignore[method-assign, assignment]

    fails(making, database, HubBusy)
    row = database.execute("SELECT found_id, leased_by FROM katana_intents").fetchone()
    assert row == {"found_id": None, "leased_by": "somebody else"}


def test_KAT_1_things_of_other_keys_are_others(database: Connection) -> None:
    assert [Making().make(database, key).id for key in ("a", "b")] == ["7", "7"]
    assert len(database.execute("SELECT FROM katana_intents").fetchall()) == 2


def test_KAT_1_what_is_forgotten_may_be_made_again(database: Connection) -> None:
    making = Making()
    making.make(database)
    making.there.clear()

    forget(database, "sales order", "shopify:acme:1")

    assert not making.make(database).is_adopted


def test_KAT_1_nothing_is_made_while_a_transaction_is_open(database: Connection) -> None:
    making = Making()

    with database.transaction():
        fails(making, database, RuntimeError)

    assert making.done == []
