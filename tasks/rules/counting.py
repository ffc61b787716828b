"""What a count changes in the hub: of a file, or of what a store shows. Nothing is counted twice (STK-11)."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from schemas.counts import Count, CountedItem, CountLine, FileLine, LeftOut, Shelf, Wrong
from schemas.hub import StockLevel
from schemas.money import plain
from schemas.orders import ZERO, Kind
from schemas.reasons import Reason
from schemas.stock import StoreItem
from schemas.stores import Store
from tasks.rules.stock import promised, quantity_at

Items = Mapping[str, CountedItem]


# -- of a store ------------------------------------------------------------------------------------------------------


def count_store(found: Sequence[StoreItem], *, items: Items, places: Mapping[str, str], is_again: bool) -> Count:
    """Count what a store shows, and what its open orders wait for, which the store has taken off already.

    `places` are the hub's locations by the store's places. Distinct places of one location are distinct pieces; several
    items with one SKU are the same pieces shown several times.
    """
    by_sku = defaultdict[str, list[StoreItem]](list)
    for one in found:
        by_sku[one.sku].append(one)
    lines, left_out = list[CountLine](), list[LeftOut]()
    for sku, same in sorted(by_sku.items()):
        told = list(_count_shown(sku, same, items.get(sku), places=places, is_again=is_again))
        lines += (one for one in told if isinstance(one, CountLine))
        left_out += (one for one in told if isinstance(one, LeftOut))
    return Count(tuple(lines), tuple(left_out))


def _count_shown(
    sku: str, same: Sequence[StoreItem], item: CountedItem | None, *, places: Mapping[str, str], is_again: bool
) -> Iterator[CountLine | LeftOut]:
    counted = [one for one in same if one.is_tracked]
    if not counted:
        yield LeftOut(sku, Reason.TRACKING_OFF)
        return
    if item is None or item.kind is not Kind.PRODUCT:
        yield LeftOut(sku, Reason.NO_HUB_ITEM)
        return
    if reason := _no_count_of_its_own(item):
        yield LeftOut(sku, reason)
        return
    for location in dict.fromkeys(places.values()):
        shelf = item.shelves.get(location)
        if shelf is None:
            yield LeftOut(sku, Reason.LOCATION_UNKNOWN, location)
        elif shelf.is_counted and not is_again:
            yield LeftOut(sku, Reason.COUNTED_BEFORE, location)
        else:
            yield _count_at(item, location, shelf, [_shown_at(one, location, places) for one in counted])


def as_told(items: Items, levels: Sequence[StockLevel], *, store: Store) -> dict[str, CountedItem]:
    """The items as a store goes by that was told them: its figure is the hub's less what the hub took off for it."""
    buffer = Decimal(str(store.settings["stock.buffer"]))
    found = dict(items)
    for level in levels:
        item = found[level.sku]
        taken = (promised(level, store) or ZERO) + buffer
        shows = quantity_at([level], level.location, store)
        shelf = replace(item.shelves[level.location], promised=taken, shows=shows)
        found[level.sku] = replace(item, shelves={**item.shelves, level.location: shelf})
    return found


def _no_count_of_its_own(item: CountedItem) -> Reason | None:
    if item.is_bundle:
        return Reason.STOCK_OF_PARTS
    return Reason.BATCH_NOT_NAMED if item.batch_tracked else None


def _shown_at(item: StoreItem, location: str, places: Mapping[str, str]) -> int | None:
    """What an item shows at a location, at all places of it together; None where one of the figures is not known."""
    there = [item.shown[place] for place, code in places.items() if code == location and place in item.shown]
    known = [pieces for pieces in there if pieces is not None]
    return sum(known) if there and len(known) == len(there) else None


def _count_at(item: CountedItem, location: str, shelf: Shelf, figures: Sequence[int | None]) -> CountLine | LeftOut:
    shown = figures[0]
    if len(set(figures)) > 1:
        words = ", ".join("-" if one is None else str(one) for one in figures)
        return LeftOut(item.sku, Reason.FIGURES_DIFFER, location, words)
    if shown is None:
        return LeftOut(item.sku, Reason.FIGURE_UNKNOWN, location)
    there = max(shown + shelf.promised, ZERO)  # a shop that owes pieces has none
    if shown == shelf.shows:
        there = shelf.in_stock  # the hub's own word
    return CountLine(
        item.sku, item.variant_id, location, there, there - shelf.in_stock, shown=shown, promised=shelf.promised
    )


# -- of a file -------------------------------------------------------------------------------------------------------


def count_file(lines: Sequence[FileLine], *, items: Items, is_again: bool) -> Count:
    """Count what a file says lies on the shelves, what is promised included. One wrong line counts nothing."""
    wrong = sorted((*_wrong_lines(lines, items), *_doubled(lines)), key=lambda one: one.number)
    if wrong:
        return Count(wrong=tuple(wrong))
    together = defaultdict[tuple[str, str], list[FileLine]](list)
    for line in lines:
        together[line.sku, line.location].append(line)
    counted, left_out = list[CountLine](), list[LeftOut]()
    for (sku, location), same in together.items():
        item = items[sku]
        if item.shelves[location].is_counted and not is_again:
            left_out.append(LeftOut(sku, Reason.COUNTED_BEFORE, location))
        elif item.batch_tracked:
            counted += _count_batches(item, location, same)
        else:
            (line,) = same
            delta = line.quantity - item.shelves[location].in_stock
            counted.append(CountLine(sku, item.variant_id, location, line.quantity, delta))
    return Count(tuple(counted), tuple(left_out))


