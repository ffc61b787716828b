"""Sales orders are made in Katana once and whole, with all they need (KAT-1, SPEC chapter 4)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import requests

from connectors.errors import HubBusy, HubRefused, MadeOrNot, Rejected
from connectors.katana.copies import Copies
from connectors.katana.creating import Creator
from connectors.postgres import Connection
from sandbox import KatanaAccount, RunningSandbox
from schemas.hub import Customer, NewCustomer, NewItem
from schemas.katana.order_json import AnsweredOrder
from schemas.orders import Kind
from tests.connectors.builtin_hub.makers import chair, shipping
from tests.connectors.katana.makers import ORIGIN, order
from tests.connectors.katana.mortal import Died, MortalClient

D = Decimal


def posts(account: KatanaAccount) -> list[str]:
    return [one.path for one in account.asked_for() if one.method == "POST"]


def there(account: KatanaAccount) -> Any:
    """The one order that there is, as its JSON."""
    (row,) = account.orders.table.view()
    return row


def test_KAT_1_an_order_of_known_things_is_one_request(
    creator: Creator, account: KatanaAccount, store: int, database: Connection
) -> None:
    variant = str(account.add_product("CHAIR")["id"])
    customer = str(account.customers.create({"name": "Ada"})["id"])
    known = order(account, store, chair(item=variant, tax_rate=D(19)), customer=Customer(customer, "Ada"))
    creator.create(
        order(account, store, external_id="0", customer=Customer(customer, "Ada")), replace(ORIGIN, order_id="0")
    )
    before = len(account.asked_for())

    id_ = creator.create(known, ORIGIN).id

    (post,) = account.asked_for()[before:]
    assert post.body == {
        "customer_id": int(customer),
        "order_no": "5001",
        "order_created_date": "2026-01-05T10:00:00.000Z",
        "delivery_date": "2026-01-19T00:00:00.000Z",
        "currency": "EUR",
        "location_id": int(known.location),
        "status": "NOT_SHIPPED",
        "sales_order_rows": [
            {
                "variant_id": int(variant),
                "quantity": 2,
                "price_per_unit": 30,
                "total_discount": 0,
                "tax_rate_id": next(row["id"] for row in account.tax_rates.table.view() if row["rate"] == 19),
                "location_id": int(known.location),
            }
        ],
        "ecommerce_order_type": "shopify",
        "ecommerce_store_name": "acme.myshopify.com",
        "ecommerce_order_id": "5001",
        "addresses": [
            {"entity_type": "billing", "first_name": "Ada", "country": "GB"},
            {"entity_type": "shipping", "first_name": "Ada", "city": "London", "country": "GB"},
        ],
    }
    row = database.execute("SELECT external_id FROM katana_rows WHERE order_id = %s", [id_]).fetchone()
    assert row == {"external_id": "11"}


def test_KAT_1_what_is_made_is_not_made_again(creator: Creator, account: KatanaAccount, store: int) -> None:
    first = creator.create(order(account, store), ORIGIN)
    made = posts(account)

    assert creator.create(order(account, store), ORIGIN) == first
    assert made == ["/customers", "/products", "/tax_rates", "/sales_orders"]
    assert posts(account) == made


def test_MAP_1_MAP_2_what_is_new_is_made_once_with_its_first_order(
    creator: Creator, account: KatanaAccount, store: int
) -> None:
    vase = chair(external_id="12", sku=None, item=NewItem("Vase", Kind.PRODUCT, key="vase"))
    for number in ("5001", "5002"):
        creator.create(
            order(account, store, chair(), vase, shipping(), external_id=number), replace(ORIGIN, order_id=number)
        )

    assert posts(account).count("/sales_orders") == 2
    assert sorted(posts(account)) == sorted(
        ["/customers", "/products", "/products", "/services", "/tax_rates", "/sales_orders", "/sales_orders"]
    )
    (customer,) = account.customers.table.view()
    assert (customer["name"], customer["email"]) == ("Ada Lovelace", "ada@example.com")


def test_MAP_1_two_products_without_sku_and_of_one_name_stay_two(
    creator: Creator, account: KatanaAccount, store: int
) -> None:
    vases = [chair(external_id=key, sku=None, item=NewItem("Vase", Kind.PRODUCT, key=key)) for key in ("a", "b", "a")]

    creator.create(order(account, store, *vases), ORIGIN)

    first, second, third = (row["variant_id"] for row in account.rows.table.of(there(account)["id"]))
    assert first == third != second


def test_MAP_2_a_customer_whom_a_person_has_just_made_is_taken(
    creator: Creator, account: KatanaAccount, store: int, copies: Copies
) -> None:
    creator.create(order(account, store, customer=NewCustomer("Bob", "bob@example.com")), ORIGIN)
    ada = account.customers.create({"name": "Ada", "email": "ada@example.com"})

    creator.create(order(account, store, external_id="2"), replace(ORIGIN, order_id="2"))

    assert posts(account).count("/customers") == 1
    assert max(account.orders.table.view(), key=lambda row: row["id"])["customer_id"] == ada["id"]


def test_MAP_1_what_a_person_deleted_is_made_again(
    creator: Creator, account: KatanaAccount, store: int, copies: Copies, database: Connection
) -> None:
    creator.create(order(account, store), ORIGIN)
    account.orders.delete(there(account))
    (product,) = account.products.table.view()
    account.products.delete(product)
    database.execute("UPDATE katana_copies SET is_gone = true WHERE sku = 'CHAIR'")

    creator.create(order(account, store, external_id="2"), replace(ORIGIN, order_id="2"))

    assert len(list(account.products.table.view())) == 1


@pytest.mark.parametrize(
    ("rows", "discounts"),
    [
        ([("2", "30", "54"), ("1", "40", "36")], ["6.00", "4.00"]),
        ([("1", "10", "6.66"), ("1", "10", "6.67"), ("1", "10", "6.67")], ["3.34", "3.33", "3.33"]),
        ([("3", "3.3333333333", "10")], ["0"]),
        ([("1", "10", "0")], ["10"]),
    ],
)
def test_MAP_4_case_10_discounts_are_amounts_that_add_up_to_the_cent(
    creator: Creator, account: KatanaAccount, store: int, rows: list[tuple[str, str, str]], discounts: list[str]
) -> None:
    lines = [
        chair(external_id=str(place), quantity=D(pieces), price_per_unit=D(price), total=D(total))
        for place, (pieces, price, total) in enumerate(rows)
    ]

    creator.create(order(account, store, *lines), ORIGIN)

    kept = account.rows.table.of(there(account)["id"])
    assert [row["total_discount"] for row in kept] == [D(one) for one in discounts]


def test_MAP_8_only_what_is_still_to_be_delivered_becomes_a_row(
    creator: Creator, account: KatanaAccount, store: int
) -> None:
    part = chair(quantity=D(3), delivered_quantity=D(1), total=D(90), tax=D(18))
    gone = chair(external_id="12", quantity=D(1), packed_quantity=D(1))

    creator.create(order(account, store, part, gone), ORIGIN)

    (row,) = account.rows.table.of(there(account)["id"])
    assert (row["quantity"], row["total_discount"]) == (2, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": (chair(price_per_unit=D(-1)),)},
        {"rows": (chair(delivered_quantity=D(2)),)},
        {"rows": (chair(location="attic"),)},
        {"store_id": None},
    ],
)
def test_KAT_3_what_katana_cannot_hold_is_refused_before_anything_is_made(
    creator: Creator, account: KatanaAccount, store: int, changes: dict[str, Any]
) -> None:
    with pytest.raises(HubRefused):
        creator.create(replace(order(account, store), **changes), ORIGIN)

    assert posts(account) == []


def test_MAP_10_a_rate_is_made_once_with_three_decimals(creator: Creator, account: KatanaAccount, store: int) -> None:
    rows = [chair(external_id=rate, tax_rate=D(rate)) for rate in ("8.8754", "8.875", "0", "19")]

    creator.create(order(account, store, *rows), ORIGIN)

    assert posts(account).count("/tax_rates") == 1
    assert sorted(D(row["rate"]) for row in account.tax_rates.table.view()) == [0, 7, D("8.875"), 19]


# -- unclear answers


@pytest.mark.parametrize("path", ["customers", "products", "services", "tax_rates", "sales_orders"])
def test_KAT_1_killed_between_answer_and_commit_each_thing_an_order_needs_is_one(
    creator: Creator, account: KatanaAccount, store: int, client: MortalClient, path: str
) -> None:
    draft = order(account, store, chair(), shipping())
    client.dies_after(path)
    with pytest.raises(Died):
        creator.create(draft, ORIGIN)

    creator.create(draft, ORIGIN)

    assert sorted(posts(account)) == ["/customers", "/products", "/sales_orders", "/services", "/tax_rates"]


def later(connection: Connection, seconds: int) -> None:
    connection.execute(f"UPDATE katana_intents SET sent_at = sent_at - interval '{seconds} seconds'")


def spoil(katana: RunningSandbox[KatanaAccount], **spoilt: Any) -> None:
    """What a route answers next, and whether it does what it was asked all the same."""
    root = katana.server.url
    requests.post(f"{root}/_sandbox/spoil", json=spoilt, timeout=10).raise_for_status()


def test_KAT_1_a_refusal_without_fields_that_had_written_makes_no_second_order(
    creator: Creator, account: KatanaAccount, store: int, katana: RunningSandbox[KatanaAccount]
) -> None:
    spoil(katana, route="POST /sales_orders", status=422, written="all")

    creator.create(order(account, store), ORIGIN)

    assert posts(account).count("/sales_orders") == 1
    assert len(list(account.orders.table.view())) == 1


def test_KAT_1_an_order_that_was_written_in_part_is_completed_once_nothing_more_comes(
    creator: Creator, account: KatanaAccount, store: int, katana: RunningSandbox[KatanaAccount], database: Connection
) -> None:
    spoil(katana, route="POST /sales_orders", status=500, written="part")
    draft = order(account, store, chair(), chair(external_id="12", quantity=D(3)))
    for seconds in (0, 61):
        later(database, seconds)
        with pytest.raises(MadeOrNot):
            creator.create(draft, ORIGIN)
    later(database, 540)

    id_ = creator.create(draft, ORIGIN).id

    assert posts(account).count("/sales_order_rows") == 1
    assert sorted(row["quantity"] for row in account.rows.table.of(int(id_))) == [2, 3]
    assert len(database.execute("SELECT FROM katana_rows").fetchall()) == 2


def test_KAT_1_an_order_of_another_s_making_is_taken_and_what_differs_is_told(
    creator: Creator, account: KatanaAccount, store: int
) -> None:
    variant = account.add_product("CHAIR")["id"]
    customer = account.customers.create({"name": "Somebody"})["id"]
    rows = [{"variant_id": variant, "quantity": 3, "price_per_unit": 30}]
    head = {"customer_id": customer, "currency": "USD", **ORIGIN.filters}
    account.orders.create({**head, "sales_order_rows": rows})

    made = creator.create(order(account, store), ORIGIN)

    assert posts(account).count("/sales_orders") == posts(account).count("/sales_order_rows") == 0
    (note,) = made.notes
    assert note.reason == "found_otherwise"
    assert note.detail == {"order_no": "5001", "what": ["row CHAIR", "currency", "customer", "bill to", "ship to"]}


def test_KAT_1_what_of_a_row_katana_kept_otherwise_is_mended(
    creator: Creator, account: KatanaAccount, store: int
) -> None:
    attic = str(account.locations.create({"name": "Attic"})["id"])
    account.oddities.own_row_location_is_kept = False
    draft = order(account, store)

    made = creator.create(replace(draft, rows=(replace(draft.rows[0], location=attic),)), ORIGIN)

    (row,) = account.rows.table.of(int(made.id))
    assert (str(row["location_id"]), made.notes) == (attic, ())


def test_ORD_7_an_order_that_a_person_deleted_before_we_knew_of_it_is_not_made_again_by_itself(
    creator: Creator, account: KatanaAccount, store: int, katana: RunningSandbox[KatanaAccount], database: Connection
) -> None:
    first = creator.create(order(account, store), ORIGIN)
    database.execute("DELETE FROM katana_rows; DELETE FROM katana_orders")
    account.orders.delete(there(account))

    with pytest.raises(HubRefused, match="deleted"):
        creator.create(order(account, store), ORIGIN)

    assert posts(account).count("/sales_orders") == 1
    assert creator.create(order(account, store), ORIGIN).id != first.id  # a person wanted it


def test_KAT_3_no_order_is_made_where_katana_ignores_the_filter_that_finds_it(
    creator: Creator, account: KatanaAccount, store: int, database: Connection
) -> None:
    creator.create(order(account, store), ORIGIN)
    database.execute("UPDATE katana_mirror SET read_until = read_until - interval '2 hours'")
    account.oddities.ignored_filters = ("sales_orders.ecommerce_order_id",)

    with pytest.raises(Rejected, match="ecommerce_order_id"):
        creator.create(order(account, store, external_id="2"), replace(ORIGIN, order_id="2"))

    assert posts(account).count("/sales_orders") == 1


def found(order: AnsweredOrder | None) -> int:
    assert order is not None
    return int(order.id)


def test_KAT_1_of_several_orders_the_oldest_live_one_is_ours(
    creator: Creator, account: KatanaAccount, store: int
) -> None:
    creator.create(order(account, store), ORIGIN)
    first = there(account)
    again = {name: first[name] for name in ("customer_id", *ORIGIN.filters)}
    rows = [{"variant_id": account.variant_of("CHAIR")["id"], "quantity": 1}]
    second, third = (account.orders.create({**again, "sales_order_rows": rows}) for _ in range(2))

    assert found(creator.find(ORIGIN)) == first["id"]
    account.orders.delete(first)
    assert found(creator.find(ORIGIN)) == second["id"]
    account.orders.delete(second)
    account.orders.delete(third)
    assert found(creator.find(ORIGIN)) == first["id"]
    assert found(creator.find(ORIGIN, but={str(first["id"])})) == second["id"]


def test_MAP_1_an_item_that_is_deleted_meanwhile_is_found_anew(
    creator: Creator, account: KatanaAccount, store: int, copies: Copies
) -> None:
    creator.create(order(account, store), ORIGIN)
    item = str(account.variant_of("CHAIR")["id"])
    account.orders.delete(there(account))
    (product,) = account.products.table.view()
    account.products.delete(product)
    again = order(account, store, chair(item=item), external_id="2")

    with pytest.raises(HubBusy, match="gone"):
        creator.create(again, replace(ORIGIN, order_id="2"))

    creator.create(order(account, store, external_id="2"), replace(ORIGIN, order_id="2"))
    assert len(list(account.orders.table.view())) == 1
