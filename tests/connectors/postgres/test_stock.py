"""connectors.postgres.stock: which SKUs are picked when, what marks say, and which figure of a store counts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors import postgres
from connectors.builtin_hub.hub import BuiltinHub
from connectors.holders import Holder, me
from connectors.postgres import Connection, catalogue, stock, stores
from connectors.postgres.stock import DueStore
from schemas.actions import AddProduct, TellStock
from schemas.failures import PutOff
from schemas.stock import DueSku, SettledSku, StoreItem
from tests.connectors.builtin_hub.makers import one, run, stock_up
from tests.connectors.postgres.makers import add_store


def mark(connection: Connection, store: int, *skus: str) -> None:
    """The hub moved these SKUs, one after the other."""
    for sku in skus:
        stock.ask(connection, store, [sku], wants_look=False)


def due(connection: Connection, store: int, limit: int = 10) -> list[str]:
    return [each.sku for each in stock.pick(connection, store, limit=limit)]


def seen(connection: Connection, store: int, sku: str = "A") -> DueSku:
    """What a worker picked of a SKU."""
    return next(each for each in stock.pick(connection, store, limit=10) if each.sku == sku)


def settle(connection: Connection, store: int, picked: DueSku, reason: str | None = None) -> dict[str, bool]:
    return stock.settle(connection, store, [SettledSku(picked.sku, picked.changed, reason)])


def row(connection: Connection, store: int, sku: str = "A") -> dict[str, Any]:
    return one(connection, "SELECT * FROM store_stock WHERE store_id = %s AND sku = %s", store, sku)


def age(connection: Connection, **seconds: float | None) -> None:
    """Moments of every SKU that is due lie back."""
    for name, value in seconds.items():
        run(connection, f"UPDATE store_stock SET {name} = clock_timestamp() - %s * interval '1 second'", value)


# -- what is picked ------------------------------------------------------------------------------------------------


def test_longest_waiting_sku_is_picked_first(connection: Connection, acme: int) -> None:
    mark(connection, acme, "C", "A", "B")

    assert due(connection, acme) == ["C", "A", "B"]
    assert due(connection, acme, limit=2) == ["C", "A"]


def test_sku_that_moves_again_keeps_its_place(connection: Connection, acme: int) -> None:
    mark(connection, acme, "A", "B", "A")

    assert due(connection, acme) == ["A", "B"]


def test_sku_that_moves_all_the_time_goes_behind_the_others(connection: Connection, acme: int) -> None:
    mark(connection, acme, "A", "B")
    picked = seen(connection, acme)
    mark(connection, acme, "A")

    settle(connection, acme, picked)
    run(connection, "UPDATE store_stock SET sent_at = NULL")

    assert due(connection, acme) == ["B", "A"]


@pytest.mark.parametrize(("ago", "picked"), [(0.5, []), (1.5, ["A"])])
def test_STK_5_sku_that_was_just_told_waits_for_the_rest_of_its_burst(
    connection: Connection, acme: int, ago: float, picked: list[str]
) -> None:
    mark(connection, acme, "A")
    age(connection, sent_at=ago)

    assert due(connection, acme) == picked
    assert stock.due_stores(connection, acme)


def test_STK_5_sku_is_looked_at_no_more_often_than_it_would_be_told(connection: Connection, acme: int) -> None:
    stock_up(BuiltinHub(connection), "A")
    settle(connection, acme, seen(connection, acme))

    run(connection, "UPDATE hub.stock SET in_stock = in_stock + 1")

    assert due(connection, acme) == []


def unread(connection: Connection, store: int, skus: list[str] | None, due_in: float = 0) -> None:
    """An order that nobody has read yet."""
    run(
        connection,
        """INSERT INTO store_orders (store_id, external_id, skus, changed, due_at)
           VALUES (%s, 'o-' || clock_timestamp(), %s, 1, now() + %s * interval '1 second')""",
        store,
        skus,
        due_in,
    )


@pytest.mark.parametrize(
    ("skus", "due_in", "picked"),
    [(["A"], 0, ["B"]), (None, 0, []), (["C"], 0, ["A", "B"]), (["A"], 30, ["B"]), (["A"], 3600, ["A", "B"])],
    ids=["of its SKU", "of nobody knows what", "of another SKU", "read soon", "put off for long"],
)
def test_STK_9_unread_orders_hold_their_skus_back(
    connection: Connection, acme: int, skus: list[str] | None, due_in: float, picked: list[str]
) -> None:
    mark(connection, acme, "A", "B")
    unread(connection, acme, skus, due_in)

    assert due(connection, acme) == picked


def test_STK_9_orders_hold_back_for_a_minute_at_most(connection: Connection, acme: int) -> None:
    mark(connection, acme, "A")
    unread(connection, acme, None)
    age(connection, due_since=stock.UNREAD_SECONDS + 1)

    assert due(connection, acme) == ["A"]


def test_STK_9_orders_of_another_store_hold_nothing_back(connection: Connection, acme: int) -> None:
    mark(connection, acme, "A")
    unread(connection, add_store(connection, "other"), ["A"])

    assert due(connection, acme) == ["A"]


def test_STK_9_orders_of_another_store_are_not_even_read(connection: Connection, acme: int) -> None:
    other = add_store(connection, "other")
    run(
        connection,
        "INSERT INTO store_orders (store_id, external_id) SELECT %s, number::text FROM generate_series(1, 2000) number",
        other,
    )
    for _ in range(6):  # as in a long import, whose old index entries make the index look dear
        run(connection, "UPDATE store_orders SET rung_at = now() - random() * interval '1 day'")
    run(connection, "ANALYZE store_orders")
    mark(connection, acme, "A")

    read = "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'store_orders'"
    before = one(connection, read)
    assert due(connection, acme) == ["A"]
    assert one(connection, read) == before


def test_store_is_due_while_it_is_active_and_wants_stock(connection: Connection, acme: int) -> None:
    paused = add_store(connection, "paused", state="paused")
    for store in (acme, paused):
        mark(connection, store, "A")

    assert [each.id for each in stock.due_stores(connection)] == [acme]
    run(connection, "UPDATE stores SET state = 'active' WHERE id = %s", paused)
    assert [each.id for each in stock.due_stores(connection)] == [acme, paused]
    assert [each.id for each in stock.due_stores(connection, paused)] == [paused]


@pytest.mark.parametrize(
    ("told_ago", "has_fresh", "is_ripe"), [(None, True, True), (9, True, True), (2, False, True), (0.5, False, False)]
)
def test_STK_5_store_is_due_at_once_for_a_sku_that_is_in_no_burst(
    connection: Connection, acme: int, told_ago: float | None, has_fresh: bool, is_ripe: bool
) -> None:
    mark(connection, acme, "A", "B")
    age(connection, sent_at=told_ago)

    assert stock.due_stores(connection) == [DueStore(acme, has_fresh, is_ripe, has_latest=is_ripe)]


def test_STK_5_latest_news_is_what_is_due_only_lately(connection: Connection, acme: int) -> None:
    mark(connection, acme, "A", "B")
    age(connection, due_since=stock.LATEST_SECONDS + 1)
    before = stock.due_stores(connection)
    mark(connection, acme, "C")

    assert (before, stock.due_stores(connection)) == (
        [DueStore(acme, has_fresh=True, is_ripe=True, has_latest=False)],
        [DueStore(acme, has_fresh=True, is_ripe=True, has_latest=True)],
    )
    assert [each.sku for each in stock.pick_latest(connection, acme, limit=1)] == ["C"]


def test_STK_5_nothing_goes_beside_a_push_of_many_where_the_platform_takes_one_call_at_a_time(
    connection: Connection, acme: int
) -> None:
    run(connection, "UPDATE stores SET platform = 'bigcommerce'")
    mark(connection, acme, "A")

    assert stock.due_stores(connection) == [DueStore(acme, has_fresh=True, is_ripe=True, has_latest=False)]


# -- marks ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("acme")
def test_STK_1_big_transaction_marks_every_sku_once(connection: Connection) -> None:
    hub = BuiltinHub(connection)
    skus = [f"S-{number:04}" for number in range(1000)]
    hub.carry_out([AddProduct(sku, sku) for sku in skus])

    run(
        connection,
        """INSERT INTO hub.stock (variant_id, location_id, in_stock)
           SELECT v.id, l.id, 5 FROM hub.variants v, hub.locations l""",
    )

    found = one(connection, "SELECT count(*)::int AS skus, max(changed)::int AS marks FROM store_stock")
    assert found == {"skus": 1000, "marks": 1}


def test_STK_5_sku_that_did_not_move_is_settled(connection: Connection, acme: int) -> None:
    mark(connection, acme, "A")

    assert settle(connection, acme, seen(connection, acme), "no_store_item") == {"A": True}

    assert not stock.due_stores(connection, acme)
    assert row(connection, acme)["reason"] == "no_store_item"


def test_STK_5_sku_that_moved_meanwhile_stays_due(connection: Connection, acme: int) -> None:
    mark(connection, acme, "A")
    picked = seen(connection, acme)
    mark(connection, acme, "A")

    assert settle(connection, acme, picked) == {"A": False}

    assert stock.due_stores(connection, acme)


def test_STK_5_two_who_tell_one_sku_leave_it_due(connection: Connection, acme: int) -> None:
    mark(connection, acme, "A")
    late = seen(connection, acme)
    mark(connection, acme, "A")
    assert settle(connection, acme, seen(connection, acme)) == {"A": True}

    assert settle(connection, acme, late) == {"A": False}  # its call may have come last

    assert stock.due_stores(connection, acme)


def test_STK_5_sku_that_the_hub_is_just_changing_is_not_waited_for(fresh_database_url: str) -> None:
    with postgres.connect(fresh_database_url) as connection, postgres.connect(fresh_database_url) as writer:
        store = add_store(connection, "acme")
        mark(connection, store, "A", "B")
        picked = stock.pick(connection, store, limit=10)
        with writer.transaction():
            mark(writer, store, "A")
            connection.execute("SET lock_timeout = '5s'")

            marked = stock.settle(connection, store, [SettledSku(one.sku, one.changed) for one in picked])
            stock.put_off(connection, store, ["A", "B"], PutOff("hub_busy", {}, stores.database_time(connection)))

        assert marked == {"B": True}
        assert seen(connection, store).sku == "A"


# -- what a store shows --------------------------------------------------------------------------------------------

ITEM = StoreItem("product/1", "A", "Chair", is_tracked=True, shown={"": 7})
TELL = TellStock("A", "product/1", "", 5)


def shown(connection: Connection, store: int) -> int | None:
    (item,) = catalogue.items(connection, store, ["A"])
    return item.shown[""]


def keep(connection: Connection, store: int, *, asked_ago: float = 0, asked_for: list[str] | None = None) -> None:
    asked_at = stores.database_time(connection) - timedelta(seconds=asked_ago)
    catalogue.keep_items(connection, store, [ITEM], asked_at=asked_at, asked_for=asked_for or [])


def tell(connection: Connection, store: int, *, ago: float = 0) -> None:
    """The store was told 5 so long ago, and took it."""
    forgotten = stock.forget(connection, store, [TELL])
    stock.told(connection, store, [TELL], lasting={"A"}, forgotten=forgotten)
    since = "clock_timestamp() - %s * interval '1 second'"
    run(connection, f"UPDATE store_levels SET moved_at = {since}, told_at = {since}", ago, ago)


@pytest.mark.parametrize(("told_ago", "counts"), [(0, 5), (30, 5), (90, 7)])
def test_STK_6_what_was_told_a_moment_ago_is_newer_than_the_catalogue(
    connection: Connection, acme: int, told_ago: float, counts: int
) -> None:
    keep(connection, acme)
    tell(connection, acme, ago=told_ago)

    keep(connection, acme)

    assert shown(connection, acme) == counts


def test_STK_6_what_is_being_told_is_not_known_from_the_catalogue(connection: Connection, acme: int) -> None:
    keep(connection, acme)
    stock.forget(connection, acme, [TELL])
    run(connection, "UPDATE store_levels SET moved_at = now() - interval '1 hour'")

    keep(connection, acme)

    assert shown(connection, acme) is None


@pytest.mark.parametrize(("told_ago", "says", "counts"), [(90, 7, 7), (30, 7, None), (30, 5, 5)])
def test_STK_6_who_tells_the_store_believes_what_it_says_now_unless_it_was_told_a_moment_ago(
    connection: Connection, acme: int, told_ago: float, says: int, counts: int | None
) -> None:
    keep(connection, acme)
    tell(connection, acme, ago=told_ago)

    asked_at = stores.database_time(connection)
    catalogue.keep_items(connection, acme, [replace(ITEM, shown={"": says})], asked_at=asked_at, asked_for=["A"])

    assert shown(connection, acme) == counts


@pytest.mark.parametrize(
    ("told_ago", "asked_for", "left"), [(90, [], {}), (30, [], {"": 5}), (30, ["A"], {}), (None, [], {"": None})]
)
def test_STK_4_place_that_the_store_names_no_more_is_dropped_unless_it_was_told_since(
    connection: Connection, acme: int, told_ago: float | None, asked_for: list[str], left: dict[str, int | None]
) -> None:
    keep(connection, acme)
    tell(connection, acme, ago=told_ago or 90)
    if told_ago is None:
        stock.forget(connection, acme, [TELL])  # it is being told

    unstocked = replace(ITEM, shown={})
    catalogue.keep_items(connection, acme, [unstocked], asked_at=stores.database_time(connection), asked_for=asked_for)

    (item,) = catalogue.items(connection, acme, ["A"])
    assert item.shown == left


@pytest.mark.parametrize(
    ("was_told", "asked_for", "is_due"), [(True, [], True), (False, [], False), (True, ["A"], False)]
)
def test_STK_12_sku_that_was_told_where_its_item_is_not_active_any_more_is_due_again(
    connection: Connection, acme: int, was_told: bool, asked_for: list[str], is_due: bool
) -> None:
    mark(connection, acme, "A")
    settle(connection, acme, seen(connection, acme))
    keep(connection, acme, asked_for=["A"])
    if was_told:
        tell(connection, acme)
    run(connection, "UPDATE store_levels SET moved_at = now() - interval '1 hour', told_at = NULL")
    run(connection, "UPDATE store_stock SET sent_at = NULL")

    now = stores.database_time(connection)
    moved = catalogue.keep_items(connection, acme, [replace(ITEM, shown={})], asked_at=now, asked_for=asked_for)

    assert (due(connection, acme), moved) == ((["A"], 1) if is_due else ([], 0))


ACTIVATE = replace(TELL, place="102", activates=True)


def inactive(connection: Connection, store: int) -> tuple[Any, ...]:
    (item,) = catalogue.items(connection, store, ["A"])
    return item.shown, item.inactive


def test_STK_12_place_is_active_once_the_store_said_so(connection: Connection, acme: int) -> None:
    keep(connection, acme)

    forgotten = stock.forget(connection, acme, [ACTIVATE])
    assert inactive(connection, acme) == ({"": 7, "102": None}, ("102",))

    stock.told(connection, acme, [ACTIVATE], lasting={"A"}, forgotten=forgotten)
    assert inactive(connection, acme) == ({"": 7, "102": 5}, ())


def test_STK_12_quantity_alone_makes_no_place_active(connection: Connection, acme: int) -> None:
    keep(connection, acme)
    stock.forget(connection, acme, [ACTIVATE])
    nothing = replace(ACTIVATE, quantity=0, activates=False)

    forgotten = stock.forget(connection, acme, [nothing])
    stock.told(connection, acme, [nothing], lasting={"A"}, forgotten=forgotten)

    assert inactive(connection, acme) == ({"": 7, "102": 0}, ("102",))


def test_STK_12_catalogue_says_that_a_place_is_active(connection: Connection, acme: int) -> None:
    keep(connection, acme)
    stock.forget(connection, acme, [ACTIVATE])

    shown = replace(ITEM, shown={"": 7, "102": 5})
    catalogue.keep_items(connection, acme, [shown], asked_at=stores.database_time(connection), asked_for=["A"])

    assert inactive(connection, acme) == ({"": 7, "102": 5}, ())


@pytest.mark.parametrize(("told_ago", "left"), [(None, ("",)), (90, ("",)), (5, ())])
def test_STK_12_catalogue_says_that_a_place_is_not_active_though_nobody_knows_its_figure(
    connection: Connection, acme: int, told_ago: float | None, left: tuple[str, ...]
) -> None:
    keep(connection, acme)
    if told_ago is not None:
        tell(connection, acme, ago=told_ago)
    stock.forget_sold(connection, acme, ["A"])

    catalogue.keep_items(connection, acme, [replace(ITEM, shown={})], asked_at=stores.database_time(connection))

    assert inactive(connection, acme) == ({"": None}, left)


def test_STK_4_place_of_an_item_that_is_not_in_the_page_stays(connection: Connection, acme: int) -> None:
    other = replace(ITEM, external_id="product/2", shown={"": 3})
    now = stores.database_time(connection)
    catalogue.keep_items(connection, acme, [ITEM, other], asked_at=now)
    run(connection, "UPDATE store_levels SET moved_at = now() - interval '1 hour'")

    catalogue.keep_items(connection, acme, [replace(ITEM, shown={"101": 4})], asked_at=now)

    found = {item.external_id: item.shown for item in catalogue.items(connection, acme, ["A"])}
    assert found == {"product/1": {"101": 4}, "product/2": {"": 3}}


def test_STK_5_value_of_a_sku_that_moved_meanwhile_is_not_known_to_be_shown(connection: Connection, acme: int) -> None:
    keep(connection, acme)
    forgotten = stock.forget(connection, acme, [TELL])

    stock.told(connection, acme, [TELL], lasting=set(), forgotten=forgotten)

    assert shown(connection, acme) is None


def test_STK_5_sale_while_a_store_is_told_leaves_what_it_shows_unknown(connection: Connection, acme: int) -> None:
    keep(connection, acme)
    forgotten = stock.forget(connection, acme, [TELL])
    stock.forget_sold(connection, acme, ["A"])

    stock.told(connection, acme, [TELL], lasting={"A"}, forgotten=forgotten)

    assert shown(connection, acme) is None


def test_STK_5_sale_makes_what_a_store_shows_unknown(connection: Connection, acme: int) -> None:
    keep(connection, acme)

    stock.forget_sold(connection, acme, ["A"])

    assert shown(connection, acme) is None


@pytest.mark.parametrize(("before", "is_due"), [(True, True), (False, False)], ids=["told before", "never told"])
def test_STK_3_sku_whose_item_is_new_is_due_if_it_ever_was(
    connection: Connection, acme: int, before: bool, is_due: bool
) -> None:
    if before:
        mark(connection, acme, "A")
        settle(connection, acme, seen(connection, acme), "no_store_item")

    keep(connection, acme)

    assert due(connection, acme) == (["A"] if is_due else [])


def test_STK_3_sku_whose_item_is_gone_is_due_again(connection: Connection, acme: int) -> None:
    keep(connection, acme)
    mark(connection, acme, "A")
    settle(connection, acme, seen(connection, acme))

    catalogue.drop_items(connection, acme, ["product/1"])

    assert stock.due_stores(connection, acme)
    assert catalogue.items(connection, acme, ["A"]) == []


# -- what nobody ended -------------------------------------------------------------------------------------------------

ALIVE = me()
DEAD = replace(ALIVE, start=ALIVE.start + 1)  # another process had our number
ELSEWHERE = replace(ALIVE, host="elsewhere")
OVER = 80  # seconds


def left(connection: Connection, store: int, holder: Holder, *, ago: int) -> None:
    """A process began to tell the store of A so long ago; another one has told it since."""
    keep(connection, store)
    mark(connection, store, "A")
    picked = seen(connection, store)
    stock.forget(connection, store, [TELL])
    run(connection, "UPDATE stock_tellings SET holder = %s", holder.text())
    tell(connection, store)
    settle(connection, store, picked)
    run(connection, "UPDATE stock_tellings SET began_at = began_at - %s * interval '1 second'", ago)


def is_told_once_more(connection: Connection, store: int) -> bool:
    stock.due_after_tellers(connection, over=OVER)
    found = row(connection, store)
    is_due = bool(found["changed"] > found["settled"])
    assert is_due == (shown(connection, store) is None)
    return is_due


@pytest.mark.parametrize(
    ("holder", "ago", "is_told"),
    [
        (DEAD, OVER + 1, True),
        (DEAD, OVER - 5, False),
        (ALIVE, OVER + 1, False),
        (ELSEWHERE, OVER + 1, False),
        (ELSEWHERE, stock.GONE_SECONDS + 1, True),
    ],
)
def test_STK_5_what_was_told_by_who_died_without_a_word_is_told_once_more(
    connection: Connection, acme: int, holder: Holder, ago: int, is_told: bool
) -> None:
    left(connection, acme, holder, ago=ago)

    assert is_told_once_more(connection, acme) == is_told

    run(connection, "UPDATE store_stock SET settled = changed")
    tell(connection, acme)
    assert not is_told_once_more(connection, acme)


def test_STK_5_what_came_of_telling_a_store_ends_it(connection: Connection, acme: int) -> None:
    keep(connection, acme)

    tell(connection, acme)

    assert one(connection, "SELECT count(*) AS n FROM stock_tellings")["n"] == 0


def test_STK_5_what_the_hub_is_just_changing_is_told_once_more_another_time(
    fresh_database_url: str,
) -> None:
    with postgres.connect(fresh_database_url) as connection, postgres.connect(fresh_database_url) as writer:
        store = add_store(connection, "acme")
        left(connection, store, DEAD, ago=OVER + 1)
        with writer.transaction():
            run(writer, "UPDATE store_stock SET detail = detail")
            while_it_is_held = is_told_once_more(connection, store)

        assert (while_it_is_held, is_told_once_more(connection, store)) == (False, True)
