"""A stand-in that runs: its shop, its faults, who works in it, and how it is wished for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from sandbox.faults import Faults
from sandbox.server import RunningServer


class Merchant(Protocol):
    """What the demo lets a shop's merchant do, the same in every shop; orders by their ids."""

    def sell(self, sku: str, pieces: int) -> str:
        """A new product is ordered: the order's id."""

    def sell_again(self, sku: str, pieces: int) -> str:
        """What sell sold is ordered once more: the order's id."""

    def says(self, order: str) -> str:
        """How far an order is, in the shop's own word."""

    def take_one_off(self, order: str) -> None:
        """One piece of an order's first line is taken off it."""

    def complete_another(self, than: str) -> str:
        """Another open order is sent out: its id."""


Shop = TypeVar("Shop")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a sandbox is to be: how many orders, made from which seed, where, with which faults, telling whom."""

    orders: int = 40
    seed: int = 7
    port: int = 0
    host: str = "127.0.0.1"
    faults: Mapping[str, float] = field(default_factory=dict)
    webhooks_to: str | None = None
    token_life: int | None = None  # seconds; None where the credentials do not end


@dataclass(frozen=True, slots=True)
class RunningSandbox(Generic[Shop]):
    """A vendor's stand-in that answers at `url`, with the credentials a store is connected with."""

    server: RunningServer
    shop: Shop
    faults: Faults
    credentials: Mapping[str, str]
    merchant: Merchant
    path: str = ""

    @property
    def url(self) -> str:
        """Where the shop is."""
        return f"{self.server.url}{self.path}"

    def stop(self) -> None:
        """End it; the port is free again."""
        self.server.stop()

    def wait(self) -> None:
        """Block until it is stopped."""
        self.server.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()
