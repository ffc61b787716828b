"""Stored snapshots through today's rules, and what would come out differently (BEY-3). It writes nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Final

from connectors import platforms
from connectors.bare import bare
from connectors.hub import Hub
from connectors.hubs import our_hub
from connectors.postgres import Connection, replay_view, stores
from connectors.postgres.rows import StoreRow
from schemas.account import Account
from schemas.actions import Note
from schemas.errors import Unreadable
from schemas.journal import Action, Entry, Outcome
from schemas.orders import StoreOrder
from schemas.reasons import Reason
from schemas.replay import Difference, KeptOrder, NotCompared, Replay
from tasks.orders.matches import find_matches
from tasks.rules.replay import asks_the_shop, compare, compare_broken, compare_unreadable, why_left_out
from tasks.rules.replay_settings import HeldSince, SettingsLine, held_settings, may_have_held

# What a bug in a rule raises: that order would fail. What the outside raises ends the replay.
_BUGS: Final = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
_REASONS: Final = {str(reason): reason for reason in Reason}


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of one order: in what it differs, or why it was left out."""

    store: str
    platform: str
    kept: KeptOrder
    differences: tuple[Difference, ...] = ()
    left_out: NotCompared | None = None


@dataclass(frozen=True, slots=True)
class _Bench:
    """What the orders of one store are replayed on."""

    connection: Connection
    hub: Hub
    account: Account
    locations: frozenset[str]
    store: StoreRow
    held: Sequence[HeldSince]

    def said(
        self, kept: KeptOrder, differences: tuple[Difference, ...] = (), left_out: NotCompared | None = None
    ) -> Replayed:
        """The answer about an order."""
        return Replayed(self.store.name, self.store.platform, kept, differences, left_out)


@dataclass(frozen=True, slots=True)
class _Imported:
    """What the journal has of an order's last import, or why it was skipped."""

    at: datetime
    notes: tuple[Note, ...] = ()


def replay_orders(connection: Connection, store_id: int | None, since: datetime | None) -> Iterator[Replayed]:
    """Every kept order of a store, or of all, that came or changed since a moment or ever. Inside `looking`.

    A portion with what the hub has of it is of one moment where the hub shares our transactions; another one is asked
    inside of none.
    """
    hub = our_hub(connection)
    locations = frozenset(place.code for place in hub.locations())
    beyond: KeptOrder | None = None
    while True:
        with hub.unit():
            portion = replay_view.kept_orders(connection, store_id, since, beyond=beyond)
            found = [
                one
                for store, orders in groupby(portion, lambda kept: kept.store_id)
                for one in _replay(_bench(connection, hub, locations, store), list(orders))
            ]
        if not portion:
            return
        yield from found
        beyond = portion[-1]


def _bench(connection: Connection, hub: Hub, locations: frozenset[str], store_id: int) -> _Bench:
    account = stores.account(connection)
    row = next(row for row in stores.all_stores(connection) if row.id == store_id)
    return _Bench(connection, hub, account, locations, row, _held_settings(connection, row, account))


def _held_settings(connection: Connection, row: StoreRow, account: Account) -> list[HeldSince]:
    platform = platforms.record(row.platform)
    lines = [[_settings_line(line) for line in replay_view.settings_lines(connection, id)] for id in (row.id, None)]
    store = stores.read_store(row, platform)
    return held_settings(store, account, chosen=row.settings, platform=platform, lines=lines)


def _settings_line(line: Entry) -> SettingsLine:
    return SettingsLine(line.at, line.detail.get("settings"), is_connection=line.action == Action.CONNECT)


# -- a portion: read, gather, compare ------------------------------------------------------------------------------


def _replay(bench: _Bench, portion: Sequence[KeptOrder]) -> Iterator[Replayed]:
    read: list[tuple[KeptOrder, StoreOrder]] = []
    for kept in portion:
        order = _read(bench, kept)
        if isinstance(order, Replayed):
            yield order
        else:
            read.append((kept, order))
    for one in _gather(bench, read):
        yield _compare(bench, one)


def _read(bench: _Bench, kept: KeptOrder) -> StoreOrder | Replayed:
    left_out = why_left_out(kept)
    if left_out is not None or kept.payload is None:
        return bench.said(kept, left_out=left_out)
    try:
        return platforms.read_order(bench.store.platform, kept.payload)
    except Unreadable as error:
        return bench.said(kept, compare_unreadable(kept, error))
    except _BUGS as error:
        return bench.said(kept, compare_broken(kept, bare(error)))


def _gather(bench: _Bench, read: Sequence[tuple[KeptOrder, StoreOrder]]) -> Iterator[Replay]:
    """Everything that the orders are compared with, asked for together.

    Of what they would be matched with only customers and rates are: their items are those that their rows have.
    """
    ids = [kept.hub_order_id for kept, _ in read if kept.hub_order_id]
    orders = bench.hub.orders(ids)
    people = [replace(order, lines=(), charges=()) for _, order in read]
    matches = find_matches(
        bench.hub, bench.connection, store_id=bench.store.id, orders=people, base=bench.account.base_currency
    )
    imported = _imports(bench, [kept.external_id for kept, _ in read])
    for (kept, order), match in zip(read, matches, strict=True):
        known = imported.get(kept.external_id)
        yield Replay(
            kept,
            order,
            may_have_held(bench.held, known.at if known else None),
            hub_order=orders.get(kept.hub_order_id or ""),
            matches=match,
            notes=known.notes if known else None,
            locations=bench.locations,
        )


def _imports(bench: _Bench, external_ids: Sequence[str]) -> dict[str, _Imported]:
    """By external id, what the journal has of each order's last import."""
    found: dict[str, _Imported] = {}
    for line in replay_view.import_lines(bench.connection, bench.store.id, external_ids):
        id = line.external_id or ""
        if line.outcome in (Outcome.IMPORTED, Outcome.SKIPPED):
            found[id] = _Imported(line.at)
        elif line.outcome == Outcome.NOTED and id in found and line.reason in _REASONS:
            found[id] = replace(found[id], notes=(*found[id].notes, Note(_REASONS[line.reason], line.detail)))
    return found


def _compare(bench: _Bench, one: Replay) -> Replayed:
    try:
        if asks_the_shop(one):
            return bench.said(one.kept, left_out=NotCompared.ASKS_THE_SHOP)
        return bench.said(one.kept, compare(one))
    except _BUGS as error:
        return bench.said(one.kept, compare_broken(one.kept, bare(error)))
