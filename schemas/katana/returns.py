"""Returns in Katana, and what of an order can come back, as its JSON has them and as records."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from schemas.fields import Id, Number, VendorSchema, load


@dataclass(frozen=True, slots=True)
class ReturnableRecord:
    """A line of a fulfilment, of which so many pieces are in no return yet."""

    line_id: str
    variant_id: str
    location_id: str | None
    available: Decimal


@dataclass(frozen=True, slots=True)
class ReturnRecord:
    """A return of an order."""

    id: str
    order_id: str


@dataclass(frozen=True, slots=True)
class ReturnRowRecord:
    """Pieces of a line of a fulfilment in a return."""

    id: str
    line_id: str
    quantity: Decimal


class _Returnable(VendorSchema):
    line_id = Id(required=True, data_key="fulfillment_row_id")
    variant_id = Id(required=True)
    location_id = Id(allow_none=True, load_default=None)
    available = Number(required=True, data_key="available_for_return_quantity")


class _Return(VendorSchema):
    id = Id(required=True)
    order_id = Id(required=True, data_key="sales_order_id")


class _ReturnRow(VendorSchema):
    id = Id(required=True)
    line_id = Id(required=True, data_key="fulfillment_row_id")
    quantity = Number(required=True)


_RETURNABLE: Final = _Returnable()
_RETURN: Final = _Return()
_RETURN_ROW: Final = _ReturnRow()


def read_returnable(said: Any) -> ReturnableRecord:
    """One of what can come back. Raises Unreadable."""
    return ReturnableRecord(**load(_RETURNABLE, said))


def read_return(said: Any) -> ReturnRecord:
    """One of the returns. Raises Unreadable."""
    return ReturnRecord(**load(_RETURN, said))


def read_return_row(said: Any) -> ReturnRowRecord:
    """One of their rows. Raises Unreadable."""
    return ReturnRowRecord(**load(_RETURN_ROW, said))
