"""What shops are asked to tell by themselves: asked for, looked at daily, mended, taken away at the end (BEY-5).

Polling backs all of it: a shop that refuses stays connected, and says why.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from secrets import token_urlsafe
from typing import Any, Final, assert_never

from celery import shared_task

from connectors import locks, platforms
from connectors.config import ConfigError
from connectors.errors import ConnectorError, CredentialsRefused, HubBusy, NotFound, Rejected
from connectors.postgres import Connection, journal, lanes, order_view, stores
from connectors.postgres.rows import StoreRow, StoreTurn
from connectors.subscriptions import Subscriptions
from schemas.journal import Action, Line, Outcome
from schemas.reasons import Reason
from schemas.webhooks import Mend, Step, Subscribe, Unsubscribe, Webhook
from tasks import bells
from tasks.held import Process, process
from tasks.lanes import WEBHOOKS
from tasks.rules.subscribing import AskedToTell, decide_silence, decide_subscriptions, decide_topics, is_ours
from tasks.trouble import problem_of
from tasks.work import Done, work_on_store

_LOG: Final = logging.getLogger(__name__)
_ALL: Final = "*"  # in place of a topic: what was refused was not about one

# What is the shop's last word for now. A shop that is away is asked again soon.
_NO: Final = (CredentialsRefused, Rejected, NotFound)


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a shop tells by itself: at which address, which topics, and why not the others.

    `changed` is what was done about it just now, in a word each; `left` what is to go and is still there.
    """

    address: str
    topics: tuple[str, ...]
    not_told: Mapping[str, str] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """The topics that come."""
        return () if _ALL in self.not_told else tuple(one for one in self.topics if one not in self.not_told)

    @property
    def reason(self) -> Reason | None:
        """Why something is not told, or not as it should be."""
        return Reason.WEBHOOKS_REFUSED if self.not_told else None

    def kept(self) -> dict[str, Any]:
        """As it is kept of a store."""
        return {
            "address": self.address,
            "told": list(self.told),
            "not_told": dict(self.not_told),
            "reason": self.reason,
        }


@shared_task(name="check_webhooks")
def check_webhooks() -> int:
    """Let every store be asked what it tells by itself, and mend it: daily; returns how many there are."""
    held = process()
    with held.pool.connection() as connection:
        stores.ask_again(connection)
        return bells.ring_due_webhooks(connection, held.config.public_url)


@shared_task(name="ask_for_webhooks")
def ask_for_webhooks(store: int | str) -> str:
    """Ask a store what it tells by itself, and for what is missing of it."""
    return work_on_store(store, WEBHOOKS, _ask)


def _ask(held: Process, turn: StoreTurn) -> Done:
    if not held.config.public_url:
        return Done("no_public_url")
    told = repair(held, turn.store)
    return Done("refused" if told.reason else "changed" if told.changed else "well")


def repair_now(held: Process, row: StoreRow) -> Hearing | None:
    """Do so in this process, alone; None where a worker is at it. Raises Unavailable."""
    with locks.lock(held.redis, locks.webhooks_key(row.id)) as is_ours:
        return repair(held, row) if is_ours else None


def repair(held: Process, row: StoreRow) -> Hearing:
    """Ask a store for what is missing of what it should tell, and write down what came of it.

    Raises Unavailable where the shop does not answer; what it refuses is in the answer.
    """
    row = _with_secret(held, row)
    told = _mended(held, row, lambda asks, steps: _carry_out(asks, steps, address_of(held, row)))
    if not held.config.public_url:
        return told  # others may know it
    with held.pool.connection() as connection, connection.transaction():
        before = row.webhooks or {}
        stores.keep_webhooks(connection, row.id, {**told.kept(), "since": _since(held, told, before)})
        lanes.clear(connection, row.id, "ask_for_webhooks")
        if told.reason and dict(told.not_told) != before.get("not_told"):
            line = Line(Action.SUBSCRIBE, Outcome.FAILED, told.reason, {"not_told": dict(told.not_told)})
            journal.add(connection, line, store_id=row.id)
        elif told.changed:
            detail = {"address": told.address, "changed": list(told.changed)}
            journal.add(connection, Line(Action.SUBSCRIBE, Outcome.SAVED, detail=detail), store_id=row.id)
    return told


def _since(held: Process, told: Hearing, before: Mapping[str, Any]) -> str | None:
    """Since when the shop tells anything to this address; None where it does not."""
    if not told.told:
        return None
    is_same = before.get("address") == told.address and before.get("told")
    return (before.get("since") if is_same else None) or held.now().isoformat()


def is_silent(held: Process, connection: Connection, row: StoreRow) -> bool:
    """Whether orders come that the shop tells nothing of, though it was asked to and took it."""
    newest = order_view.newest(connection, row.id)
    since = (row.webhooks or {}).get("since")
    if newest is None or not since:
        return False
    told = AskedToTell(datetime.fromisoformat(since), row.heard_at, newest.changed_at, newest.first_seen_at)
    return decide_silence(told, now=held.now())


def look(held: Process, row: StoreRow) -> Hearing:
    """What a store tells by itself now, and what is wrong with it; nothing is changed. Raises Unavailable."""
    return _mended(held, row, lambda *_: ({}, ()))


