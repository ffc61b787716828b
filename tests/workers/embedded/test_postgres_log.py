"""What PostgreSQL logs of a statement that fails: nothing that it was given (DOR-6)."""

import os
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import yaml

from tests.homes import RUN_HOME
from workers.embedded.postgres import SETTINGS

MARK = "Zebedee of Hidden Lane"
FAILING = (
    "SELECT %s::int",
    "INSERT INTO hub.customers (name, email) VALUES (%s, 'a@b'), ('x', 'A@B')",
    "INSERT INTO hub.sales_orders (order_no, notes) VALUES ('1', %s)",
    "DO $$ BEGIN RAISE EXCEPTION 'Zebedee of Hidden Lane'; END $$",
    "DO $$ BEGIN RAISE WARNING 'Zebedee of Hidden Lane'; END $$",
)


@pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="a server of somebody's own")
def test_DOR_6_PostgreSQL_logs_no_value_of_what_failed(database_url: str) -> None:
    log = Path(os.environ[RUN_HOME]) / "logs" / "postgres.log"
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in FAILING:
            with suppress(psycopg.Error):
                connection.execute(statement.encode(), (MARK,) if "%s" in statement else None)
        shown = connection.execute("SHOW log_error_verbosity").fetchone()

    assert shown == ("terse",)
    assert log.exists()
    assert MARK not in log.read_text(errors="replace")


def test_DOR_6_PostgreSQL_of_docker_compose_logs_as_little() -> None:
    compose = yaml.safe_load((Path(__file__).parents[3] / "docker-compose.yml").read_text())
    settings = {setting for setting in SETTINGS if setting.startswith("log_") and "timezone" not in setting}

    assert len(settings) == 5
    assert settings <= set(compose["services"]["postgres"]["command"])
