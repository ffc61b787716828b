"""The parts of sales orders that have end points of their own: addresses and shipping fees."""

from sandbox.katana.customers import ADDRESS, ADDRESS_TEXTS
from sandbox.katana.errors import Json
from sandbox.katana.numbers import amount, fixed
from sandbox.katana.room import DATES, IDS, Room, Shown, dated, fields, same
from sandbox.katana.schema import body, identity, number, text
from sandbox.katana.table import Row


class Addresses(Room):
    """Where an order goes, and where its invoice goes."""

    path = "sales_order_addresses"
    parent = "sales_order_id"
    filters = (
        DATES
        | IDS
        | fields("entity_type")
        | fields(" ".join(ADDRESS_TEXTS))
        | {"sales_order_ids": same("sales_order_id")}
    )
    posts = body("sales_order_id entity_type", sales_order_id=identity(None), **ADDRESS)
    patches = body(**{name: ADDRESS[name] for name in ADDRESS_TEXTS})
    is_read_alone = False
    is_deletable = True
    lists_deleted = True

    def create(self, given: Json) -> Row:
        """An address more. Raises KatanaRefusal."""
        order = self.account.orders.table.find(given["sales_order_id"])
        row = self.make(order["id"], given)
        self.account.orders.touch(order["id"])
        return row

    def make(self, order: int, given: Json) -> Row:
        """An address of an order."""
        texts = {name: given.get(name) for name in ADDRESS_TEXTS}
        return self.table.add(sales_order_id=order, entity_type=given["entity_type"], **texts)

    def change(self, row: Row, given: Json) -> Row:
        """Change what is given."""
        changed = self.table.change(row["id"], **given)
        self.account.orders.touch(row["sales_order_id"])
        return changed

    def shown(self, row: Row, how: Shown) -> Json:
        """As it is answered."""
        return self.inside(row) | ({"deleted_at": row["deleted_at"]} if how is Shown.LISTED else {})

    def inside(self, row: Row) -> Json:
        """As it is shown within its order."""
        names = ("id", "sales_order_id", "entity_type", *ADDRESS_TEXTS)
        return {name: row[name] for name in names} | dated(row)


class Fees(Room):
    """What the parcel costs: a second request, whose amount is a text. An order may have several."""

    path = "sales_order_shipping_fee"
    parent = "sales_order_id"
    filters = DATES | IDS | fields("sales_order_id")
    posts = body(
        "sales_order_id amount", sales_order_id=number(), amount=text(), description=text(), tax_rate_id=number()
    )
    patches = body("amount", amount=text(), description=text(), tax_rate_id=number())
    is_deletable = True
    lists_deleted = True

    def create(self, given: Json) -> Row:
        """A fee of an order. Raises KatanaRefusal."""
        order = self.account.orders.table.find(given["sales_order_id"])
        row = self.table.add(
            sales_order_id=order["id"],
            amount=amount(given["amount"], "amount"),
            description=given.get("description", ""),
            tax_rate_id=self.account.tax_rate(given.get("tax_rate_id")),
        )
        self.account.orders.touch(order["id"])
        return row

    def change(self, row: Row, given: Json) -> Row:
        """Change what is given. Raises KatanaRefusal."""
        if "tax_rate_id" in given:
            self.account.tax_rate(given["tax_rate_id"])
        changed = self.table.change(row["id"], **given | {"amount": amount(given["amount"], "amount")})
        self.account.orders.touch(row["sales_order_id"])
        return changed

    def delete(self, row: Row) -> None:
        """Take it away."""
        super().delete(row)
        self.account.orders.touch(row["sales_order_id"])

    def shown(self, row: Row, how: Shown) -> Json:
        """As it is answered."""
        del how
        by_book = self.account.oddities.numbers_by_book
        return self.inside(row) | ({"amount": row["amount"]} if by_book else {})

    def inside(self, row: Row) -> Json:
        """As it is shown within its order."""
        shown = {name: row[name] for name in ("id", "sales_order_id", "description", "tax_rate_id")}
        return shown | {"amount": fixed(row["amount"], 10)}
