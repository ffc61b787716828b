"""connectors.woocommerce.connector: the contract of all stores, and what only WooCommerce does."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask, Response, request

from connectors.cursor import SETTLING
from connectors.errors import CredentialsRefused, NotFound, Rejected, Unavailable, Unsafe
from connectors.platforms import open_store
from connectors.woocommerce.connector import WooCommerce
from sandbox import RunningSandbox, ShopSettings, WooCommerceShop, open_sandbox, run_woocommerce, seed_plain
from sandbox.server import serve
from schemas.errors import Unreadable
from schemas.woocommerce.platform import PLATFORM
from tests import makers, recorded
from tests.connectors.store_contract import PlatformCase, StoreContract, by_id, drain, following, ids_of, snapshots_of
from tests.connectors.woocommerce.shop import raw_order, shop_that_answers
from tests.rules.building import draft

CREDENTIALS = {"consumer_key": "ck_1", "consumer_secret": "cs_1"}
HOUR = timedelta(hours=1)


def order_body(**changes: Any) -> dict[str, Any]:
    line = {"name": "Oak Table 120", "quantity": 3, "total": "30.00", "subtotal": "30.00"}
    return {"status": "processing", "line_items": [line], **changes}


def place(shop: WooCommerceShop, **changes: Any) -> str:
    return str(shop.place_order(order_body(**changes)).id)


def place_broken(shop: WooCommerceShop) -> str:
    with shop.at(datetime.now(UTC) - HOUR):
        broken = recorded.woocommerce("01_incl_tax_plain") | {"id": 77_000, "total": "much"}
        return str(shop.put_raw_order(json.loads(json.dumps(broken, default=str))).id)


def edit(shop: WooCommerceShop, external_id: str) -> None:
    note = f"edit {len(shop.order(int(external_id)).customer_note)}"
    shop.edit_order(int(external_id), {"customer_note": note * 2, "status": "processing"})


def add_item(shop: WooCommerceShop, sku: str, pieces: int) -> str:
    given = {"name": sku, "sku": sku, "regular_price": "10", "manage_stock": True, "stock_quantity": pieces}
    return f"product/{shop.add_product(given).id}"


def rename(shop: WooCommerceShop, name: str, sku: str) -> None:
    shop.change_product(shop.catalogue.products[int(name.rpartition("/")[2])].sku, {"sku": sku})


class TestWooCommerceKeepsTheContract(StoreContract):
    """Every store's suite."""

    case = PlatformCase(
        platform="woocommerce",
        place_open=place,
        place_closed=lambda shop: place(shop, status="on-hold"),
        place_broken=place_broken,
        edit=edit,
        complete=lambda shop, external_id: shop.complete_order(int(external_id)),
        add_item=add_item,
        sent_answer=lambda shop, external_id: shop.order_body(shop.order(int(external_id))),
        rename_item=rename,
        stock_call="/batch",
    )


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox[WooCommerceShop]]:
    with open_sandbox("woocommerce", orders=0) as sandbox:
        yield sandbox


def connect(url: str, credentials: Any = CREDENTIALS) -> WooCommerce:
    return WooCommerce(url, credentials, allow_insecure=True)


# -- calls -------------------------------------------------------------------------------------------------------


def test_a_steady_poll_with_nothing_new_is_one_call(sandbox: RunningSandbox[WooCommerceShop]) -> None:
    with sandbox.shop.at(datetime.now(UTC) - HOUR):
        place(sandbox.shop)
    store = connect(sandbox.url, sandbox.credentials)
    cursor = drain(store, drain(store, None))

    before = store.http.calls
    drain(store, cursor)

    assert store.http.calls - before == 1


@pytest.mark.long
def test_a_thousand_orders_cost_twelve_calls() -> None:
    shop = WooCommerceShop()
    seed_plain(shop, orders=1000)
    with run_woocommerce(shop) as sandbox:
        store = connect(sandbox.url, sandbox.credentials)

        ids = ids_of(store.changed_orders(following(datetime.now(UTC) - HOUR)))

    assert len(ids) == len(set(ids)) == 1000
    assert store.http.calls <= 12


