"""Commands for orders: list, show, retry, and the way back from a tombstone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from connectors.later import Later
from connectors.postgres import Connection, order_view
from connectors.postgres.rows import StoreRow
from schemas.money import money_text
from schemas.reasons import Reason, describe
from schemas.stores import StoreState
from workers.cli.output import Failed, cell, done, example, json_option, say, table, utc
from workers.cli.start import database, known_store_row, order_id, store_row
from workers.seen import KnownOrder, called, known_order

if TYPE_CHECKING:
    from connectors import hubs
    from tasks import bells, retrying
    from workers.cli import documents
else:
    hubs, documents = Later("connectors.hubs"), Later("workers.cli.documents")
    bells, retrying = Later("tasks.bells", after="workers.app"), Later("tasks.retrying", after="workers.app")

STATES = ("pending", "imported", "skipped", "failed", "deleted")
REASON = click.Choice([str(reason) for reason in Reason])

_COLUMNS = (
    *("store", "number", "external_id", "customer", "total", "currency"),
    *("state", "reason", "detail", "updated_at"),
)


@click.group()
def order() -> None:
    """Orders of the stores, and what became of them."""


@order.command("list", epilog=example("storesync order list --store acme --state failed"))
@click.option("--store", "store_name", help="Only this store's.")
@click.option("--state", type=click.Choice(STATES), help="Only orders in this state.")
@click.option("--reason", type=REASON, help="Only orders with this reason code, failed, skipped or noted.")
@click.option("--search", "text", metavar="TEXT", help="In number, customer and e-mail; or a SKU, or an external id.")
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(1, 1_000_000))
@json_option
def list_orders(store_name: str | None, limit: int, as_json: bool, **wanted: Any) -> None:
    """List orders, newest first."""
    with database() as connection:
        store_id = known_store_row(connection, store_name).id if store_name else None
        rows = [
            _brief(row)
            for row in order_view.orders(connection, order_view.OrderFilter(store_id, **wanted), limit=limit)
        ]
    say(rows, as_json, lambda: table(_COLUMNS, [[_in_words(row)[column] for column in _COLUMNS] for row in rows]))


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    """A line of the list for people: what failed is told beside the state, what the store was not told beside why."""
    state = f"{row['state']}, failing" if row["is_failing"] else row["state"]
    reasons = dict.fromkeys(reason for reason in (row["reason"], row["hub_reason"]) if reason)
    return {**row, "state": state, "reason": ", ".join(reasons) or None, "detail": row["detail"] or row["hub_detail"]}


def _brief(row: order_view.ListedOrder) -> dict[str, Any]:
    return {
        "store": row.store,
        "platform": row.platform,
        "external_id": row.external_id,
        **_people_s(row),
        "state": row.state,
        "reason": row.reason,
        "detail": row.detail,
        "updated_at": utc(row.store_updated_at),
        "is_due": row.is_due,
        "is_failing": row.is_failing,
        "hub_reason": row.hub_reason,
        "hub_detail": row.hub_detail,
    }


def _people_s(row: order_view.ListedOrder) -> dict[str, str | None]:
    said = called(row)
    return {
        "number": said.number,
        "customer": said.customer,
        "total": None if said.total is None or said.currency is None else money_text(said.total, said.currency),
        "currency": said.currency,
    }


@order.command("show", epilog=example("storesync order show acme 5001 --json"))
@click.argument("store_name", metavar="STORE")
@click.argument("name", metavar="EXTERNAL_ID|NUMBER")
@json_option
def show_order(store_name: str, name: str, as_json: bool) -> None:
    """Show one order: its state, the hub's order, and the journal."""
    with database() as connection:
        store = known_store_row(connection, store_name)
        document = document_of(seen_order(connection, store, order_id(connection, store, name)))
    say(document, as_json, lambda: _tell(document))


def document_of(known: KnownOrder) -> dict[str, Any]:
    """What `order show --json` prints."""
    row = known.row
    return {
        "store": row.store,
        "platform": row.platform,
        "external_id": row.external_id,
        "number": row.order_no,
        "state": row.state,
        "reason": row.reason,
        "is_failing": row.is_failing or row.hub_is_failing,
        "hub_reason": row.hub_reason,
        "order": documents.order_document(known.hub_order) if known.hub_order else None,
        "journal": [
            {
                "at": utc(line.at),
                "action": line.action,
                "outcome": line.outcome,
                "reason": line.reason,
                "detail": line.detail,
                "who": line.who,
            }
            for line in known.lines
        ],
    }


def seen_order(connection: Connection, store: StoreRow, external_id: str) -> KnownOrder:
    """What is known of an order. Raises Failed for one that storesync has never seen."""
    known = known_order(connection, store.id, external_id)
    if known is None:
        raise Failed(_unknown_order(store, external_id))
    return known


