"""Sales orders of the built-in hub: what is created with them, what exists once, what an import is told beforehand."""

import dataclasses
from datetime import date
from decimal import Decimal

import pytest

from connectors.errors import AlreadyThere, HubRefused
from connectors.postgres import Connection
from connectors.postgres.hub import PostgresHub
from schemas.actions import AddLocation, AddProduct, CreateOrder, DeleteOrder
from schemas.hub import Customer, DeliveryStatus, DraftOrder, NewCustomer, NewItem
from schemas.orders import Buyer, Kind
from tests.connectors.postgres.conftest import add_store
from tests.connectors.postgres.hub_makers import chair, create, draft, imported, one, product, run, shipping
from tests.makers import store_charge, store_line, store_order

# -- creating ------------------------------------------------------------------------------------------------------


def test_an_order_keeps_its_rows_in_the_stores_order(hub: PostgresHub) -> None:
    order = create(hub, draft(product("B"), product("A"), shipping()))

    assert [row.sku for row in order.rows] == ["B", "A", None]
    assert [row.kind for row in order.rows] == [Kind.PRODUCT, Kind.PRODUCT, Kind.SHIPPING]
    assert order.status is DeliveryStatus.NOT_SHIPPED


def test_MAP_5_numbers_come_back_exactly_as_they_went_in(hub: PostgresHub) -> None:
    exact = Decimal("12345678901234.1234567891")
    order = create(hub, draft(chair(price_per_unit=exact, discount_percent=Decimal("33.3333333333"))))

    assert order.rows[0].price_per_unit == exact
    assert order.rows[0].discount_percent == Decimal("33.3333333333")


def test_MAP_1_two_rows_with_one_new_sku_make_one_item(hub: PostgresHub) -> None:
    order = create(hub, draft(chair(external_id="1"), chair(external_id="2")))

    assert order.rows[0].variant_id == order.rows[1].variant_id
    assert [item.sku for item in hub.products()] == ["CHAIR"]


def test_MAP_1_an_item_that_somebody_made_since_the_decision_is_taken(hub: PostgresHub) -> None:
    _, newest = hub.apply([AddProduct("CHAIR", "Old"), AddProduct("CHAIR", "New", is_another=True)])

    assert create(hub, draft()).rows[0].variant_id == newest


def test_MAP_1_a_product_without_sku_is_found_again_by_its_store(hub: PostgresHub, acme: int) -> None:
    line = store_line(sku=None)
    nameless = chair(sku=None, item=NewItem("Vase", Kind.PRODUCT, key=line.item_key))
    first = create(hub, imported(acme, nameless))
    second = create(hub, imported(acme, nameless, external_id="5002"))

    found = hub.matches(acme, store_order(lines=(line,)), base_currency="EUR").by_key[line.item_key]

    assert found.id == first.rows[0].variant_id == second.rows[0].variant_id


def test_MAP_1_a_key_of_another_store_is_another_product(hub: PostgresHub, connection: Connection, acme: int) -> None:
    other = add_store(connection, "other")
    nameless = chair(sku=None, item=NewItem("Vase", Kind.PRODUCT, key="31"))

    mine, theirs = create(hub, imported(acme, nameless)), create(hub, imported(other, nameless))

    assert mine.rows[0].variant_id != theirs.rows[0].variant_id


def test_MUL_2_the_same_new_sku_of_two_stores_is_one_product(
    hub: PostgresHub, connection: Connection, acme: int
) -> None:
    other = add_store(connection, "other")

    mine, theirs = create(hub, imported(acme)), create(hub, imported(other))

    assert mine.rows[0].variant_id == theirs.rows[0].variant_id


def test_MAP_9_services_of_one_name_are_one_item_whatever_their_case(hub: PostgresHub) -> None:
    def fee(external_id: str, name: str) -> DraftOrder:
        row = chair(external_id=external_id, kind=Kind.SERVICE, sku=None, item=NewItem(name, Kind.SERVICE))
        return draft(row)

    first, second = create(hub, fee("1", "Gift wrap")), create(hub, fee("2", "GIFT WRAP"))

    assert first.rows[0].variant_id == second.rows[0].variant_id


def test_a_services_row_commits_nothing(hub: PostgresHub, connection: Connection) -> None:
    create(hub, draft(chair(kind=Kind.SERVICE, item=NewItem("Gift wrap", Kind.SERVICE))))

    assert one(connection, "SELECT count(*) FROM hub.stock")["count"] == 0


