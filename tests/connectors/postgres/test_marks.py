"""News of a hub that marks nothing by itself: the same marks as the built-in hub's triggers make."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.postgres import Connection, marks, orders
from schemas.hub_news import CopyStatus, DeletedOrder, HubCopy, HubNews, MovedSku
from schemas.outcomes import OrderOutcome
from schemas.stores import StockNews
from tests.connectors.builtin_hub.makers import one, run
from tests.connectors.postgres.makers import add_store


def hear(connection: Connection, **news: Any) -> None:
    """Some news of a hub."""
    marks.keep_news(connection, HubNews("1", **news))


def due(connection: Connection) -> dict[str, str]:
    """The SKUs that stores are to be told, by the stores' names."""
    found = connection.execute(
        """SELECT s.name, string_agg(q.sku, ' ' ORDER BY q.sku) AS skus
        FROM store_stock q JOIN stores s ON s.id = q.store_id WHERE q.changed > q.settled GROUP BY s.name"""
    )
    return {row["name"]: row["skus"] for row in found}


def told(connection: Connection, *skus: str) -> None:
    """Every store was told of these SKUs, and all that was due."""
    run(connection, "INSERT INTO store_stock (store_id, sku) SELECT id, unnest(%s::text[]) FROM stores", list(skus))
    run(connection, "UPDATE store_stock SET settled = changed")


@pytest.fixture
def stores(connection: Connection) -> None:
    """A store for each kind of news, one that is told nothing, and one that is gone."""
    for news in StockNews:
        add_store(connection, news.value, news=news)
    add_store(connection, "none", syncs_stock=False)
    add_store(connection, "gone", state="disconnected")


@pytest.mark.usefixtures("stores")
@pytest.mark.parametrize(
    ("moved", "who"),
    [
        (MovedSku("CHAIR", on_shelf=True), {"shelf", "store_rows", "rows"}),
        (MovedSku("CHAIR", on_rows=True), {"rows"}),
        (MovedSku("CHAIR", on_rows=True, of_stores=True), {"store_rows", "rows"}),
        (MovedSku("CHAIR", only_told=True), {"shelf", "store_rows", "rows"}),
        (MovedSku("CHAIR"), set()),
    ],
    ids=["shelf", "rows", "rows of stores", "another item", "of components"],
)
def test_STK_2_what_moves_is_news_for_who_counts_it(connection: Connection, moved: MovedSku, who: set[str]) -> None:
    told(connection, "CHAIR")

    hear(connection, skus=(moved,))

    assert set(due(connection)) == who


@pytest.mark.usefixtures("stores")
def test_STK_1_whoever_was_never_told_of_a_sku_hears_of_any_movement(connection: Connection) -> None:
    hear(connection, skus=(MovedSku("CHAIR", on_rows=True), MovedSku("TABLE", only_told=True)))

    assert due(connection) == dict.fromkeys(("shelf", "store_rows", "rows"), "CHAIR")


@pytest.mark.usefixtures("stores")
def test_STK_1_a_sku_that_is_named_twice_moved_in_both_ways(connection: Connection) -> None:
    told(connection, "CHAIR")

    hear(connection, skus=(MovedSku("CHAIR", only_told=True), MovedSku("CHAIR", on_rows=True)))

    assert due(connection) == {"rows": "CHAIR"}


def test_STK_4_a_new_location_is_news_for_who_waits_for_one(connection: Connection) -> None:
    add_store(connection, "acme")
    told(connection, "CHAIR", "TABLE")
    run(connection, "UPDATE store_stock SET reason = 'location_unknown' WHERE sku = 'TABLE'")

    hear(connection, has_new_location=True)

    assert due(connection) == {"acme": "TABLE"}


def copy(store_id: int, external_id: str = "5001", status: CopyStatus = CopyStatus.PACKED) -> HubCopy:
    """What the hub has of an order."""
    return HubCopy(store_id, external_id, status, "Ada", "ada@example.com", Decimal("9.90"), "EUR")


def remember(connection: Connection, store_id: int, external_id: str = "5001") -> None:
    """An order that is in the hub."""
    orders.expect(connection, store_id, external_id)
    outcome = OrderOutcome("imported", hub_order_id=f"h{store_id}-{external_id}")
    orders.settle(connection, store_id, external_id, changed=1, outcome=outcome)


COPY = "SELECT hub_status, hub_customer, hub_email, hub_total_with_tax, hub_currency FROM store_orders"


def test_FUL_10_what_was_shipped_is_news_for_the_order_s_store(connection: Connection) -> None:
    acme, other = add_store(connection, "acme"), add_store(connection, "other")
    remember(connection, acme)
    remember(connection, other)

    hear(connection, shipped=((acme, "5001"), (acme, "unknown")), copies=(copy(acme), copy(acme, "unknown")))

    found = connection.execute("SELECT store_id, hub_changed, hub_status FROM store_orders ORDER BY store_id")
    assert [tuple(row.values()) for row in found] == [(acme, 1, "PACKED"), (other, 0, "NOT_SHIPPED")]


def test_what_lists_show_of_an_order_follows_the_hub(connection: Connection) -> None:
    acme = add_store(connection, "acme")
    remember(connection, acme)

    hear(connection, copies=(copy(acme),))

    assert tuple(one(connection, COPY).values()) == ("PACKED", "Ada", "ada@example.com", Decimal("9.90"), "EUR")


def test_ORD_7_a_deleted_order_leaves_a_tombstone_with_who_deleted_it(connection: Connection) -> None:
    acme = add_store(connection, "acme")
    remember(connection, acme)
    hear(connection, copies=(copy(acme),))

    hear(connection, deleted=(DeletedOrder("#1", acme, "5001", by="Ada"), DeletedOrder("#2", by="Grace")))

    row = one(connection, "SELECT state, reason, hub_order_id, tombstoned_by FROM store_orders")
    assert tuple(row.values()) == ("deleted", "deleted_in_hub", None, "Ada")
    assert set(one(connection, COPY).values()) == {None}
    lines = connection.execute("SELECT external_id, detail FROM journal WHERE action = 'delete' ORDER BY id")
    assert [(line["external_id"], line["detail"]) for line in lines] == [
        ("5001", {"order_no": "#1", "deleted_by": "Ada"}),
        (None, {"order_no": "#2", "deleted_by": "Grace"}),
    ]


def test_CHG_5_an_order_that_its_store_took_back_leaves_no_tombstone(connection: Connection) -> None:
    acme = add_store(connection, "acme")
    remember(connection, acme)

    hear(connection, deleted=(DeletedOrder("#1", acme, "5001", by="storesync", because="cancelled_in_store"),))

    row = one(connection, "SELECT state, reason, hub_order_id, tombstoned_at, tombstoned_by FROM store_orders")
    assert tuple(row.values()) == ("deleted", "cancelled_in_store", None, None, None)


def test_news_is_kept_as_a_whole(connection: Connection) -> None:
    acme = add_store(connection, "acme")
    remember(connection, acme)

    with pytest.raises(Exception, match="foreign key"):
        hear(connection, shipped=((acme, "5001"),), deleted=(DeletedOrder("#1", 0, "5001"),))

    assert one(connection, "SELECT hub_changed FROM store_orders")["hub_changed"] == 0
