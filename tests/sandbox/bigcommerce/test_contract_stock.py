"""What is asked of BigCommerce for stock and shipments, beside the vendor's own OpenAPI documents.

The documents are not part of the project; where they are not at hand these tests skip.
"""

import re
from decimal import Decimal
from typing import Any, Final

import pytest
import yaml
from flask import request

from connectors.bigcommerce.connector import BigCommerce
from sandbox import BigCommerceShop
from sandbox.bigcommerce.app import create_app
from sandbox.server import serve
from schemas.actions import SendFulfillment, TellStock
from tests.sandbox.bigcommerce.test_contract import DOCUMENTS, Loader, Spec, properties, resolve

_DOCUMENTS: Final = {
    "/catalog/products": "products_catalog.v3.yml",
    "/catalog/variants": "product-variants_catalog.v3.yml",
    "/inventory/items": "inventory.v3.yml",
    "/inventory/adjustments/absolute": "inventory.v3.yml",
    "/inventory/locations": "locations.v3.yml",
    "/orders/{order_id}": "orders.v2.oas2.yml",
    "/orders/{order_id}/shipments": "orders.v2.oas2.yml",
}


class Call:
    """One call as it was made, and what the stand-in answered."""

    def __init__(self) -> None:
        self.method = request.method.lower()
        self.path = re.sub(r"/[0-9]+", "/{order_id}", re.split(r"/v[23]", request.path)[1])
        self.query = request.args.to_dict()
        self.body: Any = request.get_json(silent=True, force=True) if request.data else None
        self.answer: Any = None


@pytest.fixture(scope="module")
def specs() -> dict[str, Spec]:
    """The documents by path."""
    if not all((DOCUMENTS / name).is_file() for name in _DOCUMENTS.values()):
        pytest.skip("BigCommerce's OpenAPI documents are not here; VENDOR_DOCUMENTS names their folder")
    read: dict[str, Spec] = {}
    for name in sorted(set(_DOCUMENTS.values())):
        read[name] = yaml.load((DOCUMENTS / name).read_text(), Loader)
    return {path: read[name] for path, name in _DOCUMENTS.items()}


@pytest.fixture(scope="module")
def asked() -> list[Call]:
    """Every call that stock, statuses and shipments take in a shop of every kind of product."""
    shop, calls = BigCommerceShop(), list[Call]()
    shop.catalogue.locations.append(2)
    shop.add_product({"sku": "LAMP,1", "stock": 4})
    shop.add_product({"sku": "SHIRT", "variants": [{"sku": "RED", "stock": 1}, {"sku": "BLUE"}]})
    order = shop.place_order({"products": [{"sku": "RED", "product_id": 2, "price": "1.00", "quantity": 2}]})
    app = create_app(shop)

    @app.after_request
    def keep(response: Any) -> Any:
        call = Call()
        call.answer = response.get_json(silent=True)
        calls.append(call)
        return response

    with serve(app) as server:
        url = f"{server.url}/stores/sandbox1"
        _use(BigCommerce(url, {"access_token": "sandbox-access-token"}, allow_insecure=True), str(order.id))
    return calls


def _use(store: BigCommerce, order_id: str) -> None:
    list(store.catalogue())
    list(store.catalogue(store.read(store.snapshot(order_id).payload or "").created_at))
    items = store.find_items(["LAMP,1", "RED", "NONE"]).items
    store.tell_stock(
        [TellStock(item.sku, item.external_id, "", 5) for item in items] + [TellStock("X", "product/9", "", 1)]
    )
    (left,) = store.read(store.snapshot(order_id).payload or "").to_send
    lines = tuple((line, Decimal(1)) for line, _, _ in left.lines)
    sending = SendFulfillment(
        order_id,
        ((left.external_id, lines),),
        lines,
        tracking_number="1",
        carrier="DHL",
        tracking_url="https://track.example.test/1",
    )
    store.send_fulfillment(sending)
    store.snapshot(order_id)
    store.set_status(order_id, "completed")


def operation(spec: Spec, call: Call) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the document says of a call, with all its parameters."""
    item = spec["paths"][call.path]
    found: dict[str, Any] = item[call.method]
    return found, [resolve(spec, one) for one in [*item.get("parameters", []), *found.get("parameters", [])]]


def body_of(spec: Spec, call: Call) -> Any:
    """The schema of a call's body."""
    return resolve(
        spec, resolve(spec, operation(spec, call)[0]["requestBody"])["content"]["application/json"]["schema"]
    )


def test_every_end_point_is_used_and_documented(specs: dict[str, Spec], asked: list[Call]) -> None:
    used = {(call.method, call.path) for call in asked}

    assert {path for _, path in used} == set(_DOCUMENTS)
    assert all(method in specs[path]["paths"][path] for method, path in used)


def test_every_parameter_is_documented_and_within_its_limits(specs: dict[str, Spec], asked: list[Call]) -> None:
    for call in asked:
        known = {one["name"]: one.get("schema", {}) for one in operation(specs[call.path], call)[1]}
        assert set(call.query) <= set(known), call.path
        for name, value in call.query.items():
            schema = resolve(specs[call.path], known[name])
            words = schema.get("enum") or resolve(specs[call.path], schema.get("items", {})).get("enum")
            assert not words or set(value.split(",")) <= set(words), (call.path, name)
            assert int(value) <= schema["maximum"] if "maximum" in schema else True, (call.path, name)


def test_every_body_has_what_the_document_wants_and_nothing_else(specs: dict[str, Spec], asked: list[Call]) -> None:
    for call in (call for call in asked if call.method != "get"):
        spec = specs[call.path]
        assert set(call.body) <= set(properties(spec, body_of(spec, call))), call.path


def test_every_adjusted_item_is_one_of_the_documented_kinds(specs: dict[str, Spec], asked: list[Call]) -> None:
    calls = [call for call in asked if call.path == "/inventory/adjustments/absolute"]
    kinds = body_of(specs[calls[0].path], calls[0])["properties"]["items"]["items"]["oneOf"]

    for item in (item for call in calls for item in call.body["items"]):
        assert sum(set(kind["required"]) == set(item) for kind in kinds) == 1
        assert all(type(value) is int for value in item.values())


_SHOWN: Final = {
    "/inventory/items": "ItemResponse",
    "/inventory/locations": "LocationResponse",
    "/orders/{order_id}/shipments": "orderShipment",
}


@pytest.mark.parametrize("path", sorted(_SHOWN))
def test_the_stand_in_has_no_field_that_the_vendor_has_not(
    specs: dict[str, Spec], asked: list[Call], path: str
) -> None:
    documented = set(properties(specs[path], {"$ref": f"#/components/schemas/{_SHOWN[path]}"}))
    answers = [call.answer for call in asked if (call.path, call.method) == (path, "get") and call.answer]
    entries = [one for answer in answers for one in (answer["data"] if isinstance(answer, dict) else answer)]

    assert entries
    # In the document's examples of a shipment, though not in its schema.
    assert {name for one in entries for name in one} - documented <= {"generated_tracking_link"}


def test_a_refused_adjustment_has_the_documented_form(specs: dict[str, Spec], asked: list[Call]) -> None:
    spec = specs["/inventory/adjustments/absolute"]
    refused = [call.answer for call in asked if call.path.endswith("absolute") and "title" in (call.answer or {})]

    assert [set(answer) for answer in refused] == [set(spec["components"]["schemas"]["ErrorResponse"]["properties"])]
