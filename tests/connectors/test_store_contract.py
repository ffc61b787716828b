"""No platform without the suite that every connector passes."""

import importlib

from connectors import platforms
from tests.connectors.store_contract import StoreContract


def test_every_platform_keeps_the_contract() -> None:
    for platform in platforms.PLATFORMS:
        importlib.import_module(f"{__package__}.{platform}.test_connector")

    assert {suite.case.platform for suite in StoreContract.__subclasses__()} >= set(platforms.PLATFORMS)
