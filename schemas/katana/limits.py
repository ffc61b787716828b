"""What Katana's headers say of its limit of requests: how many are left, and when they may be made again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

LEAST_WAIT: Final = timedelta(seconds=1)
LONGEST_WAIT: Final = timedelta(hours=1)  # no header closes the hub for longer
WINDOW: Final = timedelta(seconds=60)

_MILLISECONDS: Final = 10**11  # its documents say milliseconds, their example is in seconds


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of the requests of a minute, and when all are there again; None where an answer does not say it."""

    remaining: int | None
    reset: datetime | None


def read_quota(headers: Mapping[str, str]) -> Quota:
    """What an answer says of the limit."""
    reset = _whole(headers.get("X-Ratelimit-Reset"))
    return Quota(_whole(headers.get("X-Ratelimit-Remaining")), None if reset is None else _moment(reset))


def may_ask_at(headers: Mapping[str, str], now: datetime) -> datetime:
    """When an answer of 429 lets everybody ask again: by Retry-After, else by the reset, else in a minute."""
    seconds = _whole(headers.get("Retry-After"))
    reset = read_quota(headers).reset
    wait = timedelta(seconds=seconds) if seconds is not None else WINDOW if reset is None else reset - now
    return now + min(max(wait, LEAST_WAIT), LONGEST_WAIT)


def _whole(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 15 else None


def _moment(reset: int) -> datetime | None:
    seconds = reset / 1000 if reset > _MILLISECONDS else reset
    return datetime.fromtimestamp(seconds, UTC) if seconds < _MILLISECONDS else None
