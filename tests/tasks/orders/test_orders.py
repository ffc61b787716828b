"""Orders through gather, decide, apply: a real database and a shop over HTTP."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import order_view, orders, rates, stores
from sandbox import RunningSandbox, open_sandbox
from sandbox.woocommerce.generator import random_order
from schemas.actions import DeleteOrder
from schemas.settings import Value
from schemas.stores import StoreState
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.orders.import_order import import_order
from tests.connectors.builtin_hub import reports
from tests.tasks.conftest import connect, import_all, import_due, show
from tests.tasks.orders.looking import lose_locks

Shop = RunningSandbox[Any]


def test_ORD_4_only_processing_orders_import(held: Process, shop: Shop, acme: int) -> None:
    states = ("pending", "on-hold", "processing", "completed", "cancelled", "failed")
    placed = {state: str(random_order(shop.shop, {"status": state}).id) for state in states}

    import_all(held, acme)

    assert {state for state, key in placed.items() if show(held, key)["state"] == "imported"} == {"processing"}


def test_ORD_5_a_skip_is_journaled_once_and_looked_at_again_when_the_order_changes(
    held: Process, shop: Shop, acme: int
) -> None:
    order = random_order(shop.shop, {"status": "on-hold"})
    import_all(held, acme)
    shop.shop.edit_order(order.id, {"customer_note": "please hurry"})
    import_all(held, acme)
    skipped = show(held, str(order.id))

    shop.shop.edit_order(order.id, {"status": "processing"})
    import_all(held, acme)

    assert skipped["reason"] == "status_not_imported"
    assert [line["outcome"] for line in skipped["journal"]] == ["skipped"]
    assert show(held, str(order.id))["state"] == "imported"


@pytest.mark.parametrize("ahead", [timedelta(seconds=5), timedelta(days=1)], ids=["two servers", "a broken date"])
def test_ORD_5_a_change_is_looked_at_though_a_clock_that_is_ahead_dated_the_last_one(
    held: Process, shop: Shop, acme: int, ahead: timedelta
) -> None:
    with shop.shop.at(shop.shop.now() + ahead):
        order = random_order(shop.shop, {"status": "pending"})
    import_all(held, acme)

    shop.shop.edit_order(order.id, {"status": "processing"})

    assert import_all(held, acme) == ["imported"]


def test_ORD_6_an_order_is_imported_once_whatever_is_fetched_or_rung_again(
    held: Process, shop: Shop, acme: int
) -> None:
    order = random_order(shop.shop, {"status": "processing"})
    import_all(held, acme)
    shop.shop.edit_order(order.id, {"customer_note": "changed"})

    again = [import_order(acme, str(order.id)), *import_all(held, acme), import_order("acme", str(order.id))]

    assert again == ["nothing_due", "imported", "nothing_due"]
    assert _orders_in_hub(held, acme) == 1


def test_ORD_6_the_same_order_in_parallel_makes_one_even_without_a_lock(
    held: Process, shop: Shop, acme: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = random_order(shop.shop, {"status": "processing"})
    fetch_orders(acme)
    lose_locks(monkeypatch)

    with ThreadPoolExecutor(4) as pool:
        words = list(pool.map(lambda _: import_order(acme, str(order.id)), range(4)))
    import_due(held, acme)

    assert "imported" in words
    assert _orders_in_hub(held, acme) == 1


def test_ORD_7_an_order_deleted_in_the_hub_never_comes_back_by_itself(held: Process, shop: Shop, acme: int) -> None:
    order = random_order(shop.shop, {"status": "processing"})
    import_all(held, acme)
    _delete_in_hub(held, acme, str(order.id))

    shop.shop.edit_order(order.id, {"customer_note": "changed after that"})
    import_all(held, acme)

    deleted = show(held, str(order.id))
    assert (deleted["state"], deleted["reason"], deleted["order"]) == ("deleted", "deleted_in_hub", None)
    assert _orders_in_hub(held, acme) == 0


def test_BEY_6_reimport_is_the_one_way_back_from_a_tombstone(held: Process, shop: Shop, acme: int) -> None:
    order = random_order(shop.shop, {"status": "processing"})
    import_all(held, acme)
    _delete_in_hub(held, acme, str(order.id))

    with held.pool.connection() as connection:
        assert not orders.retry(connection, acme, str(order.id))
        assert orders.reimport(connection, acme, str(order.id))

    assert import_due(held, acme) == ["imported"]


def test_ORD_8_foreign_currency_imports_with_its_rate_or_is_skipped(held: Process, shop: Shop, acme: int) -> None:
    with held.pool.connection() as connection:
        stores.change_account(connection, {"multi_currency": False})
        rates.keep(connection, {("USD", date(2026, 1, 1)): Decimal("0.9")}, base="EUR", source="ecb")
    order = random_order(shop.shop, {"status": "processing", "currency": "USD"})
    import_all(held, acme)
    skipped = show(held, str(order.id))

    with held.pool.connection() as connection:
        stores.change_account(connection, {"multi_currency": True})
        orders.retry(connection, acme, str(order.id))
    import_due(held, acme)

    imported = show(held, str(order.id))["order"]
    assert skipped["reason"] == "foreign_currency"
    assert imported["currency"] == "USD"
    assert imported["exchange_rate"] == "0.9"
    assert Decimal(imported["total_base"]) == round(Decimal(imported["total"]) * Decimal("0.9"), 2)


def test_MAP_2_parallel_first_orders_of_a_new_customer_make_one_customer(held: Process, shop: Shop, acme: int) -> None:
    buyer = {"first_name": "Ada", "last_name": "Lovelace", "email": "Ada@Example.com"}
    for email in ("Ada@Example.com", "ada@example.com", "ADA@EXAMPLE.COM", "ada@example.com"):
        random_order(shop.shop, {"status": "processing", "customer_id": 0, "billing": buyer | {"email": email}})
    fetch_orders(acme)
    with held.pool.connection() as connection:
        due = [row.external_id for row in order_view.orders(connection, order_view.OrderFilter(acme))]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: import_order(acme, key), due))
    import_due(held, acme)

    with held.pool.connection() as connection:
        row = connection.execute(
            "SELECT count(*) AS n FROM hub.customers WHERE lower(email) = 'ada@example.com'"
        ).fetchone()
    assert row == {"n": 1}
    assert _orders_in_hub(held, acme) == 4


@pytest.mark.long
def test_MAP_6_every_varied_order_adds_up_to_the_cent(held: Process) -> None:
    with open_sandbox("woocommerce", orders=120, seed=11) as varied:
        acme = connect(held, varied, "acme")
        import_all(held, acme)

        with held.pool.connection() as connection:
            money = reports.money(connection, acme)
            states = {row.state for row in order_view.counts(connection, acme)}
    assert all(total.total_with_tax == total.store_total_with_tax for total in money)
    assert sum(total.mismatches for total in money) == 0
    assert states == {"imported", "skipped"}


def test_MAP_6_an_order_that_does_not_add_up_is_imported_and_flagged(held: Process, shop: Shop, acme: int) -> None:
    raw = _raw(shop, total="999.99")

    import_all(held, acme)

    shown = show(held, raw)
    assert shown["state"] == "imported"
    assert shown["order"]["total_mismatch"] is True
    assert "total_mismatch" in [line["reason"] for line in shown["journal"]]


def test_MAP_8_refunded_pieces_do_not_become_rows(held: Process, shop: Shop, acme: int) -> None:
    order = random_order(shop.shop, {"status": "processing", "line_items": [{"sku": _sku(shop), "quantity": 5}]})
    shop.shop.refund_order(order.id, {"pieces": {order.lines[0].id: 2}})

    import_all(held, acme)

    shown = show(held, str(order.id))["order"]
    assert [row["quantity"] for row in shown["rows"] if row["kind"] == "product"] == ["3"]
    assert shown["total_mismatch"] is False


def test_MUL_3_the_same_number_in_two_shops_makes_two_orders(held: Process, shop: Shop, acme: int) -> None:
    with open_sandbox("woocommerce", orders=0) as other:
        second = connect(held, other, "second")
        ours, theirs = (random_order(one.shop, {"status": "processing"}) for one in (shop, other))
        import_all(held, acme)
        import_all(held, second)

    assert ours.id == theirs.id
    assert show(held, str(ours.id))["order"] is not None
    assert show(held, str(ours.id), "second")["order"] is not None


def test_MUL_2_a_SKU_of_two_shops_is_one_product_and_a_buyer_of_two_shops_one_customer(
    held: Process, shop: Shop, acme: int
) -> None:
    with open_sandbox("woocommerce", orders=0) as other:
        second = connect(held, other, "second")
        for one in (shop, other):
            buyer = {"first_name": "Bo", "last_name": "Li", "email": "bo@example.com"}
            given = {"status": "processing", "billing": buyer, "line_items": [{"sku": _sku(one), "quantity": 1}]}
            random_order(one.shop, given)
        import_all(held, acme)
        import_all(held, second)

    with held.pool.connection() as connection:
        counted = connection.execute(
            "SELECT (SELECT count(*) FROM hub.variants WHERE sku = %s) AS variants,"
            " (SELECT count(*) FROM hub.customers WHERE lower(email) = 'bo@example.com') AS customers",
            (_sku(shop),),
        ).fetchone()
    assert counted == {"variants": 1, "customers": 1}


def test_a_paused_store_is_not_worked_on(held: Process, shop: Shop, acme: int) -> None:
    order = random_order(shop.shop, {"status": "processing"})
    fetch_orders(acme)
    with held.pool.connection() as connection:
        stores.set_state(connection, acme, StoreState.PAUSED)

    assert import_order(acme, str(order.id)) == "store_paused"
    assert fetch_orders(acme) == "store_paused"


def test_an_order_nobody_fetched_is_loaded_when_it_is_asked_for_by_hand(held: Process, shop: Shop, acme: int) -> None:
    order = random_order(shop.shop, {"status": "processing"})

    assert import_order("acme", str(order.id)) == "imported"
    assert import_all(held, acme) == []


def test_a_setting_takes_effect_on_the_next_task(held: Process, shop: Shop, acme: int) -> None:
    shipped = {
        "status": "processing",
        "shipping_lines": [{"method_id": "flat_rate", "method_title": "DHL", "total": "4.90"}],
    }
    first = random_order(shop.shop, shipped)
    import_all(held, acme)
    with held.pool.connection() as connection:
        row = stores.find_store(connection, "acme")
        assert row is not None
        off: Value = False
        stores.change_store(
            connection,
            row,
            settings={"orders.shipping_fee_line": off},
            stock_news=None,
            credentials=row.credentials,
            url=row.url,
        )
    second = random_order(shop.shop, shipped)
    import_all(held, acme)

    kinds = [{row["kind"] for row in show(held, str(order.id))["order"]["rows"]} for order in (first, second)]
    assert ["shipping" in kind for kind in kinds] == [True, False]
    assert show(held, str(second.id))["order"]["total_mismatch"] is False


def _orders_in_hub(held: Process, store_id: int) -> int:
    with held.pool.connection() as connection:
        return sum(total.orders for total in reports.money(connection, store_id))


def _delete_in_hub(held: Process, store_id: int, external_id: str) -> None:
    with held.pool.connection() as connection, connection.transaction():
        row = order_view.order(connection, store_id, external_id)
        assert row is not None
        BuiltinHub(connection).carry_out([DeleteOrder(row.hub_order_id or "", "a person")])


def _sku(shop: Shop) -> str:
    if not shop.shop.catalogue.by_sku("CHAIR-1"):
        shop.shop.add_product({"name": "Chair", "sku": "CHAIR-1", "regular_price": "30.00", "stock_quantity": 50})
    return "CHAIR-1"


def _raw(shop: Shop, **changes: Any) -> str:
    """An order of the usual shape with something changed that a real shop would never say."""
    order = random_order(shop.shop, {"status": "processing"})
    written = json.loads(shop.shop.order_body(order)) | changes
    shop.shop.put_raw_order(written | {"id": 900_000 + order.id, "number": "raw"})
    return str(900_000 + order.id)
