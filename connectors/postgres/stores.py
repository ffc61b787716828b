"""Stores and the account in PostgreSQL. Credentials pass through here encrypted, and only so."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from connectors.addresses import shop_key
from connectors.cursor import anew, back_to
from connectors.postgres import Connection, Row, lanes, queries, read_all
from connectors.postgres.rows import StoreRow, read_store_row
from schemas.account import Account, read_account
from schemas.errors import SettingRefused
from schemas.settings import Value, profile_of, with_defaults
from schemas.stores import Store, StoreState

if TYPE_CHECKING:
    from schemas.failures import PutOff
    from schemas.platform import Platform
    from schemas.stores import StockNews

_SQL = queries("stores")


def read_store(row: StoreRow, platform: Platform) -> Store:
    """A store as tasks and rules see it: its profile, where it has one, is its platform (SPEC chapter 9)."""
    return Store(
        id=row.id,
        name=row.name,
        platform=profile_of(platform, row.settings),
        url=row.url,
        state=row.state,
        settings=with_defaults(platform, row.settings),
        allow_insecure=row.allow_insecure,
        imports_from=_imports_from(row, platform),
        connected_at=row.connected_at,
    )


def _imports_from(row: StoreRow, platform: Platform) -> datetime | None:
    """The first connection reaches some days back; resuming a paused store is an activation without them (ORD-2)."""
    if platform.backfill_days is None:
        return None
    is_first = row.activated_at <= row.connected_at
    return row.activated_at - timedelta(days=platform.backfill_days) if is_first else row.activated_at


def account(connection: Connection) -> Account:
    """The account."""
    row = connection.execute(_SQL["account"]).fetchone()
    return read_account(row["settings"] if row else {})


def account_has(connection: Connection, key: str) -> bool:
    """Whether a person, or the first store, has chosen an account setting."""
    row = connection.execute(_SQL["account"]).fetchone()
    return bool(row and key in row["settings"])


def change_account(connection: Connection, settings: dict[str, Value]) -> None:
    """Change some of the account's settings."""
    connection.execute(_SQL["change_account"], {"settings": Jsonb(settings)})


def find_store(connection: Connection, reference: str) -> StoreRow | None:
    """A store's row by name or id."""
    return _one(connection.execute(_SQL["store"], {"reference": reference}).fetchone())


def ever(connection: Connection, name: str) -> StoreRow | None:
    """The store that has a name, else the one that had it last and is disconnected."""
    return _one(connection.execute(_SQL["ever"], {"name": name}).fetchone())


def stores(connection: Connection) -> list[StoreRow]:
    """The rows of all connected stores."""
    return [read_store_row(row) for row in connection.execute(_SQL["stores"])]


def all_stores(connection: Connection) -> list[StoreRow]:
    """The rows of all stores that there ever were, those of today first."""
    return [read_store_row(row) for row in connection.execute(_SQL["all_stores"])]


def store_at(connection: Connection, platform: str, url: str) -> StoreRow | None:
    """The store of a shop's address, connected or not."""
    return _one(connection.execute(_SQL["store_at"], {"platform": platform, "url": url}).fetchone())


def store_of(connection: Connection, platform: str, url: str, shop: str) -> StoreRow | None:
    """The store of a shop, connected or not, by what it calls itself, or by its address where it was never asked."""
    keys = {shop_key(url), shop}
    for row in connection.execute(_SQL["alike"], {"platform": platform, "url": url, "shop": shop}):
        if row["shop"] == shop or row["url"] == url or (row["shop"] is None and shop_key(row["url"]) in keys):
            return read_store_row(row)
    return None


def _one(row: Row | None) -> StoreRow | None:
    return None if row is None else read_store_row(row)


@dataclass(frozen=True, slots=True)
class StoreValues:
    """What is kept of a store that is connected: `stock_news` is what its settings make news (STK-5)."""

    name: str
    platform: str
    url: str
    credentials: str
    settings: dict[str, Value]
    stock_news: StockNews | None = None
    allow_insecure: bool = False
    shop: str | None = None
    state: StoreState = StoreState.ACTIVE


