"""sandbox.bigcommerce.app: answers, limits, lists and the merchant's hand, as the vendor describes them."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from sandbox import BigCommerceShop, RunningSandbox, run_bigcommerce
from sandbox.bigcommerce.gate import Window
from sandbox.bigcommerce.generator import ODDITIES, seed_bigcommerce
from sandbox.bigcommerce.model import BigCommerceSettings
from sandbox.bigcommerce.money import shares

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
WITH_PARTS = {"include": "consignments.line_items,fees", "consignment_structure": "object"}

Get = Callable[..., requests.Response]


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox[BigCommerceShop]]:
    with run_bigcommerce(BigCommerceShop()) as sandbox:
        yield sandbox


@pytest.fixture
def shop(sandbox: RunningSandbox[BigCommerceShop]) -> BigCommerceShop:
    return sandbox.shop


@pytest.fixture
def get(sandbox: RunningSandbox[BigCommerceShop]) -> Iterator[Get]:
    """GET below v2 with the shop's token."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["X-Auth-Token"] = sandbox.credentials["access_token"]
        yield lambda path, **query: session.get(f"{sandbox.url}/v2{path}", params=query, timeout=30)


@pytest.fixture
def control(sandbox: RunningSandbox[BigCommerceShop]) -> Iterator[Get]:
    """POST below /_sandbox, without a token."""
    with requests.Session() as session:
        session.trust_env = False
        yield lambda path, **body: session.post(f"{sandbox.server.url}/_sandbox{path}", json=body, timeout=30)


def basket(*prices: str, **more: Any) -> dict[str, Any]:
    lines = [{"sku": f"S-{place}", "product_id": place, "price": price} for place, price in enumerate(prices, 1)]
    return {"products": lines, **more}


def ids(answer: requests.Response) -> list[int]:
    return [order["id"] for order in answer.json()]


# -- who may ask, and how often ----------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "wrong"])
def test_without_the_token_nothing_is_told(sandbox: RunningSandbox[BigCommerceShop], token: str | None) -> None:
    answer = requests.get(f"{sandbox.url}/v2/store", headers={"X-Auth-Token": token}, timeout=30)

    assert answer.status_code == 401
    assert answer.json()[0]["status"] == 401


def test_every_answer_says_what_is_left_of_the_window(get: Get, shop: BigCommerceShop) -> None:
    first, second = get("/store"), get("/orders/1")

    assert (first.headers["X-Rate-Limit-Requests-Quota"], first.headers["X-Rate-Limit-Time-Window-Ms"]) == (
        "450",
        "30000",
    )
    assert int(first.headers["X-Rate-Limit-Requests-Left"]) - int(second.headers["X-Rate-Limit-Requests-Left"]) == 1
    assert 0 < int(second.headers["X-Rate-Limit-Time-Reset-Ms"]) <= 30_000


def test_beyond_the_quota_the_shop_says_429(get: Get, shop: BigCommerceShop) -> None:
    shop.settings.quota = 1

    assert [get("/store").status_code for _ in range(3)] == [200, 429, 429]


def test_a_new_window_has_the_whole_quota() -> None:
    seconds = iter([100.0, 101.0, 129.5, 130.0])
    window = Window(BigCommerceSettings(quota=2), clock=lambda: next(seconds))

    taken = [window.take() for _ in range(4)]

    assert [is_within for is_within, _ in taken] == [True, True, False, True]
    assert [headers["X-Rate-Limit-Requests-Left"] for _, headers in taken] == ["1", "0", "0", "1"]
    assert taken[2][1]["X-Rate-Limit-Time-Reset-Ms"] == "500"


# -- lists -------------------------------------------------------------------------------------------------------


def test_an_empty_list_is_204_without_a_body(get: Get) -> None:
    answer = get("/orders")

    assert (answer.status_code, answer.content) == (204, b"")


def test_a_page_has_50_orders_and_250_at_most(get: Get, shop: BigCommerceShop) -> None:
    for _ in range(60):
        shop.place_order(basket("1.00"))

    assert (len(ids(get("/orders"))), len(ids(get("/orders", page=2))), get("/orders", page=3).status_code) == (
        50,
        10,
        204,
    )
    assert len(ids(get("/orders", limit=250))) == 60
    assert get("/orders", limit=251).status_code == 413


