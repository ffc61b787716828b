"""Lines to variants, charges to services, buyers to customers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from schemas.hub import Customer, HubMatches, NewCustomer, NewItem, Variant
from schemas.orders import Buyer, Kind
from tasks.rules.matching import match_customer, match_item, match_service
from tests import makers
from tests.makers import CREATED_AT, matches, store_line, variant

LATER = CREATED_AT + timedelta(days=1)


def test_MAP_1_sku_matches_after_trimming() -> None:
    assert match_item(store_line(sku="  OIL-1 "), matches(variant("v1"))) == variant("v1")


def test_MAP_1_sku_keeps_its_case() -> None:
    item = match_item(store_line(sku="oil-1"), matches(variant("v1")))

    assert item == NewItem("Hard-wax oil 1 l", Kind.PRODUCT, sku="oil-1")


@pytest.mark.parametrize(
    ("variants", "expected"),
    [
        pytest.param([variant("9", created_at=LATER), variant("10")], "9", id="latest, not highest id"),
        pytest.param([variant("9"), variant("10")], "10", id="created at once: ids are numbers"),
        pytest.param([variant("9", created_at=None), variant("2")], "2", id="a time beats none"),
        pytest.param([variant("a"), variant("b")], "b", id="ids that are no numbers"),
    ],
)
def test_MAP_1_of_several_variants_the_latest_is_taken(variants: list[Variant], expected: str) -> None:
    for order in (variants, variants[::-1]):
        item = match_item(store_line(), matches(*order))

        assert isinstance(item, Variant)
        assert item.id == expected


def test_MAP_1_no_match_creates_the_item_with_the_stores_name_and_sku() -> None:
    item = match_item(store_line(name="Oil", sku=" NEW-1 "), matches())

    assert item == NewItem("Oil", Kind.PRODUCT, sku="NEW-1")


@pytest.mark.parametrize("sku", [None, "", "   "])
def test_MAP_1_a_line_without_sku_is_known_by_its_product(sku: str | None) -> None:
    line = store_line(sku=sku, product_key="31")

    assert match_item(line, matches()) == NewItem("Hard-wax oil 1 l", Kind.PRODUCT, key="31")
    assert match_item(line, matches(by_key={"31": variant("v7", sku=None)})) == variant("v7", sku=None)


def test_MAP_1_a_line_without_sku_and_product_is_known_by_its_name() -> None:
    item = match_item(store_line(sku=None, product_key=None, name="Engraving"), matches())

    assert item == NewItem("Engraving", Kind.PRODUCT, key="name:Engraving")


def test_MAP_1_a_line_with_a_sku_is_not_matched_by_its_product() -> None:
    known = matches(by_key={"31": variant("v7", sku=None)})

    assert match_item(store_line(sku="OIL-1", product_key="31"), known) == NewItem(
        "Hard-wax oil 1 l", Kind.PRODUCT, sku="OIL-1"
    )


@pytest.mark.parametrize(("sku", "name"), [("A-1", "A-1"), (None, "Product 31")])
def test_MAP_1_an_item_without_name_gets_one(sku: str | None, name: str) -> None:
    item = match_item(store_line(name="", sku=sku), matches())

    assert item.name == name


def test_MAP_9_a_service_is_found_by_name_whatever_its_case() -> None:
    wrapping = variant("s1", sku=None, kind=Kind.SERVICE)

    assert match_service("Gift Wrapping", matches(by_name={"gift wrapping": wrapping})) == wrapping


def test_MAP_9_an_unknown_service_is_created_with_its_name() -> None:
    assert match_service("Gift Wrapping", matches()) == NewItem("Gift Wrapping", Kind.SERVICE)


LINKED, SAME_EMAIL, SAME_NAME = Customer("1", "Linked"), Customer("2", "E-mail"), Customer("3", "Name")
ALL = HubMatches(linked_customer=LINKED, email_customer=SAME_EMAIL, name_customer=SAME_NAME)
ADA = Buyer("Ada Lovelace", "ada@example.com", "7")


@pytest.mark.parametrize(
    ("buyer", "known", "expected"),
    [
        pytest.param(ADA, ALL, "1", id="the link first"),
        pytest.param(ADA, replace(ALL, linked_customer=None), "2", id="then the e-mail"),
        pytest.param(replace(ADA, email=None), replace(ALL, linked_customer=None), "3", id="the name without e-mail"),
    ],
)
def test_MAP_2_customer_is_matched_by_link_then_email_then_name(buyer: Buyer, known: HubMatches, expected: str) -> None:
    assert match_customer(buyer, known) == expected


def test_MAP_2_same_name_is_another_person_when_there_is_an_email() -> None:
    known = HubMatches(name_customer=SAME_NAME)

    assert match_customer(ADA, known) == NewCustomer("Ada Lovelace", "ada@example.com")


@pytest.mark.parametrize(
    ("buyer", "expected"),
    [
        (Buyer("Ada"), NewCustomer("Ada", None)),
        (Buyer("", "ada@example.com"), NewCustomer("ada@example.com", "ada@example.com")),
        (Buyer("", ""), NewCustomer("Guest", None)),
    ],
)
def test_MAP_2_a_guest_is_a_customer_like_any_other(buyer: Buyer, expected: NewCustomer) -> None:
    assert match_customer(buyer, matches(name_customer=SAME_NAME if not buyer.name else None)) == expected


def test_MUL_2_customers_match_across_stores_by_email() -> None:
    from_another_store = replace(ADA, external_id="900")

    assert match_customer(from_another_store, HubMatches(email_customer=SAME_EMAIL)) == "2"


def test_makers_know_variants_by_their_sku() -> None:
    assert makers.matches(variant("1"), variant("2")).by_sku == {"OIL-1": (variant("1"), variant("2"))}
