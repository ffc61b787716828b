"""The demo's shops: a sandbox of every platform with varied orders, and one product that all of them sell."""

from dataclasses import dataclass
from typing import Any, Final

from connectors import platforms
from sandbox import SANDBOXES, RunningSandbox, open_sandbox
from schemas.platform import Platform

SKU: Final = "STOOL-OAK"
PIECES: Final = 3
SEED: Final = 7
PLATFORMS: Final = tuple(SANDBOXES)


@dataclass(frozen=True, slots=True)
class DemoShop:
    """A running sandbox, the name it is connected by, and the order of the product that all shops sell."""

    name: str
    platform: Platform
    sandbox: RunningSandbox[Any]
    shared_order: str

    def shows(self) -> list[int]:
        """How many pieces of the shared product the shop shows, for each item that it is sold as."""
        return [int(pieces) for pieces in self.sandbox.shop.stock_of(SKU).values() if pieces is not None]

    def says(self) -> str:
        """How far the shop's shared order is, in its own word, with the fulfilment's tracking where it keeps any."""
        return self.sandbox.merchant.says(self.shared_order)


def open_shop(platform: str, orders: int) -> DemoShop:
    """Open one shop with so many orders at any free port."""
    sandbox = open_sandbox(platform, orders=orders - 1, seed=SEED)
    order = sandbox.merchant.sell(SKU, PIECES)
    return DemoShop(f"demo-{platform}", platforms.record(platform), sandbox, order)
