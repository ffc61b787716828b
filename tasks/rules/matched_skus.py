"""How the SKUs of a shop and of the hub meet (STG-3)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MatchedSkus:
    """Several items of a shop with one SKU are `doubled`; `without_sku` are items of the shop.

    `missing` are those that carry stock in the hub and that the shop has not.
    """

    both: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    without_sku: int = 0


def match_skus(
    items: Mapping[str, int], *, known: Collection[str], stocked: Iterable[str], without_sku: int
) -> MatchedSkus:
    """A shop has so many `items` by SKU; the hub has those that are `known`, and stock of those that are `stocked`."""
    return MatchedSkus(
        both=tuple(sorted(items.keys() & set(known))),
        new=tuple(sorted(items.keys() - set(known))),
        doubled=tuple(sorted(sku for sku, times in items.items() if times > 1)),
        missing=tuple(sku for sku in stocked if sku not in items),
        without_sku=without_sku,
    )
