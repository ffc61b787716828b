"""Stores and the account in PostgreSQL. Credentials pass through here encrypted, and only so."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from connectors.addresses import shop_key
from connectors.cursor import anew, back_to
from connectors.postgres import Connection, Row, queries
from schemas.errors import SettingRefused
from schemas.hub import Account
from schemas.platform import Platform
from schemas.settings import Value, with_defaults
from schemas.stores import Store, StoreState

_SQL = queries("stores")
_ACCOUNT_KEYS = frozenset(field.name for field in fields(Account))


def read_account(settings: dict[str, Any]) -> Account:
    """The account's settings with their defaults."""
    return Account(**{key: value for key, value in settings.items() if key in _ACCOUNT_KEYS})


def read_store(row: Row, platform: Platform) -> Store:
    """A row of `stores` as tasks and rules see it: its profile, where it has one, is its platform (SPEC chapter 9)."""
    return Store(
        id=row["id"],
        name=row["name"],
        platform=profile_of(platform, row["settings"]),
        url=row["url"],
        state=StoreState(row["state"]),
        settings=with_defaults(platform.name, row["settings"]),
        allow_insecure=row["allow_insecure"],
        imports_from=_imports_from(row, platform),
        connected_at=row["connected_at"],
    )


def profile_of(platform: Platform, settings: Mapping[str, Value]) -> Platform:
    """The record that a store's settings choose among those of its platform."""
    return platform.profiles.get(str(settings.get("profile")), platform)


def _imports_from(row: Row, platform: Platform) -> datetime | None:
    """The first connection reaches some days back; resuming a paused store is an activation without them (ORD-2)."""
    if platform.backfill_days is None:
        return None
    activated: datetime = row["activated_at"]
    is_first = activated <= row["connected_at"]
    return activated - timedelta(days=platform.backfill_days) if is_first else activated


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


def find_store(connection: Connection, reference: str) -> Row | None:
    """A store's row by name or id."""
    return connection.execute(_SQL["store"], {"reference": reference}).fetchone()


def ever(connection: Connection, name: str) -> Row | None:
    """The store that has a name, else the one that had it last and is disconnected."""
    return connection.execute(_SQL["ever"], {"name": name}).fetchone()


def stores(connection: Connection) -> list[Row]:
    """The rows of all connected stores."""
    return connection.execute(_SQL["stores"]).fetchall()


def all_stores(connection: Connection) -> list[Row]:
    """The rows of all stores that there ever were, those of today first."""
    return connection.execute(_SQL["all_stores"]).fetchall()


def store_at(connection: Connection, platform: str, url: str) -> Row | None:
    """The store of a shop's address, connected or not."""
    return connection.execute(_SQL["store_at"], {"platform": platform, "url": url}).fetchone()


def store_of(connection: Connection, platform: str, url: str, shop: str) -> Row | None:
    """The store of a shop, connected or not, by what it calls itself, or by its address where it was never asked."""
    keys = {shop_key(url), shop}
    for row in connection.execute(_SQL["alike"], {"platform": platform, "url": url, "shop": shop}):
        if row["shop"] == shop or row["url"] == url or (row["shop"] is None and shop_key(row["url"]) in keys):
            return row
    return None


def connect_store(connection: Connection, values: dict[str, Any], before: Row | None = None) -> int | None:
    """Keep a new store, or `before` that comes back, by whatever address; None when that shop is connected already.

    Raises SettingRefused where another store took the name meanwhile.
    """
    is_moved = before is not None and before["url"] != values["url"]
    before = before or store_at(connection, values["platform"], values["url"])
    known = {"settings": Jsonb(values["settings"]), "cursor": anew(before["cursor"]) if before else None}
    try:
        if before is not None and is_moved:
            connection.execute(_SQL["move"], {"id": before["id"], "url": values["url"]})
        row = connection.execute(_SQL["connect"], {"shop": None, **values, **known}).fetchone()
    except UniqueViolation as error:
        if error.diag.constraint_name in ("stores_shop", "stores_platform_url_key"):
            return None
        raise SettingRefused("name", f"there is a store {values['name']!r} already") from error
    return row["id"] if row else None


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


def due_products(connection: Connection) -> list[int]:
    """Active stores whose products are still to come into the hub, and whose catalogue is known."""
    return [row["id"] for row in connection.execute(_SQL["due_products"])]


def products_came(connection: Connection, store_id: int) -> bool:
    """The store's products are in the hub; False when somebody else said so already."""
    return connection.execute(_SQL["products_came"], {"id": store_id}).rowcount > 0


def change_store(
    connection: Connection, store_id: int, *, settings: dict[str, Value], credentials: str, url: str
) -> None:
    """Keep new settings, credentials and address."""
    values = {"id": store_id, "settings": Jsonb(settings), "credentials": credentials, "url": url}
    connection.execute(_SQL["change_store"], values)


def follow_location(connection: Connection, code: str, new_code: str) -> None:
    """Let every store's settings that name a location of the hub name it by another code."""
    connection.execute(_SQL["follow_location"], {"code": code, "new_code": new_code})


def set_state(connection: Connection, store_id: int, state: StoreState) -> None:
    """Pause, resume or disconnect a store."""
    connection.execute(_SQL["set_state"], {"id": store_id, "state": state})


def stop_store(connection: Connection, store_id: int, *, reason: str, detail: str) -> bool:
    """Ask nothing more of a store until a person acts; False when it was stopped already."""
    values = {"id": store_id, "reason": reason, "detail": detail}
    return connection.execute(_SQL["stop_store"], values).rowcount > 0


@dataclass(frozen=True, slots=True)
class Delay:
    """Until when a store's orders are not fetched, and why. A wait that was asked for is no attempt."""

    until: datetime
    reason: str
    detail: str
    is_attempt: bool = True


def put_off_fetch(connection: Connection, store_id: int, delay: Delay) -> None:
    """Do not fetch a store's orders before a moment."""
    values = {
        "id": store_id,
        "due_at": delay.until,
        "reason": delay.reason,
        "detail": delay.detail,
        "attempt": int(delay.is_attempt),
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


def fetched(connection: Connection, store_id: int, *, cursor: str | None) -> bool:
    """A fetch came to its end; False when somebody moved the cursor meanwhile, and there is more to fetch."""
    return connection.execute(_SQL["fetched"], {"id": store_id, "cursor": cursor}).rowcount > 0


def due_fetches(connection: Connection) -> list[int]:
    """Active stores whose fetch was put off, and the moment has come."""
    return [row["id"] for row in connection.execute(_SQL["due_fetches"])]


def schedule(connection: Connection) -> list[Row]:
    """What beat keeps an entry for."""
    return connection.execute(_SQL["schedule"]).fetchall()


def stored_credentials(connection: Connection) -> list[Row]:
    """Every store's encrypted credentials, locked for a rotation of keys."""
    return connection.execute(_SQL["credentials"]).fetchall()


def set_credentials(connection: Connection, store_id: int, credentials: str) -> None:
    """Keep credentials under another key."""
    connection.execute(_SQL["set_credentials"], {"id": store_id, "credentials": credentials})
