"""Lists of orders: paging, filters and their traps."""

from typing import Any

import pytest

from sandbox import ShopSettings, WooCommerceShop
from tests.sandbox.client import Api, Clock, basket


def place(shop: WooCommerceShop, count: int) -> list[int]:
    return [shop.place_order(basket(("OIL", 1))).id for _ in range(count)]


def test_modified_after_loses_the_other_orders_of_its_second(shop: WooCommerceShop, api: Api, clock: Clock) -> None:
    place(shop, 5)
    clock.tick()
    later = place(shop, 1)

    assert api.order_ids(modified_after="2026-11-22T12:00:00", dates_are_gmt="true") == later


def test_fractions_of_a_second_do_not_exist(shop: WooCommerceShop, api: Api, clock: Clock) -> None:
    clock.tick(0.9)
    place(shop, 1)

    assert api.order_ids(modified_after="2026-11-22T12:00:00", dates_are_gmt="true") == []


@pytest.mark.parametrize(
    ("bound", "flag", "finds"),
    [
        ("2026-11-22T11:59:00", "true", True),  # naive GMT with the flag: right
        ("2026-11-22T11:59:00Z", "", True),  # a zone without the flag: right
        ("2026-11-22T11:59:00+00:00", "", True),
        ("2026-11-22T11:59:00Z", "true", False),  # both: off by the shop's offset
        ("2026-11-22T10:59:00Z", "true", True),  # an hour earlier it finds what it should not
        ("2026-11-22T12:59:00", "", True),  # naive without the flag is shop-local time
        ("2026-11-22T13:00:00", "", False),
    ],
)
def test_zones_in_berlin(shop: WooCommerceShop, api: Api, bound: str, flag: str, *, finds: bool) -> None:
    ids = place(shop, 1)

    assert api.order_ids(modified_after=bound, dates_are_gmt=flag) == (ids if finds else [])


@pytest.fixture
def new_york(clock: Clock) -> WooCommerceShop:
    shop = WooCommerceShop(ShopSettings(timezone="America/New_York", webhooks_by_hand=True), now=clock)
    shop.add_product({"sku": "OIL", "regular_price": "1.00"})
    return shop


class TestNewYork:
    @pytest.fixture
    def shop(self, new_york: WooCommerceShop) -> WooCommerceShop:
        return new_york

    def test_zone_and_flag_together_return_older_orders_too(self, shop: WooCommerceShop, api: Api) -> None:
        old = place(shop, 1)

        assert api.order_ids(modified_after="2026-11-22T12:30:00Z", dates_are_gmt="true") == old


def test_a_date_without_a_time_is_refused(api: Api) -> None:
    answer = api.get("/orders", modified_after="2026-11-22")

    assert answer.status_code == 400
    assert answer.json()["code"] == "rest_invalid_param"
    assert answer.json()["data"]["params"] == {"modified_after": "Invalid date."}


@pytest.mark.parametrize("column", ["", "modified_"])
def test_before_and_after_are_both_strict(shop: WooCommerceShop, api: Api, clock: Clock, column: str) -> None:
    place(shop, 1)
    clock.tick()
    middle = place(shop, 1)
    clock.tick()
    place(shop, 1)

    bounds = {f"{column}after": "2026-11-22T12:00:00", f"{column}before": "2026-11-22T12:00:02"}
    assert api.order_ids(**bounds, dates_are_gmt="true") == middle


def test_every_save_moves_the_date_but_a_note_does_not(shop: WooCommerceShop, api: Api, clock: Clock) -> None:
    order = shop.place_order(basket(("OIL", 2)))
    seen = [api.order(order)["date_modified_gmt"]]
    for method, path, body in (
        ("POST", f"/orders/{order.id}/notes", {"note": "called the buyer"}),
        ("PUT", f"/orders/{order.id}", {}),
        ("POST", f"/orders/{order.id}/refunds", {"amount": "1.00"}),
    ):
        clock.tick()
        assert api.send(method, path, body).ok
        seen.append(api.order(order)["date_modified_gmt"])

    assert seen == ["2026-11-22T12:00:00", "2026-11-22T12:00:00", "2026-11-22T12:00:02", "2026-11-22T12:00:03"]


