"""The doctor's checks: each says what it found, and what to do where it is wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import psycopg
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from connectors import postgres
from connectors.config import Config, ConfigError
from connectors.errors import ConnectorError
from connectors.locks import open_redis
from connectors.postgres import Row, stores
from schemas.reasons import Reason, describe
from tasks.process import process
from tasks.rules.rights import missing_words, withheld_words
from tasks.stores import needs_of
from workers.app import QUEUES, app
from workers.cli.output import first_line

CLOCK_SECONDS = 5  # signatures and marks go wrong when clocks are further apart
ANSWER_SECONDS = 2

_PART: Final = "Keep the one that came first, and of the other: storesync store disconnect NAME"

PARTS: Final = {"fulfillment": "parcels and statuses", "stock": "stock"}  # of what a store is told


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    is_ok: bool
    detail: str


def check_all(config: Config) -> list[Check]:
    """Everything that can be looked at; what depends on a broken server is left out."""
    found = [*_database(config)]
    redis_check = _redis(config)
    found.append(redis_check)
    if redis_check.is_ok:
        found += _workers(config.start_command)
    if all(check.is_ok for check in found if check.name in {"database", "schema"}):
        found += _stores()
    return found


def _database(config: Config) -> Iterator[Check]:
    try:
        with postgres.connect(config.database_url) as connection:
            yield Check("database", True, f"PostgreSQL {connection.info.server_version // 10000} answers")
            missing = postgres.missing_migrations(connection)
            yield Check("schema", not missing, "run storesync db upgrade" if missing else "up to date")
            apart = abs((stores.database_time(connection) - datetime.now(UTC)).total_seconds())
            cure = "" if apart < CLOCK_SECONDS else ": set the clocks of both machines by NTP"
            yield Check("clock", apart < CLOCK_SECONDS, f"{apart:.1f} s from the database's{cure}")
    except ConfigError as error:
        yield Check("database", False, str(error))
    except psycopg.OperationalError as error:
        yield Check("database", False, f"does not answer, see DATABASE_URL ({first_line(error)})")


def _redis(config: Config) -> Check:
    try:
        open_redis(config.redis_url).ping()
    except RedisError as error:
        return Check("redis", False, f"does not answer, see REDIS_URL ({error})")
    return Check("redis", True, "answers")


def _workers(start: str) -> Iterator[Check]:
    try:
        inspect = app.control.inspect(timeout=ANSWER_SECONDS)
        queues = inspect.active_queues() or {}
        beats = [name for name in (inspect.ping() or {}) if name.startswith("celerybeat@")]
    except OperationalError as error:
        yield Check("workers", False, f"cannot be asked ({error})")
        return
    served = {queue["name"] for chosen in queues.values() for queue in chosen}
    missing = [queue for queue in QUEUES if queue not in served]
    if not queues:
        yield Check("workers", False, f"none answers: {start}")
    else:
        detail = f"nobody works on {', '.join(missing)}" if missing else f"{len(queues)} answer(s), all queues served"
        yield Check("workers", not missing, detail)
    yield Check("beat", bool(beats), "answers" if beats else f"does not answer: {start}")


def _stores() -> Iterator[Check]:
    held = process()
    with held.pool.connection() as connection:
        rows = stores.stores(connection)
    for row in rows:
        name = f"store {row['name']}"
        if row["state"] != "active":
            sentence, cure = describe(row["reason"])
            yield Check(name, row["state"] == "paused", f"{row['state']}. {sentence} {cure}".strip())
            continue
        try:
            needs = needs_of(row["platform"], row["settings"])
            connector = held.connector(row)
            facts = connector.check([need.right for need in needs])
            words = missing_words(facts.lacks, needs, connector.platform) if facts.lacks else ""
            note = f". {withheld_words(facts.withheld, connector.platform)}" if facts.withheld else ""
            yield Check(name, not words, words or f"answers and takes our credentials{note}")
            for twin in (one["name"] for one in rows if one is not row and _is_twin(one, row["platform"], facts.shop)):
                yield Check(name, False, f"is the same shop as {twin}: its orders come in twice. {_PART}")
        except (ConnectorError, ConfigError) as error:
            yield Check(name, False, str(error))
        for part, words in stopped_parts(row):
            yield Check(f"{part} of {row['name']}", False, words)
        compared = row["stock_compared"]
        if compared and compared["reason"]:
            yield Check(f"stock of {row['name']}", False, compared_words(row["name"], compared))
        if row["catalogue_reason"]:
            said = f"{unread_catalogue(row['name'], row['catalogue_reason'])} ({row['catalogue_detail']})"
            yield Check(f"catalogue of {row['name']}", False, said)


def _is_twin(row: Row, platform: str, shop: str) -> bool:
    """Whether a store is of a shop, by what that calls itself."""
    return bool(row["platform"] == platform and row["shop"] == shop)


def stopped_parts(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a store refuses to be told for want of a right, with its words, and that everything else goes on."""
    for part, told in PARTS.items():
        if row[f"{part}_reason"] == Reason.WRITE_REFUSED:
            _, cure = describe(Reason.WRITE_REFUSED)
            yield part, f"It is told no {told}, everything else goes on: {row[f'{part}_detail']}. {cure}"


def unread_catalogue(name: str, reason: str) -> str:
    """That a store's catalogue cannot be read, why, and how it is tried again."""
    sentence, _ = describe(reason)
    return (
        f"The catalogue cannot be read to its end: what is new in it or deleted is not seen. {sentence}"
        f" It is tried again every hour, or now: storesync enqueue fetch_catalogue {name} --wait"
    )


def compared_words(name: str, compared: dict[str, Any]) -> str:
    """What came of the last comparison of a store's stock with the hub's, and what to do where it stopped."""
    differing, told = compared["differing"], compared["told_again"]
    found = f"{compared['compared']} SKU(s), {differing} differed, {told} told again"
    words = f"Its stock was compared at {compared['at']}: {found}."
    if not compared["reason"]:
        return words
    sentence, cure = describe(compared["reason"])
    return f"{words} {compared['not_told']} were not. {sentence} {cure.replace('NAME', name)}"
