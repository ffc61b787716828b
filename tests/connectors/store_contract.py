"""What every platform's connector must do, run over each platform's sandbox: subclass StoreContract with a case."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import http
from connectors.cursor import back_to
from connectors.errors import ConnectorError, CredentialsRefused, NotFound, RateLimited, Unavailable
from connectors.platforms import open_store
from connectors.store import StoreConnector
from sandbox import RunningSandbox, open_sandbox
from schemas.orders import Page, Snapshot
from schemas.rights import Right
from tests.connectors.store_contract_case import PlatformCase, following
from tests.connectors.store_contract_fulfillments import FulfillmentContract
from tests.connectors.store_contract_stock import StockContract

__all__ = ["PlatformCase", "StoreContract", "by_id", "drain", "following", "ids_of", "snapshots_of"]

MANY = 230  # more than two pages of any platform


class StoreContract(StockContract, FulfillmentContract):
    """The suite: orders here, stock and fulfilments each in its own file."""

    def place(self, shop: Any, count: int, *, ago: timedelta = timedelta(0), apart: int = 0) -> list[str]:
        """Open orders, the first one some time ago, each so many seconds after the one before."""
        ids = []
        for number in range(count):
            with shop.at(datetime.now(UTC) - ago + timedelta(seconds=number * apart)):
                ids.append(self.case.place_open(shop))
        return ids

    # -- the address and the credentials

    def test_check_tells_the_currency(self, store: StoreConnector) -> None:
        assert store.check().currency == "EUR"

    def test_wrong_credentials_are_refused(self, sandbox: RunningSandbox[Any]) -> None:
        credentials = dict.fromkeys(sandbox.credentials, "wrong")
        store = open_store(self.case.platform, sandbox.url, credentials, allow_insecure=True)

        with pytest.raises(CredentialsRefused):
            store.check()
        with pytest.raises(CredentialsRefused):
            list(store.changed_orders(None))

    def test_missing_credentials_are_refused_without_a_call(self, sandbox: RunningSandbox[Any]) -> None:
        with pytest.raises(CredentialsRefused):
            open_store(self.case.platform, sandbox.url, {}, allow_insecure=True)

    @pytest.mark.parametrize("only", ["reads", "writes"])
    def test_DOR_4_a_page_in_place_of_an_answer_proves_no_right(
        self, sandbox: RunningSandbox[Any], store: StoreConnector, only: str
    ) -> None:
        paths = {"reads": self.case.read_call, "writes": self.case.stock_call}
        sandbox.faults.fail_next(9, "html", only=paths[only])

        with pytest.raises(Unavailable):
            store.check({Right.WRITE_ORDERS, Right.WRITE_STOCK, Right.READ_PRODUCTS})

    # -- what changed

    def test_the_first_connection_brings_every_open_order_of_the_age_it_must(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        old = self.place(sandbox.shop, 3, ago=self.case.oldest)
        new = self.place(sandbox.shop, 2)

        assert set(ids_of(store.changed_orders(None))) == {*old, *new}

    def test_an_empty_shop_is_followed_from_its_first_order(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        cursor = drain(store, None)

        placed = self.place(sandbox.shop, 1)

        assert ids_of(store.changed_orders(cursor)) == placed

    def test_a_later_poll_brings_what_changed_and_nothing_else(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        quiet, edited, *_ = self.place(sandbox.shop, 4, ago=timedelta(hours=9), apart=3600)
        cursor = drain(store, drain(store, None))

        self.case.edit(sandbox.shop, edited)
        placed = self.place(sandbox.shop, 1)

        changed = ids_of(store.changed_orders(cursor))
        assert {edited, *placed} <= set(changed)
        assert quiet not in changed

    def test_a_closed_order_that_opens_is_brought(self, sandbox: RunningSandbox[Any], store: StoreConnector) -> None:
        with sandbox.shop.at(datetime.now(UTC) - timedelta(days=90)):
            closed = self.case.place_closed(sandbox.shop)
        self.place(sandbox.shop, 1)
        cursor = drain(store, None)

        self.case.edit(sandbox.shop, closed)

        assert closed in ids_of(store.changed_orders(cursor))

    def test_a_change_that_shows_late_is_brought(self, sandbox: RunningSandbox[Any], store: StoreConnector) -> None:
        self.place(sandbox.shop, 1)
        cursor = drain(store, drain(store, None))

        late = self.place(sandbox.shop, 1, ago=timedelta(seconds=90))

        assert late[0] in ids_of(store.changed_orders(cursor))

    def test_an_order_is_brought_once_in_a_run(self, sandbox: RunningSandbox[Any], store: StoreConnector) -> None:
        placed = self.place(sandbox.shop, MANY, ago=timedelta(hours=1), apart=3)

        assert sorted(ids_of(store.changed_orders(None))) == sorted(placed)

    @pytest.mark.long
    def test_nothing_is_lost_when_orders_move_between_pages(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        placed = self.place(sandbox.shop, MANY, ago=timedelta(hours=1), apart=3)
        seen: dict[str, Snapshot] = {}
        for number, page in enumerate(store.changed_orders(None)):
            seen |= by_id(page.snapshots)
            # Some that were seen, some that were not: each moves to the end.
            for moved in placed[number * 20 : MANY : 40]:
                self.case.edit(sandbox.shop, moved)
            cursor = page.cursor
        for page in store.changed_orders(cursor):
            seen |= by_id(page.snapshots)

        assert {id_: one.digest for id_, one in seen.items()} == {id_: store.snapshot(id_).digest for id_ in placed}

    @pytest.mark.long
    def test_nothing_is_lost_when_a_second_has_more_orders_than_a_page(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        moment = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        with sandbox.shop.at(moment):
            placed = [self.case.place_open(sandbox.shop) for _ in range(300)]
        after = self.place(sandbox.shop, 2, ago=timedelta(minutes=30))
        seen: set[str] = set()
        for page in store.changed_orders(None):
            seen |= {one.external_id for one in page.snapshots}
            for moved in [id_ for id_ in placed if id_ in seen][:30]:  # makes the rest of the second move forward
                self.case.edit(sandbox.shop, moved)
                placed.remove(moved)
                after.append(moved)

        assert seen == {*placed, *after}

    @pytest.mark.long
    def test_a_run_that_ends_after_any_page_goes_on_from_its_cursor(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        placed = self.place(sandbox.shop, MANY, ago=timedelta(hours=1), apart=3)
        seen: set[str] = set()
        cursor: str | None = None
        for _ in range(8):
            page = next(iter(store.changed_orders(cursor)))
            seen |= {one.external_id for one in page.snapshots}
            cursor = page.cursor

        assert seen == set(placed)

    def test_everything_since_a_moment_can_be_asked_for_again(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        old, *new = self.place(sandbox.shop, 3, ago=timedelta(hours=9), apart=3600)

        cursor = back_to(drain(store, drain(store, None)), datetime.now(UTC) - timedelta(hours=8, minutes=30))

        assert ids_of(store.changed_orders(cursor)) == new
        assert old not in new

    @pytest.mark.long
    @pytest.mark.parametrize("pages", range(4))
    def test_ORD_9_what_is_asked_for_again_goes_on_beside_the_first_import(
        self, sandbox: RunningSandbox[Any], store: StoreConnector, pages: int
    ) -> None:
        placed = self.place(sandbox.shop, MANY, ago=self.case.oldest, apart=10) + self.place(sandbox.shop, 3)
        seen: set[str] = set()
        cursor: str | None = None
        for _ in range(pages):
            page = next(iter(store.changed_orders(cursor)))
            seen |= {one.external_id for one in page.snapshots}
            cursor = page.cursor

        cursor = back_to(cursor, datetime.now(UTC) - timedelta(days=2))

        assert seen | set(ids_of(store.changed_orders(cursor))) == set(placed)

    # -- the list of orders

    def test_BEY_4_every_order_is_listed_with_its_date_whatever_became_of_it(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        old, *placed = self.place(sandbox.shop, 9, ago=timedelta(hours=9), apart=60)
        since = datetime.now(UTC) - timedelta(hours=9) + timedelta(seconds=30)
        closed, edited = self.case.place_closed(sandbox.shop), placed[3]
        self.case.edit(sandbox.shop, edited)

        listed = dict(pair for page in store.listed_orders(since) for pair in page.times.items())

        assert listed.keys() - {old} == {*placed, closed}
        assert {id_: listed[id_] for id_ in (edited, placed[0])} == {
            id_: store.snapshot(id_).updated_at for id_ in (edited, placed[0])
        }

    def test_BEY_4_no_order_is_left_out_of_the_list_when_orders_move_between_its_pages(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        placed = self.place(sandbox.shop, MANY + 70, ago=timedelta(hours=1), apart=3)
        since, seen = datetime.now(UTC) - timedelta(hours=2), set[str]()
        for number, page in enumerate(store.listed_orders(since)):
            seen |= page.times.keys()
            for moved in placed[number * 20 : len(placed) : 40]:
                self.case.edit(sandbox.shop, moved)

        assert seen == set(placed)

    # -- what cannot be read

    def test_an_order_that_cannot_be_read_stops_nobody(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        """SPEC chapter 11, first row."""
        first = self.place(sandbox.shop, 1, ago=timedelta(hours=1))
        broken = self.case.place_broken(sandbox.shop)
        last = self.place(sandbox.shop, 1)

        found = by_id(one for page in store.changed_orders(None) for one in page.snapshots)

        assert set(found) == {*first, broken, *last}
        assert found[broken].problem
        assert found[broken].payload
        assert not found[first[0]].problem

    # -- one order

    def test_an_order_asked_for_is_the_one_of_the_list(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        (placed,) = self.place(sandbox.shop, 1)
        (listed,) = snapshots_of(store.changed_orders(None))

        asked = store.snapshot(placed)

        assert (asked.digest, asked.updated_at, asked.problem) == (listed.digest, listed.updated_at, None)

    @pytest.mark.parametrize("external_id", ["999999999", "../../users", "", "1?status=any", "9" * 400])
    def test_an_order_that_is_not_there_is_not_found(self, store: StoreConnector, external_id: str) -> None:
        with pytest.raises(NotFound):
            store.snapshot(external_id)

    def test_every_snapshot_reads_back_as_its_order(self) -> None:
        with open_sandbox(self.case.platform, orders=60) as sandbox:
            store = open_store(self.case.platform, sandbox.url, sandbox.credentials, allow_insecure=True)
            listed = snapshots_of(store.changed_orders(None))

            assert len(listed) > 20
            for one in listed:
                asked = store.snapshot(one.external_id)
                order = store.read(asked.payload or "")
                assert (order.external_id, order.updated_at) == (one.external_id, one.updated_at)
                assert one.payload is None or store.read(one.payload) == order
                assert asked.digest == one.digest

    # -- trouble

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            ("rate_limit", RateLimited),
            ("rate_limit_bare", RateLimited),
            ("http_500", Unavailable),
            ("http_503", Unavailable),
            ("html", Unavailable),
            ("truncated", Unavailable),
            ("reset", Unavailable),
            ("lost", Unavailable),
            ("timeout", Unavailable),
            ("unauthorized", CredentialsRefused),
            ("firewall", Unavailable),
        ],
    )
    def test_a_fault_between_pages_loses_nothing(
        self,
        sandbox: RunningSandbox[Any],
        store: StoreConnector,
        monkeypatch: pytest.MonkeyPatch,
        fault: str,
        kind: type[ConnectorError],
    ) -> None:
        monkeypatch.setattr(http, "READ_SECONDS", 1)
        placed = self.place(sandbox.shop, 120, ago=timedelta(hours=1), apart=3)
        pages = store.changed_orders(None)
        first = next(page for page in pages if page.snapshots)
        sandbox.faults.fail_next(1, fault)

        with pytest.raises(ConnectorError) as caught:
            list(pages)

        assert type(caught.value) is kind
        seen = {one.external_id for one in first.snapshots} | set(ids_of(store.changed_orders(first.cursor)))
        assert seen == set(placed)


def snapshots_of(pages: Iterator[Page]) -> list[Snapshot]:
    """Everything on the pages."""
    return [one for page in pages for one in page.snapshots]


def ids_of(pages: Iterator[Page]) -> list[str]:
    """The ids of everything on the pages."""
    return [one.external_id for one in snapshots_of(pages)]


def by_id(snapshots: Any) -> dict[str, Snapshot]:
    """Snapshots by their order."""
    return {one.external_id: one for one in snapshots}


def drain(store: StoreConnector, cursor: str | None) -> str:
    """Read everything; the cursor to go on from."""
    return [page.cursor for page in store.changed_orders(cursor)][-1]
