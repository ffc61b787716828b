"""Stock push in PostgreSQL: which SKUs of a store are due, what its catalogue holds, what it was told."""

import json
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.errors import LockNotAvailable
from psycopg.sql import SQL, Literal
from psycopg.types.json import Jsonb

from connectors.postgres import Connection, Row, queries, stock_imports
from schemas.actions import TellStock
from schemas.stock import StoreItem

_SQL: Final = queries("stock")

UNREAD_SECONDS: Final = 60  # how long unread orders hold a SKU back (STK-9)
PACE_SECONDS: Final = 1  # one SKU is told about so often: the rest of a burst is one more call (STK-5)
ALONG_SECONDS: Final = 0.7  # after which it goes along with others, so that SKUs that move all the time travel together
BURST_SECONDS: Final = 3  # a SKU that was not told for so long is in no burst
LOOK_AGAIN_SECONDS: Final = 5  # how long a store is believed that it has no such SKU
_SETTLING: Final = timedelta(seconds=60)  # a store may take what we told it some time after it said yes
_KEPT_ATTEMPTS: Final = 3  # of an outage, by SKUs that begin anew: a store that was too slow is told fewer at once


@dataclass(frozen=True, slots=True)
class DueStore:
    """A store that is to be told something: a SKU that waited for nothing yet, one of a burst, or only in a moment."""

    id: int
    has_fresh: bool
    is_ripe: bool


@dataclass(frozen=True, slots=True)
class DueSku:
    """A SKU of a store that is to be told: its mark is set only up to `changed`."""

    sku: str
    changed: int
    attempts: int
    wants_look: bool
    tell_uncounted: bool  # a person said so (STK-10)
    may_look: bool
    reason: str | None
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of a SKU: nothing to say, or why the store does not show the hub's value."""

    sku: str
    changed: int
    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StockLine:
    """A line of the journal about a SKU."""

    sku: str
    outcome: str
    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


def due_stores(connection: Connection, store_id: int | None = None) -> list[DueStore]:
    """Active stores that have something to be told, or this one if it has."""
    values = {"store_id": store_id, "pace": PACE_SECONDS, "burst": BURST_SECONDS}
    return [DueStore(**row) for row in connection.execute(_SQL["due_stores"], values)]


def look(connection: Connection, store_id: int) -> Row | None:
    """The store with the account's settings."""
    return connection.execute(_SQL["look"], {"store_id": store_id}).fetchone()


def pick(connection: Connection, store_id: int, *, limit: int, but: Collection[str] = ()) -> list[DueSku]:
    """The next SKUs of a store to tell, longest waiting first, `but` those."""
    values = {
        "limit": limit,
        "but": list(but),
        "patience": UNREAD_SECONDS,
        "pace": ALONG_SECONDS,
        "look_again": LOOK_AGAIN_SECONDS,
    }
    statement = SQL(_SQL["pick"]).format(store_id=Literal(store_id))
    return [DueSku(**row) for row in connection.execute(statement, values)]


# -- the catalogue ---------------------------------------------------------------------------------------------------


def items(connection: Connection, store_id: int, skus: Sequence[str]) -> list[StoreItem]:
    """What a store has of some SKUs; a place that shows nobody knows what is in `shown` as None."""
    found = connection.execute(_SQL["items"], {"store_id": store_id, "skus": list(skus)})
    return [StoreItem(**{**row, "inactive": tuple(row["inactive"])}) for row in found]


def named_items(connection: Connection, store_id: int, *, beyond: str, limit: int) -> list[tuple[str, str]]:
    """SKUs with names of what a store sells, each once, from beyond a SKU on; empty behind the last one."""
    values = {"store_id": store_id, "beyond": beyond, "limit": limit}
    return [(row["sku"], row["name"]) for row in connection.execute(_SQL["named_items"], values)]


def keep_items(
    connection: Connection,
    store_id: int,
    found: Sequence[StoreItem],
    *,
    asked_at: datetime,
    asked_for: Sequence[str] = (),
    is_whole: bool = False,
) -> int:
    """Keep a page of a store's catalogue as it was asked for at a moment; returns how many SKUs are due for it.

    `asked_for` are SKUs that the caller asked for because it tells the store its stock now: they are not due for what
    was found, and as nobody else tells the store anything meanwhile, the store's figures count whatever their age.
    """
    newest = {item.external_id: item for item in found}
    kept = [newest[external_id] for external_id in sorted(newest)]
    values = {
        "store_id": store_id,
        "ids": [item.external_id for item in kept],
        "skus": [item.sku for item in kept],
        "names": [item.name for item in kept],
        "tracked": [item.is_tracked for item in kept],
        "asked_for": list(asked_for),
    }
    levels = [(item.external_id, place, shown) for item in kept for place, shown in sorted(item.shown.items())]
    page = {
        "store_id": store_id,
        "items": values["ids"],
        "ids": [level[0] for level in levels],
        "places": [level[1] for level in levels],
        "shown": [level[2] for level in levels],
        "asked_at": asked_at - _SETTLING,
        "asked_exactly": asked_at,
        "is_whole": is_whole,
        "is_held": bool(asked_for),
    }
    with connection.transaction():
        moved = connection.execute(_SQL["keep_items"], values).rowcount
        connection.execute(_SQL["keep_levels"], page)
        moved += connection.execute(_SQL["drop_levels"], page).rowcount
        connection.execute(_SQL["leave_places"], page)
    return moved


def drop_items(connection: Connection, store_id: int, external_ids: Sequence[str]) -> None:
    """Forget items that a store no longer has."""
    connection.execute(_SQL["drop_items"], {"store_id": store_id, "ids": list(external_ids)})


