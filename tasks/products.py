"""What a store sells into the hub, once, when it was connected. It makes items only; their stock is nobody's yet."""

from typing import Final

from celery import shared_task

from connectors.hubs import our_hub
from connectors.postgres import catalogue, journal, lanes, stores
from connectors.postgres.rows import StoreTurn
from schemas.actions import AddItems
from schemas.groups import Group
from schemas.journal import Action, Line, Outcome
from tasks.held import Process
from tasks.lanes import PRODUCTS
from tasks.work import Done, work_on_store

PIECE: Final = 500  # items of one transaction: orders that make the same item wait no longer


@shared_task(name="import_products")
def import_products(store: int | str) -> str:
    """Make an item of every SKU that the store's catalogue has and the hub has not (products.import_on_connect).

    A store that was connected without the switch has nothing due, nor has one whose products came already.
    """
    return work_on_store(store, PRODUCTS, _bring)


def _bring(held: Process, turn: StoreTurn) -> Done:
    """Piece by piece: what a crash leaves behind is in the hub, and found there the next time."""
    row, seen, made = turn.store, 0, 0
    beyond = ""
    with held.pool.connection() as connection:
        hub = our_hub(connection)
        while piece := catalogue.named_items(connection, row.id, beyond=beyond, limit=PIECE):
            items = AddItems(tuple(piece))
            ids = hub.apply([Group("items", (items,))]).made(items)
            seen, made = seen + len(piece), made + (len(ids.split(",")) if ids else 0)
            beyond, _ = piece[-1]
        with connection.transaction():
            lanes.clear(connection, row.id, "import_products")
            if stores.products_came(connection, row.id):
                counts = {"made": made, "known": seen - made, "without_sku": row.items_without_sku}
                journal.add(connection, Line(Action.IMPORT_PRODUCTS, Outcome.IMPORTED, None, counts), store_id=row.id)
    return Done(f"{made} made, {seen - made} known")
