"""The stand-in beside the vendor's own documents: bodies it takes, and the fields of its answers.

The documents are not part of the project; where they are not at hand these tests skip.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from sandbox import KatanaAccount
from sandbox.katana.manufacturing import MAKE_TO_ORDER, UNLINK
from sandbox.katana.schema import Schema
from sandbox.katana.stock import NEW_BATCH
from tests.sandbox.katana.client import ADDRESS, Katana

_ROOT: Final = Path(os.environ.get("VENDOR_DOCUMENTS", Path(__file__).resolve().parents[4] / "shared"))
DOCUMENTS: Final = _ROOT / "contracts" / "katana"
Spec = dict[str, Any]

_BOUNDS: Final = ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "format"]
# What the server does and its document does not say, and what was added to the document in October 2026.
_KNOWN: Final = {
    "POST /stock_adjustments: required",  # the number may be left out
    "POST /webhooks: .subscribed_events[]: enum",
    "PATCH /webhooks/{id}: .subscribed_events[]: enum",
}


class Loader(yaml.CSafeLoader):
    """Leaves times as text."""


Loader.yaml_implicit_resolvers = {
    sign: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for sign, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def document(name: str) -> Spec:
    """One of the vendor's documents."""
    if not (DOCUMENTS / name).is_file():
        pytest.skip(f"Katana's {name} is not here; VENDOR_DOCUMENTS names its folder")
    spec: Spec = yaml.load((DOCUMENTS / name).read_text(), Loader)
    return spec


@pytest.fixture(scope="module")
def gateway() -> Spec:
    """What the server takes."""
    return document("live-gateway.fixed.yaml")


@pytest.fixture(scope="module")
def portal() -> Spec:
    """What the server answers, in examples."""
    return document("readme-portal.yaml")


def resolved(spec: Spec, schema: Any) -> Any:
    """A schema without a reference at its head."""
    while "$ref" in schema:
        found = spec
        for part in schema["$ref"].split("/")[1:]:
            found = found[part]
        schema = found
    return schema


def kinds(schema: Schema) -> set[str]:
    """The types that a schema takes."""
    if "allOf" in schema:  # a quantity
        return {"number", "string"}
    kind = schema["type"]
    return set(kind) if isinstance(kind, list) else {kind}


def differences(spec: Spec, ours: Schema, theirs: Schema, place: str = "") -> Iterator[str]:
    """Where two schemas of a body differ."""
    theirs = resolved(spec, theirs)
    if kinds(ours) != kinds(theirs):
        yield f"{place}: type"
        return
    if "allOf" not in theirs:
        yield from (f"{place}: {bound}" for bound in _BOUNDS if ours.get(bound) != theirs.get(bound))
        yield from (f"{place}: {name}" for name in ("enum", "required") if _set(ours, name) != _set(theirs, name))
    if "properties" in ours:
        mine, their = ours["properties"], theirs.get("properties", {})
        yield from (f"{place}.{name}: only here" for name in mine.keys() - their.keys())
        yield from (f"{place}.{name}: only there" for name in their.keys() - mine.keys())
        for name in mine.keys() & their.keys():
            yield from differences(spec, mine[name], their[name], f"{place}.{name}")
    if "items" in ours:
        yield from differences(spec, ours["items"], theirs["items"], f"{place}[]")


def _set(schema: Schema, name: str) -> set[str]:
    return set(schema.get(name, ()))


def bodies(account: KatanaAccount) -> dict[str, Schema]:
    """Every body that the stand-in takes."""
    found: dict[str, Schema] = {
        "POST /manufacturing_order_make_to_order": MAKE_TO_ORDER,
        "POST /batches": NEW_BATCH,
        "POST /manufacturing_order_unlink": UNLINK,
    }
    for room in account.rooms:
        if room.posts is not None:
            found[f"POST /{room.path}"] = room.posts
        if room.patches is not None:
            found[f"PATCH /{room.path}/{{id}}"] = room.patches
    return found


