"""A client of the Katana stand-in in this process, and of its control end points."""

import json
from collections.abc import Mapping
from typing import Any

from werkzeug.test import TestResponse

from sandbox import Faults, KatanaAccount
from sandbox.katana.app import create_app
from sandbox.katana.state import KEY

ADDRESS = {"first_name": "Lena", "last_name": "Vogel", "line_1": "Main Street 1", "city": "Berlin", "country": "DE"}


class Katana:
    """Asks with the key; what is not 2xx is an answer like any other."""

    def __init__(self, account: KatanaAccount, faults: Faults | None = None) -> None:
        self.account = account
        self.client = create_app(account, faults).test_client()
        self.key = KEY

    def send(self, method: str, path: str, body: Any = None, **query: Any) -> TestResponse:
        """One request; of a parameter with several values each is sent."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return self.client.open(f"/v1{path}", method=method, json=body, query_string=query, headers=headers)

    def get(self, path: str, **query: Any) -> Any:
        """What a read shows; of a list its records."""
        answer = self.send("GET", path, **query)
        assert answer.status_code == 200, answer.text
        shown = answer.get_json()
        return shown["data"] if isinstance(shown, dict) and "data" in shown else shown

    def post(self, path: str, body: Any) -> Any:
        """What is made."""
        answer = self.send("POST", path, body)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def patch(self, path: str, body: Any) -> Any:
        """What is changed."""
        answer = self.send("PATCH", path, body)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """The status and words of a refusal."""
        answer = self.send(method, path, body)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.get_json()["error"]["message"]

    def details(self, method: str, path: str, body: Any) -> list[tuple[str, str]]:
        """Where and how a body is wrong."""
        answer = self.send(method, path, body)
        assert answer.status_code == 422, answer.text
        return [(one["path"], one["code"]) for one in answer.get_json()["error"]["details"]]

    def control(self, path: str, body: Any = None) -> Any:
        """What a person does; without a body what they see."""
        url = f"/_sandbox{path}"
        answer = self.client.get(url) if body is None else self.client.post(url, json=body)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def variant(self, sku: str) -> int:
        """The id of a SKU's variant."""
        return int(self.account.variant_of(sku)["id"])

    def customer(self) -> int:
        """The id of the newest customer."""
        return int(next(self.account.customers.table.view())["id"])

    def order_body(self, *lines: tuple[str, float], **more: Any) -> dict[str, Any]:
        """An order's body as a shop's order makes it."""
        rows = [
            {"variant_id": self.variant(sku), "quantity": pieces, "price_per_unit": 10, "total_discount": 0}
            for sku, pieces in lines
        ]
        return {"customer_id": self.customer(), "status": "NOT_SHIPPED", "sales_order_rows": rows} | more

    def order(self, *lines: tuple[str, float], **more: Any) -> Any:
        """An order that is made."""
        return self.post("/sales_orders", self.order_body(*lines, **more))

    def fulfill(self, order: Any, *pieces: float, status: str = "DELIVERED", **more: Any) -> Any:
        """Pieces of an order's rows are shipped."""
        return self.post("/sales_order_fulfillments", self.parcel(order, *pieces, status=status, **more))

    def parcel(self, order: Any, *pieces: float, status: str = "DELIVERED", **more: Any) -> dict[str, Any]:
        """A fulfilment's body."""
        rows = [
            {"sales_order_row_id": row["id"], "quantity": quantity}
            for row, quantity in zip(order["sales_order_rows"], pieces, strict=False)
            if quantity
        ]
        return {"sales_order_id": order["id"], "status": status, "sales_order_fulfillment_rows": rows} | more

    def stock(self, sku: str) -> str:
        """How many pieces the inventory shows."""
        return str(self.get("/inventory", variant_id=self.variant(sku))[0]["quantity_in_stock"])


def pagination(answer: TestResponse) -> Mapping[str, str]:
    """The header that counts, which is JSON of texts."""
    counted: Mapping[str, str] = json.loads(answer.headers["X-Pagination"])
    return counted
