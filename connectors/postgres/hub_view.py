"""The built-in hub's orders and stock as the documents people and scripts read (INTERFACE). Changes nothing."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from connectors.postgres import Connection, Row, queries
from connectors.postgres.hub import PostgresHub
from connectors.postgres.hub_guards import hub_guards
from schemas.hub import StockLevel
from schemas.money import money_text, plain
from schemas.orders import Address

_SQL: Final = queries("hub_view")
_ROW_NUMBERS: Final = (
    "quantity",
    "price_per_unit",
    "tax_rate",
    "discount_percent",
    "packed_quantity",
    "delivered_quantity",
)
_FLAGS: Final = ("billed", "paid", "packed", "shipped", "closed", "voided")


def order_document(connection: Connection, hub_order_id: str) -> dict[str, Any] | None:
    """What `order show --json` has under "order"; None when the order is gone."""
    with hub_guards():
        order = connection.execute(_SQL["order_document"], {"id": hub_order_id}).fetchone()
    return _document(order) if order else None


def stock_document(connection: Connection, sku: str) -> list[dict[str, str]] | None:
    """What `stock show --json` has under "locations"; None where the hub stocks no such SKU."""
    levels = PostgresHub(connection).levels([sku])
    return [_level(level) for level in levels] or None


def _document(order: Row) -> dict[str, Any]:
    return {
        "order_no": order["order_no"],
        "status": order["status"],
        "closed": order["closed"],
        "created_at": _zulu(order["created_at"]),
        "delivery_date": order["delivery_date"].isoformat(),
        "customer": {"name": order["customer_name"], "email": order["customer_email"]},
        "bill_to": asdict(Address(**order["bill_to"])),
        "ship_to": asdict(Address(**order["ship_to"])),
        **_money(order),
        "location": order["location"],
        "customer_reference": order["customer_reference"],
        "notes": order["notes"],
        "flags": {flag: order[flag] for flag in _FLAGS},
        "rows": [_row(row) for row in order["rows"] or ()],
        "fulfillments": _as_left(order["fulfillments"] or ()),
        "returns": [_with_rows(document) for document in order["returns"] or ()],
    }


def _money(order: Row) -> dict[str, Any]:
    currency, store_total = order["currency"], order["store_total_with_tax"]
    return {
        "currency": currency,
        "exchange_rate": plain(order["exchange_rate"]),
        "total": money_text(order["total"], currency),
        "total_with_tax": money_text(order["total_with_tax"], currency),
        "total_base": money_text(order["total_base"], order["base_currency"]),
        "store_total_with_tax": None if store_total is None else money_text(store_total, currency),
        "total_mismatch": order["total_mismatch"],
    }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    row |= {name: plain(Decimal(row[name])) for name in _ROW_NUMBERS}
    if row["mo"]:
        row["mo"]["quantity"] = plain(Decimal(row["mo"]["quantity"]))
    row["batches"] = [_plain_quantity(batch) for batch in row["batches"]]
    return row


def _as_left(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The parcels of an order, each piece once: as it left, by the id under which its store was told of it.

    What the store was told when it was packed, or in other portions, are no more pieces.
    """
    pieces = [{row["id"]: Decimal(row["quantity"]) for row in one["rows"]} for one in found]
    told = [(one, left) for one, left in zip(found, pieces, strict=True) if one["is_told_only"]]
    shown = []
    for one, left in zip(found, pieces, strict=True):
        is_untold = one["source"] == "hub" and one["external_id"] is None
        parts = [(word["external_id"], _moved(left, lent)) for word, lent in told] if is_untold else []
        parts = [(external_id, moved) for external_id, moved in parts if moved]
        if not one["is_told_only"] and (left or not parts):
            parts.append((one["external_id"], left))
        shown += [_parcel(one, external_id, part) for external_id, part in parts]
    return shown + [_parcel(word, word["external_id"], lent) for word, lent in told if lent]


def _moved(left: dict[int, Decimal], lent: dict[int, Decimal]) -> dict[int, Decimal]:
    """The pieces that are in both, taken out of both."""
    moved = {row: min(quantity, lent[row]) for row, quantity in left.items() if row in lent}
    for side in (left, lent):
        for row, quantity in moved.items():
            side[row] -= quantity
            if not side[row]:
                del side[row]
    return moved


def _parcel(one: dict[str, Any], external_id: str | None, pieces: dict[int, Decimal]) -> dict[str, Any]:
    rows = [{"sku": row["sku"], "quantity": plain(pieces[row["id"]])} for row in one["rows"] if row["id"] in pieces]
    tracking = {key: one[key] for key in ("tracking_number", "carrier", "tracking_url")}
    return {"external_id": external_id, "source": one["source"], **tracking, "rows": rows}


def _with_rows(document: dict[str, Any]) -> dict[str, Any]:
    return document | {"rows": [_plain_quantity(row) for row in document["rows"]]}


def _plain_quantity(part: dict[str, Any]) -> dict[str, Any]:
    return part | {"quantity": plain(Decimal(part["quantity"]))}


def _level(level: StockLevel) -> dict[str, str]:
    return {
        "location": level.location,
        "in_stock": plain(level.in_stock),
        "committed": plain(level.committed),
        "committed_direct": plain(level.committed_direct),
        "expected": plain(level.expected),
    }


def _zulu(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
