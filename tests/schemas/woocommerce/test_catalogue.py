"""schemas.woocommerce.catalogue: every recorded answer that is no order, and JSON that no shop should send."""

import copy
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import json_text
from schemas.errors import Unreadable
from schemas.stock import StoreItem
from schemas.woocommerce.catalogue import (
    Product,
    RestError,
    Subscription,
    WrittenItem,
    read_batch,
    read_error,
    read_ping,
    read_product,
    read_subscription,
)
from schemas.woocommerce.order import read_order

Json = dict[str, Any]

FOLDER = Path(__file__).parents[2] / "data" / "woocommerce"

CHAIR = Product("15", None, "Ash Chair", has_variations=True, item=None)
INVALID_ID = RestError("woocommerce_rest_product_invalid_id", "Invalid ID.", 400)


def chair(variation_id: str, sku: str, name: str, **stock: Any) -> Product:
    item = StoreItem(f"product/15/variation/{variation_id}", sku, name, **stock)
    return Product(variation_id, "15", name, has_variations=False, item=item)


def counted(pieces: int) -> Json:
    return {"is_tracked": True, "shown": {"": pieces}}


# What each recording says, by its name; of orders, which test_woocommerce proves field by field, the outline.
EXPECTED: dict[str, Any] = {
    "products_sku_search": [
        chair("17", "CHAIR-ASH-BLU", "Ash Chair - Blue", **counted(1)),
        Product(
            id="10",
            parent_id=None,
            name="Oak Table 120",
            has_variations=False,
            item=StoreItem("product/10", "TABLE-OAK-120", "Oak Table 120", **counted(19)),
        ),
    ],
    "variations_page": [
        chair("18", "CHAIR-ASH-NAT", "Ash Chair - Natural", is_tracked=False, shown={"": None}),
        chair("17", "CHAIR-ASH-BLU", "Ash Chair - Blue", **counted(1)),
        chair("16", "CHAIR-ASH-RED", "Ash Chair - Red", **counted(3)),
    ],
    "products_batch_update_response": (
        WrittenItem("10", is_tracked=True, quantity=17, sku="TABLE-OAK-120"),
        WrittenItem("999999", INVALID_ID),
        WrittenItem("11", is_tracked=True, quantity=-3, sku="OIL-HW-1L"),
    ),
    "variations_batch_update_response": (
        WrittenItem("16", is_tracked=True, quantity=9, sku="CHAIR-ASH-RED"),
        WrittenItem("17", is_tracked=True, quantity=0, sku="CHAIR-ASH-BLU"),
    ),
    "batch_101_error": RestError(
        "woocommerce_rest_request_entity_too_large", "Unable to accept more than 100 items for this request.", 413
    ),
    "error_404": RestError("woocommerce_rest_shop_order_invalid_id", "Invalid ID.", 400),
    "webhook_create_response": Subscription(
        "2", "order.updated", "http://127.0.0.1:9189/hook/order.updated", is_active=True
    ),
    "webhook_ping_form_encoded": "1",
    "01_incl_tax_plain": ("24", "processing", Decimal("174.81"), 2),
    "10_status_completed": ("36", "completed", Decimal("30.82"), 1),
    "10_status_pending": ("34", "pending", Decimal("30.82"), 1),
    "12_after_put_completed": ("40", "completed", Decimal("30.82"), 1),
    "12_to_complete": ("40", "processing", Decimal("30.82"), 1),
    "21_ex_tax_us_no_shipping_tax": ("43", "processing", Decimal("199.61"), 1),
    "webhook_order_created": ("24", "processing", Decimal("174.81"), 2),
    "webhook_order_updated": ("24", "processing", Decimal("174.81"), 2),
}

