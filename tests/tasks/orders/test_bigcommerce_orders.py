"""BigCommerce orders through gather, decide, apply: a real database and a shop over HTTP (SPEC chapters 3, 4, 10)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import rates, stores
from sandbox import open_sandbox
from sandbox.bigcommerce.generator import random_order
from sandbox.bigcommerce.model import STATUSES
from schemas.actions import AddLocation, AddProduct
from schemas.errors import SettingRefused
from tasks.held import Process
from tasks.stores import change_store
from tests.connectors.builtin_hub import reports
from tests.tasks.bad_input import Bench, open_bench, retry
from tests.tasks.conftest import import_all, show
from tests.tasks.orders.looking import Shop, all_orders, journal_of, order_of, store_of


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A BigCommerce shop without orders."""
    with open_sandbox("bigcommerce", orders=0) as sandbox:
        yield sandbox


@pytest.fixture
def acme(held: Process, shop: Shop) -> Bench:
    """The shop, connected as `acme`."""
    return open_bench(held, shop, "bigcommerce", name="acme")


def line(sku: str = "TBL-1", price: str = "30.00", quantity: int = 1, **more: Any) -> dict[str, Any]:
    return {"name": sku, "sku": sku, "price": price, "quantity": quantity, "product_id": 7, "variant_id": 8, **more}


def place(shop: Shop, *lines: dict[str, Any], **given: Any) -> str:
    """An order of these lines without taxes: its id."""
    return str(shop.shop.place_order({"products": list(lines) or [line()], "tax_rate": "0", **given}).id)


def set_store(held: Process, bench: Bench, **settings: str) -> None:
    """As `storesync store set`."""
    change_store(held, store_of(held, bench.store_id), {key.replace("__", "."): v for key, v in settings.items()}, {})


def imported(held: Process, bench: Bench, external_id: str) -> dict[str, Any]:
    """The hub's order."""
    import_all(held, bench.store_id)
    found: dict[str, Any] = show(held, external_id)["order"]
    assert found is not None, show(held, external_id)
    return found


# -- which orders import -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("switch", ["off", "on"])
def test_ORD_1_of_all_statuses_two_import_and_one_of_them_with_its_switch(
    held: Process, shop: Shop, switch: str
) -> None:
    settings = {"orders.awaiting_payment": switch}
    bench = open_bench(held, shop, "bigcommerce", name="acme", **settings)
    placed = {status: str(random_order(shop.shop, {"status_id": status}).id) for status in STATUSES}

    import_all(held, bench.store_id)

    states = {status: order_of(held, bench.store_id, key) for status, key in placed.items()}
    wanted = {11, 7} if switch == "on" else {11}
    assert {status for status, row in states.items() if row.state == "imported"} == wanted
    assert {row.reason for status, row in states.items() if status not in wanted} == {"status_not_imported"}


def test_ORD_1_at_first_connection_open_orders_import_whatever_their_age_and_afterwards_new_ones(
    held: Process, shop: Shop
) -> None:
    old = {}
    for days in (1, 40, 800):
        with shop.shop.at(datetime.now(UTC) - timedelta(days=days)):
            old[days] = [place(shop, status_id=status) for status in (11, 7, 10)]
    bench = open_bench(held, shop, "bigcommerce", name="acme", **{"orders.awaiting_payment": "on"})

    first = import_all(held, bench.store_id)
    new = place(shop)
    import_all(held, bench.store_id)

    states = all_orders(held, bench.store_id)
    assert first.count("imported") == 6
    assert all(states[key] == "imported" for keys in old.values() for key in keys[:2])
    assert states[new] == "imported"


