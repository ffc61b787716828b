"""connectors.holders: nobody is called dead who may still write, and whoever is dead is called so at once."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from connectors import holders, locks
from connectors.holders import Holder, is_dead, me, read_holder
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of other processes")

ROOT = Path(__file__).parents[2]
KEY = "storesync:fetch:7"
HOLDING = """
import sys, time
from connectors.locks import lock, open_redis
with lock(open_redis(sys.argv[1]), sys.argv[2]):
    print("held", flush=True)
    time.sleep(60)
"""


# With processes that nobody sees from here, and a name of its own as a machine, or ours as a container may have.
AWAY = ("unshare", "--pid", "--uts", "--fork", "--mount-proc", "--kill-child", "sh", "-c", 'hostname "$0"; exec "$@"')


@contextmanager
def somebody_holding(redis_url: str, *away: str) -> Iterator["subprocess.Popen[str]"]:
    """Another process with the lock."""
    command = [*away, sys.executable, "-c", HOLDING, redis_url, KEY]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def takes_it(redis: Redis) -> bool:
    with locks.lock(redis, KEY) as is_ours:
        return is_ours


def test_ORD_6_lock_of_a_living_or_frozen_process_is_never_taken(redis: Redis, redis_url: str) -> None:
    with somebody_holding(redis_url) as process:
        while_alive = (takes_it(redis), locks.free_dead(redis))
        process.send_signal(signal.SIGSTOP)
        stat = Path(f"/proc/{process.pid}/stat")
        wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", what="it to freeze")
        while_frozen = (takes_it(redis), locks.free_dead(redis))

        assert while_alive == while_frozen == (False, [])
        assert redis.exists(KEY)


def test_ORD_6_lock_of_a_killed_process_is_taken_at_once(redis: Redis, redis_url: str) -> None:
    with somebody_holding(redis_url) as process:
        process.kill()
        process.wait()

        assert takes_it(redis)


@pytest.mark.parametrize("host", ["elsewhere", socket.gethostname()], ids=["machine", "container"])
def test_ORD_6_lock_of_another_machine_ends_by_itself_alone(redis: Redis, redis_url: str, host: str) -> None:
    if subprocess.run([*AWAY, host, "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs the right to make namespaces")
    with somebody_holding(redis_url, *AWAY, host) as process:
        while_alive = (takes_it(redis), locks.free_dead(redis))
        process.kill()
        process.wait()
        when_killed = (takes_it(redis), locks.free_dead(redis))

        assert while_alive == when_killed == (False, [])
        assert redis.ttl(KEY) > 0


@pytest.mark.parametrize("is_waited_for", [True, False], ids=["gone", "zombie"])
def test_ORD_6_locks_of_the_dead_are_freed_and_no_others(redis: Redis, redis_url: str, is_waited_for: bool) -> None:
    with somebody_holding(redis_url) as process, locks.lock(redis, "storesync:fetch:8"):
        process.kill()
        if is_waited_for:
            process.wait()
        else:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

        assert locks.free_dead(redis) == [KEY]
        assert locks.free_dead(redis) == []
        assert (redis.exists(KEY), redis.exists("storesync:fetch:8")) == (0, 1)
    assert redis.hlen(locks.HELD) == 0


def test_list_of_what_is_held_forgets_locks_that_ended_by_themselves(redis: Redis) -> None:
    elsewhere = replace(me(), host="elsewhere")
    redis.hset(locks.HELD, KEY, f"1 {elsewhere.text()}")

    assert locks.free_dead(redis) == []
    assert redis.hlen(locks.HELD) == 0


def test_whoever_is_this_process_is_alive() -> None:
    assert read_holder(me().text()) == me()
    assert not is_dead(me())


def test_number_that_another_process_has_by_now_is_no_life() -> None:
    assert is_dead(replace(me(), start=me().start + 1))


@pytest.mark.parametrize("changes", [{"host": "elsewhere"}, {"boot": "another"}])
def test_process_on_a_machine_that_cannot_be_seen_counts_as_alive(changes: dict[str, Any]) -> None:
    assert not is_dead(replace(me(), start=1, **changes))


@pytest.fixture
def named() -> Iterator[None]:
    """This process belongs to a worker."""
    holders.call_me("worker1@here")
    yield
    holders.call_me("")


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize(("name", "is_known_to_be_dead"), [("worker1@here", True), ("worker2@here", False)])
def test_container_that_is_started_again_knows_its_own_worker_of_before(name: str, is_known_to_be_dead: bool) -> None:
    assert is_dead(replace(me(), space="pid:[1]", name=name)) == is_known_to_be_dead


def test_process_without_a_name_knows_nobody_of_another_container() -> None:
    assert not is_dead(replace(me(), space="pid:[1]"))


@pytest.mark.parametrize("text", ["", "somebody", "[]", '["a"]', "null", "{}", "7"])
def test_holder_that_cannot_be_read_is_nobody(text: str) -> None:
    assert read_holder(text) is None


def test_nobody_is_known_to_be_dead_where_processes_cannot_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Holder(me().host, "", "", 1, 1, "")
    monkeypatch.setattr(holders, "_PROC", Path("/nowhere"))
    monkeypatch.setattr(holders._Me, "holder", None)

    assert me().space == ""
    assert not is_dead(gone)
    monkeypatch.setattr(holders._Me, "holder", None)
