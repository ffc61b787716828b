"""What the last look at an order left, for the next one. It decides nothing."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from psycopg.types.json import Jsonb

from connectors.postgres import Connection, queries
from schemas.hub import Sending

_SQL: Final = queries("last_look")

Detail = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LastLook:
    """Reason and detail of both sides, the notes of its (last) import, and what its store was being told.

    `sendings` counts how often the last of these was written.
    """

    hub_order_id: str | None
    reason: str | None
    detail: Detail
    hub_reason: str | None
    hub_detail: Detail
    at_import: tuple[tuple[str | None, Detail], ...]
    sending: Sending | None
    sendings: int


def last_look(connection: Connection, store_id: int, external_id: str) -> LastLook | None:
    """What is remembered of an order; None where it is not known."""
    row = connection.execute(_SQL["last_look"], {"store_id": store_id, "external_id": external_id}).fetchone()
    if row is None:
        return None
    at_import = tuple((reason, detail) for reason, detail in row["at_import"])
    return LastLook(**row | {"at_import": at_import, "sending": _read_sending(row["sending"])})


def intend(
    connection: Connection, store_id: int, external_id: str, sending: Sending | None, *, seen: int | None = None
) -> int | None:
    """Write down what the store is about to be told, or that its answer is written down (None); `sendings` by then.

    None, and nothing is written, where somebody else has done so since `seen`, if that is given (FUL-14).
    """
    values = {"store_id": store_id, "external_id": external_id, "seen": seen}
    row = connection.execute(_SQL["intend"], values | {"sending": sending and Jsonb(_as_json(sending))}).fetchone()
    return None if row is None else int(row["sendings"])


def _as_json(sending: Sending) -> Detail:
    return {
        "lines": [[line, str(quantity)] for line, quantity in sending.lines],
        "asked_at": sending.asked_at and sending.asked_at.isoformat(),
        "there": list(sending.there),
    }


def _read_sending(value: Detail | None) -> Sending | None:
    if value is None:
        return None
    lines = tuple((line, Decimal(quantity)) for line, quantity in value["lines"])
    asked_at = datetime.fromisoformat(value["asked_at"]) if value["asked_at"] else None
    return Sending(lines, asked_at, tuple(value.get("there", ())))
