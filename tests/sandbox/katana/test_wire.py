"""The wire: key, limit, pages, filters, errors, strict bodies, late reads, and answers that do not tell the truth."""

from typing import Any

import pytest
import requests

from sandbox import Faults, KatanaAccount, run_katana
from tests.sandbox.client import Clock
from tests.sandbox.katana.client import Katana, pagination


def test_a_key_that_does_not_count_is_refused(katana: Katana) -> None:
    katana.key = "another"
    assert katana.refused("GET", "/factory") == (401, "Unauthorized")


def test_a_person_revokes_the_key_and_gives_another(katana: Katana) -> None:
    katana.control("/key", {"keys": ["another"]})
    assert katana.send("GET", "/factory").status_code == 401

    katana.key = "another"
    assert katana.send("GET", "/factory").status_code == 200


def test_the_limit_is_told_kept_and_given_anew(katana: Katana, clock: Clock) -> None:
    answers = [katana.send("GET", "/factory") for _ in range(61)]
    clock.tick(53.5)
    late = katana.send("GET", "/factory")
    clock.tick(6.5)
    fresh = katana.send("GET", "/factory")

    assert [one.status_code for one in answers] == [200] * 60 + [429]
    assert answers[0].headers["X-Ratelimit-Limit"] == "60"
    assert answers[59].headers["X-Ratelimit-Remaining"] == "0"
    assert answers[0].headers["X-Ratelimit-Reset"] == str(round(clock().timestamp() * 1000))
    assert (answers[60].headers["Retry-After"], late.headers["Retry-After"]) == ("60", "7")
    assert answers[60].get_json()["error"]["statusCode"] == 429
    assert (fresh.status_code, fresh.headers["X-Ratelimit-Remaining"]) == (200, "59")


def test_the_limit_s_headers_may_be_missing_or_in_seconds(katana: Katana) -> None:
    katana.control("/oddities", {"reset_in_seconds": True})
    assert len(katana.send("GET", "/factory").headers["X-Ratelimit-Reset"]) == 10

    katana.control("/oddities", {"says_limit": False})
    assert "X-Ratelimit-Limit" not in katana.send("GET", "/factory").headers


@pytest.mark.parametrize(("is_shared", "status"), [(True, 429), (False, 200)])
def test_another_application_spends_the_budget_where_it_is_shared(katana: Katana, is_shared: bool, status: int) -> None:
    katana.control("/oddities", {"budget_is_shared": is_shared, "limit": 5})
    katana.control("/key", {"keys": [katana.key, "another"]})
    katana.control("/budget", {"use": 60})
    assert katana.send("GET", "/factory").status_code == status

    katana.key = "another"
    assert katana.send("GET", "/factory").status_code == 429


def test_time_runs_as_fast_as_a_window_is_short(katana: Katana, clock: Clock) -> None:
    katana.control("/oddities", {"limit": 1, "window_seconds": 0.5})
    katana.get("/factory")
    refused = katana.send("GET", "/factory")
    clock.tick(0.5)

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert katana.send("GET", "/factory").status_code == 200


def test_pages_are_counted_in_a_header_of_texts(katana: Katana) -> None:
    for number in range(3):
        katana.order(("TABLE", 1), order_no=f"A-{number}")

    first, last = katana.send("GET", "/sales_orders", limit=2), katana.send("GET", "/sales_orders", limit=2, page=2)

    assert [one["order_no"] for one in first.get_json()["data"]] == ["A-2", "A-1"]
    assert [one["order_no"] for one in last.get_json()["data"]] == ["A-0"]
    assert pagination(first) == {
        "total_records": "3",
        "total_pages": "2",
        "offset": "0",
        "page": "1",
        "first_page": "true",
        "last_page": "false",
    }
    assert (pagination(last)["offset"], pagination(last)["last_page"]) == ("2", "true")


def test_more_than_250_are_cut_without_a_word(katana: Katana) -> None:
    for number in range(251):
        katana.account.tax_rates.create({"rate": number})

    assert len(katana.get("/tax_rates", limit=1000)) == 250
    assert len(katana.get("/tax_rates")) == 50


def test_filters_repeat_and_an_unknown_one_is_ignored(katana: Katana) -> None:
    orders = [katana.order(("TABLE", 1), ecommerce_order_id=str(number)) for number in range(3)]

    def ids(**query: Any) -> list[int]:
        return sorted(one["id"] for one in katana.get("/sales_orders", **query))

    both = sorted(order["id"] for order in orders[:2])
    assert ids(ids=both) == both
    assert ids(ecommerce_order_id="1") == [orders[1]["id"]]
    assert ids(ecommerce_order_id="no such") == []
    assert len(ids(no_such_filter="1")) == 3

    katana.control("/oddities", {"ignored_filters": ["sales_orders.ecommerce_order_id"]})
    assert len(ids(ecommerce_order_id="no such")) == 3


