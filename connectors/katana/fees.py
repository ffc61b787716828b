"""Shipping as Katana's own fee line, where the account wants it so: a second POST, made once (KAT-1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.katana.budget import Priority
from connectors.katana.client import KatanaClient
from connectors.katana.copies import OVERLAP
from connectors.katana.goods import Goods
from connectors.katana.intents import Creation, forget_found, made_long_ago, make_once, not_taken
from connectors.katana.reading import readable
from connectors.postgres import Connection
from schemas.hub import DraftRow
from schemas.katana.fee import FeeRecord, read_fee
from schemas.katana.order import OrderRecord
from schemas.katana.order_json import SentFee
from schemas.orders import ZERO, Kind

FEE: Final = "shipping fee"  # the kind of an intent; its key is the order's id and the store's line

_PATH: Final = "sales_order_shipping_fee"
_NOW: Final = Priority.ORDERS


@dataclass(frozen=True, slots=True)
class Fees:
    """Fees of orders. `are_apart`: shipping becomes one, and no row. Every method may raise a ConnectorError."""

    connection: Connection
    client: KatanaClient
    goods: Goods
    are_apart: bool = False

    def is_fee(self, row: DraftRow) -> bool:
        """Whether a row that is to be made becomes a fee."""
        return self.are_apart and row.kind is Kind.SHIPPING and row.total >= ZERO

    def sent(self, row: DraftRow) -> SentFee:
        """A fee as Katana takes it, once its tax rate is there."""
        return SentFee(row.total, self.goods.tax_rate(row.tax_rate), row.name)

    def make(self, order_id: str, line: str, sent: SentFee, *, is_found: bool = False) -> str:
        """The id of an order's fee. An order that `is_found`, of somebody else's making, may have one of any amount."""
        key = f"{order_id}:{line}"

        def look() -> str | None:
            alike = [one.id for one in self.of(order_id) if is_found or one.amount == sent.amount]
            free = not_taken(self.connection, FEE, key, alike)
            return free[0] if free else None

        def send(body: Mapping[str, Any]) -> str:
            with self.goods.doubting():
                return readable(read_fee, self.client.post(_PATH, body, priority=_NOW)).id

        body = {"sales_order_id": int(order_id), **sent.body}
        creation = Creation(FEE, key, body, look, send, is_ours_alone=not is_found)
        return make_once(self.connection, creation).id

    def change(self, fee_id: str, sent: SentFee) -> None:
        """Another amount or tax rate; both are sent, for nothing is left out of a fee."""
        self.client.patch(f"{_PATH}/{fee_id}", sent.body, priority=_NOW)

    def delete(self, fee_id: str) -> None:
        """Take a fee away; one that is gone is done. Its line may have another one."""
        self.client.delete(f"{_PATH}/{fee_id}", priority=_NOW)
        forget_found(self.connection, FEE, fee_id)

    def forget_gone(self, order_id: str, line: str) -> str | None:
        """The id of a fee that was made for a line long ago, and that a person took away: another one may come."""
        made = made_long_ago(self.connection, FEE, f"{order_id}:{line}", OVERLAP)
        if made is None or any(one.id == made for one in self.of(order_id)):
            return None
        forget_found(self.connection, FEE, made)
        return made

    def of(self, order_id: str) -> list[FeeRecord]:
        """The fees of an order: it may have several."""
        return fees_of(self.client, order_id)


def fee_row(fee_id: str) -> str:
    """By what the row is known that is a fee: Katana's own numbers are its rows'."""
    return f"fee-{fee_id}"


def fees_of(client: KatanaClient, order_id: str) -> list[FeeRecord]:
    """The fees of an order. Raises a ConnectorError."""
    found = client.matching(_PATH, {"sales_order_id": order_id}, priority=_NOW)
    return [readable(read_fee, one) for one in found]


def fee_of(client: KatanaClient, record: OrderRecord, fee_id: str) -> FeeRecord | None:
    """Our fee of an order, which shows one of several; None where it has it no more. Raises a ConnectorError."""
    if record.fee is None or record.fee.id == fee_id:
        return record.fee
    return next((one for one in fees_of(client, record.id) if one.id == fee_id), None)
