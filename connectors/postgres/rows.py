"""A store as it stands in the database, alone and with what is read beside it when its turn comes. Data only."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from schemas.account import Account, read_account
from schemas.stores import Remembered, StockNews, StoreState

if TYPE_CHECKING:
    from connectors.postgres import Row
    from schemas.settings import Value


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A store as it is remembered: columns of `stores`, of which schema.sql says what they are."""

    id: int
    name: str
    platform: str
    url: str
    shop: str | None
    credentials: str
    settings: dict[str, Value]
    allow_insecure: bool
    webhook_token: str
    state: StoreState
    reason: str | None
    reason_detail: str | None
    connected_at: datetime
    activated_at: datetime
    cursor: str | None
    fetched_at: datetime | None
    fetch_due_at: datetime | None
    fetch_attempts: int
    hinted_at: datetime | None
    heard_at: datetime | None
    webhooks: dict[str, Any] | None
    webhooks_at: datetime | None
    catalogue_at: datetime | None
    catalogue_whole_at: datetime | None
    catalogue_due_at: datetime | None
    catalogue_attempts: int
    catalogue_walk: dict[str, Any] | None
    catalogue_reason: str | None
    catalogue_detail: str | None
    wants_products: bool
    items_without_sku: int | None
    stock_news: StockNews | None
    stock_due_at: datetime | None
    stock_attempts: int
    stock_reason: str | None
    stock_detail: str | None
    compare_due: bool
    stock_compared: dict[str, Any] | None
    audit_since: datetime | None
    audit_walk: dict[str, Any] | None
    audited_at: datetime | None
    audited: dict[str, Any] | None
    fulfillment_due_at: datetime | None
    fulfillment_reason: str | None
    fulfillment_detail: str | None


@dataclass(frozen=True, slots=True)
class Rest:
    """Until when a piece of work waits, how often in a row it failed, and why it did the last time."""

    until: datetime | None = None
    attempts: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class StoreTurn:
    """A store when its turn comes, with the account and what that kind of work waits for."""

    store: StoreRow
    account: Account
    rest: Rest = Rest()


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an order: how often it moved, up to where that was seen, and how often the next look failed."""

    changed: int = 0
    settled: int = 0
    attempts: int = 0

    @property
    def is_due(self) -> bool:
        """Whether it moved since it was seen."""
        return self.changed > self.settled


@dataclass(frozen=True, slots=True)
class OrderTurn:
    """An order when its turn comes, with its store and the account; `is_known` is false for one that nobody fetched."""

    store: StoreRow
    account: Account
    external_id: str
    is_known: bool
    payload: str | None
    hub_order_id: str | None
    remembered: Remembered
    at_store: Side
    at_hub: Side


_COLUMNS = tuple(field.name for field in fields(StoreRow))


def read_store_row(row: Row) -> StoreRow:
    """The columns of a store among those that were read; a newer schema may have more of them."""
    values = {name: row[name] for name in _COLUMNS}
    news = row["stock_news"]
    return StoreRow(**values | {"state": StoreState(row["state"]), "stock_news": news and StockNews(news)})


def read_order_turn(row: Row, external_id: str) -> OrderTurn:
    """An order with its store, from a look that names the columns of both; those of an unknown order are null."""
    store, account = read_store_row(row), read_account(row["account"])
    if row["external_id"] is None:
        return OrderTurn(store, account, external_id, False, None, None, Remembered(), Side(), Side())
    return read_order_of(StoreTurn(store, account), row)


def read_order_of(turn: StoreTurn, row: Row) -> OrderTurn:
    """An order of a store that is known, from a look that names its columns."""
    return OrderTurn(
        store=turn.store,
        account=turn.account,
        external_id=row["external_id"],
        is_known=True,
        payload=row["payload"],
        hub_order_id=row["hub_order_id"],
        remembered=_remembered(row),
        at_store=Side(row["changed"], row["order_settled"], row["attempts"]),
        at_hub=Side(row["hub_changed"], row["hub_settled"], row["hub_attempts"]),
    )


def _remembered(row: Row) -> Remembered:
    return Remembered(
        is_tombstoned=row["tombstoned_at"] is not None,
        has_hub_order=row["hub_order_id"] is not None,
        was_imported=row["was_imported"],
        state=row["order_state"],
        reason=row["order_reason"],
        is_erased=row["buyer_erased_at"] is not None,
    )
