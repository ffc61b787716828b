"""The toy's webhooks: signed with the shop's key, and of one topic."""

from connectors.following import usable_id
from connectors.webhooks import Addressee, Heard, Message, body_of, prove


def read_webhook(message: Message, to: Addressee) -> Heard:
    """What a message says. Raises Forged."""
    prove(message, "x-toy-signature", to.credentials.get("key"))
    return Heard("moved", usable_id(body_of(message)))
