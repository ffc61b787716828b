"""Once a day, behind a walk through its whole catalogue: does a store show the hub's stock? (STK-13)"""

from celery import shared_task

from connectors import locks, postgres
from connectors.postgres import comparing, journal, stock, stores
from schemas.reasons import Reason
from schemas.stores import StoreState
from tasks import bells
from tasks.process import Process, process
from tasks.rules.comparing import Compared, compare
from tasks.rules.stock import hub_locations
from tasks.session import UnknownStore, resolve_store
from tasks.stock import decide_skus

PIECE = 500  # SKUs that are looked at together
_NAMED = 20  # SKUs that the journal names


@shared_task(
    name="compare_stock",
    soft_time_limit=locks.CATALOGUE_SOFT_LIMIT_SECONDS,
    time_limit=locks.CATALOGUE_HARD_LIMIT_SECONDS,
)
def compare_stock(store: int | str) -> str:
    """Compare what a store shows with the hub's stock, and have differences told again; once for each whole walk."""
    held = process()
    store_id = resolve_store(held, store)
    with locks.lock(held.redis, locks.compare_key(store_id), ttl=locks.CATALOGUE_LOCK_SECONDS) as is_ours:
        if not is_ours:
            return "busy"
        with held.pool.connection() as connection:
            row = stock.look(connection, store_id)
        if row is None:
            raise UnknownStore(f"there is no store {store_id}")
        if not row["compare_due"]:
            return "nothing_due"
        if row["state"] != StoreState.ACTIVE:
            return f"store_{row['state']}"
        if row["settings"].get("stock.sync") is not True:
            return "stock_sync_off"
        found = _compare_all(held, row)
        _write_down(held, row, found)
    bells.ring_stock([store_id])
    return f"{len(found.to_tell)} of {found.skus} told again"


def _compare_all(held: Process, row: postgres.Row) -> Compared:
    """Piece by piece; nothing is written, so that it can be done again."""
    found, beyond = Compared(), ""
    store = stores.read_store(row, held.connector(row).platform)
    places = hub_locations(
        store, str(store.settings["location"] or stores.read_account(row["account"]).default_location)
    )
    while True:
        with held.pool.connection() as connection:
            piece = [sku for sku, _ in stock.named_items(connection, row["id"], beyond=beyond, limit=PIECE)]
            items = stock.items(connection, row["id"], piece)
            agreed = comparing.agreed(connection, row["id"], piece)
        if not piece:
            return found
        found += compare(
            decide_skus(held, row, dict.fromkeys(piece, False), items), items, places=places, agreed=agreed
        )
        beyond = piece[-1]


def _write_down(held: Process, row: postgres.Row, found: Compared) -> None:
    reason = Reason.WOULD_EMPTY_STORE if found.would_empty and found.strange else None
    counts = {
        "compared": found.skus,
        "differing": len({*found.strayed, *found.strange}),
        "told_again": len(found.to_tell),
        "unknown": len(found.unknown) + len(found.unseen),
    }
    detail = counts | {"skus": found.to_tell[:_NAMED]}
    if reason:
        detail |= {"not_told": found.strange[:_NAMED], "shown": found.shown, "wanted": found.wanted}
    with held.pool.connection() as connection, connection.transaction():
        comparing.tell_again(connection, row["id"], found.to_tell, wants_look=False)
        comparing.tell_again(connection, row["id"], found.unknown, wants_look=True)
        comparing.agree(connection, row["id"], found.equal)
        comparing.done(
            connection, row["id"], {**counts, "not_told": len(found.strange) if reason else 0, "reason": reason}
        )
        word = "stopped" if reason else "compared"
        journal.add(connection, journal.Line("compare", word, reason, detail), store_id=row["id"])
