"""Changes of imported orders through gather, decide, apply: a real database and a shop over HTTP (SPEC chapter 5).

The shop is WooCommerce's stand-in, whose platform record is made one whose changes travel: that is data, not behaviour.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import orders, stores
from connectors.woocommerce.connector import WooCommerce
from sandbox import RunningSandbox
from sandbox.woocommerce.generator import random_order
from sandbox.woocommerce.model import Order
from schemas.actions import CreateMo, DeleteOrder, HubAction, InvoiceRows, PackRows
from schemas.hub import HubOrder
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.orders.change import follow_changes
from tasks.orders.import_order import import_order
from tasks.orders.preview import preview_orders
from tasks.prune import prune
from tasks.work import Done, DueOrder, StoreSession, work_on_orders
from tests.tasks.conftest import import_all, import_due, show
from tests.tasks.orders.looking import lose_locks, order_of

Shop = RunningSandbox[Any]
SKUS = ("CHAIR", "TABLE", "LAMP")


@pytest.fixture(autouse=True)
def products(shop: Shop) -> None:
    """Three products at 30.00."""
    for sku in SKUS:
        shop.shop.add_product({"name": sku.title(), "sku": sku, "regular_price": "30.00", "stock_quantity": 500})


@pytest.fixture
def travelling(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shop's platform, with the settings of one whose changes travel."""
    cancelled = frozenset({"cancelled", "refunded"})
    platform = replace(WooCommerce.platform, name="bigcommerce", changes_travel=True, cancelled_statuses=cancelled)
    monkeypatch.setattr(WooCommerce, "platform", platform)


@pytest.fixture
def placed(held: Process, shop: Shop, acme: int) -> Order:
    """Two chairs and a table, imported."""
    lines = [{"sku": "CHAIR", "quantity": 2}, {"sku": "TABLE", "quantity": 1}]
    order: Order = random_order(shop.shop, {"status": "processing", "line_items": lines, "shipping_lines": []})
    assert import_all(held, acme) == ["imported"]
    return order


def edit(shop: Shop, order: Order, **lines: int) -> None:
    """Give the chairs and the table another quantity; a SKU that is new is added."""
    known = {sku: line.id for sku, line in zip(SKUS, order.lines, strict=False)}
    given = [
        {"id": known[sku], "quantity": pieces, "subtotal": f"{30 * pieces}.00", "total": f"{30 * pieces}.00"}
        if sku in known
        else {"sku": sku, "quantity": pieces}
        for sku, pieces in lines.items()
    ]
    shop.shop.edit_order(order.id, {"line_items": given})


def rows(held: Process, order: Order) -> dict[str, str]:
    """Quantities in the hub by SKU; fees aside."""
    shown = show(held, str(order.id))["order"]
    return {row["sku"]: row["quantity"] for row in shown["rows"] if row["kind"] == "product"} if shown else {}


def hub_order(held: Process, order: Order) -> HubOrder:
    with held.pool.connection() as connection:
        row = connection.execute("SELECT id::text FROM hub.sales_orders WHERE external_id = %s", (str(order.id),))
        found = BuiltinHub(connection).order(next(iter(row))["id"])
    assert found is not None
    return found


def in_hub(held: Process, order: Order, act: Callable[[str, str], HubAction]) -> None:
    """Do something with the order's chairs, as a person would; by order id and row id."""
    found = hub_order(held, order)
    (row_id,) = (row.id for row in found.rows if row.sku == "CHAIR")
    with held.pool.connection() as connection, connection.transaction():
        BuiltinHub(connection).carry_out([act(found.id, row_id)])


def journaled(held: Process, order: Order, action: str = "change") -> list[tuple[str, str | None]]:
    lines = show(held, str(order.id))["journal"]
    return [(line["outcome"], line["reason"]) for line in lines if line["action"] == action]


# -- lines -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("travelling")
def test_DOR_6_a_later_change_comes_though_nothing_is_kept_of_its_order(
    held: Process, shop: Shop, acme: int, placed: Order
) -> None:
    now = held.now()
    held.now = lambda: now + timedelta(days=91)
    assert prune().startswith("1 snapshots")
    held.now = lambda: now
    assert order_of(held, acme, placed.id).snapshot is None

    edit(shop, placed, CHAIR=5, TABLE=1)

    assert import_all(held, acme) == ["changed"]
    assert rows(held, placed) == {"CHAIR": "5", "TABLE": "1"}


@pytest.mark.usefixtures("travelling")
def test_CHG_1_2_3_the_hub_follows_quantities_new_lines_and_removed_ones(
    held: Process, shop: Shop, acme: int, placed: Order
) -> None:
    edit(shop, placed, CHAIR=3, TABLE=0, LAMP=1)

    assert import_all(held, acme) == ["changed"]

    shown = show(held, str(placed.id))
    assert rows(held, placed) == {"CHAIR": "3", "LAMP": "1"}
    assert shown["order"]["total_with_tax"] == shown["order"]["store_total_with_tax"]
    assert shown["order"]["total_mismatch"] is False
    assert shown["state"] == "imported"
    (line,) = (line for line in shown["journal"] if line["action"] == "change")
    assert "CHAIR: quantity 3, was 2" in line["detail"]["rows"]


