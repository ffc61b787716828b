"""Health tells containers and load balancers whether this installation can work, and tells nothing else."""

import dataclasses
from typing import Any

import pytest

from connectors import postgres
from connectors.config import Config
from tests.connectors.postgres.unfit import careless_pooler
from workers.web import create_app
from workers.web.headers import HEADERS

NOBODY = "127.0.0.1:1"


def health(config: Config, path: str = "/readyz") -> tuple[int, Any]:
    """Status and body."""
    answer = create_app(config).test_client().get(path)
    return answer.status_code, answer.json


@pytest.mark.parametrize("path", ["/readyz", "/health"])
def test_it_is_ready_when_both_servers_answer(config: Config, path: str) -> None:
    assert health(config, path) == (200, {"database": "ok", "redis": "ok"})


def test_it_lives_as_long_as_it_answers_whatever_is_with_the_servers(config: Config) -> None:
    nobody = dataclasses.replace(config, database_url=f"postgresql://{NOBODY}/none", redis_url=f"redis://{NOBODY}")

    assert health(nobody, "/healthz") == (200, {"alive": True})


@pytest.mark.parametrize(
    ("away", "found"),
    [
        ({"database_url": f"postgresql://{NOBODY}/none"}, {"database": "unreachable", "redis": "ok"}),
        ({"redis_url": f"redis://{NOBODY}"}, {"database": "ok", "redis": "unreachable"}),
    ],
)
def test_it_is_not_ready_when_a_server_is_away(config: Config, away: dict[str, Any], found: dict[str, str]) -> None:
    assert health(dataclasses.replace(config, **away)) == (503, found)


def test_it_is_not_ready_until_the_database_is_upgraded(config: Config, fresh_database_url: str) -> None:
    with postgres.connect(fresh_database_url) as connection:
        connection.execute("DELETE FROM schema_migrations WHERE name LIKE '0001%'")

    found = health(dataclasses.replace(config, database_url=fresh_database_url))

    assert found == (503, {"database": "not_upgraded", "redis": "ok"})


def test_it_is_not_ready_where_the_database_is_not_fit(config: Config) -> None:
    with careless_pooler(config.database_url) as through:
        found = health(dataclasses.replace(config, database_url=through))

    assert found == (503, {"database": "unfit", "redis": "ok"})


def test_health_tells_no_addresses_and_no_secrets(config: Config) -> None:
    answer = create_app(config).test_client().get("/readyz").text

    assert not [word for word in ("://", "@", config.secret_key) if word in answer]


def test_there_is_nothing_else_to_ask_for(config: Config) -> None:
    client = create_app(config).test_client()

    assert client.get("/static/x").status_code == 404
    assert client.post("/readyz").status_code == 405


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/nothing", "/webhooks/x/y"])
def test_BEY_9_every_answer_tells_browsers_to_run_nothing_that_is_not_ours(config: Config, path: str) -> None:
    headers = create_app(config).test_client().get(path).headers

    assert {name: headers.get(name) for name in HEADERS} == HEADERS
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
