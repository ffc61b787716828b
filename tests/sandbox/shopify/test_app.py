"""sandbox.shopify.app: what it answers over HTTP, what that costs, and what a merchant can do."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox import RunningSandbox, ShopifyShop, open_sandbox, run_shopify, seed_shopify
from sandbox.shopify.documents import read

Shop = RunningSandbox[ShopifyShop]
PATH = "admin/api/2026-10/graphql.json"


@pytest.fixture
def sandbox() -> Iterator[Shop]:
    with run_shopify(ShopifyShop()) as sandbox:
        yield sandbox


def ask(sandbox: Shop, query: str, token: str | None = None, **variables: Any) -> requests.Response:
    headers = {"X-Shopify-Access-Token": token or sandbox.shop.token}
    body = {"query": query, "variables": variables}
    return requests.post(f"{sandbox.url}/{PATH}", json=body, headers=headers, timeout=30)


def said(sandbox: Shop, query: str, **variables: Any) -> Any:
    return ask(sandbox, query, **variables).json()


def order_ids(sandbox: Shop, arguments: str) -> list[str]:
    told = said(sandbox, f"{{ orders({arguments}) {{ nodes {{ id }} }} }}")
    return [one["id"].split("/")[-1] for one in told["data"]["orders"]["nodes"]]


def place(sandbox: Shop, **given: Any) -> str:
    return str(sandbox.shop.place_order({"lines": [{"name": "Hook", "price": "3.33", "sku": "H"}], **given}).id)


# -- the API -----------------------------------------------------------------------------------------------------


def test_a_wrong_token_is_refused_as_Shopify_words_it(sandbox: Shop) -> None:
    answer = ask(sandbox, "{ shop { name } }", token="wrong")

    assert answer.status_code == 401
    assert answer.json()["errors"].startswith("[API] Invalid API key or access token")


def test_only_what_is_asked_for_is_answered(sandbox: Shop) -> None:
    assert said(sandbox, "{ shop { code: currencyCode } }")["data"] == {"shop": {"code": "EUR"}}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("{ shop { shoeSize } }", "Field 'shoeSize' doesn't exist"),
        ("{ weather { sky } }", "Field 'weather' doesn't exist on type 'QueryRoot'"),
        ("{ shop {", "Syntax Error"),
        ("", "Syntax Error"),
        ("fragment A on Shop { name }", "No operation"),
    ],
)
def test_a_document_that_cannot_be_answered_is_an_error_with_status_200(sandbox: Shop, query: str, words: str) -> None:
    answer = ask(sandbox, query)

    assert answer.status_code == 200
    assert words in answer.json()["errors"][0]["message"]


def test_a_page_goes_on_behind_its_last_order_whatever_moves(sandbox: Shop) -> None:
    placed = [place(sandbox) for _ in range(5)]
    first = said(sandbox, "{ orders(first: 2) { nodes { id } pageInfo { hasNextPage endCursor } } }")["data"]["orders"]
    sandbox.shop.edit_order(int(placed[0]), {"note": "moved"})

    after = first["pageInfo"]["endCursor"]

    assert first["pageInfo"]["hasNextPage"]
    assert order_ids(sandbox, f'first: 9, after: "{after}"')[:3] == placed[2:]


def test_orders_are_found_by_date_and_other_terms_are_ignored(sandbox: Shop) -> None:
    placed = place(sandbox)

    assert order_ids(sandbox, """first: 5, query: "updated_at:>='2020-01-01T00:00:00Z' colour:red" """) == [placed]
    assert order_ids(sandbox, """first: 5, query: "updated_at:<'2020-01-01T00:00:00Z'" """) == []


def test_a_list_inside_an_order_is_paged(sandbox: Shop) -> None:
    lines = [{"name": str(number), "price": "1.00"} for number in range(3)]
    gid = f"gid://shopify/Order/{place(sandbox, lines=lines)}"
    query = "query($id: ID!, $after: String) { node(id: $id) { ... on Order { lineItems(first: 2, after: $after) {"
    query += " nodes { name } pageInfo { hasNextPage endCursor } } } } }"

    first = said(sandbox, query, id=gid)["data"]["node"]["lineItems"]
    second = said(sandbox, query, id=gid, after=first["pageInfo"]["endCursor"])["data"]["node"]["lineItems"]

    assert [one["name"] for one in first["nodes"] + second["nodes"]] == ["0", "1", "2"]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)


@pytest.mark.parametrize("gid", ["gid://shopify/Order/7", "gid://shopify/FulfillmentOrder/7", "nonsense"])
def test_what_is_not_there_is_null(sandbox: Shop, gid: str) -> None:
    assert said(sandbox, "query($id: ID!) { node(id: $id) { id } order(id: $id) { id } }", id=gid)["data"] == {
        "node": None,
        "order": None,
    }


# -- costs -------------------------------------------------------------------------------------------------------


def test_every_answer_tells_what_it_cost_and_what_is_left(sandbox: Shop) -> None:
    place(sandbox)
    bucket = sandbox.shop.bucket
    bucket.maximum, bucket.available, bucket.restore = 500, 500, 1

    cost = said(sandbox, "{ orders(first: 40) { nodes { id customer { id } } } }")["extensions"]["cost"]

    assert cost["requestedQueryCost"] == 2 + 7 * 2  # twice the logarithm of 40
    assert cost["actualQueryCost"] == 1
    assert cost["throttleStatus"] == {"maximumAvailable": 500.0, "currentlyAvailable": 499, "restoreRate": 1.0}


def test_an_empty_bucket_throttles_and_fills_again(sandbox: Shop) -> None:
    bucket = sandbox.shop.bucket
    bucket.available, bucket.restore = 0, 0
    query = "{ orders(first: 40) { nodes { id } } }"

    throttled = said(sandbox, query)
    bucket.available = 100

    assert throttled["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert throttled["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 0
    assert "data" in said(sandbox, query)


def test_a_document_may_cost_only_so_much(sandbox: Shop) -> None:
    parts = "fulfillmentOrders(first: 250) { nodes { lineItems(first: 250) { nodes { lineItem { id } } } } }"
    told = said(sandbox, f"{{ orders(first: 250) {{ nodes {{ {parts} }} }} }}")

    assert told["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"


# -- the merchant ------------------------------------------------------------------------------------------------


def control(sandbox: Shop, path: str, body: Any) -> Any:
    return requests.post(f"{sandbox.url}/_sandbox/{path}", json=body, timeout=30).json()


def test_an_order_can_be_placed_by_hand_and_goes_its_way(sandbox: Shop) -> None:
    number = control(sandbox, "orders", {"financial": "PENDING"})["legacyResourceId"]

    steps = [
        ({"financial": "PAID", "is_held": True}, ("PAID", "ON_HOLD")),
        ({"is_held": False}, ("PAID", "UNFULFILLED")),
        ({"fulfill": True}, ("PAID", "FULFILLED")),
        ({"refund": {"amount": "1.00"}}, ("PARTIALLY_REFUNDED", "FULFILLED")),
    ]
    for given, expected in steps:
        order = control(sandbox, f"orders/{number}", given)
        assert (order["displayFinancialStatus"], order["displayFulfillmentStatus"]) == expected


def test_orders_are_archived_opened_cancelled_and_deleted_by_hand(sandbox: Shop) -> None:
    number = place(sandbox)

    assert control(sandbox, f"orders/{number}", {"archive": True})["closed"]
    assert not control(sandbox, f"orders/{number}", {"reopen": True})["closed"]
    assert control(sandbox, f"orders/{number}", {"cancel": True})["cancelledAt"]
    assert control(sandbox, f"orders/{number}", {"delete": True})["deleted"]
    assert "errors" in control(sandbox, f"orders/{number}", {"note": "gone"})


def test_pieces_are_returned_and_removed_by_hand(sandbox: Shop) -> None:
    number = place(sandbox, lines=[{"name": "Hook", "price": "3.33", "quantity": 3}])
    line = str(sandbox.shop.order(int(number)).lines[0].id)

    removed = control(sandbox, f"orders/{number}", {"refund": {"pieces": {line: 1}}})
    returned = control(sandbox, f"orders/{number}", {"fulfill": {line: 2}, "return": {line: 1}})

    assert removed["lineItems"][0]["currentQuantity"] == 2
    assert removed["totalRefundedSet"]["presentmentMoney"]["amount"] == "3.33"
    assert returned["returns"][0]["returnLineItems"][0]["quantity"] == 1


def test_the_state_says_what_is_there_and_what_was_asked(sandbox: Shop) -> None:
    place(sandbox)
    said(sandbox, "{ shop { name } }")

    state = requests.get(f"{sandbox.url}/_sandbox/state", timeout=30).json()

    assert state["orders"] == {"PAID": 1}
    assert state["calls"] == {"2026-10": 1}


def test_the_bucket_can_be_made_small(sandbox: Shop) -> None:
    assert control(sandbox, "bucket", {"maximum": 10, "available": 5})["maximumAvailable"] == 10
    assert "error" in control(sandbox, "bucket", {"size": 10})


def test_the_bucket_can_be_a_plans(sandbox: Shop) -> None:
    full = {"maximumAvailable": 2000.0, "currentlyAvailable": 2000, "restoreRate": 100.0}

    assert control(sandbox, "bucket", {"plan": "standard"}) == full
    assert "error" in control(sandbox, "bucket", {"plan": "free"})


def test_faults_stand_before_it(sandbox: Shop) -> None:
    sandbox.faults.fail_next(1, "http_500")

    assert [ask(sandbox, "{ shop { name } }").status_code for _ in range(2)] == [500, 200]


# -- what is made up ---------------------------------------------------------------------------------------------


def test_the_same_seed_makes_the_same_orders() -> None:
    shops = [ShopifyShop(), ShopifyShop()]
    for shop in shops:
        seed_shopify(shop, orders=60, seed=7)

    first, second = ([shop.order_json(one)["currentTotalPriceSet"] for one in shop.orders.values()] for shop in shops)

    assert first == second


def test_a_made_up_shop_has_every_oddity_within_forty_orders() -> None:
    with open_sandbox("shopify", orders=40) as sandbox:
        orders = [sandbox.shop.order_json(one) for one in sandbox.shop.orders.values()]

    def words(key: str) -> set[Any]:
        return {one[key] for one in orders}

    assert {"PAID", "PENDING", "AUTHORIZED", "PARTIALLY_REFUNDED", "REFUNDED"} <= words("displayFinancialStatus")
    assert {"UNFULFILLED", "ON_HOLD", "PARTIALLY_FULFILLED", "FULFILLED"} <= words("displayFulfillmentStatus")
    assert {"EUR", "USD", "JPY", "KWD"} == words("presentmentCurrencyCode")
    assert words("taxesIncluded") == words("closed") == {True, False}
    assert any(one["customer"] is None for one in orders)
    assert any(line["variant"] is None for one in orders for line in one["lineItems"])
    assert any(len(one["lineItems"]) > 40 for one in orders)
    assert any(one["returns"] for one in orders)


@pytest.mark.parametrize(("first", "points"), [(250, 25), (50, 17), (1, 5)])
def test_a_connection_costs_what_the_vendor_told_of_an_example(first: int, points: int) -> None:
    """250 variants with their items are 25 points."""
    document = f"{{ product(id: 1) {{ variants(first: {first}) {{ nodes {{ inventoryItem {{ id tracked }} }} }} }} }}"

    assert read(document, {}).cost() == points
