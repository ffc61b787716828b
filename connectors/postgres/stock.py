"""Stock push in PostgreSQL: which SKUs of a store are due, and what it was told of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, LiteralString

from psycopg.errors import LockNotAvailable
from psycopg.sql import SQL, Literal
from psycopg.types.json import Jsonb

from connectors.holders import is_dead, me, read_holder
from connectors.platforms import PLATFORMS, record
from connectors.postgres import Connection, queries, stock_imports
from schemas.failures import PutOff
from schemas.stock import DueSku, SettledSku, StockLine

if TYPE_CHECKING:
    from schemas.actions import TellStock

_SQL: Final = queries("stock")

UNREAD_SECONDS: Final = 60  # how long unread orders hold a SKU back (STK-9)
PACE_SECONDS: Final = 1  # one SKU is told about so often: the rest of a burst is one more call (STK-5)
ALONG_SECONDS: Final = 0.7  # after which it goes along with others, so that SKUs that move all the time travel together
BURST_SECONDS: Final = 3  # a SKU that was not told for so long is in no burst
GONE_SECONDS: Final = 900  # a process on a machine that vanished counts as dead
LATEST_SECONDS: Final = 10  # for so long news goes beside a push of many, where the platform takes such calls (STK-5)
LOOK_AGAIN_SECONDS: Final = 5  # how long a store is believed that it has no such SKU
_KEPT_ATTEMPTS: Final = 3  # of an outage, by SKUs that begin anew: a store that was too slow is told fewer at once


@dataclass(frozen=True, slots=True)
class DueStore:
    """A store that is to be told something: a SKU that waited for nothing yet, one of a burst, or only in a moment.

    `has_latest` where the platform takes stock calls side by side, and a SKU that may be told is due only lately.
    """

    id: int
    has_fresh: bool
    is_ripe: bool
    has_latest: bool


def due_stores(connection: Connection, store_id: int | None = None) -> list[DueStore]:
    """Active stores that have something to be told, or this one if it has."""
    values = {
        "store_id": store_id,
        "pace": PACE_SECONDS,
        "burst": BURST_SECONDS,
        "latest": LATEST_SECONDS,
        "side_by_side": [name for name in PLATFORMS if record(name).stock_side_by_side],
    }
    return [DueStore(**row) for row in connection.execute(_SQL["stores_with_due_skus"], values)]


def pick(connection: Connection, store_id: int, *, limit: int, but: Collection[str] = ()) -> list[DueSku]:
    """The next SKUs of a store to tell, longest waiting first, `but` those."""
    return _pick(connection, store_id, "q.due_since, q.sku", limit=limit, but=but)


def pick_latest(connection: Connection, store_id: int, *, limit: int) -> list[DueSku]:
    """The same, from the other end: those that moved last."""
    return _pick(connection, store_id, "q.due_since DESC, q.sku", limit=limit)


def _pick(
    connection: Connection, store_id: int, order: LiteralString, *, limit: int, but: Collection[str] = ()
) -> list[DueSku]:
    values = {
        "limit": limit,
        "but": list(but),
        "patience": UNREAD_SECONDS,
        "pace": ALONG_SECONDS,
        "look_again": LOOK_AGAIN_SECONDS,
    }
    statement = SQL(_SQL["pick"]).format(store_id=Literal(store_id), order=SQL(order))
    return [DueSku(**row) for row in connection.execute(statement, values)]


def look_again(connection: Connection, store_id: int, skus: Collection[str]) -> None:
    """These SKUs are on other items of a store than we know: it is asked for them, and told them, at once."""
    connection.execute(_SQL["look_for_skus_again"], {"store_id": store_id, "skus": sorted(skus)})


# -- telling -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Forgotten:
    """When nobody knew any more what items show; `locked` are SKUs that the hub is just changing, without a pace.

    `telling` is the row that says who tells them.
    """

    at: datetime
    locked: frozenset[str]
    telling: int


def forget(connection: Connection, store_id: int, tells: Sequence[TellStock]) -> Forgotten:
    """Nobody knows what these items show until it is known what came of telling them."""
    values = {
        "store_id": store_id,
        "ids": [tell.external_id for tell in tells],
        "places": [tell.place for tell in tells],
        "activates": [tell.activates for tell in tells],
        "skus": sorted({tell.sku for tell in tells}),
        "holder": me().text(),
    }
    row = connection.execute(_SQL["forget_levels"], values).fetchone()
    assert row is not None
    return Forgotten(row["at"], frozenset(row["locked"]), row["telling"])


def settle(connection: Connection, store_id: int, settled: Sequence[SettledSku]) -> dict[str, bool]:
    """Set marks; of each SKU whose mark is set, whether it did not move meanwhile."""
    values = {
        "store_id": store_id,
        "skus": [one.sku for one in settled],
        "changed": [one.changed for one in settled],
        "reasons": [one.reason for one in settled],
        "details": [json.dumps(one.detail) for one in settled],
    }
    return {row["sku"]: row["is_last"] for row in connection.execute(_SQL["settle_skus"], values)}


def told(
    connection: Connection, store_id: int, tells: Sequence[TellStock], *, lasting: set[str], forgotten: Forgotten
) -> None:
    """The store took these values; those of SKUs in `lasting` are what it shows now, unless it sold some meanwhile."""
    values = {
        "store_id": store_id,
        "ids": [tell.external_id for tell in tells],
        "places": [tell.place for tell in tells],
        "quantities": [tell.quantity for tell in tells],
        "last": [tell.sku in lasting for tell in tells],
        "activates": [tell.activates for tell in tells],
        "forgotten_at": forgotten.at,
        "telling": forgotten.telling,
    }
    connection.execute(_SQL["keep_told"], values)


def due_after_tellers(connection: Connection, *, over: int) -> None:
    """Make due once more what was told by who ended without a word; no call goes on for `over` seconds.

    A process that was frozen may have told an old value when it woke up, a slow shop may take one late.
    """
    for row in connection.execute(_SQL["unended"], {"over": over, "gone": GONE_SECONDS}).fetchall():
        holder = read_holder(row["holder"])
        if row["is_gone"] or (holder is not None and is_dead(holder)):
            with suppress(LockNotAvailable), connection.transaction():  # another time: who holds it may stay for long
                values = {"store_id": row["store_id"], "skus": row["skus"]}
                connection.execute(_SQL["hold_told"], values)
                connection.execute(_SQL["due_once_more"], values)
                connection.execute(_SQL["forget_sold"], values)
                connection.execute(_SQL["end_telling"], {"telling": row["id"]})


def put_off(
    connection: Connection, store_id: int, skus: Sequence[str], why: PutOff, *, when_moved: timedelta | None = None
) -> None:
    """Tell these SKUs later; those that move again no later than `when_moved` from then on, if that is given."""
    values = {
        "store_id": store_id,
        "skus": list(skus),
        "due_at": why.until,
        "attempt": int(why.is_attempt),
        "reason": why.reason,
        "detail": Jsonb(why.detail),
        "wait_when_moved": when_moved,
    }
    connection.execute(_SQL["put_off_skus"], values)


def unsent(connection: Connection, store_id: int, skus: Sequence[str]) -> None:
    """The store was not told these SKUs after all."""
    connection.execute(_SQL["unsent"], {"store_id": store_id, "skus": list(skus)})


def put_off_store(connection: Connection, store_id: int, why: PutOff, *, attempts: int) -> None:
    """Tell a store nothing before a moment; so often in a row it did not answer."""
    _wait(connection, store_id, until=why.until, attempts=attempts, reason=why.reason, words=why.words)


def answered(connection: Connection, store_id: int, *, attempts: int) -> None:
    """A store answers again after so many attempts: what waited for that is due now."""
    # One after the other: who changes a store holds its row and then waits for its SKUs.
    _wait(connection, store_id, attempts=0)
    values = {"store_id": store_id, "attempts": attempts, "kept": _KEPT_ATTEMPTS}
    connection.execute(_SQL["answered"], values)


def try_again(connection: Connection, store_id: int) -> None:
    """Nothing of a store waits any more because it failed: a person has mended something."""
    connection.execute(_SQL["try_again"], {"store_id": store_id})
    _wait(connection, store_id, attempts=0)


def _wait(
    connection: Connection,
    store_id: int,
    *,
    until: datetime | None = None,
    attempts: int | None = None,
    reason: str | None = None,
    words: str | None = None,
) -> None:
    values = {"store_id": store_id, "until": until, "attempts": attempts, "reason": reason, "detail": words}
    connection.execute(_SQL["put_off_store"], values)


def write(connection: Connection, store_id: int, lines: Sequence[StockLine]) -> None:
    """Write lines of the journal."""
    values = {
        "store_id": store_id,
        "skus": [line.sku for line in lines],
        "outcomes": [line.outcome for line in lines],
        "reasons": [line.reason for line in lines],
        "details": [json.dumps(line.detail) for line in lines],
    }
    connection.execute(_SQL["journal"], values)


# -- what makes SKUs due, and what people see --------------------------------------------------------------------------


def forget_sold(connection: Connection, store_id: int, skus: Sequence[str]) -> None:
    """Orders of the store moved its own figures of these SKUs."""
    connection.execute(_SQL["forget_sold"], {"store_id": store_id, "skus": list(skus)})
    stock_imports.moved(connection, store_id, skus)


def due_sold(connection: Connection, store_id: int, external_id: str) -> None:
    """What a store shows of an order's SKUs is not known since it moved them: those that were ever told are due."""
    connection.execute(_SQL["due_sold"], {"store_id": store_id, "external_id": external_id})


