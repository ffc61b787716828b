"""People who use the console: added, removed, signed in, slowed down, signed out (CON-2)."""

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from connectors import postgres
from connectors.postgres import Connection, journal
from connectors.postgres import users as kept
from schemas.errors import UserRefused
from schemas.users import Role, Tries, UserSession
from tasks import users
from tasks.rules import signing_in

NOW: Final = datetime(2026, 11, 30, 12, tzinfo=UTC)
RIGHT: Final = "a horse and a battery"


@pytest.fixture
def maria(connection: Connection) -> str:
    """A user."""
    return users.add_user(connection, "Maria", Role.OPERATOR, RIGHT)


def tried(connection: Connection, passwords: Sequence[str], *, now: datetime = NOW, name: str = "maria") -> list[int]:
    """How long one has to wait after each of some passwords; -1 where it let one in."""
    found = [users.sign_in(connection, name, password, now=now) for password in passwords]
    return [-1 if one.token else one.wait_seconds for one in found]


def test_CON_2_passwords_are_argon2_and_nowhere_else(connection: Connection, maria: str) -> None:
    found = kept.password_of(connection, maria)

    assert found
    assert found[1].startswith("$argon2id$")
    assert RIGHT not in str([(line.detail, line.reason) for line in journal.lines(connection, journal.Which())])


@pytest.mark.long
def test_CON_2_a_password_costs_what_RFC_9106_asks_for() -> None:
    told = "from connectors import passwords; print(passwords.hashed('a word of mine'))"
    found = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout

    assert found.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_CON_2_the_right_password_lets_in_whatever_the_case_of_the_name(connection: Connection, maria: str) -> None:
    signed = users.sign_in(connection, " MARIA", RIGHT, now=NOW)

    assert signed.token
    found = users.signed_in(connection, signed.token, now=NOW)
    assert found
    assert (found.user.name, found.user.role) == (maria, Role.OPERATOR)


@pytest.mark.parametrize("name", ["maria", "nobody", "", "x" * 5000, "ma'ria--", "maria\x00"])
def test_CON_2_signing_in_slows_down_after_failures_also_where_there_is_nobody(
    connection: Connection, maria: str, name: str
) -> None:
    assert tried(connection, ["wrong"] * 6, name=name) == [0, 0, 0, 0, 30, 30]
    assert tried(connection, ["wrong"] * 2, name=name, now=NOW + timedelta(seconds=30)) == [60, 60]


def test_CON_2_who_has_to_wait_does_not_get_in_with_the_right_password_either(
    connection: Connection, maria: str
) -> None:
    tried(connection, ["wrong"] * 5)

    assert tried(connection, [RIGHT], now=NOW + timedelta(seconds=29)) == [1]
    assert tried(connection, [RIGHT], now=NOW + timedelta(seconds=30)) == [-1]
    assert tried(connection, ["wrong"], now=NOW + timedelta(seconds=31)) == [0]


@pytest.mark.parametrize(("number", "seconds"), [(0, 0), (4, 0), (5, 30), (6, 60), (9, 480), (10, 900), (99_999, 900)])
def test_CON_2_waits_double_up_to_a_quarter_of_an_hour(number: int, seconds: int) -> None:
    assert signing_in.decide_wait(Tries(number, NOW), NOW) == timedelta(seconds=seconds)


def test_CON_2_many_tries_at_once_are_no_better_than_one_after_another(fresh_database_url: str) -> None:
    def guess(_: int) -> bool:
        with postgres.connect(fresh_database_url) as connection:
            return users.sign_in(connection, "maria", "wrong", now=NOW).wait_seconds == 0

    with ThreadPoolExecutor(8) as pool:
        free = sum(pool.map(guess, range(16)))

    assert free == signing_in.FREE_TRIES - 1


def test_CON_2_names_that_nobody_has_fill_no_table(connection: Connection) -> None:
    subjects = {users._subject(None, f"name {number}") for number in range(20_000)}

    assert len(subjects) <= 4096


@pytest.mark.parametrize(
    ("began", "seen", "is_over"),
    [
        (timedelta(hours=1), timedelta(hours=1), False),
        (timedelta(hours=13), timedelta(hours=12), True),
        (timedelta(days=7), timedelta(minutes=1), True),
        (timedelta(days=6), timedelta(hours=11), False),
    ],
)
def test_CON_2_sessions_end(began: timedelta, seen: timedelta, is_over: bool) -> None:
    assert signing_in.is_over(UserSession("", NOW - began, NOW - seen), NOW) is is_over


