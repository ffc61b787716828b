"""Orders: money, lines, statuses, refunds and what they do to stock."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox import ShopSettings, WooCommerceShop
from tests.sandbox.client import PARCEL, Api, Clock, basket


def amounts(order: dict[str, Any]) -> Decimal:
    items = order["line_items"] + order["shipping_lines"] + order["fee_lines"]
    return sum((Decimal(item["total"]) for item in items), Decimal(order["total_tax"]))


def test_a_price_with_tax_becomes_a_net_line(shop: WooCommerceShop, api: Api) -> None:
    order = shop.place_order(basket(("TABLE", 1), ("OIL", 2), shipping_lines=[PARCEL]))

    shown = api.order(order)

    table, oil = shown["line_items"]
    assert (table["subtotal"], table["subtotal_tax"], table["price"]) == ("100.00", "19.00", 100)
    assert (oil["total"], oil["total_tax"], oil["price"]) == ("42.00", "7.98", 21)
    assert (shown["cart_tax"], shown["shipping_tax"], shown["total"]) == ("26.98", "0.93", "174.81")


def test_price_is_a_noisy_float(shop: WooCommerceShop, api: Api) -> None:
    shop.add_product({"sku": "BOARD", "regular_price": "8.95"})
    shown = api.order(shop.place_order(basket(("BOARD", 3))))["line_items"][0]

    assert isinstance(shown["price"], float)
    assert len(str(shown["price"])) > 10
    assert Decimal(str(shown["price"])) * 3 != Decimal(shown["total"])


class TestPricesWithoutTax:
    @pytest.fixture
    def settings(self) -> ShopSettings:
        return ShopSettings(prices_include_tax=False, webhooks_by_hand=True)

    def test_a_californian_order(self, shop: WooCommerceShop, api: Api) -> None:
        order = basket(
            ("OIL", 7), shipping_lines=[PARCEL | {"total": "12.00"}], shipping={"country": "US", "state": "CA"}
        )
        shown = api.order(shop.place_order(order))

        line = shown["line_items"][0]
        assert (line["total"], line["total_tax"], line["price"]) == ("174.93", "12.68", 24.990000000000002)
        assert (shown["shipping_tax"], shown["total"]) == ("0.00", "199.61")
        assert shown["tax_lines"][0]["rate_percent"] == 7.25


def test_a_compound_rate_taxes_the_tax_before_it(shop: WooCommerceShop, api: Api) -> None:
    place = {"country": "CA", "state": "PE"}
    lines = [{"sku": "TABLE", "quantity": 1, "total": "100.00"}]
    shown = api.order(shop.place_order(basket(shipping=place, line_items=lines)))

    assert [line["compound"] for line in shown["tax_lines"]] == [False, True]
    assert [line["tax_total"] for line in shown["tax_lines"]] == ["5.00", "10.50"]


def test_local_pickup_is_taxed_where_the_shop_is(shop: WooCommerceShop, api: Api) -> None:
    pickup = {"method_id": "local_pickup", "method_title": "Abholung", "total": "0.00"}
    quebec = {"country": "CA", "state": "QC"}

    shown = api.order(shop.place_order(basket(("TABLE", 1), shipping=quebec, shipping_lines=[pickup])))

    assert [line["label"] for line in shown["tax_lines"]] == ["MwSt 19%"]


def test_a_negative_fee_is_taxed_though_its_tax_status_says_none(shop: WooCommerceShop, api: Api) -> None:
    fee = {"name": "Discount", "total": "-3.00", "tax_status": "none"}

    shown = api.order(shop.place_order(basket(("TABLE", 1), fee_lines=[fee])))

    assert shown["fee_lines"][0]["total_tax"] == "-0.57"
    assert amounts(shown) == Decimal(shown["total"])


def test_half_a_cent_of_tax_is_written_in_two_ways(shop: WooCommerceShop, api: Api) -> None:
    shown = api.order(shop.place_order(basket(("TABLE", 1), fee_lines=[{"name": "Wrapping", "total": "2.50"}])))

    fee = shown["fee_lines"][0]
    assert (fee["taxes"][0]["total"], fee["total_tax"]) == ("0.48", "0.47")


def test_a_coupon_lowers_totals_and_is_written_without_padding(shop: WooCommerceShop, api: Api) -> None:
    shown = api.order(shop.place_order(basket(("TABLE", 1), coupon_lines=[{"code": "welcome10"}])))

    line, coupon = shown["line_items"][0], shown["coupon_lines"][0]
    assert (line["subtotal"], line["total"]) == ("100.00", "90.00")
    assert (coupon["discount"], coupon["discount_tax"]) == ("10", "1.9")
    assert (shown["discount_total"], shown["discount_tax"]) == ("10.00", "1.90")


def test_a_coupon_may_differ_from_the_orders_discount_by_a_cent(shop: WooCommerceShop, api: Api) -> None:
    shop.add_product({"sku": "BOARD", "regular_price": "8.95"})
    placed = [
        shop.place_order(basket(("BOARD", pieces), ("OIL", 1), coupon_lines=[{"code": "third"}]))
        for pieces in range(1, 30)
    ]
    shown = [api.order(order) for order in placed]

    apart = {abs(Decimal(o["discount_total"]) - Decimal(o["coupon_lines"][0]["discount"])) for o in shown}
    assert apart == {Decimal("0.00"), Decimal("0.01")}
    assert all(amounts(order) == Decimal(order["total"]) for order in shown)


def test_an_unknown_coupon_is_refused(api: Api) -> None:
    answer = api.send("POST", "/orders", {"coupon_lines": [{"code": "nope"}]})

    assert (answer.status_code, answer.json()["code"]) == (400, "woocommerce_rest_invalid_coupon")


def test_a_deleted_product_leaves_its_name(shop: WooCommerceShop, api: Api) -> None:
    order = shop.place_order(basket(("TABLE", 1)))
    api.order(order)
    shop.delete_product("TABLE")

    line = api.order(order)["line_items"][0]
    assert (line["product_id"], line["sku"], line["name"]) == (0, None, "Oak Table 120")


def test_a_product_without_sku_says_an_empty_text(shop: WooCommerceShop, api: Api) -> None:
    offcut = shop.add_product({"name": "Offcut", "regular_price": "5.00"})
    order = shop.place_order(basket(line_items=[{"product_id": offcut.id}]))

    assert api.order(order)["line_items"][0]["sku"] == ""


def test_a_variation_without_sku_says_its_parents(shop: WooCommerceShop, api: Api) -> None:
    chair = shop.catalogue.by_sku("CHAIR")[0]
    plain = shop.catalogue.variations(chair.id)[0]
    order = shop.place_order(basket(line_items=[{"product_id": chair.id, "variation_id": plain.id}]))

    line = api.order(order)["line_items"][0]
    assert (line["sku"], line["parent_name"]) == ("CHAIR", "Ash Chair")
    assert (line["product_id"], line["variation_id"]) == (chair.id, plain.id)


def test_a_line_without_a_product(shop: WooCommerceShop, api: Api) -> None:
    custom = {"product_id": 0, "name": "Engraving", "total": "15.00"}

    line = api.order(shop.place_order(basket(line_items=[custom])))["line_items"][0]

    assert (line["product_id"], line["sku"], line["total"]) == (0, None, "15.00")


def test_the_same_sku_twice_is_two_lines_with_hidden_meta(shop: WooCommerceShop, api: Api) -> None:
    lines = api.order(shop.place_order(basket(("OIL", 1), ("OIL", 2))))["line_items"]

    assert len({line["id"] for line in lines}) == 2
    assert [line["meta_data"][0]["key"] for line in lines] == ["_reduced_stock"] * 2


def test_a_partial_refund_changes_neither_status_nor_total(shop: WooCommerceShop, api: Api) -> None:
    order = shop.place_order(basket(("OIL", 2)))
    line = api.order(order)["line_items"][0]
    part = {"id": line["id"], "quantity": 1, "refund_total": 21, "refund_tax": [{"id": 1, "refund_total": 3.99}]}

    answer = api.send("POST", f"/orders/{order.id}/refunds", {"reason": "Damaged", "line_items": [part]})

    shown = api.order(order)
    assert answer.status_code == 201
    assert (shown["status"], shown["total"], shown["line_items"][0]["quantity"]) == ("processing", "49.98", 2)
    assert [(r["reason"], r["total"]) for r in shown["refunds"]] == [("Damaged", "-24.99")]


def test_refund_lines_are_negative_and_name_their_line_in_meta(shop: WooCommerceShop, api: Api) -> None:
    order = shop.place_order(basket(("OIL", 2)))
    shop.refund_order(order.id, {"pieces": {order.lines[0].id: 1}})

    (refund,) = api.get(f"/orders/{order.id}/refunds").json()

    (line,) = refund["line_items"]
    assert (refund["amount"], line["quantity"], line["total"], line["total_tax"]) == ("24.99", -1, "-21.00", "-3.99")
    assert line["meta_data"][0]["key"] == "_refunded_item_id"
    assert line["meta_data"][0]["value"] == str(order.lines[0].id)


def test_a_refund_of_everything_makes_the_order_refunded(shop: WooCommerceShop, api: Api) -> None:
    order = shop.place_order(basket(("TABLE", 1)))
    shop.refund_order(order.id)

    shown = api.order(order)
    assert (shown["status"], shown["total"]) == ("refunded", "119.00")


def test_a_refund_is_not_an_order(shop: WooCommerceShop, api: Api) -> None:
    refund = shop.refund_order(shop.place_order(basket(("TABLE", 1))).id, {"amount": "1.00"})

    assert api.get(f"/orders/{refund.id}").status_code == 404


@pytest.mark.parametrize("amount", ["0", "-1", "500.00"])
def test_a_refund_of_nothing_or_too_much_is_refused(shop: WooCommerceShop, api: Api, amount: str) -> None:
    order = shop.place_order(basket(("TABLE", 1)))

    assert api.send("POST", f"/orders/{order.id}/refunds", {"amount": amount}).status_code >= 400
    assert api.order(order)["refunds"] == []


def test_returned_pieces_go_back_into_stock_unless_told_not_to(shop: WooCommerceShop) -> None:
    order = shop.place_order(basket(("OIL", 5)))
    line = order.lines[0].id

    shop.refund_order(order.id, {"pieces": {line: 2}})
    shop.refund_order(order.id, {"pieces": {line: 1}, "api_restock": False})

    assert shop.stock("OIL") == 42


def test_cancelling_puts_stock_back_and_processing_takes_it_again(shop: WooCommerceShop, api: Api) -> None:
    order = shop.place_order(basket(("OIL", 3)))
    stock = [shop.stock("OIL")]
    for status in ("cancelled", "processing", "completed", "processing"):
        api.send("PUT", f"/orders/{order.id}", {"status": status})
        stock.append(shop.stock("OIL"))

    assert stock == [42, 45, 42, 42, 42]


def test_orders_may_oversell(shop: WooCommerceShop) -> None:
    shop.place_order(basket(("OIL", 1029)))

    assert shop.stock("OIL") == -984


def test_completing_sets_the_date_once_asked(shop: WooCommerceShop, api: Api, clock: Clock) -> None:
    order = shop.place_order(basket(("OIL", 1)))
    clock.tick(60)

    shown = api.send("PUT", f"/orders/{order.id}", {"status": "completed"}).json()

    assert (shown["date_completed"], shown["date_completed_gmt"]) == ("2026-11-22T13:01:00", "2026-11-22T12:01:00")
    assert shown["date_paid_gmt"] == "2026-11-22T12:00:00"


def test_a_pending_order_is_unpaid_and_keeps_its_stock_on_the_shelf(shop: WooCommerceShop, api: Api) -> None:
    shown = api.send("POST", "/orders", basket(("OIL", 3), status="pending")).json()

    assert (shown["date_paid"], shown["needs_payment"], shown["is_editable"]) == (None, True, True)
    assert shop.stock("OIL") == 45


def test_an_unknown_status_is_refused_alone_and_swallowed_in_a_batch(shop: WooCommerceShop, api: Api) -> None:
    order = shop.place_order(basket(("OIL", 1)))

    alone = api.send("PUT", f"/orders/{order.id}", {"status": "shipped"})
    batch = api.send("POST", "/orders/batch", {"update": [{"id": order.id, "status": "shipped"}]})

    assert (alone.status_code, alone.json()["code"]) == (400, "rest_invalid_param")
    assert (batch.status_code, batch.json()["update"][0]["status"]) == (200, "pending")


def test_a_batch_of_orders_reports_each(shop: WooCommerceShop, api: Api) -> None:
    order = shop.place_order(basket(("OIL", 1)))
    body = {"create": [basket(("OIL", 1))], "update": [{"id": 987}], "delete": [order.id]}

    answer = api.send("POST", "/orders/batch", body)

    assert answer.json()["update"][0]["error"]["code"] == "woocommerce_rest_shop_order_invalid_id"
    assert answer.json()["delete"][0]["id"] == order.id
    assert api.order_ids() == [answer.json()["create"][0]["id"]]


def test_lines_are_edited_by_id(shop: WooCommerceShop, api: Api) -> None:
    order = shop.place_order(basket(("TABLE", 1), ("OIL", 2)))
    table, oil = (line.id for line in order.lines)
    changes = [
        {"id": table, "quantity": 0},
        {"id": oil, "quantity": 3, "total": "63.00"},
        {"sku": "OIL", "quantity": 1},
    ]

    shown = api.send("PUT", f"/orders/{order.id}", {"line_items": changes}).json()

    assert [(line["quantity"], line["total"]) for line in shown["line_items"]] == [(3, "63.00"), (1, "21.00")]
    assert amounts(shown) == Decimal(shown["total"])


def test_a_line_of_another_order_is_refused(shop: WooCommerceShop, api: Api) -> None:
    order = shop.place_order(basket(("OIL", 1)))

    answer = api.send("PUT", f"/orders/{order.id}", {"line_items": [{"id": 4711, "quantity": 2}]})

    assert (answer.status_code, answer.json()["code"]) == (400, "woocommerce_rest_invalid_item_id")


def test_deleting_for_good(shop: WooCommerceShop, api: Api) -> None:
    order = shop.place_order(basket(("OIL", 1)))

    assert api.send("DELETE", f"/orders/{order.id}", force="true").json()["status"] == "processing"
    assert api.get(f"/orders/{order.id}").status_code == 404


def test_trashing_twice_says_so(shop: WooCommerceShop, api: Api) -> None:
    order = shop.place_order(basket(("OIL", 1)))
    shop.trash_order(order.id)

    assert api.send("DELETE", f"/orders/{order.id}").status_code == 410


def test_text_that_is_no_json_is_refused(api: Api) -> None:
    answer = api.session.post(f"{api.url}/wp-json/wc/v3/orders", data=b"{oops", timeout=30)

    assert (answer.status_code, answer.json()["code"]) == (400, "rest_invalid_json")


class TestYen:
    @pytest.fixture
    def settings(self) -> ShopSettings:
        return ShopSettings(currency="JPY", decimals=0, prices_include_tax=False, webhooks_by_hand=True)

    def test_a_shop_without_decimals_still_shows_two(self, shop: WooCommerceShop, api: Api) -> None:
        shop.add_product({"sku": "TEA", "regular_price": "66"})
        shown = api.order(shop.place_order(basket(("TEA", 1), shipping={"country": "JP"}, billing={})))

        assert (shown["total"], shown["currency_symbol"]) == ("66.00", "¥")
