"""Sales orders, their rows, addresses and shipping fees."""

from typing import Any

import pytest

from tests.sandbox.client import Clock
from tests.sandbox.katana.client import ADDRESS, Katana

TRIPLE = {
    "ecommerce_order_type": "shopify",
    "ecommerce_store_name": "acme.myshopify.com",
    "ecommerce_order_id": "5001",
}


def test_an_order_comes_whole_in_one_request(katana: Katana) -> None:
    addresses = [{"entity_type": kind} | ADDRESS for kind in ("billing", "shipping")]
    body = katana.order_body(("TABLE", 2), ("OIL", 1), addresses=addresses, customer_ref="PO-7", **TRIPLE)
    body["sales_order_rows"][0] |= {
        "price_per_unit": 30,
        "total_discount": 6,
        "attributes": [{"key": "a", "value": "b"}],
    }
    body["sales_order_rows"][1] |= {"price_per_unit": 40, "total_discount": 4}

    made = katana.post("/sales_orders", body)
    (found,) = katana.get("/sales_orders", **TRIPLE, include_deleted="true")

    assert (made["status"], made["total"], made["invoicing_status"]) == ("NOT_SHIPPED", 90, "notInvoiced")
    assert [row["total_discount"] for row in made["sales_order_rows"]] == ["6.00", "4.00"]
    assert made["sales_order_rows"][0]["total"] == 60  # not less the discount
    assert (found["id"], found["customer_ref"], found["shipping_fee"]) == (made["id"], "PO-7", {})
    assert "deleted_at" not in found
    assert found["sales_order_rows"][0]["attributes"] == [{"key": "a", "value": "b"}]


@pytest.mark.parametrize(
    ("by_book", "row"),
    [
        (False, {"price_per_unit": "12.5000000000", "quantity": 2, "total": 25, "total_discount": "0.00"}),
        (True, {"price_per_unit": 12.5, "quantity": 2, "total": 25, "total_discount": "0.00"}),
    ],
)
def test_numbers_are_mixed_and_not_by_the_book(katana: Katana, by_book: bool, row: dict[str, Any]) -> None:
    katana.control("/oddities", {"numbers_by_book": by_book})
    body = katana.order_body(("TABLE", 2))
    body["sales_order_rows"][0]["price_per_unit"] = 12.5

    shown = katana.post("/sales_orders", body)["sales_order_rows"][0]

    assert {name: shown[name] for name in row} == row


def test_totals_may_be_less_the_discount_and_with_tax(katana: Katana) -> None:
    katana.control("/oddities", {"row_total_less_discount": True, "total_with_tax": True})
    body = katana.order_body(("TABLE", 2))
    body["sales_order_rows"][0]["total_discount"] = 10

    made = katana.post("/sales_orders", body)

    assert (made["sales_order_rows"][0]["total"], made["total"]) == (10, 11.9)


@pytest.mark.parametrize(("in_cents", "total"), [(False, 0.006), (True, 0.0)])
def test_whether_a_total_is_of_rounded_rows_is_a_switch(katana: Katana, in_cents: bool, total: float) -> None:
    katana.control("/oddities", {"total_in_cents": in_cents})
    body = katana.order_body(("TABLE", 1), ("OIL", 1))
    for row in body["sales_order_rows"]:
        row["price_per_unit"] = 0.003

    assert katana.post("/sales_orders", body)["total"] == total


@pytest.mark.parametrize("refused", [{"conversion_rate": 2}, {"picked_date": "x"}, {"shipping_fee": {}}])
def test_a_create_takes_nothing_of_delivery(katana: Katana, refused: dict[str, Any]) -> None:
    (name,) = refused
    assert katana.details("POST", "/sales_orders", katana.order_body(("TABLE", 1), **refused)) == [
        ("", "additionalProperties")
    ]
    assert name not in katana.order_body(("TABLE", 1))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"customer_id": 1}, "incorrect customer id"),
        ({"location_id": 1}, "incorrect location id"),
        ({"sales_order_rows": [{"variant_id": 1, "quantity": 1}]}, "The request body is invalid."),
    ],
)
def test_what_an_order_names_must_be_there(katana: Katana, body: Any, words: str) -> None:
    status, message = katana.refused("POST", "/sales_orders", katana.order_body(("TABLE", 1)) | body)

    assert (status, message.startswith(words)) == (422, True)
    assert katana.get("/sales_orders", include_deleted="true") == []


