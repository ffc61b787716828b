"""The demo, as somebody who tries the product runs it: right each time, in a home of its own, with words that work."""

import fcntl
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.config import Config
from tests.homes import new_home
from workers.embedded import remove_home, server_status

STORESYNC = Path(sys.executable).with_name("storesync")

# One after the other: two demos that begin at once would want the same port.
pytestmark = [pytest.mark.flow, pytest.mark.timeout(400), pytest.mark.xdist_group("demo")]

Ended = subprocess.CompletedProcess[str]


def storesync(home: Path, *arguments: str, seconds: float = 300) -> Ended:
    environ = {"PATH": os.environ["PATH"], "STORESYNC_HOME": str(home)}
    # Servers that somebody configured are not the demo's.
    environ |= {"DATABASE_URL": "postgresql://127.0.0.1:1/nowhere"} if arguments[0] == "demo" else {}
    command = [str(STORESYNC), *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=seconds, check=False)


def proposed(said: str) -> tuple[Path, list[list[str]]]:
    """The home that the demo names, and the commands it tells people to type."""
    (home,) = re.findall(r"export STORESYNC_HOME=(\S+)", said)
    return Path(home), [
        shlex.split(line, comments=True)[1:] for line in re.findall(r"^  \S*storesync (?=\w).*", said, re.M)
    ]


@pytest.fixture
def home() -> Iterator[Path]:
    """Where whoever tries the product has nothing yet."""
    home = new_home("storesync-demo-")
    yield home
    remove_home(Config("", "", home / "demo", "", "text"))
    shutil.rmtree(home)


def test_the_demo_is_right_and_may_be_run_again(home: Path) -> None:
    for _ in range(2):
        demo = storesync(home, "demo", "--once")

        assert demo.returncode == 0, demo.stdout + demo.stderr
        assert "Every cent adds up." in demo.stdout
        assert "6 orders are placed, and the hub had each" in demo.stdout
        assert "17 pieces of STOOL-OAK are counted" in demo.stdout  # and none of the run before
        assert "… and in every shop after" in demo.stdout
        assert "… and in the hub it is DELIVERED." in demo.stdout

    demos, commands = proposed(demo.stdout)
    try:
        answers = [storesync(demos, *command) for command in commands]
    finally:
        storesync(demos, "down")
    assert len(answers) == 4
    assert all((ended.returncode, ended.stderr) == (0, "") for ended in answers), answers
    assert {path.name for path in home.iterdir()} == {"demo", "demo.lock"}  # nothing of it in the real account


@pytest.mark.timeout(900)
def test_KAT_2_the_demo_is_right_with_katana_as_the_hub(home: Path) -> None:
    few = ("--orders", "4")  # most of it waits for Katana's limit
    demo = storesync(home, "demo", "--hub", "katana", "--once", *few, seconds=840)

    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "Every cent adds up." in demo.stdout
    assert "6 orders are placed, and the hub had each" in demo.stdout
    assert "… and in every shop after" in demo.stdout
    assert "… and in the hub it is DELIVERED." in demo.stdout


def test_a_second_demo_beside_the_first_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        demo = storesync(tmp_path, "demo", "--once")

    assert (demo.returncode, len(demo.stderr.splitlines())) == (1, 1)
    assert "a demo runs already" in demo.stderr


def test_a_demo_that_somebody_ends_leaves_no_server_behind(home: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "STORESYNC_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen([str(STORESYNC), "demo"], env=environ, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout
        assert any("PostgreSQL and Redis answer" in line for line in demo.stdout)
        demo.terminate()
        demo.communicate(timeout=60)

    servers = server_status(Config("", "", home / "demo", "", "text"))
    assert [server.name for server in servers if server.pid is not None] == []
