"""What the merchant does over /_sandbox."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox import RunningSandbox, WooCommerceShop
from tests.sandbox.client import Api, basket


class Merchant:
    def __init__(self, url: str, session: requests.Session) -> None:
        self._url, self._session = url, session

    def post(self, path: str, body: Any) -> Any:
        answer = self._session.post(f"{self._url}/_sandbox{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def state(self) -> Any:
        return self._session.get(f"{self._url}/_sandbox/state", timeout=30).json()


@pytest.fixture
def merchant(sandbox: RunningSandbox[WooCommerceShop]) -> Iterator[Merchant]:
    with requests.Session() as session:
        session.trust_env = False
        yield Merchant(sandbox.url, session)


def test_an_order_from_a_small_spec(merchant: Merchant, api: Api) -> None:
    made = merchant.post("/orders", {"status": "processing", "line_items": [{"sku": "OIL", "quantity": 2}]})

    assert api.order_ids() == [made["id"]]


def test_an_edit_a_note_and_a_refund(merchant: Merchant, api: Api) -> None:
    made = merchant.post("/orders", basket(("OIL", 2)))
    path = f"/orders/{made['id']}"

    assert merchant.post(path, {"status": "completed", "note": "packed"})["status"] == "completed"
    assert len(api.get(f"{path}/notes").json()) == 1
    assert (
        merchant.post(path, {"refund": {"pieces": {made["line_items"][0]["id"]: 1}}})["refunds"][0]["total"] == "-24.99"
    )
    assert merchant.post(path, {"refund": True})["status"] == "refunded"


def test_trash_restore_and_delete(merchant: Merchant, api: Api) -> None:
    path = f"/orders/{merchant.post('/orders', basket(('OIL', 2)))['id']}"

    assert merchant.post(path, {"trash": True})["status"] == "trash"
    assert merchant.post(path, {"restore": True})["status"] == "processing"
    assert merchant.post(path, {"delete": True})["deleted"]
    assert api.order_ids() == []


def test_a_poisoned_order_is_served_verbatim(merchant: Merchant, api: Api) -> None:
    poison = {"id": 7001, "status": "processing", "total": {"oops": ["/"]}, "line_items": None, "price": 1.5}

    merchant.post("/raw-order", poison)

    assert api.get("/orders").json() == [poison]
    assert api.get("/orders/7001").json() == poison
    assert api.order_ids(modified_after="2026-11-22T11:59:59", dates_are_gmt="true", dp=3) == [7001]


def test_a_poisoned_order_may_have_no_id_at_all(merchant: Merchant, api: Api) -> None:
    merchant.post("/raw-order", {"status": "completed"})

    assert api.get("/orders", status="completed").json() == [{"status": "completed"}]


def test_stock_by_sku(merchant: Merchant) -> None:
    assert merchant.post("/stock", {"OIL": 7})["OIL"] == 7


def test_the_state_tells_what_clients_did(merchant: Merchant, api: Api) -> None:
    order = merchant.post("/orders", basket(("OIL", 2)))
    api.get("/orders")
    api.send("PUT", f"/orders/{order['id']}", {"status": "completed"})
    api.send("PUT", "/orders/4711", {"status": "completed"})

    state = merchant.state()

    assert state["orders"] == {"completed": 1}
    assert state["stock"]["OIL"] == 43
    assert state["calls"] == {"GET /orders": 1, "PUT /orders/{id}": 2}
    assert [(w["method"], w["body"], w["status"]) for w in state["writes"]] == [
        ("PUT", {"status": "completed"}, 200),
        ("PUT", {"status": "completed"}, 400),
    ]
    assert state["faults"]["happened"] == {}


def test_an_unknown_order_is_named(sandbox: RunningSandbox[WooCommerceShop]) -> None:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(f"{sandbox.url}/_sandbox/orders/999", json={"trash": True}, timeout=30)

    assert answer.status_code == 404


def test_with_no_lines_the_shop_makes_up_a_basket(sandbox: RunningSandbox[WooCommerceShop], merchant: Merchant) -> None:
    sandbox.shop.catalogue.products.clear()

    first, second = (merchant.post("/orders", {"customer_note": "surprise"}) for _ in range(2))

    assert first["line_items"]
    assert first["customer_note"] == "surprise"
    assert first["id"] != second["id"]


def test_the_shops_settings_are_readable(api: Api) -> None:
    currency = api.get("/settings/general/woocommerce_currency").json()
    tax = {one["id"]: one["value"] for one in api.get("/settings/tax").json()}

    assert currency["value"] == "EUR"
    assert tax["woocommerce_prices_include_tax"] == "yes"
    assert api.get("/system_status").json()["environment"]["version"] == "10.0.2"
    assert api.get("/settings/general/nope").status_code == 404
    assert api.get("/settings/nope").status_code == 404
