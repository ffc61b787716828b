"""Rows of sales orders. One changes while nothing of it is shipped; a new one comes while nothing of the order is."""

from decimal import Decimal
from typing import Final

from sandbox.katana.errors import Json, against_rules
from sandbox.katana.numbers import ZERO, decimal, fixed
from sandbox.katana.room import DATES, IDS, Room, Shown, dated, fields, same
from sandbox.katana.schema import Schema, anything, body, identity, integer, many, number, text
from sandbox.katana.table import Row
from sandbox.katana.traceability import TRACEABILITY, shown_shares

UNSHIPPED: Final = ("NOT_SHIPPED", "PENDING")
_MOST: Final = 1000000000000000000
_FIELDS: Final[dict[str, Schema]] = {
    "variant_id": identity(),
    "quantity": number(0, 100000000000000000),
    "price_per_unit": number(0, _MOST),
    "tax_rate_id": identity(),
    "total_discount": number(0, _MOST),
    "location_id": identity(),
    "attributes": many(body("key value", key=text(), value=text())),
    "custom_fields": anything(),
}
ROW: Final = body("variant_id quantity", **_FIELDS)


class OrderRows(Room):
    """What is ordered, at which price."""

    path = "sales_order_rows"
    parent = "sales_order_id"
    filters = (
        DATES
        | IDS
        | fields("variant_id tax_rate_id linked_manufacturing_order_id location_id product_availability")
        | {"sales_order_ids": same("sales_order_id")}
    )
    posts = body("sales_order_id variant_id quantity", sales_order_id=identity(), **_FIELDS)
    patches = body(
        **_FIELDS,
        batch_transactions=many(body("batch_id", batch_id=identity(None), quantity=number())),
        serial_number_transactions=many(
            body("serial_number_id", serial_number_id=identity(None), quantity=integer(0, 1))
        ),
        traceability=many(TRACEABILITY),
    )
    is_deletable = True
    lists_deleted = True

    def create(self, given: Json) -> Row:
        """A row more, on an order of which nothing is shipped. Raises KatanaRefusal."""
        order = self.account.orders.table.find(given["sales_order_id"])
        if order["status"] not in UNSHIPPED:
            raise against_rules("Rows can only be added to a sales order that is not shipped")
        row = self.make(order, given, ())
        self.account.orders.touch(order["id"])
        return row

    def make(self, order: Row, given: Json, place: tuple[str | int, ...]) -> Row:
        """A row of an order, with what Katana fills in. Raises KatanaRefusal."""
        variant = self.account.variants.sold(given["variant_id"], place)
        return self.table.add(
            sales_order_id=order["id"],
            variant_id=variant["id"],
            quantity=decimal(given["quantity"]),
            price_per_unit=decimal(given.get("price_per_unit", variant["sales_price"])),
            tax_rate_id=self.account.tax_rate(given.get("tax_rate_id")),
            total_discount=decimal(given.get("total_discount")),
            location_id=self.account.place(given.get("location_id", order["location_id"])),
            attributes=given.get("attributes", []),
            custom_fields=given.get("custom_fields"),
            linked_manufacturing_order_id=None,
        )

    def change(self, row: Row, given: Json) -> Row:
        """Change what is given. Raises KatanaRefusal."""
        self._refuse_shipped(row)
        linked = row["linked_manufacturing_order_id"]
        if "location_id" in given and linked is not None:
            raise against_rules("The location of a row with a linked manufacturing order cannot be changed")
        changes = {name: value for name, value in given.items() if name in _FIELDS}
        for name in ("quantity", "price_per_unit", "total_discount"):
            if name in changes:
                changes[name] = decimal(changes[name])
        if "variant_id" in changes:
            self.account.variants.sold(changes["variant_id"], ())
        if "tax_rate_id" in changes:
            self.account.tax_rate(changes["tax_rate_id"])
        if "location_id" in changes:
            self.account.place(changes["location_id"])
        if "quantity" in changes and linked is not None:
            self.account.manufacturing.follow(linked, changes["quantity"])
        changed = self.table.change(row["id"], **changes)
        self.account.orders.touch(row["sales_order_id"])
        return changed

    def delete(self, row: Row) -> None:
        """A row less; whether the last one can go is a switch. Raises KatanaRefusal."""
        self._refuse_shipped(row)
        if len(self.table.of(row["sales_order_id"])) == 1 and not self.account.oddities.last_row_can_go:
            raise against_rules("The last row of a sales order cannot be deleted")
        self.drop(row)
        if self.account.fulfillments.table.of(row["sales_order_id"]):
            self.account.orders.recount(row["sales_order_id"])
        self.account.orders.touch(row["sales_order_id"])

    def drop(self, row: Row) -> None:
        """Delete a row; what is made for it goes along or is let go of."""
        if row["linked_manufacturing_order_id"] is not None:
            self.account.manufacturing.let_go(row["linked_manufacturing_order_id"])
        self.table.delete(row["id"])

    def shown(self, row: Row, how: Shown) -> Json:
        """As it is answered."""
        del how
        shown = self.inside(row) | {"deleted_at": row["deleted_at"], "custom_fields": row["custom_fields"]}
        if self.account.asks_for("variant"):
            variant = self.account.variants.table.find(row["variant_id"], deleted=True)
            shown["variant"] = self.account.variants.inside(variant)
        return shown

    def inside(self, row: Row) -> Json:
        """As it is shown within its order; the total need not be less the discount."""
        order = self.account.orders.table.find(row["sales_order_id"], deleted=True)
        rate = decimal(order["conversion_rate"] or 1)
        by_book, price = self.account.oddities.numbers_by_book, row["price_per_unit"]
        total = self.net(row) if self.account.oddities.row_total_less_discount else price * row["quantity"]
        names = "id sales_order_id variant_id tax_rate_id location_id attributes linked_manufacturing_order_id quantity"
        return {
            **{name: row[name] for name in names.split()},
            "price_per_unit": price if by_book else fixed(price, 10),
            "price_per_unit_in_base_currency": price * rate,
            "total": total,
            "total_in_base_currency": total * rate,
            "total_discount": fixed(row["total_discount"], 2),
            "conversion_rate": order["conversion_rate"],
            "conversion_date": order["conversion_date"],
            "product_availability": "IN_STOCK",
            "product_expected_date": None,
            "serial_numbers": [],
            **shown_shares(self.account.fulfillments.shares(row)),
            **dated(row),
        }

    def net(self, row: Row) -> Decimal:
        """What a row costs, without tax."""
        net: Decimal = row["price_per_unit"] * row["quantity"] - row["total_discount"]
        return net

    def _refuse_shipped(self, row: Row) -> None:
        if self.account.fulfillments.taken(row["sales_order_id"]).get(row["id"], ZERO):
            raise against_rules("A row of which something is packed or delivered cannot be changed")
