"""What the demo lets the merchant of a WooCommerce shop do."""

from sandbox.woocommerce.generator import random_order
from sandbox.woocommerce.state import WooCommerceShop


class WooCommerceMerchant:
    """One shop's merchant."""

    def __init__(self, shop: WooCommerceShop) -> None:
        self.shop = shop

    def sell(self, sku: str, pieces: int) -> str:
        """A new product is ordered: the order's id."""
        product = {"name": "Oak stool", "sku": sku, "regular_price": "49.00", "manage_stock": True}
        self.shop.add_product(product | {"stock_quantity": 20})
        return self.sell_again(sku, pieces)

    def sell_again(self, sku: str, pieces: int) -> str:
        """It is ordered once more: the order's id."""
        line = {"sku": sku, "quantity": pieces}
        return str(random_order(self.shop, {"status": "processing", "line_items": [line]}).id)

    def says(self, order: str) -> str:
        """How far an order is, in the shop's word."""
        return self.shop.status_of(order)

    def take_one_off(self, order: str) -> None:
        """One piece of an order's first line is given back."""
        number = int(order)
        self.shop.refund_order(number, {"pieces": {self.shop.order(number).lines[0].id: 1}})

    def complete_another(self, than: str) -> str:
        """Another open order is sent out: its id."""
        orders = self.shop.book.orders.values()
        another = next(one for one in orders if one.status == "processing" and str(one.id) != than)
        return str(self.shop.complete_order(another.id).id)
