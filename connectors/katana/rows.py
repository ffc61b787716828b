"""Rows of sales orders in Katana, each made once: of a new order that came in part, and what a store adds (KAT-1)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from connectors.errors import Unavailable
from connectors.katana.budget import Priority
from connectors.katana.client import KatanaClient
from connectors.katana.copies import OVERLAP
from connectors.katana.goods import Goods
from connectors.katana.intents import Creation, forget_found, made_long_ago, make_once, not_taken
from connectors.postgres import Connection, queries
from schemas.errors import Unreadable
from schemas.hub import DraftRow
from schemas.katana.order_json import (
    AnsweredRow,
    SentRow,
    discount_of,
    match_rows,
    read_answered,
    read_answered_row,
)

ROW: Final = "order row"  # the kind of an intent; its key is the order's id and the store's line

_SQL: Final = queries("orders", __package__)
_NOW: Final = Priority.ORDERS


class RowMaker:
    """Makes rows. Every method may raise a ConnectorError."""

    def __init__(self, connection: Connection, client: KatanaClient, goods: Goods) -> None:
        self._connection, self._client, self._goods = connection, client, goods

    def sent(self, row: DraftRow, currency: str, store_id: int | None) -> SentRow:
        """A row as Katana takes it, once what it needs is there."""
        item, rate = self._goods.item(row, store_id), self._goods.tax_rate(row.tax_rate)
        return SentRow(row, item, rate, row.location, discount_of(row, currency))

    def make(
        self, order_id: str, line: str, sent: SentRow, *, but: Collection[str] = (), maybe_sent: datetime | None = None
    ) -> str:
        """The id of a row of an order; those of `but` are others. It `maybe_sent` along with its order then."""
        key = f"{order_id}:{line}"

        def look() -> str | None:
            known = {
                row["id"] for row in self._connection.execute(_SQL["kept_rows"], {"id": order_id, "late": OVERLAP})
            } | set(but)
            strange = [one for one in self._rows(order_id) if one.id not in known]
            alike = match_rows([sent], strange).ids.values()
            free = not_taken(self._connection, ROW, key, list(alike))
            return free[0] if free else None

        def send(body: Mapping[str, Any]) -> str:
            with self._goods.doubting():
                return read_answered_row(self._client.post("sales_order_rows", body, priority=_NOW)).id

        body = {"sales_order_id": int(order_id), **sent.body}
        creation = Creation(ROW, key, body, look, send, is_ours_alone=True, maybe_sent=maybe_sent)
        return make_once(self._connection, creation).id

    def is_gone(self, order_id: str, line: str, there: Collection[str]) -> str | None:
        """The id of a row that was made for a line long ago, and is not there any more: a person took it off."""
        made = made_long_ago(self._connection, ROW, f"{order_id}:{line}", OVERLAP)
        return made if made not in there else None

    def forget(self, row_id: str) -> None:
        """A row is gone: its line may have another one."""
        forget_found(self._connection, ROW, row_id)

    def _rows(self, order_id: str) -> tuple[AnsweredRow, ...]:
        try:
            return read_answered(self._client.get(f"sales_orders/{order_id}", priority=_NOW)).rows
        except Unreadable as error:
            raise Unavailable(f"the sales order cannot be read: {error}") from error
