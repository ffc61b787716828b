"""Once a day, behind a walk through its whole catalogue: does a store show the hub's stock? (STK-13)"""

from celery import shared_task

from connectors import locks
from connectors.postgres import catalogue, comparing, journal, lanes, stores
from connectors.postgres.rows import StoreRow, StoreTurn
from schemas.journal import Action, Line, Outcome
from schemas.reasons import Reason
from tasks.held import Process
from tasks.lanes import COMPARE
from tasks.rules.comparing import Compared, compare
from tasks.rules.places import hub_locations, location_of
from tasks.stock.push import decide_skus
from tasks.work import Done, work_on_store

PIECE = 500  # SKUs that are looked at together
_NAMED = 20  # SKUs that the journal names


@shared_task(
    name="compare_stock",
    soft_time_limit=locks.CATALOGUE_SOFT_LIMIT_SECONDS,
    time_limit=locks.CATALOGUE_HARD_LIMIT_SECONDS,
)
def compare_stock(store: int | str) -> str:
    """Compare what a store shows with the hub's stock, and have differences told again; once for each whole walk."""
    return work_on_store(store, COMPARE, _compare)


def _compare(held: Process, turn: StoreTurn) -> Done:
    if turn.store.stock_news is None:
        return Done("stock_sync_off")
    found = _compare_all(held, turn)
    _write_down(held, turn.store, found)
    return Done(f"{len(found.to_tell)} of {found.skus} told again", is_due=True)


def _compare_all(held: Process, turn: StoreTurn) -> Compared:
    """Piece by piece; nothing is written, so that it can be done again."""
    found, beyond, row = Compared(), "", turn.store
    store = stores.read_store(row, held.connector(row).platform)
    places = hub_locations(store, location_of(store, turn.account))
    while True:
        with held.pool.connection() as connection:
            piece = [sku for sku, _ in catalogue.named_items(connection, row.id, beyond=beyond, limit=PIECE)]
            items = catalogue.items(connection, row.id, piece)
            agreed = comparing.agreed(connection, row.id, piece)
        if not piece:
            return found
        found += compare(
            decide_skus(held, turn, dict.fromkeys(piece, False), items), items, places=places, agreed=agreed
        )
        beyond = piece[-1]


def _write_down(held: Process, row: StoreRow, found: Compared) -> None:
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
        lanes.clear(connection, row.id, "compare_stock")
        comparing.tell_again(connection, row.id, found.to_tell, wants_look=False)
        comparing.tell_again(connection, row.id, found.unknown, wants_look=True)
        comparing.agree(connection, row.id, found.equal)
        comparing.done(
            connection, row.id, {**counts, "not_told": len(found.strange) if reason else 0, "reason": reason}
        )
        outcome = Outcome.STOPPED if reason else Outcome.COMPARED
        journal.add(connection, Line(Action.COMPARE, outcome, reason, detail), store_id=row.id)
