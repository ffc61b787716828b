"""Which hub item, service and customer a line, charge and buyer are (MAP-1, MAP-2, MAP-9). It looks nothing up."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from schemas.hub import Customer, ExchangeRate, HubMatches, NewCustomer, NewItem, Variant
from schemas.hub_search import Found, Links, Wanted
from schemas.orders import Buyer, Kind, StoreCharge, StoreLine, StoreOrder

GUEST: Final = "Guest"
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)

# -- what is looked for, and what is there ----------------------------------------------------------------------------


def nameless_keys(orders: Iterable[StoreOrder]) -> set[str]:
    """What the store knows products without SKU by: an earlier order may have linked them."""
    return {line.item_key for order in orders for line in order.lines if sku_of(line) is None}


def buyer_ids(orders: Iterable[StoreOrder]) -> set[str]:
    """The store's ids of its customers."""
    return {order.buyer.external_id for order in orders if order.buyer.external_id}


def wanted_of(orders: Sequence[StoreOrder], links: Links) -> Wanted:
    """Whatever of the hub some orders of a store are decided on."""
    return Wanted(
        skus=frozenset(sku for order in orders for line in order.lines if (sku := sku_of(line))),
        variant_ids=frozenset(links.items.values()),
        services=frozenset(service_name(one) for order in orders for one in order.charges if is_service(one)),
        customer_ids=frozenset(links.customers.values()),
        emails=frozenset(order.buyer.email for order in orders if order.buyer.email),
        names=frozenset(order.buyer.name for order in orders if order.buyer.name and not order.buyer.email),
    )


def matches_of(order: StoreOrder, found: Found, links: Links, rate: ExchangeRate | None) -> HubMatches:
    """What of all that was found is about one order."""
    linked = {key: found.by_id.get(links.items.get(key, "")) for key in nameless_keys([order])}
    buyer = order.buyer
    return HubMatches(
        by_sku={sku: found.by_sku[sku] for sku in map(sku_of, order.lines) if sku and sku in found.by_sku},
        by_key={key: variant for key, variant in linked.items() if variant},
        by_name={name.lower(): found.services[name] for name in found.services},
        linked_customer=found.customers.get(links.customers.get(buyer.external_id or "", "")),
        email_customer=found.by_email.get(buyer.email or ""),
        name_customer=found.by_name.get(buyer.name),
        rate=rate,
    )


# -- which of it a line, charge and buyer are --------------------------------------------------------------------------


def sku_of(line: StoreLine) -> str | None:
    """The line's SKU, trimmed, its case kept; None where there is none."""
    return (line.sku or "").strip() or None


def match_item(line: StoreLine, matches: HubMatches, *, kind: Kind = Kind.PRODUCT) -> Variant | NewItem:
    """The hub's variant of a line, or the item to create for it (MAP-1)."""
    sku = sku_of(line)
    if sku is None:
        return matches.by_key.get(line.item_key) or NewItem(_name(line), kind, key=line.item_key)
    variants = matches.by_sku.get(sku)
    return max(variants, key=age) if variants else NewItem(_name(line), kind, sku=sku)


def _name(line: StoreLine) -> str:
    return line.name or sku_of(line) or f"Product {line.product_key or line.external_id}"


def age(variant: Variant) -> tuple[datetime, int, str]:
    """Grows with youth: the one created latest wins; among equals the higher id, read as a number where it is one."""
    number = int(variant.id) if variant.id.isdecimal() else -1
    return (variant.created_at or _EARLIEST, number, variant.id)


def is_service(charge: StoreCharge) -> bool:
    """Whether a charge is a service of the hub; shipping is none."""
    return charge.kind is not Kind.SHIPPING


def service_name(charge: StoreCharge) -> str:
    """What a charge's service is called, also where the store gives it no name."""
    return charge.name or "Fee"


def match_service(charge: StoreCharge, matches: HubMatches) -> Variant | NewItem:
    """The hub's service of a charge's name, whatever its case, or the one to create (MAP-9)."""
    name = service_name(charge)
    return matches.by_name.get(name.lower()) or NewItem(name, Kind.SERVICE)


def match_customer(buyer: Buyer, matches: HubMatches) -> Customer | NewCustomer:
    """The hub's customer, or the one to create (MAP-2)."""
    if matches.linked_customer:
        # An earlier order of this store's customer: the link holds even where name or e-mail changed since.
        return matches.linked_customer
    if buyer.email and matches.email_customer:
        return matches.email_customer
    if not buyer.email and buyer.name and matches.name_customer:
        # Two people may share a name: it counts only where there is no e-mail to tell them apart.
        return matches.name_customer
    return NewCustomer(buyer.name or buyer.email or GUEST, buyer.email or None)
