"""Where the servers of tests keep their data: in memory where there is room, for a disk makes a suite wait."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

RUN_HOME: Final = "STORESYNC_TESTS_HOME"  # the variable with the home of this run; workers of pytest-xdist inherit it
_MEMORY: Final = Path("/dev/shm")
_ROOM_BYTES: Final = (
    2 * 1024**3
)  # two runs side by side need a quarter of it; a container has 64 MB unless told otherwise


def new_home(prefix: str) -> Path:
    """A new folder for servers, in the best of `places()`."""
    home = Path(tempfile.mkdtemp(prefix=prefix, dir=places()[0]))
    home.chmod(0o711)  # PostgreSQL does not run as root, and must get in
    return home


def places() -> list[Path]:
    """Where homes may be, the best place first."""
    disk = Path(tempfile.gettempdir())
    return [_MEMORY, disk] if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES else [disk]


def name_in_run(name: str) -> str:
    """A database's name that no other run has on the same server."""
    run = Path(os.environ[RUN_HOME]).name.rpartition("-")[2]
    return f"storesync_{run}_{name}"