def connect_store(connection: Connection, values: StoreValues, before: StoreRow | None = None) -> int | None:
    """Keep a new store, or `before` that comes back, by whatever address; None when that shop is connected already.

    Raises SettingRefused where another store took the name meanwhile.
    """
    is_moved = before is not None and before.url != values.url
    before = before or store_at(connection, values.platform, values.url)
    known = {"settings": Jsonb(values.settings), "cursor": anew(before.cursor) if before else None}
    try:
        if before is not None and is_moved:
            connection.execute(_SQL["move_store"], {"id": before.id, "url": values.url})
        row = connection.execute(_SQL["connect"], asdict(values) | known).fetchone()
    except UniqueViolation as error:
        if error.diag.constraint_name in ("stores_shop", "stores_platform_url_key"):
            return None
        raise SettingRefused("name", f"there is a store {values.name!r} already") from error
    return row["id"] if row else None


def activate(connection: Connection, store_id: int) -> bool:
    """A store that was set up is worked on from now on; False where it is not inactive any more (STG-1)."""
    return connection.execute(_SQL["activate"], {"id": store_id}).rowcount > 0


def name_shop(connection: Connection, store_id: int, shop: str) -> bool:
    """Keep what a store's shop calls itself; False where that is known, or another store has it."""
    try:
        with connection.transaction():
            return connection.execute(_SQL["name_shop"], {"id": store_id, "shop": shop}).rowcount > 0
    except UniqueViolation:
        return False  # another one took it this very moment


def want_products(connection: Connection, store_id: int, *, wanted: bool) -> None:
    """Say of a store that was just connected whether its products are to come into the hub."""
    connection.execute(_SQL["want_products"], {"id": store_id, "wanted": wanted})
    lanes.clear(connection, store_id, "import_products")


def due_products(connection: Connection) -> list[int]:
    """Active stores whose products are still to come into the hub, and whose catalogue is known."""
    return [row["id"] for row in connection.execute(_SQL["due_products"])]


def products_came(connection: Connection, store_id: int) -> bool:
    """The store's products are in the hub; False when somebody else said so already."""
    return connection.execute(_SQL["products_came"], {"id": store_id}).rowcount > 0


def change_store(
    connection: Connection,
    row: StoreRow,
    *,
    settings: dict[str, Value],
    stock_news: StockNews | None,
    credentials: str,
    url: str,
) -> bool:
    """Keep new settings with what they make news, credentials and address; nothing waits any more because it failed.

    False, and nothing is kept, where the store has other settings by now than it was read with, or is parted from.
    """
    values = {
        "id": row.id,
        "were": Jsonb(row.settings),
        "settings": Jsonb(settings),
        "stock_news": stock_news,
        "credentials": credentials,
        "url": url,
    }
    if not connection.execute(_SQL["change_store"], values).rowcount:
        return False
    lanes.clear(connection, row.id)
    return True


def follow_location(connection: Connection, code: str, new_code: str) -> None:
    """Let every store's settings that name a location of the hub name it by another code."""
    connection.execute(_SQL["follow_location"], {"code": code, "new_code": new_code})


def set_state(connection: Connection, store_id: int, state: StoreState) -> bool:
    """Pause, resume or disconnect a store; nothing of it waits any more because it failed.

    False, and nothing is done, where it is parted from.
    """
    if not connection.execute(_SQL["set_state"], {"id": store_id, "state": state}).rowcount:
        return False
    lanes.clear(connection, store_id)
    return True


def stop_store(connection: Connection, store_id: int, *, reason: str, detail: str) -> bool:
    """Ask nothing more of a store until a person acts; False when it was stopped already."""
    values = {"id": store_id, "reason": reason, "detail": detail}
    return connection.execute(_SQL["stop_store"], values).rowcount > 0


def put_off_fetch(connection: Connection, store_id: int, why: PutOff) -> None:
    """Do not fetch a store's orders before a moment."""
    values = {
        "id": store_id,
        "due_at": why.until,
        "reason": why.reason,
        "detail": why.words,
        "attempt": int(why.is_attempt),
    }
    connection.execute(_SQL["put_off_fetch"], values)


def read_again(connection: Connection, store_id: int, since: datetime) -> None:
    """Read everything changed since a moment besides what is to be read, wherever a fetch on its way has come to."""
    with connection.transaction():
        row = connection.execute(_SQL["cursor"], {"id": store_id}).fetchone()
        assert row is not None
        connection.execute(_SQL["keep_cursor"], {"id": store_id, "cursor": back_to(row["cursor"], since)})


