"""Shopify's Admin API over GraphQL: which documents, paging, what answers mean. No rule about orders lives here."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from marshmallow import ValidationError

from connectors import json_text
from connectors.cursor import BEGINNING, SECOND, Cursor, naive
from connectors.errors import AnsweredInPart, NotFound, Rejected, Unavailable
from connectors.following import RawPage, dates_of, follow, horizon, is_id, listing, newest_of, raw_pages
from connectors.http import Shared
from connectors.rights import needing
from connectors.shopify.address import meant
from connectors.shopify.auth import auth_of
from connectors.shopify.check import check, shop_of
from connectors.shopify.client import GraphQL, GraphQLAnswer, user_errors, words_of
from connectors.shopify.customers import customers
from connectors.shopify.documents import FULFILL, MARKS, ONE_ORDER, ORDER_MARKS, ORDERS, ORDERS_PAGE, SIZES
from connectors.shopify.errors import BUYER_FIELDS, GraphQLError, is_closed, withheld
from connectors.shopify.pages import OrderParts, Pages, is_cut
from connectors.shopify.stock import Stock
from connectors.shopify.subscriptions import ShopifySubscriptions
from connectors.store import StoreFacts
from schemas.customers import StoreCustomer
from schemas.errors import Unreadable
from schemas.fields import UtcTime
from schemas.orders import ListedPage, Page, Snapshot, StoreOrder
from schemas.rights import Right
from schemas.shopify.fulfillments import fulfillment_json
from schemas.shopify.meaning import digest, kept
from schemas.shopify.order import read_order
from schemas.shopify.order_json import WITHHELD
from schemas.shopify.platform import PLATFORM
from schemas.stock import CataloguePage, NotTold, StoreLocation

if TYPE_CHECKING:
    from schemas.actions import SendFulfillment, TellStock

# Our clock and the shop's may differ by that much: what is read too early is skipped for its age.
_CLOCKS: Final = timedelta(hours=1)
FIRST_REACH: Final = timedelta(days=PLATFORM.backfill_days or 0) + _CLOCKS

# Orders that are read again beside what is new: fewer than elsewhere, for each costs the shop's points, and the clocks
# are Shopify's own.
ALONG: Final = 5
IN_PART: Final = "inPart"  # our own word in an order: it has to be asked for

_UTC_TIME: Final = UtcTime()


class Shopify:
    """One Shopify shop."""

    platform = PLATFORM

    def __init__(
        self,
        url: str,
        credentials: Mapping[str, str],
        *,
        shared: Shared | None = None,
        allow_insecure: bool = False,
    ) -> None:
        shared = shared or Shared()
        auth = auth_of(url, credentials, shared, allow_insecure=allow_insecure)
        self.graphql = GraphQL(url, auth, waits=shared.waits, allow_insecure=allow_insecure)
        self.http = self.graphql.http
        self._orders = Pages(self.graphql, ORDERS_PAGE, "orders", size=ORDERS, marks=ORDER_MARKS, optional=BUYER_FIELDS)
        self._marks = Pages(self.graphql, ORDER_MARKS, "orders", size=MARKS)
        self._parts = OrderParts(self.graphql)
        self.stock = Stock(self.graphql)
        self._url = url

    @staticmethod
    def meant(text: str) -> str:
        """NAME.myshopify.com, of that name alone, of any page of its, and of the admin."""
        return meant(text)

    def check(self, needs: Collection[Right] = ()) -> StoreFacts:
        """Prove the address, the right to read orders, and these rights by the app's scopes."""
        return check(self.graphql, self._url, needs)

    def shop(self) -> str:
        """The shop's lasting domain."""
        return shop_of(self.graphql, self._url)

    def subscriptions(self) -> ShopifySubscriptions:
        """The webhooks of our app."""
        return ShopifySubscriptions(self.graphql)

    def changed_orders(self, cursor: str | None, *, imports_from: datetime | None = None) -> Iterator[Page]:
        """Pages of changed orders; at first of those changed since the oldest that the store imports (ORD-2)."""
        state = Cursor.open(cursor, lambda: _first_cursor(imports_from))
        yield from follow(state, self._raw_pages(state.since, self._orders, SIZES), _snapshot, seen=set(), now=_now)

    def listed_orders(self, since: datetime) -> Iterator[ListedPage]:
        """Ids and dates alone, many at once: they cost few points."""
        yield from listing(self._raw_pages(since, self._marks, {}), _id, _updated)

    def snapshot(self, external_id: str) -> Snapshot:
        """One order with all its lines and parts. Raises NotFound."""
        if not is_id(external_id):
            raise NotFound(f"Shopify has no order {external_id[:40]!r}: its ids are numbers")
        wanted = {"id": f"gid://shopify/Order/{external_id}", **SIZES, **dict.fromkeys(BUYER_FIELDS, True)}
        told = self.graphql.ask(ONE_ORDER, wanted, in_part=True)
        order = told.data.get("order")
        if told.said:
            _take_in_part(told, order)
        if order is None and "order" in told.data:
            raise NotFound("the shop has no such order", request=told.answer.request)
        if _id(order) != external_id:
            raise Unavailable("the answer is not the order that was asked for", request=told.answer.request)
        found = _snapshot(_entry(order))
        if found.payload is not None:
            return found
        self._parts.complete(order, found.digest)
        return replace(_snapshot(_entry(order)), digest=found.digest)

    @staticmethod
    def read(payload: str) -> StoreOrder:
        """A snapshot's payload as a StoreOrder. Raises Unreadable."""
        return read_order(json_text.read_payload(payload))

    def catalogue(self, since: datetime | None = None, *, after: str | None = None) -> Iterator[CataloguePage]:
        """Every item with a SKU, or those whose variant changed since. What was deleted is not told of."""
        with needing(Right.READ_PRODUCTS, PLATFORM):
            yield from self.stock.catalogue(since, after)

    def customers(self) -> Iterator[tuple[StoreCustomer, ...]]:
        """Pages of all registered customers."""
        return customers(self.graphql)

    @needing(Right.READ_PRODUCTS, PLATFORM)
    def locations(self) -> tuple[StoreLocation, ...]:
        """The shop's locations, those of fulfilment services and closed ones too."""
        return self.stock.locations()

    @needing(Right.READ_PRODUCTS, PLATFORM)
    def find_items(self, skus: Sequence[str]) -> CataloguePage:
        """Every item whose SKU is exactly one of these."""
        return self.stock.find_items(skus)

    def stock_call(self, tell: TellStock) -> str:
        """Any item of a place goes with any other, but for those that are made active, each by a call of its own."""
        return f"{tell.place} {tell.external_id}" if tell.activates else tell.place

    @needing(Right.WRITE_STOCK, PLATFORM)
    def tell_stock(self, tells: Sequence[TellStock]) -> tuple[NotTold, ...]:
        """Set what is available of items at places; what was refused of it. Raises Rejected where nobody is named."""
        return self.stock.tell(tells)

    @needing(Right.WRITE_ORDERS, PLATFORM)
    def send_fulfillment(self, fulfillment: SendFulfillment) -> str:
        """Create one fulfilment, of which Shopify tells the buyer; its number. Raises Rejected.

        Nothing keeps it from being created twice: look at what is left to send before sending again (FUL-14).
        """
        if any(pieces % 1 for _, lines in fulfillment.taken for _, pieces in lines):
            raise Rejected("Shopify counts whole pieces: a part of one cannot be fulfilled")
        told = self.graphql.ask(FULFILL, {"fulfillment": fulfillment_json(fulfillment)})
        errors = user_errors(told, "fulfillmentCreate")
        if errors:
            raise Rejected(f"the shop refused the fulfilment ({words_of(errors[0])})", request=told.answer.request)
        found = told.data["fulfillmentCreate"].get("fulfillment")
        made = _id(found)
        if made is None or _id(found.get("order")) != fulfillment.external_id:
            raise Unavailable("the answer names no fulfilment of the order", request=told.answer.request)
        return made

    def set_status(self, external_id: str, status: str) -> None:
        """Raises Rejected: an order's status follows from its payments and fulfilments here."""
        raise Rejected(f"Shopify lets nobody give order {external_id} the status {status!r}")

    # -- pages ---------------------------------------------------------------------------------------------------

    def _raw_pages(self, start: datetime, pages: Pages, sizes: Mapping[str, int]) -> Iterator[RawPage]:
        return raw_pages(
            start,
            lambda since: self._raw_page(pages, pages.ask({"query": _since(since), **sizes})),
            lambda second: self._walk_second(second, pages, sizes),
            too_old="orders are not filtered by date of change: the shop ignores the search term updated_at",
        )

    def _walk_second(self, second: datetime, pages: Pages, sizes: Mapping[str, int]) -> Iterator[RawPage]:
        """All orders changed in one second."""
        query = f"{_since(second)} updated_at:<'{naive(second + SECOND)}Z'"
        for told in pages.walk({"query": query, **sizes}):
            yield self._raw_page(pages, told, is_last=False)

    def _raw_page(self, pages: Pages, told: GraphQLAnswer, *, is_last: bool | None = None) -> RawPage:
        orders, missing = told.data["orders"], pages.missing(told)
        left_out = pages.left_out
        told_in_part = [
            _in_part(order, missing.get(place, ()), left_out) for place, order in enumerate(orders["nodes"])
        ]
        entries = [_entry(order) for order in told_in_part]
        return RawPage(
            entries=entries,
            position=newest_of(entries, _updated) or BEGINNING,
            newest=newest_of(entries, _updated, horizon(told.answer)) or BEGINNING,
            total=None,
            is_last=not orders["pageInfo"]["hasNextPage"] if is_last is None else is_last,
            request=told.answer.request,
            dates=dates_of(entries, _updated),
            room=ALONG,
        )


