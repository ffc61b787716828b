"""What moved in a hub that marks nothing by itself: asked every minute, at once where it knocks, and marked (KAT-4)."""

from hmac import compare_digest
from typing import Final

from celery import shared_task

from connectors import locks
from connectors.errors import ConnectorError, HubBusy
from connectors.hubs import facts_of, our_hub
from connectors.postgres import Connection, hub_account, journal, marks, stores
from connectors.postgres.hub_account import HubAccount
from connectors.webhooks import Message
from schemas.journal import Action, Line, Outcome
from schemas.reasons import Reason
from tasks import bells
from tasks.held import Process, process
from tasks.trouble import problem_of

WEBHOOK_EVERY: Final = 86400  # seconds between two looks whether the hub knocks at our door
AGAIN_SECONDS: Final = 3600  # … after one that failed
POOL_SECONDS: Final = 2  # who knocks waits for an answer 10 s at most

WEBHOOK_ASKED: Final = "hub_webhook"


@shared_task(name="fetch_hub")
def fetch_hub() -> str:
    """Ask the hub what moved, and mark it for those whom it is news for; what came of it in a word."""
    held = process()
    with held.pool.connection() as connection:
        if facts_of(stores.account(connection).hub).marks_what_moves:
            return "marks_by_itself"
        bells.answer_hub(held.redis)
        with locks.lock(held.redis, locks.hub_key()) as is_ours:
            if not is_ours:
                return "busy"
            try:
                said = _listen(connection)
                _be_knocked_at(held, connection)
                return said
            except HubBusy as error:
                if error.until is None:  # else it only asks to wait
                    _note(connection, error)
                return "put_off" if error.until else "hub_busy"
            except ConnectorError as error:
                _note(connection, error)
                return "hub_busy"


def _listen(connection: Connection) -> str:
    kept = hub_account.hub_account(connection)
    news = our_hub(connection).changes_since(kept.cursor)
    with connection.transaction():
        marks.keep_news(connection, news)
        for one in news.twins:
            detail = {"hub_order": one.hub_order_id, "order_no": one.order_no}
            line = Line(Action.FETCH_HUB, Outcome.NOTED, Reason.TWICE_IN_HUB, detail)
            journal.add(connection, line, store_id=one.store_id, external_id=one.external_id)
        hub_account.keep_cursor(connection, news.cursor)
        if kept.reason:
            journal.add(connection, Line(Action.FETCH_HUB, Outcome.HEARD))
    return "heard"


def _be_knocked_at(held: Process, connection: Connection) -> None:
    """Once a day have the hub send its messages to our door; soon again where that fails. Polling backs it all."""
    kept = hub_account.hub_account(connection)
    address = address_of(held, kept)
    if address is None or locks.was_said(held.redis, WEBHOOK_ASKED):
        return
    locks.say(held.redis, WEBHOOK_ASKED, seconds=AGAIN_SECONDS)
    try:
        token = our_hub(connection).knock_at(address)
    except ConnectorError as error:
        words = problem_of(error).words
        journal.add(connection, Line(Action.SUBSCRIBE, Outcome.FAILED, Reason.WEBHOOKS_REFUSED, {"problem": words}))
        return
    known = held.secrets.unlock(kept.credentials)
    if token and known.get("webhook_token") != token:
        with connection.transaction():
            hub_account.set_credentials(connection, held.secrets.lock({**known, "webhook_token": token}))
            journal.add(connection, Line(Action.SUBSCRIBE, Outcome.SAVED))
    locks.say(held.redis, WEBHOOK_ASKED, seconds=WEBHOOK_EVERY)


def address_of(held: Process, kept: HubAccount) -> str | None:
    """Where the hub's messages are to be sent to; None where nobody outside reaches us, or not safely."""
    public = held.config.public_url
    is_safe = public.startswith("https://") or bool(kept.settings.get(f"{kept.name}.allow_insecure"))
    return f"{public}/webhooks/{kept.name}/{kept.token}" if public and is_safe else None


def _note(connection: Connection, error: ConnectorError) -> None:
    """Why the hub could not be asked; journaled once, until it answers again."""
    words = problem_of(error).words
    with connection.transaction():
        if hub_account.hub_account(connection).reason is None:
            journal.add(connection, Line(Action.FETCH_HUB, Outcome.FAILED, Reason.HUB_BUSY, {"problem": words}))
        hub_account.failed(connection, Reason.HUB_BUSY, words)


def hear(held: Process, name: str, token: str, message: Message) -> bool:
    """Whether a message at the hub's door is the hub's; then it is asked what moved. Nothing inside is believed.

    Raises psycopg.Error, RedisAway or ConfigError where nobody can be told.
    """
    with held.pool.connection(timeout=POOL_SECONDS) as connection:
        kept = hub_account.hub_account(connection)
        if kept.name != name or not compare_digest(token.encode(), kept.token.encode()):
            return False
        try:
            is_true = our_hub(connection).read_webhook(message.headers, message.body)
        except HubBusy:  # without a key nothing can be proved
            return False
    if not is_true:
        return False
    bells.ring_hinted_hub(held.redis)
    return True
