"""Telling stores stock from a page: previewed by a worker, held by the guard of a push, and told as by the command."""

import re

import pytest
from requests import Response

from connectors.postgres import journal
from schemas.stores import StoreState
from tasks.held import Process
from tasks.jobs import do_job
from tasks.rules.stock_loss import Loss, takes_more
from tasks.stock.push import push_stock
from tasks.stores import set_state
from tests.tasks.conftest import connect
from tests.tasks.orders.looking import Shop, do, rung, store_of
from tests.tasks.stock.stocking import add, let_stock_wait_pass
from tests.workers.cli.stocking import offer, shown
from tests.workers.web.console.browsing import Person, words
from tests.workers.web.console.test_stock import read


@pytest.fixture
def shelf(held: Process, shop: Shop) -> int:
    """A store that would be told one figure, and 0 of what was never counted."""
    for sku, pieces in (("GOOD", 9), ("NEVER", 0), ("A/B <i>", 1)):
        add(held, sku, pieces)
    store = connect(held, shop, "acme", **{"stock.sync": True})
    for sku, shows in (("GOOD", 8), ("NEVER", 7), ("A/B <i>", 1)):
        offer(shop, sku, shows)
    read(held, "acme")
    return store


def preview(person: Person, *skus: str, store: str = "acme") -> str:
    """The address of a preview that a worker has made."""
    which = "some" if skus else "all"
    asked = person.post("/stock/push/preview", page="/stock/push", which=which, skus="\r\n".join(skus), store=store)
    return finished(asked)


def finished(asked: Response) -> str:
    """The page of a job that was asked for, once a worker has done it."""
    address = asked.headers["Location"].partition("#")[0]
    number = re.search(r"job=(\d+)", address)
    assert number, address
    do_job(number[1])
    return address


def tell(person: Person, address: str, **fields: str) -> Response:
    """The button of a preview."""
    return person.post(f"/stock/push?{address.partition('?')[2]}", page="/stock/push", store="acme", **fields)


def test_STK_10_a_push_is_previewed_by_a_worker_and_told_with_who_wants_it(
    held: Process, shop: Shop, shelf: int, operator: Person
) -> None:
    address = preview(operator, "GOOD", "A/B <i>", "GOOD")
    page = operator.text(address)
    for said in ("1 item to tell, 1 shown already", "GOOD 8 9 told", "A/B <i> 1 1 left: it shows that"):
        assert said in page, said
    assert "<i>" not in operator.get(address).text
    assert shown(shop, "GOOD") == [8]
    rung(held.redis, "stock")

    told = tell(operator, address)
    twice = tell(operator, address)
    followed = finished(told)

    assert followed == twice.headers["Location"]
    assert "2 SKUs wait to be told" in operator.text(followed)
    assert rung(held.redis, "stock") != []
    let_stock_wait_pass(held, shelf)
    push_stock(shelf)
    assert shown(shop, "GOOD") == [9]
    assert "1 told, 1 shown already" in operator.text(followed)
    with held.pool.connection() as connection:
        (line,) = (one for one in journal.lines(connection, journal.Which(shelf)) if one.outcome == "pending")
    assert (line.action, line.who, line.detail) == ("push", "operator", {"skus": 2, "rows": ["GOOD", "A/B <i>"]})
    assert "A person asked for its stock to be told. GOOD, A/B <i>; skus: 2" in operator.text("/activity")


@pytest.mark.long
def test_STK_10_what_was_never_counted_is_held_named_and_asked_for(
    held: Process, shop: Shop, shelf: int, operator: Person
) -> None:
    address = preview(operator)
    page = operator.text(address)
    assert "Held: acme would go from" in page
    assert "1 SKU was never counted in the hub and would show 0: NEVER shows 7." in page
    assert "NEVER 7 0 told, if you say so never counted" in page

    for fields in ({}, {"yes": "on"}, {"name": "acme"}, {"yes": "on", "name": "other"}):
        answer = tell(operator, address, **fields)
        assert answer.headers["Location"].endswith("#said")
        assert "Nothing was told: tick it, and type acme" in operator.text(address)
    said = finished(tell(operator, address, yes="on", name=" acme "))
    let_stock_wait_pass(held, shelf)
    push_stock(shelf)

    assert "acme is told" in operator.text(said)
    assert shown(shop, "NEVER") == [0]


def test_STK_10_a_push_that_takes_more_by_then_than_was_agreed_stops(
    held: Process, shop: Shop, shelf: int, operator: Person
) -> None:
    address = preview(operator, "GOOD", "NEVER")
    do(held, "UPDATE hub.stock SET in_stock = 0")

    page = operator.text(finished(tell(operator, address, yes="on", name="acme")))

    assert "nothing came of it. acme would show less than the preview said: preview it again" in page
    push_stock(shelf)
    assert shown(shop, "NEVER") == [7]


@pytest.mark.parametrize(
    ("loss", "takes"),
    [
        (Loss(100, 80, {"A": 1}), False),
        (Loss(90, 70, {"A": 1}), False),
        (Loss(90, 68, {"A": 1}), False),
        (Loss(100, 77, {"A": 1}), True),
        (Loss(100, 80, {"A": 1, "B": None}), True),
    ],
)
def test_STK_10_a_few_sales_meanwhile_are_no_other_push(loss: Loss, takes: bool) -> None:
    assert takes_more(loss, uncounted=1, pieces=20) is takes


def test_STK_10_a_store_that_is_away_is_said_and_holds_up_no_other(
    held: Process, shop: Shop, shelf: int, operator: Person
) -> None:
    shop.server.stop()

    page = operator.text(preview(operator, "GOOD", store=""))

    assert "acme" in page.partition("Asked of the stores")[2]
    assert "to tell" not in page


@pytest.mark.parametrize(
    ("fields", "words_"),
    [
        ({"which": "some", "skus": " \r\n\x00"}, "Name at least one SKU"),
        ({"which": "some", "skus": "\n".join(map(str, range(501)))}, "at most 500 can be"),
        ({"which": "all", "store": "none"}, "No such store can be told stock"),
    ],
)
def test_STK_10_a_push_of_nothing_is_refused(shelf: int, operator: Person, fields: dict[str, str], words_: str) -> None:
    answer = operator.post("/stock/push/preview", page="/stock/push", **fields)

    assert (answer.status_code, words_ in words(answer.text)) == (422, True)


def test_STK_10_what_may_not_be_told_now_says_why(held: Process, shelf: int, operator: Person) -> None:
    unknown = operator.text(preview(operator, "NO-SUCH"))
    assert "the hub stocks no SKU 'NO-SUCH'" in unknown
    address = preview(operator, "GOOD")
    do(held, "UPDATE jobs SET ended_at = ended_at - interval '31 minutes'")
    tell(operator, address)
    assert "that preview is too old" in operator.text(address)
    address = preview(operator, "GOOD")
    set_state(held, store_of(held, shelf), StoreState.PAUSED)

    tell(operator, address)

    assert "acme is paused" in operator.text(address)
    for path in ("/stock/push?job=999", "/stock/push?job=x", "/stock/push?what=push&store=none&job=1"):
        assert operator.get(path).status_code == 404
    assert operator.post("/stock/push?job=1", page="/stock/push", store="none").status_code == 404
