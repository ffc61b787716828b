"""Copies of what seldom moves in Katana, and what an import finds in them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.katana.client import KatanaClient
from connectors.katana.copies import CUSTOMERS, LOCATIONS, SERVICES, TAX_RATES, VARIANTS, Copies
from connectors.katana.finding import find
from connectors.postgres import Connection
from sandbox import KatanaAccount
from schemas.hub_search import Found, Wanted
from schemas.katana.numbers import written_number
from schemas.orders import Kind

ALL = (LOCATIONS, TAX_RATES, VARIANTS, SERVICES, CUSTOMERS)


def older(connection: Connection, minutes: int) -> None:
    """All lists were read so much earlier."""
    connection.execute(
        "UPDATE katana_polls SET read_at = read_at - %(by)s, read_until = read_until - %(by)s",
        {"by": timedelta(minutes=minutes)},
    )


def asked(account: KatanaAccount) -> list[str]:
    return [one.path for one in account.asked_for()]


def test_KAT_2_a_copy_is_read_once_as_long_as_it_is_young(copies: Copies, account: KatanaAccount) -> None:
    for _ in range(3):
        copies.refresh(*ALL)

    assert asked(account) == ["/locations", "/tax_rates", "/variants", "/services", "/customers"]


def test_KAT_2_of_an_old_copy_only_what_moved_is_read(
    copies: Copies, account: KatanaAccount, database: Connection
) -> None:
    begun = datetime.now(UTC)
    copies.refresh(*ALL)
    older(database, 11)

    copies.refresh(*ALL)

    again = account.asked_for()[5:]
    assert [one.path for one in again] == ["/variants", "/services", "/customers"]
    for since in (one.query["updated_at_min"][0] for one in again):
        assert since.endswith("Z")
        assert timedelta(minutes=29) < begun - datetime.fromisoformat(since) < timedelta(minutes=31.5)


def test_KAT_4_what_a_person_changes_and_deletes_is_heard(
    copies: Copies, account: KatanaAccount, database: Connection
) -> None:
    chair, table = account.add_product("CHAIR"), account.add_product("TABLE")
    copies.refresh(VARIANTS)
    account.variants.change(chair, {"sku": "STOOL"})
    account.products.delete(account.products.table.find(table["product_id"]))
    older(database, 11)

    found = find(copies, Wanted(skus=frozenset({"CHAIR", "STOOL", "TABLE"})))

    assert {sku: [one.id for one in items] for sku, items in found.by_sku.items()} == {"STOOL": [str(chair["id"])]}


def test_MAP_10_tax_rates_are_known_by_their_rate(copies: Copies) -> None:
    copies.refresh(TAX_RATES)

    assert sorted(one.rate or 0 for one in copies.all(TAX_RATES)) == [0, 7, 19]


def test_a_copy_that_katana_contradicts_is_read_again(copies: Copies, account: KatanaAccount) -> None:
    copies.refresh(TAX_RATES)
    copies.outdate(TAX_RATES)
    copies.refresh(TAX_RATES)

    assert asked(account) == ["/tax_rates", "/tax_rates"]


# -- what an import looks for


def test_nothing_is_asked_where_nothing_is_looked_for(copies: Copies, account: KatanaAccount) -> None:
    assert find(copies, Wanted(emails=frozenset({""}), names=frozenset({" "}))) == Found()
    assert asked(account) == []


def test_MAP_1_items_are_found_by_sku_case_kept_and_by_id(copies: Copies, account: KatanaAccount) -> None:
    upper = account.add_product("CHAIR", name="Chair", batch_tracked=True)
    lower = account.add_product("chair")

    found = find(copies, Wanted(skus=frozenset({"CHAIR", "TABLE"}), variant_ids=frozenset({str(lower["id"]), "9"})))

    ((chair,),) = found.by_sku.values()
    assert (chair.id, chair.sku, chair.name, chair.kind) == (str(upper["id"]), "CHAIR", "Chair", Kind.PRODUCT)
    assert chair.batch_tracked
    assert chair.created_at is not None
    assert {id_: item.sku for id_, item in found.by_id.items()} == {str(lower["id"]): "chair"}


def test_MAP_1_all_items_of_one_sku_are_found(copies: Copies, account: KatanaAccount) -> None:
    ids = [str(account.add_product("CHAIR")["id"]) for _ in range(2)]

    assert [one.id for one in find(copies, Wanted(skus=frozenset({"CHAIR"}))).by_sku["CHAIR"]] == ids


def test_MAP_9_services_are_found_by_name_whatever_its_case(copies: Copies, account: KatanaAccount) -> None:
    account.add_product("FEE", name="Fee")
    for _ in range(2):
        account.services.create({"name": "Gift wrap", "variants": [{}]})
    first = min(row["id"] for row in account.variants.table.view() if row["type"] == "service")

    found = find(copies, Wanted(services=frozenset({"GIFT WRAP", "gift wrap", "Fee"}))).services

    assert {name: item.id for name, item in found.items()} == {"GIFT WRAP": str(first), "gift wrap": str(first)}
    assert {item.kind for item in found.values()} == {Kind.SERVICE}


def test_MAP_2_customers_are_found_by_email_name_and_id(copies: Copies, account: KatanaAccount) -> None:
    ada = account.customers.create({"name": "Ada Lovelace", "email": "Ada@Example.com"})
    account.customers.create({"name": "Ada Lovelace", "email": "ada@example.com"})
    nobody = account.customers.create({"name": "Nobody"})

    found = find(
        copies,
        Wanted(
            emails=frozenset({"ADA@example.com", ""}),
            names=frozenset({"ada lovelace", "Grace"}),
            customer_ids=frozenset({str(nobody["id"]), "9"}),
        ),
    )

    assert {email: one.id for email, one in found.by_email.items()} == {"ADA@example.com": str(ada["id"])}
    assert {name: one.id for name, one in found.by_name.items()} == {"ada lovelace": str(ada["id"])}
    assert [(one.name, one.email) for one in found.customers.values()] == [("Nobody", None)]


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("30", "30"),
        ("30.00", "30"),
        ("1E+2", "100"),
        ("0.0", "0"),
        ("12.50", "12.5"),
        ("0.123456789049", "0.123456789"),
    ],
)
def test_MAP_5_numbers_are_written_with_ten_digits_at_most(number: str, written: str) -> None:
    assert str(written_number(Decimal(number))) == written


def test_KAT_2_what_holds_for_the_account_is_asked_once_an_hour_for_all(
    copies: Copies, account: KatanaAccount, database: Connection, client: KatanaClient
) -> None:
    account.factory["inventory_closing_date"] = "2026-01-31T23:59:59.000Z"

    first, again = copies.account(), Copies(database, client).account()

    assert first == again
    assert (again.base_currency, again.closed_until, again.delivery_days) == ("EUR", date(2026, 1, 31), 14)
    assert asked(account) == ["/factory"]
    older(database, 61)
    account.factory["base_currency_code"] = "USD"
    assert copies.account().base_currency == "USD"
    copies.account(now=True)
    assert asked(account) == ["/factory"] * 3
