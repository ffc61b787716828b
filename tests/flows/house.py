"""A whole installation for a test: servers, real worker processes, shops; to be killed in every way."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, LiteralString

from psycopg import sql

from connectors import postgres
from connectors.config import Config
from connectors.holders import Holder, read_holder
from connectors.postgres import order_view, stores
from sandbox import RunningSandbox
from tasks.held import configure, process
from tasks.stores import NewStore, connect_store
from tests.connectors.builtin_hub import reports
from tests.flows.warm import Warm, start
from tests.waiting import wait_until
from workers.cli.start import upgrade
from workers.embedded import ensure_servers, server_status
from workers.embedded.postgres import EmbeddedPostgres
from workers.embedded.redis import EmbeddedRedis

ROOT = Path(__file__).parent.parent.parent
_SLOW: Final[LiteralString] = """CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep({seconds}); RETURN NEW; END $$;
CREATE OR REPLACE TRIGGER slow BEFORE INSERT ON hub.sales_orders FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION slow()"""
CELERY = (sys.executable, "-m", "celery", "-A", "workers.app")


class House:
    """Programs that use a pair of servers: a migrated database and a Redis."""

    def __init__(self, config: Config) -> None:
        self.config, self.home = config, config.home
        self.programs: dict[str, subprocess.Popen[bytes] | Warm] = {}
        configure(config)

    def start(self, name: str, *command: str) -> None:
        """Start a program in a group of its own."""
        if command[: len(CELERY)] == CELERY:
            self.programs[name] = start(command[3:], self._environment(), self.home / f"{name}.log")
            return
        with (self.home / f"{name}.log").open("ab") as log:
            self.programs[name] = subprocess.Popen(
                command, cwd=ROOT, env=self._environment(), stdout=log, stderr=log, start_new_session=True
            )

    def run(self, *command: str) -> str:
        """Run a program to its end; what it printed."""
        done = subprocess.run(command, cwd=ROOT, env=self._environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _environment(self) -> dict[str, str]:
        """Programs find servers of our own by the home."""
        named = {
            "DATABASE_URL": self.config.database_url,
            "REDIS_URL": self.config.redis_url,
            "STORESYNC_SECRET_KEY": self.config.secret_key,
        }
        return {**os.environ, "STORESYNC_HOME": str(self.home), **({} if self.config.embedded else named)}

    def start_worker(self, name: str) -> None:
        """A worker with two slots on all queues, named as they were before bells of few orders had one of their own."""
        queues = "fetch,orders,stock,fulfillment,upkeep"
        self.start(name, *CELERY, "worker", "-Q", queues, "-c", "2", "-n", f"{name}@test", "--loglevel", "INFO")

    def start_beat(self, name: str = "beat") -> None:
        """Beat."""
        self.start(name, *CELERY, "beat", "--loglevel", "INFO")

    def kill(self, name: str) -> None:
        """SIGKILL to a program and all its children."""
        program = self.programs.pop(name)
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()

    def freeze(self, name: str) -> None:
        """SIGSTOP to a program and all its children: they are alive, and do nothing."""
        os.killpg(self.programs[name].pid, signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        """SIGCONT to a program that was frozen, and all its children."""
        os.killpg(self.programs[name].pid, signal.SIGCONT)

    def kill_server(self, name: str) -> None:
        """SIGKILL to one of the servers."""
        (pid,) = (status.pid for status in server_status(self.config) if status.name == name)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not _is_alive(pid), what=f"{name} to be gone")

    def answers(self, name: str) -> bool:
        """Whether one of the servers takes connections."""
        return any(
            server.answers()
            for server in (EmbeddedPostgres(self.home), EmbeddedRedis(self.home))
            if server.name == name
        )

    def restart_servers(self) -> None:
        """Start what is down, at the same addresses."""
        found = ensure_servers(Config("", "", self.home, "", "text"))
        assert (found.database_url, found.redis_url) == (self.config.database_url, self.config.redis_url)

    def connect(self, shop: RunningSandbox[Any], name: str, platform: str = "woocommerce", /, **settings: Any) -> int:
        """Connect a sandbox; beat fetches it from then on."""
        connect_store(process(), NewStore(platform, name, shop.url, shop.credentials, settings, True))
        with process().pool.connection() as connection:
            row = stores.find_store(connection, name)
        assert row is not None
        return int(row.id)

    def slow_down(self, seconds: float, *, external_id: str | None = None) -> None:
        """From now on PostgreSQL takes so long for each order that is made, or for one of them."""
        when = sql.SQL("true" if external_id is None else "NEW.external_id = {}").format(external_id)
        with postgres.connect(self.config.database_url) as connection:
            connection.execute(sql.SQL(_SLOW).format(seconds=seconds, when=when))

    def hurry(self) -> None:
        """As fast as ever again."""
        with postgres.connect(self.config.database_url) as connection:
            connection.execute("DROP TRIGGER IF EXISTS slow ON hub.sales_orders")

    def states(self, store_id: int) -> dict[str, int]:
        """How many orders of a store are in which state."""
        with postgres.connect(self.config.database_url) as connection:
            counted: dict[str, int] = {}
            for row in order_view.counts(connection, store_id):
                counted[row.state] = counted.get(row.state, 0) + row.orders
            return counted

    def imported(self, store_id: int) -> int:
        """How many orders of a store came in."""
        return self.states(store_id).get("imported", 0)

    def money(self, store_id: int) -> list[reports.MoneySum]:
        """What the hub holds of a store against what the store said."""
        with postgres.connect(self.config.database_url) as connection:
            return reports.money(connection, store_id)

    def logs(self) -> str:
        """What the programs said, for a test that fails."""
        return "\n".join(f"== {file.name}\n{file.read_text()[-3000:]}" for file in sorted(self.home.glob("*.log")))


def own_servers(home: Path) -> Config:
    """Servers in the home itself, that may be killed: they are the caller's to stop."""
    found = ensure_servers(Config("", "", home, "", "text"))
    with postgres.connect(found.database_url) as connection:
        upgrade(connection)
    return Config(found.database_url, found.redis_url, home, "", "text", found.embedded)


@contextmanager
def open_house(config: Config) -> Iterator[House]:
    """A house that leaves no program behind."""
    with ExitStack() as leaving:
        house = House(config)
        leaving.callback(_pull_down, house)
        yield house


def _pull_down(house: House) -> None:
    for name in list(house.programs):
        house.kill(name)


def holder(key: str) -> Holder:
    """The process that holds a lock."""
    token: Any = process().redis.get(key)
    held_by = read_holder(token.decode().partition(" ")[2])
    assert held_by is not None
    return held_by


def _is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
