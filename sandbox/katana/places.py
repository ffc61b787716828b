"""Locations and tax rates. Both are made in Katana; over the API only tax rates can be added."""

from sandbox.katana.errors import Json, not_found
from sandbox.katana.numbers import decimal
from sandbox.katana.room import DATES, IDS, Room, Shown, dated, equal, fields
from sandbox.katana.schema import body, number, text
from sandbox.katana.table import Row


class Locations(Room):
    """Where stock is."""

    path = "locations"
    filters = DATES | IDS | fields("name legal_name is_primary sales_allowed manufacturing_allowed purchases_allowed")
    lists_deleted = True

    def create(self, given: Json) -> Row:
        """A person opens a location; the first one is the primary one."""
        name = str(given["name"])
        return self.table.add(
            name=name,
            legal_name=given.get("legal_name", name),
            is_primary=not list(self.table.view()),
            sales_allowed=given.get("sales_allowed", True),
            manufacturing_allowed=given.get("manufacturing_allowed", True),
            purchase_allowed=given.get("purchase_allowed", True),
        )

    def change(self, row: Row, given: Json) -> Row:
        """A person changes one."""
        return self.table.change(row["id"], **given)

    def shown(self, row: Row, how: Shown) -> Json:
        """As it is answered."""
        del how
        names = "id name legal_name is_primary sales_allowed manufacturing_allowed purchase_allowed deleted_at"
        address = {"id": row["id"], "line_1": "", "line_2": "", "city": "", "state": "", "zip": "", "country": ""}
        shown = {name: row[name] for name in names.split()}
        return shown | {"address_id": row["id"], "address": address} | dated(row)

    def default(self) -> Row:
        """Where orders go that say nothing. Raises KatanaRefusal."""
        for row in self.table.view():
            if row["is_primary"]:
                return row
        raise not_found()


class TaxRates(Room):
    """What is added to net prices, in percent of up to three decimals. Two of one rate can be."""

    path = "tax_rates"
    filters = DATES | IDS | {"rate": equal("rate")} | fields("name is_default_sales is_default_purchases")
    posts = body("rate", name=text(), rate=number(0, 999.999))
    is_read_alone = False

    def create(self, given: Json) -> Row:
        """A rate; the first one is the default."""
        rate = round(decimal(given["rate"]), 3)
        is_first = not list(self.table.view())
        name = given.get("name", "")
        return self.table.add(
            name=name, rate=rate, display_name=name or f"{rate.normalize():f}%", is_default_sales=is_first
        )

    def shown(self, row: Row, how: Shown) -> Json:
        """As it is answered."""
        del how
        shown = {name: row[name] for name in ("id", "name", "rate", "display_name", "is_default_sales")}
        return shown | {"is_default_purchases": row["is_default_sales"]} | dated(row)
