"""schema.sql is the schema that the migrations make, told whole and true."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from psycopg import sql

from connectors import postgres
from connectors.postgres import Connection
from schemas.reasons import Reason
from tests.connectors.postgres import schema_catalogue, schema_sql
from workers.embedded import Servers


def test_schema_sql_is_what_the_migrations_make(connection: Connection) -> None:
    text = schema_sql.HEAD + schema_sql.describe(connection)

    assert schema_sql.FILE.read_text() == text, "the schema is another one now: run `make schema`"


def test_a_database_made_from_schema_sql_is_the_same(connection: Connection, servers: Servers) -> None:
    with _empty_database(servers.database_url) as made:
        made.execute("SET check_function_bodies = off")  # a function may call one further down
        made.execute(schema_sql.FILE.read_text())
        said = schema_sql.describe(made)

    assert _statements(said) == _statements(schema_sql.describe(connection))


def test_every_table_type_and_function_says_what_it_is_for(connection: Connection) -> None:
    found = schema_catalogue.read(connection)

    assert [one["name"] for one in (*found.tables, *found.types, *found.functions) if not one["comment"]] == []


def test_functions_and_triggers_hold_no_rule_of_their_own(connection: Connection) -> None:
    found = schema_catalogue.read(connection)
    constants = re.compile(r"interval\b|settings ->|(?<!COST )(?<![\w'.])(?!0\b|1\b)\d+(?!\w)")  # a cost is for plans

    held = {one["name"]: constants.findall(_code(one["text"])) for one in found.functions}
    held |= {one["text"]: constants.findall(one["text"]) for one in found.triggers}
    assert {name: what for name, what in held.items() if what} == {}


def test_reasons_that_functions_name_are_reasons(connection: Connection) -> None:
    text = "\n".join(_code(one["text"]) for one in schema_catalogue.read(connection).functions)
    named = set(re.findall(r"(?:reason (?:=|<>) |because, )'(\w+)'", text))

    assert named
    assert named <= set(Reason)


def _code(function: str) -> str:
    return schema_sql.without_comments(function)


def _statements(text: str) -> list[str]:
    return schema_sql.without_comments(text).split(";\n")


@contextmanager
def _empty_database(url: str) -> Iterator[Connection]:
    name = f"storesync_schema_{secrets.token_hex(6)}"
    with postgres.connect(url) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        try:
            with postgres.connect(urlsplit(url)._replace(path=f"/{name}").geturl()) as connection:
                yield connection
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
