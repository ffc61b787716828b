"""The stand-in's webhooks: subscriptions by GraphQL, signed deliveries, and a subscription that fails is removed."""

import base64
import hashlib
import hmac
import itertools
import json
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sandbox.courier import Courier, Route, Telling
from sandbox.shopify.documents import Root
from sandbox.shopify.model import Json, gid, stamp
from sandbox.shopify.scopes import is_granted
from sandbox.shopify.tokens import App

GIVE_UP_AFTER: Final = 8  # failures in a row
RETRIES: Final = (60, 180, 300, 600, 900, 1800, 3600, 6960)  # eight in four hours; how they are spread is not published
_VERSION: Final = "2026-10"
_SCOPES: Final[Mapping[str, tuple[str, ...]]] = {
    "orders": ("read_orders",),
    "fulfillments": ("read_orders",),
    "refunds": ("read_orders",),
    "returns": ("read_returns", "read_orders"),
    "products": ("read_products",),
    "inventory_items": ("read_inventory",),
    "inventory_levels": ("read_inventory",),
    "app": (),
    "customers": ("read_customers",),
}


@dataclass(slots=True)
class ShopHook:
    """One subscription; `topic` as deliveries name it, `enum` as GraphQL does."""

    id: str
    enum: str
    uri: str
    created: datetime
    fields: tuple[str, ...] = ()
    failures: int = 0

    @property
    def topic(self) -> str:
        """Like orders/create."""
        return _topic(self.enum)

    def shown(self) -> Json:
        """As GraphQL shows it."""
        return {
            "id": self.id,
            "topic": self.enum,
            "uri": self.uri,
            "callbackUrl": self.uri,
            "format": "JSON",
            "createdAt": stamp(self.created),
            "includeFields": list(self.fields),
        }


class ShopHooks:
    """The subscriptions that the app asked for. The caller holds the shop's lock."""

    def __init__(self, app: App, now: Callable[[], datetime], domain: Callable[[], str]) -> None:
        self.hooks: dict[str, ShopHook] = {}
        self.courier = Courier(Route(self._request, self._ended, RETRIES))
        self.https_only = False
        self._app = app
        self._now = now
        self._domain = domain
        self._ids = itertools.count(1_234_001)

    def announce(self, topic: str, payload: Json) -> None:
        """Something happened: send it to every subscription of the topic."""
        wanted = [one for one in list(self.hooks.values()) if one.topic == topic]
        self.courier.send(
            Telling(one.id, topic, str(uuid.uuid4()), json.dumps(_only(payload, one.fields)).encode()) for one in wanted
        )

    def root(self) -> Root:
        """What can be asked of them."""
        return {"webhookSubscriptions": lambda _: [one.shown() for one in self.hooks.values()]}

    def mutations(self) -> Root:
        """What can be changed."""
        return {"webhookSubscriptionCreate": self._create, "webhookSubscriptionDelete": self._delete}

    def _create(self, asked: Mapping[str, Any]) -> Json:
        return self.subscribe(str(asked["topic"]), asked["webhookSubscription"])

    def subscribe(self, enum: str, given: Mapping[str, Any]) -> Json:
        """A new one, as the mutation makes it."""
        uri = str(given.get("uri") or given.get("callbackUrl") or "")
        if words := self._refusal(enum, uri):
            path = ["webhookSubscription", "callbackUrl"]
            return {"webhookSubscription": None, "userErrors": [{"field": path, "message": words}]}
        number = gid("WebhookSubscription", next(self._ids))
        hook = ShopHook(number, enum, uri, self._now(), tuple(given.get("includeFields") or ()))
        self.hooks[hook.id] = hook
        return {"webhookSubscription": hook.shown(), "userErrors": []}

    def _refusal(self, enum: str, uri: str) -> str:
        kind = _topic(enum).partition("/")[0]
        if kind not in _SCOPES or (_SCOPES[kind] and not is_granted(self._app.asking, _SCOPES[kind])):
            return "You cannot create a webhook subscription with the specified topic"
        parts = urlsplit(uri)
        if not parts.hostname:
            return "Address is invalid"
        if self.https_only and parts.scheme != "https":
            return f"Address protocol {parts.scheme}:// is not supported"
        is_taken = any(one.enum == enum and one.uri == uri for one in self.hooks.values())
        return "Address for this topic has already been taken" if is_taken else ""

    def _delete(self, asked: Mapping[str, Any]) -> Json:
        hook = self.hooks.pop(str(asked["id"]), None)
        words = [] if hook else [{"field": ["id"], "message": "Webhook subscription does not exist"}]
        return {"deletedWebhookSubscriptionId": hook and hook.id, "userErrors": words}

    def _request(self, telling: Telling) -> urllib.request.Request | None:
        hook = self.hooks.get(telling.hook)
        if hook is None:
            return None
        digest = hmac.digest(self._app.client_secret.encode(), telling.body, hashlib.sha256)
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": telling.topic,
            "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
            "X-Shopify-Shop-Domain": self._domain(),
            "X-Shopify-API-Version": _VERSION,
            "X-Shopify-Webhook-Id": telling.name,
            "X-Shopify-Event-Id": telling.name,
            "X-Shopify-Triggered-At": datetime.now(UTC).isoformat(),
        }
        return urllib.request.Request(hook.uri, telling.body, headers)

    def _ended(self, telling: Telling, is_taken: bool, _: bool) -> None:
        hook = self.hooks.get(telling.hook)
        if hook is None:
            return
        hook.failures = 0 if is_taken else hook.failures + 1
        if hook.failures >= GIVE_UP_AFTER:
            self.hooks.pop(hook.id, None)


def _topic(enum: str) -> str:
    """ORDERS_CREATE as orders/create: the last word is what happened, but for the two words of inventory."""
    words = enum.lower()
    kind = next((kind for kind in _SCOPES if words.startswith(f"{kind}_")), words.partition("_")[0])
    return f"{kind}/{words[len(kind) + 1 :]}"


def _only(payload: Json, fields: tuple[str, ...]) -> Json:
    return {name: value for name, value in payload.items() if not fields or name in fields}
