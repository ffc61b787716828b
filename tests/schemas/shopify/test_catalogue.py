"""schemas.shopify.catalogue: variants as items that carry stock."""

from typing import Any

import pytest

from schemas.shopify.catalogue import read_items, variant_of

Json = Any


def level(place: str, *quantities: Json) -> Json:
    where = {"id": f"gid://shopify/Location/{place}"}
    return {"isActive": True, "location": where, "quantities": list(quantities)}


def available(count: Json) -> Json:
    return {"name": "available", "quantity": count}


def item(*levels: Json, **changes: Any) -> Json:
    return {
        "id": "gid://shopify/InventoryItem/7",
        "tracked": True,
        "inventoryLevels": {"nodes": list(levels)},
    } | changes


def variant(*levels: Json, **changes: Any) -> Json:
    return {"sku": "HOOK", "displayName": "Forged Hook", "inventoryItem": item(*levels)} | changes


@pytest.mark.parametrize(
    ("quantities", "shown"),
    [
        ([available(7)], 7),
        ([available(-2)], -2),
        ([available("1e1")], 10),
        ([available("7.5")], None),
        ([available(None)], None),
        ([], None),
        ([{"name": "on_hand", "quantity": 9}], None),
        ([{"name": "on_hand", "quantity": 9}, available(3)], 3),
    ],
)
def test_a_figure_that_is_no_whole_number_is_known_by_nobody(quantities: list[Json], shown: int | None) -> None:
    (read,) = read_items([variant(level("101", *quantities))], primary="101")

    assert read.shown == {"101": shown, "": shown}


def test_STK_12_a_level_that_is_not_active_shows_nothing_whatever_it_keeps() -> None:
    kept = level("101", available(7)) | {"isActive": False}

    (read,) = read_items([variant(kept, level("102", available(3)))], primary="101")

    assert read.shown == {"102": 3}


def test_variants_that_share_an_item_are_one() -> None:
    assert len(read_items([variant(), variant()], primary="101")) == 1


@pytest.mark.parametrize(
    "broken",
    [
        None,
        7,
        {},
        variant(inventoryItem=None),
        variant(inventoryItem=item(id="7")),
        variant(inventoryItem=item(id="gid://shopify/InventoryItem/0")),
        variant(inventoryItem=item(tracked=None)),
        variant(inventoryItem=item(inventoryLevels=[])),
        variant(inventoryItem=item({"isActive": True, "location": None, "quantities": []})),
        variant(inventoryItem=item({**level("101"), "isActive": None})),
        variant(inventoryItem=item(level("101", available("many")))),
    ],
    ids=range(11),
)
def test_what_cannot_be_read_is_left_out_alone(broken: Json) -> None:
    """STK_8."""
    good = variant(sku="GOOD", inventoryItem=item(id="gid://shopify/InventoryItem/8"))

    assert [one.sku for one in read_items([broken, good], primary="101")] == ["GOOD"]


def test_an_item_says_of_its_variant_what_a_variant_says_itself() -> None:
    made = item(level("101", available(3)), sku=" HOOK ")
    node = {"displayName": "Forged Hook", "requiresComponents": True}

    told = read_items([variant_of(made | {"variants": {"nodes": [node]}})], primary="101")

    assert told == read_items([variant(inventoryItem=made, requiresComponents=True)], primary="101")
    assert not told[0].is_tracked


@pytest.mark.parametrize("variants", [None, {}, {"nodes": []}, {"nodes": [7]}], ids=str)
def test_an_item_whose_variant_is_not_told_keeps_its_SKU(variants: Json) -> None:
    (read,) = read_items([variant_of(item(sku="HOOK", variants=variants))], primary="101")

    assert (read.sku, read.name, read.is_tracked) == ("HOOK", "", True)


def test_what_is_no_item_is_no_variant() -> None:
    assert read_items([variant_of(7)], primary="101") == ()
