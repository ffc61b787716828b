"""A store's order as a sales order of the hub, field by field (SPEC chapter 4). It does not decide what may import."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Final

from schemas.account import Account
from schemas.actions import CreateOrder, Note
from schemas.hub import DraftOrder, DraftRow, ExchangeRate, HubMatches, HubOrder, NewItem, Variant
from schemas.money import money_text
from schemas.orders import ZERO, Kind, StoreCharge, StoreLine, StoreOrder
from schemas.reasons import Reason
from schemas.stores import Store
from tasks.rules import matching, money
from tasks.rules.eligibility import is_left_out
from tasks.rules.places import hub_location

ONE: Final = Decimal(1)
SHIPPING_ID: Final = "shipping"  # external id of a row that stands for several shipping charges


@dataclass(frozen=True, slots=True)
class _Case:
    """One order with everything its mapping depends on; `known` are the lines that have a row in the hub."""

    order: StoreOrder
    store: Store
    matches: HubMatches
    location: str
    known: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Layout:
    """The rows of an order as its store tells it now, the money of what a setting leaves out, and their proof."""

    rows: tuple[DraftRow, ...]
    left_out: tuple[money.RowMoney, ...]
    proof: money.Proof


@dataclass(frozen=True, slots=True)
class _Plan:
    """A row before its money is settled."""

    external_id: str
    item: Variant | NewItem | None
    kind: Kind
    sku: str | None
    name: str
    amount: money.Amount
    quantity: Decimal = ONE
    delivered_quantity: Decimal = ZERO
    ships: bool = False
    is_left_out: bool = False
    location: str | None = None  # the store's own location


_Pair = tuple[_Plan, money.RowMoney]


def build_order(
    order: StoreOrder, *, store: Store, account: Account, matches: HubMatches, location: str
) -> tuple[CreateOrder, list[Note]]:
    """The sales order to create and what a person should know of it; `location` is the store's hub location."""
    case = _Case(order, store, matches, location)
    with localcontext(money.WIDE):
        plans = _plan_rows(case)
        layout = _lay_out(plans, case)
        draft = _build_draft(case, layout, account=account, delivery_date=_delivery_date(case, plans, account))
    return CreateOrder(draft), _notes(case, layout.rows, layout.proof)


def build_rows(order: StoreOrder, hub_order: HubOrder, *, store: Store, matches: HubMatches) -> Layout:
    """The rows that the order would have if it were imported now; none where the store has nothing left on it.

    What a setting leaves out by now keeps the row that it has.
    """
    case = _Case(order, store, matches, hub_order.location, hub_order.known_lines)
    with localcontext(money.WIDE):
        return _lay_out(_plan_rows(case), case)


def _lay_out(plans: Sequence[_Plan], case: _Case) -> Layout:
    settled = money.settle_rows([plan.amount for plan in plans], case.order)
    kept, left_out = _arrange(list(zip(plans, settled, strict=True)), case)
    proof = money.proof([row for _, row in kept], case.order, left_out=left_out)
    return Layout(tuple(_build_row(plan, row, case) for plan, row in kept), tuple(left_out), proof)


# -- rows: the store's lines, then its other charges, then shipping ----------------------------------------------


def _plan_rows(case: _Case) -> list[_Plan]:
    order = case.order
    lines = [line for line in order.lines if line.quantity > 0]  # refunded and removed pieces are no rows (MAP-8)
    amounts = money.line_amounts(order, lines)
    plans = [_plan_line(line, amount, case) for line, amount in zip(lines, amounts, strict=True)]
    return plans + [_plan_charge(charge, case) for charge in order.charges]


def _plan_line(line: StoreLine, amount: money.Amount, case: _Case) -> _Plan:
    item = matching.match_item(line, case.matches, kind=_kind(line, case.store))
    return _Plan(
        external_id=line.external_id,
        item=item,
        kind=item.kind,
        sku=matching.sku_of(line),
        name=line.name or item.name,
        amount=amount,
        quantity=line.quantity,
        delivered_quantity=min(line.delivered_quantity, line.quantity),
        ships=True,
        is_left_out=is_left_out(line, case.store, case.known),
        location=line.location,
    )


