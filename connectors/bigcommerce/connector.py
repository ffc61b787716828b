"""BigCommerce's orders API v2: addresses, paging, limits, what its answers mean. No rule about orders lives here.

The store URL is the shop's API path, https://api.bigcommerce.com/stores/HASH, as the control panel shows it beside the
access token. One call brings 250 orders with their lines, addresses and fees. Stock is of `stock.py`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from connectors import json_text
from connectors.bigcommerce.address import meant
from connectors.bigcommerce.check import check, shop_of
from connectors.bigcommerce.client import RESERVE, ShopClient
from connectors.bigcommerce.customers import customers
from connectors.bigcommerce.stock import Inventory
from connectors.bigcommerce.subscriptions import BigSubscriptions
from connectors.cursor import BEGINNING, LOOK_BACK, SECOND, Cursor
from connectors.errors import NotFound, Rejected, TooLarge, Unavailable
from connectors.following import (
    Entries,
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
from connectors.http import Answer, Params, Shared, more_than
from connectors.rights import needing
from connectors.store import StoreFacts
from schemas.bigcommerce.order import digest, has_shipments, needs_parts, needs_shipments, read_order
from schemas.bigcommerce.order_json import kept
from schemas.bigcommerce.platform import OPEN_STATUSES, PLATFORM, STATUS_IDS
from schemas.bigcommerce.shipment import read_made, shipment
from schemas.customers import StoreCustomer
from schemas.errors import Unreadable
from schemas.orders import ListedPage, Page, Snapshot, StoreOrder
from schemas.rights import Right
from schemas.stock import CataloguePage, NotTold, StoreLocation

if TYPE_CHECKING:
    from schemas.actions import SendFulfillment, TellStock

__all__ = ["PER_PAGE", "RESERVE", "BigCommerce"]

PER_PAGE: Final = 250  # the most that BigCommerce gives
MOST_PART_PAGES: Final = 50  # of an order's lines: a shop that repeats a page would never come to an end

_INCLUDE: Final = {"include": "consignments.line_items,fees", "consignment_structure": "object"}
_PARTS: Final = ("products", "shipping_addresses", "fees")
_OPEN: Final = tuple(str(STATUS_IDS[word]) for word in OPEN_STATUSES)  # asked for one by one: no filter takes two


class BigCommerce:
    """One BigCommerce shop."""

    platform = PLATFORM

    def __init__(
        self,
        url: str,
        credentials: Mapping[str, str],
        *,
        shared: Shared | None = None,
        allow_insecure: bool = False,
    ) -> None:
        self.http = ShopClient(url, credentials, waits=(shared or Shared()).waits, allow_insecure=allow_insecure)
        self._url = url
        self._webhook_secret = credentials.get("webhook_secret", "")
        self._inventory = Inventory(self.http)
        self._per_page = PER_PAGE

    @staticmethod
    def meant(text: str) -> str:
        """The shop's API path, of its hash, of the address that it was born with, of a path below it. Raises Unsafe."""
        return meant(text)

    def check(self, needs: Collection[Right] = ()) -> StoreFacts:
        """Prove the address, the token, and what it may do."""
        try:
            return check(self.http, self._url, needs)
        except NotFound as error:
            words = f"there is no BigCommerce shop at this address: {error.problem}"
            cure = "Look at the hash in the API path: Settings → API accounts"
            raise Unavailable(words, request=error.request, status=error.status, cure=cure) from error

    def shop(self) -> str:
        """The shop's hash."""
        return shop_of(self.http, self._url)

    def subscriptions(self) -> BigSubscriptions:
        """Its webhooks."""
        return BigSubscriptions(self.http, self._webhook_secret)

    def changed_orders(self, cursor: str | None, *, imports_from: datetime | None = None) -> Iterator[Page]:
        """Pages of changed orders; at the first connection of all open ones, whatever their age (ORD-1)."""
        state = Cursor.open(cursor, self._first_cursor)
        seen: set[tuple[str, str]] = set()
        while state.is_backfill:
            state = yield from self._backfill(state, seen)
        # Only a first connection reads what changed long before the newest change that it knows of, or a person's wish.
        news_since = min(state.known - LOOK_BACK, state.again or state.known)
        snapshot = partial(_snapshot, news_since=news_since)
        yield from follow(state, self._raw_pages(state.since, _INCLUDE), snapshot, seen=seen, now=_now)

    def _backfill(self, start: Cursor, seen: set[tuple[str, str]]) -> Generator[Page, None, Cursor]:
        """Old orders in one of the statuses that may import: whether they do is for the store's settings."""
        only = {**_INCLUDE, "status_id": start.part, "max_date_modified": _written(start.recent + SECOND)}
        rest = _OPEN[_OPEN.index(start.part) + 1 :]
        pages = self._raw_pages(start.since, only)
        return (yield from follow(start, pages, _snapshot, seen=seen, now=_now, next_part=rest[0] if rest else ""))

    def listed_orders(self, since: datetime) -> Iterator[ListedPage]:
        """Orders without their lines and addresses: no call brings less of them."""
        yield from listing(self._raw_pages(since, {}), usable_id, _modified)

    def snapshot(self, external_id: str) -> Snapshot:
        """One order with its lines, addresses and fees. Raises NotFound."""
        path = _path(external_id)
        answer = self.http.get(path, _INCLUDE)
        order, text = _order_of(answer, external_id), answer.text
        parts = [*(_PARTS if needs_parts(order) else ()), *(("shipments",) if has_shipments(order) else ())]
        found = _snapshot((order, text))
        if not parts:
            return found
        return _whole(found, f'{{"order":{text},{",".join(self._parts(path, parts))}}}')

    @staticmethod
    def read(payload: str) -> StoreOrder:
        """A snapshot's payload as a StoreOrder. Raises Unreadable."""
        return read_order(json_text.read_payload(payload))

    # -- stock ---------------------------------------------------------------------------------------------------

    def catalogue(self, since: datetime | None = None, *, after: str | None = None) -> Iterator[CataloguePage]:
        """Every item that carries stock, or those whose product changed since a moment."""
        with needing(Right.READ_PRODUCTS, PLATFORM):
            yield from self._inventory.catalogue(since, after)

    def customers(self) -> Iterator[tuple[StoreCustomer, ...]]:
        """Pages of all registered customers."""
        return customers(self.http)

    @needing(Right.READ_PRODUCTS, PLATFORM)
    def locations(self) -> tuple[StoreLocation, ...]:
        """The shop's locations; stock is told to the default one."""
        return self._inventory.locations()

    @needing(Right.READ_PRODUCTS, PLATFORM)
    def find_items(self, skus: Sequence[str]) -> CataloguePage:
        """Every item whose SKU is exactly one of these."""
        return self._inventory.find(skus)

    def stock_call(self, _: TellStock) -> str:
        """Any item goes with any other."""
        return ""

    @needing(Right.WRITE_STOCK, PLATFORM)
    def tell_stock(self, tells: Sequence[TellStock]) -> tuple[NotTold, ...]:
        """Show quantities at the shop's default place; what was refused of them. Raises Rejected (STK-8)."""
        return self._inventory.tell(tells)

    # -- fulfilment ----------------------------------------------------------------------------------------------

    @needing(Right.WRITE_ORDERS, PLATFORM)
    def send_fulfillment(self, fulfillment: SendFulfillment) -> str:
        """Make a shipment of one fulfilment; its id. Raises Rejected, NotFound.

        A carrier that the shop does not know is told again as a comment: the goods matter more than the link.
        """
        path = f"{_path(fulfillment.external_id)}/shipments"
        try:
            body = shipment(fulfillment)
        except ValueError as error:
            raise Rejected(f"BigCommerce cannot be told of this fulfilment: {error}") from error
        try:
            answer = self.http.post(path, body.fields)
        except Rejected as error:
            if not body.carrier or "tracking_carrier" not in str(error):
                raise
            answer = self.http.post(path, body.without_carrier())
        try:
            return read_made(answer.json(), fulfillment)
        except Unreadable as error:
            raise Unavailable(f"the answer is not this shipment: {error}", request=answer.request) from error

    @needing(Right.WRITE_ORDERS, PLATFORM)
    def set_status(self, external_id: str, status: str) -> None:
        """Give an order a status. Raises NotFound, and Rejected where the shop then shows another one.

        Nothing but the status travels: whatever else of an order is written may take discounts off its lines.
        """
        if status not in STATUS_IDS:
            raise Rejected(f"BigCommerce has no status {status!r} that an order can be given")
        answer = self.http.put(_path(external_id), {"status_id": STATUS_IDS[status]})
        shown = _order_of(answer, external_id).get("status_id")
        if shown != STATUS_IDS[status]:
            words = f"the order has the status {str(shown)[:20]} after it was set to {STATUS_IDS[status]}"
            raise Rejected(words, request=answer.request, status=answer.status)

    # -- pages ---------------------------------------------------------------------------------------------------

    def _first_cursor(self) -> Cursor:
        answer = self.http.get("v2/orders", {"limit": 1, "sort": "date_modified:desc"})
        newest = newest_of(_entries(answer, 1), _modified, horizon(answer)) or BEGINNING
        return Cursor.first(newest, now=_now(), part=_OPEN[0])

    def _raw_pages(self, start: datetime, only: Params) -> Iterator[RawPage]:
        return raw_pages(
            start,
            lambda since: self._since(since, only),
            lambda second: self._walk_second(second, only),
            too_old="orders are not filtered by date of change",
        )

    def _since(self, second: datetime, only: Params) -> RawPage:
        """The first page from a second on.

        Whether a bound is itself within is not documented: asked for from a second before, and once more where that
        second is a page of its own. At the very beginning there is no bound: an old order may have no date.
        """
        if second <= BEGINNING:
            return self._raw_page({**only, "sort": "date_modified:asc"})
        before, exactly = (
            {**only, "min_date_modified": _written(bound), "sort": "date_modified:asc"}
            for bound in (second - SECOND, second)
        )
        page = self._raw_page(before)
        return page if page.is_last or page.position >= second else self._raw_page(exactly)

    def _walk_second(self, second: datetime, only: Params) -> Iterator[RawPage]:
        """All orders modified in one second, by id: each page asks for what is beyond the last one's."""
        window = {"min_date_modified": _written(second - SECOND), "max_date_modified": _written(second + SECOND)}
        beyond = 0
        while True:
            page = self._raw_page({**only, **window, "sort": "id:asc", "min_id": beyond + 1})
            # The window is wider than the second, for bounds that are not within: what is beyond is not all of it.
            yield replace(page, is_last=False, position=second)
            if page.is_last:
                return
            last = max(int(usable_id(value) or 0) for value, _ in page.entries)
            if last <= beyond:
                raise Unavailable("the store repeats a page", request=page.request)
            beyond = last

    def _raw_page(self, params: Params) -> RawPage:
        """A page of as many orders as we take at once: 250 of a wholesaler's may be too much."""
        while True:
            try:
                answer = self.http.get("v2/orders", {"limit": self._per_page, **params})
            except TooLarge:
                if self._per_page == 1:
                    raise
                self._per_page //= 2
                continue
            return raw_page(answer, _entries(answer, self._per_page), _modified, per_page=self._per_page, total=None)

    def _parts(self, path: str, parts: Sequence[str]) -> Iterator[str]:
        for part in parts:
            yield f'"{part}":[{",".join(self._all(path, part))}]'

    def _all(self, path: str, part: str) -> Iterator[str]:
        page = 1
        while True:
            answer = self.http.get(f"{path}/{part}", {"limit": PER_PAGE, "page": page})
            named = _named(answer, part)
            if named is not None:
                yield from named
                return
            entries = _entries(answer, PER_PAGE)
            if page > MOST_PART_PAGES:
                raise Unavailable(f"the shop's list of {part} has no end", request=answer.request)
            yield from (text for _, text in entries)
            if len(entries) < PER_PAGE:
                return
            page += 1


