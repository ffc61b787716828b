"""What a store sells into the hub, once, when it was connected. It makes items only; their stock is nobody's yet."""

from typing import Final

from celery import shared_task

from connectors import locks, postgres
from connectors.postgres import journal, stock, stores
from connectors.postgres.hub import PostgresHub
from schemas.actions import AddItems
from schemas.stores import StoreState
from tasks.process import Process, process
from tasks.session import resolve_store, store_row

PIECE: Final = 500  # items of one transaction: orders that make the same item wait no longer


@shared_task(name="import_products")
def import_products(store: int | str) -> str:
    """Make an item of every SKU that the store's catalogue has and the hub has not (products.import_on_connect).

    A store that was connected without the switch has nothing due, nor has one whose products came already.
    """
    held = process()
    store_id = resolve_store(held, store)
    with locks.lock(held.redis, locks.products_key(store_id)) as is_ours:
        if not is_ours:
            return "busy"
        row = store_row(held, store_id)
        if row["state"] != StoreState.ACTIVE:
            return f"store_{row['state']}"
        if not row["wants_products"] or row["catalogue_whole_at"] is None:
            return "nothing_due"
        return _bring(held, row)


def _bring(held: Process, row: postgres.Row) -> str:
    """Piece by piece: what a crash leaves behind is in the hub, and found there the next time."""
    seen = made = 0
    beyond = ""
    with held.pool.connection() as connection:
        while piece := stock.named_items(connection, row["id"], beyond=beyond, limit=PIECE):
            with connection.transaction():
                (ids,) = PostgresHub(connection).apply([AddItems(tuple(piece))])
            seen, made = seen + len(piece), made + (len(ids.split(",")) if ids else 0)
            beyond, _ = piece[-1]
        with connection.transaction():
            if stores.products_came(connection, row["id"]):
                counts = {"made": made, "known": seen - made, "without_sku": row["items_without_sku"]}
                journal.add(connection, journal.Line("import_products", "imported", None, counts), store_id=row["id"])
    return f"{made} made, {seen - made} known"