def advance_cursor(connection: Connection, store_id: int, *, was: str | None, cursor: str) -> bool:
    """Go on behind this page next time; False when the cursor is not where it was, or the store is not active."""
    values = {"id": store_id, "was": was, "cursor": cursor}
    return connection.execute(_SQL["advance_cursor"], values).rowcount > 0


def fetch_now(connection: Connection, store_id: int) -> None:
    """Lift the back-off of earlier failures: a person wants it now."""
    connection.execute(_SQL["fetch_now"], {"id": store_id})


def database_time(connection: Connection) -> datetime:
    """The database's clock, which all marks are made by."""
    row = connection.execute(_SQL["now"]).fetchone()
    assert row is not None
    moment: datetime = row["now"]
    return moment


def fetched(connection: Connection, store_id: int, *, cursor: str | None, hinted_at: datetime | None) -> bool:
    """A fetch came to its end; False when somebody moved the cursor meanwhile, and there is more to fetch.

    `hinted_at` is what the shop had said last before the fetch began.
    """
    values = {"id": store_id, "cursor": cursor, "hinted_at": hinted_at}
    return connection.execute(_SQL["fetched"], values).rowcount > 0


def hint(connection: Connection, store_id: int) -> None:
    """The shop says that something moved: a fetch that begins after this brings it (DOR-1)."""
    connection.execute(_SQL["hint"], {"id": store_id})


def is_hinted(connection: Connection, store_id: int) -> bool:
    """Whether the shop said something that no fetch since has brought, and may be asked for it now."""
    return connection.execute(_SQL["is_hinted"], {"id": store_id}).fetchone() is not None


def store_of_token(connection: Connection, platform: str, token: str) -> StoreRow | None:
    """The store that a webhook's address names, connected or not."""
    return _one(connection.execute(_SQL["store_of_token"], {"platform": platform, "token": token}).fetchone())


def due_fetches(connection: Connection) -> list[int]:
    """Active stores whose fetch was put off, and the moment has come, or whose shop said that something moved."""
    return [row["id"] for row in connection.execute(_SQL["due_fetches"])]


def due_webhooks(connection: Connection, public_url: str, *, every: int) -> list[int]:
    """Active stores that are to be asked what they tell by themselves: not asked for so many seconds, or never so."""
    return [row["id"] for row in connection.execute(_SQL["due_webhooks"], {"url": public_url, "every": every})]


def ask_again(connection: Connection, store_id: int | None = None) -> None:
    """Ask a store, or all of them, anew what it tells by itself."""
    connection.execute(_SQL["ask_again"], {"id": store_id})


def keep_webhooks(connection: Connection, store_id: int, webhooks: dict[str, Any] | None) -> None:
    """Keep what a store was asked to tell by itself, and what came of it."""
    connection.execute(
        _SQL["keep_webhooks"], {"id": store_id, "webhooks": None if webhooks is None else Jsonb(webhooks)}
    )


def keep_own_secret(connection: Connection, row: StoreRow, credentials: str) -> bool:
    """Keep credentials with a secret of our own making; False where somebody changed them meanwhile."""
    values = {"id": row.id, "credentials": credentials, "was": row.credentials}
    return connection.execute(_SQL["keep_own_secret"], values).rowcount > 0


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A store that beat keeps an entry for."""

    id: int
    name: str
    platform: str
    settings: dict[str, Value]
    fetched_at: datetime | None


def schedule(connection: Connection) -> list[Scheduled]:
    """Every active store, which is fetched at its own interval."""
    return read_all(connection, Scheduled, _SQL["schedule"])


@dataclass(frozen=True, slots=True)
class Locked:
    """What is kept of a store encrypted, under one of our keys."""

    store_id: int
    locked: str


def stored_credentials(connection: Connection) -> list[Locked]:
    """Every store's encrypted credentials, locked for a rotation of keys."""
    return read_all(connection, Locked, _SQL["credentials"])


def set_credentials(connection: Connection, store_id: int, credentials: str) -> None:
    """Keep credentials under another key."""
    connection.execute(_SQL["set_credentials"], {"id": store_id, "credentials": credentials})
