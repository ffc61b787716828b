"""Returns: a head and its rows, each of a line that was delivered. What is restocked is stock again."""

from decimal import Decimal
from typing import Any, Final

from sandbox.katana.errors import Json, against_rules
from sandbox.katana.numbers import ZERO, decimal, fixed
from sandbox.katana.room import DATES, IDS, Room, Shown, dated, fields, least, most
from sandbox.katana.schema import (
    MOST_ID,
    Schema,
    body,
    identity,
    integer,
    many,
    number,
    one_of,
    or_null,
    quantity,
    text,
)
from sandbox.katana.stock import Cause
from sandbox.katana.table import Row

_LATER: Final = ["tracking_carrier", "tracking_method", "tracking_number", "tracking_number_url"]
_DATE: Final = text() | {"format": "date"}
_TRACKING: Final[dict[str, Schema]] = {name: or_null(text(1, 2048 if name.endswith("url") else 256)) for name in _LATER}


class Returns(Room):
    """Parcels that come back. Several filters that the documents name are not looked at."""

    path = "sales_returns"
    parent = "sales_order_id"
    filters = (
        DATES
        | IDS
        | fields("order_no return_location_id status refund_status")
        | {"order_return_date_min": least("return_date"), "order_return_date_max": most("return_date")}
        | {"order_created_date_min": least("order_created_date"), "order_created_date_max": most("order_created_date")}
    )
    posts = body(
        "sales_order_id return_location_id",
        sales_order_id=integer(0, MOST_ID),
        return_location_id=integer(0, MOST_ID),
        order_no=text(1),
        order_created_date=_DATE,
        additional_info=text(None, 255),
        **_TRACKING,
    )
    patches = body(
        return_location_id=number(0, MOST_ID),
        order_no=text(1),
        order_created_date=_DATE,
        return_date=_DATE,
        status=one_of("NOT_RETURNED RETURNED_ALL RESTOCKED_ALL"),
        additional_info=or_null(text(None, 255)),
        **_TRACKING,
    )
    is_deletable = True

    def shows_deleted(self, asked: Any) -> bool:
        """Whether it can be asked for is a switch: the documents disagree."""
        return self.account.oddities.deleted_returns_are_listed and asked.get("include_deleted") == ["true"]

    def create(self, given: Json) -> Row:
        """A return, also of an order of which nothing was delivered. Raises KatanaRefusal."""
        order = self.account.orders.table.find(given["sales_order_id"])
        return self.table.add(
            sales_order_id=order["id"],
            customer_id=order["customer_id"],
            currency=order["currency"],
            return_location_id=self.account.place(given["return_location_id"]),
            order_no=given.get("order_no") or f"RO-{self.account.next_id()}",
            order_created_date=given.get("order_created_date") or self.account.stamp(),
            return_date=None,
            additional_info=given.get("additional_info", ""),
            status="NOT_RETURNED",
            refund_status="NOT_REFUNDED",
            **{name: given.get(name) for name in _LATER},
        )

    def change(self, row: Row, given: Json) -> Row:
        """Receive and restock what came back. Raises KatanaRefusal."""
        status = given.get("status", row["status"])
        changes = dict(given)
        if status != "NOT_RETURNED" and row["return_date"] is None:
            changes = {"return_date": self.account.stamp()} | changes
        changed = self.table.change(row["id"], **changes)
        if (status == "RESTOCKED_ALL") != (row["status"] == "RESTOCKED_ALL"):
            self._restock(changed, 1 if status == "RESTOCKED_ALL" else -1)
        return changed

    def delete(self, row: Row) -> None:
        """Take a return back, and the stock it brought."""
        if row["status"] == "RESTOCKED_ALL":
            self._restock(row, -1)
        for line in self.account.return_rows.table.of(row["id"]):
            self.account.return_rows.table.delete(line["id"])
        super().delete(row)

    def returnable(self, order: Row) -> list[Json]:
        """What of an order can come back: pieces of its fulfilments, as texts with many decimals."""
        items = []
        for one in self.account.fulfillments.table.of(order["id"]):
            for line in one["sales_order_fulfillment_rows"]:
                row = self.account.rows.table.find(line["sales_order_row_id"], deleted=True)
                left = line["quantity"] - self.account.return_rows.returned(line["id"])
                if left > 0:
                    items.append(
                        {
                            "fulfillment_row_id": line["id"],
                            "variant_id": line["variant_id"],
                            "location_id": line["location_id"],
                            "quantity_sold": fixed(line["quantity"], 20),
                            "available_for_return_quantity": fixed(left, 20),
                            "net_price_per_unit": fixed(net_price(row), 10),
                        }
                    )
        return items

    def shown(self, row: Row, how: Shown) -> Json:
        """As it is answered."""
        del how
        names = (
            "id sales_order_id customer_id currency return_location_id order_no order_created_date return_date "
            "additional_info status refund_status"
        )
        return {name: row[name] for name in names.split()} | dated(row)

    def _restock(self, row: Row, sign: int) -> None:
        for line in self.account.return_rows.table.of(row["id"]):
            why = Cause("SalesReturnRow", line["id"], row["order_no"])
            place = line["restock_location_id"] or row["return_location_id"]
            self.account.movements.move(line["variant_id"], place, [(None, line["quantity"] * sign)], why)