def _kind(line: StoreLine, store: Store) -> Kind:
    """A product, but for a custom item that is nothing to touch: its store's setting says what that is (MAP-3)."""
    if line.is_custom and not line.is_physical:
        return Kind(str(store.settings.get("orders.custom_item_kind", Kind.PRODUCT)))
    return Kind.PRODUCT


def _plan_charge(charge: StoreCharge, case: _Case) -> _Plan:
    amount = money.Amount(charge.amount, charge.amount, charge.tax_rate, charge.tax)
    if not matching.is_service(charge):
        is_out = not case.store.is_on("orders.shipping_fee_line") and case.known.isdisjoint(
            {charge.external_id, SHIPPING_ID}
        )
        name = charge.name or "Shipping"
        return _Plan(charge.external_id, None, Kind.SHIPPING, None, name, amount, is_left_out=is_out)
    item = matching.match_service(charge, case.matches)
    return _Plan(charge.external_id, item, Kind.SERVICE, item.sku, matching.service_name(charge), amount)


def _arrange(pairs: Sequence[_Pair], case: _Case) -> tuple[list[_Pair], list[money.RowMoney]]:
    """The rows in their order, with at most one for shipping; and the money of what a setting leaves out."""
    left_out = [row for plan, row in pairs if plan.is_left_out]
    kept = [(plan, row) for plan, row in pairs if not plan.is_left_out]
    rows = [pair for pair in kept if pair[0].kind is not Kind.SHIPPING]
    shipping = [(plan, row) for plan, row in kept if plan.kind is Kind.SHIPPING and (row.total or row.tax)]
    return [*rows, *(shipping if len(shipping) < 2 else [_join(shipping, case.order)])], left_out


def _join(shipping: Sequence[_Pair], order: StoreOrder) -> _Pair:
    """Several shipping charges as one; settled before, so that each kept its own tax."""
    row = money.merge([row for _, row in shipping], order)
    paid = sum((plan.amount.paid for plan, _ in shipping), ZERO)
    name = ", ".join(dict.fromkeys(plan.name for plan, _ in shipping))
    amount = money.Amount(paid, paid, row.tax_rate, row.tax)
    return _Plan(SHIPPING_ID, None, Kind.SHIPPING, None, name, amount), row


def _build_row(plan: _Plan, settled: money.RowMoney, case: _Case) -> DraftRow:
    is_inside = case.store.platform.discounts_inside_price
    price = money.price_row(plan.amount, settled.total, plan.quantity, order=case.order, is_inside=is_inside)
    return DraftRow(
        external_id=plan.external_id,
        item=plan.item.id if isinstance(plan.item, Variant) else plan.item,
        kind=plan.kind,
        sku=plan.sku,
        name=plan.name,
        quantity=plan.quantity,
        price_per_unit=price.per_unit,
        discount_percent=price.discount_percent,
        tax_rate=settled.tax_rate,
        total=settled.total,
        tax=settled.tax,
        location=hub_location(plan.location, case.store) or case.location,
        delivered_quantity=plan.delivered_quantity,
        ships=plan.ships,
        batch_tracked=isinstance(plan.item, Variant) and plan.item.batch_tracked,
    )


# -- the order ---------------------------------------------------------------------------------------------------


