"""People who use the console: added, removed, signed in and out (CON-2). What of it a person does is journaled."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil
from secrets import token_urlsafe
from typing import Final

from connectors import passwords
from connectors.config import Config
from connectors.keys import first_key
from connectors.postgres import Connection, journal, users
from schemas.errors import UserRefused
from schemas.journal import Action, Line, Outcome
from schemas.users import Role, SignedIn, Tries, User
from tasks.rules import signing_in

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9@._+-]{0,62}")
_SEEN_EVERY: Final = timedelta(minutes=1)  # that somebody sits there is written down
_MOST_FINDS: Final = 20


def read_name(text: str) -> str:
    """A user's name as it is kept. Raises UserRefused."""
    name = text.strip().casefold()
    if not _NAME.fullmatch(name):
        raise UserRefused("A name is of small letters, digits and . _ - + @, and begins with a letter or a digit")
    return name


def add_user(connection: Connection, text: str, role: Role, password: str, *, only_first: bool = False) -> str:
    """One more; the name as it is kept. Raises UserRefused, also where there is somebody and `only_first`."""
    name = read_name(text)
    _refuse(password, name)
    kept = passwords.hashed(password)
    with connection.transaction():
        users.lock(connection)
        if only_first and users.is_anybody(connection):
            raise UserRefused("Somebody was here first: sign in, or ask who runs storesync")
        if not users.add(connection, name, role, kept):
            raise UserRefused(f"There is a user {name} already")
        _journal(connection, {"user": name, "did": "added", "role": role})
    return name


def remove_user(connection: Connection, text: str) -> str:
    """One less, signed out at once; the name. Raises UserRefused, also for the last admin beside others."""
    with connection.transaction():
        users.lock(connection)
        user = known(connection, text)
        is_alone = [one.id for one in users.users(connection)] == [user.id]
        if user.role == Role.ADMIN and not is_alone and not users.is_other_admin(connection, user.id):
            raise UserRefused(f"{user.name} is the only admin: make another one first")
        users.remove(connection, user.id)
        _journal(connection, {"user": user.name, "did": "removed"})
    return user.name


def set_role(connection: Connection, text: str, role: Role) -> str:
    """Another role, which holds at once; the name. Raises UserRefused, also for the last admin."""
    with connection.transaction():
        users.lock(connection)
        user = known(connection, text)
        if user.role == Role.ADMIN and role != Role.ADMIN and not users.is_other_admin(connection, user.id):
            raise UserRefused(f"{user.name} is the only admin: make another one first")
        users.set_role(connection, user.id, role)
        _journal(connection, {"user": user.name, "did": "new role", "role": role})
    return user.name


def set_password(connection: Connection, text: str, password: str, *, but: str = "") -> str:
    """Another password: every session of theirs ends, but the one with this mark. The name. Raises UserRefused."""
    user = known(connection, text)
    _refuse(password, user.name)
    kept = passwords.hashed(password)
    with connection.transaction():
        users.set_password(connection, user.id, kept)
        users.end_sessions(connection, user.id, but=but)
        users.forget_tries(connection, _subject(user.id, user.name))
        _journal(connection, {"user": user.name, "did": "new password"})
    return user.name


def first_link(connection: Connection, config: Config, console: str) -> str:
    """Where the first admin gets a name and a password; empty once there is somebody."""
    return "" if users.is_anybody(connection) else f"{console}/first?key={first_key(config)}"


def known(connection: Connection, text: str) -> User:
    """A user by name. Raises UserRefused."""
    user = users.named(connection, read_name(text))
    if user is None:
        raise UserRefused(f"There is no user {read_name(text)}: see storesync user list")
    return user


def _refuse(password: str, name: str) -> None:
    if why := signing_in.refuse_password(password, name):
        raise UserRefused(why)


def _journal(connection: Connection, detail: dict[str, str]) -> None:
    journal.add(connection, Line(Action.USER, Outcome.SAVED, detail=detail))


