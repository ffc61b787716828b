"""The built-in hub in PostgreSQL: stock, sales orders, and all that an import is decided on. It decides nothing.

The numbers are kept by the database, for plain SQL writers too. Its triggers called `mark_…` mark for storesync what
moved: docs/decisions/0005-built-in-hub.md lists them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import date, datetime
from typing import Any, Final, cast

from connectors.builtin_hub import apply, counts, ledger, lists, locations, privacy
from connectors.builtin_hub.facts import FACTS
from connectors.builtin_hub.guards import hub_guards
from connectors.builtin_hub.names import BuiltinNames
from connectors.builtin_hub.reading import read_found, read_order, read_variant
from connectors.errors import HubRefused
from connectors.order_names import Names
from connectors.postgres import Connection, Row, queries, together
from schemas.actions import CreateOrder, HubAction
from schemas.counts import CountedItem
from schemas.groups import Answers, Group, GroupAnswer, Made
from schemas.hub import (
    Batch,
    HubOrder,
    Location,
    LocationUses,
    StockLevel,
    Variant,
)
from schemas.hub_news import HubNews
from schemas.hub_search import Found, Wanted
from schemas.privacy import HubBuyer, OrderKey
from schemas.pruning import Portion
from schemas.takings import Takings

_SQL: Final = queries("hub", __package__)
_WANTED: Final = tuple(field.name for field in fields(Wanted))


class BuiltinHub:
    """The hub on one connection; whoever opened the connection owns its transactions."""

    facts = FACTS

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._is_held = False

    def check(self) -> None:
        """Nothing: who has the connection has the hub."""

    def find(self, wanted: Wanted) -> Found:
        """What the hub has of what is looked for, in one round trip (MAP-1, MAP-2)."""
        (found,) = self._rows("find_rows", {name: list(getattr(wanted, name)) for name in _WANTED})
        return read_found(found)

    def look_ahead(self, wanted: Wanted) -> None:
        """Nothing: asking costs little here."""

    def order(self, hub_order_id: str) -> HubOrder | None:
        """A sales order as it stands; None when it is gone. Inside `unit` nobody else changes it before the end."""
        if self._is_held:
            self._rows("hold_order", {"id": hub_order_id})
        return self.orders([hub_order_id]).get(hub_order_id)

    def orders(self, hub_order_ids: Sequence[str]) -> dict[str, HubOrder]:
        """Sales orders as they stand, by id; those that are gone are not among them."""
        return {row["id"]: read_order(row) for row in self._rows("sales_orders", {"ids": list(hub_order_ids)})}

    def batches(self, variant_ids: Sequence[str], location: str) -> tuple[Batch, ...]:
        """Batches with stock at a location, first received first (FUL-4)."""
        asked = {"variant_ids": list(variant_ids), "location": location}
        return tuple(Batch(**row) for row in self._rows("batches", asked))

    def levels(self, skus: Sequence[str]) -> tuple[StockLevel, ...]:
        """Stock of the newest variant of each SKU at every location (STK-3); of a bundle, what its components make."""
        return tuple(StockLevel(**row) for row in self._rows("levels", {"skus": list(skus)}))

    def find_buyer(
        self, email: str | None, *, customer_ids: Iterable[str] = (), orders: Iterable[OrderKey] = ()
    ) -> HubBuyer:
        """The customers with an e-mail address or with these ids, their orders, and these orders of stores (DOR-6)."""
        return privacy.find_buyer(self._connection, email, customer_ids=customer_ids, orders=orders)

    def erase_buyer(self, *, customer_ids: Sequence[str], order_ids: Sequence[str]) -> list[str]:
        """Erase customers, and the buyers of orders, whose money and rows stay; who is erased, by ids (DOR-6)."""
        return privacy.erase_buyer(self._connection, customer_ids=customer_ids, order_ids=order_ids)

    def changes_since(self, cursor: str | None) -> HubNews:
        """Nothing: its triggers have marked whatever moved, in the transaction that moved it."""
        return HubNews(cursor or "")

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Never: it sends none."""
        return False

    def knock_at(self, address: str) -> str | None:
        """It sends no messages."""
        return None

    @contextmanager
    def unit(self) -> Iterator[None]:
        """One transaction, which our own writes share; what is read in it is held still. One in another is the same."""
        if self._is_held:
            yield
            return
        self._is_held = True
        try:
            with self._connection.transaction():
                yield
        finally:
            self._is_held = False

    def apply(self, groups: Sequence[Group]) -> Answers:
        """Carry out groups of actions in their order, as one; what came of each, by its name."""
        with hub_guards(), together(self._connection):
            answers, names = Answers(), Names(BuiltinNames(self._connection))
            for group in groups:
                if answers.is_wanted(group):
                    answers.by_name[group.name] = self._answer(group, names)
            return answers

    def create_orders(self, creations: Sequence[CreateOrder]) -> tuple[Made, ...]:
        """Many orders in one statement: all or, with what their guards raise, none; what each made, in their order."""
        with hub_guards(), together(self._connection):
            return tuple(apply.create_orders(self._connection, [creation.order for creation in creations]))

    def _answer(self, group: Group, names: Names) -> GroupAnswer:
        if not (group.may_be_refused and group.actions):
            return self._carry_out(group, names)
        try:
            with hub_guards(), self._connection.transaction():
                return self._carry_out(group, names)
        except HubRefused as error:
            return GroupAnswer(refusal=str(error))

    def _carry_out(self, group: Group, names: Names) -> GroupAnswer:
        made = []
        for action in group.actions:
            done = apply.carry_out(self._connection, names.with_ids(action))
            made.append((action, done))
            if isinstance(action, CreateOrder):
                names.remember(action.order, done.id)
        return GroupAnswer(tuple(made))

    def rehearse(self, groups: Sequence[Group]) -> Answers:
        """What `apply` would answer; all of it is undone."""
        with self._connection.transaction(force_rollback=True):
            return self.apply(groups)

    def carry_out(self, actions: Sequence[HubAction]) -> tuple[str, ...]:
        """What a person does at the hub's own desk: all of it or, with HubRefused, nothing; ids in the same order."""
        with hub_guards(), together(self._connection):
            return tuple(apply.carry_out(self._connection, action).id for action in actions)

    def find_order(self, store_id: int, external_id: str) -> str | None:
        """The id of the sales order that came from a store's order; None where there is none."""
        found = self._rows("order_of_store", {"store_id": store_id, "external_id": external_id})
        return str(found[0]["id"]) if found else None

    def named_order(self, reference: str) -> str:
        """The id of the order a person means by STORE/EXTERNAL_ID or by a unique order number. Raises HubRefused."""
        found = self._rows("named_orders", {"reference": reference})
        meant = [row for row in found if row["is_exact"]] or found
        if not meant:
            raise HubRefused(f"there is no order {reference}")
        if len(meant) > 1:
            names = ", ".join(row["name"] or f"hub order {row['id']}" for row in meant)
            raise HubRefused(f"several orders have the number {reference}: name one as STORE/EXTERNAL_ID ({names})")
        return str(meant[0]["id"])

    def products(self) -> tuple[Variant, ...]:
        """Every item, by SKU."""
        return tuple(read_variant(row) for row in self._rows("products", {}))

    def locations(self) -> tuple[Location, ...]:
        """Every place that holds stock, in the order in which they were made. Inside `unit` they stay until its end."""
        return tuple(Location(**row) for row in self._rows("held_locations" if self._is_held else "locations", {}))

    def location_uses(self, code: str) -> LocationUses | None:
        """What is of a location, None where there is none such. Nothing comes to it before the transaction ends."""
        with hub_guards():
            return locations.uses(self._connection, code)

    def takings(self, store_id: int, *, most: int) -> Sequence[Takings]:
        """What a store's orders come to by currency, here and in the shop: of so many that changed last (MAP-6)."""
        return lists.takings(self._connection, store_id, most=most)

    def stocked(self, *, after: str, limit: int) -> dict[str, str]:
        """The next SKUs that carry stock, with the names of their newest items, in the order of code points (STK-3)."""
        with hub_guards():
            return lists.stocked(self._connection, after=after, limit=limit)

    def items(self, *, beyond: str | None, limit: int) -> tuple[Variant, ...]:
        """The next items behind the one with an id, from the first one on; empty behind the last."""
        rows = self._rows("items_beyond", {"beyond": beyond or "0", "limit": limit})
        return tuple(read_variant(row) for row in rows)

    def has_counted(self) -> bool:
        """Whether anything was ever counted (STK-10)."""
        with hub_guards():
            return lists.has_counted(self._connection)

    def shelves(self, skus: Sequence[str], *, store_id: int | None = None) -> dict[str, CountedItem]:
        """What is there of some SKUs, and what a store's orders wait for (STK-11). Inside `unit` nobody else counts."""
        with hub_guards():
            if self._is_held:
                counts.alone(self._connection)
            return counts.shelves(self._connection, skus, store_id=store_id)

    def cut_moves(self, before: datetime, beyond: int) -> Portion:
        """Cut old moves of the ledger, some behind a number; one of each shelf and kind has their sum (SPD-2)."""
        return ledger.cut(self._connection, before, beyond)

    def closed_until(self) -> date | None:
        """The day up to and including which inventory is closed (CHG-5)."""
        return cast(date | None, self._rows("closed_until", {})[0]["locked_until"])

    def _rows(self, name: str, values: dict[str, Any]) -> list[Row]:
        with hub_guards():
            return self._connection.execute(_SQL[name], values).fetchall()