def test_ORD_5_each_new_reason_is_journaled_once_and_the_order_imports_when_it_may(
    held: Process, shop: Shop, acme: Bench
) -> None:
    order = place(shop, status_id=1)
    for change in ({"staff_notes": "a"}, {"staff_notes": "b"}, {"status_id": 11}):
        import_all(held, acme.store_id)
        shop.shop.edit_order(int(order), change)
    import_all(held, acme.store_id)

    assert [line_[1:] for line_ in journal_of(held, acme.store_id, order)] == [
        ("skipped", "status_not_imported"),
        ("imported", None),
    ]


def test_ORD_8_the_stores_own_rate_comes_first_and_the_table_second(held: Process, shop: Shop, acme: Bench) -> None:
    with held.pool.connection() as connection:
        day = datetime.now(UTC).date()
        rates.keep(connection, {("USD", day): Decimal("0.5")}, base="EUR", source="ecb")
    own = place(shop, currency="USD", exchange_rate="1.25")
    none = place(shop, currency="USD")

    orders = [imported(held, acme, key) for key in (own, none)]

    assert [(one["currency"], one["exchange_rate"], one["total"], one["total_base"]) for one in orders] == [
        ("USD", "0.8", "30.00", "24.00"),
        ("USD", "0.5", "30.00", "15.00"),
    ]


def test_ORD_8_without_multi_currency_an_order_waits_until_it_is_switched_on(
    held: Process, shop: Shop, acme: Bench
) -> None:
    with held.pool.connection() as connection:
        stores.change_account(connection, {"multi_currency": False})
    order = place(shop, currency="JPY", exchange_rate="160")
    import_all(held, acme.store_id)
    skipped = order_of(held, acme.store_id, order)

    with held.pool.connection() as connection:
        stores.change_account(connection, {"multi_currency": True})

    assert (skipped.state, skipped.reason) == ("skipped", "foreign_currency")
    assert retry(held, acme.store_id, order) == "imported"


# -- how an order maps ---------------------------------------------------------------------------------------------


def test_an_order_is_mapped_field_by_field(held: Process, shop: Shop, acme: Bench) -> None:
    with shop.shop.at(datetime(2026, 11, 2, 23, 30, tzinfo=UTC)):
        order = place(shop, staff_notes="Fragile", customer_message="Ring twice")

    made = imported(held, acme, order)

    assert (made["order_no"], made["status"], made["created_at"]) == (order, "NOT_SHIPPED", "2026-11-02T23:30:00Z")
    assert made["delivery_date"] == "2026-11-16"
    assert (made["customer_reference"], made["notes"]) == (None, "Fragile\nRing twice")
    assert (made["bill_to"]["line_1"], made["ship_to"]["country"]) == ("Lindenweg 4", "DE")


def test_the_delivery_date_follows_the_account_and_no_product(held: Process, shop: Shop, acme: Bench) -> None:
    with held.pool.connection() as connection:
        stores.change_account(connection, {"default_delivery_days": 3})
        BuiltinHub(connection).carry_out([AddProduct("TBL-1", "Table", delivery_days=30)])
    with shop.shop.at(datetime(2026, 11, 2, 9, 0, tzinfo=UTC)):
        order = place(shop)

    assert imported(held, acme, order)["delivery_date"] == "2026-11-05"


def test_MAP_1_a_sku_is_trimmed_and_its_case_is_kept(held: Process, shop: Shop, acme: Bench) -> None:
    order = place(shop, line(" TBL-1 "), line("tbl-1"), line("TBL-1", price="10.00"))

    rows = imported(held, acme, order)["rows"]

    with held.pool.connection() as connection:
        found = connection.execute("SELECT sku FROM hub.variants WHERE sku ILIKE 'tbl-1' ORDER BY sku").fetchall()
    assert [row["sku"] for row in rows] == ["TBL-1", "tbl-1", "TBL-1"]
    assert sorted(row["sku"] for row in found) == ["TBL-1", "tbl-1"]


