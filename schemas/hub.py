"""The hub's side: orders, rows, variants, customers, stock. Ids are text, so that any hub's fit."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol

from schemas.flags import Flags
from schemas.orders import ZERO, Address, Kind


class DeliveryStatus(StrEnum):
    """How far an order or row is on its way (SPEC chapter 1)."""

    NOT_SHIPPED = "NOT_SHIPPED"
    PARTIALLY_PACKED = "PARTIALLY_PACKED"
    PACKED = "PACKED"
    PARTIALLY_DELIVERED = "PARTIALLY_DELIVERED"
    DELIVERED = "DELIVERED"


class MoStatus(StrEnum):
    """How far a manufacturing order is."""

    NOT_STARTED = "NOT_STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    DONE = "DONE"


@dataclass(frozen=True, slots=True)
class Variant:
    """A sellable hub item; `delivery_days` is the product's own default delivery time.

    One that `is_imported` was made by an import that found none; the hub may not know.
    """

    id: str
    sku: str | None
    name: str
    kind: Kind = Kind.PRODUCT
    created_at: datetime | None = None
    batch_tracked: bool = False
    delivery_days: int | None = None
    is_imported: bool = False


@dataclass(frozen=True, slots=True)
class Customer:
    """A buyer the hub knows."""

    id: str
    name: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """What one unit of a currency is worth in the base currency, and the day the rate is of."""

    rate: Decimal
    on: date


@dataclass(frozen=True, slots=True)
class HubMatches:
    """Everything of the hub that an import is decided on, gathered in one look (MAP-1, MAP-2, ORD-8).

    `by_sku` holds every variant with that SKU; `by_key` the variant that an earlier import of this store made for
    a product without SKU; `by_name` services by lower-case name; `customers` the candidates in order of worth:
    linked by this store, same e-mail, same name.
    """

    by_sku: dict[str, tuple[Variant, ...]] = field(default_factory=dict)
    by_key: dict[str, Variant] = field(default_factory=dict)
    by_name: dict[str, Variant] = field(default_factory=dict)
    linked_customer: Customer | None = None
    email_customer: Customer | None = None
    name_customer: Customer | None = None
    rate: ExchangeRate | None = None


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item to create with its first row.

    `sku` may be None; `key` then names it for this store, so that the next order finds it again (MAP-1).
    """

    name: str
    kind: Kind
    sku: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A row to create. `item` is a variant's id, an item to create, or None for the shipping fee.

    `total` and `tax` are exact amounts in the order's currency; `price_per_unit` × `quantity` less the discount
    rounds to `total`. `external_id` is the store's line, None for a row that no store has.
    """

    external_id: str | None
    item: str | NewItem | None
    kind: Kind
    sku: str | None
    name: str
    quantity: Decimal
    price_per_unit: Decimal
    tax_rate: Decimal
    total: Decimal
    tax: Decimal
    location: str
    discount_percent: Decimal = ZERO
    delivered_quantity: Decimal = ZERO
    packed_quantity: Decimal = ZERO  # like what comes delivered, it left the shelf before the hub knew of it (MAP-8)
    ships: bool = True  # False for shipping fees and charges: they do not decide the order's delivery status
    batch_tracked: bool = False  # as far as is known: an item to create is not

    @property
    def label(self) -> str:
        """What people call the row."""
        return self.sku or self.name


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer to create; the hub keeps parallel creations of one e-mail or name to one customer (MAP-2)."""

    name: str
    email: str | None


@dataclass(frozen=True, slots=True)
class DraftOrder:
    """A sales order to create, with the proof of its money (MAP-6)."""

    order_no: str
    store_id: int | None
    external_id: str | None
    customer: Customer | NewCustomer
    customer_key: str | None  # the store's customer id, remembered as a link (MAP-2)
    created_at: datetime
    delivery_date: date
    bill_to: Address
    ship_to: Address
    currency: str
    exchange_rate: Decimal
    exchange_rate_date: date
    total: Decimal
    total_with_tax: Decimal
    total_base: Decimal  # `total` in the base currency
    base_currency: str
    store_total: Decimal | None
    store_total_with_tax: Decimal | None
    total_mismatch: bool
    location: str
    rows: tuple[DraftRow, ...]
    customer_reference: str | None = None
    notes: str | None = None
    is_paid: bool = False


@dataclass(frozen=True, slots=True)
class HubMo:
    """A manufacturing order that makes the pieces of a row."""

    id: str
    status: MoStatus
    quantity: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class HubRow:
    """A row as it stands in the hub. `packed_quantity` is packed and not yet delivered.

    `batches` are the pieces that were taken from each batch, by its number, those first that were received first. One
    that `is_fixed` the hub lets nobody change, whatever is left of it; one that `stays` ships from where it is.
    """

    id: str
    external_id: str | None
    variant_id: str | None
    kind: Kind
    sku: str | None
    name: str
    quantity: Decimal
    packed_quantity: Decimal
    delivered_quantity: Decimal
    invoiced_quantity: Decimal
    price_per_unit: Decimal
    tax_rate: Decimal
    discount_percent: Decimal
    location: str
    status: DeliveryStatus
    ships: bool = True
    batch_tracked: bool = False
    mo: HubMo | None = None
    batches: tuple[tuple[str, Decimal], ...] = ()
    total: Decimal = ZERO
    tax: Decimal = ZERO
    gone_before: Decimal = ZERO  # packed or delivered when the row came: these left before the hub knew of it (MAP-8)
    is_fixed: bool = False
    stays: bool = False

    @property
    def label(self) -> str:
        """What people call the row."""
        return self.sku or self.name

    @property
    def shipped_quantity(self) -> Decimal:
        """Pieces that are packed or delivered."""
        return self.packed_quantity + self.delivered_quantity

    @property
    def protected_quantity(self) -> Decimal:
        """Pieces that no store changes any more (CHG-4). What is invoiced is taken to be what was shipped first."""
        return self.quantity if self.is_fixed else max(self.shipped_quantity, self.invoiced_quantity)


