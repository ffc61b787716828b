"""Every action a decision may return and the hub or a store can carry out. Data only."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from schemas.counts import CountLine
from schemas.flags import Flags
from schemas.hub import DraftOrder, DraftRow, MoStatus, Totals
from schemas.orders import Kind
from schemas.reasons import Reason

Detail = dict[str, object]


# -- about an order of a store -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CreateOrder:
    """Create the sales order with its rows, and what customers and items it needs."""

    order: DraftOrder


@dataclass(frozen=True, slots=True)
class Skip:
    """Do not import this order, and say why (ORD-5)."""

    reason: Reason
    detail: Detail = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should know of an order that goes on all the same."""

    reason: Reason
    detail: Detail = field(default_factory=dict)


# -- in the hub, by a rule or by a person ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AddLocation:
    """A place that holds stock."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class ChangeLocation:
    """Give a location another code, another name for people, or both; None leaves it."""

    code: str
    new_code: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class RemoveLocation:
    """A location that nothing is of any more."""

    code: str


@dataclass(frozen=True, slots=True)
class AddProduct:
    """A product with one variant; a bundle names its components as (SKU, quantity).

    A SKU that is there already is refused unless this `is_another` item of it: the new one, which nobody counted, would
    be meant by every order and every store from then on (MAP-1, STK-3).
    """

    sku: str
    name: str
    kind: Kind = Kind.PRODUCT
    batch_tracked: bool = False
    delivery_days: int | None = None
    bundle: tuple[tuple[str, Decimal], ...] = ()
    is_another: bool = False


@dataclass(frozen=True, slots=True)
class AddItems:
    """Plain products by (SKU, name), each with one variant. Those whose SKU the hub has already stay as they are."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AddCustomers:
    """Customers by (key, name, e-mail), the key being their store's. Those that the hub has already, by their e-mail
    or without one by their name, stay as they are (MAP-2)."""

    customers: tuple[tuple[str, str, str | None], ...]


@dataclass(frozen=True, slots=True)
class AdjustStock:
    """Pieces found or lost at a location; `batch` where the item is batch-tracked."""

    sku: str
    delta: Decimal
    location: str | None = None
    batch: str | None = None


@dataclass(frozen=True, slots=True)
class CountStock:
    """Many figures counted as one, which can be taken back as one (STK-11); `source` says by whom."""

    source: str
    lines: tuple[CountLine, ...]


@dataclass(frozen=True, slots=True)
class TakeBackCount:
    """A count that was wrong: what it changed is changed back, and what it counted first was never counted."""

    count_id: str


@dataclass(frozen=True, slots=True)
class ReceivePurchase:
    """A purchase order that arrives at once."""

    sku: str
    quantity: Decimal
    location: str | None = None
    batch: str | None = None


@dataclass(frozen=True, slots=True)
class CreateMo:
    """A manufacturing order for the not yet shipped part of a row."""

    order_id: str
    row_id: str


@dataclass(frozen=True, slots=True)
class SetMoStatus:
    """Move a manufacturing order on; DONE puts its pieces in stock."""

    mo_id: str
    status: MoStatus


@dataclass(frozen=True, slots=True)
class PackRows:
    """Pack quantities by row id; takes them off in stock (STK-2)."""

    order_id: str
    rows: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class DeliverRows:
    """Deliver quantities by row id as one fulfilment, from the batches named as (row id, batch id, quantity).

    `external_id` is the store's fulfilment id where it comes from a store: applied once (FUL-7).
    """

    order_id: str
    rows: tuple[tuple[str, Decimal], ...]
    source: str  # 'store' or 'hub'
    batches: tuple[tuple[str, str, Decimal], ...] = ()
    external_id: str | None = None
    tracking_number: str | None = None
    carrier: str | None = None
    tracking_url: str | None = None


@dataclass(frozen=True, slots=True)
class LinkFulfillment:
    """Remember that a store knows a fulfilment by an id: one of the hub's, or, where that is None, one with these rows.

    It delivers nothing: it is how a fulfilment that was told to the store, or was found there, is known again (FUL-13).
    """

    order_id: str
    external_id: str
    fulfillment_id: str | None = None
    rows: tuple[tuple[str, Decimal], ...] = ()
    source: str = "hub"


@dataclass(frozen=True, slots=True)
class RemakeFulfillment:
    """Let a fulfilment of the store hold the pieces of those that it called off and made again as this one (FUL-7).

    `taken` are (fulfilment id, row id, pieces). It delivers nothing: the pieces left with the first one.
    """

    order_id: str
    external_id: str
    taken: tuple[tuple[str, str, Decimal], ...]
    tracking_number: str | None = None
    carrier: str | None = None
    tracking_url: str | None = None


