"""Stock counted and taken back in Katana: one adjustment for each location, each made once (STK-10, STK-11)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from psycopg.types.json import Jsonb

from connectors import json_text
from connectors.errors import HubRefused
from connectors.http import ManyParams
from connectors.katana.budget import Priority
from connectors.katana.copies import VARIANTS
from connectors.katana.creating import refuse_places
from connectors.katana.desk import Desk
from connectors.katana.intents import Creation, make_once
from connectors.katana.news import keep_counted
from connectors.katana.reading import all_readable, readable
from connectors.postgres import Row, queries, stores
from schemas import actions
from schemas.katana.numbers import written_number
from schemas.katana.records import read_id
from schemas.katana.stock import BatchRecord, read_batch
from schemas.orders import Kind

_SQL: Final = queries("counting", __package__)
_NOW: Final = Priority.STOCK
_KIND: Final = "stock adjustment"  # of an intent; its key is the adjustment's number
_PATH: Final = "stock_adjustments"

CountAction = actions.CountStock | actions.AdjustStock | actions.TakeBackCount


@dataclass(frozen=True, slots=True)
class _Figure:
    """Pieces that an item gets or loses at a location, in a batch where it has them."""

    variant_id: str
    location: str
    delta: Decimal
    batch_id: str | None = None

    @property
    def json(self) -> list[str | None]:
        """As it is written down."""
        return [self.variant_id, self.location, str(self.delta), self.batch_id]

    @property
    def body(self) -> dict[str, Any]:
        """As Katana takes it."""
        pieces = written_number(self.delta)
        body: dict[str, Any] = {"variant_id": int(self.variant_id), "quantity": pieces}
        if self.batch_id is not None:
            body["traceability"] = [{"batch_id": int(self.batch_id), "quantity": pieces}]
        return body


def carry_out(desk: Desk, action: CountAction) -> str:
    """Count, adjust, or take a count back; the count's id. Raises HubRefused before anything is told."""
    match action:
        case actions.CountStock():
            return _count(desk, action.source, _counted(desk, action))
        case actions.AdjustStock():
            return _count(desk, "adjustment", [_adjusted(desk, action)])
        case actions.TakeBackCount():
            return _take_back(desk, action.count_id)


def _counted(desk: Desk, action: actions.CountStock) -> list[_Figure]:
    if not action.lines:
        raise HubRefused("there is nothing to count")
    refuse_places(desk.copies, *{line.location for line in action.lines})
    known: dict[tuple[str, str], dict[str, str]] = {}
    found = [_batch(desk, known, line.variant_id, line.location, line.batch, line.delta) for line in action.lines]
    return [
        _Figure(line.variant_id, line.location, line.delta, _made(desk, line.variant_id, batch))
        for line, batch in zip(action.lines, found, strict=True)
    ]


def _adjusted(desk: Desk, action: actions.AdjustStock) -> _Figure:
    desk.copies.refresh(VARIANTS)
    found = desk.copies.by(VARIANTS, skus=[action.sku])
    if not found:
        raise HubRefused(f"there is no item with the SKU {action.sku}")
    item, place = found[-1], action.location or stores.account(desk.connection).default_location
    refuse_places(desk.copies, place)
    if item.kind is not Kind.PRODUCT:
        raise HubRefused(f"{action.sku} is a service: it has no stock")
    if action.batch is not None and not item.batch_tracked:
        raise HubRefused(f"{action.sku} is not batch-tracked: name no batch")
    if action.batch is None and item.batch_tracked and action.delta:
        raise HubRefused(f"{action.sku} is batch-tracked: name the batch")
    batch = _batch(desk, {}, item.id, place, action.batch, action.delta)
    return _Figure(item.id, place, action.delta, _made(desk, item.id, batch))


@dataclass(frozen=True, slots=True)
class _NewBatch:
    """A batch by a number that Katana does not have yet."""

    number: str


def _batch(
    desk: Desk,
    known: dict[tuple[str, str], dict[str, str]],
    variant_id: str,
    location: str,
    number: str | None,
    delta: Decimal,
) -> str | _NewBatch | None:
    """The id of a batch by its number; pieces may begin a new one. Raises HubRefused where there is none to take of."""
    if not number:
        return None
    if (variant_id, location) not in known:
        found = _batches(desk, {"variant_id": variant_id, "location_id": location})
        known[variant_id, location] = {one.number: one.id for one in found}
    if number in known[variant_id, location]:
        return known[variant_id, location][number]
    if delta < 0:
        raise HubRefused(f"batch {number} is not at this location in Katana: there is nothing to take from it")
    return _NewBatch(number) if delta else None


