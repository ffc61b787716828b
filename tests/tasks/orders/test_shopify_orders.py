"""Shopify orders through gather, decide, apply: a real database and a shop over HTTP (SPEC chapters 3, 4, 10)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import stores
from sandbox import open_sandbox
from sandbox.shopify.state import Bucket
from schemas.actions import AddLocation, AddProduct
from schemas.errors import SettingRefused
from schemas.stores import StoreState
from tasks.held import Process
from tasks.orders.preview import preview_orders
from tasks.stores import NewStore, activate_store, change_store, connect_store, set_state
from tests.connectors.builtin_hub import reports
from tests.tasks.bad_input import Bench, open_bench
from tests.tasks.conftest import import_all, show
from tests.tasks.orders.looking import Shop, all_orders, do, journal_of, order_of, store_of


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A Shopify shop without orders."""
    with open_sandbox("shopify", orders=0) as sandbox:
        yield sandbox


@pytest.fixture
def acme(held: Process, shop: Shop) -> Bench:
    """The shop, connected as `acme`."""
    return open_bench(held, shop, "shopify", name="acme")


def line(sku: str | None = "HOOK", price: str = "30.00", quantity: int = 1, **more: Any) -> dict[str, Any]:
    return {"name": sku or "Thing", "sku": sku, "price": price, "quantity": quantity, **more}


def place(shop: Shop, *lines: dict[str, Any], ago: timedelta = timedelta(0), **given: Any) -> Any:
    """An order of these lines, placed some time ago."""
    with shop.shop.at(datetime.now(UTC) - ago):
        return shop.shop.place_order({"lines": list(lines) or [line()], "email": "bo@example.com", **given})


def set_store(held: Process, bench: Bench, **settings: str) -> None:
    """As `storesync store set`."""
    change_store(held, store_of(held, bench.store_id), {key.replace("__", "."): v for key, v in settings.items()}, {})


def imported(held: Process, bench: Bench, order: Any) -> dict[str, Any]:
    """The hub's order."""
    import_all(held, bench.store_id)
    shown = show(held, str(order.id))
    found: dict[str, Any] = shown["order"]
    assert found is not None, shown
    return found


def outcome(held: Process, bench: Bench, order: Any) -> tuple[str, str | None]:
    """State and reason."""
    row = order_of(held, bench.store_id, order.id)
    return row.state, row.reason


# -- which orders import -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("switch", ["off", "on"])
def test_ORD_2_of_all_payments_the_paid_import_and_the_pending_with_their_switch(
    held: Process, shop: Shop, switch: str
) -> None:
    bench = open_bench(held, shop, "shopify", name="acme", **{"orders.payment_pending": switch})
    payments = (
        "AUTHORIZED",
        "EXPIRED",
        "PAID",
        "PARTIALLY_PAID",
        "PARTIALLY_REFUNDED",
        "PENDING",
        "REFUNDED",
        "VOIDED",
    )
    placed = {payment: place(shop, financial=payment) for payment in payments}

    import_all(held, bench.store_id)

    states = {payment: outcome(held, bench, order) for payment, order in placed.items()}
    wanted = {"PAID", "PARTIALLY_REFUNDED", *(["PENDING"] if switch == "on" else [])}
    assert {payment for payment, (state, _) in states.items() if state == "imported"} == wanted
    assert states["VOIDED"] == ("skipped", "status_not_imported")
    if switch == "off":
        assert states["PENDING"] == ("skipped", "payment_pending")


def test_ORD_3_what_is_not_open_or_has_nothing_to_deliver_never_imports(held: Process, shop: Shop, acme: Bench) -> None:
    cancelled, archived, fulfilled, refunded, partly = (place(shop, line(quantity=2)) for _ in range(5))
    shop.shop.cancel(cancelled.id)
    shop.shop.archive(archived.id)
    shop.shop.fulfill(fulfilled.id)
    shop.shop.refund(refunded.id, pieces={refunded.lines[0].id: 2})
    shop.shop.fulfill(partly.id, {partly.lines[0].id: 1})

    import_all(held, acme.store_id)

    assert [outcome(held, acme, one) for one in (cancelled, archived, fulfilled, refunded, partly)] == [
        ("skipped", "not_open"),
        ("skipped", "not_open"),
        ("skipped", "already_fulfilled"),
        ("skipped", "status_not_imported"),
        ("imported", None),
    ]


