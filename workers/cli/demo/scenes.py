"""What travels by itself in the demo, once the orders are in: a change, stock, and fulfilments both ways."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import click

from connectors.hubs import our_hub
from connectors.postgres import Connection, order_view, stores
from schemas.hub import DeliveryStatus, HubOrder
from tasks.held import Process
from tasks.stores import change_store
from workers.cli.demo.hubs import DemoHub, patiently
from workers.cli.demo.shops import SKU, DemoShop
from workers.cli.output import table

ROUNDS: Final = 2  # orders of each shop that are told of
ARRIVED: Final = 17


@dataclass(frozen=True, slots=True)
class Scenes:
    """The scenes, each with what the one before it left; each says whether it came out right."""

    held: Process
    hub: DemoHub
    shops: Sequence[DemoShop]

    def show_webhooks(self) -> bool:
        """New orders that the shops tell of by themselves, and how long each takes to the hub."""
        if self._wait(lambda: all(map(self._tells, self.shops)), pause=0.05) is None:
            click.echo("\nThe shops do not tell by themselves what moves: storesync store webhooks NAME says why.")
            return False
        took = [one for _ in range(ROUNDS) for shop in self.shops if (one := self._sell(shop)) is not None]
        word = f"the hub had each {median(took):.2f} s later, at the median" if took else "the hub had none"
        click.echo(f"\nAll shops tell by themselves what moves. {len(took)} orders are placed, and {word}.")
        return len(took) == ROUNDS * len(self.shops)

    def show_change(self) -> bool:
        """One product in three shops, and a change of one shop's order that travels to the hub by itself."""
        committed = self._pieces("committed")
        words = f"{SKU} is sold in all three shops and is one product in the hub"
        click.echo(f"\n{words}: {committed} pieces are committed.")
        changing = next(shop for shop in self.shops if shop.platform.tells_returns)
        changing.sandbox.merchant.take_one_off(changing.shared_order)
        click.echo(f"{changing.name} takes one piece off its order {changing.shared_order} …")
        is_right = self._wait(lambda: self._pieces("committed") == committed - 1) is not None
        click.echo(f"… and the hub has followed: {self._pieces('committed')} pieces are committed.")
        return is_right

    def show_stock(self) -> bool:
        """Stock that is counted in the hub and shows in all shops at once."""
        for shop in self.shops:
            self._switch_stock_on(shop)
        self.hub.arrive(self.held, SKU, ARRIVED)
        counted, committed = self._pieces("in_stock"), self._pieces("committed")
        words = f"{counted} pieces of {SKU} are counted in the hub, {committed} are sold already …"
        click.echo(f"\nStock sync is on. {words}")
        shown = {max(counted - committed, 0)}
        took = self._wait(lambda: all(set(shop.shows()) == shown for shop in self.shops), pause=0.05)
        for shop in self.shops:
            click.echo(f"  {shop.name} shows {', '.join(map(str, shop.shows()))}")
        if took is not None:
            click.echo(f"… and in every shop after {took:.1f} s.")
        return took is not None

    def show_fulfillments(self) -> bool:
        """A fulfilment of each shop goes out in the hub, and one goes out in a shop."""
        for shop in self.shops:
            order = self._order(shop, shop.shared_order)
            assert order is not None
            self.hub.deliver(self.held, order)
        click.echo("\nThe hub delivers one order of each shop, and the shops say …")
        took = self._wait(lambda: all(map(_is_sent, self.shops)), pause=0.05)
        table(["shop", "order", "says"], [(shop.name, shop.shared_order, shop.says()) for shop in self.shops])
        if took is not None:
            click.echo(f"… after {took:.1f} s.")
        sending = next(shop for shop in self.shops if not shop.platform.changes_travel)
        completed = sending.sandbox.merchant.complete_another(sending.shared_order)
        click.echo(f"{sending.name} completes its order {completed} by itself …")
        followed = self._wait(lambda: self._status(sending, completed) is DeliveryStatus.DELIVERED)
        click.echo(f"… and in the hub it is {self._status(sending, completed)}.")
        return took is not None and followed is not None

    def _wait(self, is_done: Callable[[], bool], *, pause: float | None = None) -> float | None:
        """How many seconds it took; None when it did not come. Without a pause of its own it asks the hub."""
        started = time.monotonic()
        while time.monotonic() - started < self.hub.pace.seconds:
            if is_done():
                return time.monotonic() - started
            time.sleep(self.hub.pace.pause if pause is None else pause)
        return None

    def _tells(self, shop: DemoShop) -> bool:
        with self.held.pool.connection() as connection:
            row = stores.find_store(connection, shop.name)
        return bool(row and row.webhooks and not row.webhooks["not_told"])

    def _sell(self, shop: DemoShop) -> float | None:
        """How long a new order takes from the shop to the hub."""
        began = time.monotonic()
        external_id = shop.sandbox.merchant.sell_again(SKU, 1)
        here = self._wait(lambda: self._is_there(shop, external_id), pause=0.05)
        return None if here is None else time.monotonic() - began

    def _is_there(self, shop: DemoShop, external_id: str) -> bool:
        with self.held.pool.connection() as connection:
            return _hub_order_id(connection, shop, external_id) is not None

    def _pieces(self, figure: str) -> int:
        with self.held.pool.connection() as connection:
            levels = patiently(lambda: our_hub(connection).levels([SKU]))
        return sum(int(getattr(level, figure)) for level in levels)

    def _switch_stock_on(self, shop: DemoShop) -> None:
        with self.held.pool.connection() as connection:
            row = stores.find_store(connection, shop.name)
        assert row is not None
        change_store(self.held, row, {"stock.sync": "on"}, {})

    def _status(self, shop: DemoShop, external_id: str) -> DeliveryStatus | None:
        order = self._order(shop, external_id)
        return order.status if order else None

    def _order(self, shop: DemoShop, external_id: str) -> HubOrder | None:
        with self.held.pool.connection() as connection:
            hub_order_id = _hub_order_id(connection, shop, external_id)
            return patiently(lambda: our_hub(connection).order(hub_order_id)) if hub_order_id else None


def _is_sent(shop: DemoShop) -> bool:
    return shop.says().lower().startswith(("fulfilled", "completed"))


def _hub_order_id(connection: Connection, shop: DemoShop, external_id: str) -> str | None:
    """As we know it: the hub itself is not asked, which may be making it just now."""
    row = stores.find_store(connection, shop.name)
    known = order_view.order(connection, row.id, external_id) if row else None
    return known.hub_order_id if known else None
