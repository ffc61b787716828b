"""What a store sent of an order, as lines of a tree; a viewer sees of it only what names nobody (DOR-6)."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from connectors import json_text
from connectors.postgres.order_view import OrderRow
from schemas.account import Account
from schemas.users import Role, User
from tasks.prune import SKIPPED_KEPT

MOST_LINES: Final = 2000
MOST_SIGNS: Final = 300  # of a value

# Fields that say nothing of who bought, whatever the platform. All others a viewer sees masked: a new one may name.
_OF_ORDERS: Final = """
    id number name status order_number date_created date_created_gmt date_modified date_modified_gmt createdAt updatedAt
    processedAt cancelledAt closedAt displayFinancialStatus displayFulfillmentStatus status_id order_id parent_id test
    currency currency_code currencyCode prices_include_tax taxesIncluded
    total total_tax subtotal subtotal_tax is_refunded
    city country country_code countryCode countryCodeV2
"""
_OF_LINES: Final = """
    sku quantity currentQuantity product_id variation_id variant_id type product_type rate rate_percent price amount
"""
_OPEN: Final = frozenset((_OF_ORDERS + _OF_LINES).split())
_OPEN_ENDINGS: Final = ("_tax", "_total", "_price", "_amount", "_quantity", "Price", "Quantity", "Amount")
_NAMED: Final = frozenset({"name", "title"})  # what of things may be read, and of people not
_THINGS: Final = frozenset({"line_items", "lineItems", "products", "fee_lines", "tax_lines"})
_THINGS_THAT_SHIP: Final = frozenset({"shipping_lines", "shippingLines"})


@dataclass(frozen=True, slots=True)
class SentLine:
    """One line of the tree: how deep it stands, the field, and its value where it has one of its own."""

    depth: int
    field: str
    value: str | None


def sent_lines(snapshot: str, user: User) -> list[SentLine]:
    """The tree of a snapshot, so many lines at most; empty where it cannot be read."""
    lines: list[SentLine] = []
    with suppress(json_text.NotJson):
        for line in _walk(json_text.read(snapshot), 0, "", (), is_whole=user.role.may(Role.OPERATOR)):
            if len(lines) == MOST_LINES:
                lines.append(SentLine(0, "…", "the rest is left out"))
                break
            lines.append(line)
    return lines


def aged_out(row: OrderRow, account: Account) -> datetime | None:
    """Since when nothing of what the store sent is kept, where that is for its age."""
    days = account.privacy_keep_days
    if row.snapshot is not None or not days:
        return None
    kept = min(timedelta(days=days), SKIPPED_KEPT) if row.state == "skipped" else timedelta(days=days)
    return max(row.store_updated_at or row.first_seen_at, row.first_seen_at) + kept


def _walk(value: Any, depth: int, field: str, above: tuple[str, ...], *, is_whole: bool) -> Iterator[SentLine]:
    match value:
        case dict():
            if field:
                yield SentLine(depth, field, None)
            for key, part in value.items():
                yield from _walk(part, depth + bool(field), str(key), (*above, field), is_whole=is_whole)
        case list():
            yield SentLine(depth, field, None if value else "none")
            for number, part in enumerate(value, start=1):
                yield from _walk(part, depth + 1, str(number), (*above, field), is_whole=is_whole)
        case _:
            yield SentLine(depth, field[:MOST_SIGNS], _text(value) if is_whole or _is_open(field, above) else "…")


def _is_open(field: str, above: tuple[str, ...]) -> bool:
    if field in _NAMED and len(above) > 1:
        return not (_THINGS | _THINGS_THAT_SHIP).isdisjoint(above)
    return field in _OPEN or field.endswith(_OPEN_ENDINGS)


def _text(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case _:
            text = str(value)
            return text if len(text) <= MOST_SIGNS else f"{text[:MOST_SIGNS]}…"
