"""What tests of fulfilment do at the hub's desk and in a Shopify shop, and what they look at."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import order_view, orders
from connectors.postgres.order_view import OrderRow
from sandbox.faults import Fault, Faults, Said
from sandbox.shopify.model import Order
from schemas.actions import AddProduct, DeliverRows, HubAction, PackRows, ReceivePurchase
from schemas.hub import HubOrder
from schemas.money import plain
from tasks.held import Process
from tasks.orders.fulfill import fulfill_order
from tasks.rules.fulfillment import LATE
from tasks.stores import change_store
from tests.tasks.conftest import import_due, show
from tests.tasks.orders.looking import Shop, do, journal_of, order_of, store_of

TRACKED: Final = {"tracking_number": "JD1", "carrier": "DHL", "tracking_url": "https://track.example/JD1"}


@dataclass(frozen=True, slots=True)
class Desk:
    """A person at the hub with one imported order."""

    held: Process
    store_id: int
    external_id: str

    def pack(self, **pieces: int) -> None:
        """Pack pieces by SKU, all there are without any."""
        order = self.order()
        self.act(PackRows(order.id, _parts(order, pieces)))

    def deliver(self, tracking: Mapping[str, Any] | None = None, **pieces: int) -> None:
        """Deliver pieces by SKU as one fulfilment, all there are without any."""
        order = self.order()
        self.act(DeliverRows(order.id, _parts(order, pieces), "hub", **(tracking or {})))

    def act(self, action: HubAction) -> None:
        """Anything else."""
        with self.held.pool.connection() as connection, connection.transaction():
            BuiltinHub(connection).carry_out([action])

    def tell(self) -> str:
        """The store is told, as by a worker; every wait for it has passed."""
        do(self.held, "UPDATE store_orders SET hub_due_at = NULL WHERE external_id = %s", self.external_id)
        self.held.redis.delete(f"storesync:wait:{self.store_id}")
        return str(fulfill_order(self.store_id, self.external_id))

    def give_up(self) -> None:
        """So much time has passed that a call whose end nobody heard comes no more."""
        do(
            self.held,
            "UPDATE store_orders SET sending = jsonb_set(sending, '{asked_at}', to_jsonb(now() - %s))"
            " WHERE sending ->> 'asked_at' IS NOT NULL",
            LATE,
        )

    def hear(self) -> list[str]:
        """The store is asked for this order alone, by hand."""
        do(self.held, "UPDATE store_orders SET snapshot = NULL, changed = changed + 1 WHERE hub_order_id IS NOT NULL")
        return import_due(self.held, self.store_id)

    def order(self) -> HubOrder:
        """The order in the hub."""
        with self.held.pool.connection() as connection:
            found = BuiltinHub(connection).order(self.due().hub_order_id or "")
        assert found is not None
        return found

    def shipped(self) -> dict[str, str]:
        """Packed + delivered of ordered pieces by SKU."""
        return {
            row.label: f"{plain(row.packed_quantity)}+{plain(row.delivered_quantity)}/{plain(row.quantity)}"
            for row in self.order().rows
            if row.ships
        }

    def fulfillments(self) -> list[tuple[str, bool]]:
        """Who said of each fulfilment first, and whether the store's id of it is known."""
        return [(one.source, one.external_id is not None) for one in self.order().fulfillments]

    def due(self) -> OrderRow:
        """The order's due row."""
        return order_of(self.held, self.store_id, self.external_id)

    def is_settled(self) -> bool:
        """Whether nothing is to be told, and nothing is on its way."""
        row = self.due()
        return row.hub_changed == row.hub_settled and row.sending is None

    def is_failing(self) -> bool:
        """Whether `storesync order list --state failed` names the order, and `storesync retry --failed` takes it."""
        with self.held.pool.connection() as connection:
            listed = [
                row.external_id
                for row in order_view.orders(connection, order_view.OrderFilter(self.store_id, "failed"))
            ]
            with connection.transaction(force_rollback=True):
                retried = [external_id for _, external_id in orders.retry_failed(connection, self.store_id)]
        assert listed == retried
        return self.external_id in listed

    def journal(self, action: str) -> list[tuple[str, str | None]]:
        """Outcome and reason of every line of one kind."""
        lines = journal_of(self.held, self.store_id, self.external_id)
        return [(outcome, reason) for did, outcome, reason in lines if did == action]

    def detail(self, reason: str) -> dict[str, Any]:
        """What the last line with a reason says."""
        lines = show(self.held, self.external_id)["journal"]
        return dict(next(line["detail"] for line in reversed(lines) if line["reason"] == reason))


