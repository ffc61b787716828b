"""connectors.woocommerce.catalogue: all products or by SKU, of a shop that works while it is asked."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from connectors.errors import Unavailable
from connectors.woocommerce.connector import WooCommerce
from sandbox import RunningSandbox, ShopSettings, WooCommerceShop, run_woocommerce
from sandbox.faults import Said
from sandbox.server import serve
from schemas.stock import CataloguePage, StoreItem
from tests.connectors.woocommerce.shop import add, add_chair, answering, by_id, connect, product_json

Running = RunningSandbox[WooCommerceShop]

LONG_AGO = timedelta(hours=2)


# -- the catalogue -----------------------------------------------------------------------------------------------


def test_the_catalogue_has_products_and_variations_with_what_the_shop_shows(
    shop: WooCommerceShop, store: WooCommerce
) -> None:
    (table,) = add(shop, "TABLE", name="Oak <b>Table</b>")
    chair, red = add_chair(shop, {"option": "Red", "sku": "CHAIR-RED", "stock_quantity": -3})

    items = by_id(store.catalogue())

    assert items == {
        table: StoreItem(table, "TABLE", "Oak Table", is_tracked=True, shown={"": 5}),
        chair: StoreItem(chair, "CHAIR", "Ash Chair", is_tracked=False, shown={"": None}),
        red: StoreItem(red, "CHAIR-RED", "Ash Chair - Red", is_tracked=True, shown={"": -3}),
    }


def test_STK_3_a_product_that_counts_for_its_variations_is_the_item(shop: WooCommerceShop, store: WooCommerce) -> None:
    """The variation with a SKU of its own counts no pieces; the one that reports its product's SKU is no item."""
    chair, blue, plain = add_chair(shop, {"option": "Blue", "sku": "BLUE"}, {"option": "Plain"}, stock_quantity=20)

    pages = list(store.catalogue())

    items = by_id(pages)
    assert {id_: (item.is_tracked, item.shown) for id_, item in items.items()} == {
        chair: (True, {"": 20}),
        blue: (False, {"": 20}),
    }
    assert plain in [gone for page in pages for gone in page.gone]


def test_what_has_no_sku_is_no_item_and_what_lost_it_is_gone(shop: WooCommerceShop, store: WooCommerce) -> None:
    kept, lost = add(shop, "KEPT", "LOST")
    before = by_id(store.catalogue())
    shop.set_sku("LOST", "")

    pages = list(store.catalogue(datetime.now(UTC)))

    assert set(before) == {kept, lost}
    assert [page.gone for page in pages] == [(lost,)]


@pytest.mark.parametrize("status", ["draft", "private", "pending", "future"])
def test_what_is_not_published_may_carry_stock_all_the_same(
    shop: WooCommerceShop, store: WooCommerce, status: str
) -> None:
    (hidden,) = add(shop, "HIDDEN", status=status)

    assert set(by_id(store.catalogue())) == {hidden}


def test_what_is_in_the_trash_is_no_item(shop: WooCommerceShop, store: WooCommerce) -> None:
    add(shop, "TRASHED", status="trash")

    assert by_id(store.catalogue()) == {}


def test_two_hundred_and_fifty_products_cost_three_calls(shop: WooCommerceShop, store: WooCommerce) -> None:
    ids = add(shop, *(f"P-{number}" for number in range(250)))

    assert sorted(by_id(store.catalogue())) == sorted(ids)
    assert store.http.calls == 3


def test_no_item_is_lost_when_products_are_deleted_between_the_pages(shop: WooCommerceShop, store: WooCommerce) -> None:
    ids = add(shop, *(f"P-{number}" for number in range(250)))
    found: dict[str, StoreItem] = {}
    for number, page in enumerate(store.catalogue()):
        found |= {item.external_id: item for item in page.items}
        if number < 3:
            for gone in range(number * 15, number * 15 + 10):
                shop.delete_product(f"P-{gone}")
            shop.set_stock(f"P-{number * 15 + 12}", 9)
            ids += add(shop, f"NEW-{number}")

    assert set(found) >= set(ids[30:])
    assert {item.sku for item in found.values()} >= {"P-249", "NEW-0", "NEW-2"}


