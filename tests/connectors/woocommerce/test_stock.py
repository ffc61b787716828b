"""connectors.woocommerce.stock: told stock, and the many ways in which a shop does not take it."""

import json
from typing import Any

import pytest
from flask import Flask

from connectors.errors import CredentialsRefused, RateLimited, Rejected, Unavailable
from connectors.woocommerce.connector import WooCommerce
from sandbox import RunningSandbox, WooCommerceShop
from sandbox.faults import Said
from sandbox.server import serve
from schemas.actions import TellStock
from schemas.reasons import Reason
from schemas.stock import NotTold
from tests.cases import case
from tests.connectors.woocommerce.shop import add, add_chair, answering, connect, product_json, reasons, tells

Running = RunningSandbox[WooCommerceShop]


def test_stock_is_told_to_products_and_variations(shop: WooCommerceShop, store: WooCommerce) -> None:
    table, oil = add(shop, "TABLE", "OIL")
    _, red, blue = add_chair(
        shop,
        {"option": "Red", "sku": "RED", "stock_quantity": 1},
        {"option": "Blue", "sku": "BLUE", "stock_quantity": 1},
    )

    refused = store.tell_stock([*tells([red, table], shop=shop), *tells([oil, blue], 0, shop=shop)])

    assert refused == ()
    assert store.http.calls == 2
    assert shop.told_stock() == [(red, 7), (blue, 0), (table, 7), (oil, 0)]
    assert [shop.stock(sku) for sku in ("TABLE", "OIL", "RED", "BLUE")] == [7, 0, 7, 0]


def test_a_hundred_products_are_one_call_and_one_more_are_two(shop: WooCommerceShop, store: WooCommerce) -> None:
    ids = add(shop, *(f"P-{number}" for number in range(101)))

    assert store.tell_stock(tells(ids[:100], shop=shop)) == ()
    assert store.http.calls == 1
    assert store.tell_stock(tells(ids, 8, shop=shop)) == ()
    assert store.http.calls == 3
    assert {shop.stock(f"P-{number}") for number in range(101)} == {8}


def test_what_travels_in_one_call_has_the_same_word(store: WooCommerce) -> None:
    ids = ["product/1", "product/2", "product/3/variation/4", "product/3/variation/5", "product/6/variation/7", "x"]

    words = [store.stock_call(one) for one in tells(ids)]

    assert words == [
        *["products/batch"] * 2,
        *["products/3/variations/batch"] * 2,
        "products/6/variations/batch",
        "",
    ]


def test_STK_2_a_negative_quantity_is_never_sent(shop: WooCommerceShop, store: WooCommerce) -> None:
    ids = add(shop, "TABLE")

    assert store.tell_stock(tells(ids, -4, shop=shop)) == ()
    assert shop.told_stock() == [(ids[0], 0)]


def test_STK_8_one_bad_item_of_a_hundred_fails_alone(shop: WooCommerceShop, store: WooCommerce) -> None:
    ids = add(shop, *(f"P-{number}" for number in range(100)))
    shop.delete_product("P-37")

    refused = store.tell_stock(tells(ids, shop=shop))

    assert reasons(refused) == {ids[37]: Reason.STORE_ITEM_GONE}
    assert refused[0].words == "woocommerce_rest_product_invalid_id: Invalid ID."
    assert shop.stock("P-36") == shop.stock("P-38") == 7


def test_STK_8_what_the_store_names_as_wrong_is_set_aside_in_its_words(store: WooCommerce) -> None:
    shown = [product_json(number, stock_quantity=7) for number in range(1, 101)]
    shown[36] = {"id": 37, "error": {"code": "no_way", "message": "Not <b>today</b>.", "data": {"status": 400}}}

    with answering([], then={"update": shown}) as server:
        refused = connect(server.url).tell_stock(tells(f"product/{number}" for number in range(1, 101)))

    assert refused == (NotTold("product/37", "", Reason.REFUSED_BY_STORE, "no_way: Not today."),)


def test_a_deleted_variation_is_gone(shop: WooCommerceShop, store: WooCommerce) -> None:
    _, red, blue = add_chair(
        shop, {"option": "Red", "sku": "RED", "stock_quantity": 1}, {"sku": "BLUE", "stock_quantity": 1}
    )
    shop.delete_product("RED")
    as_product = f"product/{blue.rpartition('/')[2]}"  # a variation is no product

    refused = store.tell_stock(tells([red, blue, as_product, "variant/77", "product/1/../2"], shop=shop))

    assert set(reasons(refused)) == {red, as_product, "variant/77", "product/1/../2"}
    assert set(reasons(refused).values()) == {Reason.STORE_ITEM_GONE}
    assert shop.stock("BLUE") == 7


def test_all_variations_of_a_deleted_product_are_gone(shop: WooCommerceShop, store: WooCommerce) -> None:
    _, red = add_chair(shop, {"option": "Red", "sku": "RED", "stock_quantity": 1})
    shop.delete_product("CHAIR")

    assert reasons(store.tell_stock(tells([red], shop=shop))) == {red: Reason.STORE_ITEM_GONE}


def test_STK_6_an_item_whose_pieces_are_not_counted_is_left_so(shop: WooCommerceShop, store: WooCommerce) -> None:
    (service,) = add(shop, "SERVICE", manage_stock=False)
    _, blue = add_chair(shop, {"option": "Blue", "sku": "BLUE"}, stock_quantity=20)

    refused = store.tell_stock(tells([service, blue], shop=shop))

    assert reasons(refused) == {service: Reason.TRACKING_OFF, blue: Reason.TRACKING_OFF}
    assert shop.stock_of("SERVICE") == {service: None}
    assert shop.stock("CHAIR") == 20


