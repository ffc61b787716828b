"""What is done with an order from its page: as the command does it, once, and with who pressed it (CON-1)."""

import re
from decimal import Decimal
from typing import Final

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import journal
from schemas.hub import HubOrder
from schemas.users import Role
from tasks.held import Process
from tasks.jobs import do_job
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import Shop, rung
from tests.workers.cli.shops import place
from tests.workers.web.console.browsing import Person
from tests.workers.web.console.conftest import People
from workers.cli.hub import create
from workers.cli.hub.words import PricedRow

LINES: Final = [{"sku": "HOOK-FRG", "quantity": 3}]
ADA: Final = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "country": "DE", "city": "Ulm"}


@pytest.fixture
def order(held: Process, shop: Shop, acme: int) -> str:
    """An order of three pieces, in the hub."""
    placed = place(shop, line_items=LINES, billing=ADA)
    import_all(held, acme)
    return placed


def in_hub(held: Process, order: str) -> HubOrder:
    with held.pool.connection() as connection:
        hub = BuiltinHub(connection)
        found = hub.order(hub.named_order(order))
    assert found is not None
    return found


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def fields(person: Person, path: str) -> dict[str, str]:
    """What a form of a page holds by itself."""
    page = person.get(path).text
    rows = dict(re.findall(r'name="(row-[0-9]+)"[^>]* value="([^"]*)"', page))
    return {"csrf_token": hidden(page, "csrf_token"), "seen": hidden(page, "seen"), **rows}


def hook(given: dict[str, str]) -> str:
    return next(name for name, value in given.items() if value == "3")


def done(held: Process) -> list[tuple[str, str | None]]:
    with held.pool.connection() as connection:
        lines = journal.lines(connection, journal.Which())
    return [(str(line.outcome), line.who) for line in lines if line.action == "handle"]


def test_CON_1_pieces_are_packed_and_delivered_once_with_who_pressed_it(
    held: Process, order: str, operator: Person
) -> None:
    path = f"/orders/acme/{order}"
    given = fields(operator, f"{path}/pack")
    packed = operator.post(f"{path}/pack", **given | {hook(given): "1"})
    given = fields(operator, f"{path}/deliver")
    tracking = {"carrier": "DHL", "tracking_number": "00340434"}
    some = given | dict.fromkeys((name for name in given if name.startswith("row-")), "0") | {hook(given): "2"}
    delivered = operator.post(f"{path}/deliver", **some, **tracking)
    twice = operator.post(f"{path}/deliver", **some, **tracking)

    assert (packed.status_code, delivered.status_code, twice.status_code) == (303, 303, 422)
    assert delivered.headers["Location"] == f"{path}#said"
    assert "another one by now" in twice.text
    page = operator.text(path)
    assert "Delivered 2 × HOOK-FRG of order" in page
    assert "tracking 00340434" in page
    row = next(row for row in in_hub(held, order).rows if row.sku == "HOOK-FRG")
    assert (row.packed_quantity, row.delivered_quantity) == (0, 2)
    assert done(held) == [("packed", "operator"), ("delivered", "operator")]


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        ("4", "4 cannot be delivered, 3 are left"),
        ("-1", "is no quantity"),
        ("1e3", "is no quantity"),
        ("NaN", "is no quantity"),
        ("1" * 5000, "is no quantity"),
        ("<b>1</b>", "is no quantity"),
        ("", "No pieces were named"),
    ],
)
def test_CON_1_pieces_that_cannot_be_are_refused_and_nothing_is_done(
    held: Process, order: str, operator: Person, quantity: str, words: str
) -> None:
    path = f"/orders/acme/{order}/deliver"
    given = fields(operator, path)
    none = dict.fromkeys((name for name in given if name.startswith("row-")), "")

    answer = operator.post(path, **given | none | {hook(given): quantity}, carrier="<script>alert(1)</script>")

    assert (answer.status_code, words in answer.text) == (422, True)
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text  # what was typed stays
    assert {row.delivered_quantity for row in in_hub(held, order).rows} == {0}
    assert done(held) == []


def test_CON_1_rows_are_invoiced_and_marks_set(held: Process, order: str, operator: Person) -> None:
    path = f"/orders/acme/{order}"
    page = operator.get(f"{path}/invoice").text
    rows = re.findall(r'name="row" value="([0-9]+)"', page)
    given = {"csrf_token": hidden(page, "csrf_token"), "seen": hidden(page, "seen")}
    foreign = operator.post(f"{path}/invoice", **given, row="999999")
    none = operator.post(f"{path}/invoice", **given)
    invoiced = operator.post(f"{path}/invoice", **given, row=rows[0])
    odd = operator.post(f"{path}/mark", **fields(operator, f"{path}/mark"), mark="shipped")
    closed = operator.post(f"{path}/mark", **fields(operator, f"{path}/mark"), mark="closed")
    opened = operator.post(f"{path}/mark", **fields(operator, f"{path}/mark"), mark="closed", undo="1")

    statuses = [answer.status_code for answer in (foreign, none, invoiced, odd, closed, opened)]
    assert statuses == [422, 422, 303, 422, 303, 303]
    found = in_hub(held, order)
    assert (found.has_invoice, found.flags.closed) == (True, False)
    assert "It has an invoice, and stays" in operator.text(path)
    assert [outcome for outcome, _ in done(held)] == ["invoiced", "marked", "marked"]