@pytest.mark.parametrize(
    "query", [{"sort": "price"}, {"page": "x"}, {"min_date_modified": "soon"}, {"status_id": "11,7"}]
)
def test_what_a_list_does_not_take_is_refused_with_the_field(get: Get, query: dict[str, str]) -> None:
    answer = get("/orders", **query)

    assert answer.status_code == 400
    assert next(iter(query)) in answer.json()[0]["message"]


@pytest.mark.parametrize("spell", [lambda one: one.isoformat(), lambda one: f"{one:%a, %d %b %Y %H:%M:%S} +0000"])
def test_bounds_are_within_in_both_spellings(get: Get, shop: BigCommerceShop, spell: Callable[[datetime], str]) -> None:
    placed = []
    for minutes in range(4):
        with shop.at(NOON + timedelta(minutes=minutes)):
            placed.append(shop.place_order(basket("1.00")).id)

    low, high = (spell(NOON + timedelta(minutes=minutes)) for minutes in (1, 2))

    assert ids(get("/orders", min_date_modified=low, max_date_modified=high)) == placed[1:3]
    assert ids(get("/orders", min_date_created=high, sort="date_modified:desc")) == [placed[3], placed[2]]


def test_a_list_is_narrowed_by_status_and_id(get: Get, shop: BigCommerceShop) -> None:
    placed = [shop.place_order(basket("1.00", status_id=status)).id for status in (11, 7, 11)]

    assert ids(get("/orders", status_id=11)) == [placed[0], placed[2]]
    assert ids(get("/orders", min_id=placed[1], max_id=placed[1])) == [placed[1]]
    assert get("/orders/count").json()["count"] == 3


def test_lines_are_listed_50_at_a_time(get: Get, shop: BigCommerceShop) -> None:
    order = shop.place_order(basket(*["1.00"] * 60))

    assert len(get(f"/orders/{order.id}/products").json()) == 50
    assert len(get(f"/orders/{order.id}/products", page=2).json()) == 10


# -- one order ---------------------------------------------------------------------------------------------------


def test_an_order_has_links_unless_its_parts_are_asked_for(get: Get, shop: BigCommerceShop) -> None:
    order = shop.place_order(basket("10.00", fees=[{"cost": "3.00"}]))

    plain, full = get(f"/orders/{order.id}").json(), get(f"/orders/{order.id}", **WITH_PARTS).json()

    assert plain["consignments"]["resource"] == f"/orders/{order.id}/consignments"
    assert full["consignments"]["shipping"][0]["line_items"][0]["sku"] == "S-1"
    assert full["fees"][0]["cost_inc_tax"] == "3.5700"


@pytest.mark.parametrize("path", ["/orders/999", "/orders/999/products", "/orders/x", "/nothing"])
def test_what_is_not_there_is_404_in_the_vendors_words(get: Get, path: str) -> None:
    answer = get(path)

    assert answer.status_code == 404
    assert answer.json() == [{"status": 404, "message": "The requested resource was not found."}]


@pytest.mark.parametrize("part", ["products", "shipping_addresses", "shippingaddresses", "taxes", "coupons", "fees"])
def test_every_part_of_an_order_is_listed(get: Get, shop: BigCommerceShop, part: str) -> None:
    given = basket("10.00", coupons=[{"code": "A", "discount": "1.00"}], fees=[{"cost": "3.00"}])
    order = shop.place_order(given)

    assert len(get(f"/orders/{order.id}/{part}").json()) == 1


def test_a_status_is_set_by_its_id_and_its_name_is_read_only(
    sandbox: RunningSandbox[BigCommerceShop], shop: BigCommerceShop
) -> None:
    with shop.at(NOON):
        order = shop.place_order(basket("10.00"))
    address, headers = f"{sandbox.url}/v2/orders/{order.id}", {"X-Auth-Token": sandbox.credentials["access_token"]}

    done = requests.put(address, json={"status_id": 10}, headers=headers, timeout=30)
    bodies: list[Any] = [{"status_id": 99}, {"status": "x"}, []]
    bad = [requests.put(address, json=body, headers=headers, timeout=30) for body in bodies]

    assert (done.json()["status"], order.status_id) == ("Completed", 10)
    assert order.modified > NOON
    assert [answer.status_code for answer in bad] == [400, 400, 400]
    assert [write["status"] for write in shop.summary()["writes"]] == [200, 400, 400, 400]


