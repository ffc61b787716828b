"""Which fulfilments of our orders a store knows, and as what: ours to know, since Katana has no place for it.

One of Katana's may be told to a store, or be a store's. What a store sent before its order came is none of Katana's,
nor what it made anew of fulfilments that it called off. It asks Katana nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from psycopg.types.json import Jsonb

from connectors.errors import HubRefused
from connectors.katana.copies import OVERLAP
from connectors.postgres import Connection, queries
from schemas import actions
from schemas.hub import HubFulfillment, HubReturn, HubRow
from schemas.katana.order import FulfillmentRecord
from schemas.orders import ZERO

_SQL: Final = queries("fulfillments", __package__)
_TRACKING: Final = ("tracking_number", "carrier", "tracking_url")

Pieces = dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class KnownFulfillment:
    """What is written down of one. `key` is of one that we make in Katana: without an id nobody knows whether it is.

    `taken` are (fulfilment id, row id, pieces): of its rows what others had before.
    """

    id: int
    order_id: str
    fulfillment_id: str | None
    key: str | None
    external_id: str | None
    source: str
    rows: tuple[tuple[str, Decimal], ...]
    taken: tuple[tuple[str, str, Decimal], ...]
    tracking: Mapping[str, str | None]
    is_packed: bool
    is_fresh: bool  # we made it, or delivered it, a moment ago: reads may be older

    @property
    def is_open(self) -> bool:
        """Whether it may be among Katana's, by an id that we do not know yet."""
        return self.fulfillment_id is None and self.key is not None


def known_fulfillments(connection: Connection, order_id: str) -> list[KnownFulfillment]:
    """What is written down of an order's fulfilments, in the order in which it was."""
    return [
        KnownFulfillment(
            **{
                **row,
                "rows": _parts(row["rows"]),
                "taken": tuple((one, id_, Decimal(pieces)) for one, id_, pieces in row["taken"]),
            }
        )
        for row in connection.execute(_SQL["told_fulfillments"], {"order_id": order_id, "late": OVERLAP})
    ]


def known_returns(connection: Connection, order_id: str, rows: Sequence[HubRow]) -> tuple[HubReturn, ...]:
    """An order's returns, as far as stores made them.

    One that is there in part is told as its store has it, as long as nothing more was shipped of its lines: asked for
    again, no more of it would come.
    """
    by_line = {row.external_id: row for row in rows}
    found = []
    for row in connection.execute(_SQL["kept_returns"], {"order_id": order_id}):
        shipped = sum((by_line[line].shipped_quantity for line, _ in row["asked"] if line in by_line), ZERO)
        lines = _parts(row["lines"] if shipped > row["seen"] else row["asked"])
        by_row = tuple((by_line[line].id, pieces) for line, pieces in lines if line in by_line)
        found.append(HubReturn(row["external_id"], lines, by_row))
    return tuple(found)


def _parts(pieces: Iterable[tuple[str, str]]) -> tuple[tuple[str, Decimal], ...]:
    return tuple((name, Decimal(quantity)) for name, quantity in pieces)


def told(there: Sequence[FulfillmentRecord], known: Sequence[KnownFulfillment]) -> tuple[HubFulfillment, ...]:
    """Katana's fulfilments and those that only stores have, each with the pieces that count as its own."""
    ours = {one.id: one for one in whose(there, known)}
    found: dict[str, HubFulfillment] = {}
    for record in there:
        mine = ours.get(record.id)
        one = HubFulfillment(
            record.id,
            mine.external_id if mine else None,
            mine.source if mine else "hub",
            record.pieces,
            tracking_number=record.tracking_number,
            carrier=record.carrier,
            tracking_url=record.tracking_url,
        )
        same = next((id_ for id_, other in found.items() if other.external_id == one.external_id is not None), one.id)
        # Packed pieces and others that the store sent at once are two of Katana's, and one of the store's.
        found[same] = replace(found[same], rows=_sum([*found[same].rows, *one.rows])) if same in found else one
    for own in known:  # a person took it back: its store has it all the same (FUL-5)
        if own.external_id and own.fulfillment_id and own.fulfillment_id not in {record.id for record in there}:
            found[own.fulfillment_id] = HubFulfillment(own.fulfillment_id, own.external_id, own.source, ())
    for own in (own for own in known if own.fulfillment_id is None and own.key is None):
        id_, is_told = f"kept-{own.id}", own.source == "hub"
        found[id_] = HubFulfillment(
            id_, own.external_id, own.source, _sum(own.rows), **own.tracking, is_told_only=is_told
        )
    for own in known:
        for id_, row_id, pieces in own.taken:
            if id_ in found:
                found[id_] = replace(found[id_], rows=_sum([*found[id_].rows, (row_id, -pieces)]))
    emptied = {id_ for own in known for id_, _, _ in own.taken if id_ in found and not found[id_].rows}
    return tuple(one for id_, one in found.items() if id_ not in emptied)


