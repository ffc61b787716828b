"""Webhooks as the vendors sign and send them."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from standardwebhooks.webhooks import Webhook

Sent = tuple[dict[str, str], bytes]  # headers and body


def signature(secret: str, body: bytes) -> str:
    """The base64 HMAC-SHA256 of a body."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def woocommerce(secret: str, topic: str, body: bytes) -> Sent:
    """A message of a WooCommerce shop."""
    return {"X-WC-Webhook-Topic": topic, "X-WC-Webhook-Signature": signature(secret, body)}, body


def shopify(secret: str, topic: str, body: bytes, *, shop: str, delivery: str = "d-1") -> Sent:
    """A message of a Shopify shop."""
    headers = {
        "X-Shopify-Topic": topic,
        "X-Shopify-Shop-Domain": shop,
        "X-Shopify-Webhook-Id": delivery,
        "X-Shopify-Triggered-At": "2026-11-28T10:00:00.123Z",
        "X-Shopify-Hmac-Sha256": signature(secret, body),
    }
    return headers, body


def bigcommerce(secret: str, said: Mapping[str, Any], *, delivery: str = "msg_1", ago: timedelta = timedelta()) -> Sent:
    """A message of a BigCommerce shop, signed some time ago."""
    body = json.dumps(said).encode()
    at = datetime.now(UTC).replace(microsecond=0) - ago
    headers = {
        "webhook-id": delivery,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": f"v1a,AAAA {Webhook(secret.encode()).sign(delivery, at, body.decode())}",
    }
    return headers, body
