"""What every measurement needs: servers of its own, programs that end with it, and patience."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from connectors.config import Config
from tasks.held import close_process, configure
from workers.app import app
from workers.embedded import ensure_servers, stop_servers

ROOT: Final = Path(__file__).parent.parent


@contextmanager
def own_servers() -> Iterator[tuple[Config, ExitStack]]:
    """Servers in a home of their own, which this process uses, until the end; and what else ends then, before them."""
    home = Path(tempfile.mkdtemp(prefix="storesync-bench-"))
    home.chmod(0o711)
    os.environ["STORESYNC_HOME"] = str(home)
    with ExitStack() as leaving:
        leaving.callback(shutil.rmtree, home, ignore_errors=True)
        empty = Config("", "", home, "", "text")
        found = ensure_servers(empty)
        leaving.callback(stop_servers, empty)
        config = Config(found.database_url, found.redis_url, home, "", "text", found.embedded)
        configure(config)
        leaving.callback(close_process)
        app.conf.update(broker_url=config.redis_url)
        app._after_fork()  # type: ignore[attr-defined] # Celery's own way to forget the servers of an earlier run
        yield config, leaving


def serve(leaving: ExitStack, *module: str) -> tuple[Any, int]:
    """Run a module that says something in a line of JSON and then serves until the end: what it said, and its pid."""
    command = [sys.executable, "-m", *module]
    program = leaving.enter_context(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE))
    leaving.callback(program.kill)
    assert program.stdout is not None
    return json.loads(program.stdout.readline()), program.pid


def wait_until(condition: Callable[[], object], what: str, *, seconds: float = 120, every: float = 0.05) -> None:
    """Look again and again until something is so; ends the measurement when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {seconds} s for {what}")
        time.sleep(every)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of these that at least such a share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
