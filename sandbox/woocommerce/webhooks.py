"""The stand-in's webhooks: what is queued, when it leaves, how it is signed, and when a subscription is given up."""

import base64
import hashlib
import hmac
import itertools
import secrets
import threading
import urllib.request
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from sandbox.courier import post
from sandbox.woocommerce.model import ShopSettings, Webhook

TOPICS: Final = tuple(
    f"{resource}.{event}"
    for resource in ("order", "product", "customer", "coupon")
    for event in ("created", "updated", "deleted", "restored")
    if (resource, event) != ("customer", "restored")
)
_GIVE_UP_AFTER: Final = 5
_PING: Final = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt: the receiver's status, 0 when nothing was there or the target is not allowed."""

    webhook_id: int
    topic: str
    resource_id: int | None
    status: int


@dataclass(frozen=True, slots=True)
class Sender:
    """What deliveries need of their shop. `render` makes the body as the thing stands now (takes the shop's lock)."""

    settings: ShopSettings
    url: Callable[[], str]
    now: Callable[[], datetime]
    render: Callable[[str, int], bytes]


class Deliveries:
    """Subscriptions and the queue of what is to be told; a thread of its own sends it, or the caller by hand.

    Two changes of one thing before the queue runs are one delivery, which tells the state at delivery time.
    """

    def __init__(self, sender: Sender) -> None:
        self.hooks: dict[int, Webhook] = {}
        self.sent: deque[Delivery] = deque(maxlen=10_000)
        self._sender = sender
        self._ids = itertools.count(1)
        self._queue: dict[tuple[int, int | None], None] = {}
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._busy = False
        self._salt = secrets.token_bytes(16)

    def subscribe(self, given: Mapping[str, str]) -> Webhook:
        """A new webhook; a ping is queued. Without a secret the shop takes one of its own."""
        number = next(self._ids)
        name = given.get("name") or given["topic"]
        secret = given.get("secret") or secrets.token_hex(25)
        hook = Webhook(number, name, given["topic"], given["delivery_url"], secret, self._sender.now())
        hook.status = given.get("status") or "active"
        with self._wake:
            self.hooks[number] = hook
        if hook.status == "active":
            self._enqueue([(number, _PING)])
        return hook

    def announce(self, topic: str, resource_id: int) -> None:
        """Something happened: queue it for every active webhook of the topic."""
        self._enqueue([(hook.id, resource_id) for hook in list(self.hooks.values()) if _wants(hook, topic)])

    def run(self) -> int:
        """Send what is queued now; how many attempts that took. Not while holding the shop's lock."""
        attempts = 0
        while (job := self._next()) is not None:
            self._deliver(*job)
            attempts += 1
        return attempts

    def wait_idle(self, seconds: float = 10) -> bool:
        """Whether everything queued was sent within the time."""
        with self._wake:
            return self._wake.wait_for(lambda: not self._queue and not self._busy, seconds)

    def stop(self) -> None:
        """End the thread; what is queued stays unsent."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _enqueue(self, jobs: list[tuple[int, int | None]]) -> None:
        with self._wake:
            self._queue.update(dict.fromkeys(jobs))
            if self._queue and self._thread is None and not self._sender.settings.webhooks_by_hand:
                self._thread = threading.Thread(target=self._send_for_ever, name="sandbox-webhooks", daemon=True)
                self._thread.start()
            self._wake.notify_all()

    def _next(self) -> tuple[int, int | None] | None:
        with self._wake:
            job = next(iter(self._queue), None)
            if job is not None:
                del self._queue[job]
            return job

    def _send_for_ever(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: bool(self._queue) or self._stopping)
                if self._stopping:
                    return
                self._busy = True
            job = self._next()
            if job is not None:
                self._deliver(*job)
            with self._wake:
                self._busy = False
                self._wake.notify_all()

    def _deliver(self, webhook_id: int, resource_id: int | None) -> None:
        hook = self.hooks.get(webhook_id)
        if hook is None or hook.status != "active":
            return
        status = self._post(self._request(hook, resource_id), hook)
        self.sent.append(Delivery(hook.id, hook.topic, resource_id, status))
        if 200 <= status <= 302:
            hook.failures = 0
            return
        hook.failures += 1
        if hook.failures > _GIVE_UP_AFTER:
            hook.status, hook.modified = "disabled", self._sender.now()
        elif resource_id is not _PING:
            self._enqueue([(hook.id, _PING)])

    def _request(self, hook: Webhook, resource_id: int | None) -> urllib.request.Request:
        agent = {"User-Agent": f"WooCommerce/{self._sender.settings.version} Hookshot (WordPress/6.8.3)"}
        if resource_id is None:
            # The ping is a form and carries no signature.
            return urllib.request.Request(hook.delivery_url, f"webhook_id={hook.id}".encode(), agent)
        body = self._sender.render(hook.topic, resource_id)
        return urllib.request.Request(hook.delivery_url, body, agent | self._headers(hook, body))

    def _headers(self, hook: Webhook, body: bytes) -> dict[str, str]:
        resource, _, event = hook.topic.partition(".")
        digest = hmac.new(hook.secret.encode(), body, hashlib.sha256).digest()
        return {
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": f"{self._sender.url()}/",
            "X-WC-Webhook-Topic": hook.topic,
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": base64.b64encode(digest).decode(),
            "X-WC-Webhook-ID": str(hook.id),
            "X-WC-Webhook-Delivery-ID": self._delivery_id(hook),
        }

    def _delivery_id(self, hook: Webhook) -> str:
        """A hash of webhook and second: many deliveries share one, so it names nothing."""
        text = f"{hook.id}{int(self._sender.now().timestamp())}"
        return hmac.new(self._salt, text.encode(), hashlib.md5).hexdigest()

    def _post(self, request: urllib.request.Request, hook: Webhook) -> int:
        if self._sender.settings.safe_targets_only and not is_safe(hook.delivery_url, self._sender.url()):
            return 0
        return post(request)


def is_safe(target: str, shop_url: str) -> bool:
    """Whether WordPress would call an address: ports 80, 443, 8080 or the shop's own; local only on the shop's host."""
    there, here = urlsplit(target), urlsplit(shop_url)
    host = there.hostname or ""
    if there.port not in (None, 80, 443, 8080, here.port):
        return False
    is_local = host == "localhost" or host.startswith(("127.", "10.", "192.168.")) or host == "0.0.0.0"
    return host == here.hostname or not is_local


def _wants(hook: Webhook, topic: str) -> bool:
    return hook.status == "active" and hook.topic == topic
