"""Lines to variants, charges to services, buyers to customers."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from schemas.hub import Customer, ExchangeRate, HubMatches, NewCustomer, NewItem, Variant
from schemas.hub_search import Found, Links, Wanted
from schemas.orders import Buyer, Kind, StoreLine, StoreOrder
from tasks.rules.matching import (
    buyer_ids,
    match_customer,
    match_item,
    match_service,
    matches_of,
    nameless_keys,
    wanted_of,
)
from tests import makers
from tests.makers import CREATED_AT, matches, store_charge, store_line, store_order, variant

WRAPPED = store_charge(name="Gift Wrapping", kind=Kind.SERVICE)
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
        pytest.param([variant("0"), variant("b")], "0", id="a number beats what is none"),
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


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ({"sku": "A-1"}, "A-1"),
        ({"sku": None}, "Product 31"),
        ({"sku": None, "product_key": None, "external_id": "11"}, "Product 11"),
    ],
)
def test_MAP_1_an_item_without_name_gets_one(line: dict[str, Any], name: str) -> None:
    item = match_item(store_line(**{"name": "", **line}), matches())

    assert item.name == name


def test_MAP_9_a_service_is_found_by_name_whatever_its_case() -> None:
    wrapping = variant("s1", sku=None, kind=Kind.SERVICE)

    assert match_service(WRAPPED, matches(by_name={"gift wrapping": wrapping})) == wrapping


def test_MAP_9_an_unknown_service_is_created_with_its_name() -> None:
    assert match_service(WRAPPED, matches()) == NewItem("Gift Wrapping", Kind.SERVICE)


LINKED, SAME_EMAIL, SAME_NAME = Customer("1", "Linked"), Customer("2", "E-mail"), Customer("3", "Name")
ALL = HubMatches(linked_customer=LINKED, email_customer=SAME_EMAIL, name_customer=SAME_NAME)
ADA = Buyer("Ada Lovelace", "ada@example.com", "7")


@pytest.mark.parametrize(
    ("buyer", "known", "expected"),
    [
        pytest.param(ADA, ALL, LINKED, id="the link first"),
        pytest.param(ADA, replace(ALL, linked_customer=None), SAME_EMAIL, id="then the e-mail"),
        pytest.param(replace(ADA, email=None), replace(ALL, linked_customer=None), SAME_NAME, id="then the name"),
    ],
)
def test_MAP_2_customer_is_matched_by_link_then_email_then_name(
    buyer: Buyer, known: HubMatches, expected: Customer
) -> None:
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

    assert match_customer(from_another_store, HubMatches(email_customer=SAME_EMAIL)) == SAME_EMAIL


def test_makers_know_variants_by_their_sku() -> None:
    assert makers.matches(variant("1"), variant("2")).by_sku == {"OIL-1": (variant("1"), variant("2"))}


# -- what is looked for ------------------------------------------------------------------------------------------------


def ordering(*lines: StoreLine, buyer: Buyer = ADA, **changes: Any) -> StoreOrder:
    return store_order(lines=lines, buyer=buyer, charges=changes.pop("charges", ()), **changes)


def test_MAP_1_lines_without_sku_are_looked_for_by_their_product() -> None:
    with_sku = store_line(sku="A-1", product_key="32")
    orders = [
        ordering(store_line(sku=" ", product_key="31"), with_sku),
        ordering(store_line(sku=None, product_key="33")),
    ]

    assert nameless_keys(orders) == {"31", "33"}


def test_MAP_2_customers_are_looked_for_by_the_store_s_ids() -> None:
    assert buyer_ids([ordering(), ordering(buyer=Buyer("Guest")), ordering(buyer=Buyer("Bo", None, "8"))]) == {"7", "8"}


def test_what_of_the_hub_some_orders_are_decided_on_is_looked_for_at_once() -> None:
    shipping = store_charge("20", kind=Kind.SHIPPING, name="DHL")
    orders = [
        ordering(store_line(sku=" A-1 "), store_line(sku=None), charges=(WRAPPED, shipping)),
        ordering(store_line(sku="B-1"), buyer=Buyer("Bo")),
        ordering(store_line(sku="B-1"), buyer=Buyer("", None)),
    ]

    assert wanted_of(orders, Links({"31": "v9"}, {"7": "c4"})) == Wanted(
        skus=frozenset({"A-1", "B-1"}),
        variant_ids=frozenset({"v9"}),
        services=frozenset({"Gift Wrapping"}),
        customer_ids=frozenset({"c4"}),
        emails=frozenset({"ada@example.com"}),
        names=frozenset({"Bo"}),
    )


TABLE, LAMP = variant("v2", "TBL-1"), variant("v7", None)
RATE: Final = ExchangeRate(Decimal("0.9"), CREATED_AT.date())
FOUND: Final = Found(
    by_sku={"OIL-1": (variant("v1"),), "TBL-1": (TABLE,)},
    by_id={"v7": LAMP},
    services={"Gift Wrapping": variant("s1", None, kind=Kind.SERVICE)},
    customers={"c4": LINKED},
    by_email={"ada@example.com": SAME_EMAIL},
    by_name={"Ada Lovelace": SAME_NAME},
)


def test_of_all_that_was_found_an_order_takes_what_is_about_it() -> None:
    order = ordering(store_line(sku=" OIL-1"), store_line(sku="NEW-1"), store_line(sku=None, product_key="31"))

    assert matches_of(order, FOUND, Links({"31": "v7"}, {"7": "c4"}), RATE) == HubMatches(
        by_sku={"OIL-1": (variant("v1"),)},
        by_key={"31": LAMP},
        by_name={"gift wrapping": variant("s1", None, kind=Kind.SERVICE)},
        linked_customer=LINKED,
        email_customer=SAME_EMAIL,
        name_customer=SAME_NAME,
        rate=RATE,
    )


@pytest.mark.parametrize(
    ("items", "customers"), [({}, {}), ({"31": "v8"}, {"7": "c9"})], ids=["not linked", "what is gone"]
)
def test_a_link_to_nothing_is_none(items: dict[str, str], customers: dict[str, str]) -> None:
    order = ordering(store_line(sku=None, product_key="31"))

    found = matches_of(order, FOUND, Links(items, customers), None)

    assert (found.by_key, found.linked_customer, found.rate) == ({}, None, None)


def test_MAP_2_a_guest_without_e_mail_is_looked_up_by_name_alone() -> None:
    order = ordering(buyer=Buyer("Ada Lovelace"))

    found = matches_of(order, FOUND, Links({}, {"7": "c4"}), None)

    assert (found.linked_customer, found.email_customer, found.name_customer) == (None, None, SAME_NAME)
