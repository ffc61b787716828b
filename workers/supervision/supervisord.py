"""Several programs at once, each started again when it ends: supervisord with a configuration written for the run.

Everything hangs together: supervisord ends with the process that started it and the programs end with supervisord,
even when one of them is killed, so that an unclean end leaves nobody working behind the next run's back. What the
programs need to know they get by the environment; nothing secret is in the configuration or in a command line.
"""

import fcntl
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from workers.embedded.daemon import make_folder, write_private

STOP_SECONDS: Final = 30  # for tasks that are running; after that they are killed, and run again later
TETHER: Final = (sys.executable, "-m", "workers.supervision.tether")

# Paths are given by `%(here)s`, the folder of the configuration, since `#` and `;` would begin a comment.
# No `stopasgroup`: SIGTERM would end Celery's children in the middle of the tasks that the worker waits for.
_SUPERVISORD: Final = """\
[supervisord]
nodaemon = true
silent = true
{user}
logfile = %(here)s/../logs/supervisord.log
logfile_maxbytes = 1MB
logfile_backups = 1
pidfile = %(here)s/supervisord.pid
childlogdir = %(here)s/../logs
minfds = 256
minprocs = 64
"""
_PROGRAM: Final = """
[program:{name}]
command = {command}
numprocs = {count}
numprocs_start = 1
process_name = {process_name}
autorestart = true
startsecs = 5
startretries = 1000000
stopsignal = TERM
killasgroup = true
stopwaitsecs = {stop_seconds}
redirect_stderr = true
stdout_logfile = {log}
stdout_logfile_maxbytes = {log_size}
stdout_logfile_backups = 1
"""


@dataclass(frozen=True, slots=True)
class Program:
    """A command to keep running, `count` times; `%(process_num)d` in it is the number of the process, `%%` a %."""

    name: str
    command: Sequence[str]
    count: int = 1


class ProgramsError(Exception):
    """The programs could not be run; the message says why."""


class RunningPrograms:
    """Programs that run until they are stopped or this process ends."""

    def __init__(self, supervisord: "subprocess.Popen[bytes]", claim: BinaryIO) -> None:
        self._supervisord = supervisord
        self._claim = claim

    def stop(self) -> None:
        """End every program, giving running tasks their time; nothing is left to do the second time."""
        self._supervisord.terminate()
        try:
            self._supervisord.wait(STOP_SECONDS + 15)
        except subprocess.TimeoutExpired:
            self._supervisord.kill()  # the programs end with it
            self._supervisord.wait()
        self._claim.close()


def start_programs(
    programs: Sequence[Program], *, home: Path, environ: Mapping[str, str] | None = None
) -> RunningPrograms:
    """Run the programs behind this process; each logs to `<home>/logs/<name>.log`, numbered if there are several.

    Linux ends them with the thread that calls this: call it from one that stays.
    """
    configuration = _write_configuration(programs, home, log="%(here)s/../logs/{name}.log")
    claim = _claim(home)
    with (home / "logs" / "supervisord.out").open("wb") as output:
        return RunningPrograms(_supervise(configuration, environ, output), claim)


def run_programs(programs: Sequence[Program], *, home: Path, environ: Mapping[str, str] | None = None) -> None:
    """Run the programs in this terminal, saying what they say, until Ctrl-C, SIGTERM or the terminal's end.

    Raises ProgramsError when they end by themselves, which they do only if supervisord cannot work.
    """
    configuration = _write_configuration(programs, home, log="/dev/fd/1")
    claim = _claim(home)
    with _wishes() as wishes, _supervise(configuration, environ, subprocess.PIPE) as supervisord:
        try:
            if not _repeat(supervisord, wishes):
                raise ProgramsError(f"supervisord ended with status {supervisord.wait()}; its words are above")
            supervisord.terminate()
            _repeat(supervisord)  # their last words; nobody can write into a full pipe
        finally:
            RunningPrograms(supervisord, claim).stop()


def _repeat(supervisord: "subprocess.Popen[bytes]", *wishes: socket.socket) -> bool:
    """Say what the programs say, until somebody wishes for the end, or they have ended; whether it was a wish.

    A pipe, since not every stdout can be opened again by its name: sockets, su.
    """
    assert supervisord.stdout
    words = supervisord.stdout.fileno()
    while True:
        ready = select.select([words, *(wish.fileno() for wish in wishes)], [], [])[0]
        if words not in ready or len(ready) > 1:
            return True
        some = os.read(words, 65536)
        if not some:
            return False
        sys.stdout.buffer.write(some)
        sys.stdout.buffer.flush()


@contextmanager
def _wishes() -> Iterator[socket.socket]:
    """What has something to read once Ctrl-C, SIGTERM or SIGHUP wishes for the end; nohup's ignored SIGHUP does not.

    An exception in the middle of reading, as Ctrl-C raises by itself, would lose what was just read.
    """
    wished, wish = socket.socketpair()
    with wished, wish:
        wish.setblocking(False)
        ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        heard = [end for end in ends if signal.getsignal(end) is not signal.SIG_IGN]
        before = {end: signal.signal(end, lambda *_: None) for end in heard}
        before_fd = signal.set_wakeup_fd(wish.fileno(), warn_on_full_buffer=False)
        try:
            yield wished
        finally:
            signal.set_wakeup_fd(before_fd)
            for end, handler in before.items():
                signal.signal(end, handler)


def _write_configuration(programs: Sequence[Program], home: Path, *, log: str) -> Path:
    """What supervisord is to run, every program on its own tether."""
    if "%" in str(home):  # supervisord expands it, once or twice, and prints the environment where it cannot
        raise ProgramsError(f"STORESYNC_HOME must not contain %: {home}")
    user = f"user = {os.geteuid()}" if os.geteuid() == 0 else ""  # said aloud, or supervisord warns of root
    sections = [_section(program, log=log) for program in programs]
    try:
        make_folder(home / "logs")
        path = make_folder(home / "run") / "supervisord.conf"
        write_private(path, "".join([_SUPERVISORD.format(user=user), *sections]))
    except OSError as problem:
        raise ProgramsError(f"cannot keep logs in STORESYNC_HOME: {problem}") from problem
    return path


def _section(program: Program, *, log: str) -> str:
    process_name = "%(program_name)s" + ("%(process_num)d" if program.count > 1 else "")
    return _PROGRAM.format(
        name=program.name,
        command=shlex.join([*TETHER, *program.command]),
        count=program.count,
        process_name=process_name,
        stop_seconds=STOP_SECONDS,
        log=log.format(name=process_name),
        log_size=0 if log.startswith("/dev/") else "10MB",
    )


def _supervise(
    configuration: Path, environ: Mapping[str, str] | None, output: int | BinaryIO
) -> "subprocess.Popen[bytes]":
    """Start supervisord in a session of its own, so that Ctrl-C reaches only us and the stop is ours to order."""
    return subprocess.Popen(
        [*TETHER, sys.executable, "-m", "supervisor.supervisord", "-c", str(configuration)],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=environ,
        start_new_session=True,
        umask=0o077,
    )


def _claim(home: Path) -> BinaryIO:
    """The lock of a home's programs, held by who started them. Raises ProgramsError where some run already."""
    try:
        lock = (make_folder(home / "run") / "programs.lock").open("wb")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise ProgramsError(f"storesync runs already with {home}: end it with Ctrl-C in its terminal first") from None
    except OSError as problem:
        raise ProgramsError(f"cannot run in STORESYNC_HOME: {problem}") from problem
    return lock


def refuse_while_running(home: Path) -> None:
    """Raise ProgramsError while programs of this home run."""
    _claim(home).close()
