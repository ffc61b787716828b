"""Small inputs with known right values, which are no part of the project: tests that read them skip without them."""

from pathlib import Path
from typing import Any

import pytest

from connectors import json_text

_ROOT = Path(__file__).resolve().parents[1]


def case(name: str) -> Any:
    """A case's JSON as connectors parse it."""
    files = [folder / "shared" / "cases" / f"{name}.json" for folder in _ROOT.parents[:2]]
    found = next((file for file in files if file.is_file()), None)
    if found is None:
        pytest.skip(f"the case {name} is not here")
    return json_text.read(found.read_text())
