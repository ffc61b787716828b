"""Locations of the hub and of the shops: another code for one, its end, and which of a shop's stands for which."""

from collections.abc import Mapping

from connectors.errors import HubRefused, Unavailable
from connectors.postgres import Connection, Row, hub_locations, stock, stores
from connectors.postgres.hub import PostgresHub
from connectors.store import StoreConnector
from schemas.actions import ChangeLocation, RemoveLocation
from schemas.errors import SettingRefused
from schemas.settings import Value
from tasks.process import Process
from tasks.rules.locations import MappedLocation, map_locations, unknown_places, why_kept
from tasks.rules.stock import hub_locations as places_of


def mapped_locations(held: Process, row: Row) -> list[MappedLocation]:
    """What a shop calls its places, asked for now, with the hub's location that each stands for."""
    connector = held.connector(row)
    found = connector.locations()
    with held.pool.connection() as connection:
        account = stores.account(connection)
    store = stores.read_store(row, connector.platform)
    return map_locations(found, places_of(store, str(store.settings["location"] or account.default_location)))


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
    """Refuse settings that name no location of the hub; those they name stay until the transaction ends."""
    mapped = settings.get("location_map", {})
    named = [(key, settings.get(key)) for key in ("location", "default_location")]
    named += [("location_map", code) for code in (mapped.values() if isinstance(mapped, dict) else ())]
    known = hub_locations.hold(connection, {str(code) for _, code in named if code})
    for key, code in named:
        if code and code not in known:
            there = ", ".join(sorted(place["code"] for place in PostgresHub(connection).locations()))
            raise SettingRefused(key, f"there is no location {code!r}; there are {there}")


def change_location(connection: Connection, action: ChangeLocation) -> None:
    """Give a location another code or name; every setting that names it follows."""
    with connection.transaction():
        PostgresHub(connection).apply([action])
        if action.new_code is None or action.new_code == action.code:
            return
        if stores.account(connection).default_location == action.code:
            stores.change_account(connection, {"default_location": action.new_code})
        stores.follow_location(connection, action.code, action.new_code)
        for store in stores.stores(connection):  # whoever is telling one now goes by the code of before
            stock.due_again(connection, store["id"])


def remove_location(connection: Connection, code: str) -> None:
    """Remove a location that nothing is of, and that no setting names. Raises HubRefused with what keeps it."""
    with connection.transaction():
        uses = hub_locations.hold_to_remove(connection, code)
        if uses is None:
            raise HubRefused(f"there is no location {code}")
        if why := why_kept(uses, named_by=_named_by(connection, code)):
            raise HubRefused(f"location {code} stays, as it is still used: {why}")
        PostgresHub(connection).apply([RemoveLocation(code)])


def _named_by(connection: Connection, code: str) -> list[str]:
    named = ["the account's default_location"] if stores.account(connection).default_location == code else []
    for store in stores.stores(connection):
        keys = [
            key
            for key, value in store["settings"].items()
            if (key == "location" and value == code) or (key == "location_map" and code in value.values())
        ]
        named += [f"{key} of the store {store['name']}" for key in keys]
    return named
