"""What is long over is cut by age, journaled in one line, and asked for again where somebody wants it (SPD-2)."""

from datetime import timedelta

import pytest

from connectors.postgres import journal, orders, stores
from sandbox import seed_plain
from sandbox.woocommerce.generator import random_order
from schemas.journal import Entry
from schemas.settings import Value
from schemas.users import Role
from tasks import prune as pruning
from tasks import users
from tasks.held import Process
from tasks.prune import prune
from tests.tasks.conftest import import_all, import_due
from tests.tasks.orders.looking import Shop, do, order_of

LATER = timedelta(days=3000)


@pytest.fixture
def over(held: Process, shop: Shop, acme: int) -> str:
    """An order that was delivered in the hub, and nobody has moved since: its id. It is years later."""
    seed_plain(shop.shop, orders=1)
    assert import_all(held, acme) == ["imported"]
    do(held, "UPDATE hub.sales_order_rows SET delivered_quantity = quantity")
    do(held, "UPDATE store_orders SET hub_settled = hub_changed")
    now = held.now()
    held.now = lambda: now + LATER
    (external_id,) = _ids(held)
    return external_id


def _ids(held: Process) -> list[str]:
    with held.pool.connection() as connection:
        return [row["external_id"] for row in connection.execute("SELECT external_id FROM store_orders")]


def _choose(held: Process, days: dict[str, Value]) -> None:
    with held.pool.connection() as connection:
        stores.change_account(connection, days)


def _said(held: Process) -> list[Entry]:
    with held.pool.connection() as connection:
        return [line for line in journal.lines(connection, journal.Which()) if line.action == "prune"]


def test_SPD_2_a_hub_that_keeps_its_own_house_need_not_be_opened(held: Process) -> None:
    _choose(held, {"hub": "katana"})  # nobody has a key for it here

    assert prune() == "0 snapshots, 0 skipped, 0 journal"


def test_SPD_2_what_is_older_than_the_account_says_is_cut_and_journaled(held: Process, acme: int, over: str) -> None:
    assert prune() == "1 snapshots, 0 skipped, 1 journal, 3 stock_moves"

    (line,) = _said(held)
    assert (line.outcome, line.detail) == (
        "cut",
        {"snapshots": 1, "skipped": 0, "journal": 1, "stock_moves": 3, "goes_on": False},
    )
    assert order_of(held, acme, over).snapshot is None


def test_SPD_2_nothing_is_cut_twice_or_told_of(held: Process, over: str) -> None:
    prune()
    held.now = lambda: _said(held)[0].at

    assert prune() == "0 snapshots, 0 skipped, 0 journal, 0 stock_moves"
    assert len(_said(held)) == 1


def test_SPD_2_what_is_kept_for_0_days_is_kept_for_ever(held: Process, acme: int, over: str) -> None:
    _choose(held, {"keep_journal_days": 0, "privacy.keep_days": 0, "keep_stock_moves_days": 0})

    assert prune() == "kept"
    assert _said(held) == []
    assert order_of(held, acme, over).snapshot is not None


def test_SPD_2_what_is_not_done_in_time_goes_on_another_night(
    held: Process, acme: int, over: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "BUDGET_SECONDS", 0)

    assert prune() == "0 snapshots, 0 skipped, 0 journal, 0 stock_moves"

    monkeypatch.undo()

    assert prune() == "1 snapshots, 0 skipped, 1 journal, 3 stock_moves"


def test_DOR_6_whoever_looks_at_an_order_again_asks_its_store_for_it(held: Process, acme: int, over: str) -> None:
    prune()

    with held.pool.connection() as connection:
        orders.retry(connection, acme, over)

    assert import_due(held, acme) == ["imported"]
    assert order_of(held, acme, over).snapshot is not None


def test_DOR_6_what_does_not_come_is_kept_for_14_days(held: Process, shop: Shop, acme: int) -> None:
    random_order(shop.shop, {"status": "cancelled"})
    assert import_all(held, acme) == ["skipped"]
    (external_id,) = _ids(held)
    now = held.now()
    held.now = lambda: now + timedelta(days=13)
    assert prune().startswith("0 snapshots, 0 skipped")
    held.now = lambda: now + timedelta(days=15)

    assert prune().startswith("0 snapshots, 1 skipped")
    assert order_of(held, acme, external_id).snapshot is None


def test_DOR_6_what_somebody_searched_for_goes_with_their_session(held: Process) -> None:
    with held.pool.connection() as connection:
        users.add_user(connection, "maria", Role.OPERATOR, "a horse and a battery")
        for age in (timedelta(hours=13), timedelta()):
            token = users.begin(connection, "maria", now=held.now() - age)
            users.keep_find(connection, users.mark_of(token), "Ada Lovelace")

        prune()

        (left,) = connection.execute("SELECT finds FROM user_sessions").fetchall()
    assert left["finds"]