# -- signing in --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PasswordProof:
    """Whether it was somebody's password, and the seconds that nobody may try again."""

    is_right: bool
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class SignIn:
    """What came of a try: the token of the session, or None and the seconds that nobody may try again."""

    token: str | None
    wait_seconds: int = 0


def sign_in(connection: Connection, text: str, password: str, *, now: datetime) -> SignIn:
    """Try to sign in."""
    proof = prove(connection, text, password, now=now)
    if not proof.is_right:
        return SignIn(None, proof.wait_seconds)
    return SignIn(begin(connection, text, now=now))


def prove(connection: Connection, text: str, password: str, *, now: datetime) -> PasswordProof:
    """Is it their password? Each try counts before it is looked at, so many at once are no better than one by one."""
    name = text.strip().casefold()
    found = users.password_of(connection, name) if _NAME.fullmatch(name) else None
    subject = _subject(found and found[0], name)
    with connection.transaction():
        tries = users.lock_tries(connection, subject, now)
        if wait := signing_in.decide_wait(tries, now):
            return PasswordProof(False, ceil(wait.total_seconds()))
        tries = Tries(1 if signing_in.is_forgotten(tries, now) else tries.number + 1, now)
        users.keep_tries(connection, subject, tries)
    if not passwords.is_right(found and found[1], password[: signing_in.MOST_SIGNS]):
        return PasswordProof(False, ceil(signing_in.decide_wait(tries, now).total_seconds()))
    users.forget_tries(connection, subject)
    return PasswordProof(True)


def drop_old_sessions(connection: Connection, *, now: datetime) -> None:
    """What is kept of sessions that ended by themselves, with what was searched for in them."""
    users.drop_old_sessions(connection, idle_since=now - signing_in.IDLE, began_before=now - signing_in.LONGEST)


def begin(connection: Connection, text: str, *, now: datetime) -> str:
    """Sign somebody in who has just proved who they are; the token."""
    user, token = known(connection, text), token_urlsafe(32)
    with connection.transaction():
        drop_old_sessions(connection, now=now)
        users.begin_session(connection, mark_of(token), user.id, now)
    return token


def signed_in(connection: Connection, token: str, *, now: datetime, is_by_hand: bool = True) -> SignedIn | None:
    """Who sits there, unless their session is over. What a page asks for by itself does not keep it alive."""
    found = users.session(connection, mark_of(token))
    if found is None or signing_in.is_over(found.session, now):
        return None
    if is_by_hand and found.session.seen_at <= now - _SEEN_EVERY:
        users.see_session(connection, found.session.mark, now)
    return found


def sign_out(connection: Connection, token: str) -> None:
    """The session ends."""
    users.end_session(connection, mark_of(token))


def mark_of(token: str) -> str:
    """What is kept of a token: it is long and random, so nothing slow is needed."""
    return sha256(token.encode()).hexdigest()


def _subject(user_id: int | None, name: str) -> str:
    """Whose tries are counted. Of names that nobody has there is no end: some thousand drawers hold them."""
    return f"user {user_id}" if user_id is not None else f"nobody {sha256(name.encode()).hexdigest()[:3]}"


# -- what was searched for ---------------------------------------------------------------------------------------------


def keep_find(connection: Connection, mark: str, text: str) -> int:
    """Keep in the session what was searched for and may be a buyer's name; the number by which it is found again."""
    with connection.transaction():
        kept = users.finds(connection, mark)
        for one in kept:
            if one["text"] == text:
                return int(one["number"])
        number = max((int(one["number"]) for one in kept), default=0) + 1
        users.keep_finds(connection, mark, [*kept, {"number": number, "text": text}][-_MOST_FINDS:])
    return number


def find(connection: Connection, mark: str, number: int) -> str | None:
    """What was searched for under a number."""
    return next((one["text"] for one in users.finds(connection, mark) if one["number"] == number), None)
