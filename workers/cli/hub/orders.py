"""Commands for what a person does with sales orders of the built-in hub: create, pack, deliver, invoice, delete."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from decimal import Decimal
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from connectors.builtin_hub import lists
from connectors.builtin_hub.hub import BuiltinHub
from connectors.later import Later
from connectors.postgres import stores
from schemas.hub import HubOrder, HubRow
from schemas.money import money_text, plain
from workers.cli.documents import order_document
from workers.cli.hub import doing
from workers.cli.hub.words import (
    CURRENCY,
    PERCENT,
    PORTION,
    PRICED_ROW,
    TEXT,
    find_order,
    hub_database,
    limit_option,
    order_desk,
    rows_named,
)
from workers.cli.on_demand import ListedCommand, OnDemand
from workers.cli.output import Failed, cell, done, example, json_option, say, table
from workers.cli.start import person

if TYPE_CHECKING:
    from workers.cli.hub import create
else:
    create = Later("workers.cli.hub.create")

_Portions = tuple[tuple[str, Decimal], ...]

_reference = click.argument("reference", metavar="ORDER")
_portions = click.argument("portions", nargs=-1, type=PORTION, metavar="[SKU=QTY…]")


@click.group(
    cls=OnDemand,
    listed={
        "mark": ListedCommand("workers.cli.hub.marks:mark_order", "Mark an order as paid, packed, closed or voided.")
    },
)
def order() -> None:
    """Sales orders. ORDER is STORE/EXTERNAL_ID, the order number where it is unique, or hub/ID of one made here."""


# -- look ----------------------------------------------------------------------------------------------------------


@order.command("list", epilog=example("storesync hub order list --json"))
@limit_option
@json_option
def list_orders(limit: int, as_json: bool) -> None:
    """List sales orders, newest first."""
    with hub_database() as connection:
        document = [_brief(row) for row in lists.orders(connection, limit=limit)]
    columns = ["id", "order_no", "store", "status", "customer", "total_with_tax", "currency", "delivery_date"]
    say(document, as_json, lambda: table(columns, [[row[column] for column in columns] for row in document]))


def _brief(order: lists.ListedSalesOrder) -> dict[str, Any]:
    return asdict(order) | {"total_with_tax": money_text(order.total_with_tax, order.currency)}


@order.command("show", epilog=example("storesync hub order show acme/5001 --json"))
@_reference
@json_option
def show_order(reference: str, as_json: bool) -> None:
    """Show a sales order with what is packed, delivered, invoiced and made of its rows."""
    with hub_database() as connection:
        document = _document(find_order(BuiltinHub(connection), reference))
    say(document, as_json, lambda: _tell(document))


def _document(found: HubOrder) -> dict[str, Any]:
    return {"id": found.id, **order_document(found)}


def _tell(document: dict[str, Any]) -> None:
    customer = document["customer"]
    click.echo(
        f"Order {cell(document['order_no'])} (hub/{document['id']}) · {document['status']} · "
        f"{cell(customer['name'])} <{cell(customer['email'] or 'no e-mail')}> · deliver by {document['delivery_date']}"
    )
    columns = ["sku", "name", "quantity", "packed_quantity", "delivered_quantity", "invoiced", "location", "status"]
    rows = [[*(row[column] for column in columns), _mo(row["mo"])] for row in document["rows"]]
    table([*(column.removesuffix("_quantity") for column in columns), "mo"], rows)
    click.echo(f"total {document['total']} {document['currency']}, with tax {document['total_with_tax']}")


def _mo(mo: dict[str, str] | None) -> str | None:
    return f"{mo['id']} {mo['status']}" if mo else None


# -- create --------------------------------------------------------------------------------------------------------


@order.command(
    "create",
    epilog=example(
        'storesync hub order create --customer "Ada Lovelace" --email ada@example.com \\',
        "    --row CHAIR-1=2@49.90 --row WRAP=1@4.50 --tax 19",
    ),
)
@click.option("--customer", required=True, type=TEXT, help="The buyer's name.")
@click.option("--email", type=TEXT, help="The buyer's e-mail: the same one is the same customer.")
@click.option(
    "--row",
    "rows",
    required=True,
    multiple=True,
    type=PRICED_ROW,
    metavar="SKU=QTY@PRICE",
    help="PRICE is per unit, without tax. May be repeated.",
)
@click.option("--tax", default="0", show_default=True, type=PERCENT, help="Tax on every row, in per cent.")
@click.option("--currency", type=CURRENCY, help="The base currency if left out.")
@click.option("--location", type=TEXT, help="The account's default if left out.")
@click.option("--number", type=TEXT, help="The order number; the next SO-N if left out.")
@json_option
def create_order(as_json: bool, **wanted: Any) -> None:
    """Create a sales order that no store knows: it never reaches one."""
    with hub_database() as connection, connection.transaction():
        desk = BuiltinHub(connection)
        (order_id,) = desk.carry_out([create.draft_order(connection, create.WantedOrder(**wanted))])
        document = _document(find_order(desk, f"hub/{order_id}"))
    number, total = document["order_no"], f"{document['total_with_tax']} {document['currency']}"
    text = f"Created order {number} over {total} with tax. Next: storesync hub order pack {quote(number)}"
    say(document, as_json, lambda: click.echo(text))


# -- pack, deliver, invoice ----------------------------------------------------------------------------------------


@order.command("pack", epilog=example("storesync hub order pack acme/5001", "storesync hub order pack 1001 CHAIR-1=2"))
@_reference
@_portions
def pack(reference: str, portions: _Portions) -> None:
    """Pack pieces of an order, or all that is neither packed nor delivered; they leave in stock."""
    with order_desk() as desk:
        found = find_order(desk.hub, reference)
        text = doing.pack(desk, found, choose(found, portions, doing.to_pack, done="packed"))
    done(f"{text} Next: storesync hub order deliver {quote(reference)}", order=reference)


@order.command(
    "deliver",
    epilog=example(
        "storesync hub order deliver acme/5001",
        "storesync hub order deliver 1001 CHAIR-1=2 --tracking-number 00340434 --carrier DHL",
    ),
)
@_reference
@_portions
@click.option("--tracking-number", type=TEXT)
@click.option("--carrier", type=TEXT)
@click.option("--tracking-url", type=TEXT)
def deliver(reference: str, portions: _Portions, **tracking: Any) -> None:
    """Deliver pieces of an order as one fulfilment, or all that is left, services and shipping too."""
    with order_desk() as desk:
        found = find_order(desk.hub, reference)
        chosen = choose(found, portions, doing.to_deliver, done="delivered")
        text = doing.deliver(desk, found, chosen, **tracking)
    done(f"{text} Next: storesync hub order invoice {quote(reference)}", order=reference)


@order.command(epilog=example("storesync hub order invoice acme/5001", "storesync hub order invoice 1001 CHAIR-1"))
@_reference
@click.argument("skus", nargs=-1, type=TEXT, metavar="[SKU…]")
def invoice(reference: str, skus: tuple[str, ...]) -> None:
    """Invoice rows of an order, or all that is not invoiced yet. An invoiced order cannot be deleted."""
    with order_desk() as desk:
        found = find_order(desk.hub, reference)
        rows = [row for sku in skus for row in rows_named(found, sku)] if skus else list(found.rows)
        number, names = doing.invoice(desk, found, rows)
    done(f"Invoice {number} for order {found.order_no}: {', '.join(names)}.", invoice=number, order_no=found.order_no)


def choose(
    found: HubOrder, portions: Sequence[tuple[str, Decimal]], left: Callable[[HubRow], Decimal], *, done: str
) -> doing.Chosen:
    """Quantities by row id: of several rows with one SKU the first ones first; nothing named is all that is left."""
    if not portions:
        return doing.all_left(found, left, done=done)
    remaining = {row.id: left(row) for row in found.rows}
    for sku, quantity in portions:
        rows, missing = rows_named(found, sku), quantity
        for row in rows:
            pieces = min(missing, remaining[row.id])
            remaining[row.id] -= pieces
            missing -= pieces
        if missing:
            raise Failed(f"{sku}: {plain(quantity)} cannot be {done}, {plain(quantity - missing)} are left")
    taken = ((row.id, left(row) - remaining[row.id]) for row in found.rows)
    return tuple((row_id, pieces) for row_id, pieces in taken if pieces)


# -- delete --------------------------------------------------------------------------------------------------------


@order.command(epilog=example("storesync hub order delete acme/5001"))
@_reference
def delete(reference: str) -> None:
    """Delete an order; one that came from a store never imports again."""
    with order_desk() as desk:
        found = find_order(desk.hub, reference)
        doing.delete(desk, found, person("hub command"))
        store = stores.find_store(desk.connection, str(found.store_id)) if found.store_id else None
    way_back = f"storesync order reimport {store.name} {quote(str(found.external_id))}" if store else ""
    never = f" It never imports again; the one way back: {way_back}" if store else ""
    done(f"Deleted order {found.order_no}.{never}", order_no=found.order_no)
