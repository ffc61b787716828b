"""The profile stitch end to end: a BigCommerce shop over HTTP, a real database, both tables of chapter 9 (STI-1)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from sandbox import open_sandbox
from schemas.actions import AdjustStock, DeliverRows, PackRows, SetFlags
from schemas.hub import HubOrder
from tasks.held import Process
from tasks.orders.fulfill import fulfill_order
from tasks.orders.preview import preview_orders
from tasks.stores import change_store
from tests.tasks.bad_input import open_bench
from tests.tasks.conftest import import_all, show
from tests.tasks.orders.delivering import Desk
from tests.tasks.orders.looking import Shop, all_orders, do, journal_of, order_of, store_of

D = Decimal
IDS: Final = {
    "Awaiting Payment": 7,
    "Awaiting Fulfillment": 11,
    "Awaiting Shipment": 9,
    "Completed": 10,
    "Shipped": 2,
    "Partially Shipped": 3,
    "Cancelled": 5,
    "Declined": 6,
    "Refunded": 4,
    "Awaiting Pickup": 8,
    "Manual Verification Required": 12,
}
PAID: Final = {"billed", "paid"}
READY: Final = {"billed", "paid", "packed"}
TELLING: Final = {"stitch.push_order_info": "on"}


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A BigCommerce shop without orders."""
    with open_sandbox("bigcommerce", orders=0) as sandbox:
        yield sandbox


def stitch(held: Process, shop: Shop, **settings: str) -> int:
    """The shop, connected as `acme` with the profile: its id."""
    return open_bench(held, shop, "bigcommerce", name="acme", profile="stitch", **settings).store_id


def place(shop: Shop, status: str = "Awaiting Fulfillment", quantity: int = 2, **given: Any) -> str:
    """An order of chairs without tax: its id."""
    line = {"name": "Chair", "sku": "CHAIR", "price": "30.00", "quantity": quantity, "product_id": 7, "variant_id": 8}
    return str(shop.shop.place_order({"products": [line], "tax_rate": "0", "status_id": IDS[status], **given}).id)


def move(shop: Shop, external_id: str, status: str) -> None:
    """The merchant picks a status."""
    shop.shop.edit_order(int(external_id), {"status_id": IDS[status]})


def flags(held: Process, external_id: str) -> set[str]:
    """The flags of the hub's order that are set."""
    order = show(held, external_id)["order"]
    assert order is not None
    return {name for name, is_set in order["flags"].items() if is_set}


def state(held: Process, external_id: str) -> tuple[str, set[str]]:
    """How far the rows are, and the flags."""
    return show(held, external_id)["order"]["status"], flags(held, external_id)


def chairs(held: Process) -> tuple[Decimal, Decimal]:
    """In stock and committed."""
    with held.pool.connection() as connection:
        (level,) = BuiltinHub(connection).levels(["CHAIR"])
    return level.in_stock, level.committed


def hub_order(held: Process, store_id: int, external_id: str) -> HubOrder:
    with held.pool.connection() as connection:
        found = BuiltinHub(connection).order(order_of(held, store_id, external_id).hub_order_id or "")
    assert found is not None
    return found


def in_hub(held: Process, store_id: int, external_id: str, did: str, pieces: int = 2) -> None:
    """What a person does in the hub: packs, delivers with a tracking number, or sets a flag."""
    order = hub_order(held, store_id, external_id)
    flagged = {name: getattr(order.flags, name) for name in ("billed", "paid", "packed", "shipped", "closed", "voided")}
    parts = tuple((row.id, D(pieces)) for row in order.rows if row.ships)
    with held.pool.connection() as connection, connection.transaction():
        if did == "packed":
            action: Any = PackRows(order.id, parts)
        elif did == "delivered":
            action = DeliverRows(order.id, parts, source="hub", tracking_number="0034", carrier="DHL")
        else:
            action = SetFlags(order.id, type(order.flags)(**{**flagged, did: True}))
        BuiltinHub(connection).carry_out([action])


def imported(held: Process, shop: Shop, status: str = "Awaiting Fulfillment", **settings: str) -> tuple[int, str]:
    """A store with the profile and an order of two chairs that came in: their ids."""
    store_id = stitch(held, shop, **settings)
    external_id = place(shop, status)
    import_all(held, store_id)
    return store_id, external_id


