"""What the demo lets the merchant of a Shopify shop do."""

from sandbox.shopify.generator import random_order
from sandbox.shopify.state import ShopifyShop


class ShopifyMerchant:
    """One shop's merchant."""

    def __init__(self, shop: ShopifyShop) -> None:
        self.shop = shop

    def sell(self, sku: str, pieces: int) -> str:
        """A new product is ordered: the order's id."""
        self.shop.stock.add(sku, id=390, product=990, name="Oak stool")
        return self.sell_again(sku, pieces)

    def sell_again(self, sku: str, pieces: int) -> str:
        """It is ordered once more: the order's id."""
        line = {"name": "Oak stool", "sku": sku, "price": "49.00", "variant": 390, "product": 990, "taxes": ("0.19",)}
        return str(random_order(self.shop, {"lines": [line | {"quantity": pieces}]}).id)

    def says(self, order: str) -> str:
        """How far an order is, in the shop's word, with the tracking of what went out."""
        sent = self.shop.fulfillments_of(int(order))
        numbers = [tracking["number"] for one in sent for tracking in one["trackingInfo"]]
        return ", ".join(["fulfilled" if sent else "unfulfilled", *(f"tracking {number}" for number in numbers)])

    def take_one_off(self, order: str) -> None:
        """One piece of an order's first line is taken off it."""
        number = int(order)
        self.shop.refund(number, pieces={self.shop.order(number).lines[0].id: 1}, amount="49.00")

    def complete_another(self, than: str) -> str:
        """Another open order is sent out: its id."""
        another = next(one for one in self.shop.orders if str(one) != than and not self.shop.fulfillments_of(one))
        self.shop.fulfill(another)
        return str(another)
