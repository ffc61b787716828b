"""With --json every command prints one JSON document and nothing else (INTERFACE)."""

import shlex
from pathlib import Path

import pytest

from tests.workers.cli.command import Cli
from tests.workers.cli.shops import Shop, document, place, take_in
from tests.workers.cli.test_help import COMMANDS, named

# One after the other on one database; {order} was imported.
SESSION = """
db upgrade
db status
account show
account set multi_currency=on
alert list
location add berlin
location list
location rename berlin bonn
location remove bonn
rates set USD 0.92
rates list
store list
store show acme
store set acme stock.sync=on stock.buffer=1
store check acme
store locations acme
store webhooks acme
store import acme customers
store import acme stock
store pause acme
store resume acme
secrets rotate
secrets make
order list
order show acme {order}
retry acme {order} --dry-run
retry acme {order}
retry --failed
journal
sync acme
sync acme --dry-run
audit acme
enqueue ring_due
stock show HOOK-FRG
stock push --sku HOOK-FRG --yes
stock push --all --dry-run
stock export --format woocommerce
explain acme {order}
replay
privacy list
privacy show ada@example.com
privacy erase ada@example.com
explain --sku HOOK-FRG
hub product add A-1
hub product list
hub service add Wrapping
hub stock adjust A-1 5
hub stock import {file} --yes
hub stock counts
hub stock undo 1
hub order create --customer Ada --row A-1=2@10 --number SO-X
hub order list
hub order show SO-X
hub mo create SO-X A-1
hub mo list
hub mo set 1 DONE
hub order mark SO-X paid
hub order pack SO-X A-1=1
hub order deliver SO-X
hub order invoice SO-X
hub lock-inventory --until 2020-01-01
hub order delete acme/{order}
order reimport acme {order}
user add maria --role operator
user list
user password maria
user remove maria
store disconnect acme
"""

# These go on until they are stopped, or have a test of their own.
ELSEWHERE = {
    *("up", "down", "demo", "sandbox", "doctor", "alert test", "store connect", "store activate", "hub po receive"),
    "privacy done",
}


@pytest.mark.long
def test_every_command_prints_one_document(cli: Cli, acme: Shop, tmp_path: Path) -> None:
    file = tmp_path / "counted.csv"
    file.write_text("sku,quantity\nHOOK-FRG,3\n")
    order = place(acme, line_items=[{"sku": "HOOK-FRG", "quantity": 1}])
    take_in()

    for line in SESSION.strip().splitlines():
        result = cli(*shlex.split(line.format(order=order, file=file)), "--json")
        assert isinstance(document(result), dict | list), line


def test_received_purchase_is_one_document(cli: Cli) -> None:
    cli("hub", "product", "add", "A-1")

    assert document(cli("hub", "po", "receive", "A-1", "5", "--json"))["received"]


@pytest.mark.parametrize("path", COMMANDS, ids=named)
def test_every_command_is_in_the_session(path: tuple[str, ...]) -> None:
    said = {line.split(" ")[0 : len(path)] == list(path) for line in SESSION.strip().splitlines()}

    assert True in said or named(path) in ELSEWHERE


def test_error_prints_nothing_on_stdout(refusing_cli: Cli) -> None:
    for line in ("order show nope 1", "stock show nope", "store check nope", "account set nope=1", "hub order show 1"):
        result = refusing_cli(*line.split(), "--json")
        assert (result.code in {1, 2}, result.out, len(result.err.splitlines())) == (True, "", 1), line
