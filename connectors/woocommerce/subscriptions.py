"""WooCommerce's webhooks, asked for by its API: it disables one that could not be delivered more than five times."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from connectors.errors import Unavailable
from connectors.http import HttpClient
from connectors.subscriptions import MOST_PAGES
from schemas.webhooks import Webhook

PER_PAGE: Final = 100  # the most that WooCommerce gives


class WooSubscriptions:
    """The webhooks of one shop, signed with a secret.

    No answer shows the secret: the name that a merchant sees carries a mark of it, so that one with an older secret is
    known.
    """

    def __init__(self, http: HttpClient, secret: str) -> None:
        self._http = http
        self._secret = secret
        self._name = f"storesync {sha256(secret.encode()).hexdigest()[:8]}"

    def found(self) -> list[Webhook]:
        """All webhooks of the shop, whoever made them."""
        found: list[Webhook] = []
        for page in range(1, MOST_PAGES + 1):
            answer = self._http.get("webhooks", {"per_page": PER_PAGE, "page": page})
            entries = [entry for entry, _ in answer.entries(PER_PAGE)]
            if not all(isinstance(entry, dict) for entry in entries):
                raise Unavailable("the answer is no list of webhooks", request=answer.request)
            found += map(self._read, entries)
            if len(entries) < PER_PAGE:
                break
        return found

    def _read(self, entry: Mapping[str, Any]) -> Webhook:
        is_well = entry.get("status") == "active" and entry.get("name") == self._name
        id_, topic, address = (str(entry.get(name, "")) for name in ("id", "topic", "delivery_url"))
        return Webhook(id_, topic, address, is_well)

    def subscribe(self, topic: str, address: str) -> None:
        """A new webhook, which sends a ping at once."""
        self._http.post("webhooks", {"topic": topic, **self._wanted(address)}).json()

    def mend(self, id: str, address: str) -> None:
        """Active again, from no failure on."""
        self._http.put(f"webhooks/{id}", self._wanted(address)).json()

    def unsubscribe(self, id: str) -> None:
        """Delete one for good: webhooks have no trash."""
        self._http.delete(f"webhooks/{id}", {"force": "true"})

    def _wanted(self, address: str) -> dict[str, str]:
        return {"name": self._name, "delivery_url": address, "secret": self._secret, "status": "active"}
