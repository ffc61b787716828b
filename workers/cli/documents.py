"""The hub's orders and stock as the documents people and scripts read (INTERFACE), whichever hub it is."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from schemas.hub import HubFulfillment, HubOrder, HubReturn, HubRow, StockLevel
from schemas.money import money_text, plain
from schemas.orders import ZERO
from workers.cli.output import utc

_Pieces = dict[str, Decimal]  # by row id


def order_document(order: HubOrder) -> dict[str, Any]:
    """What `order show --json` has under "order"."""
    head = order.head
    assert head is not None
    return {
        "order_no": order.order_no,
        "status": order.status,
        "closed": order.flags.closed,
        "created_at": utc(head.created_at),
        "delivery_date": head.delivery_date.isoformat(),
        "customer": {"name": head.customer.name, "email": head.customer.email},
        "bill_to": asdict(head.bill_to),
        "ship_to": asdict(head.ship_to),
        **_money(order),
        "location": order.location,
        "customer_reference": head.customer_reference,
        "notes": head.notes,
        "flags": asdict(order.flags),
        "rows": [_row(row) for row in order.rows],
        "fulfillments": list(_fulfillments(order)),
        "returns": [_return(one, order) for one in order.returns],
    }


def stock_document(levels: Sequence[StockLevel]) -> list[dict[str, str]]:
    """What `stock show --json` has under "locations"."""
    return [_level(level) for level in levels]


def _money(order: HubOrder) -> dict[str, Any]:
    currency, totals = order.currency, order.totals
    assert totals is not None
    store_total = totals.store_total_with_tax
    return {
        "currency": currency,
        "exchange_rate": plain(order.exchange_rate),
        "total": money_text(totals.total, currency),
        "total_with_tax": money_text(totals.total_with_tax, currency),
        "total_base": money_text(totals.total_base, order.base_currency),
        "store_total_with_tax": None if store_total is None else money_text(store_total, currency),
        "total_mismatch": totals.total_mismatch,
    }


def _row(row: HubRow) -> dict[str, Any]:
    mo = row.mo
    return {
        "sku": row.sku,
        "name": row.name,
        "kind": row.kind,
        "quantity": plain(row.quantity),
        "price_per_unit": plain(row.price_per_unit),
        "tax_rate": plain(row.tax_rate),
        "discount_percent": plain(row.discount_percent),
        "location": row.location,
        "status": row.status,
        "packed_quantity": plain(row.packed_quantity),
        "delivered_quantity": plain(row.delivered_quantity),
        "invoiced": row.invoiced_quantity > 0,
        "mo": {"id": mo.id, "status": mo.status, "quantity": plain(mo.quantity)} if mo else None,
        "batches": [{"batch": number, "quantity": plain(quantity)} for number, quantity in row.batches],
    }


# -- fulfilments and returns -------------------------------------------------------------------------------------------


def _fulfillments(order: HubOrder) -> Iterator[dict[str, Any]]:
    """Every fulfilment with each piece once: as it left, by the id under which its store was told of it.

    A store may have been told of pieces when they were packed, or in other portions: those are no more pieces.
    """
    words = [one for one in order.fulfillments if one.is_told_only]
    unmatched = {word.id: dict(word.rows) for word in words}
    for fulfillment in order.fulfillments:
        if fulfillment.is_told_only:
            continue
        left = dict(fulfillment.rows)
        is_untold = fulfillment.source == "hub" and fulfillment.external_id is None
        for word in words if is_untold else ():
            if told := _take(left, unmatched[word.id]):
                yield _fulfillment(fulfillment, word.external_id, told, order)
        if left or not fulfillment.rows:
            yield _fulfillment(fulfillment, fulfillment.external_id, left, order)
    for word in words:
        if unmatched[word.id]:
            yield _fulfillment(word, word.external_id, unmatched[word.id], order)


def _take(left: _Pieces, told: _Pieces) -> _Pieces:
    """The pieces that are in both, taken out of both."""
    both = {row: min(quantity, told[row]) for row, quantity in left.items() if row in told}
    for row, quantity in both.items():
        for side in (left, told):
            side[row] -= quantity
            if side[row] == ZERO:
                del side[row]
    return both


def _fulfillment(
    fulfillment: HubFulfillment, external_id: str | None, pieces: _Pieces, order: HubOrder
) -> dict[str, Any]:
    return {
        "external_id": external_id,
        "source": fulfillment.source,
        "tracking_number": fulfillment.tracking_number,
        "carrier": fulfillment.carrier,
        "tracking_url": fulfillment.tracking_url,
        "rows": _pieces(pieces, order),
    }


def _return(one: HubReturn, order: HubOrder) -> dict[str, Any]:
    return {"external_id": one.external_id, "rows": _pieces(dict(one.rows), order)}


def _pieces(pieces: _Pieces, order: HubOrder) -> list[dict[str, Any]]:
    return [{"sku": row.sku, "quantity": plain(pieces[row.id])} for row in order.rows if row.id in pieces]


def _level(level: StockLevel) -> dict[str, str]:
    return {
        "location": level.location,
        "in_stock": plain(level.in_stock),
        "committed": plain(level.committed),
        "committed_direct": plain(level.committed_direct),
        "expected": plain(level.expected),
    }
