"""What travels by itself in the demo, once the orders are in: a change, stock, and fulfilments both ways."""

import time
from collections.abc import Callable
from decimal import Decimal
from statistics import median
from typing import Final

import click

from connectors.hubs import our_hub
from connectors.postgres import Connection, stores
from schemas.actions import AdjustStock, DeliverRows
from schemas.groups import Group
from schemas.hub import DeliveryStatus, HubOrder
from tasks.held import Process
from tasks.stores import change_store
from workers.cli.demo.shops import SKU, DemoShop
from workers.cli.output import table

SECONDS: Final = 30
ROUNDS: Final = 2  # orders of each shop that are told of
ARRIVED: Final = 17


def show_webhooks(held: Process, shops: list[DemoShop]) -> bool:
    """New orders that the shops tell of by themselves, and how long each takes to the hub."""
    asked = _wait(lambda: all(_tells(held, shop) for shop in shops))
    if asked is None:
        click.echo("\nThe shops do not tell by themselves what moves: storesync store webhooks NAME says why.")
        return False
    took = [one for _ in range(ROUNDS) for shop in shops if (one := _sell(held, shop)) is not None]
    word = f"the hub had each {median(took):.2f} s later, at the median" if took else "the hub had none"
    click.echo(f"\nAll shops tell by themselves what moves. {len(took)} orders are placed, and {word}.")
    return len(took) == ROUNDS * len(shops)


def _tells(held: Process, shop: DemoShop) -> bool:
    with held.pool.connection() as connection:
        row = stores.find_store(connection, shop.name)
    return bool(row and row.webhooks and not row.webhooks["not_told"])


def _sell(held: Process, shop: DemoShop) -> float | None:
    """How long a new order takes from the shop to the hub."""
    began = time.monotonic()
    external_id = shop.sandbox.merchant.sell_again(SKU, 1)
    here = _wait(lambda: _status(held, shop, external_id) is not None)
    return None if here is None else time.monotonic() - began


def show_change(held: Process, shops: list[DemoShop]) -> bool:
    """One product in three shops, and a change of one shop's order that travels to the hub by itself."""
    committed = _pieces(held, "committed")
    click.echo(f"\n{SKU} is sold in all three shops and is one product in the hub: {committed} pieces are committed.")
    changing = next(shop for shop in shops if shop.platform.tells_returns)
    changing.sandbox.merchant.take_one_off(changing.shared_order)
    click.echo(f"{changing.name} takes one piece off its order {changing.shared_order} …")
    is_right = _wait(lambda: _pieces(held, "committed") == committed - 1) is not None
    click.echo(f"… and the hub has followed: {_pieces(held, 'committed')} pieces are committed.")
    return is_right


def show_stock(held: Process, shops: list[DemoShop]) -> bool:
    """Stock that is counted in the hub and shows in all shops at once."""
    for shop in shops:
        _switch_stock_on(held, shop)
    with held.pool.connection() as connection, connection.transaction():
        our_hub(connection).apply([Group("arrival", (AdjustStock(SKU, Decimal(ARRIVED)),))])
    counted, committed = _pieces(held, "in_stock"), _pieces(held, "committed")  # an earlier demo may have left some
    click.echo(f"\nStock sync is on. {counted} pieces of {SKU} are counted in the hub, {committed} are sold already …")
    took = _wait(lambda: all(set(shop.shows()) == {max(counted - committed, 0)} for shop in shops))
    for shop in shops:
        click.echo(f"  {shop.name} shows {', '.join(map(str, shop.shows()))}")
    if took is not None:
        click.echo(f"… and in every shop after {took:.1f} s.")
    return took is not None


def show_fulfillments(held: Process, shops: list[DemoShop]) -> bool:
    """A fulfilment of each shop goes out in the hub, and one goes out in a shop."""
    for shop in shops:
        _deliver(held, shop)
    click.echo("\nThe hub delivers one order of each shop, and the shops say …")
    took = _wait(lambda: all(_is_sent(shop) for shop in shops))
    table(["shop", "order", "says"], [(shop.name, shop.shared_order, shop.says()) for shop in shops])
    if took is not None:
        click.echo(f"… after {took:.1f} s.")
    sending = next(shop for shop in shops if not shop.platform.changes_travel)
    completed = sending.sandbox.merchant.complete_another(sending.shared_order)
    click.echo(f"{sending.name} completes its order {completed} by itself …")
    followed = _wait(lambda: _status(held, sending, completed) is DeliveryStatus.DELIVERED)
    click.echo(f"… and in the hub it is {_status(held, sending, completed)}.")
    return took is not None and followed is not None


def _wait(is_done: Callable[[], bool]) -> float | None:
    """How many seconds it took; None when it did not come."""
    started = time.monotonic()
    while time.monotonic() - started < SECONDS:
        if is_done():
            return time.monotonic() - started
        time.sleep(0.05)
    return None


def _pieces(held: Process, figure: str) -> int:
    with held.pool.connection() as connection:
        levels = our_hub(connection).levels([SKU])
    return sum(int(getattr(level, figure)) for level in levels)


def _switch_stock_on(held: Process, shop: DemoShop) -> None:
    with held.pool.connection() as connection:
        row = stores.find_store(connection, shop.name)
    assert row is not None
    change_store(held, row, {"stock.sync": "on"}, {})


def _deliver(held: Process, shop: DemoShop) -> None:
    with held.pool.connection() as connection, connection.transaction():
        hub = our_hub(connection)
        order = _order(connection, shop, shop.shared_order)
        assert order is not None
        rows = tuple((row.id, row.quantity) for row in order.rows if row.ships)
        fulfillment = DeliverRows(order.id, rows, "hub", tracking_number="DEMO-1", carrier="DHL")
        hub.apply([Group("fulfillment", (fulfillment,))])


def _is_sent(shop: DemoShop) -> bool:
    return shop.says().lower().startswith(("fulfilled", "completed"))


def _status(held: Process, shop: DemoShop, external_id: str) -> DeliveryStatus | None:
    with held.pool.connection() as connection:
        order = _order(connection, shop, external_id)
    return order.status if order else None


def _order(connection: Connection, shop: DemoShop, external_id: str) -> HubOrder | None:
    row, hub = stores.find_store(connection, shop.name), our_hub(connection)
    hub_order_id = hub.find_order(row.id, external_id) if row else None
    return hub.order(hub_order_id) if hub_order_id else None
