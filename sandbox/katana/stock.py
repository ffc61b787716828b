"""What moves stock and what there is: movements, batches, inventory. Nothing guards it: it goes below zero."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from sandbox.katana.errors import Json
from sandbox.katana.numbers import ZERO, decimal, fixed
from sandbox.katana.room import DATES, IDS, Room, Shown, dated, fields, least, most, same
from sandbox.katana.schema import MOST_ID, body, number, text
from sandbox.katana.table import Row

if TYPE_CHECKING:
    from sandbox.katana.state import KatanaAccount

Shares = list[tuple[int | None, Decimal]]  # how much of which batch; None is what has no batch

NEW_BATCH: Final = body(
    "variant_id batch_number",
    variant_id=number(high=MOST_ID),
    batch_number=text(1),
    batch_barcode=text(3, 40),
    batch_created_date=text(),
    expiration_date=text(),
)

_OPEN: Final = ("NOT_SHIPPED", "PARTIALLY_PACKED", "PACKED", "PARTIALLY_DELIVERED")


@dataclass(frozen=True, slots=True)
class Cause:
    """Why stock moved: what kind of record, which one, and the number of its order."""

    kind: str
    resource: int
    order_no: str


class Movements(Room):
    """Every change of stock, by variant."""

    path = "inventory_movements"
    parent = "variant_id"
    filters = (
        DATES
        | IDS
        | {"variant_ids": same("variant_id")}
        | fields("location_id resource_type resource_id caused_by_order_no caused_by_resource_id")
    )
    is_read_alone = False

    def move(self, variant: int, location: int, shares: Shares, why: Cause) -> None:
        """Put pieces there, or take them away. Services have no stock."""
        if self.account.variants.table.find(variant, deleted=True)["type"] == "service":
            return
        change = sum((pieces for _, pieces in shares), ZERO)
        self.table.add(
            variant_id=variant,
            location_id=location,
            quantity_change=change,
            balance_after=self.pieces(variant, location) + change,
            resource_type=why.kind,
            resource_id=why.resource,
            caused_by_order_no=why.order_no,
            caused_by_resource_id=why.resource,
            movement_date=self.account.moment(),
            shares=shares,
        )
        kind = self.account.variants.table.find(variant, deleted=True)["type"]
        self.account.tell(f"current_inventory.{kind}_updated", variant)

    def pieces(self, variant: int, location: int) -> Decimal:
        """How many there are."""
        return sum((row["quantity_change"] for row in self.table.of(variant) if row["location_id"] == location), ZERO)

    def by_batch(self, variant: int, location: int) -> dict[int | None, Decimal]:
        """How many there are of each batch."""
        found: dict[int | None, Decimal] = defaultdict(lambda: ZERO)
        for row in self.table.of(variant):
            for batch, pieces in row["shares"] if row["location_id"] == location else ():
                found[batch] += pieces
        return dict(found)

    def places(self, variant: int) -> set[int]:
        """Where it was ever counted."""
        return {row["location_id"] for row in self.table.of(variant)}

    def shown(self, row: Row, how: Shown) -> Json:
        """As it is answered."""
        del how
        shown = {name: value for name, value in row.items() if name not in ("shares", "deleted_at")}
        value = {"value_per_unit": 0, "value_in_stock_after": 0, "average_cost_after": 0, "rank": row["id"]}
        return shown | value


class Batches(Room):
    """Batches of variants, and what is left of them in each location."""

    path = "batch_stocks"
    parent = "variant_id"
    filters = fields("batch_id batch_number location_id variant_id batch_barcode") | {
        "batch_created_at_min": least("batch_created_date"),
        "batch_created_at_max": most("batch_created_date"),
    }
    is_read_alone = False

    def create(self, given: Json) -> Row:
        """A batch, with nothing in it yet. Raises KatanaRefusal."""
        return self.table.add(
            variant_id=self.account.variants.table.find(given["variant_id"])["id"],
            batch_number=given["batch_number"],
            batch_barcode=given.get("batch_barcode"),
            batch_created_date=given.get("batch_created_date") or self.account.stamp(),
            expiration_date=given.get("expiration_date"),
        )

    def made(self, row: Row) -> Json:
        """As its creation is answered, at another end point than the list's."""
        names = "id variant_id batch_number batch_barcode batch_created_date expiration_date"
        return {name: row[name] for name in names.split()} | dated(row)

    def listed(self, asked: Mapping[str, list[str]]) -> Iterable[Row]:
        """By location, variant and batch, the newest batch first; empty ones only where they are asked for."""
        with_empty = asked.get("include_empty") == ["true"]
        rows = [
            row | {"batch_id": row["id"], "location_id": place, "quantity_in_stock": fixed(pieces, 5)}
            for row in self.table.view()
            # Whether a batch is listed that never had a piece nobody has shown.
            for place in sorted(self.account.movements.places(row["variant_id"]) or {self.account.place(None)})
            if (pieces := self.account.movements.by_batch(row["variant_id"], place).get(row["id"], ZERO)) or with_empty
        ]
        known = {name: given for name, given in asked.items() if name in self.filters}
        kept = [row for row in rows if all(self.filters[name](row, given) for name, given in known.items())]
        return sorted(kept, key=lambda row: (row["location_id"], row["variant_id"], -row["id"]))

    def oldest_first(self, variant: int, location: int, pieces: Decimal, spoken_for: Shares) -> Shares:
        """Batches that so many pieces are taken from; what no batch has is of none."""
        shares: Shares = []
        left, stock = pieces, self.account.movements.by_batch(variant, location)
        for batch, part in spoken_for:
            stock[batch] = stock.get(batch, ZERO) - part
        for row in sorted(self.table.of(variant), key=lambda one: (one["batch_created_date"], one["id"])):
            taken = min(left, max(stock.get(row["id"], ZERO), ZERO))
            if taken:
                shares.append((row["id"], taken))
                left -= taken
        return shares + ([(None, left)] if left else [])

    def shown(self, row: Row, how: Shown) -> Json:
        """As it is answered."""
        del how
        names = (
            "batch_id batch_number batch_barcode batch_created_date expiration_date location_id variant_id "
            "quantity_in_stock"
        )
        return {name: row[name] for name in names.split()}


