"""The storesync command in this process, on servers of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from redis import Redis

from connectors import postgres
from sandbox import open_sandbox
from tasks.held import close_process
from tests import makers
from tests.broker import use_broker
from tests.workers.cli.command import Cli, Result
from tests.workers.cli.hub_orders import bring_in
from tests.workers.cli.shops import Shop, connect
from workers.cli.main import run


@pytest.fixture
def environment(
    redis: Redis, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[pytest.MonkeyPatch]:
    """Everything that commands read from the environment but the database."""
    assert redis.ping()
    use_broker(redis_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("STORESYNC_SECRET_KEY", Fernet.generate_key().decode())
    monkeypatch.setenv("STORESYNC_HOME", str(tmp_path))
    yield monkeypatch
    close_process()


@pytest.fixture
def cli(fresh_database_url: str, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """`cli("hub", "product", "list")` runs a command; its exit code and what it printed."""
    environment.setenv("DATABASE_URL", fresh_database_url)
    return _commands(capsys)


@pytest.fixture
def refusing_cli(database_url: str, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """The same for commands that write nothing, on a database that need not be made anew."""
    environment.setenv("DATABASE_URL", database_url)
    return _commands(capsys)


def _commands(capsys: pytest.CaptureFixture[str]) -> Cli:
    def run_command(*arguments: str) -> Result:
        capsys.readouterr()  # what was printed before is not this command's
        code = run(arguments)
        return Result(code, *capsys.readouterr())

    return run_command


@pytest.fixture
def fresh_connection(cli: Cli, fresh_database_url: str) -> Iterator[postgres.Connection]:
    """A look at the database that the commands work on."""
    with postgres.connect(fresh_database_url) as connection:
        yield connection


@pytest.fixture
def imported(fresh_connection: postgres.Connection) -> None:
    """acme/5001: a table, two tins of oil, and a parcel."""
    bring_in(fresh_connection, makers.store_order())


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A WooCommerce shop with products and no orders."""
    with open_sandbox("woocommerce", orders=0) as sandbox:
        yield sandbox


@pytest.fixture
def acme(cli: Cli, shop: Shop) -> Shop:
    """The shop, connected as the store `acme`."""
    assert connect(cli, shop, "--allow-insecure").code == 0
    return shop
