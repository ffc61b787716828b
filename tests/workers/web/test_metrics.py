"""What `/metrics` tells: all there is to watch, whatever is away, by labels that name stores and never a person."""

import dataclasses
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from connectors import counters, postgres
from connectors.config import Config, ConfigError, read_config
from connectors.counters import BUCKETS, Counted
from connectors.katana.budget import Priority, SharedBudget
from connectors.locks import StoreWaits, open_redis
from connectors.postgres import stores
from tasks.held import close_process, configure
from tests.connectors.builtin_hub.makers import one
from tests.connectors.postgres.makers import add_store
from tests.databases import own_database
from tests.waiting import wait_until
from tests.workers.web.serving import web_process
from workers.app import QUEUES
from workers.embedded import Servers
from workers.web import create_app
from workers.web.metrics import METRICS

NOBODY: Final = "127.0.0.1:1"
HOSTILE: Final = 'a "quoted" \\ name\nof two lines, ünïcode ☃ {x="y"} 1'
LABELS: Final = ("store", "platform", "reason", "queue", "outcome", "le")
ORDER: Final = """INSERT INTO store_orders (store_id, external_id, state, reason, hub_order_id, is_failing, changed,
        order_settled, first_seen_at, hub_changed)
    VALUES (%(store)s, %(id)s, %(state)s, %(reason)s, %(hub)s, %(failing)s, %(changed)s, 1, %(seen)s, %(moved)s)"""

Samples = dict[tuple[str, tuple[str, ...]], float]


@pytest.fixture
def own(config: Config, fresh_database_url: str, redis: Redis) -> Config:
    """Servers that a test may fill: committed rows, an empty Redis."""
    assert redis.ping()
    return dataclasses.replace(config, database_url=fresh_database_url)


def scrape(config: Config) -> Samples:
    """All samples by name and labels, as Prometheus reads them over HTTP."""
    with web_process(config) as port, urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        text = answer.read().decode()
    families = list(text_string_to_metric_families(text))
    samples = [sample for family in families for sample in family.samples]
    found = {(one.name, tuple(one.labels[key] for key in LABELS if key in one.labels)): one.value for one in samples}
    assert len(found) == len(samples)  # Prometheus refuses a scrape that says one thing twice
    return found


def of(samples: Samples, name: str) -> dict[tuple[str, ...], float]:
    """The samples of one metric."""
    return {labels: value for (found, labels), value in samples.items() if found == name}


def add_order(connection: postgres.Connection, store: int, external_id: str, state: str, **more: Any) -> None:
    """An order that is settled, unless it is `changed`."""
    values = {"reason": None, "hub": None, "failing": False, "changed": 1, "seen": datetime.now(UTC), "moved": 0}
    connection.execute(ORDER, {**values, "store": store, "id": external_id, "state": state, **more})


# -- what is told ------------------------------------------------------------------------------------------------------


def test_BEY_8_orders_are_told_by_state_and_reason(own: Config) -> None:
    with postgres.connect(own.database_url) as connection:
        acme = add_store(connection, "acme")
        add_order(connection, acme, "1", "imported", hub="h1")
        add_order(connection, acme, "2", "imported", hub="h2", reason="total_mismatch", failing=True)
        add_order(connection, acme, "3", "skipped", reason="not_open")
        add_order(connection, acme, "4", "failed", reason="invalid_payload")
        add_order(connection, acme, "5", "deleted")
        add_order(connection, acme, "6", "pending", changed=2)

    found = scrape(own)

    shop = ("acme", "woocommerce")
    assert of(found, "storesync_imported_orders") == {(*shop, ""): 1, (*shop, "total_mismatch"): 1}
    assert of(found, "storesync_skipped_orders") == {(*shop, "not_open"): 1}
    assert of(found, "storesync_deleted_orders") == {(*shop, ""): 1}
    assert of(found, "storesync_pending_orders") == {(*shop, ""): 1}
    assert of(found, "storesync_failed_orders") == {(*shop, "invalid_payload"): 1, (*shop, "total_mismatch"): 1}


