"""No platform without the suite that every connector passes."""

import importlib

from connectors import STORES
from tests.connectors.store_contract import StoreContract


def test_every_platform_keeps_the_contract() -> None:
    for platform in STORES:
        importlib.import_module(f"{__package__}.test_{platform}")

    assert {suite.case.platform for suite in StoreContract.__subclasses__()} == set(STORES)
