"""Documents as INTERFACE promises them: which keys are there, and what each may hold. More keys are welcome."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
CURRENCY: Final = re.compile(r"[A-Z]{3}")
REASON: Final = re.compile(r"[a-z]+(_[a-z]+)*")
STATUS: Final = re.compile("NOT_SHIPPED|PARTIALLY_PACKED|PACKED|PARTIALLY_DELIVERED|DELIVERED")

_PLACE: Final = ("first_name", "last_name", "company", "line_1", "line_2", "city", "state", "zip", "country", "phone")
_ADDRESS: Final = dict.fromkeys(_PLACE, str)
_FLAGS: Final = ("billed", "paid", "packed", "shipped", "closed", "voided")
_PIECES: Final = [{"sku": (str, None), "quantity": NUMBER}]

_ROW: Final = {
    "sku": (str, None),
    "name": str,
    "kind": re.compile("product|service|shipping"),
    "quantity": NUMBER,
    "price_per_unit": NUMBER,
    "tax_rate": NUMBER,
    "discount_percent": NUMBER,
    "location": str,
    "status": STATUS,
    "delivered_quantity": NUMBER,
    "invoiced": bool,
    "mo": (dict, None),
    "batches": [{"batch": str, "quantity": NUMBER}],
}
_ORDER: Final = {
    "order_no": str,
    "status": STATUS,
    "closed": bool,
    "created_at": MOMENT,
    "delivery_date": DAY,
    "customer": {"name": str, "email": (str, None)},
    "bill_to": _ADDRESS,
    "ship_to": _ADDRESS,
    "currency": CURRENCY,
    "exchange_rate": NUMBER,
    "total": NUMBER,
    "total_with_tax": NUMBER,
    "total_base": NUMBER,
    "store_total_with_tax": (NUMBER, None),
    "total_mismatch": bool,
    "location": str,
    "customer_reference": (str, None),
    "notes": (str, None),
    "flags": dict.fromkeys(_FLAGS, bool),
    "rows": [_ROW],
    "fulfillments": [
        {
            "external_id": (str, None),
            "source": re.compile("store|hub"),
            "tracking_number": (str, None),
            "rows": _PIECES,
        }
    ],
    "returns": [{"external_id": (str, None), "rows": _PIECES}],
}
ORDER_SHOW: Final = {
    "store": str,
    "platform": re.compile("bigcommerce|shopify|woocommerce"),
    "external_id": str,
    "state": re.compile("imported|skipped|failed|deleted|pending"),
    "reason": (REASON, None),
    "order": (_ORDER, None),
    "journal": [{"at": MOMENT, "action": str, "outcome": str, "reason": (REASON, None), "detail": dict}],
}
STOCK_SHOW: Final = {
    "sku": str,
    "locations": [
        {"location": str, "in_stock": NUMBER, "committed": NUMBER, "committed_direct": NUMBER, "expected": NUMBER}
    ],
    "stores": [
        {
            "store": str,
            "items": [{"external_id": str, "pushed": (NUMBER, None), "pushed_at": (MOMENT, None), "pending": bool}],
        }
    ],
}


def misfits(value: Any, shape: Any, path: str = "") -> Iterator[str]:
    """Where a value is not as its shape says."""
    match shape, value:
        case (_, None), None:
            return
        case (part, None), _:
            yield from misfits(value, part, path)
        case dict(), dict():
            yield from (f"{path}.{key} is missing" for key in shape if key not in value)
            yield from _below(((key, value[key], part) for key, part in shape.items() if key in value), path)
        case list(), list():
            yield from _below(((index, one, shape[0]) for index, one in enumerate(value)), path)
        case re.Pattern(), str() if shape.fullmatch(value):
            return
        case type(), _ if type(value) is shape:
            return
        case _:
            yield f"{path}: {value!r} is not {shape}"


def _below(parts: Iterable[tuple[str | int, Any, Any]], path: str) -> Iterator[str]:
    for key, value, shape in parts:
        yield from misfits(value, shape, f"{path}.{key}")