def test_what_is_deleted_counts_as_updated_and_is_shown_where_asked_for(katana: Katana, clock: Clock) -> None:
    order = katana.order(("TABLE", 1))
    clock.tick(60)
    since = katana.account.stamp()
    assert katana.get("/sales_orders", updated_at_min=since) == []

    assert katana.send("DELETE", f"/sales_orders/{order['id']}").status_code == 204

    (shown,) = katana.get("/sales_orders", updated_at_min=since, include_deleted="true")
    assert (shown["id"], shown["deleted_at"], shown["updated_at"]) == (order["id"], since, since)
    assert shown["sales_order_rows"] == []
    assert katana.get("/sales_orders", updated_at_min=since) == []
    assert katana.refused("GET", f"/sales_orders/{order['id']}")[0] == 404
    assert katana.refused("DELETE", f"/sales_orders/{order['id']}")[0] == 404
    rows = katana.get("/sales_order_rows", sales_order_ids=order["id"], include_deleted="true")
    assert [row["deleted_at"] for row in rows] == [since]


def test_errors_are_wrapped_and_point_with_json_pointers_or_flat(katana: Katana) -> None:
    body = katana.order_body(("TABLE", 1)) | {"picked_date": "2026-01-01"}
    body["sales_order_rows"][0]["quantity"] = "1"

    wrapped = katana.send("POST", "/sales_orders", body).get_json()
    katana.control("/oddities", {"wraps_errors": False})
    flat = katana.send("POST", "/sales_orders", body).get_json()

    assert (wrapped["error"]["statusCode"], wrapped["error"]["name"]) == (422, "UnprocessableEntityError")
    assert [(one["path"], one["code"], one["info"]) for one in wrapped["error"]["details"]] == [
        ("", "additionalProperties", {"additionalProperty": "picked_date"}),
        ("/sales_order_rows/0/quantity", "type", {"type": "number"}),
    ]
    assert flat["details"][1]["path"] == ".sales_order_rows.0.quantity"
    assert katana.account.orders.table.of(0) == list(katana.account.orders.table.view()) == []


@pytest.mark.parametrize(
    ("path", "body", "wrong"),
    [
        ("/customers", {}, ("", "required")),
        ("/customers", {"name": "A", "email": None}, ("/email", "type")),
        ("/customers", {"name": "A", "addresses": [{"entity_type": "home"}]}, ("/addresses/0/entity_type", "enum")),
        ("/products", {"name": "A", "variants": [{"sku": ""}]}, ("/variants/0/sku", "minLength")),
        ("/products", {"name": "A", "variants": []}, ("/variants", "minItems")),
        ("/services", {"name": "A", "variants": [{}, {}]}, ("/variants", "maxItems")),
        ("/tax_rates", {"rate": 1000}, ("/rate", "maximum")),
        ("/tax_rates", {"rate": True}, ("/rate", "type")),
        ("/sales_order_shipping_fee", {"sales_order_id": 1, "amount": 4.9}, ("/amount", "type")),
        ("/webhooks", {"url": "http://a", "subscribed_events": []}, ("/url", "pattern")),
        ("/webhooks", {"url": "https://a", "subscribed_events": ["no.such"]}, ("/subscribed_events/0", "enum")),
        ("/sales_returns", {"sales_order_id": 1, "return_location_id": 1, "order_created_date": "2026-01-01T00:00"},
         ("/order_created_date", "format")),
        ("/sales_return_rows", {"sales_return_id": 1, "fulfillment_row_id": 1, "variant_id": 1, "quantity": "x"},
         ("/quantity", "pattern")),
        ("/sales_return_rows", {"sales_return_id": 1, "fulfillment_row_id": 1, "variant_id": 1, "quantity": "0"},
         ("/quantity", "not")),
    ],
)  # fmt: skip
def test_bodies_are_taken_strictly(katana: Katana, path: str, body: Any, wrong: tuple[str, str]) -> None:
    assert katana.details("POST", path, body) == [wrong]


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/tax_rates", {"rate": "often"}, 422),
        ("/sales_orders", {"updated_at_min": "yesterday"}, 422),
        ("/sales_orders", {"page": "9" * 5000, "limit": "-1"}, 200),
        ("/sales_orders", {"ids": "x", "customer_id": "\0"}, 200),
    ],
)
def test_parameters_that_cannot_be(katana: Katana, path: str, query: Any, status: int) -> None:
    katana.order(("TABLE", 1))

    assert katana.send("GET", path, **query).status_code == status


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999999999", "-Infinity"])
def test_numbers_that_cannot_be(katana: Katana, number: str) -> None:
    headers = {"Authorization": f"Bearer {katana.key}"}

    answer = katana.client.post("/v1/tax_rates", data=b'{"rate": %s}' % number.encode(), headers=headers)

    assert answer.status_code == 400


def test_a_detail_says_the_limit_in_katana_s_words(katana: Katana) -> None:
    body = {"name": "A", "variants": [{"supplier_item_codes": ["x" * 41]}]}

    (detail,) = katana.send("POST", "/products", body).get_json()["error"]["details"]

    assert detail == {
        "path": "/variants/0/supplier_item_codes/0",
        "code": "maxLength",
        "message": "should NOT be longer than 40 characters",
        "info": {"limit": 40},
    }


