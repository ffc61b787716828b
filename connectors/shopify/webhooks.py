"""Shopify's webhooks: signed with the secret of the app that subscribed."""

from typing import Any, Final
from urllib.parse import urlsplit

from connectors.following import usable_id
from connectors.webhooks import Addressee, Forged, Heard, Message, body_of, number_of, prove
from schemas.privacy import AboutBuyer
from schemas.reasons import Reason
from schemas.webhooks import Figure

_MOST_ORDERS: Final = 10_000  # of one buyer


def read_webhook(message: Message, to: Addressee) -> Heard:
    """What a message says. Raises Forged.

    One app may be in several shops, which sign with the same secret: the shop must be the store's. No message is too
    old: one that nobody answered comes again for hours, and says when it was first sent.
    """
    prove(message, "x-shopify-hmac-sha256", to.credentials.get("client_secret"), to.credentials.get("api_secret"))
    if message.headers.get("x-shopify-shop-domain", "").lower() not in {to.shop, urlsplit(to.url).hostname}:
        raise Forged(Reason.WEBHOOK_OTHER_SHOP)
    said = body_of(message)
    return Heard(
        topic=message.headers.get("x-shopify-topic", "").lower(),
        external_id=usable_id(said),
        delivery=message.headers.get("x-shopify-webhook-id"),
        figure=_figure(said),
        about=_about(said),
    )


def _figure(said: dict[str, Any]) -> Figure | None:
    """Of an item at a location."""
    item, place = (usable_id({"id": said.get(f"{name}_id")}) for name in ("inventory_item", "location"))
    pieces = number_of(said.get("available"))
    return Figure(f"gid://shopify/InventoryItem/{item}", pieces, place) if item and place else None


def _about(said: dict[str, Any]) -> AboutBuyer:
    """Whom one of the privacy webhooks is about, by ids alone.

    https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance
    """
    named = [said.get(name) for name in ("orders_requested", "orders_to_redact")]
    ids = [usable_id({"id": one}) for orders in named if isinstance(orders, list) for one in orders[:_MOST_ORDERS]]
    return AboutBuyer(usable_id(said.get("customer")), tuple(dict.fromkeys(id_ for id_ in ids if id_)))
