"""Shops of every platform whose answers are spoiled and mended again, each worked on in the same way."""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.postgres import orders, stores
from sandbox import seed_plain, seed_plain_bigcommerce, seed_shopify_plain
from sandbox.bigcommerce.generator import random_order as order_at_bigcommerce
from sandbox.shopify.generator import random_order as order_at_shopify
from sandbox.woocommerce.generator import random_order as order_at_woocommerce
from tasks.held import Process
from tasks.orders.import_order import import_order
from tasks.stores import NewStore, connect_store
from tests.tasks.orders.looking import Shop, all_orders

PLATFORMS: Final = ("bigcommerce", "shopify", "woocommerce")
MISSING: Final = object()  # the field is not there at all

Changes = Mapping[str, Any]  # values by their path, "line_items.0.quantity"


@dataclass(slots=True)
class Bench:
    """A shop, connected as a store. What differs between platforms is below."""

    shop: Shop
    store_id: int

    def place(self) -> str:
        """An order that is to be imported: its id."""
        raise NotImplementedError

    def seed(self, count: int) -> None:
        """Many plain orders."""
        raise NotImplementedError

    def spoil(self, external_id: str, changes: Changes) -> None:
        """From now on the shop answers with other values at some paths of an order."""
        raise NotImplementedError

    def mend(self, external_id: str) -> None:
        """The order is what it was, and its time of change says nothing of it."""
        raise NotImplementedError

    def touch(self, external_id: str) -> None:
        """A small change by the merchant."""
        raise NotImplementedError

    def lose(self, external_id: str) -> None:
        """The shop knows nothing of the order any more."""
        del self.shop.shop.orders[int(external_id)]


class WooCommerceBench(Bench):
    """Answers an order's own text where there is one."""

    def place(self) -> str:
        """An order that is processing."""
        return str(order_at_woocommerce(self.shop.shop, {"status": "processing"}).id)

    def seed(self, count: int) -> None:
        """Many plain orders."""
        seed_plain(self.shop.shop, orders=count)

    def spoil(self, external_id: str, changes: Changes) -> None:
        """Write the order anew, verbatim."""
        order = self.shop.shop.order(int(external_id))
        order.raw = _written(_changed(json.loads(self.shop.shop.order_body(order)), changes))

    def mend(self, external_id: str) -> None:
        """Let the shop write it."""
        self.shop.shop.order(int(external_id)).raw = None

    def touch(self, external_id: str) -> None:
        """Another note."""
        self.shop.shop.edit_order(int(external_id), {"customer_note": "touched"})

    def lose(self, external_id: str) -> None:
        """Gone for good."""
        del self.shop.shop.book.orders[int(external_id)]


@dataclass(slots=True)
class BigCommerceBench(Bench):
    """Lines are in an order and beside it: both are spoiled."""

    whole: dict[str, Any] = field(default_factory=dict)

    def place(self) -> str:
        """An order that awaits fulfilment."""
        return str(order_at_bigcommerce(self.shop.shop).id)

    def seed(self, count: int) -> None:
        """Many plain orders."""
        seed_plain_bigcommerce(self.shop.shop, orders=count)

    def spoil(self, external_id: str, changes: Changes) -> None:
        """Change parts where they are kept, and the order's own fields in what the shop answers."""
        order = self.shop.shop.orders[int(external_id)]
        self.whole.setdefault(external_id, copy.deepcopy((order.products, order.fees)))
        own = {path: value for path, value in changes.items() if path.partition(".")[0] not in ("products", "fees")}
        for path in changes.keys() - own.keys():
            _set_part(order, path, changes[path])
        order.written.clear()
        bodies = {with_parts: self.shop.shop.body(order, with_parts=with_parts) for with_parts in (True, False)}
        order.written = {which: _written(_changed(json.loads(body), own)) for which, body in bodies.items()}

    def mend(self, external_id: str) -> None:
        """As it was."""
        order = self.shop.shop.orders[int(external_id)]
        order.products, order.fees = self.whole.pop(external_id)
        order.written.clear()

    def touch(self, external_id: str) -> None:
        """Another note."""
        self.shop.shop.edit_order(int(external_id), {"staff_notes": "touched"})


class ShopifyBench(Bench):
    """Connections are lists here; on the way they become nodes."""

    def place(self) -> str:
        """An order that is open and paid."""
        return str(order_at_shopify(self.shop.shop).id)

    def seed(self, count: int) -> None:
        """Many plain orders."""
        seed_shopify_plain(self.shop.shop, orders=count)

    def spoil(self, external_id: str, changes: Changes) -> None:
        """Answer with a changed copy. Its amounts are texts: a number is what the text says."""
        order = self.shop.shop.order(int(external_id))
        plain = {path: value.text if isinstance(value, Verbatim) else value for path, value in changes.items()}
        order.raw = _changed(copy.deepcopy(self.shop.shop.order_json(order)), plain)

    def mend(self, external_id: str) -> None:
        """As it was."""
        self.shop.shop.order(int(external_id)).raw = None

    def touch(self, external_id: str) -> None:
        """Another note."""
        self.shop.shop.edit_order(int(external_id), {"note": "touched"})


BENCHES: Final[dict[str, Callable[[Shop, int], Bench]]] = {
    "bigcommerce": BigCommerceBench,
    "shopify": ShopifyBench,
    "woocommerce": WooCommerceBench,
}


def open_bench(held: Process, shop: Shop, platform: str, *, name: str, **settings: Any) -> Bench:
    """Connect a shop and work on it."""
    connect_store(held, NewStore(platform, name, shop.url, shop.credentials, settings, allow_insecure=True))
    with held.pool.connection() as connection:
        row = stores.find_store(connection, name)
    assert row is not None
    return BENCHES[platform](shop, int(row.id))


# -- values in JSON ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A number as it stands in the JSON, which Python would not write so."""

    text: str


def _changed(value: Any, changes: Changes) -> Any:
    for path, new in changes.items():
        _set(value, path, new)
    return value


def _set(value: Any, path: str, new: Any) -> None:
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in way:
        value = value[step]
    if new is MISSING:
        del value[last]
    else:
        value[last] = f"@{new.text}@" if isinstance(new, Verbatim) else new


def _set_part(order: Any, path: str, new: Any) -> None:
    part, _, rest = path.partition(".")
    if rest:
        _set(getattr(order, part), rest, new)
    else:
        setattr(order, part, new)


def _written(value: Any) -> bytes:
    """JSON with what is verbatim in it."""
    text = json.dumps(value)
    for part in text.split('"@')[1:]:
        if '@"' in part:
            verbatim = part.partition('@"')[0]
            text = text.replace(f'"@{verbatim}@"', verbatim)
    return text.encode()


# -- work ----------------------------------------------------------------------------------------------------------


def import_everything(held: Process, store_id: int) -> None:
    """Look at every order, ten in a bell."""
    ids = list(all_orders(held, store_id))
    for start in range(0, len(ids), 10):
        import_order(store_id, *ids[start : start + 10])


def retry(held: Process, store_id: int, external_id: str) -> str:
    """As `storesync retry`, with a worker at hand."""
    with held.pool.connection() as connection:
        assert orders.retry(connection, store_id, external_id)
    return str(import_order(store_id, external_id))
