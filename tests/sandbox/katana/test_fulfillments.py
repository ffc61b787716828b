"""Fulfilments, batches, stock, returns and manufacturing orders."""

from typing import Any

import pytest

from sandbox import KatanaAccount
from tests.sandbox.katana.client import Katana


def test_a_whole_delivery_in_one_request(katana: Katana) -> None:
    order = katana.order(("TABLE", 2), ("ENGRAVE", 1))

    made = katana.fulfill(order, 2, 1, tracking_number="1Z", tracking_carrier="UPS", tracking_url="https://t.test/1Z")

    assert (made["status"], made["tracking_number"], len(made["sales_order_fulfillment_rows"])) == (
        "DELIVERED",
        "1Z",
        2,
    )
    assert katana.get(f"/sales_orders/{order['id']}")["status"] == "DELIVERED"
    assert katana.stock("TABLE") == "8.00000"
    (moved,) = katana.get("/inventory_movements", resource_type="SalesOrderRow")
    assert (moved["quantity_change"], moved["balance_after"], moved["variant_id"]) == (-2, 8, katana.variant("TABLE"))
    assert moved["caused_by_order_no"] == order["order_no"]


@pytest.mark.parametrize(
    ("parcels", "status"),
    [
        ([("PACKED", 1)], "PARTIALLY_PACKED"),
        ([("PACKED", 3)], "PACKED"),
        ([("DELIVERED", 1)], "PARTIALLY_DELIVERED"),
        ([("PACKED", 1), ("DELIVERED", 2)], "PARTIALLY_DELIVERED"),
        ([("DELIVERED", 1), ("DELIVERED", 2)], "DELIVERED"),
    ],
)
def test_the_order_s_status_follows_its_fulfilments(katana: Katana, parcels: Any, status: str) -> None:
    order = katana.order(("TABLE", 3))
    for kind, pieces in parcels:
        katana.fulfill(order, pieces, status=kind)

    assert katana.get(f"/sales_orders/{order['id']}")["status"] == status


def test_packed_then_delivered_is_one_fulfilment_and_moves_stock_once(katana: Katana) -> None:
    order = katana.order(("TABLE", 2))
    katana.control(f"/orders/{order['id']}", {"pack": True})
    (packed,) = katana.get("/sales_order_fulfillments", sales_order_id=order["id"])
    katana.control(f"/orders/{order['id']}", {"deliver": True})
    (delivered,) = katana.get("/sales_order_fulfillments", sales_order_id=order["id"])

    assert (packed["status"], delivered["status"]) == ("PACKED", "DELIVERED")
    assert (packed["id"], katana.stock("TABLE")) == (delivered["id"], "8.00000")


def test_a_person_ships_a_part_and_takes_it_back(katana: Katana) -> None:
    order = katana.order(("TABLE", 3))
    row, path = order["sales_order_rows"][0]["id"], f"/orders/{order['id']}"

    shown = katana.control(path, {"deliver": {"rows": {str(row): 1}, "tracking_number": "1Z"}})
    assert shown["status"] == "PARTIALLY_DELIVERED"
    assert katana.get("/sales_order_fulfillments")[0]["tracking_number"] == "1Z"
    assert katana.control(path, {"revert": True})["status"] == "NOT_SHIPPED"
    assert katana.stock("TABLE") == "10.00000"
    (gone,) = katana.get("/sales_order_fulfillments", include_deleted="true")
    assert katana.get("/sales_order_fulfillments") == []
    assert katana.send("GET", f"/sales_order_fulfillments/{gone['id']}").status_code == 404
    assert katana.get(f"/sales_order_fulfillments/{gone['id']}", include_deleted="true")["id"] == gone["id"]