def _parts(order: HubOrder, pieces: Mapping[str, int]) -> tuple[tuple[str, Decimal], ...]:
    if pieces:
        return tuple((row.id, Decimal(pieces[row.sku])) for row in order.rows if row.sku and row.sku in pieces)
    left = ((row.id, row.quantity - row.delivered_quantity) for row in order.rows if row.ships)
    return tuple(part for part in left if part[1])


def switch_sync(held: Process, store_id: int, way: str) -> None:
    """As `storesync store set acme fulfillment.sync=…`."""
    change_store(held, store_of(held, store_id), {"fulfillment.sync": way}, {})


# -- in a Shopify shop ---------------------------------------------------------------------------------------------


def place(shop: Shop, *, more: Mapping[str, Any] | None = None, **pieces: int) -> Order:
    """A paid order by SKU. A SKU `A_102` ships from location 102."""
    lines = [{"sku": sku, "price": "10.00", "quantity": count, **_from(sku)} for sku, count in pieces.items()]
    order: Order = shop.shop.place_order({"lines": lines, "email": "bo@example.com", **(more or {})})
    return order


def _from(sku: str) -> dict[str, str]:
    place = sku.partition("_")[2]
    return {"location": place} if place else {}


def line_ids(order: Order, pieces: Mapping[str, int]) -> dict[int, int]:
    """Pieces by the shop's line ids."""
    ids = {str(line.given["sku"]): line.id for line in order.lines}
    return {ids[sku]: count for sku, count in pieces.items()}


def send(shop: Shop, order: Order, **pieces: int) -> str:
    """The merchant fulfils pieces by SKU, all that are left without any; the fulfilment's id."""
    made = shop.shop.fulfill(order.id, line_ids(order, pieces) or None)
    return str(made["id"])


def sent(shop: Shop, order: Order) -> list[tuple[str, dict[str, int], str | None]]:
    """The shop's fulfilments: status, pieces by SKU, tracking number."""
    skus = {line.id: str(line.given["sku"]) for line in order.lines}
    return [
        (
            one["status"],
            {skus[_number(part["lineItem"]["id"])]: part["quantity"] for part in one["fulfillmentLineItems"]},
            one["trackingInfo"][0]["number"] if one["trackingInfo"] else None,
        )
        for one in shop.shop.fulfillments_of(order.id)
    ]


def _number(gid: str) -> int:
    return int(gid.rpartition("/")[2])


def calls(shop: Shop) -> int:
    """How often the shop was told of a fulfilment."""
    return int(shop.shop.asked["fulfillmentCreate"])


@contextmanager
def is_not_asked(shop: Shop) -> Iterator[None]:
    """Nobody asks or tells the shop anything meanwhile."""
    before = sum(shop.shop.calls.values())
    yield
    assert sum(shop.shop.calls.values()) == before


# -- in the hub's store rooms --------------------------------------------------------------------------------------


def receive(held: Process, sku: str, **batches: int) -> None:
    """A batch-tracked product and its batches, in the order they came."""
    actions: list[HubAction] = [AddProduct(sku, sku, batch_tracked=True)]
    actions += [ReceivePurchase(sku, Decimal(pieces), batch=batch) for batch, pieces in batches.items()]
    for action in actions:
        with held.pool.connection() as connection, connection.transaction():
            BuiltinHub(connection).carry_out([action])


def in_stock(held: Process, sku: str) -> Decimal:
    """Pieces on the shelf at the main location."""
    with held.pool.connection() as connection:
        return sum((level.in_stock for level in BuiltinHub(connection).levels([sku])), Decimal(0))


# -- what happens between two calls --------------------------------------------------------------------------------

Scene = Fault | Said | Callable[[], object] | None


class Meanwhile(Faults):
    """What happens at each of the next requests, one after the other: a fault, or what the merchant does just before
    it is answered, or nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._scenes: deque[Scene] = deque()

    def play(self, *scenes: Scene) -> None:
        """From the next request on."""
        self._scenes = deque(scenes)

    def next(self, asked: str) -> Fault | Said | None:
        """What happens to this one."""
        scene = self._scenes.popleft() if self._scenes else None
        if scene is None or isinstance(scene, Fault | Said):
            return scene or super().next(asked)
        scene()
        return None
