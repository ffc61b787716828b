"""The toy's API: addresses, pages, and what its answers mean. No rule about orders."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Any, Final

from marshmallow import ValidationError

from connectors import json_text
from connectors.cursor import SECOND, Cursor, naive
from connectors.errors import CredentialsRefused, NotFound, Rejected, Unavailable
from connectors.following import RawPage, follow, is_id, listing, raw_page, raw_pages, usable_id
from connectors.http import Answer, HeaderAuth, HttpClient, Params, Shared, credential
from connectors.rights import needing
from connectors.store import StoreFacts
from schemas.actions import SendFulfillment, TellStock
from schemas.customers import StoreCustomer
from schemas.errors import Unreadable
from schemas.fields import UtcTime
from schemas.orders import ListedPage, Page, Snapshot, StoreOrder
from schemas.reasons import Reason
from schemas.rights import Lack, Right
from schemas.stock import CataloguePage, NotTold, StoreItem, StoreLocation, another_sku
from tests.connectors.toy.order import Item, digest, read_items, read_order
from tests.connectors.toy.platform import PLATFORM

PER_PAGE: Final = 100

_TIME: Final = UtcTime()


def _is_own_refusal(_status: int, said: Any, _text: str) -> bool:
    return isinstance(said, dict) and isinstance(said.get("error"), str)


class Toy:
    """One toy shop."""

    platform = PLATFORM

    def __init__(
        self, url: str, credentials: Mapping[str, str], *, shared: Shared | None = None, allow_insecure: bool = False
    ) -> None:
        self._url = url
        self.http = HttpClient(
            f"{url}/api",
            auth=HeaderAuth("X-Toy-Key", credential(credentials, "key")),
            waits=(shared or Shared()).waits,
            is_own=_is_own_refusal,
            allow_insecure=allow_insecure,
        )

    @staticmethod
    def meant(text: str) -> str:
        """The address as it is."""
        return text.strip()

    def check(self, needs: Collection[Right] = ()) -> StoreFacts:
        """Prove the address, the key, and what it may do: a call of nothing changes nothing."""
        said = self.http.get("shop").json()
        lacks = [right for right in needs if right is Right.WRITE_STOCK and not self._may_tell_stock()]
        return StoreFacts(
            currency=said["currency"] if isinstance(said, dict) else None,
            lacks=tuple(Lack(right, PLATFORM.grants.names[right]) for right in lacks),
            unproved=tuple(right for right in needs if right is Right.WRITE_ORDERS),
            shop=self.shop(),
        )

    def _may_tell_stock(self) -> bool:
        try:
            self._told([])
        except CredentialsRefused:
            return False
        return True

    def shop(self) -> str:
        """Its address: a toy has no other name."""
        return self._url

    # -- orders --------------------------------------------------------------------------------------------------

    def changed_orders(self, cursor: str | None, *, imports_from: datetime | None = None) -> Iterator[Page]:
        """Pages of changed orders; at the first connection of all open ones."""
        state = Cursor.open(cursor, self._first_cursor)
        seen: set[tuple[str, str]] = set()
        if state.is_backfill:
            only: Params = {"status": "open", "before": naive(state.recent + SECOND)}
            state = yield from follow(state, self._pages(state.since, only), _snapshot, seen=seen, now=_now)
        yield from follow(state, self._pages(state.since, {}), _snapshot, seen=seen, now=_now)

    def _first_cursor(self) -> Cursor:
        newest = self._orders({"newest": 1, "limit": 1})
        return Cursor.first(newest.newest, now=_now())

    def _pages(self, start: datetime, only: Params) -> Iterator[RawPage]:
        def of_second(second: datetime) -> Iterator[RawPage]:
            page = None
            while page is None or not page.is_last:  # by id: whatever leaves the second moves no other
                last = page.entries[-1][0]["id"] if page else 0
                page = self._orders({**only, "since": naive(second), "before": naive(second + SECOND), "after": last})
                yield page

        def ask(since: datetime) -> RawPage:
            return self._orders({**only, "since": naive(since)})

        return raw_pages(start, ask, of_second, too_old="the shop knows no filter by date")

    def _orders(self, asked: Params) -> RawPage:
        answer = self.http.get("orders", {"limit": PER_PAGE, **asked})
        return raw_page(answer, answer.entries(PER_PAGE), _updated, per_page=PER_PAGE, total=None)

    def listed_orders(self, since: datetime) -> Iterator[ListedPage]:
        """Ids and dates; a toy shop gives all of an order or nothing."""
        yield from listing(self._pages(since, {}), usable_id, _updated)

    def snapshot(self, external_id: str) -> Snapshot:
        """One order. Raises NotFound."""
        answer = self.http.get(_path(external_id))
        return _snapshot((_order_of(answer, external_id), answer.text))

    @staticmethod
    def read(payload: str) -> StoreOrder:
        """A snapshot's payload as a StoreOrder. Raises Unreadable."""
        return read_order(json_text.read_payload(payload))

    # -- delivery ------------------------------------------------------------------------------------------------

    def send_fulfillment(self, fulfillment: SendFulfillment) -> str:
        """Raises Rejected: an order is sent by its status alone."""
        raise Rejected(f"a toy shop has no parcels to tell of order {fulfillment.external_id}")

    @needing(Right.WRITE_ORDERS, PLATFORM)
    def set_status(self, external_id: str, status: str) -> None:
        """Give an order a status. Raises NotFound and Rejected."""
        answer = self.http.put(_path(external_id), {"status": status})
        if _order_of(answer, external_id).get("status") != status:
            raise Unavailable(f"the order is not {status} after it was set so", request=answer.request)

    def subscriptions(self) -> None:
        """None: what a toy shop tells is set up in the shop."""

    # -- stock ---------------------------------------------------------------------------------------------------

    def catalogue(self, since: datetime | None = None, *, after: str | None = None) -> Iterator[CataloguePage]:
        """Items by their ids, or those that changed."""
        last = after or "0"
        while True:
            changed: Params = {"since": naive(since)} if since else {}
            with needing(Right.READ_PRODUCTS, PLATFORM):
                items = self._items({**changed, "after": last, "limit": PER_PAGE})
            last = items[-1].id if items else last
            yield CataloguePage(tuple(map(_store_item, items)), position=last)
            if len(items) < PER_PAGE:
                return

    def locations(self) -> tuple[StoreLocation, ...]:
        """None."""
        return ()

    def customers(self) -> Iterator[tuple[StoreCustomer, ...]]:
        """None."""
        return iter(())

    @needing(Right.READ_PRODUCTS, PLATFORM)
    def find_items(self, skus: Sequence[str]) -> CataloguePage:
        """Every item with exactly one of these SKUs."""
        found = self._items({"skus": ",".join(skus), "limit": PER_PAGE}) if skus else []
        return CataloguePage(tuple(_store_item(item) for item in found if item.sku in skus))

    def _items(self, asked: Params) -> list[Item]:
        answer = self.http.get("items", asked)
        return _read_items(answer.json(), answer)

    def stock_call(self, tell: TellStock) -> str:
        """All items travel in one call."""
        return "stock"

    @needing(Right.WRITE_STOCK, PLATFORM)
    def tell_stock(self, tells: Sequence[TellStock]) -> tuple[NotTold, ...]:
        """Set quantities; what was refused."""
        told = {item.id: item for item in self._told(tells)}
        if not told:
            raise Unavailable("the answer names none of the items")
        return tuple(no for tell in tells if (no := _verdict(tell, told.get(tell.external_id))))

    def _told(self, tells: Sequence[TellStock]) -> list[Item]:
        sent = [{"id": tell.external_id, "sku": tell.sku, "pieces": max(0, tell.quantity)} for tell in tells]
        answer = self.http.post("stock", {"items": sent})
        return _read_items(answer.json(), answer)


