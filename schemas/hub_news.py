"""What moved in a hub, as whoever hears of it passes it on: who is to be told is decided where marks are made."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from schemas.hub import HubOrder


class CopyStatus(StrEnum):
    """How far an order in the hub is, as storesync keeps it: its delivery status, or that it is over."""

    NOT_SHIPPED = "NOT_SHIPPED"
    PARTIALLY_PACKED = "PARTIALLY_PACKED"
    PACKED = "PACKED"
    PARTIALLY_DELIVERED = "PARTIALLY_DELIVERED"
    DELIVERED = "DELIVERED"
    CLOSED = "CLOSED"  # closed or voided, whatever was shipped of it


@dataclass(frozen=True, slots=True)
class MovedSku:
    """A SKU that moved: what lies on the shelf; what rows promise of it, and what those of stores' orders do (STK-2).

    `only_told` is no movement but another item behind the SKU, with no pieces: news for stores that were told of it.
    """

    sku: str
    on_shelf: bool = False
    on_rows: bool = False
    of_stores: bool = False
    only_told: bool = False


@dataclass(frozen=True, slots=True)
class HubCopy:
    """What storesync keeps of an order that a store's became in the hub."""

    store_id: int
    external_id: str
    status: CopyStatus
    customer: str
    email: str | None
    total_with_tax: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class DeletedOrder:
    """An order that is gone from the hub; `by` is who deleted it, as far as the hub says (ORD-7).

    `because` is why its store took it back: then no person deleted it, and it may come again (CHG-5).
    """

    order_no: str
    store_id: int | None = None
    external_id: str | None = None
    by: str = "somebody in the hub"
    because: str | None = None


@dataclass(frozen=True, slots=True)
class TwinOrder:
    """An order that says it is a store's, while another one is it: nobody of ours made it, and nobody deletes it."""

    store_id: int
    external_id: str
    hub_order_id: str
    order_no: str


@dataclass(frozen=True, slots=True)
class HubNews:
    """What moved since a cursor, up to the next one.

    `shipped` are orders, as (store, external id), whose pieces were packed or delivered, or of whose flags a person
    said something: their stores are to be told what they do not show (FUL-10). `copies` are orders that are further,
    or look otherwise in lists.
    """

    cursor: str
    skus: tuple[MovedSku, ...] = ()
    shipped: tuple[tuple[int, str], ...] = ()
    copies: tuple[HubCopy, ...] = ()
    deleted: tuple[DeletedOrder, ...] = ()
    has_new_location: bool = False
    twins: tuple[TwinOrder, ...] = ()


def copy_of(order: HubOrder) -> HubCopy | None:
    """What storesync keeps of an order as it stands in the hub; nothing of one that no store has."""
    if order.store_id is None or order.external_id is None or order.head is None or order.totals is None:
        return None
    is_over = order.flags.closed or order.flags.voided
    customer = order.head.customer
    return HubCopy(
        store_id=order.store_id,
        external_id=order.external_id,
        status=CopyStatus.CLOSED if is_over else CopyStatus(order.status),
        customer=customer.name,
        email=customer.email,
        total_with_tax=order.totals.total_with_tax,
        currency=order.currency,
    )