def test_BEY_8_what_waits_is_told_with_the_age_of_the_oldest(own: Config) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    with postgres.connect(own.database_url) as connection:
        acme, quiet = add_store(connection, "acme"), add_store(connection, "quiet")
        add_order(connection, acme, "1", "pending", changed=2, seen=long_ago)
        add_order(connection, acme, "2", "pending", changed=2)
        add_order(connection, acme, "3", "failed", changed=2, seen=long_ago - timedelta(days=1))  # tried by itself
        add_order(connection, acme, "4", "imported", hub="h4", moved=1)
        add_order(connection, quiet, "5", "imported", hub="h5", seen=long_ago)
        connection.execute("INSERT INTO store_stock (store_id, sku) VALUES (%s, 'A'), (%s, 'B')", (acme, acme))

    found = scrape(own)

    acme_, quiet_ = ("acme", "woocommerce"), ("quiet", "woocommerce")
    assert of(found, "storesync_due_orders") == {acme_: 2, quiet_: 0}
    assert of(found, "storesync_due_fulfillments") == {acme_: 1, quiet_: 0}
    assert of(found, "storesync_due_skus") == {acme_: 2, quiet_: 0}
    assert of(found, "storesync_oldest_due_seconds")[quiet_] == 0
    assert 3600 <= of(found, "storesync_oldest_due_seconds")[acme_] < 3700


def test_BEY_8_stores_of_every_state_are_told_and_a_disconnected_one_is_not(own: Config) -> None:
    with postgres.connect(own.database_url) as connection:
        for state in ("active", "paused", "needs_attention", "disconnected"):
            add_store(connection, f"is-{state}", state=state)
        connection.execute("UPDATE stores SET reason = 'credentials_refused' WHERE state = 'needs_attention'")
        connection.execute("""UPDATE stores SET activated_at = now() - interval '9 h',
            fetched_at = now() - interval '5 min', settings = settings || '{"fetch.every": 90}'""")

    found = scrape(own)

    assert of(found, "storesync_store_needs_attention") == {
        ("is-active", "woocommerce", ""): 0,
        ("is-paused", "woocommerce", ""): 0,
        ("is-needs_attention", "woocommerce", "credentials_refused"): 1,
    }
    assert of(found, "storesync_fetch_every_seconds") == {("is-active", "woocommerce"): 90}
    ((who, age),) = of(found, "storesync_last_fetch_age_seconds").items()
    assert who == ("is-active", "woocommerce")
    assert 300 <= age < 400


def test_BEY_8_what_workers_counted_is_told_of_their_stores(own: Config, redis: Redis) -> None:
    with postgres.connect(own.database_url) as connection:
        acme, _ = add_store(connection, "acme"), add_store(connection, "quiet")
    for times, counted in enumerate(Counted, start=1):
        counters.count(redis, counted, acme, times)
    counters.count(redis, Counted.VENDOR_CALLS, acme + 100)  # of a store that is gone
    StoreWaits(redis, acme).wait(datetime.now(UTC) + timedelta(seconds=50))
    StoreWaits(redis, acme).left(0.25)

    found = scrape(own)

    shop = ("acme", "woocommerce")
    assert of(found, "storesync_orders_imported_total")[shop] == 1
    assert of(found, "storesync_stock_told_total")[shop] == 2
    assert of(found, "storesync_fulfillments_sent_total")[shop] == 3
    assert of(found, "storesync_vendor_calls_total") == {shop: 4, ("quiet", "woocommerce"): 0}
    assert of(found, "storesync_vendor_waits_total")[shop] == 5 + 1
    assert 40 < of(found, "storesync_vendor_wait_seconds")[shop] <= 50
    assert of(found, "storesync_vendor_wait_seconds")["quiet", "woocommerce"] == 0
    assert of(found, "storesync_vendor_headroom_ratio") == {shop: 0.25}


