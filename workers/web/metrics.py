"""What `/metrics` tells in Prometheus' format: read when it is asked for, from PostgreSQL and Redis (BEY-8).

Labels are a store's name, its platform, a reason, a queue and a message's outcome; never an order or a person.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import psycopg
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from connectors import hubs, platforms, postgres
from connectors.bare import bare
from connectors.config import Config, ConfigError
from connectors.counters import Counted, Counts, read_counts
from connectors.errors import RedisAway
from connectors.hubs import HubLimit
from connectors.locks import open_redis
from connectors.postgres import hub_account, metrics
from connectors.postgres.hub_account import DueAtHub
from connectors.postgres.metrics import CountedOrders, DueWork, WatchedStore
from schemas.hub_facts import HubFacts
from schemas.settings import fetch_every
from tasks.webhooks import Taken
from workers.app import QUEUES

_LOG: Final = logging.getLogger(__name__)

STORE: Final = ("store", "platform")
REASON: Final = (*STORE, "reason")
QUEUE: Final = ("queue",)


@dataclass(frozen=True, slots=True)
class Metered:
    """A metric: what it says in people's words, and its labels."""

    kind: type[GaugeMetricFamily] | type[CounterMetricFamily] | type[HistogramMetricFamily]
    words: str
    labels: tuple[str, ...] = ()


METRICS: Final[Mapping[str, Metered]] = {
    "storesync_database_up": Metered(GaugeMetricFamily, "1 where PostgreSQL answered all that was asked, else 0"),
    "storesync_redis_up": Metered(GaugeMetricFamily, "1 where Redis answered, else 0"),
    "storesync_store_needs_attention": Metered(
        GaugeMetricFamily, "1 where nothing is asked of the store until a person mends it, else 0", REASON
    ),
    "storesync_last_fetch_age_seconds": Metered(
        GaugeMetricFamily, "Seconds since the last complete fetch of an active store, or since it became active", STORE
    ),
    "storesync_fetch_every_seconds": Metered(GaugeMetricFamily, "`fetch.every` of an active store", STORE),
    "storesync_audit_age_seconds": Metered(
        GaugeMetricFamily,
        "Seconds since the list of orders of an active store was compared, or it was connected",
        STORE,
    ),
    "storesync_audit_missing_orders": Metered(
        GaugeMetricFamily, "Orders that were missing, and brought in, when a store's list was last compared", STORE
    ),
    "storesync_oldest_due_seconds": Metered(
        GaugeMetricFamily, "Seconds that the oldest order waits to be looked at; 0 where none waits", STORE
    ),
    "storesync_due_orders": Metered(
        GaugeMetricFamily, "Orders that wait to be looked at and are not set aside; 10000 stands for more too", STORE
    ),
    "storesync_due_fulfillments": Metered(
        GaugeMetricFamily, "Orders whose shop is still to be told what the hub did; 10000 stands for more too", STORE
    ),
    "storesync_due_skus": Metered(
        GaugeMetricFamily, "SKUs whose stock the shop is still to be told; 10000 stands for more too", STORE
    ),
    "storesync_pending_orders": Metered(GaugeMetricFamily, "Orders that are `pending`, by reason", REASON),
    "storesync_imported_orders": Metered(GaugeMetricFamily, "Orders that are `imported`, by what is noted", REASON),
    "storesync_skipped_orders": Metered(GaugeMetricFamily, "Orders that are `skipped`, by reason", REASON),
    "storesync_deleted_orders": Metered(GaugeMetricFamily, "Orders that are `deleted`, by reason", REASON),
    "storesync_failed_orders": Metered(
        GaugeMetricFamily, "Orders that are set aside, in the hub or before they came there, by reason", REASON
    ),
    "storesync_orders_imported_total": Metered(CounterMetricFamily, "Orders that came to the hub", STORE),
    "storesync_stock_told_total": Metered(CounterMetricFamily, "SKUs whose stock the shop was told", STORE),
    "storesync_fulfillments_sent_total": Metered(
        CounterMetricFamily, "Times that the shop was told of fulfilments or a status of an order", STORE
    ),
    "storesync_vendor_calls_total": Metered(CounterMetricFamily, "Calls to the shop, by workers and commands", STORE),
    "storesync_vendor_waits_total": Metered(
        CounterMetricFamily, "Times that the shop, or its budget of calls, asked for a pause", STORE
    ),
    "storesync_vendor_wait_seconds": Metered(
        GaugeMetricFamily, "Seconds for which the shop must be left alone from now; 0 for none", STORE
    ),
    "storesync_vendor_headroom_ratio": Metered(
        GaugeMetricFamily,
        "What the shop said is left of its budget of calls, from 0 to 1; not there where it was not asked for a minute",
        STORE,
    ),
    "storesync_hub_requests": Metered(
        GaugeMetricFamily, "Requests to the hub in the last minute; not there for a hub that takes any number"
    ),
    "storesync_hub_left_seconds": Metered(
        GaugeMetricFamily, "Seconds that what waits for the hub takes by its limit of requests"
    ),
    "storesync_webhooks_total": Metered(
        CounterMetricFamily, "Messages of shops at the door, by what became of them", ("outcome",)
    ),
    "storesync_queue_messages": Metered(GaugeMetricFamily, "Messages that wait in a queue", QUEUE),
    "storesync_workers": Metered(GaugeMetricFamily, "Workers that serve a queue and live", QUEUE),
    "storesync_task_seconds": Metered(HistogramMetricFamily, "How long tasks of a queue took", QUEUE),
}

