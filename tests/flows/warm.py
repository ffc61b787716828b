"""Programs of Celery that begin with everything loaded: a process that has done so forks for each of them.

To load what a worker needs costs more than most flows do with it. Nothing of ours that reads a program's arguments is
loaded before the fork: from there on it runs as `python -m celery …` does. Starts from cold are tested where programs
are started by others: `storesync up`, the demo, the shell.
"""

import atexit
import json
import os
import runpy
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
_LOADED: Final = (
    *("celery.__main__", "celery.bin.celery", "celery.bin.worker", "celery.bin.beat", "celery.apps.worker"),
    *("celery.apps.beat", "celery.worker.consumer", "celery.worker.pidbox", "celery.concurrency.prefork"),
    *("kombu.transport.redis", "tasks.alarms", "tasks.audit", "tasks.catalogue", "tasks.fetch", "tasks.privacy"),
    *("tasks.orders.fulfill", "tasks.orders.import_order", "tasks.products", "tasks.prune", "tasks.stock.compare"),
    *("tasks.stock.importing", "tasks.stock.push", "tasks.subscriptions", "tasks.upkeep"),
)


class Warm:
    """A program that was forked: what of `subprocess.Popen` a test needs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._end = os.pidfd_open(pid)
        self._code: int | None = None

    def send_signal(self, number: int) -> None:
        """Nothing happens to one that has ended: its pid is nobody else's until it was waited for."""
        if self._code is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """How it ended. Raises `subprocess.TimeoutExpired`, seconds."""
        if self._code is None:
            if not select.select([self._end], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("celery", timeout or 0)
            os.close(self._end)
            self._code = int(_ask({"wait": self.pid}))
        return self._code


class _Loader:
    process: subprocess.Popen[str] | None = None


def start(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Warm:
    """Start `python -m celery` with these arguments, in a group of its own."""
    log.touch()
    return Warm(int(_ask({"arguments": [*arguments], "environment": {**environment}, "log": str(log)})))


def _ask(question: object) -> str:
    process = _Loader.process
    if process is None:
        process = _Loader.process = subprocess.Popen(
            (sys.executable, "-m", __name__),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        atexit.register(process.communicate)  # which ends what it reads
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{json.dumps(question)}\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    assert answer, "what forks programs has ended"
    return answer


def _serve() -> None:
    for name in _LOADED:
        import_module(name)
    import_module("connectors.platforms").load_all()
    import_module("connectors.later").load_all()
    assert "workers.app" not in sys.modules
    for line in iter(sys.stdin.readline, ""):
        question = json.loads(line)
        if "wait" in question:
            _, status = os.waitpid(question["wait"], 0)
            _answer(os.waitstatus_to_exitcode(status))
        else:
            _fork(question)


def _fork(question: dict[str, Any]) -> None:
    """It is told of once it leads a group of its own: whoever ends the group at once finds it."""
    ready, is_ready = os.pipe()
    if pid := os.fork():
        os.close(is_ready)
        os.read(ready, 1)
        os.close(ready)
        _answer(pid)
    else:
        os.setsid()
        os.close(is_ready)
        os.close(ready)
        _become(question)


def _answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _become(question: dict[str, Any]) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(question["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for old, new in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(old, new)
    os.environ.clear()
    os.environ.update(question["environment"])
    sys.argv = ["celery", *question["arguments"]]
    runpy.run_module("celery", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        _serve()