def test_BEY_8_queues_are_told_with_their_messages_workers_and_durations(own: Config, redis: Redis) -> None:
    redis.rpush("storesync:orders", "one", "two")
    counters.show_worker(redis, "a@host", ["orders", "stock"])
    counters.show_worker(redis, "b@host", ["orders"])
    counters.show_worker(redis, "c@host", ["orders"])
    counters.hide_worker(redis, "c@host", ["orders"])
    for seconds in (0.01, 0.3, 1000):
        counters.time_task(redis, "orders", seconds)

    found = scrape(own)

    assert of(found, "storesync_queue_messages") == {(queue,): 2 if queue == "orders" else 0 for queue in QUEUES}
    assert of(found, "storesync_workers") == {(queue,): {"orders": 2, "stock": 1}.get(queue, 0) for queue in QUEUES}
    buckets = of(found, "storesync_task_seconds_bucket")
    assert buckets["orders", "0.05"] == 1
    assert buckets["orders", "0.5"] == 2
    assert buckets["orders", "+Inf"] == of(found, "storesync_task_seconds_count")["orders",] == 3
    assert of(found, "storesync_task_seconds_sum")["orders",] == pytest.approx(1000.31)


def test_BEY_8_messages_of_shops_are_told_by_what_became_of_them(own: Config, redis: Redis) -> None:
    configure(own)
    with web_process(own) as port, pytest.raises(HTTPError, match="401"):
        urlopen(Request(f"http://127.0.0.1:{port}/webhooks/shopify/{'0' * 32}", data=b"{}"), timeout=30)
    close_process()

    told = of(scrape(own), "storesync_webhooks_total")

    assert told == {("noted",): 0, ("duplicate",): 0, ("ignored",): 0, ("refused",): 1}


def test_a_worker_that_was_not_heard_of_for_long_is_none(own: Config, redis: Redis) -> None:
    redis.zadd("storesync:workers", {"orders dead@host": datetime.now(UTC).timestamp() - 2 * counters.GONE_SECONDS})

    assert of(scrape(own), "storesync_workers")["orders",] == 0


def test_BEY_8_a_hostile_name_and_reason_are_one_label_each(own: Config) -> None:
    with postgres.connect(own.database_url) as connection:
        connection.execute("ALTER TABLE stores DROP CONSTRAINT stores_name_check")
        hostile = add_store(connection, HOSTILE, host="shop")
        add_order(connection, hostile, "1", "skipped", reason=HOSTILE)

    found = scrape(own)

    assert of(found, "storesync_skipped_orders") == {(HOSTILE, "woocommerce", HOSTILE): 1}
    assert (HOSTILE, "woocommerce") in of(found, "storesync_due_orders")


def test_BEY_8_a_store_of_a_platform_that_is_not_known_keeps_nobody_else_s_figures_back(own: Config) -> None:
    with postgres.connect(own.database_url) as connection:
        add_store(connection, "acme")
        newer = add_store(connection, "newer")
        connection.execute("UPDATE stores SET platform = 'of tomorrow' WHERE id = %s", (newer,))

    found = scrape(own)

    assert of(found, "storesync_due_orders").keys() == {("acme", "woocommerce"), ("newer", "of tomorrow")}
    assert of(found, "storesync_fetch_every_seconds").keys() == {("acme", "woocommerce")}


def test_BEY_8_nothing_is_told_of_an_order_or_a_person(own: Config) -> None:
    with postgres.connect(own.database_url) as connection:
        acme = add_store(connection, "acme")
        add_order(connection, acme, "order-4711", "imported", hub="hub-4711", reason="total_mismatch")
        connection.execute("UPDATE store_orders SET hub_customer = 'Ada', hub_email = 'ada@example.com'")

    text = create_app(own).test_client().get("/metrics").text

    assert not [word for word in ("4711", "Ada", "ada@", "://", own.secret_key) if word in text]