def test_ORD_7_an_order_is_deleted_once_its_number_is_typed(held: Process, order: str, operator: Person) -> None:
    path = f"/orders/acme/{order}/delete"
    assert "It never comes in again by itself" in operator.text(path)
    wrong = operator.post(path, **fields(operator, path), number="1")
    right = operator.post(path, **fields(operator, path), number=f" {order} ")

    assert (wrong.status_code, right.status_code) == (422, 303)
    page = operator.text(f"/orders/acme/{order}")
    assert "Import again" in page
    assert "deleted by: operator (console)" in page
    assert operator.get(path).status_code == 404
    assert "· operator" in operator.text("/activity?store=acme")


def test_CON_1_an_order_made_in_the_hub_has_a_page(held: Process, order: str, operator: Person) -> None:
    rows = (PricedRow("HOOK-FRG", Decimal(3), Decimal(5)),)
    with held.pool.connection() as connection:
        wanted = create.WantedOrder("Ada", rows, Decimal(0), number="SO-9")
        (number,) = BuiltinHub(connection).carry_out([create.draft_order(connection, wanted)])
    path = f"/orders/hub/{number}"

    assert "made in the hub, no store knows it" in operator.text(path)
    assert operator.post("/orders", q=" SO-9 ").headers["Location"] == path
    assert operator.post("/orders", q="SO-10").headers["Location"] == "/orders?find=1"
    given = fields(operator, f"{path}/deliver")
    assert operator.post(f"{path}/deliver", **given).headers["Location"] == f"{path}#said"
    gone = operator.post(f"{path}/delete", **fields(operator, f"{path}/delete"), number="SO-9")
    assert gone.headers["Location"] == "/orders#said"
    assert operator.get(path).status_code == 404
    assert operator.get(f"/orders/hub/{in_hub(held, order).id}").status_code == 404  # a store's is none


@pytest.mark.parametrize("number", ["0", "x", "²", "9" * 30, "1/deliver", "%00"])
def test_CON_1_what_is_no_number_of_the_hub_is_not_found(order: str, operator: Person, number: str) -> None:
    assert operator.get(f"/orders/hub/{number}").status_code == 404


def test_CON_1_another_hub_is_where_its_orders_are_handled(held: Process, order: str, operator: Person) -> None:
    with held.pool.connection() as connection:
        connection.execute('UPDATE account SET settings = settings || \'{"hub": "katana"}\'')

    path = f"/orders/acme/{order}"
    assert operator.get(f"{path}/deliver").status_code == 404
    assert operator.post(f"{path}/delete", page="/account/you", number=order).status_code == 404


def test_DOR_6_a_viewer_sees_what_the_store_sent_without_its_buyer(order: str, people: People) -> None:
    path = f"/orders/acme/{order}"
    operator, viewer = people(Role.OPERATOR).text(path), people(Role.VIEWER).text(path)

    assert "first_name: Ada" in operator
    assert "first_name: …" in viewer
    assert "city: Ulm" in viewer
    assert "sku: HOOK-FRG" in viewer
    assert "Lovelace" not in viewer
    assert "Deliver…" in operator
    assert "Deliver…" not in viewer


def test_DOR_6_what_aged_out_is_said_so(held: Process, order: str, viewer: Person) -> None:
    with held.pool.connection() as connection:
        connection.execute(
            "UPDATE store_orders SET snapshot = NULL, first_seen_at = '2026-01-01 00:00Z', store_updated_at = NULL"
        )

    assert "It aged out on 1 Apr" in viewer.text(f"/orders/acme/{order}")


def test_CON_1_the_store_is_asked_for_an_order_that_it_never_showed(
    held: Process, shop: Shop, acme: int, people: People
) -> None:
    new, operator = place(shop, line_items=LINES), people(Role.OPERATOR)
    path = f"/orders/acme/{new}"
    assert "Operators can ask the store for it" in people(Role.VIEWER).get(path).text
    assert (operator.get(path).status_code, "Ask the store for it" in operator.get(path).text) == (404, True)

    asked = operator.post(f"{path}/ask")
    again = operator.post(f"{path}/ask")

    assert asked.headers["Location"] == again.headers["Location"]
    waiting = operator.get(asked.headers["Location"])
    assert (waiting.status_code, "asked of the shop" in waiting.text) == (200, True)
    (job,) = {message[0] for message in rung(held.redis, "fetch")}
    assert do_job(job) == "done"
    assert "Waiting" in operator.text(asked.headers["Location"])
    none = operator.post("/orders/acme/999999/ask")
    (job,) = {message[0] for message in rung(held.redis, "fetch")}
    assert do_job(job) == "failed"
    assert "The store has no order with this id." in operator.text(none.headers["Location"])


def test_CON_1_a_skipped_order_says_which_setting_would_let_it_in(
    held: Process, shop: Shop, acme: int, operator: Person
) -> None:
    orders = {reason: place(shop, line_items=LINES) for reason in ("foreign_currency", "no_exchange_rate", "on_hold")}
    import_all(held, acme)
    with held.pool.connection() as connection:
        for reason, order in orders.items():
            statement = "UPDATE store_orders SET state = 'skipped', reason = %s WHERE external_id = %s"
            connection.execute(statement, (reason, order))

    pages = {reason: operator.get(f"/orders/acme/{order}").text for reason, order in orders.items()}
    assert 'href="/account#multi_currency"' in pages["foreign_currency"]
    assert 'href="/account/rates"' in pages["no_exchange_rate"]
    assert "It comes in with" not in pages["on_hold"]
    assert 'id="multi_currency"' in operator.get("/account").text
