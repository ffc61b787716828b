"""Items and stock as Katana has them, and what open orders promise of it."""

from decimal import Decimal

import pytest

from connectors.errors import HubRefused
from connectors.katana.creating import Creator
from connectors.katana.hub import KatanaHub
from connectors.postgres import Connection
from sandbox import KatanaAccount
from schemas.actions import SetFlags
from schemas.flags import Flags
from schemas.groups import Group
from schemas.hub import StockLevel
from tests.connectors.builtin_hub.makers import chair, product
from tests.connectors.katana.makers import ORIGIN, order

D = Decimal


def place(account: KatanaAccount) -> str:
    return str(account.locations.default()["id"])


def level(hub: KatanaHub, sku: str = "CHAIR") -> StockLevel:
    (found,) = hub.levels([sku])
    return found


def asked(account: KatanaAccount, path: str) -> int:
    return sum(one.path == path for one in account.asked_for())


def sold_there(account: KatanaAccount, variant: int, pieces: int) -> int:
    """An order that a person makes in Katana; its id."""
    customer = account.customers.create({"name": "Grace"})
    row = {"variant_id": variant, "quantity": pieces, "price_per_unit": 1}
    return int(account.orders.create({"customer_id": customer["id"], "sales_order_rows": [row]})["id"])


# -- levels


def test_STK_2_stock_is_what_lies_there_and_what_open_rows_promise_of_it(
    hub: KatanaHub, creator: Creator, account: KatanaAccount, store: int
) -> None:
    variant = account.add_product("CHAIR", stock=10)
    creator.create(order(account, store, chair(quantity=D(2))), ORIGIN)
    sold_there(account, variant["id"], 3)

    found = level(hub)

    assert (found.sku, found.location, found.in_stock, found.is_counted) == ("CHAIR", place(account), 10, True)
    assert (found.committed, found.committed_direct, found.committed_store) == (5, 5, 2)


def test_STK_2_what_is_packed_or_delivered_is_promised_no_more(hub: KatanaHub, account: KatanaAccount) -> None:
    variant = account.add_product("CHAIR", stock=10)
    number = sold_there(account, variant["id"], 5)
    row = account.rows.table.of(number)[0]["id"]
    account.fulfillments.take_rest(number, "PACKED", {row: 1})
    account.fulfillments.take_rest(number, "DELIVERED", {row: 2})

    found = level(hub)

    assert (found.in_stock, found.committed_direct) == (7, 2)


@pytest.mark.parametrize("status", ["PENDING", "DELIVERED"])
def test_STK_2_quotes_and_delivered_orders_promise_nothing(hub: KatanaHub, account: KatanaAccount, status: str) -> None:
    variant = account.add_product("CHAIR", stock=10)
    number = sold_there(account, variant["id"], 5)
    if status == "PENDING":
        account.orders.change(account.orders.table.find(number), {"status": "PENDING"})
    else:
        account.fulfillments.take_rest(number, "DELIVERED")

    assert level(hub).committed_direct == 0


@pytest.mark.parametrize("end", ["closed", "voided"])
def test_STK_2_an_order_that_is_closed_or_voided_promises_nothing_and_is_news(
    hub: KatanaHub, creator: Creator, account: KatanaAccount, store: int, end: str
) -> None:
    account.add_product("CHAIR", stock=10)
    cursor = hub.changes_since(None).cursor
    made = creator.create(order(account, store, chair(quantity=D(2))), ORIGIN).id
    cursor = hub.changes_since(cursor).cursor
    assert level(hub).committed_direct == 2

    for flags, promised in ((Flags(**{end: True}), 0), (Flags(), 2)):
        hub.apply([Group("flags", (SetFlags(made, flags),))])
        assert (level(hub).committed_direct, level(hub).committed_store) == (promised, promised)
        news = hub.changes_since(cursor)
        assert [one.sku for one in news.skus] == ["CHAIR"]
        cursor = news.cursor
        hub.apply([Group("flags", (SetFlags(made, flags),))])
        assert hub.changes_since(cursor).skus == ()