def test_MAP_2_a_customer_is_kept_with_the_stores_own_id(hub: PostgresHub, acme: int) -> None:
    create(hub, imported(acme, customer_key="7"))

    renamed = Buyer("Countess Lovelace", "new@example.com", "7")
    matches = hub.matches(acme, store_order(buyer=renamed), base_currency="EUR")

    assert matches.linked_customer is not None
    assert matches.linked_customer.name == "Ada Lovelace"
    assert matches.email_customer is None


def test_MAP_2_a_link_belongs_to_one_store(hub: PostgresHub, connection: Connection, acme: int) -> None:
    create(hub, imported(acme, customer_key="7"))

    order = store_order(buyer=Buyer("Ada", None, "7"))

    assert hub.matches(add_store(connection, "other"), order, base_currency="EUR").linked_customer is None


@pytest.mark.parametrize(
    "order", [draft(chair(location="attic")), draft(location="attic")], ids=["of a row", "of the order"]
)
def test_an_unknown_location_is_refused_by_its_code(hub: PostgresHub, order: DraftOrder) -> None:
    with pytest.raises(HubRefused, match="attic"):
        hub.apply([CreateOrder(order)])


def test_a_row_may_stand_at_another_location_than_its_order(hub: PostgresHub) -> None:
    hub.apply([AddLocation("attic", "Attic")])

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
def test_nonsense_is_refused(hub: PostgresHub, wrong: DraftOrder) -> None:
    with pytest.raises(HubRefused):
        hub.apply([CreateOrder(wrong)])


def test_an_order_without_rows_is_refused(hub: PostgresHub) -> None:
    with pytest.raises(HubRefused, match="no rows"):
        hub.apply([CreateOrder(dataclasses.replace(draft(), rows=()))])


# -- once ----------------------------------------------------------------------------------------------------------


def test_ORD_6_an_order_of_a_store_is_created_once(hub: PostgresHub, connection: Connection, acme: int) -> None:
    create(hub, imported(acme))

    with pytest.raises(AlreadyThere), connection.transaction():
        create(hub, imported(acme))
    assert one(connection, "SELECT count(*) FROM hub.sales_orders")["count"] == 1


def test_ORD_7_after_its_deletion_it_may_be_created_again_on_purpose(hub: PostgresHub, acme: int) -> None:
    first = create(hub, imported(acme))
    hub.apply([DeleteOrder(first.id, "Ada")])

    assert create(hub, imported(acme)).id != first.id


def test_MUL_3_one_order_number_in_two_stores_makes_two_orders(
    hub: PostgresHub, connection: Connection, acme: int
) -> None:
    other = add_store(connection, "other")

    assert create(hub, imported(acme)).id != create(hub, imported(other)).id


def test_MAP_2_an_email_tells_two_people_of_one_name_apart(hub: PostgresHub, connection: Connection) -> None:
    for email in ("one@example.com", "two@example.com", None):
        create(hub, draft(customer=NewCustomer("Ada", email)))

    assert one(connection, "SELECT count(*) FROM hub.customers")["count"] == 3


# -- what an import is decided on ----------------------------------------------------------------------------------


def test_MAP_1_every_variant_of_a_sku_is_offered_case_kept(hub: PostgresHub) -> None:
    first, second, _ = hub.apply(
        [AddProduct("CHAIR", "Old"), AddProduct("CHAIR", "New", is_another=True), AddProduct("chair", "Low")]
    )

    matches = hub.matches(1, store_order(lines=(store_line(sku=" CHAIR "),)), base_currency="EUR")

    assert {variant.id for variant in matches.by_sku["CHAIR"]} == {first, second}
    assert list(matches.by_sku) == ["CHAIR"]


def test_MAP_9_services_are_offered_by_name(hub: PostgresHub) -> None:
    older, _, _ = hub.apply(
        [
            AddProduct("WRAP-1", "Gift Wrap", Kind.SERVICE),
            AddProduct("WRAP-2", "gift wrap", Kind.SERVICE),
            AddProduct("WRAP-3", "Gift wrap"),
        ]
    )

    order = store_order(charges=(store_charge(name="GIFT WRAP", kind=Kind.SERVICE),))

    assert hub.matches(1, order, base_currency="EUR").by_name["gift wrap"].id == older


def test_MAP_2_customers_are_offered_by_email_and_by_name(hub: PostgresHub) -> None:
    create(hub, draft(customer=NewCustomer("Ada  Lovelace", "ada@example.com")))
    create(hub, draft(customer=NewCustomer("Ada Lovelace", "other@example.com")))

    matches = hub.matches(1, store_order(buyer=Buyer("ADA lovelace", "Ada@Example.com")), base_currency="EUR")

    assert isinstance(matches.email_customer, Customer)
    assert matches.email_customer == matches.name_customer
    assert matches.linked_customer is None


