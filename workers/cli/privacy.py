"""Commands for the personal data of one buyer, and for what shops ask on behalf of theirs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from connectors.later import Later
from connectors.postgres import privacy
from schemas.privacy import BuyersOrder, OrderBeside, OrderKey, PrivacyRequest
from workers.cli.output import Failed, done, example, json_option, say, table
from workers.cli.start import database, open_desk

if TYPE_CHECKING:
    from tasks import privacy as buyers
else:
    buyers = Later("tasks.privacy", after="workers.app")


@click.group("privacy")
def privacy_commands() -> None:
    """The personal data of one buyer, and what shops ask on behalf of theirs."""


@privacy_commands.command("show", epilog=example("storesync privacy show ada@example.com", "storesync privacy show 3"))
@click.argument("who", metavar="EMAIL|REQUEST")
@json_option
def show_buyer(who: str, as_json: bool) -> None:
    """Show all that is kept of a buyer, by e-mail address or by the number of a shop's request."""
    held = open_desk()
    buyer = buyers.find_asked(held, _request(int(who))) if who.isdecimal() else buyers.find_buyer(held, _email(who))
    orders = _orders(buyer)
    document = {
        "customers": [{"id": id_, "name": name, "email": email} for id_, name, email in buyer.hub.customers],
        "orders": orders,
        "journal": [{"store": line.store, "order": line.external_id, "detail": line.detail} for line in buyer.lines],
    }
    say(document, as_json, lambda: _print(document))


def _orders(buyer: buyers.KeptBuyer) -> list[dict[str, Any]]:
    """Every order of the buyer once: of the hub, of a store, or both."""
    beside: dict[OrderKey | None, OrderBeside] = {(one.store_id, one.external_id): one for one in buyer.orders}
    found = [_order(order, beside.pop(order.key, None)) for order in buyer.hub.orders]
    return found + [_order(None, order) for order in beside.values()]


def _order(at_hub: BuyersOrder | None, beside: OrderBeside | None) -> dict[str, Any]:
    names = ("customer", "email", "bill_to", "ship_to", "notes", "customer_reference")
    return {
        "store": beside.store if beside else None,
        "external_id": beside.external_id if beside else None,
        "order_no": at_hub.order_no if at_hub else beside.order_no if beside else None,
        "created_at": at_hub.created_at if at_hub else None,
        **({name: getattr(at_hub, name) for name in names} if at_hub else dict.fromkeys(names)),
        "snapshot": json.loads(beside.snapshot) if beside and beside.snapshot else None,
        "erased_at": beside.erased_at if beside else None,
    }


def _print(document: dict[str, Any]) -> None:
    if not any(document.values()):
        click.echo("Nothing is kept of this buyer.")
    for title, rows in document.items():
        if rows:
            click.echo(f"{title}:")
            table(list(rows[0]), [list(row.values()) for row in rows])


@privacy_commands.command("erase", epilog=example("storesync privacy erase ada@example.com"))
@click.argument("email")
def erase_buyer(email: str) -> None:
    """Erase a buyer: name, e-mail, addresses, notes and what shops sent. Money and quantities stay."""
    erased = buyers.erase_buyer(open_desk(), _email(email))
    if erased.left:
        raise Failed(
            f"{erased.orders} order(s) are erased, {erased.left} are being worked on: give the same command again"
        )
    done(f"Erased, with {erased.orders} order(s). Erase the buyer in the shops too.", orders=erased.orders)


@privacy_commands.command("list", epilog=example("storesync privacy list --json"))
@json_option
def list_requests(as_json: bool) -> None:
    """List what shops asked for on behalf of their buyers, the open first."""
    with database() as connection:
        rows = [_request_row(one) for one in privacy.requests(connection)]
    columns = ["id", "store", "kind", "customer_id", "order_ids", "asked_at", "done_at"]
    say(rows, as_json, lambda: table(columns, [list(row.values()) for row in rows]))


def _request_row(one: PrivacyRequest) -> dict[str, Any]:
    return {
        "id": one.id,
        "store": one.store,
        "kind": one.kind,
        "customer_id": one.customer_id,
        "order_ids": list(one.order_ids),
        "asked_at": one.asked_at,
        "done_at": one.done_at,
    }


@privacy_commands.command("done", epilog=example("storesync privacy done 3"))
@click.argument("number", type=click.IntRange(1))
def close_request(number: int) -> None:
    """Say that a request was answered: whom it was about is forgotten."""
    _request(number)
    with database() as connection:
        if not privacy.close(connection, number):
            raise Failed(f"request {number} is done already")
    done(f"Request {number} is done.", id=number)


def _request(number: int) -> PrivacyRequest:
    with database() as connection:
        found = privacy.request(connection, number)
    if found is None:
        raise Failed(f"there is no request {number}: see storesync privacy list")
    return found


def _email(text: str) -> str:
    text = text.strip()
    if "@" not in text or not text.isprintable() or " " in text:
        raise click.UsageError("give an e-mail address, like ada@example.com")
    return text