def put(shop: Shop) -> int:
    """How often an order's status was written."""
    return int(shop.shop.calls_of("PUT /v2/orders/{id}"))


# -- the shop's statuses: orders that are new to the hub -----------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Awaiting Payment", ("NOT_SHIPPED", {"billed"})),
        ("Awaiting Fulfillment", ("NOT_SHIPPED", PAID)),
        ("Awaiting Shipment", ("PACKED", READY)),
        ("Completed", ("PACKED", READY)),
    ],
)
def test_STI_1_new_order_imports_with_the_flags_of_its_status(
    held: Process, shop: Shop, status: str, expected: tuple[str, set[str]]
) -> None:
    _, external_id = imported(held, shop, status)

    assert state(held, external_id) == expected
    # Nothing of it is to be told back.
    row = order_of(held, 1, external_id)
    assert row.hub_changed == row.hub_settled


@pytest.mark.parametrize(
    "status",
    [
        "Shipped",
        "Partially Shipped",
        "Cancelled",
        "Declined",
        "Refunded",
        "Awaiting Pickup",
        "Manual Verification Required",
    ],
)
def test_STI_1_new_order_in_any_other_status_does_not_import(held: Process, shop: Shop, status: str) -> None:
    store_id, external_id = imported(held, shop, status)

    assert order_of(held, store_id, external_id).reason == "status_not_imported"


def test_STI_1_new_completed_order_is_closed_with_auto_close(held: Process, shop: Shop) -> None:
    _, external_id = imported(held, shop, "Completed", **{"stitch.auto_close": "on"})

    assert state(held, external_id) == ("PACKED", {*READY, "closed"})


@pytest.mark.parametrize("status", ["Awaiting Shipment", "Completed"])
def test_STI_1_packed_pieces_leave_in_stock(held: Process, shop: Shop, status: str) -> None:
    store_id = stitch(held, shop)
    place(shop)
    import_all(held, store_id)
    count_in(held, 10)
    place(shop, status)

    import_all(held, store_id)

    assert chairs(held) == (8, 2)


def count_in(held: Process, pieces: int) -> None:
    with held.pool.connection() as connection, connection.transaction():
        BuiltinHub(connection).carry_out([AdjustStock("CHAIR", D(pieces))])


def test_STI_1_what_was_completed_before_the_connection_takes_nothing_off_in_stock(held: Process, shop: Shop) -> None:
    with shop.shop.at(datetime.now(UTC) - timedelta(days=3)):
        external_id = place(shop, "Completed")
    store_id = stitch(held, shop)

    import_all(held, store_id)

    assert state(held, external_id) == ("PACKED", READY)
    assert chairs(held) == (0, 0)


def test_STI_1_first_connection_brings_open_orders_of_any_age_and_no_old_completed_ones(
    held: Process, shop: Shop
) -> None:
    opened = ("Awaiting Payment", "Awaiting Fulfillment", "Awaiting Shipment")
    with shop.shop.at(datetime.now(UTC) - timedelta(days=900)):
        old = {place(shop, status) for status in opened}
        place(shop, "Completed")
    new = place(shop)
    store_id = stitch(held, shop)

    import_all(held, store_id)

    assert all_orders(held, store_id) == dict.fromkeys({*old, new}, "imported")


def test_STI_1_order_that_was_shipped_and_completed_between_two_looks_comes_with_its_fulfilment(
    held: Process, shop: Shop
) -> None:
    store_id = stitch(held, shop)
    external_id = place(shop)
    shop.shop.ship_order(int(external_id), tracking_number="0034", carrier="dhl")
    shop.shop.complete_order(int(external_id))

    import_all(held, store_id)

    order = show(held, external_id)["order"]
    assert (order["status"], order["fulfillments"][0]["tracking_number"]) == ("DELIVERED", "0034")
    assert chairs(held) == (-2, 0)


