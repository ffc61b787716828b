"""What the pages say of stores and orders (CON-1), to whom (DOR-6), and by which addresses."""

import csv
from contextlib import ExitStack
from io import StringIO
from typing import Final

import pytest

from connectors import counters
from connectors.counters import Counted
from connectors.postgres import stores
from schemas.reasons import Reason
from schemas.users import Role
from tasks.held import Process
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import Shop
from tests.workers.cli.shops import place, place_raw
from tests.workers.web.console.browsing import Person, words
from tests.workers.web.console.conftest import People
from workers.app import QUEUES
from workers.web.console import desk, orders

ADA: Final = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@example.com",
    "phone": "+44 20 5550 1234",
    "address_1": "Ockham Park 7",
    "city": "Guildford",
    "postcode": "GU23 6ND",
    "country": "GB",
    "company": "",
    "address_2": "",
    "state": "",
}
HER: Final = ("Lovelace", "ada@example.com", "Ockham", "GU23", "5550 1234")
HOOK: Final = [{"sku": "HOOK-FRG", "quantity": 1}]


@pytest.fixture
def adas(held: Process, shop: Shop, acme: int) -> str:
    """An order of Ada's that is in the hub."""
    order = place(shop, line_items=HOOK, billing=ADA, shipping=ADA)
    import_all(held, acme)
    return order


def test_CON_1_home_says_in_its_first_line_how_things_stand(
    held: Process, shop: Shop, acme: int, adas: str, viewer: Person
) -> None:
    assert "1 store in step, nothing needs you Nothing waits. Nothing is missing." in viewer.text("/")
    place_raw(shop, total="n/a")
    import_all(held, acme)

    home = viewer.text("/")

    assert "1 store in step, 1 thing needs you" in home
    assert "1 order of acme: The store sent an order that cannot be read" in home
    assert "Correct the order in the store, then retry them." in home
    assert "In the hub 1 order, 0 skipped Waiting 0 Failed 1 order" in home
    assert "Needs you 1 open" in home


def test_CON_1_home_shows_the_last_hours_and_what_runs(held: Process, adas: str, viewer: Person) -> None:
    counters.count(held.redis, Counted.STOCK_TOLD, 1, 7)
    page = viewer.get("/").text

    assert page.count('<rect class="bar"') == 2
    assert "Most 1 from" in words(page)
    assert "Most 7 from" in words(page)
    assert "Redis answers Workers 0; nobody serves fetch" in words(page)
    counters.show_worker(held.redis, "w@here", QUEUES)
    assert "System All well" in viewer.text("/")


def test_CON_1_home_without_a_store_teaches(viewer: Person) -> None:
    assert "Connect your first store" in viewer.text("/")
    assert "No store has shown an order yet" in viewer.text("/orders")
    assert "Nothing needs you" in viewer.text("/needs")


def test_CON_1_a_stopped_store_stands_first(held: Process, acme: int, viewer: Person) -> None:
    with held.pool.connection() as connection:
        stores.stop_store(connection, acme, reason="credentials_refused", detail="")

    assert "0 of 1 store in step, 1 thing needs you" in viewer.text("/")
    needs = viewer.text("/needs")
    assert "Stopped: refused acme was stopped: The store refused the credentials." in needs
    assert "storesync store set acme --credential" in needs


def test_CON_1_an_order_tells_its_rows_money_parcels_and_way(adas: str, operator: Person) -> None:
    page = operator.text(f"/orders/acme/{adas}")

    for said in (
        f"Order {adas} In the hub · Not shipped",
        "HOOK-FRG Forged Hook 1",
        "Same to the cent",
        "Nothing was shipped yet.",
        "The store showed it first.",
        "It was imported.",
        "Ada Lovelace",
        "ada@example.com",
        "Ockham Park 7",
        f"storesync order show acme {adas}",
    ):
        assert said in page, said


def test_CON_1_a_failed_order_says_what_is_wrong_and_what_to_do(
    held: Process, shop: Shop, acme: int, operator: Person
) -> None:
    order = place_raw(shop, total="n/a")
    import_all(held, acme)

    page = operator.text(f"/orders/acme/{order}")

    assert "nothing of it is in the hub" in page
    assert "total must be a number" in page
    assert "Correct the order in the store, then retry it." in page


@pytest.mark.parametrize("path", ["/", "/orders", "/needs", "/orders/acme/{order}", "/orders?q={order}"])
def test_DOR_6_a_viewer_sees_no_buyer(adas: str, viewer: Person, path: str) -> None:
    page = viewer.get(path.format(order=adas)).text

    assert [word for word in HER if word in page] == []
    if "orders" in path:
        assert "A… L…" in page
    if path == "/orders/acme/{order}":
        assert "a…@example.com" in page
        assert "Guildford" in page


