"""The doctor's checks: each says what it found, and what to do where it is wrong."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import psycopg
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from connectors import hubs, postgres
from connectors.config import Config, ConfigError
from connectors.errors import ConnectorError, HubBusy
from connectors.locks import open_redis
from connectors.postgres import alarms, hub_account, lanes, privacy, stores
from connectors.postgres.rows import StoreRow
from schemas.privacy import Request
from schemas.reasons import cure_of, describe
from tasks import people
from tasks.checks import ask_shop
from tasks.held import process
from tasks.rules.health import Verdict, judge_queues, judge_workers
from workers.app import QUEUES
from workers.cli import business, knocks
from workers.cli.output import first_line
from workers.cli.store.words import compared_words, stopped_parts, unread_catalogue, waiting_words

CLOCK_SECONDS = 5  # signatures and marks go wrong when clocks are further apart

_PART: Final = "Keep the one that came first, and of the other: storesync store disconnect NAME"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    is_ok: bool
    detail: str


def check_all(config: Config, revived: Mapping[str, str]) -> list[Check]:
    """Everything that can be looked at; what depends on a broken server is left out.

    `revived` are the servers of our own that did not run before the doctor came, each with its log.
    """
    found = [*_database(config)]
    redis_check = _redis(config)
    found.append(redis_check)
    if redis_check.is_ok:
        found += _workers(config)
    found += _verdicts(business.of_machine(config))
    if all(check.is_ok for check in found if check.name in {"database", "schema"}):
        found += [_alarms(), *_hub()]
        found += _business()
        found += [*_stores(), *_privacy()]
    return [_revived(check, revived[check.name]) if check.name in revived else check for check in found]


def check_at_once(config: Config) -> list[Check]:
    """What can be looked at without asking shops, a hub elsewhere or workers, for a page that waits for it."""
    found = [*_database(config), _redis(config), *_verdicts(business.of_machine(config)), _alarms()]
    return [*found, *_business(), *_privacy()]


def _revived(check: Check, log: str) -> Check:
    """What the doctor had to start was not well, whatever it is now."""
    return Check(check.name, False, f"did not run, and was started just now: {check.detail}. Why it ended: {log}")


def _verdicts(found: Iterable[tuple[str, Verdict]]) -> list[Check]:
    return [Check(name, verdict.is_ok, verdict.words) for name, verdict in found]


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


def _workers(config: Config) -> Iterator[Check]:
    start = config.start_command
    try:
        with open_redis(config.redis_url) as redis:
            knocked = knocks.knock_everywhere(redis)
    except (OperationalError, RedisError) as error:
        yield Check("workers", False, f"cannot be asked ({error})")
        return
    asked = judge_workers(knocked.workers, knocked.silent, QUEUES, start=start)
    yield Check("workers", asked.is_ok, asked.words)
    came = judge_queues(knocked.waiting, knocked.answered, knocked.workers, seconds=knocks.KNOCK_SECONDS)
    yield Check("queues", came.is_ok, came.words)
    beats = knocked.beats
    yield Check("beat", bool(beats), "answers" if beats else f"does not answer: {start}")


def _business() -> Iterator[Check]:
    held = process()
    with held.pool.connection() as connection:
        yield from _verdicts(business.of_account(connection))
        yield from _verdicts(business.of_stores(held, connection, stores.stores(connection)))


def _privacy() -> Iterator[Check]:
    """What shops ask for on behalf of their buyers is answered within a month (DOR-6)."""
    with process().pool.connection() as connection:
        asked = privacy.open_requests(connection)
    for one in asked:
        if one.kind is Request.TELL:
            cure = f"storesync privacy show {one.id} has it; give it to the shop, then: storesync privacy done {one.id}"
            day = f"{one.asked_at:%Y-%m-%d}"
            yield Check("privacy", False, f"a buyer of {one.store} wants to know what is kept, since {day}: {cure}")


def _alarms() -> Check:
    """Whether people hear of alarms."""
    held = process()
    try:
        with held.pool.connection() as connection:
            told, unsent = people.addresses(held, connection), alarms.failing_notices(connection)
    except ConfigError as error:
        return Check("alarms", False, str(error))
    if not told:
        return Check("alarms", True, "nobody is told: storesync account set alerts.to=URL")
    if unsent:
        sentence, cure = describe(unsent[0].reason)
        said = f"{len(unsent)} not sent, {unsent[0].reason}: {unsent[0].detail}. {sentence} {cure}"
        return Check("alarms", False, said)
    return Check("alarms", True, f"go to {len(told)} address(es)")


def _hub() -> Iterator[Check]:
    """Whether a hub elsewhere answers and takes our key, whether its news are heard, how long it is busy (KAT-2)."""
    held = process()
    with held.pool.connection() as connection:
        account = stores.account(connection)
        facts = hubs.facts_of(account.hub)
        if facts.shares_transaction:
            return
        kept, due = hub_account.hub_account(connection), hub_account.due(connection)
        name = f"hub {facts.name}"
        try:
            limit = _limit(hubs.limit_of(facts, due, held.redis))
            hubs.open_hub(account, connection).check()
            yield Check(name, True, f"answers and takes our key{limit}")
        except HubBusy as error:  # one that only asks to wait is well
            yield Check(name, error.until is not None, f"{error}{limit}" if error.until else str(error))
        except ConnectorError as error:
            yield Check(name, False, str(error))
    if kept.reason:
        sentence, cure = describe(kept.reason)
        yield Check(f"news of {name}", False, f"{kept.detail}. {sentence} {cure}".strip())


def _limit(limit: hubs.HubLimit | None) -> str:
    if limit is None:
        return ""
    closed = f", and it asked to be left alone for {limit.closed_seconds:.0f} s" if limit.closed_seconds else ""
    minutes = max(1, round(limit.left.total_seconds() / 60))
    left = f"what waits for it takes about {minutes} min" if limit.left else "nothing waits for it"
    return f"; {limit.asked} of {limit.most} requests of the last minute are used{closed}; {left}"


def _stores() -> Iterator[Check]:
    held = process()
    with held.pool.connection() as connection:
        rows = stores.stores(connection)
    for row in rows:
        name = f"store {row.name}"
        if row.state != "active":
            sentence, _ = describe(row.reason)
            cure = cure_of(row.reason, row.name) or f"storesync store resume {row.name}"
            yield Check(name, row.state == "paused", f"{row.state}. {sentence} {cure}".replace("  ", " "))
            continue
        told = ask_shop(held, row)
        yield Check(name, told.is_ok, told.words)
        if told.shop:
            for twin in (one.name for one in rows if one is not row and _is_twin(one, row.platform, told.shop)):
                yield Check(name, False, f"is the same shop as {twin}: its orders come in twice. {_PART}")
        for part, words in stopped_parts(row):
            yield Check(f"{part} of {row.name}", False, words)
        with held.pool.connection() as connection:
            waiting = lanes.waiting(connection, row.id)
        for work in waiting:
            yield Check(f"{work.task} of {row.name}", False, waiting_words(row.name, work))
        compared = row.stock_compared
        if compared:
            yield Check(f"stock of {row.name}", not compared["reason"], compared_words(row.name, compared))
        if row.catalogue_reason:
            said = f"{unread_catalogue(row.name, row.catalogue_reason)} ({row.catalogue_detail})"
            yield Check(f"catalogue of {row.name}", False, said)


def _is_twin(row: StoreRow, platform: str, shop: str) -> bool:
    """Whether a store is of a shop, by what that calls itself."""
    return bool(row.platform == platform and row.shop == shop)
