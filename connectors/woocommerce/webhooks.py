"""WooCommerce's webhooks: signed with a secret of the webhook's own, and a ping that nobody signs."""

import re
from typing import Any, Final

from connectors.following import usable_id
from connectors.webhooks import Addressee, Heard, Message, body_of, number_of, prove
from schemas.webhooks import Figure
from schemas.woocommerce.catalogue import external_id

_SIGNATURE: Final = "x-wc-webhook-signature"
_PING: Final = re.compile(rb"webhook_id=[0-9]{1,20}")


def read_webhook(message: Message, to: Addressee) -> Heard | None:
    """What a message says; None for a ping. Raises Forged.

    A new webhook, and one whose delivery failed, sends a form without a signature. X-WC-Webhook-Delivery-ID is a hash
    of the webhook and the second, so that many orders share one: no message is known by it. Where an order is gone by
    the time it is told of, the body is the shop's error, signed: then only the topic counts.
    """
    if _SIGNATURE not in message.headers and _PING.fullmatch(message.body):
        return None
    prove(message, _SIGNATURE, to.credentials.get("webhook_secret"))
    said = body_of(message)
    return Heard(message.headers.get("x-wc-webhook-topic", ""), usable_id(said), figure=_figure(said))


def _figure(said: dict[str, Any]) -> Figure | None:
    """Of a product or variation whose pieces are its own."""
    number, parent, pieces = usable_id(said), said.get("parent_id"), number_of(said.get("stock_quantity"))
    if number is None or said.get("manage_stock") is not True:
        return None
    name = external_id(number, str(parent) if parent else None)
    return Figure(name, pieces, sku=str(said.get("sku", "")))
