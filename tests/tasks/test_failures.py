"""What bad input gets (SPEC chapter 11): one order is set aside, one store stops, everything else goes on."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.errors import CredentialsRefused
from connectors.postgres import orders
from sandbox import open_sandbox, seed_plain
from sandbox.woocommerce.generator import random_order
from sandbox.woocommerce.model import Order
from tasks.checks import check_store
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.orders.import_order import import_order
from tasks.rules.failures import STORE_TRIES
from tasks.stores import change_store
from tests.connectors.builtin_hub import reports
from tests.connectors.raw_server import RawServer, http_answer
from tests.tasks.conftest import connect, import_all, import_due, show
from tests.tasks.orders.looking import (
    Shop,
    ahead,
    all_orders,
    asked,
    do,
    journal_of,
    let_waits_pass,
    order_of,
    store_of,
)

Spoil = Callable[[dict[str, Any]], Any]


@pytest.fixture
def second_shop() -> Iterator[Shop]:
    """Another shop with one open order."""
    with open_sandbox("woocommerce", orders=0) as sandbox:
        random_order(sandbox.shop, {"status": "processing"})
        yield sandbox


# -- a payload that breaks the schema ------------------------------------------------------------------------------


@pytest.mark.long
def test_ch_11_one_poisoned_order_among_hundreds_is_set_aside_alone(held: Process, shop: Shop, acme: int) -> None:
    seed_plain(shop.shop, orders=299)
    poisoned = _spoiled(shop, lambda order: order["line_items"][0].update(quantity="many"))

    fetch_orders(acme)
    _import_in_tens(held, acme)

    states = all_orders(held, acme)
    assert Counter(states.values()) == {"imported": 299, "failed": 1}
    assert states[str(poisoned.id)] == "failed"
    with held.pool.connection() as connection:
        (money,) = reports.money(connection, acme)
    assert money.orders == 299
    assert money.total_with_tax == money.store_total_with_tax


def test_ch_11_an_unreadable_order_names_its_field_and_is_journaled_once(held: Process, shop: Shop, acme: int) -> None:
    poisoned = _spoiled(shop, lambda order: order["line_items"][0].update(quantity="many"))

    import_all(held, acme)
    do(held, "UPDATE stores SET cursor = NULL WHERE id = %s", acme)
    import_all(held, acme)

    shown = show(held, str(poisoned.id))
    assert (shown["state"], shown["reason"], shown["order"]) == ("failed", "invalid_payload", None)
    detail = {"path": "line_items.0.quantity", "problem": "must be a number"}
    assert [(line["outcome"], line["detail"]) for line in shown["journal"]] == [("failed", detail)]
    assert order_of(held, acme, poisoned.id).detail == detail


def test_ch_11_a_mended_order_comes_in_by_itself_and_nothing_says_failed_again(
    held: Process, shop: Shop, acme: int
) -> None:
    poisoned = _spoiled(shop, lambda order: order.update(total="a lot"))
    import_all(held, acme)

    poisoned.raw = None
    shop.shop.edit_order(poisoned.id, {"customer_note": "mended"})

    assert import_all(held, acme) == ["imported"]
    assert journal_of(held, acme, poisoned.id) == [
        ("fetch", "failed", "invalid_payload"),
        ("import", "imported", None),
    ]


def test_ch_11_a_retry_by_hand_loads_the_order_anew_from_the_store(held: Process, shop: Shop, acme: int) -> None:
    poisoned = _spoiled(shop, lambda order: order.update(total="a lot"))
    import_all(held, acme)

    words = [_retry(held, acme, poisoned)]
    poisoned.raw = None  # the shop is mended, and says nothing of it
    words.append(_retry(held, acme, poisoned))

    assert words == ["failed", "imported"]
    assert journal_of(held, acme, poisoned.id) == [
        ("fetch", "failed", "invalid_payload"),
        ("import", "imported", None),
    ]


def test_ch_11_an_imported_order_that_becomes_unreadable_stays_and_is_journaled(
    held: Process, shop: Shop, acme: int
) -> None:
    order = random_order(shop.shop, {"status": "processing"})
    import_all(held, acme)
    order.raw = json.dumps(json.loads(shop.shop.order_body(order)) | {"total": "a lot"}).encode()
    shop.shop.edit_order(order.id, {"customer_note": "changed"})

    assert import_all(held, acme) == []

    shown = show(held, str(order.id))
    assert shown["state"] == "imported"
    assert [(line["outcome"], line["reason"]) for line in shown["journal"]] == [
        ("imported", None),
        ("failed", "invalid_payload"),
    ]


NO_ORDERS = (
    b'"text"',
    b"[[[]]]",
    b"null",
    b"7",
    b"{}",
    b'{"id": null, "status": "processing"}',
    b'{"id": "../../orders/1", "status": "processing"}',
    b'{"id": -5}',
    b'{"id": ' + b"9" * 400 + b"}",
    b'{"id": 1e400}',
)


def test_ch_11_entries_that_are_no_orders_do_not_hold_up_their_page(held: Process, shop: Shop, acme: int) -> None:
    good = random_order(shop.shop, {"status": "processing"})
    for raw in NO_ORDERS:
        random_order(shop.shop, {"status": "processing"}).raw = raw

    import_all(held, acme)
    import_all(held, acme)

    states = all_orders(held, acme)
    assert states.pop(str(good.id)) == "imported"
    assert list(states.values()) == ["failed"] * len(NO_ORDERS)
    assert [journal_of(held, acme, key) for key in states] == [[("fetch", "failed", "invalid_payload")]] * len(states)


HOSTILE: dict[str, tuple[str, Spoil]] = {
    "a NUL in a name": ("imported", lambda order: order["billing"].update(first_name="A\x00da")),
    "half a character": ("imported", lambda order: order["billing"].update(city="Ber\ud83dlin")),
    "a very long note": ("imported", lambda order: order.update(customer_note="x" * 10_000)),
    "an unknown field": ("imported", lambda order: order.update(surprise={"deep": [1] * 1000})),
    "an unknown status": ("skipped", lambda order: order.update(status="teleported")),
    "an absurd number": ("failed", lambda order: order.update(total="1e9999999")),
    "not a number": ("failed", lambda order: order.update(total="NaN")),
    "an unknown currency": ("failed", lambda order: order.update(currency="EURO")),
    "a negative quantity": ("failed", lambda order: order["line_items"][0].update(quantity=-1)),
    "no date": ("failed", lambda order: order.update(date_created_gmt="0000-00-00T00:00:00")),
}


def test_ch_11_hostile_values_are_kept_or_set_aside_and_the_page_goes_on(held: Process, shop: Shop, acme: int) -> None:
    placed = {name: str(_spoiled(shop, spoil).id) for name, (_, spoil) in HOSTILE.items()}

    import_all(held, acme)

    states = all_orders(held, acme)
    assert {name: states[key] for name, key in placed.items()} == {name: state for name, (state, _) in HOSTILE.items()}


# -- 401, 403 ------------------------------------------------------------------------------------------------------


def test_MUL_1_a_store_that_refuses_our_credentials_stops_alone(
    held: Process, shop: Shop, acme: int, second_shop: Shop
) -> None:
    waiting = random_order(shop.shop, {"status": "processing"})
    second = connect(held, second_shop, "second")
    fetch_orders(acme)
    key = dict(shop.shop.keys)
    shop.shop.keys.clear()

    words = [fetch_orders(acme), fetch_orders(acme), import_order(acme, str(waiting.id))]

    assert words == ["store_needs_attention"] * 3
    assert (store_of(held, acme).state, store_of(held, acme).reason) == (
        "needs_attention",
        "credentials_refused",
    )
    assert journal_of(held, acme) == [("stop", "needs_attention", "credentials_refused")]
    assert import_all(held, second) == ["imported"]
    shop.shop.keys.update(key)
    check_store(held, store_of(held, acme))
    assert import_due(held, acme) == ["imported"]
    assert fetch_orders(acme) == "fetched"


def test_ch_11_a_stopped_store_is_not_asked(held: Process, shop: Shop, acme: int) -> None:
    shop.shop.keys.clear()
    fetch_orders(acme)
    before = asked(shop)

    assert fetch_orders(acme) == "store_needs_attention"
    assert import_order(acme, "5") == "store_needs_attention"
    assert asked(shop) == before


def test_ch_11_a_refusal_met_by_an_order_stops_the_store_and_keeps_the_order_due(
    held: Process, shop: Shop, acme: int
) -> None:
    order = random_order(shop.shop, {"status": "processing"})
    key = dict(shop.shop.keys)
    shop.shop.keys.clear()

    assert import_order(acme, str(order.id)) == "store_needs_attention"

    shop.shop.keys.update(key)
    check_store(held, store_of(held, acme))
    assert import_due(held, acme) == ["imported"]


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "Key is wrong"), (403, "Nobody may"), (401, "NUL \\u0000 and half \\ud83d of a character")],
)
def test_ch_11_401_and_403_stop_the_store_whatever_the_shop_says(
    held: Process, acme: int, status: int, words: str
) -> None:
    with RawServer(
        http_answer(status, f'{{"code": "no", "message": "{words}", "data": {{"status": {status}}}}}')
    ) as refusing:
        do(held, "UPDATE stores SET url = %s WHERE id = %s", refusing.url, acme)

        assert fetch_orders(acme) == "store_needs_attention"

    assert journal_of(held, acme) == [("stop", "needs_attention", "credentials_refused")]
    assert f"answered {status}" in (store_of(held, acme).reason_detail or "")


def test_ch_11_a_check_that_is_refused_stops_the_store_and_is_journaled_once(
    held: Process, shop: Shop, acme: int
) -> None:
    shop.shop.keys.clear()

    for _ in range(2):
        with pytest.raises(CredentialsRefused):
            check_store(held, store_of(held, acme))

    assert store_of(held, acme).state == "needs_attention"
    assert journal_of(held, acme) == [("stop", "needs_attention", "credentials_refused")]


def test_ch_11_new_credentials_bring_a_stopped_store_back(held: Process, shop: Shop, acme: int) -> None:
    random_order(shop.shop, {"status": "processing"})
    do(held, "UPDATE stores SET credentials = %s", held.secrets.lock({"consumer_key": "a", "consumer_secret": "b"}))
    assert fetch_orders(acme) == "store_needs_attention"

    change_store(held, store_of(held, acme), {}, shop.credentials)

    assert import_all(held, acme) == ["imported"]


# -- 5xx and the like, met by an order -----------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["http_500", "http_503", "timeout", "reset", "truncated", "html"])
def test_ch_11_an_order_that_cannot_be_loaded_is_put_off_and_then_set_aside_for_later(
    held: Process, shop: Shop, acme: int, fault: str
) -> None:
    order = _refunded(shop)
    fetch_orders(acme)
    shop.faults.set_pace(timeout_seconds=0.05)
    shop.faults.fail_next(STORE_TRIES, fault, only=f"/orders/{order.id}")

    words = [import_order(acme, str(order.id))]
    put_off = order_of(held, acme, order.id)
    words += [import_order(acme, str(order.id)) for _ in range(STORE_TRIES - 1)]
    aside = order_of(held, acme, order.id)

    assert words == ["put_off"] * (STORE_TRIES - 1) + ["failed"]
    assert (put_off.state, put_off.reason, put_off.attempts) == ("pending", "store_unavailable", 1)
    assert ahead(put_off.due_at) <= timedelta(seconds=5)
    assert (aside.state, aside.reason) == ("failed", "store_unavailable")
    assert timedelta(minutes=59) < ahead(aside.due_at) <= timedelta(hours=1)
    assert journal_of(held, acme, order.id) == [("import", "failed", "store_unavailable")]
    let_waits_pass(held, acme)
    assert import_due(held, acme) == ["imported"]  # the sweep needs no hand


def test_ch_11_an_outage_that_goes_on_is_not_journaled_at_every_sweep(held: Process, shop: Shop, acme: int) -> None:
    order = _refunded(shop)
    fetch_orders(acme)
    shop.faults.set_rates({"http_500": 1})

    words = [import_order(acme, str(order.id)) for _ in range(STORE_TRIES + 3)]

    assert words[-4:] == ["failed"] * 4
    assert journal_of(held, acme, order.id) == [("import", "failed", "store_unavailable")]


def test_MUL_1_an_order_that_cannot_be_loaded_does_not_hold_up_the_others_of_its_bell(
    held: Process, shop: Shop, acme: int
) -> None:
    stuck, good = _refunded(shop), random_order(shop.shop, {"status": "processing"})
    fetch_orders(acme)
    shop.faults.fail_next(1, "http_500", only=f"/orders/{stuck.id}")

    assert sorted(import_order(acme, str(stuck.id), str(good.id)).split(", ")) == ["imported", "put_off"]


# -- 404 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("external_id", ["424242", "no-number", "1/../2", "9" * 40])
def test_ch_11_an_order_the_store_does_not_have_is_set_aside(held: Process, acme: int, external_id: str) -> None:
    assert import_order(acme, external_id) == "failed"
    assert import_order(acme, external_id) == "nothing_due"

    shown = show(held, external_id)
    assert (shown["state"], shown["reason"]) == ("failed", "not_found_in_store")
    assert journal_of(held, acme, external_id) == [("import", "failed", "not_found_in_store")]


def test_ch_11_an_order_that_appears_later_is_imported_on_retry(held: Process, shop: Shop, acme: int) -> None:
    order = random_order(shop.shop, {"status": "processing"})
    del shop.shop.book.orders[order.id]
    assert import_order(acme, str(order.id)) == "failed"

    shop.shop.book.orders[order.id] = order

    assert _retry(held, acme, order) == "imported"


# -- bugs ----------------------------------------------------------------------------------------------------------


def test_ch_11_a_bug_is_written_to_the_order_and_fails_the_task(
    held: Process, shop: Shop, acme: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = random_order(shop.shop, {"status": "processing"})
    fetch_orders(acme)
    with monkeypatch.context() as broken:
        broken.setattr("tasks.rules.look.decide_import", _divide_by_zero)
        tries = [_fails(acme, order) for _ in range(3)]
    aside = order_of(held, acme, order.id)

    assert tries == [ZeroDivisionError] * 3
    assert (aside.state, aside.reason) == ("failed", "unexpected_error")
    assert re.fullmatch(r"ZeroDivisionError at tasks/rules/look\.py:\d+", aside.detail["problem"])
    assert journal_of(held, acme, order.id) == [("import", "failed", "unexpected_error")]
    assert _retry(held, acme, order) == "imported"


def test_ch_11_a_statement_the_database_does_not_know_fails_the_task_and_waits(
    held: Process, shop: Shop, acme: int
) -> None:
    order = random_order(shop.shop, {"status": "processing"})
    fetch_orders(acme)
    do(held, "ALTER TABLE hub.variants RENAME COLUMN sku TO code")

    assert _fails(acme, order).__name__ == "UndefinedColumn"

    waiting = order_of(held, acme, order.id)
    assert (waiting.state, waiting.reason, waiting.attempts) == ("pending", "hub_busy", 1)
    do(held, "ALTER TABLE hub.variants RENAME COLUMN code TO sku")
    assert import_due(held, acme) == ["imported"]


def _divide_by_zero(*_: object, **__: object) -> None:
    raise ZeroDivisionError("by \x00NUL\ud83d")


def _fails(store_id: int, order: Order) -> type[BaseException]:
    """The error that an import ends with."""
    with pytest.raises(Exception) as caught:
        import_order(store_id, str(order.id))
    return caught.type


def _retry(held: Process, store_id: int, order: Order) -> str:
    """As `storesync retry`, with a worker at hand."""
    with held.pool.connection() as connection:
        assert orders.retry(connection, store_id, str(order.id))
    return str(import_order(store_id, str(order.id)))


def _spoiled(shop: Shop, spoil: Spoil) -> Order:
    """An order of the usual shape that the shop answers with something changed."""
    order = random_order(shop.shop, {"status": "processing"})
    body = json.loads(shop.shop.order_body(order))
    spoil(body)
    order.raw = json.dumps(body).encode()
    return order


def _refunded(shop: Shop) -> Order:
    """An open order with a refund, which the list carries only a part of."""
    order = random_order(shop.shop, {"status": "processing", "line_items": [{"sku": _sku(shop), "quantity": 5}]})
    shop.shop.refund_order(order.id, {"pieces": {order.lines[0].id: 2}})
    return order


def _sku(shop: Shop) -> str:
    shop.shop.add_product({"name": "Chair", "sku": "CHAIR-1", "regular_price": "30.00", "stock_quantity": 50})
    return "CHAIR-1"


def _import_in_tens(held: Process, store_id: int) -> None:
    """Look at every order that is due, ten in a bell."""
    ids = list(all_orders(held, store_id))
    for start in range(0, len(ids), 10):
        import_order(store_id, *ids[start : start + 10])
