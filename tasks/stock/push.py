"""The hub's quantities to a store: what is due, in the platform's own batches, always the last value (STK-1…9)."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from celery import shared_task

from connectors import counters, locks
from connectors.config import ConfigError
from connectors.counters import Counted
from connectors.errors import Unavailable
from connectors.hubs import open_hub
from connectors.postgres import catalogue, lanes, stock, stores
from connectors.postgres.rows import StoreRow, StoreTurn
from schemas.actions import TellStock
from schemas.hub import StockLevel
from schemas.stock import CataloguePage, DueSku, StoreItem
from schemas.stores import StoreState
from tasks import bells
from tasks.held import Process
from tasks.lanes import LATEST, STOCK
from tasks.rules.places import location_of
from tasks.rules.settlement import BatchAnswer, SettledBatch, lines_of, settle
from tasks.rules.stock import Push, decide_push
from tasks.rules.stock_loss import telling_uncounted
from tasks.stock.batches import Asked, Sent, ask, in_parts, tell
from tasks.stock.trouble import Trouble, put_off
from tasks.trouble import UnknownStore, attempt, is_bug, problem_of
from tasks.work import Done, work_on_store

BUDGET_SECONDS: Final = 20  # of one bell: a long backlog goes on in a new task, so that others get their turn
CALLS_SECONDS: Final = 40  # … and no call begins later: what a store answered is to be written down in time
LATEST_SKUS: Final = 10  # told beside a push of many: a call so small is over soon
LOCKED_SECONDS: Final = 30  # a SKU that an open transaction of the hub holds is told the same value this seldom


@shared_task(name=bells.PUSH, soft_time_limit=locks.STOCK_SOFT_LIMIT_SECONDS, time_limit=locks.STOCK_HARD_LIMIT_SECONDS)
def push_stock(store: int | str) -> str:
    """Tell a store the hub's quantity of every SKU that is due (STK-1…9)."""
    return work_on_store(store, STOCK, _push_batches)


@shared_task(
    name=bells.PUSH_LATEST, soft_time_limit=locks.STOCK_SOFT_LIMIT_SECONDS, time_limit=locks.STOCK_HARD_LIMIT_SECONDS
)
def push_latest(store: int | str) -> str:
    """Tell a store the few SKUs that moved last, beside a push of many that would hold them up (STK-5)."""
    return work_on_store(store, LATEST, _push_latest)


@dataclass(frozen=True, slots=True)
class _Came:
    """What came of one batch: what the store has, what it was to be told, what it said, and what was forgotten."""

    looked: Asked[str, CataloguePage]
    pushes: Sequence[Push]
    sent: Sent = field(default_factory=Sent)
    forgotten: stock.Forgotten | None = None


@dataclass(frozen=True, slots=True)
class _Pushed:
    """What came of the SKUs of one batch, counted, and whose marks are set; `bug` as in Done.

    `is_over` where the store is told no stock any more.
    """

    words: Counter[str]
    marked: Collection[str] = ()
    bug: Exception | None = None
    is_over: bool = False


def _push_batches(held: Process, turn: StoreTurn) -> Done:
    size = held.connector(turn.store).platform.stock_batch
    words: Counter[str] = Counter()
    began_at = monotonic()
    stuck: set[str] = set()
    while not words or monotonic() < began_at + BUDGET_SECONDS:
        with held.pool.connection() as connection:
            due = stock.pick(connection, turn.store.id, limit=size, but=stuck)
        pushed = _push_free(held, turn.store.id, due, stop_at=began_at + CALLS_SECONDS)
        words += pushed.words
        if pushed.bug:
            return Done("put_off", is_due=True, bug=pushed.bug)
        stuck |= {one.sku for one in due}.difference(pushed.marked)  # another round's: this one goes on with others
        if pushed.is_over or len(due) < size:
            break  # what moves from now on has a bell of its own: SKUs that move all the time keep no worker
    return _done(words)


def _push_latest(held: Process, turn: StoreTurn) -> Done:
    with held.pool.connection() as connection:
        due = stock.pick_latest(connection, turn.store.id, limit=LATEST_SKUS)
    pushed = _push_free(held, turn.store.id, due, stop_at=monotonic() + CALLS_SECONDS)
    return Done("put_off", is_due=True, bug=pushed.bug) if pushed.bug else _done(pushed.words)


