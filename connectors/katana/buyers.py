"""Buyers in Katana: what it keeps of one, and that it keeps nothing any more, as far as it lets us (DOR-6).

A customer cannot be exchanged on an order of which something was packed or delivered: there they stay until they have
no other order, and are erased as a customer then. What was deleted in Katana it keeps, and shows to nobody but itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final

from connectors.errors import NotFound
from connectors.katana.budget import Priority
from connectors.katana.client import KatanaClient
from connectors.katana.copies import CUSTOMERS, Copies, read_entries
from connectors.katana.intents import Creation, make_once
from connectors.katana.reading import readable
from connectors.postgres import Connection, queries
from schemas.katana.order import OrderRecord, read_order
from schemas.katana.records import Copied, read_customer
from schemas.privacy import BuyersOrder, HubBuyer, OrderKey

_SQL: Final = queries("buyers", __package__)
_NOW: Final = Priority.CHANGES
_IN_ONE: Final = 50
_NOBODY: Final = "Erased"  # the customer of orders whose buyer was erased
_UNSHIPPED: Final = frozenset({"NOT_SHIPPED", "PENDING"})
_CUSTOMER: Final = ("first_name", "last_name", "company", "email", "phone", "reference_id", "comment")
_ADDRESS: Final = ("first_name", "last_name", "company", "phone", "line_1", "line_2", "city", "state", "zip")


class Buyers:
    """Whom orders are for. Every method may raise a ConnectorError."""

    def __init__(self, connection: Connection, client: KatanaClient, copies: Copies) -> None:
        self._connection, self._client, self._copies = connection, client, copies

    def find(self, email: str | None, customer_ids: Iterable[str], orders: Iterable[OrderKey]) -> HubBuyer:
        """The customers with an e-mail address or with these ids, their orders, and these orders of stores."""
        self._copies.refresh(CUSTOMERS)
        people = self._copies.by(CUSTOMERS, ids=list(customer_ids), emails=[email] if email else [])
        found = {record.id: record for one in people for record in self._orders_of(one.id)}
        stores, externals = zip(*keys, strict=True) if (keys := [*orders]) else ((), ())
        named = self._connection.execute(_SQL["orders_of_keys"], {"stores": [*stores], "externals": [*externals]})
        missing = [row["id"] for row in named if row["id"] not in found]
        found |= {record.id: record for record in self._orders(missing)}
        whose = self._connection.execute(_SQL["keys_of_orders"], {"ids": list(found)})
        keys_by_id = {row["id"]: (row["store_id"], row["external_id"]) for row in whose}
        known = {one.id: one for one in self._copies.by(CUSTOMERS, ids=[one.customer_id for one in found.values()])}
        return HubBuyer(
            tuple((one.id, one.name, one.email) for one in people),
            tuple(
                _order(record, keys_by_id.get(record.id), known.get(record.customer_id))
                for record in sorted(found.values(), key=_made)
            ),
        )

    def erase(self, customer_ids: Sequence[str], order_ids: Sequence[str]) -> list[str]:
        """Erase customers, and the buyers of orders; a customer with other orders stays theirs. Who is erased, by ids.

        Money, quantities and countries stay. The same again does no harm.
        """
        meant = set(customer_ids)
        for order_id in dict.fromkeys(order_ids):
            meant |= self._erase_order(order_id)
        erased = set(order_ids)
        gone = [
            one for one in sorted(meant) if all(order.id in erased or _is_bare(order) for order in self._orders_of(one))
        ]
        for customer_id in gone:
            self._erase_customer(customer_id)
        return gone

    # -- orders

    def _erase_order(self, order_id: str) -> set[str]:
        """Nothing of an order names its buyer, as far as Katana lets us; whose it was."""
        try:
            said = self._client.get(f"sales_orders/{order_id}", priority=_NOW)
        except NotFound:
            return set()
        record = readable(read_order, said)
        self._empty("sales_order_addresses", said)
        body: dict[str, Any] = {"additional_info": None, "customer_ref": None}
        nobody = self._nobody() if record.status in _UNSHIPPED else record.customer_id
        if nobody != record.customer_id:
            body["customer_id"] = int(nobody)
        self._client.patch(f"sales_orders/{order_id}", body, priority=_NOW)
        is_nobody_s = record.status in _UNSHIPPED and nobody == record.customer_id
        return set() if is_nobody_s else {record.customer_id}

    def _empty(self, path: str, said: Any) -> None:
        """Of the addresses of an order or a customer the countries stay. One that is deleted would be kept as it is."""
        for address in _addresses(said):
            if any(address.get(part) for part in _ADDRESS):
                self._client.patch(f"{path}/{address['id']}", dict.fromkeys(_ADDRESS), priority=_NOW)

    def _orders_of(self, customer_id: str) -> list[OrderRecord]:
        said = self._client.matching("sales_orders", {"customer_id": customer_id}, priority=_NOW)
        return [readable(read_order, one) for one in said]

    def _orders(self, ids: Sequence[str]) -> list[OrderRecord]:
        found = []
        for start in range(0, len(ids), _IN_ONE):
            some = ids[start : start + _IN_ONE]
            for page in self._client.pages("sales_orders", {"ids": some}, priority=_NOW):
                found += [record for one in page if (record := readable(read_order, one)).id in some]
        return found

    # -- customers

    def _erase_customer(self, customer_id: str) -> None:
        body = {"name": _NOBODY, **dict.fromkeys(_CUSTOMER)}
        for page in self._client.pages("customers", {"ids": [customer_id]}, priority=_NOW):
            for said in (one for one in page if str(one.get("id")) == customer_id):
                self._empty("customer_addresses", said)
        before = self._copies.by(CUSTOMERS, ids=[customer_id])
        try:
            changed = self._client.patch(f"customers/{customer_id}", body, priority=_NOW)
        except NotFound:
            changed = None
        if changed is not None:
            self._copies.keep(CUSTOMERS, read_entries("customers", read_customer, [changed]))
        values = {
            "ids": [customer_id],
            "keys": [
                key for one in before for key in (f"email:{(one.email or '').lower()}", f"name:{one.name.lower()}")
            ],
        }
        self._connection.execute(_SQL["forget_customer_intents"], values)
        self._connection.execute(_SQL["erase_copies"], {"ids": [customer_id], "name": _NOBODY})

    def _nobody(self) -> str:
        """The one customer of all orders whose buyer was erased."""

        def look() -> str | None:
            found = self._client.matching("customers", {"name": _NOBODY}, priority=_NOW)
            bare = [one for one in found if not any(one.get(part) for part in _CUSTOMER)]
            return str(min(bare, key=lambda one: int(one["id"]))["id"]) if bare else None

        def send(body: Any) -> str:
            return str(self._client.post("customers", body, priority=_NOW)["id"])

        return make_once(self._connection, Creation("erased customer", _NOBODY, {"name": _NOBODY}, look, send)).id


def _order(record: OrderRecord, key: OrderKey | None, customer: Copied | None) -> BuyersOrder:
    return BuyersOrder(
        id=record.id,
        key=key,
        order_no=record.order_no,
        created_at=record.created_at,
        customer_id=record.customer_id,
        customer=customer.name if customer else record.bill_to.person,
        email=customer.email if customer else None,
        bill_to=asdict(record.bill_to),
        ship_to=asdict(record.ship_to),
        notes=record.notes,
        customer_reference=record.customer_reference,
    )


def _is_bare(record: OrderRecord) -> bool:
    """Whether nothing of an order names anybody: so one is left whose buyer was erased earlier."""
    parts = [getattr(address, part) for address in (record.bill_to, record.ship_to) for part in _ADDRESS]
    return not any([*parts, record.notes, record.customer_reference])


def _addresses(said: Any) -> list[dict[str, Any]]:
    listed = said.get("addresses") if isinstance(said, dict) else None
    return [one for one in listed or () if isinstance(one, dict) and one.get("id") is not None]


def _made(record: OrderRecord) -> tuple[int, str]:
    return len(record.id), record.id
