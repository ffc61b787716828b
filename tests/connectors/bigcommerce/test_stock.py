"""connectors.bigcommerce.connector: items and their stock, over the stand-in's catalogue and inventory."""

from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest

from connectors import http
from connectors import memo as remembered
from connectors.bigcommerce import stock as bigcommerce_stock
from connectors.bigcommerce.connector import BigCommerce
from connectors.errors import CredentialsRefused, Rejected, Unavailable
from sandbox import BigCommerceShop, Fault, RunningSandbox, run_bigcommerce
from schemas.actions import TellStock
from schemas.bigcommerce.platform import PLATFORM
from schemas.reasons import Reason
from schemas.stock import StoreItem

ADJUST = "PUT /v3/inventory/adjustments/absolute"
PRODUCTS = "GET /v3/catalog/products"
LOCATIONS = "GET /v3/inventory/locations"
INVENTORY = "GET /v3/inventory/items"


def add(shop: BigCommerceShop, sku: str, **given: Any) -> str:
    """A product; what its stock is called."""
    product = shop.add_product({"sku": sku, "stock": 5, **given})
    return f"product/{product.id}"


def shirt(shop: BigCommerceShop, *skus: str, **given: Any) -> list[str]:
    """A product with variants; what their stock is called."""
    variants = [{"sku": sku, "labels": ["Cotton", sku], "stock": 3} for sku in skus]
    product = shop.add_product({"name": "Shirt", "sku": "SHIRT", "variants": variants, **given})
    return [f"variant/{variant.id}" for variant in product.variants]


def items_of(store: BigCommerce, since: datetime | None = None) -> list[StoreItem]:
    return [item for page in store.catalogue(since) for item in page.items]


def found(store: BigCommerce, *skus: str) -> dict[str, str]:
    return {item.external_id: item.sku for item in store.find_items(skus).items}


def tell(external_id: str, quantity: int, sku: str = "A") -> TellStock:
    return TellStock(sku, external_id, "", quantity)


# -- the catalogue -----------------------------------------------------------------------------------------------


def test_stock_of_a_product_without_options_is_the_product_s(store: BigCommerce, shop: BigCommerceShop) -> None:
    name = add(shop, "A", name="Lamp")

    assert items_of(store) == [StoreItem(name, "A", "Lamp", is_tracked=True, shown={"": 5})]


def test_stock_tracked_by_variant_is_each_variant_s(store: BigCommerce, shop: BigCommerceShop) -> None:
    red, blue = shirt(shop, "S-RED", "S-BLUE")

    by_name = {item.external_id: item for item in items_of(store)}

    assert by_name[red] == StoreItem(red, "S-RED", "Shirt, Cotton, S-RED", is_tracked=True, shown={"": 3})
    assert by_name[blue].shown == {"": 3}
    assert [item.sku for item in by_name.values() if not item.is_tracked] == ["SHIRT"]


def test_stock_tracked_by_product_is_on_the_product_s_own_SKU(store: BigCommerce, shop: BigCommerceShop) -> None:
    shirt(shop, "S-RED", "S-BLUE", tracking="product", stock=9)

    tracked = {item.sku: (item.is_tracked, item.shown) for item in items_of(store)}

    assert tracked == {"SHIRT": (True, {"": 9}), "S-RED": (False, {}), "S-BLUE": (False, {})}


def test_STK_6_what_is_not_tracked_is_told_as_such(store: BigCommerce, shop: BigCommerceShop) -> None:
    shop.add_product({"sku": "A", "tracking": "none", "stock": 5})

    assert [(item.sku, item.is_tracked, item.shown) for item in items_of(store)] == [("A", False, {})]


def test_a_product_without_SKU_is_no_item(store: BigCommerce, shop: BigCommerceShop) -> None:
    add(shop, "")
    add(shop, "  ")

    assert items_of(store) == []


