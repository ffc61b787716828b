"""connectors.shopify.connector: the contract of all stores, and what only Shopify does."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import graphql
import pytest

from connectors.errors import ConnectorError, CredentialsRefused, NotFound, RateLimited, Rejected, Unavailable
from connectors.http import HeaderAuth, NoWaits, Shared, Waits
from connectors.shopify.auth import HEADER
from connectors.shopify.client import GraphQL
from connectors.shopify.connector import Shopify
from connectors.shopify.documents import API_VERSION, DOCUMENTS, ORDERS
from sandbox import RunningSandbox, ShopifyShop, run_shopify, seed_shopify_plain
from schemas.errors import Unreadable
from tests.connectors.raw_server import RawServer, http_answer
from tests.connectors.store_contract import PlatformCase, StoreContract, drain, ids_of, snapshots_of

HOUR = timedelta(hours=1)
DATA = Path(__file__).parents[2] / "data" / "shopify"

Shop = RunningSandbox[ShopifyShop]


def basket(**changes: Any) -> dict[str, Any]:
    line = {"name": "Oak Table 120", "sku": "TBL-120", "price": "10.00", "quantity": 3, "taxes": ["0.19"]}
    return {"lines": [line], **changes}


def place(shop: ShopifyShop, **changes: Any) -> str:
    return str(shop.place_order(basket(**changes)).id)


def place_broken(shop: ShopifyShop) -> str:
    with shop.at(datetime.now(UTC) - HOUR):
        order = shop.put_raw_order({"createdAt": None})
    return str(order.id)


def place_closed(shop: ShopifyShop) -> str:
    order = shop.place_order(basket(financial="AUTHORIZED"))
    shop.archive(order.id)
    return str(order.id)


def edit(shop: ShopifyShop, external_id: str) -> None:
    number = int(external_id)
    shop.archive(number, is_open=True)
    shop.edit_order(number, {"note": f"{shop.order(number).note} edited", "financial": "PAID"})


def variant_of(name: str) -> int:
    return int(name.rpartition("/")[2]) - 500_000


def sent_answer(shop: ShopifyShop, external_id: str) -> str:
    (made,) = shop.fulfillments_of(int(external_id))
    made = {"id": made["id"], "order": {"id": f"gid://shopify/Order/{external_id}"}}
    return json.dumps({"data": {"fulfillmentCreate": {"fulfillment": made, "userErrors": []}}})


class TestShopifyKeepsTheContract(StoreContract):
    """Every store's suite. ORD_2: the first connection reaches 14 days back."""

    case = PlatformCase(
        platform="shopify",
        place_open=place,
        place_closed=place_closed,
        place_broken=place_broken,
        edit=edit,
        complete=lambda shop, external_id: shop.fulfill(int(external_id)),
        add_item=lambda shop, sku, pieces: str(shop.stock.add(sku, levels={"101": pieces}).item_gid),
        sent_answer=sent_answer,
        rename_item=lambda shop, name, sku: shop.stock.change(variant_of(name), sku=sku),
        stock_call="graphql",
        read_call="graphql",
        oldest=timedelta(days=14),
    )


def connect(url: str, credentials: Any = None, waits: Waits | None = None) -> Shopify:
    return Shopify(
        url, credentials or {"access_token": "shpat_1"}, shared=Shared(waits or NoWaits()), allow_insecure=True
    )


# -- documents ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2026-07", "2026-10"])
def test_every_document_fits_the_vendors_schema(version: str) -> None:
    # The vendor's introspection, cut down to the types that are asked for, without its descriptions.
    introspection = json.loads(gzip.decompress((DATA / f"schema_{version}.json.gz").read_bytes()))
    schema = graphql.build_client_schema(introspection, assume_valid=True)

    errors = {error.message for text in DOCUMENTS for error in graphql.validate(schema, graphql.parse(text))}

    assert errors == set()


def test_the_pinned_version_is_asked(sandbox: Shop, store: Shopify) -> None:
    facts = store.check()

    assert facts.version == API_VERSION
    assert set(sandbox.shop.calls) == {API_VERSION}


# -- calls -------------------------------------------------------------------------------------------------------