_OF_STATE: Final = {
    "pending": "storesync_pending_orders",
    "imported": "storesync_imported_orders",
    "skipped": "storesync_skipped_orders",
    "deleted": "storesync_deleted_orders",
    "failed": "storesync_failed_orders",
}
_OF_COUNTED: Final = {
    Counted.ORDERS_IMPORTED: "storesync_orders_imported_total",
    Counted.STOCK_TOLD: "storesync_stock_told_total",
    Counted.FULFILLMENTS_SENT: "storesync_fulfillments_sent_total",
    Counted.VENDOR_CALLS: "storesync_vendor_calls_total",
    Counted.VENDOR_WAITS: "storesync_vendor_waits_total",
}

Samples = Iterable[tuple[Sequence[str], float]]


@dataclass(frozen=True, slots=True)
class Scrape(Collector):
    """What both servers tell when they are asked; what one of them does not answer is left out."""

    config: Config

    def collect(self) -> Iterator[Metric]:
        """Ask, and tell all that is known."""
        stores: list[WatchedStore] = []
        at_hub: list[tuple[HubFacts, DueAtHub]] = []
        yield from self._database(stores, at_hub)
        yield from self._redis(stores, at_hub)

    def _database(self, stores: list[WatchedStore], at_hub: list[tuple[HubFacts, DueAtHub]]) -> Iterator[Metric]:
        """Fill `stores` and what waits for a hub; tell what came until something went wrong, if it did."""
        is_up = False
        try:
            with postgres.connect(self.config.database_url) as connection:
                metrics.hurry(connection)
                stores += metrics.watched_stores(connection)
                yield from _stores(stores)
                counted = metrics.orders_by_state(connection)
                failing = metrics.failing_in_hub(connection)
                yield from _orders(stores, counted, failing)
                yield from _due(stores, metrics.due_work(connection))
                facts = hubs.facts_of(hub_account.hub_account(connection).name)
                if facts.calls_a_minute:
                    at_hub.append((facts, hub_account.due(connection)))
            is_up = True
        except (psycopg.Error, ConfigError) as error:
            _LOG.warning("the database does not tell all that is asked for metrics: %s", bare(error))
        yield _metric("storesync_database_up", [((), is_up)])

    def _redis(self, stores: Sequence[WatchedStore], at_hub: Sequence[tuple[HubFacts, DueAtHub]]) -> Iterator[Metric]:
        is_up = False
        try:
            with open_redis(self.config.redis_url) as redis:
                counts = read_counts(redis, QUEUES, [store.id for store in stores])
                limits = [hubs.limit_of(facts, due, redis) for facts, due in at_hub]
            yield from _counted(stores, counts)
            yield from _limited(limit for limit in limits if limit)
            is_up = True
        except (RedisError, RedisAway) as error:
            _LOG.warning("Redis does not tell what is asked for metrics: %s", bare(error))
        yield _metric("storesync_redis_up", [((), is_up)])


def _limited(limits: Iterable[HubLimit]) -> Iterator[Metric]:
    for limit in limits:
        yield _metric("storesync_hub_requests", [((), limit.asked)])
        yield _metric("storesync_hub_left_seconds", [((), limit.left.total_seconds())])


