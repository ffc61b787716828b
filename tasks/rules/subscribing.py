"""What is done about a shop's subscriptions, so that it tells each topic once, to the address of today (BEY-5)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from schemas.platform import Platform
from schemas.webhooks import Mend, Step, Subscribe, Unsubscribe, Webhook

LATE_WORD: Final = timedelta(minutes=15)  # a shop tells within seconds, one whose own clockwork is slow within minutes


def decide_topics(platform: Platform, *, with_goods: bool) -> tuple[str, ...]:
    """What a shop is asked to tell: of what it sells only where stock is told, since each right that lacks is a no."""
    return (*platform.asks, *(platform.asks_of_goods if with_goods else ()))


def decide_subscriptions(
    found: Sequence[Webhook], topics: Collection[str], *, address: str, path: str
) -> tuple[Step, ...]:
    """First what is missing, then what is too much: meanwhile something is told twice, and never not at all.

    `address` is where the shop is to send to; `path` is its end, which names this store alone: by it ours are known,
    those of an earlier address too. What others asked for is left alone.
    """
    ours = [one for one in found if is_ours(one, path)]
    kept = {topic: _best(ours, topic, address) for topic in topics}
    return (*_made(kept), *(Unsubscribe(one.id, one.topic) for one in ours if one not in kept.values()))


def is_ours(one: Webhook, path: str) -> bool:
    """Whether it sends to this store's door, at whatever address that was."""
    return urlsplit(one.address).path.endswith(path)


def _best(ours: Sequence[Webhook], topic: str, address: str) -> Webhook | None:
    """The one of a topic that stays: one that is well, if any is."""
    fitting = [one for one in ours if one.topic == topic and one.address == address]
    return next((one for one in fitting if one.is_well), fitting[0] if fitting else None)


def _made(kept: dict[str, Webhook | None]) -> Iterator[Step]:
    for topic, one in kept.items():
        if one is None:
            yield Subscribe(topic)
        elif not one.is_well:
            yield Mend(one.id, topic)


@dataclass(frozen=True, slots=True)
class AskedToTell:
    """Since when a shop was to tell, when it last did; when its newest order changed, and when we first saw it."""

    since: datetime | None
    heard_at: datetime | None
    changed_at: datetime | None
    first_seen_at: datetime | None


def decide_silence(told: AskedToTell, *, now: datetime) -> bool:
    """Whether an order came that the shop told nothing of, though it was to: nobody may reach us from outside."""
    if told.since is None or told.changed_at is None or told.first_seen_at is None:
        return False
    is_new = min(told.changed_at, told.first_seen_at) > told.since and now - told.first_seen_at > LATE_WORD
    return is_new and (told.heard_at is None or told.heard_at < told.first_seen_at - LATE_WORD)