def test_a_steady_poll_with_nothing_new_is_one_call(sandbox: Shop, store: Shopify) -> None:
    with sandbox.shop.at(datetime.now(UTC) - HOUR):
        place(sandbox.shop)
    cursor = drain(store, drain(store, None))

    before = store.http.calls
    drain(store, cursor)

    assert store.http.calls - before == 1


@pytest.mark.long
def test_a_thousand_orders_cost_less_than_thirty_calls() -> None:
    shop = ShopifyShop()
    seed_shopify_plain(shop, orders=1000)
    with run_shopify(shop) as sandbox:
        store = connect(sandbox.url, sandbox.credentials)

        ids = ids_of(store.changed_orders(None))

    assert len(ids) == len(set(ids)) == 1000
    assert store.http.calls < 30


def test_ORD_2_older_changes_than_the_first_connection_reaches_are_left(sandbox: Shop, store: Shopify) -> None:
    with sandbox.shop.at(datetime.now(UTC) - timedelta(days=15)):
        place(sandbox.shop)

    assert ids_of(store.changed_orders(None)) == []


def test_pages_get_smaller_where_they_would_cost_too_much(sandbox: Shop, store: Shopify) -> None:
    placed = [place(sandbox.shop) for _ in range(60)]
    sandbox.shop.most_points = 300

    assert sorted(ids_of(store.changed_orders(None))) == sorted(placed)
    assert store.http.calls > 60 / ORDERS + 2


def test_a_shop_that_lets_nothing_be_asked_is_told(sandbox: Shop, store: Shopify) -> None:
    place(sandbox.shop)
    sandbox.shop.most_points = 5

    with pytest.raises(Rejected, match="MAX_COST_EXCEEDED"):
        list(store.changed_orders(None))


def test_a_single_order_is_asked_for_in_less_where_it_would_cost_too_much(sandbox: Shop, store: Shopify) -> None:
    placed = place(sandbox.shop)
    sandbox.shop.most_points = 130

    assert store.snapshot(placed).external_id == placed


# -- single orders -------------------------------------------------------------------------------------------------


def test_ids_beyond_a_double_stay_exact(sandbox: Shop, store: Shopify) -> None:
    placed = place(sandbox.shop)

    assert int(placed) > 2**53
    assert store.read(store.snapshot(placed).payload or "").external_id == placed


def test_a_deleted_order_is_not_found(sandbox: Shop, store: Shopify) -> None:
    placed = place(sandbox.shop)
    sandbox.shop.delete(int(placed))

    with pytest.raises(NotFound):
        store.snapshot(placed)


# -- trouble -----------------------------------------------------------------------------------------------------


class KeptWaits:
    """Waits in memory."""

    moment: datetime | None = None
    share: float | None = None

    def until(self) -> datetime | None:
        return self.moment

    def wait(self, until: datetime) -> None:
        self.moment = until

    def called(self) -> None:
        pass

    def left(self, share: float) -> None:
        self.share = share


@pytest.mark.parametrize(
    ("size", "has", "seconds"),
    [
        pytest.param(1000, 0, 873 / 100, id="what the page asks for"),
        pytest.param(2000, 500, 500 / 100, id="half of the bucket, for whoever waits as well"),
    ],
)
def test_a_throttled_shop_is_left_alone_until_its_bucket_has_filled(
    sandbox: Shop, size: int, has: int, seconds: float
) -> None:
    """SPEC chapter 11: as long as throttleStatus says, for all workers."""
    place(sandbox.shop)
    bucket = sandbox.shop.bucket
    bucket.maximum, bucket.available, bucket.restore = size, has, 100
    waits = KeptWaits()

    with pytest.raises(RateLimited) as caught:
        list(connect(sandbox.url, sandbox.credentials, waits).changed_orders(None))

    waits_for = (caught.value.until - datetime.now(UTC)).total_seconds()
    assert seconds - 1 < waits_for < seconds + 0.2
    assert waits.moment == caught.value.until
    assert waits.share == pytest.approx(has / size, abs=0.1)  # BEY-8
    with pytest.raises(RateLimited):
        connect(sandbox.url, sandbox.credentials, waits).check()
    assert sum(sandbox.shop.calls.values()) == 1


