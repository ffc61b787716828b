"""Manufacturing orders, most of them made for a row of a sales order and linked to it."""

from typing import Any, Final

from sandbox.katana.errors import Json, against_rules, held_by
from sandbox.katana.numbers import decimal, moment, stamp
from sandbox.katana.room import DATES, IDS, Room, Shown, dated, fields
from sandbox.katana.schema import body, flag, identity, many, number, one_of, or_null, text
from sandbox.katana.stock import Cause
from sandbox.katana.table import Row

MAKE_TO_ORDER: Final = body("sales_order_row_id", sales_order_row_id=identity(None), create_subassemblies=flag())
UNLINK: Final = body("sales_order_row_id", sales_order_row_id=identity())
_MOST: Final = 1000000000000000
_BATCHES: Final = many(body("batch_id quantity", batch_id=identity(None), quantity=number()))
_DATES: Final = ("order_created_date", "production_deadline_date", "done_date")
_SPOKEN: Final = {"IN_PROGRESS": "in_progress", "BLOCKED": "blocked", "DONE": "done"}


class Manufacturing(Room):
    """What is being made."""

    path = "manufacturing_orders"
    filters = DATES | IDS | fields("status order_no location_id is_linked_to_sales_order")
    posts = body(
        "variant_id planned_quantity location_id",
        order_no=text(1),
        variant_id=identity(),
        planned_quantity=number(0.00001, _MOST),
        actual_quantity=or_null(number(0, _MOST)),
        location_id=identity(),
        status=one_of("NOT_STARTED"),
        order_created_date=text(1),
        production_deadline_date=text(1),
        additional_info=or_null(text(1)),
        batch_transactions=_BATCHES,
    )
    patches = body(
        order_no=text(1),
        variant_id=identity(),
        planned_quantity=number(0.00001, _MOST),
        actual_quantity=or_null(number(0, _MOST)),
        location_id=identity(),
        status=one_of("NOT_STARTED BLOCKED IN_PROGRESS PARTIALLY_COMPLETED DONE"),
        order_created_date=text(1),
        production_deadline_date=text(1),
        done_date=text(1),
        additional_info=or_null(text(1)),
        batch_transactions=_BATCHES,
    )
    is_deletable = True
    lists_deleted = True

    def create(self, given: Json) -> Row:
        """An order of its own. Raises KatanaRefusal."""
        for name in _DATES:
            _check_date(given, name)
        return self._make(given["variant_id"], given["location_id"], given["planned_quantity"], given)

    def make_to_order(self, given: Json) -> Row:
        """An order for a row. Raises KatanaRefusal."""
        account = self.account
        row = account.rows.table.find(given["sales_order_row_id"])
        order = account.orders.table.find(row["sales_order_id"])
        if row["linked_manufacturing_order_id"] is not None:
            raise against_rules("The row has a manufacturing order already")
        place = [one["id"] for one in account.rows.table.of(order["id"])].index(row["id"]) + 1
        links = {"sales_order_id": order["id"], "sales_order_row_id": row["id"]}
        head = {"order_no": f"{order['order_no']} / {place}", "production_deadline_date": order["delivery_date"]}
        made = self._make(row["variant_id"], row["location_id"], row["quantity"], head | links)
        account.rows.table.change(row["id"], linked_manufacturing_order_id=made["id"])
        account.orders.touch(order["id"])
        return made

    def unlink(self, given: Json) -> None:
        """Let row and manufacturing order go their own ways. Raises KatanaRefusal."""
        row = self.account.rows.table.find(given["sales_order_row_id"])
        if row["linked_manufacturing_order_id"] is None:
            raise against_rules("The row has no manufacturing order")
        self._unlink(self.table.find(row["linked_manufacturing_order_id"]))

    def change(self, row: Row, given: Json) -> Row:
        """Change what is given; the notes are wiped where they are left out. Raises KatanaRefusal."""
        for name in _DATES:
            _check_date(given, name)
        if row["status"] == "DONE" and "planned_quantity" in given:
            raise against_rules("planned_quantity cannot be changed once the order is done")
        changes = self.wipes(given)
        if "additional_info" in changes:
            changes = changes | {"additional_info": changes["additional_info"] or ""}
        status = changes.get("status", row["status"])
        if status == "DONE" and row["status"] != "DONE":
            changes = {"done_date": self.account.stamp(), "actual_quantity": row["planned_quantity"]} | changes
        changed = self.table.change(row["id"], **changes)
        if (status == "DONE") != (row["status"] == "DONE"):
            self._produce(changed, 1 if status == "DONE" else -1)
        self.account.tell("manufacturing_order.updated", row["id"], status)
        if status != row["status"] and status in _SPOKEN:
            self.account.tell(f"manufacturing_order.{_SPOKEN[status]}", row["id"], status)
        return changed

    def delete(self, row: Row) -> None:
        """Not once something was made. Raises KatanaRefusal."""
        if row["status"] in ("PARTIALLY_COMPLETED", "DONE"):
            raise held_by("Manufacturing order cannot be deleted: it has productions")
        self._unlink(row)
        self.table.delete(row["id"])
        self.account.tell("manufacturing_order.deleted", row["id"], row["status"])

    def follow(self, number_: int, quantity: Any) -> None:
        """Its row's quantity changed: what is not begun follows, what is partly made holds. Raises KatanaRefusal."""
        made = self.table.find(number_)
        if made["status"] == "PARTIALLY_COMPLETED" and decimal(quantity) < decimal(made["actual_quantity"]):
            raise against_rules("The quantity cannot be less than what is made already")
        if made["status"] == "NOT_STARTED" and self.account.oddities.row_moves_manufacturing:
            self.table.change(number_, planned_quantity=decimal(quantity))
            self.account.tell("manufacturing_order.updated", number_, made["status"])

    def let_go(self, number_: int) -> None:
        """Its row goes: what is not begun goes along, all else stays and is linked no more."""
        made = self.table.find(number_)
        self._unlink(made)
        if made["status"] == "NOT_STARTED":
            self.table.delete(number_)
            self.account.tell("manufacturing_order.deleted", number_, made["status"])

    def shown(self, row: Row, how: Shown) -> Json:
        """As it is answered."""
        del how
        names = (
            "id order_no variant_id status planned_quantity actual_quantity location_id order_created_date done_date "
            "production_deadline_date additional_info is_linked_to_sales_order sales_order_id sales_order_row_id "
            "deleted_at"
        )
        costs = "material_cost operations_cost subassemblies_cost total_cost total_actual_time total_planned_time"
        return {
            **{name: row[name] for name in names.split()},
            **dict.fromkeys(costs.split(), 0),
            "batch_transactions": [],
            "serial_numbers": [],
            "ingredient_availability": "IN_STOCK",
            "sales_order_delivery_deadline": row["production_deadline_date"] if row["sales_order_id"] else None,
            **dated(row),
        }

    def _make(self, variant: int, location: int, quantity: Any, head: Json) -> Row:
        found = self.account.variants.sold(variant, ())
        if found["type"] != "product" or not self.account.variants.item(found)["is_producible"]:
            raise against_rules("The product cannot be manufactured")
        made = self.table.add(
            order_no=head.get("order_no") or f"MO-{self.account.next_id()}",
            variant_id=variant,
            status="NOT_STARTED",
            planned_quantity=decimal(quantity),
            actual_quantity=head.get("actual_quantity"),
            location_id=self.account.place(location),
            order_created_date=head.get("order_created_date") or self.account.stamp(),
            production_deadline_date=head.get("production_deadline_date") or self.account.stamp(),
            done_date=None,
            additional_info=head.get("additional_info") or "",
            is_linked_to_sales_order="sales_order_id" in head,
            sales_order_id=head.get("sales_order_id"),
            sales_order_row_id=head.get("sales_order_row_id"),
        )
        self.account.tell("manufacturing_order.created", made["id"], "NOT_STARTED")
        return made

    def _unlink(self, row: Row) -> None:
        if row["sales_order_row_id"] is None:
            return
        self.account.rows.table.change(row["sales_order_row_id"], linked_manufacturing_order_id=None)
        self.table.change(row["id"], is_linked_to_sales_order=False, sales_order_id=None, sales_order_row_id=None)

    def _produce(self, row: Row, sign: int) -> None:
        pieces = decimal(row["actual_quantity"] or row["planned_quantity"]) * sign
        why = Cause("Production", row["id"], row["order_no"])
        self.account.movements.move(row["variant_id"], row["location_id"], [(None, pieces)], why)


def _check_date(given: Json, name: str) -> None:
    """Nothing but 2026-10-09T08:00:00.000Z: +00:00 with microseconds is refused. Raises KatanaRefusal."""
    if name in given and stamp(moment(given[name], name)) != given[name]:
        raise against_rules(f"{name} is not a valid date")
