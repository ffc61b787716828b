"""What a store was not told of an order, as the operator finds it and has it told again (SPEC chapter 7)."""

import json

import pytest
from redis import Redis

from sandbox.faults import Said
from tasks.orders.fulfill import fulfill_order
from tests.tasks.orders.looking import rung
from tests.workers.cli.command import Cli
from tests.workers.cli.shops import Shop, document, place, read_again, take_in

NO = Said(400, json.dumps({"code": "no", "message": "Not today.", "data": {"status": 400}}))


@pytest.fixture
def refused(cli: Cli, acme: Shop) -> str:
    """An order that the hub delivered and whose store did not want to hear of it: its id."""
    external_id = place(acme)
    take_in()
    assert cli("hub", "order", "deliver", f"acme/{external_id}").code == 0
    acme.faults.answer_next(2, NO, only="PUT ")
    assert fulfill_order("acme", external_id) == "failed"
    return external_id


def test_a_sending_that_failed_is_listed_and_shown_with_the_stores_words(cli: Cli, refused: str) -> None:
    (row,) = document(cli("order", "list", "--state", "failed", "--json"))
    shown = document(cli("order", "show", "acme", refused, "--json"))

    assert (row["external_id"], row["state"], row["hub_reason"]) == (refused, "imported", "refused_by_store")
    assert "Not today." in row["hub_detail"]["problem"]
    assert "Not today." in cli("order", "list").out
    assert (shown["state"], shown["reason"]) == ("imported", None)
    assert (shown["is_failing"], shown["hub_reason"]) == (True, "refused_by_store")
    told = cli("order", "show", "acme", refused).out
    assert "The store does not show what the hub did: refused_by_store. The store refused the request" in told
    assert "storesync retry" in told


@pytest.mark.parametrize(
    "asked",
    [("acme", "{refused}"), ("--failed",), ("--failed", "--reason", "refused_by_store")],
    ids=["one", "all", "by reason"],
)
def test_a_sending_that_failed_is_retried_at_once(
    cli: Cli, acme: Shop, redis: Redis, refused: str, asked: tuple[str, ...]
) -> None:
    rung(redis, "fulfillment")

    said = cli("retry", *(word.format(refused=refused) for word in asked))

    assert "1 order(s)" in said.out
    assert [bell[1:] for bell in rung(redis, "fulfillment")] == [[refused]]
    assert fulfill_order("acme", refused) == "sent"
    assert acme.shop.status_of(refused) == "completed"
    read_again()
    shown = document(cli("order", "show", "acme", refused, "--json"))
    assert (shown["is_failing"], shown["hub_reason"]) == (False, None)
    assert document(cli("order", "list", "--state", "failed", "--json")) == []
