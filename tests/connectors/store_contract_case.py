"""What a platform brings to the suite that every connector passes: how its sandbox is worked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from connectors import open_store
from connectors.sandbox import RunningSandbox, open_sandbox
from connectors.store import StoreConnector


@dataclass(frozen=True)
class PlatformCase:
    """How a sandbox of the platform is worked; each returns an order's external id or takes one."""

    platform: str
    place_open: Callable[[Any], str]  # several pieces of one line
    place_closed: Callable[[Any], str]
    place_broken: Callable[[Any], str]
    edit: Callable[[Any, str], None]
    complete: Callable[[Any, str], object]  # the merchant says that the order is with its buyer
    add_item: Callable[[Any, str, int], str]  # an item with a SKU and pieces; returns what its stock is called
    oldest: timedelta = timedelta(days=400)  # how old an order is that the first connection must still bring


class Contract:
    """An empty shop and its connector."""

    case: ClassVar[PlatformCase]

    @pytest.fixture
    def sandbox(self) -> Iterator[RunningSandbox[Any]]:
        """An empty shop."""
        with open_sandbox(self.case.platform, orders=0) as sandbox:
            yield sandbox

    @pytest.fixture
    def store(self, sandbox: RunningSandbox[Any]) -> StoreConnector:
        """A connector to it."""
        return open_store(self.case.platform, sandbox.url, sandbox.credentials, allow_insecure=True)
