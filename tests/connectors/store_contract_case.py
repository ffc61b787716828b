"""What a platform brings to the suite that every connector passes: how its sandbox is worked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

import pytest

from connectors.cursor import Cursor
from connectors.platforms import open_store
from connectors.store import StoreConnector
from sandbox import RunningSandbox, open_sandbox


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
    sent_answer: Callable[[Any, str], str | bytes]  # how the shop answers who tells it that this order is sent
    rename_item: Callable[[Any, str, str], object]  # another SKU of an item, by what its stock is called
    stock_call: str  # what is in "METHOD /path" of the calls that tell stock
    read_call: str = "GET"  # … and of those that read
    oldest: timedelta = timedelta(days=400)  # how old an order is that the first connection must still bring


# What something before a shop, or a broken plugin, may say with status 200 to whoever writes.
NO_ANSWERS: Final = {
    "a page": "<!DOCTYPE html><html><body>Just a moment...</body></html>",
    "nothing": "",
    "null": "null",
    "a word": '"ok"',
    "yes": "true",
    "a list": "[]",
    "a list of nothing": "[{}]",
    "an object": "{}",
    "data": '{"data":{}}',
    "success": '{"success":true,"status":200}',
    "half of it": '{"id":',
}


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


def following(moment: datetime) -> str:
    """The cursor of a store that was read up to a moment."""
    return Cursor(moment, moment, moment).text()
