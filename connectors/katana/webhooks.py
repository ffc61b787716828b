"""What Katana sends to our door, and whether it is Katana that says so. It is a hint: nothing inside is believed."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

HEADER: Final = "x-sha2-signature"


def is_signed(headers: Mapping[str, str], body: bytes, token: str) -> bool:
    """Whether a message has the hex HMAC-SHA256 of its very bytes, made with the token of our webhook."""
    said = next((value for name, value in headers.items() if name.lower() == HEADER), "")
    made = hmac.new(token.encode(), body, hashlib.sha256).hexdigest()
    return bool(token) and hmac.compare_digest(said.strip().lower().encode(), made.encode())
