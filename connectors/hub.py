"""What the inventory hub can be asked and told, whichever it is. Every method may raise a ConnectorError."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from schemas.actions import CreateOrder
from schemas.counts import CountedItem
from schemas.groups import Answers, Group, Made
from schemas.hub import Batch, HubOrder, Location, LocationUses, StockLevel, Variant
from schemas.hub_facts import HubFacts
from schemas.hub_news import HubNews
from schemas.hub_search import Found, Wanted
from schemas.privacy import HubBuyer, OrderKey
from schemas.pruning import Portion
from schemas.takings import Takings


class Hub(Protocol):
    """The one truth for stock and sales orders."""

    facts: HubFacts

    def check(self) -> None:
        """Ask whether it answers, and takes our key where it needs one."""

    def find(self, wanted: Wanted) -> Found:
        """What the hub has of what is looked for: of one order, or of many at once (MAP-1, MAP-2)."""

    def look_ahead(self, wanted: Wanted) -> None:
        """Orders that need this come in together now, each by itself: what costs a request is asked once for all."""

    def order(self, hub_order_id: str) -> HubOrder | None:
        """A sales order as it stands, with all that is of it; None when it is gone. Over HTTP it is several requests.

        Inside `unit` it is held still, as far as the hub can do that.
        """

    def orders(self, hub_order_ids: Sequence[str]) -> dict[str, HubOrder]:
        """Sales orders as they stand, by id; those that are gone are not among them."""

    def find_order(self, store_id: int, external_id: str) -> str | None:
        """The id of the sales order that came from a store's order; None where there is none (ORD-6).

        Raises HubBusy where one was being made, and nobody knows yet whether it is.
        """

    def batches(self, variant_ids: Sequence[str], location: str) -> tuple[Batch, ...]:
        """Batches with stock at a location, first received first (FUL-4)."""

    def levels(self, skus: Sequence[str]) -> tuple[StockLevel, ...]:
        """Stock of the newest variant of each SKU at every location (STK-3)."""

    def stocked(self, *, after: str, limit: int) -> dict[str, str]:
        """The next SKUs that carry stock, with the names of their newest items, in the order of code points (STK-3)."""

    def items(self, *, beyond: str | None, limit: int) -> tuple[Variant, ...]:
        """The next items behind the one with an id, from the first one on; empty behind the last."""

    def has_counted(self) -> bool:
        """Whether anything was ever counted (STK-10)."""

    def shelves(self, skus: Sequence[str], *, store_id: int | None = None) -> dict[str, CountedItem]:
        """What is there of some SKUs, and what a store's open orders wait for, of one moment (STK-11).

        Inside `unit` nobody else counts before its end, as far as the hub can do that.
        """

    def locations(self) -> tuple[Location, ...]:
        """Every place that holds stock, in the order in which they were made. Inside `unit` they stay, as orders do."""

    def location_uses(self, code: str) -> LocationUses | None:
        """What is of a location, None where there is none such. Inside `unit` nothing comes to it, as far as it can."""

    def takings(self, store_id: int, *, most: int) -> Sequence[Takings] | None:
        """What a store's orders come to by currency, here and in the shop: of so many that changed last (MAP-6).

        None where the hub cannot say so at once: no page waits for one that is elsewhere.
        """

    def closed_until(self) -> date | None:
        """The day up to and including which inventory is closed (CHG-5)."""

    def cut_moves(self, before: datetime, beyond: int) -> Portion:
        """Cut moves of stock older than a moment, some behind a number; levels stay, and counts that were made (SPD-2).

        A hub that keeps its own house cuts nothing.
        """

    def find_buyer(
        self, email: str | None, *, customer_ids: Iterable[str] = (), orders: Iterable[OrderKey] = ()
    ) -> HubBuyer:
        """The customers with an e-mail address or with these ids, their orders, and these orders of stores (DOR-6)."""

    def erase_buyer(self, *, customer_ids: Sequence[str], order_ids: Sequence[str]) -> list[str]:
        """Erase customers, and the buyers of orders, whose money and rows stay; who is erased, by ids (DOR-6).

        A customer who has other orders stays theirs. The same again does no harm.
        """

    def changes_since(self, cursor: str | None) -> HubNews:
        """What moved since, as far as the hub does not mark it by itself; from now on where there is no cursor."""

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether a message is truly the hub's, and a reason to ask `changes_since` at once: it is a hint, no more."""

    def knock_at(self, address: str) -> str | None:
        """Have the hub send its messages there; what they are signed with. None where it sends none.

        The last part of the address is a secret of ours: at one with another part before it, it knocks no more.
        """

    def unit(self) -> AbstractContextManager[None]:
        """Around one look: with the built-in hub a transaction, which our own writes share.

        A hub that has no transactions opens nothing, so that nothing is held open while it is asked.
        """

    def apply(self, groups: Sequence[Group]) -> Answers:
        """Carry out groups of actions in their order; what came of each, by its name.

        Raises HubRefused where the hub's own guards refuse a group that must be: then nothing is kept of any. Doing the
        same again does no harm, as far as the hub can know it again.
        """

    def create_orders(self, creations: Sequence[CreateOrder]) -> tuple[Made, ...]:
        """Many orders at once, each as `apply` would alone: all or none; what each made, in their order (SPD-1).

        Asked only of a hub whose facts say that it does (`creates_many`), inside `unit`.
        """

    def rehearse(self, groups: Sequence[Group]) -> Answers:
        """What `apply` would answer, as far as the hub can tell; nothing is kept. Raises HubRefused as `apply` does."""
