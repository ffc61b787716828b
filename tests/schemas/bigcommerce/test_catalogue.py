"""schemas.bigcommerce.catalogue: products as items, and what of hostile JSON is left out."""

from typing import Any

import pytest

from schemas.bigcommerce.catalogue import (
    FIELDS,
    id_of,
    product_of,
    read_identity,
    read_list,
    read_on_hand,
    read_product,
)
from schemas.errors import Unreadable


def product(**changes: Any) -> dict[str, Any]:
    """A product without options, tracked by product."""
    base = {"id": 77, "sku": "A", "option_values": []}
    given = {"id": 7, "name": "Lamp", "sku": "A", "inventory_tracking": "product"}
    return given | {"variants": [base]} | changes


def variant(id_: int, sku: str, **changes: Any) -> dict[str, Any]:
    return {"id": id_, "sku": sku, "option_values": [{"label": sku.title()}]} | changes


def tracked(**changes: Any) -> dict[str, str]:
    """What carries stock, with its SKU."""
    found = read_product(product(**changes), {})
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
    assert len(read_product(product(inventory_tracking=tracking), {}).items) == 1


def test_what_is_not_known_to_be_on_hand_is_not_known_to_be_shown() -> None:
    (known,), (unknown,) = (read_product(product(), on_hand).items for on_hand in ({"product/7": 4}, {"variant/77": 4}))

    assert (known.shown, unknown.is_tracked, unknown.shown) == ({"": 4}, True, {"": None})


def test_names_are_plain_text_with_the_options() -> None:
    changes = {"name": "<b>Caf&eacute;</b> Chair", "inventory_tracking": "variant", "variants": [variant(1, "RED")]}

    names = [item.name for item in read_product(product(**changes), {}).items]

    assert names == ["Café Chair, Red", "Café Chair"]


@pytest.mark.parametrize(
    "broken",
    [None, [], "x", {}, product(id=None), product(id="x"), product(variants=None), product(variants=[{"sku": "A"}])],
)
def test_a_product_that_cannot_be_read_is_no_item(broken: Any) -> None:
    found = read_product(broken, {})

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


# -- what is on hand ---------------------------------------------------------------------------------------------


def counted(pieces: Any, *, variant: Any = 77, place: Any = 1) -> dict[str, Any]:
    """An entry of the inventory's list; three pieces less are on sale."""
    on_sale = pieces - 3 if isinstance(pieces, int) else pieces
    at = {"location_id": place, "available_to_sell": on_sale, "total_inventory_onhand": pieces}
    return {"identity": {"sku": "A", "variant_id": variant, "product_id": 7}, "locations": [at]}


def test_STK_6_what_is_on_hand_counts_and_not_what_is_on_sale() -> None:
    assert read_on_hand([counted(10)], 1) == {"product/7": 10, "variant/77": 10}


def test_STK_6_what_is_on_hand_elsewhere_says_nothing() -> None:
    assert read_on_hand([counted(10, place=2)], 1) == {"product/7": None, "variant/77": None}


def test_each_variant_has_its_own_pieces_and_the_product_none() -> None:
    found = read_on_hand([counted(1, variant=70), counted(2, variant=71), counted(1, variant=72)], 1)

    assert found == {"variant/70": 1, "variant/71": 2, "variant/72": 1, "product/7": None}


def test_a_product_that_comes_as_each_of_its_variants_has_what_they_agree_on() -> None:
    assert read_on_hand([counted(9, variant=70), counted(9, variant=71)], 1)["product/7"] == 9


@pytest.mark.parametrize("pieces", [None, "5", 1.5, True, [], 10**12])
def test_pieces_that_are_no_whole_number_are_not_known(pieces: Any) -> None:
    assert read_on_hand([counted(pieces)], 1)["variant/77"] is None


@pytest.mark.parametrize("broken", [None, "x", {}, {"identity": {}}, counted(5) | {"locations": None}])
def test_an_entry_of_the_inventory_that_cannot_be_read_hides_no_other(broken: Any) -> None:
    assert read_on_hand([broken, counted(4)], 1)["product/7"] == 4