@pytest.mark.parametrize("is_new", [True, False])
def test_which_part_of_a_split_parcel_keeps_its_id_is_a_switch(katana: Katana, is_new: bool) -> None:
    katana.control("/oddities", {"split_parcel_is_new": is_new})
    order = katana.order(("OIL", 6))
    packed = katana.fulfill(order, 6, status="PACKED")
    part = {"rows": {str(order["sales_order_rows"][0]["id"]): 5}, "tracking_number": "1Z"}

    shown = katana.control(f"/orders/{order['id']}", {"deliver": part})

    found = {one["status"]: one for one in katana.get("/sales_order_fulfillments")}
    assert found.keys() == {"PACKED", "DELIVERED"}
    assert found["PACKED" if is_new else "DELIVERED"]["id"] == packed["id"]
    lines = {status: one["sales_order_fulfillment_rows"][0] for status, one in found.items()}
    old, new = batch(katana, "OLD"), batch(katana, "NEW")
    assert {status: line["quantity"] for status, line in lines.items()} == {"PACKED": 1, "DELIVERED": 5}
    assert [(one["batch_id"], one["quantity"]) for one in lines["DELIVERED"]["traceability"]] == [
        (old, "4"),
        (new, "1"),
    ]
    assert [(one["batch_id"], one["quantity"]) for one in lines["PACKED"]["traceability"]] == [(new, "1")]
    assert (found["DELIVERED"]["tracking_number"], found["PACKED"]["tracking_number"]) == ("1Z", None)
    assert (shown["status"], katana.stock("OIL")) == ("PARTIALLY_DELIVERED", "3.00000")


def test_stock_is_not_guarded(katana: Katana) -> None:
    katana.fulfill(katana.order(("TABLE", 12)), 12, status="PACKED")

    assert katana.stock("TABLE") == "-2.00000"


def test_nothing_and_too_much_are_refused(katana: Katana) -> None:
    order = katana.order(("TABLE", 2))
    body = katana.parcel(order, 2)
    body["sales_order_fulfillment_rows"][0]["quantity"] = 0
    assert katana.details("POST", "/sales_order_fulfillments", body) == [
        ("/sales_order_fulfillment_rows/0/quantity", "exclusiveMinimum")
    ]
    assert katana.refused("POST", "/sales_order_fulfillments", katana.parcel(order, 3))[0] == 422
    twice = katana.parcel(order, 2)
    twice["sales_order_fulfillment_rows"] *= 2
    assert katana.refused("POST", "/sales_order_fulfillments", twice)[0] == 422
    assert katana.get("/sales_order_fulfillments", include_deleted="true") == []


def oil(katana: Katana, pieces: int, **row: Any) -> Any:
    """An order of oil that is delivered, and what its fulfilment says of batches."""
    order = katana.order(("OIL", pieces))
    body = katana.parcel(order, pieces)
    body["sales_order_fulfillment_rows"][0] |= row
    made = katana.post("/sales_order_fulfillments", body)
    names = {one["id"]: one["batch_number"] for one in katana.account.batches.table.view()}
    shares = made["sales_order_fulfillment_rows"][0]["traceability"]
    return [(names.get(one["batch_id"]), one["quantity"]) for one in shares]


def batch(katana: Katana, name: str) -> int:
    return int(next(one["id"] for one in katana.account.batches.table.view() if one["batch_number"] == name))


def test_batches_are_given_out_oldest_first(katana: Katana) -> None:
    assert oil(katana, 7) == [("OLD", "4"), ("NEW", "3")]
    assert [one["batch_number"] for one in katana.get("/batch_stocks")] == ["NEW"]  # an empty one vanishes
    assert oil(katana, 3) == [("NEW", "2"), (None, "1")]
    assert katana.stock("OIL") == "-1.00000"
    assert len(katana.get("/batch_stocks", variant_id=katana.variant("OIL"), include_empty="true")) == 2


def test_two_rows_of_one_parcel_share_the_batches(katana: Katana) -> None:
    order = katana.order(("OIL", 3), ("OIL", 3))
    made = katana.fulfill(order, 3, 3)

    old, new = batch(katana, "OLD"), batch(katana, "NEW")
    shares = [
        [(one["batch_id"], one["quantity"]) for one in row["traceability"]]
        for row in made["sales_order_fulfillment_rows"]
    ]
    assert shares == [[(old, "3")], [(old, "1"), (new, "2")]]


def test_whether_katana_gives_out_batches_is_a_switch(katana: Katana) -> None:
    katana.control("/oddities", {"gives_out_batches": False})
    assert oil(katana, 2) == []
    assert [one["quantity_in_stock"] for one in katana.get("/batch_stocks")] == ["4.00000", "5.00000"]


