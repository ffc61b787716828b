"""The hub's quantities to a store: what is due, in the platform's own batches, always the last value (STK-1…9)."""

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Final, assert_never

from celery import shared_task

from connectors import locks, postgres
from connectors.errors import Unavailable
from connectors.postgres import journal, stock, stores
from connectors.postgres.hub import PostgresHub
from connectors.postgres.stock import DueSku, Settled, StockLine
from schemas.actions import TellStock
from schemas.hub import StockLevel
from schemas.reasons import Reason
from schemas.stock import NotTold, StoreItem
from schemas.stores import StoreState
from tasks import bells
from tasks.process import Process, process
from tasks.rules.failures import SWEEP, SetAside, StopStore, TryAgain, decide_failure
from tasks.rules.stock import Push, decide_push
from tasks.session import EXPECTED, UnknownStore, problem_of, resolve_store, stop_store
from tasks.telling import Sent, tell

BUDGET_SECONDS: Final = 20  # of one bell: a long backlog goes on in a new task, so that others get their turn


@shared_task(
    name="push_stock", soft_time_limit=locks.STOCK_SOFT_LIMIT_SECONDS, time_limit=locks.STOCK_HARD_LIMIT_SECONDS
)
def push_stock(store: int | str) -> str:
    """Tell a store the hub's quantity of every SKU that is due (STK-1…9)."""
    held = process()
    store_id = resolve_store(held, store)
    with locks.lock(held.redis, locks.stock_key(store_id), ttl=locks.STOCK_LOCK_SECONDS) as is_ours:
        if not is_ours:
            return "busy"  # whoever tells it now looks again
        words = _push_batches(held, store_id)
    _look_again(held, store_id)
    return ", ".join(f"{count} {word}" for word, count in words.items()) or "nothing_due"


def _look_again(held: Process, store_id: int) -> None:
    """Nobody rings while a store is told: what came meanwhile has its bell now."""
    bells.answer_stock(held.redis, store_id)
    with held.pool.connection() as connection:
        due = stock.due_stores(connection, store_id)
    bells.ring_stock_once(held.redis, due)


def _push_batches(held: Process, store_id: int) -> Counter[str]:
    words: Counter[str] = Counter()
    stop_at = monotonic() + BUDGET_SECONDS
    while not words or monotonic() < stop_at:
        with held.pool.connection() as connection:
            row = stock.look(connection, store_id)
            if row is None:
                raise UnknownStore(f"there is no store {store_id}")
            if row["state"] != StoreState.ACTIVE or row["settings"].get("stock.sync") is not True:
                return words
            size = held.connector(row).platform.stock_batch
            due = stock.pick(connection, store_id, limit=size)
        if due:
            words += push_batch(held, row, due)
        if len(due) < size:
            return words  # what moves from now on has a bell of its own: SKUs that move all the time keep no worker
    return words


def push_batch(held: Process, row: postgres.Row, due: Sequence[DueSku]) -> Counter[str]:
    """Gather, decide, tell, settle: one batch of SKUs of one store; what came of them, counted."""
    try:
        items = _known_items(held, row, due)
        pushes = decide(held, row, [one.sku for one in due], items)
        tells = [one for push in pushes for one in push.tells]
        if not tells:
            return _settle(held, row, due, pushes, Sent())
        with held.pool.connection() as connection:
            forgotten_at = stock.forget(connection, row["id"], tells)
        attempts = max(one.attempts for one in due)
        sent = tell(held.connector(row), tells, attempts=attempts)
        return _settle(held, row, due, pushes, sent, forgotten_at)
    except EXPECTED as error:
        return _put_off(held, row, due, error)
    except Exception as error:  # a bug: it shows in Flower, and is not rung for again every few seconds
        _put_off(held, row, due, error)
        raise


def _known_items(held: Process, row: postgres.Row, due: Sequence[DueSku]) -> Sequence[StoreItem]:
    """What the store has of these SKUs; it is asked for those that are not known, and where a person wants it asked."""
    with held.pool.connection() as connection:
        items = stock.items(connection, row["id"], [one.sku for one in due])
        known = {item.sku for item in items}
        unknown = [one.sku for one in due if one.wants_look or (one.sku not in known and one.may_look)]
        if not unknown:
            return items
        asked_at = stores.database_time(connection)
    page = held.connector(row).find_items(unknown)
    with held.pool.connection() as connection, connection.transaction():
        # Nobody tells this store anything meanwhile: the lock is ours.
        stock.keep_items(connection, row["id"], page.items, asked_at=asked_at, asked_for=unknown)
        stock.looked(connection, row["id"], unknown)
        return stock.items(connection, row["id"], [one.sku for one in due])


def decide(held: Process, row: postgres.Row, skus: Sequence[str], found: Sequence[StoreItem]) -> list[Push]:
    """What the store is to be told of each SKU, with the hub as it is now. Nothing is written."""
    store = stores.read_store(row, held.connector(row).platform)
    location = str(store.settings["location"] or stores.read_account(row["account"]).default_location)
    levels, items = defaultdict[str, list[StockLevel]](list), defaultdict[str, list[StoreItem]](list)
    with held.pool.connection() as connection:
        for level in PostgresHub(connection).levels(skus):
            levels[level.sku].append(level)
    for item in found:
        items[item.sku].append(item)
    return [decide_push(sku, levels=levels[sku], items=items[sku], store=store, location=location) for sku in skus]


