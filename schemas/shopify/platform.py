"""What Shopify is like: its record."""

from typing import Final

from schemas.platform import CustomItems, Hears, Platform
from schemas.privacy import Request
from schemas.reasons import Reason
from schemas.rights import Grants, Right
from schemas.shopify.stock_file import STOCK_FILE

CANCELLED: Final = "cancelled"
ARCHIVED: Final = "archived"
FULFILLED: Final = "SUCCESS"

_RETURNS: Final = (
    *("returns/request", "returns/approve", "returns/decline", "returns/cancel"),
    *("returns/close", "returns/reopen", "returns/update", "returns/process"),
)
_GOODS: Final = ("products/create", "products/update", "products/delete", "inventory_items/update")
_FIGURES: Final = ("inventory_levels/update", "inventory_levels/connect", "inventory_levels/disconnect")

# An order's status is its payment, as long as it is open. Of one that was paid and partly refunded the rest is still
# to be delivered.
PLATFORM: Final = Platform(
    name="shopify",
    imports={"paid": None, "partially_refunded": None, "pending": "orders.payment_pending"},
    statuses=frozenset(
        {
            *(CANCELLED, ARCHIVED),
            *("authorized", "expired", "paid", "partially_paid", "partially_refunded", "pending", "refunded", "voided"),
        }
    ),
    completed_status="fulfilled",
    title="Shopify",
    key_clicks=(
        "Open Shopify’s Dev Dashboard → Apps, and choose Create app → Start from Dev Dashboard.",
        "Under its first version choose the scopes that are listed below, and Release.",
        "On the app’s Home choose Install app, and the shop.",
        "Under Settings copy Client ID and Client secret to here. An app of the shop’s own admin has an access token.",
    ),
    credentials=("client_id", "client_secret"),
    other_credentials=("access_token",),
    grants=Grants(
        names={
            Right.READ_ORDERS: (
                *("read_orders", "read_products", "read_locations", "read_returns"),
                "read_merchant_managed_fulfillment_orders",
            ),
            Right.WRITE_ORDERS: ("write_merchant_managed_fulfillment_orders",),
            Right.READ_PRODUCTS: ("read_products", "read_inventory", "read_locations"),
            Right.WRITE_STOCK: ("write_inventory", "read_locations"),
        },
        where="Dev Dashboard → Apps → the app → Versions → a new version with these scopes → Release;"
        " of an app made in the shop's admin: Settings → Apps → Develop apps → the app → Configuration",
        buyers="the scope read_customers, access to protected customer data (the app's API access requests), and a plan"
        " that gives it to apps of one's own",
    ),
    optional_credentials=("api_secret",),
    hears={
        "orders/create": Hears.NEWS,
        "orders/updated": Hears.NEWS,
        "orders/edited": Hears.NEWS,
        "orders/paid": Hears.NEWS,
        "orders/cancelled": Hears.NEWS,
        "orders/fulfilled": Hears.NEWS,
        "orders/partially_fulfilled": Hears.NEWS,
        "orders/delete": Hears.GONE,
        "fulfillments/create": Hears.NEWS,
        "fulfillments/update": Hears.NEWS,
        "refunds/create": Hears.NEWS,
        **dict.fromkeys(_RETURNS, Hears.NEWS),
        **dict.fromkeys(_GOODS, Hears.GOODS),
        **dict.fromkeys(_FIGURES, Hears.FIGURE),
    },
    asks=(  # that it is paid, edited, cancelled or sent is an update of the order as well
        *("orders/create", "orders/updated", "orders/delete"),
        *("fulfillments/create", "fulfillments/update", "refunds/create"),
        *_RETURNS,
    ),
    asks_of_goods=(*_GOODS, *_FIGURES),
    signs_with=("client_secret", "api_secret"),
    asks_for_buyers={
        "customers/data_request": Request.TELL,
        "customers/redact": Request.ERASE,
        "shop/redact": Request.ERASE_ALL,
    },
    changes_travel=True,
    custom_items=CustomItems.OF_A_KIND,
    tells_returns=True,
    tells_locations_apart=True,
    status_rule="ORD-2",
    stock_file=STOCK_FILE,
    cancelled_statuses=frozenset({CANCELLED, ARCHIVED, "refunded"}),
    partial_fulfillment=True,
    reasons={
        CANCELLED: Reason.NOT_OPEN,
        ARCHIVED: Reason.NOT_OPEN,
        "pending": Reason.PAYMENT_PENDING,
        "fulfillment_not_required": Reason.NOTHING_TO_DELIVER,
    },
    deliveries={
        **dict.fromkeys(("unfulfilled", "partially_fulfilled", "open", "in_progress", "pending_fulfillment"), True),
        **dict.fromkeys(("scheduled", "on_hold", "request_declined"), True),
        **dict.fromkeys(("fulfilled", "restocked", "fulfillment_not_required"), False),
    },
    backfill_days=14,
    items_have_delivery_days=True,
    fulfilled_statuses=frozenset({FULFILLED}),
    stock_batch=250,
    stock_side_by_side=True,
)
