"""What a shop can be asked and told, whatever its platform. Every method may raise a ConnectorError."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from schemas.customers import StoreCustomer
from schemas.platform import Platform
from schemas.rights import Lack, Right
from schemas.stock import CataloguePage, NotTold, StoreLocation

if TYPE_CHECKING:
    from connectors.subscriptions import Subscriptions
    from schemas.actions import SendFulfillment, TellStock
    from schemas.orders import ListedPage, Page, Snapshot, StoreOrder


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What a store says of itself and of our rights when it is checked; None where it does not tell.

    `lacks` are the rights that were asked about and are not there; `unproved` those that nothing can be asked about
    without an effect: only a first write shows them. `withheld` is what of a buyer we may not read, by the shop's names
    (DOR-5); `shop` is what StoreConnector.shop gives.
    """

    currency: str | None = None
    version: str | None = None
    lacks: tuple[Lack, ...] = ()
    withheld: tuple[str, ...] = ()
    unproved: tuple[Right, ...] = ()
    shop: str = ""


class StoreConnector(Protocol):
    """One connected shop."""

    platform: Platform

    @staticmethod
    def meant(text: str) -> str:
        """The address of the shop that a person means by what they typed or pasted. Raises Unsafe."""

    def check(self, needs: Collection[Right] = ()) -> StoreFacts:
        """Prove the address, the credentials and these rights, without an effect (DOR-4).

        Raises CredentialsRefused where not even orders may be read.
        """

    def shop(self) -> str:
        """What the shop calls itself, however its address is spelled; its address where it does not say (MUL-4)."""

    def changed_orders(self, cursor: str | None, *, imports_from: datetime | None = None) -> Iterator[Page]:
        """Pages of orders changed since the cursor, oldest change first, none lost (None: the first connection).
        The cursor is a text of connectors.cursor.

        `imports_from` is when the oldest orders were made that the store imports, if there is such a moment (ORD-2).
        Each page carries the cursor to keep once it is stored. An order that cannot be read is in its page with
        its problem; the others go on.
        """

    def listed_orders(self, since: datetime) -> Iterator[ListedPage]:
        """Pages of the ids of all orders changed since a moment, whatever became of them, oldest change first.

        As little of each order is asked for as the shop gives. An order that moves meanwhile is on two pages.
        """

    def snapshot(self, external_id: str) -> Snapshot:
        """One order with everything an import needs, asked for now. Raises NotFound."""

    def read(self, payload: str) -> StoreOrder:
        """A snapshot's payload as a StoreOrder. Raises Unreadable."""

    def catalogue(self, since: datetime | None = None, *, after: str | None = None) -> Iterator[CataloguePage]:
        """Every item that carries stock, or those whose product changed since a moment (some more do no harm).

        `after` is the position of a page, to go on behind it; where pages have none the walk begins anew.
        """

    def customers(self) -> Iterator[tuple[StoreCustomer, ...]]:
        """Pages of all customers that the shop has registered, but for those that nothing names (STG-2)."""

    def locations(self) -> tuple[StoreLocation, ...]:
        """The shop's own places that hold stock, closed ones too; none where the platform has no such thing."""

    def find_items(self, skus: Sequence[str]) -> CataloguePage:
        """Every item whose SKU is exactly one of these; at most `platform.stock_batch` are asked for at once."""

    def stock_call(self, tell: TellStock, /) -> str:
        """What quantities have in common that travel in one call: what differs in it takes a call for each."""

    def tell_stock(self, tells: Sequence[TellStock]) -> tuple[NotTold, ...]:
        """Show quantities, at most `platform.stock_batch` at once, each item and place once; what was refused of them.

        Raises Rejected where the store refuses the whole batch and names nobody (STK-8).
        """

    def send_fulfillment(self, fulfillment: SendFulfillment) -> str:
        """Tell the store of a fulfilment; the store's id of it. Raises Rejected with the store's words."""

    def subscriptions(self) -> Subscriptions | None:
        """What the shop is asked to tell by itself; None where it cannot be asked by its API (BEY-5)."""

    def set_status(self, external_id: str, status: str) -> None:
        """Give an order a status by the platform's own word. Raises Rejected or NotFound."""
