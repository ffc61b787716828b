"""Which orders of shops Katana has, kept fresh by polling: a first look at one costs no request (KAT-1).

Only what was never sent is looked for here: who else could have made it is another installation, or the shop's own
link to Katana. Whatever was sent before is looked for in Katana itself.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.errors import ConnectorError
from connectors.katana.budget import Priority
from connectors.katana.client import KatanaClient
from connectors.katana.copies import OVERLAP
from connectors.postgres import Connection, queries
from schemas.katana.numbers import written_time
from schemas.katana.order_json import Origin, key_said

FRESH: Final = timedelta(minutes=2)  # two polls: whoever finds it older reads what changed, for all
CATCH_UP: Final = timedelta(hours=1)  # whoever finds it older still leaves that to the next poll
_ONE_AT_A_TIME: Final = timedelta(seconds=30)
_PAGES: Final = 5  # of all orders, in a minute
_ALL: Final = {"include_deleted": "true"}
_SQL: Final = queries("mirror", __package__)
_LOG: Final = logging.getLogger(__name__)

Page = list[dict[str, Any]]


class OrderMirror:
    """The mirror in our database, and Katana behind it."""

    def __init__(self, connection: Connection, client: KatanaClient) -> None:
        self._connection, self._client = connection, client

    def lacks(self, origin: Origin) -> bool:
        """Whether nothing there said two minutes ago that it is this shop's order; False where that is not known.

        May raise a ConnectorError.
        """
        row = self._connection.execute(_SQL["mirror"]).fetchone()
        if row is None or row["next_page"] is not None or row["age"] > CATCH_UP:
            return False
        if row["age"] > FRESH and not self._refresh():
            return False
        return self._connection.execute(_SQL["has_origin"], {"key": origin.key}).fetchone() is None

    # -- by polls

    def begin(self, at: datetime) -> None:
        """Katana is asked from a moment on, unless it was before."""
        self._connection.execute(_SQL["begin_mirror"], {"at": at})

    def noting(self, pages: Iterable[Page]) -> Iterator[Page]:
        """Pages of sales orders as they were read, each known once it is given back."""
        for page in pages:
            keys = [key for key in map(key_said, page) if key]
            if keys:
                self._connection.execute(_SQL["keep_origins"], {"keys": keys})
            yield page

    def is_read(self, *, since: datetime, at: datetime) -> None:
        """What changed since a moment was noted to its end, read from another one on."""
        self._connection.execute(_SQL["mirror_read"], {"since": since, "at": at})

    def read_on(self) -> None:
        """Some more pages of all orders, until all are known. Where Katana does not let us, another time.

        Pages that were read are not read again: what comes up, or changes, moves others behind them, and is polled.
        """
        row = self._connection.execute(_SQL["mirror"]).fetchone()
        if row is None or row["next_page"] is None:
            return
        first = row["next_page"]
        pages = self._client.pages("sales_orders", _ALL, priority=Priority.BACKFILL, first=first)
        try:
            for number, _ in enumerate(self.noting(pages), first + 1):
                self._connection.execute(_SQL["page_read"], {"next_page": number})
                if number - first == _PAGES:
                    return
        except ConnectorError as error:
            _LOG.info("reading all of Katana's sales orders goes on later: %s", error)
            return
        self._connection.execute(_SQL["page_read"], {"next_page": None})

    def _refresh(self) -> bool:
        """Read what changed; False where somebody else is at it."""
        row = self._connection.execute(_SQL["refresh_mirror"], {"within": _ONE_AT_A_TIME}).fetchone()
        if row is None:
            return False
        since = row["read_until"] - OVERLAP
        asked = {"updated_at_min": written_time(since), **_ALL}
        for _ in self.noting(self._client.pages("sales_orders", asked, priority=Priority.ORDERS)):
            pass
        self.is_read(since=since, at=row["now"])
        return True
