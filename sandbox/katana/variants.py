"""Variants: the things themselves, of products, materials and services."""

from collections.abc import Iterable, Mapping

from sandbox.katana.errors import Detail, Json, held_by, invalid
from sandbox.katana.room import DATES, IDS, Room, Shown, dated, equal, fields, member, same
from sandbox.katana.schema import Place
from sandbox.katana.table import Row


class Variants(Room):
    """What has a SKU, which need not be unique nor be there."""

    path = "variants"
    parent = "item_id"
    filters = (
        DATES
        | IDS
        | fields("product_id material_id type internal_barcode registered_barcode")
        | {"sku": same("sku"), "supplier_item_codes": member("supplier_item_codes")}
        | {"sales_price": equal("sales_price"), "purchase_price": equal("purchase_price")}
    )
    lists_deleted = True
    is_deletable = True

    def make(self, kind: str, item: int, given: Json) -> Row:
        """A variant of an item."""
        row = self.table.add(
            item_id=item,
            type=kind,
            product_id=item if kind == "product" else None,
            material_id=item if kind == "material" else None,
            sku=given.get("sku"),
            sales_price=given.get("sales_price"),
            purchase_price=given.get("purchase_price", 0),
            default_cost=given.get("default_cost"),
            supplier_item_codes=given.get("supplier_item_codes", []),
            internal_barcode=given.get("internal_barcode", ""),
            registered_barcode=given.get("registered_barcode", ""),
            lead_time=given.get("lead_time"),
            minimum_order_quantity=given.get("minimum_order_quantity"),
            config_attributes=given.get("config_attributes", []),
            custom_fields=given.get("custom_fields", []),
        )
        self._tell("created", row)
        return row

    def change(self, row: Row, given: Json) -> Row:
        """A person changes one."""
        changed = self.table.change(row["id"], **given)
        self._tell("updated", row)
        return changed

    def delete(self, row: Row) -> None:
        """Not the last one of its item. Raises KatanaRefusal."""
        if len(self.table.of(row["item_id"])) == 1:
            raise held_by("Variant cannot be deleted: it is the only one of its item")
        super().delete(row)
        self._tell("deleted", row)

    def listed(self, asked: Mapping[str, list[str]]) -> Iterable[Row]:
        """The same, without what is archived; whether SKUs are compared with their case is a switch."""
        skus, folds = asked.get("sku"), self.account.oddities.sku_filter_folds_case
        others = {name: given for name, given in asked.items() if not (name == "sku" and folds)}
        rows = super().listed(others)
        if skus is not None and folds:
            folded = [one.lower() for one in skus]
            rows = [row for row in rows if (row["sku"] or "").lower() in folded]
        if asked.get("include_archived") == ["true"]:
            return rows
        return [row for row in rows if self.item(row)["archived_at"] is None]

    def item(self, row: Row) -> Row:
        """The product, material or service of a variant."""
        rooms = {"product": self.account.products, "material": self.account.materials, "service": self.account.services}
        return rooms[row["type"]].table.find(row["item_id"], deleted=True)

    def sold(self, number_: int, place: Place) -> Row:
        """A variant that something is written down for. Raises KatanaRefusal."""
        row = self.table.get(number_)
        if row is None:
            raise invalid(Detail((*place, "variant_id"), "notFound", "incorrect variant id"))
        return row

    def shown(self, row: Row, how: Shown) -> Json:
        """As it is answered; with `extend` the item beside it."""
        shown = self.inside(row) | {"product_id": row["product_id"], "material_id": row["material_id"]}
        shown |= {"deleted_at": row["deleted_at"]}
        if self.account.asks_for("product_or_material") and row["type"] != "service":
            item = self.item(row)
            room = self.account.products if row["type"] == "product" else self.account.materials
            shown["product_or_material"] = room.shown(item, how)
        return shown

    def inside(self, row: Row) -> Json:
        """As it is shown within its item."""
        if row["type"] == "service":
            names = "id sku sales_price default_cost custom_fields type deleted_at"
            return {name: row[name] for name in names.split()} | {"service_id": row["item_id"]} | dated(row)
        names = (
            "id sku sales_price purchase_price type internal_barcode registered_barcode supplier_item_codes "
            "lead_time minimum_order_quantity config_attributes custom_fields"
        )
        shown = {name: row[name] for name in names.split()} | {"product_id": row["product_id"]} | dated(row)
        if row["type"] == "material":
            shown |= {"material_id": row["material_id"], "deleted_at": row["deleted_at"]}
        return shown

    def _tell(self, event: str, row: Row) -> None:
        """Nobody is told of services."""
        if row["type"] != "service":
            self.account.tell(f"variant.{event}", row["id"])
