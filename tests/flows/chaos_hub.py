"""What the chaos needs of a hub, whichever it is."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from connectors import postgres
from tests.stock_shops import Shelf

Placed = Mapping[tuple[str, str], Mapping[str, int]]  # pieces by SKU, by store and external id


class HubSide(Protocol):
    """What is in the hub, who works there, and what of it is lost, doubled or off."""

    @property
    def faults(self) -> Mapping[str, int]:
        """What fails of it by itself, and of 60 faults how many."""

    def prepare(self, shelves: Sequence[Shelf]) -> None:
        """Items in the hub and in the shops."""

    def stock(self) -> None:
        """Now that stores are connected: so many pieces that none is sold out."""

    def pass_time(self) -> None:
        """A second is over."""

    def deliver(self) -> None:
        """Somebody delivers something, if there is anything; the hub may be away."""

    def strike(self, name: str) -> None:
        """One of its faults."""

    def orders(self, connection: postgres.Connection) -> list[tuple[str, str]]:
        """Stores and external ids of all orders in it."""

    def delivered(self, connection: postgres.Connection) -> list[tuple[str, str]]:
        """Those that are out."""

    def statuses(self, connection: postgres.Connection) -> Counter[str]:
        """How many orders are how far."""

    def differing(self, connection: postgres.Connection, shelves: Sequence[Shelf]) -> Mapping[str, Any]:
        """Where shops show something else than is there."""

    def findings(self, connection: postgres.Connection, placed: Placed) -> Iterator[str]:
        """What else is doubled or off."""
