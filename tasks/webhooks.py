"""What shops send to the door: proved, noted, rung for, and forgotten (DOR-1).

Nothing of it is logged. Nothing is kept but the ids of whom a shop wants told or erased, until that is done (DOR-6).
"""

import re
from dataclasses import replace
from enum import StrEnum
from typing import Final, assert_never

from connectors import counters, goods, locks, platforms
from connectors.hubs import HUBS
from connectors.postgres import Connection, catalogue, earlier_secrets, journal, orders, privacy, stores
from connectors.postgres.rows import StoreRow
from connectors.webhooks import Addressee, Forged, Heard, Message, reader
from schemas.journal import Action, Line, Outcome
from schemas.privacy import Request
from schemas.reasons import Reason
from schemas.stores import StoreState
from schemas.webhooks import Figure
from tasks import bells, hub_news
from tasks.held import Process
from tasks.rules.hints import Fetch, Follow, LookAt, NoteRequest, decide_bell, may_say_by_earlier

POOL_SECONDS: Final = 2  # shops wait for an answer 5 s at most
REMEMBERED_SECONDS: Final = 900  # a delivery that comes again so soon says nothing new

_TOKEN: Final = re.compile(r"[0-9a-f]{32}")


class Taken(StrEnum):
    """What became of a message."""

    NOTED = "noted"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    REFUSED = "refused"


def hear(held: Process, platform: str, token: str, message: Message) -> Taken:
    """Take a message; it is noted before this returns, so that its fetch or look comes whatever happens then.

    Raises psycopg.Error, RedisAway or ConfigError where it cannot be noted: the shop is to send it again.
    """
    if platform in HUBS:
        return Taken.NOTED if hub_news.hear(held, platform, token, message) else Taken.REFUSED
    if platform not in platforms.PLATFORMS or not platforms.record(platform).hears or not _TOKEN.fullmatch(token):
        return Taken.REFUSED
    row = _store(held, platform, token)
    try:
        heard = _heard(held, platform, row, message)
    except Forged as forged:
        if row is not None and row.state != StoreState.DISCONNECTED:
            counters.note_refused(held.redis, row.id, forged.reason)
        return Taken.REFUSED
    if heard is None or row is None:
        return Taken.IGNORED
    return _note(held, row, heard)


def _heard(held: Process, platform: str, row: StoreRow | None, message: Message) -> Heard | None:
    """What a message says, proved by what proves it now, or did before and still may. Raises Forged."""
    read, to = reader(platform), _addressee(held, row)
    try:
        return read(message, to)
    except Forged as forged:
        if row is None or forged.reason != Reason.WEBHOOK_UNPROVED:
            raise
    with held.pool.connection(timeout=POOL_SECONDS) as connection:
        earlier = earlier_secrets.kept(connection, held.secrets, row.id)
    for secrets in earlier:
        try:
            return _said_by_earlier(row, read(message, replace(to, credentials=secrets)))
        except Forged as forged:
            if forged.reason != Reason.WEBHOOK_UNPROVED:
                raise
    raise Forged


def _said_by_earlier(row: StoreRow, heard: Heard | None) -> Heard | None:
    """What was proved by a secret of before, where that may say it. Raises Forged."""
    is_connected = row.state != StoreState.DISCONNECTED
    if heard and not may_say_by_earlier(platforms.record(row.platform), heard.topic, is_connected=is_connected):
        raise Forged(Reason.WEBHOOK_EARLIER_SECRET)
    return heard


def _store(held: Process, platform: str, token: str) -> StoreRow | None:
    with held.pool.connection(timeout=POOL_SECONDS) as connection:
        return stores.store_of_token(connection, platform, token)


def _addressee(held: Process, row: StoreRow | None) -> Addressee:
    if row is None:
        return Addressee({})
    return Addressee(held.secrets.unlock(row.credentials), row.url, row.shop)


def _note(held: Process, row: StoreRow, heard: Heard) -> Taken:
    decided = decide_bell(platforms.record(row.platform), heard.topic, heard.external_id)
    if decided is None:
        return Taken.IGNORED
    delivery = f"webhook:{row.id}:{heard.delivery}"[:200]
    if heard.delivery and locks.was_said(held.redis, delivery):
        return Taken.DUPLICATE
    with held.pool.connection(timeout=POOL_SECONDS) as connection:
        match decided:
            case LookAt(external_id) if orders.look_anew(connection, row.id, external_id):
                bells.ring_orders(connection, row.id, [external_id])
            case NoteRequest(request):
                _note_request(connection, row, request, heard)
            case LookAt() | Fetch():
                bells.ring_hinted_fetch(connection, held.redis, row.id)
            case Follow(by_name):
                if not _is_news_of_goods(connection, row, heard.figure):
                    return Taken.IGNORED
                if by_name and heard.figure:
                    goods.name(held.redis, row.id, heard.figure.item)
                bells.ring_hinted_catalogue(connection, held.redis, row.id)
            case _:
                assert_never(decided)
    if heard.delivery:  # only now: what could not be noted comes again with the same name
        locks.say(held.redis, delivery, seconds=REMEMBERED_SECONDS)
    return Taken.NOTED


def _is_news_of_goods(connection: Connection, row: StoreRow, figure: Figure | None) -> bool:
    """Whether a store's catalogue is of use to anybody, and not what we told the shop comes back to us (STK-3)."""
    if row.stock_news is None and not row.wants_products:
        return False
    return figure is None or figure.pieces is None or not catalogue.is_known(connection, row.id, figure)


def _note_request(connection: Connection, row: StoreRow, request: Request, heard: Heard) -> None:
    with connection.transaction():
        privacy.ask(connection, row.id, request, heard.about)
        journal.add(connection, Line(Action.PRIVACY, Outcome.ASKED, detail={"request": request}), store_id=row.id)
    if request is not Request.TELL:
        bells.ring_erasing()
