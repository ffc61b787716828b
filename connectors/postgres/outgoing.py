"""The hub's side of orders in PostgreSQL: which of them their stores are to be told of, and what came of it."""

import json
from collections.abc import Sequence
from typing import Any, Final

from psycopg.types.json import Jsonb

from connectors.postgres import Connection, queries
from connectors.postgres.orders import BELL_SECONDS
from schemas.failures import PutOff
from schemas.outcomes import Told

_SQL: Final = queries("outgoing")

WINDOW: Final = 50  # bells of one store that are out at a time


def settle(connection: Connection, store_id: int, external_id: str, *, changed: int, told: Told) -> bool:
    """Mark the hub's side seen up to `changed` and journal what came of it; True when it moved meanwhile."""
    values = {
        **_key(store_id, external_id),
        "changed": changed,
        "reason": told.reason,
        "detail": Jsonb(told.detail),
        "is_failing": told.is_failing,
        "actions": [line.action for line in told.lines],
        "outcomes": [line.outcome for line in told.lines],
        "reasons": [line.reason for line in told.lines],
        "details": [json.dumps(line.detail) for line in told.lines],
    }
    row = connection.execute(_SQL["settle_outgoing"], values).fetchone()
    return bool(row and row["is_due"])


def put_off(connection: Connection, store_id: int, external_id: str, why: PutOff) -> None:
    """Tell the store later."""
    values = {**_key(store_id, external_id), **_why(why), "attempt": int(why.is_attempt)}
    connection.execute(_SQL["put_off_outgoing"], values)


def set_aside(connection: Connection, store_id: int, external_id: str, why: PutOff, *, changed: int) -> None:
    """Show the failure to the operator; journaled unless it is the same as last time."""
    connection.execute(_SQL["set_aside_outgoing"], {**_key(store_id, external_id), **_why(why), "changed": changed})


def covered(connection: Connection, store_id: int, external_id: str) -> None:
    """The store shows all that the hub shipped; the caller holds the hub's order."""
    connection.execute(_SQL["covered"], _key(store_id, external_id))


def tell_again(connection: Connection, store_id: int, external_id: str, reasons: Sequence[str]) -> None:
    """Make the hub's side due where its store was last not told for one of these reasons."""
    connection.execute(_SQL["tell_outgoing_again"], {**_key(store_id, external_id), "reasons": list(reasons)})


def pick_bells(connection: Connection, store_id: int) -> list[str]:
    """The orders of a store to ring for now, as far as its window has room; they count as rung."""
    values = {"store_id": store_id, "window": WINDOW, "patience": BELL_SECONDS}
    return [row["external_id"] for row in connection.execute(_SQL["ring_outgoing"], values)]


def unring(connection: Connection, store_id: int, external_id: str) -> None:
    """Let an order be rung again at once, if it is still due."""
    connection.execute(_SQL["unring_outgoing"], _key(store_id, external_id))


def due_stores(connection: Connection) -> list[int]:
    """Active stores that are to be told of an order now."""
    return [row["id"] for row in connection.execute(_SQL["stores_with_due_outgoing"])]


def stop(connection: Connection, store_id: int, why: PutOff) -> bool:
    """Tell a store of no order before a moment; True when that is new."""
    values = {"store_id": store_id, "due_at": why.until, "reason": why.reason, "detail": why.words}
    row = connection.execute(_SQL["stop"], values).fetchone()
    return bool(row and row["is_new"])


def go_on(connection: Connection, store_id: int, *, reason: str) -> bool:
    """Tell a store again what was stopped for a reason; False when nothing was."""
    was_stopped = connection.execute(_SQL["go_on"], {"store_id": store_id}).rowcount > 0
    if was_stopped:
        connection.execute(_SQL["free"], {"store_id": store_id, "reason": reason})
    return was_stopped


def forget_bells(connection: Connection) -> None:
    """No bell is on its way any more."""
    connection.execute(_SQL["forget_outgoing_bells"])


def _key(store_id: int, external_id: str) -> dict[str, Any]:
    return {"store_id": store_id, "external_id": external_id}


def _why(why: PutOff) -> dict[str, Any]:
    return {"due_at": why.until, "reason": why.reason, "detail": Jsonb(why.detail)}
