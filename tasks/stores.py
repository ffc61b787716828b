"""Connecting and changing stores: nothing is kept that was not proved, nothing is half-saved."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from connectors import platforms
from connectors.addresses import shop_key
from connectors.config import ConfigError
from connectors.errors import Lacking
from connectors.postgres import Connection, earlier_secrets, journal, orders, stock, stock_imports, stores, tokens
from connectors.postgres.rows import StoreRow
from connectors.store import StoreConnector, StoreFacts
from schemas.errors import SettingRefused
from schemas.journal import Action, Line, Outcome
from schemas.platform import Platform
from schemas.reasons import Reason
from schemas.rights import Need
from schemas.settings import Value, profile_of, read_store_settings, with_defaults
from schemas.stores import StockNews, StoreState
from tasks.account import change_account
from tasks.checks import go_on, needs_of
from tasks.held import Process
from tasks.locations import refuse_unknown_locations, refuse_unknown_places
from tasks.other_links import refuse_other_link
from tasks.rules.eligibility import skips_ended_by
from tasks.rules.rights import added, missing_words
from tasks.rules.settings import MadeDue, decide_due
from tasks.rules.stock import stock_news
from tasks.subscriptions import unsubscribe, with_own_secret

AgreeToConnect = Callable[[StoreConnector, Mapping[str, Value]], object]
AgreeToChange = Callable[[StoreRow, Mapping[str, Value]], object]

SIGNED_BEFORE: Final = timedelta(days=7)  # other credentials came: what the shop signs with those of before is true
LEFT: Final = timedelta(days=90)  # a store was disconnected: its shop asks two days later to have all buyers erased

_CHANGED: Final = "{0} was changed meanwhile, and nothing is saved: see storesync store show {0}"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_NO_NAMES: Final = frozenset({"connect", "hub"})  # addresses of the console have them in a store's place


@dataclass(frozen=True, slots=True)
class NewStore:
    """What a person says of a store to connect."""

    platform: str
    name: str
    url: str
    credentials: Mapping[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    allow_insecure: bool = False
    inactive: bool = False  # nothing travels by itself before it is activated (STG-1)
    beside_another: bool = False  # somebody wants it though the hub's own link to the shop may be on


def connect_store(held: Process, new: NewStore, agree: AgreeToConnect | None = None) -> StoreFacts:
    """Connect a store once address, credentials and rights are proved (DOR-4). Raises a ConnectorError as well.

    `agree` raises where a person does not want what the settings would do to the shop (STK-10).
    """
    _refuse_unusable(new)
    url = platforms.address_of(new.platform, new.url, allow_insecure=new.allow_insecure)
    credentials = with_own_secret(new.platform, read_credentials(new.platform, new.credentials))
    settings = read_store_settings(platforms.record(new.platform), new.settings)
    with held.pool.connection() as connection:
        refuse_unknown_locations(connection, settings)
        _refuse_taken(connection, new, url)

    # No connection is held while the shop is asked.
    connector = platforms.open_store(new.platform, url, credentials, allow_insecure=new.allow_insecure)
    facts = _prove(connector, needs_of(new.platform, settings))
    refuse_unknown_places(connector, settings)
    if not new.inactive:  # else it is asked when it is activated
        if not new.beside_another:
            refuse_other_link(held, (new.platform, facts.shop or shop_key(url)))
        if agree:
            agree(connector, settings)

    values = stores.StoreValues(
        name=new.name,
        platform=new.platform,
        url=url,
        shop=facts.shop,
        credentials=held.secrets.lock(credentials),
        settings=settings,
        stock_news=_stock_news(new.platform, settings),
        allow_insecure=new.allow_insecure,
        state=StoreState.INACTIVE if new.inactive else StoreState.ACTIVE,
    )
    with held.pool.connection() as connection, connection.transaction():
        refuse_unknown_locations(connection, settings)  # again: one may have gone while the shop was asked
        before = stores.store_of(connection, new.platform, url, facts.shop)
        if before is not None and before.state != StoreState.DISCONNECTED:
            raise SettingRefused("url", _connected_as(before))
        store_id = stores.connect_store(connection, values, before)
        if store_id is None:
            raise SettingRefused("url", "this shop is connected already: see storesync store list")
        earlier_secrets.forget(connection, store_id)
        stores.want_products(connection, store_id, wanted=False)
        if not new.inactive:
            _begin(connection, store_id, settings, connector.platform)
        _adopt_currency(connection, facts)
        detail = {"url": url, "settings": dict(settings), **_kept_from_us(facts)}
        journal.add(connection, Line(Action.CONNECT, Outcome(values.state), detail=detail), store_id=store_id)
    return facts


def is_there(held: Process, new: NewStore) -> bool:
    """Whether a store was connected so already, with these credentials, and is inactive still."""
    url = platforms.address_of(new.platform, new.url, allow_insecure=new.allow_insecure)
    with held.pool.connection() as connection:
        row = stores.store_at(connection, new.platform, url)
    if row is None or (row.name, row.state) != (new.name, StoreState.INACTIVE):
        return False
    return new.credentials.items() <= held.secrets.unlock(row.credentials).items()


def meant_address(connection: Connection, new: NewStore) -> str:
    """Where a shop to connect is, as far as can be told without asking it. Raises SettingRefused, and Unsafe."""
    _refuse_unusable(new)
    url = platforms.address_of(new.platform, new.url, allow_insecure=new.allow_insecure)
    _refuse_taken(connection, new, url)
    return url


def activate_store(
    held: Process, row: StoreRow, agree: AgreeToChange | None = None, *, beside_another: bool = False
) -> StoreFacts:
    """Let what a store has travel from now on, once it is proved again that it can (STG-1). Raises a ConnectorError.

    Its orders are those of a store that was connected this moment (ORD-2). `agree` raises as at connecting (STK-10).
    """
    refuse_unless_inactive(row)
    connector = held.connector(row)
    facts = _prove(connector, needs_of(row.platform, row.settings))
    if not beside_another:
        refuse_other_link(held, (row.platform, facts.shop or shop_key(row.url)))
    if agree:
        agree(row, row.settings)
    with held.pool.connection() as connection, connection.transaction():
        if not stores.activate(connection, row.id):
            raise SettingRefused("state", _CHANGED.format(row.name))
        stores.name_shop(connection, row.id, facts.shop)
        _begin(connection, row.id, row.settings, connector.platform)
        journal.add(connection, Line(Action.SET_STATE, Outcome.ACTIVE), store_id=row.id)
    return facts


def refuse_unless_inactive(row: StoreRow) -> None:
    """Raises SettingRefused where a store was activated already."""
    if row.state is not StoreState.INACTIVE:
        cure = f": storesync store resume {row.name}" if row.state is StoreState.PAUSED else ""
        raise SettingRefused("state", f"{row.name} is {row.state.replace('_', ' ')}, not inactive{cure}")


def _begin(connection: Connection, store_id: int, settings: Mapping[str, Value], platform: Platform) -> None:
    """What an active store begins with."""
    if settings.get("products.import_on_connect"):
        stores.want_products(connection, store_id, wanted=True)
    _welcome_back(connection, store_id, settings, platform)


def _refuse_unusable(new: NewStore) -> None:
    if new.platform not in platforms.PLATFORMS:
        raise SettingRefused("platform", f"must be one of {', '.join(sorted(platforms.PLATFORMS))}")
    if not _NAME.fullmatch(new.name) or new.name.isdecimal():
        raise SettingRefused("name", "must be lower-case letters, digits, - and _, with at least one letter")
    if new.name in _NO_NAMES:
        raise SettingRefused("name", f"{new.name!r} means something else: take another")


def _welcome_back(connection: Connection, store_id: int, settings: Mapping[str, Value], platform: Platform) -> None:
    """Of a shop that was here before: it ends with the hub's stock, and what was skipped is looked at again."""
    stock.due_again(connection, store_id, is_known=False)
    stock.try_again(connection, store_id)
    orders.skipped_again(connection, store_id, skips_ended_by(settings, profile_of(platform, settings)))
    orders.news_again(connection, store_id, Reason.CREATED_BEFORE_ACTIVATION)  # its first fetch reaches back again


