"""BigCommerce's webhooks: signed as Standard Webhooks are, or with a header of ours that the shop sends along."""

import hmac
from datetime import UTC, datetime
from typing import Any, Final

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from connectors.following import usable_id
from connectors.webhooks import Addressee, Forged, Heard, Message, body_of, number_of
from schemas.reasons import Reason
from schemas.webhooks import Figure

SECRET_HEADER: Final = "x-storesync-secret"


def read_webhook(message: Message, to: Addressee) -> Heard:
    """What a message says. Raises Forged, for one that was signed more than 5 minutes ago as well."""
    _prove(message, to)
    said = body_of(message)
    shop, _, producer = str(said.get("producer", "")).rpartition("/")
    if shop == "stores" and producer.lower() != (to.shop or to.url.rpartition("/")[2]):
        raise Forged(Reason.WEBHOOK_OTHER_SHOP)
    return Heard(
        topic=str(said.get("scope", "")),
        external_id=usable_id(said.get("data")),
        delivery=message.headers.get("webhook-id"),
        figure=_figure(said.get("data")),
    )


def _figure(data: Any) -> Figure | None:
    """Of a product or variant whose pieces were set."""
    moved = data.get("inventory") if isinstance(data, dict) else None
    if not isinstance(moved, dict):
        return None
    kind = "variant" if moved.get("variant_id") else "product"
    number = usable_id({"id": moved.get(f"{kind}_id")})
    pieces = number_of(moved.get("value")) if moved.get("method") == "absolute" else None
    return Figure(f"{kind}/{number}", pieces) if number else None


def _prove(message: Message, to: Addressee) -> None:
    """By the signature, with the client secret of the account; where that is not known, or nothing is signed, by ours.

    https://github.com/bigcommerce/docs, docs/integrations/webhooks/https-webhook-overview.mdx, Security
    """
    client_secret, own = to.credentials.get("client_secret"), to.credentials.get("webhook_secret")
    if client_secret and "webhook-signature" in message.headers:
        hook = Webhook(client_secret.encode())
        try:
            hook.verify(message.body, {**message.headers}, json_parse=False)
        except (WebhookVerificationError, ValueError) as error:
            is_old = _is_signed(hook, message)
            raise Forged(Reason.WEBHOOK_OTHER_TIME if is_old else Reason.WEBHOOK_UNPROVED) from error
    elif not own or not hmac.compare_digest(message.headers.get(SECRET_HEADER, "").encode(), own.encode()):
        raise Forged


def _is_signed(hook: Webhook, message: Message) -> bool:
    """Whether the shop signed a message, whenever that was."""
    try:
        at = datetime.fromtimestamp(float(message.headers.get("webhook-timestamp", "")), tz=UTC)
        made = hook.sign(message.headers.get("webhook-id", ""), at, message.body.decode())
    except (ValueError, OverflowError, OSError):
        return False
    said = message.headers.get("webhook-signature", "").split(" ")
    return any([hmac.compare_digest(made.encode(), each.encode()) for each in said])
