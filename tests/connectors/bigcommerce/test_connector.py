"""connectors.bigcommerce.connector: the contract of all stores, and what only BigCommerce does."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest
from flask import Flask, Response

from connectors.bigcommerce import connector as bigcommerce
from connectors.bigcommerce.client import RESERVE
from connectors.bigcommerce.connector import BigCommerce
from connectors.errors import CredentialsRefused, RateLimited, Rejected, TooLarge, Unavailable
from connectors.http import Shared
from sandbox import BigCommerceShop, RunningSandbox, open_sandbox, run_bigcommerce, seed_plain_bigcommerce, serve
from schemas.bigcommerce.platform import PLATFORM
from schemas.errors import Unreadable
from schemas.hub import ExchangeRate
from tests import makers
from tests.connectors.store_contract import PlatformCase, StoreContract, by_id, drain, following, ids_of, snapshots_of
from tests.rules.building import draft

HOUR = timedelta(hours=1)


def basket(**changes: Any) -> dict[str, Any]:
    line = {"name": "Oak Table 120", "sku": "TBL-120", "product_id": 7, "quantity": 3, "price": "10.00"}
    return {"products": [line], **changes}


def place(shop: BigCommerceShop, **changes: Any) -> str:
    return str(shop.place_order(basket(**changes)).id)


def whole_order(**changes: Any) -> dict[str, Any]:
    """An order as the API gives it with its parts."""
    shop = BigCommerceShop()
    order: dict[str, Any] = json.loads(shop.body(shop.place_order(basket(**changes)), with_parts=True))
    return {name: value for name, value in order.items() if not name.startswith("date_")}


def place_broken(shop: BigCommerceShop) -> str:
    with shop.at(datetime.now(UTC) - HOUR):
        return str(shop.put_raw_order(whole_order() | {"id": 77_000, "total_tax": "much"}).id)


def edit(shop: BigCommerceShop, external_id: str) -> None:
    notes = shop.order(int(external_id)).fields["staff_notes"]
    shop.edit_order(int(external_id), {"staff_notes": f"{notes} edited", "status_id": 11})


class TestBigCommerceKeepsTheContract(StoreContract):
    """Every store's suite."""

    case = PlatformCase(
        platform="bigcommerce",
        place_open=place,
        place_closed=lambda shop: place(shop, status_id=1),
        place_broken=place_broken,
        edit=edit,
        complete=lambda shop, external_id: shop.complete_order(int(external_id)),
        add_item=lambda shop, sku, pieces: f"product/{shop.add_product({'sku': sku, 'stock': pieces}).id}",
        sent_answer=lambda shop, external_id: shop.body(shop.order(int(external_id)), with_parts=False),
        rename_item=lambda shop, name, sku: shop.edit_item(name, {"sku": sku}),
        stock_call="PUT",
    )

    @pytest.fixture(autouse=True)
    def small_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """So that a few orders are several pages."""
        monkeypatch.setattr(bigcommerce, "PER_PAGE", 100)


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox[BigCommerceShop]]:
    with open_sandbox("bigcommerce", orders=0) as sandbox:
        yield sandbox


def connect(sandbox: RunningSandbox[BigCommerceShop]) -> BigCommerce:
    return BigCommerce(sandbox.url, sandbox.credentials, allow_insecure=True)


# -- which orders, and in how many calls -------------------------------------------------------------------------


def test_ORD_1_the_first_connection_brings_old_orders_in_every_open_status(
    sandbox: RunningSandbox[BigCommerceShop],
) -> None:
    with sandbox.shop.at(datetime.now(UTC) - timedelta(days=900)):
        placed = {place(sandbox.shop, status_id=status) for status in (11, 7, 9)}
        for status in (1, 2, 10):
            place(sandbox.shop, status_id=status)
    place(sandbox.shop, status_id=1)

    found = snapshots_of(connect(sandbox).changed_orders(None))

    assert {one.external_id for one in found if '"status_id":1,' not in (one.payload or "")} == placed
    assert len(found) == len(placed) + 1


