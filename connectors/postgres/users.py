"""People who may use the console, who is signed in, and who tried to, in PostgreSQL."""

from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from connectors.postgres import Connection, Row, queries, read_all, read_one
from schemas.users import Role, SignedIn, Tries, User, UserSession

_SQL: Final = queries("users")


def users(connection: Connection) -> list[User]:
    """Everybody who may sign in."""
    return [_user(row) for row in connection.execute(_SQL["users"])]


def named(connection: Connection, name: str) -> User | None:
    """One of them."""
    row = connection.execute(_SQL["user_named"], {"name": name}).fetchone()
    return None if row is None else _user(row)


def is_anybody(connection: Connection) -> bool:
    """Whether there is anybody."""
    return _found(connection, "is_anybody")


def password_of(connection: Connection, name: str) -> tuple[int, str] | None:
    """Somebody's id, and what is kept of their password."""
    row = connection.execute(_SQL["password_of"], {"name": name}).fetchone()
    return None if row is None else (row["id"], row["password"])


def lock(connection: Connection) -> None:
    """Let nobody else change who there is until this transaction ends."""
    connection.execute(_SQL["lock_users"])


def add(connection: Connection, name: str, role: Role, password: str) -> bool:
    """One more; False where the name is taken."""
    values = {"name": name, "role": role, "password": password}
    return connection.execute(_SQL["add_user"], values).rowcount > 0


def remove(connection: Connection, id_: int) -> None:
    """One less, and their sessions end."""
    connection.execute(_SQL["remove_user"], {"id": id_})


def set_password(connection: Connection, id_: int, password: str) -> None:
    """Another password, as it is kept."""
    connection.execute(_SQL["set_password"], {"id": id_, "password": password})


def set_role(connection: Connection, id_: int, role: Role) -> None:
    """Another role."""
    connection.execute(_SQL["set_role"], {"id": id_, "role": role})


def set_theme(connection: Connection, id_: int, theme: str) -> None:
    """In which colours they see the console."""
    connection.execute(_SQL["set_theme"], {"id": id_, "theme": theme})


def is_other_admin(connection: Connection, id_: int) -> bool:
    """Whether somebody else is admin."""
    return _found(connection, "other_admins", id=id_)


# -- sessions ----------------------------------------------------------------------------------------------------------


def begin_session(connection: Connection, mark: str, user_id: int, now: datetime) -> None:
    """Somebody signed in."""
    connection.execute(_SQL["begin_session"], {"mark": mark, "user_id": user_id, "now": now})


def session(connection: Connection, mark: str) -> SignedIn | None:
    """Who sits at a browser."""
    row = connection.execute(_SQL["session"], {"mark": mark}).fetchone()
    if row is None:
        return None
    return SignedIn(_user(row), UserSession(row["mark"], row["began_at"], row["seen_at"]))


def sessions(connection: Connection, user_id: int) -> list[UserSession]:
    """The browsers that somebody is signed in at."""
    return read_all(connection, UserSession, _SQL["sessions_of"], {"user_id": user_id})


def see_session(connection: Connection, mark: str, now: datetime) -> None:
    """A page was asked for."""
    connection.execute(_SQL["see_session"], {"mark": mark, "now": now})


def end_session(connection: Connection, mark: str) -> None:
    """Somebody signed out."""
    connection.execute(_SQL["end_session"], {"mark": mark})


def end_sessions(connection: Connection, user_id: int, *, but: str = "") -> None:
    """Somebody is signed out everywhere, but at one browser."""
    connection.execute(_SQL["end_sessions"], {"user_id": user_id, "but": but})


def drop_old_sessions(connection: Connection, *, idle_since: datetime, began_before: datetime) -> None:
    """Sessions that ended by themselves."""
    connection.execute(_SQL["drop_old_sessions"], {"idle_since": idle_since, "began_before": began_before})


def finds(connection: Connection, mark: str) -> list[dict[str, Any]]:
    """What was searched for in a session, the latest last."""
    row = connection.execute(_SQL["finds_of"], {"mark": mark}).fetchone()
    return [] if row is None else row["finds"]


def keep_finds(connection: Connection, mark: str, kept: list[dict[str, Any]]) -> None:
    """The same, written anew."""
    connection.execute(_SQL["keep_finds"], {"mark": mark, "finds": Jsonb(kept)})


# -- tries -------------------------------------------------------------------------------------------------------------


def lock_tries(connection: Connection, subject: str, now: datetime) -> Tries:
    """How often somebody tried; another one waits until this transaction ends."""
    found = read_one(connection, Tries, _SQL["lock_tries"], {"subject": subject, "now": now})
    assert found is not None
    return found


def keep_tries(connection: Connection, subject: str, tries: Tries) -> None:
    """One more."""
    values = {"subject": subject, "number": tries.number, "last_at": tries.last_at}
    connection.execute(_SQL["keep_tries"], values)


def forget_tries(connection: Connection, subject: str) -> None:
    """It was the right password."""
    connection.execute(_SQL["forget_tries"], {"subject": subject})


def _user(row: Row) -> User:
    return User(row["id"], row["name"], Role(row["role"]), row["theme"], row["made_at"])


def _found(connection: Connection, statement: str, **values: Any) -> bool:
    row = connection.execute(_SQL[statement], values).fetchone()
    return bool(row and row["found"])
