"""What an import looks for in Katana, found in the copies (MAP-1, MAP-2). Katana's own rules of case are not known."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from connectors.katana.copies import CUSTOMERS, SERVICES, VARIANTS, Copies
from schemas.hub import Customer, Variant
from schemas.hub_search import Found, Wanted
from schemas.katana.records import Copied
from schemas.orders import Kind


def find(copies: Copies, wanted: Wanted) -> Found:
    """What is there of what is looked for, each by what it was asked with. Raises a ConnectorError."""
    emails, names = (frozenset(filter(str.strip, texts)) for texts in (wanted.emails, wanted.names))
    if wanted.skus or wanted.variant_ids or wanted.services:
        copies.refresh(VARIANTS, SERVICES)
    if emails or names or wanted.customer_ids:
        copies.refresh(CUSTOMERS)
    items = copies.by(VARIANTS, skus=wanted.skus, ids=wanted.variant_ids, names=wanted.services)
    services = [one for one in items if one.kind is Kind.SERVICE]
    people = copies.by(CUSTOMERS, ids=wanted.customer_ids, emails=emails, names=names)
    return Found(
        by_sku=_by_sku(items, wanted.skus),
        by_id={one.id: variant_of(one) for one in items if one.id in wanted.variant_ids},
        services={name: variant_of(one) for name, one in _oldest(services, wanted.services, "name")},
        customers={one.id: customer_of(one) for one in people if one.id in wanted.customer_ids},
        by_email={email: customer_of(one) for email, one in _oldest(people, emails, "email")},
        by_name={name: customer_of(one) for name, one in _oldest(people, names, "name")},
    )


def variant_of(copy: Copied) -> Variant:
    """An item as rules know it. How long its delivery takes Katana does not say."""
    return Variant(
        copy.id, copy.sku, copy.name, copy.kind, created_at=copy.created_at, batch_tracked=copy.batch_tracked
    )


def customer_of(copy: Copied) -> Customer:
    """A customer as rules know it."""
    return Customer(copy.id, copy.name, copy.email)


def _by_sku(items: Iterable[Copied], skus: Collection[str]) -> dict[str, tuple[Variant, ...]]:
    found: defaultdict[str, tuple[Variant, ...]] = defaultdict(tuple)
    for one in items:
        if one.sku is not None and one.sku in skus:
            found[one.sku] += (variant_of(one),)
    return dict(found)


def _oldest(copies: Iterable[Copied], asked: Collection[str], by: str) -> Iterable[tuple[str, Copied]]:
    """The oldest that has each of some texts, in any case; copies are the oldest first."""
    known: dict[str, Copied] = {}
    for one in copies:
        text = getattr(one, by)
        if text:
            known.setdefault(text.lower(), one)
    return [(text, known[text.lower()]) for text in asked if text.lower() in known]