def test_the_list_leaves_trash_out_and_the_order_stays_readable(shop: WooCommerceShop, api: Api) -> None:
    kept, trashed = place(shop, 2)
    api.send("DELETE", f"/orders/{trashed}")

    assert api.order_ids() == [kept]
    assert api.order_ids(status="trash") == [trashed]
    assert api.get(f"/orders/{trashed}").json()["status"] == "trash"


def test_pages_are_counted_in_headers(shop: WooCommerceShop, api: Api) -> None:
    ids = place(shop, 5)

    answer = api.get("/orders", per_page=2, page=2, orderby="id", order="asc", search="a&b")

    assert [order["id"] for order in answer.json()] == ids[2:4]
    assert answer.headers["X-WP-Total"] == "5"
    assert answer.headers["X-WP-TotalPages"] == "3"
    assert set(answer.links) == {"prev", "next"}
    assert "&page=3&" in answer.links["next"]["url"]
    assert "search=a%26b" in answer.links["next"]["url"]


def test_a_page_past_the_end_is_empty(shop: WooCommerceShop, api: Api) -> None:
    place(shop, 1)

    answer = api.get("/orders", page=9)

    assert (answer.status_code, answer.json(), answer.headers["X-WP-Total"]) == (200, [], "0")


def test_ten_orders_are_a_page_unless_asked(shop: WooCommerceShop, api: Api) -> None:
    ids = place(shop, 12)

    assert api.order_ids() == ids[:1:-1]  # newest first


def test_offset_wins_over_page(shop: WooCommerceShop, api: Api) -> None:
    ids = place(shop, 4)

    assert api.order_ids(offset=3, page=2, orderby="id", order="asc") == ids[3:]


@pytest.mark.parametrize(
    "wrong",
    [
        {"per_page": 101},
        {"per_page": 0},
        {"page": 0},
        {"page": "two"},
        {"orderby": "colour"},
        {"order": "up"},
        {"status": "shipped-by-plugin"},
        {"status": "processing,shipped-by-plugin"},
        {"status[]": "shipped-by-plugin"},
    ],
)
def test_wrong_parameters_are_refused(api: Api, wrong: dict[str, Any]) -> None:
    answer = api.get("/orders", **wrong)

    assert answer.status_code == 400
    assert answer.json()["code"] == "rest_invalid_param"
    assert set(answer.json()["data"]["params"]) == {next(iter(wrong)).removesuffix("[]")}


def test_an_unknown_parameter_is_ignored(shop: WooCommerceShop, api: Api) -> None:
    ids = place(shop, 1)

    assert api.order_ids(sku="TABLE") == ids


def test_several_statuses_with_commas(shop: WooCommerceShop, api: Api) -> None:
    paid, waiting, held = place(shop, 3)
    shop.edit_order(waiting, {"status": "pending"})
    shop.edit_order(held, {"status": "on-hold"})

    assert sorted(api.order_ids(status="processing,pending")) == [paid, waiting]


def test_include_exclude_and_customer(shop: WooCommerceShop, api: Api) -> None:
    first, second, third = place(shop, 3)
    shop.edit_order(third, {"customer_id": 5})

    assert api.order_ids(include=f"{first},{second}", exclude=first) == [second]
    assert api.order_ids(customer=5) == [third]


def test_orders_sort_by_modification(shop: WooCommerceShop, api: Api, clock: Clock) -> None:
    first, second = place(shop, 2)
    clock.tick()
    shop.edit_order(first, {})

    assert api.order_ids(orderby="modified", order="asc") == [second, first]


def test_dp_adds_decimals(shop: WooCommerceShop, api: Api) -> None:
    order = shop.place_order(basket(("TABLE", 1)))

    assert api.get(f"/orders/{order.id}", dp=4).json()["total"] == "119.0000"


def test_reading_and_writing_an_unknown_id_differ(api: Api) -> None:
    read, written = api.get("/orders/987"), api.send("PUT", "/orders/987", {"status": "completed"})

    assert (read.status_code, written.status_code) == (404, 400)
    assert read.json()["code"] == written.json()["code"] == "woocommerce_rest_shop_order_invalid_id"


def test_an_address_that_does_not_exist(api: Api) -> None:
    answer = api.get("/carts")

    assert (answer.status_code, answer.json()["code"]) == (404, "rest_no_route")
