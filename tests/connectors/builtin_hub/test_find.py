"""What the built-in hub has of what is looked for: items, services and customers, of one order or of many."""

from connectors.builtin_hub.hub import BuiltinHub
from schemas.actions import AddProduct
from schemas.hub import Customer, NewCustomer
from schemas.hub_search import Found, Wanted
from schemas.orders import Kind
from tests.connectors.builtin_hub.makers import create, draft


def test_MAP_1_every_variant_of_a_sku_is_offered_case_kept(hub: BuiltinHub) -> None:
    first, second, _ = hub.carry_out(
        [AddProduct("CHAIR", "Old"), AddProduct("CHAIR", "New", is_another=True), AddProduct("chair", "Low")]
    )

    found = hub.find(Wanted(skus=frozenset({"CHAIR", "TABLE"}))).by_sku

    assert {variant.id for variant in found["CHAIR"]} == {first, second}
    assert list(found) == ["CHAIR"]


def test_MAP_1_items_are_found_by_id(hub: BuiltinHub) -> None:
    chair, _ = hub.carry_out([AddProduct("CHAIR", "Chair"), AddProduct("TABLE", "Table")])

    found = hub.find(Wanted(variant_ids=frozenset({chair, "999"}))).by_id

    assert {id_: variant.sku for id_, variant in found.items()} == {chair: "CHAIR"}


def test_MAP_9_services_are_offered_by_name(hub: BuiltinHub) -> None:
    older, _, _ = hub.carry_out(
        [
            AddProduct("WRAP-1", "Gift Wrap", Kind.SERVICE),
            AddProduct("WRAP-2", "gift wrap", Kind.SERVICE),
            AddProduct("WRAP-3", "Gift wrap"),
        ]
    )

    found = hub.find(Wanted(services=frozenset({"GIFT WRAP", "gift wrap", "Fee"}))).services

    assert {name: service.id for name, service in found.items()} == {"GIFT WRAP": older, "gift wrap": older}


def test_MAP_2_customers_are_offered_by_email_by_name_and_by_id(hub: BuiltinHub) -> None:
    create(hub, draft(customer=NewCustomer("Ada  Lovelace", "ada@example.com")))
    create(hub, draft(customer=NewCustomer("Ada Lovelace", "other@example.com")))

    found = hub.find(Wanted(emails=frozenset({" Ada@Example.com"}), names=frozenset({"ADA lovelace", "Grace"})))

    ada = found.by_email[" Ada@Example.com"]
    assert isinstance(ada, Customer)
    assert found.by_name == {"ADA lovelace": ada}
    assert hub.find(Wanted(customer_ids=frozenset({ada.id, "999"}))).customers == {ada.id: ada}


def test_MAP_2_an_empty_name_or_email_is_nobodys(hub: BuiltinHub) -> None:
    create(hub, draft(customer=NewCustomer("", "a@example.com")))

    found = hub.find(Wanted(emails=frozenset({"", " "}), names=frozenset({"", " "})))

    assert (found.by_email, found.by_name) == ({}, {})


def test_nothing_is_found_where_nothing_is_looked_for(hub: BuiltinHub) -> None:
    create(hub, draft())

    assert hub.find(Wanted()) == Found()
