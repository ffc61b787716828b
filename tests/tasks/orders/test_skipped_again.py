"""Orders that a setting kept out come by themselves once it lets them in (SPEC chapter 2, ORD-5)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.postgres import order_view, orders
from sandbox import open_sandbox
from schemas.orders import Snapshot
from schemas.outcomes import OrderOutcome
from schemas.settings import Value
from schemas.stores import Skipped, StoreState
from tasks.account import change_account, set_rate
from tasks.held import Process
from tasks.stores import change_store, set_state
from tests.tasks.bad_input import Bench, open_bench
from tests.tasks.conftest import import_all, import_due
from tests.tasks.orders.looking import Shop, all_orders, journal_of, order_of, store_of

TODAY = datetime.now(UTC).date()


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A BigCommerce shop without orders, which sells in euros."""
    with open_sandbox("bigcommerce", orders=0) as sandbox:
        yield sandbox


@pytest.fixture
def acme(held: Process, shop: Shop) -> Bench:
    """The shop, connected as `acme`."""
    return open_bench(held, shop, "bigcommerce", name="acme")


def place(shop: Shop, **given: Any) -> str:
    line = {"name": "TBL-1", "sku": "TBL-1", "price": "30.00", "product_id": 7, "variant_id": 8}
    return str(shop.shop.place_order({"products": [line], "tax_rate": "0", **given}).id)


def set_store(held: Process, store_id: int, **settings: str) -> None:
    change_store(held, store_of(held, store_id), {key.replace("__", "."): v for key, v in settings.items()}, {})


def set_account(held: Process, **values: Value) -> None:
    with held.pool.connection() as connection:
        change_account(connection, values)


def due(held: Process, store_id: int) -> set[str]:
    with held.pool.connection() as connection:
        return {
            row.external_id for row in order_view.orders(connection, order_view.OrderFilter(store_id)) if row.is_due
        }


def test_ORD_1_what_waited_for_payment_comes_when_the_switch_is_on(held: Process, shop: Shop, acme: Bench) -> None:
    waiting, cancelled = place(shop, status_id=7), place(shop, status_id=5)
    assert import_all(held, acme.store_id) == ["skipped", "skipped"]

    set_store(held, acme.store_id, orders__awaiting_payment="on")

    assert due(held, acme.store_id) == {waiting}
    assert import_due(held, acme.store_id) == ["imported"]
    assert all_orders(held, acme.store_id) == {waiting: "imported", cancelled: "skipped"}


def test_MAP_3_an_order_of_custom_items_alone_comes_when_they_do(held: Process, shop: Shop, acme: Bench) -> None:
    engraving = {"name": "Engraving", "sku": "", "price": "5.00", "product_id": 0, "quantity": 1}
    place(shop, products=[engraving])
    assert import_all(held, acme.store_id) == ["skipped"]

    set_store(held, acme.store_id, orders__custom_items="on")

    assert import_due(held, acme.store_id) == ["imported"]


def test_ORD_2_what_is_not_paid_comes_when_the_switch_is_on(held: Process) -> None:
    with open_sandbox("shopify", orders=0) as sandbox:
        store_id = open_bench(held, sandbox, "shopify", name="acme").store_id
        line = {"sku": "TBL-1", "price": "30.00"}
        pending = str(sandbox.shop.place_order({"lines": [line], "financial": "PENDING"}).id)
        sandbox.shop.place_order({"lines": [line], "financial": "VOIDED"})
        import_all(held, store_id)

        set_store(held, store_id, orders__payment_pending="on")

        assert due(held, store_id) == {pending}
        assert import_due(held, store_id) == ["imported"]


def test_ORD_1_a_shop_that_comes_back_with_the_switch_on_brings_what_waited(
    held: Process, shop: Shop, acme: Bench
) -> None:
    place(shop, status_id=7)
    import_all(held, acme.store_id)
    set_state(held, store_of(held, acme.store_id), StoreState.DISCONNECTED)

    again = open_bench(held, shop, "bigcommerce", name="acme", **{"orders.awaiting_payment": "on"})

    assert again.store_id == acme.store_id
    assert import_due(held, acme.store_id) == ["imported"]


def test_a_setting_that_keeps_no_order_out_makes_none_due(held: Process, shop: Shop, acme: Bench) -> None:
    place(shop, status_id=7)
    import_all(held, acme.store_id)

    set_store(held, acme.store_id, fetch__every="30", orders__shipping_fee_line="off", orders__changes="off")

    assert due(held, acme.store_id) == set()


def test_ORD_8_foreign_orders_of_all_stores_come_with_multi_currency(held: Process, shop: Shop, acme: Bench) -> None:
    set_account(held, multi_currency=False)
    with held.pool.connection() as connection:
        set_rate(connection, "USD", Decimal("0.9"), on=TODAY)
    place(shop, currency="USD", status_id=11)
    place(shop, status_id=5)
    import_all(held, acme.store_id)
    assert {order_of(held, acme.store_id, key).reason for key in all_orders(held, acme.store_id)} == {
        "foreign_currency",
        "status_not_imported",
    }

    set_account(held, multi_currency=True)

    assert import_due(held, acme.store_id) == ["imported"]


def test_ORD_8_a_rate_brings_the_orders_of_its_currency(held: Process, shop: Shop, acme: Bench) -> None:
    peso, rial = place(shop, currency="ARS"), place(shop, currency="OMR")
    import_all(held, acme.store_id)
    assert order_of(held, acme.store_id, rial).reason == "no_exchange_rate"

    with held.pool.connection() as connection:
        assert set_rate(connection, "ARS", Decimal("0.001"), on=TODAY) == "EUR"

    assert due(held, acme.store_id) == {peso}
    assert import_due(held, acme.store_id) == ["imported"]


def test_ORD_5_looked_at_again_with_the_same_answer_is_no_news(held: Process, shop: Shop, acme: Bench) -> None:
    external_id = place(shop, currency="ARS")
    import_all(held, acme.store_id)
    asked, told = sum(shop.shop.calls.values()), journal_of(held, acme.store_id, external_id)

    set_account(held, base_currency="USD")

    assert import_due(held, acme.store_id) == ["skipped"]
    assert journal_of(held, acme.store_id, external_id) == told
    assert sum(shop.shop.calls.values()) == asked  # what was kept of it is enough


def test_an_order_that_is_being_looked_at_meanwhile_is_due_again(held: Process, acme: Bench) -> None:
    with held.pool.connection() as connection:
        orders.keep_snapshots(connection, acme.store_id, [Snapshot("1", datetime.now(UTC), "a", "{}")])

        orders.skipped_again(connection, acme.store_id, Skipped(reasons=("foreign_currency",)))

        skipped = OrderOutcome("skipped", "foreign_currency")
        assert orders.settle(connection, acme.store_id, "1", changed=1, outcome=skipped)


def test_orders_of_other_stores_stay_as_they_are(held: Process, shop: Shop, acme: Bench) -> None:
    external_id = place(shop, status_id=7)
    import_all(held, acme.store_id)

    with held.pool.connection() as connection:
        orders.skipped_again(connection, acme.store_id + 1, Skipped(statuses=("awaiting_payment",)))

    assert order_of(held, acme.store_id, external_id).changed == 1
