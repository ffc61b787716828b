"""A worker and beat show that they live by a file that grows no older, and one that is frozen lets it."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.flows.house import House
from tests.waiting import wait_until

pytestmark = [pytest.mark.flow, pytest.mark.xdist_group("patient flows")]

FRESH = 5  # seconds; both touch it every two


def test_worker_and_beat_keep_their_file_fresh_until_they_freeze(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {name: tmp_path / name for name in ("worker", "beat")}
    monkeypatch.setenv("STORESYNC_ALIVE_FILE", str(files["worker"]))
    house.start_worker("worker")
    monkeypatch.setenv("STORESYNC_ALIVE_FILE", str(files["beat"]))
    house.start_beat()

    for file in files.values():
        wait_until(file.exists, seconds=30, what=f"the first {file.name}\n{house.logs()}")
        born = file.stat().st_mtime
        wait_until(lambda file=file, born=born: file.stat().st_mtime > born, what=file.name)  # type: ignore[misc]

    for program in house.programs.values():
        os.killpg(program.pid, signal.SIGSTOP)
    wait_until(lambda: all(time.time() - file.stat().st_mtime > FRESH for file in files.values()), what="old files")
    for program in house.programs.values():
        os.killpg(program.pid, signal.SIGCONT)
