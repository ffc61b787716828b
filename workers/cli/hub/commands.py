"""Commands for what a person does in the built-in hub: items, stock, purchases, manufacturing. Orders: `orders.py`."""

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any, Final

import click

from connectors.builtin_hub import lists
from connectors.builtin_hub.hub import BuiltinHub
from schemas.actions import AddProduct, AdjustStock, LockInventory, ReceivePurchase
from schemas.hub import MoStatus, Variant
from schemas.money import plain
from schemas.orders import Kind
from workers.cli.hub import supplying
from workers.cli.hub.words import (
    DAY,
    DELTA,
    PORTION,
    TEXT,
    find_order,
    hub_database,
    hub_desk,
    limit_option,
    order_desk,
    read_quantity,
    read_text,
)
from workers.cli.on_demand import ListedCommand, OnDemand
from workers.cli.output import done, example, json_option, say, table

_Portions = tuple[tuple[str, Decimal], ...]
_ANOTHER = click.option(
    "--another", "is_another", is_flag=True, help="Though the SKU is there: the new item is meant from then on."
)


@click.group(cls=OnDemand, listed={"order": ListedCommand("workers.cli.hub.orders:order", "Sales orders.")})
def hub() -> None:
    """What a person does in the built-in hub."""


# -- items ---------------------------------------------------------------------------------------------------------


@hub.group()
def product() -> None:
    """Products of the hub."""


@product.command(
    "add",
    epilog=example(
        'storesync hub product add CHAIR-1 --name "Oak chair" --delivery-days 21',
        "storesync hub product add SET-1 --bundle CHAIR-1=4 --bundle TABLE-1=1",
    ),
)
@click.argument("sku", type=TEXT)
@click.option("--name", type=TEXT, help="Name for people; the SKU if left out.")
@click.option("--batch-tracked", is_flag=True, help="Its stock is kept in batches.")
@click.option("--bundle", multiple=True, type=PORTION, metavar="SKU=QTY…", help="A component. May be repeated.")
@click.argument("more", nargs=-1, type=PORTION, metavar="")
@click.option("--delivery-days", type=click.IntRange(0, 3650), help="The account's default if left out.")
@_ANOTHER
def add_product(sku: str, name: str | None, bundle: _Portions, more: _Portions, **details: Any) -> None:
    """Add a product, or a bundle of products."""
    if more and not bundle:
        raise click.UsageError("to make a bundle give its components with --bundle SKU=QTY")
    _add(AddProduct(sku, name or sku, bundle=(*bundle, *more), **details))


def _add(action: AddProduct) -> None:
    with order_desk() as desk:
        items = supplying.add_item(desk, action)
    twice = f" {items} items share this SKU now: the new one is meant from here on." if items > 1 else ""
    done(f"Added {action.sku}.{twice} See: storesync hub product list", sku=action.sku)


@product.command("list", epilog=example("storesync hub product list --json"))
@json_option
def list_products(as_json: bool) -> None:
    """List products and services, by SKU."""
    with hub_database() as connection:
        parts = lists.bundles(connection)
        document = [_product(item, parts.get(item.id, [])) for item in BuiltinHub(connection).products()]
    columns = ["sku", "name", "kind", "batch_tracked", "delivery_days", "bundle"]
    rows = [
        item | {"bundle": " ".join(f"{part['sku']}={part['quantity']}" for part in item["bundle"])} for item in document
    ]
    say(document, as_json, lambda: table(columns, [[row[column] for column in columns] for row in rows]))


def _product(item: Variant, parts: list[tuple[str, Decimal]]) -> dict[str, Any]:
    return {
        "sku": item.sku,
        "name": item.name,
        "kind": item.kind,
        "batch_tracked": item.batch_tracked,
        "delivery_days": item.delivery_days,
        "bundle": [{"sku": sku, "quantity": plain(quantity)} for sku, quantity in parts],
    }


@hub.group()
def service() -> None:
    """Services of the hub: what is sold and has no stock."""


@service.command("add", epilog=example('storesync hub service add "Gift wrapping" --sku WRAP'))
@click.argument("name", type=TEXT)
@click.option("--sku", type=TEXT, help="The name if left out.")
@_ANOTHER
def add_service(name: str, sku: str | None, is_another: bool) -> None:
    """Add a service."""
    _add(AddProduct(sku or name, name, Kind.SERVICE, is_another=is_another))


# -- stock ---------------------------------------------------------------------------------------------------------


_COUNTS: Final = {
    "counts": ListedCommand(
        "workers.cli.hub.counts:list_counts", "List what was counted from files and stores, newest first."
    ),
    "import": ListedCommand(
        "workers.cli.hub.counts:import_stock", "Count what a file says lies on the shelves: all of it, or nothing."
    ),
    "undo": ListedCommand(
        "workers.cli.hub.counts:take_back",
        "Take a count back as a whole; what nobody else counted was never counted then.",
    ),
}