@pytest.mark.long
def test_a_settled_second_full_of_orders_is_not_read_again(
    sandbox: RunningSandbox[WooCommerceShop], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(120):
        place(sandbox.shop)
    store = connect(sandbox.url, sandbox.credentials)
    cursor = drain(store, None)
    later = datetime.now(UTC) + SETTLING + SETTLING
    monkeypatch.setattr("connectors.woocommerce.connector._now", lambda: later)

    cursor = drain(store, cursor)
    before = store.http.calls

    assert ids_of(store.changed_orders(cursor)) == []
    assert store.http.calls - before == 1


def test_the_total_says_how_many_are_still_to_come(sandbox: RunningSandbox[WooCommerceShop]) -> None:
    with sandbox.shop.at(datetime.now(UTC) - 1000 * HOUR):
        for _ in range(3):
            place(sandbox.shop)
    place(sandbox.shop)

    page = next(connect(sandbox.url, sandbox.credentials).changed_orders(None))

    assert page.total == 3


@pytest.mark.parametrize("timezone", ["America/Los_Angeles", "Asia/Tokyo"])
def test_ORD_4_wherever_the_shop_is_no_order_falls_between_backfill_and_follow(timezone: str) -> None:
    """A time that the shop would take for its own is hours off."""
    shop = WooCommerceShop(ShopSettings(timezone=timezone))
    newest = datetime.now(UTC) - HOUR
    for hours in range(-14, 15, 2):
        with shop.at(newest - timedelta(days=30) + hours * HOUR):
            place(shop)
    with shop.at(newest):
        place(shop)

    with run_woocommerce(shop) as sandbox:
        ids = ids_of(connect(sandbox.url, sandbox.credentials).changed_orders(None))

    assert len(ids) == len(set(ids)) == 16


# -- refunds -----------------------------------------------------------------------------------------------------


def test_MAP_8_an_order_with_refunds_is_asked_for_with_them(sandbox: RunningSandbox[WooCommerceShop]) -> None:
    order = sandbox.shop.place_order(order_body())
    sandbox.shop.refund_order(order.id, {"pieces": {order.lines[0].id: 1}})
    store = connect(sandbox.url, sandbox.credentials)

    (listed,) = snapshots_of(store.changed_orders(None))
    asked = store.snapshot(listed.external_id)

    assert listed.payload is None
    assert listed.problem is None
    assert asked.digest == listed.digest
    assert store.read(asked.payload or "").lines[0].quantity == 2


def test_MAP_8_more_refunds_than_a_page_are_all_read(sandbox: RunningSandbox[WooCommerceShop]) -> None:
    order = sandbox.shop.place_order(order_body())
    for _ in range(101):
        sandbox.shop.refund_order(order.id, {"amount": "0.01"})
    store = connect(sandbox.url, sandbox.credentials)

    read = store.read(store.snapshot(str(order.id)).payload or "")

    assert read.refunded_apart == Decimal("1.01")


@pytest.mark.long
def test_MAP_6_every_order_of_a_varied_shop_adds_up_to_the_cent() -> None:
    with open_sandbox("woocommerce", orders=120, seed=11) as sandbox:
        store = connect(sandbox.url, sandbox.credentials)

        for listed in snapshots_of(store.changed_orders(None)):
            order = store.read(store.snapshot(listed.external_id).payload or "")
            if any(line.quantity for line in order.lines):
                made = draft(order, at=makers.store(PLATFORM), account=makers.account(base_currency=order.currency))
                assert (made.total, made.total_with_tax) == (made.store_total, made.store_total_with_tax)


# -- odd shops ---------------------------------------------------------------------------------------------------


def test_whatever_stands_in_the_list_is_kept_with_its_problem() -> None:
    entries: list[Any] = ["x", None, [], {}, {"id": 0}, {"id": 5}, {"id": "../6"}, raw_order(24), raw_order(7, "soon")]
    with shop_that_answers(lambda: json.dumps(entries)) as server:
        store = connect(server.url)

        found = snapshots_of(store.changed_orders(following(datetime(2026, 1, 1, tzinfo=UTC))))

    by_order = by_id(found)
    assert len(found) == len(entries)
    assert [id_ for id_ in by_order if id_.isdigit()] == ["5", "24", "7"]
    assert sum(id_.startswith("unreadable:") and len(id_) == 23 for id_ in by_order) == 6
    assert by_order["7"].problem == ("date_modified_gmt", "must be a time")
    assert by_order["24"].problem is None
    assert all(one.payload and one.updated_at is None for one in found if one.problem)


@pytest.mark.long
@pytest.mark.parametrize(("hidden", "most"), [({50, 99, 150}, 100), (set(), 20)], ids=["hidden", "small pages"])
def test_a_page_that_is_not_full_is_not_the_end_while_the_shop_counts_more(hidden: set[int], most: int) -> None:
    """WooCommerce leaves out orders that it cannot load, after it has cut the page."""
    moments = [datetime(2026, 1, 5, tzinfo=UTC) + timedelta(seconds=number) for number in range(240)]

    def listing() -> Response:
        after = datetime.fromisoformat(request.args["modified_after"]).replace(tzinfo=UTC)
        found = [(number, moment) for number, moment in enumerate(moments, 1) if moment > after]
        shown = [raw_order(number, moment.isoformat()) for number, moment in found[:most] if number not in hidden]
        return Response(json.dumps(shown), headers={"X-WP-Total": str(len(found))}, mimetype="application/json")

    with shop_that_answers(listing) as server:
        store = connect(server.url)
        ids = ids_of(store.changed_orders(following(moments[0])))

    assert {int(id_) for id_ in ids} == set(range(1, 241)) - hidden


def test_an_id_that_is_twice_on_a_page_is_told_once() -> None:
    twice = json.dumps([raw_order(24), raw_order(24) | {"status": "completed"}])
    with shop_that_answers(lambda: twice) as server:
        store = connect(server.url)

        (one,) = snapshots_of(store.changed_orders(following(datetime(2026, 1, 1, tzinfo=UTC))))

    assert store.read(one.payload or "").status == "completed"


def test_DOR_6_the_payload_is_what_is_read_of_what_the_shop_sent() -> None:
    text = recorded.woocommerce_text("21_ex_tax_us_no_shipping_tax")
    with shop_that_answers(lambda: f"[\n{text} ]") as server:
        store = connect(server.url)

        (one,) = snapshots_of(store.changed_orders(following(datetime(2026, 1, 1, tzinfo=UTC))))

    kept = json.loads(one.payload or "")
    assert kept.keys() <= json.loads(text).keys()
    assert kept["total"] == json.loads(text)["total"]
    assert "meta_data" not in kept["line_items"][0]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ('{"code":"rest_error"}', Unavailable),
        (Response('{"code":"rest_no_route"}', 404), Unavailable),
        (Response('{"code":"rest_invalid_param"}', 400), Rejected),
        (Response('{"code":"woocommerce_rest_cannot_view"}', 401), CredentialsRefused),
    ],
)
def test_a_list_that_is_no_list_is_no_empty_list(answer: Any, kind: type[Exception]) -> None:
    with shop_that_answers(lambda: answer) as server, pytest.raises(kind) as caught:
        list(connect(server.url).changed_orders(None))

    assert f"GET {server.url}/wp-json/wc/v3/orders" in str(caught.value)


