"""Returns of a Shopify store through gather, decide, apply: a real database and a shop over HTTP (CHG-9)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import order_view, orders, stores
from connectors.postgres.rows import StoreRow
from sandbox import RunningSandbox, open_sandbox
from sandbox.shopify.state import ShopifyShop
from schemas.actions import DeliverRows
from tasks.held import Process
from tasks.stores import NewStore, change_store, connect_store
from tests.tasks.conftest import import_all, import_due, show

Shop = RunningSandbox[ShopifyShop]
RETURNS = {"orders.returns": True}


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A Shopify shop without orders."""
    with open_sandbox("shopify", orders=0) as sandbox:
        yield sandbox


@pytest.fixture
def acme(held: Process, shop: Shop) -> int:
    """The shop, connected as `acme` with returns switched on: its id."""
    return connect(held, shop, **RETURNS)


def connect(held: Process, shop: Shop, **settings: Any) -> int:
    connect_store(held, NewStore("shopify", "acme", shop.url, shop.credentials, settings, allow_insecure=True))
    return int(store_row(held).id)


def store_row(held: Process) -> StoreRow:
    with held.pool.connection() as connection:
        row = stores.find_store(connection, "acme")
    assert row is not None
    return row


class Placed:
    """Three chairs and a lamp at the shop, and what its merchant does with them."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop.shop
        lines = [
            {"sku": "CHAIR", "name": "Chair", "price": "30.00", "quantity": 3},
            {"sku": "LAMP", "name": "Lamp", "price": "10.00", "quantity": 1},
        ]
        order = self.shop.place_order({"lines": lines})
        self.id = order.id
        self.chairs, self.lamps = (line.id for line in order.lines)

    def send(self) -> None:
        self.shop.fulfill(self.id, {self.chairs: 3, self.lamps: 1})

    def take_back(self, *, chairs: int = 0, lamps: int = 0) -> str:
        """A return of pieces; its id."""
        pieces = {line: count for line, count in ((self.chairs, chairs), (self.lamps, lamps)) if count}
        return str(self.shop.take_back(self.id, pieces)["id"]).split("/")[-1]

    def call_off(self, return_id: str) -> None:
        (made,) = (one for one in self.shop.order(self.id).returns if one["id"].endswith(f"/{return_id}"))
        made["status"] = "CANCELED"
        self.shop.edit_order(self.id, {"note": "keeps it"})

    def refund(self) -> None:
        self.shop.refund(self.id, pieces={self.chairs: 3, self.lamps: 1})


@pytest.fixture
def placed(held: Process, shop: Shop, acme: int) -> Placed:
    """An order that was imported, and sent since: the hub has delivered it as well."""
    order = Placed(shop)
    assert import_all(held, acme) == ["imported"]
    deliver(held, order)
    order.send()
    return order


def deliver(held: Process, order: Placed) -> None:
    """Deliver it whole in the hub."""
    with held.pool.connection() as connection, connection.transaction():
        hub = BuiltinHub(connection)
        row = order_view.order(connection, store_row(held).id, str(order.id))
        assert row is not None
        found = hub.order(row.hub_order_id or "")
        assert found is not None
        rows = tuple((each.id, each.quantity) for each in found.rows if each.ships)
        hub.carry_out([DeliverRows(found.id, rows, source="hub")])


def in_hub(held: Process, order: Placed) -> dict[str, Any]:
    found = show(held, str(order.id))["order"]
    assert isinstance(found, dict)
    return found


def returned(held: Process, order: Placed) -> dict[str, dict[str, str]]:
    """Pieces by SKU of each return, as `storesync order show` tells them."""
    shown = in_hub(held, order)["returns"]
    return {one["external_id"]: {row["sku"]: row["quantity"] for row in one["rows"]} for one in shown}


def noted(held: Process, order: Placed) -> list[str]:
    return [line["reason"] for line in show(held, str(order.id))["journal"] if line["outcome"] == "noted"]


def test_CHG_9_a_return_of_the_store_stands_with_its_order(held: Process, acme: int, placed: Placed) -> None:
    made = placed.take_back(chairs=2, lamps=1)

    assert import_all(held, acme) == ["changed"]

    assert returned(held, placed) == {made: {"CHAIR": "2", "LAMP": "1"}}
    (line,) = (line for line in show(held, str(placed.id))["journal"] if line["action"] == "change")
    assert line["detail"] == {"rows": [f"return {made}: 2 CHAIR, 1 LAMP"]}


def test_CHG_9_a_return_comes_once_however_often_its_order_does(held: Process, acme: int, placed: Placed) -> None:
    made = placed.take_back(chairs=1)
    import_all(held, acme)
    with held.pool.connection() as connection:
        orders.retry(connection, acme, str(placed.id))

    assert import_due(held, acme) == ["imported"]

    assert returned(held, placed) == {made: {"CHAIR": "1"}}


def test_CHG_9_several_returns_are_several_and_one_that_is_called_off_goes(
    held: Process, acme: int, placed: Placed
) -> None:
    first, second = placed.take_back(chairs=1), placed.take_back(chairs=1)
    import_all(held, acme)
    assert returned(held, placed) == {first: {"CHAIR": "1"}, second: {"CHAIR": "1"}}

    placed.call_off(first)
    import_all(held, acme)

    assert returned(held, placed) == {second: {"CHAIR": "1"}}


def test_CHG_9_a_delivered_order_that_was_returned_and_refunded_stays_as_it_was(
    held: Process, acme: int, placed: Placed
) -> None:
    before = in_hub(held, placed)
    made = placed.take_back(chairs=3, lamps=1)
    placed.refund()

    assert import_all(held, acme) == ["changed"]

    assert returned(held, placed) == {made: {"CHAIR": "3", "LAMP": "1"}}
    after = in_hub(held, placed)
    assert {key for key in after if after[key] != before[key]} <= {"returns", "fulfillments"}
    assert noted(held, placed) == []


def test_CHG_5_what_the_store_sent_and_refunded_before_the_hub_knew_is_not_deleted(
    held: Process, shop: Shop, acme: int
) -> None:
    order = Placed(shop)
    import_all(held, acme)
    order.send()
    order.refund()

    import_all(held, acme)

    assert {row["sku"]: row["quantity"] for row in in_hub(held, order)["rows"]} == {"CHAIR": "3", "LAMP": "1"}


def test_CHG_9_sent_returned_and_refunded_in_one_piece_of_news_ends_delivered_and_returned(
    held: Process, shop: Shop, acme: int
) -> None:
    order = Placed(shop)
    import_all(held, acme)
    order.send()
    made = order.take_back(chairs=1)
    order.shop.refund(order.id, pieces={order.chairs: 1})

    import_all(held, acme)

    found = in_hub(held, order)
    assert {row["sku"]: (row["quantity"], row["delivered_quantity"]) for row in found["rows"]} == {
        "CHAIR": ("3", "3"),
        "LAMP": ("1", "1"),
    }
    assert (found["status"], found["total_mismatch"]) == ("DELIVERED", False)
    assert returned(held, order) == {made: {"CHAIR": "1"}}
    assert noted(held, order) == []


def test_CHG_9_returns_wait_for_their_switch_and_earlier_ones_come_then(held: Process, shop: Shop) -> None:
    acme = connect(held, shop)
    order = Placed(shop)
    import_all(held, acme)
    order.send()
    made = order.take_back(chairs=1)
    import_all(held, acme)
    assert returned(held, order) == {}

    change_store(held, store_row(held), RETURNS, {})
    with held.pool.connection() as connection:
        orders.retry(connection, acme, str(order.id))
    import_due(held, acme)

    assert returned(held, order) == {made: {"CHAIR": "1"}}


def test_CHG_9_a_return_from_before_the_import_comes_with_it(held: Process, shop: Shop, acme: int) -> None:
    order = Placed(shop)
    order.shop.fulfill(order.id, {order.chairs: 2})
    made = order.take_back(chairs=1)

    assert import_all(held, acme) == ["imported"]

    assert returned(held, order) == {made: {"CHAIR": "1"}}
    assert in_hub(held, order)["status"] == "PARTIALLY_DELIVERED"


def test_CHG_9_a_return_of_what_is_in_no_row_is_told_once(held: Process, acme: int, placed: Placed) -> None:
    with held.pool.connection() as connection:
        connection.execute("UPDATE hub.sales_order_rows SET external_id = NULL WHERE sku = 'LAMP'")
    made = placed.take_back(chairs=1, lamps=1)
    import_all(held, acme)
    placed.shop.edit_order(placed.id, {"note": "please hurry"})
    import_all(held, acme)

    assert returned(held, placed) == {made: {"CHAIR": "1"}}
    assert noted(held, placed).count("line_not_matched") == 1


def test_two_notes_of_one_reason_are_each_told_once(held: Process, shop: Shop) -> None:
    acme = connect(held, shop, **RETURNS, **{"orders.changes": False})
    order = Placed(shop)
    import_all(held, acme)
    with held.pool.connection() as connection:
        connection.execute("UPDATE hub.sales_order_rows SET external_id = NULL WHERE sku = 'LAMP'")
    order.send()
    order.take_back(lamps=1)
    for words in ("please hurry", "please hurry!"):
        order.shop.edit_order(order.id, {"note": words})
        import_all(held, acme)

    assert noted(held, order).count("line_not_matched") == 2  # its fulfilment's line, and its return's


def test_CHG_9_a_return_moves_no_stock(held: Process, acme: int, placed: Placed) -> None:
    def levels() -> list[tuple[str, Decimal]]:
        with held.pool.connection() as connection:
            return [(level.sku, level.in_stock) for level in BuiltinHub(connection).levels(["CHAIR", "LAMP"])]

    before = levels()
    placed.take_back(chairs=3)
    import_all(held, acme)

    assert levels() == before
