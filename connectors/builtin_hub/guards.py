"""What PostgreSQL's own words of refusal mean for the hub: which guard said no, or that it is worth trying again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg import errors as pg

from connectors.errors import AlreadyThere, ConnectorError, HubBusy, HubRefused
from connectors.postgres.refusals import is_no, words_of

_OURS: Final = "HB001"  # raised by the hub's triggers, with a sentence for people

_TWICE: Final = {
    "sales_orders_once_per_store": "the order is in the hub already",
    "fulfillments_once": "the fulfilment was applied already",
    "returns_once": "the return is in the hub already",
}
_SENTENCES: Final = {
    "locations_code": "there is a location with this code already",
    "variants_sku_trimmed": "a SKU is not empty and has no space around it",
    "invoices_keep_order": "the order has an invoice",
    "invoice_rows_keep_row": "the row is on an invoice",
    "batch_stock_not_below_zero": "the batch does not have that many pieces",
    "sales_order_rows_not_below_shipped": "a row would have fewer pieces than are packed or delivered",
    "sales_order_rows_not_below_invoiced": "a row would have fewer pieces than are invoiced",
    "sales_order_rows_line": "two rows of the order have the same line id",
    "sales_order_rows_item": "a row has no item",
    "manufacturing_orders_one_per_row": "the row has a manufacturing order already",
}


@contextmanager
def hub_guards() -> Iterator[None]:
    """Raise HubRefused, AlreadyThere or HubBusy for what PostgreSQL refused; bugs of ours pass as they are."""
    try:
        yield
    except psycopg.Error as error:
        meaning = _meaning(error)
        if meaning is None:
            raise
        raise meaning from error


def _meaning(error: psycopg.Error) -> ConnectorError | None:
    match error:
        case pg.UniqueViolation() if error.diag.constraint_name in _TWICE:
            return AlreadyThere(_TWICE[error.diag.constraint_name])
        case _ if is_no(error):
            return HubRefused(_SENTENCES.get(error.diag.constraint_name or "") or words_of(error))
        case _ if error.sqlstate == _OURS:
            return HubRefused(words_of(error))
        case psycopg.OperationalError():
            # Deadlocks, time-outs and lost connections: PostgreSQL undid the change, nothing was half done.
            return HubBusy(f"the hub's database: {type(error).__name__}")
        case _:
            return None
