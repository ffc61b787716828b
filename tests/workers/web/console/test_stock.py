"""The stock pages: the hub beside each store, what differs and why, and all that is known of one SKU."""

import csv
from base64 import b64encode
from io import StringIO
from typing import Final
from urllib.parse import quote

import pytest

from connectors.postgres import stores
from schemas.users import Role
from tasks.catalogue import walk_whole
from tasks.held import Process
from tests.tasks.conftest import connect
from tests.tasks.orders.looking import Shop, do
from tests.tasks.stock.stocking import add, adjust
from tests.workers.cli.stocking import offer
from tests.workers.web.console.browsing import Person, words
from tests.workers.web.console.conftest import People
from workers.web.console import stock

EVIL: Final = "<b>&'\"/x"
ODD: Final = ("/LEAD", "A//B", "A/../B", "..", "TAIL/", "ä?#%2F&=1", "=cmd()")


@pytest.fixture
def shelf(held: Process, shop: Shop) -> int:
    """A store that sells what was counted, what never was, what it does not count, and what it shows in step."""
    store = connect(held, shop, "acme", **{"stock.sync": True})
    for sku, pieces in (("COUNTED", 5), ("NEVER", 0), ("EVEN", 3), ("UNTRACKED", 1), ("ELSEWHERE", 2), (EVIL, 1)):
        add(held, sku, pieces)
    for sku, shows in (("COUNTED", 8), ("NEVER", 7), ("EVEN", 3), (EVIL, 1)):
        offer(shop, sku, shows)
    offer(shop, "UNTRACKED", manage_stock=False)
    read(held, "acme")
    return store


def read(held: Process, name: str) -> None:
    """Read a store's catalogue, as every night."""
    with held.pool.connection() as connection:
        row = stores.find_store(connection, name)
    assert row is not None
    assert walk_whole(held, row, lambda _: None)


def skus(page: str) -> list[str]:
    """The SKUs of a page's table, in their order."""
    parts = page.split('<th scope="row">')[1:]
    return [words(part.partition("</a>")[0]) for part in parts]


def test_CON_1_each_sku_stands_beside_what_its_stores_show_and_why(shelf: int, viewer: Person) -> None:
    page = viewer.text("/stock")

    for said in (
        "COUNTED 5 0 5 8 is told now",
        "NEVER not counted 0 Held 7 never counted",
        "EVEN 3 0 3 3",
        "UNTRACKED 1 0 — its pieces are not counted there",
        "ELSEWHERE 2 0 — no item with this SKU",
        "Some SKUs that your stores sell were never counted",
        "storesync stock push --all --dry-run",
    ):
        assert said in page, said


FOUND: Final = {
    "": [EVIL, "COUNTED", "ELSEWHERE", "EVEN", "NEVER", "UNTRACKED"],
    "differs=1": ["COUNTED", "NEVER"],
    "differs=never": ["NEVER"],
    "differs=never&location=south": [EVIL, "COUNTED", "ELSEWHERE", "EVEN", "NEVER", "UNTRACKED"],
    "q=ever": ["NEVER"],
    "q=eve": ["EVEN", "NEVER"],
    "q=E": ["COUNTED", "ELSEWHERE", "EVEN", "NEVER", "UNTRACKED"],
    "q=thing%20else": ["EVEN"],
    "q=nothing": [],
    "q=eve&differs=1": ["NEVER"],
    "location=main&differs=1": ["COUNTED", "NEVER"],
    "location=south&differs=1": [],
    "store=acme": [EVIL, "COUNTED", "ELSEWHERE", "EVEN", "NEVER", "UNTRACKED"],
}


@pytest.mark.parametrize("looked", [1000, 3])
def test_CON_1_skus_are_found_by_what_is_asked_for(
    held: Process, shelf: int, viewer: Person, monkeypatch: pytest.MonkeyPatch, looked: int
) -> None:
    monkeypatch.setattr(stock, "MOST_LOOKED", looked)
    monkeypatch.setattr(stock, "PART", looked)
    do(held, "UPDATE hub.products SET name = 'Some Thing Else' WHERE name = 'EVEN'")
    do(held, "INSERT INTO hub.locations (code, name) VALUES ('south', 'South')")

    found = {query: every(viewer, f"/stock?{query}") for query in FOUND}

    assert found == {query: sorted(skus) for query, skus in FOUND.items()}


def every(person: Person, address: str) -> list[str]:
    """The SKUs of all pages of a list: what is looked through for one page is bounded, the next one goes on."""
    seen: list[str] = []
    while address:
        page = person.get(address).text
        seen += skus(page)
        address = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    return seen


def test_CON_3_pages_of_skus_follow_each_other_without_a_gap(held: Process, acme: int, viewer: Person) -> None:
    do(
        held,
        "INSERT INTO hub.products (id, name) OVERRIDING SYSTEM VALUE SELECT n, 'x' FROM generate_series(900, 1020) n",
    )
    do(held, "INSERT INTO hub.variants (product_id, sku) SELECT n, 'N' || n FROM generate_series(900, 1020) n")
    first = viewer.get("/stock").text

    assert skus(first) == [f"N{number}" for number in sorted(map(str, range(900, 1021)))][: stock.ROWS]
    assert every(viewer, "/stock") == sorted(f"N{number}" for number in range(900, 1021))
    assert 'rel="prev" href="/stock"' in viewer.get(f"/stock?after={b64encode(b'N950').decode()}").text


