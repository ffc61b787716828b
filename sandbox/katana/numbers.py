"""Numbers and times as Katana reads and writes them."""

import json
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sandbox.katana.errors import Detail, invalid

ZERO: Final = Decimal(0)
_MOST_DIGITS: Final = 30


def decimal(value: Any) -> Decimal:
    """A number or a text of one; nothing is zero."""
    return Decimal(str(value or 0))


def fixed(value: Decimal, places: int) -> str:
    """A number as text with so many decimals."""
    return f"{value:.{places}f}"


def amount(given: str, name: str) -> Decimal:
    """A text that must be a number. Raises KatanaRefusal."""
    try:
        found = Decimal(given)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise invalid(Detail((name,), "type", "should be a number", {"type": "number"}))
    return found


def stamp(moment: datetime) -> str:
    """2026-10-09T08:00:00.000Z."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def moment(given: str, name: str) -> datetime:
    """A time of a body; without a zone it is UTC. Raises KatanaRefusal."""
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        raise invalid(Detail((name,), "format", "should be a date", {"format": "date-time"})) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def written(value: Any) -> bytes:
    """JSON as Katana sends it."""
    return json.dumps(value, default=_plain).encode()


def read(content: bytes) -> Any:
    """JSON, with nothing lost of its numbers. Raises ValueError."""
    return json.loads(content, parse_float=_number, parse_constant=_number)


def _number(given: str) -> Decimal:
    """A number that can be counted with. Raises ValueError."""
    found = Decimal(given)
    if not found.is_finite() or found.adjusted() > _MOST_DIGITS:
        raise ValueError(given)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return stamp(value)
    raise TypeError(f"{value!r} has no JSON")