def test_batches_that_are_named_are_taken_and_the_rest_has_none(katana: Katana) -> None:
    new = batch(katana, "NEW")
    assert oil(katana, 3, traceability=[{"batch_id": new, "quantity": "2"}]) == [("NEW", "2"), (None, "1")]
    assert oil(katana, 1, traceability=[{"batch_id": None, "quantity": 1}]) == []
    assert oil(katana, 1, traceability=[]) == []
    both = {"traceability": [{"batch_id": new, "quantity": 1}], "batch_transactions": []}
    assert oil(katana, 1, **both) == [("NEW", "1")]
    assert oil(katana, 1, batch_transactions=[{"batch_id": new, "quantity": 1}]) == [("NEW", "1")]


@pytest.mark.parametrize(("goes", "status"), [(True, 200), (False, 422)])
def test_whether_a_batch_goes_below_zero_is_a_switch(katana: Katana, goes: bool, status: int) -> None:
    katana.control("/oddities", {"batches_go_negative": goes})
    body = katana.parcel(katana.order(("OIL", 9)), 9)
    body["sales_order_fulfillment_rows"][0]["traceability"] = [{"batch_id": batch(katana, "OLD"), "quantity": 9}]

    assert katana.send("POST", "/sales_order_fulfillments", body).status_code == status


def test_a_batch_must_be_the_item_s_and_at_its_location(katana: Katana) -> None:
    place = "/sales_order_fulfillment_rows/0/traceability/0/batch_id"
    body = katana.parcel(katana.order(("TABLE", 1)), 1)
    body["sales_order_fulfillment_rows"][0]["traceability"] = [{"batch_id": batch(katana, "OLD"), "quantity": 1}]
    assert katana.details("POST", "/sales_order_fulfillments", body) == [(place, "notFound")]

    other = katana.control("/records/locations", {"name": "Shop"})["id"]
    body = katana.parcel(katana.order(("OIL", 1), location_id=other), 1)
    body["sales_order_fulfillment_rows"][0]["traceability"] = [{"batch_id": batch(katana, "OLD"), "quantity": 1}]
    assert katana.details("POST", "/sales_order_fulfillments", body) == [(place, "notInStock")]


def test_batch_stocks_are_listed_with_the_newest_first(katana: Katana) -> None:
    shown = katana.get("/batch_stocks", variant_id=katana.variant("OIL"))

    assert [(one["batch_number"], one["quantity_in_stock"]) for one in shown] == [
        ("OLD", "4.00000"),
        ("NEW", "5.00000"),
    ]


def test_fulfilments_show_dates_where_the_switch_says_so(katana: Katana) -> None:
    katana.fulfill(katana.order(("TABLE", 1)), 1)
    assert "updated_at" not in katana.get("/sales_order_fulfillments")[0]
    katana.control("/oddities", {"fulfillments_have_dates": True})
    assert "updated_at" in katana.get("/sales_order_fulfillments")[0]


def test_the_inventory_is_texts(katana: Katana) -> None:
    katana.order(("TABLE", 3))
    (line,) = katana.get("/inventory", variant_id=[katana.variant("TABLE")], location_id=katana.account.place(None))

    assert (line["quantity_in_stock"], line["quantity_committed"]) == ("10.00000", "3.00000")
    assert line["quantity_potential"] is None


def test_an_adjustment_has_a_number_to_find_it_by(katana: Katana, account: KatanaAccount) -> None:
    rows = [{"variant_id": katana.variant("TABLE"), "quantity": -3}]
    body = {"location_id": account.place(None), "stock_adjustment_rows": rows, "additional_info": "count"}
    made = katana.post("/stock_adjustments", body | {"stock_adjustment_number": "acme-1"})

    assert katana.stock("TABLE") == "7.00000"
    (found,) = katana.get("/stock_adjustments", stock_adjustment_number="acme-1", include_deleted="true")
    assert found["id"] == made["id"]
    assert katana.patch(f"/stock_adjustments/{made['id']}", {"reason": "x"})["additional_info"] == ""  # wiped
    katana.control("/oddities", {"adjustment_needs_number": True})
    assert katana.details("POST", "/stock_adjustments", body) == [("", "required")]


