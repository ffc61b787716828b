"""Katana keeps the contract of hubs, asked over HTTP."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from connectors import postgres
from connectors.katana.budget import Unshared
from connectors.katana.client import KatanaClient
from connectors.katana.hub import KatanaHub
from connectors.postgres import Connection
from sandbox import KatanaAccount, Oddities, RunningSandbox, run_katana
from schemas.hub import HubOrder
from schemas.orders import Kind
from tests.connectors.hub_contract import HubCase, HubContract


class HubWithAccount(KatanaHub):
    """The hub, and the account as a person has it before him."""

    account: KatanaAccount


def opened(connection: Connection, katana: RunningSandbox[KatanaAccount]) -> HubWithAccount:
    client = KatanaClient(katana.credentials, budget=Unshared(), url=katana.url, allow_insecure=True)
    hub = HubWithAccount(connection, client)
    hub.account = katana.shop
    return hub


def unasked(connection: Connection) -> KatanaHub:
    return KatanaHub(connection, KatanaClient({"api_key": "nobody's"}, budget=Unshared()))


def add_item(hub: HubWithAccount, sku: str, kind: Kind) -> str:
    if kind is Kind.PRODUCT:
        return str(hub.account.add_product(sku)["id"])
    service = hub.account.services.create({"name": sku, "variants": [{}]})
    return str(hub.account.variants.table.of(service["id"])[0]["id"])


def stock(hub: HubWithAccount, sku: str, pieces: int) -> None:
    hub.account.count(hub.account.variant_of(sku)["id"], Decimal(pieces))


def ship(hub: HubWithAccount, order: HubOrder, pieces: int) -> None:
    hub.account.fulfillments.take_rest(int(order.id), "DELIVERED", {int(order.rows[0].id): pieces})


def delete(hub: HubWithAccount, order: HubOrder, by: str) -> None:
    del by  # Katana does not say
    hub.account.orders.delete(hub.account.orders.table.find(int(order.id)))


def home(hub: HubWithAccount) -> str:
    return str(hub.account.locations.default()["id"])


class TestKatanaHub(HubContract):
    case = HubCase(unasked, add_item, stock, ship, delete, home)

    @pytest.fixture
    def connection(self, fresh_database_url: str) -> Iterator[Connection]:
        """One without a transaction: whoever asks Katana holds none open."""
        with postgres.connect(fresh_database_url) as connection:
            yield connection

    @pytest.fixture
    def hub(self, connection: Connection) -> Iterator[HubWithAccount]:
        with run_katana(KatanaAccount(Oddities(webhooks_by_hand=True, limit=100_000))) as katana:
            yield opened(connection, katana)
