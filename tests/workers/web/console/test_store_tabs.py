"""Each tab of a store says what it is of, and asks its shop by a worker alone (CON-1, STG-4)."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.postgres import stores
from sandbox import RunningSandbox, open_sandbox
from schemas.stores import StoreState
from tasks.catalogue import walk_whole
from tasks.held import Process
from tasks.jobs import do_job
from tasks.stores import set_state
from tests.tasks.bad_input import open_bench
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import Shop, rung, store_of
from tests.workers.cli.shops import place
from tests.workers.web.console.browsing import Person, form_with, words
from tests.workers.web.console.test_settings import type_in

TABS = ("", "/orders", "/products", "/inventory", "/fulfilment", "/webhooks", "/connection", "/activity")


@pytest.fixture
def north(held: Process) -> Iterator[RunningSandbox[Any]]:
    """A Shopify shop, connected as `north`."""
    with open_sandbox("shopify", orders=0) as sandbox:
        open_bench(held, sandbox, "shopify", name="north")
        yield sandbox


def work(held: Process) -> list[str]:
    """Do every job that was asked for; what came of each."""
    return [do_job(bell[0]) for bell in rung(held.redis, "fetch") if bell]


def where(answer: Any) -> str:
    """The page that an answer leads to."""
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"].partition("#")[0])


def test_CON_1_every_tab_is_a_page_of_every_store_that_there_ever_was(
    held: Process, acme: int, north: Shop, viewer: Person
) -> None:
    for name in ("acme", "north"):
        for tab in TABS:
            page = viewer.get(f"/stores/{name}{tab}").text
            assert page.count('aria-current="page"') == 1 + (tab == ""), (name, tab)
    assert viewer.get("/stores/none/inventory").status_code == 404
    set_state(held, store_of(held, acme), StoreState.DISCONNECTED)
    assert all(viewer.get(f"/stores/acme{tab}").status_code == 200 for tab in TABS)


def test_MAP_6_an_overview_adds_up_the_money_of_both_sides_by_currency(
    held: Process, shop: Shop, acme: int, viewer: Person
) -> None:
    assert "No order of it is in the hub yet." in viewer.text("/stores/acme")
    place(shop, line_items=[{"sku": "HOOK-FRG", "quantity": 1}])
    import_all(held, acme)

    page = viewer.text("/stores/acme")

    assert "Money, by currency Same to the cent Currency In the hub In the store Apart EUR" in page
    assert "0.00 All orders in the hub, with tax." in page


def test_STG_3_products_are_told_apart_and_paged_by_their_sku(
    held: Process, shop: Shop, acme: int, viewer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "its catalogue was not read yet" in viewer.text("/stores/acme/products")
    walk_whole(held, store_of(held, acme), lambda _: None)
    with held.pool.connection() as connection:
        connection.execute(
            "INSERT INTO store_items (store_id, external_id, sku, name, is_tracked) "
            "SELECT %s, 'x' || n, 'ZZ-' || lpad((n / 2)::text, 4, '0'), '<b>Thing</b>', true "
            "FROM generate_series(0, 239) n",
            (acme,),
        )

    def skus(path: str) -> tuple[list[str], str]:
        text = viewer.get(path).text
        found = re.findall(r'<th scope="row">(?:<[^>]+>)*([^<]+)', text)
        after = text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
        assert "<b>Thing" not in text
        return found, after

    for which in ("", "new", "doubled"):
        found, path = [], f"/stores/acme/products?show={which}" if which else "/stores/acme/products"
        while path:
            some, path = skus(path)
            assert len(some) <= 50
            found += some
        assert found == sorted(set(found)), which
        assert len([sku for sku in found if sku.startswith("ZZ-")]) == 120
    assert skus("/stores/acme/products?show=matched")[0] == []
    assert "2 items have it" in viewer.text("/stores/acme/products?show=doubled")
    assert "had no SKU when its catalogue was read last" in viewer.text("/stores/acme/products?show=without")
    assert viewer.get("/stores/acme/products?show=x").status_code == 404
    for bad in ("x", "%00", "²", "A" * 900, "_w"):
        assert viewer.get(f"/stores/acme/products?after={bad}").status_code == 200


def test_STK_4_a_location_of_the_shop_is_mapped_beside_the_hub_s(held: Process, north: Shop, operator: Person) -> None:
    page = "/stores/north/inventory"
    rung(held.redis, "fetch")
    assert "Ask the shop which locations it has" in operator.text(page)
    operator.post(page, page=page, act="ask", form="places")
    assert "The shop is asked for its locations" in operator.text(page)
    assert work(held) == ["done"]
    form = form_with(operator.get(page).text, form="places")
    (first, *_) = (name for name in form if name.startswith("location_map:"))

    answer = operator.post(page, **{**form, first: "nowhere"})
    assert answer.status_code in {303, 422}
    work(held)
    assert "there is no location &#39;nowhere&#39;" in operator.get(where(answer)).text

    preview = where(operator.post(page, **{**form, first: "main"}))
    assert work(held) == ["done"]
    saving = operator.post(page, **form_with(operator.get(preview).text, act="save"))
    assert work(held) == ["done"]
    assert "Saved." in operator.text(where(saving))
    with held.pool.connection() as connection:
        row = stores.find_store(connection, "north")
    assert row is not None
    assert row.settings["location_map"] == {first.partition(":")[2]: "main"}


def test_STK_10_what_empties_the_shop_asks_for_a_tick(held: Process, shop: Shop, acme: int, operator: Person) -> None:
    page = "/stores/acme/inventory"
    walk_whole(held, store_of(held, acme), lambda _: None)
    with held.pool.connection() as connection:
        connection.execute('UPDATE account SET settings = settings || \'{"default_location": "main"}\'')
        connection.execute(
            "INSERT INTO hub.products (name) VALUES ('Hook')"
            "; INSERT INTO hub.variants (product_id, sku) SELECT id, 'HOOK-FRG' FROM hub.products"
        )
    rung(held.redis, "fetch")

    typed = {"stock.sync": "on", "stock.tell_uncounted": "on", "stock.quantity": "in_stock"}
    preview = where(type_in(operator, page, form="stock", **typed))
    assert work(held) == ["done"]
    note = operator.get(preview).text
    assert "that nobody ever counted in the hub: HOOK-FRG" in words(note)
    assert "sells is put on sale there again" in words(note)
    form = form_with(note, act="save")

    refused = where(operator.post(page, **form))
    assert work(held) == ["failed"]
    assert "tick that you want it" in operator.text(refused)
    assert "stock.sync" not in store_of(held, acme).settings
    saved = where(operator.post(page, **form, yes="on"))
    assert work(held) == ["done"]
    assert "Saved." in operator.text(saved)
    assert store_of(held, acme).settings["stock.sync"] is True


def test_FUL_10_what_the_shop_was_not_told_is_named(held: Process, shop: Shop, acme: int, viewer: Person) -> None:
    assert "Everything that the hub shipped is told." in viewer.text("/stores/acme/fulfilment")
    order = place(shop, line_items=[{"sku": "HOOK-FRG", "quantity": 1}])
    import_all(held, acme)
    with held.pool.connection() as connection:
        connection.execute(
            "UPDATE store_orders SET hub_changed = hub_settled + 1, hub_reason = 'store_unavailable',"
            " hub_is_failing = true, hub_status = 'DELIVERED'"
        )

    page = viewer.text("/stores/acme/fulfilment")

    assert f"{order} Delivered The store did not answer" in page


def test_DOR_4_rights_are_asked_for_and_keys_replaced_without_ever_coming_out(
    held: Process, shop: Shop, acme: int, admin: Person
) -> None:
    page = "/stores/acme/connection"
    rung(held.redis, "fetch")
    checked = where(admin.post("/stores/acme/check", page=page))
    assert work(held) == ["done"]
    assert "gives every right that is needed" in admin.text(checked)
    assert "Read orders Read Every store Yes" in admin.text(page)

    fields = {"key:consumer_key": "ck_wrong", "key:consumer_secret": "cs_wrong"}
    refused = where(admin.post("/stores/acme/keys", page=page, **fields))
    assert work(held) == ["failed"]
    said = admin.get(refused).text
    assert "nothing came of it" in words(said)
    assert "wrong" not in said.replace("is-wrong", "").partition("<main")[2].partition("nothing came of it")[0]
    good = {f"key:{key}": value for key, value in shop.credentials.items()}
    taken = where(admin.post("/stores/acme/keys", page=page, **good))
    assert work(held) == ["done"]
    said = admin.get(taken).text
    assert "The shop takes them." in words(said)
    assert not any(value in said for value in shop.credentials.values())
    with held.pool.connection() as connection:
        for value in (*shop.credentials.values(), "ck_wrong"):
            found = connection.execute("SELECT FROM jobs j WHERE strpos(j::text, %s) > 0", (value,)).fetchall()
            assert found == []
    assert "Nothing was typed" in admin.text(where(admin.post("/stores/acme/keys", page=page)))


def test_BEY_5_what_the_shop_tells_is_looked_at_and_its_token_is_in_no_page(
    held: Process, acme: int, operator: Person
) -> None:
    page = "/stores/acme/webhooks"
    assert "PUBLIC_URL is not set" in operator.text(page)
    for act in ("look", "repair"):
        asked = where(operator.post(page, page=page, act=act))
        assert work(held)[-1] == "done"
        said = operator.get(asked).text
        assert "not told" in words(said)
        assert str(store_of(held, acme).webhook_token) not in said


def test_CON_2_a_job_of_another_store_or_kind_is_none(held: Process, acme: int, north: Shop, operator: Person) -> None:
    number = where(operator.post("/stores/acme/check", page="/stores/acme/connection")).rpartition("=")[2]

    assert operator.get(f"/stores/north/connection?job={number}").status_code == 404
    assert operator.get(f"/stores/acme/webhooks?job={number}").status_code == 404
    for bad in ("x", "-1", "9" * 30, "²"):
        assert operator.get(f"/stores/acme/connection?job={bad}").status_code == 404
    stopped = operator.post(f"/jobs/{number}/stop", page="/stores/acme/connection", back="//evil.example")
    assert stopped.headers["Location"] == "/"
    assert "Check: it was stopped." in operator.text(f"/stores/acme/connection?job={number}")
