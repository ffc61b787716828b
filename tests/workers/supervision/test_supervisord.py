"""Programs are kept running, told to end, and never left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from celery import Celery

from tests.waiting import wait_until
from workers.supervision.supervisord import Program, ProgramsError, refuse_while_running, run_programs, start_programs

pytestmark = pytest.mark.flow

ROOT = Path(__file__).parents[3]
SLEEPER = """
import os, pathlib, sys, time
print("at work with " + os.environ["SECRET"], flush=True)  # in one piece, buffered or not
pathlib.Path(sys.argv[1], f"{sys.argv[2]}-{os.getpid()}").touch()
time.sleep(60)
"""
STARTER = """
import pathlib, sys, time
from workers.supervision import supervisord
program = supervisord.Program("sleeper", (sys.executable, sys.argv[2], sys.argv[3], "one"))
home = pathlib.Path(sys.argv[4])
if sys.argv[1] == "run":
    supervisord.run_programs([program], home=home)
else:
    running = supervisord.start_programs([program], home=home)
    time.sleep(60)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder whose name means something to supervisord's configuration."""
    return tmp_path / "home #1; two"


@pytest.fixture
def sleeper(tmp_path: Path) -> Path:
    script = tmp_path / "sleeper.py"
    script.write_text(SLEEPER)
    return script


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[Path]:
    """Where each program leaves its name and pid; none may be left when the test ends."""
    folder = tmp_path / "notes"
    folder.mkdir()
    yield folder
    wait_until(lambda: not alive(folder), what="every program to end")


def pids(notes: Path) -> list[int]:
    return [int(note.name.rpartition("-")[2]) for note in notes.iterdir()]


def alive(notes: Path) -> list[int]:
    return [pid for pid in pids(notes) if (Path("/proc") / str(pid) / "cmdline").exists() and cmdline(pid)]


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()  # empty for one that has ended but was not waited for
    except (FileNotFoundError, ProcessLookupError):
        return b""