def test_CON_2_a_session_lives_as_long_as_somebody_asks_for_pages(connection: Connection, maria: str) -> None:
    token = users.begin(connection, maria, now=NOW)

    hours = [NOW + timedelta(hours=11 * turn) for turn in range(1, 16)]
    lives = [users.signed_in(connection, token, now=now) is not None for now in hours]

    assert lives == [True] * 15
    assert users.signed_in(connection, token, now=NOW + timedelta(days=7)) is None
    users.begin(connection, maria, now=NOW + timedelta(days=8))
    found = kept.named(connection, maria)
    assert found
    assert len(kept.sessions(connection, found.id)) == 1


def test_CON_2_a_new_password_ends_the_other_sessions(connection: Connection, maria: str) -> None:
    here, there = (users.begin(connection, maria, now=NOW) for _ in range(2))

    users.set_password(connection, maria, "another horse, no battery", but=users.mark_of(here))

    assert users.signed_in(connection, here, now=NOW)
    assert users.signed_in(connection, there, now=NOW) is None
    assert tried(connection, [RIGHT, "another horse, no battery"]) == [0, -1]


def test_CON_2_who_is_removed_is_signed_out(connection: Connection, maria: str) -> None:
    token = users.begin(connection, maria, now=NOW)

    users.remove_user(connection, maria)

    assert users.signed_in(connection, token, now=NOW) is None
    assert tried(connection, [RIGHT]) == [0]


def test_CON_2_no_token_of_a_session_is_kept(connection: Connection, maria: str) -> None:
    token = users.begin(connection, maria, now=NOW)

    rows = connection.execute("SELECT * FROM user_sessions").fetchall()

    assert len(rows) == 1
    assert token not in str(rows)


def test_CON_2_the_last_admin_beside_others_stays(connection: Connection, maria: str) -> None:
    users.add_user(connection, "root", Role.ADMIN, RIGHT)

    with pytest.raises(UserRefused, match="only admin"):
        users.remove_user(connection, "root")
    users.remove_user(connection, maria)
    users.remove_user(connection, "root")


def test_CON_2_of_two_that_would_be_the_first_one_is(fresh_database_url: str) -> None:
    def add(name: str) -> str:
        with postgres.connect(fresh_database_url) as connection:
            try:
                return users.add_user(connection, name, Role.ADMIN, RIGHT, only_first=True)
            except UserRefused:
                return "refused"

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(add, ["ada", "ben"]))

    assert found in (["ada", "refused"], ["ben", "refused"])


@pytest.mark.parametrize("name", ["", "-maria", "ma ria", "<b>", "x" * 64, "marià", "../maria"])
def test_CON_2_what_is_no_name_is_refused(connection: Connection, name: str) -> None:
    with pytest.raises(UserRefused, match="A name"):
        users.add_user(connection, name, Role.VIEWER, RIGHT)


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaaaa", "x" * 201, "storesync1"])
def test_CON_2_what_anybody_would_guess_is_no_password(connection: Connection, password: str) -> None:
    with pytest.raises(UserRefused, match=r"[Pp]assword"):
        users.add_user(connection, "maria", Role.VIEWER, password)


def test_CON_1_what_a_user_does_is_journaled_with_their_name(connection: Connection, maria: str) -> None:
    with journal.by("root"):
        users.remove_user(connection, maria)

    lines = journal.lines(connection, journal.Which())
    assert [(line.who, line.detail["did"]) for line in lines] == [(None, "added"), ("root", "removed")]


def test_DOR_6_what_was_searched_for_stands_in_the_session_alone(connection: Connection, maria: str) -> None:
    mark = users.mark_of(users.begin(connection, maria, now=NOW))

    numbers = [users.keep_find(connection, mark, text) for text in ("Ada Lovelace", "ben@example.com", "Ada Lovelace")]

    assert numbers == [1, 2, 1]
    assert users.find(connection, mark, 2) == "ben@example.com"
    assert users.find(connection, mark, 3) is None
    assert [users.keep_find(connection, mark, str(number)) for number in range(30)][-1] == 32
    assert users.find(connection, mark, 1) is None
