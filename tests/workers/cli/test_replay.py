"""`storesync replay`: what would come out differently, for people and as a document; nobody's name in either."""

from typing import Any

import pytest

from connectors import postgres
from tests.workers.cli.command import Cli
from tests.workers.cli.shops import Shop, document, fetch, place, take_in


def broken(connection: postgres.Connection, statement: str) -> None:
    """Another version has imported it so."""
    connection.execute(statement.encode())


def differing(cli: Cli, *arguments: str) -> Any:
    return document(cli("replay", "--json", *arguments))


def test_BEY_3_where_nothing_differs_it_says_so(cli: Cli, acme: Shop) -> None:
    place(acme)
    take_in()

    result = cli("replay")

    assert (result.code, result.err) == (0, "")
    assert result.out == "None of 1 orders would come out differently. Nothing was written.\n"


def test_BEY_3_what_differs_is_one_document(cli: Cli, acme: Shop, fresh_connection: postgres.Connection) -> None:
    order, skipped = place(acme, number="A-7"), place(acme, status="on-hold")
    take_in()
    broken(fresh_connection, "UPDATE hub.sales_orders SET order_no = 'X'")
    broken(fresh_connection, f"UPDATE store_orders SET reason = 'on_hold' WHERE external_id = '{skipped}'")

    assert differing(cli) == {
        "orders": 2,
        "compared": 2,
        "different": 2,
        "left_out": {"waiting": 0, "no_snapshot": 0, "failed_elsewhere": 0, "asks_the_shop": 0},
        "differences": [
            {
                "store": "acme",
                "platform": "woocommerce",
                "external_id": order,
                "number": "A-7",
                "state": "imported",
                "reason": None,
                "fields": [{"field": "order_no", "was": "X", "would_be": "A-7"}],
            },
            {
                "store": "acme",
                "platform": "woocommerce",
                "external_id": skipped,
                "number": skipped,
                "state": "skipped",
                "reason": "on_hold",
                "fields": [{"field": "reason", "was": "on_hold", "would_be": "status_not_imported"}],
            },
        ],
    }


def test_BEY_3_people_read_a_table_and_what_was_left_out(
    cli: Cli, acme: Shop, fresh_connection: postgres.Connection
) -> None:
    order = place(acme)
    take_in()
    broken(fresh_connection, "UPDATE hub.sales_order_rows SET tax_rate = 7 WHERE ships")
    place(acme)
    fetch()

    result = cli("replay")

    lines = result.out.splitlines()
    assert lines[0].split() == ["store", "order", "field", "was", "would", "be"]
    assert lines[1].split()[:2] == ["acme", order]
    assert lines[1].split()[2].endswith(".tax_rate")
    assert lines[-1] == (
        "1 of 1 orders would come out differently. Left out: 1 wait to be looked at. Nothing was written."
    )


def test_BEY_9_nobody_s_name_is_in_it(cli: Cli, acme: Shop, fresh_connection: postgres.Connection) -> None:
    place(acme, customer_note="for Grace")
    take_in()
    broken(
        fresh_connection,
        """UPDATE hub.sales_orders SET notes = 'Hopper', bill_to = bill_to || '{"city": "Hopper"}',
           ship_to = ship_to || '{"first_name": "Hopper", "line_1": "Hopper"}'""",
    )
    broken(fresh_connection, "UPDATE hub.sales_order_rows SET name = 'Hopper'")

    result = cli("replay", "--json")

    shown = {field["field"].rpartition(".")[2] for one in document(result)["differences"] for field in one["fields"]}
    assert shown == {"notes", "first_name", "line_1", "city", "name"}
    (before,) = fresh_connection.execute("SELECT snapshot::text AS text FROM store_orders").fetchall()
    assert "Grace" in before["text"]
    assert not any(word in result.out for word in ("Hopper", "Grace"))


def test_BEY_3_a_store_and_a_time_narrow_it_and_a_disconnected_store_can_be_looked_at(cli: Cli, acme: Shop) -> None:
    place(acme)
    take_in()
    cli("store", "disconnect", "acme")

    assert differing(cli)["compared"] == 1
    assert differing(cli, "--store", "acme", "--since", "1h")["compared"] == 1
    assert differing(cli, "--store", "acme", "--since", "0s")["orders"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--store", "nobody"), 1, "there is no store 'nobody'"),
        (("--since", "soon"), 2, "'soon' is no time"),
        (("--since", "2999-01-01"), 2, "still to come"),
        (("--since", "9" * 30 + "d"), 2, "is no time"),
        (("acme",), 2, "unexpected extra argument"),
    ],
)
def test_BEY_3_what_cannot_be_asked_is_one_line(
    refusing_cli: Cli, arguments: tuple[str, ...], code: int, words: str
) -> None:
    result = refusing_cli("replay", *arguments)

    assert (result.code, result.out) == (code, "")
    assert words in result.err
    assert len(result.err.splitlines()) == 1


def test_BEY_3_an_account_without_orders_has_nothing_that_differs(refusing_cli: Cli) -> None:
    assert refusing_cli("replay").out == "None of 0 orders would come out differently. Nothing was written.\n"


def test_BEY_3_a_long_list_is_cut_for_people_only(
    cli: Cli, acme: Shop, fresh_connection: postgres.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.cli.replay.SHOWN", 2)
    for _ in range(3):
        place(acme)
    take_in()
    broken(fresh_connection, "UPDATE hub.sales_orders SET order_no = 'X'")

    assert "… and 1 more: --json has them all." in cli("replay").out
    assert differing(cli)["different"] == 3