def _kept_from_us(facts: StoreFacts) -> dict[str, list[str]]:
    return {"withheld": list(facts.withheld)} if facts.withheld else {}


def read_credentials(platform: str, given: Mapping[str, str], kept: Mapping[str, str] | None = None) -> dict[str, str]:
    """All that one way to connect takes, and nothing of another way; what is new goes before what was kept."""
    wanted = platforms.record(platform)
    ways = wanted.ways_to_connect
    said = ", or ".join(" and ".join(way) for way in ways)
    for key in given:
        if key not in {*wanted.optional_credentials}.union(*ways):
            raise SettingRefused(key, f"{platform} has no such credential; it wants {said}")
    all_of_them = {key: value.strip() for key, value in {**(kept or {}), **given}.items() if value.strip()}
    meant = [way for way in ways if given.keys() & way] or ways
    for way in meant:
        if all_of_them.keys() >= {*way}:
            return {key: all_of_them[key] for key in (*way, *wanted.optional_credentials) if key in all_of_them}
    missing = next(key for key in meant[0] if key not in all_of_them)
    others = f" ({platform} wants {said})" if len(ways) > 1 else ""
    raise SettingRefused(missing, f"is missing: add --credential {missing}=VALUE{others}")


def _refuse_taken(connection: Connection, new: NewStore, url: str) -> None:
    taken = stores.find_store(connection, new.name)
    if taken is not None and taken.name == new.name and taken.state != StoreState.DISCONNECTED:
        raise SettingRefused("name", f"there is a store {new.name!r} already: see storesync store show {new.name}")
    same = stores.store_at(connection, new.platform, url)
    if same is not None and same.state != StoreState.DISCONNECTED:
        raise SettingRefused("url", _connected_as(same))


