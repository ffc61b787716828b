"""What an activation of a store would bring, asked of its shop now; nothing is written and nothing is told (STG-3)."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.hubs import our_hub
from connectors.patience import walk_catalogue
from connectors.postgres import stores
from connectors.postgres.rows import StoreRow
from schemas.hub_search import Wanted
from tasks.held import Process
from tasks.orders.preview import Preview, preview_orders
from tasks.stock.preview import StockPreview, preview_all

_PAGE: Final = 500  # SKUs that the hub is asked for at a time


@dataclass(frozen=True, slots=True)
class MatchedSkus:
    """How the SKUs of a shop and of the hub meet; several items of a shop with one SKU are `doubled`.

    `missing` are those that carry stock in the hub and that the shop has not; `without_sku` are items of the shop.
    """

    both: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    without_sku: int = 0


@dataclass(frozen=True, slots=True)
class Foretold:
    """What would become of a shop's orders, how its SKUs meet the hub's, what it would be told; None: stock is off."""

    orders: tuple[Preview, ...]
    skus: MatchedSkus
    stock: tuple[StockPreview, ...] | None


def foretell(held: Process, row: StoreRow, *, on_page: Callable[[int], None] = lambda _: None) -> Foretold:
    """Ask the shop what an activation would bring; `on_page` hears how many items each page of its catalogue had.

    Raises a ConnectorError where the shop does not answer.
    """
    found = Counter[str]()
    without_sku = 0
    for page in walk_catalogue(held.connector(row)):
        found.update(item.sku for item in page.items)
        without_sku += page.without_sku
        on_page(len(page.items))
    skus = _matched(held, found, without_sku)
    orders = tuple(preview_orders(held, row, row.cursor))
    store = stores.read_store(row, held.connector(row).platform)
    stock = tuple(preview_all(held, row.id)) if store.is_on("stock.sync") else None
    return Foretold(orders, skus, stock)


def _matched(held: Process, found: Mapping[str, int], without_sku: int) -> MatchedSkus:
    known = _known(held, sorted(found))
    missing, after = list[str](), ""
    while some := _stocked(held, after):
        missing += [sku for sku in some if sku not in found]
        after = some[-1]
    return MatchedSkus(
        both=tuple(sorted(known)),
        new=tuple(sorted(found.keys() - known)),
        doubled=tuple(sorted(sku for sku, items in found.items() if items > 1)),
        missing=tuple(missing),
        without_sku=without_sku,
    )


def _known(held: Process, skus: Sequence[str]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(skus), _PAGE):
        with held.pool.connection() as connection:
            known |= our_hub(connection).find(Wanted(skus=frozenset(skus[start : start + _PAGE]))).by_sku.keys()
    return known


def _stocked(held: Process, after: str) -> list[str]:
    with held.pool.connection() as connection:
        return list(our_hub(connection).stocked(after=after, limit=_PAGE))
