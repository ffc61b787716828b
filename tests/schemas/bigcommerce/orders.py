"""BigCommerce's example order with whatever lines and fields a test names, and the sales order it becomes."""

import json
from typing import Any

from connectors import json_text
from schemas.bigcommerce.order import read_order
from schemas.bigcommerce.platform import PLATFORM
from schemas.hub import DraftOrder
from schemas.orders import StoreOrder
from tests import recorded
from tests.makers import account, store
from tests.rules.building import draft

STORE = store(PLATFORM)


def example(**changes: Any) -> dict[str, Any]:
    """BigCommerce's example order, with its example product and addresses beside it."""
    order = recorded.bigcommerce("order_awaiting_fulfillment_doc")
    product = recorded.bigcommerce("order_product_plain")
    money_of_line = {name: product[name] for name in ("total_ex_tax", "total_inc_tax", "total_tax")}
    return {
        "order": order | money_of_line | changes,
        "products": [product],
        "shipping_addresses": recorded.bigcommerce("shipping_addresses"),
        "fees": [],
    }


def line(number: int = 1, **changes: Any) -> dict[str, Any]:
    product: dict[str, Any] = recorded.bigcommerce("order_product_plain")
    return product | {"id": number, "sku": f"SKU-{number}"} | changes


def amounts(ex_tax: str, inc_tax: str, tax: str, **more: Any) -> dict[str, Any]:
    return {"total_ex_tax": ex_tax, "total_inc_tax": inc_tax, "total_tax": tax, **more}


def read(*lines: dict[str, Any], fees: Any = (), **order: Any) -> StoreOrder:
    """An order in USD of these lines."""
    payload = example(**order) | {"products": list(lines), "fees": list(fees)}
    return read_order(json_text.read(json.dumps(payload, default=str)))


def built(order: StoreOrder) -> DraftOrder:
    return draft(order, at=STORE, account=account(base_currency=order.currency))


def assert_adds_up(order: StoreOrder) -> DraftOrder:
    made = built(order)
    assert (made.total, made.total_with_tax) == (made.store_total, made.store_total_with_tax)
    assert not made.total_mismatch
    return made