def _connected_as(row: StoreRow) -> str:
    other = f", by the address {row.url}"
    return f"this shop is connected already, as {row.name!r}{other}: see storesync store show {row.name}"


def _stock_news(platform: str, settings: Mapping[str, Value]) -> StockNews | None:
    return stock_news(with_defaults(platforms.record(platform), settings))


def _prove(connector: StoreConnector, needs: Sequence[Need], *, asked: Sequence[Need] | None = None) -> StoreFacts:
    """Ask the shop for all rights that are needed; those `asked` for must be there, if given. Raises Lacking."""
    facts = connector.check([need.right for need in needs])
    must = {need.right for need in (needs if asked is None else asked)}
    lacks = [lack for lack in facts.lacks if lack.right in must]
    if lacks:
        raise Lacking(missing_words(lacks, needs, connector.platform))
    return facts


def _adopt_currency(connection: Connection, facts: StoreFacts) -> None:
    """The first store's currency becomes the base currency, unless a person chose one."""
    if facts.currency and not stores.account_has(connection, "base_currency"):
        change_account(connection, {"base_currency": facts.currency})


def prove_change(held: Process, row: StoreRow, given: Mapping[str, Any]) -> None:
    """Ask whatever is asked before other settings are saved. Raises SettingRefused, or a ConnectorError."""
    settings = {**row.settings, **read_store_settings(platforms.record(row.platform), given)}
    with held.pool.connection() as connection:
        refuse_unknown_locations(connection, settings)
    needs = needs_of(row.platform, settings)
    if more := added(needs_of(row.platform, row.settings), needs):
        _prove(held.connector(row), needs, asked=more)
    if "location_map" in given:
        refuse_unknown_places(held.connector(row), settings)


def change_store(
    held: Process,
    row: StoreRow,
    given: Mapping[str, Any],
    credentials: Mapping[str, str],
    *,
    url: str | None = None,
    agree: AgreeToChange | None = None,
) -> None:
    """Change settings, and credentials or address once the store takes them; one that needed attention goes on.

    A shop that moved must be changed, not connected anew: at a new address all its open orders would be new.
    """
    settings = {**row.settings, **read_store_settings(platforms.record(row.platform), given)}
    locked = row.credentials
    with held.pool.connection() as connection:
        refuse_unknown_locations(connection, settings)
    address = row.url
    if url:
        address = platforms.address_of(row.platform, url, allow_insecure=row.allow_insecure)
    if credentials:
        merged = read_credentials(row.platform, credentials, held.secrets.unlock(row.credentials))
        locked = held.secrets.lock(with_own_secret(row.platform, merged))
    needs = needs_of(row.platform, settings)
    more = added(needs_of(row.platform, row.settings), needs)
    moved = replace(row, credentials=locked, url=address)
    facts = None
    if credentials or url or more:
        facts = _prove(held.connector(moved), needs, asked=None if credentials or url else more)
    if url or "location_map" in given:
        refuse_unknown_places(held.connector(moved), settings)
    due = decide_due(row.settings, settings, platform=platforms.record(row.platform))
    if agree and due.stock:
        agree(moved, settings)
    with held.pool.connection() as connection, connection.transaction():
        refuse_unknown_locations(connection, settings)  # again: one may have gone while the shop was asked
        _refuse_another(connection, row, address, facts if url else None)
        news = _stock_news(row.platform, settings)
        if not stores.change_store(
            connection, row, settings=settings, stock_news=news, credentials=locked, url=address
        ):
            raise SettingRefused("settings", _CHANGED.format(row.name))
        if credentials:
            _keep_proof(held, connection, row, held.secrets.unlock(locked))
        if facts:
            stores.name_shop(connection, row.id, facts.shop)
        go_on(connection, row)
        stock.try_again(connection, row.id)
        _look_again(connection, row.id, due)
        detail = {"settings": dict(given), "credentials": sorted(credentials), "url": address}
        journal.add(connection, Line(Action.RECONFIGURE, Outcome.SAVED, detail=detail), store_id=row.id)


