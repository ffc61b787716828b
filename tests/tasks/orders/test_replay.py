"""Orders of three shops with every oddity, read again: nothing differs where no rule has changed (BEY-3)."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import pytest

from bench.machine import changed_rows, fingerprint
from connectors.builtin_hub.hub import BuiltinHub
from connectors.errors import HubRefused
from connectors.postgres.replay_view import looking
from sandbox import open_sandbox
from schemas.actions import AddLocation, ChangeLocation, DeleteOrder, DeliverRows, HubAction, InvoiceRows, PackRows
from schemas.hub import HubOrder
from schemas.replay import NotCompared
from schemas.stores import StoreState
from tasks.account import reconfigure_account
from tasks.held import Process
from tasks.locations import change_location
from tasks.orders.fulfill import fulfill_order
from tasks.orders.replay import Replayed, replay_orders
from tasks.stores import change_store, set_state
from tests.tasks.bad_input import MISSING, Bench, Changes, Verbatim, open_bench
from tests.tasks.conftest import connect, import_all, import_due
from tests.tasks.orders.looking import Shop, do, store_of
from tests.workers.cli.shops import place

D = Decimal
ORDERS: Final = 30  # every oddity of every stand-in
KINDS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "woocommerce": ("woocommerce", {}),
    "bigcommerce": ("bigcommerce", {"orders.awaiting_payment": "on", "orders.custom_items": "on"}),
    "shopify": ("shopify", {"orders.returns": "on", "location_map": "101:main,102:berlin"}),
    "stitch": ("bigcommerce", {"profile": "stitch", "stitch.auto_close": "on", "stitch.push_order_info": "on"}),
}
SPOILED: Final[dict[str, tuple[Changes, ...]]] = {
    "woocommerce": (
        {"line_items.0.quantity": -1},
        {"currency": "XXQ"},
        {"total": None},
        {"line_items.0.total": Verbatim("1e400")},
        {"line_items.0.quantity": Verbatim("9" * 5000)},
        {"status": "brewing"},
        {"line_items": []},
        {"number": MISSING},
    ),
    "bigcommerce": (
        {"products.0.quantity": "two"},
        {"total_inc_tax": "much"},
        {"products.0.quantity": 10**25},
        {"products": []},
        {"status_id": 99},
    ),
    "shopify": (
        {"lineItems.0.currentQuantity": -1},
        {"presentmentCurrencyCode": "XXQ"},
        {"createdAt": "yesterday"},
        {"lineItems": []},
        {"displayFulfillmentStatus": "BREWING"},
    ),
}


def replay(held: Process, store_id: int | None = None, since: datetime | None = None) -> list[Replayed]:
    with held.pool.connection() as connection, looking(connection):
        return [*replay_orders(connection, store_id, since)]


def differing(held: Process) -> dict[str, dict[str, tuple[str | None, str | None]]]:
    """What differs, by order and field; everything is compared."""
    found = replay(held)
    assert {one.left_out for one in found} <= {None}
    return {
        one.kept.external_id: {each.field: (each.was, each.would_be) for each in one.differences}
        for one in found
        if one.differences
    }


@pytest.fixture(params=KINDS)
def odd(held: Process, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A shop with every oddity of its platform and some orders that no honest shop would send, all looked at."""
    platform, settings = KINDS[request.param]
    carry_out(held, AddLocation("berlin", "Berlin"))
    with open_sandbox(platform, orders=ORDERS, seed=11) as shop:
        bench = open_bench(held, shop, platform, name="acme", **settings)
        for changes in SPOILED[platform]:
            bench.spoil(bench.place(), changes)
        import_all(held, bench.store_id)
        yield bench


def carry_out(held: Process, *actions: HubAction) -> None:
    with held.pool.connection() as connection, connection.transaction():
        BuiltinHub(connection).carry_out(actions)


def in_hub(held: Process, store_id: int) -> list[tuple[str, HubOrder]]:
    with held.pool.connection() as connection:
        rows = connection.execute(
            b"SELECT external_id, hub_order_id FROM store_orders WHERE store_id = %s AND hub_order_id IS NOT NULL"
            b" ORDER BY external_id",
            (store_id,),
        ).fetchall()
        found = BuiltinHub(connection).orders([row["hub_order_id"] for row in rows])
    return [(row["external_id"], found[row["hub_order_id"]]) for row in rows]


