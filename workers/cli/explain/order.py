"""How an order came to be as it is: seen, eligible, matched, added up, changed, shipped, and what it waits for."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from connectors import platforms
from connectors.hubs import our_hub
from connectors.postgres import Connection, stores
from connectors.postgres.order_view import OrderRow
from connectors.postgres.rows import StoreRow
from schemas.errors import Unreadable
from schemas.hub import HubRow, Variant
from schemas.hub_search import Wanted
from schemas.money import plain
from schemas.reasons import cure_of, describe
from schemas.settings import STORE_SETTINGS
from schemas.stores import Store
from workers.cli.explain.trail import Step, of_journal, step
from workers.cli.orders import document_of, seen_order
from workers.cli.output import utc
from workers.seen import KnownOrder


def explain_order(connection: Connection, store_row: StoreRow, external_id: str) -> dict[str, Any]:
    """The document of `explain STORE EXTERNAL_ID`. Raises Failed for an order that storesync has never seen."""
    return explained(connection, store_row, seen_order(connection, store_row, external_id))


def explained(connection: Connection, store_row: StoreRow, known: KnownOrder) -> dict[str, Any]:
    """The same of an order that was looked at."""
    document, row = document_of(known), known.row
    store = stores.read_store(store_row, platforms.record(store_row.platform))
    sentence, cure = _advice(row, store)
    trail = [
        *_seen(row),
        _settings(store),
        *_status(row, store),
        *_in_hub(connection, known, document["order"]),
        *(of_journal(line) for line in known.lines),
        *_shipped(document["order"]),
        *_waits(row),
        step("so", f"{_STATES[row.state]} {sentence} {cure}".strip()),
    ]
    keys = ("store", "platform", "external_id", "state", "reason")
    return {**{key: document[key] for key in keys}, "sentence": sentence, "advice": cure, "trail": trail}


_STATES = {
    "pending": "It was not looked at yet, or is tried again.",
    "imported": "It stands in the hub.",
    "skipped": "It is not one for the hub now.",
    "failed": "It is set aside.",
    "deleted": "It was in the hub and is no more.",
}


def _advice(row: OrderRow, store: Store) -> tuple[str, str]:
    sentence, _ = describe(row.reason)
    return sentence, cure_of(row.reason, store.name, row.external_id)


def _seen(row: OrderRow) -> Iterator[Step]:
    yield step("seen", "The store showed it first.", at=row.first_seen_at)
    if row.store_updated_at:
        yield step("seen", "What we have of it is as the store last changed it.", "CHG-8", at=row.store_updated_at)


# -- eligible --------------------------------------------------------------------------------------------------------


def _status(row: OrderRow, store: Store) -> Iterator[Step]:
    """What the store's own words on it mean, by the settings of today."""
    if row.snapshot is None:
        yield step("status", "We have no copy of it: it is asked for at the next look.")
        return
    try:
        order = platforms.read_order(store.platform.name, row.snapshot)
    except Unreadable as error:
        yield step("status", f"Our copy of it cannot be read: {error}")
        return
    words = f"In the store it is {order.status!r}. {_means(order.status, store)}"
    yield step("status", words, store.platform.status_rule)
    if store.platform.deliveries:
        held = ", and on hold" if order.is_on_hold else ""
        yield step("status", f"How far the store delivered it: {order.delivery}{held}.", "ORD-3")
    if store.imports_from is not None:
        side = "before" if order.created_at < store.imports_from else "after"
        text = f"It was created {side} {utc(store.imports_from)}, from when on orders of this store import."
        if row.was_imported:
            text += " It was imported before: its age keeps it out no more."
        yield step("status", text, "ORD-2", at=order.created_at)


def _settings(store: Store) -> Step:
    """What the store is set to otherwise than a new store is, as far as orders depend on it."""
    chosen = [
        f"{key}={'on' if value is True else 'off' if value is False else value}"
        for key, value in store.settings.items()
        if value != STORE_SETTINGS[key].default and not key.startswith(("stock.", "fetch."))
    ]
    return step("settings", f"{', '.join(chosen) or 'all as they come'}; the store is {store.state}")


