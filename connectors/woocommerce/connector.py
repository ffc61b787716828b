"""WooCommerce's REST API v3: addresses, paging, what its answers mean. No rule about orders lives here."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn

from marshmallow import ValidationError

from connectors import json_text
from connectors.cursor import BEGINNING, SECOND, Cursor, naive
from connectors.errors import ConnectorError, CredentialsRefused, NotFound, Rejected, Unavailable
from connectors.following import (
    RawPage,
    follow,
    horizon,
    is_id,
    listing,
    newest_of,
    raw_page,
    raw_pages,
    usable_id,
)
from connectors.http import Anonymous, Answer, EitherAuth, HttpClient, Params, Shared, credential, oauth1
from connectors.rights import needing
from connectors.store import StoreFacts
from connectors.woocommerce.address import meant
from connectors.woocommerce.catalogue import CatalogueSizes, catalogue, find_items
from connectors.woocommerce.check import check, shop_of
from connectors.woocommerce.customers import customers
from connectors.woocommerce.diagnosis import explain
from connectors.woocommerce.orders import ORDER, Orders
from connectors.woocommerce.pages import PageSize, is_last, no_api, total_of, walk
from connectors.woocommerce.stock import stock_call, tell_stock
from connectors.woocommerce.subscriptions import WooSubscriptions
from schemas.customers import StoreCustomer
from schemas.fields import UtcTime
from schemas.orders import ListedPage, Page, Snapshot, StoreOrder
from schemas.rights import Right
from schemas.stock import CataloguePage, NotTold, StoreLocation
from schemas.woocommerce.order import read_order
from schemas.woocommerce.platform import PLATFORM
from schemas.woocommerce.refusals import is_own_refusal

if TYPE_CHECKING:
    from schemas.actions import SendFulfillment, TellStock

_UTC_TIME: Final = UtcTime()
_NO_SUCH_ORDER: Final = "woocommerce_rest_shop_order_invalid_id"


class WooCommerce:
    """One WooCommerce shop. Over plain http, which only sandboxes have, requests are signed (OAuth 1.0a)."""

    platform = PLATFORM

    def __init__(
        self,
        url: str,
        credentials: Mapping[str, str],
        *,
        shared: Shared | None = None,
        allow_insecure: bool = False,
    ) -> None:
        waits = (shared or Shared()).waits
        key, secret = (credential(credentials, name) for name in PLATFORM.credentials)
        if key.startswith("cs_") and secret.startswith("ck_"):
            words = "key and secret are swapped: the consumer_key begins with ck_, the consumer_secret with cs_"
            raise CredentialsRefused(words, cure="Give each in the other's place")
        self.http = HttpClient(
            f"{url}/wp-json/wc/v3",
            auth=EitherAuth(PLATFORM.credentials, key, secret) if url.startswith("https://") else oauth1(key, secret),
            waits=waits,
            is_own=is_own_refusal,
            allow_insecure=allow_insecure,
        )
        self._url = url
        self._webhook_secret = credentials.get("webhook_secret", "")
        # What everybody may read: credentials have no business there.
        self._site = HttpClient(
            url,
            auth=Anonymous(),
            waits=waits,
            is_own=is_own_refusal,
            allow_insecure=allow_insecure,
        )
        self._snapshots = Orders(self.http)
        self._size = PageSize()
        self._catalogue_sizes = CatalogueSizes()

    @staticmethod
    def meant(text: str) -> str:
        """The site, without the path of its API or its desk."""
        return meant(text)

    def check(self, needs: Collection[Right] = ()) -> StoreFacts:
        """Prove the address, the right to read orders, and what else is needed."""
        try:
            self._orders({"per_page": 1, "_fields": "id"}).entries(1)
        except ConnectorError as error:
            raise explain(error, self._site, self._url) from error
        return replace(check(self.http, needs), shop=self.shop())

    def shop(self) -> str:
        """The address that the shop has for itself."""
        return shop_of(self._site, self._url)

    def changed_orders(self, cursor: str | None, *, imports_from: datetime | None = None) -> Iterator[Page]:
        """Pages of changed orders; at the first connection of all open ones, whatever their age (ORD-4)."""
        state = Cursor.open(cursor, self._first_cursor)
        seen: set[tuple[str, str]] = set()
        if state.is_backfill:
            state = yield from self._run(state, seen)
        yield from self._run(state, seen)
        self._size.forget()

    def _run(self, start: Cursor, seen: set[tuple[str, str]]) -> Generator[Page, None, Cursor]:
        """Everything from where the cursor stands; while backfilling only old orders that are still open."""
        only: Params = {}
        if start.is_backfill:
            only = {"status": ",".join(PLATFORM.imports), "modified_before": naive(start.recent + SECOND)}
        return (
            yield from follow(start, self._raw_pages(start.since, only), self._snapshots.listed, seen=seen, now=_now)
        )

    def listed_orders(self, since: datetime) -> Iterator[ListedPage]:
        """Ids and dates alone, of orders in any status."""
        yield from listing(self._raw_pages(since, {"_fields": "id,date_modified_gmt"}), usable_id, _modified)
        self._size.forget()

    def snapshot(self, external_id: str) -> Snapshot:
        """One order with its refunds. Raises NotFound."""
        path = f"orders/{_digits(external_id)}"
        try:
            answer = self.http.get(path, ORDER)
        except Rejected as error:
            _say_not_found(error)
        return self._snapshots.one(path, (_order_of(answer, external_id), answer.text))

    @staticmethod
    def read(payload: str) -> StoreOrder:
        """A snapshot's payload as a StoreOrder. Raises Unreadable."""
        return read_order(json_text.read_payload(payload))

    # -- stock ---------------------------------------------------------------------------------------------------

    def catalogue(self, since: datetime | None = None, *, after: str | None = None) -> Iterator[CataloguePage]:
        """Products and variations, or those that changed; `gone` are those without a SKU of their own (any more)."""
        with needing(Right.READ_PRODUCTS, PLATFORM):
            yield from catalogue(self.http, since, after, self._catalogue_sizes)

    def customers(self) -> Iterator[tuple[StoreCustomer, ...]]:
        """Pages of all registered customers."""
        return customers(self.http)

    @needing(Right.READ_PRODUCTS, PLATFORM)
    def locations(self) -> tuple[StoreLocation, ...]:
        """None: WooCommerce keeps its stock in one place."""
        return ()

    @needing(Right.READ_PRODUCTS, PLATFORM)
    def find_items(self, skus: Sequence[str]) -> CataloguePage:
        """Every item with exactly one of these SKUs; a SKU with a comma costs a call of its own."""
        return find_items(self.http, skus)

    def stock_call(self, tell: TellStock) -> str:
        """All products are told in one call, the variations of each product in one of their own."""
        return stock_call(tell)

    @needing(Right.WRITE_STOCK, PLATFORM)
    def tell_stock(self, tells: Sequence[TellStock]) -> tuple[NotTold, ...]:
        """Set quantities; what was refused. Raises Rejected for a call that is refused whole."""
        return tell_stock(self.http, tells)

    # -- delivery ------------------------------------------------------------------------------------------------

    def send_fulfillment(self, fulfillment: SendFulfillment) -> str:
        """Raises Rejected: an order is completed by its status alone."""
        raise Rejected(f"WooCommerce has no fulfilments to tell of order {fulfillment.external_id}")

    @needing(Right.WRITE_ORDERS, PLATFORM)
    def set_status(self, external_id: str, status: str) -> None:
        """Give an order a status. Raises NotFound, and Rejected where the shop then shows another one."""
        path = f"orders/{_digits(external_id)}"
        try:
            answer = self.http.put(path, {"status": status})
        except Rejected as error:
            _say_not_found(error)
        except NotFound as error:
            raise no_api(error) from error  # an order that is not there is a 400 here
        order = _order_of(answer, external_id)
        if order.get("status") != status:
            words = f"the order is {str(order.get('status'))[:40]!r} after it was set to {status!r}"
            raise Rejected(words, request=answer.request, status=answer.status)

    def subscriptions(self) -> WooSubscriptions:
        """Its webhooks."""
        return WooSubscriptions(self.http, self._webhook_secret)

    # -- pages ---------------------------------------------------------------------------------------------------

    def _first_cursor(self) -> Cursor:
        answer = self._orders(
            {"per_page": 1, "orderby": "modified", "order": "desc", "_fields": "id,date_modified_gmt"}
        )
        newest = newest_of(answer.entries(1), _modified, horizon(answer)) or BEGINNING
        return Cursor.first(newest, now=_now())

    def _raw_pages(self, start: datetime, only: Params) -> Iterator[RawPage]:
        return raw_pages(
            start,
            lambda since: self._raw_page(self._changes(since - SECOND, {**only, "orderby": "modified"})),
            lambda second: self._walk_second(second, only),
            too_old="orders are not filtered by date of change: WooCommerce 5.8 or newer is needed",
        )

    def _walk_second(self, second: datetime, only: Params) -> Iterator[RawPage]:
        """All orders modified in one second, by id."""
        window = {**only, "modified_before": naive(second + SECOND), "orderby": "id"}
        pages = walk(lambda offset: self._changes(second - SECOND, {**window, "offset": offset}), self._size)
        for _, answer, _ in pages:
            yield replace(self._raw_page(answer), is_last=False)

    def _changes(self, after: datetime, params: Params) -> Answer:
        # A time with a zone, together with dates_are_gmt, is silently shifted by the shop's UTC offset; without the
        # flag all times are the shop's. At the very beginning there is no lower bound: an old order may have no date.
        asked: Params = {**ORDER, "order": "asc", "dates_are_gmt": "true"}
        bound = {"modified_after": naive(after)} if after > BEGINNING else {}
        return self._size.ask(lambda count: self._orders({**asked, **bound, **params, "per_page": count}))

    def _raw_page(self, answer: Answer) -> RawPage:
        size = self._size.now
        entries = answer.entries(size)
        page = raw_page(answer, entries, _modified, per_page=size, total=total_of(answer))
        return replace(page, is_last=is_last(answer, len(entries), is_news=bool(entries), per_page=size))

    def _orders(self, params: Params) -> Answer:
        try:
            return self.http.get("orders", params)
        except NotFound as error:
            raise no_api(error) from error


def _modified(value: Any) -> datetime | None:
    """When an entry was modified, readable otherwise or not."""
    try:
        return _UTC_TIME.deserialize(value.get("date_modified_gmt")) if isinstance(value, dict) else None
    except ValidationError:
        return None


def _order_of(answer: Answer, external_id: str) -> dict[str, Any]:
    order = answer.json()
    if not isinstance(order, dict) or str(order.get("id")) != external_id:
        raise Unavailable("the answer is not the order that was asked for", request=answer.request)
    return order


def _say_not_found(error: Rejected) -> NoReturn:
    """Raise NotFound where a refusal says that there is no such order, else the refusal."""
    if _NO_SUCH_ORDER in error.problem:
        raise NotFound(error.problem, request=error.request, status=error.status) from error
    raise error


def _digits(external_id: str) -> str:
    """An id that is safe in an address. Raises NotFound: no order has another one."""
    if not is_id(external_id):
        raise NotFound(f"WooCommerce has no order {external_id[:40]!r}: its ids are numbers")
    return external_id


def _now() -> datetime:
    return datetime.now(UTC)
