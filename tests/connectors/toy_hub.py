"""A second hub, as small as one can be: asked as if over HTTP, without transactions, with ids that are no numbers.

It refuses to be asked while a transaction of ours is open: over HTTP that would hold rows for as long as it takes. What
it was told stands at once, and the same again does no harm. It marks nothing by itself: it is asked for what moved.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from psycopg.pq import TransactionStatus

from connectors.errors import HubRefused
from connectors.postgres import Connection
from schemas import actions
from schemas.actions import HubAction
from schemas.counts import CountedItem, Shelf
from schemas.groups import Answers, Group, GroupAnswer, Made
from schemas.hub import (
    Batch,
    Customer,
    DeliveryStatus,
    DraftOrder,
    DraftRow,
    HubOrder,
    HubRow,
    Location,
    LocationUses,
    NewCustomer,
    NewItem,
    OrderHead,
    StockLevel,
    Variant,
)
from schemas.hub_facts import HubFacts
from schemas.hub_news import DeletedOrder, HubNews, MovedSku, copy_of
from schemas.hub_search import Found, Links, Wanted
from schemas.names import order_named
from schemas.orders import ZERO, Address, Kind
from schemas.privacy import BuyersOrder, HubBuyer, OrderKey
from schemas.pruning import Portion
from tasks.rules.after import after, as_created

FACTS: Final = HubFacts("toy", has_flags=True, packs_rows=True, counts_direct=True, most_groups=5)


@dataclass
class Toy:
    """What stands in the toy hub, and what a person does there."""

    variants: list[Variant] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    orders: dict[str, HubOrder] = field(default_factory=dict)
    pieces: dict[str, Decimal] = field(default_factory=dict)  # on the one shelf, by SKU
    keys: dict[str, str] = field(default_factory=dict)  # what a store calls a product without SKU
    news: list[HubNews] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)  # every request, by its name
    count: int = 0

    def add_item(self, sku: str | None, name: str, kind: Kind = Kind.PRODUCT) -> str:
        """Make an item; its id."""
        made = Variant(self.new_id("v"), sku, name, kind, datetime.now(UTC))
        self.variants.append(made)
        return made.id

    def stock(self, sku: str, pieces: int) -> None:
        """Count pieces in."""
        self.pieces[sku] = self.pieces.get(sku, ZERO) + pieces
        self._tell(skus=(MovedSku(sku, on_shelf=True),))

    def ship(self, order_id: str, rows: Sequence[tuple[str, Decimal]]) -> None:
        """Deliver pieces of an order."""
        self.change(order_id, actions.DeliverRows(order_id, tuple(rows), source="hub"))

    def delete(self, order_id: str, by: str) -> None:
        """Delete an order."""
        gone = self.orders.pop(order_id)
        self._tell(deleted=(DeletedOrder(gone.order_no, gone.store_id, gone.external_id, by),))

    def change(self, order_id: str, action: actions.OrderAction) -> str:
        """Do something with an order; the id of what it made or touched."""
        before = self.orders[order_id]
        now = after(before, [action])
        made = self.new_id("f")
        fulfillments = (one if one.id else replace(one, id=made) for one in now.fulfillments)
        self.orders[order_id] = now = replace(now, fulfillments=tuple(fulfillments))
        self._follow(before, now)
        return made if len(now.fulfillments) > len(before.fulfillments) else order_id

    def new_id(self, what: str) -> str:
        """An id that nothing has."""
        self.count += 1
        return f"{what}-{self.count}"

    def add_order(self, order: HubOrder) -> None:
        """An order is there; what it promises moves."""
        self.orders[order.id] = order
        skus = {row.sku for row in order.rows if row.sku and row.kind is Kind.PRODUCT}
        self._tell(skus=tuple(MovedSku(sku, on_rows=True, of_stores=True) for sku in skus))

    def _follow(self, before: HubOrder, now: HubOrder) -> None:
        was, key = {row.id: row for row in before.rows}, (now.store_id, now.external_id)
        for row in now.rows:
            left = row.shipped_quantity - (was[row.id].shipped_quantity if row.id in was else row.gone_before)
            if row.sku and left:
                self.pieces[row.sku] = self.pieces.get(row.sku, ZERO) - left
                self._tell(skus=(MovedSku(row.sku, on_shelf=True),))
        kept = copy_of(now)
        moved = (before.fulfillments, before.flags, before.status) != (now.fulfillments, now.flags, now.status)
        if kept is not None and moved and key[0] is not None and key[1] is not None:
            self._tell(shipped=((key[0], key[1]),), copies=(kept,))

    def _tell(self, **news: object) -> None:
        self.news.append(HubNews(str(len(self.news) + 1), **news))  # type: ignore[arg-type]


class ToyHub:
    """The toy hub from our side; the connection is our own database's, where nothing may be open meanwhile."""

    facts = FACTS

    def __init__(self, toy: Toy, connection: Connection | None = None) -> None:
        self.toy = toy
        self._connection = connection

    def _ask(self, what: str) -> Toy:
        if self._connection is not None:
            assert self._connection.info.transaction_status is TransactionStatus.IDLE, f"{what} in an open transaction"
        self.toy.asked.append(what)
        return self.toy

    # -- reading -------------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """It answers."""
        self._ask("check")

    def find(self, wanted: Wanted) -> Found:
        """What is there of what is looked for."""
        toy = self._ask("find")
        services = {one.name.lower(): one for one in reversed(toy.variants) if one.kind is Kind.SERVICE}
        by_email = {one.email.lower(): one for one in reversed(toy.customers) if one.email}
        by_name = {one.name.lower(): one for one in reversed(toy.customers)}
        by_sku = {sku: tuple(one for one in toy.variants if one.sku == sku) for sku in wanted.skus}
        return Found(
            by_sku={sku: found for sku, found in by_sku.items() if found},
            by_id={one.id: one for one in toy.variants if one.id in wanted.variant_ids},
            services={name: services[name.lower()] for name in wanted.services if name.lower() in services},
            customers={one.id: one for one in toy.customers if one.id in wanted.customer_ids},
            by_email={mail: by_email[mail.lower()] for mail in wanted.emails if mail.lower() in by_email},
            by_name={name: by_name[name.lower()] for name in wanted.names if name.lower() in by_name},
        )

    def look_ahead(self, wanted: Wanted) -> None:
        """It may be asked as often as one likes."""
        self._ask("look_ahead")

    def order(self, hub_order_id: str) -> HubOrder | None:
        """An order; None where it is gone."""
        return self._ask("order").orders.get(hub_order_id)

    def orders(self, hub_order_ids: Sequence[str]) -> dict[str, HubOrder]:
        """Some orders."""
        found = self._ask("orders").orders
        return {one: found[one] for one in hub_order_ids if one in found}

    def find_order(self, store_id: int, external_id: str) -> str | None:
        """What a store's order became."""
        found = self._ask("find_order").orders.values()
        return next((one.id for one in found if (one.store_id, one.external_id) == (store_id, external_id)), None)

    def batches(self, variant_ids: Sequence[str], location: str) -> tuple[Batch, ...]:
        """There are none."""
        return ()

    def levels(self, skus: Sequence[str]) -> tuple[StockLevel, ...]:
        """What lies on the one shelf, and what orders promise of it."""
        toy = self._ask("levels")
        known = {one.sku for one in toy.variants if one.kind is Kind.PRODUCT}
        return tuple(self._level(toy, sku) for sku in sorted(set(skus)) if sku in known)

    def _level(self, toy: Toy, sku: str) -> StockLevel:
        rows = [row for order in toy.orders.values() for row in order.rows if row.sku == sku and _is_open(order)]
        promised = sum((row.quantity - row.shipped_quantity for row in rows), ZERO)
        pieces = toy.pieces.get(sku, ZERO)
        return StockLevel(sku, "main", pieces, promised, promised, promised, ZERO, is_counted=sku in toy.pieces)

    def stocked(self, *, after: str, limit: int) -> dict[str, str]:
        """The next SKUs."""
        found = {one.sku: one.name for one in self._ask("stocked").variants if one.sku and one.kind is Kind.PRODUCT}
        return {sku: found[sku] for sku in sorted(sku for sku in found if sku > after)[:limit]}

    def items(self, *, beyond: str | None, limit: int) -> tuple[Variant, ...]:
        """The next items."""
        every = self._ask("items").variants
        start = 0 if beyond is None else 1 + next(at for at, one in enumerate(every) if one.id == beyond)
        return tuple(every[start : start + limit])

    def find_buyer(
        self, email: str | None, *, customer_ids: Iterable[str] = (), orders: Iterable[OrderKey] = ()
    ) -> HubBuyer:
        """The customers that are meant, their orders, and orders of stores."""
        toy, ids, keys = self._ask("find_buyer"), set(customer_ids), set(orders)
        has_email = [one for one in toy.customers if email and (one.email or "").lower() == email.lower()]
        meant = [one for one in toy.customers if one.id in ids or one in has_email]
        whose = {one.id for one in meant}
        found = [
            BuyersOrder(
                one.id,
                (one.store_id, one.external_id) if one.store_id and one.external_id else None,
                one.order_no,
                one.head.created_at,
                one.head.customer.id,
                one.head.customer.name,
                one.head.customer.email,
                asdict(one.head.bill_to),
                asdict(one.head.ship_to),
                None,
                None,
            )
            for one in toy.orders.values()
            if one.head and (one.head.customer.id in whose or (one.store_id, one.external_id) in keys)
        ]
        return HubBuyer(tuple((one.id, one.name, one.email) for one in meant), tuple(found))

    def erase_buyer(self, *, customer_ids: Sequence[str], order_ids: Sequence[str]) -> list[str]:
        """Their orders are nobody's, and they are gone where they have no others."""
        toy, gone = self._ask("erase_buyer"), set(customer_ids)
        for order in (toy.orders[id_] for id_ in order_ids):
            if order.head:
                head, nobody = order.head, Customer(toy.new_id("c"), f"Erased {order.id}", None)
                gone |= {head.customer.id}
                bill_to, ship_to = (Address(country=one.country) for one in (head.bill_to, head.ship_to))
                anonymous = replace(head, customer=nobody, bill_to=bill_to, ship_to=ship_to)
                toy.orders[order.id] = replace(order, head=anonymous)
        gone -= {one.head.customer.id for one in toy.orders.values() if one.head}
        toy.customers[:] = [one for one in toy.customers if one.id not in gone]
        return sorted(gone)

    def cut_moves(self, before: datetime, beyond: int) -> Portion:
        """It keeps no moves."""
        return Portion(0)

    def has_counted(self) -> bool:
        """Whether anything lies on the shelf."""
        return bool(self._ask("has_counted").pieces)

    def shelves(self, skus: Sequence[str], *, store_id: int | None = None) -> dict[str, CountedItem]:
        """What a count goes by."""
        ids = {one.sku: one.id for one in self._ask("shelves").variants if one.sku in skus}
        return {
            level.sku: CountedItem(
                level.sku,
                ids[level.sku],
                Kind.PRODUCT,
                batch_tracked=False,
                is_bundle=False,
                shelves={"main": Shelf(level.in_stock, level.is_counted, level.committed if store_id else ZERO)},
            )
            for level in self.levels(skus)
        }

    def locations(self) -> tuple[Location, ...]:
        """The one shelf."""
        self._ask("locations")
        return (Location("main", "Main location"),)

    def location_uses(self, code: str) -> LocationUses | None:
        """It stays."""
        raise HubRefused("locations are made and removed in the toy hub itself")

    def takings(self, store_id: int, *, most: int) -> None:
        """Nobody adds up."""

    def closed_until(self) -> date | None:
        """Never."""
        return None

    def changes_since(self, cursor: str | None) -> HubNews:
        """What moved since, all in one."""
        news = self._ask("changes_since").news
        since = news[len(news) if cursor is None else int(cursor or "0") :]
        return HubNews(
            str(len(news)),
            skus=tuple(one for each in since for one in each.skus),
            shipped=tuple(dict.fromkeys(one for each in since for one in each.shipped)),
            copies=tuple({one.external_id: one for each in since for one in each.copies}.values()),
            deleted=tuple(one for each in since for one in each.deleted),
        )

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> bool:
        """It sends none."""
        return False

    def knock_at(self, address: str) -> str | None:
        """It sends none."""
        return None

    # -- writing -------------------------------------------------------------------------------------------------------

    @contextmanager
    def unit(self) -> Iterator[None]:
        """Nothing is opened."""
        yield

    def apply(self, groups: Sequence[Group]) -> Answers:
        """Each group is a request, whole or refused; what was told before stands."""
        answers = Answers()
        for group in groups:
            if answers.is_wanted(group):
                answers.by_name[group.name] = self._answer(group)
        return answers

    def _answer(self, group: Group) -> GroupAnswer:
        toy = self._ask(group.name)
        kept = {name: copy(value) for name, value in vars(toy).items()}
        try:
            return GroupAnswer(tuple((action, self._made(toy, action)) for action in group.actions))
        except HubRefused as error:
            vars(toy).update(kept)
            if not group.may_be_refused:
                raise
            return GroupAnswer(refusal=str(error))

    def _made(self, toy: Toy, action: HubAction) -> Made:
        made = self._carry_out(toy, action)
        match action:
            case actions.CreateOrder(order=draft):
                head = toy.orders[made].head
                customers = {draft.customer_key: head.customer.id} if head and draft.customer_key else {}
                return Made(made, Links(_linked(toy, draft.rows), customers))
            case actions.AddRow(row=row):
                return Made(made, Links(_linked(toy, [row])))
            case _:
                return Made(made)

    def rehearse(self, groups: Sequence[Group]) -> Answers:
        """What would come of it."""
        kept = {name: copy(value) for name, value in vars(self.toy).items()}
        try:
            return self.apply(groups)
        finally:
            vars(self.toy).update(kept)

    def _carry_out(self, toy: Toy, action: HubAction) -> str:
        match action:
            case actions.CreateOrder(order=draft):
                return self._create(toy, draft)
            case actions.AddItems(items=items):
                known = {one.sku for one in toy.variants}
                return ",".join(toy.add_item(sku, name) for sku, name in items if sku not in known)
            case actions.CountStock(lines=lines):
                for line in lines:
                    toy.stock(line.sku, int(line.delta))
                return "count"
            case actions.DeleteOrder(order_id=order_id):
                if _named(toy, order_id) in toy.orders:
                    toy.orders.pop(_named(toy, order_id))  # by us: no news
                return order_id
            case _ if isinstance(action, actions.OrderAction):
                return self._change(toy, action)
            case _:
                raise HubRefused(f"{type(action).__name__} is done in the toy hub itself")

    def _create(self, toy: Toy, draft: DraftOrder) -> str:
        """Once for each order of a store: who asks again has the same one."""
        key = (draft.store_id, draft.external_id)
        for one in toy.orders.values():
            if (one.store_id, one.external_id) == key:
                return one.id
        if not draft.rows:
            raise HubRefused(f"order {draft.order_no} has no rows")
        customer, made = self._customer(toy, draft), as_created(draft)
        head = OrderHead(
            customer, draft.created_at, draft.delivery_date, draft.exchange_rate_date, draft.bill_to, draft.ship_to
        )
        rows = (
            replace(row, variant_id=self._item(toy, wanted)) for row, wanted in zip(made.rows, draft.rows, strict=True)
        )
        order = replace(made, id=toy.new_id("so"), rows=tuple(rows), head=head)
        toy.add_order(order)
        return order.id

    def _customer(self, toy: Toy, draft: DraftOrder) -> Customer:
        wanted = draft.customer
        if not isinstance(wanted, NewCustomer):
            return wanted
        same = (one for one in toy.customers if wanted.email and (one.email or "").lower() == wanted.email.lower())
        customer = next(same, None) or Customer(toy.new_id("c"), wanted.name, wanted.email)
        toy.customers += [] if customer in toy.customers else [customer]
        return customer

    def _item(self, toy: Toy, row: DraftRow) -> str | None:
        wanted = row.item
        if not isinstance(wanted, NewItem):
            return wanted
        known = {one.sku: one.id for one in toy.variants if one.sku} | toy.keys
        key = wanted.sku or wanted.key or wanted.name.lower()
        if key not in known:
            known[key] = toy.add_item(wanted.sku, wanted.name, wanted.kind)
            toy.keys |= {} if wanted.sku else {key: known[key]}
        return known[key]

    def _change(self, toy: Toy, action: actions.OrderAction) -> str:
        order_id = _named(toy, getattr(action, "order_id", ""))
        if order_id not in toy.orders:
            raise HubRefused(f"order {order_id} is gone")
        order = toy.orders[order_id]
        if isinstance(action, actions.DeliverRows | actions.PackRows):
            rows = {row.id: row for row in order.rows}
            for row_id, pieces in action.rows:
                _refuse_more(rows[row_id], pieces)
        if isinstance(action, actions.AddRow):
            action = replace(action, row=replace(action.row, item=self._item(toy, action.row)))
        return toy.change(order_id, action)


def _linked(toy: Toy, rows: Sequence[DraftRow]) -> dict[str, str]:
    keys = {row.item.key for row in rows if isinstance(row.item, NewItem) and row.item.key}
    return {key: toy.keys[key] for key in keys if key in toy.keys}


def _named(toy: Toy, order_id: str) -> str:
    key = order_named(order_id)
    found = (one.id for one in toy.orders.values() if key and (one.store_id, one.external_id) == key)
    return next(found, order_id)


def _refuse_more(row: HubRow, pieces: Decimal) -> None:
    if pieces > row.quantity - row.delivered_quantity:
        raise HubRefused(f"{row.label}: {pieces} cannot be delivered")


def _is_open(order: HubOrder) -> bool:
    return order.status is not DeliveryStatus.DELIVERED and not order.flags.closed and not order.flags.voided