@pytest.mark.parametrize(("unique", "status"), [(False, 200), (True, 422)])
def test_whether_order_numbers_repeat_is_a_switch(katana: Katana, unique: bool, status: int) -> None:
    katana.control("/oddities", {"order_numbers_are_unique": unique})
    katana.order(("TABLE", 1), order_no="A-1")

    assert katana.send("POST", "/sales_orders", katana.order_body(("TABLE", 1), order_no="A-1")).status_code == status


@pytest.mark.parametrize(("own_only", "status"), [(False, 200), (True, 422)])
def test_whether_a_plan_takes_other_currencies_is_a_switch(katana: Katana, own_only: bool, status: int) -> None:
    katana.control("/oddities", {"currency_of_plan_only": own_only})

    assert katana.send("POST", "/sales_orders", katana.order_body(("TABLE", 1), currency="USD")).status_code == status


@pytest.mark.parametrize("is_kept", [True, False])
def test_whether_a_row_keeps_its_own_location_is_a_switch(katana: Katana, is_kept: bool) -> None:
    katana.control("/oddities", {"own_row_location_is_kept": is_kept})
    other = katana.control("/records/locations", {"name": "Shop"})["id"]
    body = katana.order_body(("TABLE", 1))
    body["sales_order_rows"][0]["location_id"] = other

    made = katana.post("/sales_orders", body)

    assert (made["sales_order_rows"][0]["location_id"] == other) is is_kept


@pytest.mark.parametrize("name", ["customer_id", "location_id"])
def test_what_a_change_names_must_be_there(katana: Katana, name: str) -> None:
    order = katana.order(("TABLE", 1))

    assert katana.refused("PATCH", f"/sales_orders/{order['id']}", {name: 1})[0] == 422


def test_the_shop_s_ids_are_written_once(katana: Katana) -> None:
    order = katana.order(("TABLE", 1), **TRIPLE)

    path = f"/sales_orders/{order['id']}"
    assert katana.details("PATCH", path, {"ecommerce_order_id": "6"}) == [("", "additionalProperties")]
    assert katana.order(("TABLE", 1), **TRIPLE)["id"] != order["id"]  # and are not unique


def test_notes_are_kept_on_an_order(katana: Katana) -> None:
    order = katana.order(("TABLE", 1), additional_info="ring twice")

    assert katana.patch(f"/sales_orders/{order['id']}", {"customer_ref": "x"})["additional_info"] == "ring twice"


def test_a_rate_is_taken_once_all_is_packed_or_delivered(katana: Katana) -> None:
    order = katana.order(("TABLE", 2))
    path = f"/sales_orders/{order['id']}"
    assert katana.refused("PATCH", path, {"conversion_rate": 2})[0] == 422
    katana.fulfill(order, 1)
    assert katana.refused("PATCH", path, {"conversion_rate": 2})[0] == 422
    katana.fulfill(order, 1)

    assert katana.patch(path, {"conversion_rate": 2})["conversion_rate"] == 2
    assert katana.get(path)["total_in_base_currency"] == 40


@pytest.mark.parametrize("name", ["order_no", "customer_id", "delivery_date", "location_id", "currency"])
def test_the_head_is_fixed_once_something_is_shipped(katana: Katana, name: str) -> None:
    order = katana.order(("TABLE", 2))
    path, body = f"/sales_orders/{order['id']}", {name: order[name]}
    katana.patch(path, body)
    katana.fulfill(order, 1)

    assert katana.refused("PATCH", path, body)[0] == 422


