"""One neutral shape for the orders of every platform: what the store says, nothing decided yet."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)


class Kind(StrEnum):
    """What a row is (INTERFACE, order show)."""

    PRODUCT = "product"
    SERVICE = "service"
    SHIPPING = "shipping"


@dataclass(frozen=True, slots=True)
class Address:
    """Bill to or ship to; a part the store does not give is an empty text."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    line_1: str = ""
    line_2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""
    phone: str = ""

    @property
    def person(self) -> str:
        """First and last name, short enough to look a customer up by (MAP-2)."""
        return f"{self.first_name} {self.last_name}".strip()[:500]


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who ordered. `external_id` is the store's customer id, None for a guest; an empty e-mail is None (MAP-2)."""

    name: str
    email: str | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class StoreLine:
    """One line item. Amounts are for `quantity` pieces, in the basis of the order's `prices_include_tax`.

    `quantity` is what is left of the line after refunds and removals (MAP-8), `delivered_quantity` the part of it
    that the store has already fulfilled. `amount` is before discounts; `discount` is what the store itself puts on
    this line (MAP-4). `tax` is the store's tax of the line after all discounts, None where it gives none.
    `product_key` names the store's product for a line without SKU (MAP-1).
    """

    external_id: str
    name: str
    sku: str | None
    quantity: Decimal
    amount: Decimal
    tax_rate: Decimal = ZERO
    tax: Decimal | None = None
    discount: Decimal = ZERO
    delivered_quantity: Decimal = ZERO
    product_key: str | None = None
    is_custom: bool = False
    is_physical: bool = True
    location: str | None = None  # the store's id of the location it ships from, where it names one (CHG-7)

    @property
    def item_key(self) -> str:
        """What a line without SKU is known by in this store: its product, or its name where the product is gone."""
        return self.product_key or f"name:{self.name}"


@dataclass(frozen=True, slots=True)
class StoreCharge:
    """Money of the order that is no line item: shipping, a fee, gift wrapping, a tip (MAP-9). May be negative."""

    external_id: str
    name: str
    kind: Kind
    amount: Decimal
    tax_rate: Decimal = ZERO
    tax: Decimal | None = None


@dataclass(frozen=True, slots=True)
class StoreFulfillment:
    """A fulfilment: what the store says went out: quantities by the external ids of the lines."""

    external_id: str
    status: str
    lines: tuple[tuple[str, Decimal], ...]
    tracking_number: str | None = None
    carrier: str | None = None
    tracking_url: str | None = None


@dataclass(frozen=True, slots=True)
class ToSend:
    """What the store still waits to send from one place, as its fulfilment call names it (FUL-10).

    `lines` are (its own line id, external id of the order's line, pieces left to send).
    """

    external_id: str
    place: str
    lines: tuple[tuple[str, str, Decimal], ...]
    can_be_sent: bool = True  # false while it is on hold, closed, or with somebody else
    is_pickup: bool = False


@dataclass(frozen=True, slots=True)
class StoreReturn:
    """A return the store recorded: quantities by the external ids of the lines (CHG-9)."""

    external_id: str
    lines: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class StoreOrder:
    """An order as its store tells it now. `status` is the platform's own word.

    `total_with_tax` and `total_tax` are the store's own totals less what refunds took off lines and charges, so
    that they speak of the same pieces as `lines` (MAP-8). `order_discount` is not on any line yet (MAP-4).
    `refunded_apart` is money given back that the store ties to no line. `exchange_rate` is the store's own rate,
    where the payload has one, and `exchange_base` the currency that it leads to (ORD-8). `unit` is the smallest
    amount that the shop rounds to, where its currency has a smaller one.
    """

    external_id: str
    number: str
    status: str
    currency: str
    created_at: datetime
    updated_at: datetime
    prices_include_tax: bool
    lines: tuple[StoreLine, ...]
    charges: tuple[StoreCharge, ...]
    total_with_tax: Decimal
    total_tax: Decimal
    buyer: Buyer
    bill_to: Address
    ship_to: Address
    ship_to_count: int = 1
    order_discount: Decimal = ZERO
    refunded_apart: Decimal = ZERO
    exchange_rate: Decimal | None = None
    exchange_base: str | None = None
    unit: Decimal | None = None
    customer_reference: str | None = None
    note: str | None = None
    has_items: bool = True  # false where it never had a line item, only fees or shipping
    is_paid: bool | None = False  # None where the store does not tell: paid by other ways than the shop's
    delivery: str | None = None  # the platform's word for how far the order is delivered, where status is another one
    is_on_hold: bool = False  # a part of it must not be fulfilled for now (ORD-3)
    is_pickup: bool = False  # the buyer fetches it: at a shop's counter or from a pick-up point (FUL-6, FUL-11)
    fulfillments: tuple[StoreFulfillment, ...] = ()
    to_send: tuple[ToSend, ...] = ()
    withheld: tuple[str, ...] = ()  # what of its buyer the store does not let us read (DOR-5)
    returns: tuple[StoreReturn, ...] = ()

    @property
    def skus(self) -> tuple[str, ...]:
        """The SKUs of its lines, each once."""
        return tuple(sorted({line.sku.strip() for line in self.lines if line.sku}))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An order as a list or webhook brought it.

    `payload` is the vendor's JSON text, None where the list carries only a part and the order must be asked for.
    `digest` changes only when the meaning of the order does. `problem` is set when the payload breaks the schema:
    (path, what is wrong). `skus` are those of its lines, None where they are not known yet (STK-9). `number` is what
    the store calls it, None where that is not known yet.
    """

    external_id: str
    updated_at: datetime | None
    digest: str
    payload: str | None
    problem: tuple[str, str] | None = None
    skus: tuple[str, ...] | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class ListedPage:
    """Ids of orders, each with when it was changed, None where that cannot be read. All before `position` is told."""

    times: dict[str, datetime | None]
    position: datetime
    is_last: bool
    unread: int = 0  # entries without an id that an order can have


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a store's changed orders, and the cursor to keep once it is stored (opaque outside the connector)."""

    snapshots: tuple[Snapshot, ...]
    cursor: str
    total: int | None = None  # how many orders the store says are still to come, this page included