def test_many_variations_are_all_read(shop: WooCommerceShop, store: WooCommerce) -> None:
    variations = ({"option": str(number), "sku": f"C-{number}", "stock_quantity": 1} for number in range(130))
    ids = add_chair(shop, *variations)

    assert list(by_id(store.catalogue())) == ids
    assert store.http.calls == 3


def test_a_product_on_two_pages_is_asked_for_its_variations_once(shop: WooCommerceShop, store: WooCommerce) -> None:
    add(shop, *(f"P-{number}" for number in range(99)))
    add_chair(shop, {"option": "Red", "sku": "RED", "stock_quantity": 1})  # the last of one page begins the next
    add(shop, "LAST")

    items = [item.external_id for page in store.catalogue() for item in page.items]

    assert len(items) == len(set(items)) == 102
    assert shop.calls["GET /products/{id}/variations"] == 1


def shop_with_chairs(version: str, chairs: int) -> WooCommerceShop:
    shop = WooCommerceShop(ShopSettings(version=version))
    add(shop, "TABLE")
    for number in range(chairs):
        add_chair(
            shop,
            {"option": "Red", "sku": f"RED-{number}", "stock_quantity": number},
            {"option": "Plain"},
            sku=f"CHAIR-{number}",
            stock_quantity=20,
        )
    return shop


@pytest.mark.long
def test_from_10_3_on_variations_of_many_products_are_read_in_one_list() -> None:
    with (
        run_woocommerce(shop_with_chairs("10.3.0", 60)) as new,
        run_woocommerce(shop_with_chairs("10.0.2", 60)) as old,
    ):
        fast, slow = (connect(one.url, one.credentials) for one in (new, old))

        items = by_id(fast.catalogue())

        assert len(items) == 121
        assert items == by_id(slow.catalogue())
    assert dict(new.shop.calls) == {"GET /products": 1, "GET /variations": 2}
    assert dict(old.shop.calls) == {"GET /products": 1, "GET /variations": 1, "GET /products/{id}/variations": 60}


def test_STK_3_a_walk_that_is_cut_goes_on_behind_the_variable_product_it_read_last() -> None:
    with run_woocommerce(shop_with_chairs("10.0.2", 5)) as sandbox:
        store = connect(sandbox.url, sandbox.credentials)
        pages = store.catalogue()
        first = [next(pages) for _ in range(3)]
        sandbox.shop.delete_product("TABLE")  # the first of the list: all others move up

        rest = list(store.catalogue(after=first[-1].position))

        assert len(by_id([*first, *rest])) == 11
        assert not set(by_id(first)) & set(by_id(rest))
        assert sandbox.shop.calls["GET /products/{id}/variations"] == 5


def test_products_with_more_variations_than_a_list_should_have_are_listed_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("connectors.woocommerce.catalogue.GROUP", 8)  # of chairs with two each
    with run_woocommerce(shop_with_chairs("10.3.0", 10)) as sandbox:
        pages = list(connect(sandbox.url, sandbox.credentials).catalogue())

    assert [len(page.items) for page in pages] == [9, 8, 4]
    assert dict(sandbox.shop.calls) == {"GET /products": 1, "GET /variations": 3}


@pytest.mark.parametrize("most", [99, 30, 12])
def test_a_shop_that_is_too_slow_for_a_full_page_is_asked_for_fewer_products_the_next_time(most: int) -> None:
    with answering([product_json(number) for number in range(1, 241)], most=most) as server:
        store, tries = connect(server.url), 0
        while True:
            try:
                pages = list(store.catalogue())
                break
            except Unavailable:
                tries += 1
                assert tries <= 3

    assert len(by_id(pages)) == 240


