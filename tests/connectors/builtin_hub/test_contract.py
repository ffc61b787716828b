"""The built-in hub keeps the contract of hubs."""

from decimal import Decimal

from connectors.builtin_hub.hub import BuiltinHub
from schemas.actions import AddProduct, AdjustStock, DeleteOrder, DeliverRows
from schemas.hub import HubOrder
from schemas.orders import Kind
from tests.connectors.hub_contract import HubCase, HubContract


def add_item(hub: BuiltinHub, sku: str, kind: Kind) -> str:
    return hub.carry_out([AddProduct(sku, sku, kind)])[0]


def stock(hub: BuiltinHub, sku: str, pieces: int) -> None:
    hub.carry_out([AdjustStock(sku, Decimal(pieces))])


def ship(hub: BuiltinHub, order: HubOrder, pieces: int) -> None:
    hub.carry_out([DeliverRows(order.id, ((order.rows[0].id, Decimal(pieces)),), "hub")])


def delete(hub: BuiltinHub, order: HubOrder, by: str) -> None:
    hub.carry_out([DeleteOrder(order.id, by)])


class TestBuiltinHub(HubContract):
    case = HubCase(BuiltinHub, add_item, stock, ship, delete)