def test_ORD_3_an_order_on_hold_is_looked_at_again_when_it_is_released(held: Process, shop: Shop, acme: Bench) -> None:
    order = place(shop, is_held=True)
    import_all(held, acme.store_id)
    waiting = outcome(held, acme, order)

    shop.shop.edit_order(order.id, {"is_held": False})

    assert waiting == ("skipped", "on_hold")
    assert import_all(held, acme.store_id) == ["imported"]
    assert journal_of(held, acme.store_id, order.id) == [
        ("import", "skipped", "on_hold"),
        ("import", "imported", None),
    ]


def test_ORD_2_the_first_connection_reaches_fourteen_days_back_and_no_further(held: Process, shop: Shop) -> None:
    inside = place(shop, ago=timedelta(days=13, hours=23))
    outside = place(shop, ago=timedelta(days=14, minutes=5))
    shop.shop.edit_order(outside.id, {"note": "changed today"})
    bench = open_bench(held, shop, "shopify", name="acme")

    import_all(held, bench.store_id)

    assert outcome(held, bench, inside) == ("imported", None)
    assert outcome(held, bench, outside) == ("skipped", "created_before_activation")


def test_STG_1_an_activation_reaches_as_far_back_as_a_connection_and_is_foretold(held: Process, shop: Shop) -> None:
    inside = place(shop, ago=timedelta(days=13, hours=23))
    outside = place(shop, ago=timedelta(days=20))
    shop.shop.edit_order(outside.id, {"note": "changed today"})
    new = NewStore("shopify", "acme", shop.url, shop.credentials, allow_insecure=True, inactive=True)
    connect_store(held, new)
    do(held, "UPDATE stores SET connected_at = now() - '90 days'::interval, activated_at = now() - '90 days'::interval")
    with held.pool.connection() as connection:
        (row,) = stores.stores(connection)

    foretold = {one.external_id: one.outcome for one in preview_orders(held, row, row.cursor)}
    activate_store(held, row)
    import_all(held, row.id)

    assert [foretold.get(str(one.id)) for one in (inside, outside)] == ["create", "skip"]
    states = all_orders(held, row.id)
    assert [states.get(str(one.id)) for one in (inside, outside)] == ["imported", "skipped"]


def test_ORD_2_a_late_first_fetch_reaches_as_far_back_as_one_in_time(held: Process, shop: Shop, acme: Bench) -> None:
    """A scope was missing, or the shop was away, for the first day."""
    order = place(shop, ago=timedelta(days=14, hours=12))
    with held.pool.connection() as connection:
        connection.execute(
            "UPDATE stores SET connected_at = connected_at - interval '1 day', "
            "activated_at = activated_at - interval '1 day'"
        )

    import_all(held, acme.store_id)

    assert outcome(held, acme, order) == ("imported", None)


def test_ORD_2_a_store_that_is_resumed_begins_anew_without_the_fourteen_days(
    held: Process, shop: Shop, acme: Bench
) -> None:
    held_back = place(shop, is_held=True, ago=timedelta(days=1))
    known = place(shop, ago=timedelta(days=1))
    import_all(held, acme.store_id)
    set_state(held, store_of(held, acme.store_id), StoreState.PAUSED)
    meanwhile = place(shop, ago=timedelta(minutes=5))
    set_state(held, store_of(held, acme.store_id), StoreState.ACTIVE)
    shop.shop.edit_order(held_back.id, {"is_held": False})
    after = place(shop, ago=timedelta(seconds=-2))

    import_all(held, acme.store_id)

    assert [outcome(held, acme, one) for one in (held_back, known, meanwhile, after)] == [
        ("skipped", "created_before_activation"),
        ("imported", None),
        ("skipped", "created_before_activation"),
        ("imported", None),
    ]


def test_ORD_2_a_check_that_succeeds_is_no_new_activation(held: Process, shop: Shop, acme: Bench) -> None:
    order = place(shop, ago=timedelta(days=3))
    do(held, "UPDATE stores SET state = 'needs_attention'")

    set_store(held, acme, stock__buffer="1")

    assert import_all(held, acme.store_id) == ["imported"]
    assert outcome(held, acme, order) == ("imported", None)


def test_ORD_8_the_buyers_currency_is_kept_with_the_shops_own_rate(held: Process, shop: Shop, acme: Bench) -> None:
    made = imported(held, acme, place(shop, line(price="5000", quantity=2), currency="JPY", rate="0.006"))

    assert (made["currency"], made["total"], made["exchange_rate"], made["total_base"]) == (
        "JPY",
        "10000",
        "0.006",
        "60.00",
    )