def test_bodies_are_taken_as_the_gateway_s_document_says(gateway: Spec, account: KatanaAccount) -> None:
    found = {
        f"{name}: {difference}".replace(": : ", ": ")
        for name, ours in bodies(account).items()
        for method, path in [name.split(" ")]
        for difference in differences(
            gateway,
            ours,
            gateway["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]["schema"],
        )
    }

    assert found == _KNOWN


def test_filters_are_those_of_the_gateway_s_document(gateway: Spec, account: KatanaAccount) -> None:
    """Those that page and those that are read elsewhere aside."""
    elsewhere = {"limit", "page", "include_deleted", "include_archived", "include_empty", "extend"}
    extra, missing = {}, {}
    for room in account.rooms:
        theirs = {resolved(gateway, one)["name"] for one in gateway["paths"][f"/{room.path}"]["get"]["parameters"]}
        extra[room.path] = set(room.filters) - theirs
        missing[room.path] = theirs - set(room.filters) - elsewhere

        assert ("include_deleted" in theirs) == room.lists_deleted, room.path

    assert {path: names for path, names in extra.items() if names} == {"sales_order_shipping_fee": {"ids"}}
    assert {path: names for path, names in missing.items() if names} == {
        "locations": {"address_id", "rank"},
        "variants": {"abc_classification"},
        "sales_returns": {"sales_order_no"},  # looked at by nobody
    }


def example(portal: Spec, method: str, path: str) -> Any:
    """The first 200 that the vendor shows."""
    content = portal["paths"][path][method.lower()]["responses"]["200"]["content"]["application/json"]
    shown = content.get("example") or resolved(portal, content.get("schema", {})).get("example")
    return shown if shown is not None else next(iter(content["examples"].values()))["value"]


def unlike(ours: Any, theirs: Any, place: str = "") -> Iterator[str]:
    """Where an answer differs from an example: fields, and the kinds of what is not null."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        yield from (f"{place}.{name}: only here" for name in ours.keys() - theirs.keys())
        yield from (f"{place}.{name}: only there" for name in theirs.keys() - ours.keys())
        for name in ours.keys() & theirs.keys():
            yield from unlike(ours[name], theirs[name], f"{place}.{name}")
    elif isinstance(ours, list) and isinstance(theirs, list):
        for one in ours[:1] if theirs else ():
            yield from unlike(one, theirs[0], f"{place}[]")
    elif None not in (ours, theirs) and kind(ours) != kind(theirs):
        yield f"{place}: {kind(ours)} for {kind(theirs)}"


def kind(value: Any) -> str:
    return "number" if type(value) in (int, float) else type(value).__name__


def scene(katana: Katana) -> Iterator[tuple[str, str, Any]]:
    """One call of each kind, with its answer."""
    seen: list[tuple[str, str, Any]] = []

    def ask(method: str, path: str, body: Any = None, *, number: int | None = None, **query: Any) -> Any:
        answer = katana.send(method, path.replace("{id}", str(number)), body, **query)
        assert answer.status_code == 200, answer.text
        seen.append((method, path, answer.get_json()))
        return answer.get_json()

    katana.account.oddities.numbers_by_book = True
    order, made = _write(katana, ask)
    for path in _LISTS:
        ask("GET", path)
    ask("GET", "/variants", extend="product_or_material", sku="TABLE")
    ask("GET", "/inventory", extend=["variant", "location"], variant_id=katana.variant("TABLE"))
    ask("GET", "/sales_order_rows", extend="variant")
    for path, number in (("/sales_orders/{id}", order["id"]), ("/manufacturing_orders/{id}", made["id"])):
        ask("GET", path, number=number)
    yield from seen


def _write(katana: Katana, ask: Any) -> tuple[Any, Any]:
    ask("POST", "/tax_rates", {"name": "15% VAT", "rate": 15})
    address = {"entity_type": "billing"} | ADDRESS
    customer = ask("POST", "/customers", {"name": "Jo", "addresses": [address | {"default": True}]})
    ask("PATCH", "/customers/{id}", {"comment": "x"}, number=customer["id"])
    ask("PATCH", "/customer_addresses/{id}", {"city": None}, number=customer["addresses"][0]["id"])
    variants = [{"sku": "KC", "config_attributes": [{"config_name": "Type", "config_value": "Standard"}]}]
    configs = [{"name": "Type", "values": ["Standard"]}]
    ask("POST", "/products", {"name": "Chair", "variants": variants, "configs": configs})
    ask("POST", "/materials", {"name": "Wood", "variants": variants, "configs": configs})
    ask("POST", "/services", {"name": "Carving", "variants": [{}]})
    body = katana.order_body(("TABLE", 2), ("OIL", 3), addresses=[address], ecommerce_order_id="1")
    order = ask("POST", "/sales_orders", body)
    line = order["sales_order_rows"][0]["id"]
    ask(
        "POST", "/sales_order_rows", {"sales_order_id": order["id"], "variant_id": katana.variant("OIL"), "quantity": 1}
    )
    ask("POST", "/sales_order_addresses", {"sales_order_id": order["id"], "entity_type": "shipping"})
    ask("POST", "/sales_order_shipping_fee", {"sales_order_id": order["id"], "amount": "3.14"})
    ask("PATCH", "/sales_orders/{id}", {"customer_ref": "x"}, number=order["id"])
    made = ask("POST", "/manufacturing_order_make_to_order", {"sales_order_row_id": line})
    ask("PATCH", "/manufacturing_orders/{id}", {"status": "DONE"}, number=made["id"])
    parcel = ask("POST", "/sales_order_fulfillments", katana.parcel(order, 2, 3, status="PACKED"))
    ask("PATCH", "/sales_order_fulfillments/{id}", {"status": "DELIVERED"}, number=parcel["id"])
    ask("GET", "/sales_order_fulfillments/{id}", number=parcel["id"])
    items = ask("GET", "/sales_orders/{id}/returnable_items", number=order["id"])
    back = ask("POST", "/sales_returns", {"sales_order_id": order["id"], "return_location_id": items[0]["location_id"]})
    wanted = {name: items[0][name] for name in ("fulfillment_row_id", "variant_id")}
    ask("POST", "/sales_return_rows", wanted | {"sales_return_id": back["id"], "quantity": 1})
    ask("PATCH", "/sales_returns/{id}", {"status": "RESTOCKED_ALL"}, number=back["id"])
    ask("GET", "/sales_returns/{id}", number=back["id"])
    count = {"variant_id": katana.variant("TABLE"), "quantity": 1}
    ask("POST", "/stock_adjustments", {"location_id": items[0]["location_id"], "stock_adjustment_rows": [count]})
    hook = {"url": "https://shop.example.test/hook", "subscribed_events": ["sales_order.created"]}
    ask("PATCH", "/webhooks/{id}", {"enabled": False}, number=ask("POST", "/webhooks", hook)["id"])
    return order, made


_LISTS: Final = (
    "/factory",
    "/locations",
    "/tax_rates",
    "/customers",
    "/customer_addresses",
    "/products",
    "/materials",
    "/services",
    "/sales_orders",
    "/sales_order_addresses",
    "/sales_order_shipping_fee",
    "/sales_order_fulfillments",
    "/sales_returns",
    "/sales_return_rows",
    "/manufacturing_orders",
    "/inventory_movements",
    "/batch_stocks",
    "/stock_adjustments",
    "/webhooks",
)


def names(value: Any) -> set[str]:
    """Every field's name in something."""
    if isinstance(value, list):
        return {name for one in value for name in names(one)}
    return set(value) | {name for one in value.values() for name in names(one)} if isinstance(value, dict) else set()


@pytest.mark.long
def test_answers_have_the_shape_of_the_vendor_s_examples(portal: Spec, katana: Katana) -> None:
    """All fields of the examples; others only where an example of something else has them."""
    seen = list(scene(katana))
    found = {
        f"{method} {path} {difference}"
        for method, path, ours in seen
        for difference in unlike(ours, example(portal, method, path))
    }
    known = {name for method, path, _ in seen for name in names(example(portal, method, path))}

    assert {one for one in found if not one.endswith("only here")} == {
        "GET /materials .data[].supplier: only there",  # where it is asked for
        "GET /products .data[].supplier: only there",
        "PATCH /sales_orders/{id} .linked_manufacturing_order_id: only there",  # a row's
    }
    assert {one.rpartition(".")[2].partition(":")[0] for one in found if one.endswith("only here")} - known == {
        "safety_stock_level"  # the older name, reorder_point, is in the example
    }