def test_MAP_2_a_buyer_without_name_and_email_matches_nobody(hub: PostgresHub) -> None:
    create(hub, draft(customer=NewCustomer("", "a@example.com")))

    matches = hub.matches(1, store_order(buyer=Buyer("", None)), base_currency="EUR")

    assert (matches.email_customer, matches.name_customer) == (None, None)


def test_an_empty_hub_matches_nothing(hub: PostgresHub) -> None:
    matches = hub.matches(1, store_order(), base_currency="EUR")

    assert (matches.by_sku, matches.by_key, matches.by_name, matches.rate) == ({}, {}, {}, None)


def _rate(connection: Connection, currency: str, base: str, day: str, rate: str, source: str = "ecb") -> None:
    run(connection, "INSERT INTO exchange_rates VALUES (%s, %s, %s, %s, %s)", currency, base, day, rate, source)


@pytest.mark.parametrize(
    ("currency", "base", "rate", "on"),
    [
        ("USD", "EUR", "0.8", "2026-01-03"),
        ("EUR", "USD", "1.25", "2026-01-03"),
        ("USD", "GBP", "0.6666666667", "2026-01-02"),
        ("JPY", "EUR", "0.006", "2026-02-01"),
        ("CHF", "EUR", "1.1", "2026-01-01"),
    ],
    ids=["the last before", "from the euro", "a cross", "only a later one", "by hand first"],
)
def test_ORD_8_the_rate_of_the_orders_day(
    hub: PostgresHub, connection: Connection, currency: str, base: str, rate: str, on: str
) -> None:
    """The order is of 5 January 2026."""
    _rate(connection, "USD", "EUR", "2025-12-31", "0.7")
    _rate(connection, "USD", "EUR", "2026-01-03", "0.8")
    _rate(connection, "USD", "EUR", "2026-01-06", "0.9")
    _rate(connection, "GBP", "EUR", "2026-01-02", "1.2")
    _rate(connection, "JPY", "EUR", "2026-02-01", "0.006")
    _rate(connection, "CHF", "EUR", "2026-01-05", "1.05")
    _rate(connection, "CHF", "EUR", "2026-01-01", "1.1", "hand")

    found = hub.matches(1, store_order(currency=currency), base_currency=base).rate

    assert found is not None
    assert (found.rate, found.on) == (Decimal(rate), date.fromisoformat(on))


def test_ORD_8_there_may_be_no_rate(hub: PostgresHub) -> None:
    assert hub.matches(1, store_order(currency="USD"), base_currency="EUR").rate is None


# -- finding -------------------------------------------------------------------------------------------------------


def test_an_order_is_found_by_store_and_external_id_or_by_its_number(hub: PostgresHub, acme: int) -> None:
    order = create(hub, imported(acme, external_id="gid://5001/x", order_no="#1001"))

    assert hub.find_order("acme/gid://5001/x") == order.id
    assert hub.find_order("#1001") == order.id


def test_MUL_3_a_number_of_two_orders_names_neither(hub: PostgresHub, acme: int) -> None:
    create(hub, imported(acme))
    create(hub, draft())

    with pytest.raises(HubRefused, match="acme/5001"):
        hub.find_order("5001")


def test_MUL_3_of_two_stores_that_had_a_name_the_one_that_has_it_now_is_meant(
    hub: PostgresHub, connection: Connection, acme: int
) -> None:
    create(hub, imported(acme))
    connection.execute("UPDATE stores SET state = 'disconnected', url = url || '.old'")
    new = create(hub, imported(add_store(connection, "acme")))
    create(hub, imported(add_store(connection, "acme", state="disconnected", host="acme.example")))

    assert hub.find_order("acme/5001") == new.id


def test_an_order_that_is_not_there_is_not_found(hub: PostgresHub) -> None:
    with pytest.raises(HubRefused, match="there is no order 5001"):
        hub.find_order("5001")
    assert hub.order("5001") is None


def test_locations_start_with_main(hub: PostgresHub) -> None:
    hub.apply([AddLocation("attic", "Attic")])

    assert [place["code"] for place in hub.locations()] == ["main", "attic"]
    with pytest.raises(HubRefused, match="already"):
        hub.apply([AddLocation("attic", "Attic")])