# -- the shop's statuses: orders that stand in the hub -------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        ("Awaiting Payment", "Awaiting Fulfillment", ("NOT_SHIPPED", PAID)),
        ("Awaiting Payment", "Awaiting Shipment", ("PACKED", READY)),
        ("Awaiting Fulfillment", "Awaiting Shipment", ("PACKED", READY)),
        ("Awaiting Shipment", "Awaiting Payment", ("PACKED", READY)),
        ("Awaiting Fulfillment", "Shipped", ("NOT_SHIPPED", PAID)),
        ("Awaiting Fulfillment", "Partially Shipped", ("NOT_SHIPPED", PAID)),
        ("Awaiting Fulfillment", "Completed", ("NOT_SHIPPED", PAID)),
        ("Awaiting Fulfillment", "Cancelled", ("NOT_SHIPPED", {*PAID, "voided"})),
        ("Awaiting Fulfillment", "Declined", ("NOT_SHIPPED", {*PAID, "voided"})),
        ("Awaiting Shipment", "Refunded", ("PACKED", {*READY, "voided"})),
        ("Awaiting Fulfillment", "Awaiting Pickup", ("NOT_SHIPPED", PAID)),
        ("Awaiting Fulfillment", "Manual Verification Required", ("NOT_SHIPPED", PAID)),
    ],
)
def test_STI_1_status_of_an_imported_order_raises_its_flags(
    held: Process, shop: Shop, first: str, then: str, expected: tuple[str, set[str]]
) -> None:
    store_id, external_id = imported(held, shop, first, **TELLING)
    move(shop, external_id, then)

    import_all(held, store_id)

    assert state(held, external_id) == expected
    fulfill_order(store_id, external_id)
    assert put(shop) == 0  # no echo


# A guard of the hub that somebody added: nothing is packed.
_NO_PACKING: Final = """
CREATE FUNCTION hub.refuse_packing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'nothing is packed today' USING ERRCODE = 'HB001';
END $$;
CREATE TRIGGER refuse_packing BEFORE UPDATE ON hub.sales_order_rows FOR EACH ROW
    WHEN (NEW.packed_quantity > OLD.packed_quantity) EXECUTE FUNCTION hub.refuse_packing();
"""


def test_STI_1_what_was_shipped_is_delivered_where_the_hub_refuses_the_flags(held: Process, shop: Shop) -> None:
    store_id, external_id = imported(held, shop)
    do(held, _NO_PACKING)
    line = shop.shop.order(int(external_id)).products[0]["id"]
    shop.shop.ship_order(int(external_id), {line: 1}, tracking_number="0034", carrier="dhl")
    move(shop, external_id, "Awaiting Shipment")

    assert import_all(held, store_id) == ["delivered"]

    assert state(held, external_id) == ("PARTIALLY_DELIVERED", PAID)
    row = order_of(held, store_id, external_id)
    assert (row.reason, row.detail, row.is_failing) == ("refused_by_hub", {"problem": "nothing is packed today"}, True)


def test_STI_1_fulfilments_come_in_part_and_in_whole_with_their_tracking(held: Process, shop: Shop) -> None:
    store_id, external_id = imported(held, shop, "Awaiting Shipment", **TELLING)
    line = shop.shop.order(int(external_id)).products[0]["id"]
    shop.shop.ship_order(int(external_id), {line: 1}, tracking_number="0034", carrier="dhl")
    assert import_all(held, store_id) == ["delivered"]
    in_part = state(held, external_id)
    shop.shop.ship_order(int(external_id))
    assert import_all(held, store_id) == ["delivered"]

    order = show(held, external_id)["order"]
    assert in_part == ("PARTIALLY_DELIVERED", READY)
    assert state(held, external_id) == ("DELIVERED", {*READY, "shipped"})
    assert [fulfillment["tracking_number"] for fulfillment in order["fulfillments"]] == ["0034", None]
    assert chairs(held) == (-2, 0)
    assert (fulfill_order(store_id, external_id), put(shop)) == ("nothing_due", 0)
    assert len(shop.shop.shipments_of(external_id)) == 2


def test_MAP_3_fulfilment_with_a_custom_item_that_is_left_out_is_delivered(held: Process, shop: Shop) -> None:
    store_id = stitch(held, shop)
    chair = {"name": "Chair", "sku": "CHAIR", "price": "30.00", "quantity": 2, "product_id": 7, "variant_id": 8}
    engraving = {"name": "Engraving", "sku": "", "price": "5.00", "quantity": 1, "product_id": 0, "variant_id": 0}
    external_id = place(shop, products=[chair, engraving])
    import_all(held, store_id)
    shop.shop.ship_order(int(external_id))

    assert import_all(held, store_id) == ["delivered"]

    assert state(held, external_id) == ("DELIVERED", {*READY, "shipped"})
    assert ("deliver", "noted", "line_not_matched") not in journal_of(held, store_id, external_id)


