"""A house for each flow: its programs are killed in every way, its Redis is nobody else's."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from cryptography.fernet import Fernet

from connectors.config import Config
from tasks.held import close_process
from tests.databases import own_database
from tests.flows.house import House, open_house, own_servers
from tests.homes import new_home
from tests.redis_numbers import own_number
from tests.sessions import keeping
from workers.embedded import Servers, remove_home


@pytest.fixture
def house(servers: Servers, fresh_database_url: str) -> Iterator[House]:
    """An installation on the servers of the run, and no program running yet."""
    with house_on(servers, fresh_database_url) as house:
        yield house


@pytest.fixture(scope="module")
def shared_house(servers: Servers) -> Iterator[House]:
    """One for the tests of a module, which leave behind what the next one can go on with."""
    with (
        own_database(servers.database_url) as database_url,
        keeping(database_url),
        house_on(servers, database_url) as house,
    ):
        yield house


@contextmanager
def house_on(servers: Servers, database_url: str) -> Iterator[House]:
    """An installation with an empty Redis."""
    home, key = new_home("storesync-flow-"), Fernet.generate_key().decode()
    with own_number(servers.redis_url) as redis_url:
        with open_house(Config(database_url, redis_url, home, key, "text")) as house:
            yield house
        close_process()
    shutil.rmtree(home)


@pytest.fixture
def lone_house() -> Iterator[House]:
    """An installation whose servers are its own, to be killed too."""
    home = new_home("storesync-flow-")
    try:
        with open_house(own_servers(home)) as house:
            yield house
    finally:
        close_process()
        remove_home(Config("", "", home, "", "text"))
