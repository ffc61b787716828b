"""Orders from before a store's activation that come to the hub again, or after all (BEY-6, CHG-5, ORD-2)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import orders
from sandbox import open_sandbox
from schemas.actions import DeleteOrder
from schemas.stores import StoreState
from tasks.held import Process
from tasks.stores import set_state
from tests.tasks.bad_input import Bench, open_bench
from tests.tasks.conftest import import_all, import_due
from tests.tasks.orders.looking import Shop, order_of, store_of


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A Shopify shop without orders: the platform whose orders have to be young."""
    with open_sandbox("shopify", orders=0) as sandbox:
        yield sandbox


@pytest.fixture
def acme(held: Process, shop: Shop) -> Bench:
    """The shop, connected as `acme`."""
    return open_bench(held, shop, "shopify", name="acme")


def place(shop: Shop, *, days: int) -> Any:
    """An order, placed some days ago."""
    with shop.shop.at(datetime.now(UTC) - timedelta(days=days)):
        return shop.shop.place_order({"lines": [{"name": "Hook", "sku": "HOOK", "price": "30.00", "quantity": 1}]})


def switch(held: Process, bench: Bench, *states: StoreState) -> None:
    """Pause, resume, disconnect."""
    for state in states:
        set_state(held, store_of(held, bench.store_id), state)


def outcome(held: Process, bench: Bench, order: Any) -> tuple[str, str | None]:
    """State and reason."""
    row = order_of(held, bench.store_id, order.id)
    return row.state, row.reason


def test_BEY_6_an_order_from_before_the_store_was_resumed_can_be_imported_again(
    held: Process, shop: Shop, acme: Bench
) -> None:
    order = place(shop, days=2)
    import_all(held, acme.store_id)
    switch(held, acme, StoreState.PAUSED, StoreState.ACTIVE)
    hub_order_id = order_of(held, acme.store_id, order.id).hub_order_id

    with held.pool.connection() as connection:
        BuiltinHub(connection).carry_out([DeleteOrder(hub_order_id or "", "ada", None)])
        assert orders.reimport(connection, acme.store_id, str(order.id))

    assert import_due(held, acme.store_id) == ["imported"]


def test_CHG_5_an_order_from_before_the_store_was_resumed_comes_back_when_the_shop_opens_it(
    held: Process, shop: Shop, acme: Bench
) -> None:
    order = place(shop, days=2)
    import_all(held, acme.store_id)
    switch(held, acme, StoreState.PAUSED, StoreState.ACTIVE)
    shop.shop.archive(order.id)
    taken_back = import_all(held, acme.store_id)
    shop.shop.edit_order(order.id, {"note": "changed while it is archived"})
    still_away = import_all(held, acme.store_id)

    shop.shop.archive(order.id, is_open=True)

    assert (taken_back, still_away) == (["deleted"], ["skipped"])
    assert import_all(held, acme.store_id) == ["imported"]


def test_ORD_2_connecting_again_reaches_fourteen_days_back_again(held: Process, shop: Shop, acme: Bench) -> None:
    import_all(held, acme.store_id)  # a pause before the first import is through is no new activation
    switch(held, acme, StoreState.PAUSED, StoreState.ACTIVE)
    young, archived, old = (place(shop, days=days) for days in (1, 1, 20))
    shop.shop.edit_order(old.id, {"note": "changed today"})
    import_all(held, acme.store_id)
    before = [outcome(held, acme, order) for order in (young, archived, old)]
    switch(held, acme, StoreState.DISCONNECTED)
    shop.shop.archive(archived.id)

    open_bench(held, shop, "shopify", name="acme")
    told = import_all(held, acme.store_id)

    assert before == [("skipped", "created_before_activation")] * 3
    assert sorted(told) == ["imported", "skipped", "skipped"]
    assert outcome(held, acme, young) == ("imported", None)
    assert outcome(held, acme, archived) == ("skipped", "not_open")
    assert outcome(held, acme, old) == ("skipped", "created_before_activation")
