"""The stand-in's orders: placing, editing, paying, cancelling, refunding, trashing, and what each does to stock."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sandbox.woocommerce.catalogue import Announce, Catalogue, php_integer
from sandbox.woocommerce.errors import Refusal
from sandbox.woocommerce.lines import Items, amount, metas, shown_meta
from sandbox.woocommerce.model import ZERO, Charge, Coupon, Line, Order, Refund, ShopSettings
from sandbox.woocommerce.money import recalculate, to_cents
from sandbox.woocommerce.numbers import Numbers

TAKES_STOCK: Final = frozenset({"processing", "completed", "on-hold"})
PUTS_STOCK_BACK: Final = frozenset({"cancelled", "pending"})
PAID: Final = frozenset({"processing", "completed"})
REDUCED: Final = "_reduced_stock"
_ITEMS: Final = ("line_items", "shipping_lines", "fee_lines", "coupon_lines")
_ADDRESS: Final = (
    "first_name",
    "last_name",
    "company",
    "address_1",
    "address_2",
    "city",
    "state",
    "postcode",
    "country",
)
_TEXTS: Final = (
    "created_via",
    "currency",
    "customer_note",
    "payment_method",
    "payment_method_title",
    "transaction_id",
    "number",
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an order book needs of its shop."""

    settings: ShopSettings
    catalogue: Catalogue
    numbers: Numbers
    now: Callable[[], datetime]
    announce: Announce
    coupons: dict[str, Coupon]


