"""A store's changes carried out in the built-in hub: rows, manufacturing orders, totals, and the guards (CHG-1…7)."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.builtin_hub.hub import BuiltinHub
from connectors.errors import HubBusy, HubRefused
from connectors.postgres import Connection
from schemas.actions import (
    AddLocation,
    AddRow,
    ChangeRow,
    CreateMo,
    DeleteMo,
    DeleteOrder,
    DeleteRow,
    InvoiceRows,
    MoveRow,
    SetMoQuantity,
    SetMoStatus,
    SetTotals,
    UnlinkMo,
)
from schemas.groups import Group
from schemas.hub import HubOrder, HubRow, MoStatus, NewItem, Totals
from schemas.hub_search import Links
from schemas.orders import Kind, StoreOrder
from schemas.reasons import Reason
from schemas.stores import Store
from tasks.orders.matches import find_matches
from tasks.rules.changes import decide_changes
from tasks.rules.mapping import build_order
from tests.connectors.builtin_hub.makers import (
    chair,
    chairs,
    create,
    deliver,
    draft,
    imported,
    level,
    one,
    pack,
    product,
    read,
    row_of,
    run,
    stock_up,
)
from tests.makers import account
from tests.rules.changing import FOLLOWING
from tests.rules.test_changes_properties import is_open, states

D = Decimal
MO = "SELECT row_id, quantity, status FROM hub.manufacturing_orders"


@pytest.fixture
def order(hub: BuiltinHub) -> HubOrder:
    """Two chairs of ten on the shelf."""
    stock_up(hub)
    return create(hub, draft())


def to(order: HubOrder, row: HubRow, quantity: str | int) -> ChangeRow:
    """The row with other pieces at the same price."""
    pieces = D(quantity)
    money = (row.price_per_unit, row.discount_percent, row.tax_rate, 30 * pieces, 6 * pieces)
    return ChangeRow(order.id, row.id, pieces, *money)


def mo_of(hub: BuiltinHub, order: HubOrder) -> str:
    """A manufacturing order for the chairs."""
    return hub.carry_out([CreateMo(order.id, order.rows[0].id)])[0]


# -- rows --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", [1, 5])
def test_CHG_1_a_changed_row_commits_its_new_quantity(hub: BuiltinHub, order: HubOrder, quantity: int) -> None:
    hub.carry_out([to(order, order.rows[0], quantity)])

    row = row_of(hub, order)
    assert (row.quantity, row.total, row.tax) == (quantity, 30 * quantity, 6 * quantity)
    assert level(hub) == chairs(10, quantity)


def test_CHG_2_an_added_row_stands_last_and_commits(hub: BuiltinHub, order: HubOrder) -> None:
    hub.carry_out([AddRow(order.id, product("LAMP", 3))])

    lamp = read(hub, order.id).rows[-1]
    assert (lamp.sku, lamp.external_id, lamp.quantity) == ("LAMP", "line-LAMP", 3)
    assert level(hub, "LAMP").committed == 3


def test_CHG_2_an_added_row_takes_the_item_there_is(hub: BuiltinHub, order: HubOrder) -> None:
    hub.carry_out([AddRow(order.id, chair(external_id="12")), AddRow(order.id, chair(external_id="13"))])

    assert {row.variant_id for row in read(hub, order.id).rows} == {order.rows[0].variant_id}
    assert level(hub) == chairs(10, 6)


def test_CHG_2_a_line_without_sku_is_told_back_by_what_its_store_calls_it(hub: BuiltinHub, acme: int) -> None:
    order = create(hub, imported(acme))
    nameless = chair(external_id="12", sku=None, item=NewItem("Rug", Kind.PRODUCT, key="product:7"))

    answers = hub.apply([Group("change", (AddRow(order.id, nameless),))])

    assert answers.links == Links({"product:7": str(read(hub, order.id).rows[-1].variant_id)})


def test_CHG_2_a_fee_is_a_row_without_an_item(hub: BuiltinHub, order: HubOrder) -> None:
    fee = chair(external_id="21", item=None, kind=Kind.SHIPPING, sku=None, name="DHL", ships=False)

    hub.carry_out([AddRow(order.id, fee)])

    row = read(hub, order.id).rows[-1]
    assert (row.variant_id, row.kind, row.ships) == (None, Kind.SHIPPING, False)


def test_CHG_3_a_deleted_row_commits_nothing_any_more(hub: BuiltinHub, order: HubOrder) -> None:
    hub.carry_out([DeleteRow(order.id, order.rows[0].id)])

    assert read(hub, order.id).rows == ()
    assert level(hub) == chairs(10, 0)


def test_CHG_7_a_moved_row_commits_where_it_is_now(hub: BuiltinHub, order: HubOrder) -> None:
    hub.carry_out([AddLocation("berlin", "Berlin"), MoveRow(order.id, order.rows[0].id, "berlin")])

    assert row_of(hub, order).location == "berlin"
    assert (level(hub).committed, level(hub, location="berlin").committed) == (0, 2)


def test_MAP_6_totals_are_written_with_their_proof(hub: BuiltinHub, order: HubOrder) -> None:
    totals = Totals(D(90), D(108), D("81.5"), D(90), D("108.5"), total_mismatch=True)

    hub.carry_out([SetTotals(order.id, totals)])

    assert read(hub, order.id).totals == totals


# -- manufacturing orders ----------------------------------------------------------------------------------------


def test_CHG_1_a_manufacturing_order_takes_the_quantity(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft())

    hub.carry_out([SetMoQuantity(mo_of(hub, order), D(7))])

    assert one(connection, MO)["quantity"] == 7
    assert level(hub).expected == 7


def test_CHG_3_a_manufacturing_order_is_deleted_or_goes_on_alone(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft())
    hub.carry_out([DeleteMo(mo_of(hub, order))])
    assert level(hub).expected == 0

    hub.carry_out([UnlinkMo(mo_of(hub, order))])
    assert one(connection, MO) == {"row_id": None, "quantity": 2, "status": "NOT_STARTED"}


@pytest.mark.parametrize("of_kind", ["quantity", "delete"])
def test_CHG_1_a_manufacturing_order_that_was_started_meanwhile_is_looked_at_again(
    hub: BuiltinHub, of_kind: str
) -> None:
    order = create(hub, draft())
    mo_id = mo_of(hub, order)
    hub.carry_out([SetMoStatus(mo_id, MoStatus.IN_PROGRESS)])

    with pytest.raises(HubBusy, match="moved on meanwhile"):
        hub.carry_out([SetMoQuantity(mo_id, D(7)) if of_kind == "quantity" else DeleteMo(mo_id)])


# -- guards ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protection", ["packed", "delivered", "invoiced"])
def test_CHG_4_a_row_is_not_cut_below_what_is_packed_delivered_or_invoiced(
    hub: BuiltinHub, order: HubOrder, protection: str
) -> None:
    _protect(hub, order, protection)

    with pytest.raises(HubRefused, match="fewer pieces than are"):
        hub.carry_out([to(order, order.rows[0], 1)])


@pytest.mark.parametrize("protection", ["packed", "delivered", "invoiced"])
def test_CHG_4_a_packed_delivered_or_invoiced_row_is_not_deleted(
    hub: BuiltinHub, order: HubOrder, protection: str
) -> None:
    _protect(hub, order, protection)

    with pytest.raises(HubRefused):
        hub.carry_out([DeleteRow(order.id, order.rows[0].id)])


@pytest.mark.parametrize("protection", ["packed", "delivered", "invoiced"])
def test_CHG_4_a_packed_delivered_or_invoiced_row_keeps_its_price(
    hub: BuiltinHub, order: HubOrder, protection: str
) -> None:
    _protect(hub, order, protection)

    with pytest.raises(HubRefused, match="keeps its price"):
        hub.carry_out([replace(to(order, order.rows[0], 2), price_per_unit=D(29))])


def test_CHG_7_a_packed_row_keeps_its_location(hub: BuiltinHub, order: HubOrder) -> None:
    pack(hub, order, 1)

    with pytest.raises(HubRefused, match="keeps its item and its location"):
        hub.carry_out([AddLocation("berlin", "Berlin"), MoveRow(order.id, order.rows[0].id, "berlin")])


def test_a_row_of_another_order_is_refused(hub: BuiltinHub, order: HubOrder) -> None:
    other = create(hub, draft(chair(external_id="12")))

    for action in (to(other, order.rows[0], 1), DeleteRow(other.id, order.rows[0].id), MoveRow("0", "1", "main")):
        with pytest.raises(HubRefused, match="has no row"):
            hub.carry_out([action])


def test_an_order_that_is_gone_is_refused(hub: BuiltinHub, order: HubOrder) -> None:
    assert order.totals is not None
    for action in (AddRow("0", chair()), SetTotals("0", order.totals)):
        with pytest.raises(HubRefused, match="is gone"):
            hub.carry_out([action])


def _protect(hub: BuiltinHub, order: HubOrder, how: str) -> None:
    if how == "packed":
        pack(hub, order, 2)
    elif how == "delivered":
        deliver(hub, order, 2)
    else:
        hub.carry_out([InvoiceRows(order.id, (order.rows[0].id,))])


# -- the whole order ---------------------------------------------------------------------------------------------

REMEMBERED = "SELECT state, reason, hub_order_id, tombstoned_at, tombstoned_by FROM store_orders"
JOURNALED = "SELECT action, outcome, reason, detail->>'deleted_by' AS who FROM journal ORDER BY id DESC LIMIT 1"


def test_CHG_5_what_its_store_took_back_leaves_no_tombstone(hub: BuiltinHub, connection: Connection, acme: int) -> None:
    order = create(hub, imported(acme))

    hub.carry_out([DeleteOrder(order.id, "store", Reason.CANCELLED_IN_STORE)])

    assert one(connection, REMEMBERED) == {
        "state": "deleted",
        "reason": "cancelled_in_store",
        "hub_order_id": None,
        "tombstoned_at": None,
        "tombstoned_by": None,
    }
    assert one(connection, JOURNALED) == {
        "action": "delete",
        "outcome": "deleted",
        "reason": "cancelled_in_store",
        "who": "store",
    }


def test_ORD_7_a_person_who_deletes_after_a_store_did_leaves_a_tombstone(
    hub: BuiltinHub, connection: Connection, acme: int
) -> None:
    hub.carry_out([DeleteOrder(create(hub, imported(acme)).id, "store", Reason.CANCELLED_IN_STORE)])

    hub.carry_out([DeleteOrder(create(hub, imported(acme)).id, "ada")])

    assert one(connection, REMEMBERED)["tombstoned_by"] == "ada"
    assert one(connection, JOURNALED)["reason"] == "deleted_in_hub"


def test_CHG_5_an_invoice_or_a_locked_period_keeps_the_order(
    hub: BuiltinHub, connection: Connection, acme: int
) -> None:
    order = create(hub, imported(acme))
    taken_back = DeleteOrder(order.id, "store", Reason.CANCELLED_IN_STORE)
    run(connection, "UPDATE hub.settings SET locked_until = '2026-12-31'")
    with pytest.raises(HubRefused, match="locked inventory period"), connection.transaction():
        hub.carry_out([taken_back])

    run(connection, "UPDATE hub.settings SET locked_until = NULL")
    _protect(hub, order, "invoiced")
    with pytest.raises(HubRefused, match="has an invoice"), connection.transaction():
        hub.carry_out([taken_back])
    assert read(hub, order.id).has_invoice


# -- whatever a store does ---------------------------------------------------------------------------------------

ON_THE_FIXTURES_TRANSACTION = [HealthCheck.function_scoped_fixture]


@pytest.mark.long
@settings(max_examples=25, suppress_health_check=ON_THE_FIXTURES_TRANSACTION)
@given(looks=st.lists(states(), min_size=2, max_size=5))
def test_CHG_8_the_hub_ends_where_one_look_at_the_last_state_would_have_ended(
    connection: Connection, hub: BuiltinHub, acme: int, looks: list[StoreOrder]
) -> None:
    with connection.transaction(force_rollback=True):
        walked = _walk(connection, acme, looks)
    with connection.transaction(force_rollback=True):
        assert walked == _walk(connection, acme, looks[-1:])


def _walk(connection: Connection, store_id: int, looks: list[StoreOrder]) -> object:
    """The order after each look of a task, and what is committed of its items; without what says how it came."""
    hub = BuiltinHub(connection)
    order_id: str | None = None
    for order in looks:
        order_id = _look(connection, replace(FOLLOWING, id=store_id), order, order_id)
    hub_order = hub.order(order_id) if order_id else None
    rows = [replace(row, id="", variant_id="") for row in hub_order.rows] if hub_order else []
    levels = {level.sku: level for level in hub.levels([f"SKU-{place}" for place in range(1, 6)] + ["OTHER"])}
    committed = {sku: level.committed for sku, level in levels.items() if level.committed}
    return sorted(rows, key=lambda row: row.external_id or ""), hub_order and hub_order.totals, committed


def _look(connection: Connection, store: Store, order: StoreOrder, order_id: str | None) -> str | None:
    hub = BuiltinHub(connection)
    (found,) = find_matches(hub, connection, store_id=store.id, orders=[order], base="EUR")
    hub_order = hub.order(order_id) if order_id else None
    if hub_order:
        changes = decide_changes(order, hub_order, store=store, matches=found)
        hub.carry_out(changes.actions)
        return None if changes.deletes else order_id
    if not is_open(order):
        return None
    creation, _ = build_order(order, store=store, account=account(), matches=found, location="main")
    return hub.carry_out([creation])[0]
