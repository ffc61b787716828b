"""What people read of a store's settings: what each is called, what it does, and whether it can be undone (STG-4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from schemas.platform import Platform
from schemas.settings import Value


@dataclass(frozen=True, slots=True)
class SettingWords:
    """Its name for people, its effect in a sentence, what is left when it is changed back, and its choices in words."""

    title: str
    effect: str
    back: str = "It can be changed back at any time."
    choices: Mapping[str, str] = field(default_factory=dict)


_STAY: Final = "Switched off again later, they stay in the hub."
_NEXT: Final = (
    "Orders that are in the hub stay as they are until they change in the shop; so it is when it is changed back."
)
_TOLD: Final = (
    "Changed back, the shop is told the figures of before; what it showed before it was told first does not return."
)

WORDS: Final[dict[str, SettingWords]] = {
    "fetch.every": SettingWords("Ask the shop every", "How often the shop is asked for changed orders, in seconds."),
    "location": SettingWords(
        "Location in the hub",
        "Where imported orders go to, and whose stock the shop shows.",
        "Orders that are in the hub stay where they are; so it is when it is changed back.",
    ),
    "location_map": SettingWords(
        "Locations of the shop",
        "Which location of the hub stands for each of the shop's: for rows, and for stock at each place.",
        _TOLD,
    ),
    "orders.awaiting_payment": SettingWords(
        "“Awaiting payment” orders", "Orders that wait for their payment come in too.", _STAY
    ),
    "orders.payment_pending": SettingWords(
        "“Payment pending” orders", "Orders whose payment is pending come in too.", _STAY
    ),
    "orders.custom_items": SettingWords(
        "Custom line items",
        "Items that are in no catalogue become rows; off, they are left out and the order says so.",
        _NEXT,
    ),
    "orders.custom_item_kind": SettingWords(
        "Custom line items that are not physical",
        "What a custom item becomes that needs no shipping.",
        _NEXT,
        {"service": "Service", "product": "Product"},
    ),
    "orders.shipping_fee_line": SettingWords(
        "Bring shipping cost as a shipping fee line", "The shipping cost becomes one row of the sales order.", _NEXT
    ),
    "orders.changes": SettingWords(
        "Bring order changes",
        "Lines added, removed or changed in the shop follow in the hub, and so does a cancellation.",
        "What changes while it is off comes with the order's next change after it is on again.",
    ),
    "orders.row_locations": SettingWords(
        "Bring fulfilment location of each row",
        "A row moves when the shop ships its line from another mapped location.",
        "Rows that moved stay where they are.",
    ),
    "orders.returns": SettingWords(
        "Bring order returns",
        "A return in the shop becomes a return order of the sales order.",
        "Returns that came stay in the hub.",
    ),
    "fulfillment.sync": SettingWords(
        "Sync fulfilment status",
        "What the shop ships is delivered in the hub, and what the hub ships is told to the shop.",
        "What was delivered, and what the shop was told, stays so when it is switched off again.",
    ),
    "stock.sync": SettingWords(
        "Tell stock continuously", "Whatever moves in the hub is told to the shop, at once.", _TOLD
    ),
    "stock.quantity": SettingWords(
        "Which quantity",
        "What of the hub's stock the shop shows.",
        _TOLD,
        {
            "in_stock_minus_committed": "In stock − committed",
            "in_stock_minus_store_orders": "In stock − committed by stores’ orders",
            "in_stock": "In stock",
        },
    ),
    "stock.tell_uncounted": SettingWords(
        "Tell items that were never counted",
        "The shop is told 0 of items that nobody ever counted in the hub; off, it keeps its own figure of them.",
        _TOLD,
    ),
    "stock.buffer": SettingWords(
        "Pieces kept back of every SKU", "So many pieces of every SKU are kept back from the shop.", _TOLD
    ),
    "products.import_on_connect": SettingWords(
        "Bring the shop's products in once",
        "When the store begins, every SKU that the hub does not have becomes an item there.",
        "Items that came stay in the hub.",
    ),
    "profile": SettingWords(
        "How the shop's statuses are read",
        "By Katana's rules, or by Stitch's: an order is billed, paid, packed, shipped and closed by its status.",
        "Orders that come in by it stay in the hub.",
        {"katana": "Katana", "stitch": "Stitch"},
    ),
    "stitch.push_order_info": SettingWords(
        "Tell the shop each order's status",
        "With Stitch: orders that are paid, packed, shipped, closed or voided in the hub get that status in the shop.",
        "Statuses that the shop was told stay as they are.",
    ),
    "stitch.auto_close": SettingWords(
        "Close completed orders", "With Stitch: an order that comes in completed is closed.", _NEXT
    ),
}


def value_words(key: str, value: Value) -> str:
    """A value as people read it."""
    match value:
        case bool():
            return "On" if value else "Off"
        case dict():
            return ", ".join(f"{place} is {code}" for place, code in value.items()) or "None"
        case str():
            return WORDS[key].choices.get(value, value) or "The account's own"
        case _ if key == "fetch.every":
            return f"{value} s"
        case _:
            return str(value)


def always_imported(profile: Platform) -> list[str]:
    """The statuses, in words, whose orders come in whatever is set."""
    return [status.replace("_", " ").capitalize() for status, switch in profile.imports.items() if switch is None]