def _refuse_another(connection: Connection, row: StoreRow, address: str, facts: StoreFacts | None) -> None:
    """Two stores are never one shop, by its address or by what it calls itself (MUL-4)."""
    same = stores.store_at(connection, row.platform, address)
    if facts:
        same = stores.store_of(connection, row.platform, address, facts.shop)
    if same is not None and same.id != row.id:
        raise SettingRefused("url", f"this shop is known already, as {same.name!r}")


def _look_again(connection: Connection, store_id: int, due: MadeDue) -> None:
    """What other settings may see otherwise is due now, not only what changes from now on."""
    if due.stock:
        stock.due_again(connection, store_id, is_known=due.is_shown_known)
    if due.statuses is not None:
        orders.look_again(connection, store_id, due.statuses)
    if due.fulfillments:
        noted = Reason.FULFILLMENT_SYNC_OFF
        orders.look_both_ways(connection, store_id, noted=noted, also_delivered=due.also_delivered)
    orders.skipped_again(connection, store_id, due.skipped)


def set_state(held: Process, row: StoreRow, state: StoreState) -> None:
    """Pause, resume or disconnect a store; one that is left is asked to tell nothing more, if it answers (BEY-5).

    One that was never activated is neither paused nor resumed (STG-1).
    """
    if row.state is StoreState.INACTIVE and state is not StoreState.DISCONNECTED:
        raise SettingRefused("state", f"{row.name} is not active yet: storesync store activate {row.name}")
    if state == StoreState.DISCONNECTED:
        unsubscribe(held, row)
    with held.pool.connection() as connection, connection.transaction():
        if not stores.set_state(connection, row.id, state):
            raise SettingRefused("state", f"{row.name} is disconnected, and nothing was done")
        if state == StoreState.DISCONNECTED:
            _keep_last_proof(held, connection, row)
            tokens.forget(connection, row.id)
            stock_imports.forget(connection, row.id)
        go_on(connection, row)
        stock.try_again(connection, row.id)
        journal.add(connection, Line(Action.SET_STATE, Outcome(state)), store_id=row.id)


# -- what proved its messages ------------------------------------------------------------------------------------------


def _keep_proof(held: Process, connection: Connection, row: StoreRow, now: Mapping[str, str]) -> None:
    """Shops sign with the secret of before until somebody ends it there: it proves for a while beside the new one."""
    before = _proof(held, row)
    gone = {key: secret for key, secret in before.items() if now.get(key) != secret}
    if gone:
        earlier_secrets.keep(connection, row.id, held.secrets.lock(gone), SIGNED_BEFORE)


def _keep_last_proof(held: Process, connection: Connection, row: StoreRow) -> None:
    """What a shop asks for on behalf of its buyers comes after it was left, and is to be proved then (DOR-6)."""
    earlier_secrets.forget(connection, row.id)
    proof = _proof(held, row) if platforms.record(row.platform).asks_for_buyers else {}
    if proof:
        earlier_secrets.keep(connection, row.id, held.secrets.lock(proof), LEFT)


def _proof(held: Process, row: StoreRow) -> dict[str, str]:
    """The credentials that prove a store's messages; of a store whose key is lost none."""
    try:
        known = held.secrets.unlock(row.credentials)
    except ConfigError:
        return {}
    return {key: known[key] for key in platforms.record(row.platform).signs_with if key in known}
