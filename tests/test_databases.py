"""The database that is emptied after each test: whatever one did to it, the next finds it as migrations leave it."""

import pytest

from connectors import postgres
from tests.connectors.postgres.makers import add_store
from tests.databases import ScratchDatabase


def rows(scratch: ScratchDatabase) -> list[object]:
    questions = ("SELECT * FROM schema_migrations ORDER BY name", "SELECT * FROM hub.locations", "SELECT * FROM stores")
    with postgres.connect(scratch.url) as connection:
        return [connection.execute(question).fetchall() for question in questions]


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM schema_migrations",
        "UPDATE hub.locations SET name = 'Attic'",
        "INSERT INTO hub.locations (code, name) VALUES ('attic', 'Attic')",
        "CREATE TABLE mine ()",
        "DROP TABLE schema_migrations",
        "ALTER TABLE stores ADD COLUMN mine text",
    ],
)
def test_what_a_test_does_to_its_database_reaches_no_other(scratch_database: ScratchDatabase, harm: str) -> None:
    before = rows(scratch_database)
    with postgres.connect(scratch_database.url) as connection:
        first = add_store(connection, "acme")
        connection.execute(harm.encode())

    scratch_database.renew()

    assert rows(scratch_database) == before
    with postgres.connect(scratch_database.url) as connection:
        assert add_store(connection, "acme") == first
    scratch_database.renew()
