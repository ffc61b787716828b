"""Alarms by hand: where they go, whether they arrive, what is wrong (DOR-7)."""

import json
import os
from collections.abc import Iterator

import pytest

from connectors import postgres
from tests.receiver import Receiver, listening
from tests.workers.cli.command import Cli
from tests.workers.cli.shops import document

pytestmark = pytest.mark.long

SECRETS = ("s3cret-w0rd", "t0ken")


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.cli.knocks.ANSWER_SECONDS", 0.05)  # nobody is there to answer


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as receiver:
        yield receiver


def test_DOR_7_addresses_are_kept_locked_shown_masked_and_tried(
    cli: Cli, receiver: Receiver, fresh_connection: postgres.Connection
) -> None:
    shown = [
        cli("account", "set", f"alerts.to={receiver.url}", "default_delivery_days=7", "--json"),
        cli("account", "show", "--json"),
        cli("account", "show"),
        cli("alert", "list"),
        cli("alert", "test"),
        cli("journal", "--json"),
    ]

    assert [result.code for result in shown] == [0] * len(shown)
    assert not [word for word in SECRETS for result in shown if word in result.out + result.err]
    assert document(shown[0])["settings"] == {"alerts.to": ["json://****"], "default_delivery_days": 7}
    assert document(shown[1])["alerts.to"] == ["json://****"]
    assert receiver.titles == ["a test"]

    row = fresh_connection.execute("SELECT alerts_to, settings FROM account").fetchone()
    assert row
    assert not [word for word in SECRETS if word in str(row)]
    assert "alerts.to" not in row["settings"]


def test_DOR_7_no_message_that_does_not_arrive_counts_as_sent(cli: Cli, receiver: Receiver) -> None:
    receiver.status = 500
    cli("account", "set", f"alerts.to={receiver.url}")

    result = cli("alert", "test", "--json")

    assert (result.code, json.loads(result.out)) == (1, {"sent": [{"address": "json://****", "took": False}]})


@pytest.mark.parametrize(
    ("value", "wrong"),
    [("nosuchservice://s3cret-w0rd", "number 1"), ("ntfy://topic, s3cret", "number 1"), ("s3cret-w0rd", "number 1")],
)
def test_DOR_7_what_is_no_service_s_address_is_refused_and_not_repeated(cli: Cli, value: str, wrong: str) -> None:
    result = cli("account", "set", f"alerts.to={value}", "default_delivery_days=7")

    assert (result.code, wrong in result.err, "s3cret" in result.err) == (2, True, False)
    assert document(cli("account", "show", "--json"))["default_delivery_days"] == 14


def test_DOR_7_nobody_is_told_where_nobody_is_named(refusing_cli: Cli) -> None:
    result = refusing_cli("alert", "test")

    assert (result.code, result.err) == (
        1,
        "storesync: nobody is told of alarms: storesync account set alerts.to=URL\n",
    )


def test_DOR_7_addresses_follow_another_key(cli: Cli, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("account", "set", f"alerts.to={receiver.url}")
    new = "another key of so many signs"

    monkeypatch.setenv("STORESYNC_SECRET_KEY", f"{new},{os.environ['STORESYNC_SECRET_KEY']}")
    rotated = cli("secrets", "rotate")
    monkeypatch.setenv("STORESYNC_SECRET_KEY", new)
    known = cli("account", "show", "--json")
    monkeypatch.setenv("STORESYNC_SECRET_KEY", "none of the two that it may be")
    unknown = cli("account", "show")

    assert (rotated.code, document(known)["alerts.to"], unknown.code) == (0, ["json://****"], 1)


def test_DOR_7_what_is_wrong_and_what_was_not_sent_is_listed(
    cli: Cli, receiver: Receiver, fresh_connection: postgres.Connection
) -> None:
    cli("account", "set", f"alerts.to={receiver.url}")
    fresh_connection.execute(
        "INSERT INTO alarms (kind, subject, detail, since) VALUES ('orders_fail', 'acme', 'invalid_payload 3', now())"
    )
    fresh_connection.execute(
        "INSERT INTO notices (made_at, title, body, due_at, reason, detail)"
        " VALUES (now(), 'storesync: 2 alarms', '', now(), 'notification_failed', 'ntfys://****')"
    )

    told, listed = cli("alert", "list"), document(cli("alert", "list", "--json"))
    doctor = json.loads(cli("doctor", "--json").out)

    assert "orders of acme fail" in told.out
    assert [one["alarm"] for one in listed["alarms"]] == ["orders_fail"]
    assert listed["unsent"] == [
        {"title": "storesync: 2 alarms", "reason": "notification_failed", "detail": "ntfys://****"}
    ]
    (check,) = [check for check in doctor["checks"] if check["name"] == "alarms"]
    assert (check["ok"], "notification_failed: ntfys://****" in check["detail"]) == (False, True)
