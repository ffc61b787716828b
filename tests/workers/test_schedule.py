"""Beat follows the stores by itself, ticks once however often it runs, and outlives its database."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from celery.beat import ScheduleEntry
from celery.schedules import schedule
from cryptography.fernet import Fernet
from psycopg import sql
from redis import Redis

from connectors import postgres
from connectors.config import Config
from connectors.postgres import Connection, stores
from schemas.stores import StoreState
from tasks.held import close_process, configure
from tests.broker import use_broker
from tests.waiting import wait_until
from workers.app import app
from workers.embedded import Servers
from workers.schedule import READ_SECONDS, StoreScheduler


class Recorder(StoreScheduler):
    """Beat that keeps what it would send."""

    def setup_schedule(self) -> None:
        """No entry was due yet."""
        self.sent: list[ScheduleEntry] = []
        super().setup_schedule()

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        """Keep it."""
        self.sent.append(entry)

    def run(self) -> list[str]:
        """Some rounds; the stores whose fetches are sent in them."""
        for _ in range(12):
            self.tick()
        sent, self.sent = self.sent, []
        return sorted(str(entry.name).removeprefix("fetch ") for entry in sent if entry.task == "fetch_orders")


@pytest.fixture
def database(fresh_database_url: str, redis_url: str, redis: Redis, tmp_path: Path) -> Iterator[Connection]:
    """A look at the database that beat reads."""
    assert redis.ping()
    use_broker(redis_url)
    configure(Config(fresh_database_url, redis_url, tmp_path, Fernet.generate_key().decode(), "text"))
    with postgres.connect(fresh_database_url) as connection:
        yield connection
    close_process()


@pytest.fixture
def beat(database: Connection, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """Beat that looks at the stores in every round."""
    monkeypatch.setattr("workers.schedule.READ_SECONDS", 0)
    with closing(Recorder(app)) as scheduler:
        yield scheduler


def add_store(connection: Connection, name: str, *, fetched: timedelta | None = None, every: int = 60) -> int:
    """A store, fetched so long ago or never: its id."""
    url = f"https://{name}.example"
    values = stores.StoreValues(name, "woocommerce", url, "locked", settings={"fetch.every": every})
    store_id = stores.connect_store(connection, values)
    assert store_id is not None
    if fetched is not None:
        connection.execute("UPDATE stores SET fetched_at = %s WHERE id = %s", (datetime.now(UTC) - fetched, store_id))
    return store_id


def set_settings(connection: Connection, store_id: int, **settings: Any) -> None:
    """Change a store's settings."""
    row = stores.find_store(connection, str(store_id))
    assert row is not None
    stores.change_store(connection, row, settings=settings, stock_news=None, credentials="locked", url=row.url)


# -- entries follow stores -----------------------------------------------------------------------------------------


def test_a_store_that_is_added_is_fetched_without_a_restart(beat: Recorder, database: Connection) -> None:
    before = beat.run()
    store_id = add_store(database, "acme")

    sent = beat.run()

    assert (before, sent) == ([], ["acme"])
    assert beat.schedule["fetch acme"].args == (store_id,)
    assert beat.run() == []  # not before its interval is over


def test_a_store_is_followed_within_seconds(database: Connection) -> None:
    with closing(Recorder(app)) as beat:
        beat.run()
        add_store(database, "acme")

        wait_until(lambda: beat.run() == ["acme"], seconds=READ_SECONDS + 1, what="acme to be fetched")


@pytest.mark.parametrize(
    ("state", "goes_on"),
    [(StoreState.PAUSED, True), (StoreState.NEEDS_ATTENTION, True), (StoreState.DISCONNECTED, False)],
)
def test_a_store_that_stops_has_no_entry_until_it_goes_on(
    beat: Recorder, database: Connection, state: StoreState, goes_on: bool
) -> None:
    acme = add_store(database, "acme", fetched=timedelta(seconds=30))
    beat.run()

    stores.set_state(database, acme, state)
    beat.run()
    stopped = set(beat.schedule)
    stores.set_state(database, acme, StoreState.ACTIVE)
    beat.run()

    assert "fetch acme" not in stopped
    assert ("fetch acme" in beat.schedule) == goes_on  # it is parted from, and is connected anew


def test_an_overdue_store_is_fetched_at_once_and_another_at_its_time(beat: Recorder, database: Connection) -> None:
    add_store(database, "overdue", fetched=timedelta(minutes=2))
    add_store(database, "fresh", fetched=timedelta(seconds=30))

    assert beat.run() == ["overdue"]


def test_a_changed_interval_is_followed(beat: Recorder, database: Connection) -> None:
    acme = add_store(database, "acme", fetched=timedelta(minutes=5), every=3600)
    before = beat.run()

    set_settings(database, acme, **{"fetch.every": 60})

    assert (before, beat.run()) == ([], ["acme"])
    assert beat.schedule["fetch acme"].schedule == schedule(timedelta(seconds=60))


def test_a_name_that_goes_to_another_store_fetches_that_one(beat: Recorder, database: Connection) -> None:
    old = add_store(database, "acme")
    beat.run()
    stores.set_state(database, old, StoreState.DISCONNECTED)
    new = stores.connect_store(
        database, stores.StoreValues("acme", "woocommerce", "https://new.example", "locked", settings={})
    )

    assert beat.run() == ["acme"]
    assert beat.schedule["fetch acme"].args == (new,)