def _done(words: Counter[str]) -> Done:
    # Nobody rings while a store is told: what came meanwhile has its bell now.
    return Done(", ".join(f"{count} {word}" for word, count in words.items()) or "nothing_due", is_due=True)


def _push_free(held: Process, store_id: int, due: Sequence[DueSku], *, stop_at: float) -> _Pushed:
    """Tell those of some SKUs that nobody else is telling this moment."""
    keys = {locks.sku_key(store_id, one.sku): one for one in due}
    with locks.lock_many(held.redis, keys, ttl=locks.STOCK_LOCK_SECONDS) as ours:
        turn = _look(held, store_id)  # after the marks: settings that change from now on make the SKUs due again
        if turn is None:
            return _Pushed(Counter(), is_over=True)
        free = [one for key, one in keys.items() if key in ours]
        return push_batch(held, turn, free, stop_at=stop_at) if free else _Pushed(Counter())


def _look(held: Process, store_id: int) -> StoreTurn | None:
    """The store as it is now; None while it is told no stock. Raises UnknownStore."""
    with held.pool.connection() as connection:
        turn = lanes.look(connection, store_id)
    if turn is None:
        raise UnknownStore(f"there is no store {store_id}")
    return turn if turn.store.state is StoreState.ACTIVE and STOCK.is_due(turn) else None


def push_batch(held: Process, turn: StoreTurn, due: Sequence[DueSku], *, stop_at: float) -> _Pushed:
    """One batch of SKUs of one store; what fails with it is put off, and holds up no other.

    No call to the store begins after `stop_at` of the monotonic clock: what is left stays due.
    """

    def failed(error: Exception) -> _Pushed:
        if isinstance(error, ConfigError):
            raise error
        return _Pushed(put_off(held, turn.store, Trouble(error, due)), bug=error if is_bug(error) else None)

    return attempt(lambda: _push(held, turn, due, stop_at=stop_at), failed)


def _push(held: Process, turn: StoreTurn, due: Sequence[DueSku], *, stop_at: float) -> _Pushed:
    """Gather, decide, tell, settle."""
    row = turn.store
    looked = _look_up(held, row, due, stop_at=stop_at)
    unknown = {*looked.failed, *looked.left, *(sku for sku, _ in looked.refused)}
    known = [one for one in due if one.sku not in unknown]
    with held.pool.connection() as connection:
        items = catalogue.items(connection, row.id, [one.sku for one in known])
    pushes = decide(held, turn, known, items)
    tells = [one for push in pushes for one in push.tells]
    if not tells:
        return _settle(held, row, due, _Came(looked, pushes))
    with held.pool.connection() as connection:
        forgotten = stock.forget(connection, row.id, tells)
    same = _told_already(held, row, tells, forgotten.locked)
    attempts = max(one.attempts for one in due)
    told = [one for one in tells if one.sku not in same]
    sent = tell(held.connector(row), told, attempts=attempts, stop_at=stop_at)
    pushes = [push for push in pushes if push.sku not in same]
    return _settle(held, row, due, _Came(looked, pushes, sent, forgotten))


def _look_up(held: Process, row: StoreRow, due: Sequence[DueSku], *, stop_at: float) -> Asked[str, CataloguePage]:
    """Ask the store for the SKUs that are not known, and for those a person wants asked for; keep what it has."""
    with held.pool.connection() as connection:
        known = {item.sku for item in catalogue.items(connection, row.id, [one.sku for one in due])}
        wanted = [one for one in due if one.wants_look or (one.sku not in known and one.may_look)]
        if not wanted:
            return Asked()
        asked_at = stores.database_time(connection)
    skus, attempts = [one.sku for one in wanted], max(one.attempts for one in wanted)
    connector = held.connector(row)
    parts = in_parts(skus, most=connector.platform.stock_batch, attempts=attempts)
    asked = ask(connector.find_items, parts, stop_at=stop_at)
    unanswered = {*asked.failed, *asked.left}
    answered = [sku for sku in skus if sku not in unanswered]
    if answered:
        found = [item for page in asked.answers for item in page.items]
        with held.pool.connection() as connection, connection.transaction():
            # Nobody else tells the store of these SKUs meanwhile: their locks are ours.
            catalogue.keep_items(connection, row.id, found, asked_at=asked_at, asked_for=answered)
            catalogue.looked(connection, row.id, answered)
    return asked