@hub.group(cls=OnDemand, listed=_COUNTS)
def stock() -> None:
    """Stock by hand."""


@stock.command(
    "adjust",
    context_settings={"ignore_unknown_options": True},  # -5 is a number here
    epilog=example(
        "storesync hub stock adjust CHAIR-1 5", "storesync hub stock adjust OIL-1 -2 --location berlin --batch B-7"
    ),
)
@click.argument("sku", type=TEXT)
@click.argument("delta", type=DELTA)
@click.option("--location", type=TEXT, help="The account's default if left out.")
@click.option("--batch", type=TEXT, help="The batch, where the item has batches.")
def adjust_stock(sku: str, delta: Decimal, location: str | None, batch: str | None) -> None:
    """Count DELTA pieces in, or out where it is negative; 0 says that somebody looked and the figure is right."""
    with order_desk() as desk:
        said = supplying.adjust(desk, AdjustStock(sku, delta, location, batch))
    done(said, sku=sku, delta=plain(delta))


@hub.group("po")
def purchase() -> None:
    """Purchase orders."""


@purchase.command(
    "receive",
    epilog=example("storesync hub po receive CHAIR-1 10 TABLE-1 2", "storesync hub po receive OIL-1 40 --batch B-7"),
)
@click.argument("pieces", nargs=-1, required=True, metavar="SKU QTY…")
@click.option("--location", type=TEXT, help="The account's default if left out.")
@click.option("--batch", type=TEXT, help="For items with batches; PO-NUMBER if left out.")
def receive(pieces: tuple[str, ...], location: str | None, batch: str | None) -> None:
    """Receive a purchase: QTY pieces of each SKU."""
    received = _read_pieces(pieces)
    with order_desk() as desk:
        purchases = [ReceivePurchase(sku, quantity, location, batch) for sku, quantity in received]
        parts = supplying.receive(desk, purchases)
    done(f"Received {', '.join(parts)}. See: storesync stock show {received[0][0]}", received=parts)


def _read_pieces(pieces: tuple[str, ...]) -> list[tuple[str, Decimal]]:
    if len(pieces) % 2:
        raise click.UsageError(f"{pieces[-1]!r} has no quantity: give SKU QTY, as often as you like")
    try:
        return [
            (read_text(sku), read_quantity(quantity)) for sku, quantity in zip(pieces[::2], pieces[1::2], strict=True)
        ]
    except ValueError as error:
        raise click.UsageError(str(error)) from error


@hub.command("lock-inventory", epilog=example("storesync hub lock-inventory --until 2026-01-31"))
@click.option("--until", required=True, type=DAY, metavar="DATE", help="The last day that is closed (UTC).")
def lock_inventory(until: date) -> None:
    """Close inventory up to and including a day; an earlier day than before opens it again."""
    with hub_desk() as desk:
        desk.carry_out([LockInventory(until)])
    done(f"Inventory is closed up to and including {until}: its orders stay, and its stock does not move.", until=until)


# -- manufacturing -------------------------------------------------------------------------------------------------


@hub.group("mo")
def manufacturing() -> None:
    """Manufacturing orders."""


@manufacturing.command("create", epilog=example("storesync hub mo create acme/5001 CHAIR-1"))
@click.argument("reference", metavar="ORDER")
@click.argument("sku", type=TEXT)
@json_option
def create_mo(reference: str, sku: str, as_json: bool) -> None:
    """Have the not yet shipped part of an order's row made."""
    with order_desk() as desk:
        found = find_order(desk.hub, reference)
        mo, quantity = supplying.make(desk, found, sku)
    text = (
        f"Manufacturing order {mo}: {quantity} × {sku} for order {found.order_no}. Next: storesync hub mo set {mo} DONE"
    )
    say({"mo": mo, "order_no": found.order_no, "sku": sku, "quantity": quantity}, as_json, lambda: click.echo(text))


@manufacturing.command("set", epilog=example("storesync hub mo set 3 IN_PROGRESS"))
@click.argument("mo", type=click.IntRange(1, 2**63 - 1))
@click.argument("status", type=click.Choice([status.value for status in MoStatus], case_sensitive=False))
def set_mo(mo: int, status: str) -> None:
    """Move a manufacturing order on; DONE puts its pieces in stock."""
    with order_desk() as desk:
        supplying.set_mo(desk, str(mo), MoStatus(status))
    done(f"Manufacturing order {mo} is {status}.", mo=mo, status=status)


@manufacturing.command("list", epilog=example("storesync hub mo list --json"))
@limit_option
@json_option
def list_mos(limit: int, as_json: bool) -> None:
    """List manufacturing orders, newest first."""
    with hub_database() as connection:
        document = [asdict(one) for one in lists.manufacturing_orders(connection, limit=limit)]
    columns = ["id", "status", "sku", "quantity", "location", "order_no", "store", "created_at"]
    say(document, as_json, lambda: table(columns, [[row[column] for column in columns] for row in document]))