def test_STK_2_what_katana_promises_to_manufacturing_is_not_on_rows(hub: KatanaHub, account: KatanaAccount) -> None:
    account.oddities.pending_is_committed = True
    variant = account.add_product("CHAIR", stock=10)
    number = sold_there(account, variant["id"], 5)
    account.orders.change(account.orders.table.find(number), {"status": "PENDING"})

    found = level(hub)

    assert (found.committed, found.committed_direct) == (5, 0)


def test_STK_3_of_several_items_with_a_sku_the_newest_counts(hub: KatanaHub, account: KatanaAccount) -> None:
    account.add_product("CHAIR", stock=10)
    account.add_product("CHAIR", stock=3)

    assert level(hub).in_stock == 3
    assert hub.levels(["UNKNOWN"]) == ()


def test_STK_4_each_place_has_its_own_level(hub: KatanaHub, account: KatanaAccount) -> None:
    variant = account.add_product("CHAIR", stock=10)
    attic = account.locations.create({"name": "Attic"})
    account.count(variant["id"], D(4), attic["id"])

    found = {one.location: one.in_stock for one in hub.levels(["CHAIR"])}

    assert found == {place(account): 10, str(attic["id"]): 4}


def test_KAT_2_levels_of_many_items_are_few_requests(hub: KatanaHub, account: KatanaAccount) -> None:
    skus = [f"SKU-{number}" for number in range(150)]
    for number, sku in enumerate(skus):
        account.add_product(sku, stock=number + 1)

    found = hub.levels(skus)

    assert [one.in_stock for one in sorted(found, key=lambda one: one.in_stock)] == list(range(1, 151))
    assert asked(account, "/inventory") == 2


def test_KAT_2_what_orders_promise_costs_no_request_within_a_minute(hub: KatanaHub, account: KatanaAccount) -> None:
    account.add_product("CHAIR", stock=1)
    hub.levels(["CHAIR"])
    before = len(account.asked_for())

    hub.levels(["CHAIR"])

    assert [one.path for one in account.asked_for()[before:]] == ["/inventory"]


def test_STK_2_case_20_numbers_are_read_as_they_come_and_null_is_nothing(
    hub: KatanaHub, account: KatanaAccount
) -> None:
    variant = account.add_product("CHAIR", stock="7")
    account.count(variant["id"], D("7.00001"))

    assert level(hub).in_stock == D("7.00001")


# -- what was ever counted


def test_STK_10_an_item_is_counted_once_somebody_looked(hub: KatanaHub, account: KatanaAccount) -> None:
    never, sold, counted = (account.add_product(sku) for sku in ("NEVER", "SOLD", "COUNTED"))
    account.fulfillments.take_rest(sold_there(account, sold["id"], 1), "DELIVERED")
    for pieces in (1, 0):
        account.count(counted["id"], D(pieces))
    del never

    found = {one.sku: one.is_counted for one in hub.levels(["NEVER", "SOLD", "COUNTED"])}

    assert found == {"NEVER": False, "SOLD": False, "COUNTED": True}


def test_STK_10_katana_is_asked_once_whether_an_item_was_counted(hub: KatanaHub, account: KatanaAccount) -> None:
    variant = account.add_product("CHAIR")
    assert not level(hub).is_counted
    before = asked(account, "/inventory_movements")

    assert not level(hub).is_counted
    assert asked(account, "/inventory_movements") == before

    account.count(variant["id"], D(1))
    account.count(variant["id"], D(0))
    hub.changes_since(None)
    assert level(hub).is_counted


def test_STK_10_whether_anything_was_ever_counted(hub: KatanaHub, account: KatanaAccount) -> None:
    variant = account.add_product("CHAIR")
    account.fulfillments.take_rest(sold_there(account, variant["id"], 1), "DELIVERED")
    assert not hub.has_counted()

    account.count(variant["id"], D(1))
    assert hub.has_counted()

    before = len(account.asked_for())
    assert hub.has_counted()
    assert len(account.asked_for()) == before


# -- batches


