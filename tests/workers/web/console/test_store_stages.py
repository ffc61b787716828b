"""A store is paused, resumed, activated and disconnected from its pages, with the commands' guards (STG-1, STG-3)."""

from typing import Any

import pytest

from connectors.postgres import journal, stores
from schemas.stores import StoreState
from schemas.users import Role
from tasks.held import Process
from tasks.stores import NewStore, change_store, connect_store, set_state
from tests.tasks.orders.looking import Shop, rung, store_of
from tests.workers.cli.shops import place
from tests.workers.web.console.browsing import Person
from tests.workers.web.console.conftest import People
from tests.workers.web.console.test_store_tabs import where, work


def state_of(held: Process, store_id: int) -> str:
    """How the store stands."""
    return str(store_of(held, store_id).state)


@pytest.fixture
def inactive(held: Process, shop: Shop) -> int:
    """The shop, connected as `acme`, and not active yet."""
    new = NewStore("woocommerce", "acme", shop.url, shop.credentials, {}, allow_insecure=True, inactive=True)
    connect_store(held, new)
    with held.pool.connection() as connection:
        row = stores.find_store(connection, "acme")
    assert row is not None
    return int(row.id)


@pytest.mark.long
def test_STG_1_a_store_is_paused_and_resumed_with_what_it_does_said_before(
    held: Process, acme: int, operator: Person
) -> None:
    assert "Nothing is asked of the shop and it is told nothing" in operator.text("/stores/acme/pause")
    for expected in ("acme is paused.", "acme does not run: nothing was done."):
        assert where(operator.post("/stores/acme/pause", page="/stores/acme/pause")) == "/stores/acme"
        assert expected in operator.text("/stores/acme")
    assert state_of(held, acme) == "paused"
    assert "It does not run" in operator.text("/stores/acme/pause")

    operator.post("/stores/acme/resume", page="/stores/acme/resume")

    assert "acme is active again." in operator.text("/stores/acme")
    assert state_of(held, acme) == "active"
    with held.pool.connection() as connection:
        lines = journal.lines(connection, journal.Which(acme))
    assert [(line.outcome, line.who) for line in lines if line.action == "set_state"] == [
        ("paused", "operator"),
        ("active", "operator"),
    ]


def test_STK_10_a_store_that_would_be_emptied_is_resumed_with_a_tick_alone(
    held: Process, shop: Shop, acme: int, operator: Person
) -> None:
    with held.pool.connection() as connection:
        connection.execute(
            "INSERT INTO hub.products (name) VALUES ('Hook')"
            "; INSERT INTO hub.variants (product_id, sku) SELECT id, 'HOOK-FRG' FROM hub.products"
        )
    change_store(held, store_of(held, acme), {"stock.sync": "on", "stock.tell_uncounted": "on"}, {})
    set_state(held, store_of(held, acme), StoreState.PAUSED)
    rung(held.redis, "fetch")

    asked = where(operator.post("/stores/acme/resume", page="/stores/acme/resume"))
    assert "Resuming: asked of the shop" in operator.text(asked)
    assert work(held) == ["done"]
    assert "that nobody ever counted in the hub" in operator.text(asked)
    assert state_of(held, acme) == "paused"
    done = where(operator.post("/stores/acme/resume", page="/stores/acme/resume", yes="on"))
    assert work(held) == ["done"]

    assert "acme is active again." in operator.text(done)
    assert state_of(held, acme) == "active"


def test_STG_3_an_activation_is_looked_at_before_it_is_done(
    held: Process, shop: Shop, inactive: int, admin: Person
) -> None:
    place(shop, line_items=[{"sku": "HOOK-FRG", "quantity": 1}])
    place(shop, status="pending")
    rung(held.redis, "fetch")
    assert "Its open orders, whatever their age, come in" in admin.text("/stores/acme/activate")

    asked = where(admin.post("/stores/acme/activate", page="/stores/acme/activate", act="preview"))
    assert work(held) == ["done"]
    said = admin.text(asked)
    assert "1 order would come in." in said
    assert "new to the hub" in said
    assert "It is told no stock: that is off." in said
    assert state_of(held, inactive) == "inactive"

    done = where(admin.post("/stores/acme/activate", page="/stores/acme/activate", act="do"))
    assert work(held) == ["done"]
    assert "acme is active. Its open orders come in now." in admin.text(done)
    assert state_of(held, inactive) == "active"
    again = where(admin.post("/stores/acme/activate", page="/stores/acme/activate", act="do"))
    assert "acme was activated already." in admin.text(again)


@pytest.mark.long
def test_STG_1_a_store_is_parted_from_once_its_name_is_typed(held: Process, acme: int, admin: Person) -> None:
    page = "/stores/acme/disconnect"
    rung(held.redis, "fetch")
    assert "Its orders stay in the hub" in admin.text(page)
    for typed in ("", "acm", "<script>"):
        wrong = admin.post(page, page=page, typed=typed)
        assert wrong.status_code == 422
        assert "Type acme to disconnect it." in wrong.text
    assert rung(held.redis, "fetch") == []

    done = where(admin.post(page, page=page, typed="acme"))
    assert work(held) == ["done"]

    assert "acme is disconnected." in admin.text(done)
    assert state_of(held, acme) == "disconnected"
    assert admin.post(page, page="/orders", typed="acme").status_code == 409


@pytest.mark.parametrize("path", ["activate", "disconnect", "keys"])
def test_CON_2_what_admins_do_operators_may_not(acme: int, people: People, path: str) -> None:
    operator = people(Role.OPERATOR)

    assert operator.post(f"/stores/acme/{path}", typed="acme").status_code == 403
    page = operator.get("/stores/acme").text + operator.get("/stores/acme/connection").text
    assert f"/stores/acme/{path}" not in page


def test_STG_1_what_was_disconnected_meanwhile_is_not_brought_back_by_an_old_page(held: Process, acme: int) -> None:
    row: Any = store_of(held, acme)
    set_state(held, row, StoreState.DISCONNECTED)

    with pytest.raises(ValueError, match="acme is disconnected, and nothing was done"):
        set_state(held, row, StoreState.PAUSED)
    with pytest.raises(ValueError, match="nothing is saved"):
        change_store(held, row, {"orders.shipping_fee_line": "off"}, {})

    assert state_of(held, acme) == "disconnected"


@pytest.mark.long
def test_CON_2_no_form_of_a_store_is_taken_too_large_of_none_or_of_one_that_was_disconnected(
    held: Process, acme: int, admin: Person
) -> None:
    steps = ("pause", "resume", "activate", "disconnect", "check", "keys")
    tabs = ("orders", "inventory", "fulfilment", "webhooks", "connection")
    token = admin.token("/stores/acme/pause")

    def sent(name: str, path: str, **fields: str) -> int:
        return admin.post(f"/stores/{name}/{path}", csrf_token=token, **fields).status_code

    forms = (*steps, *tabs)
    assert {sent("none", path) for path in forms} == {404}
    assert {sent("%3Cb%3E", path) for path in forms} == {404}
    assert {sent("acme", path, yes="x" * 200_000) for path in forms} == {413}
    set_state(held, store_of(held, acme), StoreState.DISCONNECTED)
    assert {sent("acme", path, typed="acme", act="ask") for path in forms} == {409}
