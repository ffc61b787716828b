"""The built-in hub's items for people who look through them: found by SKU or name, and all that is known of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connectors.builtin_hub import counts, lists
from connectors.builtin_hub.hub import BuiltinHub
from connectors.builtin_hub.lists import ListedBatch, ListedMo, ListedMove, ListedPart
from connectors.postgres import Connection
from schemas.counts import MadeCount
from schemas.hub import StockLevel, Variant
from schemas.hub_search import Wanted
from tasks.rules.matching import age

MOST_PARTS: Final = 100  # of a bundle, and batches
_PART: Final = 3  # signs; an index finds these anywhere in a SKU or name
_COMMON: Final = 20  # of those that are looked through: so many that walking on finds more sooner than the index


@dataclass(frozen=True, slots=True)
class NextSkus:
    """The next SKUs with their names, and behind which one the rest begins; None where there is no more."""

    names: dict[str, str]
    beyond: str | None


def cut(names: dict[str, str], limit: int) -> NextSkus:
    """So many of them; of one more than are wanted there are others."""
    kept = dict(list(names.items())[:limit])
    return NextSkus(kept, list(kept)[-1] if len(names) > limit else None)


def next_skus(connection: Connection, text: str, *, after: str, limit: int, most_looked: int) -> NextSkus:
    """The next SKUs that carry stock and are called so, or fewer: the rest begins where nobody looked yet."""
    if not text:
        return cut(lists.stocked(connection, after=after, limit=limit + 1), limit)
    walked = cut(lists.stocked(connection, after=after, limit=most_looked + 1), most_looked)
    named = {sku: name for sku, name in walked.names.items() if _is_called(text, sku, name)}
    if walked.beyond is None or len(named) > limit:
        return cut(named, limit)
    if len(text) < _PART or len(named) >= _COMMON:
        return NextSkus(named, walked.beyond)
    skus = lists.called(connection, text, after=after, limit=limit + 1)
    beyond = skus[limit - 1] if len(skus) > limit else None
    return NextSkus(lists.stocked_of(connection, skus[:limit]), beyond)


def _is_called(text: str, sku: str, name: str) -> bool:
    return text.lower() in sku.lower() or text.lower() in name.lower()


def is_item(connection: Connection, sku: str) -> bool:
    """Whether the hub has an item with exactly this SKU."""
    return bool(lists.items_with_sku(connection, sku))


@dataclass(frozen=True, slots=True)
class SkuAtHub:
    """What the built-in hub has of a SKU. Of several items with it the one created latest is meant."""

    items: Sequence[Variant]
    levels: Sequence[StockLevel] = ()
    batches: Sequence[ListedBatch] = ()
    parts: Sequence[ListedPart] = ()
    moves: Sequence[ListedMove] = ()

    @property
    def item(self) -> Variant:
        """The one that is meant."""
        return max(self.items, key=age)


def sku_at_hub(connection: Connection, sku: str, *, moves: int) -> SkuAtHub | None:
    """A SKU, with so many of its latest moves; None where the hub has no such item."""
    hub = BuiltinHub(connection)
    items = hub.find(Wanted(skus=frozenset({sku}))).by_sku.get(sku, ())
    if not items:
        return None
    return SkuAtHub(
        items,
        hub.levels([sku]),
        lists.batches_of(connection, sku, limit=MOST_PARTS),
        lists.parts_of(connection, sku, limit=MOST_PARTS),
        lists.moves_of(connection, sku, limit=moves),
    )


def made_counts(connection: Connection, *, limit: int) -> list[MadeCount]:
    """The latest counts, from files and stores."""
    return counts.latest(connection, limit=limit)


def made_count(connection: Connection, count_id: str) -> MadeCount | None:
    """One of them."""
    return counts.one(connection, count_id)


def manufacturing_orders(connection: Connection, *, limit: int, before: int | None) -> list[ListedMo]:
    """The latest manufacturing orders, of those before a number."""
    return lists.manufacturing_orders(connection, limit=limit, before=before)
