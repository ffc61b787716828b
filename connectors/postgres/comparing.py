"""The daily comparison of a store's stock in PostgreSQL: what ever agreed, what is told again, how it ended."""

from collections.abc import Sequence
from typing import Any, Final

from psycopg.types.json import Jsonb

from connectors.postgres import Connection, queries

_SQL: Final = queries("comparing")


def due_stores(connection: Connection) -> list[int]:
    """Stores whose whole catalogue was read, and is to be compared."""
    return [row["id"] for row in connection.execute(_SQL["stores_to_compare"])]


def want(connection: Connection, store_id: int) -> None:
    """Have a store that is told stock compared: all of its catalogue was just read."""
    connection.execute(_SQL["want_comparison"], {"store_id": store_id})


def agreed(connection: Connection, store_id: int, skus: Sequence[str]) -> set[tuple[str, str]]:
    """Items and places of some SKUs that ever showed the hub's figure."""
    found = connection.execute(_SQL["agreed"], {"store_id": store_id, "skus": list(skus)})
    return {(row["external_id"], row["place"]) for row in found}


def agree(connection: Connection, store_id: int, keys: Sequence[tuple[str, str]]) -> None:
    """These items show the hub's figure at these places."""
    values = {"ids": [id_ for id_, _ in keys], "places": [place for _, place in keys]}
    connection.execute(_SQL["agree"], {"store_id": store_id} | values)


def tell_again(connection: Connection, store_id: int, skus: Sequence[str], *, wants_look: bool) -> None:
    """Make SKUs due; with `wants_look` the store is asked first what it shows. A store that waits goes on waiting."""
    values = {"store_id": store_id, "skus": sorted(set(skus)), "wants_look": wants_look}
    connection.execute(_SQL["tell_skus_again"], values)


def done(connection: Connection, store_id: int, outcome: dict[str, Any]) -> None:
    """Keep what came of it."""
    connection.execute(_SQL["done"], {"store_id": store_id, "outcome": Jsonb(outcome)})