@pytest.mark.long
def test_variations_that_are_too_large_for_one_answer_come_in_smaller_ones(
    shop: WooCommerceShop, store: WooCommerce, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = add_chair(shop, *({"option": str(number), "sku": f"C-{number}"} for number in range(130)))
    monkeypatch.setattr("connectors.http.SIZE_LIMIT", 8000)

    assert set(by_id(store.catalogue())) == set(ids)


def test_a_list_in_another_order_than_by_id_has_no_place_to_go_on() -> None:
    with answering([product_json(number) for number in (3, 1, 2)]) as server:
        (page,) = connect(server.url).catalogue()

    assert (len(page.items), page.position) == (3, None)


_FORBIDDEN = b'{"code":"woocommerce_rest_cannot_view","message":"Sorry, you cannot list.","data":{"status":403}}'


@pytest.mark.parametrize(
    "said",
    [Said(200, b"[]"), Said(400, b"{}"), Said(403, _FORBIDDEN), Said(200, b'[{"id":9,"parent_id":1},7]')],
    ids=["empty", "refused", "forbidden", "another's"],
)
def test_what_the_list_of_variations_has_not_is_asked_for_by_product(said: Said) -> None:
    with run_woocommerce(shop_with_chairs("10.3.0", 5)) as sandbox:
        sandbox.faults.answer_next(1, said, only="/v3/variations")

        items = by_id(connect(sandbox.url, sandbox.credentials).catalogue())

    assert {item.sku for item in items.values()} >= {f"RED-{number}" for number in range(5)}


def test_a_product_of_which_the_list_has_not_all_is_asked_for_them() -> None:
    with run_woocommerce(shop_with_chairs("10.3.0", 3)) as sandbox:
        red, plain = (sandbox.shop.product_writer().variation(one) for one in sandbox.shop.catalogue.variations(11))
        partly = Said(200, json.dumps([red, plain, red | {"id": 999, "parent_id": 14}]))
        sandbox.faults.answer_next(1, partly, only="/v3/variations")

        items = by_id(connect(sandbox.url, sandbox.credentials).catalogue())

    assert {item.sku for item in items.values()} >= {"RED-0", "RED-1", "RED-2"}
    assert sandbox.shop.calls["GET /products/{id}/variations"] == 2


def test_no_item_is_twice_on_a_page(shop: WooCommerceShop, store: WooCommerce) -> None:
    add_chair(shop, *({"option": str(number), "sku": f"C-{number}"} for number in range(230)))

    (page,) = store.catalogue()

    assert len(page.items) == len({item.external_id for item in page.items}) == 231


def test_a_variable_product_that_goes_under_way_stops_nothing(sandbox: Running, store: WooCommerce) -> None:
    _, red = add_chair(sandbox.shop, {"option": "Red", "sku": "RED", "stock_quantity": 1})
    (table,) = add(sandbox.shop, "TABLE")
    gone = Said(404, json.dumps({"code": "woocommerce_rest_product_invalid_id", "message": "Invalid ID."}))
    sandbox.faults.answer_next(1, gone, only="/variations")

    items = by_id(store.catalogue())

    assert table in items
    assert red not in items


@pytest.mark.parametrize("timezone", ["America/Los_Angeles", "Asia/Tokyo"])
def test_only_what_changed_since_a_moment_is_read(timezone: str) -> None:
    """A time that the shop would take for its own is hours off."""
    shop = WooCommerceShop(ShopSettings(timezone=timezone))
    with shop.at(datetime.now(UTC) - LONG_AGO):
        add(shop, "QUIET", "LOUD")
        _, red = add_chair(shop, {"option": "Red", "sku": "RED", "stock_quantity": 1})
    since = datetime.now(UTC)
    with shop.at(since - timedelta(seconds=60)):  # the shop's clock may be behind ours
        shop.set_stock("LOUD", 4)
        shop.set_stock("RED", 9)

    with run_woocommerce(shop) as sandbox:
        items = by_id(connect(sandbox.url, sandbox.credentials).catalogue(since))

    assert {item.sku for item in items.values()} == {"LOUD", "CHAIR", "RED"}
    assert items[red].shown == {"": 9}


def test_a_deleted_variation_brings_its_product(shop: WooCommerceShop, store: WooCommerce) -> None:
    with shop.at(datetime.now(UTC) - LONG_AGO):
        add_chair(shop, {"option": "Red", "sku": "RED"}, {"option": "Blue", "sku": "BLUE"})
    shop.delete_product("RED")

    assert {item.sku for item in by_id(store.catalogue(datetime.now(UTC))).values()} == {"CHAIR", "BLUE"}


@pytest.mark.parametrize("fault", ["http_500", "html", "truncated", "reset"])
def test_a_fault_between_pages_is_not_the_end_of_the_catalogue(
    sandbox: Running, store: WooCommerce, fault: str
) -> None:
    add(sandbox.shop, *(f"P-{number}" for number in range(120)))
    pages = store.catalogue()
    next(pages)
    sandbox.faults.fail_next(1, fault)

    with pytest.raises(Unavailable):
        list(pages)


def test_where_the_api_is_not_there_the_catalogue_is_not_empty() -> None:
    with serve(Flask(__name__)) as server, pytest.raises(Unavailable, match="no WooCommerce API"):
        list(connect(server.url).catalogue())


def test_a_product_that_cannot_be_read_hides_no_other(caplog: pytest.LogCaptureFixture) -> None:
    broken = [product_json(2, manage_stock="maybe"), product_json(3, sku={"oops": 1}), "text", None, {"id": "../1"}]
    with answering([product_json(1), *broken, product_json(9)]) as server:
        items = by_id(connect(server.url).catalogue())

    assert sorted(items) == ["product/1", "product/9"]
    assert "manage_stock: must be true, false or parent of 2" in caplog.text


def test_a_shop_that_repeats_its_page_is_no_endless_catalogue() -> None:
    page = [product_json(number) for number in range(1, 101)]

    with answering(lambda _: page) as server, pytest.raises(Unavailable, match="repeats a page"):
        list(connect(server.url).catalogue())


# -- looking for SKUs --------------------------------------------------------------------------------------------


def test_items_are_found_among_products_and_variations_in_one_call(shop: WooCommerceShop, store: WooCommerce) -> None:
    (table,) = add(shop, "TABLE")
    _, red = add_chair(shop, {"option": "Red", "sku": "CHAIR-RED", "stock_quantity": 3})

    items = by_id([store.find_items(["TABLE", "CHAIR-RED", "NO-SUCH"])])

    assert items[table].shown == {"": 5}
    assert items[red].name == "Ash Chair - Red"
    assert set(items) == {table, red}
    assert store.http.calls == 1


@pytest.mark.parametrize("sku", ["Tisch Ä 120", "表-1", "50% & more", "a+b=c?#", "1,5 mm", "A,B,C"])
def test_a_sku_of_any_signs_is_found(shop: WooCommerceShop, store: WooCommerce, sku: str) -> None:
    add(shop, "A", "B", "OTHER")
    (wanted,) = add(shop, sku)

    assert set(by_id([store.find_items([sku, "NO-SUCH"])])) == {wanted}


def test_STK_3_a_sku_in_another_case_is_another_sku(shop: WooCommerceShop, store: WooCommerce) -> None:
    add(shop, "Table")

    assert store.find_items(["TABLE", "table"]).items == ()


def test_several_products_with_the_sku_are_all_found(shop: WooCommerceShop, store: WooCommerce) -> None:
    ids = add(shop, "TWICE")
    ids.append(f"product/{shop.add_product({'sku': 'TWICE', 'stock_quantity': 1}, is_sku_free=True).id}")

    assert sorted(by_id([store.find_items(["TWICE"])])) == sorted(ids)


def test_a_variation_that_repeats_its_products_sku_is_not_found_beside_it(
    shop: WooCommerceShop, store: WooCommerce
) -> None:
    chair = shop.add_product({"sku": "CHAIR", "type": "variable", "stock_quantity": 20})
    shop.catalogue.create({"sku": "CHAIR"}, parent_id=chair.id, is_sku_free=True)

    assert set(by_id([store.find_items(["CHAIR"])])) == {f"product/{chair.id}"}


def test_a_hundred_long_skus_are_asked_for_in_addresses_that_servers_take(
    shop: WooCommerceShop, store: WooCommerce
) -> None:
    skus = [f"{number:03}-" + "Ä" * 60 for number in range(100)]
    ids = add(shop, *skus)

    assert sorted(by_id([store.find_items(skus)])) == sorted(ids)
    assert store.http.calls == 20


def test_nothing_wanted_is_no_call(store: WooCommerce) -> None:
    assert store.find_items(["", ""]) == CataloguePage(())
    assert store.http.calls == 0