def _means(status: str, store: Store) -> str:
    platform = store.platform
    if status not in platform.statuses:
        return "Nobody has said what this status means."
    if status not in platform.imports:
        return "Orders in this status are not imported; one that was imported before stays."
    switch = platform.imports[status]
    if switch is None:
        return "Orders in this status are imported."
    return f"Orders in this status are imported where {switch} is on: it is {'on' if store.is_on(switch) else 'off'}."


# -- in the hub ------------------------------------------------------------------------------------------------------


def _in_hub(connection: Connection, known: KnownOrder, document: dict[str, Any] | None) -> Iterator[Step]:
    row, hub_order = known.row, known.hub_order
    if row.tombstoned_at:
        text = f"{row.tombstoned_by or 'Somebody'} deleted it in the hub: it never comes in again by itself."
        yield step("deleted", text, "ORD-7", at=row.tombstoned_at)
    if hub_order is None or document is None:
        return
    number, customer = document["order_no"], document["customer"]["name"]
    yield step("hub", f"Sales order {number} of {customer}, at {document['location']}.", "MAP-2")
    ids = frozenset(one.variant_id for one in hub_order.rows if one.variant_id)
    items = our_hub(connection).find(Wanted(variant_ids=ids)).by_id
    for one in hub_order.rows:
        matched = _matched(one, items.get(one.variant_id or ""))
        yield step("row", f"{plain(one.quantity)} × {one.label}: {matched}", "MAP-1")
    yield step("money", _adds_up(document), "MAP-6")


def _matched(row: HubRow, item: Variant | None) -> str:
    if item is None:
        return f"a {row.kind} row without an item."
    if not item.is_imported:
        return f"the hub's own item {item.name!r}, found by its {'SKU' if row.sku else 'name'}."
    return f"{item.name!r}, made by an import because the hub had none ({utc(item.created_at)})."


def _adds_up(order: dict[str, Any]) -> str:
    currency, total, theirs = order["currency"], order["total_with_tax"], order["store_total_with_tax"]
    words = f"The rows add up to {order['total']} {currency}, with tax {total}."
    if order["exchange_rate"] != "1":
        words += f" At a rate of {order['exchange_rate']} that is {order['total_base']} in the base currency."
    if theirs is None:
        return f"{words} The store named no total."
    apart = Decimal(total) - Decimal(theirs)
    same = "the same." if not apart else f"{plain(apart)} apart{', which is noted' if order['total_mismatch'] else ''}."
    return f"{words} The store says {theirs}: {same}"


# -- shipped, and what waits -----------------------------------------------------------------------------------------


def _shipped(order: dict[str, Any] | None) -> Iterator[Step]:
    if order is None:
        return
    for one in order["fulfillments"]:
        who, rule = ("The store", "FUL-7") if one["source"] == "store" else ("The hub", "FUL-14")
        known = f", {one['external_id']} in the store" if one["external_id"] else ", with no id in the store yet"
        yield step("shipped", f"{who} shipped {_pieces(one)}{known}.", rule)
    for back in order["returns"]:
        yield step("returned", f"{_pieces(back)} came back.", "CHG-9")


def _pieces(part: dict[str, Any]) -> str:
    return ", ".join(f"{row['quantity']} × {row['sku'] or 'a row without SKU'}" for row in part["rows"]) or "nothing"


def _waits(row: OrderRow) -> list[Step]:
    found = [*_waits_for_us(row), *_waits_for_store(row)]
    return found or [step("waits", "Nothing: hub and store were brought to where they are.")]


def _waits_for_us(row: OrderRow) -> Iterator[Step]:
    if row.changed > row.order_settled:
        until = f", not before {utc(row.due_at)}" if row.due_at else ""
        tries = f", after {row.attempts} failed tries" if row.attempts else ""
        yield step("waits", f"The store's side of it is to be looked at{until}{tries}.", "ORD-5")


def _waits_for_store(row: OrderRow) -> Iterator[Step]:
    sentence, _ = describe(row.hub_reason)
    if row.hub_changed > row.hub_settled:
        until = f", not before {utc(row.hub_due_at)}" if row.hub_due_at else ""
        yield step("waits", f"The store is to be told what the hub did{until}. {sentence}".rstrip(), "FUL-14")
    elif row.hub_reason:
        yield step("waits", f"The store does not show what the hub did: {sentence}", "FUL-12")
