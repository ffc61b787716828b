"""Where Katana knocks when something moves: one subscription of ours, made once, looked at now and then, and mended."""

from collections.abc import Mapping
from typing import Any, Final

from connectors.errors import Unavailable
from connectors.katana.budget import Priority
from connectors.katana.client import KatanaClient
from connectors.katana.intents import Creation, forget, make_once
from connectors.postgres import Connection

# What is not told of, as customers, services and parts of a delivery, is asked for anyhow.
EVENTS: Final = (
    *("sales_order.created", "sales_order.updated", "sales_order.packed", "sales_order.delivered"),
    *("sales_order.deleted", "current_inventory.product_updated", "current_inventory.material_updated"),
)
_KIND: Final = "webhook"
_NOW: Final = Priority.POLL


def keep_subscription(connection: Connection, client: KatanaClient, address: str) -> str:
    """Have Katana knock at an address, and nowhere else with that end; what its messages are signed with.

    The end of an address is a secret of ours: whoever has it was asked for by us. Raises a ConnectorError.
    """
    end = address.rpartition("/")[2]
    ours = [one for one in _all(client) if str(one.get("url", "")).endswith(f"/{end}")]
    for more in ours[1:]:
        client.delete(f"webhooks/{more['id']}", priority=_NOW)
    if not ours:
        ours = [_made(connection, client, address, end)]
    elif not _is_well(ours[0], address):
        body = {"url": address, "subscribed_events": list(EVENTS), "enabled": True}
        client.patch(f"webhooks/{ours[0]['id']}", body, priority=_NOW)
    token = ours[0].get("token")
    if not isinstance(token, str) or not token:
        raise Unavailable("Katana does not say what its webhook is signed with", request="GET webhooks")
    return token


def drop_subscription(client: KatanaClient, end: str) -> None:
    """Have Katana knock at no address with that end any more. Raises a ConnectorError."""
    for one in _all(client):
        if str(one.get("url", "")).endswith(f"/{end}"):
            client.delete(f"webhooks/{one['id']}", priority=_NOW)


def _made(connection: Connection, client: KatanaClient, address: str, end: str) -> dict[str, Any]:
    def look() -> str | None:
        return next((str(one["id"]) for one in _all(client) if one.get("url") == address), None)

    def send(body: Mapping[str, Any]) -> str:
        return str(client.post("webhooks", body, priority=_NOW)["id"])

    forget(connection, _KIND, end)  # it is not there, whatever was made once
    body = {"url": address, "subscribed_events": list(EVENTS), "description": "storesync"}
    id_ = make_once(connection, Creation(_KIND, end, body, look, send)).id
    found = next((one for one in _all(client) if str(one.get("id")) == id_), None)
    if found is None:
        raise Unavailable("Katana does not show the webhook yet that it has just made", request="GET webhooks")
    return found


def _all(client: KatanaClient) -> list[dict[str, Any]]:
    return [one for page in client.pages("webhooks", {}, priority=_NOW) for one in page]


def _is_well(one: Mapping[str, Any], address: str) -> bool:
    events = one.get("subscribed_events")
    has_all = isinstance(events, list) and set(EVENTS) <= set(events)
    return bool(one.get("enabled")) and one.get("url") == address and has_all
