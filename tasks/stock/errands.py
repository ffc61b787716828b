"""What jobs about stock do: stores are asked what a push would tell them, and told; files are counted (STK-10)."""

from dataclasses import asdict

from connectors.errors import ConnectorError, HubRefused
from connectors.postgres import stores
from connectors.postgres.rows import StoreRow
from schemas.stores import StoreState
from tasks import bells
from tasks.catalogue import walk_whole
from tasks.errands import Document, Errand, NothingDone
from tasks.held import Process
from tasks.rules.stock_loss import takes_more
from tasks.stock import asking
from tasks.stock.count import FileCount, count_kept_file, take_back, try_file


def try_push(errand: Errand) -> Document:
    """What a push of stock would tell each of some stores, asked of them now; one that is away holds up no other."""
    skus, found, more = list(errand.arguments["skus"]), [], errand.counting()
    for row in _rows(errand):
        try:
            _may_tell(errand.held, row, skus, is_trial=True)
            found.append({"store": row.name, "trial": asdict(asking.try_push(errand.held, row, skus, on_item=more))})
        except (ConnectorError, NothingDone) as error:
            found.append({"store": row.name, "trouble": str(error)})
    return {"stores": found}


def push(errand: Errand) -> Document:
    """Tell a store stock, of some SKUs or of all, as `stock push` does; past its guard as far as a person agreed."""
    held, row, skus = errand.held, errand.store, list(errand.arguments["skus"])
    agreed = errand.arguments.get("agreed")

    def read(one: StoreRow) -> None:
        _read(errand, one)

    _may_tell(held, row, skus)
    if not skus:
        read(row)
    loss = asking.loss_of(held, row, skus, read=read)
    if loss.is_to_be_asked and (agreed is None or takes_more(loss, **agreed)):
        raise NothingDone(f"{row.name} would show less than the preview said: preview it again")
    asked = asking.ask_to_tell(held, row, skus, is_agreed=loss.is_to_be_asked)
    bells.ring_stock([row.id])
    return {**asdict(asked), "skus": len(asked.skus), "named": skus}


def _rows(errand: Errand) -> list[StoreRow]:
    with errand.held.pool.connection() as connection:
        return [row for row in stores.stores(connection) if row.id in errand.arguments["stores"]]


def _may_tell(held: Process, row: StoreRow, skus: list[str], *, is_trial: bool = False) -> None:
    """Raises NothingDone where nothing of that may be told to a store."""
    why = asking.why_not_told(row, is_trial=is_trial)
    if not why and not is_trial and row.state is not StoreState.ACTIVE:
        why = f"{row.name} is not active yet: storesync store activate {row.name}"
    with held.pool.connection() as connection:
        why = why or asking.why_unknown(connection, skus)
    if why:
        raise NothingDone(why)


def _read(errand: Errand, row: StoreRow) -> None:
    """Read all of a store's catalogue now. Raises NothingDone where a worker is at it."""
    if not walk_whole(errand.held, row, errand.counting()):
        raise NothingDone(f"the catalogue of {row.name} is being read by a worker: try again in a minute")


# -- counts ------------------------------------------------------------------------------------------------------------


def try_count(errand: Errand) -> Document:
    """What a file that a page was given would count (STK-11)."""
    found = _tried(errand)
    return {**found.document(), "doubts": {name: asdict(loss) for name, loss in found.losses.items()}}


def count(errand: Errand) -> Document:
    """Count it, where a person agreed to what stores would show less by it, once."""
    file, is_again = int(errand.arguments["file"]), bool(errand.arguments["again"])
    if not errand.arguments["yes"]:
        tried = _tried(errand)
        if tried.count.wrong or tried.losses:
            return {**tried.document(), "doubts": {name: asdict(loss) for name, loss in tried.losses.items()}}
    try:
        return {**count_kept_file(errand.held, file, is_again=is_again).document(), "doubts": {}}
    except (ValueError, HubRefused) as error:
        raise NothingDone(str(error)) from error


def undo_count(errand: Errand) -> Document:
    """Take a count back as a whole."""
    try:
        with errand.held.pool.connection() as connection:
            take_back(connection, str(errand.arguments["count"]))
    except HubRefused as error:
        raise NothingDone(str(error)) from error
    return {"count": errand.arguments["count"]}


def _tried(errand: Errand) -> FileCount:
    file, is_again = int(errand.arguments["file"]), bool(errand.arguments["again"])
    try:
        return try_file(errand.held, file, is_again=is_again, read=lambda row: _read(errand, row))
    except ValueError as error:
        raise NothingDone(str(error)) from error