class ReturnRows(Room):
    """Pieces that come back, of a line of a fulfilment."""

    path = "sales_return_rows"
    parent = "sales_return_id"
    filters = DATES | IDS | fields("sales_return_id variant_id sales_order_row_id reason_id restock_location_id")
    posts = body(
        "sales_return_id fulfillment_row_id variant_id quantity",
        sales_return_id=integer(0, MOST_ID),
        fulfillment_row_id=integer(0, MOST_ID),
        variant_id=integer(0, MOST_ID),
        quantity=quantity(0),
        restock_location_id=integer(0, MOST_ID),
        reason_id=or_null(number(0, MOST_ID)),
    )
    patches = body(
        quantity=quantity(0),
        restock_location_id=integer(0, MOST_ID),
        reason_id=integer(0, MOST_ID),
        batch_transactions=many(body("batch_id quantity", batch_id=identity(None), quantity=number())),
    )
    is_deletable = True

    def create(self, given: Json) -> Row:
        """A row of a return that is not received yet. Raises KatanaRefusal."""
        head = self._open(given["sales_return_id"])
        found = self.account.fulfillments.line(given["fulfillment_row_id"])
        if found is None or found[1]["variant_id"] != given["variant_id"]:
            raise against_rules("incorrect fulfillment row id")
        fulfillment, line = found
        if fulfillment["sales_order_id"] != head["sales_order_id"]:
            raise against_rules("The fulfillment row is of another sales order")
        self._check_left(line, decimal(given["quantity"]))
        return self.table.add(
            sales_return_id=head["id"],
            fulfillment_row_id=line["id"],
            sales_order_row_id=line["sales_order_row_id"],
            variant_id=line["variant_id"],
            quantity=decimal(given["quantity"]),
            restock_location_id=given.get("restock_location_id"),
            reason_id=given.get("reason_id"),
        )

    def change(self, row: Row, given: Json) -> Row:
        """Another quantity, while nothing is received. Raises KatanaRefusal."""
        changes = {name: value for name, value in given.items() if name != "batch_transactions"}
        if "quantity" in given:
            self._open(row["sales_return_id"])
            changes["quantity"] = decimal(given["quantity"])
            found = self.account.fulfillments.line(row["fulfillment_row_id"])
            if found is not None:
                self._check_left(found[1], changes["quantity"] - row["quantity"])
        return self.table.change(row["id"], **changes)

    def delete(self, row: Row) -> None:
        """Take it off, while nothing is received. Raises KatanaRefusal."""
        self._open(row["sales_return_id"])
        super().delete(row)

    def returned(self, line: int) -> Decimal:
        """How much of a fulfilment's line is in returns."""
        return sum((row["quantity"] for row in self.table.view() if row["fulfillment_row_id"] == line), ZERO)

    def shown(self, row: Row, how: Shown) -> Json:
        """As it is answered."""
        del how
        names = "id sales_return_id fulfillment_row_id sales_order_row_id variant_id restock_location_id reason_id"
        sold = self.account.rows.table.find(row["sales_order_row_id"], deleted=True)
        price = {"quantity": fixed(row["quantity"], 2), "net_price_per_unit": fixed(net_price(sold), 10)}
        return {name: row[name] for name in names.split()} | price | {"batch_transactions": []} | dated(row)

    def _open(self, number_: int) -> Row:
        head = self.account.returns.table.find(number_)
        if head["status"] != "NOT_RETURNED":
            raise against_rules("The return is received already")
        return head

    def _check_left(self, line: Json, wanted: Decimal) -> None:
        if wanted > line["quantity"] - self.returned(line["id"]):
            raise against_rules("The quantity is more than what can be returned")


def net_price(row: Row) -> Decimal:
    """What one piece of a row cost, less its share of the discount."""
    pieces: Decimal = row["quantity"]
    whole: Decimal = row["price_per_unit"] * pieces - row["total_discount"]
    return whole / pieces if pieces else ZERO