def test_an_old_shop_that_ignores_the_date_is_not_asked_for_ever() -> None:
    page = json.dumps([raw_order(number + 1, "2020-01-05T10:00:00") for number in range(100)])
    with shop_that_answers(lambda: page) as server:
        store = connect(server.url)
        with pytest.raises(Rejected, match="WooCommerce 5"):
            list(store.changed_orders(following(datetime(2026, 1, 1, tzinfo=UTC))))

    assert store.http.calls == 1


@pytest.mark.long
def test_a_shop_that_repeats_one_page_is_not_asked_for_ever() -> None:
    page = json.dumps([raw_order(number + 1) for number in range(100)])
    with shop_that_answers(lambda: page) as server:
        store = connect(server.url)
        with pytest.raises(Unavailable, match="repeats"):
            list(store.changed_orders(following(datetime(2026, 1, 5, 10, tzinfo=UTC))))

    assert store.http.calls == 3


def test_an_order_dated_far_ahead_hides_nothing_that_comes_later(sandbox: RunningSandbox[WooCommerceShop]) -> None:
    with sandbox.shop.at(datetime.now(UTC) + timedelta(days=900)):
        ahead = place(sandbox.shop)
    store = connect(sandbox.url, sandbox.credentials)
    cursor = drain(store, drain(store, None))

    placed = place(sandbox.shop)

    assert set(ids_of(store.changed_orders(cursor))) == {ahead, placed}


