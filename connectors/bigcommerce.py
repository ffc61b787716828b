"""BigCommerce's orders API v2: addresses, paging, limits, what its answers mean. No rule about orders lives here.

The store URL is the shop's API path, https://api.bigcommerce.com/stores/HASH, as the control panel shows it beside the
access token. One call brings 250 orders with their lines, addresses and fees.
"""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from typing import Any, Final

from connectors import json_text
from connectors.changes import Batch, Entries, batch_of, batches, follow, horizon, is_id, newest_of, usable_id
from connectors.cursor import BEGINNING, SECOND, Cursor
from connectors.errors import NotFound, Unavailable
from connectors.http import Answer, HeaderAuth, HttpClient, NoWaits, Params, Waits, credential
from connectors.refusals import RESET_HEADER
from connectors.store import StoreFacts
from schemas.bigcommerce import PLATFORM, STATUS_IDS, digest, needs_parts, read_order
from schemas.errors import Unreadable
from schemas.money import MINOR_UNITS
from schemas.orders import Page, Snapshot, StoreOrder

PER_PAGE: Final = 250  # the most that BigCommerce gives
RESERVE: Final = 10  # calls of a window that are left to others: the shop's quota is shared by all its apps

_INCLUDE: Final = {"include": "consignments.line_items,fees", "consignment_structure": "object"}
_LEFT: Final = "X-Rate-Limit-Requests-Left"
_OPEN: Final = tuple(str(STATUS_IDS[word]) for word in PLATFORM.imports)  # asked for one by one: no filter takes two


