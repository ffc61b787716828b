"""Stock that is counted anew: adjustments with rows that never change."""

from sandbox.katana.errors import Detail, Json, invalid
from sandbox.katana.numbers import decimal
from sandbox.katana.room import DATES, IDS, Room, Shown, dated, fields
from sandbox.katana.schema import body, identity, many, number, or_null, text
from sandbox.katana.stock import Cause
from sandbox.katana.table import Row
from sandbox.katana.traceability import FIELDS, Line, shares_of, shown_shares

_ROW = body(
    "variant_id quantity",
    variant_id=identity(None),
    quantity=number(None, 100000000000000000),
    cost_per_unit=number(0, 1000000000000000000),
    batch_transactions=many(body("batch_id quantity", batch_id=or_null(identity(None)), quantity=number())),
    traceability=many(body("quantity", **FIELDS)),
)


class Adjustments(Room):
    """Pieces put to a location or taken from it."""

    path = "stock_adjustments"
    filters = DATES | IDS | fields("stock_adjustment_number location_id")
    posts = body(
        "location_id stock_adjustment_rows",
        location_id=identity(None),
        stock_adjustment_number=text(),
        stock_adjustment_date=text(),
        reason=text(),
        additional_info=or_null(text()),
        stock_adjustment_rows=many(_ROW),
    )
    patches = body(
        location_id=identity(None),
        stock_adjustment_number=text(1),
        stock_adjustment_date=text(),
        reason=text(),
        additional_info=or_null(text()),
    )
    is_read_alone = False
    is_deletable = True
    lists_deleted = True

    def create(self, given: Json) -> Row:
        """Move the stock of every row. Raises KatanaRefusal."""
        account = self.account
        number_ = given.get("stock_adjustment_number")
        if not number_ and account.oddities.adjustment_needs_number:
            info = {"missingProperty": "stock_adjustment_number"}
            raise invalid(Detail((), "required", "should have required property 'stock_adjustment_number'", info))
        location = account.place(given["location_id"])
        date = given.get("stock_adjustment_date") or account.stamp()
        account.refuse_closed(date, "stock_adjustment_date")
        rows = [self._row(location, one, place) for place, one in enumerate(given["stock_adjustment_rows"])]
        made = self.table.add(
            stock_adjustment_number=number_ or f"SA-{account.next_id()}",
            location_id=location,
            stock_adjustment_date=date,
            reason=given.get("reason", ""),
            additional_info=given.get("additional_info") or "",
            stock_adjustment_rows=rows,
        )
        self._move(made, 1)
        return made

    def change(self, row: Row, given: Json) -> Row:
        """The head alone, and the notes are wiped where they are left out."""
        return self.table.change(row["id"], **self.wipes(given))

    def delete(self, row: Row) -> None:
        """Whether the stock goes back is a switch."""
        super().delete(row)
        if self.account.oddities.adjustment_delete_takes_back:
            self._move(row, -1)

    def shown(self, row: Row, how: Shown) -> Json:
        """As it is answered."""
        names = "id stock_adjustment_number location_id stock_adjustment_date reason additional_info deleted_at"
        shown = {name: row[name] for name in names.split()} | dated(row)
        if how is Shown.CHANGED:
            return shown
        rows = [
            {name: value for name, value in one.items() if name != "shares"} | shown_shares(one["shares"])
            for one in row["stock_adjustment_rows"]
        ]
        return shown | {"stock_adjustment_rows": rows}

    def _row(self, location: int, given: Json, position: int) -> Json:
        place = ("stock_adjustment_rows", position)
        variant = self.account.variants.sold(given["variant_id"], place)
        return {
            "id": self.account.next_id(),
            "variant_id": variant["id"],
            "quantity": decimal(given["quantity"]),
            "cost_per_unit": given.get("cost_per_unit", 0),
            "shares": shares_of(self.account, Line(variant, location, given, place)),
        }

    def _move(self, row: Row, sign: int) -> None:
        for one in row["stock_adjustment_rows"]:
            shares = [(batch, part * sign) for batch, part in one["shares"]]
            why = Cause("StockAdjustmentRow", one["id"], row["stock_adjustment_number"])
            self.account.movements.move(one["variant_id"], row["location_id"], shares, why)
