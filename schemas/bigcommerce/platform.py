"""What BigCommerce is like: its record, and the one of its profile stitch."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from schemas.bigcommerce.stock_file import STOCK_FILE
from schemas.flags import Flags
from schemas.platform import CustomItems, Hears, Platform, StatusFlags
from schemas.rights import Grants, Right

# A shop may rename every status and add sub-statuses: only the ids mean something.
STATUS_IDS: Final[Mapping[str, int]] = {
    "incomplete": 0,
    "pending": 1,
    "shipped": 2,
    "partially_shipped": 3,
    "refunded": 4,
    "cancelled": 5,
    "declined": 6,
    "awaiting_payment": 7,
    "awaiting_pickup": 8,
    "awaiting_shipment": 9,
    "completed": 10,
    "awaiting_fulfillment": 11,
    "verification_required": 12,
    "disputed": 13,
    "partially_refunded": 14,
}

DELETED: Final = "deleted"  # no status of its own in the shop: an archived order keeps the one it had
SHIPPED: Final = "shipped"  # of a shipment record: it has no status of its own, it is made when the goods leave

_GOODS: Final = (
    *("store/product/created", "store/product/updated", "store/product/deleted"),
    *("store/sku/created", "store/sku/updated", "store/sku/deleted"),
)
_FIGURES: Final = ("store/product/inventory/updated", "store/sku/inventory/updated")

_KATANA: Final = Platform(
    name="bigcommerce",
    known_as="bigCommerce",
    imports={"awaiting_fulfillment": None, "awaiting_payment": "orders.awaiting_payment"},
    statuses=frozenset({*STATUS_IDS, DELETED}),
    cancelled_statuses=frozenset({"cancelled", "declined", "refunded", DELETED}),
    completed_status="completed",
    title="BigCommerce",
    key_clicks=(
        "In the control panel open Settings → API accounts, and choose Create API account, V2/V3 API token.",
        "Give it the scopes that are listed below, and choose Save.",
        "Copy the access token to here, with client ID and secret where messages are to be signed.",
        "The API path beside them is the shop’s address.",
    ),
    credentials=("access_token",),
    grants=Grants(
        names={
            Right.READ_ORDERS: ("Orders: read-only",),
            Right.WRITE_ORDERS: ("Orders: modify",),
            Right.READ_PRODUCTS: ("Products: read-only", "Store Locations: read-only", "Store Inventory: read-only"),
            Right.WRITE_STOCK: ("Store Inventory: modify",),
        },
        where="Settings → API accounts, an account with these scopes; its token by --credential access_token=VALUE",
    ),
    optional_credentials=("client_id", "client_secret", "webhook_secret"),
    hears={
        "store/order/created": Hears.NEWS,
        "store/order/updated": Hears.NEWS,
        "store/order/statusUpdated": Hears.NEWS,
        "store/order/refund/created": Hears.NEWS,
        "store/order/archived": Hears.GONE,
        "store/shipment/created": Hears.NEWS,
        "store/shipment/updated": Hears.NEWS,
        "store/shipment/deleted": Hears.NEWS,
        **dict.fromkeys(_GOODS, Hears.GOODS),
        **dict.fromkeys(_FIGURES, Hears.FIGURE),
    },
    asks=(
        *("store/order/created", "store/order/updated", "store/order/archived", "store/order/refund/created"),
        *("store/shipment/created", "store/shipment/updated", "store/shipment/deleted"),
    ),
    asks_of_goods=(*_GOODS, *_FIGURES),
    signs_with=("client_secret", "webhook_secret"),
    own_secret="webhook_secret",
    discounts_inside_price=False,
    changes_travel=True,
    custom_items=CustomItems.AS_WANTED,
    status_rule="ORD-1",
    stock_file=STOCK_FILE,
    fulfilled_statuses=frozenset({SHIPPED}),
    stock_batch=2000,
)

_PAID_FOR: Final = Flags(billed=True, paid=True)
_READY: Final = replace(_PAID_FOR, packed=True)

# The profile stitch (STI-1): statuses are flags, fulfilments are shipment records, and lines that change stay there.
STITCH: Final = replace(
    _KATANA,
    imports={"awaiting_fulfillment": None, "awaiting_payment": None, "awaiting_shipment": None, "completed": None},
    completed_status="",
    status_rule="STI-1",
    changes_travel=False,
    partial_fulfillment=True,
    status_flags=StatusFlags(
        said={
            "awaiting_payment": Flags(billed=True),
            "awaiting_fulfillment": _PAID_FOR,
            "awaiting_shipment": _READY,
        },
        said_first={"completed": _READY},
        closed_first={"completed": "stitch.auto_close"},
        told_with="stitch.push_order_info",
        paid="awaiting_fulfillment",
        packed="awaiting_shipment",
        closed="completed",
        voided="cancelled",
        ranks={
            "awaiting_payment": 0,
            "awaiting_fulfillment": 1,
            "awaiting_shipment": 2,
            "awaiting_pickup": 2,
            "partially_shipped": 3,
            "shipped": 4,
            "completed": 5,
        },
    ),
)
PLATFORM: Final = replace(_KATANA, profiles={"stitch": STITCH})

# What a first connection reads whatever its age, in every profile: what is completed is history by then.
OPEN_STATUSES: Final = ("awaiting_fulfillment", "awaiting_payment", "awaiting_shipment")