def test_MAP_1_a_line_without_sku_is_its_product_from_then_on_and_said_so(
    held: Process, shop: Shop, acme: Bench
) -> None:
    orders = [place(shop, line("", name="Bench")) for _ in range(2)]
    import_all(held, acme.store_id)

    with held.pool.connection() as connection:
        (counted,) = connection.execute("SELECT count(*) AS n FROM hub.products WHERE name = 'Bench'").fetchall()
    assert counted["n"] == 1
    assert journal_of(held, acme.store_id, orders[0])[1][1:] == ("noted", "line_without_sku")


def test_MAP_2_one_buyer_is_one_customer_by_link_by_mail_and_by_name(held: Process, shop: Shop, acme: Bench) -> None:
    def ordered_by(customer: int, email: str, name: str) -> str:
        given = {"customer_id": customer, "billing_address": {"email": email, "first_name": name, "last_name": "Li"}}
        return place(shop, **given)

    placed = [
        ordered_by(5, "bo@example.com", "Bo"),
        ordered_by(5, "new@example.com", "Robert"),
        ordered_by(0, "BO@example.com", "B."),
        ordered_by(0, "", "Bo"),
        ordered_by(0, "", "Mia"),
        ordered_by(6, "mia@example.com", "Bo"),
    ]

    names = [imported(held, acme, key)["customer"]["name"] for key in placed]

    assert names == ["Bo Li", "Bo Li", "Bo Li", "Bo Li", "Mia Li", "Bo Li"]
    with held.pool.connection() as connection:
        (counted,) = connection.execute("SELECT count(*) AS n FROM hub.customers").fetchall()
    assert counted["n"] == 3  # the last one has a mail of his own


def test_MAP_3_custom_items_are_left_out_and_named_or_are_rows_of_a_product_per_name(
    held: Process, shop: Shop, acme: Bench
) -> None:
    custom = line("", name="Engraving", price="5.00", product_id=0, variant_id=0)
    without = imported(held, acme, place(shop, line(), custom))
    notes = journal_of(held, acme.store_id)
    set_store(held, acme, orders__custom_items="on")
    with_them = [imported(held, acme, place(shop, line(), custom)) for _ in range(2)]

    assert [row["name"] for row in without["rows"]] == ["TBL-1"]
    assert (without["total"], without["total_mismatch"]) == ("30.00", False)
    assert ("import", "noted", "custom_items_left_out") in notes
    assert [[row["name"] for row in one["rows"]] for one in with_them] == [["TBL-1", "Engraving"]] * 2
    with held.pool.connection() as connection:
        (counted,) = connection.execute("SELECT count(*) AS n FROM hub.products WHERE name = 'Engraving'").fetchall()
    assert counted["n"] == 1


def test_CHG_3_a_switch_that_goes_off_takes_nothing_out_of_the_hub(held: Process, shop: Shop, acme: Bench) -> None:
    custom = line("", name="Engraving", price="5.00", product_id=0, variant_id=0)
    set_store(held, acme, orders__custom_items="on")
    orders = place(shop, custom, shipping_cost="7.00"), place(shop, line(), custom, shipping_cost="7.00")
    before = [imported(held, acme, order) for order in orders]

    set_store(held, acme, orders__custom_items="off", orders__shipping_fee_line="off")
    for order in orders:
        shop.shop.edit_order(int(order), {"staff_notes": "call before delivery"})
    import_all(held, acme.store_id)

    assert [show(held, order)["order"] for order in orders] == before


@pytest.mark.parametrize("is_reported", [True, False])
def test_MAP_4_ten_off_the_order_are_ten_percent_on_each_row(
    held: Process, shop: Shop, acme: Bench, is_reported: bool
) -> None:
    lines = (line("A", "30.00", 2), line("B", "40.00", 1))
    order = place(shop, *lines, discount_amount="10.00", is_discount_reported=is_reported)

    made = imported(held, acme, order)

    assert [row["discount_percent"] for row in made["rows"]] == ["10", "10"]
    assert (made["total"], made["total_with_tax"], made["total_mismatch"]) == ("90.00", "90.00", False)


