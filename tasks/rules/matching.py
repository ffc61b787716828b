"""Which hub item, service and customer a line, charge and buyer are (MAP-1, MAP-2, MAP-9). It looks nothing up."""

from datetime import UTC, datetime
from typing import Final

from schemas.hub import HubMatches, NewCustomer, NewItem, Variant
from schemas.orders import Buyer, Kind, StoreLine

GUEST: Final = "Guest"
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


def sku_of(line: StoreLine) -> str | None:
    """The line's SKU, trimmed, its case kept; None where there is none."""
    return (line.sku or "").strip() or None


def match_item(line: StoreLine, matches: HubMatches, *, kind: Kind = Kind.PRODUCT) -> Variant | NewItem:
    """The hub's variant of a line, or the item to create for it (MAP-1)."""
    sku = sku_of(line)
    if sku is None:
        return matches.by_key.get(line.item_key) or NewItem(_name(line), kind, key=line.item_key)
    variants = matches.by_sku.get(sku)
    return max(variants, key=_age) if variants else NewItem(_name(line), kind, sku=sku)


def _name(line: StoreLine) -> str:
    return line.name or sku_of(line) or f"Product {line.product_key or line.external_id}"


def _age(variant: Variant) -> tuple[datetime, int, str]:
    """Grows with youth: the one created latest wins; among equals the higher id, read as a number where it is one."""
    number = int(variant.id) if variant.id.isdecimal() else -1
    return (variant.created_at or _EARLIEST, number, variant.id)


def match_service(name: str, matches: HubMatches) -> Variant | NewItem:
    """The hub's service of that name, whatever its case, or the one to create (MAP-9)."""
    return matches.by_name.get(name.lower()) or NewItem(name, Kind.SERVICE)


def match_customer(buyer: Buyer, matches: HubMatches) -> str | NewCustomer:
    """The id of the hub's customer, or the customer to create (MAP-2)."""
    if matches.linked_customer:
        # An earlier order of this store's customer: the link holds even where name or e-mail changed since.
        return matches.linked_customer.id
    if buyer.email and matches.email_customer:
        return matches.email_customer.id
    if not buyer.email and buyer.name and matches.name_customer:
        # Two people may share a name: it counts only where there is no e-mail to tell them apart.
        return matches.name_customer.id
    return NewCustomer(buyer.name or buyer.email or GUEST, buyer.email or None)