def _in_part(order: Any, troubles: Sequence[GraphQLError], left_out: frozenset[str]) -> Any:
    """An order of a page without what is missing of it: its buyer, or all but what tells it from others (ORD-10)."""
    fields = withheld(troubles) if troubles else ()
    if not isinstance(order, dict) or not (troubles or left_out):
        return order
    if fields or not troubles:
        return {**dict.fromkeys(left_out), **order, WITHHELD: sorted({*fields, *left_out})}
    return {name: order.get(name) for name in ("id", "updatedAt")} | {IN_PART: True}


def _take_in_part(told: GraphQLAnswer, order: Any) -> None:
    """Say of an order which fields of its buyer are withheld. Raises for anything else that is missing."""
    missing = tuple(GraphQLError(one.code, one.path[1:]) for one in told.troubles if one.path[0] == "order")
    fields = withheld(missing) if len(missing) == len(told.troubles) else ()
    if fields and isinstance(order, dict):
        order[WITHHELD] = list(fields)
    elif any(is_closed(one) for one in missing):
        told.fail()
    else:
        raise AnsweredInPart(str(told.said), request=told.answer.request, status=told.answer.status)


def _entry(order: Any) -> tuple[Any, str]:
    """An order and its text."""
    return order, json.dumps(order, default=str)


