"""schemas.fields.VendorSchema: the short way reads as marshmallow reads, and refuses in its words."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from marshmallow import Schema, ValidationError

import schemas.bigcommerce.order_json as bigcommerce
import schemas.shopify.order as shopify
import schemas.woocommerce.order as woocommerce
from connectors import json_text
from connectors.platforms import PLATFORMS, open_store
from sandbox import open_sandbox
from schemas.fields import VendorSchema

SCHEMAS: Final[Mapping[str, Schema]] = {
    "bigcommerce": bigcommerce.ORDER,
    "shopify": shopify._ORDER,
    "woocommerce": woocommerce._ORDER,
}
JUNK: Final[tuple[Any, ...]] = (None, "x", [], {}, -1, [None], {"0": {}})
ABSENT: Final = object()


@pytest.fixture(scope="module", params=sorted(SCHEMAS))
def orders(request: pytest.FixtureRequest) -> tuple[Schema, list[Any]]:
    """The schema of a platform's orders, and some of its stand-in."""
    with open_sandbox(request.param, orders=10) as shop:
        store = open_store(request.param, shop.url, shop.credentials, allow_insecure=True)
        found = [one.payload for page in store.changed_orders(None) for one in page.snapshots if one.payload]
    return SCHEMAS[request.param], [json_text.read_payload(one) for one in found]


def answers(schema: Schema, values: list[Any]) -> list[Any]:
    """What each is read as, or what is wrong with it."""

    def read(value: Any) -> Any:
        try:
            return schema.load(value)
        except ValidationError as error:
            return error.messages

    return [read(value) for value in values]


def spoiled(value: Any) -> Iterator[Any]:
    """The order with junk, or nothing, in each of its places in turn, two floors deep."""
    for path in places(value):
        for junk in (*JUNK, ABSENT):
            changed = copy.deepcopy(value)
            inner = changed
            for step in path[:-1]:
                inner = inner[step]
            if junk is not ABSENT:
                inner[path[-1]] = copy.deepcopy(junk)
            elif isinstance(inner, dict):
                del inner[path[-1]]
            yield changed


def places(value: Any, floors: int = 3) -> Iterator[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, one in inside:
        yield (key,)
        if floors > 1:
            yield from ((key, *deeper) for deeper in places(one, floors - 1))


def test_ch_11_orders_are_read_as_marshmallow_reads_them(
    orders: tuple[Schema, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    schema, values = orders
    read = answers(schema, values)
    monkeypatch.delattr(VendorSchema, "load")

    assert read == answers(schema, values)


@pytest.mark.long
def test_ch_11_what_is_wrong_is_said_as_marshmallow_says_it(
    orders: tuple[Schema, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    schema, values = orders
    broken = [one for value in values[:1] for one in spoiled(value)]
    read = answers(schema, broken)
    monkeypatch.delattr(VendorSchema, "load")

    assert read == answers(schema, broken)


def all_schemas(of: type[Schema] = VendorSchema) -> Iterator[type[Schema]]:
    yield of
    for one in of.__subclasses__():
        yield from all_schemas(one)


def test_ch_11_a_schema_that_has_hooks_says_so() -> None:
    assert PLATFORMS  # their schemas are loaded
    schemas = [*all_schemas()]

    hooked = [one for one in schemas if any(one._hooks.values())]

    assert hooked
    assert hooked == [one for one in schemas if getattr(one, "has_hooks", False)]
