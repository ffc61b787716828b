"""What the toy is like: its record."""

from typing import Final

from schemas.platform import Hears, Platform
from schemas.reasons import Reason
from schemas.rights import Grants, Right

PLATFORM: Final = Platform(
    name="toy",
    imports={"open": None},
    statuses=frozenset({"open", "sent", "cancelled"}),
    completed_status="sent",
    cancelled_statuses=frozenset({"cancelled"}),
    reasons={"cancelled": Reason.NOT_OPEN},
    credentials=("key",),
    grants=Grants(
        names={
            Right.READ_ORDERS: ("orders",),
            Right.WRITE_ORDERS: ("orders",),
            Right.READ_PRODUCTS: ("items",),
            Right.WRITE_STOCK: ("items",),
        },
        where="Settings → Keys",
    ),
    has_locations=False,
    stock_batch=50,
    hears={"moved": Hears.NEWS},
)
