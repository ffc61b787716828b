"""An amount shared out, or rounded part by part, so that the sum is exact (MAP-4, MAP-5). It knows no order."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

from schemas.money import cent
from schemas.orders import ZERO


def spread(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Share `total` out in proportion to the weights, in whole minor units by largest remainder; the sum is exact.

    10.00 over 60 and 40 is 6.00 and 4.00. A negative weight takes no share; weights that are all zero share evenly.
    """
    if not weights:
        return []
    shares = [max(weight, ZERO) for weight in weights]
    whole = sum(shares)
    if not whole:
        shares, whole = [Decimal(1)] * len(weights), Decimal(len(weights))
    parts = round_to_sum([total * share / whole for share in shares], total, cent(currency))
    # A total with fractions of a minor unit keeps them, on the largest share: there they weigh least.
    parts[shares.index(max(shares))] += total - sum(parts)
    return parts


def round_to_sum(exact: Sequence[Decimal], target: Decimal, unit: Decimal) -> list[Decimal]:
    """Each amount rounded down, and up again where the remainder is largest, as often as the target asks."""
    parts = [amount.quantize(unit, rounding=ROUND_FLOOR) for amount in exact]
    missing = int((target - sum(parts)) / unit)
    if missing > 0:
        remainders = [amount - part for amount, part in zip(exact, parts, strict=True)]
        largest_first = sorted(range(len(parts)), key=remainders.__getitem__, reverse=True)
        for place in largest_first[:missing]:
            if remainders[place]:
                parts[place] += unit
    return parts
