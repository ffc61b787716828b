"""`storesync user`: who may sign in to the console (CON-2)."""

import io

import pytest

from tests.workers.cli.command import Cli
from tests.workers.cli.shops import document


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """What comes from stdin."""
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


@pytest.mark.parametrize("text", ["a horse and a battery\n", "a horse and a battery\n" * 2])
def test_CON_2_a_password_is_read_from_stdin_and_not_repeated(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    typed(monkeypatch, text)

    result = cli("user", "add", "Maria", "--role", "admin")

    assert (result.code, result.out) == (0, "maria may sign in to the console as admin.\n")
    (only,) = document(cli("user", "list", "--json"))
    assert (only["name"], only["role"], only["added_at"][-1]) == ("maria", "admin", "Z")


def test_CON_2_without_one_a_password_is_made_and_shown_once(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, "")

    made = document(cli("user", "add", "maria", "--json"))
    anew = document(cli("user", "password", "maria", "--json"))

    assert (made["role"], len(made["password"]), made["password"] != anew["password"]) == ("viewer", 20, True)


@pytest.mark.parametrize(
    ("line", "text", "words"),
    [
        ("user add maria", "short\n", "10 signs"),
        ("user add -- -x", "a horse and a battery\n", "a name"),
        ("user add maria", "a horse and a battery\na horse and a batery\n", "not the same password"),
        ("user password nobody", "a horse and a battery\n", "no user nobody"),
        ("user remove nobody", "", "no user nobody"),
    ],
)
def test_CON_2_what_cannot_be_is_one_line(
    refusing_cli: Cli, monkeypatch: pytest.MonkeyPatch, line: str, text: str, words: str
) -> None:
    typed(monkeypatch, text)

    result = refusing_cli(*line.split())

    assert (result.code in {1, 2}, result.out, len(result.err.splitlines())) == (True, "", 1)
    assert words in result.err.lower()


def test_CON_2_the_same_name_is_taken_once(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, "")
    cli("user", "add", "maria")

    result = cli("user", "add", "MARIA")

    assert (result.code, result.err) == (1, "storesync: There is a user maria already\n")
