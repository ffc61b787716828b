"""Connecting, changing and checking stores: nothing is kept that was not proved, nothing is half-saved."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors import STORES, open_store
from connectors.errors import Lacking, Refused
from connectors.http import shop_url
from connectors.postgres import Connection, Row, journal, orders, stock, stock_imports, stores, tokens
from connectors.postgres.journal import Line
from connectors.store import StoreConnector, StoreFacts
from schemas.errors import SettingRefused
from schemas.platform import Platform
from schemas.reasons import Reason
from schemas.rights import Need, Right
from schemas.settings import Value, read_store_settings, with_defaults
from schemas.stores import StoreState
from tasks.account import change_account
from tasks.locations import refuse_unknown_locations, refuse_unknown_places
from tasks.process import Process
from tasks.rules.eligibility import skips_ended_by
from tasks.rules.parcels import SWITCH
from tasks.rules.rights import added, decide_needs, is_stopped_by, missing_words
from tasks.session import problem_of, stop_store, write_again

_STOCK_SETTINGS = {"stock.sync", "stock.quantity", "stock.tell_uncounted", "stock.buffer", "location", "location_map"}
_NEW_SIGHT = {"stock.sync", "location_map"}  # what it shows was not followed until now, or at other places
AgreeToConnect = Callable[[StoreConnector, Mapping[str, Value]], object]
AgreeToChange = Callable[[Row, Mapping[str, Value]], object]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True)
class NewStore:
    """What a person says of a store to connect."""

    platform: str
    name: str
    url: str
    credentials: Mapping[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    allow_insecure: bool = False


def connect_store(held: Process, new: NewStore, agree: AgreeToConnect | None = None) -> StoreFacts:
    """Connect a store once address, credentials and rights are proved (DOR-4). Raises a ConnectorError as well.

    `agree` raises where a person does not want what the settings would do to the shop (STK-10).
    """
    _refuse_unusable(new)
    url = shop_url(STORES[new.platform].meant(new.url), allow_insecure=new.allow_insecure)
    credentials = read_credentials(new.platform, new.credentials)
    settings = read_store_settings(new.platform, new.settings)
    with held.pool.connection() as connection:
        refuse_unknown_locations(connection, settings)
        _refuse_taken(connection, new, url)

    # No connection is held while the shop is asked.
    connector = open_store(new.platform, url, credentials, allow_insecure=new.allow_insecure)
    facts = _prove(connector, needs_of(new.platform, settings))
    refuse_unknown_places(connector, settings)
    if agree:
        agree(connector, settings)

    values = {
        "name": new.name,
        "platform": new.platform,
        "url": url,
        "shop": facts.shop,
        "credentials": held.secrets.lock(credentials),
        "settings": settings,
        "allow_insecure": new.allow_insecure,
    }
    with held.pool.connection() as connection, connection.transaction():
        refuse_unknown_locations(connection, settings)  # again: one may have gone while the shop was asked
        before = stores.store_of(connection, new.platform, url, facts.shop)
        if before is not None and before["state"] != StoreState.DISCONNECTED:
            raise SettingRefused("url", _connected_as(before))
        store_id = stores.connect_store(connection, values, before)
        if store_id is None:
            raise SettingRefused("url", "this shop is connected already: see storesync store list")
        stores.want_products(connection, store_id, wanted=bool(settings.get("products.import_on_connect")))
        _welcome_back(connection, store_id, settings, connector.platform)
        _adopt_currency(connection, facts)
        journal.add(
            connection, Line("connect", "active", detail={"url": url, **_kept_from_us(facts)}), store_id=store_id
        )
    return facts


def _refuse_unusable(new: NewStore) -> None:
    if new.platform not in STORES:
        raise SettingRefused("platform", f"must be one of {', '.join(sorted(STORES))}")
    if not _NAME.fullmatch(new.name) or new.name.isdecimal():
        raise SettingRefused("name", "must be lower-case letters, digits, - and _, with at least one letter")


def _welcome_back(connection: Connection, store_id: int, settings: Mapping[str, Value], platform: Platform) -> None:
    """Of a shop that was here before: it ends with the hub's stock, and what was skipped is looked at again."""
    stock.due_again(connection, store_id, is_known=False)
    stock.try_again(connection, store_id)
    orders.skipped_again(connection, store_id, skips_ended_by(settings, stores.profile_of(platform, settings)))
    orders.news_again(connection, store_id, Reason.CREATED_BEFORE_ACTIVATION)  # its first fetch reaches back again


