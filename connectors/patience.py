"""Walking through a store's catalogue while somebody waits for it. Workers never do: they come back later."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from connectors.errors import RateLimited
from connectors.store import StoreConnector
from schemas.stock import CataloguePage

LONGEST: Final = timedelta(seconds=30)  # a store that asks for more is not waited for
TRIES: Final = 5  # in a row without a page


def walk_catalogue(store: StoreConnector, since: datetime | None = None) -> Iterator[CataloguePage]:
    """Every page to the end, waiting where the store asks for it. Raises a ConnectorError."""
    after: str | None = None
    tries = 0
    while True:
        try:
            for page in store.catalogue(since, after=after):
                yield page
                after, tries = page.position, 0
        except RateLimited as error:
            wait = error.until - datetime.now(UTC)
            tries += 1
            if wait > LONGEST or tries >= TRIES or after is None:
                raise
            time.sleep(max(0.0, wait.total_seconds()))
        else:
            return