# -- what came of it ---------------------------------------------------------------------------------------------------


def _settle(
    held: Process,
    row: postgres.Row,
    due: Sequence[DueSku],
    pushes: Sequence[Push],
    sent: Sent,
    forgotten_at: datetime | None = None,
) -> Counter[str]:
    refused = {(one.external_id, one.place): one for one in sent.refused}
    left = set(sent.unsent)
    unsent = {one.sku for one in left}
    moved = {one.sku for push in pushes for one in push.tells if _is(refused, one, Reason.MOVED_IN_STORE)}
    away = {one.sku for push in pushes for one in push.tells if _is(refused, one, Reason.STORE_UNAVAILABLE)}
    seen = {one.sku: one for one in due}
    done = [push for push in pushes if push.sku not in unsent | moved | away]
    settled = [_settled(seen[push.sku], push, refused) for push in done]
    accepted = [
        one for push in pushes for one in push.tells if one not in left and (one.external_id, one.place) not in refused
    ]
    with held.pool.connection() as connection, connection.transaction():
        marked = stock.settle(connection, row["id"], settled)
        lasting = {sku for sku, is_last in marked.items() if is_last}
        if forgotten_at is not None:
            stock.told(connection, row["id"], accepted, lasting=lasting, forgotten_at=forgotten_at)
        gone = [one.external_id for one in sent.refused if one.reason is Reason.STORE_ITEM_GONE]
        stock.drop_items(connection, row["id"], gone)  # and their SKUs are looked at again
        stock.write(connection, row["id"], [*_told_lines(accepted), *_news(seen, settled, marked)])
    words = Counter({"told": len({one.sku for one in accepted}), "settled": len(lasting)})
    if unsent and sent.error:
        words += _put_off(held, row, [seen[sku] for sku in unsent], sent.error)
    if away - unsent:
        words += _put_off(held, row, [seen[sku] for sku in away - unsent], Unavailable("it did not take the items"))
    return words


def _is(refused: dict[tuple[str, str], NotTold], one: TellStock, reason: Reason) -> bool:
    said = refused.get((one.external_id, one.place))
    return said is not None and said.reason is reason


def _settled(seen: DueSku, push: Push, refused: dict[tuple[str, str], NotTold]) -> Settled:
    said = [refused[key] for one in push.tells if (key := (one.external_id, one.place)) in refused]
    if said:
        items = {one.external_id: one.words for one in said}
        return Settled(seen.sku, seen.changed, said[0].reason, {"items": items})
    if push.note:
        return Settled(seen.sku, seen.changed, push.note.reason, push.note.detail)
    return Settled(seen.sku, seen.changed)


def _told_lines(accepted: Sequence[TellStock]) -> list[StockLine]:
    by_sku = defaultdict[str, dict[str, int]](dict)
    for one in accepted:
        by_sku[one.sku][" at ".join(filter(None, (one.external_id, one.place)))] = one.quantity
    return [StockLine(sku, "told", None, {"items": items}) for sku, items in by_sku.items()]


def _news(seen: dict[str, DueSku], settled: Sequence[Settled], marked: Collection[str]) -> list[StockLine]:
    """What a store does not show is journaled once, until the reason is another one (STK-3, STK-6)."""
    return [
        StockLine(one.sku, "noted", one.reason, one.detail)
        for one in settled
        if one.sku in marked and one.reason and (one.reason, one.detail) != (seen[one.sku].reason, seen[one.sku].detail)
    ]


def _put_off(held: Process, row: postgres.Row, due: Sequence[DueSku], error: Exception) -> Counter[str]:
    """The SKUs stay due, for later; a store that refuses us stops until a person acts (SPEC chapter 11)."""
    now = datetime.now(UTC)
    problem = problem_of(error)
    attempts = max(one.attempts for one in due)
    decision = decide_failure(problem, attempts=attempts, now=now, jitter=random.random())
    with held.pool.connection() as connection, connection.transaction():
        match decision:
            case StopStore(reason=reason, detail=detail):
                stop_store(connection, row["id"], reason=reason, detail=detail)
                return Counter({"store_needs_attention": 1})
            case TryAgain(at=at, reason=reason, is_attempt=is_attempt):
                delay = stock.Delay(at, reason, {"problem": problem.words}, is_attempt)
            case SetAside(reason=reason, detail=detail, again_at=at):
                delay = stock.Delay(at or now + SWEEP, reason, detail)
                line = journal.Line("push", "failed", reason, {**detail, "skus": len(due)})
                journal.add(connection, line, store_id=row["id"])
            case _:
                assert_never(decision)
        stock.put_off(connection, row["id"], [one.sku for one in due], delay)
    return Counter({"put_off": len(due)})