def test_STI_1_fulfilment_of_an_order_that_was_completed_meanwhile_comes_with_its_tracking(
    held: Process, shop: Shop
) -> None:
    store_id, external_id = imported(held, shop)
    shop.shop.ship_order(int(external_id), tracking_number="0034", carrier="dhl")
    shop.shop.complete_order(int(external_id))

    import_all(held, store_id)

    order = show(held, external_id)["order"]
    assert (order["status"], order["fulfillments"][0]["tracking_number"]) == ("DELIVERED", "0034")


def test_STI_1_voided_order_promises_nothing_and_is_not_delivered_any_more(held: Process, shop: Shop) -> None:
    store_id, external_id = imported(held, shop)
    shop.shop.cancel_order(int(external_id))
    import_all(held, store_id)
    assert chairs(held) == (0, 0)

    shop.shop.ship_order(int(external_id))
    import_all(held, store_id)

    assert state(held, external_id) == ("NOT_SHIPPED", {*PAID, "voided"})
    assert journal_of(held, store_id, external_id)[-1] == ("change", "noted", "voided_in_hub")


def test_STI_1_what_was_packed_of_a_voided_order_is_named(held: Process, shop: Shop) -> None:
    store_id, external_id = imported(held, shop, "Awaiting Shipment")
    shop.shop.cancel_order(int(external_id))

    import_all(held, store_id)

    assert journal_of(held, store_id, external_id)[-2:] == [
        ("change", "changed", None),
        ("change", "noted", "held_back"),
    ]


def test_STI_1_later_changes_to_lines_do_not_come(held: Process, shop: Shop) -> None:
    store_id, external_id = imported(held, shop)
    line = shop.shop.order(int(external_id)).products[0]
    line["quantity"] = 5
    shop.shop.edit_order(int(external_id), {"staff_notes": "five"})

    import_all(held, store_id)

    assert [row["quantity"] for row in show(held, external_id)["order"]["rows"] if row["sku"]] == ["2"]


def test_BEY_1_dry_run_shows_the_flags_that_would_come(held: Process, shop: Shop) -> None:
    store_id, external_id = imported(held, shop)
    move(shop, external_id, "Awaiting Shipment")
    row = store_of(held, store_id)

    (preview,) = preview_orders(held, row, row.cursor)

    packed = [{"sku": "CHAIR", "quantity": "2"}]
    assert preview.detail == {"status": "awaiting_shipment", "flags": ["packed"], "packed": packed}
    assert state(held, external_id) == ("NOT_SHIPPED", PAID)


# -- the hub's flags -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "did", "expected"),
    [
        ("Awaiting Payment", "paid", "Awaiting Fulfillment"),
        ("Awaiting Fulfillment", "packed", "Awaiting Shipment"),
        ("Awaiting Fulfillment", "closed", "Completed"),
        ("Awaiting Shipment", "closed", "Completed"),
        ("Awaiting Fulfillment", "voided", "Cancelled"),
    ],
)
@pytest.mark.parametrize("switch", ["on", "off"])
def test_STI_1_flag_of_the_hub_is_the_shop_s_status_where_order_info_is_pushed(
    held: Process, shop: Shop, first: str, did: str, expected: str, switch: str
) -> None:
    store_id, external_id = imported(held, shop, first, **{"stitch.push_order_info": switch})
    in_hub(held, store_id, external_id, did)

    word = fulfill_order(store_id, external_id)

    is_on = switch == "on"
    assert (word, shop.shop.status_of(external_id)) == (("sent", expected) if is_on else ("nothing_to_tell", first))
    before = state(held, external_id)
    import_all(held, store_id)  # the echo
    assert state(held, external_id) == before
    assert fulfill_order(store_id, external_id) == "nothing_due"
    assert put(shop) == int(is_on)


