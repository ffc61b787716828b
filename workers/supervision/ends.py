"""How often the programs of `storesync up` ended by themselves, as supervisord's log has it."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

DAY: Final = timedelta(days=1)
_READ_BYTES: Final = 1_000_000  # as much as one log holds

# What was asked to stop is "stopped". Its times are the machine's own.
_ENDED: Final = re.compile(r"^(\S+ \S+),\d+ \w+ exited: (\S+) \(", re.MULTILINE)


def log_of(home: Path) -> Path:
    """Where supervisord writes what its programs do."""
    return home / "logs" / "supervisord.log"


def recent_ends(log: Path, *, now: datetime) -> Mapping[str, Sequence[timedelta]]:
    """By program, how long ago it ended by itself, of the last day; `now` is the machine's own time, without a zone."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _READ_BYTES))
            text = file.read(_READ_BYTES).decode(errors="replace")
    except OSError:
        return {}
    found: dict[str, list[timedelta]] = {}
    for at, program in _ENDED.findall(text):
        age = _age(at, now)
        if age is not None and age <= DAY:
            found.setdefault(program, []).append(age)
    return found


def _age(at: str, now: datetime) -> timedelta | None:
    try:
        return now - datetime.fromisoformat(at)
    except ValueError:
        return None
