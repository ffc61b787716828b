"""An order mapped with whatever a test does not name at its default."""

from typing import Any

from schemas.account import Account
from schemas.actions import Note
from schemas.hub import DraftOrder, HubMatches
from schemas.orders import StoreOrder
from schemas.stores import Store
from tasks.rules.mapping import build_order
from tests import makers
from tests.makers import matches, store


def build(
    order: StoreOrder,
    *,
    at: Store | None = None,
    account: Account | None = None,
    known: HubMatches | None = None,
    location: str = "main",
) -> tuple[DraftOrder, list[Note]]:
    creation, notes = build_order(
        order,
        store=at or store(),
        account=account or makers.account(),
        matches=known or matches(),
        location=location,
    )
    return creation.order, notes


def draft(order: StoreOrder, **gathered: Any) -> DraftOrder:
    return build(order, **gathered)[0]


def notes_of(order: StoreOrder, **gathered: Any) -> list[Note]:
    return build(order, **gathered)[1]
