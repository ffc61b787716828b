"""schemas.bigcommerce.stock: the stock call's body, and whom its refusals name."""

from typing import Any

import pytest

from schemas.actions import TellStock
from schemas.bigcommerce.stock import MOST, adjustment, culprits, is_adjustable, read_places
from schemas.reasons import Reason

TELLS = (
    TellStock("A", "variant/106", "", 1),
    TellStock("A B", "product/113", "", 2),
    TellStock("C,1", "variant/1", "", 3),
)


def named(title: str = "", errors: Any = None) -> set[str]:
    return {one.external_id for one in culprits({"status": 422, "title": title, "errors": errors or {}}, TELLS)}


def test_each_item_is_called_by_the_id_that_counts_its_stock() -> None:
    assert adjustment(TELLS[:2], 3) == {
        "reason": "storesync",
        "items": [
            {"location_id": 3, "variant_id": 106, "quantity": 1},
            {"location_id": 3, "product_id": 113, "quantity": 2},
        ],
    }


@pytest.mark.parametrize(("quantity", "told"), [(-1, 0), (0, 0), (MOST, MOST), (MOST + 1, MOST)])
def test_a_quantity_is_one_that_the_shop_counts(quantity: int, told: int) -> None:
    assert adjustment([TellStock("A", "product/1", "", quantity)], 1)["items"][0]["quantity"] == told


@pytest.mark.parametrize("name", ["", "variant", "variant/", "variant/0", "variant/x", "sku/1", "variant/1/2", "10"])
def test_an_id_of_another_kind_is_none_of_the_shop(name: str) -> None:
    assert not is_adjustable(name)


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("[Item with variant_id 106 is tracked by product, please update stock by product id]", {"variant/106"}),
        ("Items with identity: [product_id 113] requires absolute adjustment before relative", {"product/113"}),
        ("Items not found, identities: [variant_id 106, product_id 113]", {"variant/106", "product/113"}),
        ("variant_id: [1, 106] do not exist", {"variant/1", "variant/106"}),
        ("Item with sku A B was refused", {"product/113"}),
        ("Items with identity: [sku A] was refused", {"variant/106"}),
        ("Items with identity: [sku C,1, sku A] was refused", {"variant/1", "variant/106"}),
        ("variant_id 10 and variant_id 1060 are refused", set()),
        ("Location not found, identities: [1, 106]", set()),
        ("Payload contains invalid fields", set()),
        ("", set()),
    ],
)
def test_STK_8_a_title_names_items_by_id_or_SKU(title: str, found: set[str]) -> None:
    assert named(title) == found


@pytest.mark.parametrize(
    ("errors", "found"),
    [
        ({"items.1.quantity": "must be between 0 and 2147483647"}, {"product/113"}),
        ({"items": {"0": "wrong"}}, {"variant/106"}),
        (
            {"a": ["variant_id 106 is not tracked", {"b": "product_id 113 is not tracked"}]},
            {"variant/106", "product/113"},
        ),
        ({"items.9.quantity": "is off"}, set()),
        ({"items.0": None}, set()),
        ([], set()),
        ("x", set()),
    ],
)
def test_STK_8_details_name_items_by_their_place_or_id(errors: Any, found: set[str]) -> None:
    assert named("Payload contains invalid fields", errors) == found


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Items not found, identities: [variant_id 106]", Reason.STORE_ITEM_GONE),
        ("variant_id 106 does not exist", Reason.STORE_ITEM_GONE),
        ("variant_id 106 was deleted", Reason.STORE_ITEM_GONE),
        ("variant_id 106 is tracked by product", Reason.REFUSED_BY_STORE),
    ],
)
def test_STK_8_why_an_item_is_refused_is_told_with_the_words(words: str, reason: Reason) -> None:
    (one,) = culprits({"title": words}, TELLS)

    assert (one.external_id, one.place, one.reason, one.words) == ("variant/106", "", reason, words)


def test_an_item_is_named_once_with_its_details() -> None:
    said = {"title": "variant_id 106 is off", "errors": {"items.0.quantity": "must be a number"}}

    (one,) = culprits(said, TELLS)

    assert one.words == "must be a number"


@pytest.mark.parametrize("answer", [None, [], "x", 5, {}, {"title": None, "errors": None}, {"title": ["variant_id 1"]}])
def test_a_refusal_without_words_names_nobody(answer: Any) -> None:
    assert culprits(answer, TELLS) == ()


def test_places_are_read_by_their_ids() -> None:
    assert read_places([{"id": 3}, {"id": True}, {"id": "4"}, None, {}]) == (3,)
