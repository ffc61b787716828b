"""What the demo lets the merchant of a BigCommerce shop do."""

from sandbox.bigcommerce.generator import random_order
from sandbox.bigcommerce.state import BigCommerceShop

_OPEN = 11  # awaiting fulfilment


class BigCommerceMerchant:
    """One shop's merchant."""

    def __init__(self, shop: BigCommerceShop) -> None:
        self.shop = shop

    def sell(self, sku: str, pieces: int) -> str:
        """A new product is ordered: the order's id."""
        self.shop.add_product({"id": 290, "variant": 490, "name": "Oak stool", "sku": sku, "stock": 20})
        return self.sell_again(sku, pieces)

    def sell_again(self, sku: str, pieces: int) -> str:
        """It is ordered once more: the order's id."""
        line = {"name": "Oak stool", "sku": sku, "price": "49.00", "product_id": 290, "variant_id": 490}
        return str(random_order(self.shop, {"products": [line | {"quantity": pieces}]}).id)

    def says(self, order: str) -> str:
        """How far an order is, in the shop's word."""
        return self.shop.status_of(order)

    def take_one_off(self, order: str) -> None:
        """One piece of an order's first line is given back."""
        number = int(order)
        self.shop.refund_order(number, {self.shop.order(number).products[0]["id"]: 1})

    def complete_another(self, than: str) -> str:
        """Another open order is sent out: its id."""
        another = next(one for one in self.shop.orders.values() if one.status_id == _OPEN and str(one.id) != than)
        return str(self.shop.complete_order(another.id).id)
