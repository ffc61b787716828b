"""The first count from a page: a file or a store, previewed by a worker, counted once, and taken back (STK-11)."""

import re
from typing import Any

import pytest
from requests import Response

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import count_files, journal, stock_imports
from schemas.money import plain
from schemas.users import Role
from tasks.held import Process
from tasks.jobs import do_job
from tasks.stock.importing import import_stock
from tests.tasks.conftest import connect
from tests.tasks.orders.looking import Shop, do
from tests.tasks.stock.stocking import add
from tests.workers.cli.stocking import offer
from tests.workers.web.console.browsing import Person, words
from tests.workers.web.console.conftest import People


@pytest.fixture
def items(held: Process) -> None:
    """Items of the hub that nobody counted."""
    for sku in ("A-1", "B-1", "<i>"):
        add(held, sku)


def give(person: Person, content: bytes | str, *, name: str = "counted.csv", **fields: str) -> Response:
    """A file, sent by the form."""
    fields["csrf_token"] = person.token("/stock/count")
    files = {"file": (name, content)}
    url = f"{person.base}/stock/count/file"
    return person.browser.post(url, fields, files=files, allow_redirects=False, timeout=60)


def done(asked: Response) -> str:
    """The page of a job that was asked for, once a worker has done it."""
    address = asked.headers["Location"]
    number = re.search(r"job=(\d+)", address)
    assert number, address
    do_job(number[1])
    return address


def count(person: Person, preview: str, **fields: str) -> Response:
    """The button of a preview of a file."""
    return person.post(f"/stock/count?{preview.partition('?')[2]}", page="/stock/count", **fields)


def there(held: Process, sku: str) -> tuple[str, bool]:
    """Pieces on the shelf, and whether they were counted."""
    with held.pool.connection() as connection:
        (level,) = BuiltinHub(connection).levels([sku])
    return plain(level.in_stock), level.is_counted


def test_STK_11_a_file_is_previewed_counted_once_and_taken_back(held: Process, items: None, operator: Person) -> None:
    preview = done(give(operator, "\ufeffSKU;Menge\r\nA-1;7\r\n<i>;0,5\r\n"))
    page = operator.text(preview)
    for said in (
        "counted.csv read with semicolon between its columns, nothing written",
        "2 figures 7.5 pieces in all",
        "A-1 main 7 7",
        "Count 2 figures in",
    ):
        assert said in page, said
    assert there(held, "A-1") == ("0", False)
    assert "<i>" not in operator.get(preview).text

    first, second = done(count(operator, preview)), done(count(operator, preview))

    assert "Counted as count 1" in operator.text(first)
    assert "Counted as count 1" in operator.text(second)
    assert (there(held, "A-1"), there(held, "<i>")) == (("7", True), ("0.5", True))
    with held.pool.connection() as connection:
        (line,) = (one for one in journal.lines(connection, journal.Which()) if one.action == "count")
    assert (line.outcome, line.who, line.detail["source"]) == ("counted", "operator", "counted.csv")
    # The same file once more counts nothing that was counted, unless a person says so.
    assert "There is nothing to count" in operator.text(done(give(operator, "sku,qty\nA-1,9\n")))
    assert "A-1 main 9 2" in operator.text(done(give(operator, "sku,qty\nA-1,9\n", again="on")))

    assert "Take count 1 back?" in operator.text("/stock/count/undo?count=1")
    wrong = operator.post("/stock/count/undo", page="/stock/count", count="1", name="other")
    assert (wrong.status_code, "Type counted.csv" in words(wrong.text)) == (422, True)
    assert "Count 1 is taken back" in operator.text(
        done(operator.post("/stock/count/undo", page="/stock/count", count="1", name="counted.csv"))
    )
    again = done(operator.post("/stock/count/undo", page="/stock/count", count="1", name="counted.csv"))
    assert "count 1 was taken back already" in operator.text(again)
    assert there(held, "A-1") == ("0", False)
    assert "taken back today" in operator.text("/stock/count")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"sku;qty\nA-1;-3\nB-1;x\n", "Line 2: '-3' is no quantity: write pieces, like 12 or 0.5"),
        (b"sku,qty\nA-1,1\nB-1,2\nA-1,3\n", "Line 4: A-1 at main stands on line 2 already"),
        (b"sku,qty\nNONE,1\n", "Line 2: the hub has no item with the SKU NONE"),
        (b"sku;qty\nA-1;1.500\n", "Line 2: 1.500 may mean 1500 or 1.5: write one of them"),
        (b"sku,qty\nA-1,=1+1\n", "Line 2: '=1+1' is no quantity"),
        (b"sku,qty,location\nA-1,1,nowhere\n", "Line 2: there is no location nowhere"),
        (b"name,amount\nA-1,1\n", "its first line has to name the columns SKU and quantity"),
        (b"", "its first line has to name the columns"),
        (b"sku,qty\n", "it has no line below the names of its columns"),
    ],
    ids=["negative", "doubled", "unknown", "thousands", "formula", "place", "names", "empty", "head"],
)
def test_STK_11_a_file_that_is_wrong_counts_nothing_and_names_the_line(
    held: Process, items: None, operator: Person, content: bytes, said: str
) -> None:
    page = operator.text(done(give(operator, content)))

    assert said in page
    assert "Count 1 figure" not in page
    assert there(held, "A-1") == ("0", False)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("sku,qty\nÄ,1\n".encode("latin-1"), "counted.csv was not read: it is not UTF-8 text: save it as CSV UTF-8."),
        (b"sku,qty\n\x00,1\n", "counted.csv was not read: it is no text."),
    ],
)
def test_STK_11_a_file_that_is_no_text_is_refused_at_once(operator: Person, content: bytes, said: str) -> None:
    answer = give(operator, content)

    assert (answer.status_code, said in words(answer.text)) == (422, True)