def ask(
    connection: Connection, store_id: int, skus: Sequence[str], *, wants_look: bool, tell_uncounted: bool = False
) -> None:
    """Make SKUs due by hand; with `wants_look` the store is asked first what it shows.

    With `tell_uncounted` those that were never counted are told too, this once (STK-10).
    """
    _wait(connection, store_id)
    said = {"wants_look": wants_look, "tell_uncounted": tell_uncounted}
    connection.execute(_SQL["ask"], {"store_id": store_id, "skus": sorted(set(skus)), **said})


def due_again(connection: Connection, store_id: int, *, is_known: bool = True) -> None:
    """Whatever a store was ever told is looked at again; told again too, unless what it shows is known.

    And once more when every writer of the hub is over whose transaction is open now: it may mark by other settings.
    """
    connection.execute(_SQL["rules_moved"], {"store_id": store_id})
    connection.execute(_SQL["due_again"], {"store_id": store_id})
    if not is_known:
        connection.execute(_SQL["forget_shown"], {"store_id": store_id})


def due_after_writers(connection: Connection) -> None:
    """Make due once more what writers of the hub may have marked by settings of before, where they are over."""
    for row in connection.execute(_SQL["moved_rules"]).fetchall():
        values = {"store_id": row["id"]}
        with suppress(LockNotAvailable), connection.transaction():  # another time: who holds it may stay for long
            connection.execute(_SQL["hold_rules"], values)
            looked = connection.execute(_SQL["look_at_writers"], values).fetchone()
            if looked and looked["are_over"]:
                connection.execute(_SQL["hold_due"], values)
                connection.execute(_SQL["due_again"], values)


def waiting(connection: Connection, store_id: int) -> int:
    """How many SKUs of a store are still to be told."""
    row = connection.execute(_SQL["waiting"], {"store_id": store_id}).fetchone()
    return int(row["due"]) if row else 0
