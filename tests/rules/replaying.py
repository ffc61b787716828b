"""An order that is kept and what stands of it, with whatever a test does not name as an import left it."""

from dataclasses import replace
from typing import Any

from schemas.hub import Customer, HubMatches, HubOrder, OrderHead
from schemas.orders import StoreOrder
from schemas.replay import Difference, HeldSettings, KeptOrder, Replay
from schemas.stores import Store
from tasks.rules.replay import compare
from tests import makers
from tests.rules.building import draft
from tests.rules.changing import FOLLOWING, imported

ADA = Customer("c1", "Ada Lovelace", "ada@example.com")


def stands(order: StoreOrder, *, at: Store = FOLLOWING) -> HubOrder:
    """The order as its import left it in the hub, of a customer that is linked."""
    made = draft(order, at=at)
    head = OrderHead(
        customer=ADA,
        created_at=made.created_at,
        delivery_date=made.delivery_date,
        exchange_rate_date=made.exchange_rate_date,
        bill_to=made.bill_to,
        ship_to=made.ship_to,
        customer_reference=made.customer_reference,
        notes=made.notes,
    )
    return replace(imported(order, at=at), head=head)


def kept(state: str = "imported", reason: str | None = None, **changes: Any) -> KeptOrder:
    """An order that was looked at; one in the hub is as it was imported, and nobody has touched it since."""
    in_hub = state == "imported"
    values: dict[str, Any] = {"number": "5001", "payload": "{}", "detail": {}, "hub_order_id": "h1" if in_hub else None}
    values |= {"was_imported": in_hub, "is_as_imported": in_hub, "is_untouched": in_hub}
    return KeptOrder(1, "5001", state=state, reason=reason, **values | changes)


def replayed(order: StoreOrder, *, at: Store = FOLLOWING, **changes: Any) -> Replay:
    """The order read again. It is in the hub as it was imported, unless it is said how it is kept."""
    known = changes.pop("kept", kept())
    if known.hub_order_id:
        hub_order = changes.pop("hub_order", None) or stands(order, at=at)
        changes = {"hub_order": hub_order, "matches": HubMatches(linked_customer=ADA)} | changes
    changes = {"settings": [HeldSettings(at, makers.account())], "locations": frozenset({"main"})} | changes
    return Replay(known, order, **changes)


def found(one: Replay) -> dict[str, tuple[str | None, str | None]]:
    """What would come out differently, by field."""
    return in_words(compare(one))


def in_words(differences: tuple[Difference, ...]) -> dict[str, tuple[str | None, str | None]]:
    return {one.field: (one.was, one.would_be) for one in differences}
