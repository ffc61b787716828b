"""A store is connected and set up on one page: nothing travels before the end, what was typed stays (STG-1…3)."""

from typing import Any, Final

import pytest

from connectors.postgres import order_view, stores
from schemas.stores import StoreState
from schemas.users import Role
from tasks.catalogue import fetch_catalogue
from tasks.held import Process
from tasks.jobs import do_job
from tasks.products import import_products
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import Shop, rung
from tests.workers.cli.shops import place
from tests.workers.web.console.browsing import Person
from tests.workers.web.console.conftest import People

HOOK: Final = [{"sku": "HOOK-FRG", "quantity": 1}]


def named(shop: Shop, **changed: str) -> dict[str, str]:
    """The first section, as it is typed."""
    return {"platform": "woocommerce", "url": shop.url, "name": "north", "insecure": "on"} | changed


def keys(shop: Shop) -> dict[str, str]:
    return {f"key:{key}": value for key, value in shop.credentials.items()}


def work(held: Process) -> list[str]:
    """What workers make of the jobs that wait."""
    return [
        do_job(message[0]) for message in rung(held.redis, "fetch") if len(message) == 1 and str(message[0]).isdigit()
    ]


def connect(held: Process, person: Person, shop: Shop) -> str:
    """By the first two sections; the page that says what came of it."""
    asked = person.post("/stores/connect/keys", page="/stores/connect", **named(shop), **keys(shop))
    assert asked.status_code == 303, asked.text
    assert work(held) == ["done"]
    return asked.headers["Location"]


def row_of(held: Process, name: str = "north") -> Any:
    with held.pool.connection() as connection:
        return stores.find_store(connection, name)


@pytest.mark.long
def test_STG_1_a_store_is_connected_set_up_and_activated_on_one_page(held: Process, shop: Shop, people: People) -> None:
    admin = people(Role.ADMIN)
    orders = [place(shop, line_items=HOOK) for _ in range(2)]
    place(shop, status="pending")

    first = admin.post("/stores/connect", page="/stores/connect", **named(shop))
    assert first.status_code == 303
    page = admin.text(first.headers["Location"])
    assert "How to get them Open" in page or "Add key" in page
    assert "Waits for keys that the shop takes" in page
    there = connect(held, admin, shop)
    assert "north is connected and inactive" in admin.text(there)
    assert row_of(held).state == StoreState.INACTIVE

    setup = "/stores/north/setup"
    page = admin.text(setup)
    assert "Nothing travels until step 7" in page
    for kind in ("check", "foretell"):
        asked = admin.post(f"{setup}/ask", page=setup, kind=kind)
        assert asked.status_code == 303
        assert "so far" in admin.text(setup)
        assert work(held) == ["done"]
    page = admin.text(setup)
    assert "2 orders would come in" in page
    assert "Activate north, and let 2 orders in" in page
    admin.post(f"{setup}/bring-in", page=setup, what="customers", act="begin")
    assert work(held) == ["done"]
    assert "known already." in admin.text(setup)
    admin.post(f"{setup}/bring-in", page=setup, what="customers", act="begin")
    admin.post(f"{setup}/bring-in", page=setup, what="customers", act="stop")
    assert (work(held), "It was stopped" in admin.text(setup)) == (["nothing_due"], True)
    admin.post(f"{setup}/bring-in", page=setup, what="products", act="begin")
    assert "The catalogue is being read." in admin.text(setup)
    store_id = row_of(held).id
    assert fetch_catalogue(store_id) == "walked"
    import_products(store_id)
    assert "made" in admin.text(setup)
    with held.pool.connection() as connection:
        assert order_view.orders(connection) == []  # nothing travels

    rung(held.redis, "fetch")
    begun = admin.post("/stores/north/activate", page=setup, act="do")
    assert begun.status_code == 303
    assert work(held) == ["done"]
    assert row_of(held).state == StoreState.ACTIVE
    import_all(held, store_id)
    with held.pool.connection() as connection:
        states = {row.external_id: row.state for row in order_view.orders(connection)}
    assert [states[order] for order in orders] == ["imported", "imported"]
    assert "It was activated" in admin.text(setup)