def test_CHG_WooCommerce_changes_do_not_travel(held: Process, shop: Shop, acme: int, placed: Order) -> None:
    edit(shop, placed, CHAIR=3, TABLE=0, LAMP=1)
    shop.shop.edit_order(placed.id, {"status": "cancelled"})

    assert import_all(held, acme) == ["imported"]

    assert rows(held, placed) == {"CHAIR": "2", "TABLE": "1"}
    assert journaled(held, placed) == []


@pytest.mark.usefixtures("travelling")
def test_CHG_a_store_that_does_not_want_changes_gets_none(held: Process, shop: Shop, acme: int, placed: Order) -> None:
    with held.pool.connection() as connection:
        connection.execute("UPDATE stores SET settings = settings || '{\"orders.changes\": false}'")
    edit(shop, placed, CHAIR=3)

    assert import_all(held, acme) == ["imported"]

    assert rows(held, placed)["CHAIR"] == "2"


@pytest.mark.usefixtures("travelling")
def test_CHG_6_customer_addresses_and_notes_never_follow(held: Process, shop: Shop, acme: int, placed: Order) -> None:
    before = show(held, str(placed.id))["order"]
    shop.shop.edit_order(placed.id, {"billing": {"first_name": "Bo", "city": "Oslo"}, "customer_note": "Ring twice"})

    assert import_all(held, acme) == ["imported"]

    assert show(held, str(placed.id))["order"] == before


@pytest.mark.usefixtures("travelling")
def test_CHG_1_a_manufacturing_order_follows(held: Process, shop: Shop, acme: int, placed: Order) -> None:
    in_hub(held, placed, CreateMo)
    edit(shop, placed, CHAIR=5)

    import_all(held, acme)

    (chair,) = (row for row in show(held, str(placed.id))["order"]["rows"] if row["sku"] == "CHAIR")
    assert (chair["mo"]["quantity"], chair["mo"]["status"]) == ("5", "NOT_STARTED")


@pytest.mark.usefixtures("travelling")
def test_CHG_4_a_packed_row_stays_and_the_journal_says_so_once(
    held: Process, shop: Shop, acme: int, placed: Order
) -> None:
    in_hub(held, placed, lambda order_id, row_id: PackRows(order_id, ((row_id, Decimal(2)),)))
    edit(shop, placed, CHAIR=0)
    words = import_all(held, acme)
    shop.shop.edit_order(placed.id, {"customer_note": "please hurry"})
    words += import_all(held, acme)

    assert words == ["changed", "imported"]
    assert rows(held, placed)["CHAIR"] == "2"
    shown = show(held, str(placed.id))
    assert (shown["state"], shown["reason"]) == ("imported", "held_back")
    assert shown["order"]["total_mismatch"] is True
    assert journaled(held, placed).count(("noted", "held_back")) == 1


@pytest.mark.usefixtures("travelling")
@pytest.mark.parametrize(
    ("given", "would"), [({"customer_note": "!"}, "nothing"), ({"status": "cancelled"}, "delete"), (None, "change")]
)
def test_BEY_1_a_dry_run_tells_what_a_change_would_do_and_does_nothing(
    held: Process, shop: Shop, acme: int, placed: Order, given: dict[str, str] | None, would: str
) -> None:
    if given:
        shop.shop.edit_order(placed.id, given)
    else:
        edit(shop, placed, CHAIR=3)
    with held.pool.connection() as connection:
        row = stores.find_store(connection, "acme")
    assert row is not None

    (preview,) = preview_orders(held, row, row.cursor)

    assert preview.outcome == would
    assert rows(held, placed) == {"CHAIR": "2", "TABLE": "1"}


# -- the whole order ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("travelling")
def test_CHG_5_a_cancelled_order_leaves_the_hub_and_comes_back_when_it_is_opened_again(
    held: Process, shop: Shop, acme: int, placed: Order
) -> None:
    shop.shop.edit_order(placed.id, {"status": "cancelled"})
    words = import_all(held, acme)
    gone = show(held, str(placed.id))
    shop.shop.edit_order(placed.id, {"status": "processing"})
    words += import_all(held, acme)

    assert words == ["deleted", "imported"]
    assert (gone["state"], gone["reason"], gone["order"]) == ("deleted", "cancelled_in_store", None)
    assert journaled(held, placed, "delete") == [("deleted", "cancelled_in_store")]
    assert rows(held, placed) == {"CHAIR": "2", "TABLE": "1"}


@pytest.mark.usefixtures("travelling")
def test_CHG_5_a_fully_refunded_order_leaves_the_hub(held: Process, shop: Shop, acme: int, placed: Order) -> None:
    pieces = {line.id: line.quantity for line in placed.lines}
    shop.shop.refund_order(placed.id, {"pieces": pieces})
    shop.shop.edit_order(placed.id, {"status": "processing"})

    assert import_all(held, acme) == ["deleted"]

    assert show(held, str(placed.id))["reason"] == "nothing_to_deliver"