class OrderBook:
    """All orders of one shop. The caller holds the shop's lock."""

    def __init__(self, shop: Surroundings) -> None:
        self.orders: dict[int, Order] = {}
        self._shop = shop
        self._items = Items(shop.settings, shop.catalogue, shop.numbers)

    def place(self, given: Mapping[str, Any]) -> Order:
        """A new order from a request's body; announced as created and as updated."""
        order = self._blank(self._shop.numbers.post())
        self._fill(order, given)
        self._enter_status(order, str(given.get("status") or "pending"))
        if given.get("set_paid") is True and order.status not in PAID:
            self._enter_status(order, "processing")
        return self._keep(order)

    def place_raw(self, given: Mapping[str, Any], text: bytes) -> Order:
        """An order whose JSON is not the shop's own; its id and status are believed where they can be."""
        number = given.get("id")
        order = self._blank(number if isinstance(number, int) else self._shop.numbers.post())
        order.status, order.raw = str(given.get("status") or "processing"), text
        return self._keep(order)

    def edit(self, order: Order, given: Mapping[str, Any]) -> None:
        """Change what is given; the date moves even when nothing else does."""
        self._fill(order, given)
        if given.get("set_paid") is True and order.status not in PAID:
            self._enter_status(order, "processing")
        if given.get("status") and given["status"] != order.status:
            self._enter_status(order, str(given["status"]))
        self.touch(order)

    def refund(self, order: Order, given: Mapping[str, Any]) -> Refund:
        """Give money back, with lines or without; the last of it makes the order refunded."""
        refund = Refund(self._shop.numbers.post(), self._shop.now(), ZERO, str(given.get("reason") or ""))
        self._refund_items(order, refund, given.get("line_items") or [])
        given_amount = given.get("amount")
        refund.amount = self._items.refund_total(refund) if given_amount is None else amount(given_amount)
        self._check_refund(order, refund.amount)
        refund.meta = metas(given.get("meta_data"), self._shop.numbers)
        order.refunds.insert(0, refund)
        if given.get("api_restock", True):
            self._restock(order, refund)
        if order.refunded >= order.totals.total:
            order.status = "refunded"
        self.touch(order)
        return refund

    def trash(self, order: Order) -> None:
        """Into the trash: still readable by id, in no list but that of the trash."""
        if order.status == "trash":
            raise Refusal("woocommerce_rest_already_trashed", "The order has already been deleted.", 410)
        order.status_before_trash, order.status = order.status, "trash"
        order.rendered = {}
        self._shop.announce("order.deleted", order.id)

    def restore(self, order: Order) -> None:
        """Out of the trash again."""
        order.status = order.status_before_trash or order.status
        order.modified, order.rendered = self._shop.now(), {}
        self._shop.announce("order.restored", order.id)

    def delete(self, order: Order) -> None:
        """Gone for good, without a webhook."""
        del self.orders[order.id]

    def note(self, order: Order, text: str, *, for_customer: bool = False) -> dict[str, Any]:
        """Write a note; the order's date does not move."""
        entry = {"id": self._shop.numbers.meta(), "at": self._shop.now(), "note": text, "customer_note": for_customer}
        order.notes.insert(0, entry)
        return entry

    def touch(self, order: Order) -> None:
        """The order was saved."""
        order.modified, order.rendered = self._shop.now(), {}
        self._shop.announce("order.updated", order.id)

    def _blank(self, number: int) -> Order:
        now, settings = self._shop.now(), self._shop.settings
        key = f"wc_order_{number * 0x9E3779B97F4A7C15 % (1 << 64):016x}"[:22]
        order = Order(number, now, now, key, settings.currency, settings.prices_include_tax)
        order.number = f"{settings.number_prefix}{number}"
        return order

    def _keep(self, order: Order) -> Order:
        self.orders[order.id] = order
        self._shop.announce("order.created", order.id)
        self.touch(order)
        return order

    def _fill(self, order: Order, given: Mapping[str, Any]) -> None:
        for name in _TEXTS:
            if given.get(name) is not None:
                setattr(order, name, str(given[name]))
        if given.get("customer_id") is not None:
            order.customer_id = php_integer(given["customer_id"])
        order.billing = _address(order.billing, given.get("billing"), ("email", "phone"))
        order.shipping = _address(order.shipping, given.get("shipping"), ("phone",))
        order.meta += metas(given.get("meta_data"), self._shop.numbers)
        if any(name in given for name in _ITEMS):
            self._fill_items(order, given)
            recalculate(order, self._shop.settings, self._shop.numbers.item)

    def _fill_items(self, order: Order, given: Mapping[str, Any]) -> None:
        for one in given.get("line_items") or []:
            self._fill_line(order, one)
        make: tuple[tuple[str, list[Charge], Callable[[Mapping[str, Any]], Charge]], ...] = (
            ("shipping_lines", order.shipping_lines, self._items.shipping),
            ("fee_lines", order.fee_lines, self._items.fee),
        )
        for name, charges, new in make:
            for one in given.get(name) or []:
                _fill_charge(charges, one, new)
        for one in given.get("coupon_lines") or []:
            order.coupon_lines.append(self._items.apply_coupon(order, self._coupon(str(one.get("code", "")))))

    def _fill_line(self, order: Order, given: Mapping[str, Any]) -> None:
        known = next((line for line in order.lines if line.id == given.get("id")), None)
        if "id" in given and known is None:
            raise Refusal(
                "woocommerce_rest_invalid_item_id", "Order item ID provided is not associated with order.", 400
            )
        if known is None:
            order.lines.append(self._items.line(given))
        elif given.get("quantity") == 0 or ("product_id" in given and given["product_id"] is None):
            order.lines.remove(known)
        else:
            self._items.change_line(known, given)

    def _coupon(self, code: str) -> Coupon:
        try:
            return self._shop.coupons[code.lower()]
        except KeyError:
            raise Refusal("woocommerce_rest_invalid_coupon", f'Coupon "{code}" does not exist!', 400) from None

    def _enter_status(self, order: Order, status: str) -> None:
        order.status, now = status, self._shop.now()
        if status in PAID and order.paid is None:
            order.paid = now
        if status == "completed":
            order.completed = now
        if status in TAKES_STOCK:
            self._take_stock(order)
        elif status in PUTS_STOCK_BACK:
            self._put_stock_back(order)
        elif status == "refunded" and order.refunded < order.totals.total:
            # Setting the status by hand books the rest as a refund without lines.
            rest = order.totals.total - order.refunded
            number, reason = self._shop.numbers.post(), "Order fully refunded."
            order.refunds.insert(0, Refund(number, now, rest, reason))

    def _take_stock(self, order: Order) -> None:
        for line in order.lines:
            product = self._shop.catalogue.products.get(line.variation_id or line.product_id)
            if product is None or _reduced(line):
                continue
            product.total_sales += line.quantity
            if self._shop.catalogue.move_stock(product, -line.quantity):
                line.meta.append(shown_meta(REDUCED, str(line.quantity), self._shop.numbers))

    def _put_stock_back(self, order: Order) -> None:
        for line in order.lines:
            self._return_pieces(line, _reduced(line))

    def _restock(self, order: Order, refund: Refund) -> None:
        lines = {line.id: line for line in order.lines}
        for back in refund.lines:
            line = lines[int(back.meta[0]["value"])]
            self._return_pieces(line, min(-back.quantity, _reduced(line)))

    def _return_pieces(self, line: Line, pieces: int) -> None:
        product = self._shop.catalogue.products.get(line.variation_id or line.product_id)
        if product is None or not pieces:
            return
        self._shop.catalogue.move_stock(product, pieces)
        left = _reduced(line) - pieces
        line.meta = [one for one in line.meta if one["key"] != REDUCED]
        if left:
            line.meta.append(shown_meta(REDUCED, str(left), self._shop.numbers))

    def _refund_items(self, order: Order, refund: Refund, given: Iterable[Mapping[str, Any]]) -> None:
        for one in given:
            number = php_integer(one.get("id"))
            for line in order.lines:
                if line.id == number:
                    refund.lines.append(self._items.refund_line(line, one))
            for charge in order.shipping_lines:
                if charge.id == number:
                    refund.shipping_lines.append(self._items.refund_charge(charge, one))
            for fee in order.fee_lines:
                if fee.id == number:
                    refund.fee_lines.append(self._items.refund_charge(fee, one))

    def _check_refund(self, order: Order, wanted: Decimal) -> None:
        if wanted <= 0:
            sentence = "Refund amount must be greater than zero."
            raise Refusal("woocommerce_rest_invalid_order_refund", sentence, 400)
        left = order.totals.total - order.refunded
        if to_cents(wanted, self._shop.settings.decimals) > left:
            raise Refusal("woocommerce_rest_cannot_create_order_refund", "Invalid refund amount.", 500)


def _address(old: Mapping[str, str], given: Any, more: tuple[str, ...]) -> dict[str, str]:
    changes = given if isinstance(given, Mapping) else {}
    return {name: str(changes.get(name, old.get(name, ""))) for name in (*_ADDRESS, *more)}


def _fill_charge(charges: list[Charge], given: Mapping[str, Any], new: Callable[[Mapping[str, Any]], Charge]) -> None:
    known = next((charge for charge in charges if charge.id == given.get("id")), None)
    if known is None:
        charges.append(new(given))
    elif any(name in given and given[name] is None for name in ("method_id", "method_title", "name")):
        charges.remove(known)
    else:
        known.total = amount(given.get("total", known.total))
        known.name = str(given.get("method_title", given.get("name", known.name)))


def _reduced(line: Line) -> int:
    """How many pieces of a line the stock has already given."""
    return next((php_integer(one["value"]) for one in line.meta if one["key"] == REDUCED), 0)