class BigCommerce:
    """One BigCommerce shop."""

    platform = PLATFORM

    def __init__(
        self,
        url: str,
        credentials: Mapping[str, str],
        *,
        waits: Waits | None = None,
        allow_insecure: bool = False,
    ) -> None:
        self._waits = waits or NoWaits()
        self.http = HttpClient(
            f"{url}/v2",
            auth=HeaderAuth("X-Auth-Token", credential(credentials, "access_token")),
            waits=self._waits,
            allow_insecure=allow_insecure,
        )

    def check(self) -> StoreFacts:
        """Prove the address and the token."""
        try:
            facts = self._get("store").json()
        except NotFound as error:
            words = f"there is no BigCommerce shop at this address: {error.problem}"
            raise Unavailable(words, request=error.request, status=error.status) from error
        code = facts.get("currency") if isinstance(facts, dict) else None
        return StoreFacts(currency=code if isinstance(code, str) and code in MINOR_UNITS else None)

    def changed_orders(self, cursor: str | None) -> Iterator[Page]:
        """Pages of changed orders; at the first connection of all open ones, whatever their age (ORD-1)."""
        state = Cursor.read(cursor) if cursor else self._first_cursor()
        seen: set[tuple[str, str]] = set()
        while state.is_backfill:
            state = yield from self._backfill(state, seen)
        yield from follow(state, self._batches(state.since, {}), _snapshot, seen=seen, now=_now)

    def _backfill(self, start: Cursor, seen: set[tuple[str, str]]) -> Generator[Page, None, Cursor]:
        """Old orders in one of the statuses that may import: whether they do is for the store's settings."""
        only = {"status_id": start.part, "max_date_modified": _written(start.recent + SECOND)}
        rest = _OPEN[_OPEN.index(start.part) + 1 :]
        pages = self._batches(start.since, only)
        return (yield from follow(start, pages, _snapshot, seen=seen, now=_now, next_part=rest[0] if rest else ""))

    def cursor_since(self, moment: datetime) -> str:
        """The cursor that asks for everything changed since a moment."""
        return Cursor(moment, moment, moment).text()

    def snapshot(self, external_id: str) -> Snapshot:
        """One order with its lines, addresses and fees. Raises NotFound."""
        if not is_id(external_id):
            raise NotFound(f"BigCommerce has no order {external_id[:40]!r}: its ids are numbers")
        path = f"orders/{external_id}"
        answer = self._get(path, _INCLUDE)
        order, text = answer.json(), answer.text
        if not isinstance(order, dict) or str(order.get("id")) != external_id:
            raise Unavailable("the answer is not the order that was asked for", request=answer.request)
        found = _snapshot((order, text))
        if found.payload is not None:
            return found
        payload = f'{{"order":{text},{",".join(self._parts(path))}}}'
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
        answer = self._get("orders", {"limit": 1, "sort": "date_modified:desc"})
        newest = newest_of(_entries(answer), _modified, horizon(answer)) or BEGINNING
        return Cursor.first(newest, now=_now(), part=_OPEN[0])

    def _batches(self, start: datetime, only: Params) -> Iterator[Batch]:
        return batches(
            start,
            lambda since: self._since(since, only),
            lambda second: self._walk_second(second, only),
            too_old="orders are not filtered by date of change",
        )

    def _since(self, second: datetime, only: Params) -> Batch:
        """The first page from a second on.

        Whether a bound is itself within is not documented: asked for from a second before, and once more where that
        second is a page of its own. At the very beginning there is no bound: an old order may have no date.
        """
        if second <= BEGINNING:
            return self._page({**only, "sort": "date_modified:asc"})
        before, exactly = (
            {**only, "min_date_modified": _written(bound), "sort": "date_modified:asc"}
            for bound in (second - SECOND, second)
        )
        batch = self._page(before)
        return batch if batch.is_last or batch.position >= second else self._page(exactly)

    def _walk_second(self, second: datetime, only: Params) -> Iterator[Batch]:
        """All orders modified in one second, by id: each page asks for what is beyond the last one's."""
        window = {"min_date_modified": _written(second - SECOND), "max_date_modified": _written(second + SECOND)}
        beyond = 0
        while True:
            batch = self._page({**only, **window, "sort": "id:asc", "min_id": beyond + 1})
            # The window is wider than the second, for bounds that are not within: what is beyond is not all of it.
            yield replace(batch, is_last=False, position=second)
            if batch.is_last:
                return
            last = max(int(usable_id(value) or 0) for value, _ in batch.entries)
            if last <= beyond:
                raise Unavailable("the store repeats a page", request=batch.request)
            beyond = last

    def _page(self, params: Params) -> Batch:
        answer = self._get("orders", {**_INCLUDE, "limit": PER_PAGE, **params})
        return batch_of(answer, _entries(answer), _modified, per_page=PER_PAGE, total=None)

    def _parts(self, path: str) -> Iterator[str]:
        for part in ("products", "shipping_addresses", "fees"):
            yield f'"{part}":[{",".join(self._all(f"{path}/{part}"))}]'

    def _all(self, path: str) -> Iterator[str]:
        page = 1
        while True:
            entries = _entries(self._get(path, {"limit": PER_PAGE, "page": page}))
            yield from (text for _, text in entries)
            if len(entries) < PER_PAGE:
                return
            page += 1

    def _get(self, path: str, params: Params | None = None) -> Answer:
        answer = self.http.get(path, params)
        wait = _wait_after(answer.headers)
        if wait is not None:
            # Nobody runs into the limit, and other apps of the shop find something left.
            self._waits.wait(_now() + wait)
        return answer


def _wait_after(headers: Mapping[str, str]) -> timedelta | None:
    """How long nobody should ask, after an answer that says how many calls are left in which time."""
    left, reset = (headers.get(name, "") for name in (_LEFT, RESET_HEADER))
    if not all(text.isascii() and text.isdigit() and len(text) < 10 for text in (left, reset)):
        return None
    return timedelta(milliseconds=int(reset)) if int(left) <= RESERVE else None


def _entries(answer: Answer) -> Entries:
    """A list; an empty one comes as 204 without a body."""
    return [] if answer.status == 204 else answer.entries()


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


def _snapshot(entry: tuple[Any, str]) -> Snapshot:
    value, text = entry
    mark = digest(value) if isinstance(value, dict) else sha256(text.encode()).hexdigest()
    has_all = not needs_parts(value)
    try:
        order = read_order(value if has_all else {"order": value})
    except Unreadable as error:
        return Snapshot(usable_id(value) or f"unreadable:{mark[:12]}", None, mark, text, (error.path, error.problem))
    return Snapshot(order.external_id, order.updated_at, mark, text if has_all else None)


def _problem(payload: Any) -> tuple[str, str] | None:
    try:
        read_order(payload)
    except Unreadable as error:
        return error.path, error.problem
    return None


def _now() -> datetime:
    return datetime.now(UTC)
