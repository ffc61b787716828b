"""Becomes the command that it is given, which then gets SIGTERM when its parent dies: `python -m … CMD …`.

Linux only; elsewhere the command just runs. Nothing of ours is imported, since this runs before every program.
"""

import ctypes
import os
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG, survives exec


def tether(parent: int, end: signal.Signals = signal.SIGTERM) -> None:
    """Ask Linux to end this process with its parent, whose pid is given in case it died just now."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, end)
    if os.getppid() != parent:
        sys.exit("the process that started this one has ended")


if __name__ == "__main__":
    tether(os.getppid())
    os.execvp(sys.argv[1], sys.argv[1:])