READERS: dict[str, Callable[[Any], Any]] = {
    "products_sku_search": lambda payload: [read_product(one) for one in payload],
    "variations_page": lambda payload: [read_product(one, CHAIR) for one in payload],
    "products_batch_update_response": read_batch,
    "variations_batch_update_response": read_batch,
    "batch_101_error": read_error,
    "error_404": read_error,
    "webhook_create_response": read_subscription,
    "webhook_ping_form_encoded": lambda payload: read_ping(payload["body"]),
}


def recorded(name: str) -> Any:
    return json_text.read((FOLDER / f"{name}.json").read_text())


def read_recorded_order(payload: Json) -> tuple[str, str, Decimal, int]:
    order = read_order(json_text.read(payload["body"]) if "body" in payload else payload)
    return order.external_id, order.status, order.total_with_tax, len(order.lines)


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.iterdir()))
def test_every_recorded_answer_is_read_to_its_values(name: str) -> None:
    reader = READERS.get(name, read_recorded_order)

    assert reader(recorded(name)) == EXPECTED[name]


# -- products ----------------------------------------------------------------------------------------------------


@pytest.fixture
def table() -> Json:
    """A recorded product: 19 pieces of TABLE-OAK-120."""
    payload: Json = recorded("products_sku_search")[1]
    return payload


def item_of(payload: Json, parent: Product | None = None) -> StoreItem:
    item = read_product(payload, parent).item
    assert item is not None
    return item


def test_a_sku_is_trimmed_and_keeps_its_case(table: Json) -> None:
    assert item_of(table | {"sku": " tisch-Ä 1,5 "}).sku == "tisch-Ä 1,5"


def test_a_product_without_a_sku_is_no_item(table: Json) -> None:
    assert read_product(table | {"sku": "  "}).item is None


@pytest.mark.parametrize("kind", ["variable", "variable-subscription"])
def test_a_variable_product_that_counts_pieces_is_an_item_itself(table: Json, kind: str) -> None:
    read = read_product(table | {"type": kind})

    assert read.has_variations
    assert (item_of(table | {"type": kind}).external_id, read.item and read.item.is_tracked) == ("product/10", True)


def test_STK_6_an_item_whose_pieces_its_parent_counts_is_not_tracked(table: Json) -> None:
    variation = item_of(recorded("variations_page")[0] | {"manage_stock": "parent", "stock_quantity": 20}, CHAIR)

    assert not variation.is_tracked


def test_STK_3_a_variation_that_reports_its_parents_sku_is_no_item(table: Json) -> None:
    parent = read_product(table | {"id": 15, "type": "variable", "sku": "CHAIR"})

    own, inherited = (read_product(one | {"sku": sku}, parent) for one, sku in with_skus("CHAIR-RED", "CHAIR"))

    assert own.item is not None
    assert inherited.item is None


def with_skus(*skus: str) -> list[tuple[Json, str]]:
    return list(zip(recorded("variations_page"), skus, strict=False))


def test_a_variation_without_a_name_has_its_products() -> None:
    assert item_of({"id": 16, "sku": "RED", "manage_stock": True}, CHAIR).name == "Ash Chair"


def test_a_variation_whose_product_is_gone_is_no_item(table: Json) -> None:
    assert read_product(table | {"type": "variation", "parent_id": 0}).item is None


@pytest.mark.parametrize(
    ("quantity", "shown"),
    [(None, None), (0, 0), (-3, -3), ("17", 17), (Decimal("17.0"), 17), (Decimal("7.5"), None)],
    ids=str,
)
def test_only_whole_pieces_are_shown(table: Json, quantity: Any, shown: int | None) -> None:
    assert item_of(table | {"stock_quantity": quantity}).shown == {"": shown}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", None),
        ("id", "../1"),
        ("id", 0),
        ("parent_id", "1/2"),
        ("manage_stock", None),
        ("manage_stock", "yes"),
        ("sku", ["A"]),
    ],
    ids=str,
)
def test_a_broken_product_is_refused_with_its_field(table: Json, field: str, value: Any) -> None:
    with pytest.raises(Unreadable) as caught:
        read_product(table | {field: value})

    assert caught.value.path == field