def _stores(stores: Sequence[WatchedStore]) -> Iterator[Metric]:
    active = [store for store in stores if store.state == "active"]
    attention = [((*_names(store), _attention(store)), float(bool(_attention(store)))) for store in stores]
    yield _metric("storesync_store_needs_attention", attention)
    yield _metric("storesync_last_fetch_age_seconds", [(_names(store), max(0, store.fetch_age)) for store in active])
    yield _metric("storesync_audit_age_seconds", [(_names(store), max(0, store.audit_age)) for store in active])
    compared = [store for store in stores if store.missing is not None]
    yield _metric("storesync_audit_missing_orders", [(_names(store), store.missing or 0) for store in compared])
    # A store of a newer version's platform is told of as far as this one knows.
    known = [store for store in active if store.platform in platforms.PLATFORMS]
    yield _metric("storesync_fetch_every_seconds", [(_names(store), _every(store)) for store in known])


def _attention(store: WatchedStore) -> str:
    """Why a store needs attention; nothing where it does not."""
    return (store.reason or "unknown") if store.state == "needs_attention" else ""


def _every(store: WatchedStore) -> float:
    return fetch_every(store.settings)


def _orders(
    stores: Sequence[WatchedStore], counted: Sequence[CountedOrders], failing: Sequence[CountedOrders]
) -> Iterator[Metric]:
    sums: dict[str, Counter[tuple[int, str]]] = {name: Counter() for name in _OF_STATE.values()}
    for one in counted:
        sums[_OF_STATE[one.state]][one.store_id, one.reason or ""] += one.orders
    for one in failing:
        sums["storesync_failed_orders"][one.store_id, one.reason or ""] += one.orders
    names = {store.id: _names(store) for store in stores}
    for name, found in sums.items():
        yield _metric(name, [((*names[id_], why), orders) for (id_, why), orders in found.items() if id_ in names])


def _due(stores: Sequence[WatchedStore], due: Sequence[DueWork]) -> Iterator[Metric]:
    names = {store.id: _names(store) for store in stores}
    known = [one for one in due if one.store_id in names]  # another may have come since
    figures: Mapping[str, Callable[[DueWork], float]] = {
        "storesync_oldest_due_seconds": lambda one: one.oldest_seconds,
        "storesync_due_orders": lambda one: one.orders,
        "storesync_due_fulfillments": lambda one: one.fulfillments,
        "storesync_due_skus": lambda one: one.skus,
    }
    for name, figure in figures.items():
        yield _metric(name, [(names[one.store_id], figure(one)) for one in known])


def _counted(stores: Sequence[WatchedStore], counts: Counts) -> Iterator[Metric]:
    for counted, name in _OF_COUNTED.items():
        of_stores = counts.of_stores[counted]
        yield _metric(name, [(_names(store), of_stores.get(store.id, 0)) for store in stores])
    waits = [(_names(store), counts.waits[store.id]) for store in stores]
    yield _metric("storesync_vendor_wait_seconds", waits)
    said = [(_names(store), counts.headroom[store.id]) for store in stores if store.id in counts.headroom]
    yield _metric("storesync_vendor_headroom_ratio", said)
    yield _metric("storesync_webhooks_total", [((outcome,), counts.webhooks.get(outcome, 0)) for outcome in Taken])
    yield _metric("storesync_queue_messages", [((queue,), number) for queue, number in counts.messages.items()])
    yield _metric("storesync_workers", [((queue,), number) for queue, number in counts.workers.items()])
    yield _durations(counts)


def _durations(counts: Counts) -> Metric:
    told = METRICS["storesync_task_seconds"]
    family = HistogramMetricFamily("storesync_task_seconds", told.words, labels=told.labels)
    for queue, took in counts.durations.items():
        so_far = accumulate(took.buckets.values())
        family.add_metric([queue], list(zip(took.buckets, so_far, strict=True)), took.seconds)
    return family


def _names(store: WatchedStore) -> tuple[str, str]:
    return store.name, store.platform


def _metric(name: str, samples: Samples) -> Metric:
    told = METRICS[name]
    family = told.kind(name, told.words, labels=told.labels)
    for labels, value in samples:
        family.add_metric(labels, value)  # type: ignore[call-arg, arg-type, unused-ignore] # a histogram has its own
    return family