@pytest.mark.parametrize("packs", [True, False])
def test_STI_1_what_the_hub_delivers_is_a_shipment_with_tracking(held: Process, shop: Shop, packs: bool) -> None:
    store_id, external_id = imported(held, shop, **TELLING)
    if packs:
        in_hub(held, store_id, external_id, "packed")
    in_hub(held, store_id, external_id, "delivered", pieces=1)
    assert fulfill_order(store_id, external_id) == "sent"
    in_part = shop.shop.status_of(external_id)

    in_hub(held, store_id, external_id, "delivered", pieces=1)
    assert fulfill_order(store_id, external_id) == "sent"

    assert (in_part, shop.shop.status_of(external_id)) == ("Partially Shipped", "Shipped")
    sent = shop.shop.shipments_of(external_id)
    assert [(one["tracking_number"], one["tracking_carrier"]) for one in sent] == [("0034", "dhl")] * 2
    import_all(held, store_id)  # the echo
    assert fulfill_order(store_id, external_id) == "nothing_due"
    assert (len(shop.shop.shipments_of(external_id)), put(shop)) == (2, 0)
    assert len(show(held, external_id)["order"]["fulfillments"]) == 2


def test_STI_1_order_of_two_addresses_is_a_shipment_for_each(held: Process, shop: Shop) -> None:
    store_id = stitch(held, shop, **TELLING)
    line = {"name": "Chair", "sku": "CHAIR", "price": "30.00", "quantity": 1, "product_id": 7}
    lines = [line, {**line, "sku": "TABLE", "name": "Table"}]
    placed = shop.shop.place_order({"products": lines, "tax_rate": "0", "shipping_addresses": [{}, {"city": "Bonn"}]})
    placed.products[1]["order_address_id"] = placed.addresses[1]["id"]
    placed.written.clear()
    import_all(held, store_id)
    in_hub(held, store_id, str(placed.id), "delivered", pieces=1)

    fulfill_order(store_id, str(placed.id))

    sent = shop.shop.shipments_of(str(placed.id))
    assert {one["order_address_id"] for one in sent} == {one["id"] for one in placed.addresses}
    assert shop.shop.status_of(str(placed.id)) == "Shipped"


@pytest.mark.parametrize("status", ["Cancelled", "Refunded", "Declined", "Completed", "Shipped"])
@pytest.mark.parametrize("did", ["packed", "closed", "voided"])
def test_STI_1_shop_s_order_is_never_moved_back(held: Process, shop: Shop, status: str, did: str) -> None:
    store_id, external_id = imported(held, shop, **TELLING)
    move(shop, external_id, status)  # nobody has looked yet
    in_hub(held, store_id, external_id, did)

    fulfill_order(store_id, external_id)

    moved_on = {"closed": "Completed", "voided": "Cancelled"} if status == "Shipped" else {}
    assert shop.shop.status_of(external_id) == moved_on.get(did, status)


@pytest.mark.parametrize("is_made", [True, False])
def test_FUL_14_shipment_behind_a_page_is_looked_for_and_made_once(held: Process, shop: Shop, is_made: bool) -> None:
    store_id, external_id = imported(held, shop, **TELLING)
    in_hub(held, store_id, external_id, "delivered")
    desk = Desk(held, store_id, external_id)
    shop.faults.fail_next(1, "html_done" if is_made else "html", only="/shipments")

    assert desk.tell() == "put_off"
    words = [desk.tell()]
    if not is_made:
        assert shop.shop.shipments_of(external_id) == []
        desk.give_up()
        words.append(desk.tell())

    assert words == (["nothing_to_tell"] if is_made else ["put_off", "sent"])
    (made,) = shop.shop.shipments_of(external_id)
    (fulfillment,) = show(held, external_id)["order"]["fulfillments"]
    assert fulfillment["external_id"] == str(made["id"])
    assert desk.is_settled()


def test_FUL_14_worker_that_dies_after_the_shop_s_answer_sends_no_second_shipment(held: Process, shop: Shop) -> None:
    store_id, external_id = imported(held, shop, **TELLING)
    in_hub(held, store_id, external_id, "delivered")
    do(
        held,
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$",
    )
    do(held, "CREATE TRIGGER die BEFORE UPDATE ON hub.fulfillments FOR EACH ROW EXECUTE FUNCTION die()")
    assert fulfill_order(store_id, external_id) == "put_off"
    assert len(shop.shop.shipments_of(external_id)) == 1
    assert order_of(held, store_id, external_id).sending is not None

    do(held, "DROP TRIGGER die ON hub.fulfillments")
    do(held, "UPDATE store_orders SET hub_due_at = NULL, hub_rung_at = NULL")
    fulfill_order(store_id, external_id)

    (made,) = shop.shop.shipments_of(external_id)
    (fulfillment,) = show(held, external_id)["order"]["fulfillments"]
    assert fulfillment["external_id"] == str(made["id"])
    assert order_of(held, store_id, external_id).sending is None
    assert fulfill_order(store_id, external_id) == "nothing_due"