class Inventory:
    """What there is of each variant in each location, what is promised and what is expected; all as texts."""

    path: Final = "inventory"

    def __init__(self, account: "KatanaAccount") -> None:
        self.account = account

    def listed(self, asked: Mapping[str, list[str]]) -> list[Json]:
        """The lines that are asked for."""
        promised, expected = self._promised(), self._expected()
        default = self.account.locations.default()["id"]
        variants, places = asked.get("variant_id"), asked.get("location_id")
        lines = []
        for variant in self.account.variants.listed({"include_archived": asked.get("include_archived", [])}):
            if variant["type"] == "service" or (variants is not None and str(variant["id"]) not in variants):
                continue
            for place in sorted(self.account.movements.places(variant["id"]) | {default}):
                if places is None or str(place) in places:
                    key = (variant["id"], place)
                    lines.append(self._line(variant, place, promised.get(key, ZERO), expected.get(key, ZERO)))
        return lines

    def _line(self, variant: Row, place: int, promised: Decimal, expected: Decimal) -> Json:
        pieces = self.account.movements.pieces(variant["id"], place)
        line = {
            "variant_id": variant["id"],
            "location_id": place,
            "safety_stock_level": fixed(ZERO, 5),
            "reorder_point": fixed(ZERO, 5),
            "average_cost": fixed(ZERO, 10),
            "value_in_stock": fixed(ZERO, 10),
            "quantity_in_stock": fixed(pieces, 5),
            "quantity_committed": fixed(promised, 5),
            "quantity_expected": fixed(expected, 5),
            "quantity_missing_or_excess": fixed(pieces - promised + expected, 5),
            "quantity_potential": None,
        }
        if self.account.asks_for("variant"):
            name = {"product_or_material_name": self.account.variants.item(variant)["name"]}
            line["variant"] = self.account.variants.inside(variant) | name
        if self.account.asks_for("location"):
            line["location"] = self.account.locations.shown(
                self.account.locations.table.find(place, deleted=True), Shown.LISTED
            )
        return line

    def _promised(self) -> dict[tuple[int, int], Decimal]:
        """What open orders still want; of quotes (PENDING) only where the switch says so."""
        found: dict[tuple[int, int], Decimal] = defaultdict(lambda: ZERO)
        for order in self.account.orders.table.view():
            if order["status"] in _OPEN or (
                order["status"] == "PENDING" and self.account.oddities.pending_is_committed
            ):
                taken = self.account.fulfillments.taken(order["id"])
                for row in self.account.rows.table.of(order["id"]):
                    found[row["variant_id"], row["location_id"]] += row["quantity"] - taken.get(row["id"], ZERO)
        return found

    def _expected(self) -> dict[tuple[int, int], Decimal]:
        found: dict[tuple[int, int], Decimal] = defaultdict(lambda: ZERO)
        for one in self.account.manufacturing.table.view():
            if one["status"] != "DONE":
                found[one["variant_id"], one["location_id"]] += decimal(one["planned_quantity"])
        return found