def _tell(document: dict[str, Any]) -> None:
    sentence, cure = describe(document["reason"])
    click.echo(
        f"{document['store']} {document['external_id']}: {document['state']} {document['reason'] or ''}".rstrip()
    )
    if sentence:
        click.echo(f"{sentence} {cure}")
    if document["hub_reason"]:
        sentence, cure = describe(document["hub_reason"])
        click.echo(f"The store does not show what the hub did: {document['hub_reason']}. {sentence} {cure}")
    if document["order"]:
        _tell_order(document["order"])
    click.echo()
    columns = ["at", "action", "outcome", "reason", "detail"]
    table(columns, [[line[column] for column in columns] for line in document["journal"]])


def _tell_order(hub_order: dict[str, Any]) -> None:
    customer, currency = hub_order["customer"], hub_order["currency"]
    click.echo(
        f"\nSales order {cell(hub_order['order_no'])} · {hub_order['status']} · deliver by {hub_order['delivery_date']}"
    )
    click.echo(
        f"{cell(customer['name'])} <{cell(customer['email'] or 'no e-mail')}> · location {hub_order['location']}"
    )
    columns = ["sku", "name", "kind", "quantity", "price_per_unit", "tax_rate", "discount_percent", "status"]
    table(columns, [[row[column] for column in columns] for row in hub_order["rows"]])
    mismatch = "  TOTAL MISMATCH" if hub_order["total_mismatch"] else ""
    click.echo(
        f"total {hub_order['total']} {currency}, with tax {hub_order['total_with_tax']},"
        f" the store says {hub_order['store_total_with_tax']}{mismatch}"
    )


def _unknown_order(store: StoreRow, name: str) -> str:
    """That an order is not known by a name, and what would change that."""
    said = f"{store.name} has shown no order with the id or number {name}"
    if store.state != StoreState.ACTIVE:
        return f"{said}, and it is {store.state.replace('_', ' ')}: see storesync store show {store.name}"
    return f"{said}: fetch its newest with storesync sync {store.name} --wait"


@order.command(epilog=example("storesync order reimport acme 5001"))
@click.argument("store_name", metavar="STORE")
@click.argument("name", metavar="EXTERNAL_ID|NUMBER")
def reimport(store_name: str, name: str) -> None:
    """Import an order again that was deleted in the hub: the one deliberate way back."""
    with database() as connection:
        store = store_row(connection, store_name)
        external_id = order_id(connection, store, name)
        if not retrying.reimport_order(connection, store.id, external_id):
            raise Failed(f"order {name} of {store_name} was not deleted in the hub: nothing to bring back")
        bells.ring_orders(connection, store.id, [external_id])
    text = f"It is looked at now: storesync order show {store_name} {external_id}"
    done(text, store=store_name, external_id=external_id)


@click.command(epilog=example("storesync retry acme 5001", "storesync retry --failed --store acme"))
@click.argument("store_name", metavar="[STORE", required=False)
@click.argument("external_id", metavar="EXTERNAL_ID|NUMBER]", required=False)
@click.option("--failed", is_flag=True, help="Everything that was set aside.")
@click.option("--store", "only_store", help="With --failed: only this store's.")
@click.option("--reason", type=REASON, help="With --failed: only what has this reason, failed or noted.")
@click.option("--dry-run", is_flag=True, help="Only say what would be retried.")
def retry(
    store_name: str | None,
    external_id: str | None,
    failed: bool,
    only_store: str | None,
    reason: str | None,
    dry_run: bool,
) -> None:
    """Look again at an order, or at everything that was set aside. The store is asked anew."""
    if failed == bool(store_name) or failed == bool(external_id):
        raise click.UsageError("give STORE and EXTERNAL_ID, or --failed, with --store NAME for one store's only")
    if not failed and (only_store or reason):
        raise click.UsageError("--store and --reason go with --failed")
    name = only_store if failed else store_name
    with database() as connection:
        store = store_row(connection, name) if name else None
        with connection.transaction(force_rollback=dry_run):
            retried = _retry(connection, store, external_id, reason)
    if dry_run:
        keys = [key for _, key in retried]
        done(f"Would look again at {len(keys)} order(s): {', '.join(keys[:20]) or 'none'}", orders=keys)
        return
    with database() as connection:
        retrying.ring(connection, retried)
    done(f"{len(retried)} order(s) are looked at again.", orders=[key for _, key in retried])


def _retry(
    connection: Connection, store: StoreRow | None, external_id: str | None, reason: str | None
) -> retrying.Retried:
    if external_id is None:
        return retrying.retry_failed(connection, store.id if store else None, reason)
    assert store is not None
    meant = order_id(connection, store, external_id)
    if retrying.retry_order(connection, store.id, meant):
        return [(store.id, meant)]
    if order_view.order(connection, store.id, meant) is None:
        raise Failed(_unknown_order(store, external_id))
    raise Failed(
        f"order {external_id} was deleted in the hub: storesync order reimport {store.name} {meant} brings it back"
    )
