"""sandbox.shopify.stock: the catalogue it shows, and what it says to quantities that are set."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox import RunningSandbox, ShopifyShop, run_shopify
from sandbox.shopify.stock import MOST_INPUTS, Variant

Shop = RunningSandbox[ShopifyShop]
SET = """mutation($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { code field message } }
}"""
ACTIVATE = """mutation($item: ID!, $place: ID!, $key: String!) {
  inventoryActivate(inventoryItemId: $item, locationId: $place, available: 4) @idempotent(key: $key) {
    inventoryLevel { id } userErrors { field message }
  }
}"""
FOUND = "query($query: String) { productVariants(first: 50, query: $query) { nodes { sku } } }"


@pytest.fixture
def sandbox() -> Iterator[Shop]:
    with run_shopify(ShopifyShop()) as sandbox:
        yield sandbox


def ask(sandbox: Shop, document: str, /, **variables: Any) -> Any:
    headers = {"X-Shopify-Access-Token": sandbox.shop.token}
    body = {"query": document, "variables": variables}
    address = f"{sandbox.url}/admin/api/2026-10/graphql.json"
    return requests.post(address, json=body, headers=headers, timeout=30).json()


def quantity(one: Variant, count: int = 3, place: str = "101", **changes: Any) -> dict[str, Any]:
    where = {"inventoryItemId": one.item_gid, "locationId": f"gid://shopify/Location/{place}"}
    return {**where, "quantity": count, "changeFromQuantity": None, **changes}


def put(sandbox: Shop, *quantities: Any, key: str | None = None, **changes: Any) -> list[Any]:
    """The codes of what the shop says against them, each with the field it names."""
    wanted = {"name": "available", "reason": "correction", "quantities": quantities, **changes}
    said = ask(sandbox, SET, input=wanted, key=key or str(uuid.uuid4()))
    return [(one["code"], one["field"]) for one in said["data"]["inventorySetQuantities"]["userErrors"]]


# -- the catalogue -----------------------------------------------------------------------------------------------


def test_an_item_has_a_level_at_each_place_it_is_stocked_at(sandbox: Shop) -> None:
    sandbox.shop.stock.add("A", levels={"101": 2, "102": 3})
    query = """{ productVariants(first: 1) { nodes { inventoryItem { tracked inventoryLevels(first: 9) { nodes {
      location { id } quantities(names: ["available"]) { name quantity } } } } } } }"""

    (variant,) = ask(sandbox, query)["data"]["productVariants"]["nodes"]

    assert variant["inventoryItem"]["tracked"]
    assert [
        (level["location"]["id"], level["quantities"]) for level in variant["inventoryItem"]["inventoryLevels"]["nodes"]
    ] == [
        ("gid://shopify/Location/101", [{"name": "available", "quantity": 2}]),
        ("gid://shopify/Location/102", [{"name": "available", "quantity": 3}]),
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('sku:"A-1"', ["A-1", "a 1", "A-1-B"]),
        ("sku:A-1", ["A-1", "a 1", "A-1-B"]),
        ('sku:"A-1" OR sku:"C\\"1"', ["A-1", "a 1", "A-1-B", 'C"1']),
        ('sku:"1-B"', ["A-1-B"]),
        ('sku:"A-2"', []),
        ('sku:"-"', []),
        ("colour:red", ["A-1", "a 1", "A-1-B", 'C"1', None]),
    ],
)
def test_SKUs_are_found_by_their_words(sandbox: Shop, query: str, found: list[str]) -> None:
    for sku in ("A-1", "a 1", "A-1-B", 'C"1', None):
        sandbox.shop.stock.add(sku)

    assert [one["sku"] for one in ask(sandbox, FOUND, query=query)["data"]["productVariants"]["nodes"]] == found


def test_without_a_number_the_location_is_the_primary_one(sandbox: Shop) -> None:
    query = '{ location { id } other: location(id: "gid://shopify/Location/9") { id } locationsCount { count } }'

    assert ask(sandbox, query)["data"] == {
        "location": {"id": "gid://shopify/Location/101"},
        "other": None,
        "locationsCount": {"count": 2},
    }


# -- quantities --------------------------------------------------------------------------------------------------


def test_quantities_are_set(sandbox: Shop) -> None:
    one = sandbox.shop.stock.add("A", levels={"101": 2})

    assert put(sandbox, quantity(one, 7, changeFromQuantity=2)) == []
    assert sandbox.shop.stock_of("A") == {(one.item_gid, "101"): 7}


@pytest.mark.parametrize(
    ("changes", "code", "named"),
    [
        ({"changeFromQuantity": 9}, "CHANGE_FROM_QUANTITY_STALE", "changeFromQuantity"),
        ({"quantity": -1}, "INVALID_QUANTITY_NEGATIVE", "quantity"),
        ({"quantity": 1_000_000_001}, "INVALID_QUANTITY_TOO_HIGH", "quantity"),
        ({"locationId": "gid://shopify/Location/9"}, "INVALID_LOCATION", "locationId"),
        ({"inventoryItemId": "gid://shopify/InventoryItem/9"}, "INVALID_INVENTORY_ITEM", "inventoryItemId"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_done(
    sandbox: Shop, changes: dict[str, Any], code: str, named: str
) -> None:
    good, bad = sandbox.shop.stock.add("A"), sandbox.shop.stock.add("B")

    assert put(sandbox, quantity(good), quantity(bad, **changes)) == [(code, ["input", "quantities", "1", named])]
    assert (good.levels, bad.levels) == ({"101": 10}, {"101": 10})


def test_a_bundle_and_a_pair_given_twice_are_named(sandbox: Shop) -> None:
    bundle, one = sandbox.shop.stock.add("A", is_bundle=True), sandbox.shop.stock.add("B")

    assert [code for code, _ in put(sandbox, quantity(bundle), quantity(one), quantity(one))] == [
        "NON_MUTABLE_INVENTORY_ITEM",
        "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR",
    ]


@pytest.mark.parametrize(("changes", "code"), [({"name": "sold"}, "INVALID_NAME"), ({"reason": "x"}, "INVALID_REASON")])
def test_what_is_wrong_with_the_whole_names_no_item(sandbox: Shop, changes: dict[str, Any], code: str) -> None:
    one = sandbox.shop.stock.add("A")

    assert put(sandbox, quantity(one), **changes) == [(code, ["input", *changes])]


def test_what_is_no_input_is_an_error_of_the_document(sandbox: Shop) -> None:
    one = sandbox.shop.stock.add("A")
    whole = {"name": "available", "reason": "correction"}
    without = {name: value for name, value in quantity(one).items() if name != "changeFromQuantity"}
    wrong = [[without], [quantity(one, compareQuantity=1)], [quantity(one)] * (MOST_INPUTS + 1)]

    said = [ask(sandbox, SET, input={**whole, "quantities": each}, key="k") for each in wrong]

    assert [one["errors"][0]["extensions"]["code"] for one in said] == [
        "BAD_REQUEST",
        "INVALID_VARIABLE",
        "MAX_INPUT_SIZE_EXCEEDED",
    ]
    assert one.levels == {"101": 10}


# -- keys --------------------------------------------------------------------------------------------------------


def test_without_a_key_nothing_is_done(sandbox: Shop) -> None:
    one = sandbox.shop.stock.add("A")
    wanted = {"name": "available", "reason": "correction", "quantities": [quantity(one)]}

    said = ask(sandbox, SET.replace("@idempotent(key: $key)", ""), input=wanted, key="k")

    assert "@idempotent directive is required" in said["errors"][0]["message"]
    assert one.levels == {"101": 10}


def test_the_same_key_is_the_same_call(sandbox: Shop) -> None:
    one = sandbox.shop.stock.add("A")

    assert put(sandbox, quantity(one, 3, changeFromQuantity=10), key="k") == []
    assert put(sandbox, quantity(one, 3, changeFromQuantity=10), key="k") == []
    assert put(sandbox, quantity(one, 4), key="k") == [("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", None)]
    assert one.levels == {"101": 3}


def test_the_key_of_a_call_that_failed_is_used_up(sandbox: Shop) -> None:
    one = sandbox.shop.stock.add("A")
    put(sandbox, quantity(one, -1), key="k")

    assert put(sandbox, quantity(one, -1), key="k") == [("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", None)]


# -- places ------------------------------------------------------------------------------------------------------


LEVELS = """query Levels($all: Boolean) { inventoryItems(first: 9) { nodes {
  inventoryLevels(first: 9, includeInactive: $all) { nodes { isActive location { id } quantities(names: ["available"]) {
    quantity } } } } } }"""


def levels(sandbox: Shop, *, is_all: bool) -> dict[str, tuple[bool, int]]:
    (item,) = ask(sandbox, LEVELS, all=is_all)["data"]["inventoryItems"]["nodes"]
    nodes = item["inventoryLevels"]["nodes"]
    return {one["location"]["id"][-3:]: (one["isActive"], one["quantities"][0]["quantity"]) for one in nodes}


def test_STK_12_a_figure_is_kept_where_the_item_is_not_active_and_nothing_is_said(sandbox: Shop) -> None:
    one = sandbox.shop.stock.add("A")

    assert put(sandbox, quantity(one, 7, place="102")) == []

    assert (one.levels, sandbox.shop.stock_of("A")) == ({"101": 10}, {(one.item_gid, "101"): 10})
    assert levels(sandbox, is_all=False) == {"101": (True, 10)}
    assert levels(sandbox, is_all=True) == {"101": (True, 10), "102": (False, 7)}


def test_STK_12_an_item_that_is_made_active_without_a_figure_has_the_one_that_was_kept(sandbox: Shop) -> None:
    one = sandbox.shop.stock.add("A", levels={"101": 10, "102": 6})
    sandbox.shop.stock.put(one.id, "102", None)
    document = ACTIVATE.replace("available: 4", "available: null")

    for key in ("a", "b"):  # active already is no error without a figure
        said = ask(sandbox, document, item=one.item_gid, place="gid://shopify/Location/102", key=key)

    assert said["data"]["inventoryActivate"]["userErrors"] == []
    assert (one.levels, one.kept) == ({"101": 10, "102": 6}, {})


@pytest.mark.parametrize(
    ("place", "words"), [("102", None), ("101", "already active"), ("9", "could not be stocked"), ("x", "could not")]
)
def test_an_item_is_stocked_at_a_place_once(sandbox: Shop, place: str, words: str | None) -> None:
    one = sandbox.shop.stock.add("A")

    said = ask(sandbox, ACTIVATE, item=one.item_gid, place=f"gid://shopify/Location/{place}", key="k")

    errors = said["data"]["inventoryActivate"]["userErrors"]
    assert words in errors[0]["message"] if words else one.levels == {"101": 10, "102": 4}


def test_an_item_that_is_not_there_is_not_stocked(sandbox: Shop) -> None:
    said = ask(sandbox, ACTIVATE, item="gid://shopify/InventoryItem/9", place="gid://shopify/Location/101", key="k")

    assert "could not be found" in said["data"]["inventoryActivate"]["userErrors"][0]["message"]


# -- what sells --------------------------------------------------------------------------------------------------


def test_a_sale_takes_pieces_and_a_cancellation_gives_them_back(sandbox: Shop) -> None:
    one = sandbox.shop.stock.add("A", levels={"101": 5, "102": 5})
    order = sandbox.shop.place_order({"lines": [{"sku": "A", "quantity": 3, "price": "1.00", "location": "102"}]})
    assert one.levels == {"101": 5, "102": 2}

    sandbox.shop.refund(order.id, pieces={order.lines[0].id: 1})
    sandbox.shop.fulfill(order.id, {order.lines[0].id: 1})
    sandbox.shop.cancel(order.id)

    assert one.levels == {"101": 5, "102": 4}


def test_what_nobody_counts_is_not_taken_off(sandbox: Shop) -> None:
    one = sandbox.shop.stock.add("A", is_tracked=False)

    sandbox.shop.place_order({"lines": [{"variant": one.id, "price": "1.00"}, {"variant": 7, "price": "1.00"}]})

    assert one.levels == {"101": 10}


# -- by hand -----------------------------------------------------------------------------------------------------


def control(sandbox: Shop, path: str, body: Any = None) -> Any:
    method = "GET" if body is None else "POST"
    return requests.request(method, f"{sandbox.url}/_sandbox/{path}", json=body, timeout=30)


def test_a_merchant_works_the_catalogue_by_hand(sandbox: Shop) -> None:
    made = control(sandbox, "variants", {"sku": "A", "levels": {"101": 4}}).json()

    changed = control(sandbox, f"variants/{made['id']}", {"sku": "B", "levels": {"101": None, "102": 6}}).json()

    assert changed == {"id": made["id"], "item": made["item"], "sku": "B", "levels": {"102": 6}, "inactive": {"101": 4}}
    assert control(sandbox, "stock/B").json() == [{"item": made["item"], "location": "102", "available": 6}]
    assert control(sandbox, f"variants/{made['id']}", {"delete": True}).json()["deleted"]
    assert control(sandbox, f"variants/{made['id']}", {"sku": "C"}).status_code == 404
    assert control(sandbox, "stock/B").json() == []


def test_a_variant_has_only_so_many_features(sandbox: Shop) -> None:
    with pytest.raises(ValueError, match="colour"):
        sandbox.shop.stock.add("A", colour="red")


def test_the_state_says_what_was_asked(sandbox: Shop) -> None:
    put(sandbox, quantity(sandbox.shop.stock.add("A")))
    ask(sandbox, FOUND)

    assert control(sandbox, "state").json()["asked"] == {"inventorySetQuantities": 1, "productVariants": 1}
