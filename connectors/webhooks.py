"""What a shop sent to our door, and whether it is that shop that says so.

Each vendor's way to sign is in its `webhooks.py`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Protocol, cast

from connectors import json_text
from connectors.platforms import PLATFORMS
from schemas.privacy import AboutBuyer
from schemas.reasons import Reason
from schemas.webhooks import Figure

MOST_BYTES: Final = 2_000_000  # of a message; an order of a hundred lines has a tenth of it


class Forged(Exception):
    """A message that its store's shop did not send, or not now: `reason` says what is wrong with it.

    Nobody outside hears it: who is not believed learns nothing.
    """

    def __init__(self, reason: Reason = Reason.WEBHOOK_UNPROVED) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Message:
    """What came in; the names of headers in lower case."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Addressee:
    """The store that a message is for; without any credentials where there is no such store."""

    credentials: Mapping[str, str]
    url: str = ""
    shop: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What a true message says; `external_id` where it names an order, `delivery` its name if it comes again.

    `about` is whom it is about, where it is about a buyer.
    """

    topic: str
    external_id: str | None = None
    delivery: str | None = None
    figure: Figure | None = None  # of what is sold
    about: AboutBuyer = AboutBuyer()  # noqa: RUF009


class Read(Protocol):
    """The `read_webhook` of a vendor."""

    def __call__(self, message: Message, to: Addressee) -> Heard | None:
        """What a message says; None for one that says nothing, and that nobody signs. Raises Forged."""


def reader(platform: str) -> Read:
    """How a platform's messages are read."""
    package = PLATFORMS[platform].connector.partition(":")[0].rpartition(".")[0]
    return cast(Read, import_module(f"{package}.webhooks").read_webhook)


def prove(message: Message, header: str, *secrets: str | None) -> None:
    """Compare a header with the base64 HMAC-SHA256 of the raw body, in constant time. Raises Forged."""
    said = message.headers.get(header, "").encode()
    made = [_signature(secret, message.body) for secret in secrets if secret]
    if not any([hmac.compare_digest(said, each) for each in made]):  # all are compared, whichever it is
        raise Forged


def _signature(secret: str, body: bytes) -> bytes:
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256))


def number_of(value: Any) -> int | None:
    """A whole number of pieces that a database can hold; None for anything else."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and abs(value) < 2**62 else None


def body_of(message: Message) -> dict[str, Any]:
    """The JSON object of a message that was proved; empty where it is none."""
    try:
        said = json_text.read(message.body.decode())
    except (UnicodeDecodeError, json_text.NotJson):
        return {}
    return said if isinstance(said, dict) else {}
