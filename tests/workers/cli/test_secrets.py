"""Rotation of the key that stored credentials are encrypted with (BEY-9)."""

import pytest
from cryptography.fernet import Fernet

from connectors import postgres
from connectors.postgres import jobs
from connectors.secrets import Secrets
from sandbox import open_sandbox
from schemas.jobs import Wish
from tests.workers.cli.command import Cli
from tests.workers.cli.shops import Shop, connect, document

VARIABLE = "STORESYNC_SECRET_KEY"
OLD, NEW = Fernet.generate_key().decode(), "a new passphrase of many signs"


@pytest.fixture
def rotated(cli: Cli, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """A store that was connected under the old key, after the rotation."""
    monkeypatch.setenv(VARIABLE, OLD)
    connect(cli, shop, "--allow-insecure")
    monkeypatch.setenv(VARIABLE, f"{NEW},{OLD}")
    assert cli("secrets", "rotate").out == "Credentials of 1 store(s) are under the newest key.\n"
    return cli


def test_rotation_makes_the_old_key_unnecessary(rotated: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, NEW)

    assert rotated("store", "check", "acme").code == 0


def test_rotation_makes_the_old_key_useless(rotated: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, OLD)

    result = rotated("store", "check", "acme")

    assert (result.code, result.out, len(result.err.splitlines())) == (1, "", 1)
    assert f"put it behind a comma in {VARIABLE}" in result.err


def test_DOR_3_rotation_takes_a_token_along_and_forgets_what_no_key_opens(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, fresh_connection: postgres.Connection
) -> None:
    monkeypatch.setenv(VARIABLE, OLD)
    with open_sandbox("shopify", orders=0, token_life=3600) as shop:
        pairs = [word for key, value in shop.credentials.items() for word in ("--credential", f"{key}={value}")]
        assert cli("store", "connect", "shopify", "acme", "--url", shop.url, *pairs, "--allow-insecure").code == 0
        assert cli("store", "check", "acme").code == 0
        monkeypatch.setenv(VARIABLE, f"{NEW},{OLD}")
        assert cli("secrets", "rotate").code == 0
        monkeypatch.setenv(VARIABLE, NEW)
        given = shop.shop.app.given
        assert cli("store", "check", "acme").code == 0
        assert shop.shop.app.given == given

        fresh_connection.execute("UPDATE store_tokens SET token = 'what nobody can open'")
        assert cli("secrets", "rotate").code == 0
        assert fresh_connection.execute("SELECT FROM store_tokens").fetchall() == []


def test_BEY_9_rotation_takes_along_what_a_job_has_to_know_and_ends_a_job_that_no_key_opens(
    rotated: Cli, monkeypatch: pytest.MonkeyPatch, fresh_connection: postgres.Connection
) -> None:
    keys = {"consumer_key": "ck_1"}
    for kind, key in (("save_keys", OLD), ("check", Fernet.generate_key().decode())):
        jobs.ask(fresh_connection, Wish(kind), locked=Secrets([key]).lock(keys), most=5)

    assert rotated("secrets", "rotate").code == 0

    kept, lost = jobs.latest(fresh_connection, "save_keys", None), jobs.latest(fresh_connection, "check", None)
    assert kept
    assert lost
    assert Secrets([NEW]).unlock(kept.locked or "") == keys
    assert lost.was_stopped


def test_rotation_may_be_done_again(rotated: Cli) -> None:
    assert document(rotated("secrets", "rotate", "--json"))["stores"] == 1
    assert rotated("store", "check", "acme").code == 0


def test_rotation_without_the_old_key_changes_nothing(
    cli: Cli, acme: Shop, fresh_connection: postgres.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fresh_connection.execute("SELECT credentials FROM stores").fetchall()
    monkeypatch.setenv(VARIABLE, NEW)

    result = cli("secrets", "rotate")

    assert (result.code, result.out, len(result.err.splitlines())) == (1, "", 1)
    assert fresh_connection.execute("SELECT credentials FROM stores").fetchall() == before


def test_rotation_of_nothing_says_so(refusing_cli: Cli) -> None:
    result = refusing_cli("secrets", "rotate")

    assert (result.code, result.out) == (1, "")
    assert "connect a store first" in result.err
