"""Needs you: a retry is previewed by asking the stores, what was seen to is hidden until more come (BEY-7)."""

import json

from connectors.postgres import journal
from schemas.users import Role
from tasks.held import Process
from tasks.jobs import do_job
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import Shop, rung
from tests.workers.cli.shops import place, place_raw
from tests.workers.web.console.browsing import Person
from tests.workers.web.console.conftest import People

HOOK = [{"sku": "HOOK-FRG", "quantity": 1}]


def ask(held: Process, person: Person, query: str = "") -> str:
    rung(held.redis, "fetch")
    asked = person.post(f"/needs/invalid_payload/ask{query}", page="/needs")
    (job,) = {message[0] for message in rung(held.redis, "fetch")}
    assert do_job(job) == "done"
    return person.text(asked.headers["Location"])


def test_BEY_7_a_retry_of_all_is_previewed_by_asking_the_shops_anew(
    held: Process, shop: Shop, acme: int, operator: Person
) -> None:
    bad = [place_raw(shop, total="n/a") for _ in range(3)]
    import_all(held, acme)
    for order, mended in zip(bad[:2], (place(shop, line_items=HOOK), place(shop, line_items=HOOK)), strict=True):
        body = shop.shop.order_body(shop.shop.order(int(mended)))
        shop.shop.put_raw_order({**json.loads(body), "id": int(order)})

    page = ask(held, operator)

    assert "Of 3 that were asked for: 2 would come in, 0 would stay out by a rule, 1 would fail again." in page
    assert "Retry all 3" in page  # nothing was done
    shop.server.stop()
    assert "0 would come in, 0 would stay out by a rule, 3 would fail again" in ask(held, operator, "?store=acme")
    assert operator.get("/needs/on_hold/retry?job=1").status_code == 404  # another reason's


def test_BEY_7_what_was_noted_is_hidden_until_more_orders_come_to_it(
    held: Process, shop: Shop, acme: int, people: People
) -> None:
    operator = people(Role.OPERATOR)

    def note() -> None:
        order = place(shop, line_items=HOOK)
        import_all(held, acme)
        with held.pool.connection() as connection:
            statement = "UPDATE store_orders SET reason = 'line_without_sku' WHERE external_id = %s"
            connection.execute(statement, (order,))

    note()
    assert "Done, hide until it changes" in operator.text("/needs")
    assert "Done, hide" not in people(Role.VIEWER).text("/needs")
    hidden = operator.post("/needs/line_without_sku/hide", page="/needs")
    assert hidden.status_code == 303
    assert "1 order seen to, hidden until more come" in operator.text("/needs")
    assert "Done, hide" not in operator.text("/needs")
    operator.post("/needs/line_without_sku/hide", page="/needs", undo="1")
    assert "Done, hide" in operator.text("/needs")
    operator.post("/needs/line_without_sku/hide", page="/needs")
    note()
    assert "Done, hide" in operator.text("/needs")
    assert "seen to" not in operator.text("/needs")
    assert operator.post("/needs/none/hide", page="/needs").status_code == 404
    with held.pool.connection() as connection:
        lines = [line for line in journal.lines(connection, journal.Which(acme)) if line.action == "hide"]
    assert [(str(line.outcome), line.who) for line in lines] == [
        ("hidden", "operator"),
        ("shown", "operator"),
        ("hidden", "operator"),
    ]
