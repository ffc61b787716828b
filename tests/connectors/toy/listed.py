"""How a test adds the toy to the platforms: one line, and one for its stand-in."""

from typing import Final

import pytest

from connectors import platforms
from connectors.platforms import Place
from sandbox import SANDBOXES
from tests.connectors.toy.sandbox import open_toy

LINE: Final = Place("tests.connectors.toy", "tests.connectors.toy.connector:Toy")


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform, for one test."""
    monkeypatch.setitem(platforms.PLATFORMS, "toy", LINE)
    monkeypatch.setitem(SANDBOXES, "toy", open_toy)