class Shipped(Protocol):
    """How many pieces there are of something, and how far they are."""

    @property
    def quantity(self) -> Decimal:
        """All of them."""

    @property
    def packed_quantity(self) -> Decimal:
        """Those that are packed and not yet delivered."""

    @property
    def delivered_quantity(self) -> Decimal:
        """Those that are delivered."""


def status_of(rows: Collection[Shipped]) -> DeliveryStatus:
    """How far some rows are together, by their pieces."""
    if rows and all(row.delivered_quantity >= row.quantity for row in rows):
        return DeliveryStatus.DELIVERED
    if any(row.delivered_quantity > 0 for row in rows):
        return DeliveryStatus.PARTIALLY_DELIVERED
    if rows and all(row.packed_quantity >= row.quantity for row in rows):
        return DeliveryStatus.PACKED
    if any(row.packed_quantity > 0 for row in rows):
        return DeliveryStatus.PARTIALLY_PACKED
    return DeliveryStatus.NOT_SHIPPED


@dataclass(frozen=True, slots=True)
class Totals:
    """An order's money with its proof, as DraftOrder has it (MAP-6)."""

    total: Decimal
    total_with_tax: Decimal
    total_base: Decimal
    store_total: Decimal | None
    store_total_with_tax: Decimal | None
    total_mismatch: bool


@dataclass(frozen=True, slots=True)
class HubReturn:
    """A return as it stands in the hub: quantities by the external ids of the rows (CHG-9), and by the rows' own ids.

    `external_id` is the store's, None where no store recorded it; a row that no store has is not among the lines.
    """

    external_id: str | None
    lines: tuple[tuple[str, Decimal], ...]
    rows: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class HubFulfillment:
    """A fulfilment of a sales order: quantities by row id. `external_id` is the store's, None where none knows it.

    One that `is_told_only` is only the store's word for pieces that are in the hub's own fulfilments when they leave.
    """

    id: str
    external_id: str | None
    source: str  # 'store' or 'hub': who said so first
    rows: tuple[tuple[str, Decimal], ...]
    tracking_number: str | None = None
    carrier: str | None = None
    tracking_url: str | None = None
    is_told_only: bool = False


@dataclass(frozen=True, slots=True)
class Sending:
    """A fulfilment a store was being told of when the work broke off: nobody knows whether it heard (FUL-14).

    `lines` are quantities by the external ids of the order's lines, as SendFulfillment has them. `asked_at` is None
    where the store said no: nothing is on its way. `there` are the ids of the fulfilments that it had before.
    """

    lines: tuple[tuple[str, Decimal], ...]
    asked_at: datetime | None
    there: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderHead:
    """What stands on a sales order beside its rows and money, and no store's change follows to (CHG-6)."""

    customer: Customer
    created_at: datetime
    delivery_date: date
    exchange_rate_date: date
    bill_to: Address
    ship_to: Address
    customer_reference: str | None = None
    notes: str | None = None
    has_delivery_days: bool = False  # an item of it has a delivery time of its own


@dataclass(frozen=True, slots=True)
class HubOrder:
    """A sales order as it stands in the hub, with all that a decision about it needs and that people see of it.

    One that `takes_no_rows` the hub adds none to any more.
    """

    id: str
    order_no: str
    store_id: int | None
    external_id: str | None
    status: DeliveryStatus
    currency: str
    location: str
    rows: tuple[HubRow, ...]
    has_invoice: bool = False
    is_locked: bool = False  # lies in a locked inventory period (CHG-5)
    fulfillments: tuple[HubFulfillment, ...] = ()
    flags: Flags = field(default_factory=Flags)
    exchange_rate: Decimal = Decimal(1)
    base_currency: str = "EUR"
    totals: Totals | None = None
    returns: tuple[HubReturn, ...] = ()
    head: OrderHead | None = None  # a hub tells it of every order
    takes_no_rows: bool = False

    @property
    def known_lines(self) -> frozenset[str]:
        """The external ids of the store's lines and charges that have a row."""
        return frozenset(row.external_id for row in self.rows if row.external_id is not None)


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch at one location, first in first out by `received_at` (FUL-4)."""

    id: str
    batch_no: str
    variant_id: str
    location: str
    in_stock: Decimal
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Location:
    """A place of the hub that holds stock."""

    code: str
    name: str


MOST_COUNTED: Final = 1000  # of each kind that is of a location: nobody waits for a million


@dataclass(frozen=True, slots=True)
class LocationUses:
    """How much of the hub is of one location: items that have a figure there, orders and rows, supplies, moves.

    Of orders and rows, and of supplies, two are added up; each is counted as far as MOST_COUNTED.
    """

    stocked: int
    orders: int
    supplies: int
    moves: int


@dataclass(frozen=True, slots=True)
class StockLevel:
    """Stock of one SKU at one location (STK-2).

    `committed_direct` counts only sales-order rows themselves, `committed_store` those of orders that came from stores.
    What was never counted there, `is_counted`, has a figure that says nothing of what lies there (STK-10).
    """

    sku: str
    location: str
    in_stock: Decimal
    committed: Decimal
    committed_direct: Decimal
    committed_store: Decimal
    expected: Decimal
    is_counted: bool
