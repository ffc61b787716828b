"""Waiting for something that another process does, with a limit instead of a sleep."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], *, seconds: float = 30, what: str) -> None:
    """Return as soon as the condition holds; fail the test, saying what was awaited, when it does not in time."""
    deadline, pause = time.monotonic() + seconds, 0.005
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(pause)
        pause = min(pause * 1.3, 0.1)  # what has not come yet is asked after less and less, for to ask costs too