def test_KAT_2_how_far_the_hub_s_limit_is_used_and_how_long_what_waits_takes(own: Config) -> None:
    with postgres.connect(own.database_url) as connection:
        acme = add_store(connection, "acme")
        for number in range(55):
            add_order(connection, acme, str(number), "pending", changed=2)
        assert of(scrape(own), "storesync_hub_left_seconds") == {}
        stores.change_account(connection, {"hub": "katana"})
    with open_redis(own.redis_url) as redis:
        SharedBudget(redis).take(Priority.ORDERS)

    found = scrape(own)

    assert of(found, "storesync_hub_requests") == {(): 1}
    assert of(found, "storesync_hub_left_seconds") == {(): 120}


def test_BEY_8_labels_are_those_of_the_interface() -> None:
    assert {label for told in METRICS.values() for label in told.labels} == {
        "store",
        "platform",
        "reason",
        "queue",
        "outcome",
    }


# -- what is away ------------------------------------------------------------------------------------------------------


def test_BEY_8_without_a_store_all_that_has_no_store_is_told(own: Config) -> None:
    found = scrape(own)

    assert {name for name, _ in found if not name.startswith("storesync_task_seconds")} == {
        "storesync_database_up",
        "storesync_redis_up",
        "storesync_queue_messages",
        "storesync_workers",
        "storesync_webhooks_total",
    }
    assert of(found, "storesync_database_up") == of(found, "storesync_redis_up") == {(): 1}


def test_BEY_8_without_the_database_redis_tells_what_it_knows(own: Config) -> None:
    found = scrape(dataclasses.replace(own, database_url=f"postgresql://{NOBODY}/none"))

    assert of(found, "storesync_database_up") == {(): 0}
    assert of(found, "storesync_redis_up") == {(): 1}
    assert of(found, "storesync_queue_messages").keys() == {(queue,) for queue in QUEUES}


def test_BEY_8_without_redis_the_database_tells_what_it_knows(own: Config) -> None:
    with postgres.connect(own.database_url) as connection:
        add_store(connection, "acme")

    found = scrape(dataclasses.replace(own, redis_url=f"redis://{NOBODY}"))

    assert of(found, "storesync_redis_up") == {(): 0}
    assert of(found, "storesync_database_up") == {(): 1}
    assert of(found, "storesync_due_orders") == {("acme", "woocommerce"): 0}


def test_BEY_8_without_both_both_are_told_to_be_away(own: Config) -> None:
    away = dataclasses.replace(own, database_url=f"postgresql://{NOBODY}/none", redis_url=f"redis://{NOBODY}")

    assert scrape(away) == {("storesync_database_up", ()): 0, ("storesync_redis_up", ()): 0}


def test_BEY_8_what_takes_the_database_too_long_is_left_out_and_the_rest_is_told(own: Config) -> None:
    with postgres.connect(own.database_url) as holder, holder.transaction():
        add_store(holder, "other")
    with postgres.connect(own.database_url) as holder, holder.transaction():
        holder.execute("LOCK store_orders IN ACCESS EXCLUSIVE MODE")

        found = scrape(own)

    assert of(found, "storesync_database_up") == {(): 0}
    assert ("other", "woocommerce", "") in of(found, "storesync_store_needs_attention")
    assert of(found, "storesync_due_orders") == {}


# -- who may ask -------------------------------------------------------------------------------------------------------


def test_metrics_are_told_to_nobody_who_does_not_know_the_token(own: Config) -> None:
    client = create_app(dataclasses.replace(own, metrics_token="open")).test_client()

    refused = [client.get("/metrics", headers=given) for given in ({}, {"Authorization": "Bearer shut"})]
    told = client.get("/metrics", headers={"Authorization": "Bearer open"})

    assert [answer.status_code for answer in refused] == [401, 401]
    assert "storesync_" not in refused[0].text
    assert told.status_code == 200


