"""connectors.shopify.connector: answers that are partly an error cost only the orders they name (ORD-10, DOR-5)."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from connectors.errors import AnsweredInPart, CredentialsRefused, NotFound, RateLimited, Rejected, Unavailable
from connectors.memo import SECONDS
from connectors.shopify.connector import Shopify
from sandbox import Fault, RunningSandbox, ShopifyShop, run_shopify, seed_shopify_plain
from sandbox.faults import Faults, Said
from sandbox.shopify.documents import NULLABLE, Broken
from sandbox.shopify.model import gid
from sandbox.shopify.state import Bucket
from schemas.actions import SendFulfillment
from tests.connectors.store_contract import by_id, drain, ids_of, snapshots_of

DATA: Final = Path(__file__).parents[2] / "data" / "shopify"
BUYER: Final = ("billingAddress", "customer", "email", "shippingAddress")
CUSTOMER: Final = {"id": "gid://shopify/Customer/7", "displayName": "Bo Li", "defaultEmailAddress": None}


def place(shop: ShopifyShop, *, ago: int = 0, **given: Any) -> str:
    with shop.at(datetime.now(UTC) - timedelta(seconds=ago)):
        order = shop.place_order(
            {
                "lines": [{"sku": "HOOK", "price": "30.00"}],
                "email": "bo@example.com",
                "customer": CUSTOMER,
                "billing": {"firstName": "Bo", "city": "Bern"},
                **given,
            }
        )
    return str(order.id)


def says(*errors: Any, data: Any = None) -> Said:
    return Said(200, json.dumps({"data": data, "errors": list(errors)}))


def error(*path: Any, code: str = "INTERNAL_SERVER_ERROR") -> dict[str, Any]:
    return {"message": "Internal error.", "path": list(path), "extensions": {"code": code}}


# -- pages of orders -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["currentTotalPriceSet", "lineItems", "displayFinancialStatus", "customer"])
@pytest.mark.parametrize("bad", [0, 3, 6])
def test_ORD_10_an_order_that_cannot_be_told_holds_back_no_other(
    shop: ShopifyShop, store: Shopify, field: str, bad: int
) -> None:
    placed = [place(shop, ago=100 - number) for number in range(7)]
    shop.troubles.break_off(gid("Order", int(placed[bad])), field)

    found = by_id(snapshots_of(store.changed_orders(None)))

    assert set(found) == set(placed)
    assert [id_ for id_, one in found.items() if one.payload is None] == [placed[bad]]
    assert all(one.problem is None and one.updated_at for one in found.values())


@pytest.mark.long
def test_ORD_10_the_cursor_goes_on_past_an_order_that_cannot_be_told(shop: ShopifyShop, store: Shopify) -> None:
    shop.bucket = Bucket(10**6, 1000, 10**6)
    placed = [place(shop, ago=4000 - 10 * number) for number in range(120)]
    for bad in (0, 40, 41, 119):
        shop.troubles.break_off(gid("Order", int(placed[bad])), "currentTotalPriceSet")

    cursor = drain(store, None)
    later = place(shop)

    assert set(ids_of(store.changed_orders(None))) == set(placed) | {later}
    assert later in ids_of(store.changed_orders(cursor))


@pytest.mark.long
def test_ORD_10_orders_of_one_second_go_past_one_that_cannot_be_told(shop: ShopifyShop, store: Shopify) -> None:
    moment = datetime.now(UTC) - timedelta(hours=1)
    with shop.at(moment):
        placed = [str(shop.place_order({"lines": [{"sku": "A", "price": "1.00"}]}).id) for _ in range(130)]
    for bad in (0, 60, 129):
        shop.troubles.break_off(gid("Order", int(placed[bad])), "currentTotalPriceSet")

    assert set(ids_of(store.changed_orders(None))) == set(placed)


def test_ORD_10_an_order_that_cannot_be_told_is_the_same_news_each_time(shop: ShopifyShop, store: Shopify) -> None:
    (bad, _) = place(shop), place(shop)
    shop.troubles.break_off(gid("Order", int(bad)), "currentTotalPriceSet")

    first, again = (by_id(snapshots_of(store.changed_orders(None)))[bad].digest for _ in range(2))
    shop.edit_order(int(bad), {"note": "moved"})
    with shop.at(datetime.now(UTC) + timedelta(seconds=5)):
        shop.edit_order(int(bad), {"note": "moved again"})

    assert first == again
    assert by_id(snapshots_of(store.changed_orders(None)))[bad].digest != first


@pytest.mark.parametrize(
    "wrong",
    [
        {"message": "Something went wrong"},
        "Something went wrong",
        error("orders"),
        error("orders", "pageInfo"),
        error("orders", "nodes"),
        error("orders", "nodes", 70, "name"),
        error("orders", "nodes", -1, "name"),
        error("orders", "nodes", True, "name"),
        error("orders", "nodes", "0", "name"),
        error("orders", "nodes", 1.5, "name"),
        error("shop", "name"),
        error(),
        {"path": "orders", "message": 7},
    ],
)
@pytest.mark.parametrize("is_beside", [True, False])
def test_ORD_10_an_answer_that_names_no_order_is_asked_for_again(
    sandbox: RunningSandbox[ShopifyShop], store: Shopify, wrong: Any, is_beside: bool
) -> None:
    page = {"orders": {"nodes": [{"id": gid("Order", 1)}], "pageInfo": {"hasNextPage": False, "endCursor": None}}}
    sandbox.faults.answer_next(1, says(wrong, data=page if is_beside else None))

    with pytest.raises((Unavailable, Rejected)) as raised:
        list(store.changed_orders(None))

    assert is_beside is False or isinstance(raised.value, Unavailable)


def test_ORD_10_a_shop_that_fails_wherever_it_is_asked_ends(
    sandbox: RunningSandbox[ShopifyShop], store: Shopify
) -> None:
    for _ in range(7):
        place(sandbox.shop)
    sandbox.faults.answer_next(60, says(error("orders", "nodes", 0, "name")))

    with pytest.raises(Unavailable):
        list(store.changed_orders(None))
    assert store.http.calls <= 4


def test_throttled_stays_a_wait(sandbox: RunningSandbox[ShopifyShop], store: Shopify) -> None:
    sandbox.faults.answer_next(1, says(error("orders", "nodes", 0), error(code="THROTTLED")))

    with pytest.raises(RateLimited):
        list(store.changed_orders(None))


@pytest.mark.parametrize("path", [("orders",), ("orders", "nodes", 0, "fulfillmentOrders"), ("orders", "nodes", 0)])
def test_a_right_that_is_missing_stops_the_store(
    sandbox: RunningSandbox[ShopifyShop], store: Shopify, path: tuple[Any, ...]
) -> None:
    place(sandbox.shop)
    sandbox.faults.answer_next(1, says(error(*path, code="ACCESS_DENIED")))

    with pytest.raises(CredentialsRefused, match="ACCESS_DENIED"):
        list(store.changed_orders(None))


# -- one order -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["currentTotalPriceSet", "displayFinancialStatus", "customer", "lineItems"])
def test_ORD_10_an_order_that_is_asked_for_and_cannot_be_told_is_tried_again(
    shop: ShopifyShop, store: Shopify, field: str
) -> None:
    bad = place(shop)
    shop.troubles.break_off(gid("Order", int(bad)), field)

    with pytest.raises(AnsweredInPart, match="INTERNAL_SERVER_ERROR"):
        store.snapshot(bad)

    shop.troubles.break_off(gid("Order", int(bad)))
    assert store.snapshot(bad).payload is not None


def test_an_order_that_is_gone_is_still_not_found(store: Shopify) -> None:
    with pytest.raises(NotFound):
        store.snapshot("5001")


@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_of_the_sandbox_has_an_error_of_ours(fault: Fault) -> None:
    faults = Faults()
    faults.set_pace(timeout_seconds=0.1)
    shop = ShopifyShop()
    seed_shopify_plain(shop, orders=4)
    with run_shopify(shop, faults) as sandbox:
        faults.set_rates({fault.value: 1})
        store = Shopify(sandbox.url, sandbox.credentials, allow_insecure=True)
        if fault in (Fault.SLOW, Fault.PARTIAL, Fault.NO_BUYERS, Fault.WRITE_REFUSED):
            assert len(set(ids_of(store.changed_orders(None)))) == 4
        else:
            with pytest.raises((Unavailable, CredentialsRefused)):
                list(store.changed_orders(None))


# -- a buyer that may not be read ----------------------------------------------------------------------------------


def test_DOR_5_orders_come_whole_but_for_their_buyers(shop: ShopifyShop, store: Shopify) -> None:
    placed = [place(shop) for _ in range(3)]
    shop.troubles.grants_buyers = False

    found = by_id(snapshots_of(store.changed_orders(None)))
    asked = {id_: store.snapshot(id_) for id_ in placed}

    assert set(found) == set(placed)
    for one in (*found.values(), *asked.values()):
        order = store.read(one.payload or "")
        assert (order.withheld, order.buyer.name, order.buyer.email, order.bill_to.city) == (BUYER, "", None, "")
    assert [asked[id_].digest for id_ in placed] == [found[id_].digest for id_ in placed]


def test_DOR_5_a_part_of_the_buyer_that_is_withheld_is_left_out(shop: ShopifyShop, store: Shopify) -> None:
    order = place(shop)
    shop.order(int(order)).given = {
        **shop.order(int(order)).given,
        "customer": {**CUSTOMER, "displayName": Broken("ACCESS_DENIED", "No.")},
    }
    shop.order(int(order)).written = None

    (found,) = snapshots_of(store.changed_orders(None))

    read = store.read(found.payload or "")
    assert (read.withheld, read.buyer.email, read.bill_to.city) == (("customer",), "bo@example.com", "Bern")


def test_DOR_5_an_order_that_cannot_be_told_is_set_aside_where_buyers_are_withheld(
    shop: ShopifyShop, store: Shopify
) -> None:
    placed = [place(shop, ago=9 - number) for number in range(3)]
    shop.troubles.grants_buyers = False
    shop.troubles.break_off(gid("Order", int(placed[1])), "currentTotalPriceSet")

    found = by_id(snapshots_of(store.changed_orders(None)))

    assert {id_: one.payload is None for id_, one in found.items()} == dict(
        zip(placed, (False, True, False), strict=True)
    )


def test_DOR_5_more_withheld_buyers_than_shopify_lists_errors_hold_back_no_order(
    shop: ShopifyShop, store: Shopify
) -> None:
    placed = [place(shop, ago=90 - number) for number in range(60)]
    bad = placed[40]
    shop.troubles.grants_buyers = False
    shop.troubles.break_off(gid("Order", int(bad)), "currentTotalPriceSet")

    found = by_id(snapshots_of(store.changed_orders(None)))

    assert set(found) == set(placed)
    assert [id_ for id_, one in found.items() if one.payload is None] == [bad]
    whole = {id_: one for id_, one in found.items() if id_ != bad}
    assert {store.read(one.payload or "").withheld for one in whole.values()} == {BUYER}
    assert store.snapshot(placed[0]).digest == found[placed[0]].digest
    assert store.http.calls < 20


def test_DOR_5_buyers_that_are_granted_later_come_along(
    shop: ShopifyShop, store: Shopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("connectors.shopify.pages.monotonic", lambda: now[0])
    placed = [place(shop, ago=90 - number) for number in range(30)]
    shop.most_errors = 60
    shop.troubles.grants_buyers = False
    list(store.changed_orders(None))
    shop.troubles.grants_buyers = True
    assert all(store.read(one.payload or "").withheld for one in snapshots_of(store.changed_orders(None)))

    now[0] = SECONDS + 1.0

    found = snapshots_of(store.changed_orders(None))
    assert len(found) == len(placed)
    assert all(store.read(one.payload or "").buyer.name for one in found)


@pytest.mark.parametrize("listed", [1, 5, 60])
def test_DOR_5_however_few_errors_are_listed_all_orders_come_in(shop: ShopifyShop, store: Shopify, listed: int) -> None:
    placed = [place(shop, ago=90 - number) for number in range(20)]
    shop.most_errors = listed
    shop.troubles.grants_buyers = False

    assert set(by_id(snapshots_of(store.changed_orders(None)))) == set(placed)


def test_ORD_10_more_errors_than_are_listed_that_are_no_buyers_are_an_outage(shop: ShopifyShop, store: Shopify) -> None:
    for number in range(5):
        shop.troubles.break_off(gid("Order", int(place(shop, ago=9 - number))), "displayFinancialStatus")
    shop.most_errors = 3

    with pytest.raises(Unavailable):
        list(store.changed_orders(None))


# -- items and fulfilments ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["inventoryItem", "displayName", "sku"])
def test_ORD_10_an_item_that_cannot_be_told_holds_back_no_other(shop: ShopifyShop, store: Shopify, field: str) -> None:
    variants = [shop.stock.add(sku=f"SKU-{number}") for number in range(5)]
    shop.troubles.break_off(gid("ProductVariant", variants[2].id), field)

    pages = list(store.catalogue())
    found = store.find_items([f"SKU-{number}" for number in range(5)])

    others = {"SKU-0", "SKU-1", "SKU-3", "SKU-4"}
    assert {item.sku for page in pages for item in page.items} == others
    assert sum(page.unread for page in pages) == 1
    assert {item.sku for item in found.items} == others


@pytest.mark.parametrize("code", ["INTERNAL_SERVER_ERROR", ""])
def test_FUL_14_a_fulfilment_whose_number_the_shop_failed_at_may_be_there(
    sandbox: RunningSandbox[ShopifyShop], store: Shopify, code: str
) -> None:
    wrong = error("fulfillmentCreate", "fulfillment", "id", code=code)
    sandbox.faults.answer_next(1, says(wrong, data={"fulfillmentCreate": {"fulfillment": None, "userErrors": []}}))

    with pytest.raises(Unavailable):
        store.send_fulfillment(SendFulfillment("5001", (("7", ()),), ()))


# -- the stand-in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2026-07", "2026-10"])
def test_the_stand_in_lets_be_null_what_shopify_lets_be_null(version: str) -> None:
    types = json.loads(gzip.decompress((DATA / f"schema_{version}.json.gz").read_bytes()))["__schema"]["types"]
    asked = {"Order": _ASKED, "QueryRoot": ("order", "orders", "node", "productVariants", "inventoryItems")}
    for one in types:
        for field in one.get("fields") or ():
            if field["name"] in asked.get(one["name"], ()):
                assert (field["name"] in NULLABLE) == (field["type"]["kind"] != "NON_NULL"), field["name"]


_ASKED: Final = (
    *("id", "name", "createdAt", "updatedAt", "cancelledAt", "closed", "displayFinancialStatus", "currencyCode"),
    *("displayFulfillmentStatus", "taxesIncluded", "poNumber", "note", "email", "customer", "billingAddress"),
    *("shippingAddress", "totalPriceSet", "currentTotalPriceSet", "currentTotalTaxSet", "lineItems", "returns"),
    *("fulfillmentOrders", "fulfillments", "currentTotalDutiesSet", "additionalFees", "shippingLines"),
)
