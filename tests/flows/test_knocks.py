"""The doctor finds a process that is frozen: one of a worker's pool, and a worker beside others that work."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tasks.held import process
from tasks.rules.health import KnockedWorker, judge_queues, judge_workers
from tests.broker import use_broker
from tests.flows.house import House
from tests.waiting import wait_until
from workers.app import QUEUES
from workers.cli import knocks
from workers.cli.knocks import Knocked, knock_everywhere

pytestmark = [pytest.mark.flow, pytest.mark.xdist_group("patient flows")]


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def of_workers(knocked: Knocked) -> tuple[bool, str]:
    """What the doctor says of them."""
    verdict = judge_workers(knocked.workers, knocked.silent, QUEUES, start="storesync up")
    return verdict.is_ok, verdict.words


def named(knocked: Knocked, name: str) -> KnockedWorker:
    """A worker among those that answered."""
    (found,) = (worker for worker in knocked.workers if worker.name == name)
    return found


def test_OPS_a_frozen_process_of_a_pool_and_a_frozen_worker_of_two_are_found_and_named(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_broker(house.config.redis_url)
    for setting in ("ANSWER_SECONDS", "KNOCK_SECONDS"):
        monkeypatch.setattr(knocks, setting, 6)
    redis = process().redis
    for name in ("one", "two"):
        house.start_worker(name)
    house.start_beat()

    def both_answer() -> object:
        knocked = knock_everywhere(redis)
        return len(knocked.workers) == 2 and knocked.beats and of_workers(knocked)[0] and knocked.answered == {*QUEUES}

    wait_until(both_answer, seconds=120, what=f"both workers\n{house.logs()}")

    (child, *_) = sorted(named(knock_everywhere(redis), "one@test").processes)
    with frozen(child):
        knocked = knock_everywhere(redis)
        is_ok, words = of_workers(knocked)
        assert (is_ok, named(knocked, "one@test").silent, named(knocked, "two@test").silent) == (False, {child}, set())
        assert f"kill -9 {child}" in words

    two = house.programs["two"].pid
    with frozen(two):
        is_ok, words = of_workers(knock_everywhere(redis))
        assert not is_ok
        assert "two@test was heard " in words
        assert f"kill -9 {two}" in words

    wait_until(both_answer, seconds=60, what=f"both workers again\n{house.logs()}")
    knocked = knock_everywhere(redis)
    assert judge_queues(knocked.waiting, knocked.answered, knocked.workers, seconds=3).is_ok
