"""Locations of the hub and of the shops: another code for one, its end, and which of a shop's stands for which."""

from collections.abc import Mapping

from connectors import postgres
from connectors.errors import HubRefused, Unavailable
from connectors.hub import Hub
from connectors.hubs import our_hub
from connectors.postgres import Connection, stock, stores
from connectors.postgres.rows import StoreRow
from connectors.store import StoreConnector
from schemas.actions import ChangeLocation, RemoveLocation
from schemas.errors import SettingRefused
from schemas.groups import Group
from schemas.settings import Value
from tasks.held import Process
from tasks.rules.places import MappedLocation, hub_locations, location_of, map_locations, unknown_places, why_kept


def mapped_locations(held: Process, row: StoreRow) -> list[MappedLocation]:
    """What a shop calls its places, asked for now, with the hub's location that each stands for."""
    connector = held.connector(row)
    found = connector.locations()
    with held.pool.connection() as connection:
        account = stores.account(connection)
    store = stores.read_store(row, connector.platform)
    return map_locations(found, hub_locations(store, location_of(store, account)))


def refuse_unknown_places(connector: StoreConnector, settings: Mapping[str, Value]) -> None:
    """Refuse a map that names what is no location of the shop. Raises SettingRefused or a ConnectorError."""
    named = settings.get("location_map")
    if not isinstance(named, dict) or not named:
        return
    try:
        found = connector.locations()
    except Unavailable as error:
        words = f"nothing was saved: location_map is checked against the shop's locations, and {error.problem}"
        raise Unavailable(words, request=error.request, status=error.status) from error
    if wrong := unknown_places(found, named):
        raise SettingRefused("location_map", wrong)


def refuse_unknown_locations(connection: Connection, settings: Mapping[str, Value]) -> None:
    """Refuse settings that name no location of the hub; those they name stay until the transaction ends.

    A hub that cannot hold them is asked before the transaction, and not in it.
    """
    mapped = settings.get("location_map", {})
    named = [(key, settings.get(key)) for key in ("location", "default_location")]
    named += [("location_map", code) for code in (mapped.values() if isinstance(mapped, dict) else ())]
    hub = our_hub(connection)
    may_ask = hub.facts.shares_transaction or not postgres.is_in_transaction(connection)
    if not may_ask or not any(code for _, code in named):
        return
    with hub.unit():
        known = {place.code for place in hub.locations()}
    for key, code in named:
        if code and code not in known:
            raise SettingRefused(key, f"there is no location {code!r}; there are {', '.join(sorted(known))}")


def change_location(connection: Connection, action: ChangeLocation) -> None:
    """Give a location another code or name; every setting that names it follows."""
    hub = our_hub(connection)
    with hub.unit():
        hub.apply([Group("location", (action,))])
        if action.new_code is not None and action.new_code != action.code:
            with postgres.together(connection):
                _follow_location(connection, action.code, action.new_code)


def _follow_location(connection: Connection, code: str, new_code: str) -> None:
    if stores.account(connection).default_location == code:
        stores.change_account(connection, {"default_location": new_code})
    stores.follow_location(connection, code, new_code)
    for store in stores.stores(connection):  # whoever is telling one now goes by the code of before
        stock.due_again(connection, store.id)


def remove_location(connection: Connection, code: str) -> None:
    """Remove a location that nothing is of, and that no setting names. Raises HubRefused with what keeps it."""
    hub = our_hub(connection)
    with hub.unit():
        why = why_location_stays(connection, code, hub=hub)
        if why is None:
            raise HubRefused(f"there is no location {code}")
        if why:
            raise HubRefused(f"location {code} stays, as it is still used: {why}")
        hub.apply([Group("location", (RemoveLocation(code),))])


def why_location_stays(connection: Connection, code: str, *, hub: Hub | None = None) -> str | None:
    """What keeps a location; empty where nothing does, None where there is none such."""
    uses = (hub or our_hub(connection)).location_uses(code)
    return None if uses is None else why_kept(uses, named_by=_named_by(connection, code))


def _named_by(connection: Connection, code: str) -> list[str]:
    named = ["the account's default_location"] if stores.account(connection).default_location == code else []
    for store in stores.stores(connection):
        places = store.settings.get("location_map")
        keys = ["location"] if store.settings.get("location") == code else []
        keys += ["location_map"] if isinstance(places, dict) and code in places.values() else []
        named += [f"{key} of the store {store.name}" for key in keys]
    return named
