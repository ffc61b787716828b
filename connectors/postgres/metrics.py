"""What who watches is told from PostgreSQL: figures that are kept, or found by an index."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from connectors.postgres import Connection, chosen, queries, read_all
from schemas.settings import Value

_SQL: Final = queries("metrics")

MOST: Final = 10_000  # of one kind that are counted of a store: so many, or more
TIMEOUT_SECONDS: Final = 2  # of each question


@dataclass(frozen=True, slots=True)
class WatchedStore:
    """A connected store. `fetch_age` are seconds since its last complete fetch, or since it was activated.

    `audit_age` are those since its list of orders was compared, or since it was connected; `missing` is how many orders
    were missing then, None where it never was.
    """

    id: int
    name: str
    platform: str
    settings: dict[str, Value]
    state: str
    reason: str | None
    fetch_age: float
    audit_age: float
    missing: int | None


@dataclass(frozen=True, slots=True)
class CountedOrders:
    """How many orders of a store are in a state for a reason."""

    store_id: int
    state: str
    reason: str | None
    orders: int


@dataclass(frozen=True, slots=True)
class DueWork:
    """What of a store waits, and how many seconds its oldest order has waited."""

    store_id: int
    orders: int
    oldest_seconds: float
    fulfillments: int
    skus: int


def hurry(connection: Connection) -> None:
    """Let no question from here on take long: who watches asks again, and holds nobody up."""
    connection.execute(_SQL["answer_soon"], {"timeout": f"{TIMEOUT_SECONDS}s"})


@contextmanager
def in_a_hurry(connection: Connection) -> Iterator[None]:
    """The same for as long as this lasts: the connection goes back to others."""
    hurry(connection)
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("RESET statement_timeout")


def watched_stores(connection: Connection) -> list[WatchedStore]:
    """The connected stores."""
    return read_all(connection, WatchedStore, _SQL["watched_stores"])


def orders_by_state(connection: Connection) -> list[CountedOrders]:
    """How many orders there are, by store, state and reason; of disconnected stores too."""
    return read_all(connection, CountedOrders, _SQL["orders_by_state"])


def hidden_notes(connection: Connection) -> set[tuple[int, str]]:
    """Reasons, each of a store, for which what was noted of its orders is hidden: nothing came to them since."""
    return {(row["store_id"], row["reason"]) for row in connection.execute(_SQL["hidden_notes"])}


def hide_notes(connection: Connection, reason: str, *, store_id: int | None, who: str) -> list[int]:
    """Hide what was noted for a reason until more come to it; of which stores."""
    values = {"reason": reason, "store_id": store_id, "who": who}
    return [row["store_id"] for row in connection.execute(_SQL["hide_notes"], values)]


def show_notes(connection: Connection, reason: str) -> list[int]:
    """Show it again; of which stores it was hidden."""
    return [row["store_id"] for row in connection.execute(_SQL["show_notes"], {"reason": reason})]


def failing_in_hub(connection: Connection) -> list[CountedOrders]:
    """Orders that stand in the hub and were set aside there."""
    return read_all(connection, CountedOrders, chosen(_SQL["orders_failing_in_hub"], (), limit=MOST))


def due_work(connection: Connection) -> list[DueWork]:
    """What waits, of each connected store."""
    return read_all(connection, DueWork, chosen(_SQL["what_is_due"], (), limit=MOST))