def test_a_fetch_that_nobody_answered_expires_with_the_next_one(beat: Recorder, database: Connection) -> None:
    add_store(database, "acme", every=30)
    beat.run()

    assert beat.schedule["fetch acme"].options == {"expires": 30}


def test_MUL_1_every_one_of_many_overdue_stores_is_fetched(beat: Recorder, database: Connection) -> None:
    for number in range(10):
        add_store(database, f"store-{number}")

    assert len(beat.run()) == 10


# -- one beat of several -------------------------------------------------------------------------------------------


def test_of_two_beats_one_ticks_and_the_other_takes_over(beat: Recorder, database: Connection) -> None:
    add_store(database, "acme")
    with closing(Recorder(app)) as standby:
        first = (beat.run(), standby.run())
        stood_by = not standby.schedule.get("fetch acme")
        add_store(database, "second")
        beat.close()

        after = standby.run()

    assert first == (["acme"], [])
    assert stood_by
    assert after == ["acme", "second"]  # acme's fetch is not known to have come to its end


def test_a_beat_that_takes_over_does_not_fetch_again_what_was_just_fetched(
    beat: Recorder, database: Connection
) -> None:
    acme = add_store(database, "acme")
    beat.run()
    stores.fetched(database, acme, cursor=None, hinted_at=None)
    beat.close()

    with closing(Recorder(app)) as standby:
        assert standby.run() == []


# -- the database is away ------------------------------------------------------------------------------------------


@pytest.fixture
def close_database(database: Connection, servers: Servers) -> Iterator[Callable[[bool], None]]:
    """Closes the database to everybody, beat's connection included, or opens it again."""
    name = urlsplit(database.info.dsn).path if "://" in database.info.dsn else database.info.dbname
    identifier = sql.Identifier(name.lstrip("/"))
    with postgres.connect(servers.database_url) as admin:

        def close(is_closed: bool) -> None:
            admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(identifier, not is_closed))
            admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND pid <> %s",
                (name.lstrip("/"), database.info.backend_pid),
            )

        yield close
        close(False)


def test_beat_waits_for_a_database_that_is_away_and_goes_on(
    beat: Recorder,
    database: Connection,
    close_database: Callable[[bool], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    add_store(database, "acme", fetched=timedelta(seconds=30))
    beat.run()
    close_database(True)
    add_store(database, "second")

    while_away = beat.run()
    close_database(False)

    assert while_away == []
    assert "beat waits for the database" in caplog.text
    assert beat.run() == ["second"]


def test_beat_that_starts_before_its_database_waits(
    beat: Recorder, database: Connection, close_database: Callable[[bool], None]
) -> None:
    add_store(database, "acme")
    close_database(True)

    while_away = beat.run()
    close_database(False)

    assert while_away == []
    assert beat.run() == ["acme"]


# -- exchange rates ------------------------------------------------------------------------------------------------


def rate_bells(beat: Recorder) -> int:
    """How often the exchange rates are asked for in some rounds."""
    for _ in range(12):
        beat.tick()
    sent, beat.sent = beat.sent, []
    return [entry.name for entry in sent].count("refresh_rates")


def test_ORD_8_rates_are_asked_for_at_the_first_start_and_not_at_every_restart(
    beat: Recorder, database: Connection
) -> None:
    first = (rate_bells(beat), rate_bells(beat))
    beat.close()

    with closing(Recorder(app)) as restarted:
        again = rate_bells(restarted)

    assert (first, again) == ((1, 0), 0)


@pytest.mark.parametrize(("ago", "bells"), [(timedelta(hours=7), 1), (timedelta(hours=5), 0)])
def test_ORD_8_a_restart_goes_on_where_rates_were_last_asked_for(
    database: Connection, redis: Redis, ago: timedelta, bells: int
) -> None:
    redis.set("storesync:rates_asked_at", (datetime.now(UTC) - ago).isoformat())

    with closing(Recorder(app)) as beat:
        assert rate_bells(beat) == bells


def test_ORD_8_a_mark_that_cannot_be_read_asks_for_rates_once(database: Connection, redis: Redis) -> None:
    redis.set("storesync:rates_asked_at", b"\xff soon")

    with closing(Recorder(app)) as beat:
        assert (rate_bells(beat), rate_bells(beat)) == (1, 0)


def test_STK_1_the_beat_that_ticks_listens_to_the_hub(database: Connection, beat: Recorder) -> None:
    beat.run()

    wait_until(lambda: listeners(database) == 1, what="somebody who listens")
    beat.close()
    wait_until(lambda: listeners(database) == 0, what="nobody who listens")


def test_STK_1_a_listener_that_ended_is_replaced(database: Connection, beat: Recorder) -> None:
    beat.run()
    wait_until(lambda: listeners(database) == 1, what="somebody who listens")
    assert beat._listener is not None
    beat._listener.stop()
    beat._listener.join(5)

    beat.run()

    wait_until(lambda: listeners(database) == 1, what="somebody else who listens")


def listeners(database: Connection) -> int:
    """How many connections wait for the hub's news."""
    statement = """SELECT count(*)::int AS count FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'storesync listener'"""
    row = database.execute(statement).fetchone()
    assert row is not None
    return int(row["count"])