def test_ORD_8_without_multi_currency_a_foreign_order_is_skipped(held: Process, shop: Shop, acme: Bench) -> None:
    with held.pool.connection() as connection:
        stores.change_account(connection, {"multi_currency": False})
    order = place(shop, currency="USD", rate="0.9")

    import_all(held, acme.store_id)

    assert outcome(held, acme, order) == ("skipped", "foreign_currency")


# -- how an order maps ---------------------------------------------------------------------------------------------


def test_an_order_is_mapped_field_by_field(held: Process, shop: Shop, acme: Bench) -> None:
    address = {"firstName": "Bo", "lastName": "Li", "address1": "Lindenweg 4", "city": "Bonn", "countryCodeV2": "DE"}
    to = {**address, "city": "Köln"}
    order = place(shop, name="#A-1", po_number="PO-77", note="Ring twice", billing=address, shipping_address=to)

    made = imported(held, acme, order)

    assert (made["order_no"], made["customer_reference"], made["notes"]) == ("#A-1", "PO-77", "Ring twice")
    assert made["customer"] == {"name": "Bo Li", "email": "bo@example.com"}
    assert (made["bill_to"]["city"], made["ship_to"]["city"], made["ship_to"]["line_1"]) == (
        "Bonn",
        "Köln",
        "Lindenweg 4",
    )


@pytest.mark.parametrize(
    ("days", "expected"), [({"A": 30, "B": 2}, 30), ({"A": 2}, 5), ({"A": 0, "B": 1}, 1), ({}, 5)], ids=str
)
def test_the_delivery_date_is_the_latest_of_its_products(
    held: Process, shop: Shop, acme: Bench, days: dict[str, int], expected: int
) -> None:
    with held.pool.connection() as connection:
        stores.change_account(connection, {"default_delivery_days": 5})
        BuiltinHub(connection).carry_out([AddProduct(sku, sku, delivery_days=one) for sku, one in days.items()])
    order = place(shop, line("A"), line("B"))

    made = imported(held, acme, order)

    assert made["delivery_date"] == (order.created.date() + timedelta(days=expected)).isoformat()


def test_MAP_1_of_two_variants_with_one_sku_the_latest_is_taken(held: Process, shop: Shop, acme: Bench) -> None:
    with held.pool.connection() as connection:
        BuiltinHub(connection).carry_out([AddProduct("HOOK", "Old hook"), AddProduct("OTHER", "New hook")])
    do(held, "UPDATE hub.variants SET sku = 'HOOK', created_at = now() + interval '1 hour' WHERE sku = 'OTHER'")

    import_all(held, acme.store_id)
    made = imported(held, acme, place(shop, line("HOOK")))

    with held.pool.connection() as connection:
        rows = connection.execute(
            "SELECT p.name FROM hub.sales_order_rows r JOIN hub.variants v ON v.id = r.variant_id"
            " JOIN hub.products p ON p.id = v.product_id"
        ).fetchall()
    assert [row["name"] for row in rows] == ["New hook"]
    assert [row["sku"] for row in made["rows"]] == ["HOOK"]


@pytest.mark.parametrize("kind", ["service", "product"])
def test_MAP_3_a_custom_item_is_a_product_if_it_can_be_touched_and_else_what_the_setting_says(
    held: Process, shop: Shop, acme: Bench, kind: str
) -> None:
    set_store(held, acme, orders__custom_item_kind=kind)
    box = line(None, name="Gift box", is_custom=True)
    advice = line(None, name="Advice", is_custom=True, is_physical=False)

    made = imported(held, acme, place(shop, line(), box, advice))

    assert [(row["name"], row["kind"]) for row in made["rows"]] == [
        ("HOOK", "product"),
        ("Gift box", "product"),
        ("Advice", kind),
    ]


@pytest.mark.parametrize("is_gross", [False, True])
def test_MAP_4_ten_off_the_order_are_ten_percent_on_each_row(
    held: Process, shop: Shop, acme: Bench, is_gross: bool
) -> None:
    lines = (line("A", "30.00", 2, discounts=["6.00"]), line("B", "40.00", 1, discounts=["4.00"]))

    made = imported(held, acme, place(shop, *lines, taxes_included=is_gross))

    assert [row["discount_percent"] for row in made["rows"]] == ["10", "10"]
    assert (made["total"], made["total_with_tax"], made["total_mismatch"]) == ("90.00", "90.00", False)


