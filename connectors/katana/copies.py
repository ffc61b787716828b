"""Copies of what seldom moves in Katana: read again when they are old, and asked instead of it. It decides nothing."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from psycopg.types.json import Jsonb

from connectors.errors import Unavailable
from connectors.katana.absent import Absent
from connectors.katana.budget import OVERDUE, Priority
from connectors.katana.client import KatanaClient
from connectors.katana.reading import readable
from connectors.postgres import Connection, Row, queries
from schemas.errors import Unreadable
from schemas.katana.numbers import written_time
from schemas.katana.records import (
    AccountRecord,
    Copied,
    read_account,
    read_customer,
    read_location,
    read_service,
    read_tax_rate,
    read_variant,
)
from schemas.orders import Kind

OVERLAP: Final = timedelta(minutes=20)  # reads of Katana were seen to be older than its writes by more than ten

Reader = Callable[[Any], list[Copied]]

_SQL: Final = queries("copies", __package__)
_ACCOUNT: Final = "factory"
_ACCOUNT_EVERY: Final = timedelta(hours=1)
_DELETED: Final = {"include_deleted": "true"}


@dataclass(frozen=True, slots=True)
class CopyList:
    """One of Katana's lists: where it is, how one of its entries is read, and how old a copy of it may be.

    `kind` is what its entries are: two lists may hold the same. Of one that `has_dates` only what moved is read.
    """

    path: str
    kind: str
    read: Reader
    every: timedelta
    asked: dict[str, str]
    has_dates: bool = True


LOCATIONS: Final = CopyList("locations", "location", read_location, timedelta(hours=1), _DELETED, has_dates=False)
TAX_RATES: Final = CopyList("tax_rates", "tax rate", read_tax_rate, timedelta(hours=1), {}, has_dates=False)
VARIANTS: Final = CopyList(
    "variants",
    "variant",
    read_variant,
    timedelta(minutes=10),
    {**_DELETED, "include_archived": "true", "extend": "product_or_material"},
)
SERVICES: Final = CopyList(
    "services", "variant", read_service, timedelta(minutes=10), {**_DELETED, "include_archived": "true"}
)
CUSTOMERS: Final = CopyList("customers", "customer", read_customer, timedelta(minutes=10), _DELETED)


class Copies:
    """The copies in our database, and Katana behind them. Methods that ask Katana may raise a ConnectorError."""

    def __init__(self, connection: Connection, client: KatanaClient, absent: Absent | None = None) -> None:
        self._connection, self._client = connection, client
        self.absent = absent or Absent()

    def refresh(self, *lists: CopyList) -> None:
        """Read again those lists whose copies are older than they may be."""
        for one in lists:
            row = self._connection.execute(_SQL["poll"], {"what": one.path}).fetchone()
            if row and (row["read_at"] is None or row["now"] - row["read_at"] >= one.every):
                now, at = row["now"], row["read_at"]
                is_overdue = at is not None and now - at >= one.every + OVERDUE
                priority = Priority.OVERDUE if is_overdue else Priority.POLL
                self._read(one, now=now, until=row["read_until"], priority=priority)

    def read_now(self, one: CopyList, *, unless_within: timedelta) -> None:
        """Read what moved of a list for orders that wait for it, unless that was begun a moment ago."""
        row = self._connection.execute(_SQL["poll"], {"what": one.path}).fetchone()
        assert row is not None
        now, until = row["now"], row["read_until"]
        if row["read_at"] is None or now - until > unless_within:
            self._read(one, now=now, until=until, priority=Priority.ORDERS)

    def account(self, *, now: bool = False) -> AccountRecord:
        """What holds for the whole account, as it was at most an hour ago, or as it is now."""
        poll = self._connection.execute(_SQL["poll"], {"what": _ACCOUNT}).fetchone()
        kept = self._connection.execute(_SQL["kept_account"], {"kind": _ACCOUNT}).fetchone()
        if not now and kept and poll and poll["read_at"] is not None and poll["now"] - poll["read_at"] < _ACCOUNT_EVERY:
            return _account(kept["record"])
        account = readable(read_account, self._client.get(_ACCOUNT, priority=Priority.POLL))
        copy = {"id": _ACCOUNT, "name": "", "is_gone": False, "record": _record(account)}
        self._connection.execute(_SQL["keep_copies"], {"kind": _ACCOUNT, "copies": Jsonb([copy])})
        if poll:
            self._connection.execute(_SQL["polled"], {"what": _ACCOUNT, "read_until": poll["now"]})
        return account

    def outdate(self, one: CopyList) -> None:
        """Katana said something that does not go with a copy: it is read at once when it is needed next."""
        self._connection.execute(_SQL["poll_again"], {"what": one.path})

    def all(self, one: CopyList) -> list[Copied]:
        """All that is there of a kind, the oldest first."""
        return [_copied(row) for row in self._connection.execute(_SQL["copies_of"], {"kind": one.kind})]

    def by(
        self,
        one: CopyList,
        *,
        skus: Collection[str] = (),
        ids: Collection[str] = (),
        emails: Collection[str] = (),
        names: Collection[str] = (),
    ) -> list[Copied]:
        """What is there of a kind by any of these, the oldest first. E-mails and names are the same in any case."""
        values = {
            "kind": one.kind,
            "skus": list(skus),
            "ids": list(ids),
            "emails": [email.lower() for email in emails],
            "names": [name.lower() for name in names],
        }
        return [_copied(row) for row in self._connection.execute(_SQL["copies_by"], values)]

    def beyond(self, one: CopyList, id_: str | None, *, limit: int) -> list[Copied]:
        """The next that are there of a kind behind the one with an id, the oldest first; from the first one on."""
        values = {"kind": one.kind, "beyond": id_, "limit": limit}
        return [_copied(row) for row in self._connection.execute(_SQL["copies_beyond"], values)]

    def is_gone(self, one: CopyList, id_: str) -> bool:
        """Whether something was deleted in Katana, as far as its copy knows."""
        return self._connection.execute(_SQL["gone_copy"], {"kind": one.kind, "id": id_}).fetchone() is not None

    def keep(self, one: CopyList, copies: Iterable[Copied]) -> None:
        """Keep what was read, or what Katana answered to a write. Of a customer who is gone nothing else (DOR-6)."""
        read = list(copies)
        gone = [copy.id for copy in read if copy.is_gone] if one is CUSTOMERS else []
        kept = [_row(_unnamed(copy) if copy.id in gone else copy) for copy in read]
        if kept:
            self._connection.execute(_SQL["keep_copies"], {"kind": one.kind, "copies": Jsonb(kept)})
        if gone:  # an intent is known by whom it was about
            self._connection.execute(_SQL["forget_gone_customers"], {"ids": gone})

    def _read(self, one: CopyList, *, now: datetime, until: datetime | None, priority: Priority) -> None:
        asked = dict(one.asked)
        if one.has_dates and until is not None:
            asked["updated_at_min"] = written_time(until - OVERLAP)
        for page in self._client.pages(one.path, asked, priority=priority):
            self.keep(one, read_entries(one.path, one.read, page))
        self._connection.execute(_SQL["polled"], {"what": one.path, "read_until": now})


def read_entries(path: str, read: Reader, page: Iterable[Any]) -> list[Copied]:
    """What the entries of a list are. Raises Unavailable where one cannot be read: no list is half known."""
    try:
        return [copy for entry in page for copy in read(entry)]
    except Unreadable as error:
        raise Unavailable(f"{path} cannot be read: {error}") from error


def _record(account: AccountRecord) -> dict[str, Any]:
    closed = account.closed_until
    return asdict(account) | {"closed_until": None if closed is None else closed.isoformat()}


def _account(record: dict[str, Any]) -> AccountRecord:
    closed = record["closed_until"]
    return AccountRecord(**record | {"closed_until": None if closed is None else date.fromisoformat(closed)})


def _unnamed(copy: Copied) -> Copied:
    return replace(copy, name="", email=None)


def _row(copy: Copied) -> dict[str, Any]:
    return {
        "id": copy.id,
        "sku": copy.sku,
        "name": copy.name,
        "email": copy.email,
        "created_at": copy.created_at.isoformat() if copy.created_at else None,
        "is_gone": copy.is_gone,
        "record": {
            "rate": None if copy.rate is None else str(copy.rate),
            "kind": copy.kind,
            "batch_tracked": copy.batch_tracked,
        },
    }


def _copied(row: Row) -> Copied:
    record = row.pop("record")
    rate = record["rate"]
    return Copied(
        **row,
        rate=None if rate is None else Decimal(rate),
        kind=Kind(record["kind"]),
        batch_tracked=record["batch_tracked"],
    )
