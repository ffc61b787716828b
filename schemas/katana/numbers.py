"""Numbers and times as Katana takes them."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Final

_DIGITS: Final = Decimal("1E-10")  # behind the point: what it does with an eleventh nobody has shown
_THREE: Final = Decimal("0.001")


def written_time(moment: datetime) -> str:
    """A time in the one form that is never refused: UTC, milliseconds, Z."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def written_number(number: Decimal) -> Decimal:
    """A number with at most ten digits behind the point, and no more zeros than it needs."""
    rounded = number.quantize(_DIGITS, ROUND_HALF_EVEN) if number != number.to_integral_value() else number
    plain = rounded.normalize()
    return plain if plain == 0 or plain.as_tuple().exponent < 0 else plain.quantize(Decimal(1))  # type: ignore[operator]


def three_decimals(rate: Decimal) -> Decimal:
    """A tax rate as Katana keeps it (MAP-10)."""
    return rate.quantize(_THREE, ROUND_HALF_UP)
