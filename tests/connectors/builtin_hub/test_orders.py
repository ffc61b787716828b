"""Sales orders of the built-in hub: what is created with them, what exists once, what an import is told beforehand."""

import dataclasses
from datetime import date
from decimal import Decimal

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.errors import AlreadyThere, HubRefused
from connectors.postgres import Connection
from schemas.actions import AddLocation, AddProduct, CreateOrder, DeleteOrder
from schemas.hub import DeliveryStatus, DraftOrder, NewCustomer, NewItem
from schemas.orders import Kind
from tests.connectors.builtin_hub.makers import (
    chair,
    create,
    deliver,
    draft,
    imported,
    one,
    product,
    read,
    row_of,
    shipping,
)
from tests.connectors.postgres.makers import add_store

# -- creating ------------------------------------------------------------------------------------------------------


def test_an_order_keeps_its_rows_in_the_stores_order(hub: BuiltinHub) -> None:
    order = create(hub, draft(product("B"), product("A"), shipping()))

    assert [row.sku for row in order.rows] == ["B", "A", None]
    assert [row.kind for row in order.rows] == [Kind.PRODUCT, Kind.PRODUCT, Kind.SHIPPING]
    assert order.status is DeliveryStatus.NOT_SHIPPED


def test_MAP_5_numbers_come_back_exactly_as_they_went_in(hub: BuiltinHub) -> None:
    exact = Decimal("12345678901234.1234567891")
    order = create(hub, draft(chair(price_per_unit=exact, discount_percent=Decimal("33.3333333333"))))

    assert order.rows[0].price_per_unit == exact
    assert order.rows[0].discount_percent == Decimal("33.3333333333")


def test_MAP_1_two_rows_with_one_new_sku_make_one_item(hub: BuiltinHub) -> None:
    order = create(hub, draft(chair(external_id="1"), chair(external_id="2")))

    assert order.rows[0].variant_id == order.rows[1].variant_id
    assert [item.sku for item in hub.products()] == ["CHAIR"]


def test_MAP_1_an_item_that_somebody_made_since_the_decision_is_taken(hub: BuiltinHub) -> None:
    _, newest = hub.carry_out([AddProduct("CHAIR", "Old"), AddProduct("CHAIR", "New", is_another=True)])

    assert create(hub, draft()).rows[0].variant_id == newest


def test_MAP_1_a_key_of_another_store_is_another_product(hub: BuiltinHub, connection: Connection, acme: int) -> None:
    other = add_store(connection, "other")
    nameless = chair(sku=None, item=NewItem("Vase", Kind.PRODUCT, key="31"))

    mine, theirs = create(hub, imported(acme, nameless)), create(hub, imported(other, nameless))

    assert mine.rows[0].variant_id != theirs.rows[0].variant_id


def test_MUL_2_the_same_new_sku_of_two_stores_is_one_product(
    hub: BuiltinHub, connection: Connection, acme: int
) -> None:
    other = add_store(connection, "other")

    mine, theirs = create(hub, imported(acme)), create(hub, imported(other))

    assert mine.rows[0].variant_id == theirs.rows[0].variant_id


def test_MAP_9_services_of_one_name_are_one_item_whatever_their_case(hub: BuiltinHub) -> None:
    def fee(external_id: str, name: str) -> DraftOrder:
        row = chair(external_id=external_id, kind=Kind.SERVICE, sku=None, item=NewItem(name, Kind.SERVICE))
        return draft(row)

    first, second = create(hub, fee("1", "Gift wrap")), create(hub, fee("2", "GIFT WRAP"))

    assert first.rows[0].variant_id == second.rows[0].variant_id


def test_a_services_row_commits_nothing(hub: BuiltinHub, connection: Connection) -> None:
    create(hub, draft(chair(kind=Kind.SERVICE, item=NewItem("Gift wrap", Kind.SERVICE))))

    assert one(connection, "SELECT count(*) FROM hub.stock")["count"] == 0


@pytest.mark.parametrize(
    "order", [draft(chair(location="attic")), draft(location="attic")], ids=["of a row", "of the order"]
)
def test_an_unknown_location_is_refused_by_its_code(hub: BuiltinHub, order: DraftOrder) -> None:
    with pytest.raises(HubRefused, match="attic"):
        hub.carry_out([CreateOrder(order)])


def test_a_row_may_stand_at_another_location_than_its_order(hub: BuiltinHub) -> None:
    hub.carry_out([AddLocation("attic", "Attic")])

    order = create(hub, draft(chair(location="attic")))

    assert (order.location, order.rows[0].location) == ("main", "attic")


@pytest.mark.parametrize(
    "wrong",
    [
        draft(chair(quantity=Decimal(0))),
        draft(chair(item="987654321")),
        draft(chair(item=None)),
        draft(chair(external_id="1"), chair(external_id="1")),
        draft(chair(delivered_quantity=Decimal(3))),
        draft(currency="euro"),
        draft(store_id=987654321, external_id="1"),
    ],
    ids=["no quantity", "unknown item", "no item", "one line twice", "delivered too much", "currency", "store"],
)
def test_nonsense_is_refused(hub: BuiltinHub, wrong: DraftOrder) -> None:
    with pytest.raises(HubRefused):
        hub.carry_out([CreateOrder(wrong)])


def test_an_order_without_rows_is_refused(hub: BuiltinHub) -> None:
    with pytest.raises(HubRefused, match="no rows"):
        hub.carry_out([CreateOrder(dataclasses.replace(draft(), rows=()))])