@pytest.mark.long
def test_MAP_6_every_varied_order_adds_up_to_the_cent(held: Process) -> None:
    with open_sandbox("bigcommerce", orders=120, seed=11) as varied:
        bench = open_bench(held, varied, "bigcommerce", name="acme", **{"orders.custom_items": "on"})
        import_all(held, bench.store_id)

        with held.pool.connection() as connection:
            money = reports.money(connection, bench.store_id)
    assert sum(total.orders for total in money) > 60
    assert all(total.total_with_tax == total.store_total_with_tax for total in money)
    assert sum(total.mismatches for total in money) == 0


def test_MAP_7_of_several_ship_to_addresses_the_first_is_used_and_the_others_are_told(
    held: Process, shop: Shop, acme: Bench
) -> None:
    order = place(shop, shipping_addresses=[{"city": "Bonn"}, {"city": "Köln"}])

    made = imported(held, acme, order)

    assert made["ship_to"]["city"] == "Bonn"
    assert ("import", "noted", "several_ship_to") in journal_of(held, acme.store_id, order)


def test_MAP_8_refunded_pieces_are_no_rows(held: Process, shop: Shop, acme: Bench) -> None:
    placed = shop.shop.place_order({"products": [line("A", quantity=3), line("B")], "tax_rate": "0"})
    ids = [one["id"] for one in placed.products]
    shop.shop.refund_order(placed.id, {ids[0]: 1, ids[1]: 1})
    shop.shop.edit_order(placed.id, {"status_id": 11})

    made = imported(held, acme, str(placed.id))

    assert [(row["sku"], row["quantity"]) for row in made["rows"]] == [("A", "2")]
    assert (made["total"], made["store_total_with_tax"], made["total_mismatch"]) == ("60.00", "60.00", False)


def test_MAP_9_fees_are_rows_and_credit_is_a_payment(held: Process, shop: Shop, acme: Bench) -> None:
    order = place(
        shop,
        line(wrapping="2.00"),
        fees=[{"cost": "-1.50", "display_name_customer": "Pick-up bonus"}],
        handling_cost="3.00",
        shipping_cost="4.90",
        store_credit_amount="20.00",
        gift_certificate_amount="5.00",
    )

    made = imported(held, acme, order)

    assert [(row["kind"], row["name"], row["price_per_unit"]) for row in made["rows"]] == [
        ("product", "TBL-1", "30"),
        ("service", "Pick-up bonus", "-1.5"),
        ("service", "Silk paper", "2"),
        ("service", "Handling", "3"),
        ("shipping", "DHL Paket", "4.9"),
    ]
    assert (made["total_with_tax"], made["store_total_with_tax"]) == ("38.40", "38.40")


# -- settings and locations ----------------------------------------------------------------------------------------


def test_MUL_2_orders_go_to_the_stores_own_location(held: Process, shop: Shop, acme: Bench) -> None:
    with held.pool.connection() as connection:
        BuiltinHub(connection).carry_out([AddLocation("bonn", "Bonn")])
    at_default = imported(held, acme, place(shop))
    set_store(held, acme, location="bonn")
    at_bonn = imported(held, acme, place(shop))
    set_store(held, acme, location="")
    at_default_again = imported(held, acme, place(shop))

    assert [one["location"] for one in (at_default, at_bonn, at_default_again)] == ["main", "bonn", "main"]
    assert {row["location"] for row in at_bonn["rows"]} == {"bonn"}


@pytest.mark.parametrize("key", ["location_map", "orders.payment_pending", "orders.returns", "orders.row_locations"])
def test_a_setting_of_another_platform_is_refused_and_nothing_is_saved(held: Process, acme: Bench, key: str) -> None:
    before = store_of(held, acme.store_id)

    with pytest.raises(SettingRefused) as refused:
        change_store(held, before, {"stock.buffer": "3", key: "on"}, {})

    assert refused.value.key == key
    assert store_of(held, acme.store_id) == before
