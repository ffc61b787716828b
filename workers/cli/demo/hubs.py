"""The demo's hub: the built-in one, or Katana's stand-in, and what a person does in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol, TypeVar

import click

from connectors.errors import HubBusy
from connectors.hubs import our_hub
from sandbox import RunningSandbox, open_sandbox
from sandbox.katana.person import KatanaPerson
from sandbox.katana.state import KatanaAccount
from schemas.actions import AdjustStock, DeliverRows
from schemas.groups import Group
from schemas.hub import HubOrder
from schemas.settings import read_account_settings
from tasks.account import reconfigure_account
from tasks.held import Process
from tasks.hub_choice import prove_choice

NUMBER = "DEMO-1"
CARRIER = "DHL"

_TRIES = 10

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pace:
    """How much the demo brings into a hub, and how it waits for it, in seconds."""

    orders: int = 100  # of each shop
    seconds: float = 120  # that anything may take; the machine may be slow, and busy
    pause: float = 0.05  # between two looks


class DemoHub(Protocol):
    """The hub, as the demo's person works in it."""

    name: str
    pace: Pace

    def arrive(self, held: Process, sku: str, pieces: int) -> None:
        """Count pieces in."""

    def deliver(self, held: Process, order: HubOrder) -> None:
        """Deliver all of an order as one parcel."""


class BuiltinDemo:
    """The built-in hub."""

    name = "builtin"
    pace = Pace()

    def arrive(self, held: Process, sku: str, pieces: int) -> None:
        """Count pieces in."""
        with held.pool.connection() as connection, connection.transaction():
            our_hub(connection).apply([Group("arrival", (AdjustStock(sku, Decimal(pieces)),))])

    def deliver(self, held: Process, order: HubOrder) -> None:
        """Deliver all of an order as one parcel."""
        rows = tuple((row.id, row.quantity) for row in order.rows if row.ships)
        fulfillment = DeliverRows(order.id, rows, "hub", tracking_number=NUMBER, carrier=CARRIER)
        with held.pool.connection() as connection, connection.transaction():
            our_hub(connection).apply([Group("fulfillment", (fulfillment,))])


class KatanaDemo:
    """Katana's stand-in: it takes few requests a minute, and a person works in it, not in storesync."""

    name = "katana"
    pace = Pace(orders=8, seconds=240, pause=5)

    def __init__(self, account: KatanaAccount) -> None:
        self.person = KatanaPerson(account)

    def arrive(self, held: Process, sku: str, pieces: int) -> None:
        """Count pieces in."""
        self.person.count_in(sku, pieces)

    def deliver(self, held: Process, order: HubOrder) -> None:
        """Deliver all of an order as one parcel."""
        self.person.deliver(order.id, NUMBER, CARRIER)


def patiently(ask: Callable[[], T]) -> T:
    """What a hub says; one that is busy is asked again when it says so, or a little later."""
    for _ in range(_TRIES):
        try:
            return ask()
        except HubBusy as busy:
            wait = (busy.until - datetime.now(UTC)).total_seconds() if busy.until else 0
            time.sleep(max(wait, 1.0))
    return ask()


@contextmanager
def open_demo_hub(held: Process, name: str) -> Iterator[DemoHub]:
    """The hub that the demo is to run with, chosen for its account."""
    if name != KatanaDemo.name:
        yield BuiltinDemo()
        return
    sandbox = open_sandbox(name, orders=0)
    try:
        _choose(held, name, sandbox)
        click.echo(f"  the hub is a stand-in of {name} at {sandbox.url}")
        yield KatanaDemo(sandbox.shop)
    finally:
        sandbox.stop()


def _choose(held: Process, name: str, sandbox: RunningSandbox[Any]) -> None:
    own = {f"{name}.{key}": value for key, value in sandbox.credentials.items()}
    values = read_account_settings({"hub": name, f"{name}.url": sandbox.url, f"{name}.allow_insecure": "on", **own})
    values |= prove_choice(held, values)
    with held.pool.connection() as connection, connection.transaction():
        reconfigure_account(held, connection, values)
