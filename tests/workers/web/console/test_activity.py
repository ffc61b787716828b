"""Activity is the journal, by day, with who did it (CON-1), page by page (CON-3)."""

import csv
from io import StringIO

import pytest

from connectors.postgres import journal
from schemas.journal import Action, Line, Outcome
from tasks.held import Process
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import Shop
from tests.workers.cli.shops import place, place_raw
from tests.workers.web.console.browsing import Person
from workers.web.console import activity


def test_CON_1_activity_says_what_was_done_to_what_and_by_whom(
    held: Process, shop: Shop, acme: int, operator: Person
) -> None:
    assert "A person connected a shop." in operator.text("/activity")
    order = place_raw(shop, total="n/a")
    import_all(held, acme)
    operator.post(f"/orders/acme/{order}/retry", page="/needs")

    page = operator.get("/activity?store=acme").text

    assert f'href="/orders/acme/{order}"' in page
    found = operator.text("/activity?store=acme")
    assert found.index("A person asked for another look at it.") < found.index("A person connected a shop.")
    assert "· acme · the order" in found
    assert "· operator" in found
    assert "· by itself" in found
    assert "A person connected a shop. The store is worked on." in found
    assert "· at the command line" in found


def test_CON_1_activity_of_an_order_or_a_sku_alone(held: Process, shop: Shop, acme: int, viewer: Person) -> None:
    order = place(shop, line_items=[{"sku": "HOOK-FRG", "quantity": 1}])
    import_all(held, acme)

    answer = viewer.post("/activity", store="acme", order=f" {order} ", sku="")

    assert answer.headers["Location"] == f"/activity?store=acme&order={order}"
    found = viewer.text(answer.headers["Location"])
    assert ("It was imported." in found, "connected a shop" in found) == (True, False)
    assert "No line fits" in viewer.text("/activity?sku=NONE")
    assert viewer.get("/activity?store=none").status_code == 404


def test_BEY_9_activity_says_no_address_that_a_shop_s_messages_go_to(held: Process, acme: int, viewer: Person) -> None:
    with held.pool.connection() as connection:
        detail = {"address": "http://here/webhooks/x/token7", "changed": ["ask for order.created"]}
        journal.add(connection, Line(Action.SUBSCRIBE, Outcome.SAVED, detail=detail), store_id=acme)

    page = viewer.get("/activity").text

    assert ("token7" in page, "ask for order.created" in page) == (False, True)


@pytest.mark.parametrize("query", ["", "store=acme"])
def test_CON_3_pages_of_activity_follow_each_other_without_a_gap(
    held: Process, acme: int, viewer: Person, query: str
) -> None:
    with held.pool.connection() as connection:
        for number in range(150):
            journal.add(connection, Line(Action.IMPORT, Outcome.NOTED, detail={"at": f"n{number}-"}), store_id=acme)

    first = viewer.get(f"/activity?{query}").text
    address = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = viewer.get(address).text

    places = [(f"n{number}-" in first, f"n{number}-" in second) for number in range(150)]
    assert places == [(False, True)] * 50 + [(True, False)] * 100
    assert 'rel="next"' not in second
    back = second.partition('rel="prev" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert back == "/activity" + (f"?{query}" if query else "")
    for bad in ("x", "-1", "²", "9" * 40, "%00"):
        assert viewer.get(f"/activity?after={bad}").status_code == 200


def test_CON_1_activity_comes_as_a_file_too(
    held: Process, acme: int, viewer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "PORTION", 2)
    with held.pool.connection() as connection:
        for number in range(5):
            line = Line(Action.IMPORT, Outcome.NOTED, detail={"at": f"n{number}"})
            journal.add(connection, line, store_id=acme, external_id=f"=cmd{number}")

    answer = viewer.get("/activity.csv?store=acme")
    head, *rows = csv.reader(StringIO(answer.text))

    assert answer.headers["Content-Disposition"] == "attachment; filename=activity.csv"
    assert head == ["at", "store", "order", "sku", "action", "outcome", "reason", "said", "who"]
    assert [row[2] for row in rows] == [f"'=cmd{number}" for number in reversed(range(5))] + [""]
    assert viewer.get("/activity.csv?store=none").status_code == 404
