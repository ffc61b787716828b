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
from connectors.postgres import Connection, Row, queries
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
        row = self._connection.execute(_SQL["mirror"]).fetchone() or self.begin()
        if row["age"] > CATCH_UP:
            return False
        if (row["next_page"] is not None or row["age"] > FRESH) and not self._catch_up():
            return False
        return self._connection.execute(_SQL["has_origin"], {"key": origin.key}).fetchone() is None

    # -- by polls

    def begin(self) -> Row:
        """From now on it is kept, unless it was before; how far it goes."""
        self._connection.execute(_SQL["begin_mirror"])
        row = self._connection.execute(_SQL["mirror"]).fetchone()
        assert row is not None
        return row

    def noting(self, pages: Iterable[Page]) -> Iterator[Page]:
        """Pages of sales orders as they were read, each known once it is given back."""
        for page in pages:
            keys = [key for key in map(key_said, page) if key]
            if keys:
                self._connection.execute(_SQL["keep_origins"], {"keys": keys})
            yield page

    def is_read(self, *, since: datetime, at: datetime) -> None:
        """What changed since a moment was noted to its end, read from another one on."""
        if not self._connection.execute(_SQL["mirror_read"], {"since": since, "at": at}).rowcount:
            self._connection.execute(_SQL["begin_mirror_again"], {"at": at})

    def read_on(self) -> None:
        """Some more pages of all orders. Where Katana does not let us, another time."""
        try:
            self._read_pages(self.begin()["next_page"], Priority.BACKFILL)
        except ConnectorError as error:
            _LOG.info("reading all of Katana's sales orders goes on later: %s", error)

    def _catch_up(self) -> bool:
        """Read what is missing, for all who make orders; False where somebody is at it, or where it is too much."""
        row = self._connection.execute(_SQL["claim_mirror"], {"within": _ONE_AT_A_TIME}).fetchone()
        if row is None:
            return False
        try:
            if row["now"] - row["read_until"] > FRESH:
                self._read_changed(since=row["read_until"] - OVERLAP, at=row["now"])
            return self._read_pages(row["next_page"], Priority.ORDERS)
        finally:
            if not self._connection.broken:
                self._connection.execute(_SQL["free_mirror"])

    def _read_changed(self, *, since: datetime, at: datetime) -> None:
        asked = {"updated_at_min": written_time(since), **_ALL}
        for _ in self.noting(self._client.pages("sales_orders", asked, priority=Priority.ORDERS)):
            pass
        self.is_read(since=since, at=at)

    def _read_pages(self, first: int | None, priority: Priority) -> bool:
        """Some more pages of all orders; whether all are known.

        Pages that were read are not read again: what comes up, or changes, moves others behind them, and is polled.
        """
        if first is None:
            return True
        pages, page = self._client.pages("sales_orders", _ALL, priority=priority, first=first), first
        for _ in self.noting(pages):
            self._connection.execute(_SQL["page_read"], {"page": page, "next_page": page + 1})
            page += 1
            if page - first == _PAGES:
                return False
        return self._connection.execute(_SQL["page_read"], {"page": page, "next_page": None}).rowcount > 0
