"""A vendor's answer that is no success, as an error in our own words. It knows status codes and no vendor."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from connectors import json_text
from connectors.errors import ConnectorError, CredentialsRefused, NotFound, RateLimited, Rejected, Unavailable
from schemas.refusals import IsOwn, anybody
from schemas.text import masked

_SOMEBODY_ELSE: Final = "and not in the shop's own words: a firewall, a login or the host's protection stands before it"
_NO_WARNINGS: Final = (
    "The shop's PHP prints its warnings into its answers: set WP_DEBUG_DISPLAY to false in wp-config.php,"
    " or display_errors off"
)
_LET_PASS: Final = "Let calls to the API pass there; it is tried again by itself"

RETRY_AFTER_DEFAULT: Final = timedelta(seconds=30)
RETRY_AFTER_LEAST: Final = timedelta(seconds=1)
RETRY_AFTER_MOST: Final = timedelta(hours=1)

RESET_HEADER: Final = "X-Rate-Limit-Time-Reset-Ms"  # BigCommerce's

_SENDS_ON: Final = (301, 302, 303, 307, 308)
_OF_THE_API: Final = re.compile(r"/(?:wp-json|admin|v2|v3)(?:/|$)")
_LOGIN: Final = re.compile(r"login|signin|sign-in|account/|/password$", re.IGNORECASE)

_TITLE: Final = re.compile(r"<(?:title|h1)[^>]{0,200}>([^<]{1,200})", re.IGNORECASE)
_PHP_WORDS: Final = re.compile(r"(?:PHP )?(?:Warning|Notice|Deprecated|Fatal error|Parse error|Strict Standards)\b")


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """What came with a status that is no success; the body may be cut or missing."""

    headers: Mapping[str, str]
    body: bytes
    status: int


def error_of(answer: ErrorAnswer, request: str, *, now: datetime, is_own: IsOwn = anybody) -> ConnectorError:
    """The error that an answer is; `request` is method and address, for its message.

    `is_own` tells a vendor's own refusal of credentials from that of a firewall or login page before its shop.
    """
    status = answer.status
    says = _vendor_words(answer.body)
    words = f"answered {status}" + (f" ({says})" if says else "")
    if status in (401, 403):
        said = _said(answer.body)
        if is_own(status, said, "" if said is not None else _text(answer.body)):
            return CredentialsRefused(words, request=request, status=status)
        return Unavailable(f"{words}, {_SOMEBODY_ELSE}", request=request, status=status, cure=_LET_PASS)
    if status == 404:
        return NotFound(words, request=request, status=status)
    if status == 429:
        until = _retry_at(answer.headers, now)
        return RateLimited(words, until=until, request=request, status=status)
    if status in _SENDS_ON:
        return _sent_on(answer, request)
    if 400 <= status < 500 and status != 408:
        return Rejected(words, request=request, status=status)
    return Unavailable(words, request=request, status=status)


def _sent_on(answer: ErrorAnswer, request: str) -> ConnectorError:
    """A redirect, which is not followed: it would take the credentials along. For good, or for now."""
    kind = Rejected if answer.status in (301, 308) else Unavailable
    url = request.partition(" ")[2]
    try:
        target = urljoin(url, answer.headers.get("Location", "").strip())
        parts = urlsplit(target)
    except ValueError:
        return kind(
            f"answered {answer.status}: sends us on to what is no address", request=request, status=answer.status
        )
    shown = masked(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{_OF_THE_API.split(parts.path)[0]}".rstrip("/"))
    if _LOGIN.search(parts.path):
        words, cure = f"sends us on to a login ({shown})", _LET_PASS
    elif parts.netloc != urlsplit(url).netloc or parts.scheme != urlsplit(url).scheme:
        words = f"sends us on to {shown}"
        cure = f"If that is the shop, give that address: --url {shown} (of a connected store: storesync store set NAME)"
    else:
        words, cure = f"sends us on to another page of its own ({shown})", ""
    error = kind(f"answered {answer.status}: {words}", request=request, status=answer.status, cure=cure)
    error.target = target
    return error


def _text(body: bytes) -> str:
    return body.decode("utf-8-sig", errors="replace")


def _said(body: bytes) -> Any:
    """The JSON of an answer, also behind warnings that a shop's PHP printed before it; None where it is none."""
    text = _text(body)
    for start in (0, text.find('{"')):
        if start >= 0:
            with suppress(json_text.NotJson):
                return json_text.read(text[start:])
    return None


def _vendor_words(body: bytes) -> str:
    """The vendor's code and message, short, without addresses or keys that it may repeat."""
    value = _said(body)
    if isinstance(value, list) and value:
        value = value[0]  # BigCommerce lists what it has to say
    if isinstance(value, dict) and isinstance(value.get("error"), dict):
        value = value["error"]
    said = [value.get(key) for key in ("code", "message", "title", "errors")] if isinstance(value, dict) else []
    return masked(": ".join(word for word in said if isinstance(word, str)))


def not_json(text: str, request: str, what: str = "JSON") -> Unavailable:
    """An answer that is no JSON: the title of a page, or what PHP prints first. Nothing of broken JSON is told."""
    head = text[:4000]
    title = _TITLE.search(head)
    first = masked(unescape(head))
    if _PHP_WORDS.match(first):
        words = f"the answer is not {what}: it begins with {first[:120]!r}"
        return Unavailable(words, request=request, cure=_NO_WARNINGS)
    if not text.strip():
        return Unavailable(f"the answer is not {what}: it is empty", request=request)
    page = f": it is a page, {masked(unescape(title[1]))[:80]!r}" if title else ""
    return Unavailable(f"the answer is not {what}{page}", request=request)


def _retry_at(headers: Mapping[str, str], now: datetime) -> datetime:
    """When a vendor that says 429 may be asked again; where it does not say that readably, after a while."""
    text = headers.get(RESET_HEADER, "")
    if text.isascii() and text.isdigit():
        wait = timedelta(milliseconds=int(text[:12]))
    else:
        wait = _retry_after(headers.get("Retry-After") or headers.get("X-Retry-After") or "", now)
    return now + min(max(wait, RETRY_AFTER_LEAST), RETRY_AFTER_MOST)


def _retry_after(header: str, now: datetime) -> timedelta:
    text = header.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=int(text[:9]))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return RETRY_AFTER_DEFAULT
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
