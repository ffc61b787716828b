"""What a store's settings would do to what its shop shows, asked of a person before they are saved (STK-2, STK-10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from connectors.errors import ConnectorError
from connectors.later import Later
from connectors.postgres.rows import StoreRow
from connectors.store import StoreConnector
from schemas.counts import CountLine
from schemas.settings import STORE_SETTINGS, Value
from tasks.held import Process
from tasks.rules.doubts import Doubt
from tasks.rules.stock_loss import Loss
from workers.cli.agree import agree
from workers.cli.output import Failed
from workers.cli.stock.watch import counting

if TYPE_CHECKING:
    from tasks import catalogue
    from tasks.stock import loss as losses
    from tasks.stores import AgreeToChange, AgreeToConnect
else:
    catalogue, losses = Later("tasks.catalogue"), Later("tasks.stock.loss")

_QUANTITY = "stock.quantity"


def agree_to_connect(held: Process, name: str, *, yes: bool) -> AgreeToConnect:
    """Asks a person before a shop is connected that would show much less."""

    def asks(connector: StoreConnector, settings: Mapping[str, Value]) -> None:
        if yes:
            return
        with counting(f"{name}: catalogue") as count:
            loss = losses.loss_at_connection(held, connector, settings, on_page=count)
        agree([Doubt(name, loss, _sells_again(settings))], yes=yes)

    return asks


def agree_to_change(held: Process, row: StoreRow, *, yes: bool) -> AgreeToChange:
    """Asks a person before another setting makes the shop show much less."""

    def asks(moved: StoreRow, settings: Mapping[str, Value]) -> None:
        if not yes:
            is_new = _sells_again(settings) and not _sells_again(row.settings)
            agree([Doubt(row.name, loss_with(held, moved, settings), is_new)], yes=yes)

    return asks


def agree_to_activate(held: Process, *, yes: bool) -> AgreeToChange:
    """Asks a person before a store that is activated shows much less."""

    def asks(row: StoreRow, settings: Mapping[str, Value]) -> None:
        if not yes:
            agree([Doubt(row.name, loss_with(held, row, settings), _sells_again(settings))], yes=yes)

    return asks


def loss_with(held: Process, row: StoreRow, settings: Mapping[str, Value], *, location: str | None = None) -> Loss:
    """What a store would show less with these settings. Raises Failed where it cannot be asked what it shows."""
    try:
        return losses.loss_of_switch(held, row, settings, read=lambda one: read_catalogue(held, one), location=location)
    except ConnectorError as error:
        raise Failed(
            f"what {row.name} shows cannot be read ({error}): try again, or go on unseen with --yes"
        ) from error


def loss_by_count(held: Process, lines: Sequence[CountLine]) -> list[Doubt]:
    """What every store that is told stock would show less once some figures are counted. Raises Failed."""
    try:
        found = losses.losses_of_count(held, lines, read=lambda one: read_catalogue(held, one))
        return [Doubt(name, loss) for name, loss in found.items()]
    except ConnectorError as error:
        raise Failed(f"what a store shows cannot be read ({error}): try again, or go on unseen with --yes") from error


def read_catalogue(held: Process, row: StoreRow) -> None:
    """Read all of a store's catalogue now. Raises Failed where a worker is at it."""
    with counting(f"{row.name}: catalogue") as count:
        if not catalogue.walk_whole(held, row, count):
            raise Failed(f"the catalogue of {row.name} is being read by a worker: try again in a minute")


def _sells_again(settings: Mapping[str, Value]) -> bool:
    return settings.get(_QUANTITY, STORE_SETTINGS[_QUANTITY].default) == "in_stock"