def _made(desk: Desk, variant_id: str, batch: str | _NewBatch | None) -> str | None:
    """The id of a batch, which is made once where it is new: one that is empty, or elsewhere, is the same."""
    if not isinstance(batch, _NewBatch):
        return batch

    def look() -> str | None:
        asked = {"variant_id": variant_id, "batch_number": batch.number}
        found = _batches(desk, asked, others={"include_empty": "true"})
        return found[0].id if found else None

    def send(sent: Mapping[str, Any]) -> str:
        return readable(read_id, desk.client.post("batches", sent, priority=_NOW))

    body = {"variant_id": int(variant_id), "batch_number": batch.number}
    return make_once(desk.connection, Creation("batch", f"{variant_id}:{batch.number}", body, look, send)).id


def _batches(desk: Desk, asked: Mapping[str, str], others: ManyParams | None = None) -> list[BatchRecord]:
    said = desk.client.matching("batch_stocks", asked, priority=_NOW, others=others)
    return all_readable(read_batch, (one for one in said if one.get("batch_id") is not None))


# -- once ----------------------------------------------------------------------------------------------------------


def _count(desk: Desk, source: str, figures: Sequence[_Figure]) -> str:
    """The same again, as long as it is not done, is the same: then what is missing of it is made."""
    lines = [figure.json for figure in figures]
    digest = hashlib.sha256(json_text.write([source, lines]).encode()).hexdigest()
    values = {"source": source, "digest": digest, "lines": Jsonb(lines)}
    row = desk.connection.execute(_SQL["begin_count"], values).fetchone()
    assert row is not None
    _adjust(desk, figures, number=_number(row["id"], row["counted_at"]), reason=f"count {row['id']}: {source}")
    keep_counted(desk.connection, [(figure.variant_id, figure.location) for figure in figures])
    desk.connection.execute(_SQL["end_count"], {"id": row["id"]})
    return str(row["id"])


def _take_back(desk: Desk, count_id: str) -> str:
    row = _past(desk, count_id)
    later = desk.connection.execute(_SQL["later_count"], {"id": row["id"]}).fetchone()
    if later is not None:
        raise HubRefused(f"count {later['id']} counted some of the same items since: take that back first")
    figures = [_Figure(one, place, -Decimal(delta), batch) for one, place, delta, batch in row["lines"]]
    number = f"{_number(row['id'], row['counted_at'])} back"
    _adjust(desk, figures, number=number, reason=f"count {row['id']} is taken back")
    desk.connection.execute(_SQL["taken_back"], {"id": row["id"]})
    return count_id


def _past(desk: Desk, count_id: str) -> Row:
    asked = {"id": int(count_id) if count_id.isdecimal() and len(count_id) < 16 else 0}
    row = desk.connection.execute(_SQL["past_count"], asked).fetchone()
    if row is None:
        raise HubRefused(f"there is no count {count_id}")
    if row["taken_back_at"] is not None:
        raise HubRefused(f"count {count_id} was taken back already")
    return row


def _adjust(desk: Desk, figures: Sequence[_Figure], *, number: str, reason: str) -> None:
    """What nothing moves by is not told: Katana has no such line."""
    places = dict.fromkeys(figure.location for figure in figures if figure.delta)
    for location in places:
        here = [figure for figure in figures if figure.location == location and figure.delta]
        body = {
            "location_id": int(location),
            "stock_adjustment_number": f"{number} {location}",
            "reason": f"storesync {reason}",
            "stock_adjustment_rows": [figure.body for figure in here],
        }
        _make(desk, body)


def _make(desk: Desk, body: Mapping[str, Any]) -> str:
    number = body["stock_adjustment_number"]

    def look() -> str | None:
        asked, others = {"stock_adjustment_number": number}, {"include_deleted": "true"}
        found = desk.client.matching(_PATH, asked, priority=_NOW, others=others)
        return readable(read_id, found[0]) if found else None

    def send(sent: Mapping[str, Any]) -> str:
        return readable(read_id, desk.client.post(_PATH, sent, priority=_NOW))

    return make_once(desk.connection, Creation(_KIND, number, body, look, send, is_ours_alone=True)).id


def _number(count_id: int, counted_at: datetime) -> str:
    """By what it is found again, and no other installation of us has it."""
    return f"storesync {count_id}-{counted_at:%Y%m%d%H%M%S%f}"
