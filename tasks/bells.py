"""Ringing: messages that carry ids and say "look here". What is due stands in the database, so a bell may be lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from connectors import locks
from connectors.errors import RedisAway
from connectors.hubs import facts_of
from connectors.later import Later
from connectors.postgres import (
    Connection,
    auditing,
    catalogue,
    comparing,
    jobs,
    orders,
    outgoing,
    privacy,
    stock,
    stock_imports,
    stores,
)
from connectors.postgres.stock import DueStore

if TYPE_CHECKING:
    from datetime import datetime

    import celery
    import redis as client
    from kombu import exceptions as kombu
    from redis import Redis
else:
    celery, kombu, client = Later("celery"), Later("kombu.exceptions"), Later("redis")

_IN_ONE_GO: Final = 100  # messages that go to Redis in one round trip
_TOGETHER: Final = 50  # orders in one message at most: they come to the hub as one, and a message has its own cost
_FETCH_BELL_SECONDS: Final = 10
_STOCK_BELL_SECONDS: Final = 30
_UNANSWERED_SECONDS: Final = 5  # after that a bell may be lost
FRESH_EVERY: Final = 0.4  # seconds between two bells of one store in a storm of many SKUs: vendors count calls (STK-5)
FRESH_AHEAD: Final = 2.0  # so many seconds' bells come at once before that: a single change waits for nothing
PUSH: Final = "push_stock"
PUSH_LATEST: Final = "push_latest"
_CATALOGUE_BELL_SECONDS: Final = 30
CATALOGUE_EVERY: Final = 600  # seconds between two looks at what a store's catalogue changed
CATALOGUE: Final = "fetch_catalogue"
GOODS_EVERY: Final = 10  # … that says by itself that something of it moved
FETCH: Final = "fetch_orders"
_HUB: Final = "fetch_hub"
HINT_EVERY: Final = 1  # seconds between two bells of one store in a storm of webhooks (DOR-1)
HINT_AHEAD: Final = 2  # so many seconds' bells come at once before that: a single order waits for nothing (DOR-2)
HUB_MERGES: Final = 1  # seconds after a knock of the hub before it is asked: one thing knocks several times
HUB_EVERY: Final = 12  # seconds between two looks at a hub in a storm of knocks: each costs some of sixty requests
HUB_AHEAD: Final = 24  # so many seconds' looks come at once before that
WEBHOOKS_EVERY: Final = 86400  # seconds between two looks at what a store tells by itself (BEY-5)
FEW_QUEUE: Final = "orders.few"  # bells of few orders: they wait behind no other store's backlog (SPD-3)
_FEW: Final = 10
_HANDS: Final = 4  # a few orders are spread over so many messages, so that several workers share them


def ring_orders(connection: Connection, store_id: int, external_ids: Sequence[str]) -> None:
    """Ask workers to look at orders: to change those that are in the hub, and to import the others."""
    there = orders.in_hub(connection, store_id, external_ids)
    ring_together("import_order", store_id, [one for one in external_ids if one not in there])
    ring_together("change_order", store_id, [one for one in external_ids if one in there])


def ring_together(task: str, store_id: int, external_ids: Sequence[str], *, hands: int = _HANDS) -> None:
    """Ask workers to do a task on orders, a few in a message. A bell that waits too long expires: it is rung again."""
    size = max(1, min(_TOGETHER, len(external_ids) // hands))
    groups = [(store_id, *external_ids[start : start + size]) for start in range(0, len(external_ids), size)]
    queue = {"queue": FEW_QUEUE} if len(external_ids) <= _FEW else {}
    _ring(task, groups, expires=orders.BELL_SECONDS, **queue)


def ring_due_orders(connection: Connection, store_id: int, *, at_least: int = 1) -> int:
    """Ring for a store's due orders, as far as its window has room (MUL-1); returns for how many."""
    bells = orders.pick_bells(connection, store_id, at_least=at_least)
    hands = hands_at(bells[0].hub) if bells else _HANDS
    for task, is_in_hub in (("import_order", False), ("change_order", True)):
        some = [bell for bell in bells if bell.is_in_hub is is_in_hub]
        ring_together(task, store_id, [bell.external_id for bell in some if not bell.was_lost], hands=hands)
        # Whatever lost a bell may lose it again: alone it holds up no other order.
        lost = [(store_id, bell.external_id) for bell in some if bell.was_lost]
        _ring(task, lost, expires=orders.BELL_SECONDS)
    return len(bells)