def _wrong_lines(lines: Sequence[FileLine], items: Items) -> Iterator[Wrong]:
    for line in lines:
        if words := _wrong_with(line, items.get(line.sku)):
            yield Wrong(line.number, words)


def _wrong_with(line: FileLine, item: CountedItem | None) -> str:
    if item is None:
        return f"the hub has no item with the SKU {line.sku}"
    if item.kind is not Kind.PRODUCT:
        return f"{line.sku} is a service: it has no stock"
    if item.is_bundle:
        return f"{line.sku} is a bundle: its stock is that of its components"
    if line.location not in item.shelves:
        return f"there is no location {line.location}"
    if line.batch and not item.batch_tracked:
        return f"{line.sku} is not batch-tracked: name no batch"
    if item.batch_tracked and not line.batch and line.quantity:
        return f"{line.sku} is batch-tracked: name the batch"
    return ""


def _doubled(lines: Sequence[FileLine]) -> Iterator[Wrong]:
    first: dict[tuple[str, str, str | None], int] = {}
    for line in lines:
        before = first.setdefault((line.sku, line.location, line.batch), line.number)
        if before != line.number:
            yield Wrong(line.number, f"{line.sku} at {line.location} stands on line {before} already")


def _count_batches(item: CountedItem, location: str, same: Sequence[FileLine]) -> Iterator[CountLine]:
    """Batch by batch; one that the file does not name has no pieces, and all pieces are in one."""
    shelf = item.shelves[location]
    wanted = {line.batch: line.quantity for line in same if line.batch}
    deltas = ZERO
    for batch in dict.fromkeys([*wanted, *(name for name, pieces in shelf.batches.items() if pieces)]):
        quantity = wanted.get(batch, ZERO)
        delta = quantity - shelf.batches.get(batch, ZERO)
        deltas += delta
        yield CountLine(item.sku, item.variant_id, location, quantity, delta, batch)
    apart = sum(wanted.values(), ZERO) - shelf.in_stock - deltas
    if apart or not wanted:
        yield CountLine(item.sku, item.variant_id, location, ZERO, apart)


# -- what is said of it ----------------------------------------------------------------------------------------------

MOST_NAMED: Final = 1000  # SKUs that a report names; all are counted


def without(count: Count, doubtful: Collection[str]) -> Count:
    """The count without SKUs whose orders are not in the hub yet."""
    lines = tuple(line for line in count.lines if line.sku not in doubtful)
    said = tuple(one for one in count.left_out if one.sku not in doubtful)
    unread = count.skus & set(doubtful)
    return replace(
        count, lines=lines, left_out=(*said, *(LeftOut(sku, Reason.ORDERS_UNREAD) for sku in sorted(unread)))
    )


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another store that sells from the same location, with what it is known to show."""

    name: str
    places: Mapping[str, str]
    items: Sequence[StoreItem]


@dataclass(frozen=True, slots=True)
class Beside:
    """What several stores show of one SKU at one location; None is not known."""

    sku: str
    location: str
    figures: Mapping[str, int | None]


def beside(count: Count, neighbours: Sequence[Neighbour], *, name: str) -> list[Beside]:
    """Where other stores show another figure of what is counted: one of them is right, and they are never added up."""
    found = []
    for line in count.lines:
        figures: dict[str, int | None] = {name: line.shown}
        for other in neighbours:
            same = [one for one in other.items if one.sku == line.sku and one.is_tracked]
            if same and line.location in other.places.values():
                figures[other.name] = _shown_at(same[0], line.location, other.places)
        if len(set(figures.values())) > 1:
            found.append(Beside(line.sku, line.location, figures))
    return found


def report_of(count: Count, others: Sequence[Beside]) -> dict[str, Any]:
    """What came of a count, as it is kept for people: how much, and the first of all that is to be said."""
    reasons = Counter(one.reason.value for one in count.left_out)
    return {
        "figures": len(count.lines),
        "pieces": plain(sum((line.quantity for line in count.lines), ZERO)),
        "counted": [
            {
                "sku": line.sku,
                "location": line.location,
                "shown": line.shown,
                "promised": plain(line.promised),
                "quantity": plain(line.quantity),
                "delta": plain(line.delta),
            }
            for line in count.lines[:MOST_NAMED]
        ],
        "reasons": dict(sorted(reasons.items())),
        "left_out": [
            {"sku": one.sku, "location": one.location, "reason": one.reason.value, "detail": one.words}
            for one in count.left_out[:MOST_NAMED]
        ],
        "differing": len(others),
        "side_by_side": [
            {"sku": one.sku, "location": one.location, "figures": dict(one.figures)} for one in others[:MOST_NAMED]
        ],
    }
