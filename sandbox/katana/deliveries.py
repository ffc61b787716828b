"""How events reach who subscribed: signed, tried again on Katana's schedule, doubled and out of order on demand."""

import hashlib
import hmac
import itertools
import json
import urllib.request
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from sandbox.courier import Courier, Route, Telling
from sandbox.katana.oddities import Oddities
from sandbox.katana.table import Row

RETRIES: Final = (30, 120, 900)


class Deliveries:
    """What is to be told: carried at once, or held back until it is sent by hand."""

    def __init__(self, oddities: Oddities, hook: Callable[[int], Row | None], give_up: Callable[[int], None]) -> None:
        self.courier = Courier(Route(self._request, self._ended, RETRIES))
        self._oddities = oddities
        self._hook = hook
        self._give_up = give_up
        self._held: list[Telling] = []
        self._tried: Counter[str] = Counter()
        self._numbers = itertools.count(1)

    def announce(self, webhook: int, told: dict[str, Any]) -> None:
        """Tell a webhook of an event, as often as the switch says. The caller holds the account's lock."""
        body, event = json.dumps(told).encode(), str(told.get("action", "test"))
        if self._oddities.webhooks_merge_bursts and any(
            one.hook == str(webhook) and one.body == body for one in self._held
        ):
            return
        tellings = [
            Telling(str(webhook), event, str(next(self._numbers)), body) for _ in range(self._oddities.webhook_copies)
        ]
        if self._oddities.webhooks_by_hand:
            self._held += tellings
        else:
            self._send(tellings)

    def send_held(self) -> int:
        """Let go of what is held back: how many that are. The caller holds the account's lock."""
        held, self._held = self._held, []
        self._send(held[::-1] if self._oddities.webhooks_backwards else held)
        return len(held)

    def _send(self, tellings: list[Telling]) -> None:
        self.courier.pace = self._oddities.webhook_pace
        self.courier.send(tellings)

    def _request(self, telling: Telling) -> urllib.request.Request | None:
        hook = self._hook(int(telling.hook))
        if hook is None or not hook["enabled"]:
            return None
        headers = {"Content-Type": "application/json", "x-sha2-signature": signature(hook["token"], telling.body)}
        if tried := self._tried[telling.name]:
            headers["X-Katana-Retry-Num"] = str(tried)
        return urllib.request.Request(hook["url"], telling.body, headers)

    def _ended(self, telling: Telling, is_taken: bool, is_last: bool) -> None:
        if is_taken or is_last:
            del self._tried[telling.name]
            if not is_taken and self._oddities.webhooks_give_up:
                self._give_up(int(telling.hook))
        else:
            self._tried[telling.name] += 1


def signature(token: str, body: bytes) -> str:
    """The hex digest of a body under a webhook's token."""
    return hmac.new(token.encode(), body, hashlib.sha256).hexdigest()