@dataclass(frozen=True, slots=True)
class SetFlags:
    """Write how far an order is where its rows do not say it: closed by its store (FUL-6), the stitch profile."""

    order_id: str
    flags: Flags


@dataclass(frozen=True, slots=True)
class InvoiceRows:
    """Invoice what is not yet invoiced of the rows; packed, delivered and invoiced rows never change (CHG-4)."""

    order_id: str
    row_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeleteOrder:
    """Delete a sales order; an imported one leaves a tombstone (ORD-7).

    `reason` is given where its store took the order back (CHG-5): no person deleted it, so there is no tombstone.
    """

    order_id: str
    deleted_by: str
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class LockInventory:
    """Close the inventory period up to and including a day."""

    until: date


# -- what a store changed on an imported order (SPEC chapter 5) ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """Give a row another quantity or other money; refused below what is packed, delivered or invoiced (CHG-4)."""

    order_id: str
    row_id: str
    quantity: Decimal
    price_per_unit: Decimal
    discount_percent: Decimal
    tax_rate: Decimal
    total: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class AddRow:
    """Add a row at the end of an order, and what item it needs (CHG-2)."""

    order_id: str
    row: DraftRow


@dataclass(frozen=True, slots=True)
class DeleteRow:
    """Delete a row of which nothing is packed, delivered or invoiced (CHG-3)."""

    order_id: str
    row_id: str


@dataclass(frozen=True, slots=True)
class MoveRow:
    """Have a row shipped from another location (CHG-7)."""

    order_id: str
    row_id: str
    location: str


@dataclass(frozen=True, slots=True)
class SetMoQuantity:
    """Make another quantity on a manufacturing order that has not started (CHG-1)."""

    mo_id: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class DeleteMo:
    """Delete a manufacturing order that has not started (CHG-3)."""

    mo_id: str


@dataclass(frozen=True, slots=True)
class UnlinkMo:
    """Let a manufacturing order go on without its row (CHG-1, CHG-3)."""

    mo_id: str


@dataclass(frozen=True, slots=True)
class SetTotals:
    """Write an order's money and its proof anew (MAP-6)."""

    order_id: str
    totals: Totals


@dataclass(frozen=True, slots=True)
class KeepReturn:
    """Have one return for a store's return, with exactly these pieces, by the external ids of the rows (CHG-9)."""

    order_id: str
    external_id: str
    lines: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class DeleteReturn:
    """Delete the return of a store's return that was called off (CHG-9)."""

    order_id: str
    external_id: str


# -- in a store ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TellStock:
    """Show a quantity at an item of a store. `known` is what the store shows as far as we know, None for unknown.

    `activates`: the item is not known to be active at the place, and is to be (STK-12).
    """

    sku: str
    external_id: str  # of the StoreItem
    place: str
    quantity: int
    known: int | None = None
    activates: bool = False


@dataclass(frozen=True, slots=True)
class SendFulfillment:
    """Tell a store of one fulfilment (FUL-10): what of each ToSend is `taken`, by its own line ids.

    All of it is of one place. `lines` says the same by the external ids of the order's lines, `rows` by the ids of the
    hub's rows. `fulfillment_id` is the hub's fulfilment where these are exactly its pieces.
    """

    external_id: str  # of the order
    taken: tuple[tuple[str, tuple[tuple[str, Decimal], ...]], ...]
    lines: tuple[tuple[str, Decimal], ...]
    tracking_number: str | None = None
    carrier: str | None = None
    tracking_url: str | None = None
    fulfillment_id: str | None = None
    rows: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class SetStoreStatus:
    """Give an order of a store another status, in the platform's own word (FUL-12)."""

    external_id: str
    status: str


ReturnAction = KeepReturn | DeleteReturn
KnownRowAction = ChangeRow | DeleteRow | MoveRow | SetMoQuantity | DeleteMo | UnlinkMo | SetTotals | ReturnAction
ChangeAction = AddRow | KnownRowAction
FulfillmentAction = PackRows | DeliverRows | LinkFulfillment | RemakeFulfillment
OrderAction = ChangeAction | FulfillmentAction | SetFlags  # what a look does to an order that stays in the hub
PlainAction = (  # what makes nothing that our links lead to
    AddLocation
    | ChangeLocation
    | RemoveLocation
    | AddProduct
    | AddItems
    | AdjustStock
    | CountStock
    | TakeBackCount
    | ReceivePurchase
    | CreateMo
    | SetMoStatus
    | InvoiceRows
    | DeleteOrder
    | LockInventory
    | KnownRowAction
    | FulfillmentAction
    | SetFlags
)
HubAction = AddCustomers | CreateOrder | OrderAction | PlainAction
StoreAction = SendFulfillment | SetStoreStatus
ImportAction = CreateOrder | Skip | Note
