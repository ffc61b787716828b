"""Words of the journal that SQL writes or asks for are words that the journal has; and older words stay readable."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from connectors.postgres import Connection, journal
from schemas.journal import Action, Line, Outcome
from schemas.stores import StoreState

ROOT: Final = Path(__file__).parents[3] / "connectors"
FILES: Final = [ROOT / "postgres" / "schema.sql", *sorted(ROOT.rglob("queries/*.sql"))]
KNOWN: Final = {"action": {*Action}, "outcome": {*Outcome}}

ASKED: Final = re.compile(r"\b(?:\w+\.)?(action|outcome) (?:= |IN \()((?:'\w+'(?:, )?)+)")
WRITTEN: Final = re.compile(r"INSERT INTO (?:public\.)?journal \(([^)]*)\)\s+SELECT\s(.*?)\sFROM\s", re.DOTALL)


def parts(listed: str) -> Iterator[str]:
    """What stands between the commas of a list, those in brackets aside."""
    depth, part = 0, ""
    for sign in listed:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            yield part
            part = ""
        else:
            part += sign
    yield part


def literals(sql: str) -> Iterator[tuple[str, str]]:
    """Each column of the journal with a word that stands for it in some SQL."""
    for asked in ASKED.finditer(sql):
        for word in re.findall(r"'(\w+)'", asked[2]):
            yield asked[1], word
    for written in WRITTEN.finditer(sql):
        columns = [name.strip() for name in written[1].split(",")]
        for column, value in zip(columns, parts(written[2]), strict=True):
            if column in KNOWN:
                yield from ((column, word) for word in re.findall(r"'(\w+)'", value))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parents[1].name}/{file.name}")
def test_every_word_of_the_journal_in_sql_is_one_that_it_has(file: Path) -> None:
    assert [(column, word) for column, word in literals(file.read_text()) if word not in KNOWN[column]] == []


def test_words_in_sql_are_found_wherever_they_are_written_or_asked_for() -> None:
    found = {pair for file in FILES for pair in literals(file.read_text())}

    assert found == {
        *(("action", word) for word in ("import", "change", "fulfill", "delete", "push", "connect", "reconfigure")),
        *(("outcome", word) for word in ("imported", "noted", "failed", "deleted", "told")),
    }


def test_every_state_of_a_store_is_an_outcome() -> None:
    assert {*StoreState} <= {*Outcome}


@pytest.mark.parametrize("action", Action, ids=str)
def test_an_action_is_read_back_as_it_was_written(connection: Connection, action: Action) -> None:
    journal.add(connection, Line(action, Outcome.FAILED))

    (entry,) = journal.lines(connection, journal.Which())

    assert (entry.action, entry.outcome) == (action, Outcome.FAILED)
    assert isinstance(entry.action, Action)
    assert isinstance(entry.outcome, Outcome)


def test_words_of_another_version_are_read_as_they_stand(connection: Connection) -> None:
    connection.execute("INSERT INTO journal (action, outcome) VALUES ('beam_up', 'beamed')")

    (entry,) = journal.lines(connection, journal.Which())

    assert (entry.action, entry.outcome) == ("beam_up", "beamed")
    assert (type(entry.action), type(entry.outcome)) == (str, str)
