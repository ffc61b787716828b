"""WooCommerce's REST API v3: addresses, paging, what its answers mean. No rule about orders lives here."""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any, Final

from marshmallow import ValidationError

from connectors import json_text
from connectors.errors import NotFound, Refused, Rejected, Unavailable
from connectors.http import Answer, HttpClient, NoWaits, Params, Waits, basic_auth, oauth1
from connectors.store import StoreFacts
from connectors.woocommerce_cursor import BEGINNING, SECOND, Cursor, naive
from schemas.errors import Unreadable
from schemas.fields import UtcTime
from schemas.money import MINOR_UNITS
from schemas.orders import Page, Snapshot, StoreOrder
from schemas.woocommerce import FIELDS, PLATFORM, digest, needs_refunds, read_order

PER_PAGE: Final = 100  # the most that WooCommerce gives
LIKELY_AHEAD: Final = timedelta(seconds=60)  # a change dated later than this is a broken date, not a clock

_UTC_TIME: Final = UtcTime()
_NO_SUCH_ORDER: Final = "woocommerce_rest_shop_order_invalid_id"

Entries = list[tuple[Any, str]]


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
        key, secret = (_credential(credentials, name) for name in PLATFORM.credentials)
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
        only = {}
        if start.is_backfill:
            only = {"status": ",".join(PLATFORM.imports), "modified_before": naive(start.recent + SECOND)}
        state = start.begin(_now())
        newest = state.known
        is_one_page = start.settled is None
        for batch in self._batches(state.since, only):
            newest = max(newest, batch.newest)
            state = state.reach(batch.position, newest=newest, now=_now())
            if batch.is_last:
                state = state.end(is_one_page=is_one_page)
            is_one_page = False
            # The second between two pages is in both of them; an id is on a page once.
            snapshots = {one.external_id: one for one in map(_snapshot, batch.entries)}
            fresh = tuple(one for one in snapshots.values() if (one.external_id, one.digest) not in seen)
            yield Page(fresh, state.text(), batch.total)
            seen.update((one.external_id, one.digest) for one in fresh)
        return state

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
        newest = _newest(answer.entries(), _horizon(answer)) or BEGINNING
        return Cursor.first(newest, now=_now())

    def _batches(self, start: datetime, only: Params) -> "Iterator[_Batch]":
        """Everything modified in the second `start` or later, oldest first, until a page is not full.

        Each page begins with the second in which the last one ended: an order that moves between two calls moves
        to the end, and whatever shares that second with the last order is not cut off.
        """
        while True:
            answer = self._changes(start - SECOND, {**only, "orderby": "modified"})
            batch = _batch(answer)
            yield batch
            if batch.is_last:
                return
            if batch.position < start:
                # A full page from before what was asked for: the next one would be the same, for ever.
                words = "orders are not filtered by date of change: WooCommerce 5.8 or newer is needed"
                raise Rejected(words, request=answer.request)
            if batch.position > start:
                start = batch.position
            else:
                # More orders in one second than fit on a page.
                yield from self._walk_second(start, only)
                start += SECOND

    def _walk_second(self, second: datetime, only: Params) -> "Iterator[_Batch]":
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


@dataclass(frozen=True, slots=True)
class _Batch:
    """One page as it came: the newest date on it, and the newest that is likely."""

    entries: Entries
    position: datetime
    newest: datetime
    total: int | None
    is_last: bool


def _batch(answer: Answer) -> _Batch:
    entries = answer.entries()
    return _Batch(
        entries=entries,
        position=_newest(entries) or BEGINNING,
        newest=_newest(entries, _horizon(answer)) or BEGINNING,
        total=_total(answer),
        is_last=len(entries) < PER_PAGE,
    )


def _newest(entries: Entries, horizon: datetime | None = None) -> datetime | None:
    times = (_modified(value) for value, _ in entries)
    return max((time for time in times if time and (horizon is None or time <= horizon)), default=None)


def _modified(value: Any) -> datetime | None:
    """When an entry was modified, readable otherwise or not."""
    try:
        return _UTC_TIME.deserialize(value.get("date_modified_gmt")) if isinstance(value, dict) else None
    except ValidationError:
        return None


def _horizon(answer: Answer) -> datetime:
    """What the shop's clock says, or ours, and a little more."""
    try:
        moment = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, TypeError):
        moment = _now()
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) + LIKELY_AHEAD


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
        return Snapshot(_usable_id(value) or f"unreadable:{mark[:12]}", None, mark, text, (error.path, error.problem))
    return Snapshot(order.external_id, order.updated_at, mark, None if needs_refunds(value) else text)


def _problem(payload: Any) -> tuple[str, str] | None:
    try:
        read_order(payload)
    except Unreadable as error:
        return error.path, error.problem
    return None


def _name(entry: tuple[Any, str]) -> str:
    return _usable_id(entry[0]) or entry[1]


def _usable_id(value: Any) -> str | None:
    id_ = str(value.get("id")) if isinstance(value, dict) else ""
    return id_ if id_.isascii() and id_.isdigit() and 0 < int(id_[:21]) < 10**20 else None


def _digits(external_id: str) -> str:
    """An id that is safe in an address. Raises NotFound: no order has another one."""
    if not (external_id.isascii() and external_id.isdigit() and len(external_id) <= 20):
        raise NotFound(f"WooCommerce has no order {external_id[:40]!r}: its ids are numbers")
    return external_id


def _credential(credentials: Mapping[str, str], name: str) -> str:
    value = credentials.get(name, "").strip()
    if not value or not value.isascii() or not value.isprintable():
        raise Refused(f"the credential {name} is missing or holds signs that no key has")
    return value


def _now() -> datetime:
    return datetime.now(UTC)
