"""What everybody needs who changes something in Katana: our database, its client, and orders as they stand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from connectors.errors import HubBusy, HubRefused, NotFound, Rejected
from connectors.katana.client import KatanaClient
from connectors.katana.copies import Copies
from connectors.katana.fees import Fees
from connectors.katana.goods import Goods
from connectors.katana.kept import KeptRow, read_kept
from connectors.katana.orders import OrderReader
from connectors.katana.rows import RowMaker
from connectors.katana.standing import Standing
from connectors.postgres import Connection, queries
from schemas.hub import HubRow

_SQL = queries("orders", __package__)


@dataclass(frozen=True, slots=True)
class Desk:
    """Every method may raise a ConnectorError."""

    connection: Connection
    client: KatanaClient
    copies: Copies
    orders: OrderReader
    goods: Goods
    rows: RowMaker
    fees: Fees

    def order(self, order_id: str) -> Standing:
        """An order as it was decided on. Raises HubRefused where it is gone."""
        found = self.orders.recent(order_id)
        if found is None:
            raise HubRefused(f"sales order {order_id} is gone")
        return found

    def kept(self, row_id: str) -> KeptRow | None:
        """What is written down of a row; nothing of one that a person made in Katana."""
        row = self.connection.execute(_SQL["kept_row"], {"id": row_id}).fetchone()
        return read_kept(row["kept"]) if row else None

    @contextmanager
    def changing(self, order_id: str) -> Iterator[None]:
        """Around a write to an order. Raises HubBusy where Katana says no because somebody was faster: look again."""
        before = self.order(order_id)
        self.orders.forget()
        try:
            yield
        except (Rejected, NotFound) as error:
            now = self.orders.standing(order_id)
            if now is None or _moved(before, now):
                raise HubBusy(f"sales order {order_id} moved on meanwhile") from error
            raise


def row_of(standing: Standing, row_id: str) -> HubRow:
    """A row of an order. Raises HubRefused where it has none such."""
    for row in standing.order.rows:
        if row.id == row_id:
            return row
    raise HubRefused(f"sales order {standing.order.id} has no row {row_id}")


def _moved(before: Standing, now: Standing) -> bool:
    """Whether anything that Katana's guards go by is otherwise."""
    return (before.record, before.fulfillments) != (now.record, now.fulfillments)
