"""What a stock push would tell a store, asked of the store now; nothing is written and nothing is told (BEY-1)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.hubs import open_hub
from connectors.patience import walk_catalogue
from connectors.postgres import lanes, stock_view, stores
from connectors.postgres.rows import StoreTurn
from schemas.hub import StockLevel
from schemas.reasons import Reason
from schemas.stock import DEFAULT_PLACE, StoreItem
from schemas.stores import Store
from tasks.held import Process
from tasks.rules.places import location_of
from tasks.rules.stock import decide_push, uncounted_places, wanted_quantities
from tasks.rules.stock_loss import Loss, telling_uncounted
from tasks.stock.shared import shared_skus
from tasks.trouble import UnknownStore


@dataclass(frozen=True, slots=True)
class StockPreview:
    """One item of a store at one place: what it shows, what it is to show, and what a push would do.

    `outcome` is tell, ask (a person is asked before it is told: nobody ever counted it), same (it shows the quantity
    already) or skip; `reason` says why it is asked for, is skipped or has to wait.
    """

    sku: str
    outcome: str
    external_id: str | None = None
    place: str = DEFAULT_PLACE
    shows: int | None = None
    quantity: int | None = None
    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Known:
    """What of the hub one batch is decided on."""

    levels: dict[str, list[StockLevel]]
    held: set[str]
    store: Store
    location: str


def preview_skus(held: Process, store_id: int, skus: Sequence[str], loss: Loss | None = None) -> Iterator[StockPreview]:
    """What a push of some SKUs would do at a store, in their order; `loss` adds up what it would take from them."""
    turn = _look(held, store_id)
    connector = held.connector(turn.store)
    size = connector.platform.stock_batch
    for start in range(0, len(skus), size):
        batch = skus[start : start + size]
        items = _by_sku(connector.find_items(batch).items)
        known = _gather(held, turn, batch)
        _add_up(loss, [item for found in items.values() for item in found], known)
        for sku in batch:
            yield from _preview(sku, items.get(sku, []), known)


def preview_all(held: Process, store_id: int, loss: Loss | None = None) -> Iterator[StockPreview]:
    """What a push of everything would do: a walk through the store's catalogue, then the SKUs it does not have.

    `loss` adds up what it would take from all that the store shows.
    """
    turn = _look(held, store_id)
    with held.pool.connection() as connection:
        there, missing = shared_skus(connection, store_id)
    unseen = dict.fromkeys([*there, *missing])
    for page in walk_catalogue(held.connector(turn.store)):
        items = _by_sku(page.items)
        known = _gather(held, turn, list(items))
        _add_up(loss, page.items, known)
        for sku in items:
            if known.levels.get(sku):  # what the hub does not have is no business of a push
                unseen.pop(sku, None)
                yield from _preview(sku, items[sku], known)
    for sku in unseen:
        yield StockPreview(sku, "skip", reason=Reason.NO_STORE_ITEM)


def _add_up(loss: Loss | None, items: Sequence[StoreItem], known: _Known) -> None:
    if loss is not None:
        for item in items:
            loss.add(item, known.levels.get(item.sku, ()), store=known.store, location=known.location)


def _look(held: Process, store_id: int) -> StoreTurn:
    with held.pool.connection() as connection:
        turn = lanes.look(connection, store_id)
    if turn is None:
        raise UnknownStore(f"there is no store {store_id}")
    return turn


def _gather(held: Process, turn: StoreTurn, skus: Sequence[str]) -> _Known:
    store = stores.read_store(turn.store, held.connector(turn.store).platform)
    location = location_of(store, turn.account)
    levels = defaultdict[str, list[StockLevel]](list)
    with held.pool.connection() as connection:
        for level in open_hub(turn.account, connection).levels(skus):
            levels[level.sku].append(level)
        waiting = stock_view.held_skus(connection, turn.store.id, skus)
    return _Known(levels, waiting, telling_uncounted(store, is_on=True), location)


def _by_sku(items: Sequence[StoreItem]) -> dict[str, list[StoreItem]]:
    found: dict[str, list[StoreItem]] = {}
    for item in items:
        found.setdefault(item.sku, []).append(item)
    return found


def _preview(sku: str, items: Sequence[StoreItem], known: _Known) -> Iterator[StockPreview]:
    levels = known.levels.get(sku, [])
    push = decide_push(sku, levels=levels, items=items, store=known.store, location=known.location)
    if push.note and push.note.reason is not Reason.TRACKING_OFF:  # that is said of each item
        yield StockPreview(sku, "skip", reason=push.note.reason, detail=push.note.detail)
    if not levels or not items:
        return
    tells = {(tell.external_id, tell.place) for tell in push.tells}
    waits = Reason.ORDERS_UNREAD if sku in known.held else None
    wanted = wanted_quantities(levels, store=known.store, location=known.location)
    careful = telling_uncounted(known.store, is_on=False)
    uncounted = uncounted_places(levels, store=careful, location=known.location)
    for item in items:
        if not item.is_tracked:
            yield StockPreview(sku, "skip", item.external_id, reason=Reason.TRACKING_OFF)
            continue
        for place, quantity in wanted.items():
            is_told = (item.external_id, place) in tells
            # Where the item is not stocked, and no pieces are there to show, nothing is said of it.
            if is_told or place in item.shown:
                outcome, reason = ("tell", waits) if is_told else ("same", None)
                if is_told and place in uncounted:
                    outcome, reason = "ask", Reason.NEVER_COUNTED
                shows = item.shown.get(place)
                yield StockPreview(sku, outcome, item.external_id, place, shows, quantity, reason)