# -- once ----------------------------------------------------------------------------------------------------------


def test_ORD_6_an_order_of_a_store_is_created_once(hub: BuiltinHub, connection: Connection, acme: int) -> None:
    create(hub, imported(acme))

    with pytest.raises(AlreadyThere), connection.transaction():
        create(hub, imported(acme))
    assert one(connection, "SELECT count(*) FROM hub.sales_orders")["count"] == 1


def test_ORD_7_after_its_deletion_it_may_be_created_again_on_purpose(hub: BuiltinHub, acme: int) -> None:
    first = create(hub, imported(acme))
    hub.carry_out([DeleteOrder(first.id, "Ada")])

    assert create(hub, imported(acme)).id != first.id


def test_MUL_3_one_order_number_in_two_stores_makes_two_orders(
    hub: BuiltinHub, connection: Connection, acme: int
) -> None:
    other = add_store(connection, "other")

    assert create(hub, imported(acme)).id != create(hub, imported(other)).id


def test_MAP_2_an_email_tells_two_people_of_one_name_apart(hub: BuiltinHub, connection: Connection) -> None:
    for email in ("one@example.com", "two@example.com", None):
        create(hub, draft(customer=NewCustomer("Ada", email)))

    assert one(connection, "SELECT count(*) FROM hub.customers")["count"] == 3


# -- finding -------------------------------------------------------------------------------------------------------


def test_an_order_is_found_by_store_and_external_id_or_by_its_number(hub: BuiltinHub, acme: int) -> None:
    order = create(hub, imported(acme, external_id="gid://5001/x", order_no="#1001"))

    assert hub.named_order("acme/gid://5001/x") == order.id
    assert hub.named_order("#1001") == order.id


def test_MUL_3_a_number_of_two_orders_names_neither(hub: BuiltinHub, acme: int) -> None:
    create(hub, imported(acme))
    create(hub, draft())

    with pytest.raises(HubRefused, match="acme/5001"):
        hub.named_order("5001")


def test_MUL_3_of_two_stores_that_had_a_name_the_one_that_has_it_now_is_meant(
    hub: BuiltinHub, connection: Connection, acme: int
) -> None:
    create(hub, imported(acme))
    connection.execute("UPDATE stores SET state = 'disconnected', url = url || '.old'")
    new = create(hub, imported(add_store(connection, "acme")))
    create(hub, imported(add_store(connection, "acme", state="disconnected", host="acme.example")))

    assert hub.named_order("acme/5001") == new.id


def test_ORD_6_an_order_is_found_by_its_store_and_the_store_s_id(
    hub: BuiltinHub, connection: Connection, acme: int
) -> None:
    order = create(hub, imported(acme))
    other = add_store(connection, "other")

    assert hub.find_order(acme, "5001") == order.id
    assert hub.find_order(other, "5001") is None
    assert hub.find_order(acme, "1001") is None


def test_an_order_that_is_not_there_is_not_found(hub: BuiltinHub) -> None:
    with pytest.raises(HubRefused, match="there is no order 5001"):
        hub.named_order("5001")
    assert hub.order("5001") is None


def test_locations_start_with_main(hub: BuiltinHub) -> None:
    hub.carry_out([AddLocation("attic", "Attic")])

    assert [place.code for place in hub.locations()] == ["main", "attic"]
    with pytest.raises(HubRefused, match="already"):
        hub.carry_out([AddLocation("attic", "Attic")])


# -- many at once --------------------------------------------------------------------------------------------------


def test_orders_are_read_together_each_with_its_own_rows(hub: BuiltinHub) -> None:
    first, second = create(hub, draft(product("B"), product("A"))), create(hub, draft(chair(), order_no="5002"))

    found = hub.orders([second.id, "987654321", first.id])

    assert found == {first.id: first, second.id: second}
    assert [row.sku for row in found[first.id].rows] == ["B", "A"]


def test_no_orders_are_none(hub: BuiltinHub) -> None:
    assert hub.orders([]) == {}


def test_what_stands_on_orders_beside_their_rows_is_what_they_were_created_with(hub: BuiltinHub) -> None:
    order = draft(customer_reference="PO 7", notes="ring twice", exchange_rate_date=date(2026, 1, 3))

    created = create(hub, order)
    head = read(hub, created.id).head

    assert head is not None
    same = ("created_at", "delivery_date", "exchange_rate_date", "bill_to", "ship_to", "customer_reference", "notes")
    assert [getattr(head, name) for name in same] == [getattr(order, name) for name in same]
    assert (head.customer.name, head.customer.email) == ("Ada Lovelace", "ada@example.com")
    assert not head.has_delivery_days


def test_an_order_of_an_item_with_a_delivery_time_of_its_own_says_so(hub: BuiltinHub) -> None:
    hub.carry_out([AddProduct("CHAIR", "Chair", delivery_days=3)])
    created = create(hub, draft())

    head = read(hub, created.id).head
    assert head is not None
    assert head.has_delivery_days


def test_MAP_8_what_left_before_the_hub_knew_the_row_stays_told_apart(hub: BuiltinHub) -> None:
    order = create(hub, draft(chair(quantity=Decimal(3), delivered_quantity=Decimal(1))))
    deliver(hub, order, 1)

    row = row_of(hub, order)

    assert (row.gone_before, row.delivered_quantity) == (1, 2)