def _kept_from_us(facts: StoreFacts) -> dict[str, list[str]]:
    return {"withheld": list(facts.withheld)} if facts.withheld else {}


def read_credentials(platform: str, given: Mapping[str, str], kept: Mapping[str, str] | None = None) -> dict[str, str]:
    """All that one way to connect takes, and nothing of another way; what is new goes before what was kept."""
    wanted = STORES[platform].platform
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
    if taken is not None and taken["name"] == new.name and taken["state"] != StoreState.DISCONNECTED:
        raise SettingRefused("name", f"there is a store {new.name!r} already: see storesync store show {new.name}")
    same = stores.store_at(connection, new.platform, url)
    if same is not None and same["state"] != StoreState.DISCONNECTED:
        raise SettingRefused("url", _connected_as(same))


def _connected_as(row: Row) -> str:
    other = f", by the address {row['url']}"
    return f"this shop is connected already, as {row['name']!r}{other}: see storesync store show {row['name']}"


def needs_of(platform: str, settings: Mapping[str, Value]) -> tuple[Need, ...]:
    """The rights that a store needs with the settings that were chosen for it."""
    profile = stores.profile_of(STORES[platform].platform, settings)
    return decide_needs(profile, with_defaults(platform, settings))


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


def change_store(
    held: Process,
    row: Row,
    given: Mapping[str, Any],
    credentials: Mapping[str, str],
    *,
    url: str | None = None,
    agree: AgreeToChange | None = None,
) -> None:
    """Change settings, and credentials or address once the store takes them; one that needed attention goes on.

    A shop that moved must be changed, not connected anew: at a new address all its open orders would be new.
    """
    settings = {**row["settings"], **read_store_settings(row["platform"], given)}
    locked = row["credentials"]
    with held.pool.connection() as connection:
        refuse_unknown_locations(connection, settings)
    address = row["url"]
    if url:
        address = shop_url(STORES[row["platform"]].meant(url), allow_insecure=row["allow_insecure"])
    if credentials:
        merged = read_credentials(row["platform"], credentials, held.secrets.unlock(row["credentials"]))
        locked = held.secrets.lock(merged)
    needs = needs_of(row["platform"], settings)
    news = added(needs_of(row["platform"], row["settings"]), needs)
    moved = {**row, "credentials": locked, "url": address}
    facts = None
    if credentials or url or news:
        facts = _prove(held.connector(moved), needs, asked=None if credentials or url else news)
    if url or "location_map" in given:
        refuse_unknown_places(held.connector(moved), settings)
    changed = {key for key in _STOCK_SETTINGS if settings.get(key) != row["settings"].get(key)}
    if agree and changed:
        agree(moved, settings)
    with held.pool.connection() as connection, connection.transaction():
        refuse_unknown_locations(connection, settings)  # again: one may have gone while the shop was asked
        _refuse_another(connection, row, address, facts if url else None)
        stores.change_store(connection, row["id"], settings=settings, credentials=locked, url=address)
        if facts:
            stores.name_shop(connection, row["id"], facts.shop)
        _go_on(connection, row)
        stock.try_again(connection, row["id"])
        if changed:
            stock.due_again(connection, row["id"], is_known=not changed & _NEW_SIGHT)
        for follow in (_follow_profile, _follow_fulfillment, _look_at_skipped):
            follow(connection, row, settings)
        detail = {"settings": dict(given), "credentials": sorted(credentials), "url": address}
        journal.add(connection, Line("reconfigure", "saved", detail=detail), store_id=row["id"])


def _refuse_another(connection: Connection, row: Row, address: str, facts: StoreFacts | None) -> None:
    """Two stores are never one shop, by its address or by what it calls itself (MUL-4)."""
    same = stores.store_at(connection, row["platform"], address)
    if facts:
        same = stores.store_of(connection, row["platform"], address, facts.shop)
    if same is not None and same["id"] != row["id"]:
        raise SettingRefused("url", f"this shop is known already, as {same['name']!r}")


