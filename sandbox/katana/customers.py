"""Customers with their addresses. Neither name nor e-mail is unique, and none can be read alone."""

from collections.abc import Iterable, Mapping
from typing import Final

from sandbox.katana.errors import Json, held_by
from sandbox.katana.room import DATES, IDS, Filter, Room, Shown, dated, fields, same
from sandbox.katana.schema import Schema, body, flag, identity, many, number, one_of, or_null, text
from sandbox.katana.table import Row

ADDRESS_TEXTS: Final = (
    "first_name",
    "last_name",
    "company",
    "phone",
    "line_1",
    "line_2",
    "city",
    "state",
    "zip",
    "country",
)
ADDRESS: Final[dict[str, Schema]] = {
    "entity_type": one_of("billing shipping"),
    **{name: or_null(text()) for name in ADDRESS_TEXTS},
}
_TEXTS: Final = (
    "first_name",
    "last_name",
    "company",
    "email",
    "phone",
    "currency",
    "reference_id",
    "category",
    "comment",
)
_FILTERS: Final[dict[str, Filter]] = fields("name first_name last_name company reference_id category currency phone")


class Customers(Room):
    """Who buys."""

    path = "customers"
    filters = DATES | IDS | _FILTERS | {"email": same("email")}
    posts = body(
        "name",
        name=text(1),
        **{name: text() for name in _TEXTS},
        discount_rate=or_null(number(0, 100)),
        addresses=many(body("entity_type", **ADDRESS, default=flag())),
    )
    patches = body(
        name=or_null(text(1)),
        **{name: or_null(text(1)) for name in _TEXTS},
        discount_rate=or_null(number(0, 100)),
        default_shipping_id=or_null(identity()),
    )
    is_read_alone = False
    is_deletable = True
    lists_deleted = True

    def listed(self, asked: Mapping[str, list[str]]) -> Iterable[Row]:
        """The same; whether e-mails are compared with their case is a switch."""
        wanted = asked.get("email")
        if wanted is None or not self.account.oddities.email_filter_folds_case:
            return super().listed(asked)
        folded = [one.lower() for one in wanted]
        others = {name: given for name, given in asked.items() if name != "email"}
        return [row for row in super().listed(others) if (row["email"] or "").lower() in folded]

    def create(self, given: Json) -> Row:
        """A customer and the addresses that come along."""
        texts = {name: given.get(name) or None for name in _TEXTS}
        texts["currency"] = texts["currency"] or self.account.factory["base_currency_code"]
        row = self.table.add(name=given["name"], discount_rate=given.get("discount_rate"), **texts)
        addresses = [self.account.customer_addresses.make(row["id"], one) for one in given.get("addresses", ())]
        defaults = {
            f"default_{kind}_id": next((one["id"] for one in addresses if one["entity_type"] == kind), None)
            for kind in ("billing", "shipping")
        }
        return self.table.change(row["id"], **defaults)

    def change(self, row: Row, given: Json) -> Row:
        """Change what is given."""
        return self.table.change(row["id"], **given)

    def delete(self, row: Row) -> None:
        """Not while live orders are theirs. Raises KatanaRefusal."""
        if any(order["customer_id"] == row["id"] for order in self.account.orders.table.view()):
            raise held_by("Customer cannot be deleted: it has sales orders")
        super().delete(row)

    def shown(self, row: Row, how: Shown) -> Json:
        """As it is answered."""
        names = ["id", "name", *_TEXTS, "discount_rate", "default_billing_id", "default_shipping_id", "deleted_at"]
        shown = {name: row[name] for name in names} | dated(row)
        if how is Shown.CHANGED:
            return shown
        addresses = self.account.customer_addresses.table.of(row["id"])
        return shown | {"addresses": [self.account.customer_addresses.inside(one) for one in addresses]}


class CustomerAddresses(Room):
    """Where customers live. Nothing is left of one that is taken away but its place among the deleted."""

    path = "customer_addresses"
    parent = "customer_id"
    filters = (
        DATES | IDS | fields("entity_type") | fields(" ".join(ADDRESS_TEXTS)) | {"customer_ids": same("customer_id")}
    )
    posts = body("customer_id entity_type", customer_id=identity(), **ADDRESS)
    patches = body(**{name: or_null(text(1)) for name in ADDRESS_TEXTS})
    is_read_alone = False
    is_deletable = True
    lists_deleted = True

    def create(self, given: Json) -> Row:
        """An address more. Raises KatanaRefusal."""
        return self.make(self.account.customers.table.find(given["customer_id"])["id"], given)

    def make(self, customer: int, given: Json) -> Row:
        """An address of a customer."""
        texts = {name: given.get(name) for name in ADDRESS_TEXTS}
        return self.table.add(customer_id=customer, entity_type=given["entity_type"], **texts)

    def change(self, row: Row, given: Json) -> Row:
        """Change what is given."""
        return self.table.change(row["id"], **given)

    def shown(self, row: Row, how: Shown) -> Json:
        """As it is answered."""
        return self.inside(row) | ({"deleted_at": row["deleted_at"]} if how is Shown.LISTED else {})

    def inside(self, row: Row) -> Json:
        """As it is shown with its customer."""
        return {name: row[name] for name in ("id", "customer_id", "entity_type", *ADDRESS_TEXTS)} | dated(row)