def test_an_item_that_lost_its_SKU_or_is_counted_elsewhere_is_gone(store: BigCommerce, shop: BigCommerceShop) -> None:
    lamp, (red, blue) = add(shop, "A"), shirt(shop, "S-RED", "S-BLUE", sku="S-RED")
    shop.edit_item(red, {"sku": ""})
    (base,) = shop.catalogue.products[1].variants

    (page,) = store.catalogue()

    assert {item.external_id for item in page.items} == {lamp, blue, "product/2"}
    assert set(page.gone) == {f"variant/{base.id}", red}


@pytest.mark.parametrize("sku", ["A,B", "A B", "Ω-Ünïcode-漢", "a", "A/B&C=D#E?F%", '"A"'])
def test_STK_3_a_SKU_is_kept_as_it_is_and_found_exactly(store: BigCommerce, shop: BigCommerceShop, sku: str) -> None:
    name = add(shop, sku)
    add(shop, sku.swapcase() + "x")

    assert {item.sku for item in items_of(store)} == {sku, sku.swapcase() + "x"}
    assert found(store, sku) == {name: sku}


def test_a_SKU_is_trimmed(store: BigCommerce, shop: BigCommerceShop) -> None:
    add(shop, " A ")

    assert [item.sku for item in items_of(store)] == ["A"]


def test_many_products_are_read_250_a_call(store: BigCommerce, shop: BigCommerceShop) -> None:
    for number in range(600):
        add(shop, f"S-{number}")

    items = items_of(store)

    assert [item.sku for item in items] == [f"S-{number}" for number in range(600)]
    assert (shop.calls_of(PRODUCTS), shop.calls_of(INVENTORY), store.http.calls) == (3, 3, 7)


def test_what_is_on_hand_is_read_1000_items_a_call(store: BigCommerce, shop: BigCommerceShop) -> None:
    for number in range(120):
        shirt(shop, *(f"S-{number}-{variant}" for variant in range(20)), sku="")

    assert {pieces for item in items_of(store) for pieces in item.shown.values()} == {3}
    assert (shop.calls_of(INVENTORY), store.http.calls) == (3, 5)


def test_a_poll_of_a_catalogue_that_did_not_change_is_one_call(store: BigCommerce, shop: BigCommerceShop) -> None:
    add(shop, "A")

    assert items_of(store, datetime.now(UTC) + timedelta(hours=1)) == []
    assert store.http.calls == 1


@pytest.mark.parametrize("count", [0, 1, 250, 251])
def test_the_last_page_is_found_whatever_the_count(store: BigCommerce, shop: BigCommerceShop, count: int) -> None:
    for number in range(count):
        add(shop, f"S-{number}")

    assert len(items_of(store)) == count


def test_no_item_is_lost_while_products_come_and_go(store: BigCommerce, shop: BigCommerceShop) -> None:
    names = [add(shop, f"S-{number}") for number in range(600)]
    pages = store.catalogue()

    items = list(next(pages).items)
    for name in names[10:60]:  # what follows moves up by fifty
        shop.edit_item(name, {"delete": True})
    add(shop, "NEW")
    items += [item for page in pages for item in page.items]

    assert {item.sku for item in items} == {"NEW", *(f"S-{number}" for number in range(600))}
    assert len(items) == 601


def test_only_products_that_changed_since_are_read(store: BigCommerce, shop: BigCommerceShop) -> None:
    now = datetime.now(UTC)
    with shop.at(now - timedelta(days=2)):
        old, edited = add(shop, "OLD"), add(shop, "EDITED")
    shop.edit_item(edited, {"tracking": "none"})

    assert old
    assert {item.sku: item.is_tracked for item in items_of(store, now - timedelta(hours=1))} == {"EDITED": False}


def test_STK_6_an_item_shows_what_its_default_location_has(store: BigCommerce, shop: BigCommerceShop) -> None:
    lamp, (red, blue) = add(shop, "A"), shirt(shop, "S-RED", "S-BLUE")
    shop.catalogue.locations.append(7)
    for name in (lamp, red):
        shop.catalogue.count(shop.catalogue.find(name), 20, 7)

    shown = {item.external_id: item.shown for item in items_of(store) if item.is_tracked}

    assert shown == {lamp: {"": 5}, red: {"": 3}, blue: {"": 3}}
    assert store.find_items(["A"]).items[0].shown == {"": 5}


