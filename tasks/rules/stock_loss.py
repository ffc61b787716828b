"""What a store would show less if it were told: items that nobody ever counted, and pieces over all (STK-10)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from schemas.counts import CountLine
from schemas.hub import StockLevel
from schemas.orders import ZERO
from schemas.stock import StoreItem
from schemas.stores import Store
from tasks.rules.places import hub_locations
from tasks.rules.stock import uncounted_places, wanted_quantities


def is_half_lost(shown: int, left: int) -> bool:
    """Whether less than half is left of the pieces that a store shows: that is not told unasked (STK-10)."""
    return 2 * left < shown


@dataclass(slots=True)
class Loss:
    """What telling would make of what a store shows, added up item by item.

    `uncounted` are SKUs that nobody counted and that would show 0, with the pieces that they show now: None where the
    store's figure is not known. Figures that are not known are in neither sum.
    """

    shows: int = 0
    would_show: int = 0
    uncounted: dict[str, int | None] = field(default_factory=dict)

    @property
    def is_half(self) -> bool:
        """Whether less than half is left of what the store shows over all."""
        return is_half_lost(self.shows, self.would_show)

    @property
    def is_to_be_asked(self) -> bool:
        """Whether a person is asked before it is done."""
        return self.is_half or bool(self.uncounted)

    def keep(self, pieces: int) -> None:
        """Add pieces that the store goes on showing."""
        self.shows += pieces
        self.would_show += pieces

    def add(self, item: StoreItem, levels: Sequence[StockLevel], *, store: Store, location: str) -> None:
        """Add one item of the store; without levels the hub leaves its figure as it is."""
        if not item.is_tracked:
            return
        wanted = wanted_quantities(levels, store=store, location=location) if levels else {}
        uncounted = uncounted_places(levels, store=telling_uncounted(store, is_on=False), location=location)
        for place in hub_locations(store, location):
            self._add_place(item, place, wanted=wanted.get(place), is_uncounted=place in uncounted)

    def _add_place(self, item: StoreItem, place: str, *, wanted: int | None, is_uncounted: bool) -> None:
        shown = item.shown.get(place, 0)
        if is_uncounted and wanted == 0 and shown != 0:
            before = self.uncounted.get(item.sku, 0)
            self.uncounted[item.sku] = None if shown is None or before is None else before + shown
        if shown is not None:
            self.shows += max(shown, 0)
            self.would_show += max(shown, 0) if wanted is None else wanted


def with_count(levels: Sequence[StockLevel], lines: Sequence[CountLine]) -> list[StockLevel]:
    """The hub's levels as they are once some figures are counted."""
    deltas: dict[tuple[str, str], Decimal] = {}
    for line in lines:
        deltas[line.sku, line.location] = deltas.get((line.sku, line.location), ZERO) + line.delta
    there = {(level.sku, level.location): level for level in levels}
    raised = [
        replace(level, in_stock=level.in_stock + deltas[key], is_counted=True) if key in deltas else level
        for key, level in there.items()
    ]
    new = [
        StockLevel(*key, delta, ZERO, ZERO, ZERO, ZERO, is_counted=True)
        for key, delta in deltas.items()
        if key not in there
    ]
    return raised + new


def telling_uncounted(store: Store, *, is_on: bool) -> Store:
    """The store as it would be if it were told of what was never counted, or were not."""
    return replace(store, settings={**store.settings, "stock.tell_uncounted": is_on})


def takes_more(loss: Loss, *, uncounted: int, pieces: int) -> bool:
    """Whether a push would take clearly more than a person agreed to; what sells meanwhile is no such thing."""
    return len(loss.uncounted) > uncounted or 10 * (loss.shows - loss.would_show) > 11 * max(pieces, 0)