# -- nothing differs -----------------------------------------------------------------------------------------------


@pytest.mark.long
def test_BEY_3_neither_after_the_import_nor_after_all_that_people_and_shops_do_does_anything_differ(
    held: Process, odd: Bench
) -> None:
    imported = differing(held)
    for number, (external_id, order) in enumerate(in_hub(held, odd.store_id)):
        _work_in_hub(held, number, order)
        fulfill_order(odd.store_id, external_id)
    _work_in_shop(odd.shop)
    import_all(held, odd.store_id)

    assert (imported, differing(held)) == ({}, {})


def _work_in_hub(held: Process, number: int, order: HubOrder) -> None:
    """Each order meets another fate."""
    left = tuple((row.id, row.quantity - row.shipped_quantity) for row in order.rows if row.ships)
    left = tuple((row, pieces) for row, pieces in left if pieces)
    rows = tuple(row.id for row in order.rows)
    fates: tuple[HubAction, ...] = (
        PackRows(order.id, left[:1]),
        DeliverRows(order.id, left, "hub"),
        DeliverRows(order.id, left[:1], "hub", tracking_number="1Z"),
        InvoiceRows(order.id, rows),
        DeleteOrder(order.id, "somebody"),
    )
    with suppress(HubRefused):  # nothing is left, or it is delivered already
        carry_out(held, *fates[number % 7 : number % 7 + 1])


def _work_in_shop(shop: Shop) -> None:
    known = [*(shop.shop.book.orders if hasattr(shop.shop, "book") else shop.shop.orders)]
    fates = [
        name
        for name in ("complete_order", "cancel_order", "cancel", "archive", "hold", "fulfill")
        if hasattr(shop.shop, name)
    ]
    for number, id in enumerate(known):
        with suppress(Exception):  # the shop itself says no to some
            if number % 8 < len(fates):
                getattr(shop.shop, fates[number % 8])(id)
            elif number % 8 == 6:
                shop.shop.edit_order(id, {"customer_note": "later", "note": "later", "staff_notes": "later"})


@pytest.mark.long
def test_BEY_3_what_is_set_otherwise_since_makes_nothing_differ(held: Process, odd: Bench) -> None:
    own = {"orders.shipping_fee_line": "off", "fulfillment.sync": "off", "location": "berlin"}
    if "orders.custom_items" in store_of(held, odd.store_id).settings:
        own["orders.custom_items"] = "off"
    change_store(held, store_of(held, odd.store_id), own, {})
    with held.pool.connection() as connection:
        reconfigure_account(held, connection, {"default_delivery_days": 3, "multi_currency": False})
        change_location(connection, ChangeLocation("main", "south"))
    import_due(held, odd.store_id)  # what these may have let in

    assert differing(held) == {}


@pytest.mark.long
def test_BEY_3_that_a_store_was_resumed_or_came_back_makes_nothing_differ(held: Process, odd: Bench) -> None:
    do(held, "UPDATE stores SET fetched_at = now()")
    set_state(held, store_of(held, odd.store_id), StoreState.PAUSED)
    set_state(held, store_of(held, odd.store_id), StoreState.ACTIVE)
    resumed = differing(held)
    set_state(held, store_of(held, odd.store_id), StoreState.DISCONNECTED)
    parted = differing(held)
    again = {key: str(value) for key, value in store_of(held, odd.store_id).settings.items() if key == "profile"}
    open_bench(held, odd.shop, store_of(held, odd.store_id).platform, name="acme", **again)

    assert (resumed, parted, differing(held)) == ({}, {}, {})


# -- what differs --------------------------------------------------------------------------------------------------


def test_BEY_3_what_another_rule_had_made_is_shown(held: Process, shop: Shop, acme: int) -> None:
    order = place(shop, line_items=[{"sku": "HOOK-FRG", "quantity": 2}])
    import_all(held, acme)
    do(held, "UPDATE hub.sales_order_rows SET tax_rate = 7 WHERE sku = 'HOOK-FRG'")

    ((external_id, fields),) = differing(held).items()

    assert external_id == order
    assert [(field.rpartition(".")[2], was) for field, (was, _) in fields.items()] == [("tax_rate", "7")]


