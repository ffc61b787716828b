"""What Katana says of items and their stock, and what open orders promise of it. It changes nothing there."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from connectors.katana.budget import Priority
from connectors.katana.client import KatanaClient
from connectors.katana.copies import LOCATIONS, SERVICES, VARIANTS, Copies
from connectors.katana.finding import variant_of
from connectors.katana.news import KatanaNews, keep_counted
from connectors.katana.reading import all_readable
from connectors.postgres import Connection, queries
from schemas.counts import CountedItem, Shelf
from schemas.hub import Batch, StockLevel, Variant
from schemas.katana.records import Copied
from schemas.katana.stock import BatchRecord, InventoryRecord, read_batch, read_inventory, read_movement
from schemas.orders import ZERO, Kind

_SQL: Final = queries("news", __package__)
_STOCK: Final = Priority.STOCK
_IN_ONE: Final = 100  # items of one question
_MOVES_IN_ONE: Final = 25  # … of one about what was ever moved of them, which is long

Key = tuple[str, str]  # an item and a place


@dataclass(frozen=True, slots=True)
class Promised:
    """Pieces that open orders promise, those that stores' orders do, and those of one store."""

    pieces: Decimal = ZERO
    of_stores: Decimal = ZERO
    of_store: Decimal = ZERO


class Supply:
    """Items and stock. Every method may raise a ConnectorError."""

    def __init__(self, connection: Connection, client: KatanaClient, copies: Copies, news: KatanaNews) -> None:
        self._connection, self._client, self._copies, self._news = connection, client, copies, news

    def batches(self, variant_ids: Sequence[str], location: str) -> tuple[Batch, ...]:
        """Batches with stock at a location, first received first (FUL-4). Items without batches cost no request."""
        self._copies.refresh(VARIANTS)
        tracked = [one.id for one in self._copies.by(VARIANTS, ids=variant_ids) if one.batch_tracked]
        found = [one for id_ in tracked for one in self._batches(id_, location_id=location) if one.in_stock > 0]
        return tuple(
            Batch(one.id, one.number, one.variant_id, one.location_id, one.in_stock, one.made_at)
            for one in sorted(found, key=_age)
        )

    def levels(self, skus: Sequence[str]) -> tuple[StockLevel, ...]:
        """Stock of the newest variant of each SKU at every location (STK-3), and what open orders promise (STK-2)."""
        items = self._newest(skus)
        promised, there = self._promised(items), self._there(items)
        counted = self._counted(items, there)
        keys = sorted(there.keys() | promised.keys(), key=lambda key: (items[key[0]].sku or "", len(key[1]), key[1]))
        return tuple(
            StockLevel(
                sku=items[key[0]].sku or "",
                location=key[1],
                in_stock=there[key].in_stock if key in there else ZERO,
                committed=max(there[key].promised if key in there else ZERO, promised.get(key, _NONE).pieces),
                committed_direct=promised.get(key, _NONE).pieces,
                committed_store=promised.get(key, _NONE).of_stores,
                expected=there[key].expected if key in there else ZERO,
                is_counted=key in counted,
            )
            for key in keys
        )

    def shelves(self, skus: Sequence[str], *, store_id: int | None = None) -> dict[str, CountedItem]:
        """What is there of some SKUs at each location, and what open orders of a store wait for there (STK-11)."""
        items = self._newest(skus)
        promised, there = self._promised(items, store_id), self._there(items)
        counted = self._counted(items, there)
        self._copies.refresh(LOCATIONS)
        places = [one.id for one in self._copies.all(LOCATIONS)]
        return {
            item.sku: CountedItem(
                item.sku,
                item.id,
                item.kind,
                item.batch_tracked,
                is_bundle=False,
                shelves={
                    place: Shelf(
                        there[item.id, place].in_stock if (item.id, place) in there else ZERO,
                        (item.id, place) in counted,
                        promised.get((item.id, place), _NONE).of_store,
                        batches=batches.get(place, {}),
                    )
                    for place in places
                },
            )
            for item in items.values()
            if item.sku is not None
            for batches in [self._by_place(item)]
        }

    def has_counted(self) -> bool:
        """Whether anything was ever counted (STK-10)."""
        if self._connection.execute(_SQL["katana_has_counted"]).fetchone() is not None:
            return True
        for page in self._client.pages("inventory_movements", {}, priority=_STOCK):
            for one in all_readable(read_movement, page):
                if one.is_count:
                    keep_counted(self._connection, [(one.variant_id, one.location_id)])
                    return True
        return False

    def stocked(self, *, after: str, limit: int) -> dict[str, str]:
        """The next SKUs that carry stock, with the names of their newest items, in the order of code points (STK-3)."""
        self._copies.refresh(VARIANTS, SERVICES)
        rows = self._connection.execute(_COPIES["katana_stocked"], {"after": after, "limit": limit})
        return {row["sku"]: row["name"] for row in rows}

    def items(self, *, beyond: str | None, limit: int) -> tuple[Variant, ...]:
        """The next items behind the one with an id, from the first one on, the oldest first; empty behind the last."""
        self._copies.refresh(VARIANTS, SERVICES)
        return tuple(variant_of(one) for one in self._copies.beyond(VARIANTS, beyond, limit=limit))

    # -- what stands there

    def _newest(self, skus: Collection[str]) -> dict[str, Copied]:
        """The newest item of each SKU, by its id; copies are the oldest first."""
        self._copies.refresh(VARIANTS, SERVICES)
        by_sku = {one.sku: one for one in self._copies.by(VARIANTS, skus=skus) if one.kind is Kind.PRODUCT}
        return {one.id: one for one in by_sku.values()}

    def _there(self, items: Mapping[str, Copied]) -> dict[Key, InventoryRecord]:
        found = {}
        for some in _portions(items, _IN_ONE):
            for page in self._client.pages("inventory", {"variant_id": some}, priority=_STOCK):
                lines = all_readable(read_inventory, page)
                found.update({(one.variant_id, one.location_id): one for one in lines if one.variant_id in items})
        return found

    def _promised(self, items: Mapping[str, Copied], store_id: int | None = None) -> dict[Key, Promised]:
        """What open orders promise, as it was heard a minute ago at most, our own writes included.

        It is read before what lies there: what leaves meanwhile is taken off twice for a moment, and never sold twice.
        """
        if items:
            self._news.listen()
        rows = self._connection.execute(_SQL["promises"], {"variant_ids": list(items), "store_id": store_id})
        return {
            (row["variant_id"], row["location_id"]): Promised(row["pieces"], row["of_stores"], row["of_store"])
            for row in rows
        }

    def _counted(self, items: Mapping[str, Copied], there: Mapping[Key, InventoryRecord]) -> set[Key]:
        """Which items were counted where: somebody did where there is something; of the others Katana is asked once."""
        rows = self._connection.execute(_SQL["counted"], {"variant_ids": list(items)}).fetchall()
        known = {(row["variant_id"], row["location_id"]) for row in rows}
        seen = {key for key, line in there.items() if line.in_stock > 0}
        open_ = {key for key in there if key not in known | seen and (key[0], "") not in known}
        unasked = sorted({variant for variant, _ in open_})
        for some in _portions(unasked, _MOVES_IN_ONE):
            for page in self._client.pages("inventory_movements", {"variant_ids": some}, priority=_STOCK):
                known |= {
                    (one.variant_id, one.location_id) for one in all_readable(read_movement, page) if one.is_count
                }
        keep_counted(self._connection, known | seen | {(one, "") for one in unasked})
        return known | seen

    def _by_place(self, item: Copied) -> dict[str, dict[str, Decimal]]:
        """What lies there of each batch, by place and the batch's number."""
        found: defaultdict[str, dict[str, Decimal]] = defaultdict(dict)
        if item.batch_tracked:
            for one in sorted(self._batches(item.id), key=_age):
                found[one.location_id][one.number] = one.in_stock
        return dict(found)

    def _batches(self, variant_id: str, **asked: str) -> list[BatchRecord]:
        said = self._client.matching("batch_stocks", {"variant_id": variant_id, **asked}, priority=Priority.ORDERS)
        return all_readable(read_batch, (one for one in said if one.get("batch_id") is not None))


_COPIES: Final = queries("copies", __package__)
_NONE: Final = Promised()


def _age(one: BatchRecord) -> tuple[Any, int, str]:
    """Those that were made at one moment have their ids in the order in which they were."""
    return one.made_at, len(one.id), one.id


def _portions(ids: Iterable[str], size: int) -> Iterator[list[str]]:
    every = list(ids)
    return (every[start : start + size] for start in range(0, len(every), size))