def test_STI_1_what_is_delivered_after_the_shop_completed_the_order_is_named_and_not_told(
    held: Process, shop: Shop
) -> None:
    store_id, external_id = imported(held, shop, **TELLING)
    move(shop, external_id, "Completed")
    import_all(held, store_id)
    in_hub(held, store_id, external_id, "delivered")

    assert fulfill_order(store_id, external_id) == "noted"

    row = order_of(held, store_id, external_id)
    assert (row.hub_reason, row.hub_is_failing) == ("completed_in_store", False)
    assert (shop.shop.status_of(external_id), shop.shop.shipments_of(external_id)) == ("Completed", [])
    move(shop, external_id, "Awaiting Shipment")
    import_all(held, store_id)
    assert fulfill_order(store_id, external_id) == "sent"


# -- order info is pushed from now on ------------------------------------------------------------------------------


@pytest.mark.parametrize(("did", "status"), [("packed", "Awaiting Shipment"), ("delivered", "Shipped")])
def test_STI_1_what_the_hub_did_before_order_info_is_pushed_is_told_once_it_is(
    held: Process, shop: Shop, did: str, status: str
) -> None:
    store_id, external_id = imported(held, shop)
    in_hub(held, store_id, external_id, did)
    assert fulfill_order(store_id, external_id) == "nothing_to_tell"

    change_store(held, store_of(held, store_id), TELLING, {})

    assert fulfill_order(store_id, external_id) == "sent"
    assert shop.shop.status_of(external_id) == status
    import_all(held, store_id)
    assert fulfill_order(store_id, external_id) == "nothing_due"


def test_STI_1_what_was_over_before_order_info_is_pushed_stays_as_it_is(held: Process, shop: Shop) -> None:
    store_id, external_id = imported(held, shop)
    in_hub(held, store_id, external_id, "closed")
    fulfill_order(store_id, external_id)

    change_store(held, store_of(held, store_id), TELLING, {})

    assert (fulfill_order(store_id, external_id), put(shop)) == ("nothing_due", 0)


# -- another profile -----------------------------------------------------------------------------------------------


def switch(held: Process, store_id: int, profile: str) -> None:
    """As `storesync store set acme profile=…`."""
    change_store(held, store_of(held, store_id), {"profile": profile}, {})


def test_STI_1_another_profile_looks_again_at_what_the_last_one_skipped(held: Process, shop: Shop) -> None:
    with shop.shop.at(datetime.now(UTC) - timedelta(days=900)):
        old = place(shop, "Awaiting Shipment")
    store_id = open_bench(held, shop, "bigcommerce", name="acme").store_id
    unpaid, taken, over = place(shop, "Awaiting Payment"), place(shop), place(shop, "Completed")
    import_all(held, store_id)
    before = all_orders(held, store_id)

    switch(held, store_id, "stitch")
    import_all(held, store_id)

    kept = {taken: "imported", over: "skipped"}
    assert before == {unpaid: "skipped", old: "skipped", **kept}
    assert all_orders(held, store_id) == {unpaid: "imported", old: "imported", **kept}
    assert {key: state(held, key) for key in (unpaid, old, taken)} == {
        unpaid: ("NOT_SHIPPED", {"billed"}),
        old: ("PACKED", READY),
        taken: ("NOT_SHIPPED", PAID),
    }


def test_STI_1_profiles_that_change_to_and_fro_double_nothing(held: Process, shop: Shop) -> None:
    store_id, external_id = imported(held, shop, "Awaiting Shipment", **TELLING)
    paid = place(shop)
    import_all(held, store_id)
    before = [state(held, key) for key in (external_id, paid)], chairs(held)

    for profile in ("katana", "stitch"):
        switch(held, store_id, profile)
        import_all(held, store_id)
        for key in (external_id, paid):
            fulfill_order(store_id, key)

    assert ([state(held, key) for key in (external_id, paid)], chairs(held)) == before
    assert do(held, "SELECT FROM hub.sales_orders") == 2
    assert (put(shop), shop.shop.shipments_of(external_id)) == (0, [])