def test_BEY_3_an_order_that_could_not_be_read_and_can_be_now_is_shown(held: Process, shop: Shop, acme: int) -> None:
    order = place(shop)
    import_all(held, acme)
    do(held, "DELETE FROM hub.sales_orders")
    do(
        held,
        """UPDATE store_orders SET state = 'failed', reason = 'invalid_payload', tombstoned_at = NULL,
           detail = '{"path": "line_items.0", "problem": "is wrong"}'""",
    )

    assert differing(held) == {order: {"state": ("failed", "imported"), "reason": ("invalid_payload", None)}}


@pytest.mark.parametrize(
    "payload",
    ["[]", "null", '"an order"', "7", "{}", '{"id": 1e999999}', "[" * 5000 + "]" * 5000, '{"line_items": {"0": {}}}'],
)
def test_ch_11_a_snapshot_that_cannot_be_read_is_a_difference_and_stops_nothing(
    held: Process, shop: Shop, acme: int, payload: str
) -> None:
    order, other = place(shop), place(shop)
    import_all(held, acme)
    do(held, "UPDATE store_orders SET snapshot = %s::json WHERE external_id = %s", payload, order)

    found = {one.kept.external_id: [each.would_be for each in one.differences] for one in replay(held)}

    assert found[order][:2] == ["failed", "invalid_payload"]
    assert found[other] == []


def test_BEY_3_a_row_of_a_hub_that_no_rule_can_go_on_with_costs_that_order_only(
    held: Process, shop: Shop, acme: int
) -> None:
    order, other = place(shop), place(shop)
    import_all(held, acme)
    do(
        held,
        "UPDATE store_orders SET detail = '{\"from\": \"soon\"}', state = 'skipped', hub_order_id = NULL,"
        " reason = 'created_before_activation' WHERE external_id = %s",
        order,
    )

    found = {one.kept.external_id: [(each.field, each.would_be) for each in one.differences] for one in replay(held)}

    assert found[order][:2] == [("state", "failed"), ("reason", "unexpected_error")]
    assert found[order][2][1].startswith("ValueError at tasks/rules/")  # type: ignore[union-attr]
    assert found[other] == []


# -- what is not compared, and not written -------------------------------------------------------------------------


def test_BEY_3_what_waits_or_failed_elsewhere_is_counted_and_not_compared(held: Process, shop: Shop, acme: int) -> None:
    ids = [place(shop) for _ in range(3)]
    import_all(held, acme)
    do(held, "UPDATE store_orders SET digest = 'b', changed = changed + 1 WHERE external_id = %s", ids[0])
    do(held, "UPDATE store_orders SET snapshot = NULL WHERE external_id = %s", ids[1])
    do(held, "UPDATE store_orders SET is_failing = true, reason = 'refused_by_hub' WHERE external_id = %s", ids[2])

    found = {one.kept.external_id: one.left_out for one in replay(held)}

    assert found == dict(
        zip(ids, (NotCompared.WAITING, NotCompared.NO_SNAPSHOT, NotCompared.FAILED_ELSEWHERE), strict=True)
    )


def test_BEY_3_one_store_is_replayed_alone_and_what_came_before_is_left(held: Process, shop: Shop, acme: int) -> None:
    place(shop)
    import_all(held, acme)
    with open_sandbox("woocommerce", orders=2) as other:
        beta = connect(held, other, "beta")
        import_all(held, beta)

    assert {one.store for one in replay(held)} == {"acme", "beta"}
    assert {one.store for one in replay(held, beta)} == {"beta"}
    assert replay(held, since=datetime.now(UTC) + timedelta(seconds=1)) == []


def test_BEY_3_a_replay_writes_nothing(held: Process, shop: Shop, acme: int) -> None:
    place(shop)
    import_all(held, acme)
    with held.pool.connection() as connection:
        before = fingerprint(connection)
        replay(held)
        assert changed_rows(before, fingerprint(connection)) == 0
