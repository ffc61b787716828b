"""Ends of programs as supervisord's log has them."""

from datetime import datetime, timedelta
from pathlib import Path

from workers.supervision.ends import recent_ends

LOG = """\
2026-03-09 09:00:00,123 INFO exited: web (exit status 1; not expected)
2026-03-10 11:00:00,123 INFO spawned: 'web' with pid 17
2026-03-10 11:30:00,123 INFO exited: worker2 (terminated by SIGKILL; not expected)
2026-03-10 11:40:00,123 WARN exited: worker2 (exit status 0; expected)
2026-03-10 11:50:00,123 INFO stopped: beat (exit status 0)
99 nonsense
"""


def test_ends_of_the_last_day_are_told_by_program_and_what_was_stopped_is_none(tmp_path: Path) -> None:
    log = tmp_path / "supervisord.log"
    log.write_text(LOG)

    ends = recent_ends(log, now=datetime(2026, 3, 10, 12, 0))  # noqa: DTZ001 # as supervisord writes them

    assert {name: [round(age / timedelta(minutes=1)) for age in ages] for name, ages in ends.items()} == {
        "worker2": [30, 20]
    }
    assert recent_ends(tmp_path / "none", now=datetime(2026, 3, 10)) == {}  # noqa: DTZ001
