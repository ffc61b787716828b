"""What travels by itself in the demo, once the orders are in: a change, stock, and parcels both ways."""

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Final

import click

from connectors.postgres import hub_view, stores
from connectors.postgres.hub import PostgresHub
from schemas.actions import AdjustStock, DeliverRows
from schemas.hub import DeliveryStatus
from tasks.process import Process
from tasks.stores import change_store
from workers.cli.demo_shops import SKU, DemoShop, complete_another, take_one_piece_back
from workers.cli.output import table

SECONDS: Final = 30
ARRIVED: Final = 17


def show_change(held: Process, shops: list[DemoShop]) -> bool:
    """One product in three shops, and a change of one shop's order that travels to the hub by itself."""
    committed = _pieces(held, "committed")
    click.echo(f"\n{SKU} is sold in all three shops and is one product in the hub: {committed} pieces are committed.")
    (shopify,) = (shop for shop in shops if shop.platform == "shopify")
    take_one_piece_back(shopify)
    click.echo(f"{shopify.name} takes one piece off its order {shopify.shared_order} …")
    is_right = _wait(lambda: _pieces(held, "committed") == committed - 1) is not None
    click.echo(f"… and the hub has followed: {_pieces(held, 'committed')} pieces are committed.")
    return is_right


def show_stock(held: Process, shops: list[DemoShop]) -> bool:
    """Stock that is counted in the hub and shows in all shops at once."""
    for shop in shops:
        _switch_stock_on(held, shop)
    with held.pool.connection() as connection, connection.transaction():
        PostgresHub(connection).apply([AdjustStock(SKU, Decimal(ARRIVED))])
    counted, committed = _pieces(held, "in_stock"), _pieces(held, "committed")  # an earlier demo may have left some
    click.echo(f"\nStock sync is on. {counted} pieces of {SKU} are counted in the hub, {committed} are sold already …")
    took = _wait(lambda: all(set(shop.shows()) == {max(counted - committed, 0)} for shop in shops))
    for shop in shops:
        click.echo(f"  {shop.name} shows {', '.join(map(str, shop.shows()))}")
    if took is not None:
        click.echo(f"… and in every shop after {took:.1f} s.")
    return took is not None


def show_parcels(held: Process, shops: list[DemoShop]) -> bool:
    """A parcel of each shop goes out in the hub, and one goes out in a shop."""
    for shop in shops:
        _deliver(held, shop)
    click.echo("\nThe hub delivers one order of each shop, and the shops say …")
    took = _wait(lambda: all(_is_sent(shop) for shop in shops))
    table(["shop", "order", "says"], [(shop.name, shop.shared_order, shop.says()) for shop in shops])
    if took is not None:
        click.echo(f"… after {took:.1f} s.")
    (woocommerce,) = (shop for shop in shops if shop.platform == "woocommerce")
    completed = complete_another(woocommerce)
    click.echo(f"{woocommerce.name} completes its order {completed} by itself …")
    followed = _wait(lambda: _status(held, woocommerce, completed) is DeliveryStatus.DELIVERED)
    click.echo(f"… and in the hub it is {_status(held, woocommerce, completed)}.")
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
        levels = hub_view.stock_document(connection, SKU) or []
    return sum(int(level[figure]) for level in levels)


def _switch_stock_on(held: Process, shop: DemoShop) -> None:
    with held.pool.connection() as connection:
        row = stores.find_store(connection, shop.name)
    assert row is not None
    change_store(held, row, {"stock.sync": "on"}, {})


def _deliver(held: Process, shop: DemoShop) -> None:
    with held.pool.connection() as connection, connection.transaction():
        hub = PostgresHub(connection)
        order = hub.order(hub.find_order(f"{shop.name}/{shop.shared_order}"))
        assert order is not None
        rows = tuple((row.id, row.quantity) for row in order.rows if row.ships)
        hub.apply([DeliverRows(order.id, rows, "hub", tracking_number="DEMO-1", carrier="DHL")])


def _is_sent(shop: DemoShop) -> bool:
    return shop.says().lower().startswith(("fulfilled", "completed"))


def _status(held: Process, shop: DemoShop, external_id: str) -> DeliveryStatus | None:
    with held.pool.connection() as connection:
        hub = PostgresHub(connection)
        order = hub.order(hub.find_order(f"{shop.name}/{external_id}"))
    return order.status if order else None
