"""Calls to one BigCommerce shop that leave other apps something of the quota they all share. It knows no end point."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors.error_answers import RESET_HEADER
from connectors.http import Answer, HeaderAuth, HttpClient, Params, Waits, credential
from schemas.bigcommerce.refusals import is_own_refusal

RESERVE: Final = 10  # calls of a window that are left to others: the shop's quota is shared by all its apps

_ALWAYS: Final = {"Content-Type": "application/json"}  # its documents want it with calls that have no body too
_LEFT: Final = "X-Rate-Limit-Requests-Left"
_QUOTA: Final = "X-Rate-Limit-Requests-Quota"


class ShopClient:
    """HttpClient below a shop's API path, whose versions v2 and v3 share token and quota."""

    def __init__(self, url: str, credentials: Mapping[str, str], *, waits: Waits, allow_insecure: bool = False) -> None:
        self._waits = waits
        auth = HeaderAuth("X-Auth-Token", credential(credentials, "access_token"), others=_ALWAYS)
        self._http = HttpClient(url, auth=auth, waits=waits, is_own=is_own_refusal, allow_insecure=allow_insecure)

    @property
    def calls(self) -> int:
        """How many calls were made."""
        return self._http.calls

    def get(self, path: str, params: Params | None = None) -> Answer:
        """Ask for something. Raises a ConnectorError."""
        return self._noted(self._http.get(path, params))

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Make something. Raises a ConnectorError."""
        return self._noted(self._http.post(path, body))

    def put(self, path: str, body: Mapping[str, Any], *, answers: Collection[int] = ()) -> Answer:
        """Change something; `answers` as HttpClient has them. Raises a ConnectorError."""
        return self._noted(self._http.put(path, body, answers=answers))

    def delete(self, path: str) -> Answer:
        """Take something away. Raises a ConnectorError."""
        return self._noted(self._http.delete(path))

    def _noted(self, answer: Answer) -> Answer:
        share = _share_left(answer.headers)
        if share is not None:
            self._waits.left(share)
        wait = _wait_after(answer.headers)
        if wait is not None:
            # Nobody runs into the limit, and other apps of the shop find something left.
            self._waits.wait(datetime.now(UTC) + wait)
        return answer


def _wait_after(headers: Mapping[str, str]) -> timedelta | None:
    """How long nobody should ask, after an answer that says how many calls are left in which time."""
    left, reset = (_figure(headers, name) for name in (_LEFT, RESET_HEADER))
    if left is None or reset is None:
        return None
    return timedelta(milliseconds=reset) if left <= RESERVE else None


def _share_left(headers: Mapping[str, str]) -> float | None:
    """What is left of the window's calls, from 0 to 1, where an answer says so."""
    left, quota = (_figure(headers, name) for name in (_LEFT, _QUOTA))
    return left / quota if left is not None and quota else None


def _figure(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
