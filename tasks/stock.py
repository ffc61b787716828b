"""The hub's quantities to a store: what is due, in the platform's own batches, always the last value (STK-1…9)."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic
from typing import Final

from celery import shared_task

from connectors import locks, postgres
from connectors.errors import Unavailable
from connectors.postgres import stock, stores
from connectors.postgres.hub import PostgresHub
from connectors.postgres.stock import DueSku, Settled, StockLine
from schemas.actions import TellStock
from schemas.fields import clean
from schemas.hub import StockLevel
from schemas.reasons import Reason
from schemas.stock import CataloguePage, NotTold, StoreItem
from schemas.stores import StoreState
from tasks import bells
from tasks.process import Process, process
from tasks.rules.stock import Push, decide_push
from tasks.session import EXPECTED, UnknownStore, problem_of, resolve_store
from tasks.stock_waits import Trouble, put_off
from tasks.telling import Asked, Sent, ask, parts_of, tell

BUDGET_SECONDS: Final = 20  # of one bell: a long backlog goes on in a new task, so that others get their turn
CALLS_SECONDS: Final = 40  # … and no call begins later: what a store answered is to be written down in time
LOCKED_SECONDS: Final = 30  # a SKU that an open transaction of the hub holds is told the same value this seldom


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


@dataclass(frozen=True, slots=True)
class _Came:
    """What came of one batch: what the store has, what it was to be told, what it said, and when that was forgotten."""

    looked: Asked[str, CataloguePage]
    pushes: Sequence[Push]
    sent: Sent = field(default_factory=Sent)
    forgotten_at: datetime | None = None


def _push_batches(held: Process, store_id: int) -> Counter[str]:
    words: Counter[str] = Counter()
    began_at = monotonic()
    stuck: set[str] = set()
    row = _look(held, store_id)
    while row is not None and (not words or monotonic() < began_at + BUDGET_SECONDS):
        size = held.connector(row).platform.stock_batch
        with held.pool.connection() as connection:
            due = stock.pick(connection, store_id, limit=size, but=stuck)
        row = _look(held, store_id)  # after the marks: settings that change from now on make the SKUs due again
        if due and row is not None:
            came, marked = push_batch(held, row, due, stop_at=began_at + CALLS_SECONDS)
            words += came
            stuck |= {one.sku for one in due} - marked  # for another round: this one goes on with others
        if len(due) < size:
            return words  # what moves from now on has a bell of its own: SKUs that move all the time keep no worker
    return words


def _look(held: Process, store_id: int) -> postgres.Row | None:
    """The store as it is now; None while it is told no stock. Raises UnknownStore."""
    with held.pool.connection() as connection:
        row = stock.look(connection, store_id)
    if row is None:
        raise UnknownStore(f"there is no store {store_id}")
    return row if row["state"] == StoreState.ACTIVE and row["settings"].get("stock.sync") is True else None


def push_batch(
    held: Process, row: postgres.Row, due: Sequence[DueSku], *, stop_at: float
) -> tuple[Counter[str], set[str]]:
    """Gather, decide, tell, settle: one batch of SKUs of one store; what came of them, counted, and whose mark is set.

    No call to the store begins after `stop_at` of the monotonic clock: what is left stays due.
    """
    try:
        looked = _look_up(held, row, due, stop_at=stop_at)
        unknown = {*looked.failed, *looked.left, *(sku for sku, _ in looked.refused)}
        known = [one for one in due if one.sku not in unknown]
        with held.pool.connection() as connection:
            items = stock.items(connection, row["id"], [one.sku for one in known])
        pushes = decide(held, row, known, items)
        tells = [one for push in pushes for one in push.tells]
        if not tells:
            return _settle(held, row, due, _Came(looked, pushes))
        with held.pool.connection() as connection:
            forgotten = stock.forget(connection, row["id"], tells)
        same = _told_already(held, row, tells, forgotten.locked)
        attempts = max(one.attempts for one in due)
        told = [one for one in tells if one.sku not in same]
        sent = tell(held.connector(row), told, attempts=attempts, stop_at=stop_at)
        pushes = [push for push in pushes if push.sku not in same]
        return _settle(held, row, due, _Came(looked, pushes, sent, forgotten.at))
    except EXPECTED as error:
        return put_off(held, row, Trouble(error, due)), set()
    except Exception as error:  # a bug: it shows in Flower, and is not rung for again every few seconds
        put_off(held, row, Trouble(error, due))
        raise


def _look_up(held: Process, row: postgres.Row, due: Sequence[DueSku], *, stop_at: float) -> Asked[str, CataloguePage]:
    """Ask the store for the SKUs that are not known, and for those a person wants asked for; keep what it has."""
    with held.pool.connection() as connection:
        known = {item.sku for item in stock.items(connection, row["id"], [one.sku for one in due])}
        wanted = [one for one in due if one.wants_look or (one.sku not in known and one.may_look)]
        if not wanted:
            return Asked()
        asked_at = stores.database_time(connection)
    skus, attempts = [one.sku for one in wanted], max(one.attempts for one in wanted)
    connector = held.connector(row)
    parts = parts_of(skus, most=connector.platform.stock_batch, attempts=attempts)
    asked = ask(connector.find_items, parts, stop_at=stop_at)
    unanswered = {*asked.failed, *asked.left}
    answered = [sku for sku in skus if sku not in unanswered]
    if answered:
        found = [item for page in asked.answers for item in page.items]
        with held.pool.connection() as connection, connection.transaction():
            # Nobody tells this store anything meanwhile: the lock is ours.
            stock.keep_items(connection, row["id"], found, asked_at=asked_at, asked_for=answered)
            stock.looked(connection, row["id"], answered)
    return asked


def _told_already(held: Process, row: postgres.Row, tells: Sequence[TellStock], locked: Collection[str]) -> set[str]:
    """Of the SKUs that the hub is just changing, whose mark nobody can set: those that were told this value lately."""
    keys = {sku: f"stock-told:{row['id']}:{sku}" for sku in locked}
    for one in tells:
        if one.sku in keys:
            keys[one.sku] += f":{one.quantity}"
    return {sku for sku, key in keys.items() if not locks.is_first(held.redis, key, seconds=LOCKED_SECONDS)}


def decide(held: Process, row: postgres.Row, due: Sequence[DueSku], found: Sequence[StoreItem]) -> list[Push]:
    """What the store is to be told of each SKU, with the hub as it is now. Nothing is written."""
    return decide_skus(held, row, {one.sku: one.tell_uncounted for one in due}, found)


def decide_skus(held: Process, row: postgres.Row, skus: Mapping[str, bool], found: Sequence[StoreItem]) -> list[Push]:
    """The same of SKUs by whether a person wants them told though nobody counted them (STK-10)."""
    store = stores.read_store(row, held.connector(row).platform)
    asked = {False: store, True: replace(store, settings={**store.settings, "stock.tell_uncounted": True})}
    location = str(store.settings["location"] or stores.read_account(row["account"]).default_location)
    levels, items = defaultdict[str, list[StockLevel]](list), defaultdict[str, list[StoreItem]](list)
    with held.pool.connection() as connection:
        for level in PostgresHub(connection).levels(list(skus)):
            levels[level.sku].append(level)
    for item in found:
        items[item.sku].append(item)
    return [
        decide_push(sku, levels=levels[sku], items=items[sku], store=asked[is_asked], location=location)
        for sku, is_asked in skus.items()
    ]


# -- what came of it ---------------------------------------------------------------------------------------------------


def _settle(held: Process, row: postgres.Row, due: Sequence[DueSku], came: _Came) -> tuple[Counter[str], set[str]]:
    looked, pushes, sent = came.looked, came.pushes, came.sent
    refused = {(one.external_id, one.place): one for one in sent.refused}
    untold = {*sent.failed, *sent.left}
    moved = {one.sku for push in pushes for one in push.tells if _is(refused, one, Reason.MOVED_IN_STORE)}
    away = {one.sku for push in pushes for one in push.tells if _is(refused, one, Reason.STORE_UNAVAILABLE)}
    seen = {one.sku: one for one in due}
    open_still = {one.sku for one in untold} | moved | away
    settled = [_settled(seen[push.sku], push, refused) for push in pushes if push.sku not in open_still]
    settled += [_not_looked_up(seen[sku], error) for sku, error in looked.refused]
    renamed = {one.external_id for one in sent.refused if one.reason is Reason.SKU_MOVED}
    accepted = [
        one
        for push in pushes
        for one in push.tells
        if one not in untold and one.external_id not in renamed and (one.external_id, one.place) not in refused
    ]
    if wanted := _both_skus(seen, pushes, sent):
        with held.pool.connection() as connection:
            stock.look_again(connection, row["id"], wanted)  # before any mark is set
    with held.pool.connection() as connection, connection.transaction():
        marked = stock.settle(connection, row["id"], settled)
        lasting = {sku for sku, is_last in marked.items() if is_last}
        if came.forgotten_at is not None:
            stock.told(connection, row["id"], accepted, lasting=lasting, forgotten_at=came.forgotten_at)
        gone = [one.external_id for one in sent.refused if one.reason is Reason.STORE_ITEM_GONE]
        stock.drop_items(connection, row["id"], [*gone, *renamed])  # and their SKUs are looked at again
        stock.write(connection, row["id"], [*_told_lines(accepted), *_news(seen, settled, marked)])
        if sent.error is None:
            stock.unsent(connection, row["id"], [one.sku for one in sent.left])
    words = Counter({"told": len({one.sku for one in accepted}), "settled": len(lasting)})
    is_answered = sent.is_answered or bool(looked.answers)
    if is_answered and (row["stock_attempts"] or row["stock_due_at"]):
        with held.pool.connection() as connection:
            stock.answered(connection, row["id"], attempts=row["stock_attempts"])
    for trouble in _troubles(due, looked, sent, away):
        words += put_off(held, row, trouble, is_answered=is_answered)
    return words, set(marked)


def _troubles(
    due: Sequence[DueSku], looked: Asked[str, CataloguePage], sent: Sent, away: Collection[str]
) -> Iterator[Trouble]:
    """What failed on the way. A store that takes quantities is not away, whatever it said before."""

    def those(skus: Iterable[str]) -> list[DueSku]:
        named = set(skus)
        return [one for one in due if one.sku in named]

    if looked.error:
        left = [] if sent.is_answered else looked.left
        yield Trouble(looked.error, those(looked.failed), those(left), is_whole=not sent.is_answered)
    if sent.error:
        failed = {one.sku for one in sent.failed}
        yield Trouble(sent.error, those(failed), those({one.sku for one in sent.left} - failed))
    if away:
        yield Trouble(Unavailable("it did not take the items"), those(away), is_whole=False)


def _is(refused: dict[tuple[str, str], NotTold], one: TellStock, reason: Reason) -> bool:
    said = refused.get((one.external_id, one.place))
    return said is not None and said.reason is reason


def _both_skus(seen: dict[str, DueSku], pushes: Sequence[Push], sent: Sent) -> set[str]:
    """The SKUs that were meant and those that their items have now (STK-3); once, where a store contradicts itself."""
    meant = {one.external_id: one.sku for push in pushes for one in push.tells}
    found: set[str] = set()
    for one in sent.refused:
        if one.reason is Reason.SKU_MOVED:
            known = seen[meant[one.external_id]]
            items = known.detail.get("items", {}) if known.reason == Reason.SKU_MOVED else {}
            if items.get(one.external_id) != clean(one.words):
                found |= {known.sku, *filter(None, [one.sku])}
    return found


def _settled(seen: DueSku, push: Push, refused: dict[tuple[str, str], NotTold]) -> Settled:
    said = [refused[key] for one in push.tells if (key := (one.external_id, one.place)) in refused]
    if said:
        items = {one.external_id: clean(one.words) for one in said}
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


def _not_looked_up(seen: DueSku, error: Exception) -> Settled:
    return Settled(seen.sku, seen.changed, Reason.REFUSED_BY_STORE, {"problem": problem_of(error).words})