@dataclass(frozen=True, slots=True)
class Whose:
    """One of Katana's fulfilments is what is written down; `key` is of one whose id we did not know."""

    id: str
    external_id: str | None
    source: str
    key: str | None = None


def whose(there: Sequence[FulfillmentRecord], known: Sequence[KnownFulfillment]) -> list[Whose]:
    """Which of Katana's are known; what we have sent and were not answered is the one with the same pieces (FUL-13)."""
    by_id = {one.fulfillment_id: one for one in known if one.fulfillment_id is not None}
    waiting = [one for one in known if one.is_open]
    found = []
    for record in there:
        mine = by_id.get(record.id) or next((one for one in waiting if _sum(one.rows) == _sum(record.pieces)), None)
        if mine is None:
            continue
        if mine in waiting:
            waiting.remove(mine)
        found.append(Whose(record.id, mine.external_id, mine.source, mine.key if mine.is_open else None))
    return found


def _sum(parts: Iterable[tuple[str, Decimal]]) -> tuple[tuple[str, Decimal], ...]:
    """Each row once, in the order of their ids; nothing stands for no piece."""
    pieces: Pieces = {}
    for row_id, quantity in parts:
        pieces[row_id] = pieces.get(row_id, ZERO) + quantity
    return tuple(sorted((row_id, quantity) for row_id, quantity in pieces.items() if quantity > 0))


# -- written -------------------------------------------------------------------------------------------------------


def begin(
    connection: Connection,
    action: actions.DeliverRows,
    key: str,
    pieces: Mapping[str, Decimal],
    *,
    is_packed: bool = False,
) -> None:
    """A fulfilment is about to be made in Katana: whatever comes of it, it is not taken for a person's."""
    values = {
        "order_id": action.order_id,
        "key": key,
        "external_id": action.external_id,
        "source": action.source,
        "rows": Jsonb([[row_id, str(quantity)] for row_id, quantity in pieces.items()]),
        "is_packed": is_packed,
    }
    connection.execute(_SQL["begin_making"], values)


def end(connection: Connection, order_id: str, key: str, fulfillment_id: str) -> None:
    """It is made, with this id."""
    values = {"order_id": order_id, "key": key, "fulfillment_id": fulfillment_id}
    with connection.transaction():
        connection.execute(_SQL["end_other_making"], values)
        connection.execute(_SQL["end_making"], values)


def delivered(connection: Connection, fulfillment_id: str) -> None:
    """A packed one is delivered by us, a moment ago."""
    connection.execute(_SQL["parcel_delivered"], {"fulfillment_id": fulfillment_id})


def give_up(connection: Connection, order_id: str, key: str) -> None:
    """It is not made after all."""
    connection.execute(_SQL["give_up_making"], {"order_id": order_id, "key": key})


def link(connection: Connection, order_id: str, fulfillment_id: str, *, external_id: str | None, source: str) -> None:
    """A store knows one of Katana's by an id (FUL-13). Raises HubRefused where it is known by another one."""
    values = {"order_id": order_id, "fulfillment_id": fulfillment_id, "external_id": external_id, "source": source}
    if connection.execute(_SQL["link_known"], values).fetchone() is None:
        raise HubRefused(f"fulfilment {fulfillment_id} is known to the store already, as another one")


def carry_out(connection: Connection, action: actions.LinkFulfillment | actions.RemakeFulfillment) -> str:
    """Remember what a store knows, or made anew; its id (FUL-7, FUL-13, FUL-14). Raises HubRefused."""
    match action:
        case actions.LinkFulfillment(fulfillment_id=str(fulfillment_id)):
            link(connection, action.order_id, fulfillment_id, external_id=action.external_id, source="hub")
            return fulfillment_id
        case actions.LinkFulfillment():
            return _keep(connection, action, source=action.source, rows=action.rows)
        case actions.RemakeFulfillment(taken=taken):
            tracking = {name: getattr(action, name) for name in _TRACKING}
            rows = [(row_id, pieces) for _, row_id, pieces in taken]
            return _keep(connection, action, source="store", rows=rows, taken=taken, tracking=tracking)


def _keep(
    connection: Connection,
    action: actions.LinkFulfillment | actions.RemakeFulfillment,
    *,
    source: str,
    rows: Iterable[tuple[str, Decimal]],
    taken: Iterable[tuple[str, str, Decimal]] = (),
    tracking: Mapping[str, Any] | None = None,
) -> str:
    values = {
        "order_id": action.order_id,
        "external_id": action.external_id,
        "source": source,
        "rows": Jsonb([[row_id, str(pieces)] for row_id, pieces in rows]),
        "taken": Jsonb([[id_, row_id, str(pieces)] for id_, row_id, pieces in taken]),
        "tracking": Jsonb(tracking or {}),
    }
    row = connection.execute(_SQL["keep_known"], values).fetchone()
    return f"kept-{row['id']}" if row else ""
