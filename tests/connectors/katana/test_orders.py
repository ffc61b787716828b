"""Sales orders as they stand in Katana, with what is kept of them beside (KAT-4)."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import HubBusy, Rejected
from connectors.katana.creating import Creator
from connectors.katana.orders import OrderReader
from connectors.postgres import Connection
from sandbox import KatanaAccount
from schemas.flags import Flags
from schemas.hub import DeliveryStatus, DraftOrder, HubMo, HubOrder, MoStatus, NewItem
from schemas.orders import Kind
from tests.connectors.builtin_hub.makers import chair, shipping
from tests.connectors.katana.makers import ORIGIN, order

D = Decimal


def made(creator: Creator, orders: OrderReader, draft: DraftOrder) -> HubOrder:
    return read(orders, creator.create(draft, ORIGIN).id)


def read(orders: OrderReader, order_id: str) -> HubOrder:
    found = orders.order(order_id)
    assert found is not None
    return found


def test_an_order_is_read_with_all_that_is_of_it(
    creator: Creator, orders: OrderReader, account: KatanaAccount, store: int
) -> None:
    draft = order(
        account,
        store,
        chair(quantity=D(3), total=D(81), tax=D("16.21"), discount_percent=D(10)),
        shipping(price_per_unit=D("4.90"), total=D("4.90"), tax=D("0.98")),
        order_no="#1001",
        total_with_tax=D("102.99"),
        notes="Ring twice",
        customer_reference="PO 7",
    )

    found = made(creator, orders, draft)

    assert (found.order_no, found.store_id, found.external_id) == ("#1001", store, "5001")
    assert (found.status, found.currency, found.location) == (DeliveryStatus.NOT_SHIPPED, "EUR", draft.location)
    item, fee = found.rows
    assert (item.external_id, item.sku, item.name, item.kind, item.ships) == (
        "11",
        "CHAIR",
        "Chair",
        Kind.PRODUCT,
        True,
    )
    assert (item.quantity, item.price_per_unit, item.discount_percent, item.tax_rate) == (3, 30, 10, 20)
    assert (item.total, item.tax) == (81, D("16.21"))  # as the store says, not as the rate gives
    assert (fee.external_id, fee.kind, fee.name, fee.ships, fee.total) == ("21", Kind.SHIPPING, "DHL", False, D("4.90"))
    assert found.totals is not None and found.totals.total_with_tax == D("102.99")
    assert found.head is not None
    assert (found.head.customer.name, found.head.customer.email) == ("Ada Lovelace", "ada@example.com")
    assert (found.head.bill_to, found.head.ship_to) == (draft.bill_to, draft.ship_to)
    assert (found.head.created_at, found.head.delivery_date) == (draft.created_at, draft.delivery_date)
    assert (found.head.notes, found.head.customer_reference) == ("Ring twice", "PO 7")
    assert (found.fulfillments, found.has_invoice, found.is_locked) == ((), False, False)


def test_MAP_8_what_had_left_before_the_import_is_read_with_the_order(
    creator: Creator, orders: OrderReader, account: KatanaAccount, store: int
) -> None:
    part = chair(quantity=D(3), delivered_quantity=D(1), total=D(90), tax=D(18))
    gone = chair(
        external_id="12", item=NewItem("Table", Kind.PRODUCT, sku="TABLE"), sku="TABLE", delivered_quantity=D(2)
    )

    found = made(creator, orders, order(account, store, part, gone, is_paid=True))

    rows = [(row.external_id, row.quantity, row.delivered_quantity, row.gone_before, row.total) for row in found.rows]
    assert rows == [("11", 3, 1, 1, 90), ("12", 2, 2, 2, 60)]
    assert (found.status, found.flags) == (DeliveryStatus.PARTIALLY_DELIVERED, Flags(billed=True, paid=True))

    account.fulfillments.take_rest(int(found.id), "DELIVERED")

    assert (read(orders, found.id).status, read(orders, found.id).flags.shipped) == (DeliveryStatus.DELIVERED, True)


def test_KAT_2_a_full_look_is_two_requests(
    creator: Creator, orders: OrderReader, account: KatanaAccount, store: int
) -> None:
    order_id = made(creator, orders, order(account, store)).id
    before = len(account.asked_for())

    read(orders, order_id)

    assert [one.path for one in account.asked_for()[before:]] == [
        f"/sales_orders/{order_id}",
        "/sales_order_fulfillments",
    ]


def test_FUL_10_what_a_person_packs_and_delivers_is_told_by_row(
    creator: Creator, orders: OrderReader, account: KatanaAccount, store: int
) -> None:
    found = made(creator, orders, order(account, store, chair(quantity=D(3)), shipping()))
    chairs, fee = (int(row.id) for row in found.rows)
    number = int(found.id)

    account.fulfillments.take_rest(number, "PACKED", {chairs: 2})
    packed = read(orders, found.id)
    account.fulfillments.take_rest(number, "DELIVERED", tracking_number="T1", tracking_carrier="DHL")
    whole = read(orders, found.id)

    assert (packed.status, packed.rows[0].packed_quantity, packed.rows[0].status) == (
        DeliveryStatus.PARTIALLY_PACKED,
        2,
        DeliveryStatus.PARTIALLY_PACKED,
    )
    assert (whole.status, whole.rows[0].delivered_quantity, whole.rows[0].packed_quantity) == ("DELIVERED", 3, 0)
    assert {dict(one.rows).get(str(chairs)) for one in whole.fulfillments} == {2, 1}
    assert {one.tracking_number for one in whole.fulfillments} == {"T1"}
    assert {(one.source, one.external_id) for one in whole.fulfillments} == {("hub", None)}
    assert fee


@pytest.mark.parametrize(
    ("is_all", "delivered", "invoiced"), [(True, 0, 3), (False, 0, 3), (False, 1, 1), (True, 1, 3)]
)
def test_CHG_4_what_may_be_invoiced_counts_as_invoiced(
    creator: Creator,
    orders: OrderReader,
    account: KatanaAccount,
    store: int,
    *,
    is_all: bool,
    delivered: int,
    invoiced: int,
) -> None:
    found = made(creator, orders, order(account, store, chair(quantity=D(3))))
    if delivered:
        account.fulfillments.take_rest(int(found.id), "DELIVERED", {int(found.rows[0].id): delivered})

    account.orders.invoice(int(found.id), is_all=is_all)

    now = read(orders, found.id)
    assert (now.has_invoice, now.rows[0].invoiced_quantity) == (True, invoiced)


@pytest.mark.parametrize(
    ("closed", "is_locked"), [("2020-01-01T23:59:59.000Z", False), ("2090-01-01T23:59:59.000Z", True)]
)
def test_CHG_5_an_order_is_locked_by_what_was_picked_in_a_closed_period(
    creator: Creator, orders: OrderReader, account: KatanaAccount, store: int, *, closed: str, is_locked: bool
) -> None:
    found = made(creator, orders, order(account, store))
    account.fulfillments.take_rest(int(found.id), "DELIVERED")
    account.factory["inventory_closing_date"] = closed

    orders._connection.execute("UPDATE katana_polls SET read_at = NULL")  # an hour later
    again = OrderReader(orders._connection, orders._client, orders._copies)

    assert read(again, found.id).is_locked is is_locked
    assert str(again.closed_until()) == closed[:10]


def test_KAT_4_what_a_person_changes_is_read_as_it_is(
    creator: Creator, orders: OrderReader, account: KatanaAccount, store: int
) -> None:
    found = made(creator, orders, order(account, store))
    row = account.rows.table.of(int(found.id))[0]

    account.rows.change(row, {"quantity": 4, "total_discount": 12})

    changed = read(orders, found.id).rows[0]
    assert (changed.quantity, changed.discount_percent, changed.total, changed.tax) == (4, 10, 108, D("21.60"))


def test_KAT_4_an_order_that_is_gone_is_none(
    creator: Creator, orders: OrderReader, account: KatanaAccount, store: int, database: Connection
) -> None:
    found = made(creator, orders, order(account, store))
    account.orders.delete(account.orders.table.find(int(found.id)))

    with pytest.raises(HubBusy, match="not to be seen"):  # it was made a moment ago, and reads may be late
        orders.order(found.id)
    database.execute("UPDATE katana_orders SET made_at = made_at - interval '1 hour'")

    assert orders.order(found.id) is None
    assert orders.orders([found.id, "987654321"]) == {}


def test_FUL_15_an_order_that_was_made_in_katana_is_of_no_store(orders: OrderReader, account: KatanaAccount) -> None:
    variant, customer = account.add_product("CHAIR", price=30), account.customers.create({"name": "Ada"})
    rows = [{"variant_id": variant["id"], "quantity": 2, "price_per_unit": 30}]
    number = account.orders.create({"customer_id": customer["id"], "sales_order_rows": rows, "currency": "EUR"})["id"]

    found = read(orders, str(number))

    assert (found.store_id, found.external_id, found.rows[0].external_id) == (None, None, None)
    assert (found.rows[0].sku, found.rows[0].name) == ("CHAIR", "CHAIR")
    assert found.totals is not None
    assert (found.totals.total, found.totals.total_with_tax, found.totals.store_total) == (60, D("71.40"), None)


def test_CHG_1_a_row_is_read_with_what_is_made_for_it(
    creator: Creator, orders: OrderReader, account: KatanaAccount, store: int
) -> None:
    variant = account.add_product("CHAIR", is_producible=True)
    found = made(creator, orders, order(account, store, chair(item=str(variant["id"]))))
    assert found.rows[0].mo is None

    mo = _make(account, int(found.rows[0].id))

    assert read(orders, found.id).rows[0].mo == HubMo(str(mo["id"]), MoStatus.NOT_STARTED, D(2))


def _make(account: KatanaAccount, row: int) -> Any:
    return account.manufacturing.make_to_order({"sales_order_row_id": row})


def test_ORD_6_a_store_s_order_is_known_by_its_external_id(
    creator: Creator, orders: OrderReader, account: KatanaAccount, store: int
) -> None:
    found = made(creator, orders, order(account, store))

    assert orders.find_order(store, "5001") == found.id
    assert orders.find_order(store, "5002") is None


def test_KAT_3_fulfillments_of_other_orders_are_not_taken_for_this_one_s(
    creator: Creator, orders: OrderReader, account: KatanaAccount, store: int
) -> None:
    found = made(creator, orders, order(account, store))
    rows = [{"variant_id": account.variant_of("CHAIR")["id"], "quantity": 1}]
    other = account.orders.create({"customer_id": int(found.head.customer.id), "sales_order_rows": rows})  # type: ignore[union-attr]
    account.fulfillments.take_rest(other["id"], "DELIVERED")
    account.oddities.ignored_filters = ("sales_order_fulfillments.sales_order_id",)

    with pytest.raises(Rejected, match="sales_order_id"):
        orders.order(found.id)


def test_KAT_4_numbers_by_the_book_and_as_they_are_come_to_the_same(
    creator: Creator, orders: OrderReader, account: KatanaAccount, store: int
) -> None:
    found = made(creator, orders, order(account, store, chair(price_per_unit=D("12.5"), total=D(25), tax=D(5))))

    account.oddities.numbers_by_book = True

    assert read(orders, found.id) == found
