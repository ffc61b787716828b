"""A whole installation for a test: its own servers, real worker processes, a shop; to be killed in every way."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from connectors import postgres
from connectors.config import Config
from connectors.postgres import orders, reports, stores
from connectors.sandbox import RunningSandbox
from tasks.process import configure, process
from tasks.stores import NewStore, connect_store
from tests.waiting import wait_until
from workers.cli.desk import upgrade
from workers.embedded import ensure_servers, server_status

ROOT = Path(__file__).parent.parent.parent
CELERY = (sys.executable, "-m", "celery", "-A", "workers.app")


class House:
    """Servers in a home of their own, programs that use them."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.programs: dict[str, subprocess.Popen[bytes]] = {}
        found = ensure_servers(Config("", "", home, "", "text"))
        self.config = Config(found.database_url, found.redis_url, home, "", "text", found.embedded)
        configure(self.config)
        with postgres.connect(self.config.database_url) as connection:
            upgrade(connection)

    def start(self, name: str, *command: str) -> None:
        """Start a program in a group of its own; it finds the servers by the home."""
        environment = {**os.environ, "STORESYNC_HOME": str(self.home)}
        with (self.home / f"{name}.log").open("ab") as log:
            self.programs[name] = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def run(self, *command: str) -> str:
        """Run a program to its end; what it printed."""
        environment = {**os.environ, "STORESYNC_HOME": str(self.home)}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start_worker(self, name: str) -> None:
        """A worker with two slots on all queues."""
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

    def kill_server(self, name: str) -> None:
        """SIGKILL to one of the servers."""
        (pid,) = (status.pid for status in server_status(self.config) if status.name == name)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not _is_alive(pid), seconds=10, what=f"{name} to be gone")

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
        return int(row["id"])

    def states(self, store_id: int) -> dict[str, int]:
        """How many orders of a store are in which state."""
        with postgres.connect(self.config.database_url) as connection:
            counted: dict[str, int] = {}
            for row in orders.counts(connection, store_id):
                counted[row["state"]] = counted.get(row["state"], 0) + row["orders"]
            return counted

    def imported(self, store_id: int) -> int:
        """How many orders of a store came in."""
        return self.states(store_id).get("imported", 0)

    def money(self, store_id: int) -> list[dict[str, Any]]:
        """What the hub holds of a store against what the store said."""
        with postgres.connect(self.config.database_url) as connection:
            return reports.money(connection, store_id)

    def logs(self) -> str:
        """What the programs said, for a test that fails."""
        return "\n".join(f"== {file.name}\n{file.read_text()[-3000:]}" for file in sorted(self.home.glob("*.log")))


@contextmanager
def open_house(home: Path) -> Iterator[House]:
    """A house that leaves nothing behind."""
    with ExitStack() as leaving:
        house = House(home)
        leaving.callback(_pull_down, house)
        yield house


def _pull_down(house: House) -> None:
    for name in list(house.programs):
        house.kill(name)


def _is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