def test_ORD_1_orders_that_are_too_large_for_one_page_come_in_smaller_ones(
    sandbox: RunningSandbox[BigCommerceShop], monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = [place(sandbox.shop, products=basket()["products"] * 10) for _ in range(20)]
    monkeypatch.setattr(
        "connectors.http.SIZE_LIMIT", 5 * len(sandbox.shop.body(sandbox.shop.orders[100], with_parts=True))
    )

    found = snapshots_of(connect(sandbox).changed_orders(None))

    assert {one.external_id for one in found} == set(placed)
    assert all(one.payload for one in found)


def test_ORD_1_an_order_that_is_too_large_by_itself_is_said_to_be(
    sandbox: RunningSandbox[BigCommerceShop], monkeypatch: pytest.MonkeyPatch
) -> None:
    place(sandbox.shop)
    monkeypatch.setattr("connectors.http.SIZE_LIMIT", 1000)

    with pytest.raises(TooLarge, match="larger than"):
        list(connect(sandbox).changed_orders(None))


def test_ORD_1_a_first_connection_that_ends_between_two_statuses_goes_on_with_the_second(
    sandbox: RunningSandbox[BigCommerceShop],
) -> None:
    with sandbox.shop.at(datetime.now(UTC) - timedelta(days=900)):
        placed = [place(sandbox.shop, status_id=status) for status in (11, 7)]
    place(sandbox.shop, status_id=1)
    store = connect(sandbox)

    first = next(iter(store.changed_orders(None)))

    assert [one.external_id for one in first.snapshots] == placed[:1]
    assert placed[1] in ids_of(store.changed_orders(first.cursor))


def test_a_steady_poll_with_nothing_new_is_one_call(sandbox: RunningSandbox[BigCommerceShop]) -> None:
    with sandbox.shop.at(datetime.now(UTC) - HOUR):
        place(sandbox.shop)
    store = connect(sandbox)
    cursor = drain(store, drain(store, None))

    before = store.http.calls
    drain(store, cursor)

    assert store.http.calls - before == 1


@pytest.mark.long
def test_a_thousand_orders_with_lines_and_addresses_cost_six_calls() -> None:
    shop = BigCommerceShop()
    seed_plain_bigcommerce(shop, orders=1000)
    with run_bigcommerce(shop) as sandbox:
        store = connect(sandbox)

        found = snapshots_of(store.changed_orders(following(datetime.now(UTC) - HOUR)))

    assert len({one.external_id for one in found}) == len(found) == 1000
    assert all(one.payload and len(store.read(one.payload).lines) == 3 for one in found)
    assert store.http.calls <= 6


def test_an_order_with_more_lines_than_a_list_shows_is_asked_for_with_all(
    sandbox: RunningSandbox[BigCommerceShop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bigcommerce, "PER_PAGE", 50)
    sandbox.shop.settings.lines_inside = 50
    lines = [{"sku": f"S-{number}", "product_id": number, "price": "1.00"} for number in range(1, 121)]
    placed = place(sandbox.shop, products=lines, fees=[{"cost": "3.00"}])
    store = connect(sandbox)

    (listed,) = snapshots_of(store.changed_orders(None))
    asked = store.snapshot(placed)
    order = store.read(asked.payload or "")

    assert (listed.payload, listed.problem) == (None, None)
    assert (asked.digest, asked.problem) == (listed.digest, None)
    assert [line.sku for line in order.lines] == [f"S-{number}" for number in range(1, 121)]
    assert (order.charges[0].amount, order.ship_to.city) == (3, "Berlin")


def test_MAP_6_every_order_of_a_varied_shop_is_the_shops_to_the_cent() -> None:
    at, rate = makers.store(PLATFORM, {"orders.custom_items": True}), ExchangeRate(Decimal("0.9"), date(2026, 1, 5))
    with open_sandbox("bigcommerce", orders=104, seed=11) as sandbox:
        store = connect(sandbox)
        for listed in snapshots_of(store.changed_orders(None)):
            order = store.read(listed.payload or "")
            made = draft(order, at=at, known=makers.matches(rate=rate))

            assert (made.total, made.total_with_tax) == (made.store_total, made.store_total_with_tax)
            assert not made.total_mismatch
            assert all(row.tax_rate in {0, 19, Decimal("8.25"), Decimal("7.7")} for row in made.rows)


@pytest.mark.parametrize("are_bounds_within", [True, False])
def test_nothing_is_lost_whether_a_bound_is_within_or_not(
    sandbox: RunningSandbox[BigCommerceShop], monkeypatch: pytest.MonkeyPatch, are_bounds_within: bool
) -> None:
    monkeypatch.setattr(bigcommerce, "PER_PAGE", 3)
    sandbox.shop.settings.are_bounds_within = are_bounds_within
    start, placed = datetime.now(UTC) - HOUR, []
    for second in (0, 0, 1, 1, 1, 1, 1, 2, 2, 3, 4, 4):
        with sandbox.shop.at(start + timedelta(seconds=second)):
            placed.append(place(sandbox.shop))

    assert ids_of(connect(sandbox).changed_orders(None)) == placed


@pytest.mark.parametrize("pages", range(1, 10))
def test_a_run_that_ends_within_a_full_second_goes_on_there(
    sandbox: RunningSandbox[BigCommerceShop], monkeypatch: pytest.MonkeyPatch, pages: int
) -> None:
    """The order of the second after it has the lowest id, so it is on the first page by id."""
    monkeypatch.setattr(bigcommerce, "PER_PAGE", 2)
    moment = datetime.now(UTC) - HOUR
    with sandbox.shop.at(moment):
        placed = [place(sandbox.shop) for _ in range(6)]
    with sandbox.shop.at(moment + timedelta(seconds=1)):
        edit(sandbox.shop, placed[0])
    store = connect(sandbox)

    begun = list(islice(store.changed_orders(None), pages))
    seen = set(ids_of(iter(begun))) | set(ids_of(store.changed_orders(begun[-1].cursor)))

    assert seen == set(placed)


# -- the shop's quota --------------------------------------------------------------------------------------------


class Kept:
    """Waits of one process."""

    def __init__(self) -> None:
        self.moment: datetime | None = None
        self.shares: list[float] = []

    def until(self) -> datetime | None:
        return self.moment

    def wait(self, until: datetime) -> None:
        self.moment = until

    def called(self) -> None:
        pass

    def left(self, share: float) -> None:
        self.shares.append(share)


def test_nobody_asks_any_more_before_the_window_of_calls_is_used_up(sandbox: RunningSandbox[BigCommerceShop]) -> None:
    sandbox.shop.settings.quota = RESERVE + 4  # two checks of two calls each
    waits = Kept()
    shared = Shared(waits)
    one, other = (BigCommerce(sandbox.url, sandbox.credentials, shared=shared, allow_insecure=True) for _ in range(2))

    one.check()
    assert waits.moment is None
    assert waits.shares == [(RESERVE + 3) / (RESERVE + 4), (RESERVE + 2) / (RESERVE + 4)]  # BEY-8
    other.check()
    with pytest.raises(RateLimited) as caught:
        one.check()

    assert timedelta(seconds=1) < caught.value.until - datetime.now(UTC) <= timedelta(seconds=31)
    assert sum(sandbox.shop.calls.values()) == 4


def test_a_429_is_waited_out_as_long_as_the_shop_says(sandbox: RunningSandbox[BigCommerceShop]) -> None:
    sandbox.shop.settings.quota = 0
    sandbox.shop.settings.window_seconds = 300

    with pytest.raises(RateLimited, match="too many") as caught:
        connect(sandbox).check()

    assert timedelta(seconds=290) < caught.value.until - datetime.now(UTC) <= timedelta(seconds=301)


# -- odd shops ---------------------------------------------------------------------------------------------------


def shop_that_answers(answer: Any) -> Any:
    """A shop that answers everything the same."""
    app = Flask(__name__)

    @app.get("/v2/<path:_>")
    def anything(_: str) -> Response:
        return answer if isinstance(answer, Response) else Response(json.dumps(answer), mimetype="application/json")

    return serve(app)


def at(url: str) -> BigCommerce:
    return BigCommerce(url, {"access_token": "token"}, allow_insecure=True)


def raw(id_: Any, modified: str = "Mon, 05 Jan 2026 10:00:00 +0000", **changes: Any) -> dict[str, Any]:
    return {**whole_order(**changes), "id": id_, "date_created": modified, "date_modified": modified}


def test_whatever_stands_in_the_list_is_kept_with_its_problem() -> None:
    entries: list[Any] = ["x", None, [], {}, {"id": 0}, {"id": 5}, {"id": "../6"}, raw(24), raw(7, "soon")]
    with shop_that_answers(entries) as server:
        store = at(server.url)

        found = by_id(snapshots_of(store.changed_orders(following(datetime(2026, 1, 1, tzinfo=UTC)))))

    assert len(found) == len(entries)
    assert [id_ for id_ in found if id_.isdigit()] == ["5", "24", "7"]
    assert found["7"].problem == ("date_created", "must be a time")
    assert [id_ for id_, one in found.items() if not one.problem] == ["24"]


def test_a_shop_that_ignores_the_date_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bigcommerce, "PER_PAGE", 2)
    page = [raw(number, "Sun, 05 Jan 2020 10:00:00 +0000") for number in (1, 2)]
    with shop_that_answers(page) as server, pytest.raises(Rejected, match="not filtered"):
        store = at(server.url)
        list(store.changed_orders(following(datetime(2026, 1, 1, tzinfo=UTC))))


def test_a_shop_that_repeats_one_page_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bigcommerce, "PER_PAGE", 2)
    with shop_that_answers([raw(1), raw(2)]) as server, pytest.raises(Unavailable, match="repeats"):
        store = at(server.url)
        list(store.changed_orders(following(datetime(2026, 1, 5, 10, tzinfo=UTC))))


