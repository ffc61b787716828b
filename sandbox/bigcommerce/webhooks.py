"""The stand-in's webhooks: subscriptions with state, events as Standard Webhooks, given up after two days of tries."""

import hashlib
import itertools
import json
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from standardwebhooks.webhooks import Webhook

from sandbox.bigcommerce.model import BigCommerceSettings, BigRefusal, Json
from sandbox.courier import Courier, Route, Telling

CLIENT_ID: Final = "sandbox-client-id"
CLIENT_SECRET: Final = "sandbox-client-secret"
RETRIES: Final = (60, 180, 300, 600, 900, 1800, 3600, 7200, 21600, 50400, 86400)
_KINDS: Final = ("store/order/", "store/shipment/", "store/product/", "store/sku/", "store/customer/", "store/cart/")


@dataclass(slots=True)
class BigHook:
    """One subscription."""

    id: int
    scope: str
    destination: str
    created: datetime
    updated: datetime
    is_active: bool = True
    headers: dict[str, str] = field(default_factory=dict)

    def shown(self, hash_: str) -> Json:
        """As the API shows it."""
        return {
            "id": self.id,
            "client_id": CLIENT_ID,
            "store_hash": hash_,
            "scope": self.scope,
            "destination": self.destination,
            "headers": self.headers or None,
            "is_active": self.is_active,
            "created_at": int(self.created.timestamp()),
            "updated_at": int(self.updated.timestamp()),
        }


class BigHooks:
    """The subscriptions of one shop. The caller holds the shop's lock."""

    def __init__(self, settings: BigCommerceSettings, now: Callable[[], datetime], name: Callable[[], str]) -> None:
        self.hooks: dict[int, BigHook] = {}
        self.courier = Courier(Route(self._request, self._ended, RETRIES))
        self.client_secret = CLIENT_SECRET
        self._settings = settings
        self._now = now
        self._name = name  # the shop's hash
        self._ids = itertools.count(22_561_593)
        self._events = itertools.count(1)

    def announce(self, scope: str, data: Json) -> None:
        """Something happened: send it to every active subscription of the scope, or of all scopes of its kind."""
        general = f"{scope.rpartition('/')[0]}/*"
        wanted = [one for one in list(self.hooks.values()) if one.is_active and one.scope in (scope, general)]
        if not wanted:
            return
        said: Json = {"scope": scope, "store_id": "1025646", "data": data, "producer": f"stores/{self._name()}"}
        said |= {"created_at": int(self._now().timestamp())}
        body = json.dumps(said | {"hash": hashlib.sha1(json.dumps(said).encode()).hexdigest()}).encode()  # as they do
        number = next(self._events)
        self.courier.send(Telling(str(one.id), scope, f"msg_{number}_{one.id}", body) for one in wanted)

    def make(self, given: Json) -> BigHook:
        """A new one. Raises BigRefusal."""
        missing = {name: "error.path.missing" for name in ("scope", "destination") if not given.get(name)}
        if missing:
            raise BigRefusal(422, "JSON data is missing or invalid", missing)
        hook = BigHook(next(self._ids), "", "", self._now(), self._now())
        self.change(hook, given)
        self.hooks[hook.id] = hook
        return hook

    def change(self, hook: BigHook, given: Json) -> None:
        """Set what is given. Raises BigRefusal."""
        scope, target = str(given.get("scope", hook.scope)), str(given.get("destination", hook.destination))
        if not scope.startswith(_KINDS):
            raise BigRefusal(400, "The scope provided is not valid")
        self._refuse(target)
        hook.scope, hook.destination, hook.updated = scope, target, self._now()
        hook.is_active = bool(given.get("is_active", hook.is_active))
        hook.headers = {str(name): str(value) for name, value in (given.get("headers") or hook.headers).items()}

    def _refuse(self, target: str) -> None:
        parts = urlsplit(target)
        is_public = parts.scheme == "https" and parts.port in (None, 443)
        if not parts.hostname or (self._settings.public_hooks_only and not is_public):
            raise BigRefusal(422, "Destination url must be https and use port 443", {"destination": "error.invalid"})

    def find(self, hook_id: int) -> BigHook:
        """One by its id. Raises BigRefusal."""
        if hook_id not in self.hooks:
            raise BigRefusal(404, f"Webhook with id [{hook_id}] not found")
        return self.hooks[hook_id]

    def _request(self, telling: Telling) -> urllib.request.Request | None:
        hook = self.hooks.get(int(telling.hook))
        if hook is None or not hook.is_active:
            return None
        at = datetime.now(UTC)
        headers: dict[str, Any] = {
            **hook.headers,
            "Content-Type": "application/json",
            "webhook-id": telling.name,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(self.client_secret.encode()).sign(telling.name, at, telling.body.decode()),
        }
        return urllib.request.Request(hook.destination, telling.body, headers)

    def _ended(self, telling: Telling, is_taken: bool, is_last: bool) -> None:
        hook = self.hooks.get(int(telling.hook))
        if hook is not None and not is_taken and is_last:
            hook.is_active, hook.updated = False, self._now()
