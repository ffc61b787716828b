"""WooCommerce's REST API v3: addresses, paging, what its answers mean. No rule about orders lives here."""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from marshmallow import ValidationError

from connectors import json_text
from connectors.changes import Batch, batch_of, batches, follow, horizon, is_id, newest_of, usable_id
from connectors.cursor import BEGINNING, SECOND, Cursor, naive
from connectors.errors import NotFound, Refused, Rejected, Unavailable
from connectors.http import Answer, HttpClient, NoWaits, Params, Waits, basic_auth, credential, oauth1
from connectors.store import StoreFacts
from schemas.errors import Unreadable
from schemas.fields import UtcTime
from schemas.money import MINOR_UNITS
from schemas.orders import Page, Snapshot, StoreOrder
from schemas.woocommerce import FIELDS, PLATFORM, digest, needs_refunds, read_order

PER_PAGE: Final = 100  # the most that WooCommerce gives

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
        waits: Waits | None = None,
        allow_insecure: bool = False,
    ) -> None:
        key, secret = (credential(credentials, name) for name in PLATFORM.credentials)
        auth = basic_auth if url.startswith("https://") else oauth1
        self.http = HttpClient(
            f"{url}/wp-json/wc/v3",
            auth=auth(key, secret),
            waits=waits or NoWaits(),
            allow_insecure=allow_insecure,
        )

    def check(self) -> StoreFacts:
        """Prove the address and the right to read orders."""
        self._orders({"per_page": 1, "_fields": "id"}).entries()
        return StoreFacts(currency=self._currency())

    def changed_orders(self, cursor: str | None) -> Iterator[Page]:
        """Pages of changed orders; at the first connection of all open ones, whatever their age (ORD-4)."""
        state = Cursor.read(cursor) if cursor else self._first_cursor()
        seen: set[tuple[str, str]] = set()
        if state.is_backfill:
            state = yield from self._run(state, seen)
        yield from self._run(state, seen)

    def _run(self, start: Cursor, seen: set[tuple[str, str]]) -> Generator[Page, None, Cursor]:
        """Everything from where the cursor stands; while backfilling only old orders that are still open."""
        only: Params = {}
        if start.is_backfill:
            only = {"status": ",".join(PLATFORM.imports), "modified_before": naive(start.recent + SECOND)}
        return (yield from follow(start, self._batches(start.since, only), _snapshot, seen=seen, now=_now))

    def cursor_since(self, moment: datetime) -> str:
        """The cursor that asks for everything changed since a moment."""
        return Cursor(moment, moment, moment).text()

    def snapshot(self, external_id: str) -> Snapshot:
        """One order with its refunds. Raises NotFound."""
        path = f"orders/{_digits(external_id)}"
        try:
            answer = self.http.get(path, {"_fields": ",".join(FIELDS)})
        except Rejected as error:
            if _NO_SUCH_ORDER in error.problem:
                raise NotFound(error.problem, request=error.request, status=error.status) from error
            raise
        order, text = answer.json(), answer.text
        if not isinstance(order, dict) or str(order.get("id")) != external_id:
            raise Unavailable("the answer is not the order that was asked for", request=answer.request)
        found = _snapshot((order, text))
        if not needs_refunds(order):
            return found
        payload = f'{{"order":{text},"refunds":[{",".join(self._refunds(path))}]}}'
        return replace(found, payload=payload, problem=_problem(json_text.read(payload)))

    def read(self, payload: str) -> StoreOrder:
        """A snapshot's payload as a StoreOrder. Raises Unreadable."""
        try:
            value = json_text.read(payload)
        except json_text.NotJson as error:
            raise Unreadable("", "is not JSON") from error
        return read_order(value)

    # -- pages ---------------------------------------------------------------------------------------------------

    def _first_cursor(self) -> Cursor:
        answer = self._orders(
            {"per_page": 1, "orderby": "modified", "order": "desc", "_fields": "id,date_modified_gmt"}
        )
        newest = newest_of(answer.entries(), _modified, horizon(answer)) or BEGINNING
        return Cursor.first(newest, now=_now())

    def _batches(self, start: datetime, only: Params) -> Iterator[Batch]:
        return batches(
            start,
            lambda since: _batch(self._changes(since - SECOND, {**only, "orderby": "modified"})),
            lambda second: self._walk_second(second, only),
            too_old="orders are not filtered by date of change: WooCommerce 5.8 or newer is needed",
        )

    def _walk_second(self, second: datetime, only: Params) -> Iterator[Batch]:
        """All orders modified in one second, by id.

        An order that leaves the second in between moves the others forward, past the next offset. So each page must
        begin with an order that is already known; if it does not, the walk steps back.
        """
        window = {**only, "modified_before": naive(second + SECOND), "orderby": "id"}
        known: set[str] = set()
        offset = 0
        while True:
            answer = self._changes(second - SECOND, {**window, "offset": offset})
            batch = replace(_batch(answer), is_last=False)
            names = [_name(entry) for entry in batch.entries]
            if offset and (not names or names[0] not in known):
                offset = max(0, offset - PER_PAGE)
                continue
            if offset and len(names) == PER_PAGE and known.issuperset(names):
                raise Unavailable("the store repeats a page", request=answer.request)
            known.update(names)
            yield batch
            if len(names) < PER_PAGE:
                return
            offset += PER_PAGE - 1

    def _changes(self, after: datetime, params: Params) -> Answer:
        # A time with a zone, together with dates_are_gmt, is silently shifted by the shop's UTC offset; without the
        # flag all times are the shop's. At the very beginning there is no lower bound: an old order may have no date.
        asked: Params = {"per_page": PER_PAGE, "order": "asc", "dates_are_gmt": "true", "_fields": ",".join(FIELDS)}
        bound = {"modified_after": naive(after)} if after > BEGINNING else {}
        return self._orders({**asked, **bound, **params})

    def _orders(self, params: Params) -> Answer:
        try:
            return self.http.get("orders", params)
        except NotFound as error:
            # Also for the seconds in which WooCommerce is being updated, so it is not the last word.
            words = f"there is no WooCommerce API at this address: {error.problem}"
            raise Unavailable(words, request=error.request, status=error.status) from error

    def _refunds(self, path: str) -> Iterator[str]:
        page = 1
        while True:
            entries = self.http.get(f"{path}/refunds", {"per_page": PER_PAGE, "page": page}).entries()
            yield from (text for _, text in entries)
            if len(entries) < PER_PAGE:
                return
            page += 1

    def _currency(self) -> str | None:
        try:
            setting = self.http.get("settings/general/woocommerce_currency").json()
        except (Refused, NotFound, Rejected):
            return None  # settings are for administrators' keys
        code = setting.get("value") if isinstance(setting, dict) else None
        return code if isinstance(code, str) and code in MINOR_UNITS else None


