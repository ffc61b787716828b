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

    def shows(self) -> list[int]:
        """How many pieces of the shared product the shop shows, for each item that it is sold as."""
        return [int(pieces) for pieces in self.sandbox.shop.stock_of(SKU).values() if pieces is not None]

    def says(self) -> str:
        """How far the shop's shared order is, in its own word, with the parcel's tracking where it keeps any."""
        if self.platform != "shopify":
            return str(self.sandbox.shop.status_of(self.shared_order))
        sent = self.sandbox.shop.fulfillments_of(int(self.shared_order))
        return ", ".join(f"fulfilled, tracking {one['trackingInfo'][0]['number']}" for one in sent) or "unfulfilled"


def _sell_in_woocommerce(shop: Any) -> Any:
    shop.add_product(
        {"name": "Oak stool", "sku": SKU, "regular_price": "49.00", "manage_stock": True, "stock_quantity": 20}
    )
    line = {"sku": SKU, "quantity": PIECES}
    return generator.random_order(shop, {"status": "processing", "line_items": [line]})


def _sell_in_bigcommerce(shop: Any) -> Any:
    shop.add_product({"id": 290, "variant": 490, "name": "Oak stool", "sku": SKU, "stock": 20})
    line = {"name": "Oak stool", "sku": SKU, "price": "49.00", "quantity": PIECES, "product_id": 290, "variant_id": 490}
    return bigcommerce_generator.random_order(shop, {"products": [line]})


def _sell_in_shopify(shop: Any) -> Any:
    shop.stock.add(SKU, id=390, product=990, name="Oak stool")
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


def complete_another(shop: DemoShop) -> str:
    """The merchant of the WooCommerce shop sends another order out; its id."""
    orders = shop.sandbox.shop.book.orders.values()
    another = next(one for one in orders if one.status == "processing" and str(one.id) != shop.shared_order)
    return str(shop.sandbox.shop.complete_order(another.id).id)


def take_one_piece_back(shop: DemoShop) -> None:
    """The merchant of the Shopify shop takes one piece of the shared product off its order."""
    order = shop.sandbox.shop.order(int(shop.shared_order))
    shop.sandbox.shop.refund(order.id, pieces={order.lines[0].id: 1}, amount="49.00")


PLATFORMS: Final = tuple(_SELL)
