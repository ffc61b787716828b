"""A hub that is no PostgreSQL and has no transactions keeps the contract of hubs too."""

from decimal import Decimal

from schemas.hub import HubOrder
from schemas.orders import Kind
from tests.connectors.hub_contract import HubCase, HubContract
from tests.connectors.toy_hub import Toy, ToyHub


def add_item(hub: ToyHub, sku: str, kind: Kind) -> str:
    return hub.toy.add_item(sku, sku, kind)


def stock(hub: ToyHub, sku: str, pieces: int) -> None:
    hub.toy.stock(sku, pieces)


def ship(hub: ToyHub, order: HubOrder, pieces: int) -> None:
    hub.toy.ship(order.id, [(order.rows[0].id, Decimal(pieces))])


def delete(hub: ToyHub, order: HubOrder, by: str) -> None:
    hub.toy.delete(order.id, by)


class TestToyHub(HubContract):
    # The test's own transaction is open around every request: that ours is not is held where tasks are tried.
    case = HubCase(lambda _: ToyHub(Toy()), add_item, stock, ship, delete)