def unseen_items(connection: Connection, store_id: int, *, before: datetime) -> list[str]:
    """Items that no page brought since a moment."""
    found = connection.execute(_SQL["unseen_items"], {"store_id": store_id, "before": before})
    return [row["external_id"] for row in found]


def look_again(connection: Connection, store_id: int, skus: Collection[str]) -> None:
    """These SKUs are on other items of a store than we know: it is asked for them, and told them, at once."""
    connection.execute(_SQL["look_again"], {"store_id": store_id, "skus": sorted(skus)})


def looked(connection: Connection, store_id: int, skus: Sequence[str]) -> None:
    """The store was asked for these SKUs now."""
    connection.execute(_SQL["looked"], {"store_id": store_id, "skus": list(skus)})


def due_catalogues(connection: Connection, *, every: int) -> list[int]:
    """Stores whose catalogue is wanted, for stock or products, and was not looked at for so many seconds."""
    return [row["id"] for row in connection.execute(_SQL["due_catalogues"], {"every": every})]


def catalogue_seen(
    connection: Connection, store_id: int, *, asked_at: datetime, is_whole: bool, without_sku: int
) -> None:
    """Every change of a store's catalogue up to a moment is known; of all of it, so many items have no SKU."""
    values = {"store_id": store_id, "asked_at": asked_at, "is_whole": is_whole, "without_sku": without_sku}
    connection.execute(_SQL["catalogue_seen"], values)


def keep_walk(connection: Connection, store_id: int, walk: dict[str, Any]) -> None:
    """Remember how far a walk through a store's catalogue has come."""
    connection.execute(_SQL["keep_walk"], {"store_id": store_id, "walk": Jsonb(walk)})


def put_off_catalogue(connection: Connection, store_id: int, *, until: datetime, is_attempt: bool) -> None:
    """Do not ask for a store's catalogue before a moment."""
    values = {"store_id": store_id, "due_at": until, "attempt": int(is_attempt)}
    connection.execute(_SQL["put_off_catalogue"], values)


def blame_catalogue(connection: Connection, store_id: int, *, reason: str, words: str) -> None:
    """Say why a store's catalogue cannot be read, until a page of it comes."""
    connection.execute(_SQL["blame_catalogue"], {"store_id": store_id, "reason": reason, "detail": words})


def read_again(connection: Connection, store_id: int, *, reason: str) -> None:
    """Ask for a store's catalogue now, if it was put off for a reason."""
    connection.execute(_SQL["read_again"], {"store_id": store_id, "reason": reason})


# -- telling -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Forgotten:
    """When nobody knew any more what items show; `locked` are SKUs that the hub is just changing, without a pace."""

    at: datetime
    locked: frozenset[str] = frozenset()


def forget(connection: Connection, store_id: int, tells: Sequence[TellStock]) -> Forgotten:
    """Nobody knows what these items show until it is known what came of telling them."""
    values = {
        "store_id": store_id,
        "ids": [tell.external_id for tell in tells],
        "places": [tell.place for tell in tells],
        "activates": [tell.activates for tell in tells],
        "skus": sorted({tell.sku for tell in tells}),
    }
    row = connection.execute(_SQL["forget"], values).fetchone()
    assert row is not None
    return Forgotten(row["moved_at"], frozenset(row["locked"]))


def settle(connection: Connection, store_id: int, settled: Sequence[Settled]) -> dict[str, bool]:
    """Set marks; of each SKU whose mark is set, whether it did not move meanwhile."""
    values = {
        "store_id": store_id,
        "skus": [one.sku for one in settled],
        "changed": [one.changed for one in settled],
        "reasons": [one.reason for one in settled],
        "details": [json.dumps(one.detail) for one in settled],
    }
    return {row["sku"]: row["is_last"] for row in connection.execute(_SQL["settle"], values)}


def told(
    connection: Connection, store_id: int, tells: Sequence[TellStock], *, lasting: set[str], forgotten_at: datetime
) -> None:
    """The store took these values; those of SKUs in `lasting` are what it shows now, unless it sold some meanwhile."""
    values = {
        "store_id": store_id,
        "ids": [tell.external_id for tell in tells],
        "places": [tell.place for tell in tells],
        "quantities": [tell.quantity for tell in tells],
        "last": [tell.sku in lasting for tell in tells],
        "activates": [tell.activates for tell in tells],
        "forgotten_at": forgotten_at,
    }
    connection.execute(_SQL["told"], values)


@dataclass(frozen=True, slots=True)
class Delay:
    """Until when SKUs are not told, and why. A wait that was asked for is no attempt."""

    until: datetime
    reason: str
    detail: dict[str, Any] = field(default_factory=dict)
    is_attempt: bool = True


def put_off(connection: Connection, store_id: int, skus: Sequence[str], delay: Delay) -> None:
    """Tell these SKUs later."""
    values = {
        "store_id": store_id,
        "skus": list(skus),
        "due_at": delay.until,
        "attempt": int(delay.is_attempt),
        "reason": delay.reason,
        "detail": Jsonb(delay.detail),
    }
    connection.execute(_SQL["put_off"], values)


def unsent(connection: Connection, store_id: int, skus: Sequence[str]) -> None:
    """The store was not told these SKUs after all."""
    connection.execute(_SQL["unsent"], {"store_id": store_id, "skus": list(skus)})


def put_off_store(connection: Connection, store_id: int, delay: Delay, *, attempts: int) -> None:
    """Tell a store nothing before a moment; so often in a row it did not answer."""
    words = str(delay.detail.get("problem", ""))
    _wait(connection, store_id, until=delay.until, attempts=attempts, reason=delay.reason, words=words)


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
