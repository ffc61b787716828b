"""Makers with defaults: a test names only what it is about. No server, no fixture."""

import dataclasses
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from schemas.account import Account
from schemas.hub import HubMatches, Variant
from schemas.money import round_money
from schemas.orders import ZERO, Address, Buyer, Kind, StoreCharge, StoreLine, StoreOrder
from schemas.platform import Platform
from schemas.rights import Grants, Right
from schemas.settings import STORE_SETTINGS
from schemas.stores import Store, StoreState

CREATED_AT: Final = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)

# Two made-up platforms, so that no test depends on a vendor's record: one keeps discounts inside the price and has
# a fixed delivery time, the other keeps them as a percentage.
INSIDE: Final = Platform(
    name="inside",
    imports={"processing": None, "unpaid": "orders.awaiting_payment"},
    statuses=frozenset({"processing", "unpaid", "completed", "cancelled"}),
    completed_status="completed",
    credentials=("key",),
    grants=Grants({right: (f"may {right}",) for right in Right}, where="the shop's settings"),
    discounts_inside_price=True,
    changes_travel=False,
    delivery_days=14,
)
PERCENT: Final = dataclasses.replace(
    INSIDE,
    name="percent",
    discounts_inside_price=False,
    changes_travel=True,
    delivery_days=None,
    items_have_delivery_days=True,
)


def money(amount: str | int) -> Decimal:
    """A decimal, short to write."""
    return Decimal(amount)


def store_line(external_id: str = "11", **changes: Any) -> StoreLine:
    """Two tins of oil at 21.00 without tax."""
    line = StoreLine(
        external_id=external_id,
        name="Hard-wax oil 1 l",
        sku="OIL-1",
        quantity=Decimal(2),
        amount=Decimal("42.00"),
        tax_rate=Decimal(19),
        tax=Decimal("7.98"),
        product_key="31",
    )
    return dataclasses.replace(line, **changes)


def plain_line(external_id: str, quantity: str | int, amount: Decimal | str | int, **changes: Any) -> StoreLine:
    """A line without tax, with a SKU of its own."""
    values = {"sku": f"SKU-{external_id}", "tax_rate": ZERO, "tax": None, **changes}
    return store_line(external_id, quantity=Decimal(quantity), amount=Decimal(amount), **values)


def store_charge(external_id: str = "21", **changes: Any) -> StoreCharge:
    """A parcel at 4.90 without tax."""
    charge = StoreCharge(
        external_id=external_id,
        name="DHL Paket",
        kind=Kind.SHIPPING,
        amount=Decimal("4.90"),
        tax_rate=Decimal(19),
        tax=Decimal("0.93"),
    )
    return dataclasses.replace(charge, **changes)


def store_order(**changes: Any) -> StoreOrder:
    """A table, two tins of oil and the parcel: 174.81 with tax. Totals that are not given follow lines and charges."""
    table = store_line(
        "12", name="Oak Table 120", sku="TBL-120", quantity=Decimal(1), amount=Decimal(100), tax=Decimal(19)
    )
    order = StoreOrder(
        external_id="5001",
        number="5001",
        status="processing",
        currency="EUR",
        created_at=CREATED_AT,
        updated_at=CREATED_AT,
        prices_include_tax=False,
        lines=(table, store_line()),
        charges=(store_charge(),),
        total_with_tax=ZERO,
        total_tax=ZERO,
        buyer=Buyer("Ada Lovelace", "ada@example.com", "7"),
        bill_to=Address(first_name="Ada", last_name="Lovelace", city="London", country="GB"),
        ship_to=Address(first_name="Ada", last_name="Lovelace", city="London", country="GB"),
        is_paid=True,
    )
    order = dataclasses.replace(order, **changes)
    return dataclasses.replace(order, **{**_totals(order), **changes})


def _totals(order: StoreOrder) -> dict[str, Decimal]:
    """What a store that adds up exactly and rounds each tax once would say."""
    amounts = [line.amount - line.discount for line in order.lines] + [charge.amount for charge in order.charges]
    taxes = [_tax(line, order) for line in order.lines] + [_tax(charge, order) for charge in order.charges]
    paid, tax = sum(amounts, ZERO) - order.order_discount, sum(taxes, ZERO)
    with_tax = paid if order.prices_include_tax else paid + tax
    return {"total_with_tax": with_tax, "total_tax": tax}


def _tax(part: StoreLine | StoreCharge, order: StoreOrder) -> Decimal:
    if part.tax is not None:
        return part.tax
    base = part.amount - (part.discount if isinstance(part, StoreLine) else ZERO)
    share = part.tax_rate / (100 + part.tax_rate) if order.prices_include_tax else part.tax_rate / 100
    return round_money(base * share, order.currency)


def store(platform: Platform = INSIDE, settings: dict[str, Any] | None = None, **changes: Any) -> Store:
    """An active store with every setting at its default but those given; it has no switch for custom items."""
    defaults = {key: setting.default for key, setting in STORE_SETTINGS.items() if key != "orders.custom_items"}
    one = Store(
        id=1,
        name="acme",
        platform=platform,
        url="https://acme.example",
        state=StoreState.ACTIVE,
        settings={**defaults, **(settings or {})},
    )
    return dataclasses.replace(one, **changes)


def account(**changes: Any) -> Account:
    """An account that keeps its books in euros."""
    return dataclasses.replace(Account(), **changes)


def variant(id: str = "v1", sku: str | None = "OIL-1", **changes: Any) -> Variant:
    """A hub item."""
    return dataclasses.replace(Variant(id=id, sku=sku, name="Oil", created_at=CREATED_AT), **changes)


def matches(*variants: Variant, **changes: Any) -> HubMatches:
    """What the hub knows: the variants by their SKU, else nothing."""
    by_sku: dict[str, tuple[Variant, ...]] = {}
    for one in variants:
        if one.sku:
            by_sku[one.sku] = (*by_sku.get(one.sku, ()), one)
    return dataclasses.replace(HubMatches(by_sku=by_sku), **changes)
