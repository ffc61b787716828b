"""Who holds a lock or a message: a process on a machine, told so that others can see for certain that it is dead.

Certain means that nothing of it can write any more. A process that is frozen is alive, and one on a machine that cannot
be seen from here counts as alive: what it holds ends by itself. Needs Linux; elsewhere nobody is ever known to be dead.
"""

import json
import os
import socket
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_START: Final = 19  # of the fields of /proc/PID/stat behind the name, which may have any signs in it


@dataclass(frozen=True, slots=True)
class Holder:
    """A process: its machine, since when that is up, its numbering of processes, and which of them it is.

    A container has a numbering (`space`) of its own, and another one each time it is started. `name` is a worker's.
    """

    host: str
    boot: str
    space: str
    pid: int
    start: int
    name: str

    def text(self) -> str:
        """As it stands in Redis."""
        return json.dumps(astuple(self), separators=(",", ":"))


class _Me:
    name = ""
    holder: Holder | None = None


def call_me(name: str) -> None:
    """This process, and those that it forks, belong to the worker of this name from now on."""
    _Me.name, _Me.holder = name, None


def me() -> Holder:
    """This process."""
    if _Me.holder is None or _Me.holder.pid != os.getpid():
        pid = os.getpid()
        _Me.holder = Holder(socket.gethostname(), _boot(), _space(), pid, _started(pid) or 0, _Me.name)
    return _Me.holder


def read_holder(text: str) -> Holder | None:
    """Who is meant; None where it is nobody whom we know how to look for."""
    try:
        return Holder(*json.loads(text))
    except (ValueError, TypeError):
        return None


def is_dead(holder: Holder) -> bool:
    """Whether this process can see for certain that the holder has ended."""
    mine = me()
    if not mine.space or (holder.host, holder.boot) != (mine.host, mine.boot):
        return False
    if holder.space == mine.space:
        return not _is_alive(holder)
    # Another container of this machine, or this one before it was started again: then it had a worker of our name.
    return bool(mine.name) and holder.name == mine.name


def _is_alive(holder: Holder) -> bool:
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another user's, perhaps under a number that was used before
    started = _started(holder.pid)
    return started is None or started == holder.start


def _started(pid: int) -> int | None:
    """When a process was started, in ticks since the machine was; 0 for one that has ended, None where nobody says."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return 0 if fields[0] in {"Z", "X"} else int(fields[_START])


def _boot() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _space() -> str:
    try:
        return os.readlink(_PROC / "self/ns/pid")
    except OSError:
        return ""
