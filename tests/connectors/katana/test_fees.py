"""Shipping as Katana's own fee line: a second request, once only, that follows the shop (MAP-9, KAT-1)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import HubRefused
from connectors.katana.applying import Applier
from connectors.katana.copies import Copies
from connectors.katana.orders import OrderReader
from connectors.katana.origins import origin_in
from connectors.postgres import Connection
from sandbox import KatanaAccount
from schemas.actions import AddRow, ChangeRow, DeleteRow, DeliverRows
from schemas.hub import DeliveryStatus, HubOrder, HubRow
from tests.connectors.builtin_hub.makers import chair, product, shipping
from tests.connectors.katana.mortal import Died, MortalClient
from tests.connectors.katana.test_bearing import loyalty
from tests.connectors.katana.working import Work

D = Decimal
FEE = "/sales_order_shipping_fee"


@pytest.fixture
def work(
    client: MortalClient,
    copies: Copies,
    orders: OrderReader,
    account: KatanaAccount,
    database: Connection,
    store: int,
) -> Work:
    """Somebody at work in an account whose shipping is a fee."""
    applier = Applier(database, client, copies, orders, fees_apart=True)
    return Work(applier, orders, account, database, store)


@pytest.fixture
def order(work: Work) -> HubOrder:
    """Two chairs at 30, sent for 4.90."""
    return work.create(chair(), dhl())


def dhl(total: str = "4.90") -> Any:
    return shipping(total=D(total), price_per_unit=D(total), tax=D(total) / 5)


def fees(work: Work) -> list[Decimal]:
    return [row["amount"] for row in work.account.fees.table.of(work.number)]


def change(row: HubRow, total: str, **changes: Any) -> ChangeRow:
    """A row at another price."""
    amount = D(total)
    change = ChangeRow("", row.id, D(1), amount, D(0), row.tax_rate, amount, amount / 5)
    return replace(change, **changes)


def test_MAP_9_shipping_is_a_fee_and_its_row_stands_as_the_shop_has_it(work: Work, order: HubOrder) -> None:
    (fee,) = work.account.fees.table.of(work.number)
    rate = work.account.tax_rates.table.find(fee["tax_rate_id"])["rate"]

    assert (fee["amount"], fee["description"], rate) == (D("4.90"), "DHL", 20)
    assert len(work.there()) == 1
    row = work.row("21")
    assert (row.total, row.tax, row.kind, row.ships, row.delivered_quantity) == (
        D("4.90"),
        D("0.98"),
        "shipping",
        False,
        0,
    )
    assert [one.path for one in work.writes()].count(FEE) == 1
    assert work.writes()[-1].body["amount"] == "4.9"  # a text


def test_KAT_1_an_order_that_is_made_again_has_no_second_fee(work: Work, order: HubOrder) -> None:
    work.create(chair(), dhl())

    assert fees(work) == [D("4.90")]


@pytest.mark.parametrize("dies_behind", ["sales_orders", "sales_order_shipping_fee"])
def test_KAT_1_who_dies_around_the_second_request_leaves_one_fee(
    work: Work, client: MortalClient, dies_behind: str
) -> None:
    client.dies_after(dies_behind)
    with pytest.raises(Died):
        work.create(chair(), dhl())
    work.later(601)

    work.create(chair(), dhl())

    assert (fees(work), len(list(work.account.orders.table.view()))) == ([D("4.90")], 1)
    assert work.row("21").total == D("4.90")


def test_CHG_1_CHG_2_CHG_3_it_changes_goes_and_comes_with_the_shop_s(work: Work, order: HubOrder) -> None:
    row = work.row("21")
    work.do(replace(change(row, "6.50"), order_id=work.id))
    assert (fees(work), work.row("21").total) == ([D("6.50")], D("6.50"))
    before = work.count()
    work.do(replace(change(row, "6.50"), order_id=work.id))
    assert work.writes(before) == []
    work.do(DeleteRow(work.id, row.id))
    assert (fees(work), len(work.read().rows)) == ([], 1)
    work.do(AddRow(work.id, replace(dhl("7"), location=work.row().location)))
    assert (fees(work), work.row("21").total) == ([D(7)], 7)


def test_KAT_1_an_order_of_another_s_making_has_its_fee_taken(work: Work) -> None:
    account, origin = work.account, origin_in(work.database, work.store, "5001").filters
    customer, variant = account.customers.create({"name": "Ada"})["id"], account.add_product("CHAIR")["id"]
    rows = [{"variant_id": variant, "quantity": 2, "price_per_unit": 30}]
    there = account.orders.create({**origin, "customer_id": customer, "sales_order_rows": rows})
    account.fees.create({"sales_order_id": there["id"], "amount": "3.90"})

    work.create(chair(), dhl())

    assert (fees(work), work.row("21").total) == ([D("3.90")], D("3.90"))
    work.do(replace(change(work.row("21"), "4.90"), order_id=work.id))
    assert fees(work) == [D("4.90")]


def test_KAT_1_what_a_read_shows_late_is_not_written_again(work: Work, order: HubOrder) -> None:
    with work.lag():
        work.do(replace(change(work.row("21"), "6.50"), order_id=work.id))

        assert work.row("21").total == D("6.50")


@pytest.mark.long
def test_KAT_4_a_fee_that_a_person_took_away_comes_again_and_another_s_is_let_be(work: Work, order: HubOrder) -> None:
    (fee,) = work.account.fees.table.of(work.number)
    work.account.fees.delete(fee)
    work.account.fees.create({"sales_order_id": work.number, "amount": "99", "tax_rate_id": fee["tax_rate_id"]})
    work.is_old()
    work.database.execute("UPDATE katana_intents SET sent_at = sent_at - interval '1 day'")
    assert [row.external_id for row in work.read().rows] == ["11"]

    work.do(AddRow(work.id, replace(dhl(), location=work.row().location)))

    assert sorted(fees(work)) == [D("4.90"), 99]
    assert work.row("21").total == D("4.90")


def test_FUL_8_no_parcel_has_it_and_it_goes_with_the_last(work: Work) -> None:
    work.create(chair(), product("LAMP"), dhl())

    work.do(DeliverRows(work.id, ((work.row().id, D(2)),), "store", external_id="p1"))
    assert work.row("21").delivered_quantity == 0
    work.do(DeliverRows(work.id, ((work.row("line-LAMP").id, D(1)),), "store", external_id="p2"))

    assert work.account.orders.table.find(work.number)["status"] == "DELIVERED"
    assert (work.read().status, work.row("21").delivered_quantity) == (DeliveryStatus.DELIVERED, 1)


def test_MAP_9_it_bears_what_is_below_zero_as_a_row_does(work: Work) -> None:
    work.create(chair(total=D(60)), dhl("40"), loyalty())

    assert (fees(work), [row["total_discount"] for row in work.there()]) == ([36], [6])
    assert (work.row("21").total, work.row("31").total) == (40, -10)
    work.do(DeleteRow(work.id, work.row("31").id))
    assert (fees(work), [row["total_discount"] for row in work.there()]) == ([40], [0])


def test_CHG_1_what_crosses_zero_is_a_fee_no_more(work: Work, order: HubOrder) -> None:
    work.do(replace(change(work.row("21"), "-3"), order_id=work.id))
    assert (fees(work), work.row("21").total) == ([], -3)
    work.do(replace(change(work.row("21"), "3"), order_id=work.id))
    assert (fees(work), work.row("21").total) == ([3], 3)


def test_MAP_8_an_order_of_which_only_the_fee_is_left_is_refused(work: Work) -> None:
    with pytest.raises(HubRefused, match="nothing"):
        work.create(chair(delivered_quantity=D(2)), dhl())
