"""What an activation of a store would bring, asked of its shop now; nothing is written and nothing is told (STG-3)."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

from connectors.hubs import our_hub
from connectors.patience import walk_catalogue
from connectors.postgres import stores
from connectors.postgres.rows import StoreRow
from schemas.hub_search import Wanted
from tasks.held import Process
from tasks.orders.preview import Preview, preview_orders
from tasks.rules.matched_skus import MatchedSkus, match_skus
from tasks.stock.preview import StockPreview, preview_all
from tasks.stock.shared import PAGE, stocked_skus


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
    known = _known(held, sorted(found))
    with held.pool.connection() as connection:
        stocked = list(stocked_skus(our_hub(connection)))
    skus = match_skus(found, known=known, stocked=chain(*stocked), without_sku=without_sku)
    orders = tuple(preview_orders(held, row, row.cursor))
    store = stores.read_store(row, held.connector(row).platform)
    stock = tuple(preview_all(held, row.id)) if store.is_on("stock.sync") else None
    return Foretold(orders, skus, stock)


def _known(held: Process, skus: Sequence[str]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(skus), PAGE):
        with held.pool.connection() as connection:
            known |= our_hub(connection).find(Wanted(skus=frozenset(skus[start : start + PAGE]))).by_sku.keys()
    return known