Carry = Callable[[Subscriptions, Sequence[Step]], tuple[Mapping[str, str], tuple[str, ...]]]


def _mended(held: Process, row: StoreRow, carry_out: Carry) -> Hearing:
    """What a shop tells once what is wrong with it was carried out, or is only looked at."""
    platform = platforms.record(row.platform)
    address, topics = address_of(held, row), decide_topics(platform, with_goods=row.stock_news is not None)
    if refusal := _refused_address(address, row):
        return Hearing(address, topics, {_ALL: refusal})
    try:
        asks = held.connector(row).subscriptions()
        found = asks.found() if asks else []
    except _NO as error:
        return Hearing(address, topics, {_ALL: problem_of(error).words})
    if asks is None:
        return Hearing(address, ())
    steps = decide_subscriptions(found, topics, address=address, path=path_of(row))
    refused, changed = carry_out(asks, steps)
    return _after(Hearing(address, topics), steps, refused, changed)


def _after(told: Hearing, steps: Sequence[Step], refused: Mapping[str, str], changed: tuple[str, ...]) -> Hearing:
    words = {_word(step): step for step in steps if _word(step) not in changed}
    missing = {
        step.topic: refused.get(word, "switched off" if isinstance(step, Mend) else "not asked for")
        for word, step in words.items()
        if not isinstance(step, Unsubscribe)
    }
    left = tuple(word for word, step in words.items() if isinstance(step, Unsubscribe))
    return replace(told, not_told=missing, changed=changed, left=left)


def _carry_out(asks: Subscriptions, steps: Sequence[Step], address: str) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """What was refused of some steps, with the shop's words, and what was done."""
    refused: dict[str, str] = {}
    changed: list[str] = []
    for step in steps:
        try:
            _do(asks, step, address)
        except _NO as error:
            refused[_word(step)] = problem_of(error).words
            if isinstance(error, CredentialsRefused):  # so would be the others
                return {_word(each): problem_of(error).words for each in steps} | refused, tuple(changed)
        else:
            changed.append(_word(step))
    return refused, tuple(changed)


def _do(asks: Subscriptions, step: Step, address: str) -> None:
    match step:
        case Subscribe(topic):
            asks.subscribe(topic, address)
        case Mend(id):
            asks.mend(id, address)
        case Unsubscribe(id):
            _take_away(asks, id)
        case _:
            assert_never(step)


def _take_away(asks: Subscriptions, id: str) -> None:
    try:
        asks.unsubscribe(id)
    except NotFound:
        return  # somebody was faster


def _word(step: Step) -> str:
    """A step as the journal has it."""
    match step:
        case Subscribe(topic):
            return f"ask for {topic}"
        case Mend(_, topic):
            return f"mend {topic}"
        case Unsubscribe(id, topic):
            return f"take away {topic} ({id})"
        case _:
            assert_never(step)


def unsubscribe(held: Process, row: StoreRow) -> None:
    """Let a shop that is left tell nothing more; one that does not answer is left all the same."""
    if row.webhooks is None:
        return
    try:
        with locks.lock(held.redis, locks.webhooks_key(row.id)):  # whoever is asking it now ends with its next step
            asks = held.connector(row).subscriptions()
            ours = [one for one in asks.found() if is_ours(one, path_of(row))] if asks else []
            _take_all(asks, ours)
    except (ConnectorError, ConfigError) as error:  # away, refused, or locked with a key that is lost
        _LOG.warning("what %s is asked to tell by itself stays in the shop: %s", row.name, problem_of(error).words)


def _take_all(asks: Subscriptions | None, ours: Sequence[Webhook]) -> None:
    for one in ours:
        if asks:
            _take_away(asks, one.id)


# -- where to, and proved by what --------------------------------------------------------------------------------------


def path_of(row: StoreRow) -> str:
    """The end of the address of a store's webhooks, which is its own."""
    return f"/webhooks/{row.platform}/{row.webhook_token}"


def address_of(held: Process, row: StoreRow) -> str:
    """Where a store's webhooks are to be sent to; without PUBLIC_URL only its end."""
    return f"{held.config.public_url}{path_of(row)}"


def _refused_address(address: str, row: StoreRow) -> str:
    """Why no shop would send there; empty where it may."""
    if address.startswith("/"):
        return "PUBLIC_URL is not set: nobody outside knows where the web process is"
    if not address.startswith("https://") and not row.allow_insecure:
        return "PUBLIC_URL must begin with https://: shops send to no other address"
    return ""


def with_own_secret(platform: str, credentials: dict[str, str]) -> dict[str, str]:
    """With a secret for webhooks, where it is for us to make and nobody chose one (DOR-1)."""
    key = platforms.record(platform).own_secret
    return credentials if key is None else {key: token_urlsafe(32), **credentials}


def _with_secret(held: Process, row: StoreRow) -> StoreRow:
    """A store of before there were such secrets gets its own. Raises HubBusy where its credentials change meanwhile."""
    known = dict(held.secrets.unlock(row.credentials))
    whole = with_own_secret(row.platform, known)
    if whole == known:
        return row
    locked = held.secrets.lock(whole)
    with held.pool.connection() as connection:
        if not stores.keep_own_secret(connection, row, locked):
            raise HubBusy(f"the credentials of {row.name} were changed at this moment")
    return replace(row, credentials=locked)