def _path(external_id: str) -> str:
    """Where an order is. Raises NotFound for what cannot be one."""
    if not is_id(external_id):
        raise NotFound(f"BigCommerce has no order {external_id[:40]!r}: its ids are numbers")
    return f"v2/orders/{external_id}"


def _order_of(answer: Answer, external_id: str) -> dict[str, Any]:
    order = answer.json()
    if not isinstance(order, dict) or str(order.get("id")) != external_id:
        raise Unavailable("the answer is not the order that was asked for", request=answer.request)
    return order


def _entries(answer: Answer, most: int) -> Entries:
    """A list; an empty one comes as 204 without a body."""
    return [] if answer.status == 204 else answer.entries(most)


def _named(answer: Answer, part: str) -> list[str] | None:
    """All entries of a list that comes beneath its name, as fees are documented; None where it does not."""
    value = None if answer.status == 204 else answer.json()
    entries = value.get(part) if isinstance(value, dict) else None
    if isinstance(entries, list) and len(entries) > PER_PAGE:
        raise Unavailable(more_than(PER_PAGE), request=answer.request)
    return [json.dumps(one, default=str) for one in entries] if isinstance(entries, list) else None


def _modified(value: Any) -> datetime | None:
    """When an entry was modified, readable otherwise or not."""
    try:
        moment = parsedate_to_datetime(value["date_modified"])
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _written(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0))