def _since(moment: datetime) -> str:
    return f"updated_at:>='{naive(moment)}Z'"


def _first_cursor(imports_from: datetime | None) -> Cursor:
    start = _now() - FIRST_REACH
    if imports_from:
        start = min(start, imports_from - _CLOCKS)  # the first fetch may come long after the connection
    return Cursor(start, start, _now())


# -- snapshots ---------------------------------------------------------------------------------------------------


def _snapshot(entry: tuple[Any, str]) -> Snapshot:
    """An order of a page; one that did not fit on it has no payload."""
    value, text = entry
    mark = digest(value) if isinstance(value, dict) else sha256(text.encode()).hexdigest()
    if is_cut(value) or _is_in_part(value):
        # What is not here may have changed as well: then the order's time did.
        mark = sha256(f"{mark} {value.get('updatedAt')}".encode()).hexdigest()
        id_, updated = _id(value), _updated(value)
        if id_ and updated:
            return Snapshot(id_, updated, mark, None)
    try:
        order = read_order(value)
    except Unreadable as error:
        problem = (error.path, error.problem)
        return Snapshot(
            _id(value) or f"unreadable:{mark[:12]}", None, mark, json_text.write_again(kept(value)), problem
        )
    payload = json_text.write_again(kept(value))
    return Snapshot(order.external_id, order.updated_at, mark, payload, skus=order.skus, number=order.number)


def _is_in_part(value: Any) -> bool:
    return isinstance(value, dict) and value.get(IN_PART) is True


def _id(value: Any) -> str | None:
    gid = value.get("id") if isinstance(value, dict) else None
    number = gid.rpartition("/")[2] if isinstance(gid, str) else ""
    return number if number.strip("0") and is_id(number) else None


def _updated(value: Any) -> datetime | None:
    """When an order was changed, readable otherwise or not."""
    try:
        return _UTC_TIME.deserialize(value.get("updatedAt")) if isinstance(value, dict) else None
    except ValidationError:
        return None


def _now() -> datetime:
    return datetime.now(UTC)
