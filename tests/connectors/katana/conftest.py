"""A Katana account over HTTP, a client of it, and a database of ours that keeps what is written."""

from collections.abc import Iterator

import pytest

from connectors import postgres
from connectors.katana.applying import Applier
from connectors.katana.budget import Unshared
from connectors.katana.client import KatanaClient
from connectors.katana.copies import Copies
from connectors.katana.creating import Creator
from connectors.katana.hub import KatanaHub
from connectors.katana.orders import OrderReader
from connectors.postgres import Connection
from sandbox import Faults, KatanaAccount, Oddities, Pace, RunningSandbox, run_katana
from tests.connectors.katana.mortal import MortalClient
from tests.connectors.katana.working import Work
from tests.connectors.postgres.makers import add_store


@pytest.fixture
def faults() -> Faults:
    """What goes wrong on the way; a connection that is not answered is closed soon."""
    return Faults(pace=Pace(timeout_seconds=0.02))


@pytest.fixture
def katana(faults: Faults) -> Iterator[RunningSandbox[KatanaAccount]]:
    """The account's stand-in, without items and customers."""
    with run_katana(KatanaAccount(Oddities(webhooks_by_hand=True, limit=100_000)), faults) as running:
        yield running


@pytest.fixture
def account(katana: RunningSandbox[KatanaAccount]) -> KatanaAccount:
    """The account itself, as a person has it before him."""
    return katana.shop


@pytest.fixture
def client(katana: RunningSandbox[KatanaAccount]) -> MortalClient:
    """Our client of it."""
    return MortalClient(katana.credentials, budget=Unshared(), url=katana.url, allow_insecure=True)


@pytest.fixture
def database(database_url: str) -> Iterator[Connection]:
    """A connection without a transaction; what is written down of Katana is struck afterwards."""
    with postgres.connect(database_url) as connection:
        yield connection
        connection.execute(
            "DELETE FROM katana_counts; DELETE FROM katana_intents; DELETE FROM katana_copies; DELETE FROM katana_polls"
        )
        connection.execute("DELETE FROM katana_heard; DELETE FROM katana_counted; DELETE FROM katana_movements")
        connection.execute("DELETE FROM katana_news; DELETE FROM katana_origins; DELETE FROM katana_mirror")


@pytest.fixture
def store(database: Connection) -> Iterator[int]:
    """A store of ours; what is known of its orders in Katana is struck with it."""
    store_id = add_store(database, "acme")
    yield store_id
    database.execute(
        "TRUNCATE journal CASCADE; DELETE FROM katana_fulfillments;"
        "DELETE FROM katana_returns; DELETE FROM katana_rows;"
        "DELETE FROM katana_plans; DELETE FROM katana_orders; DELETE FROM stores"
    )


@pytest.fixture
def creator(database: Connection, client: KatanaClient, copies: Copies) -> Creator:
    """What makes orders."""
    return Creator(database, client, copies)


@pytest.fixture
def orders(database: Connection, client: KatanaClient, copies: Copies) -> OrderReader:
    """What reads orders."""
    return OrderReader(database, client, copies)


@pytest.fixture
def applier(database: Connection, client: KatanaClient, copies: Copies, orders: OrderReader) -> Applier:
    """What carries out actions."""
    return Applier(database, client, copies, orders)


@pytest.fixture
def work(applier: Applier, orders: OrderReader, account: KatanaAccount, database: Connection, store: int) -> Work:
    """Somebody at work on an order of the store."""
    return Work(applier, orders, account, database, store)


@pytest.fixture
def copies(database: Connection, client: KatanaClient) -> Copies:
    """The copies, which nobody has read yet."""
    return Copies(database, client)


@pytest.fixture
def hub(database: Connection, client: KatanaClient) -> KatanaHub:
    """The account as our hub."""
    return KatanaHub(database, client)
