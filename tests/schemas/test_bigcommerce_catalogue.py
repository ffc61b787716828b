"""schemas.bigcommerce_catalogue: products as items, and what of hostile JSON is left out."""

from typing import Any

import pytest

from schemas.bigcommerce_catalogue import FIELDS, id_of, product_of, read_identity, read_list, read_product
from schemas.errors import Unreadable


def product(**changes: Any) -> dict[str, Any]:
    """A product without options, tracked by product."""
    base = {"id": 77, "sku": "A", "inventory_level": 4, "option_values": []}
    given = {"id": 7, "name": "Lamp", "sku": "A", "inventory_tracking": "product", "inventory_level": 4}
    return given | {"variants": [base]} | changes


def variant(id_: int, sku: str, **changes: Any) -> dict[str, Any]:
    return {"id": id_, "sku": sku, "inventory_level": 2, "option_values": [{"label": sku.title()}]} | changes


def tracked(**changes: Any) -> dict[str, str]:
    """What carries stock, with its SKU."""
    found = read_product(product(**changes), is_one_place=True)
    return {item.external_id: item.sku for item in found.items if item.is_tracked}


def test_the_stock_of_a_product_without_a_SKU_is_found_by_its_one_variant_s() -> None:
    assert tracked(sku="") == {"product/7": "A"}


def test_a_product_without_options_may_be_tracked_by_variant() -> None:
    assert tracked(inventory_tracking="variant") == {"variant/77": "A"}


def test_variants_that_share_a_SKU_all_carry_it() -> None:
    variants = [variant(1, "X"), variant(2, "X")]

    assert tracked(inventory_tracking="variant", variants=variants) == {"variant/1": "X", "variant/2": "X"}


@pytest.mark.parametrize("tracking", ["none", "", "sku", None])
def test_STK_6_a_way_of_tracking_that_is_not_known_counts_nothing(tracking: Any) -> None:
    assert tracked(inventory_tracking=tracking) == {}
    assert len(read_product(product(inventory_tracking=tracking), is_one_place=True).items) == 1


@pytest.mark.parametrize("level", [None, "5", 1.5, True, [], 10**12])
def test_a_level_that_is_no_whole_number_is_not_known(level: Any) -> None:
    (item,) = read_product(product(inventory_level=level), is_one_place=True).items

    assert (item.is_tracked, item.shown) == (True, {})


def test_names_are_plain_text_with_the_options() -> None:
    changes = {"name": "<b>Caf&eacute;</b> Chair", "inventory_tracking": "variant", "variants": [variant(1, "RED")]}

    names = [item.name for item in read_product(product(**changes), is_one_place=True).items]

    assert names == ["Café Chair, Red", "Café Chair"]


@pytest.mark.parametrize(
    "broken",
    [None, [], "x", {}, product(id=None), product(id="x"), product(variants=None), product(variants=[{"sku": "A"}])],
)
def test_a_product_that_cannot_be_read_is_no_item(broken: Any) -> None:
    found = read_product(broken, is_one_place=True)

    assert (found.items, found.gone) == ((), ())


def test_all_that_is_read_is_asked_for() -> None:
    assert set(FIELDS) | {"id", "variants"} == set(product())


def test_a_list_is_read_with_its_total() -> None:
    listed = read_list({"data": [1, None], "meta": {"pagination": {"total": 7}}})

    assert (listed.entries, listed.total) == ((1, None), 7)
    assert read_list({"data": []}).total is None


@pytest.mark.parametrize("answer", [None, [], {}, {"data": {}}, {"data": None}, {"data": [], "meta": []}])
def test_what_is_no_list_is_unreadable(answer: Any) -> None:
    with pytest.raises(Unreadable):
        read_list(answer)


@pytest.mark.parametrize("entry", [None, "x", [], {}, {"id": "7"}, {"id": True}, {"id": -1}])
def test_an_entry_without_an_id_has_none(entry: Any) -> None:
    assert id_of(entry) == 0
    assert product_of(entry) is None
    assert read_identity(entry) is None


def test_an_inventory_item_tells_its_product() -> None:
    assert read_identity({"identity": {"sku": " A ", "variant_id": 77, "product_id": 7}}) == ("A", "7")
    assert product_of({"id": 77, "product_id": 7}) == "7"