def hands_at(hub: str | None) -> int:
    """Over how many messages orders are spread: a hub that counts requests gains nothing from many at once (KAT-2).

    What orders of one message need is looked for there once for all of them.
    """
    return 1 if facts_of(hub or "builtin").calls_a_minute else _HANDS


def ring_next_orders(connection: Connection, store_id: int) -> int:
    """Ring for the next orders once half the window is empty: many at a time, a few together in a message."""
    return ring_due_orders(connection, store_id, at_least=orders.WINDOW // 2)


def ring_fetch(store_id: int) -> None:
    """Ask a worker to fetch a store's changed orders now."""
    _ring(FETCH, [(store_id,)])


def ring_hinted_fetch(connection: Connection, redis: Redis, store_id: int) -> None:
    """Ask a worker to fetch what a shop says has moved: noted first, and with one bell for all until a fetch begins.

    A fetch that is on its way rings for it at its end: a bell now would find somebody at it, and be lost.
    """
    if not locks.is_first(redis, _unanswered(store_id, FETCH), seconds=_UNANSWERED_SECONDS):
        return
    with ExitStack() as undo:
        undo.callback(answer_fetch, redis, store_id)  # or whoever comes next would believe that it is noted
        stores.hint(connection, store_id)
        undo.pop_all()
    if not locks.is_held(redis, locks.fetch_key(store_id)):  # looked at behind the note: one of the two sees the other
        _ring_hinted_fetch(redis, store_id)


def ring_left_fetch(connection: Connection, redis: Redis, store_id: int) -> None:
    """Ask for what a shop said while it was fetched. Once the lock is free: until then nobody else rings for it."""
    if stores.is_hinted(connection, store_id):
        _ring_hinted_fetch(redis, store_id)


def _ring_hinted_fetch(redis: Redis, store_id: int) -> None:
    has_room = locks.has_room(redis, f"hint:{store_id}", every=HINT_EVERY, ahead=HINT_AHEAD)
    _ring(FETCH, [(store_id,)], countdown=0 if has_room else HINT_EVERY)


def answer_fetch(redis: Redis, store_id: int) -> None:
    """A fetch begins: what moves from now on needs another bell."""
    locks.unsay(redis, _unanswered(store_id, FETCH))


def ring_due_fetches(connection: Connection) -> int:
    """Ring for the stores whose fetch was put off until now; returns how many. It is done again every few seconds."""
    due = stores.due_fetches(connection)
    _ring(FETCH, [(store_id,) for store_id in due], expires=_FETCH_BELL_SECONDS)
    return len(due)


def ring_fulfillment(store_id: int, external_id: str) -> None:
    """Ask a worker to tell a store what the hub shipped of one order."""
    _ring("fulfill_order", [(store_id, external_id)], expires=orders.BELL_SECONDS)


def ring_due_fulfillments(connection: Connection) -> int:
    """Ring for the orders whose stores are to be told of them, as far as each store's window has room (MUL-1)."""
    rung = 0
    for store_id in outgoing.due_stores(connection):
        due = outgoing.pick_bells(connection, store_id)
        _ring("fulfill_order", [(store_id, external_id) for external_id in due], expires=orders.BELL_SECONDS)
        rung += len(due)
    return rung


def ring_stock(store_ids: Iterable[int]) -> None:
    """Ask workers to tell stores their stock."""
    _ring(PUSH, [(store_id,) for store_id in store_ids], expires=_STOCK_BELL_SECONDS)


def ring_stock_once(redis: Redis, due: Iterable[DueStore]) -> None:
    """Ask workers to tell stores their stock, unless a bell is out already or bells were rung too often lately.

    SKUs that move all the time are told together, about once a second, and the others wait for no such round. Workers
    that are busy find one bell: more than they answer would wait in the queue until all have expired. While a store is
    told of many, its latest news has a bell of its own.
    """
    for store in due:
        if store.is_ripe and not _ring_once(redis, store, PUSH) and store.has_latest:
            _ring_once(redis, store, PUSH_LATEST)


def _ring_once(redis: Redis, store: DueStore, task: str) -> bool:
    """False if such a bell is out already."""
    if not locks.is_first(redis, _unanswered(store.id, task), seconds=_UNANSWERED_SECONDS):
        return False
    if _has_room(redis, store, task):
        _ring(task, [(store.id,)], expires=_STOCK_BELL_SECONDS)
    else:
        answer_stock(redis, store.id, task)
    return True


def _has_room(redis: Redis, store: DueStore, task: str) -> bool:
    fresh = f"stock:{store.id}"
    if task == PUSH_LATEST:  # none ahead: of many that move at once few go beside the others
        return locks.has_room(redis, fresh, every=FRESH_EVERY, ahead=0)
    if store.has_fresh and locks.has_room(redis, fresh, every=FRESH_EVERY, ahead=FRESH_AHEAD):
        return True
    return locks.has_room(redis, f"stock-again:{store.id}", every=stock.PACE_SECONDS, ahead=0)


def answer_stock(redis: Redis, store_id: int, task: str) -> None:
    """A bell for a store's stock is answered: what moves from now on needs another one."""
    locks.unsay(redis, _unanswered(store_id, task))


def _unanswered(store_id: int, task: str) -> str:
    return f"{task}:{store_id}"


def ring_due_stock(connection: Connection) -> int:
    """Ring for every store that may be told something now; returns how many."""
    ripe = [store.id for store in stock.due_stores(connection) if store.is_ripe]
    ring_stock(ripe)
    return len(ripe)


def ring_due_catalogues(connection: Connection) -> int:
    """Ring for the stores whose catalogue was not looked at for a while; returns how many."""
    due = catalogue.due_stores(connection, every=CATALOGUE_EVERY, hinted_every=GOODS_EVERY)
    _ring(CATALOGUE, [(store_id,) for store_id in due], expires=_CATALOGUE_BELL_SECONDS)
    return len(due)


def ring_due_products(connection: Connection) -> int:
    """Ring for the stores whose products are to come into the hub; returns how many. It is done again in a moment."""
    due = stores.due_products(connection)
    _ring("import_products", [(store_id,) for store_id in due], expires=_FETCH_BELL_SECONDS)
    return len(due)


def ring_due_compares(connection: Connection) -> int:
    """Ring for the stores whose stock is to be compared; returns how many. It is done again in a moment."""
    due = comparing.due_stores(connection)
    _ring("compare_stock", [(store_id,) for store_id in due], expires=_FETCH_BELL_SECONDS)
    return len(due)


def ring_due_audits(connection: Connection, *, night: datetime) -> int:
    """Ring for the stores whose list of orders is to be compared with ours; returns how many."""
    due = auditing.due_stores(connection, night=night)
    _ring("audit", [(store_id,) for store_id in due], expires=_FETCH_BELL_SECONDS)
    return len(due)


def ring_due_stock_imports(connection: Connection) -> int:
    """Ring for the stores of which a count is under way; returns how many. It is done again in a moment."""
    due = stock_imports.due(connection)
    _ring("import_stock", [(store_id,) for store_id in due], expires=_FETCH_BELL_SECONDS)
    return len(due)


def ring_stock_import(store_id: int) -> None:
    """Ask a worker to go on with the count of a store."""
    _ring("import_stock", [(store_id,)])


def ring_audit(store_id: int) -> None:
    """Ask a worker to go on with comparing a store's list of orders with ours."""
    _ring("audit", [(store_id,)])


def ring_due_webhooks(connection: Connection, public_url: str) -> int:
    """Ring for the stores that are to be asked what they tell by themselves; returns how many (BEY-5)."""
    due = stores.due_webhooks(connection, public_url, every=WEBHOOKS_EVERY) if public_url else []
    _ring("ask_for_webhooks", [(store_id,) for store_id in due], expires=_FETCH_BELL_SECONDS)
    return len(due)


def ring_webhooks(store_id: int) -> None:
    """Ask a worker to ask a store what it tells by itself."""
    _ring("ask_for_webhooks", [(store_id,)])


def ring_erasing() -> None:
    """Ask a worker to erase whom shops want erased."""
    _ring("erase_buyers", [()])


def ring_due_erasing(connection: Connection) -> int:
    """Ring where somebody is to be erased; returns whether. It is done again in a moment."""
    due = bool(privacy.to_erase(connection))
    _ring("erase_buyers", [()] if due else [], expires=_FETCH_BELL_SECONDS)
    return int(due)


def ring_job(id_: int) -> None:
    """Ask a worker to do what a page of the console asked for."""
    _ring("do_job", [(id_,)])


def ring_due_jobs(connection: Connection) -> int:
    """Ring for what pages asked for and nobody is known to be at; returns how many. It is done again in a moment."""
    due = jobs.due(connection)
    _ring("do_job", [(id_,) for id_ in due], expires=_FETCH_BELL_SECONDS)
    return len(due)


def ring_products(store_id: int) -> None:
    """Ask a worker to bring a store's products into the hub."""
    _ring("import_products", [(store_id,)])


def ring_hinted_catalogue(connection: Connection, redis: Redis, store_id: int) -> None:
    """Ask a worker to look at what a shop says it sells otherwise: noted first, and in a storm with few bells.

    What is noted and not rung for is rung for by ring_due, once the last look is a while ago.
    """
    if not locks.is_first(redis, _unanswered(store_id, CATALOGUE), seconds=_UNANSWERED_SECONDS):
        return
    with ExitStack() as undo:
        undo.callback(answer_catalogue, redis, store_id)
        catalogue.hint(connection, store_id)
        undo.pop_all()
    if locks.has_room(redis, f"goods:{store_id}", every=GOODS_EVERY, ahead=0):
        ring_catalogue(store_id)


def answer_catalogue(redis: Redis, store_id: int) -> None:
    """A look at a store's catalogue begins: what moves from now on needs another bell."""
    locks.unsay(redis, _unanswered(store_id, CATALOGUE))


def ring_catalogue(store_id: int) -> None:
    """Ask a worker to look at a store's catalogue now."""
    _ring(CATALOGUE, [(store_id,)])


def ring_hinted_hub(redis: Redis) -> None:
    """Ask a worker what moved in the hub, which knocked: one bell for all that knock meanwhile, and few in a storm.

    A bell that is lost costs a minute: the hub is asked then anyhow.
    """
    if not locks.is_first(redis, _HUB, seconds=HUB_EVERY):
        return
    has_room = locks.has_room(redis, _HUB, every=HUB_EVERY, ahead=HUB_AHEAD)
    _ring(_HUB, [()], countdown=HUB_MERGES if has_room else HUB_EVERY)


def answer_hub(redis: Redis) -> None:
    """The hub is asked now: what moves from now on needs another bell."""
    locks.unsay(redis, _HUB)


def _ring(task: str, messages: Sequence[tuple[Any, ...]], **options: Any) -> None:
    if not messages:
        return
    app = celery.current_app
    try:
        with app.producer_pool.acquire(block=True) as producer, producer.batch(_IN_ONE_GO):  # type: ignore[attr-defined] # new in kombu 5.7
            for arguments in messages:
                app.send_task(task, arguments, producer=producer, **options)
    except (kombu.OperationalError, kombu.BatchPublishError, client.RedisError) as error:  # type: ignore[attr-defined] # new in kombu 5.7
        raise RedisAway(f"Redis does not take messages ({error})") from error
