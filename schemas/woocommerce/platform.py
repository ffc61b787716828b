"""What WooCommerce is like: its record."""

from typing import Final

from schemas.platform import Hears, Platform
from schemas.rights import Grants, Right
from schemas.woocommerce.stock_file import STOCK_FILE

_GOODS: Final = ("product.created", "product.updated", "product.deleted", "product.restored")

PLATFORM: Final = Platform(
    name="woocommerce",
    known_as="wooCommerce",
    imports={"processing": None},
    statuses=frozenset(
        {
            "pending",
            "processing",
            "on-hold",
            "completed",
            "cancelled",
            "refunded",
            "failed",
            "draft",
            "checkout-draft",
            "auto-draft",
            "trash",
        }
    ),
    completed_status="completed",
    cancelled_statuses=frozenset({"cancelled", "refunded", "failed", "trash"}),
    title="WooCommerce",
    key_clicks=(
        "In the shop’s admin open WooCommerce → Settings → Advanced → REST API, and choose Add key.",
        "Choose a user who may see and edit orders and products, and the permission Read/Write.",
        "Choose Generate API key.",
        "Copy Consumer key and Consumer secret to here: WooCommerce shows the secret once.",
    ),
    credentials=("consumer_key", "consumer_secret"),
    grants=Grants(
        names={
            Right.READ_ORDERS: ("Read",),
            Right.WRITE_ORDERS: ("Read/Write",),
            Right.READ_PRODUCTS: ("Read",),
            Right.WRITE_STOCK: ("Read/Write",),
        },
        where="WooCommerce → Settings → Advanced → REST API, the key's permissions;"
        " its user must be a shop manager or an administrator",
    ),
    optional_credentials=("webhook_secret",),
    discounts_inside_price=True,
    changes_travel=False,
    status_rule="ORD-4",
    stock_file=STOCK_FILE,
    stock_batch=100,
    stock_side_by_side=True,
    has_locations=False,
    delivery_days=14,
    hears={
        "order.created": Hears.NEWS,
        "order.updated": Hears.NEWS,
        "order.restored": Hears.NEWS,
        "order.deleted": Hears.GONE,  # in the trash, which lists leave out
        **dict.fromkeys(_GOODS, Hears.GOODS),
    },
    asks=("order.created", "order.updated", "order.deleted", "order.restored"),
    asks_of_goods=_GOODS,
    signs_with=("webhook_secret",),
    own_secret="webhook_secret",
)