# -- what else the shop answers ----------------------------------------------------------------------------------


def test_a_refusal_without_data_is_read(table: Json) -> None:
    assert read_error({"code": "no", "message": "<b>No</b>.", "data": []}) == RestError("no", "No.", None)


def test_a_webhook_that_was_switched_off_is_not_active() -> None:
    assert not read_subscription(recorded("webhook_create_response") | {"status": "disabled"}).is_active


@pytest.mark.parametrize("body", ["", "webhook_id=", "webhook_id=x", "webhook_id=1&webhook_id=2", '{"id":1}'])
def test_what_is_no_ping_is_refused(body: str) -> None:
    with pytest.raises(Unreadable):
        read_ping(body)


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ({"error": {"message": "No."}}, "error.code: missing data for required field"),
        ({"error": {"code": "", "message": "No."}}, "error.code: must be an id"),
        ({"error": {"code": 0}}, "error.code: must be an id"),
        ({"error": {"code": "no", "data": {"status": "400"}}}, "status: not a valid integer"),
        ({"error": {"code": "no", "message": ["No."]}}, "error.message: must be text"),
        ({"error": 5}, "error: invalid input type"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_STK_8_odd_entry_of_a_batch_is_an_error_of_its_item_alone(odd: Json, words: str) -> None:
    good = {"id": 11, "manage_stock": True, "stock_quantity": 5}

    read = read_batch({"update": [{"id": 10, **odd}, good]})

    assert read == (WrittenItem("10", RestError("unreadable", words, None)), WrittenItem("11", None, True, 5))


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ({"stock_quantity": 5}, "manage_stock: is missing"),
        ({"manage_stock": None, "stock_quantity": 5}, "manage_stock: is missing"),
        ({"manage_stock": "yes", "stock_quantity": 5}, "manage_stock: must be true, false or parent"),
    ],
)
def test_STK_8_entry_of_a_batch_without_tracking_says_nothing_of_its_item(odd: Json, words: str) -> None:
    assert read_batch({"update": [{"id": 10, **odd}]}) == (WrittenItem("10", odd=words),)


@pytest.mark.parametrize("entry", [None, 5, [], {}, {"id": None, "error": 5}, {"id": True, "error": 5}], ids=repr)
def test_STK_8_entry_of_a_batch_that_names_no_item_hides_no_other(entry: Any) -> None:
    read = read_batch({"update": [entry, {"id": 11, "manage_stock": True, "stock_quantity": 5}]})

    assert [one for one in read if one.id] == [WrittenItem("11", None, True, 5)]


@pytest.mark.parametrize(
    ("reader", "payload", "path"),
    [
        (read_batch, {}, "update"),
        (read_error, {"message": "No."}, "code"),
        (read_error, {"code": "no", "data": {"status": "bad"}}, "status"),
        (read_subscription, {"id": 2, "status": "active", "topic": "order.updated"}, "delivery_url"),
    ],
    ids=["batch", "error", "status", "subscription"],
)
def test_a_broken_answer_is_refused_with_its_field(reader: Any, payload: Any, path: str) -> None:
    with pytest.raises(Unreadable) as caught:
        reader(payload)

    assert caught.value.path == path


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = ("id", "sku", "type", "parent_id", "manage_stock", "stock_quantity", "update", "error", "code", "data", "topic")


@given(payload=JSON, changes=st.dictionaries(st.sampled_from(NAMES), JSON))
@pytest.mark.parametrize("reader", [read_product, read_batch, read_error, read_subscription])
def test_whatever_json_comes_it_is_read_or_refused(reader: Any, payload: Any, changes: Json) -> None:
    broken = copy.deepcopy(changes) if not isinstance(payload, dict) else payload | changes
    for one in (payload, broken, {"update": [broken]}):
        try:
            json.dumps(repr(reader(one)))
        except Unreadable as error:
            assert error.problem
