"""The installation by hand: doctor, schema, and servers that cannot be used."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import postgres
from connectors.config import Config
from connectors.postgres import lanes
from sandbox.faults import Said
from sandbox.woocommerce.state import KEY
from schemas.failures import PutOff
from tasks.catalogue import fetch_catalogue
from tests.connectors.postgres.unfit import careless_pooler, database_in
from tests.workers.cli.command import Cli, Result
from tests.workers.cli.shops import Shop, connect, document, place, take_in
from workers.cli.checks import check_all
from workers.embedded import Servers

PASSWORD = "geheim-0815"
CLOSED = f"postgresql://ada:{PASSWORD}@127.0.0.1:1/shop"


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.cli.knocks.ANSWER_SECONDS", 0.05)  # nobody is there to answer


def one_line(result: Result, code: int = 1) -> str:
    assert (result.code, result.out, len(result.err.splitlines())) == (code, "", 1), result
    return result.err


# -- doctor ------------------------------------------------------------------------------------------------------------


def checks(cli: Cli) -> dict[str, dict[str, Any]]:
    """What the doctor found, by name; it must have found something."""
    result = cli("doctor", "--json")
    found = document(Result(0, result.out, result.err))
    assert (result.code, found["ok"]) == (1, False)
    return {check["name"]: check for check in found["checks"]}


def test_doctor_says_what_is_wrong_and_what_to_do(cli: Cli, acme: Shop) -> None:
    acme.faults.fail_next(1, "unauthorized")

    found = checks(cli)

    assert [name for name, check in found.items() if not check["ok"]] == ["workers", "beat", "store acme"]
    assert [name for name, check in found.items() if check["ok"]] == [
        *("database", "schema", "clock", "redis", "queues", "disk", "alarms", "exchange rates"),
        *("set aside of acme", "orders of acme", "fetch of acme", "audit of acme"),
    ]
    assert found["workers"]["detail"] == "none answers: storesync up"
    assert "answered 401" in found["store acme"]["detail"]


def test_doctor_names_the_command_that_starts_programs_where_it_runs(
    cli: Cli, acme: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORESYNC_START_COMMAND", "docker compose up -d --wait")

    found = checks(cli)

    assert found["workers"]["detail"] == "none answers: docker compose up -d --wait"
    assert found["beat"]["detail"] == "does not answer: docker compose up -d --wait"


def test_ch_11_doctor_and_store_show_name_what_a_store_is_not_told(
    cli: Cli, acme: Shop, fresh_connection: postgres.Connection
) -> None:
    fresh_connection.execute(
        "UPDATE stores SET fulfillment_reason = 'write_refused', fulfillment_detail = 'Read/Write'"
    )
    fresh_connection.execute("UPDATE stores SET stock_reason = 'write_refused', stock_detail = 'Read/Write'")

    found, shown = checks(cli), cli("store", "show", "acme")

    for part, told in (("fulfillment", "no fulfilments and statuses"), ("stock", "no stock")):
        check = found[f"{part} of acme"]
        assert not check["ok"]
        assert f"{told}, everything else goes on: Read/Write" in check["detail"]
        assert check["detail"] in " ".join(shown.out.split())


def test_MUL_4_doctor_names_two_stores_of_one_shop(cli: Cli, acme: Shop, fresh_connection: postgres.Connection) -> None:
    fresh_connection.execute("UPDATE stores SET shop = 'unknown', url = 'http://elsewhere.invalid'")
    assert connect(cli, acme, "--allow-insecure", name="twin").code == 0
    other = acme.url.replace("127.0.0.1", "localhost")
    fresh_connection.execute("UPDATE stores SET url = %s WHERE name = 'acme'", [other])

    check = checks(cli)["store acme"]

    assert not check["ok"]
    assert "is the same shop as twin" in check["detail"]


def test_doctor_tells_people_the_same(cli: Cli, acme: Shop) -> None:
    result = cli("doctor")

    lines = [line.split() for line in result.out.splitlines()]
    assert (result.code, result.err) == (1, "")
    assert ["ok", "store", "acme", "answers", "and", "takes", "our", "credentials"] in lines
    assert [line[0] for line in lines].count("PROBLEM") == 2


def test_doctor_knows_why_a_store_rests(cli: Cli, acme: Shop, fresh_connection: postgres.Connection) -> None:
    fresh_connection.execute("UPDATE stores SET state = 'needs_attention', reason = 'credentials_refused'")
    stopped = checks(cli)["store acme"]
    cli("store", "pause", "acme")

    assert not stopped["ok"]
    assert "The store refused the credentials. storesync store set acme" in stopped["detail"]
    assert checks(cli)["store acme"]["ok"]
    assert checks(cli)["store acme"]["detail"] == "paused. storesync store resume acme"


def test_doctor_and_store_show_say_that_a_catalogue_cannot_be_read_and_how_to_retry(cli: Cli, acme: Shop) -> None:
    acme.faults.answer_next(1, Said(400, b'{"code":"rest_broken","message":"no"}'), only="/products")
    assert fetch_catalogue("acme") == "put_off"
    retry = "storesync enqueue fetch_catalogue acme --wait"

    found = checks(cli)
    shown = document(cli("store", "show", "acme", "--json"))

    assert found["store acme"]["ok"]
    assert not found["catalogue of acme"]["ok"]
    assert all(word in found["catalogue of acme"]["detail"] for word in ("rest_broken", retry))
    assert (shown["catalogue_reason"], shown["catalogue_whole_at"]) == ("refused_by_store", None)
    assert retry in cli("store", "show", "acme").out
    assert cli(*retry.removesuffix(" --wait").split()[1:]).code == 0  # what a worker then does
    assert fetch_catalogue("acme") == "walked"
    assert "catalogue of acme" not in checks(cli)


@pytest.mark.usefixtures("acme")
def test_doctor_and_store_show_say_what_work_on_a_store_waits_for_until_a_person_wants_it_now(
    cli: Cli, fresh_connection: postgres.Connection
) -> None:
    store_id = document(cli("store", "show", "acme", "--json"))["id"]
    why = PutOff(
        "unexpected_error", {"problem": "KeyError at tasks/products.py:40"}, datetime.now(UTC) + timedelta(hours=1)
    )
    lanes.put_off(fresh_connection, store_id, "import_products", why)
    now = "storesync enqueue import_products acme --wait"

    (waits,) = document(cli("store", "show", "acme", "--json"))["waits"]
    told = checks(cli)["import_products of acme"]

    assert (waits["task"], waits["reason"], waits["detail"]) == ("import_products", why.reason, why.words)
    assert not told["ok"]
    assert all(word in told["detail"] for word in (why.words, waits["due_at"], now))
    assert now in cli("store", "show", "acme").out
    assert cli(*now.removesuffix(" --wait").split()[1:]).code == 0
    assert document(cli("store", "show", "acme", "--json"))["waits"] == []


def test_doctor_names_what_was_set_aside_by_reason_and_what_to_type(
    cli: Cli, acme: Shop, fresh_connection: postgres.Connection
) -> None:
    order = place(acme)
    take_in()
    fresh_connection.execute(
        "UPDATE store_orders SET state = 'failed', reason = 'invalid_payload', hub_order_id = NULL,"
        " order_settled = changed"
    )

    check = checks(cli)["set aside of acme"]

    assert not check["ok"]
    assert check["detail"].startswith("1 invalid_payload: ")
    assert f"storesync retry acme {order}" in check["detail"]
    assert check["detail"].endswith("Again, all of them: storesync retry --failed --store acme")


@pytest.mark.parametrize(
    ("change", "check", "words"),
    [
        (
            "UPDATE stores SET fetched_at = now() - interval '1 h', activated_at = now() - interval '1 day'",
            "fetch of acme",
            "last fetched 60 min ago",
        ),
        (
            "INSERT INTO store_orders (store_id, external_id, first_seen_at)"
            " SELECT id, '77', now() - interval '3 h' FROM stores",
            "orders of acme",
            "1 wait, the oldest for 3 h. See storesync order list --store acme --state pending",
        ),
        (
            "UPDATE stores SET connected_at = now() - interval '3 days', activated_at = now() - interval '3 days'",
            "audit of acme",
            "The last night brought no comparison: never compared. storesync audit acme",
        ),
        (
            'UPDATE stores SET audited_at = now(), audited = \'{"missing": 2, "listed": 9, "looked_again": 0,'
            ' "since": "2026-01-01T00:00:00Z", "until": "2026-01-08T00:00:00Z"}\'',
            "audit of acme",
            "2 missing since 2026-01-01T00:00:00Z",
        ),
        (
            "INSERT INTO store_orders (store_id, external_id, hub_currency, order_settled)"
            " SELECT id, '77', 'XXX', 1 FROM stores",
            "exchange rates",
            "none: storesync enqueue refresh_rates --wait",
        ),
    ],
    ids=["fetch", "due", "no audit", "missing", "rates"],
)
def test_BEY_4_doctor_sees_the_business(
    cli: Cli, acme: Shop, fresh_connection: postgres.Connection, change: str, check: str, words: str
) -> None:
    assert checks(cli)[check]["ok"]

    fresh_connection.execute(change.encode())

    found = checks(cli)[check]
    assert not found["ok"]
    assert words in found["detail"]


def test_BEY_5_doctor_says_that_a_shop_does_not_tell_what_it_was_asked_to(
    cli: Cli, acme: Shop, fresh_connection: postgres.Connection
) -> None:
    kept = '{"address": "https://a.example", "told": ["a"], "not_told": {"b": "no"}, "reason": "webhooks_refused"}'
    fresh_connection.execute("UPDATE stores SET webhooks = %s::jsonb", [kept])
    refused = checks(cli)["webhooks of acme"]
    fresh_connection.execute("UPDATE stores SET webhooks = webhooks || '{\"not_told\": {}}'")

    assert not refused["ok"]
    assert "storesync store webhooks acme --repair" in refused["detail"]
    assert checks(cli)["webhooks of acme"]["ok"]


def test_doctor_calls_nothing_well_that_it_had_to_start(
    cli: Cli, environment: pytest.MonkeyPatch, servers: Servers
) -> None:
    config = Config(servers.database_url, servers.redis_url, Path(os.environ["STORESYNC_HOME"]), "", "text")

    found = {check.name: check for check in check_all(config, {"database": "/logs/postgres.log"})}

    assert not found["database"].is_ok
    assert "did not run, and was started just now" in found["database"].detail
    assert "/logs/postgres.log" in found["database"].detail
    assert found["redis"].is_ok


def test_BEY_9_doctor_prints_no_secret(cli: Cli, acme: Shop, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("STORESYNC_SECRET_KEY", PASSWORD * 2)
    wrong_key = str(cli("doctor", "--json"))
    environment.setenv("DATABASE_URL", CLOSED)
    environment.setenv("REDIS_URL", f"redis://:{PASSWORD}@127.0.0.1:1")
    no_servers = str(cli("doctor", "--json"))

    assert "behind a comma in STORESYNC_SECRET_KEY" in wrong_key
    assert "see DATABASE_URL" in no_servers
    assert "see REDIS_URL" in no_servers
    for secret in (PASSWORD, KEY.consumer_key, KEY.consumer_secret):
        assert secret not in wrong_key + no_servers


# -- the schema --------------------------------------------------------------------------------------------------------


def test_schema_that_is_behind_is_told_and_upgraded(cli: Cli, fresh_connection: postgres.Connection) -> None:
    names = [name for name, _ in postgres.migrations()]
    fresh_connection.execute("DROP SCHEMA hub CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    behind = cli("db", "status", "--json")
    refused = cli("store", "list")
    doctor = checks(cli)["schema"]
    upgraded = cli("db", "upgrade")

    assert (behind.code, behind.err) == (1, "storesync: the database is not up to date: run storesync db upgrade\n")
    assert document(Result(0, behind.out, "")) == {"applied": [], "missing": names}
    assert "run storesync db upgrade" in one_line(refused)
    assert doctor == {"name": "schema", "ok": False, "detail": "run storesync db upgrade"}
    assert upgraded.out == f"Applied {', '.join(names)}.\n"
    assert document(cli("db", "status", "--json")) == {"applied": names, "missing": []}
    assert cli("db", "upgrade").out == "The database is up to date.\n"


@pytest.mark.long
def test_ORD_8_upgrade_brings_the_rates_that_ship(cli: Cli) -> None:
    cli("db", "upgrade")

    rates = {row["currency"]: row for row in document(cli("rates", "list", "--json"))}

    assert (rates["USD"]["base"], rates["USD"]["source"]) == ("EUR", "ecb")
    assert len(rates) > 20


def unfit(cli: Cli) -> str:
    """What doctor says of the database; commands say the same, in one line."""
    found = checks(cli)
    assert "schema" not in found
    problem = str(found["database"]["detail"])
    for command in (("db", "upgrade"), ("db", "status"), ("store", "list")):
        assert one_line(cli(*command)) == f"storesync: {problem}\n"
    return problem


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_database_that_is_not_UTF8_is_refused_with_its_encoding(
    cli: Cli, environment: pytest.MonkeyPatch, servers: Servers, encoding: str
) -> None:
    with database_in(encoding, servers.database_url) as url:
        environment.setenv("DATABASE_URL", url)

        assert f"in the encoding {encoding}, " in unfit(cli)


def test_pooler_that_drops_what_was_asked_for_is_refused_with_the_reason(
    cli: Cli, environment: pytest.MonkeyPatch, fresh_database_url: str
) -> None:
    with careless_pooler(fresh_database_url) as through:
        environment.setenv("DATABASE_URL", through)

        assert "what was asked for in `options` is not in force" in unfit(cli)


# -- servers that cannot be used ---------------------------------------------------------------------------------------

COMMANDS = [("store", "list"), ("order", "list", "--json"), ("db", "status"), ("db", "upgrade"), ("secrets", "rotate")]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_database_that_does_not_answer_is_one_line_at_once(
    refusing_cli: Cli, environment: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    environment.setenv("DATABASE_URL", CLOSED)
    started = time.monotonic()

    problem = one_line(refusing_cli(*command))

    assert "Connection refused" in problem
    assert "see storesync doctor" in problem
    assert PASSWORD not in problem
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("DATABASE_URL", f"mysql://ada:{PASSWORD}@127.0.0.1/shop", "must start with postgresql://"),
        ("DATABASE_URL", f"postgresql://ada:{PASSWORD}/x@127.0.0.1/shop", "write %40 for @, %2F for /"),
        ("DATABASE_URL", f"postgresql://ada:%zz{PASSWORD}@127.0.0.1/shop", "must be like postgresql://"),
        ("DATABASE_URL", "postgresql://127.0.0.1/shop?nonsense=1", "must be like postgresql://"),
        ("REDIS_URL", f"http://:{PASSWORD}@127.0.0.1", "must start with redis://"),
        ("REDIS_URL", f"redis://:{PASSWORD}/x@127.0.0.1", "must be like redis://"),
        ("REDIS_URL", f"redis://:{PASSWORD}@127.0.0.1/abc", "must be like redis://"),
        ("REDIS_URL", f"redis://127.0.0.1/0?password={PASSWORD}", "must be like redis://"),
        ("REDIS_URL", f"unix:///redis.sock?db=x&password={PASSWORD}", "must be like redis://"),
        ("STORESYNC_HOME", "~no-such-user/x", "begins with ~ and a user that is not known here"),
        ("STORESYNC_SECRET_KEY", "", "must be set where the servers are your own"),
        ("STORESYNC_SECRET_KEY", "short", "must have 16 signs or more"),
        ("STORESYNC_LOG", "xml", "must be text or json"),
    ],
)
def test_variable_that_cannot_work_is_named_and_its_password_is_not(
    refusing_cli: Cli, environment: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    environment.setenv(variable, value)

    problems = {one_line(refusing_cli(*command)) for command in (("store", "list"), ("doctor", "--json"))}

    (problem,) = problems
    assert problem.startswith(f"storesync: {variable} ")
    assert words in problem
    assert PASSWORD not in problem


def test_up_with_a_home_that_cannot_be_written_says_so(
    refusing_cli: Cli, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    environment.setenv("STORESYNC_HOME", f"{tmp_path}/file/home")

    result = refusing_cli("up")

    assert (result.code, len(result.err.splitlines())) == (1, 1)
    assert result.err.startswith("storesync: cannot keep flower_login in STORESYNC_HOME: [Errno 20] Not a directory")
