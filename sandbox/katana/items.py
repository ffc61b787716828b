"""Products, materials and services: what can be sold, each made with its variants."""

from typing import Any, ClassVar, Final

from sandbox.katana.errors import Json, held_by
from sandbox.katana.room import DATES, IDS, Filter, Room, Shown, dated, fields
from sandbox.katana.schema import Schema, body, flag, identity, many, number, or_null, text
from sandbox.katana.table import Row

_MOST_PRICE: Final = 100000000000
_PRICE: Final = or_null(number(0, _MOST_PRICE))
_WHOLE: Final = or_null(number(0, 2147483647))
_CONFIG: Final = many(body("name values", name=text(), values=many(text())), 1, 10)
_CUSTOM: Final = many(body("field_name field_value", field_name=text(), field_value=text()), None, 3)


def _variant(codes: Schema, sku: Schema, **more: Schema) -> Schema:
    return body(
        sku=sku,
        purchase_price=_PRICE,
        config_attributes=many(body("config_name config_value", config_name=text(), config_value=text()), 1),
        supplier_item_codes=codes,
        internal_barcode=text(3, 40),
        registered_barcode=text(3, 40),
        lead_time=_WHOLE,
        minimum_order_quantity=_WHOLE,
        custom_fields=_CUSTOM,
        **more,
    )


class Items(Room):
    """What products, materials and services have in common."""

    kind: ClassVar[str]
    lists_deleted = True
    is_deletable = True
    own: ClassVar[dict[str, Any]] = {}  # fields beside those that all have, with what they are when left out

    def create(self, given: Json) -> Row:
        """An item with its variants."""
        own = {name: given.get(name, default) for name, default in self.own.items()}
        row = self.table.add(
            type=self.kind,
            name=given["name"],
            uom=given.get("uom", "pcs"),
            category_name=given.get("category_name"),
            additional_info=given.get("additional_info", ""),
            is_sellable=given.get("is_sellable", self.kind != "material"),
            custom_field_collection_id=given.get("custom_field_collection_id"),
            archived_at=None,
            configs=[
                {"id": self.account.next_id(), "name": one["name"], "values": one["values"]}
                for one in given.get("configs", ())
            ],
            **own,
        )
        for one in given["variants"]:
            self.account.variants.make(self.kind, row["id"], one)
        self.account.tell(f"{self.kind}.created", row["id"])
        return row

    def change(self, row: Row, given: Json) -> Row:
        """Change what is given, and wipe what is left out."""
        changes = self.wipes(dict(given))
        if "is_archived" in changes:
            changes["archived_at"] = self.account.moment() if changes.pop("is_archived") else None
        if self.kind == "product" and self.account.oddities.product_patch_fills_defaults:
            changes = {
                name: False for name in ("is_sellable", *self.own) if name.startswith(("is_", "batch"))
            } | changes
        changed = self.table.change(row["id"], **changes)
        for variant in self.account.variants.table.of(row["id"]):
            self.account.variants.table.change(variant["id"])
        self.account.tell(f"{self.kind}.updated", row["id"])
        return changed

    def delete(self, row: Row) -> None:
        """Not while live orders have it. Raises KatanaRefusal."""
        variants = {variant["id"] for variant in self.account.variants.table.of(row["id"])}
        if any(one["variant_id"] in variants for one in self.account.rows.table.view()):
            raise held_by(f"{self.kind.capitalize()} cannot be deleted: it is on sales orders")
        for number_ in variants:
            self.account.variants.table.delete(number_)
        self.table.delete(row["id"])
        self.account.tell(f"{self.kind}.deleted", row["id"])

    def shown(self, row: Row, how: Shown) -> Json:
        """As it is answered."""
        names = "id type name uom category_name additional_info is_sellable custom_field_collection_id archived_at"
        shown = {name: row[name] for name in (*names.split(), *self.own)} | dated(row)
        if self.kind == "service" or row["deleted_at"]:
            shown["deleted_at"] = row["deleted_at"]
        if self.kind != "service":
            shown["configs"] = [{"product_id": row["id"], **one} for one in row["configs"]]
        variants = self.account.variants
        return shown | {"variants": [variants.inside(one) for one in variants.table.of(row["id"], deleted=True)]}


_STOCKED: Final[dict[str, Any]] = {
    "default_supplier_id": None,
    "batch_tracked": False,
    "purchase_uom": None,
    "purchase_uom_conversion_rate": 1,
}
_OF_BOTH: Final[dict[str, Filter]] = (
    DATES
    | IDS
    | fields("name uom category_name is_sellable batch_tracked")
    | fields("default_supplier_id purchase_uom purchase_uom_conversion_rate")
)


class Products(Items):
    """What is made or bought, and sold."""

    path = "products"
    kind = "product"
    own: ClassVar = _STOCKED | {
        "is_producible": False,
        "is_purchasable": True,
        "is_auto_assembly": False,
        "serial_tracked": False,
        "operations_in_sequence": False,
    }
    filters = _OF_BOTH | fields("is_producible is_purchasable is_auto_assembly serial_tracked operations_in_sequence")
    posts = body(
        "name variants",
        name=text(1),
        uom=text(1, 7),
        category_name=text(1),
        additional_info=text(),
        is_sellable=flag(),
        is_producible=flag(),
        is_purchasable=flag(),
        is_auto_assembly=flag(),
        batch_tracked=flag(),
        serial_tracked=flag(),
        operations_in_sequence=flag(),
        default_supplier_id=identity(None),
        custom_field_collection_id=or_null(number()),
        purchase_uom=or_null(text(1, 7)),
        purchase_uom_conversion_rate=number(None, 1000000000000),
        configs=_CONFIG,
        variants=many(_variant(many(text(1, 40)), text(1), sales_price=_PRICE), 1),
    )
    patches = body(
        name=text(1, 256),
        uom=text(1, 7),
        category_name=or_null(text(1, 35)),
        additional_info=or_null(text(1)),
        is_archived=flag(),
        is_sellable=flag(),
        is_producible=flag(),
        is_purchasable=flag(),
        is_auto_assembly=flag(),
        batch_tracked=flag(),
        serial_tracked=flag(),
        operations_in_sequence=flag(),
        default_supplier_id=or_null(identity()),
        custom_field_collection_id=or_null(number()),
        purchase_uom=or_null(text(1, 7)),
        purchase_uom_conversion_rate=or_null(number(0, 2147483647)),
        configs=many(body("values", id=number(), name=text(), values=many(text())), 1, 10),
    )


class Materials(Items):
    """What products are made of."""

    path = "materials"
    kind = "material"
    own: ClassVar = _STOCKED
    filters = _OF_BOTH
    posts = body(
        "name variants",
        name=text(),
        uom=text(1, 7),
        category_name=text(),
        additional_info=text(),
        is_sellable=flag(),
        batch_tracked=flag(),
        default_supplier_id=number(),
        custom_field_collection_id=or_null(number()),
        purchase_uom=or_null(text(1, 7)),
        purchase_uom_conversion_rate=number(),
        configs=_CONFIG,
        variants=many(_variant(many(text()), text()), 1),
    )


class Services(Items):
    """What has no stock; of one variant each."""

    path = "services"
    kind = "service"
    filters = DATES | IDS | fields("name uom category_name is_sellable")
    posts = body(
        "name variants",
        name=text(1),
        uom=text(1, 7),
        category_name=text(1),
        additional_info=text(),
        is_sellable=flag(),
        custom_field_collection_id=or_null(number()),
        variants=many(body(sku=text(1), sales_price=_PRICE, default_cost=_PRICE, custom_fields=_CUSTOM), 1, 1),
    )
