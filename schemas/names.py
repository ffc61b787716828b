"""How an order and its rows are named as long as the hub has given them no id: by what they are in their store.

Ids are text, and so are these names; a hub that is told one looks the id up. No hub's own id has a colon.
"""

from typing import Final

_ORDER: Final = "order:"
_LINE: Final = "line:"


def name_of_order(store_id: int, external_id: str) -> str:
    """The sales order that stands for a store's order."""
    return f"{_ORDER}{store_id}:{external_id}"


def order_named(name: str) -> tuple[int, str] | None:
    """The store's id and the order's external id; None for an id of the hub's own."""
    if not name.startswith(_ORDER):
        return None
    store_id, _, external_id = name.removeprefix(_ORDER).partition(":")
    return int(store_id), external_id


def name_of_row(line: str) -> str:
    """The row of an order that stands for a store's line, by the line's external id."""
    return f"{_LINE}{line}"


def line_named(name: str) -> str | None:
    """The external id of the line; None for an id of the hub's own."""
    return name.removeprefix(_LINE) if name.startswith(_LINE) else None
