"""The hub's own desk from pages: adjust, receive, make, add; once for each form, journaled, and nowhere else."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from requests import Response

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import journal, sent_forms
from schemas.money import plain
from tasks.held import Process
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import Shop, do
from tests.tasks.stock.stocking import add
from tests.workers.cli.shops import place
from tests.workers.web.console.browsing import Person, words


def send(person: Person, what: str, **fields: str) -> Response:
    """A form, with a number of its own unless it is given one."""
    return person.post(f"/stock/{what}", page=f"/stock/{what}", **{"number": str(uuid4()), **fields})


def there(held: Process, sku: str) -> str:
    """Pieces on the shelf."""
    with held.pool.connection() as connection:
        return plain(sum(level.in_stock for level in BuiltinHub(connection).levels([sku])))  # type: ignore[arg-type]


def lines(held: Process) -> list[tuple[str | None, str | None, dict[str, object]]]:
    """Who did what at the desk."""
    with held.pool.connection() as connection:
        found = journal.lines(connection, journal.Which())
    return [(line.sku, line.who, line.detail) for line in found if line.action == "supply"]


def test_CON_1_stock_is_adjusted_and_received_once_for_each_form(held: Process, acme: int, operator: Person) -> None:
    add(held, "A/1 <i>")
    page = operator.get("/stock/adjust?sku=A/1 <i>").text
    assert 'value="A/1 &lt;i&gt;"' in page
    number = re.search(r'name="number" value="([^"]+)"', page)
    assert number

    first = send(operator, "adjust", sku=" A/1 <i> ", pieces="+5.5", number=number[1])
    twice = send(operator, "adjust", sku="A/1 <i>", pieces="5.5", number=number[1])
    assert first.headers["Location"] == twice.headers["Location"] == "/stock/sku/A/1%20%3Ci%3E#said"
    assert there(held, "A/1 <i>") == "5.5"
    assert "That form was sent before: it was done once" in operator.text("/stock/sku/A/1%20%3Ci%3E")
    send(operator, "adjust", sku="A/1 <i>", pieces="-2", location="main")
    send(operator, "receive", sku="A/1 <i>", pieces="3")

    assert there(held, "A/1 <i>") == "6.5"
    said = operator.text("/stock/sku/A/1%20%3Ci%3E")
    assert "Received 3 × A/1 <i> (PO-1)" in said
    assert "Received +3 at main, batch" not in said
    assert lines(held) == [
        ("A/1 <i>", "operator", {"adjusted": "+5.5"}),
        ("A/1 <i>", "operator", {"adjusted": "-2", "location": "main"}),
        ("A/1 <i>", "operator", {"received": "3", "purchase": "PO-1"}),
    ]
    assert "adjusted: +5.5" in said.partition("What was done")[2]


@pytest.mark.parametrize(
    ("what", "fields", "said"),
    [
        ("adjust", {"sku": "A-1", "pieces": "1e9"}, "is no count"),
        ("adjust", {"sku": "A-1", "pieces": "1,5"}, "is no count"),
        ("adjust", {"sku": "", "pieces": "1"}, "must be 1 to 200 signs"),
        ("adjust", {"sku": "NONE", "pieces": "1"}, "There is no item with the SKU NONE"),
        ("adjust", {"sku": "A-1", "pieces": "1", "location": "nowhere"}, "nowhere"),
        ("adjust", {"sku": "A-1", "pieces": "1", "batch": "B"}, "is not batch-tracked"),
        ("adjust", {"sku": "A-1", "pieces": "1", "number": "x"}, "This form is too old"),
        ("receive", {"sku": "A-1", "pieces": "-1"}, "is no quantity"),
        ("receive", {"sku": "A-1", "pieces": "0"}, "is no quantity"),
        ("add", {"sku": "A-1"}, "A-1 is there already"),
        ("add", {"sku": "S", "bundle": "A-1"}, "must be SKU=QTY"),
        ("add", {"sku": "S", "bundle": "NONE=1"}, "There is no item with the SKU NONE"),
        ("add", {"sku": "S", "delivery_days": "-1"}, "a whole number up to 3650"),
        ("add", {"sku": "S", "bundle": "A-1=1\n" * 51}, "50 parts at most"),
    ],
)
def test_CON_1_what_the_hub_refuses_is_said_at_the_form_and_not_done(
    held: Process, operator: Person, what: str, fields: dict[str, str], said: str
) -> None:
    add(held, "A-1")

    answer = send(operator, what, **fields)

    assert (answer.status_code, said in words(answer.text)) == (422, True), words(answer.text)
    assert f'value="{fields["sku"]}"' in answer.text
    assert (there(held, "A-1"), lines(held)) == ("0", [])


def test_CON_1_items_and_bundles_are_added(held: Process, operator: Person) -> None:
    send(operator, "add", sku="A-1", name="Chair <b>", delivery_days="21")
    send(operator, "add", sku="OIL", batch_tracked="on")
    send(operator, "add", sku="SET", bundle="A-1=2\r\n\r\n")
    send(operator, "add", sku="WRAP", kind="service")
    send(operator, "adjust", sku="A-1", pieces="5")
    send(operator, "receive", sku="OIL", pieces="4", batch="B-7")

    assert "Chair <b>" in operator.text("/stock/sku/A-1")
    assert "B-7 main 4" in operator.text("/stock/sku/OIL")
    assert "A bundle: its stock is what its parts make. 2 × A-1" in operator.text("/stock/sku/SET")
    assert there(held, "SET") == "2"
    assert "a service: it has no stock" in operator.text("/stock/sku/WRAP")
    assert "2 items share this SKU now" in words(
        operator.get(send(operator, "add", sku="A-1", another="on").headers["Location"].partition("#")[0]).text
    )


def test_CON_1_a_row_is_made_once_and_comes_on_the_shelf(
    held: Process, shop: Shop, acme: int, operator: Person
) -> None:
    order = place(shop, line_items=[{"sku": "HOOK-FRG", "quantity": 3}])
    import_all(held, acme)
    assert "Nothing is made" in operator.text("/stock/mos")

    number = str(uuid4())
    made = [send(operator, "mos", order=f"acme/{order}", sku="HOOK-FRG", number=number) for _ in range(2)]
    assert {one.headers["Location"] for one in made} == {"/stock/mos#said"}
    page = operator.text("/stock/mos")
    assert "HOOK-FRG no. 1, main 3 Not started" in page
    for fields in ({"order": "none", "sku": "HOOK-FRG"}, {"order": f"acme/{order}", "sku": "NONE"}):
        send(operator, "mos", **fields)
        assert "Not done:" in operator.text("/stock/mos")
    send(operator, "mos", order=f"acme/{order}", sku="HOOK-FRG")
    assert "Not done:" in operator.text("/stock/mos")

    for mo, status in (("1", "IN_PROGRESS"), ("1", "DONE"), ("1", "DONE"), ("1", "x"), ("9", "DONE"), ("x", "DONE")):
        operator.post(f"/stock/mos/{mo}", page="/stock/mos", status=status, number=str(uuid4()))

    assert there(held, "HOOK-FRG") == "3"
    assert "3 Done" in operator.text("/stock/mos")


@pytest.mark.parametrize("what", ["adjust", "receive", "add", "mos"])
def test_KAT_3_with_a_hub_elsewhere_it_is_done_there(held: Process, acme: int, operator: Person, what: str) -> None:
    do(held, """UPDATE account SET settings = settings || '{"hub": "katana"}'""")

    page = operator.get(f"/stock/{what}").text

    assert "Done in Katana" in words(page)
    assert "https://factory.katanamrp.com" in page
    assert send(operator, what, sku="A", pieces="1").status_code == 404


def test_CON_1_a_form_that_failed_may_be_sent_again(held: Process) -> None:
    number = uuid4()

    def sent(work: Callable[[], object]) -> bool:
        with held.pool.connection() as connection, connection.transaction():
            found = sent_forms.is_first(connection, number)
            work()
            return found

    with pytest.raises(ZeroDivisionError):
        sent(lambda: 1 / 0)
    assert [sent(lambda: None), sent(lambda: None)] == [True, False]
