"""WooCommerce's charges come to Katana: fees that take something off, and shipping (MAP-9)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from sandbox import KatanaAccount, RunningSandbox, open_sandbox
from sandbox.woocommerce.generator import random_order
from sandbox.woocommerce.model import Order
from schemas.money import round_money
from schemas.settings import read_account_settings
from tasks import hub_choice
from tasks.account import reconfigure_account
from tasks.held import Process
from tasks.hub_news import fetch_hub
from tests.tasks.conftest import connect, import_all, show
from tests.tasks.orders.looking import journal_of, let_waits_pass
from tests.tasks.orders.test_changes import travelling
from tests.tasks.test_katana_orders import account, faults

__all__ = ["account", "faults", "travelling"]

Shop = RunningSandbox[Any]


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop without orders."""
    with open_sandbox("woocommerce", orders=0) as sandbox:
        for sku in ("CHAIR", "LAMP"):
            sandbox.shop.add_product({"name": sku, "sku": sku, "regular_price": "30.00", "stock_quantity": 50})
        yield sandbox


@pytest.fixture
def acme(held: Process, shop: Shop, account: KatanaAccount) -> int:
    """The shop as a store."""
    store_id = connect(held, shop, "acme", **{"fulfillment.sync": True})
    fetch_hub()
    return store_id


def place(shop: Shop, *lines: tuple[str, int], fee: str = "-2.50") -> Order:
    fees = [{"name": "Loyalty", "total": fee, "tax_status": "none"}]
    items = [{"sku": sku, "quantity": pieces} for sku, pieces in lines]
    return random_order(
        shop.shop, {"status": "processing", "line_items": items, "fee_lines": fees, "shipping_lines": []}
    )


def look(held: Process, store_id: int) -> list[str]:
    """A worker fetches and looks, in another minute."""
    held.redis.delete("storesync:katana:asked")
    let_waits_pass(held, store_id)
    return import_all(held, store_id)


def in_katana(account: KatanaAccount) -> Decimal:
    """What its rows come to, without tax."""
    return sum((round_money(account.rows.net(row), "EUR") for row in account.rows.table.view()), Decimal(0))


def without_tax(order: Order) -> Decimal:
    return order.totals.total - order.totals.total_tax


@pytest.mark.long
def test_MAP_9_FUL_1_an_order_with_a_fee_below_zero_lives_in_katana(
    held: Process, shop: Shop, acme: int, account: KatanaAccount, travelling: None
) -> None:
    order = place(shop, ("CHAIR", 2), ("LAMP", 1))

    assert look(held, acme) == ["imported"]
    assert in_katana(account) == without_tax(order)
    assert show(held, str(order.id))["order"]["total_mismatch"] is False
    shop.shop.refund_order(order.id, {"pieces": {order.lines[0].id: 1}})
    assert look(held, acme) == ["changed"]
    assert len(list(account.rows.table.view())) == 2
    fee, before = order.fee_lines[0], round_money(without_tax(order) - order.lines[0].total / 2, "EUR")
    assert in_katana(account) == before
    shop.shop.edit_order(order.id, {"fee_lines": [{"id": fee.id, "total": "-5.00"}]})
    assert look(held, acme) == ["changed"]
    assert in_katana(account) == before - Decimal("2.50")
    shop.shop.complete_order(order.id)
    assert look(held, acme) == ["delivered"]
    (there,) = account.orders.table.view()
    assert there["status"] == "DELIVERED"
    assert look(held, acme) == []
    assert {reason for _, _, reason in journal_of(held, acme, str(order.id)) if reason} == set()


def test_MAP_9_a_fee_that_nobody_can_bear_is_set_aside_in_words(
    held: Process, shop: Shop, acme: int, account: KatanaAccount
) -> None:
    order = place(shop, ("CHAIR", 1), fee="-30.01")

    look(held, acme)

    assert list(account.orders.table.view()) == []
    assert show(held, str(order.id))["reason"] == "refused_by_hub"
    assert "EUR less than it takes off" in str(show(held, str(order.id)))


def test_MAP_9_shipping_is_a_fee_where_the_account_wants_it_so(
    held: Process, shop: Shop, acme: int, account: KatanaAccount
) -> None:
    values = read_account_settings({"katana.shipping_fee": "fee"})
    assert hub_choice.prove_choice(held, values) == {}
    with held.pool.connection() as connection:
        reconfigure_account(held, connection, values)
    shipping = [{"method_id": "flat_rate", "method_title": "DHL", "total": "4.90"}]
    lines = [{"sku": "CHAIR", "quantity": 1}]
    order = random_order(shop.shop, {"status": "processing", "line_items": lines, "shipping_lines": shipping})

    assert look(held, acme) == ["imported"]

    (fee,) = account.fees.table.view()
    assert (fee["description"], fee["amount"]) == ("DHL", order.shipping_lines[0].total)
    assert in_katana(account) + fee["amount"] == without_tax(order)
    shop.shop.complete_order(order.id)
    assert look(held, acme) == ["delivered"]
    assert show(held, str(order.id))["order"]["status"] == "DELIVERED"