def _follow_profile(connection: Connection, row: Row, settings: Mapping[str, Value]) -> None:
    """What another profile may see otherwise is looked at; a first connection has read the open orders of every one.

    What was over before the change stays as it was: orders whose status is one that imports new orders only.
    """
    platform = STORES[row["platform"]].platform
    profile = stores.profile_of(platform, settings)
    if profile is stores.profile_of(platform, row["settings"]):
        return
    over = profile.status_flags.said_first if profile.status_flags else {}
    orders.look_again(connection, row["id"], [status for status in profile.imports if status not in over])


def _follow_fulfillment(connection: Connection, row: Row, settings: Mapping[str, Value]) -> None:
    """What happened while a store's side or the hub's was not followed is brought and told once it is."""
    before, after = (with_defaults(row["platform"], chosen) for chosen in (row["settings"], settings))
    turned_on = {key for key, value in after.items() if value is True and before[key] is not True}
    flags = stores.profile_of(STORES[row["platform"]].platform, settings).status_flags
    tells_flags = flags is not None and flags.told_with in turned_on
    if SWITCH in turned_on or tells_flags:
        noted = Reason.FULFILLMENT_SYNC_OFF
        orders.look_both_ways(connection, row["id"], noted=noted, also_delivered=tells_flags)


def _look_at_skipped(connection: Connection, row: Row, settings: Mapping[str, Value]) -> None:
    """What these settings kept out until now is due, not only what changes from now on."""
    changed = {key for key, value in settings.items() if value != row["settings"].get(key)}
    profile = stores.profile_of(STORES[row["platform"]].platform, settings)
    orders.skipped_again(connection, row["id"], skips_ended_by(changed, profile))


def check_store(held: Process, row: Row) -> StoreFacts:
    """Ask the store whether address and credentials still work; a store that needed attention goes on if they do.

    What it says of rights that are missing is for people to read: what needs none of them goes on without. Nothing does
    without those that every store needs.
    """
    needs = needs_of(row["platform"], row["settings"])
    connector = held.connector(row)
    try:
        facts = connector.check([need.right for need in needs])
    except Refused as error:
        detail = {"problem": problem_of(error).words}
        with held.pool.connection() as connection:
            stop_store(connection, row["id"], reason=Reason.CREDENTIALS_REFUSED, detail=detail)
        raise
    if is_stopped_by(facts.lacks, needs):
        detail = {"problem": missing_words(facts.lacks, needs, connector.platform)}
        with held.pool.connection() as connection:
            stop_store(connection, row["id"], reason=Reason.CREDENTIALS_REFUSED, detail=detail)
        return facts
    with held.pool.connection() as connection, connection.transaction():
        if row["state"] == StoreState.NEEDS_ATTENTION:
            stores.set_state(connection, row["id"], StoreState.ACTIVE)
            stock.try_again(connection, row["id"])
            journal.add(connection, Line("check", "active"), store_id=row["id"])
        _go_on(connection, row, {lack.right for lack in facts.lacks})
        stores.name_shop(connection, row["id"], facts.shop)
    return facts


def _go_on(connection: Connection, row: Row, lacks: Collection[Right] = ()) -> None:
    """What was stopped for want of a right is tried again, unless the right is known to be missing still."""
    if Right.WRITE_ORDERS not in lacks:
        write_again(connection, row["id"])
    if row["stock_reason"] == Reason.WRITE_REFUSED and not {Right.READ_PRODUCTS, Right.WRITE_STOCK} & set(lacks):
        stock.try_again(connection, row["id"])
        journal.add(connection, Line("go_on", "stock"), store_id=row["id"])
    if Right.READ_PRODUCTS not in lacks:
        stock.read_again(connection, row["id"], reason=Reason.WRITE_REFUSED)


def set_state(held: Process, row: Row, state: StoreState) -> None:
    """Pause, resume or disconnect a store."""
    with held.pool.connection() as connection, connection.transaction():
        stores.set_state(connection, row["id"], state)
        if state == StoreState.DISCONNECTED:
            tokens.forget(connection, row["id"])
            stock_imports.forget(connection, row["id"])
        _go_on(connection, row)
        stock.try_again(connection, row["id"])
        journal.add(connection, Line("set_state", state), store_id=row["id"])