@pytest.mark.parametrize(("works", "status", "left"), [(False, "NOT_SHIPPED", 10), (True, "DELIVERED", 8)])
def test_a_status_is_taken_and_changes_nothing(katana: Katana, works: bool, status: str, left: int) -> None:
    katana.control("/oddities", {"status_patch_works": works})
    order = katana.order(("TABLE", 2))

    assert katana.send("PATCH", f"/sales_orders/{order['id']}", {"status": "DELIVERED"}).status_code == 200

    assert katana.get(f"/sales_orders/{order['id']}")["status"] == status
    assert katana.stock("TABLE") == f"{left}.00000"


def test_a_quote_becomes_an_order(katana: Katana) -> None:
    order = katana.order(("TABLE", 2), status="PENDING")
    assert katana.get("/inventory", variant_id=katana.variant("TABLE"))[0]["quantity_committed"] == "0.00000"
    katana.control("/oddities", {"pending_is_committed": True})
    assert katana.get("/inventory", variant_id=katana.variant("TABLE"))[0]["quantity_committed"] == "2.00000"

    assert katana.patch(f"/sales_orders/{order['id']}", {"status": "NOT_SHIPPED"})["status"] == "NOT_SHIPPED"


def test_a_picked_date_dates_all_fulfilments_anew(katana: Katana) -> None:
    order = katana.order(("TABLE", 2))
    katana.fulfill(order, 1)
    katana.fulfill(order, 1)
    date = "2026-11-01T08:00:00.000Z"

    katana.patch(f"/sales_orders/{order['id']}", {"picked_date": date})

    assert [one["picked_date"] for one in katana.get("/sales_order_fulfillments")] == [date, date]


def test_rows_change_while_nothing_of_them_is_shipped(katana: Katana) -> None:
    order = katana.order(("TABLE", 5), ("OIL", 1), customer_ref="x", additional_info="y")
    table, oil = (f"/sales_order_rows/{row['id']}" for row in order["sales_order_rows"])

    assert katana.patch(table, {"quantity": 3})["quantity"] == 3
    katana.fulfill(order, 2)

    assert katana.refused("PATCH", table, {"quantity": 4})[0] == 422
    assert katana.refused("DELETE", table)[0] == 422
    assert katana.patch(oil, {"quantity": 2})["quantity"] == 2
    added = {"sales_order_id": order["id"], "variant_id": katana.variant("OIL"), "quantity": 1}
    assert katana.refused("POST", "/sales_order_rows", added)[0] == 422
    shown = katana.get(f"/sales_orders/{order['id']}")
    assert [row["quantity"] for row in shown["sales_order_rows"]] == [3, 2]
    assert (shown["customer_ref"], shown["additional_info"]) == ("x", "y")


def test_rows_come_and_go_on_an_open_order(katana: Katana) -> None:
    order = katana.order(("TABLE", 1))
    added = {"sales_order_id": order["id"], "variant_id": katana.variant("OIL"), "quantity": 1}
    row = katana.post("/sales_order_rows", added)

    assert katana.send("DELETE", f"/sales_order_rows/{order['sales_order_rows'][0]['id']}").status_code == 204
    assert katana.refused("DELETE", f"/sales_order_rows/{order['sales_order_rows'][0]['id']}")[0] == 404
    assert [one["id"] for one in katana.get(f"/sales_orders/{order['id']}")["sales_order_rows"]] == [row["id"]]


@pytest.mark.parametrize(("can_go", "status"), [(True, 204), (False, 422)])
def test_whether_the_last_row_can_go_is_a_switch(katana: Katana, can_go: bool, status: int) -> None:
    katana.control("/oddities", {"last_row_can_go": can_go})
    order = katana.order(("TABLE", 1))

    assert katana.send("DELETE", f"/sales_order_rows/{order['sales_order_rows'][0]['id']}").status_code == status


