"""Buyers: what is kept of one is shown and erased, by a person's wish or a shop's (DOR-6)."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from time import monotonic, sleep
from typing import Final

from celery import shared_task

from connectors import locks, platforms
from connectors.hub import Hub
from connectors.hubs import open_hub
from connectors.postgres import Connection, earlier_secrets, journal, privacy, stores, together
from schemas.errors import Unreadable
from schemas.journal import Action, Line, Outcome
from schemas.privacy import HubBuyer, NamingLine, OrderBeside, OrderKey, PrivacyRequest, Request
from tasks.held import Process, process
from tasks.rules.privacy import naming_words, without_words, words_of

BUDGET_SECONDS: Final = 20  # of one bell for what shops want erased: the next one goes on
PORTION: Final = 200  # orders that are erased in one transaction
PATIENCE_SECONDS: Final = 20  # a person waits so long at most for orders that somebody works on
_AGAIN_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class KeptBuyer:
    """All that is kept of a buyer, and the words that name them."""

    hub: HubBuyer
    orders: tuple[OrderBeside, ...]
    lines: tuple[NamingLine, ...]
    words: frozenset[str]

    @property
    def keys(self) -> list[OrderKey]:
        """The orders of stores, by store and id."""
        return [(order.store_id, order.external_id) for order in self.orders]


@dataclass(frozen=True, slots=True)
class Erased:
    """How many orders were erased, and how many are left that somebody works on."""

    orders: int
    left: int = 0


def find_buyer(held: Process, email: str) -> KeptBuyer:
    """All that is kept of whoever has an e-mail address."""
    with held.pool.connection() as connection:
        named = privacy.orders_naming(connection, email)
        return _find(connection, _hub(connection), named, email=email)


def find_asked(held: Process, asked: PrivacyRequest) -> KeptBuyer:
    """All that is kept of whom a shop asks about, in that shop."""
    with held.pool.connection() as connection:
        return _asked(connection, _hub(connection), asked)


def erase_buyer(held: Process, email: str) -> Erased:
    """Erase whoever has an e-mail address: names, addresses and notes, in the hub and beside it; money stays."""
    buyer = find_buyer(held, email)
    with held.pool.connection() as connection:
        erased = _erase(held, connection, buyer, PATIENCE_SECONDS)
        if not erased.left:
            with connection.transaction():
                words = {email, *buyer.words}
                named = privacy.lines_with(connection, email)
                privacy.rewrite(connection, named, partial(without_words, words=naming_words(words)))
    return erased


@shared_task(name="erase_buyers")
def erase_buyers() -> str:
    """Erase whom shops ask to be erased; what is not done in time, or worked on meanwhile, is rung for again."""
    held = process()
    stop_at = monotonic() + BUDGET_SECONDS
    orders = 0
    with held.pool.connection() as connection:
        for asked in privacy.to_erase(connection):
            orders += _answer(held, connection, asked, stop_at)
    return f"{orders} orders erased"


def _answer(held: Process, connection: Connection, asked: PrivacyRequest, stop_at: float) -> int:
    """Erase what one request is about, and close it where nothing is left; how many orders were erased."""
    if asked.kind is Request.ERASE_ALL:
        erased = _erase_all(held, connection, asked.store_id, stop_at)
    else:
        erased = _erase(held, connection, _asked(connection, _hub(connection), asked), 0)
    if not erased.left:
        with connection.transaction():
            if asked.customer_id is not None:
                privacy.forget_link(connection, asked.store_id, asked.customer_id)
            if asked.kind is Request.ERASE_ALL:  # whoever asks for that has nothing more to ask for
                earlier_secrets.forget(connection, asked.store_id)
            privacy.close(connection, asked.id)
    return erased.orders


def _erase_all(held: Process, connection: Connection, store_id: int, stop_at: float) -> Erased:
    """Every buyer of a shop, order by order: who buys in others too stays theirs."""
    orders = left = 0
    after = ""
    while keys := privacy.next_orders(connection, store_id, after, limit=PORTION):
        if monotonic() > stop_at:
            return Erased(orders, left + len(keys))
        erased = _erase(held, connection, _find(connection, _hub(connection), keys), 0)
        orders, left, after = orders + erased.orders, left + erased.left, keys[-1][1]
    if not left:
        _erase_without_orders(connection, privacy.store_links(connection, store_id))
        privacy.forget_store_links(connection, store_id)
    return Erased(orders, left)


def _erase_without_orders(connection: Connection, customer_ids: Sequence[str]) -> None:
    """Customers whose orders were deleted in the hub: who has others is known by another shop, too."""
    hub = _hub(connection)
    known = hub.find_buyer(None, customer_ids=customer_ids)
    others = {order.customer_id for order in known.orders}
    hub.erase_buyer(customer_ids=[id_ for id_, *_ in known.customers if id_ not in others], order_ids=[])


# -- finding -----------------------------------------------------------------------------------------------------------


def _hub(connection: Connection) -> Hub:
    return open_hub(stores.account(connection), connection)


def _asked(connection: Connection, hub: Hub, asked: PrivacyRequest) -> KeptBuyer:
    """The orders that were named, and all that the buyer has in that shop; the customer, where it is of no other."""
    keys = {(asked.store_id, external_id) for external_id in asked.order_ids}
    customer = privacy.linked(connection, asked.store_id, asked.customer_id) if asked.customer_id else None
    ids = [customer] if customer else []
    known = hub.find_buyer(None, customer_ids=ids)
    own = [order for order in known.orders if order.key and order.key[0] == asked.store_id]
    keys |= {order.key for order in own if order.key}
    return _find(connection, hub, sorted(keys), customer_ids=ids if len(own) == len(known.orders) else [])


def _find(
    connection: Connection,
    hub: Hub,
    keys: Sequence[OrderKey],
    *,
    email: str | None = None,
    customer_ids: Sequence[str] = (),
) -> KeptBuyer:
    at_hub = hub.find_buyer(email, customer_ids=customer_ids, orders=keys)
    every = sorted({*keys, *(order.key for order in at_hub.orders if order.key)})
    kept = privacy.kept_orders(connection, every)
    words = naming_words({*_hub_words(at_hub), *_kept_words(kept), *([email] if email else [])})
    lines = privacy.lines_naming(connection, every, words)
    if email:
        lines = sorted({line.id: line for line in [*lines, *privacy.lines_with(connection, email)]}.values(), key=_id)
    return KeptBuyer(at_hub, tuple(kept), tuple(lines), frozenset(words))


def _id(line: NamingLine) -> int:
    return line.id


def _hub_words(buyer: HubBuyer) -> set[str]:
    words = {word for _, *names in buyer.customers for word in names if word}
    return words.union(*(order.words for order in buyer.orders))


def _kept_words(orders: Iterable[OrderBeside]) -> set[str]:
    words: set[str] = set()
    for order in orders:
        if order.snapshot is not None:
            with suppress(Unreadable, KeyError):  # of a platform that there is no more
                words |= words_of(platforms.read_order(order.platform, order.snapshot))
    return words


# -- erasing -----------------------------------------------------------------------------------------------------------


def _erase(held: Process, connection: Connection, buyer: KeptBuyer, patience: float) -> Erased:
    """In portions, each whole: an order that somebody works on is left for a moment, so that it is not written anew."""
    stop_at = monotonic() + patience
    own = [order.id for order in buyer.hub.orders if order.key is None]
    left, done = buyer.keys, 0
    while left:
        names = {locks.order_key(*key): key for key in left[:PORTION]}
        with locks.lock_many(held.redis, names) as ours:
            keys = [key for name, key in names.items() if name in ours]
            _erase_portion(connection, buyer, keys)
        done += len(keys)
        left = [key for key in left if key not in keys]
        if left and not keys:
            if monotonic() > stop_at:
                return Erased(done, len(left))
            sleep(_AGAIN_SECONDS)
    if own or buyer.hub.customers:
        _erase_at_hub(connection, buyer, own)
    return Erased(done + len(own))


def _erase_portion(connection: Connection, buyer: KeptBuyer, keys: Collection[OrderKey]) -> None:
    """The hub's part and ours, in one transaction where the hub can share ours."""
    if not keys:
        return
    hub = _hub(connection)
    with hub.unit():
        _erase_at_hub(connection, buyer, [order.id for order in buyer.hub.orders if order.key in keys], hub)
        with together(connection):
            privacy.forget_orders(connection, sorted(keys))
            without = partial(without_words, words=buyer.words)
            privacy.take_out(connection, sorted(keys), buyer.words, without)
            for store_id, orders in Counter(store_id for store_id, _ in keys).items():
                line = Line(Action.PRIVACY, Outcome.ERASED, detail={"orders": orders})
                journal.add(connection, line, store_id=store_id)


def _erase_at_hub(connection: Connection, buyer: KeptBuyer, order_ids: Sequence[str], hub: Hub | None = None) -> None:
    customers = [id_ for id_, *_ in buyer.hub.customers]
    gone = (hub or _hub(connection)).erase_buyer(customer_ids=customers, order_ids=order_ids)
    privacy.forget_links(connection, gone)