@contextmanager
def elsewhere(how: str, sleeper: Path, notes: Path, home: Path) -> "Iterator[subprocess.Popen[str]]":
    """A process that starts or runs the sleeper."""
    command = [sys.executable, "-c", STARTER, how, str(sleeper), str(notes), str(home)]
    environ = {**os.environ, "SECRET": "hush"}
    with subprocess.Popen(command, cwd=ROOT, env=environ, text=True, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def test_program_that_ends_is_started_again_as_often_as_it_should_run(sleeper: Path, notes: Path, home: Path) -> None:
    program = Program("sleeper", (sys.executable, str(sleeper), str(notes), "%(process_num)d"), count=2)

    running = start_programs([program], home=home, environ={**os.environ, "SECRET": "hush"})
    try:
        wait_until(lambda: len(pids(notes)) == 2, what="two processes")
        os.kill(pids(notes)[0], signal.SIGKILL)
        wait_until(lambda: len(pids(notes)) == 3 and len(alive(notes)) == 2, what="a third in place of the first")
    finally:
        running.stop()

    assert not alive(notes)
    assert {note.name.partition("-")[0] for note in notes.iterdir()} == {"1", "2"}
    assert (home / "logs/sleeper1.log").read_text().startswith("at work with hush\n")
    assert "hush" not in (home / "run/supervisord.conf").read_text()
    running.stop()


def test_programs_of_one_home_run_once_and_its_servers_are_not_stopped_under_them(
    sleeper: Path, notes: Path, home: Path
) -> None:
    with elsewhere("start", sleeper, notes, home):
        wait_until(lambda: alive(notes), what="the program to run")

        with pytest.raises(ProgramsError, match="storesync runs already with"):
            start_programs([Program("second", (sys.executable, "-V"))], home=home)
        with pytest.raises(ProgramsError, match="end it with Ctrl-C in its terminal first"):
            refuse_while_running(home)

    wait_until(lambda: not alive(notes), what="the program to end with the one that started it")
    wait_until(partial(_is_free, home), what="the lock")


def _is_free(home: Path) -> bool:
    try:
        refuse_while_running(home)
    except ProgramsError:
        return False
    return True


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_terminal_shows_what_programs_say_until_it_is_told_to_end(
    sleeper: Path, notes: Path, home: Path, end: signal.Signals
) -> None:
    with elsewhere("run", sleeper, notes, home) as terminal:
        wait_until(lambda: alive(notes), what="the program to run")

        terminal.send_signal(end)

        assert terminal.communicate(timeout=60)[0] == "at work with hush\n"
        assert terminal.returncode == 0
    assert not alive(notes)


def test_terminal_shows_half_a_line_at_once_and_does_not_lose_it(sleeper: Path, notes: Path, home: Path) -> None:
    sleeper.write_text(SLEEPER.replace("flush=True", "end='', flush=True"))

    with elsewhere("run", sleeper, notes, home) as terminal:
        assert terminal.stdout
        shown = os.read(terminal.stdout.fileno(), 100)
        terminal.send_signal(signal.SIGTERM)
        rest = terminal.communicate(timeout=60)[0]

    assert shown.decode() + rest == "at work with hush"


def test_programs_that_never_stop_talking_are_told_to_end(sleeper: Path, notes: Path, home: Path) -> None:
    sleeper.write_text(SLEEPER.replace("time.sleep(60)", "while True: print('so much to say')"))

    with elsewhere("run", sleeper, notes, home) as terminal:
        assert terminal.stdout
        os.read(terminal.stdout.fileno(), 100)
        terminal.send_signal(signal.SIGINT)
        terminal.communicate(timeout=60)

    assert terminal.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
def test_nothing_outlives_a_killed_starter_or_hinders_the_next(sleeper: Path, notes: Path, home: Path) -> None:
    for runs in (1, 2):
        with elsewhere("start", sleeper, notes, home) as starter:
            wait_until(lambda runs=runs: len(pids(notes)) == runs, what="the program to run")  # type: ignore[misc]
            starter.kill()
        wait_until(lambda: not alive(notes), what="the program to end")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
def test_programs_end_when_supervisord_is_killed(sleeper: Path, notes: Path, home: Path) -> None:
    program = Program("sleeper", (sys.executable, str(sleeper), str(notes), "one"))
    running = start_programs([program], home=home, environ={**os.environ, "SECRET": "hush"})
    wait_until(lambda: alive(notes), what="the program to run")

    os.kill(int((home / "run/supervisord.pid").read_text()), signal.SIGKILL)

    wait_until(lambda: not alive(notes), what="the program to end")
    running.stop()


def test_running_task_ends_before_its_worker(redis_url: str, tmp_path: Path) -> None:
    celery = (sys.executable, "-m", "celery", "-A", "tests.workers.restart_app", "worker", "-c", "1")
    environ = {**os.environ, "TRANSPORT": "ours", "BROKER": redis_url}
    running = start_programs([Program("worker", celery)], home=tmp_path / "home", environ=environ)
    with Celery("publisher", broker=redis_url, set_as_current=False) as publisher:
        publisher.send_task("work", [str(tmp_path)])
    wait_until(lambda: [*tmp_path.glob("began-*")], seconds=20, what="the task to begin")
    asking = subprocess.Popen(["sh", "-c", f"sleep 1; touch {tmp_path}/go"])

    running.stop()

    assert asking.wait() == 0
    assert len([*tmp_path.glob("ended-*")]) == 1


def test_home_that_supervisord_would_misread_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProgramsError, match="must not contain %"):
        start_programs([Program("any", ("true",))], home=tmp_path / "50%s")


def test_supervisord_that_cannot_work_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProgramsError, match="status 2"):
        run_programs([Program("a:b", ("true",))], home=tmp_path)