def graphql_error(code: str | None, message: str = "No.") -> bytes:
    extensions = {"extensions": {"code": code}} if code else {}
    return http_answer(200, json.dumps({"errors": [{"message": message, **extensions}], "data": None}))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (graphql_error("ACCESS_DENIED"), CredentialsRefused),
        (graphql_error("UNAUTHENTICATED"), CredentialsRefused),
        (graphql_error("THROTTLED"), RateLimited),
        (graphql_error("INTERNAL_SERVER_ERROR"), Unavailable),
        (graphql_error("SHOP_INACTIVE"), Unavailable),
        (graphql_error(None, "Internal error. Looks like something went wrong on our end."), Unavailable),
        (graphql_error("undefinedField"), Rejected),
        (graphql_error(None), Rejected),
        (http_answer(200, '{"errors":"Not Found"}'), Rejected),
        (http_answer(200, '{"errors":[7]}'), Rejected),
        (http_answer(200, '{"data":null}'), Unavailable),
        (http_answer(200, "{}"), Unavailable),
        (http_answer(200, "[]"), Unavailable),
        (http_answer(401, '{"errors":"[API] Invalid API key"}'), CredentialsRefused),
        (http_answer(402, '{"errors":"This shop is currently frozen"}'), Unavailable),
        (http_answer(403, '{"errors":"[API] This action requires approval"}'), CredentialsRefused),
        (http_answer(404, '{"errors":"Not Found"}'), Unavailable),
        (http_answer(423, '{"errors":"Locked"}'), Unavailable),
        (http_answer(429, '{"errors":"Too many"}', "Retry-After: 2.0"), RateLimited),
        (http_answer(429, '{"errors":"Too many"}'), RateLimited),
        (http_answer(430, '{"errors":"Security Rejection"}'), Unavailable),
        (http_answer(503, "<html>"), Unavailable),
    ],
)
def test_what_Shopify_answers_is_understood(answer: bytes, kind: type[ConnectorError]) -> None:
    """SPEC chapter 11."""
    with RawServer(answer) as server, pytest.raises(ConnectorError) as caught:
        connect(server.url).check()

    assert type(caught.value) is kind
    assert "shpat_1" not in str(caught.value)


@pytest.mark.parametrize(
    "orders",
    [None, [], {"nodes": []}, {"nodes": None, "pageInfo": {"hasNextPage": False, "endCursor": None}}],
)
def test_what_is_no_page_is_no_end(orders: Any) -> None:
    with RawServer(http_answer(200, json.dumps({"data": {"orders": orders}}))) as server, pytest.raises(Unavailable):
        list(connect(server.url).changed_orders(None))


def test_a_shop_that_ignores_the_date_is_not_asked_for_ever() -> None:
    old = {"id": "gid://shopify/Order/7", "updatedAt": "2020-01-01T00:00:00Z"}
    page = {"orders": {"nodes": [old], "pageInfo": {"hasNextPage": True, "endCursor": "7"}}}

    with RawServer(http_answer(200, json.dumps({"data": page}))) as server, pytest.raises(Rejected, match="updated_at"):
        list(connect(server.url).changed_orders(None))


@pytest.mark.parametrize("order", [7, None, "text", {}, {"id": 7}, {"id": "gid://shopify/Order/7", "lineItems": 7}])
def test_an_order_of_any_shape_is_set_aside_alone(order: Any) -> None:
    page = {"orders": {"nodes": [order], "pageInfo": {"hasNextPage": False, "endCursor": None}}}
    with RawServer(http_answer(200, json.dumps({"data": page}))) as server:
        (found,) = snapshots_of(connect(server.url).changed_orders(None))

    assert found.problem
    assert found.external_id


def test_the_token_travels_in_its_header_only() -> None:
    with RawServer(http_answer(200, '{"data":{"shop":{"currencyCode":"EUR"}}}')) as server:
        GraphQL(server.url, HeaderAuth(HEADER, "shpat_1"), waits=KeptWaits(), allow_insecure=True).ask(
            "{ shop { currencyCode } }"
        )

    assert server.requests[0].startswith(f"POST /admin/api/{API_VERSION}/graphql.json HTTP/1.1")
    assert server.requests[0].count("shpat_1") == 1
    assert "X-Shopify-Access-Token: shpat_1" in server.requests[0]


@pytest.mark.parametrize("payload", ["", "no json", "[]", "null", "{}"])
def test_a_payload_that_is_no_order_is_unreadable(payload: str) -> None:
    with pytest.raises(Unreadable):
        connect("http://shop.example").read(payload)
