"""What a push by hand, or another setting, would make of what a store shows, before it is done (STK-10).

What the store shows is what we keep of its catalogue; that is read first where nobody followed it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from connectors import platforms
from connectors.errors import ConnectorError
from connectors.hubs import our_hub
from connectors.patience import walk_catalogue
from connectors.postgres import catalogue, stock_view, stores
from connectors.postgres.rows import StoreRow
from connectors.store import StoreConnector
from schemas.counts import CountLine
from schemas.hub import StockLevel
from schemas.settings import Value, with_defaults
from schemas.stock import StoreItem
from schemas.stores import Store, StoreState
from tasks.held import Process
from tasks.rules.places import hub_locations, location_of
from tasks.rules.stock_loss import Loss, telling_uncounted, with_count

Read = Callable[[StoreRow], object]  # all of a store's catalogue, now

_PAGE: Final = 1000  # items that are held in memory at a time


def loss_of_push(held: Process, row: StoreRow, skus: Sequence[str], *, read: Read) -> Loss:
    """What a push of some SKUs would take from a store; what was never counted is told too, as a person names it."""
    store, location = _seen(held, row, row.settings)
    store = telling_uncounted(store, is_on=True)
    loss = _weigh(held, [_asked_for(held, row, skus)], store=store, location=location)
    if loss.is_half:  # of these SKUs: of all that the store shows it may be little
        if row.catalogue_whole_at is None:
            read(row)
        add_others(held, row, loss, skus)
    return loss


def loss_of_push_of_all(held: Process, row: StoreRow) -> Loss:
    """What a push of everything would take from a store whose catalogue was just read."""
    store, location = _seen(held, row, row.settings)
    store = telling_uncounted(store, is_on=True)
    return _weigh(held, _kept(held, row.id), store=store, location=location)


def loss_of_count(held: Process, row: StoreRow, lines: Sequence[CountLine], *, read: Read) -> Loss:
    """What a store that is told stock would show less once some figures are counted in the hub."""
    store, location = _seen(held, row, row.settings)
    if not store.is_on("stock.sync") or not lines:
        return Loss()
    if row.catalogue_whole_at is None:
        read(row)
    skus = sorted({line.sku for line in lines})
    with held.pool.connection() as connection:
        items = catalogue.items(connection, row.id, skus)
    loss = _weigh(held, [items], store=store, location=location, counted=lines)
    if loss.is_half:
        add_others(held, row, loss, skus)
    return loss


def losses_of_count(held: Process, lines: Sequence[CountLine], *, read: Read) -> dict[str, Loss]:
    """The same of every connected store, by name."""
    with held.pool.connection() as connection:
        rows = stores.stores(connection)
    return {row.name: loss_of_count(held, row, lines, read=read) for row in rows}


def loss_of_switch(
    held: Process, row: StoreRow, settings: Mapping[str, Value], *, read: Read, location: str | None = None
) -> Loss:
    """What a store would show less in the end with these settings, or another default location of the account."""
    store, place = _seen(held, row, settings)
    if not store.is_on("stock.sync") or not _can_tell(held, store):
        return Loss()
    was_followed = bool(row.settings.get("stock.sync")) and row.state is not StoreState.INACTIVE
    if row.catalogue_whole_at is None or not was_followed:
        read(row)
    place = place if store.settings["location"] or location is None else location
    return _weigh(held, _kept(held, row.id), store=store, location=place)


def loss_at_connection(
    held: Process, connector: StoreConnector, settings: Mapping[str, Value], *, on_page: Callable[[int], None]
) -> Loss:
    """What a shop that is to be connected would show less in the end: it is asked for all of its catalogue."""
    platform = connector.platform
    store = Store(0, "", platform, "", StoreState.ACTIVE, with_defaults(platform, settings))
    if not store.is_on("stock.sync") or not _can_tell(held, store):
        return Loss()
    with held.pool.connection() as connection:
        location = location_of(store, stores.account(connection))

    def pages() -> Iterator[Sequence[StoreItem]]:
        for page in walk_catalogue(connector):
            on_page(len(page.items))
            yield page.items

    return _weigh(held, pages(), store=store, location=location)


def add_others(held: Process, row: StoreRow, loss: Loss, skus: Sequence[str]) -> None:
    """Add what a store goes on showing of all other SKUs, as far as its catalogue is known."""
    store, location = _seen(held, row, row.settings)
    with held.pool.connection() as connection:
        loss.keep(stock_view.shown_of_others(connection, row.id, hub_locations(store, location), but=skus))


def _seen(held: Process, row: StoreRow, settings: Mapping[str, Value]) -> tuple[Store, str]:
    """The store with some settings, and the hub's location of its default place."""
    store = stores.read_store(replace(row, settings=dict(settings)), platforms.record(row.platform))
    with held.pool.connection() as connection:
        return store, location_of(store, stores.account(connection))


def _can_tell(held: Process, store: Store) -> bool:
    """Whether the hub has anything that the store would be told: it is not read for nothing."""
    with held.pool.connection() as connection:
        return store.is_on("stock.tell_uncounted") or our_hub(connection).has_counted()


def _kept(held: Process, store_id: int) -> Iterator[Sequence[StoreItem]]:
    """All items of a store as we keep them, page by page."""
    beyond = ""
    while True:
        with held.pool.connection() as connection:
            page = catalogue.kept_items(connection, store_id, beyond=beyond, limit=_PAGE)
        if not page:
            return
        yield page
        beyond = page[-1].external_id


def _asked_for(held: Process, row: StoreRow, skus: Sequence[str]) -> list[StoreItem]:
    """What a store has of some SKUs; it is asked where that is not known. Of one that is away nothing more is known."""
    with held.pool.connection() as connection:
        kept = catalogue.items(connection, row.id, skus)
    unknown = {*skus} - {item.sku for item in kept} | {item.sku for item in kept if None in item.shown.values()}
    found = [item for item in kept if item.sku not in unknown]
    connector = held.connector(row)
    try:
        for start in range(0, len(asked := sorted(unknown)), connector.platform.stock_batch):
            found += connector.find_items(asked[start : start + connector.platform.stock_batch]).items
    except ConnectorError:
        found += [item for item in kept if item.sku in unknown]
        found += [StoreItem("", sku, "", is_tracked=True, shown=_nobody_knows(row)) for sku in unknown]
    return found


def _nobody_knows(row: StoreRow) -> dict[str, int | None]:
    settings = with_defaults(platforms.record(row.platform), row.settings)
    places = settings.get("location_map")
    return dict.fromkeys(places if isinstance(places, dict) and places else [""])


def _weigh(
    held: Process,
    pages: Iterable[Sequence[StoreItem]],
    *,
    store: Store,
    location: str,
    counted: Sequence[CountLine] = (),
) -> Loss:
    loss = Loss()
    for items in pages:
        levels = defaultdict[str, list[StockLevel]](list)
        with held.pool.connection() as connection:
            found = our_hub(connection).levels(sorted({item.sku for item in items}))
        for level in with_count(found, counted):
            levels[level.sku].append(level)
        for item in items:
            loss.add(item, levels[item.sku], store=store, location=location)
    return loss