@pytest.mark.parametrize(("takes_back", "left"), [(True, "10.00000"), (False, "7.00000")])
def test_what_deleting_an_adjustment_does_is_a_switch(katana: Katana, takes_back: bool, left: str) -> None:
    katana.control("/oddities", {"adjustment_delete_takes_back": takes_back})
    rows = [{"variant_id": katana.variant("TABLE"), "quantity": -3}]
    body = {"location_id": katana.account.place(None), "stock_adjustment_rows": rows}
    made = katana.post("/stock_adjustments", body)

    katana.send("DELETE", f"/stock_adjustments/{made['id']}")

    assert katana.stock("TABLE") == left


def returned(katana: Katana, order: Any, pieces: Any) -> tuple[Any, Any]:
    """A return of an order's first line."""
    item = katana.get(f"/sales_orders/{order['id']}/returnable_items")[0]
    place = {"sales_order_id": order["id"], "return_location_id": item["location_id"], "order_no": "acme-1"}
    head = katana.post("/sales_returns", place)
    row = {"fulfillment_row_id": item["fulfillment_row_id"], "variant_id": item["variant_id"], "quantity": pieces}
    return head, katana.post("/sales_return_rows", row | {"sales_return_id": head["id"]})


def test_a_line_that_was_delivered_comes_back(katana: Katana) -> None:
    order = katana.order(("TABLE", 3))
    path = f"/sales_orders/{order['id']}/returnable_items"
    assert katana.get(path) == []
    katana.fulfill(order, 3)
    (item,) = katana.get(path)
    head, row = returned(katana, order, 2)

    assert item["available_for_return_quantity"] == "3.00000000000000000000"
    assert (head["status"], row["quantity"], row["net_price_per_unit"]) == ("NOT_RETURNED", "2.00", "10.0000000000")
    assert katana.get(path)[0]["available_for_return_quantity"] == "1.00000000000000000000"
    assert katana.stock("TABLE") == "7.00000"
    assert katana.patch(f"/sales_return_rows/{row['id']}", {"quantity": "3"})["quantity"] == "3.00"
    assert katana.refused("PATCH", f"/sales_return_rows/{row['id']}", {"quantity": 4})[0] == 422
    for status in ("RETURNED_ALL", "RESTOCKED_ALL"):
        katana.patch(f"/sales_returns/{head['id']}", {"status": status})
    assert katana.stock("TABLE") == "10.00000"
    assert katana.refused("PATCH", f"/sales_return_rows/{row['id']}", {"quantity": 1})[0] == 422
    assert katana.send("DELETE", f"/sales_returns/{head['id']}").status_code == 204
    assert katana.stock("TABLE") == "7.00000"


def test_returns_are_found_by_their_number_alone(katana: Katana) -> None:
    order = katana.order(("TABLE", 3))
    katana.fulfill(order, 3)
    head, _ = returned(katana, order, 1)

    assert katana.get("/sales_returns", order_no="another") == []
    for ignored in ("sales_order_id", "sales_order_no", "return_order_no", "return_date_min"):
        assert len(katana.get("/sales_returns", **{ignored: "2099-01-01"})) == 1
    katana.send("DELETE", f"/sales_returns/{head['id']}")
    assert katana.get("/sales_returns", order_no="acme-1", include_deleted="true") == []
    katana.control("/oddities", {"deleted_returns_are_listed": True})
    assert len(katana.get("/sales_returns", order_no="acme-1", include_deleted="true")) == 1


def linked(katana: Katana) -> tuple[Any, Any, str]:
    """An order of tables, what is made for it, and its row's path."""
    order = katana.order(("TABLE", 3))
    row = order["sales_order_rows"][0]["id"]
    made = katana.post("/manufacturing_order_make_to_order", {"sales_order_row_id": row})
    return order, made, f"/sales_order_rows/{row}"


def test_a_row_is_made_to_order(katana: Katana) -> None:
    order, made, row = linked(katana)

    assert (made["order_no"], made["planned_quantity"], made["status"]) == (
        f"{order['order_no']} / 1",
        3,
        "NOT_STARTED",
    )
    assert (made["sales_order_id"], made["is_linked_to_sales_order"]) == (order["id"], True)
    assert katana.get(row)["linked_manufacturing_order_id"] == made["id"]
    again = {"sales_order_row_id": made["sales_order_row_id"]}
    assert katana.refused("POST", "/manufacturing_order_make_to_order", again)[0] == 422
    assert katana.refused("PATCH", row, {"location_id": order["location_id"]})[0] == 422
    assert katana.send("POST", "/manufacturing_order_unlink", again).status_code == 204
    assert katana.get(row)["linked_manufacturing_order_id"] is None
    assert len(katana.get("/manufacturing_orders", ids=made["id"], is_linked_to_sales_order="false")) == 1


