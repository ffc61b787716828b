"""The door as shops see it: a web process that is posted to over HTTP, and what they send."""

import http.client
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final
from urllib.parse import urlsplit

import pytest

from connectors.postgres import stores
from connectors.postgres.rows import StoreRow
from sandbox import open_sandbox
from tasks.held import Process
from tasks.stores import NewStore, connect_store
from tests.connectors import signing
from tests.connectors.signing import Sent
from tests.tasks.orders.looking import store_of
from tests.workers.web.serving import web_process

ORDER: Final = b'{"id": 424242, "billing": {"email": "joerg@example.test"}}'


class Door:
    """A web process, as a thread."""

    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, held: Process, store_id: int) -> str:
        """The address of a store's webhooks."""
        row = store_of(held, store_id)
        return f"http://127.0.0.1:{self.port}/webhooks/{row.platform}/{row.webhook_token}"

    def post(self, url: str, sent: Sent) -> tuple[int, bytes]:
        """Status and body of the answer."""
        headers, body = sent
        with self.caller() as caller:
            caller.request("POST", urlsplit(url).path, body, headers)
            answer = caller.getresponse()
            return answer.status, answer.read()

    def caller(self) -> closing[http.client.HTTPConnection]:
        """A connection to it."""
        return closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20))


@pytest.fixture
def door(held: Process) -> Iterator[Door]:
    """The door of this process."""
    with web_process(held.config) as port:
        yield Door(port)


def secret_of(held: Process, store_id: int, key: str = "webhook_secret") -> str:
    """What a store's webhooks are signed with."""
    return held.secrets.unlock(store_of(held, store_id).credentials)[key]


def hinted(held: Process, store_id: int) -> bool:
    """Whether it is noted that the shop said something moved."""
    return store_of(held, store_id).hinted_at is not None


def news(held: Process, store_id: int, topic: str = "order.updated", body: bytes = ORDER) -> Sent:
    """A true message of the WooCommerce shop."""
    return signing.woocommerce(secret_of(held, store_id), topic, body)


@contextmanager
def connected(held: Process, platform: str, **more: str) -> Iterator[StoreRow]:
    """A shop of a platform, connected."""
    with open_sandbox(platform, orders=0) as sandbox:
        credentials = {**sandbox.credentials, **more}
        connect_store(held, NewStore(platform, "other", sandbox.url, credentials, allow_insecure=True))
        with held.pool.connection() as connection:
            row = stores.find_store(connection, "other")
        assert row is not None
        yield row