def _told_already(held: Process, row: StoreRow, tells: Sequence[TellStock], locked: Collection[str]) -> set[str]:
    """Of the SKUs that the hub is just changing, whose mark nobody can set: those that were told this value lately."""
    keys = {sku: f"stock-told:{row.id}:{sku}" for sku in locked}
    for one in tells:
        if one.sku in keys:
            keys[one.sku] += f":{one.quantity}"
    return {sku for sku, key in keys.items() if not locks.is_first(held.redis, key, seconds=LOCKED_SECONDS)}


def decide(held: Process, turn: StoreTurn, due: Sequence[DueSku], found: Sequence[StoreItem]) -> list[Push]:
    """What the store is to be told of each SKU, with the hub as it is now. Nothing is written."""
    return decide_skus(held, turn, {one.sku: one.tell_uncounted for one in due}, found)


def decide_skus(held: Process, turn: StoreTurn, skus: Mapping[str, bool], found: Sequence[StoreItem]) -> list[Push]:
    """The same of SKUs by whether a person wants them told though nobody counted them (STK-10)."""
    store = stores.read_store(turn.store, held.connector(turn.store).platform)
    asked = {False: store, True: telling_uncounted(store, is_on=True)}
    location = location_of(store, turn.account)
    levels, items = defaultdict[str, list[StockLevel]](list), defaultdict[str, list[StoreItem]](list)
    with held.pool.connection() as connection:
        for level in open_hub(turn.account, connection).levels(list(skus)):
            levels[level.sku].append(level)
    for item in found:
        items[item.sku].append(item)
    return [
        decide_push(sku, levels=levels[sku], items=items[sku], store=asked[is_asked], location=location)
        for sku, is_asked in skus.items()
    ]


# -- what came of it ---------------------------------------------------------------------------------------------------


def _settle(held: Process, row: StoreRow, due: Sequence[DueSku], came: _Came) -> _Pushed:
    """Write down what came of a batch; it in words, and the SKUs whose mark is set."""
    looked, sent = came.looked, came.sent
    refused_skus = {sku: problem_of(error).words for sku, error in looked.refused}
    answer = BatchAnswer(sent.refused, untold={*sent.failed, *sent.left}, refused_skus=refused_skus)
    settlement = settle(due, came.pushes, answer)
    if settlement.look_for:
        with held.pool.connection() as connection:
            stock.look_again(connection, row.id, settlement.look_for)  # before any mark is set
    marked = _write_down(held, row, due, came, settlement)
    is_answered = sent.is_answered or bool(looked.answers)
    if is_answered and (row.stock_attempts or row.stock_due_at):
        with held.pool.connection() as connection:
            stock.answered(connection, row.id, attempts=row.stock_attempts)
    told = {one.sku for one in settlement.accepted}
    counters.count(held.redis, Counted.STOCK_TOLD, row.id, len(told))
    words = Counter({"told": len(told), "settled": sum(marked.values())})
    for trouble in _troubles(due, looked, sent, settlement.away):
        words += put_off(held, row, trouble, is_answered=is_answered)
    return _Pushed(words, set(marked))


def _write_down(
    held: Process, row: StoreRow, due: Sequence[DueSku], came: _Came, settlement: SettledBatch
) -> dict[str, bool]:
    """Of each SKU whose mark is set, whether it did not move meanwhile."""
    with held.pool.connection() as connection, connection.transaction():
        marked = stock.settle(connection, row.id, settlement.settled)
        if came.forgotten is not None:
            lasting = {sku for sku, is_last in marked.items() if is_last}
            accepted = settlement.accepted
            stock.told(connection, row.id, accepted, lasting=lasting, forgotten=came.forgotten)
        catalogue.drop_items(connection, row.id, settlement.dropped)  # and their SKUs are looked at again
        stock.write(connection, row.id, lines_of(settlement, due, marked=marked))
        if came.sent.error is None:
            stock.unsent(connection, row.id, [one.sku for one in came.sent.left])
    return marked


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