def test_an_archived_order_leaves_the_list_and_is_still_told(get: Get, shop: BigCommerceShop) -> None:
    order = shop.place_order(basket("10.00"))
    shop.delete_order(order.id)

    assert get("/orders").status_code == 204
    assert get(f"/orders/{order.id}").json()["is_deleted"] is True


# -- money -------------------------------------------------------------------------------------------------------


def test_lines_are_before_discounts_and_only_tax_and_total_after_them(get: Get, shop: BigCommerceShop) -> None:
    """10 × 250.00 with 5.5 % in it and 100.00 off, as a shop answered it."""
    line = {"sku": "A", "product_id": 1, "price": "250.00", "quantity": 10}
    order = shop.place_order(
        {"products": [line], "discount_amount": "100", "tax_rate": "5.5", "is_tax_inclusive_pricing": True}
    )

    shown, (product,) = get(f"/orders/{order.id}").json(), get(f"/orders/{order.id}/products").json()

    assert (product["total_inc_tax"], product["total_tax"]) == ("2500.0000", "125.1200")
    assert (product["discounted_total_inc_tax"], product["applied_discounts"][0]["amount"]) == ("2400.0000", "100.0000")
    assert (shown["total_inc_tax"], shown["total_ex_tax"], shown["total_tax"]) == ("2400.0000", "2274.8800", "125.1200")


def test_discount_and_coupon_both_come_off_the_total(get: Get, shop: BigCommerceShop) -> None:
    given = basket("67.84", fees=[{"cost": "12"}], discount_amount="5", coupons=[{"code": "A", "discount": "5"}])
    order = shop.place_order(given | {"tax_rate": "0"})

    assert get(f"/orders/{order.id}").json()["total_inc_tax"] == "69.8400"


@pytest.mark.parametrize(
    ("total", "weights", "expected"),
    [("10", ["60", "40"], ["6.00", "4.00"]), ("0.10", ["1", "1", "1"], ["0.04", "0.03", "0.03"]), ("5", ["0"], ["0"])],
)
def test_a_discount_is_shared_in_whole_cents(total: str, weights: list[str], expected: list[str]) -> None:
    assert shares(Decimal(total), [Decimal(one) for one in weights]) == [Decimal(one) for one in expected]


def test_a_refund_counts_pieces_and_moves_the_status(shop: BigCommerceShop) -> None:
    order = shop.place_order(basket("10.00", "5.00"))
    first, second = (line["id"] for line in order.products)

    shop.refund_order(order.id, {first: 1})
    assert (order.status_id, order.products[0]["is_refunded"]) == (14, True)

    shop.refund_order(order.id, {second: 1})
    assert order.status_id == 4


# -- the merchant's hand and made-up shops -----------------------------------------------------------------------


def test_the_merchant_places_changes_and_archives_without_a_token(control: Get, shop: BigCommerceShop) -> None:
    made_up, own = control("/orders").json(), control("/orders", **basket("3.00")).json()
    line = own["consignments"]["shipping"][0]["line_items"][0]["id"]

    control(f"/orders/{own['id']}", status_id=10, staff_notes="done")
    control(f"/orders/{made_up['id']}", delete=True)
    refunded = control(f"/orders/{own['id']}", refund={str(line): 1}).json()

    assert made_up["items_total"] > 0
    assert shop.order(made_up["id"]).is_deleted
    assert (refunded["status"], refunded["staff_notes"]) == ("Refunded", "done")
    assert control("/orders/999", status_id=10).status_code == 404


def test_a_raw_order_is_answered_as_it_was_given(control: Get, get: Get) -> None:
    control("/raw-order", id=77, total_tax="much")

    assert get("/orders/77").json()["total_tax"] == "much"


def test_a_seeded_shop_shows_every_oddity_and_is_the_same_again() -> None:
    shops = [BigCommerceShop(now=lambda: NOON) for _ in range(2)]
    for shop in shops:
        seed_bigcommerce(shop, orders=len(ODDITIES), seed=3)

    one, other = ([shop.body(order, with_parts=True) for order in shop.orders.values()] for shop in shops)
    text = b"".join(one)

    assert one == other
    assert Counter(order.status_id for order in shops[0].orders.values()) == {11: 23, 7: 1, 10: 1, 5: 1}
    for sign in (
        b'"coupon_discount": "5.0000"',
        b"Package Protection",
        b"Silk paper",
        b"USD",
        b'"quantity_refunded": 1',
    ):
        assert sign in text