def test_CON_2_only_who_counts_may_send_a_large_file_and_none_that_is_too_large(people: People) -> None:
    operator, viewer = people(Role.OPERATOR), people(Role.VIEWER)

    assert give(operator, b"x" * 1_000_000).status_code == 303
    too_large = give(operator, b"x" * 1_950_000)
    assert (too_large.status_code, "storesync hub stock import" in too_large.text) == (413, True)
    assert give(operator, b"x" * 3_000_000).status_code == 413
    token = viewer.token("/orders")
    url = f"{viewer.base}/stock/count/file"
    sent = viewer.browser.post(url, {"csrf_token": token}, files={"file": ("x", b"x" * 1_000_000)}, timeout=60)
    assert sent.status_code in {403, 413}
    assert operator.post("/stock/count/file", page="/stock/count").status_code == 422


def test_STK_10_a_count_that_takes_from_a_shop_is_asked_for(
    held: Process, shop: Shop, items: None, operator: Person
) -> None:
    connect(held, shop, "acme", **{"stock.sync": True})
    do(held, "UPDATE store_items SET sku = sku || '-x'")
    offer(shop, "A-1", 100_000)
    preview = done(give(operator, "sku,qty\nA-1,1\n"))
    assert "acme would show" in operator.text(preview)

    unasked = operator.text(done(count(operator, preview)))

    assert "a store would show much less" in unasked
    assert there(held, "A-1") == ("0", False)
    assert "Counted as count" in operator.text(done(count(operator, preview, yes="on")))
    assert there(held, "A-1") == ("1", True)


def test_STK_11_a_store_is_previewed_beside_its_neighbours_and_counted_once(
    held: Process, shop: Shop, items: None, operator: Person
) -> None:
    store = connect(held, shop, "acme")
    do(held, _NEIGHBOUR)
    do(held, _ITS_FIGURE)
    offer(shop, "A-1", 8)
    assert "It was never counted" in operator.text("/stock/count?store=acme")

    asked = operator.post("/stock/count/store", page="/stock/count", store="acme")
    assert "open orders come in first" in operator.text(asked.headers["Location"])
    finish(held, store)
    page = operator.get(asked.headers["Location"]).text
    assert "A-1 main 8 0 8 8" in words(page)
    assert "near shows 5" in words(page)
    mark = re.search(r'name="mark" value="([^"]+)"', page)
    assert mark
    sent = [operator.post("/stock/count", page="/stock/count", store="acme", mark="2026-01-01")]
    assert "not the latest one any more" in operator.text("/stock/count?store=acme")
    sent += [operator.post("/stock/count", page="/stock/count", store="acme", mark=mark[1]) for _ in range(2)]
    finish(held, store)

    assert {one.headers["Location"] for one in sent} == {"/stock/count?store=acme#said"}
    said = operator.text("/stock/count?store=acme")
    assert "as count 1" in said
    assert there(held, "A-1") == ("8", True)
    operator.post("/stock/count", page="/stock/count", store="acme", mark=mark[1])
    finish(held, store)
    assert "Count 2" not in operator.text("/stock/count")


_NEIGHBOUR = """
    WITH near AS (
        INSERT INTO stores (platform, name, url, credentials, settings, state)
        SELECT platform, 'near', 'https://near.example', credentials, '{}', 'paused' FROM stores RETURNING id
    )
    INSERT INTO store_items (store_id, external_id, sku, is_tracked) SELECT id, 'product/1', 'A-1', true FROM near
"""
_ITS_FIGURE = """
    INSERT INTO store_levels (store_id, external_id, place, shown)
    SELECT id, 'product/1', '', 5 FROM stores WHERE name = 'near'
"""


def finish(held: Process, store: int) -> None:
    """Go on with a count until it is over."""
    for _ in range(5):
        with held.pool.connection() as connection:
            job = stock_imports.look(connection, store)
            if job is None or job.is_over:
                return
        import_stock(store)


@pytest.mark.parametrize(
    "path",
    [
        "/stock/count?store=none",
        "/stock/count?job=1",
        "/stock/count?job=x",
        "/stock/count/undo?count=9",
        "/stock/count/undo?count=x",
        "/stock/count/undo",
    ],
)
def test_CON_1_counts_that_nobody_made_are_said_so(acme: int, operator: Person, path: str) -> None:
    assert operator.get(path).status_code == 404


def test_STK_11_a_file_that_is_gone_is_said_so(held: Process, items: None, operator: Person) -> None:
    preview = done(give(operator, "sku,qty\nA-1,1\n"))
    with held.pool.connection() as connection:
        connection.execute("UPDATE count_files SET made_at = made_at - interval '8 days'")
        count_files.cut(connection)

    asked: Any = count(operator, preview)

    assert "choose it again" in operator.text(preview)
    assert "choose it again" in operator.text(done(asked))
