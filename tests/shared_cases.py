"""Small inputs with their right values that lie beside the project; tests of them skip where they are absent."""

from pathlib import Path
from typing import Any, Final

import pytest

from connectors import json_text

_ROOT: Final = Path(__file__).resolve().parents[1]
_FOLDERS: Final = tuple(place / "shared" / "cases" for place in (_ROOT.parent, _ROOT.parent.parent))
_CONNECTIONS: Final = frozenset({"lineItems", "shippingLines", "fulfillmentOrders", "returns"})


def case(name: str) -> Any:
    """A case as a connector parses it; skips the test where there is none."""
    for folder in _FOLDERS:
        if (folder / f"{name}.json").is_file():
            return json_text.read((folder / f"{name}.json").read_text())
    return pytest.skip(f"the case {name} is not beside the project")


def shopify_case(name: str) -> Any:
    """A Shopify order, its lists as the connections they are, with what a list of orders always has."""
    always = {"id": "gid://shopify/Order/1", "createdAt": "2026-11-28T19:00:00Z", "closed": False}
    return always | {"updatedAt": always["createdAt"]} | _connected(case(name))


def _connected(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: {"nodes": _connected(part)} if key in _CONNECTIONS and isinstance(part, list) else _connected(part)
            for key, part in value.items()
        }
    return [_connected(one) for one in value] if isinstance(value, list) else value