def test_DOR_6_no_title_and_no_address_names_a_buyer(adas: str, operator: Person) -> None:
    for path in ("/", "/orders", "/needs", f"/orders/acme/{adas}"):
        page = operator.get(path).text
        title = page.partition("<title>")[2].partition("</title>")[0]
        links = [part.partition('"')[0] for part in page.split('href="')[1:]]
        assert [word for word in HER if word in title or any(word in link for link in links)] == []


def test_DOR_6_what_was_searched_for_is_in_no_address(adas: str, people: People) -> None:
    operator, viewer = people(Role.OPERATOR), people(Role.VIEWER)

    found = operator.post("/orders", q="  lovelace ")

    assert found.headers["Location"] == "/orders?find=1"
    page = operator.text("/orders?find=1")
    assert "Ada Lovelace" in page
    assert viewer.get("/orders?find=1").status_code == 404
    assert [viewer.get(f"/orders?find={number}").status_code for number in ("0", "x", "²", "9" * 30)] == [404] * 4
    # A viewer cannot find out who bought by asking.
    assert viewer.post("/orders", q="lovelace").headers["Location"] == "/orders?find=1"
    assert "No order matches" in viewer.text("/orders?find=1")


def test_CON_1_one_exact_number_goes_straight_to_its_order(adas: str, viewer: Person) -> None:
    assert viewer.post("/orders", q=f" #{adas} ").headers["Location"] == f"/orders/acme/{adas}"
    assert viewer.post("/orders", q=adas, state="imported").headers["Location"] == f"/orders?state=imported&q={adas}"
    assert viewer.post("/orders", store="acme", q="", reason="on_hold").headers["Location"] == (
        "/orders?store=acme&reason=on_hold"
    )


def test_CON_1_a_sku_is_found_and_stays_in_the_address(held: Process, acme: int, adas: str, viewer: Person) -> None:
    with held.pool.connection() as connection:
        connection.execute(
            "INSERT INTO store_items (store_id, external_id, sku, is_tracked) VALUES (%s, '1', 'HOOK-FRG', true)"
            " ON CONFLICT DO NOTHING",
            (acme,),
        )

    assert viewer.post("/orders", q="HOOK-FRG").headers["Location"] == "/orders?q=HOOK-FRG"
    assert f"{adas} acme" in viewer.text("/orders?q=HOOK-FRG")


@pytest.mark.parametrize("address", ["/orders", "/orders?store=acme", "/orders?reason=on_hold", "/orders?q=N"])
def test_CON_3_pages_follow_each_other_without_a_gap(
    held: Process, shop: Shop, acme: int, viewer: Person, address: str
) -> None:

    with held.pool.connection() as connection:
        for number in range(120):  # many with one time, and some of which no store said when they changed
            at = None if number % 10 == 0 else f"2026-11-{1 + number % 3:02} 12:00Z"
            connection.execute(
                "INSERT INTO store_orders (store_id, external_id, order_no, store_updated_at, state, reason)"
                " VALUES (%s, %s, %s, %s, 'skipped', 'on_hold')",
                (acme, f"x{number}", f"N{number}-", at),
            )
    seen: list[str] = []
    for _ in range(3):
        page = viewer.get(address).text
        seen += [part.partition("<")[0] for part in page.split('<th scope="row">')[1:] for part in [part.split(">")[1]]]
        rest = page.partition('rel="next" href="')[2].partition('"')[0]
        address = rest.replace("&amp;", "&")

    assert address == ""
    back = [part.partition('"')[0].replace("&amp;", "&") for part in page.split('rel="prev" href="')[1:]]
    assert f"{seen[50]}<" in viewer.get(back[0]).text
    assert f"{seen[100]}<" not in viewer.get(back[0]).text
    assert sorted(seen) == sorted(f"N{number}-" for number in range(120))
    assert "Back to the newest" in words(page)


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=%00",
        "after=W10=",
        "after=WzEsMiwzXQ==",
        "after=~~x~",
        "after=WyIyMDI2LTAxLTAxIiwgIngiLCAxXQ==",
        "state=<b>",
        "reason=none",
        "q=%00%ff",
        "q='--",
        "store=&state=&reason=",
    ],
)
def test_CON_1_addresses_that_nobody_made_are_pages_all_the_same(adas: str, viewer: Person, query: str) -> None:
    assert viewer.get(f"/orders?{query}").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/orders?store=none", "/orders/none/1", "/orders/acme/none", "/orders/acme/%00", "/needs/none/retry", "/nothing"],
)
def test_CON_1_what_nobody_ever_saw_is_said_so(adas: str, operator: Person, path: str) -> None:
    answer = operator.get(path)

    assert (answer.status_code, "Nothing of that name was ever seen" in answer.text) == (404, True)


