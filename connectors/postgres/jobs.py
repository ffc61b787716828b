"""Jobs in PostgreSQL: what pages asked for, how far it is, what came of it. Secrets pass through here locked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from psycopg.types.json import Jsonb

from connectors.config import ConfigError
from connectors.postgres import Connection, Row, queries
from schemas.jobs import Job, JobTrouble, Wish

if TYPE_CHECKING:
    from connectors.secrets import Secrets

_SQL: Final = queries("jobs")


def ask(connection: Connection, wish: Wish, *, locked: str | None, most: int) -> int | None:
    """Write down what is asked for: its number, or that of the same that is not over yet.

    None where as many others of the store as there may be are not over.
    """
    values: Row = {"kind": wish.kind, "store_id": wish.store_id, "locked": locked, "who": wish.who}
    values["arguments"] = Jsonb(dict(wish.arguments))
    with connection.transaction():
        connection.execute(_SQL["hold_jobs"], values)
        same = connection.execute(_SQL["asked_job"], values).fetchone()
        if same is not None:
            return int(same["id"])
        counted = connection.execute(_SQL["open_jobs"], values).fetchone()
        if counted is not None and counted["open"] >= most:
            return None
        made = connection.execute(_SQL["ask_job"], values).fetchone()
        return int((made or connection.execute(_SQL["asked_job"], values).fetchone() or {})["id"])


def job(connection: Connection, id_: int) -> Job | None:
    """One of them, as it stands."""
    return _read(connection.execute(_SQL["job"], {"id": id_}).fetchone())


def latest(connection: Connection, kind: str, store_id: int | None) -> Job | None:
    """The latest of a kind of a store."""
    return _read(connection.execute(_SQL["latest_job"], {"kind": kind, "store_id": store_id}).fetchone())


def due(connection: Connection) -> list[int]:
    """Those that nobody is known to be at."""
    return [row["id"] for row in connection.execute(_SQL["due_jobs"])]


def begin(connection: Connection, id_: int) -> Job | None:
    """A worker begins with it; None where it is over."""
    return _read(connection.execute(_SQL["begin_job"], {"id": id_}).fetchone())


def see(connection: Connection, id_: int, seen: int) -> bool:
    """So much of it was seen. Whether it goes on: a person may have stopped it."""
    return connection.execute(_SQL["see_job"], {"id": id_, "seen": seen}).fetchone() is not None


def finish(connection: Connection, id_: int, result: Mapping[str, Any]) -> None:
    """It is done. What is no JSON in the result is kept as its text: amounts, times, dates."""
    _end(connection, id_, result=Jsonb(dict(result), dumps=_text))


def fail(connection: Connection, id_: int, trouble: JobTrouble) -> None:
    """It came to nothing."""
    _end(connection, id_, trouble=Jsonb(asdict(trouble)))


def stop(connection: Connection, id_: int) -> None:
    """A person wants it no more; a worker that is at it hears of that when it has seen more."""
    _end(connection, id_)


def cut(connection: Connection) -> None:
    """Those of some days ago are gone."""
    connection.execute(_SQL["cut_jobs"])


def rotate(connection: Connection, secrets: Secrets) -> None:
    """Lock what is secret of all of them with the newest key; what no key opens cannot be done, and ends."""
    for row in connection.execute(_SQL["locked_jobs"]).fetchall():
        try:
            connection.execute(_SQL["lock_job"], {"id": row["id"], "locked": secrets.rotate(row["locked"])})
        except ConfigError:
            _end(connection, row["id"])


def _end(connection: Connection, id_: int, *, result: Jsonb | None = None, trouble: Jsonb | None = None) -> None:
    connection.execute(_SQL["end_job"], {"id": id_, "result": result, "trouble": trouble})


def _text(result: dict[str, Any]) -> str:
    """As JSON; the one sign that PostgreSQL's does not take is left out."""
    return json.dumps(result, default=str).replace("\\u0000", "")


def _read(row: Row | None) -> Job | None:
    if row is None:
        return None
    return Job(**{**row, "trouble": JobTrouble(**row["trouble"]) if row["trouble"] else None})