def test_STK_6_an_item_shows_what_is_on_hand_whatever_the_shop_keeps_back(
    store: BigCommerce, shop: BigCommerceShop
) -> None:
    name = add(shop, "A")
    shop.catalogue.find(name).safety[1] = 2

    assert shop.catalogue.find(name).shown()["inventory_level"] == 3
    assert [item.shown for item in (*items_of(store), *store.find_items(["A"]).items)] == [{"": 5}, {"": 5}]


def test_an_answer_that_is_too_large_is_asked_for_in_halves(
    store: BigCommerce, shop: BigCommerceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        shirt(shop, *(f"S-{number}-{variant}" for variant in range(10)), sku="")
    monkeypatch.setattr(http, "SIZE_LIMIT", 30_000)

    assert len(items_of(store)) == 400
    assert len(store.find_items([f"S-{number}-1" for number in range(40)]).items) == 40


def test_a_product_larger_than_any_answer_is_told_and_not_asked_for_ever(
    store: BigCommerce, shop: BigCommerceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shirt(shop, *(f"S-{variant}" for variant in range(30)))
    monkeypatch.setattr(http, "SIZE_LIMIT", 2_000)

    with pytest.raises(Rejected, match="larger"):
        items_of(store)


def test_a_shop_in_trouble_is_no_empty_catalogue(
    sandbox: RunningSandbox[BigCommerceShop], store: BigCommerce, shop: BigCommerceShop
) -> None:
    add(shop, "A")
    sandbox.faults.fail_next(1, Fault.HTTP_500)

    with pytest.raises(Unavailable):
        items_of(store)


# -- items by SKU ------------------------------------------------------------------------------------------------


def test_STK_3_every_item_with_the_SKU_is_found(store: BigCommerce, shop: BigCommerceShop) -> None:
    one, (two, _) = add(shop, "A"), shirt(shop, "A", "B")

    assert found(store, "A") == {one: "A", two: "A"}
    assert store.find_items(["A"]).items[0].shown == {"": 5}


def test_an_untracked_product_is_found_by_its_SKU(store: BigCommerce, shop: BigCommerceShop) -> None:
    shop.add_product({"sku": "A", "tracking": "none"})

    (item,) = store.find_items(["A"]).items

    assert not item.is_tracked


def test_a_SKU_that_the_shop_has_not_is_not_found(store: BigCommerce, shop: BigCommerceShop) -> None:
    add(shop, "A")

    assert found(store, "a", "B", "A,B") == {}
    assert found(store) == {}


def test_a_whole_batch_of_SKUs_is_found_in_few_calls(store: BigCommerce, shop: BigCommerceShop) -> None:
    names = {add(shop, f"A-RATHER-LONG-SKU-{number:04}"): f"A-RATHER-LONG-SKU-{number:04}" for number in range(300)}

    assert found(store, *names.values()) == names
    assert store.http.calls <= 10


# -- telling -----------------------------------------------------------------------------------------------------


def test_STK_5_products_and_variants_show_what_they_are_told(store: BigCommerce, shop: BigCommerceShop) -> None:
    lamp, (red, blue) = add(shop, "A"), shirt(shop, "S-RED", "S-BLUE")

    assert store.tell_stock([tell(lamp, 40), tell(red, 0, "S-RED"), tell(blue, 7, "S-BLUE")]) == ()

    assert [shop.stock_of(sku) for sku in ("A", "S-RED", "S-BLUE")] == [{lamp: 40}, {red: 0}, {blue: 7}]
    assert shop.writes[-1]["body"]["reason"] == "storesync"


@pytest.mark.long
def test_STK_5_a_whole_batch_is_one_call(store: BigCommerce, shop: BigCommerceShop) -> None:
    names = [add(shop, f"S-{number}") for number in range(PLATFORM.stock_batch)]

    assert store.tell_stock([tell(name, 8, f"S-{number}") for number, name in enumerate(names)]) == ()

    assert shop.calls_of(ADJUST) == 1
    assert all(shop.catalogue.find(name).stock == {1: 8} for name in names)


def test_an_adjustment_that_was_accepted_shows_a_moment_later() -> None:
    moment = [datetime(2026, 1, 5, 12, tzinfo=UTC)]
    shop = BigCommerceShop(now=lambda: moment[0])
    shop.catalogue.waits = timedelta(seconds=3)
    name = add(shop, "A")
    with run_bigcommerce(shop) as sandbox:
        store = BigCommerce(sandbox.url, sandbox.credentials, allow_insecure=True)

        assert store.tell_stock([tell(name, 40)]) == ()
        before = shop.stock_of("A")
        moment[0] += timedelta(seconds=3)

    assert (before, shop.stock_of("A")) == ({name: 5}, {name: 40})


def test_stock_is_told_at_the_default_location_whatever_its_id(store: BigCommerce, shop: BigCommerceShop) -> None:
    name = add(shop, "A")
    shop.catalogue.locations, shop.catalogue.default = [3, 7], 7

    for _ in range(3):
        store.tell_stock([tell(name, 40)])

    assert shop.catalogue.find(name).stock == {1: 5, 7: 40}
    assert (shop.calls_of(LOCATIONS), shop.calls_of(ADJUST)) == (1, 3)


def test_STK_4_another_default_location_is_noticed_after_a_while(
    store: BigCommerce, shop: BigCommerceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = add(shop, "A")
    store.tell_stock([tell(name, 4)])
    shop.catalogue.locations, shop.catalogue.default = [1, 7], 7
    store.tell_stock([tell(name, 6)])

    later = monotonic() + remembered.SECONDS
    monkeypatch.setattr(remembered, "monotonic", lambda: later)
    store.tell_stock([tell(name, 8)])

    assert shop.catalogue.find(name).stock == {1: 6, 7: 8}


def test_the_location_is_asked_for_again_where_it_is_refused(store: BigCommerce, shop: BigCommerceShop) -> None:
    name = add(shop, "A")
    store.tell_stock([tell(name, 1)])
    shop.catalogue.locations, shop.catalogue.default = [7], 7

    with pytest.raises(Rejected, match="Location not found"):
        store.tell_stock([tell(name, 2)])

    assert store.tell_stock([tell(name, 3)]) == ()
    assert shop.stock_of("A") == {name: 3}


def test_a_shop_without_a_location_is_told_of(store: BigCommerce, shop: BigCommerceShop) -> None:
    shop.catalogue.locations = []

    with pytest.raises(Rejected, match="0 default locations"):
        store.tell_stock([tell("product/1", 1)])


def test_more_pieces_than_a_shop_counts_are_the_most_it_can(store: BigCommerce, shop: BigCommerceShop) -> None:
    name = add(shop, "A")

    assert store.tell_stock([tell(name, 10**12)]) == ()
    assert shop.stock_of("A") == {name: 2_147_483_647}


def test_STK_8_whom_a_refusal_names_is_left_out_and_the_rest_is_told(store: BigCommerce, shop: BigCommerceShop) -> None:
    good, (_, red, blue) = add(shop, "A"), shirt(shop, "S-GREEN", "S-RED", "S-BLUE", tracking="product")
    told = [tell(good, 40), tell(red, 1, "S-RED"), tell("product/999", 2), tell(blue, 3), tell("nonsense", 4)]

    refused = {one.external_id: one for one in store.tell_stock(told)}

    assert {name: one.reason for name, one in refused.items()} == {
        red: Reason.REFUSED_BY_STORE,
        blue: Reason.REFUSED_BY_STORE,
        "product/999": Reason.STORE_ITEM_GONE,
        "nonsense": Reason.STORE_ITEM_GONE,
    }
    assert "tracked by product" in refused[red].words
    assert (shop.stock_of("A"), shop.calls_of(ADJUST)) == ({good: 40}, 3)


def test_STK_8_a_batch_of_culprits_alone_ends(store: BigCommerce, shop: BigCommerceShop) -> None:
    refused = store.tell_stock([tell("product/998", 1), tell("variant/999", 1)])

    assert {one.reason for one in refused} == {Reason.STORE_ITEM_GONE}
    assert shop.calls_of(ADJUST) == 1


def test_STK_8_a_refusal_that_names_nobody_is_the_callers_to_halve(store: BigCommerce, shop: BigCommerceShop) -> None:
    shop.settings.names_culprits = False
    name = add(shop, "A")

    with pytest.raises(Rejected, match="could not be processed") as caught:
        store.tell_stock([tell(name, 1), tell("product/999", 1)])

    assert caught.value.status == 422
    assert shop.stock_of("A") == {name: 5}
    assert store.tell_stock([tell(name, 1)]) == ()


def test_STK_8_refusals_that_name_ever_more_come_to_an_end(
    store: BigCommerce, shop: BigCommerceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bigcommerce_stock, "ROUNDS", 1)
    gone, mistaken = tell("product/999", 1), tell(shirt(shop, "S-RED", "S-BLUE", tracking="product")[1], 1)

    with pytest.raises(Rejected, match="tracked by product"):
        store.tell_stock([gone, mistaken])


def test_STK_3_item_that_has_another_SKU_now_is_not_told(store: BigCommerce, shop: BigCommerceShop) -> None:
    lamp, table, (red, blue) = add(shop, "A"), add(shop, "B"), shirt(shop, "S-RED", "S-BLUE")
    shop.edit_item(lamp, {"sku": "A-MOVED"})
    shop.edit_item(red, {"sku": "S-OTHER"})
    shop.edit_item(blue, {"sku": ""})
    told = [tell(lamp, 40), tell(table, 41, "B"), tell(red, 42, "S-RED"), tell(blue, 43, "S-BLUE")]

    refused = {one.external_id: (one.reason, one.sku) for one in store.tell_stock(told)}

    assert refused == {
        lamp: (Reason.SKU_MOVED, "A-MOVED"),
        red: (Reason.SKU_MOVED, "S-OTHER"),
        blue: (Reason.SKU_MOVED, ""),
    }
    assert [shop.stock_of(sku) for sku in ("A-MOVED", "B", "S-OTHER")] == [{lamp: 5}, {table: 41}, {red: 3}]


def test_STK_3_product_that_lost_its_SKU_is_not_told(store: BigCommerce, shop: BigCommerceShop) -> None:
    lamp = add(shop, "A")
    shop.edit_item(lamp, {"sku": ""})

    (refused,) = store.tell_stock([tell(lamp, 40)])

    assert (refused.reason, refused.sku) == (Reason.SKU_MOVED, "")


def test_STK_3_looking_at_the_SKUs_of_a_whole_batch_takes_few_calls(store: BigCommerce, shop: BigCommerceShop) -> None:
    skus = [f"S-{number:03}" for number in range(300)]
    products = [add(shop, f"P-{number:03}") for number in range(300)]
    variants = shirt(shop, *skus)

    told = [tell(name, 8, f"P-{number:03}") for number, name in enumerate(products)]
    told += [tell(name, 9, sku) for sku, name in zip(skus, variants, strict=True)]
    assert store.tell_stock(told) == ()

    assert store.http.calls == 1 + 2 + 2 + 1  # places, products, variants, telling


def test_nothing_to_tell_is_no_call(store: BigCommerce) -> None:
    assert store.tell_stock([]) == ()
    assert store.http.calls == 0


@pytest.mark.parametrize(("fault", "kind"), [(Fault.HTTP_503, Unavailable), (Fault.UNAUTHORIZED, CredentialsRefused)])
def test_a_shop_that_does_not_take_the_call_is_no_refused_item(
    sandbox: RunningSandbox[BigCommerceShop], store: BigCommerce, fault: Fault, kind: type[Exception]
) -> None:
    name = add(sandbox.shop, "A")
    store.tell_stock([tell(name, 1)])
    sandbox.faults.fail_next(1, fault)

    with pytest.raises(kind):
        store.tell_stock([tell(name, 2)])

    assert sandbox.shop.stock_of("A") == {name: 1}
