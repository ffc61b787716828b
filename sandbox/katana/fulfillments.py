"""Fulfilments: the only truth of what was shipped. Stock moves once, when pieces are packed or delivered."""

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from sandbox.katana.errors import Detail, Json, against_rules, held_by, invalid
from sandbox.katana.numbers import ZERO, decimal, moment
from sandbox.katana.room import DATES, Room, Shown, dated, fields, least
from sandbox.katana.schema import Schema, body, identity, many, number, one_of, or_null, text
from sandbox.katana.stock import Cause, Shares
from sandbox.katana.table import Row
from sandbox.katana.traceability import TRACEABILITY, Line, cut, shares_of, shown_shares

_TRACKING: Final = ["tracking_number", "tracking_url", "tracking_carrier", "tracking_method"]
_OF_TABLES: Final = ("id", "created_at", "updated_at", "deleted_at")
_RATE: Final = or_null(number(0, 1000000000000))


def _tracking(low: int) -> dict[str, Schema]:
    highest = {"tracking_number": 256, "tracking_url": 2048}
    return {name: or_null(text(low, highest.get(name))) for name in _TRACKING}


_ROW: Final = body(
    "sales_order_row_id quantity",
    sales_order_row_id=identity(),
    quantity=number(0, 100000000000000000) | {"exclusiveMinimum": 0},  # 0 is refused, whatever the document says
    traceability=many(TRACEABILITY),
    batch_transactions=many(body("batch_id quantity", batch_id=or_null(identity(None)), quantity=number())),
    serial_numbers=many(number()),
)