@pytest.mark.long
def test_MAP_6_every_varied_order_adds_up_to_the_cent(held: Process) -> None:
    with open_sandbox("shopify", orders=120, seed=11) as varied:
        bench = open_bench(held, varied, "shopify", name="acme")
        import_all(held, bench.store_id)

        with held.pool.connection() as connection:
            money = reports.money(connection, bench.store_id)
    assert sum(total.orders for total in money) > 60
    assert all(total.total_with_tax == total.store_total_with_tax for total in money)
    assert sum(total.mismatches for total in money) == 0


def test_MAP_8_removed_pieces_are_no_rows_and_sent_ones_are_delivered(held: Process, shop: Shop, acme: Bench) -> None:
    order = place(shop, line("A", quantity=5), line("B"))
    first, second = (one.id for one in order.lines)
    shop.shop.refund(order.id, pieces={first: 1, second: 1})
    shop.shop.fulfill(order.id, {first: 3})

    made = imported(held, acme, order)

    assert [(row["sku"], row["quantity"], row["delivered_quantity"]) for row in made["rows"]] == [("A", "4", "3")]
    assert (made["status"], made["total"], made["total_mismatch"]) == ("PARTIALLY_DELIVERED", "120.00", False)


def test_MAP_9_a_tip_and_a_fee_are_rows_and_a_sold_gift_card_is_one_too(held: Process, shop: Shop, acme: Bench) -> None:
    card = line("CARD-50", "50.00", is_gift_card=True, is_physical=False)
    tip = {"name": "Tip", "price": "4.00", "is_tip": True}
    fees = [{"name": "Gift wrapping", "price": "2.50"}]

    made = imported(held, acme, place(shop, line(), card, tip, tip="4.00", fees=fees))

    assert [(row["name"], row["kind"]) for row in made["rows"]] == [
        ("HOOK", "product"),
        ("CARD-50", "product"),
        ("Gift wrapping", "service"),
        ("Tip", "service"),
    ]
    assert made["total_with_tax"] == made["store_total_with_tax"] == "86.50"


# -- settings and locations ----------------------------------------------------------------------------------------


def test_MUL_2_rows_go_to_the_mapped_location_and_else_to_the_stores(held: Process, shop: Shop, acme: Bench) -> None:
    with held.pool.connection() as connection:
        BuiltinHub(connection).carry_out([AddLocation("bonn", "Bonn"), AddLocation("trier", "Trier")])
    set_store(held, acme, location="trier", location_map="102:bonn")

    made = imported(held, acme, place(shop, line("A", location="101"), line("B", location="102")))

    assert made["location"] == "trier"
    assert [row["location"] for row in made["rows"]] == ["trier", "bonn"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("orders.custom_items", "on"),
        ("orders.awaiting_payment", "on"),
        ("profile", "katana"),
        ("location_map", "101:moon"),
        ("location_map", "101"),
        ("location_map", "12 Main Street:main"),
        ("orders.custom_item_kind", "gift"),
        ("no.such.key", "1"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_name_and_nothing_is_saved(
    held: Process, acme: Bench, key: str, value: str
) -> None:
    before = store_of(held, acme.store_id)

    with pytest.raises(SettingRefused) as refused:
        change_store(held, before, {"stock.buffer": "3", key: value}, {})

    assert refused.value.key == key
    assert store_of(held, acme.store_id) == before
    assert all_orders(held, acme.store_id) == {}


# -- long orders ---------------------------------------------------------------------------------------------------


def test_ORD_6_long_orders_come_in_whole_and_are_asked_for_once(held: Process, shop: Shop, acme: Bench) -> None:
    shop.shop.bucket = Bucket.of("standard")
    placed = [place(shop, *(line(f"HOOK-{number}") for number in range(30))) for _ in range(4)]

    import_all(held, acme.store_id)
    shop.shop.bucket = Bucket.of("standard")
    import_all(held, acme.store_id)

    assert [len(show(held, str(order.id))["order"]["rows"]) for order in placed] == [30] * 4
    assert shop.shop.asked["order"] == 4


def test_CHG_3_a_line_that_no_page_shows_is_followed(held: Process, shop: Shop, acme: Bench) -> None:
    with shop.shop.at(datetime.now(UTC) - timedelta(hours=1)):
        order = shop.shop.place_order({"lines": [line(f"HOOK-{number}", quantity=2) for number in range(30)]})
    imported(held, acme, order)

    shop.shop.refund(order.id, pieces={order.lines[29].id: 1})

    assert [row["quantity"] for row in imported(held, acme, order)["rows"]][-1] == "1"
