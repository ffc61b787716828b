"""What a person does in a Katana account, in the words of a merchant."""

from sandbox.katana.generator import random_order
from sandbox.katana.state import KatanaAccount


class KatanaPerson:
    """Who works in Katana itself."""

    def __init__(self, account: KatanaAccount) -> None:
        self.account = account

    def sell(self, sku: str, pieces: int) -> str:
        """An order of a new product is taken: its id."""
        with self.account.lock:
            self.account.add_product(sku, name="Oak stool", price=49, stock=20)
            return self.sell_again(sku, pieces)

    def sell_again(self, sku: str, pieces: int) -> str:
        """It is ordered once more: the order's id."""
        with self.account.lock:
            variant = next(one for one in self.account.variants.table.view() if one["sku"] == sku)
            rows = [{"variant_id": variant["id"], "quantity": pieces, "price_per_unit": 49}]
            return str(random_order(self.account, {"sales_order_rows": rows})["id"])

    def says(self, order: str) -> str:
        """How far an order is, in Katana's word."""
        with self.account.lock:
            return str(self.account.orders.table.find(int(order))["status"])

    def count_in(self, sku: str, pieces: int) -> None:
        """Pieces of a product arrive."""
        with self.account.lock:
            variant = self.account.variant_of(sku)["id"]
            rows = [{"variant_id": variant, "quantity": pieces}]
            self.account.adjustments.create(
                {
                    "location_id": self.account.place(None),
                    "stock_adjustment_number": f"IN-{self.account.next_id()}",
                    "stock_adjustment_rows": rows,
                }
            )

    def deliver(self, order: str, number: str, carrier: str) -> None:
        """All that is left of an order goes out as one parcel."""
        with self.account.lock:
            fulfillments = self.account.fulfillments
            fulfillments.take_rest(int(order), "DELIVERED", tracking_number=number, tracking_carrier=carrier)

    def take_one_off(self, order: str) -> None:
        """One piece less of an order's first row."""
        with self.account.lock:
            row = self.account.rows.table.of(int(order))[0]
            self.account.rows.change(row, {"quantity": row["quantity"] - 1})

    def complete_another(self, than: str) -> str:
        """Another open order is delivered: its id."""
        with self.account.lock:
            another = next(
                one
                for one in self.account.orders.table.view()
                if one["status"] == "NOT_SHIPPED" and str(one["id"]) != than
            )
            self.account.fulfillments.take_rest(another["id"], "DELIVERED")
            return str(another["id"])