def test_CON_1_a_shop_s_text_is_never_markup(held: Process, shop: Shop, acme: int, operator: Person) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x>"
    order = place(shop, line_items=[{**HOOK[0], "name": evil}], billing={**ADA, "first_name": evil, "last_name": evil})
    import_all(held, acme)

    for path in ("/", "/orders", f"/orders/acme/{order}", "/needs"):
        page = operator.get(path).text
        assert "<script>alert" not in page
        assert "<img" not in page
    found = operator.post("/orders", q=evil)
    assert "<script>alert" not in operator.get(found.headers["Location"]).text


def test_CON_3_live_says_that_something_moved_and_nothing_else(
    held: Process, shop: Shop, acme: int, viewer: Person
) -> None:
    first = viewer.get("/live?topics=news")
    last = first.text.rpartition("id: ")[2].strip()
    quiet = viewer.get("/live?topics=news", headers={"Last-Event-ID": last}).text
    place(shop, line_items=HOOK)
    import_all(held, acme)
    moved = viewer.get("/live?topics=news", headers={"Last-Event-ID": last}).text

    assert first.headers["Content-Type"].startswith("text/event-stream")
    assert ("data" in first.text, "data" in quiet) == (False, False)
    assert "event: moved\ndata: news\n\n" in moved
    assert moved.count("data") == 1


def test_CON_1_a_page_whose_database_is_away_says_so_and_reloads(held: Process, web: str, viewer: Person) -> None:
    held.pool.close()

    answer = viewer.get("/")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "storesync doctor" in answer.text
    assert 'http-equiv="refresh"' in answer.text
    assert "refresh" not in viewer.browser.post(f"{web}/sign-in", timeout=30).text


def test_DOR_2_pages_leave_the_door_its_threads(web: str, viewer: Person, stranger: Person) -> None:
    with ExitStack() as taken:
        for _ in range(desk.SEATS):
            assert desk._SEATS.acquire(blocking=False)
            taken.callback(desk._SEATS.release)

        answer = viewer.get("/")

        assert (answer.status_code, "Too many at once" in answer.text) == (503, True)
        live = viewer.get("/live?topics=news")
        assert (live.status_code, live.text) == (200, "retry: 3000\n\n")  # a stream that is refused is given up
        assert viewer.get("/healthz").status_code == 200
        assert stranger.browser.post(f"{web}/webhooks/woocommerce/none", timeout=30).status_code == 401
    assert viewer.get("/").status_code == 200


def test_CON_1_every_reason_has_words_on_its_page(adas: str, operator: Person) -> None:
    page = operator.text("/orders")

    assert [reason for reason in Reason if reason.sentence not in page] == []


def test_CON_1_the_list_comes_as_a_file_too(
    held: Process, shop: Shop, acme: int, adas: str, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "PORTION", 1)
    buyer = {**ADA, "first_name": "=cmd()", "last_name": ";+1", "email": "e@example.com"}
    evil = place(shop, line_items=HOOK, billing=buyer)
    import_all(held, acme)
    place_raw(shop, total="n/a")
    import_all(held, acme)

    answer = people(Role.OPERATOR).get("/orders.csv?store=acme")
    head, *rows = csv.reader(StringIO(answer.text))

    assert answer.headers["Content-Disposition"] == "attachment; filename=orders.csv"
    assert head[:4] == ["store", "number", "id", "customer"]
    assert {row[2]: row[3] for row in rows if row[2] in {adas, evil}} == {
        adas: "Ada Lovelace",
        evil: "'=cmd() ;+1",
    }
    assert sorted(row[4] for row in rows) == ["failed", "imported", "imported"]
    for_viewers = people(Role.VIEWER).get("/orders.csv?state=imported").text
    assert "Lovelace" not in for_viewers
    assert "A… L…" in for_viewers


def test_CON_1_orders_are_found_by_the_days_on_which_they_changed(held: Process, acme: int, viewer: Person) -> None:
    with held.pool.connection() as connection:
        for number, at in enumerate(("2026-11-01 00:00Z", "2026-11-02 23:59Z", "2026-11-03 00:00Z", None)):
            connection.execute(
                "INSERT INTO store_orders (store_id, external_id, order_no, store_updated_at) VALUES (%s, %s, %s, %s)",
                (acme, f"x{number}", f"N{number}-", at),
            )

    def found(query: str) -> str:
        page = viewer.text(f"/orders?{query}")
        return "".join(str(number) for number in range(4) if f"N{number}-" in page)

    assert found("") == "0123"
    assert found("since=2026-11-02") == "12"
    assert found("until=2026-11-02") == "01"
    assert found("since=2026-11-02&until=2026-11-02") == "1"
    assert found("since=x&until=0001-01-01") == found("since=9999-12-31&until=2026-13-01") == "0123"
    answer = viewer.post("/orders", q="N1-", since="2026-11-02", until="")
    assert answer.headers["Location"] == "/orders?q=N1-&since=2026-11-02"
