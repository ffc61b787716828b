"""Counting many items at once: what a file or a store says, what the hub has, and what is changed (STK-11)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from schemas.orders import ZERO, Kind
from schemas.reasons import Reason


@dataclass(frozen=True, slots=True)
class Shelf:
    """A SKU at one location of the hub. `promised` are pieces that open orders of the counted store wait for.

    `shows` is what the hub has the store show of it, where the store was ever told.
    """

    in_stock: Decimal = ZERO
    is_counted: bool = False
    promised: Decimal = ZERO
    batches: Mapping[str, Decimal] = field(default_factory=dict)
    shows: int | None = None


@dataclass(frozen=True, slots=True)
class CountedItem:
    """An item of the hub that may be counted, with its shelf at every location."""

    sku: str
    variant_id: str
    kind: Kind
    batch_tracked: bool
    is_bundle: bool
    shelves: Mapping[str, Shelf]


@dataclass(frozen=True, slots=True)
class FileLine:
    """A line of a file: so many pieces of a SKU lie at a location, in a batch where the item has them."""

    number: int
    sku: str
    quantity: Decimal
    location: str
    batch: str | None = None


@dataclass(frozen=True, slots=True)
class CountLine:
    """One figure that is counted: `quantity` are the pieces there from now on, `delta` what that adds or takes."""

    sku: str
    variant_id: str
    location: str
    quantity: Decimal
    delta: Decimal
    batch: str | None = None
    shown: int | None = None  # what the store shows of it, where a store was counted
    promised: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A SKU that is not counted, and why; `location` where that is about one of them."""

    sku: str
    reason: Reason
    location: str | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line of a file that cannot be counted: then none of it is."""

    number: int
    words: str


@dataclass(frozen=True, slots=True)
class Count:
    """What is counted, what is not, and what is wrong with the file."""

    lines: tuple[CountLine, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    wrong: tuple[Wrong, ...] = ()

    @property
    def skus(self) -> frozenset[str]:
        """All that something is said of."""
        return frozenset({line.sku for line in self.lines} | {one.sku for one in self.left_out})


@dataclass(frozen=True, slots=True)
class MadeCount:
    """A count that was made, from a file or a store."""

    id: str
    counted_at: datetime
    source: str
    taken_back_at: datetime | None
