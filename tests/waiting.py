"""Waiting for something that another process does, with a limit instead of a sleep."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], *, seconds: float = 10, what: str) -> None:
    """Return as soon as the condition holds; fail the test, saying what was awaited, when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.02)