@pytest.mark.usefixtures("travelling")
def test_CHG_5_an_invoiced_order_stays_and_the_journal_says_why_once(
    held: Process, shop: Shop, acme: int, placed: Order
) -> None:
    in_hub(held, placed, lambda order_id, row_id: InvoiceRows(order_id, (row_id,)))
    shop.shop.edit_order(placed.id, {"status": "cancelled"})
    import_all(held, acme)
    shop.shop.edit_order(placed.id, {"customer_note": "please hurry"})
    import_all(held, acme)

    assert rows(held, placed) == {"CHAIR": "2", "TABLE": "1"}
    assert journaled(held, placed) == [("noted", "kept_invoiced")]


@pytest.mark.usefixtures("travelling")
def test_CHG_5_an_order_in_a_locked_period_stays(held: Process, shop: Shop, acme: int, placed: Order) -> None:
    with held.pool.connection() as connection:
        connection.execute("UPDATE hub.settings SET locked_until = '2999-12-31'")
    shop.shop.edit_order(placed.id, {"status": "cancelled"})

    assert import_all(held, acme) == ["imported"]

    assert journaled(held, placed) == [("noted", "kept_locked")]


@pytest.mark.usefixtures("travelling")
def test_ORD_7_an_order_deleted_by_a_person_stays_away_whatever_its_store_does(
    held: Process, shop: Shop, acme: int, placed: Order
) -> None:
    in_hub(held, placed, lambda order_id, _: DeleteOrder(order_id, "ada"))
    edit(shop, placed, CHAIR=3)
    shop.shop.edit_order(placed.id, {"status": "cancelled"})
    words = import_all(held, acme)
    shop.shop.edit_order(placed.id, {"status": "processing"})
    words += import_all(held, acme)

    assert words == ["deleted", "deleted"]
    assert show(held, str(placed.id))["reason"] == "deleted_in_hub"


@pytest.mark.usefixtures("travelling")
def test_ORD_7_an_order_that_a_person_deletes_while_it_is_looked_at_stays_away(
    held: Process, shop: Shop, acme: int, placed: Order
) -> None:
    def too_late(session: StoreSession, seen: DueOrder) -> Done:
        in_hub(held, placed, lambda order_id, _: DeleteOrder(order_id, "ada"))
        return follow_changes(session, seen)

    edit(shop, placed, CHAIR=3)
    fetch_orders(acme)

    words = [work_on_orders(acme, [str(placed.id)], too_late, task="change_order"), *import_due(held, acme)]

    assert words == ["deleted", "deleted"]
    assert show(held, str(placed.id))["reason"] == "deleted_in_hub"


# -- a change that fails -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("travelling")
def test_ch_11_a_change_that_fails_is_called_so_and_retried_with_all_that_failed(
    held: Process, shop: Shop, acme: int, placed: Order
) -> None:
    edit(shop, placed, CHAIR=3)
    book = shop.shop.book.orders
    del book[placed.id]
    with held.pool.connection() as connection:
        assert orders.retry(connection, acme, str(placed.id))
    words = import_due(held, acme)
    shown = show(held, str(placed.id))

    book[placed.id] = placed
    with held.pool.connection() as connection:
        assert [external_id for _, external_id in orders.retry_failed(connection, acme)] == [str(placed.id)]
    words += import_due(held, acme)

    assert words == ["failed", "changed"]
    assert (shown["state"], shown["reason"]) == ("imported", "not_found_in_store")
    assert journaled(held, placed) == [("failed", "not_found_in_store"), ("changed", None)]
    assert show(held, str(placed.id))["reason"] is None
    assert rows(held, placed)["CHAIR"] == "3"


# -- news out of order, and twice --------------------------------------------------------------------------------


@pytest.mark.usefixtures("travelling")
def test_CHG_8_old_news_changes_nothing(held: Process, shop: Shop, acme: int, placed: Order) -> None:
    with held.pool.connection() as connection:
        turn = orders.look(connection, acme, str(placed.id))
    assert turn is not None
    old = held.connector(turn.store).snapshot(str(placed.id))
    assert old.updated_at is not None
    old = replace(old, updated_at=old.updated_at - timedelta(minutes=1))
    edit(shop, placed, CHAIR=3)
    import_all(held, acme)

    with held.pool.connection() as connection:
        orders.keep_snapshots(connection, acme, [old])

    assert import_due(held, acme) == ["imported"]
    assert rows(held, placed)["CHAIR"] == "3"


@pytest.mark.usefixtures("travelling")
def test_CHG_8_the_same_change_in_parallel_is_made_once_even_without_a_lock(
    held: Process, shop: Shop, acme: int, placed: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(shop, placed, CHAIR=3, LAMP=1)
    fetch_orders(acme)
    lose_locks(monkeypatch)

    with ThreadPoolExecutor(4) as pool:
        words = list(pool.map(lambda _: import_order(acme, str(placed.id)), range(4)))

    assert words.count("changed") == 1
    assert set(words) <= {"changed", "imported", "nothing_due"}
    assert rows(held, placed) == {"CHAIR": "3", "TABLE": "1", "LAMP": "1"}
