"""That a worker or beat is alive, shown by a file whose age a container's health check looks at (STORESYNC_ALIVE_FILE).

The file is touched by the program's own loop, so one that hangs or has lost Redis grows old. Looking at it costs
nothing, where asking by Celery's `inspect ping` starts an interpreter and takes a second of a processor each time.
"""

from contextlib import suppress

from connectors.config import read_config


def touch(**_: object) -> None:
    """Show that this program is alive, where the environment names a file for it."""
    if file := read_config().alive_file:
        with suppress(OSError):  # a full disk makes it unhealthy and stops no work
            file.touch()
