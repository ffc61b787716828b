"""Each kind of work on a store, or on one of its orders, as data: its lock, its marks, its waits, its bell.

How such work is done stands in `tasks/work.py`, once for all of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final, Generic, Protocol, TypeVar

from connectors import locks
from connectors.platforms import record
from connectors.postgres import Connection, auditing, catalogue, lanes, orders, outgoing, stock, stock_imports, stores
from connectors.postgres.rows import OrderTurn, Rest, Side, StoreRow, StoreTurn
from connectors.postgres.stock_imports import CountTurn
from schemas.account import Account
from schemas.failures import PutOff
from schemas.journal import Action
from schemas.stores import StoreState
from tasks import bells
from tasks.held import process
from tasks.rules.auditing import DAYS
from tasks.rules.failures import CAP, SWEEP, StopPart
from tasks.trouble import stop_part


class Turn(Protocol):
    """What a look brings when a turn comes: the store with the account, and what else that kind of work goes by."""

    @property
    def store(self) -> StoreRow:
        """The store as it is now."""

    @property
    def account(self) -> Account:
        """The account."""


T = TypeVar("T", bound=Turn)


@dataclass(frozen=True, slots=True)
class Lane(Generic[T]):
    """One kind of work, done by one worker at a time. Its functions take the ids: the store's, and the order's if any.

    `look` brings what they go by when the turn comes, and `rest` says of it until when that work rests. `put_off`
    writes down what failed, and says what came of it in a word. `action` is the journal's word for what failed; where
    there is none `put_off` writes the journal. `pause` is how long work rests that was tried often enough; None for as
    long as the failure says. `lift` ends the rest of a store: a person wants it now. `states` are those of a store in
    which it is done.
    """

    lock: Callable[..., str]
    look: Callable[..., T | None]
    rest: Callable[[T], Rest]
    put_off: Callable[[Connection, T, PutOff], str]
    ring: Callable[..., None]
    lock_seconds: int = locks.LOCK_SECONDS
    is_due: Callable[[T], bool] = lambda _: True
    unring: Callable[..., None] = lambda *_: None
    lift: Callable[[Connection, int], None] = lambda *_: None
    action: Action | None = None
    pause: timedelta | None = SWEEP
    states: frozenset[StoreState] = frozenset({StoreState.ACTIVE})


# -- orders: both sides of one move by themselves, under one lock ------------------------------------------------------


def _look_at_order(connection: Connection, store_id: int, external_id: str) -> OrderTurn | None:
    turn = orders.look(connection, store_id, external_id)
    if turn is not None and not turn.is_known:  # asked for by hand, before any fetch brought it
        orders.expect(connection, store_id, external_id)
        return orders.look(connection, store_id, external_id)
    return turn


class _Rows(Protocol):
    """The rows of one side: a module of `connectors.postgres`."""

    def put_off(self, connection: Connection, store_id: int, external_id: str, why: PutOff) -> None:
        """Look again later."""

    def set_aside(self, connection: Connection, store_id: int, external_id: str, why: PutOff, *, changed: int) -> None:
        """Show the failure to the operator."""


def _put_off_order(
    rows: _Rows, side: Callable[[OrderTurn], Side], connection: Connection, turn: OrderTurn, why: PutOff
) -> str:
    ids = turn.store.id, turn.external_id
    if isinstance(why, StopPart):
        stop_part(connection, turn.store.id, why)
    elif why.is_aside:
        rows.set_aside(connection, *ids, why, changed=side(turn).changed)
        return "failed"
    rows.put_off(connection, *ids, why)
    return "put_off"


def _ring_order(store_id: int, external_id: str) -> None:
    with process().pool.connection() as connection:
        bells.ring_orders(connection, store_id, [external_id])


@dataclass(frozen=True, slots=True)
class OrderLane(Lane[OrderTurn]):
    """Work on one side of an order."""

    side: Callable[[OrderTurn], Side] = field(kw_only=True)


def _at_store(turn: OrderTurn) -> Side:
    return turn.at_store


def _at_hub(turn: OrderTurn) -> Side:
    return turn.at_hub


STORE_SIDE: Final = OrderLane(
    lock=locks.order_key,
    lock_seconds=locks.ORDER_LOCK_SECONDS,
    look=_look_at_order,
    side=_at_store,
    is_due=lambda turn: turn.at_store.is_due,
    rest=lambda turn: Rest(attempts=turn.at_store.attempts),  # who names an order wants it now
    put_off=partial(_put_off_order, orders, _at_store),
    unring=orders.unring,
    ring=_ring_order,
    pause=None,
)
HUB_SIDE: Final = OrderLane(
    lock=locks.order_key,
    lock_seconds=locks.ORDER_LOCK_SECONDS,
    look=_look_at_order,
    side=_at_hub,
    is_due=lambda turn: turn.at_hub.is_due,
    rest=lambda turn: Rest(turn.store.fulfillment_due_at, turn.at_hub.attempts),
    put_off=partial(_put_off_order, outgoing, _at_hub),
    unring=outgoing.unring,
    ring=bells.ring_fulfillment,
    pause=None,
)


# -- what a store has in turn ------------------------------------------------------------------------------------------


def _put_off_fetch(connection: Connection, turn: StoreTurn, why: PutOff) -> str:
    stores.put_off_fetch(connection, turn.store.id, why)
    return "put_off"


def _put_off_catalogue(connection: Connection, turn: StoreTurn, why: PutOff) -> str:
    catalogue.put_off(connection, turn.store.id, why)
    return "put_off"


def _put_off_stock(connection: Connection, turn: StoreTurn, why: PutOff) -> str:
    attempts = turn.store.stock_attempts + why.is_attempt
    stock.put_off_store(connection, turn.store.id, why, attempts=attempts)
    return "put_off"


def _put_off_count(connection: Connection, turn: CountTurn, why: PutOff) -> str:
    assert turn.asked_at is not None  # or there was nothing to fail
    if why.until is None:
        stock_imports.stop(connection, turn.store.id, turn.asked_at, why)
        return "stopped"
    stock_imports.put_off(connection, turn.store.id, turn.asked_at, why)
    return "put_off"


def _put_off_lane(lane: str, connection: Connection, turn: StoreTurn, why: PutOff) -> str:
    lanes.put_off(connection, turn.store.id, lane, why)
    return "put_off"


def _audit_now(connection: Connection, store_id: int) -> None:
    lanes.clear(connection, store_id, "audit")
    auditing.want(connection, store_id, process().now() - timedelta(days=DAYS))


def _ring_stock_again(task: str, store_id: int) -> None:
    """Nobody rings while a store is told: what came meanwhile has its bell now."""
    held = process()
    bells.answer_stock(held.redis, store_id, task)
    with held.pool.connection() as connection:
        due = stock.due_stores(connection, store_id)
    bells.ring_stock_once(held.redis, due)


_BY_HAND: Final = frozenset({StoreState.ACTIVE, StoreState.INACTIVE})  # a person brings it in before activation (STG-1)

FETCH: Final[Lane[StoreTurn]] = Lane(
    lock=locks.fetch_key,
    look=lanes.look,
    rest=lambda turn: Rest(turn.store.fetch_due_at, turn.store.fetch_attempts, turn.store.reason),
    put_off=_put_off_fetch,
    action=Action.FETCH,
    ring=bells.ring_fetch,
    pause=CAP,  # its next order should not wait for an hourly sweep
)
CATALOGUE: Final[Lane[StoreTurn]] = Lane(
    lock=locks.catalogue_key,
    lock_seconds=locks.CATALOGUE_LOCK_SECONDS,
    look=lanes.look,
    rest=lambda turn: Rest(turn.store.catalogue_due_at, turn.store.catalogue_attempts, turn.store.catalogue_reason),
    put_off=_put_off_catalogue,
    action=Action.FETCH_CATALOGUE,
    lift=catalogue.read_again,
    ring=bells.ring_catalogue,
    states=_BY_HAND,
)
STOCK: Final[Lane[StoreTurn]] = Lane(  # what fails with a batch of SKUs waits by itself: tasks/stock/trouble.py
    lock=locks.stock_key,
    lock_seconds=locks.STOCK_LOCK_SECONDS,
    look=lanes.look,
    is_due=lambda turn: turn.store.stock_news is not None,
    # A store that is away has no SKU to pick.
    rest=lambda turn: Rest(None, turn.store.stock_attempts, turn.store.stock_reason),
    put_off=_put_off_stock,
    action=Action.PUSH,
    ring=partial(_ring_stock_again, bells.PUSH),
    pause=CAP,
)
# Beside it, where a platform takes stock calls side by side: two at a time. Each SKU has a lock: tasks/stock/push.py.
LATEST: Final[Lane[StoreTurn]] = replace(
    STOCK,
    lock=locks.latest_key,
    is_due=lambda turn: STOCK.is_due(turn) and record(turn.store.platform).stock_side_by_side,
    ring=partial(_ring_stock_again, bells.PUSH_LATEST),
)
PRODUCTS: Final[Lane[StoreTurn]] = Lane(
    lock=locks.products_key,
    look=partial(lanes.look, lane="import_products"),
    is_due=lambda turn: turn.store.wants_products and turn.store.catalogue_whole_at is not None,
    rest=lambda turn: turn.rest,
    put_off=partial(_put_off_lane, "import_products"),
    action=Action.IMPORT_PRODUCTS,
    lift=partial(lanes.clear, lane="import_products"),
    ring=bells.ring_products,
    states=_BY_HAND,
)
COUNT: Final[Lane[CountTurn]] = Lane(
    lock=locks.count_key,
    lock_seconds=locks.CATALOGUE_LOCK_SECONDS,
    look=stock_imports.look_with_store,
    is_due=lambda turn: turn.is_under_way,
    rest=lambda turn: turn.rest,
    put_off=_put_off_count,
    action=Action.COUNT,
    lift=stock_imports.go_on_now,
    ring=bells.ring_stock_import,
    pause=None,
)
COMPARE: Final[Lane[StoreTurn]] = Lane(
    lock=locks.compare_key,
    lock_seconds=locks.CATALOGUE_LOCK_SECONDS,
    look=partial(lanes.look, lane="compare_stock"),
    is_due=lambda turn: turn.store.compare_due,
    rest=lambda turn: turn.rest,
    put_off=partial(_put_off_lane, "compare_stock"),
    action=Action.COMPARE,
    lift=partial(lanes.clear, lane="compare_stock"),
    ring=lambda store_id: bells.ring_stock([store_id]),  # what it found is told
)

AUDIT: Final[Lane[StoreTurn]] = Lane(
    lock=locks.audit_key,
    look=partial(lanes.look, lane="audit"),
    rest=lambda turn: turn.rest,
    put_off=partial(_put_off_lane, "audit"),
    action=Action.AUDIT,
    lift=_audit_now,
    ring=bells.ring_audit,
)

WEBHOOKS: Final[Lane[StoreTurn]] = Lane(
    lock=locks.webhooks_key,
    look=partial(lanes.look, lane="ask_for_webhooks"),
    rest=lambda turn: turn.rest,
    put_off=partial(_put_off_lane, "ask_for_webhooks"),
    action=Action.SUBSCRIBE,
    lift=partial(lanes.clear, lane="ask_for_webhooks"),
    ring=bells.ring_webhooks,
)

# By the names of their tasks. Who wants a fetch now says `storesync sync`, so that a bell by hand waits like any other.
LANES: Final[Mapping[str, Lane[Any]]] = {
    "import_order": STORE_SIDE,
    "change_order": STORE_SIDE,
    "fulfill_order": HUB_SIDE,
    "fetch_orders": FETCH,
    "fetch_catalogue": CATALOGUE,
    "push_stock": STOCK,
    "push_latest": LATEST,
    "import_products": PRODUCTS,
    "import_stock": COUNT,
    "compare_stock": COMPARE,
    "audit": AUDIT,
    "ask_for_webhooks": WEBHOOKS,
}
