"""A shipping fee as Katana tells it: no row, and in its order an object that may be empty."""

from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from schemas.errors import Unreadable
from schemas.fields import Id, Number, VendorSchema, load


@dataclass(frozen=True, slots=True)
class FeeRecord:
    """What a parcel costs, without tax."""

    id: str
    amount: Decimal
    tax_rate_id: str | None


class _Fee(VendorSchema):
    id = Id(required=True)
    amount = Number(required=True)
    tax_rate_id = Id(allow_none=True, load_default=None)


_FEE: Final = _Fee()


def read_fee(said: Any) -> FeeRecord:
    """A shipping fee, alone or in a list. Raises Unreadable."""
    return FeeRecord(**load(_FEE, said))


def fee_in(order: Any) -> FeeRecord | None:
    """The fee that an order shows: one without says so in several ways, and is as good without."""
    with suppress(Unreadable):
        return read_fee(order.get("shipping_fee"))
    return None