@pytest.mark.parametrize("token", ["two words", "sésame", "new\nline"])
def test_a_token_that_no_header_can_carry_is_refused_at_the_start(token: str) -> None:
    with pytest.raises(ConfigError, match="METRICS_TOKEN"):
        read_config({"METRICS_TOKEN": token})


# -- what it costs -----------------------------------------------------------------------------------------------------

MANY: Final = """
    INSERT INTO store_orders (store_id, external_id, state, reason, order_settled, hub_order_id, is_failing)
    SELECT %(store)s, n::text, CASE WHEN n %% 10 > 0 THEN 'imported' ELSE 'skipped' END,
        CASE WHEN n %% 10 = 0 THEN 'not_open' END, CASE WHEN n %% 1000 = 1 THEN 0 ELSE 1 END,
        CASE WHEN n %% 10 > 0 THEN %(store)s || '-' || n END, n %% 1000 = 2
    FROM generate_series(1, 10000) n"""
READ: Final = """SELECT coalesce(sum(seq_scan), 0) AS scans, coalesce(sum(seq_tup_read), 0) AS rows,
        coalesce(sum(idx_tup_fetch), 0) AS fetched
    FROM pg_stat_user_tables WHERE relname IN ('store_orders', 'journal')"""


OTHERS: Final = """SELECT count(*) AS others FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND backend_start > %s"""


def read_so_far(connection: postgres.Connection, *, began: datetime) -> dict[str, int]:
    """What all sessions read of the large tables; one that began since says so when it ends, and is waited for."""
    wait_until(lambda: one(connection, OTHERS, began)["others"] == 0, what="the end of other sessions")
    connection.execute("SELECT pg_stat_force_next_flush()")
    return {name: int(value) for name, value in one(connection, READ).items()}


def test_SPD_2_a_scrape_beside_10000_orders_reads_no_whole_table(config: Config, servers: Servers) -> None:
    # A database whose sessions really end: those of the others are kept for the next test.
    with own_database(servers.database_url) as url, postgres.connect(url) as connection:
        acme = add_store(connection, "acme")
        connection.execute(MANY, {"store": acme})
        connection.execute("""INSERT INTO journal (store_id, external_id, action, outcome)
            SELECT store_id, external_id, 'import', 'imported' FROM store_orders""")
        connection.execute("VACUUM ANALYZE store_orders")
        now: datetime = one(connection, "SELECT clock_timestamp() AS now")["now"]
        before = read_so_far(connection, began=now)

        found = scrape(dataclasses.replace(config, database_url=url))

        after = read_so_far(connection, began=now)
    assert of(found, "storesync_imported_orders") == {("acme", "woocommerce", ""): 9000}
    assert of(found, "storesync_due_orders") == {("acme", "woocommerce"): 10}
    assert of(found, "storesync_failed_orders") == {("acme", "woocommerce", ""): 10}
    assert (after["scans"], after["rows"]) == (before["scans"], before["rows"])
    assert after["fetched"] - before["fetched"] < 100


# -- the page ----------------------------------------------------------------------------------------------------------


def test_every_metric_stands_in_its_page_with_its_words_and_labels() -> None:
    page = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text()
    rows = re.findall(r"^\| `(storesync_\w+)` \| (\w+) \| ([^|]*) \| (.*) \|$", page, re.MULTILINE)
    kinds = {"GaugeMetricFamily": "gauge", "CounterMetricFamily": "counter", "HistogramMetricFamily": "histogram"}

    assert {name: tuple(cells) for name, *cells in rows} == {
        name: (kinds[told.kind.__name__], ", ".join(f"`{label}`" for label in told.labels) or "–", told.words)
        for name, told in METRICS.items()
    }
    assert str(BUCKETS[0]) in page