def test_CON_1_the_list_of_stock_comes_as_a_file_too(
    held: Process, shelf: int, viewer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stock, "PORTION", 2)
    add(held, "=cmd()", 1)

    answer = viewer.get("/stock.csv")
    head, *rows = csv.reader(StringIO(answer.text))
    differing = [row[0] for row in csv.reader(StringIO(viewer.get("/stock.csv?differs=1").text))]

    assert answer.headers["Content-Disposition"] == "attachment; filename=stock.csv"
    assert head == ["sku", "name", "in stock", "committed", "counted", "acme shows", "acme to show", "acme why"]
    assert ["COUNTED", "COUNTED", "5", "0", "yes", "8", "5", "is told now"] in rows
    assert ["NEVER", "NEVER", "0", "0", "no", "7", "", "never counted"] in rows
    assert [row[0] for row in rows][:2] == [EVIL, "'=cmd()"]
    assert differing == ["sku", "COUNTED", "NEVER"]


@pytest.mark.parametrize("sku", [EVIL, *ODD])
def test_CON_1_a_sku_of_any_signs_has_its_page(held: Process, acme: int, viewer: Person, sku: str) -> None:
    add(held, sku, 4)

    found = viewer.post("/stock", page="/stock", q=sku)

    address = found.headers["Location"]
    assert address.startswith("/stock/sku")
    page = viewer.get(address)
    assert page.status_code == 200
    assert words(page.text.partition("<h1>")[2].partition("</h1>")[0]) == words(f"{sku}".replace("<", "&lt;"))
    assert "Adjusted +4 at main" in words(page.text)
    assert "<b>" not in page.text
    assert viewer.get(f"/stock/sku?sku={quote(sku, safe='')}").status_code in {200, 303}


def test_BEY_2_a_sku_s_page_says_what_explain_says_of_it(held: Process, shelf: int, viewer: Person) -> None:
    add(held, "BATCHED", batch_tracked=True)
    adjust(held, "BATCHED", 2, batch="B-7")
    add(held, "SET", bundle=(("COUNTED", 2),))

    page = viewer.text("/stock/sku/COUNTED")

    for said in (
        "main 5 0 0 0",
        "A part of SET (2)",
        "acme Differs",
        "COUNTED 8 never",
        "in stock at main 5 − committed on rows 0 = 5",
        "No store was told anything of it yet",
        "storesync explain --sku COUNTED",
    ):
        assert said in page, said
    assert "B-7 main 2" in viewer.text("/stock/sku/BATCHED")
    assert "2 × COUNTED" in viewer.text("/stock/sku/SET")
    assert "Nobody" in viewer.text("/stock/sku/NEVER")
    assert "product/" not in page


def test_CON_1_what_only_a_store_sells_has_a_page_too(shelf: int, shop: Shop, held: Process, viewer: Person) -> None:
    offer(shop, "THEIRS", 1)
    read(held, "acme")

    assert "the hub has no such item" in viewer.text("/stock/sku/THEIRS")
    assert viewer.post("/stock", page="/stock", q="THEIRS").headers["Location"] == "/stock/sku/THEIRS"
    assert viewer.post("/stock", page="/stock", q="none", differs="1").headers["Location"] == "/stock?q=none&differs=1"


@pytest.mark.parametrize("query", ["after=x", "after=%00", "after=w6Q", "differs=2", "q=%00%ff", "q='--", "q=&store="])
def test_CON_1_addresses_of_stock_that_nobody_made_are_pages_all_the_same(
    shelf: int, viewer: Person, query: str
) -> None:
    assert viewer.get(f"/stock?{query}").status_code == 200


@pytest.mark.parametrize(
    "path", ["/stock?store=none", "/stock?location=none", "/stock/sku/none", "/stock/sku", "/stock/sku?sku=%00"]
)
def test_CON_1_stock_that_nobody_ever_saw_is_said_so(shelf: int, viewer: Person, path: str) -> None:
    answer = viewer.get(path)

    assert (answer.status_code, "Nothing of that name was ever seen" in answer.text) == (404, True)


def test_KAT_3_with_a_hub_elsewhere_the_list_is_what_stores_show_of_it(
    held: Process, shelf: int, people: People
) -> None:
    do(held, """UPDATE account SET settings = settings || '{"hub": "katana"}'""")
    viewer = people(Role.VIEWER)

    page = viewer.text("/stock")

    assert "What lies on the shelf is said in Katana" in page
    assert "COUNTED 8" in page
    assert "In stock" not in page
    assert "COUNTED 8 never" in viewer.text("/stock/sku/COUNTED")
    assert skus(viewer.get("/stock?q=EV").text) == ["EVEN"]
