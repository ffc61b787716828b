"""Locations of the built-in hub: what is of one, another code or name for it, and its end. It decides nothing."""

from typing import Final

from connectors.errors import HubRefused
from connectors.postgres import Connection, queries
from schemas.actions import ChangeLocation, RemoveLocation
from schemas.hub import MOST_COUNTED, LocationUses

_SQL: Final = queries("locations", __package__)


def carry_out(connection: Connection, action: ChangeLocation | RemoveLocation) -> str:
    """Carry the action out; the location's id. Raises HubRefused."""
    if isinstance(action, ChangeLocation):
        values = {"code": action.code, "new_code": action.new_code, "name": action.name}
        row = connection.execute(_SQL["change_location"], values).fetchone()
    else:
        connection.execute(_SQL["drop_empty_stock"], {"code": action.code})
        row = connection.execute(_SQL["remove_location"], {"code": action.code}).fetchone()
    if row is None:
        raise HubRefused(f"there is no location {action.code}")
    return str(row["id"])


def uses(connection: Connection, code: str) -> LocationUses | None:
    """What is of a location; nothing comes to be of it before the transaction ends. None where there is none such."""
    if connection.execute(_SQL["hold_to_remove"], {"code": code}).fetchone() is None:
        return None
    row = connection.execute(_SQL["uses"], {"code": code, "most": MOST_COUNTED}).fetchone()
    return LocationUses(**row) if row else None
