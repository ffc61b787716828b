"""A house of its own for each flow: it is killed in every way, and shares nothing."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.process import close_process
from tests.flows.house import House, open_house
from workers.embedded import stop_servers


@pytest.fixture
def house() -> Iterator[House]:
    """An installation with embedded servers and no program running yet."""
    home = Path(tempfile.mkdtemp(prefix="storesync-flow-"))
    home.chmod(0o711)
    try:
        with open_house(home) as house:
            yield house
    finally:
        close_process()
        stop_servers(house.config)
        shutil.rmtree(home, ignore_errors=True)
