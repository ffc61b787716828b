"""BigCommerce's webhooks, asked for by its API: it deactivates those that fail for two days, or have nothing to tell.

The list has those of our own API account alone. https://github.com/bigcommerce/docs, reference/webhooks.v3.yml
"""

from typing import Any, Final

from connectors.bigcommerce.client import ShopClient
from connectors.bigcommerce.webhooks import SECRET_HEADER
from connectors.errors import Unavailable
from connectors.subscriptions import MOST_PAGES
from schemas.webhooks import Webhook

PER_PAGE: Final = 250

_HOOKS: Final = "v3/hooks"


class BigSubscriptions:
    """The webhooks of one shop, which bring a header of ours along: it proves those that nobody signs."""

    def __init__(self, http: ShopClient, secret: str) -> None:
        self._http = http
        self._headers = {SECRET_HEADER: secret} if secret else {}

    def found(self) -> list[Webhook]:
        """All webhooks of our API account."""
        found: list[Webhook] = []
        for page in range(1, MOST_PAGES + 1):
            answer = self._http.get(_HOOKS, {"limit": PER_PAGE, "page": page})
            said = answer.json() if answer.status != 204 else {"data": []}
            entries = said.get("data") if isinstance(said, dict) else None
            if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
                raise Unavailable("the answer is no list of webhooks", request=answer.request)
            found += map(self._read, entries)
            if len(entries) < PER_PAGE:
                break
        return found

    def _read(self, entry: dict[str, Any]) -> Webhook:
        sent = entry.get("headers")
        sent = {str(name).lower(): value for name, value in sent.items()} if isinstance(sent, dict) else {}
        is_well = entry.get("is_active") is True and self._headers.items() <= sent.items()
        id_, topic, address = (str(entry.get(name, "")) for name in ("id", "scope", "destination"))
        return Webhook(id_, topic, address, is_well)

    def subscribe(self, topic: str, address: str) -> None:
        """A new webhook; it is about a minute until it tells something."""
        self._http.post(_HOOKS, {"scope": topic, **self._wanted(address)}).json()

    def mend(self, id: str, address: str) -> None:
        """Active again."""
        self._http.put(f"{_HOOKS}/{id}", self._wanted(address)).json()

    def unsubscribe(self, id: str) -> None:
        """Delete one."""
        self._http.delete(f"{_HOOKS}/{id}")

    def _wanted(self, address: str) -> dict[str, Any]:
        return {"destination": address, "is_active": True, "headers": self._headers}