def test_times_are_asked_for_without_a_zone() -> None:
    """With dates_are_gmt a Z is silently shifted by the shop's offset: an hour of orders would be lost."""
    asked: list[dict[str, str]] = []

    def listing() -> str:
        asked.append(request.args.to_dict())
        return "[]"

    with shop_that_answers(listing) as server:
        store = connect(server.url)
        list(store.changed_orders(following(datetime(2026, 1, 5, 10, tzinfo=UTC))))

    assert asked[0]["modified_after"] == "2026-01-05T09:59:59"
    assert asked[0]["dates_are_gmt"] == "true"
    assert (asked[0]["orderby"], asked[0]["order"], asked[0]["per_page"]) == ("modified", "asc", "100")


def test_settings_that_the_key_may_not_read_are_no_failure() -> None:
    with shop_that_answers(lambda: "[]") as server:
        assert connect(server.url).check().currency is None


# -- one order and one address -----------------------------------------------------------------------------------


def shop_with_order(answer: str, status: int = 200) -> Any:
    app = Flask(__name__)

    @app.get("/wp-json/wc/v3/orders/<int:order_id>")
    def order(order_id: int) -> Response:
        return Response(answer, status, mimetype="application/json")

    return serve(app)


def test_the_400_of_an_unknown_order_is_not_found() -> None:
    with shop_with_order(recorded.woocommerce_text("error_404"), 400) as server, pytest.raises(NotFound):
        connect(server.url).snapshot("24")


@pytest.mark.parametrize("answer", ["[]", "null", json.dumps(raw_order(25))])
def test_an_answer_that_is_another_order_is_not_taken(answer: str) -> None:
    with shop_with_order(answer) as server, pytest.raises(Unavailable):
        connect(server.url).snapshot("24")


def test_an_order_that_cannot_be_read_is_told_with_its_problem() -> None:
    with shop_with_order(json.dumps(raw_order(24) | {"currency": "XXQ"})) as server:
        found = connect(server.url).snapshot("24")

    assert found.problem
    assert found.problem[0] == "currency"


@pytest.mark.parametrize("payload", ["", "{", "[]", "null", '{"order":{}}'])
def test_a_payload_that_is_no_order_is_unreadable(payload: str) -> None:
    with pytest.raises(Unreadable):
        connect("http://127.0.0.1:1").read(payload)


def test_without_allow_insecure_a_private_address_is_not_called() -> None:
    for url in ("http://shop.example", "https://127.0.0.1", "https://localhost:8443/shop"):
        with pytest.raises(Unsafe):
            open_store("woocommerce", url, CREDENTIALS).check()


@pytest.mark.parametrize("key", ["", "ck_\u200b1", "ck_1\n2"])
def test_a_key_that_cannot_be_one_is_refused(key: str) -> None:
    with pytest.raises(CredentialsRefused, match="consumer_key"):
        connect("http://127.0.0.1:1", CREDENTIALS | {"consumer_key": key})