def test_STG_1_what_the_setup_page_saves_is_previewed_as_on_the_stores_own_pages(
    held: Process, shop: Shop, people: People
) -> None:
    admin = people(Role.ADMIN)
    connect(held, admin, shop)
    setup = "/stores/north/setup"
    page = admin.get(setup).text
    version = page.split('name="form" value="settings"')[1].split('name="version" value="')[1].split('"')[0]
    given = {"form": "settings", "version": version, "orders.shipping_fee_line": "off"}

    preview = admin.post(setup, page=setup, **given)
    assert (preview.status_code, "Before this is saved" in preview.text) == (200, True)
    saved = admin.post(setup, page=setup, act="save", **given)
    late = admin.post(setup, page=setup, act="save", **given | {"orders.shipping_fee_line": "on"})

    assert (saved.status_code, late.status_code) == (303, 409)
    assert row_of(held).settings["orders.shipping_fee_line"] is False
    assert "1 setting changed" in admin.text(setup)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"platform": "magento"}, "Must be one of"),
        ({"name": "hub"}, "means something else"),
        ({"name": "A b"}, "lower-case letters"),
        ({"url": ""}, "Give the address"),
        ({"url": "ftp://x"}, "must start with https"),
        ({"url": "https://user:secret@shop.example"}, "must not hold a user name"),
        ({"url": "http://shop.example", "insecure": ""}, "must start with https"),
        ({"name": "<script>alert(1)</script>"}, "lower-case letters"),
        ({"name": "x" * 5000}, "lower-case letters"),
    ],
)
def test_STG_1_what_cannot_be_is_said_and_stays_typed(
    shop: Shop, admin: Person, changed: dict[str, str], words: str
) -> None:
    answer = admin.post("/stores/connect", page="/stores/connect", **named(shop, **changed))

    assert (answer.status_code, words.lower() in answer.text.lower()) == (422, True)
    assert "<script>alert" not in answer.text
    if "url" not in changed:
        assert f'value="{shop.url}"' in answer.text


def test_MUL_4_a_shop_that_is_connected_is_named_with_its_link(
    held: Process, shop: Shop, acme: int, admin: Person
) -> None:
    answer = admin.post("/stores/connect", page="/stores/connect", **named(shop))
    assert (answer.status_code, 'href="/stores/acme">acme</a>' in answer.text) == (422, True)

    other = named(shop, url=shop.url.replace("127.0.0.1", "localhost"))
    asked = admin.post("/stores/connect/keys", page="/stores/connect", **other, **keys(shop))
    if asked.status_code == 303:  # by its address it is another: the shop itself tells
        work(held)
        page = admin.get(asked.headers["Location"]).text
        assert 'href="/stores/acme">acme</a>' in page


def test_STG_1_keys_are_never_shown_again_and_a_shop_that_is_away_is_said(
    held: Process, shop: Shop, admin: Person
) -> None:
    first = named(shop)
    missing = admin.post("/stores/connect/keys", page="/stores/connect", **first, **{"key:consumer_key": "ck_s3cret"})
    assert (missing.status_code, "ck_s3cret" in missing.text) == (422, False)
    assert "Is missing" in missing.text
    bad = {"key:consumer_key": "ck_s3cret", "key:consumer_secret": "cs_s3cret"}
    asked = admin.post("/stores/connect/keys", page="/stores/connect", **first, **bad)
    assert work(held) == ["failed"]
    page = admin.get(asked.headers["Location"]).text
    assert ("Nothing is connected" in page, "s3cret" in page + asked.headers["Location"]) == (True, False)
    assert row_of(held) is None

    shop.server.stop()
    asked = admin.post("/stores/connect/keys", page="/stores/connect", **first, **keys(shop))
    assert work(held) == ["failed"]
    page = admin.text(asked.headers["Location"])
    assert "The store did not answer" in page
    assert "type the keys once more" in page
    assert "north" in page  # what was typed stays
    with held.pool.connection() as connection:
        assert connection.execute("SELECT count(*) AS n FROM jobs WHERE locked IS NOT NULL").fetchone() == {"n": 0}


def test_CON_2_connecting_is_for_admins_and_setting_up_for_operators(
    held: Process, shop: Shop, acme: int, people: People
) -> None:
    viewer, operator = people(Role.VIEWER), people(Role.OPERATOR)

    assert [one.get("/stores/connect").status_code for one in (viewer, operator)] == [403, 403]
    assert [one.get("/stores/acme/setup").status_code for one in (viewer, operator)] == [403, 200]
    assert operator.get("/stores/none/setup").status_code == 404
    assert "Connect a store" not in viewer.text("/stores")
    posts = [
        operator.post("/stores/acme/setup/ask", page="/stores", kind="drop"),
        operator.post("/stores/acme/setup/bring-in", page="/stores", what="everything"),
    ]
    assert [answer.status_code for answer in posts] == [303, 303]


def test_STG_1_keys_that_are_sent_twice_connect_one_store(held: Process, shop: Shop, admin: Person) -> None:
    sent = [
        admin.post("/stores/connect/keys", page="/stores/connect", **named(shop), **keys(shop)).headers["Location"]
        for _ in range(2)
    ]

    assert work(held) == ["done", "done"]
    assert ["north is connected and inactive" in admin.text(one) for one in sent] == [True, True]
    with held.pool.connection() as connection:
        assert [row.name for row in stores.stores(connection)] == ["north"]
