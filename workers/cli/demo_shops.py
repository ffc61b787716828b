"""The demo's three shops: sandboxes with varied orders, and one product that all of them sell."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from connectors.sandbox import RunningSandbox, bigcommerce_generator, generator, open_sandbox, shopify_generator

SKU: Final = "STOOL-OAK"
PIECES: Final = 3
ORDERS: Final = 100
SEED: Final = 7


@dataclass(frozen=True, slots=True)
class DemoShop:
    """A running sandbox, the name it is connected by, and the order of the product that all shops sell."""

    name: str
    platform: str
    sandbox: RunningSandbox[Any]
    shared_order: str


def _sell_in_woocommerce(shop: Any) -> Any:
    shop.add_product({"name": "Oak stool", "sku": SKU, "regular_price": "49.00", "stock_quantity": 20})
    line = {"sku": SKU, "quantity": PIECES}
    return generator.random_order(shop, {"status": "processing", "line_items": [line]})


def _sell_in_bigcommerce(shop: Any) -> Any:
    line = {"name": "Oak stool", "sku": SKU, "price": "49.00", "quantity": PIECES, "product_id": 290, "variant_id": 490}
    return bigcommerce_generator.random_order(shop, {"products": [line]})


def _sell_in_shopify(shop: Any) -> Any:
    line = {"name": "Oak stool", "sku": SKU, "price": "49.00", "variant": 390, "product": 990, "quantity": PIECES}
    return shopify_generator.random_order(shop, {"lines": [line | {"taxes": ("0.19",)}]})


_SELL: Final[dict[str, Callable[[Any], Any]]] = {
    "woocommerce": _sell_in_woocommerce,
    "bigcommerce": _sell_in_bigcommerce,
    "shopify": _sell_in_shopify,
}


def open_shop(platform: str) -> DemoShop:
    """Open one shop at any free port."""
    sandbox = open_sandbox(platform, orders=ORDERS - 1, seed=SEED)
    order = _SELL[platform](sandbox.shop)
    return DemoShop(f"demo-{platform}", platform, sandbox, str(order.id))


def take_one_piece_back(shop: DemoShop) -> None:
    """The merchant of the Shopify shop takes one piece of the shared product off its order."""
    order = shop.sandbox.shop.order(int(shop.shared_order))
    shop.sandbox.shop.refund(order.id, pieces={order.lines[0].id: 1}, amount="49.00")


PLATFORMS: Final = tuple(_SELL)
