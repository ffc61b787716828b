"""What the doctor sees of the work itself: orders set aside or late, fetches, comparisons, rates, disk, restarts."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING

from connectors import counters, platforms
from connectors.later import Later
from connectors.postgres import Connection, metrics, order_view, rates, stores
from schemas.reasons import ORDER, cure_of, describe
from schemas.settings import fetch_every
from tasks.rules.auditing import is_late
from tasks.rules.health import (
    Verdict,
    judge_audit,
    judge_disk,
    judge_due,
    judge_fetch,
    judge_rates,
    judge_restarts,
    judge_webhooks,
)
from workers.cli.store.words import audited_words, webhooks_words
from workers.supervision import ends

if TYPE_CHECKING:
    from connectors.config import Config
    from connectors.postgres.rows import StoreRow
    from tasks import subscriptions
    from tasks.held import Process
else:
    subscriptions = Later("tasks.subscriptions", after="workers.app")


def of_machine(config: Config) -> Iterator[tuple[str, Verdict]]:
    """Disk, and the programs that `storesync up` watches here."""
    if config.home.exists():
        yield "disk", judge_disk(str(config.home), shutil.disk_usage(config.home).free)
    log = ends.log_of(config.home)
    if log.exists():
        now = datetime.now(UTC).astimezone().replace(tzinfo=None)
        yield "programs", judge_restarts(ends.recent_ends(log, now=now), log=str(log.parent))


def of_account(connection: Connection) -> Iterator[tuple[str, Verdict]]:
    """What holds for all stores."""
    needed = rates.are_needed(connection, base=stores.account(connection).base_currency)
    yield "exchange rates", judge_rates(rates.newest_day(connection), today=datetime.now(UTC).date(), needed=needed)


def of_stores(held: Process, connection: Connection, rows: Sequence[StoreRow]) -> Iterator[tuple[str, Verdict]]:
    """What became of the orders of each store."""
    watched = {store.id: store for store in metrics.watched_stores(connection)}
    due = {work.store_id: work for work in metrics.due_work(connection)}
    aside = _set_aside(connection)
    now = datetime.now(UTC)
    for row in rows:
        yield f"set aside of {row.name}", _judge_set_aside(connection, row, aside.get(row.id, {}))
        if row.state != "active":
            continue
        if row.id in due:
            yield f"orders of {row.name}", judge_due(row.name, due[row.id].orders, due[row.id].oldest_seconds)
        if row.id in watched and row.platform in platforms.PLATFORMS:
            every = fetch_every(row.settings)
            yield f"fetch of {row.name}", judge_fetch(row.name, watched[row.id].fetch_age, every)
        yield f"audit of {row.name}", _judge_audit(row, now)
        if row.webhooks:
            yield f"webhooks of {row.name}", _judge_webhooks(held, connection, row)


def _judge_webhooks(held: Process, connection: Connection, row: StoreRow) -> Verdict:
    return judge_webhooks(
        row.name,
        webhooks_words(row),
        are_all_told=not (row.webhooks or {}).get("not_told"),
        is_silent=subscriptions.is_silent(held, connection, row),
        refused=[f"{one.reason} {one.times}" for one in counters.refused(held.redis, row.id)],
    )


def _judge_audit(row: StoreRow, now: datetime) -> Verdict:
    words = audited_words(row.audited) if row.audited else ""
    missing = row.audited["missing"] if row.audited else None
    return judge_audit(
        row.name, words, missing=missing, late=is_late(row.audited_at, max(row.connected_at, row.activated_at), now=now)
    )


def _set_aside(connection: Connection) -> Mapping[int, Counter[str]]:
    """How many orders of each store were set aside, in the hub or before they came there, by reason."""
    failed = (one for one in metrics.orders_by_state(connection) if one.state == "failed")
    found: dict[int, Counter[str]] = {}
    for one in chain(failed, metrics.failing_in_hub(connection)):
        found.setdefault(one.store_id, Counter())[one.reason or ""] += one.orders
    return found


def _judge_set_aside(connection: Connection, row: StoreRow, reasons: Mapping[str, int]) -> Verdict:
    if not reasons:
        return Verdict(True, "none")
    words = [_words(connection, row, reason, number) for reason, number in sorted(reasons.items())]
    again = f"storesync retry --failed --store {row.name}"
    return Verdict(False, f"{' '.join(words)} Again, all of them: {again}")


def _words(connection: Connection, row: StoreRow, reason: str, number: int) -> str:
    sentence, cure = describe(reason)
    example = ""
    if ORDER in cure:
        wanted = order_view.OrderFilter(row.id, reason=reason)
        example = next((order.external_id for order in order_view.orders(connection, wanted, limit=1)), "")
    cure = cure_of(reason, row.name, example)
    return f"{number} {reason or 'unknown'}: {sentence} {cure}".strip()
