"""Why a store shows what it shows of a SKU: matched items, the quantity worked out, what was told, what waits."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from schemas.hub import StockLevel
from schemas.journal import Entry
from schemas.money import plain
from schemas.orders import ZERO
from schemas.reasons import describe
from schemas.stock import DEFAULT_PLACE
from schemas.stores import Store
from tasks.rules.stock import promised, quantity_at
from workers.cli.explain.trail import Step, of_journal, step
from workers.cli.output import utc
from workers.seen_stock import Sight, advice, store_document, why_not

_LINES = 5  # of the journal, the latest


def explain_store(sight: Sight, levels: Sequence[StockLevel], journal: Sequence[Entry]) -> dict[str, Any]:
    """One store's part of `explain --sku`: what `stock show` says, and the trail that led there."""
    document = store_document(sight)
    sentence, _ = describe(why_not(sight))
    lines = [line for line in journal if line.store == sight.store.name][-_LINES:]
    known = {level.location for level in levels}
    quantities = [_quantity(sight.store, levels, place, code) for place, code in sight.places.items() if code in known]
    trail = [
        *_settings(sight),
        *_matched(sight),
        *(_worked_out(sight.store, quantity) for quantity in quantities),
        *_told(document),
        *_waiting(sight, document),
        *([step("so", advice(sight))] if advice(sight) else []),
        *(of_journal(line) for line in lines),
    ]
    return document | {"sentence": sentence, "advice": advice(sight), "quantities": quantities, "trail": trail}


def _settings(sight: Sight) -> list[Step]:
    names = ("stock.sync", "stock.quantity", "stock.buffer")
    said = [f"{name}={_word(sight.store.settings[name])}" for name in names]
    where = ", ".join(f"{place or 'the store'} shows {code}" for place, code in sight.places.items())
    return [step("settings", f"{', '.join(said)}; {where}; the store is {sight.store.state}", "STK-4")]


def _word(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _matched(sight: Sight) -> list[Step]:
    if not sight.items:
        seen, asked = utc(sight.here.store.catalogue_whole_at), utc(sight.here.looked_at)
        looked = f"Its catalogue was read at {seen}" if seen else "Its catalogue was not read yet"
        looked += f", and it was asked for this SKU at {asked}" if asked else ""
        return [step("items", f"No item of the store is known to have exactly this SKU. {looked}.", "STK-3")]
    items = {item.external_id: item for item in sight.items}
    said = [
        f"{external_id} {item.name!r}, {'counted' if item.is_tracked else 'its pieces are not counted'}"
        for external_id, item in items.items()
    ]
    every = f"All {len(items)} items with exactly this SKU are told: " if len(items) > 1 else "Matched by its SKU: "
    return [step("items", every + "; ".join(said), "STK-3", "STK-6")]


def _quantity(store: Store, levels: Sequence[StockLevel], place: str, code: str) -> dict[str, Any]:
    """The numbers behind what one place is to show."""
    here = [level for level in levels if level.location == code]
    taken_off = [pieces for level in here if (pieces := promised(level, store)) is not None]
    return {
        "place": place or None,
        "location": code,
        "in_stock": plain(sum((level.in_stock for level in here), ZERO)),
        "committed_on_rows": plain(sum(taken_off, ZERO)) if taken_off else None,
        "buffer": str(store.settings["stock.buffer"]),
        "quantity": str(quantity_at(levels, code, store)),
    }


def _worked_out(store: Store, numbers: dict[str, Any]) -> Step:
    text = f"in stock at {numbers['location']} {numbers['in_stock']}"
    left = Decimal(numbers["in_stock"])
    if numbers["committed_on_rows"] is not None:
        whose = " of stores" if store.settings["stock.quantity"] == "in_stock_minus_store_orders" else ""
        text += f" − committed on rows{whose} {numbers['committed_on_rows']}"
        left -= Decimal(numbers["committed_on_rows"])
    if store.settings["stock.buffer"]:
        text += f" − kept back {numbers['buffer']}"
        left -= Decimal(numbers["buffer"])
    text += f" = {plain(left)}"
    if left < 0:
        text += f", shown as {numbers['quantity']}: never below 0"
    elif Decimal(numbers["quantity"]) != left:
        text += f", shown as {numbers['quantity']}: whole pieces"
    return step("quantity", text, "STK-2", "STK-9" if store.settings["stock.buffer"] else "STK-4")


def _told(document: dict[str, Any]) -> list[Step]:
    return [step("told", _told_words(item), "STK-6") for item in document["items"]]


def _told_words(item: dict[str, Any]) -> str:
    where = item["external_id"] + (f" at {item['place']}" if item.get("place", DEFAULT_PLACE) else "")
    shows = "what it shows is not known" if item["shows"] is None else f"it shows {item['shows']} as far as we know"
    if item["pushed"] is None:
        return f"{where} was never told anything; {shows}"
    return f"{where} was told {item['pushed']} at {item['pushed_at']}; {shows}"


def _waiting(sight: Sight, document: dict[str, Any]) -> list[Step]:
    if not sight.is_pending:
        return [step("waits", "nothing", "STK-5")]
    tries = f", tried {sight.here.attempts} times" if sight.here.attempts else ""
    until = f", put off until {document['due_at']}" if document["due_at"] else ""
    return [step("waits", f"to be told since {document['due_since']}{until}{tries}", "STK-5")]