def test_FUL_4_batches_come_in_the_order_in_which_they_were_made(hub: KatanaHub, account: KatanaAccount) -> None:
    milk = account.add_product("MILK", batch_tracked=True)
    account.add_batch(milk["id"], "new", 5, batch_created_date="2026-03-01T08:00:00.000Z")
    account.add_batch(milk["id"], "old", 4, batch_created_date="2026-02-01T08:00:00.000Z")
    account.add_batch(milk["id"], "empty", 0, batch_created_date="2026-01-01T08:00:00.000Z")

    found = hub.batches([str(milk["id"])], place(account))

    assert [(one.batch_no, one.in_stock, one.variant_id) for one in found] == [
        ("old", 4, str(milk["id"])),
        ("new", 5, str(milk["id"])),
    ]
    assert hub.batches([str(milk["id"])], "987") == ()


def test_FUL_4_an_item_without_batches_costs_no_request(hub: KatanaHub, account: KatanaAccount) -> None:
    variant = account.add_product("CHAIR", stock=3)

    assert hub.batches([str(variant["id"])], place(account)) == ()
    assert asked(account, "/batch_stocks") == 0


def test_KAT_3_batches_of_other_items_are_nobody_s(hub: KatanaHub, account: KatanaAccount) -> None:
    milk, tea = (account.add_product(sku, batch_tracked=True) for sku in ("MILK", "TEA"))
    for variant in (milk, tea):
        account.add_batch(variant["id"], "A", 1)
    account.batches.filters = {}  # type: ignore[misc]

    with pytest.raises(HubRefused, match="ignores the filter variant_id"):
        hub.batches([str(milk["id"])], place(account))


# -- counting


def test_STK_11_a_count_goes_by_what_lies_there_and_what_a_store_waits_for(
    hub: KatanaHub, creator: Creator, account: KatanaAccount, store: int
) -> None:
    milk = account.add_product("MILK", batch_tracked=True)
    account.add_batch(milk["id"], "A", 4)
    attic = str(account.locations.create({"name": "Attic"})["id"])
    creator.create(order(account, store, product("MILK", 3)), ORIGIN)
    sold_there(account, milk["id"], 9)

    item = hub.shelves(["MILK", "UNKNOWN"], store_id=store)["MILK"]

    assert (item.variant_id, item.batch_tracked) == (str(milk["id"]), True)
    home, other = item.shelves[place(account)], item.shelves[attic]
    assert (home.in_stock, home.is_counted, home.promised, dict(home.batches)) == (4, True, 3, {"A": 4})
    assert (other.in_stock, other.is_counted, other.promised) == (0, False, 0)


# -- items and places


def test_STK_3_what_carries_stock_is_told_in_the_order_of_code_points(hub: KatanaHub, account: KatanaAccount) -> None:
    for sku in ("b", "A", "c"):
        account.add_product(sku, name=f"{sku} old")
    account.add_product("A", name="A new")
    account.services.create({"name": "Fee", "variants": [{"sku": "FEE"}]})

    assert hub.stocked(after="", limit=2) == {"A": "A new", "b": "b old"}
    assert list(hub.stocked(after="", limit=9)) == ["A", "b", "c"]
    assert hub.stocked(after="c", limit=2) == {}


def test_items_are_told_in_portions_each_once(hub: KatanaHub, account: KatanaAccount) -> None:
    ids = [str(account.add_product(sku)["id"]) for sku in ("b", "A", "c")]

    first = hub.items(beyond=None, limit=2)
    second = hub.items(beyond=first[-1].id, limit=2)

    assert [one.id for one in (*first, *second)] == ids
    assert hub.items(beyond=ids[-1], limit=2) == ()


def test_places_go_by_katana_s_ids_and_are_its_own_matter(hub: KatanaHub, account: KatanaAccount) -> None:
    attic = account.locations.create({"name": "Attic"})

    found = hub.locations()

    assert [(one.code, one.name) for one in found] == [
        (place(account), "Main location"),
        (str(attic["id"]), "Attic"),
    ]
    with pytest.raises(HubRefused, match="Katana itself"):
        hub.location_uses(place(account))


def test_KAT_2_no_row_of_ours_is_held_while_katana_is_asked(
    hub: KatanaHub, account: KatanaAccount, database: Connection
) -> None:
    with database.transaction(), pytest.raises(RuntimeError, match="a transaction is open"):
        hub.locations()

    assert account.asked_for() == []
