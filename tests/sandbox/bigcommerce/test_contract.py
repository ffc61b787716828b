"""What is asked of BigCommerce, and what its stand-in answers, beside the vendor's own OpenAPI document.

The document is not part of the project; where it is not at hand these tests skip.
"""

import json
import os
import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from flask import request

from connectors.bigcommerce.connector import BigCommerce
from sandbox import BigCommerceShop
from sandbox.bigcommerce.app import create_app
from sandbox.bigcommerce.generator import seed_bigcommerce
from sandbox.server import serve

_ROOT: Final = Path(os.environ.get("VENDOR_DOCUMENTS", Path(__file__).resolve().parents[4] / "shared"))
DOCUMENTS: Final = _ROOT / "contracts" / "bigcommerce"
_NAME: Final = "orders.v2.oas2.yml"

Spec = dict[str, Any]


class Loader(yaml.CSafeLoader):
    """Leaves times as text."""


Loader.yaml_implicit_resolvers = {
    sign: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for sign, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@pytest.fixture(scope="module")
def spec() -> Spec:
    """The orders API."""
    if not (DOCUMENTS / _NAME).is_file():
        pytest.skip("BigCommerce's OpenAPI document is not here; VENDOR_DOCUMENTS names its folder")
    document: Spec = yaml.load((DOCUMENTS / _NAME).read_text(), Loader)
    return document


@pytest.fixture(scope="module")
def headers() -> set[tuple[str, frozenset[str]]]:
    """Path and headers of every call of `asked`, which fills it."""
    return set()


@pytest.fixture(scope="module")
def asked(headers: set[tuple[str, frozenset[str]]]) -> list[tuple[str, dict[str, str]]]:
    """Path and parameters of every call that reading a varied shop takes."""
    shop, calls = BigCommerceShop(), []
    seed_bigcommerce(shop, orders=60, seed=5)
    shop.settings.lines_inside = 1
    app = create_app(shop)
    app.before_request(lambda: calls.append((request.path.split("/v2")[1], request.args.to_dict())))
    app.before_request(lambda: headers.add((request.path.split("/v2")[1], frozenset(dict(request.headers)))))
    with serve(app) as server:
        store = BigCommerce(
            f"{server.url}/stores/sandbox1", {"access_token": "sandbox-access-token"}, allow_insecure=True
        )
        for page in store.changed_orders(None):
            for one in page.snapshots[:5]:
                store.snapshot(one.external_id)
    return [call for call in calls if call[0] != "/store"]


def resolve(spec: Spec, node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        found: Any = spec
        for key in node["$ref"].removeprefix("#/").split("/"):
            found = found[key.replace("~1", "/")]
        node = found
    return node


def operation(spec: Spec, path: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the document says of GET at a path, with all its parameters."""
    item = spec["paths"][re.sub(r"/\d+", "/{order_id}", path)]
    parameters = [*item.get("parameters", []), *item["get"].get("parameters", [])]
    return item["get"], [resolve(spec, one) for one in parameters]


def properties(spec: Spec, schema: Any) -> dict[str, Any]:
    """Every property of a schema, whatever it is put together of."""
    schema = resolve(spec, schema)
    found = dict(schema.get("properties", {}))
    for how in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(how, []):
            found |= properties(spec, part)
    return found


def test_every_call_is_documented_with_its_parameters(spec: Spec, asked: list[tuple[str, dict[str, str]]]) -> None:
    assert {re.sub(r"\d+", "N", path) for path, _ in asked} >= {"/orders", "/orders/N", "/orders/N/products"}
    for path, query in asked:
        known = {one["name"] for one in operation(spec, path)[1] if one["in"] == "query"}
        # The document forgets that fees, too, are a list; a list of three takes no harm from a page.
        assert set(query) - known <= ({"page", "limit"} if path.endswith("/fees") else set()), path


def test_every_call_has_the_headers_that_the_document_wants(
    spec: Spec, asked: list[tuple[str, dict[str, str]]], headers: set[tuple[str, frozenset[str]]]
) -> None:
    wants = {
        path: {one["name"] for one in operation(spec, path)[1] if one["in"] == "header" and one.get("required")}
        for path, _ in asked
    }

    assert any("Content-Type" in names for names in wants.values())
    assert [path for path, sent in headers if path in wants and not wants[path] <= sent] == []


def test_every_word_that_is_asked_with_is_one_of_the_document_s(
    spec: Spec, asked: list[tuple[str, dict[str, str]]]
) -> None:
    for path, query in asked:
        for one in operation(spec, path)[1]:
            schema = one.get("schema", {})
            words = schema.get("enum") or schema.get("items", {}).get("enum")
            if words and one["name"] in query:
                given = query[one["name"]].split(":")[0].split(",")
                assert set(given) <= set(words), (path, one["name"])


@pytest.fixture(scope="module")
def shop() -> BigCommerceShop:
    """Every oddity once."""
    shop = BigCommerceShop()
    seed_bigcommerce(shop, orders=26, seed=5)
    return shop


_ANSWERS: Final = {
    "products": "orderProducts",
    "taxes": "orderTaxes_Base",
    "coupons": "orderCoupons_Base",
    "fees": "orderFees_Resp",
}


@pytest.mark.parametrize(("part", "schema"), _ANSWERS.items())
def test_the_stand_in_has_no_field_that_the_vendor_has_not(
    spec: Spec, shop: BigCommerceShop, part: str, schema: str
) -> None:
    documented = set(properties(spec, {"$ref": f"#/components/schemas/{schema}"}))
    shown = {name for order in shop.orders.values() for one in getattr(order, part) for name in one}

    # Real shops send it, though the document does not know it.
    assert shown - documented <= {"fulfillment_source"}


def test_an_order_of_the_stand_in_has_no_field_that_the_vendor_has_not(spec: Spec, shop: BigCommerceShop) -> None:
    documented = set(properties(spec, {"$ref": "#/components/schemas/order_Resp"}))
    shown = {name for order in shop.orders.values() for name in json.loads(shop.body(order, with_parts=True))}

    assert shown - documented <= {"custom_status"}  # in every example of the document, and in no schema
