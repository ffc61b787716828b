"""The money of a WooCommerce order as its items and totals tell it: rates, the shop's unit, payments off its total."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from schemas.figures import Figures, TaxedPart, taken_off, unit_of, written_in
from schemas.tax import NamedRate, Taxed, combined, tax_rate
from schemas.woocommerce.payments import is_payment

Loaded = dict[str, Any]

ITEMS: Final = ("line_items", "shipping_lines", "fee_lines")

# Beside an order, as far as it was asked for: the shop's decimals, and its meta data as far as that names payments.
DECIMALS: Final = "decimals"
META: Final = "meta_data"

_UNNAMED: Final = NamedRate(None)  # a rate that was deleted since


class Ambiguity(StrEnum):
    """What an order leaves open, and its shop would say if it were asked."""

    DECIMALS = "decimals"  # its amounts have more decimals than its shop may round to
    PAYMENTS = "payments"  # its total is less than what is on it


def items(order: Loaded) -> Iterable[Loaded]:
    """Lines, shipping lines and fees."""
    for kind in ITEMS:
        yield from order[kind]


def settle(order: Loaded, beside: Mapping[str, Any], payments: list[Decimal]) -> frozenset[Ambiguity]:
    """Give an order its `unit` and its items their `tax_rate`, and its total what was paid before it (MAP-10, MAP-11).

    Before refunds come off: the tax of a part that was given back is rounded by itself.
    """
    _take_payments_out(order)
    rates = {tax["rate_id"]: NamedRate(tax["rate_percent"], bool(tax["compound"])) for tax in order["tax_lines"]}
    for item in items(order):
        item["rates"] = [rates.get(tax["id"], _UNNAMED) for tax in item["taxes"] if tax["total"] or tax["subtotal"]]
    said = unit_of(beside.get(DECIMALS))
    figures = _figures(order, said)
    if payments:
        order["total"] += taken_off(payments, figures)
        figures = _figures(order, said)
    order["unit"] = figures.unit()
    for item in items(order):
        item["tax_rate"] = tax_rate(_taxed(item), rates=item["rates"], unit=order["unit"])
    return _doubts(figures, beside)


def settle_rest(order: Loaded, beside: Mapping[str, Any]) -> None:
    """The unit once more, of what refunds left: they may show it where the whole order did not."""
    order["unit"] = max(order["unit"], _figures(order, unit_of(beside.get(DECIMALS))).unit())


def _take_payments_out(order: Loaded) -> None:
    """What a plugin writes as a negative fee, and means as a payment, is none of the order's money (MAP-9)."""
    for fee in order["fee_lines"]:
        if is_payment(fee["meta_data"]):
            order["total"] -= fee["total"] + fee["total_tax"]
            order["total_tax"] -= fee["total_tax"]
    order["fee_lines"] = [fee for fee in order["fee_lines"] if not is_payment(fee["meta_data"])]


def _figures(order: Loaded, said: Decimal) -> Figures:
    parts = [TaxedPart(Taxed(item["total"], item["total_tax"]), combined(item["rates"])) for item in items(order)]
    amounts = [order["total"], order["total_tax"]]
    amounts += [item[name] for item in items(order) for name in ("total", "total_tax")]
    return Figures(order["currency"], parts, order["total"], order["total_tax"], said or written_in(amounts))


def _taxed(item: Loaded) -> Taxed:
    """What tells an item's rate: what was paid; of what was given away and names none what it would have cost."""
    if not item["total"] and not item["rates"] and item.get("subtotal_tax") is not None:
        return Taxed(item["subtotal"], item["subtotal_tax"])
    return Taxed(item["total"], item["total_tax"])


def _doubts(figures: Figures, beside: Mapping[str, Any]) -> frozenset[Ambiguity]:
    found = set()
    if DECIMALS not in beside and figures.is_doubtful():
        found.add(Ambiguity.DECIMALS)
    if META not in beside and figures.off > 0 and not figures.adds_up():
        found.add(Ambiguity.PAYMENTS)
    return frozenset(found)
