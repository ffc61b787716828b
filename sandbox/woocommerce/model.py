"""What the WooCommerce stand-in keeps: settings, products, orders, refunds, webhooks. No rules and no JSON."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

ZERO: Final = Decimal(0)

STATUSES: Final = (
    "any",
    "trash",
    "auto-draft",
    "pending",
    "processing",
    "on-hold",
    "completed",
    "cancelled",
    "refunded",
    "failed",
    "checkout-draft",
)
HIDDEN: Final = frozenset({"trash", "auto-draft"})  # statuses that `any` leaves out

Meta = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TaxRate:
    """One row of the shop's tax table. Rates of one priority compete, of several add up or compound."""

    id: int
    country: str
    state: str
    percent: Decimal
    label: str
    tax_class: str = ""
    priority: int = 1
    compound: bool = False
    on_shipping: bool = True

    @property
    def code(self) -> str:
        """WooCommerce's name of the rate, "DE-MWST 19%-1"."""
        parts = (self.country, self.state, self.label.upper(), str(self.priority))
        return "-".join(part for part in parts if part)


TAX_RATES: Final = (
    TaxRate(1, "DE", "", Decimal(19), "MwSt 19%"),
    TaxRate(2, "DE", "", Decimal(7), "MwSt 7%", "reduced-rate"),
    TaxRate(3, "CA", "QC", Decimal(5), "GST"),
    TaxRate(4, "CA", "QC", Decimal("9.975"), "QST", priority=2),
    TaxRate(5, "US", "CA", Decimal("7.25"), "CA Sales Tax", on_shipping=False),
    TaxRate(6, "CA", "PE", Decimal(5), "GST"),
    TaxRate(7, "CA", "PE", Decimal(10), "PST", priority=2, compound=True),
)


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """How a shop is set up. `trust_forwarded_proto`: a proxy in front ends TLS and may say so."""

    timezone: str = "Europe/Berlin"
    currency: str = "EUR"
    decimals: int = 2
    round_at_subtotal: bool = False
    prices_include_tax: bool = True
    country: str = "DE"
    state: str = ""
    tax_rates: tuple[TaxRate, ...] = TAX_RATES
    version: str = "10.0.2"
    trust_forwarded_proto: bool = False
    safe_targets_only: bool = False
    webhooks_by_hand: bool = False
    number_prefix: str = ""


@dataclass(slots=True)
class Product:
    """A simple or variable product, or a variation (`parent_id` set)."""

    id: int
    name: str
    sku: str
    created: datetime
    modified: datetime
    parent_id: int = 0
    kind: str = "simple"
    regular_price: str = ""
    sale_price: str = ""
    tax_class: str = ""
    status: str = "publish"
    manage_stock: bool = True
    stock_quantity: int | None = 0
    stock_status: str = "instock"
    backorders: str = "no"
    virtual: bool = False
    weight: str = ""
    option: str = ""
    total_sales: int = 0
    meta: list[Meta] = field(default_factory=list)

    @property
    def price(self) -> Decimal:
        """What a buyer pays for one piece today."""
        return Decimal(self.sale_price or self.regular_price or 0)


@dataclass(slots=True)
class Line:
    """A line item; amounts are net, for all pieces, and not rounded (a price with tax leaves long fractions)."""

    id: int
    name: str
    product_id: int
    variation_id: int
    quantity: int
    subtotal: Decimal
    total: Decimal
    tax_class: str = ""
    subtotal_taxes: dict[int, Decimal] = field(default_factory=dict)
    taxes: dict[int, Decimal] = field(default_factory=dict)
    meta: list[Meta] = field(default_factory=list)
    parent_name: str | None = None
    sku: str | None = None  # what the line of a vanished product still says: nothing


@dataclass(slots=True)
class Charge:
    """A shipping line (`method_id` set) or a fee."""

    id: int
    name: str
    total: Decimal
    method_id: str | None = None
    tax_status: str = "taxable"
    tax_class: str = ""
    taxes: dict[int, Decimal] = field(default_factory=dict)
    meta: list[Meta] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Coupon:
    """A code of the shop and what it takes off: percent of each line, or an amount shared over them."""

    code: str
    kind: str
    amount: Decimal


@dataclass(slots=True)
class CouponLine:
    """A coupon used in an order."""

    id: int
    coupon: Coupon
    discount: Decimal
    discount_tax: Decimal


@dataclass(slots=True)
class TaxLine:
    """What one rate takes of one order."""

    id: int
    rate: TaxRate
    tax_total: Decimal
    shipping_tax_total: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """An order's money in whole cents."""

    discount: Decimal = ZERO
    discount_tax: Decimal = ZERO
    shipping: Decimal = ZERO
    shipping_tax: Decimal = ZERO
    cart_tax: Decimal = ZERO
    total: Decimal = ZERO

    @property
    def total_tax(self) -> Decimal:
        """All tax of the order."""
        return self.cart_tax + self.shipping_tax


@dataclass(slots=True)
class Refund:
    """Money given back; its lines carry negative quantities and amounts."""

    id: int
    created: datetime
    amount: Decimal
    reason: str
    lines: list[Line] = field(default_factory=list)
    shipping_lines: list[Charge] = field(default_factory=list)
    fee_lines: list[Charge] = field(default_factory=list)
    meta: list[Meta] = field(default_factory=list)


@dataclass(slots=True)
class Order:
    """An order. `raw` is JSON the shop answers verbatim instead of its own (a broken plugin's work)."""

    id: int
    created: datetime
    modified: datetime
    key: str
    currency: str
    prices_include_tax: bool
    status: str = "pending"
    number: str = ""
    created_via: str = "rest-api"
    customer_id: int = 0
    customer_note: str = ""
    billing: dict[str, str] = field(default_factory=dict)
    shipping: dict[str, str] = field(default_factory=dict)
    payment_method: str = ""
    payment_method_title: str = ""
    transaction_id: str = ""
    paid: datetime | None = None
    completed: datetime | None = None
    lines: list[Line] = field(default_factory=list)
    shipping_lines: list[Charge] = field(default_factory=list)
    fee_lines: list[Charge] = field(default_factory=list)
    coupon_lines: list[CouponLine] = field(default_factory=list)
    tax_lines: list[TaxLine] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    meta: list[Meta] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    status_before_trash: str = ""
    raw: bytes | None = None
    rendered: dict[int, bytes] = field(default_factory=dict)  # by the decimals it is written with

    @property
    def refunded(self) -> Decimal:
        """How much of the order has been given back."""
        return sum((refund.amount for refund in self.refunds), ZERO)


@dataclass(slots=True)
class Webhook:
    """A subscription; more than five failed deliveries in a row disable it."""

    id: int
    name: str
    topic: str
    delivery_url: str
    secret: str
    created: datetime
    status: str = "active"
    modified: datetime | None = None
    failures: int = 0
