"""Orders that Katana's own link to a shop brought are found by its words, known again, and never doubled (ORD-6)."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import HubBusy
from connectors.katana.client import KatanaClient
from connectors.katana.links import find_link, is_same_shop
from connectors.katana.origins import origin_in
from connectors.postgres import Connection
from sandbox import KatanaAccount
from schemas.actions import DeliverRows
from tests.connectors.builtin_hub.makers import chair, product
from tests.connectors.katana.mortal import Died, MortalClient
from tests.connectors.katana.working import Work

D = Decimal


def bring(work: Work, *rows: tuple[str, int], **changes: Any) -> dict[str, Any]:
    """An order that Katana's own link brought."""
    account = work.account
    head = {"customer_id": account.customers.create({"name": "Ada Lovelace", "email": "ada@example.com"})["id"]}
    head |= {**origin_in(work.database, work.store, "5001").filters, "order_created_date": "2026-01-05T00:00:00.000Z"}
    lines = [
        {"variant_id": account.add_product(sku)["id"], "quantity": pieces, "price_per_unit": 30} for sku, pieces in rows
    ]
    return dict(account.orders.create({**head, "sales_order_rows": lines, **changes}))


@pytest.mark.parametrize(
    ("name", "shop", "is_same"),
    [
        ("acme.myshopify.com", "acme.myshopify.com", True),
        ("https://www.Shop.example/", "shop.example", True),
        ("acme", "acme.myshopify.com", True),
        ("acme.example", "acme.myshopify.com", False),
        ("other", "acme", False),
        ("", "acme", False),
    ],
)
def test_ORD_6_a_shop_is_known_by_what_either_side_calls_it(name: str, shop: str, *, is_same: bool) -> None:
    assert is_same_shop(name, shop) is is_same


def test_ORD_6_another_link_is_known_by_the_orders_that_it_brought(
    work: Work, client: KatanaClient, database: Connection
) -> None:
    origin = origin_in(database, work.store, "5001")
    assert find_link(database, client, "woocommerce", origin.store_name) is None
    bring(work, ("CHAIR", 2))
    bring(work, ("LAMP", 1), ecommerce_store_name="another.example")

    found = find_link(database, client, "woocommerce", origin.store_name)

    assert found is not None
    assert (found.orders, found.newest.year, found.is_our_name) == (1, 2026, True)
    work.create()
    assert find_link(database, client, "woocommerce", origin.store_name) is None  # by now it is known as ours


def test_ORD_6_what_it_brought_is_the_same_order_and_lives_on_as_one(work: Work) -> None:
    bring(work, ("CHAIR", 2))

    order = work.create()

    assert len(list(work.account.orders.table.view())) == 1
    assert (order.external_id, work.row().quantity, work.row().gone_before) == ("5001", 2, 0)
    work.do(DeliverRows(work.id, ((work.row().id, D(2)),), "store", external_id="p1"))
    assert work.read().status == "DELIVERED"


def test_ORD_6_a_line_that_a_shipped_order_does_not_take_any_more_is_told(work: Work, account: KatanaAccount) -> None:
    there = bring(work, ("CHAIR", 2))
    row = account.rows.table.of(there["id"])[0]
    account.fulfillments.take_rest(there["id"], "DELIVERED", {row["id"]: 1})
    for seconds in (0, 61, 541):
        work.later(seconds)
        with suppress(HubBusy):
            work.create(chair(), product("LAMP"))

    order = work.create(chair(), product("LAMP"))

    assert [(one.external_id, one.delivered_quantity) for one in order.rows] == [("11", 1)]
    assert order.takes_no_rows
    assert len(list(account.orders.table.view())) == 1


@pytest.mark.parametrize("delivered_there", [0, 2])
def test_MAP_8_lines_of_which_pieces_had_left_are_there_whole_and_counted_once(
    work: Work, account: KatanaAccount, delivered_there: int
) -> None:
    there = bring(work, ("CHAIR", 5), ("LAMP", 1))
    if delivered_there:
        row = account.rows.table.of(there["id"])[0]
        account.fulfillments.take_rest(there["id"], "DELIVERED", {row["id"]: delivered_there})
    variant = str(account.rows.table.of(there["id"])[1]["variant_id"])

    work.create(
        chair(quantity=D(5), delivered_quantity=D(2), total=D(150)),
        product("LAMP", item=variant, delivered_quantity=D(1)),
    )

    chairs, lamp = work.row("11"), work.row("line-LAMP")
    assert (chairs.quantity, chairs.delivered_quantity, chairs.gone_before) == (5, delivered_there, 0)
    assert (lamp.quantity, lamp.delivered_quantity, lamp.gone_before) == (1, 0, 0)
    assert len(work.there()) == 2


def test_KAT_1_who_dies_while_taking_an_order_leaves_its_lines_whole(work: Work, client: MortalClient) -> None:
    bring(work, ("CHAIR", 5))
    rows = chair(quantity=D(5), delivered_quantity=D(2), total=D(150)), product("LAMP")
    client.dies_after("sales_order_rows")
    for seconds in (0, 61, 541, 601):
        work.later(seconds)
        with suppress(HubBusy, Died):
            work.create(*rows)

    work.create(*rows)

    chairs = work.row("11")
    assert (chairs.quantity, chairs.delivered_quantity, chairs.gone_before) == (5, 0, 0)
    assert len(work.there()) == 2