def test_what_is_no_json_or_no_end_point(katana: Katana) -> None:
    headers = {"Authorization": f"Bearer {katana.key}"}

    assert katana.client.post("/v1/customers", data=b"{", headers=headers).status_code == 400
    assert katana.refused("POST", "/sales_orders/search", {}) == (404, "Not found")
    assert katana.refused("GET", f"/customers/{katana.customer()}") == (404, "Not found")


def test_reads_lag_and_answers_of_writes_do_not(katana: Katana, clock: Clock) -> None:
    order = katana.order(("TABLE", 1))
    clock.tick(600)
    katana.control("/oddities", {"lag_seconds": 300})
    path, line = f"/sales_orders/{order['id']}", order["sales_order_rows"][0]["id"]

    told = katana.patch(f"/sales_order_rows/{line}", {"quantity": 3})
    katana.fulfill(order, 3)
    new = katana.order(("TABLE", 1), ecommerce_order_id="7")
    clock.tick(299)

    late = katana.get(path)
    assert told["quantity"] == 3
    assert (late["status"], late["sales_order_rows"][0]["quantity"]) == ("NOT_SHIPPED", 1)
    assert katana.get("/sales_orders", ecommerce_order_id="7") == []
    assert katana.refused("GET", f"/sales_orders/{new['id']}")[0] == 404
    assert (katana.get("/sales_order_fulfillments"), katana.stock("TABLE")) == ([], "10.00000")

    clock.tick(2)
    assert (katana.get(path)["status"], katana.stock("TABLE")) == ("DELIVERED", "7.00000")
    assert [one["id"] for one in katana.get("/sales_orders", ecommerce_order_id="7")] == [new["id"]]


def test_what_is_deleted_is_seen_a_while_where_reads_lag(katana: Katana, clock: Clock) -> None:
    order = katana.order(("TABLE", 1))
    clock.tick(600)
    katana.control("/oddities", {"lag_seconds": 300})
    katana.send("DELETE", f"/sales_orders/{order['id']}")
    assert katana.get(f"/sales_orders/{order['id']}")["id"] == order["id"]

    katana.control("/clock", {"ahead": 301})
    assert katana.refused("GET", f"/sales_orders/{order['id']}")[0] == 404


@pytest.mark.parametrize(
    ("plan", "status", "rows"),
    [
        ({"status": 422}, 422, [2]),
        ({}, 500, [2]),
        ({"written": "part"}, 500, [1]),
        ({"written": "nothing"}, 500, []),
    ],
)
def test_a_refused_POST_may_have_written(katana: Katana, plan: Any, status: int, rows: list[int]) -> None:
    katana.control("/spoil", {"route": "POST /sales_orders"} | plan)

    spoilt = katana.send("POST", "/sales_orders", katana.order_body(("TABLE", 1), ("OIL", 1)))

    assert spoilt.status_code == status
    assert "details" not in spoilt.get_json()["error"]
    assert [len(one["sales_order_rows"]) for one in katana.get("/sales_orders")] == rows
    assert katana.send("POST", "/sales_orders", katana.order_body(("TABLE", 1))).status_code == 200


@pytest.mark.parametrize(("fault", "made"), [("timeout", 0), ("timeout_done", 1), ("lost", 1)])
def test_over_real_HTTP_an_order_is_there_or_not_after_no_answer(
    account: KatanaAccount, katana: Katana, faults: Faults, fault: str, made: int
) -> None:
    body = katana.order_body(("TABLE", 1))
    with run_katana(account, faults) as running, requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {running.credentials['api_key']}"
        faults.fail_next(1, fault)

        with pytest.raises(requests.RequestException):
            session.post(f"{running.url}/sales_orders", json=body, timeout=0.5)
        found = session.get(f"{running.url}/sales_orders", timeout=30).json()["data"]

    assert len(found) == made


def test_what_was_asked_is_kept_in_order(katana: Katana, account: KatanaAccount) -> None:
    order = katana.order(("TABLE", 1))
    katana.get("/sales_orders", ids=[1, 2])
    katana.send("PATCH", f"/sales_orders/{order['id']}", {"no": "such"})

    seen = [(one.method, one.path, one.status) for one in account.asked_for()]
    assert seen == [
        ("POST", "/sales_orders", 200),
        ("GET", "/sales_orders", 200),
        ("PATCH", f"/sales_orders/{order['id']}", 422),
    ]
    assert account.asked_for("GET /sales_orders")[0].query == {"ids": ["1", "2"]}
    assert katana.control("/state")["calls"]["PATCH /sales_orders/{id}"] == 1


def test_an_oddity_that_does_not_exist_is_named(katana: Katana) -> None:
    for given in ({"no_such": 1}, {"limit": "60"}, {"limit": True}, {"wraps_errors": 1}, {"ignored_filters": "x"}):
        assert katana.client.post("/_sandbox/oddities", json=given).status_code == 400
    katana.control("/oddities", {"ignored_filters": ["sales_orders.ids"], "lag_seconds": 2})
    assert (katana.account.oddities.ignored_filters, katana.account.oddities.lag_seconds) == (
        ("sales_orders.ids",),
        2.0,
    )
