"""Katana Cloud Inventory as the hub, asked over HTTP within one limit for all processes. It decides nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Final

from connectors.errors import HubRefused
from connectors.katana.absent import Absent
from connectors.katana.ahead import look_ahead
from connectors.katana.applying import Applier
from connectors.katana.budget import A_MINUTE
from connectors.katana.buyers import Buyers
from connectors.katana.client import KatanaClient
from connectors.katana.copies import LOCATIONS, Copies
from connectors.katana.finding import find
from connectors.katana.guards import katana_guards
from connectors.katana.knocking import keep_subscription
from connectors.katana.news import KatanaNews
from connectors.katana.orders import OrderReader
from connectors.katana.supply import Supply
from connectors.katana.webhooks import is_signed
from connectors.postgres import Connection, is_in_transaction
from schemas.actions import CreateOrder
from schemas.counts import CountedItem
from schemas.groups import Answers, Group, Made
from schemas.hub import Batch, HubOrder, Location, LocationUses, StockLevel, Variant
from schemas.hub_facts import HubFacts
from schemas.hub_news import HubNews
from schemas.hub_search import Found, Wanted
from schemas.privacy import HubBuyer, OrderKey
from schemas.pruning import Portion
from schemas.settings import KATANA_KEY

FACTS: Final = HubFacts(
    "katana",
    sends_webhooks=True,
    packs_rows=True,
    has_flags=True,
    has_batches=True,
    counts_direct=True,
    most_groups=20,
    calls_a_minute=A_MINUTE,
    key_setting=KATANA_KEY,
    order_page="https://factory.katanamrp.com/salesorder/{}",
)


class KatanaHub:
    """The hub behind one client; the connection is to our own database, and holds no transaction while Katana is asked.

    Places go by Katana's ids.
    """

    facts = FACTS

    def __init__(
        self,
        connection: Connection,
        client: KatanaClient,
        *,
        webhook_token: str = "",
        absent: Absent | None = None,
        fees_apart: bool = False,
    ) -> None:
        self._connection, self._client, self._webhook_token = connection, client, webhook_token
        self._copies = Copies(connection, client, absent)
        self._orders = OrderReader(connection, client, self._copies)
        self._applier = Applier(connection, client, self._copies, self._orders, fees_apart=fees_apart)
        self._buyers = Buyers(connection, client, self._copies)
        self._news = KatanaNews(connection, client, self._copies)
        self._supply = Supply(connection, client, self._copies, self._news)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Around whatever asks Katana: what it says is in the hub's words, and no row of ours is held meanwhile."""
        if is_in_transaction(self._connection):
            raise RuntimeError("a transaction is open: its rows would be held for as long as Katana takes")
        with katana_guards():
            yield

    def check(self) -> None:
        """Ask for something small. Raises HubBusy."""
        with self._asking():
            self._copies.account(now=True)

    # -- orders

    def find(self, wanted: Wanted) -> Found:
        """What Katana has of what is looked for: of one order, or of many at once (MAP-1, MAP-2)."""
        with self._asking():
            return find(self._copies, wanted)

    def look_ahead(self, wanted: Wanted) -> None:
        """Look for what orders that come in together need, once for all of them."""
        with self._asking():
            look_ahead(self._copies, wanted)

    def order(self, hub_order_id: str) -> HubOrder | None:
        """A sales order as it stands; None when it is gone. Nobody holds it still: before a change it is read again."""
        with self._asking():
            return self._orders.order(hub_order_id)

    def orders(self, hub_order_ids: Sequence[str]) -> dict[str, HubOrder]:
        """Sales orders as they stand, by id; those that are gone are not among them."""
        with self._asking():
            return self._orders.orders(hub_order_ids)

    def find_order(self, store_id: int, external_id: str) -> str | None:
        """The id of the sales order that came from a store's order; None where there is none (ORD-6).

        It is looked for there only where it was sent, and nobody was answered: then it may be.
        """
        with katana_guards():
            return self._applier.find_order(store_id, external_id)

    # -- stock

    def batches(self, variant_ids: Sequence[str], location: str) -> tuple[Batch, ...]:
        """Batches with stock at a location, first received first (FUL-4)."""
        with self._asking():
            return self._supply.batches(variant_ids, location)

    def levels(self, skus: Sequence[str]) -> tuple[StockLevel, ...]:
        """Stock of the newest variant of each SKU at every location (STK-3)."""
        with self._asking():
            return self._supply.levels(skus)

    def stocked(self, *, after: str, limit: int) -> dict[str, str]:
        """The next SKUs that carry stock, with the names of their newest items, in the order of code points (STK-3)."""
        with self._asking():
            return self._supply.stocked(after=after, limit=limit)

    def items(self, *, beyond: str | None, limit: int) -> tuple[Variant, ...]:
        """The next items behind the one with an id, from the first one on; empty behind the last."""
        with self._asking():
            return self._supply.items(beyond=beyond, limit=limit)

    def has_counted(self) -> bool:
        """Whether anything was ever counted (STK-10)."""
        with self._asking():
            return self._supply.has_counted()

    def shelves(self, skus: Sequence[str], *, store_id: int | None = None) -> dict[str, CountedItem]:
        """What is there of some SKUs, and what a store's open orders wait for (STK-11). Others may count meanwhile."""
        with self._asking():
            return self._supply.shelves(skus, store_id=store_id)

    def locations(self) -> tuple[Location, ...]:
        """Every place that holds stock, in the order in which they were made."""
        with self._asking():
            self._copies.refresh(LOCATIONS)
            return tuple(Location(one.id, one.name) for one in self._copies.all(LOCATIONS))

    def location_uses(self, code: str) -> LocationUses | None:
        """Katana's own matter. Raises HubRefused."""
        raise HubRefused("locations are made, renamed and removed in Katana itself")

    def takings(self, store_id: int, *, most: int) -> None:
        """Each order would have to be asked for."""

    def closed_until(self) -> date | None:
        """The day up to and including which inventory is closed (CHG-5)."""
        with self._asking():
            return self._orders.closed_until()

    def cut_moves(self, before: datetime, beyond: int) -> Portion:
        """Nothing: Katana keeps its own house."""
        return Portion(0)

    # -- buyers, and what moved

    def find_buyer(
        self, email: str | None, *, customer_ids: Iterable[str] = (), orders: Iterable[OrderKey] = ()
    ) -> HubBuyer:
        """The customers with an e-mail address or with these ids, their orders, and these orders of stores (DOR-6)."""
        with self._asking():
            return self._buyers.find(email, customer_ids, orders)

    def erase_buyer(self, *, customer_ids: Sequence[str], order_ids: Sequence[str]) -> list[str]:
        """Erase customers, and the buyers of orders, whose money and rows stay; who is erased, by ids (DOR-6)."""
        with self._asking():
            return self._buyers.erase(customer_ids, order_ids)

    def changes_since(self, cursor: str | None) -> HubNews:
        """What moved since; from now on where there is no cursor (KAT-4)."""
        with self._asking():
            return self._news.since(cursor)

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether a message is truly Katana's, and a reason to ask `changes_since` at once: it is a hint, no more."""
        return is_signed(headers, body, self._webhook_token)

    def knock_at(self, address: str) -> str | None:
        """Have Katana send its messages there; what they are signed with."""
        with self._asking():
            return keep_subscription(self._connection, self._client, address)

    # -- writing

    @contextmanager
    def unit(self) -> Iterator[None]:
        """Nothing is opened: no row of ours is held while Katana is asked."""
        yield

    def apply(self, groups: Sequence[Group]) -> Answers:
        """Carry out groups of actions in their order; what came of each, by its name. The same again does no harm.

        Raises HubRefused where Katana, or what it can hold, refuses a group that must be.
        """
        try:
            with self._asking():
                return self._applier.apply(groups)
        finally:
            self._news.outdate()

    def rehearse(self, groups: Sequence[Group]) -> Answers:
        """What `apply` would answer, as far as can be told; nothing is kept. Raises HubRefused as `apply` does."""
        with self._asking():
            return self._applier.rehearse(groups)

    def create_orders(self, creations: Sequence[CreateOrder]) -> tuple[Made, ...]:
        """Katana makes one order after the other: nobody asks for this. Raises HubRefused."""
        raise HubRefused("Katana makes orders one by one")