@pytest.mark.parametrize(
    ("moves", "status", "planned"), [(True, "NOT_STARTED", 2), (False, "NOT_STARTED", 3), (True, "BLOCKED", 3)]
)
def test_whether_what_is_made_follows_its_row_is_a_switch(
    katana: Katana, moves: bool, status: str, planned: int
) -> None:
    katana.control("/oddities", {"row_moves_manufacturing": moves})
    _, made, row = linked(katana)
    path = f"/manufacturing_orders/{made['id']}"
    katana.patch(path, {"status": status})
    katana.patch(row, {"quantity": 2})

    assert katana.get(path)["planned_quantity"] == planned


def test_a_row_does_not_go_below_what_is_made_of_it(katana: Katana) -> None:
    _, made, row = linked(katana)
    partly = {"status": "PARTIALLY_COMPLETED", "actual_quantity": 2}
    katana.patch(f"/manufacturing_orders/{made['id']}", partly)

    assert katana.refused("PATCH", row, {"quantity": 1})[0] == 422
    assert katana.patch(row, {"quantity": 2})["quantity"] == 2


@pytest.mark.parametrize(("status", "stays"), [("NOT_STARTED", False), ("BLOCKED", True), ("IN_PROGRESS", True)])
def test_what_is_begun_stays_when_its_row_goes(katana: Katana, status: str, stays: bool) -> None:
    order, made, _ = linked(katana)
    katana.patch(f"/manufacturing_orders/{made['id']}", {"status": status})
    katana.send("DELETE", f"/sales_orders/{order['id']}")

    found = katana.get("/manufacturing_orders")
    assert [one["sales_order_row_id"] for one in found] == ([None] if stays else [])


def test_notes_of_manufacturing_orders_are_wiped_and_done_makes_stock(katana: Katana) -> None:
    _, made, _ = linked(katana)
    path = f"/manufacturing_orders/{made['id']}"
    assert katana.patch(path, {"additional_info": "oak"})["additional_info"] == "oak"
    assert katana.patch(path, {"planned_quantity": 4, "additional_info": None})["additional_info"] == ""
    katana.patch(path, {"additional_info": "oak"})
    assert katana.patch(path, {"status": "IN_PROGRESS"})["additional_info"] == ""
    assert katana.details("PATCH", path, {"additional_info": ""}) == [("/additional_info", "minLength")]
    katana.patch(path, {"status": "DONE"})

    assert katana.stock("TABLE") == "14.00000"
    assert katana.refused("PATCH", path, {"planned_quantity": 5})[0] == 422
    assert katana.refused("DELETE", path)[0] == 412


def test_times_of_manufacturing_orders_are_written_as_katana_writes_them(katana: Katana) -> None:
    _, made, _ = linked(katana)
    path = f"/manufacturing_orders/{made['id']}"

    wrong = {"production_deadline_date": "2026-10-09T08:00:00.000001+00:00"}
    assert katana.refused("PATCH", path, wrong)[0] == 422
    right = {"production_deadline_date": "2026-10-09T08:00:00.000Z"}
    assert katana.patch(path, right)["production_deadline_date"] == right["production_deadline_date"]


def test_what_is_not_made_cannot_be_made_to_order(katana: Katana) -> None:
    row = katana.order(("OIL", 1))["sales_order_rows"][0]["id"]

    assert katana.refused("POST", "/manufacturing_order_make_to_order", {"sales_order_row_id": row})[0] == 422


def test_an_invoice_names_its_fulfilment(katana: Katana) -> None:
    order = katana.order(("TABLE", 1))
    made = katana.fulfill(order, 1)
    assert katana.control(f"/orders/{order['id']}", {"invoice": True})["invoicing_status"] == "invoiced"

    assert katana.get("/sales_order_fulfillments")[0]["invoice_status"] == "INVOICED"
    (invoice,) = katana.get("/sales_order_accounting_metadata", sales_order_id=order["id"])
    assert invoice["fulfillment_id"] == made["id"]
    assert katana.refused("DELETE", f"/sales_order_fulfillments/{made['id']}")[0] == 422
