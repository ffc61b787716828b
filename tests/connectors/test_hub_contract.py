"""No hub without the suite that every hub passes."""

import importlib
from typing import Any, cast

from connectors.hubs import HUBS
from tests.connectors.hub_contract import HubContract


def test_every_hub_keeps_the_contract() -> None:
    for name in HUBS:
        importlib.import_module(f"{__package__}.{name}_hub.test_contract")

    nobody = cast(Any, None)
    assert {suite.case.open(nobody).facts.name for suite in HubContract.__subclasses__()} >= HUBS.keys()
