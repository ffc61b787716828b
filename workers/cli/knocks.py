"""The doctor knocks: a message through every queue, and an answer of every process that does the work."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis import Redis

from connectors import counters, holders
from tasks.rules.health import KnockedWorker, SilentWorker
from workers.app import QUEUES, app

ANSWER_SECONDS = 2.0  # for a main process, which has nothing else to do
KNOCK_SECONDS = 3.0  # for the processes of pools, and for what is put into queues
_LOOK_SECONDS: Final = 0.02
COMMAND: Final = "knock"  # to a worker: see workers/knocking.py
_BEAT: Final = "celerybeat@"
_EXPIRES: Final = 60  # a message that nobody took is nobody's any more


@dataclass(frozen=True, slots=True)
class Knocked:
    """Who answered. `waiting` are the messages that were in each queue before."""

    workers: tuple[KnockedWorker, ...]
    silent: tuple[SilentWorker, ...]
    beats: tuple[str, ...]
    waiting: Mapping[str, int]
    answered: frozenset[str]  # queues


def knock_everywhere(redis: Redis) -> Knocked:
    """Ask all at once, and wait no longer than for the last answer. Raises RedisError and OperationalError."""
    known = [one for one in counters.known_workers(redis) if not _is_dead(one)]
    names = _answering([one.name for one in known])
    beats = tuple(name for name in names if name.startswith(_BEAT))
    answering = [name for name in names if name not in beats]
    silent = tuple(_silent(one) for one in known if one.name not in answering)
    waiting = counters.waiting_messages(redis, QUEUES)
    if not answering:
        return Knocked((), silent, beats, waiting, frozenset())
    token = secrets.token_hex(8)
    told = app.control.broadcast(
        COMMAND,
        arguments={"token": token},
        destination=answering,
        reply=True,
        timeout=ANSWER_SECONDS,
        limit=len(answering),
    )
    answers = {name: said for one in told or [] for name, said in one.items() if "processes" in said}
    for queue in QUEUES:  # behind it: who is busy is not so with what is ours
        app.send_task("knock", (token, queue), queue=queue, expires=_EXPIRES)
    heard = _listen(redis, token, answers)
    workers = tuple(_worker(name, said, heard) for name, said in answers.items())
    return Knocked(workers, silent, beats, waiting, frozenset(heard & set(QUEUES)))


def _listen(redis: Redis, token: str, answers: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Who answered, once all did who could, or the time is over."""
    served = {queue for said in answers.values() for queue in said["queues"]}
    idle = {
        counters.process_name(worker, pid)
        for worker, said in answers.items()
        for pid in {*said["processes"]} - {*said["busy"]}
    }
    until = time.monotonic() + KNOCK_SECONDS
    while True:
        heard = counters.knock_answers(redis, token)
        if heard >= idle | (served & set(QUEUES)) or time.monotonic() > until:
            return heard
        time.sleep(_LOOK_SECONDS)


def _answering(known: Sequence[str]) -> list[str]:
    """Workers and beats that answer. Where all that are known did, nobody else is waited for."""
    names = _names(app.control.ping(timeout=ANSWER_SECONDS, limit=len(known) + 1))
    if names and not ({*known} <= {*names} and any(name.startswith(_BEAT) for name in names)):
        names = _names(app.control.ping(timeout=ANSWER_SECONDS))  # others may have been faster
    return names


def _names(pongs: Sequence[Mapping[str, Any]] | None) -> list[str]:
    return [name for pong in pongs or [] for name in pong]


def _worker(name: str, said: Mapping[str, Any], heard: set[str]) -> KnockedWorker:
    processes = frozenset(said["processes"])
    answered = frozenset(pid for pid in processes if counters.process_name(name, pid) in heard)
    return KnockedWorker(name, frozenset(said["queues"]), processes, frozenset(said["busy"]), answered)


def _is_dead(worker: counters.KnownWorker) -> bool:
    holder = holders.read_holder(worker.holder)
    return holder is not None and holders.is_dead(holder)


def _silent(worker: counters.KnownWorker) -> SilentWorker:
    holder, mine = holders.read_holder(worker.holder), holders.me()
    is_here = holder is not None and (holder.host, holder.boot, holder.space) == (mine.host, mine.boot, mine.space)
    return SilentWorker(worker.name, worker.seconds_ago, holder.pid if holder and is_here else None)