def _build_draft(case: _Case, layout: Layout, *, account: Account, delivery_date: date) -> DraftOrder:
    order, proof, base = case.order, layout.proof, account.base_currency
    rate = _exchange_rate(case, base)
    return DraftOrder(
        order_no=order.number or order.external_id,
        store_id=case.store.id,
        external_id=order.external_id,
        customer=matching.match_customer(order.buyer, case.matches),
        customer_key=order.buyer.external_id,
        created_at=order.created_at,
        delivery_date=delivery_date,
        bill_to=order.bill_to,
        ship_to=order.ship_to,
        currency=order.currency,
        exchange_rate=rate.rate,
        exchange_rate_date=rate.on,
        total=proof.total,
        total_with_tax=proof.total_with_tax,
        total_base=money.in_base(proof.total, rate.rate, base),
        base_currency=base,
        store_total=proof.store_total,
        store_total_with_tax=proof.store_total_with_tax,
        total_mismatch=proof.is_mismatch,
        location=case.location,
        rows=layout.rows,
        customer_reference=order.customer_reference,
        notes=order.note,
        is_paid=bool(order.is_paid),
    )


def _exchange_rate(case: _Case, base: str) -> ExchangeRate:
    rate = money.exchange_rate(case.order, base, case.matches.rate)
    if rate is None:
        raise ValueError(f"order {case.order.external_id} has no exchange rate: it is skipped, not built")
    return rate


def _delivery_date(case: _Case, plans: Sequence[_Plan], account: Account) -> date:
    """The platform's fixed delivery time, else the account's; or the longest of the items', where they count."""
    platform = case.store.platform
    days = account.default_delivery_days if platform.delivery_days is None else platform.delivery_days
    if platform.items_have_delivery_days:
        days = max(_delivery_days(plan.item, account) for plan in plans if plan.ships and not plan.is_left_out)
    return case.order.created_at.date() + timedelta(days=days)


def _delivery_days(item: Variant | NewItem | None, account: Account) -> int:
    own = item.delivery_days if isinstance(item, Variant) else None
    return account.default_delivery_days if own is None else own


# -- what a person should know -----------------------------------------------------------------------------------


def _notes(case: _Case, rows: Sequence[DraftRow], proof: money.Proof) -> list[Note]:
    order = case.order
    notes = left_out_notes(order, case.store)
    nameless = [row.name for row in rows if row.ships and row.sku is None]
    if nameless:
        notes.append(Note(Reason.LINE_WITHOUT_SKU, {"names": nameless}))
    if order.withheld:
        notes.append(Note(Reason.BUYER_WITHHELD, {"fields": list(order.withheld)}))
    if order.ship_to_count > 1:
        notes.append(Note(Reason.SEVERAL_SHIP_TO, {"addresses": order.ship_to_count}))
    if order.refunded_apart:
        amount = money_text(order.refunded_apart, order.currency)
        notes.append(Note(Reason.REFUNDED_APART, {"amount": amount, "currency": order.currency}))
    if proof.is_mismatch:
        notes.append(mismatch_note(order.currency, [row.external_id for row in rows], proof))
    return notes


def left_out_notes(order: StoreOrder, store: Store, known: Collection[str] = ()) -> list[Note]:
    """Which of the order's custom items the store's settings leave out (MAP-3), but for lines that have a row."""
    dropped = [line.name for line in order.lines if line.quantity > 0 and is_left_out(line, store, known)]
    return [Note(Reason.CUSTOM_ITEMS_LEFT_OUT, {"names": dropped})] if dropped else []


def mismatch_note(currency: str, external_ids: Sequence[str | None], proof: money.Proof) -> Note:
    """That rows and store do not add up to the same, with every figure (MAP-6); the ids are the rows'."""
    figures = {
        "total": proof.total,
        "store_total": proof.store_total,
        "residual": proof.residual,
        "total_with_tax": proof.total_with_tax,
        "store_total_with_tax": proof.store_total_with_tax,
        "residual_with_tax": proof.residual_with_tax,
    }
    detail: dict[str, object] = {name: money_text(figure, currency) for name, figure in figures.items()}
    odd = [external_ids[place] for place in proof.odd_rows]
    detail |= {"currency": currency, **({"rows_with_odd_tax": odd} if odd else {})}
    return Note(Reason.TOTAL_MISMATCH, detail)
