"""The storesync command in this process, on servers of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from redis import Redis

from connectors import postgres
from connectors.sandbox import open_sandbox
from tasks.process import close_process
from tests import makers
from tests.workers.cli.command import Cli, Result
from tests.workers.cli.hub_orders import bring_in
from tests.workers.cli.shops import Shop, connect
from workers.app import app
from workers.cli.main import run


@pytest.fixture
def cli(
    fresh_database_url: str,
    redis: Redis,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Cli]:
    """`cli("hub", "product", "list")` runs a command; its exit code and what it printed."""
    assert redis.ping()
    app.conf.broker_url = redis_url
    environment = {
        "DATABASE_URL": fresh_database_url,
        "REDIS_URL": redis_url,
        "STORESYNC_SECRET_KEY": Fernet.generate_key().decode(),
        "STORESYNC_HOME": str(tmp_path),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run_command(*arguments: str) -> Result:
        capsys.readouterr()  # what was printed before is not this command's
        code = run(arguments)
        return Result(code, *capsys.readouterr())

    yield run_command
    close_process()


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
