"""What holds for all stores: the account's settings and exchange rates."""

from typing import Any

import pytest

from connectors import postgres
from tests.workers.cli.command import Cli
from tests.workers.cli.shops import Shop, document
from tests.workers.cli.stocking import add, offer, shown, tell
from workers.cli.main import run

DEFAULTS = {
    "base_currency": "EUR",
    "multi_currency": True,
    "default_delivery_days": 14,
    "default_location": "main",
    "hub": "builtin",
    "alerts.to": [],
    "keep_journal_days": 400,
    "keep_stock_moves_days": 800,
    "privacy.keep_days": 90,
}


def account(cli: Cli) -> dict[str, Any]:
    found: dict[str, Any] = document(cli("account", "show", "--json"))
    return found


def settings(cli: Cli) -> dict[str, Any]:
    return {key: value for key, value in account(cli).items() if key != "hub_facts"}


# -- account -----------------------------------------------------------------------------------------------------------


def test_account_has_its_defaults(refusing_cli: Cli) -> None:
    found = account(refusing_cli)
    facts = found.pop("hub_facts")

    assert found == DEFAULTS
    assert (facts["name"], facts["shares_transaction"], facts["calls_a_minute"]) == ("builtin", True, 0)
    assert "The hub builtin can tell by itself what moves" in refusing_cli("account", "show").out
    assert "default_delivery_days  14" in refusing_cli("account", "show").out


def test_account_is_changed_and_the_other_settings_stay(cli: Cli) -> None:
    cli("location", "add", "berlin")

    result = cli("account", "set", "base_currency=usd", "default_location=berlin", "multi_currency=off")

    assert (result.code, result.out) == (0, "Saved. It holds from the next task on.\n")
    assert settings(cli) == DEFAULTS | {
        "base_currency": "USD",
        "default_location": "berlin",
        "multi_currency": False,
    }


def test_BEY_3_what_a_person_changes_of_the_account_is_journaled(cli: Cli) -> None:
    cli("account", "set", "default_delivery_days=7", "multi_currency=off")

    (line,) = document(cli("journal", "--json"))

    assert (line["store"], line["action"], line["outcome"]) == (None, "reconfigure", "saved")
    assert line["detail"] == {"settings": {"default_delivery_days": 7, "multi_currency": False}}


@pytest.mark.parametrize(
    "setting",
    [
        "nonsense=1",
        "stock.sync=on",
        "default_location=mars",
        "default_location=",
        "default_delivery_days=-1",
        "default_delivery_days=1.5",
        "default_delivery_days=soon",
        "multi_currency=perhaps",
        "base_currency=EURO",
        "base_currency=XAU",
        "hub=katana2",
    ],
)
def test_account_is_saved_as_a_whole_or_not_at_all(refusing_cli: Cli, setting: str) -> None:
    key = setting.partition("=")[0]
    good = "base_currency=USD" if key == "default_delivery_days" else "default_delivery_days=3"

    result = refusing_cli("account", "set", good, setting)

    assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1)
    assert result.err.startswith(f"storesync: {key}: ")
    found = account(refusing_cli)
    facts = found.pop("hub_facts")

    assert found == DEFAULTS
    assert (facts["name"], facts["shares_transaction"], facts["calls_a_minute"]) == ("builtin", True, 0)
    assert "The hub builtin can tell by itself what moves" in refusing_cli("account", "show").out


def test_account_set_names_every_key_that_it_does_not_know(refusing_cli: Cli) -> None:
    result = refusing_cli("account", "set", "nonsense=1", "base_currency=USD", "stock.sync=on")

    assert (result.code, result.err) == (2, "storesync: nonsense, stock.sync: there are no such account settings\n")
    found = account(refusing_cli)
    facts = found.pop("hub_facts")

    assert found == DEFAULTS
    assert (facts["name"], facts["shares_transaction"], facts["calls_a_minute"]) == ("builtin", True, 0)
    assert "The hub builtin can tell by itself what moves" in refusing_cli("account", "show").out


@pytest.mark.parametrize("arguments", [(), ("base_currency",), ("=EUR",), ("hub=builtin", "hub=builtin")], ids=" ".join)
def test_account_set_wants_pairs(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["account", "set", *arguments])

    out, err = capsys.readouterr()
    assert (code, out, len(err.splitlines())) == (2, "", 1)


# -- rates -------------------------------------------------------------------------------------------------------------


def test_ORD_8_rate_by_hand_is_listed_and_may_be_corrected(cli: Cli, fresh_connection: postgres.Connection) -> None:
    assert cli("rates", "set", "usd", "0.95").out == "1 USD = 0.95 EUR from today on.\n"
    assert cli("rates", "set", "USD", "0.920").out == "1 USD = 0.92 EUR from today on.\n"

    (row,) = fresh_connection.execute("SELECT current_date::text AS today").fetchall()
    assert document(cli("rates", "list", "--json")) == [
        {"currency": "USD", "base": "EUR", "on_date": row["today"], "rate": "0.92", "source": "hand"}
    ]


def test_rate_of_the_base_currency_is_refused(refusing_cli: Cli) -> None:
    result = refusing_cli("rates", "set", "EUR", "1")

    assert (result.code, result.out) == (2, "")
    assert "EUR is the base currency" in result.err


@pytest.mark.parametrize(
    ("code", "rate", "words"),
    [
        ("USD", "0", "'0' is no exchange rate"),
        ("USD", "0,9", "'0,9' is no exchange rate"),
        ("USD", "1_0", "'1_0' is no exchange rate"),
        ("USD", "NaN", "'NaN' is no exchange rate"),
        ("USD", "1e3", "'1e3' is no exchange rate"),
        ("USD", "9999999999", "is no exchange rate"),
        ("USD", "", "'' is no exchange rate"),
        ("XYZ", "1", "'XYZ' must be an ISO 4217 currency code"),
        ("", "1", "'' must be an ISO 4217 currency code"),
    ],
)
def test_what_is_no_rate_is_refused(code: str, rate: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rates", "set", code, rate]) == 2

    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert words in err


def test_STK_4_another_default_location_is_what_stores_show(
    cli: Cli, acme: Shop, fresh_connection: postgres.Connection
) -> None:
    cli("store", "set", "acme", "stock.sync=on")
    cli("location", "add", "berlin")
    offer(acme, "A-1")
    add(cli, "A-1", 7)
    cli("hub", "stock", "adjust", "A-1", "0", "--location", "berlin")
    tell(fresh_connection)

    cli("account", "set", "default_location=berlin", "--yes")
    tell(fresh_connection)

    assert shown(acme, "A-1") == [0]