@pytest.mark.parametrize("answer", [Response("", 200), {"title": "no list"}, Response("<html>", 200)])
def test_a_list_that_is_no_list_is_no_empty_list(answer: Any) -> None:
    with shop_that_answers(answer) as server, pytest.raises(Unavailable):
        list(at(server.url).changed_orders(None))


@pytest.mark.parametrize("answer", [[], None, raw(25)])
def test_an_answer_that_is_another_order_is_not_taken(answer: Any) -> None:
    with shop_that_answers(answer) as server, pytest.raises(Unavailable):
        at(server.url).snapshot("24")


def test_the_vendors_words_are_told_without_the_token() -> None:
    said = Response('[{"status":401,"message":"Unauthorized"}]', 401, mimetype="application/json")
    with shop_that_answers(said) as server, pytest.raises(CredentialsRefused, match="Unauthorized") as caught:
        at(server.url).check()

    assert "token" not in str(caught.value)


def test_an_address_without_a_shop_is_no_missing_order() -> None:
    said = Response('[{"status":404,"message":"The requested resource was not found."}]', 404)
    with shop_that_answers(said) as server, pytest.raises(Unavailable, match="no BigCommerce shop"):
        at(server.url).check()


@pytest.mark.parametrize("token", ["", "to\u200bken", "a\nb"])
def test_a_token_that_cannot_be_one_is_refused(token: str) -> None:
    with pytest.raises(CredentialsRefused, match="access_token"):
        BigCommerce("https://api.bigcommerce.com/stores/x", {"access_token": token})


@pytest.mark.parametrize("payload", ["", "{", "[]", "null", '{"order":{}}'])
def test_a_payload_that_is_no_order_is_unreadable(payload: str) -> None:
    with pytest.raises(Unreadable):
        at("http://127.0.0.1:1").read(payload)
