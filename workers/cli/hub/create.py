"""A sales order made by hand, drafted by the rules that map a store's order. It belongs to no store (FUL-15)."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Final

from connectors.builtin_hub import lists
from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import Connection, stores
from schemas.account import Account
from schemas.actions import CreateOrder
from schemas.hub import HubMatches
from schemas.money import round_money
from schemas.orders import ZERO, Address, Buyer, StoreLine, StoreOrder
from schemas.platform import Platform
from schemas.stores import Store, StoreState
from tasks.orders.matches import find_matches
from tasks.rules.mapping import build_order
from tasks.rules.money import HUNDRED, WIDE
from workers.cli.hub.words import PricedRow
from workers.cli.output import Failed

# What the mapping asks of a store. The id is no store's, so nothing a store has linked is found.
_BY_HAND: Final = Store(
    id=0,
    name="hub",
    platform=Platform(
        "hub",
        imports={},
        statuses=frozenset(),
        completed_status="",
        credentials=(),
        items_have_delivery_days=True,
    ),
    url="",
    state=StoreState.ACTIVE,
)


@dataclass(frozen=True, slots=True)
class WantedOrder:
    """An order as a person asks for it."""

    customer: str
    rows: tuple[PricedRow, ...]
    tax: Decimal
    email: str | None = None
    currency: str | None = None
    location: str | None = None
    number: str | None = None


def draft_order(connection: Connection, wanted: WantedOrder) -> CreateOrder:
    """The order to create. Raises Failed for what the hub does not know."""
    account = stores.account(connection)
    if wanted.number and lists.is_order_no_used(connection, wanted.number):
        raise Failed(f"there is an order {wanted.number} already: leave out --number, or take another")
    number = wanted.number or lists.next_order_no(connection)
    asked = _as_store_order(wanted, number=number, currency=wanted.currency or account.base_currency)
    (matches,) = find_matches(
        BuiltinHub(connection), connection, store_id=_BY_HAND.id, orders=[asked], base=account.base_currency
    )
    _require(asked, account, matches)
    location = wanted.location or account.default_location
    action, _ = build_order(asked, store=_BY_HAND, account=account, matches=matches, location=location)
    rows = tuple(replace(row, external_id=None) for row in action.order.rows)
    return CreateOrder(
        replace(action.order, rows=rows, store_id=None, external_id=None, store_total=None, store_total_with_tax=None)
    )


def _as_store_order(wanted: WantedOrder, *, number: str, currency: str) -> StoreOrder:
    now = datetime.now(UTC)
    with localcontext(WIDE):
        lines = tuple(_line(row, wanted.tax, currency, place) for place, row in enumerate(wanted.rows, start=1))
        total = sum((round_money(line.amount, currency) for line in lines), ZERO)
        tax = sum((line.tax or ZERO for line in lines), ZERO)
    return StoreOrder(
        external_id=number,
        number=number,
        status="",
        currency=currency,
        created_at=now,
        updated_at=now,
        prices_include_tax=False,
        lines=lines,
        charges=(),
        total_with_tax=total + tax,
        total_tax=tax,
        buyer=Buyer(wanted.customer, wanted.email),
        bill_to=Address(),
        ship_to=Address(),
    )


def _line(row: PricedRow, tax_rate: Decimal, currency: str, place: int) -> StoreLine:
    amount = row.quantity * row.price
    tax = round_money(round_money(amount, currency) * tax_rate / HUNDRED, currency)
    return StoreLine(str(place), "", row.sku, row.quantity, amount, tax_rate, tax)


def _require(order: StoreOrder, account: Account, matches: HubMatches) -> None:
    """A person's SKU must exist: a mistyped one is no new product. Currencies as for a store's order (ORD-8)."""
    for line in order.lines:
        if line.sku not in matches.by_sku:
            raise Failed(f"the hub has no SKU {line.sku!r}: storesync hub product add {line.sku}")
    if order.currency == account.base_currency:
        return
    if not account.multi_currency:
        raise Failed(f"{order.currency} is not the base currency: storesync account set multi_currency=on")
    if matches.rate is None:
        raise Failed(f"there is no exchange rate for {order.currency}: storesync rates set {order.currency} RATE")
