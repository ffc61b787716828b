"""What our own PostgreSQL and Valkey have in common: folders, one lock while starting, one lock while running.

A running server, and every child of it, holds an advisory lock (flock) on `<its folder>/running`, handed down by the
process that started it. The kernel drops it when the last of them is gone, however that happens. So no pid, pid file
or port is ever taken as proof of life: reboots, reused pids, `kill -9` and copies of the folder need no code. In the
file are the command and, written by the process itself before it becomes the server, its pid.
"""

import fcntl
import json
import logging
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

logger = logging.getLogger(__name__)

ATTEMPTS: Final = 3  # a free port may be taken between our look and the server's
START_SECONDS: Final = 60.0  # replaying the log of a crashed server takes its time
STOP_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.02

# The lock comes as stdin and stays open under a number that a plain /bin/sh knows: one digit.
LOCK_DESCRIPTOR: Final = 9
_NOTE_PID_AND_BECOME: Final = f'exec {LOCK_DESCRIPTOR}>&0 </dev/null; echo $$ >&{LOCK_DESCRIPTOR}; exec "$@"'


class EmbeddedError(Exception):
    """A server of our own cannot be started or stopped; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Launch:
    """One server process: its command, where its output goes, and who it runs as (empty: we)."""

    command: Sequence[str]
    log: Path
    account: Mapping[str, Any]


class Server(Protocol):
    """One server that we can run."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def folder(self) -> Path:
        """Where its lock, its address and usually its data are."""

    def prepare(self, starts: int) -> Launch:
        """Make everything it needs, its address included, after so many starts that failed; nobody runs it now."""

    def answers(self) -> bool:
        """Whether it takes connections now."""


def make_folder(path: Path) -> Path:
    """A folder only we can list; as root others may pass through it, since PostgreSQL must not run as root."""
    path.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    return path


def write_private(path: Path, text: str) -> None:
    """A file with mode 0600 that is there as a whole or not at all."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_private(path: Path) -> str:
    """The text of a file of ours; empty when it is not there."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return ""


def address(server: Server) -> str:
    """The URL of a server as it was last started; empty before the first start."""
    return read_private(server.folder / "url")


def kept_or_free_port(server: Server) -> int:
    """The port of the last start, so that running workers find the server again, or a free one if it is taken."""
    kept = urlsplit(address(server)).port
    for port in (kept or 0, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as both servers do
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedError(f"{server.name}: no free port on 127.0.0.1")


@contextmanager
def starting(home: Path) -> Iterator[None]:
    """Only one process at a time starts, stops or looks at the servers of a home. Raises EmbeddedError."""
    try:
        lock = os.open(make_folder(home) / "servers.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise EmbeddedError(f"cannot keep servers in STORESYNC_HOME: {problem}") from problem
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def claim(server: Server) -> int | None:
    """The server's running lock, if no process of it is left; close it or hand it down."""
    lock = os.open(make_folder(server.folder) / "running", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def is_running(server: Server) -> bool:
    """Whether any process of the server is alive."""
    lock = claim(server)
    if lock is not None:
        os.close(lock)
    return lock is None


def ensure_running(server: Server) -> str:
    """The URL of the server, started if nobody runs it. Raises EmbeddedError."""
    starts = 0
    while starts < ATTEMPTS:
        lock = claim(server)
        if lock is not None:
            try:
                _spawn(server, server.prepare(starts), lock)
            finally:
                os.close(lock)
            starts += 1
        if _await_answer(server):
            return address(server)
    raise EmbeddedError(f"{server.name} ends as soon as it is started; the end of its log:\n{log_end(server)}")


def _spawn(server: Server, launch: Launch, lock: int) -> None:
    """Start a daemon that outlives us; without our environment, which holds secrets that are none of its business."""
    make_folder(launch.log.parent)
    if launch.log.exists():
        launch.log.replace(launch.log.with_suffix(".log.1"))
    log = os.open(launch.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.ftruncate(lock, 0)
    os.write(lock, f"{json.dumps(list(launch.command))}\n".encode())
    try:
        process = subprocess.Popen(
            ["/bin/sh", "-c", _NOTE_PID_AND_BECOME, "sh", *launch.command],
            stdin=lock,
            stdout=log,
            stderr=log,
            cwd="/",
            env=bare_environment(),
            start_new_session=True,
            **launch.account,
        )
    finally:
        os.close(log)
    process.returncode = 0  # it is nobody's child any more: no ResourceWarning when this object goes
    logger.info("%s started, log in %s", server.name, launch.log)


def bare_environment() -> dict[str, str]:
    """The environment of the servers and their tools: nothing of ours that could change or leak."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _await_answer(server: Server) -> bool:
    """True when the server takes connections, False when it died. Raises EmbeddedError when it does neither."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.answers():
            return True
        if not is_running(server):
            return False
        _end_leftovers(server)
        time.sleep(POLL_SECONDS)
    raise EmbeddedError(f"{server.name} runs but does not answer; the end of its log:\n{log_end(server)}")


def log_path(server: Server) -> Path:
    """Where the server's output goes."""
    return server.folder.parent / "logs" / f"{server.folder.name}.log"


def log_end(server: Server) -> str:
    """The last lines the server wrote."""
    path = log_path(server)
    return "\n".join(path.read_text(errors="replace").splitlines()[-8:]) if path.exists() else "(no log)"


def running_pid(server: Server) -> int | None:
    """The pid of the running server, if that process is the command that we started and not a reused pid."""
    noted = _noted(server)
    return noted.pid if noted and is_running(server) and noted.is_there() else None


@dataclass(frozen=True, slots=True)
class _Noted:
    """The process that took the running lock."""

    pid: int
    command: str

    def is_there(self) -> bool:
        """Whether it is alive; the shell that is about to become it counts, and has the command in its own."""
        return _command_line(self.pid).endswith(self.command)


def _noted(server: Server) -> _Noted | None:
    command, _, pid = read_private(server.folder / "running").partition("\n")
    return _Noted(int(pid), " ".join(json.loads(command))) if pid else None


def _end_leftovers(server: Server) -> None:
    """End what a killed server left behind, like a backend that is busy with a long statement; on Linux only."""
    noted = _noted(server)
    if noted is None or noted.is_there():
        return
    lock = str((server.folder / "running").resolve())
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "fd" / str(LOCK_DESCRIPTOR)) == lock:
                os.kill(int(process.name), signal.SIGQUIT)
        except OSError:  # it has ended, or is somebody else's
            continue


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        pass
    if Path("/proc/self/cmdline").exists():
        return ""
    command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]  # macOS has no /proc
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def stop(server: Server) -> bool:
    """Stop the server if it runs, whole and clean if it lets us; says whether it ran. Raises EmbeddedError."""
    if not is_running(server):
        return False
    for how in (signal.SIGINT, signal.SIGQUIT):  # PostgreSQL: fast, then immediate; Valkey: clean, then at once
        pid = running_pid(server)
        if pid is not None:
            os.kill(pid, how)
        if _await_end(server):
            return True
    raise EmbeddedError(f"{server.name} does not stop; its log is {log_path(server)}")


def _await_end(server: Server) -> bool:
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        if not is_running(server):
            return True
        _end_leftovers(server)
        time.sleep(POLL_SECONDS)
    return False
