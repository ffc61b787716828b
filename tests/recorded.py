"""Payloads that were recorded from vendors, parsed as connectors parse them."""

from pathlib import Path
from typing import Any, Final

from connectors import json_text

_FOLDER: Final = Path(__file__).parent / "data"

WOOCOMMERCE_ORDERS: Final = (
    "01_incl_tax_plain",
    "10_status_completed",
    "10_status_pending",
    "12_after_put_completed",
    "12_to_complete",
    "21_ex_tax_us_no_shipping_tax",
    "webhook_order_created",
    "webhook_order_updated",
)


def woocommerce(name: str) -> Any:
    """A recorded payload; of a recorded webhook its body."""
    return json_text.read(woocommerce_text(name))


def woocommerce_text(name: str) -> str:
    """A recorded payload as the shop sent it."""
    text = (_FOLDER / "woocommerce" / f"{name}.json").read_text()
    if name.startswith("webhook_"):
        body: str = json_text.read(text)["body"]
        return body
    return text


def bigcommerce(name: str) -> Any:
    """One of BigCommerce's own examples."""
    return json_text.read((_FOLDER / "bigcommerce" / f"{name}.json").read_text())
