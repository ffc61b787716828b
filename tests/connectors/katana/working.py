"""An order of the store in Katana, and what is done with it: a test names only what it is about."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from connectors.katana.applying import Applier
from connectors.katana.orders import OrderReader
from connectors.postgres import Connection
from sandbox import KatanaAccount
from schemas.actions import ChangeRow, CreateOrder, HubAction
from schemas.groups import Answers, Group
from schemas.hub import DraftRow, HubOrder, HubRow
from tests.connectors.katana.makers import order


@dataclass
class Work:
    """Somebody at work on order 5001."""

    applier: Applier
    orders: OrderReader
    account: KatanaAccount
    database: Connection
    store: int
    id: str = ""

    def create(self, *rows: DraftRow, **changes: Any) -> HubOrder:
        """The order, which is the one from now on."""
        creation = CreateOrder(order(self.account, self.store, *rows, **changes))
        self.id = self.do(creation).made(creation)
        return self.read()

    def do(self, *actions: HubAction, may_be_refused: bool = False) -> Answers:
        """Actions as one group."""
        return self.applier.apply([Group("all", actions, may_be_refused=may_be_refused)])

    def refusal(self, *actions: HubAction) -> str:
        """Why a group is refused."""
        refused = self.do(*actions, may_be_refused=True).refusal("all")
        assert refused is not None
        return refused

    def read(self) -> HubOrder:
        """The order as it stands now."""
        found = self.orders.order(self.id)
        assert found is not None
        return found

    def row(self, line: str = "11") -> HubRow:
        """One of its rows as it stands."""
        (row,) = (row for row in self.read().rows if row.external_id == line)
        return row

    @property
    def number(self) -> int:
        """Katana's own."""
        return int(self.id)

    def there(self) -> list[Any]:
        """Its rows as Katana has them."""
        return list(self.account.rows.table.of(self.number))

    def parcels(self) -> list[Any]:
        """Its fulfilments."""
        return list(self.account.fulfillments.table.of(self.number))

    def asked(self, since: int = 0) -> list[str]:
        """Methods and paths in order, from a number on."""
        return [f"{one.method} {one.path}" for one in self.account.asked_for()[since:]]

    def count(self) -> int:
        """How many requests there were."""
        return len(self.account.asked_for())

    def writes(self, since: int = 0) -> list[Any]:
        """The requests that write."""
        return [one for one in self.account.asked_for()[since:] if one.method != "GET"]

    def is_old(self) -> None:
        """The order was made long ago: reads that are late show it by now."""
        self.database.execute("UPDATE katana_orders SET made_at = made_at - interval '1 day'")
        self.account.ahead += timedelta(days=1)
        self.orders.forget()

    @contextmanager
    def lag(self) -> Iterator[None]:
        """Katana shows for a while what stood before."""
        self.is_old()
        self.account.oddities.lag_seconds = 3600
        yield
        self.account.oddities.lag_seconds = 0
        self.orders.forget()

    def later(self, seconds: int) -> None:
        """So much time passes for what is open."""
        self.database.execute(
            f"UPDATE katana_intents SET sent_at = sent_at - interval '{seconds} seconds',"
            f" leased_until = leased_until - interval '{seconds} seconds'".encode()
        )


def quantity(row: HubRow, pieces: int, *, price: int = 30) -> ChangeRow:
    """A row in another quantity at a price, without discount, as its order names it."""
    total = Decimal(pieces * price)
    return ChangeRow("", row.id, Decimal(pieces), Decimal(price), Decimal(0), row.tax_rate, total, total / 5)


def paths(requests: Sequence[Any]) -> list[str]:
    """Methods and paths."""
    return [f"{one.method} {one.path}" for one in requests]