def _batch(answer: Answer) -> Batch:
    return batch_of(answer, answer.entries(), _modified, per_page=PER_PAGE, total=_total(answer))


def _modified(value: Any) -> datetime | None:
    """When an entry was modified, readable otherwise or not."""
    try:
        return _UTC_TIME.deserialize(value.get("date_modified_gmt")) if isinstance(value, dict) else None
    except ValidationError:
        return None


def _total(answer: Answer) -> int | None:
    text = answer.headers.get("X-WP-Total", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


# -- snapshots ---------------------------------------------------------------------------------------------------


def _snapshot(entry: tuple[Any, str]) -> Snapshot:
    value, text = entry
    mark = digest(value) if isinstance(value, dict) else sha256(text.encode()).hexdigest()
    try:
        order = read_order(value)
    except Unreadable as error:
        return Snapshot(usable_id(value) or f"unreadable:{mark[:12]}", None, mark, text, (error.path, error.problem))
    return Snapshot(order.external_id, order.updated_at, mark, None if needs_refunds(value) else text)


def _problem(payload: Any) -> tuple[str, str] | None:
    try:
        read_order(payload)
    except Unreadable as error:
        return error.path, error.problem
    return None


def _name(entry: tuple[Any, str]) -> str:
    return usable_id(entry[0]) or entry[1]


def _digits(external_id: str) -> str:
    """An id that is safe in an address. Raises NotFound: no order has another one."""
    if not is_id(external_id):
        raise NotFound(f"WooCommerce has no order {external_id[:40]!r}: its ids are numbers")
    return external_id


def _now() -> datetime:
    return datetime.now(UTC)