class Fulfillments(Room):
    """Parcels that are packed or delivered."""

    path = "sales_order_fulfillments"
    parent = "sales_order_id"
    filters = (
        DATES
        | {"picked_date_min": least("picked_date")}
        | fields("sales_order_id status invoice_status")
        | fields("tracking_number tracking_url tracking_carrier tracking_method")
    )
    posts = body(
        "sales_order_id status sales_order_fulfillment_rows",
        sales_order_id=identity(),
        status=one_of("PACKED DELIVERED"),
        sales_order_fulfillment_rows=many(_ROW, 1),
        picked_date=text(1),
        conversion_rate=_RATE,
        conversion_date=or_null(text(0)),
        **_tracking(0),
    )
    patches = body(
        status=one_of("PACKED DELIVERED"),
        picked_date=text(1),
        conversion_rate=_RATE,
        conversion_date=or_null(text(1)),
        packer_id=identity(),
        **_tracking(1),
    )
    singles = frozenset(filters)
    is_deletable = True
    lists_deleted = True
    reads_deleted = True

    def create(self, given: Json) -> Row:
        """Pack or deliver pieces of an order. Raises KatanaRefusal."""
        account = self.account
        order = account.orders.table.find(given["sales_order_id"])
        picked = given.get("picked_date")
        if picked:
            moment(picked, "picked_date")
            account.refuse_closed(picked, "picked_date")
        left = {row["id"]: row["quantity"] for row in account.rows.table.of(order["id"])}
        for number_, pieces in self.taken(order["id"]).items():
            left[number_] = left.get(number_, ZERO) - pieces
        lines: list[Json] = []
        for one in given["sales_order_fulfillment_rows"]:
            lines.append(self._line(left, one, lines))
        row = self.table.add(
            sales_order_id=order["id"],
            status=given["status"],
            picked_date=picked or account.stamp(),
            conversion_rate=given.get("conversion_rate"),
            conversion_date=given.get("conversion_date"),
            invoice_status="NOT_INVOICED",
            packer_id=None,
            sales_order_fulfillment_rows=lines,
            **{name: given.get(name) for name in _TRACKING},
        )
        self._move(row, -1)
        account.orders.recount(order["id"])
        return row

    def change(self, row: Row, given: Json) -> Row:
        """Deliver what was packed, or say more of it; its stock has moved already. Raises KatanaRefusal."""
        if "picked_date" in given:
            moment(given["picked_date"], "picked_date")
            self.account.refuse_closed(given["picked_date"], "picked_date")
        changed = self.table.change(row["id"], **given)
        self.account.orders.recount(row["sales_order_id"])
        return changed

    def delete(self, row: Row) -> None:
        """Take a parcel back, and its stock. Raises KatanaRefusal."""
        if row["invoice_status"] != "NOT_INVOICED":
            raise against_rules("An invoiced fulfillment cannot be deleted")
        lines = {line["id"] for line in row["sales_order_fulfillment_rows"]}
        if any(one["fulfillment_row_id"] in lines for one in self.account.return_rows.table.view()):
            raise held_by("Fulfillment cannot be deleted: it has returns")
        self.account.refuse_closed(row["picked_date"], "picked_date")
        self.take_back(row)
        self.account.orders.recount(row["sales_order_id"])

    def take_back(self, row: Row) -> None:
        """Delete a fulfilment and put its pieces back."""
        self.table.delete(row["id"])
        self._move(row, 1)

    def take_rest(self, order: int, status: str, rows: dict[int, Any] | None = None, **more: Any) -> Row | None:
        """Pack or deliver pieces by the ids of their rows, all that is left where none are named; None: nothing was."""
        taken = self.taken(order)
        left = {row["id"]: row["quantity"] - taken.get(row["id"], ZERO) for row in self.account.rows.table.of(order)}
        wanted = {row: decimal(pieces) for row, pieces in rows.items() if left.get(row)} if rows else left
        for one in self.table.of(order):
            if status == "DELIVERED" and one["status"] == "PACKED" and not rows:
                self.change(one, {"status": status, **more})
        lines = [{"sales_order_row_id": row, "quantity": pieces} for row, pieces in wanted.items() if pieces > 0]
        if not lines:
            return None
        return self.create({"sales_order_id": order, "status": status, "sales_order_fulfillment_rows": lines, **more})

    def split(self, order: int, rows: dict[int, Any], **more: Any) -> None:
        """Pieces of packed parcels go out by the ids of their rows: whole parcels, or a part as one of its own.

        Stock moved when they were packed. Which of the two keeps the parcel's id is a switch.
        """
        wanted = {row: decimal(pieces) for row, pieces in rows.items()}
        for one in [one for one in self.table.of(order) if one["status"] == "PACKED"]:
            out, rest = _parted(one["sales_order_fulfillment_rows"], wanted, self.account.next_id)
            if not out:
                continue
            delivered = {"status": "DELIVERED", "sales_order_fulfillment_rows": out, **more}
            packed = {"status": "PACKED", "sales_order_fulfillment_rows": rest}
            kept, new = (packed, delivered) if self.account.oddities.split_parcel_is_new else (delivered, packed)
            if rest:
                copy = {name: value for name, value in one.items() if name not in _OF_TABLES}
                self.table.add(**copy | new)
            self.table.change(one["id"], **(kept if rest else delivered))
        self.account.orders.recount(order)

    def taken(self, order: int) -> dict[int, Decimal]:
        """How much of each row is packed or delivered."""
        found: dict[int, Decimal] = defaultdict(lambda: ZERO)
        for one in self.table.of(order):
            for line in one["sales_order_fulfillment_rows"]:
                found[line["sales_order_row_id"]] += line["quantity"]
        return dict(found)

    def shares(self, row: Row) -> Shares:
        """Which batches an order's row got."""
        found: Shares = []
        for one in self.table.of(row["sales_order_id"]):
            for line in one["sales_order_fulfillment_rows"]:
                if line["sales_order_row_id"] == row["id"]:
                    found += line["shares"]
        return found

    def line(self, number_: int) -> tuple[Row, Json] | None:
        """A line by its id, with its fulfilment."""
        for one in self.table.view():
            for line in one["sales_order_fulfillment_rows"]:
                if line["id"] == number_:
                    return one, line
        return None

    def shown(self, row: Row, how: Shown) -> Json:
        """As it is answered."""
        names = "id sales_order_id status picked_date conversion_rate conversion_date invoice_status packer_id"
        shown = {name: row[name] for name in (*names.split(), *_TRACKING)}
        if how is Shown.CREATED:
            del shown["invoice_status"], shown["packer_id"]
        if self.account.oddities.fulfillments_have_dates:
            shown |= dated(row) | {"deleted_at": row["deleted_at"]}
        lines = [
            {"id": line["id"], "sales_order_row_id": line["sales_order_row_id"], "quantity": line["quantity"]}
            | {"serial_numbers": []}
            | shown_shares(line["shares"])
            for line in row["sales_order_fulfillment_rows"]
        ]
        return shown | {"sales_order_fulfillment_rows": lines}

    def _line(self, left: dict[int, Decimal], given: Json, before: list[Json]) -> Json:
        place = ("sales_order_fulfillment_rows", len(before))
        number_, pieces = int(given["sales_order_row_id"]), decimal(given["quantity"])
        if number_ not in left:
            raise invalid(Detail((*place, "sales_order_row_id"), "notFound", "incorrect sales order row id"))
        if pieces > left[number_]:
            raise against_rules("The quantity is more than what is left of the row")
        left[number_] -= pieces
        row = self.account.rows.table.find(number_)
        variant = self.account.variants.table.find(row["variant_id"], deleted=True)
        spoken_for = [share for one in before if one["location_id"] == row["location_id"] for share in one["shares"]]
        shares = shares_of(self.account, Line(variant, row["location_id"], given, place, spoken_for))
        return {
            "id": self.account.next_id(),
            "sales_order_row_id": number_,
            "variant_id": row["variant_id"],
            "location_id": row["location_id"],
            "quantity": pieces,
            "shares": shares,
        }

    def _move(self, row: Row, sign: int) -> None:
        order = self.account.orders.table.find(row["sales_order_id"], deleted=True)
        for line in row["sales_order_fulfillment_rows"]:
            shares = [(batch, part * sign) for batch, part in line["shares"]]
            why = Cause("SalesOrderRow", line["sales_order_row_id"], order["order_no"])
            self.account.movements.move(line["variant_id"], line["location_id"], shares, why)


def _parted(lines: list[Json], wanted: dict[int, Decimal], next_id: Callable[[], int]) -> tuple[list[Json], list[Json]]:
    """The lines of a parcel that go out and those that stay; what is taken is taken off what is wanted."""
    out, rest = [], []
    for line in lines:
        part = min(line["quantity"], wanted.get(line["sales_order_row_id"], ZERO))
        if part:
            wanted[line["sales_order_row_id"]] -= part
            out.append(line | {"quantity": part, "shares": cut(line["shares"], ZERO, part)})
        if part < line["quantity"]:
            stays = {"quantity": line["quantity"] - part, "shares": cut(line["shares"], part, line["quantity"])}
            rest.append(line | stays | ({"id": next_id()} if part else {}))
    return out, rest