def _verdict(tell: TellStock, item: Item | None) -> NotTold | None:
    if item is None:
        return NotTold(tell.external_id, tell.place, Reason.STORE_UNAVAILABLE, "the answer leaves the item out")
    if item.error == "gone":
        return NotTold(tell.external_id, tell.place, Reason.STORE_ITEM_GONE)
    return another_sku(tell, item.sku) if item.sku != tell.sku else None


def _store_item(item: Item) -> StoreItem:
    return StoreItem(item.id, item.sku, item.name, is_tracked=item.pieces is not None, shown={"": item.pieces})


def _read_items(value: Any, answer: Answer) -> list[Item]:
    try:
        return read_items(value)
    except Unreadable as error:
        raise Unavailable(f"the answer is no list of items: {error}", request=answer.request) from error


def _snapshot(entry: tuple[Any, str]) -> Snapshot:
    value, text = entry
    mark = digest(value) if isinstance(value, dict) else sha256(text.encode()).hexdigest()
    unread = partial(Snapshot, updated_at=None, digest=mark, payload=text)
    try:
        order = read_order(value)
    except Unreadable as error:
        return unread(usable_id(value) or f"unreadable:{mark[:12]}", problem=(error.path, error.problem))
    return Snapshot(order.external_id, order.updated_at, mark, text, skus=order.skus, number=order.number)


def _updated(value: Any) -> datetime | None:
    try:
        return _TIME.deserialize(value.get("updated")) if isinstance(value, dict) else None
    except ValidationError:
        return None


def _order_of(answer: Answer, external_id: str) -> dict[str, Any]:
    order = answer.json()
    if not isinstance(order, dict) or str(order.get("id")) != external_id:
        raise Unavailable("the answer is not the order that was asked for", request=answer.request)
    return order


def _path(external_id: str) -> str:
    if not is_id(external_id):
        raise NotFound(f"a toy shop has no order {external_id[:40]!r}: its ids are numbers")
    return f"orders/{external_id}"


def _now() -> datetime:
    return datetime.now(UTC)