@pytest.mark.parametrize("moves", [True, False])
def test_whether_a_row_moves_its_order_s_time_is_a_switch(katana: Katana, clock: Clock, moves: bool) -> None:
    katana.control("/oddities", {"rows_move_their_order": moves})
    order = katana.order(("TABLE", 1))
    clock.tick(60)
    katana.patch(f"/sales_order_rows/{order['sales_order_rows'][0]['id']}", {"quantity": 2})

    assert len(katana.get("/sales_orders", updated_at_min=katana.account.stamp())) == int(moves)


def test_a_row_without_quantities_of_its_batches_is_refused_and_null_is_no_batch(katana: Katana) -> None:
    row = katana.order(("OIL", 1))["sales_order_rows"][0]["id"]

    wrong = katana.details("PATCH", f"/sales_order_rows/{row}", {"batch_transactions": [{"batch_id": None}]})
    assert wrong == [("/batch_transactions/0/batch_id", "type")]


def test_a_shipping_fee_is_a_second_request_with_a_text(katana: Katana) -> None:
    order = katana.order(("TABLE", 1))
    fee = katana.post("/sales_order_shipping_fee", {"sales_order_id": order["id"], "amount": "4.90"})

    assert katana.get(f"/sales_orders/{order['id']}")["shipping_fee"]["amount"] == "4.9000000000"
    path = f"/sales_order_shipping_fee/{fee['id']}"
    assert katana.patch(path, {"amount": "5"})["amount"] == "5.0000000000"
    assert katana.refused("PATCH", path, {"amount": "five"})[0] == 422
    assert katana.send("DELETE", path).status_code == 204
    assert katana.get(f"/sales_orders/{order['id']}")["shipping_fee"] == {}


def test_an_order_with_returns_or_an_invoice_is_not_deleted(katana: Katana) -> None:
    invoiced, returned = katana.order(("TABLE", 1)), katana.order(("TABLE", 1))
    katana.fulfill(invoiced, 1)
    katana.control(f"/orders/{invoiced['id']}", {"invoice": "partially"})
    place = invoiced["location_id"]
    katana.post("/sales_returns", {"sales_order_id": returned["id"], "return_location_id": place})

    status, words = katana.refused("DELETE", f"/sales_orders/{returned['id']}")
    assert (status, "have return orders" in words) == (412, True)
    path = f"/sales_orders/{invoiced['id']}"
    assert katana.get(path)["invoicing_status"] == "partiallyInvoiced"
    for code in (422, 412):
        katana.control("/oddities", {"invoiced_delete_status": code})
        assert katana.refused("DELETE", path)[0] == code


@pytest.mark.parametrize("status", [204, 200])
def test_a_delivered_order_can_be_deleted_and_its_stock_comes_back(katana: Katana, status: int) -> None:
    katana.control("/oddities", {"delete_status": status})
    order = katana.order(("TABLE", 4))
    katana.fulfill(order, 4)
    assert katana.stock("TABLE") == "6.00000"

    assert katana.send("DELETE", f"/sales_orders/{order['id']}").status_code == status

    assert katana.stock("TABLE") == "10.00000"
    assert katana.get("/sales_order_fulfillments") == []


def test_a_closed_period_is_not_touched(katana: Katana) -> None:
    order = katana.order(("TABLE", 2))
    katana.fulfill(order, 1)
    katana.control("/factory", {"inventory_closing_date": "2026-11-30T23:59:59.000Z"})

    status, words = katana.refused("DELETE", f"/sales_orders/{order['id']}")
    assert (status, "closed" in words) == (422, True)
    last, after = "2026-11-30T23:59:59.000Z", "2026-11-30T23:59:59.001Z"
    assert katana.refused("POST", "/sales_order_fulfillments", katana.parcel(order, 1, picked_date=last))[0] == 422
    katana.fulfill(order, 1, picked_date=after)
    rows = [{"variant_id": katana.variant("TABLE"), "quantity": 1}]
    count = {"location_id": order["location_id"], "stock_adjustment_rows": rows, "stock_adjustment_date": last}
    assert katana.refused("POST", "/stock_adjustments", count)[0] == 422