# -- snapshots ---------------------------------------------------------------------------------------------------


def _snapshot(entry: tuple[Any, str], *, news_since: datetime = BEGINNING) -> Snapshot:
    """An entry of a list, with no payload where it has to be asked for."""
    value, text = entry
    mark = digest(value) if isinstance(value, dict) else sha256(text.encode()).hexdigest()
    has_lines = not needs_parts(value)
    try:
        order = read_order(value if has_lines else {"order": value})
    except Unreadable as error:
        id_, problem = usable_id(value) or f"unreadable:{mark[:12]}", (error.path, error.problem)
        return Snapshot(id_, None, mark, json_text.write_again(kept(value)), problem)
    # What was shipped before the shop was connected was never ours: a month of it is not asked for one by one.
    is_news = order.updated_at >= news_since or order.status in OPEN_STATUSES
    has_all = has_lines and not (is_news and needs_shipments(value))
    skus = order.skus if has_lines else None
    payload = json_text.write_again(kept(value)) if has_all else None
    return Snapshot(order.external_id, order.updated_at, mark, payload, skus=skus, number=order.number)


def _whole(found: Snapshot, text: str) -> Snapshot:
    """A snapshot with what is read of the order and its parts as its payload."""
    value = json_text.read(text)
    payload = json_text.write_again(kept(value))
    try:
        skus = read_order(value).skus
    except Unreadable as error:
        return replace(found, payload=payload, problem=(error.path, error.problem))
    return replace(found, payload=payload, problem=None, skus=skus)


def _now() -> datetime:
    return datetime.now(UTC)
