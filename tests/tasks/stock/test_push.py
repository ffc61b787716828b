"""The hub's stock to a store: when it travels, once, in which calls, and what becomes of what does not (STK-1…9)."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest

from connectors import postgres
from connectors.postgres import stock
from connectors.postgres.stock import LOOK_AGAIN_SECONDS
from connectors.woocommerce.connector import WooCommerce
from sandbox.faults import Said
from sandbox.woocommerce.generator import random_order
from schemas.stores import StoreState
from tasks.catalogue import fetch_catalogue
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.stock.push import push_stock
from tasks.stores import change_store, set_state
from tests.tasks.conftest import connect, import_all, import_due
from tests.tasks.orders.looking import Shop, do, journal_of, rung, store_of
from tests.tasks.stock.stocking import add, adjust, let_stock_wait_pass, stock_journal, stock_row
from tests.waiting import wait_until


@pytest.fixture
def acme(held: Process, shop: Shop) -> int:
    """The shop, connected with stock sync on: its id."""
    store_id = connect(held, shop, "acme", **{"stock.sync": "on"})
    shop.shop.calls.clear()  # that it may be told stock was proved
    return store_id


def offer(shop: Shop, sku: str, **changes: Any) -> None:
    """A product of the shop whose pieces are counted; it shows none."""
    shop.shop.add_product(
        {"name": sku, "sku": sku, "manage_stock": True, "stock_quantity": 0, **changes}, is_sku_free=True
    )


def counted(sku: str) -> dict[str, Any]:
    """A variation whose pieces are counted; it shows none."""
    return {"sku": sku, "manage_stock": True, "stock_quantity": 0}


def shown(shop: Shop, sku: str) -> list[int | None]:
    """What every item of the shop with a SKU shows."""
    return list(shop.shop.stock_of(sku).values())


def stock_calls(shop: Shop) -> int:
    """How often the shop was told stock."""
    return sum(count for call, count in shop.shop.calls.items() if call.startswith("POST") and "batch" in call)


def test_STK_1_stock_that_moves_in_the_hub_reaches_the_store(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1")
    add(held, "A-1", 7)

    assert push_stock(acme) == "1 told, 1 settled"

    assert shown(shop, "A-1") == [7]
    assert stock_journal(held, "A-1") == [("told", None)]


def test_STK_1_plain_sql_in_the_hub_reaches_the_store(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1")
    add(held, "A-1", 7)
    push_stock(acme)
    let_stock_wait_pass(held, acme)

    assert do(held, "UPDATE hub.stock SET in_stock = 3") == 1
    push_stock(acme)

    assert shown(shop, "A-1") == [3]


def test_STK_1_connecting_pushes_nothing(held: Process, shop: Shop) -> None:
    offer(shop, "A-1", stock_quantity=2)
    add(held, "A-1", 7)

    acme = connect(held, shop, "acme", **{"stock.sync": "on"})
    fetch_catalogue(acme)

    assert push_stock(acme) == "nothing_due"
    assert shown(shop, "A-1") == [2]


def test_STK_1_store_without_stock_sync_is_told_nothing(held: Process, shop: Shop) -> None:
    acme = connect(held, shop, "acme")
    shop.shop.calls.clear()
    offer(shop, "A-1")
    add(held, "A-1", 7)

    assert push_stock(acme) == "nothing_due"
    assert stock_calls(shop) == 0


def test_STK_2_hub_order_moves_what_a_store_shows_only_where_it_asks_for_it(
    held: Process, shop: Shop, acme: int
) -> None:
    do(held, 'UPDATE stores SET settings = settings || \'{"stock.quantity": "in_stock_minus_committed"}\'')
    offer(shop, "A-1", stock_quantity=7, name="Chair")
    add(held, "A-1", 7)
    push_stock(acme)
    let_stock_wait_pass(held, acme)
    shop.shop.place_order({"status": "processing", "line_items": [{"sku": "A-1", "quantity": 2}]})

    import_all(held, acme)
    push_stock(acme)

    assert shown(shop, "A-1") == [5]


def test_STK_3_every_item_with_the_sku_is_told_and_no_other(held: Process, shop: Shop, acme: int) -> None:
    for sku in ("A-1", "a-1", "A-1 b"):
        offer(shop, sku, stock_quantity=1)
    parent = shop.shop.add_product({"name": "Chair", "type": "variable"})
    shop.shop.add_variation(parent, {"sku": "A-9", "manage_stock": True})
    add(held, "A-1", 7)
    add(held, "A-9", 4)

    push_stock(acme)

    assert [shown(shop, sku) for sku in ("A-1", "a-1", "A-1 b", "A-9")] == [[7], [1], [1], [4]]


@pytest.mark.parametrize("sku", ["A,1", "A 1", "Stühl-Ω", "50%", "A'1\"", "A\\1"])
def test_STK_3_odd_skus_are_found(held: Process, shop: Shop, acme: int, sku: str) -> None:
    offer(shop, sku)
    add(held, sku, 7)
    fetch_catalogue(acme)

    push_stock(acme)

    assert shown(shop, sku) == [7]


def test_STK_3_item_made_in_the_store_is_found_when_its_stock_moves(held: Process, shop: Shop, acme: int) -> None:
    add(held, "A-1", 7)
    push_stock(acme)
    offer(shop, "A-1")
    do(held, "UPDATE store_stock SET looked_at = looked_at - %s * interval '1 second'", LOOK_AGAIN_SECONDS)

    adjust(held, "A-1", 1)
    let_stock_wait_pass(held, acme)
    push_stock(acme)

    assert shown(shop, "A-1") == [8]


def test_STK_3_unknown_sku_is_journaled_once_and_told_when_the_catalogue_has_it(
    held: Process, shop: Shop, acme: int
) -> None:
    add(held, "A-1", 7)
    push_stock(acme)
    adjust(held, "A-1", 1)
    push_stock(acme)
    assert stock_journal(held, "A-1") == [("noted", "no_store_item")]
    assert stock_row(held, acme, "A-1")["reason"] == "no_store_item"

    offer(shop, "A-1")
    fetch_catalogue(acme)
    push_stock(acme)

    assert shown(shop, "A-1") == [8]
    assert stock_row(held, acme, "A-1")["reason"] is None


def test_STK_3_unknown_sku_is_asked_for_once_in_a_while(held: Process, shop: Shop, acme: int) -> None:
    add(held, "A-1", 7)
    push_stock(acme)
    before = shop.shop.calls.total()
    adjust(held, "A-1", 1)

    push_stock(acme)

    assert shop.shop.calls.total() == before


def test_STK_4_store_shows_what_lies_at_its_own_location(held: Process, shop: Shop, acme: int) -> None:
    do(held, "INSERT INTO hub.locations (code, name) VALUES ('annex', 'Annex')")
    do(held, 'UPDATE stores SET settings = settings || \'{"location": "annex", "stock.buffer": 1}\'')
    offer(shop, "A-1")
    add(held, "A-1", 7)
    adjust(held, "A-1", 4, location="annex")

    push_stock(acme)

    assert shown(shop, "A-1") == [3]


def test_STK_4_another_buffer_is_shown_wherever_stock_was_told(held: Process, shop: Shop, acme: int) -> None:
    for sku in ("A-1", "A-2"):
        offer(shop, sku, stock_quantity=1)
    add(held, "A-1", 7)
    push_stock(acme)
    let_stock_wait_pass(held, acme)

    change_store(held, store_of(held, acme), {"stock.buffer": 3}, {})
    push_stock(acme)

    assert [shown(shop, sku) for sku in ("A-1", "A-2")] == [[4], [1]]


def test_STK_5_what_moved_while_stock_sync_was_off_is_told_when_it_is_on(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1")
    add(held, "A-1", 7)
    push_stock(acme)
    let_stock_wait_pass(held, acme)

    change_store(held, store_of(held, acme), {"stock.sync": "off"}, {})
    adjust(held, "A-1", 2)
    assert push_stock(acme) == "nothing_due"
    change_store(held, store_of(held, acme), {"stock.sync": "on"}, {})
    push_stock(acme)

    assert shown(shop, "A-1") == [9]


def test_STK_5_burst_on_one_sku_is_few_calls_and_ends_with_the_last_value(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1")
    add(held, "A-1", 7)
    for _ in range(20):
        adjust(held, "A-1", 1)
        push_stock(acme)
    let_stock_wait_pass(held, acme)

    push_stock(acme)

    assert shown(shop, "A-1") == [27]
    assert stock_calls(shop) == 2


def test_STK_5_many_skus_travel_together(held: Process, shop: Shop, acme: int) -> None:
    for number in range(120):
        offer(shop, f"S-{number}")
        add(held, f"S-{number}", number + 1)
    fetch_catalogue(acme)

    push_stock(acme)

    assert [shown(shop, f"S-{number}") for number in range(120)] == [[number + 1] for number in range(120)]
    assert stock_calls(shop) == 2


def test_STK_6_unchanged_value_is_not_sent_again(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1")
    add(held, "A-1", 7)
    push_stock(acme)
    adjust(held, "A-1", 1)
    adjust(held, "A-1", -1)
    let_stock_wait_pass(held, acme)

    assert push_stock(acme) == "1 settled"
    assert stock_calls(shop) == 1


def test_STK_6_untracked_item_is_journaled_and_not_switched_on(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1", manage_stock=False)
    add(held, "A-1", 7)

    push_stock(acme)

    assert stock_journal(held, "A-1") == [("noted", "tracking_off")]
    assert stock_calls(shop) == 0


def test_STK_6_item_that_is_counted_again_is_told(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1", manage_stock=False)
    add(held, "A-1", 7)
    push_stock(acme)

    shop.shop.set_tracking("A-1", on=True)
    fetch_catalogue(acme)
    push_stock(acme)

    assert shown(shop, "A-1") == [7]


def test_STK_5_sale_in_the_store_does_not_leave_it_with_another_value(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1", stock_quantity=7)
    add(held, "A-1", 7)
    push_stock(acme)
    let_stock_wait_pass(held, acme)

    shop.shop.place_order({"status": "processing", "line_items": [{"sku": "A-1", "quantity": 2}]})
    assert shown(shop, "A-1") == [5]
    import_all(held, acme)
    push_stock(acme)

    assert shown(shop, "A-1") == [5]  # the two are committed: put on sale again they would be sold twice


def test_STK_2_pieces_that_are_sold_in_a_shop_are_not_put_on_sale_again(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1", stock_quantity=5)
    add(held, "A-1", 5)

    for left in (3, 1):
        shop.shop.place_order({"status": "processing", "line_items": [{"sku": "A-1", "quantity": 2}]})
        import_all(held, acme)
        let_stock_wait_pass(held, acme)
        push_stock(acme)

        assert shown(shop, "A-1") == [left]


def test_STK_8_deleted_item_fails_alone_and_its_sku_is_looked_for_again(held: Process, shop: Shop, acme: int) -> None:
    for number in range(60):
        offer(shop, f"S-{number}")
        add(held, f"S-{number}", 5)
    fetch_catalogue(acme)
    shop.shop.delete_product("S-37")

    push_stock(acme)

    assert [shown(shop, f"S-{number}") for number in range(60) if number != 37] == [[5]] * 59
    let_stock_wait_pass(held, acme)
    push_stock(acme)
    assert stock_row(held, acme, "S-37")["reason"] == "no_store_item"


def test_STK_8_words_of_a_store_that_cannot_be_stored_are_cleaned(held: Process, shop: Shop, acme: int) -> None:
    for sku in ("S-0", "S-1", "S-2"):
        offer(shop, sku)
        add(held, sku, 5)
    fetch_catalogue(acme)
    words = json.dumps({"code": "no", "message": "not \x00 today"})
    shop.faults.answer_next(2, Said(400, words), only="/batch")  # all three, then the first alone

    push_stock(acme)

    assert stock_row(held, acme, "S-0")["reason"] == "refused_by_store"
    assert [shown(shop, sku) for sku in ("S-0", "S-1", "S-2")] == [[0], [5], [5]]


def test_STK_8_call_that_is_refused_whole_holds_up_no_other(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1")
    for sku in ("V-1", "V-2"):
        shop.shop.add_variation(shop.shop.add_product({"name": sku, "type": "variable"}), counted(sku))
    for sku in ("A-1", "V-1", "V-2"):
        add(held, sku, 5)
    fetch_catalogue(acme)
    shop.faults.answer_next(1, Said(400, "{}"), only="/variations/batch")

    push_stock(acme)

    assert [shown(shop, sku) for sku in ("A-1", "V-1", "V-2")] == [[5], [0], [5]]
    assert stock_row(held, acme, "V-1")["reason"] == "refused_by_store"
    assert stock_calls(shop) == 2


@pytest.mark.parametrize("status", [400, 414])
def test_STK_8_sku_that_cannot_be_asked_for_holds_up_no_other(
    held: Process, shop: Shop, acme: int, status: int
) -> None:
    for sku in ("A-1", "A-2"):
        offer(shop, sku)
        add(held, sku, 5)
    fetch_catalogue(acme)
    for sku in ("N-1", "N-2"):
        offer(shop, sku)
        add(held, sku, 5)
    shop.faults.answer_next(2, Said(status, "{}"), only="GET")  # both, then the first alone

    push_stock(acme)

    assert [shown(shop, sku) for sku in ("A-1", "A-2", "N-1", "N-2")] == [[5], [5], [0], [5]]
    row = stock_row(held, acme, "N-1")
    assert (row["reason"], row["changed"] - row["settled"]) == ("refused_by_store", 0)
    assert row["looked_at"] is not None


@pytest.mark.parametrize(("answer", "reason"), [(400, "refused_by_store"), (503, "store_unavailable")])
def test_STK_8_skus_that_nobody_can_ask_for_wait_alone(
    held: Process, shop: Shop, acme: int, answer: int, reason: str
) -> None:
    offer(shop, "A-1")
    add(held, "A-1", 5)
    fetch_catalogue(acme)
    offer(shop, "N-1")
    add(held, "N-1", 5)
    shop.faults.answer_next(1, Said(answer, "{}"), only="GET")

    push_stock(acme)

    row = stock_row(held, acme, "N-1")
    assert (row["reason"], row["changed"] > row["settled"], row["due_at"] is not None) == (reason, True, True)
    assert shown(shop, "A-1") == [5]
    assert store_of(held, acme).stock_due_at is None

    let_stock_wait_pass(held, acme)
    push_stock(acme)
    assert shown(shop, "N-1") == [5]


def test_STK_5_shop_that_takes_a_call_for_each_item_is_told_all_of_them_bit_by_bit(
    held: Process, shop: Shop, acme: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    skus = [f"V-{number}" for number in range(4)]
    for sku in skus:
        shop.shop.add_variation(shop.shop.add_product({"name": sku, "type": "variable"}), counted(sku))
        add(held, sku, 5)
    fetch_catalogue(acme)
    monkeypatch.setattr("tasks.stock.push.CALLS_SECONDS", 0.5)
    shop.faults.set_pace(slow_seconds=0.6)
    shop.faults.fail_next(9, "slow", only="/batch")
    rung(held.redis, "stock")

    for told in range(1, 5):
        assert push_stock(acme) == "1 told, 1 settled"
        assert [shown(shop, sku) for sku in skus] == [[5]] * told + [[0]] * (4 - told)
        rows = [stock_row(held, acme, sku) for sku in skus[told:]]
        assert [(row["attempts"], row["reason"], row["due_at"]) for row in rows] == [(0, None, None)] * (4 - told)
        assert rung(held.redis, "stock") == ([[acme]] if rows else [])  # at once, not when the sweep comes by


def test_STK_5_what_was_told_before_a_shop_failed_is_no_attempt(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1")
    for sku in ("V-1", "V-2"):
        shop.shop.add_variation(shop.shop.add_product({"name": sku, "type": "variable"}), counted(sku))
    for sku in ("A-1", "V-1", "V-2"):
        add(held, sku, 5)
    fetch_catalogue(acme)
    shop.faults.fail_next(1, "http_500", only="/variations/batch")

    push_stock(acme)

    assert [shown(shop, sku) for sku in ("A-1", "V-1", "V-2")] == [[5], [0], [0]]
    assert [stock_row(held, acme, sku)["attempts"] for sku in ("A-1", "V-1", "V-2")] == [0, 1, 0]
    assert stock_row(held, acme, "A-1")["reason"] is None


def test_sku_that_fails_where_others_do_not_waits_alone(held: Process, shop: Shop, acme: int) -> None:
    for sku in ("S-0", "S-1"):
        offer(shop, sku)
        add(held, sku, 5)
    fetch_catalogue(acme)
    do(held, "UPDATE store_stock SET attempts = 5 WHERE sku = 'S-0'")
    shop.faults.fail_next(1, "http_500", only="/batch")

    push_stock(acme)

    waits = [stock_row(held, acme, sku)["due_at"] - stock_row(held, acme, "S-1")["due_at"] for sku in ("S-0", "S-1")]
    assert waits[0] > timedelta(minutes=50)
    let_stock_wait_pass(held, acme)
    do(held, "UPDATE store_stock SET due_at = now() + interval '1 hour' WHERE sku = 'S-0'")
    push_stock(acme)
    assert [shown(shop, sku) for sku in ("S-0", "S-1")] == [[0], [5]]
    assert stock_row(held, acme, "S-0")["due_at"] is not None  # that the store answers for others is no news


@pytest.mark.parametrize(("answer", "minutes"), [(503, 5), (400, 60)])
def test_STK_5_sku_that_moves_again_does_not_wait_for_the_sweep_unless_the_store_refused_it(
    held: Process, shop: Shop, acme: int, answer: int, minutes: int
) -> None:
    offer(shop, "A-1")
    add(held, "A-1", 5)
    do(held, "UPDATE store_stock SET attempts = 6")
    shop.faults.answer_next(1, Said(answer, "{}"), only="GET")
    push_stock(acme)
    waits = stock_row(held, acme, "A-1")["due_at"] - datetime.now(UTC)

    for _ in range(3):
        adjust(held, "A-1", -1)

    found = stock_row(held, acme, "A-1")["due_at"] - datetime.now(UTC)
    assert timedelta(minutes=59) < waits <= timedelta(minutes=60)
    assert timedelta(minutes=minutes - 1) < found <= timedelta(minutes=minutes)


@pytest.mark.parametrize("deed", ["url", "resume", "push"])
def test_STK_5_person_who_mended_a_store_waits_for_nothing(held: Process, shop: Shop, acme: int, deed: str) -> None:
    offer(shop, "A-1")
    add(held, "A-1", 7)
    fetch_catalogue(acme)
    shop.faults.answer_next(1, Said(301, "{}"), only="/batch")
    push_stock(acme)
    do(held, "UPDATE stores SET stock_due_at = now() + interval '5 minutes'")
    do(held, "UPDATE store_stock SET due_at = now() + interval '1 hour', sent_at = NULL")
    assert push_stock(acme) == "nothing_due"

    match deed:
        case "url":
            change_store(held, store_of(held, acme), {}, {}, url=store_of(held, acme).url)
        case "resume":
            set_state(held, store_of(held, acme), StoreState.PAUSED)
            set_state(held, store_of(held, acme), StoreState.ACTIVE)
        case _:
            with held.pool.connection() as connection:
                stock.ask(connection, acme, ["A-1"], wants_look=False)
    push_stock(acme)

    assert shown(shop, "A-1") == [7]


def test_store_is_paused_whatever_an_open_transaction_holds(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1")
    add(held, "A-1", 7)
    do(held, "UPDATE store_stock SET due_at = now() + interval '1 hour'")
    with postgres.connect(held.config.database_url) as writer, writer.transaction():
        writer.execute("UPDATE hub.stock SET in_stock = in_stock + 1")

        set_state(held, store_of(held, acme), StoreState.PAUSED)

    assert store_of(held, acme).state == StoreState.PAUSED


def test_STK_5_sku_that_an_open_transaction_holds_is_told_once(held: Process, shop: Shop, acme: int) -> None:
    skus = [f"S-{number:02}" for number in range(3)]
    for sku in skus:
        offer(shop, sku)
        add(held, sku, 7)
    fetch_catalogue(acme)
    with postgres.connect(held.config.database_url) as writer, writer.transaction():
        writer.execute("UPDATE hub.stock SET in_stock = in_stock + 1")

        for _ in range(5):
            push_stock(acme)

        assert stock_calls(shop) == 1
        assert [shown(shop, sku) for sku in skus] == [[7]] * 3
    push_stock(acme)
    assert [shown(shop, sku) for sku in skus] == [[8]] * 3
    assert stock_journal(held, "S-00") == [("told", None)] * 2


def test_STK_5_skus_that_an_open_transaction_holds_keep_no_others_back(
    held: Process, shop: Shop, acme: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WooCommerce, "platform", replace(WooCommerce.platform, stock_batch=2))
    for sku in ("S-0", "S-1", "S-2", "S-3"):
        offer(shop, sku)
        add(held, sku, 7)
    fetch_catalogue(acme)
    with postgres.connect(held.config.database_url) as writer, writer.transaction():
        writer.execute("UPDATE hub.stock SET in_stock = 8 WHERE variant_id <= (SELECT min(id) + 1 FROM hub.variants)")

        push_stock(acme)

        assert [shown(shop, sku) for sku in ("S-0", "S-1", "S-2", "S-3")] == [[7]] * 4
        assert stock_calls(shop) == 2


def test_STK_9_sku_waits_for_unread_orders_of_its_store(held: Process, shop: Shop, acme: int) -> None:
    for sku in ("A-1", "A-2"):
        offer(shop, sku, stock_quantity=9)
        add(held, sku, 7)
    shop.shop.place_order({"status": "processing", "line_items": [{"sku": "A-1", "quantity": 2}]})
    fetch_orders(acme)

    push_stock(acme)
    assert [shown(shop, sku) for sku in ("A-1", "A-2")] == [[7], [7]]  # the sale took 2 of 9
    assert stock_row(held, acme, "A-1")["settled"] == 0

    import_due(held, acme)
    push_stock(acme)
    assert stock_row(held, acme, "A-1")["settled"] > 0


def test_STK_9_unread_orders_hold_a_sku_back_for_a_minute_at_most(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1", stock_quantity=9)
    add(held, "A-1", 7)
    random_order(shop.shop, {"status": "processing", "line_items": [{"sku": "A-1", "quantity": 2}]})
    fetch_orders(acme)
    do(held, "UPDATE store_stock SET due_since = due_since - %s * interval '1 second'", stock.UNREAD_SECONDS)

    push_stock(acme)

    assert stock_row(held, acme, "A-1")["settled"] > 0


def test_store_that_is_away_is_told_later(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1")
    add(held, "A-1", 7)
    shop.faults.set_rates({"http_500": 1})

    push_stock(acme)

    row = stock_row(held, acme, "A-1")
    assert (row["reason"], row["attempts"]) == ("store_unavailable", 1)
    assert row["due_at"] is not None

    shop.faults.set_rates({})
    let_stock_wait_pass(held, acme)
    push_stock(acme)
    assert shown(shop, "A-1") == [7]
    assert stock_row(held, acme, "A-1")["reason"] is None


def test_store_that_is_too_slow_for_a_batch_is_told_fewer_at_once(held: Process, shop: Shop, acme: int) -> None:
    for number in range(30):
        offer(shop, f"S-{number}")
        add(held, f"S-{number}", 5)
    fetch_catalogue(acme)
    do(held, "UPDATE store_stock SET attempts = 3")  # 12, the eighth part of 100, then 24

    push_stock(acme)

    assert [shown(shop, f"S-{number}") for number in range(30)] == [[5]] * 30
    assert stock_calls(shop) == 2


def test_store_that_refuses_us_needs_attention(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1")
    add(held, "A-1", 7)
    shop.faults.fail_next(2, "unauthorized")  # and orders may not be read either

    push_stock(acme)

    assert store_of(held, acme).state == StoreState.NEEDS_ATTENTION
    assert journal_of(held, acme)[-1] == ("stop", "needs_attention", "credentials_refused")
    assert push_stock(acme) == "store_needs_attention"


def test_STK_5_what_moves_while_a_store_is_told_is_rung_for_at_once(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1")
    offer(shop, "B-1")
    add(held, "B-1")
    add(held, "A-1", 7)
    fetch_catalogue(acme)
    rung(held.redis, "stock")
    shop.faults.fail_next(1, "slow", only="batch")
    teller = Thread(target=push_stock, args=(acme,))

    teller.start()
    wait_until(lambda: shop.faults.happened["slow"], what="the call")
    assert push_stock(acme) == "busy"
    adjust(held, "B-1", 1)
    teller.join()

    assert rung(held.redis, "stock") == [[acme]]


def test_STK_5_store_that_comes_back_ends_with_the_hubs_stock(held: Process, shop: Shop, acme: int) -> None:
    offer(shop, "A-1")
    add(held, "A-1", 7)
    push_stock(acme)
    set_state(held, store_of(held, acme), StoreState.DISCONNECTED)
    adjust(held, "A-1", 2)

    assert connect(held, shop, "acme", **{"stock.sync": "on"}) == acme
    let_stock_wait_pass(held, acme)
    push_stock(acme)

    assert shown(shop, "A-1") == [9]
