"""What a person says of an order beside its rows: paid, packed, closed, voided (SPEC chapter 9)."""

import json

import pytest

from connectors import postgres
from tests import makers
from tests.workers.cli.command import Cli
from tests.workers.cli.hub_orders import bring_in, in_stock, quantities, show


@pytest.fixture(autouse=True)
def unpaid(fresh_connection: postgres.Connection) -> None:
    """acme/5001, which nobody has paid for."""
    bring_in(fresh_connection, makers.store_order(is_paid=False))


def flags(cli: Cli) -> set[str]:
    return {name for name, is_set in show(cli, "acme/5001")["flags"].items() if is_set}


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("paid", {"billed", "paid"}),
        ("packed", {"packed"}),
        ("closed", {"closed"}),
        ("voided", {"voided"}),
    ],
)
def test_STI_1_order_is_marked_by_hand(cli: Cli, mark: str, expected: set[str]) -> None:
    result = cli("hub", "order", "mark", "acme/5001", mark)

    assert result.out == f"Order 5001 is {mark}. Next: storesync hub order show acme/5001\n"
    assert flags(cli) == expected


def test_STI_1_marking_an_order_packed_packs_what_ships(cli: Cli) -> None:
    cli("hub", "order", "mark", "acme/5001", "packed")

    assert quantities(cli, "acme/5001", "packed_quantity") == ["1", "2", "0"]
    assert in_stock(cli, "OIL-1") == {"main": "-2"}


@pytest.mark.parametrize("mark", ["paid", "closed", "voided"])
def test_mark_is_taken_off_again(cli: Cli, mark: str) -> None:
    cli("hub", "order", "mark", "acme/5001", mark)

    result = cli("hub", "order", "mark", "acme/5001", mark, "--undo", "--json")

    assert json.loads(result.out)["is_set"] is False
    assert mark not in flags(cli)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("voided", "--undo"), "order 5001 is not voided"),
        (("packed", "--undo"), "order 5001: what is packed stays packed"),
    ],
)
def test_mark_that_is_not_there_stays_off(cli: Cli, words: tuple[str, ...], problem: str) -> None:
    result = cli("hub", "order", "mark", "acme/5001", *words)

    assert (result.code, result.err.startswith(f"storesync: {problem}")) == (1, True)


@pytest.mark.parametrize("mark", ["paid", "packed"])
def test_mark_that_is_there_is_said_to_be(cli: Cli, mark: str) -> None:
    cli("hub", "order", "mark", "acme/5001", mark)

    result = cli("hub", "order", "mark", "acme/5001", mark)

    assert (result.code, result.err) == (1, f"storesync: order 5001 is {mark} already\n")
