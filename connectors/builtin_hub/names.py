"""Where the built-in hub looks up the names that actions have for orders and rows. It writes nothing."""

from dataclasses import dataclass
from typing import Final

from connectors.postgres import Connection, queries

_SQL: Final = queries("hub", __package__)


@dataclass(frozen=True, slots=True)
class BuiltinNames:
    """Its orders and rows, by what they are in their stores."""

    connection: Connection

    def order_of(self, store_id: int, external_id: str) -> str | None:
        """The id of a store's order; None where there is none."""
        asked = {"store_id": store_id, "external_id": external_id}
        found = self.connection.execute(_SQL["order_of_store"], asked).fetchone()
        return str(found["id"]) if found else None

    def rows_of(self, order_id: str, lines: list[str]) -> dict[str, str]:
        """The ids of those of its rows that lines stand for."""
        asked = {"order_id": order_id, "lines": lines}
        return {row["external_id"]: row["id"] for row in self.connection.execute(_SQL["rows_of_lines"], asked)}
