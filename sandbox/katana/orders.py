"""Sales orders: made with their rows and addresses at once, deleted for good, and shipped by fulfilments alone."""

from decimal import Decimal
from typing import Any, Final

from sandbox.katana.customers import ADDRESS
from sandbox.katana.errors import Json, KatanaRefusal, against_rules, held_by
from sandbox.katana.numbers import ZERO, decimal
from sandbox.katana.room import DATES, IDS, Room, Shown, dated, fields
from sandbox.katana.rows import ROW, UNSHIPPED
from sandbox.katana.schema import MOST_ID, anything, body, identity, integer, many, number, one_of, or_null, text
from sandbox.katana.table import Row

_OWN: Final = ["customer_ref", "tracking_number", "tracking_number_url", "custom_fields"]
_ONCE: Final = ["ecommerce_order_type", "ecommerce_store_name", "ecommerce_order_id"]
_UNSHIPPED_ONLY: Final = ["order_no", "customer_id", "delivery_date", "location_id", "currency"]


class Orders(Room):
    """What customers want."""

    path = "sales_orders"
    filters = (
        DATES
        | IDS
        | fields("order_no source customer_id location_id status currency invoicing_status")
        | fields("product_availability ingredient_availability production_status")
        | fields("ecommerce_order_type ecommerce_store_name ecommerce_order_id")
    )
    posts = body(
        "customer_id sales_order_rows",
        customer_id=integer(0, MOST_ID),
        sales_order_rows=many(ROW, 1),
        order_no=text(1),
        order_created_date=text(),
        delivery_date=text(),
        currency=text(),
        location_id=integer(0, MOST_ID),
        status=one_of("PENDING NOT_SHIPPED"),
        customer_ref=or_null(text()),
        additional_info=or_null(text()),
        addresses=many(body("entity_type", **ADDRESS)),
        ecommerce_order_type=or_null(text(1)),
        ecommerce_store_name=or_null(text(1)),
        ecommerce_order_id=or_null(text(1)),
        tracking_number=or_null(text(0, 256)),
        tracking_number_url=or_null(text(0, 2048)),
        custom_fields=anything(),
    )
    patches = body(
        customer_id=identity(),
        order_no=text(1),
        order_created_date=text(),
        delivery_date=text(),
        picked_date=text(),
        currency=text(),
        location_id=identity(),
        status=one_of("PENDING NOT_SHIPPED PACKED DELIVERED"),
        customer_ref=or_null(text()),
        additional_info=or_null(text()),
        conversion_rate=number(),
        conversion_date=text(),
        tracking_number=or_null(text(1, 256)),
        tracking_number_url=or_null(text(1, 2048)),
        custom_fields=anything(),
    )
    singles = frozenset(filters) - {"ids"}
    is_deletable = True
    lists_deleted = True

    def create(self, given: Json) -> Row:
        """An order with its rows and addresses. Raises KatanaRefusal, and nothing is made then."""
        account = self.account
        customer = self._customer(given["customer_id"])
        self._check_number(given.get("order_no"))
        self._check_currency(given.get("currency"))
        for place, one in enumerate(given["sales_order_rows"]):
            self._check_row(one, place)
        now, number_ = account.stamp(), given.get("order_no") or f"SO-{account.next_id()}"
        location = account.place(given.get("location_id"))
        order = self.table.add(
            order_no=number_,
            customer_id=customer["id"],
            status=given.get("status", "NOT_SHIPPED"),
            source=given.get("source", "API"),
            currency=given.get("currency") or customer["currency"],
            location_id=location,
            order_created_date=given.get("order_created_date") or now,
            delivery_date=given.get("delivery_date") or now,
            picked_date=None,
            conversion_rate=None,
            conversion_date=None,
            invoicing_status="notInvoiced",
            additional_info=given.get("additional_info") or "",
            **{name: given.get(name) for name in (*_OWN, *_ONCE)},
        )
        for one in given.get("addresses", ()):
            account.addresses.make(order["id"], one)
        for place, one in enumerate(given["sales_order_rows"]):
            row = one if account.oddities.own_row_location_is_kept else one | {"location_id": location}
            account.rows.make(order, row, ("sales_order_rows", place))
        account.tell("sales_order.created", order["id"], order["status"])
        return order

    def change(self, row: Row, given: Json) -> Row:
        """Change what is given and may be changed now. Raises KatanaRefusal."""
        if row["status"] not in UNSHIPPED and any(name in given for name in _UNSHIPPED_ONLY):
            raise against_rules("The field can only be changed while the sales order is not shipped")
        if row["status"] not in ("PACKED", "DELIVERED") and ("conversion_rate" in given or "conversion_date" in given):
            raise against_rules("conversion_rate can only be set when the sales order is PACKED or DELIVERED")
        self._check_number(given.get("order_no"), but=row["id"])
        if "customer_id" in given:
            self._customer(given["customer_id"])
        if "location_id" in given:
            self.account.place(given["location_id"])
        changes = dict(given)
        status = changes.pop("status", None)
        if "picked_date" in changes:
            self.account.refuse_closed(changes["picked_date"], "picked_date")
            for one in self.account.fulfillments.table.of(row["id"]):
                self.account.fulfillments.table.change(one["id"], picked_date=changes["picked_date"])
        if status in UNSHIPPED and row["status"] in UNSHIPPED:
            changes["status"] = status
        if status in ("PACKED", "DELIVERED") and self.account.oddities.status_patch_works:
            self.account.fulfillments.take_rest(row["id"], status)
        changed = self.table.change(row["id"], **changes)
        self.account.tell("sales_order.updated", row["id"], changed["status"])
        return changed

    def delete(self, row: Row) -> None:
        """For good, also where it is delivered: its stock comes back. Raises KatanaRefusal."""
        account = self.account
        if account.returns.table.of(row["id"]):
            raise held_by("Sales order cannot be deleted: sales orders have return orders")
        if row["invoicing_status"] != "notInvoiced":
            status = account.oddities.invoiced_delete_status
            name = "PreconditionFailedError" if status == 412 else "UnprocessableEntityError"
            raise KatanaRefusal(status, name, "An invoiced sales order cannot be deleted")
        for one in account.fulfillments.table.of(row["id"]):
            account.refuse_closed(one["picked_date"], "picked_date")
        for one in account.fulfillments.table.of(row["id"]):
            account.fulfillments.take_back(one)
        for line in account.rows.table.of(row["id"]):
            account.rows.drop(line)
        for room in (account.addresses, account.fees):
            for one in room.table.of(row["id"]):
                room.table.delete(one["id"])
        self.table.delete(row["id"])
        account.tell("sales_order.deleted", row["id"], row["status"])

    def shown(self, row: Row, how: Shown) -> Json:
        """As it is answered: whole where it is read or made, its head alone where it is changed."""
        shown = self._head(row)
        if how is Shown.CHANGED:
            return shown | {"deleted_at": row["deleted_at"]}
        rows = self.account.rows.table.of(row["id"])
        total = self._total(rows)
        shown |= {
            "sales_order_rows": [self.account.rows.inside(one) for one in rows],
            "total": total,
            "total_in_base_currency": total * decimal(row["conversion_rate"] or 1),
        }
        if how is Shown.CREATED:
            return shown | {"deleted_at": row["deleted_at"]}
        fees = self.account.fees.table.of(row["id"])
        shown |= {
            "product_expected_date": None,
            "ingredient_expected_date": None,
            "shipping_fee": self.account.fees.inside(fees[0]) if fees else {},
        }
        return shown | ({"deleted_at": row["deleted_at"]} if row["deleted_at"] else {})

    def touch(self, number_: int) -> None:
        """A part of an order changed; whether its own time moves is a switch."""
        if self.account.oddities.rows_move_their_order:
            self.table.change(number_)
        self.account.tell("sales_order.updated", number_, self.table.find(number_, deleted=True)["status"])

    def recount(self, number_: int) -> None:
        """The status and the picked date follow the fulfilments."""
        before, fulfillments = self.table.find(number_), self.account.fulfillments.table.of(number_)
        status = self._status(number_, {one["status"] for one in fulfillments})
        picked = max((one["picked_date"] for one in fulfillments), default=None)
        rates = {name: next((one[name] for one in fulfillments if one[name]), before[name]) for name in _RATES}
        self.table.change(number_, status=status, picked_date=picked, **rates)
        self.account.tell("sales_order.updated", number_, status)
        if status != before["status"] and status in ("PACKED", "DELIVERED"):
            self.account.tell(f"sales_order.{status.lower()}", number_, status)

    def invoice(self, number_: int, *, is_all: bool = True) -> None:
        """A person invoices an order: all of it, or what is delivered so far."""
        self.table.change(number_, invoicing_status="invoiced" if is_all else "partiallyInvoiced")
        for one in self.account.fulfillments.table.of(number_):
            self.account.fulfillments.table.change(one["id"], invoice_status="INVOICED")
        status = self.table.find(number_)["status"]
        if self.account.oddities.october_events:
            self.account.tell("sales_order.invoiced", number_, status)
        self.account.tell("sales_order.updated", number_, status)

    def _status(self, number_: int, kinds: set[str]) -> str:
        if not kinds:
            return "NOT_SHIPPED"
        taken = self.account.fulfillments.taken(number_)
        is_whole = all(row["quantity"] <= taken.get(row["id"], ZERO) for row in self.account.rows.table.of(number_))
        if kinds == {"DELIVERED"} and is_whole:
            return "DELIVERED"
        if "DELIVERED" in kinds:
            return "PARTIALLY_DELIVERED"
        return "PACKED" if is_whole else "PARTIALLY_PACKED"

    def _head(self, row: Row) -> Json:
        names = (
            "id order_no customer_id status source currency location_id order_created_date delivery_date picked_date "
            "conversion_rate conversion_date invoicing_status additional_info"
        )
        addresses = self.account.addresses.table.of(row["id"])
        kinds = {one["entity_type"]: one["id"] for one in addresses}
        return {
            **{name: row[name] for name in (*names.split(), *_OWN, *_ONCE)},
            "addresses": [self.account.addresses.inside(one) for one in addresses],
            "billing_address_id": kinds.get("billing"),
            "shipping_address_id": kinds.get("shipping"),
            "product_availability": "IN_STOCK",
            "ingredient_availability": "PROCESSED",
            "production_status": "NOT_APPLICABLE",
            **dated(row),
        }

    def _total(self, rows: list[Row]) -> Decimal:
        """What the rows come to, less their discounts; with tax where the switch says so."""
        total = ZERO
        for row in rows:
            net = self.account.rows.net(row)
            rate = self.account.tax_rates.table.find(row["tax_rate_id"])["rate"] if row["tax_rate_id"] else ZERO
            part = net * (100 + rate) / 100 if self.account.oddities.total_with_tax else net
            total += round(part, 2) if self.account.oddities.total_in_cents else part
        return total

    def _customer(self, number_: int) -> Row:
        row = self.account.customers.table.get(number_)
        if row is None:
            raise against_rules("incorrect customer id")
        return row

    def _check_row(self, given: Json, place: int) -> None:
        self.account.variants.sold(given["variant_id"], ("sales_order_rows", place))
        self.account.tax_rate(given.get("tax_rate_id"))
        if "location_id" in given:
            self.account.place(given["location_id"])

    def _check_number(self, number_: Any, *, but: int | None = None) -> None:
        if number_ and self.account.oddities.order_numbers_are_unique:
            for row in self.table.view():
                if row["order_no"] == number_ and row["id"] != but:
                    raise against_rules("order_no must be unique")

    def _check_currency(self, currency: Any) -> None:
        own = self.account.factory["base_currency_code"]
        if self.account.oddities.currency_of_plan_only and currency not in (None, own):
            raise against_rules("The currency is not available")


_RATES: Final = ("conversion_rate", "conversion_date")
