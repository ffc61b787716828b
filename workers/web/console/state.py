"""How things stand, for Home, Needs you and the navigation: from figures that are kept, whatever is stored (CON-3)."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from connectors import platforms
from connectors.postgres import Connection, metrics
from connectors.postgres.metrics import CountedOrders, DueWork, WatchedStore
from schemas.reasons import describe
from schemas.settings import fetch_every
from tasks.rules.health import is_in_step


@dataclass(frozen=True, slots=True)
class ReasonGroup:
    """Orders with one reason: how many, by the name of their store. Of `kind` failed, noted or waiting."""

    kind: str
    reason: str
    stores: Mapping[str, int]

    @property
    def orders(self) -> int:
        """How many in all."""
        return sum(self.stores.values())


@dataclass(frozen=True, slots=True)
class StoreSight:
    """A store on Home: its orders by state, those of them that failed, and what waits."""

    store: WatchedStore
    orders: Mapping[str, int]
    failed: int
    due: DueWork | None
    every: float

    @property
    def is_in_step(self) -> bool:
        """Active, asked on time, and nothing waits for longer than a minute."""
        oldest = self.due.oldest_seconds if self.due else None
        return is_in_step(self.store.state, self.store.fetch_age, self.every, oldest)


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it."""

    stores: Sequence[WatchedStore]
    counted: Sequence[CountedOrders]
    failing: Sequence[CountedOrders]
    names: Mapping[int, str] = field(default_factory=dict)
    hidden: Collection[tuple[int, str | None]] = ()  # of what was noted: the store and the reason

    @property
    def stopped(self) -> list[WatchedStore]:
        """Stores that were stopped until somebody acts."""
        return [store for store in self.stores if store.state == "needs_attention"]

    @property
    def failed(self) -> list[ReasonGroup]:
        """Orders that were set aside, on their way in or out."""
        aside = (one for one in self.counted if one.state == "failed")
        return self._groups("failed", chain(aside, self.failing))

    @property
    def noted(self) -> list[ReasonGroup]:
        """Orders in the hub of which something is worth a look, but for what somebody has seen to."""
        return self._groups("noted", (one for one in self._noted() if (one.store_id, one.reason) not in self.hidden))

    @property
    def seen_to(self) -> list[ReasonGroup]:
        """Those that somebody has seen to."""
        return self._groups("noted", (one for one in self._noted() if (one.store_id, one.reason) in self.hidden))

    def _noted(self) -> Iterator[CountedOrders]:
        failing = Counter({(one.store_id, one.reason): one.orders for one in self.failing})
        for one in self.counted:
            if one.state == "imported" and one.reason:
                yield replace(one, orders=one.orders - failing[one.store_id, one.reason])

    @property
    def waiting(self) -> list[ReasonGroup]:
        """Orders that are tried again by themselves."""
        return self._groups("waiting", (one for one in self.counted if one.state == "pending" and one.reason))

    @property
    def open(self) -> int:
        """How many things need somebody."""
        return len(self.stopped) + len(self.failed)

    def _groups(self, kind: str, counted: Iterable[CountedOrders]) -> list[ReasonGroup]:
        found: dict[str, Counter[str]] = {}
        for one in counted:
            if one.store_id in self.names and one.orders > 0:
                found.setdefault(one.reason or "", Counter())[self.names[one.store_id]] += one.orders
        groups = [ReasonGroup(kind, reason, dict(sorted(stores.items()))) for reason, stores in found.items()]
        return sorted(groups, key=lambda group: (-group.orders, group.reason))


def look(connection: Connection) -> Overview:
    """How things stand now, of the connected stores."""
    stores = metrics.watched_stores(connection)
    return Overview(
        stores,
        metrics.orders_by_state(connection),
        metrics.failing_in_hub(connection),
        {store.id: store.name for store in stores},
        metrics.hidden_notes(connection),
    )


def sights(connection: Connection, standing: Overview) -> list[StoreSight]:
    """Each store: those that are stopped first, then those that are behind."""
    due = {one.store_id: one for one in metrics.due_work(connection)}
    found = [_sight(standing, store, due.get(store.id)) for store in standing.stores]
    return sorted(found, key=lambda one: (one.store.state != "needs_attention", one.is_in_step, one.store.name))


def _sight(standing: Overview, store: WatchedStore, due: DueWork | None) -> StoreSight:
    orders: Counter[str] = Counter()
    for one in standing.counted:
        if one.store_id == store.id:
            orders[one.state] += one.orders
    failing = sum(one.orders for one in standing.failing if one.store_id == store.id)
    known = store.platform in platforms.PLATFORMS
    every = fetch_every(store.settings) if known else 0.0
    return StoreSight(store, orders, orders["failed"] + failing, due, every)


def said(reason: str) -> str:
    """A reason's sentence; its code where only a newer version knows it."""
    return describe(reason)[0] or reason