def test_STK_3_a_real_shop_s_answer_names_the_SKU_of_today() -> None:
    answer = case("woocommerce_batch_names_sku_of_today")
    with answering([], then=json.loads(json.dumps(answer, default=str))) as server:
        (refused,) = connect(server.url).tell_stock([TellStock("chair-1b", "product/31", "", 24)])

    assert (refused.external_id, refused.reason, refused.sku) == ("product/31", Reason.SKU_MOVED, "chair-1b-moved")


@pytest.mark.parametrize(("sku", "named"), [("RED-OLD", "RED-OLD"), ("", "CHAIR")])
def test_STK_3_a_variation_that_has_another_SKU_now_is_not_taken_for_told(
    shop: WooCommerceShop, store: WooCommerce, sku: str, named: str
) -> None:
    """A variation without a SKU of its own answers with its product's."""
    _, red, blue = add_chair(
        shop, {"option": "Red", "sku": "RED", "stock_quantity": 1}, {"sku": "BLUE", "stock_quantity": 1}
    )
    told = tells([red, blue], shop=shop)
    shop.change_product("RED", {"sku": sku})

    (refused,) = store.tell_stock(told)

    assert (refused.external_id, refused.reason, refused.sku) == (red, Reason.SKU_MOVED, named)
    assert shop.stock("BLUE") == 7


@pytest.mark.parametrize("changes", [{}, {"sku": None}])
def test_STK_3_an_answer_without_a_SKU_says_nothing_of_it(changes: dict[str, Any]) -> None:
    shown = {name: value for name, value in product_json(1, stock_quantity=7).items() if name != "sku"}
    expected = set() if not changes else {Reason.SKU_MOVED}

    with answering([], then={"update": [shown | changes]}) as server:
        refused = connect(server.url).tell_stock(tells(["product/1"]))

    assert set(reasons(refused).values()) == expected


def test_an_answer_that_shows_another_quantity_is_no_success() -> None:
    with answering([], then={"update": [product_json(1, stock_quantity=3)]}) as server:
        (refused,) = connect(server.url).tell_stock(tells(["product/1"]))

    assert refused.reason is Reason.REFUSED_BY_STORE
    assert refused.words == "the store shows 3 all the same"


def test_what_the_answer_leaves_out_is_told_again() -> None:
    with answering([], then={"update": [product_json(1, stock_quantity=7)]}) as server:
        refused = connect(server.url).tell_stock(tells(["product/1", "product/2"]))

    assert reasons(refused) == {"product/2": Reason.STORE_UNAVAILABLE}


def test_STK_8_odd_entry_of_the_answer_fails_alone() -> None:
    shown = [product_json(number, stock_quantity=7) for number in range(1, 101)]
    shown[36] = {"id": 37, "error": {"code": "", "message": "Not today.", "data": {"status": "400"}}}

    with answering([], then={"update": shown}) as server:
        (refused,) = connect(server.url).tell_stock(tells(f"product/{number}" for number in range(1, 101)))

    assert (refused.external_id, refused.reason) == ("product/37", Reason.REFUSED_BY_STORE)
    assert refused.words == "unreadable: error.code: must be an id"


@pytest.mark.parametrize(
    "odd", [{}, {"stock_quantity": 7}, {"manage_stock": None}, {"manage_stock": "yes", "stock_quantity": 7}], ids=repr
)
def test_STK_8_an_entry_that_does_not_say_what_became_of_it_is_told_again_alone(odd: dict[str, Any]) -> None:
    shown = [product_json(1, stock_quantity=7), {"id": 2} | odd]

    with answering([], then={"update": shown}) as server:
        (refused,) = connect(server.url).tell_stock(tells(["product/1", "product/2"]))

    assert (refused.external_id, refused.reason) == ("product/2", Reason.STORE_UNAVAILABLE)
    assert "manage_stock" in refused.words


@pytest.mark.parametrize("answer", [{"update": []}, {}, [], {"update": [None]}], ids=repr)
def test_an_answer_that_says_nothing_is_no_success(answer: Any) -> None:
    with answering([], then=answer) as server, pytest.raises(Unavailable):
        connect(server.url).tell_stock(tells(["product/1"]))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("http_500", Unavailable),
        ("html", Unavailable),
        ("lost", Unavailable),
        ("truncated", Unavailable),
        ("rate_limit", RateLimited),
        ("unauthorized", CredentialsRefused),
    ],
)
def test_a_shop_that_takes_nothing_raises(
    sandbox: Running, store: WooCommerce, fault: str, kind: type[Exception]
) -> None:
    ids = add(sandbox.shop, "TABLE")
    sandbox.faults.fail_next(1, fault)

    with pytest.raises(kind):
        store.tell_stock(tells(ids, shop=sandbox.shop))
    assert store.tell_stock(tells(ids, shop=sandbox.shop)) == ()


def test_STK_8_a_call_that_is_refused_whole_is_raised(sandbox: Running, store: WooCommerce) -> None:
    ids = add(sandbox.shop, "TABLE", "OIL")
    sandbox.faults.answer_next(1, Said(400, b'{"code":"rest_invalid_param"}'), only="/products/batch")

    with pytest.raises(Rejected, match="rest_invalid_param"):
        store.tell_stock(tells(ids, shop=sandbox.shop))


def test_where_the_api_is_not_there_no_item_is_gone() -> None:
    with serve(Flask(__name__)) as server, pytest.raises(Unavailable, match="no WooCommerce API"):
        connect(server.url).tell_stock(tells(["product/1"]))
