"""STORESYNC_LOG=json: every line of a program is one JSON object, from its first word to its last."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from connectors.config import Config
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
CELERY: Final = (sys.executable, "-m", "celery", "-A", "workers.app")

pytestmark = pytest.mark.flow


def environment(config: Config, **more: str) -> dict[str, str]:
    """What a program reads."""
    servers = {"DATABASE_URL": config.database_url, "REDIS_URL": config.redis_url}
    return {**os.environ, **servers, "STORESYNC_SECRET_KEY": config.secret_key, "STORESYNC_LOG": "json", **more}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def everything_said(config: Config, folder: Path, command: tuple[str, ...], until: str, end: signal.Signals) -> str:
    """What a program writes until it is told to end, once it has said this; stdout and stderr together."""
    log = folder / "log"
    with log.open("w") as output:
        program = subprocess.Popen(command, cwd=ROOT, env=environment(config), stdout=output, stderr=output)
    try:
        wait_until(lambda: until in log.read_text(), seconds=60, what=f"{until!r}\n{log.read_text()}")
        program.send_signal(end)
        with suppress(subprocess.TimeoutExpired):
            program.wait(20)
        if program.poll() is None:  # on a busy machine Flower was seen to miss one as it began
            program.send_signal(end)
        program.wait(60)
    finally:
        program.kill()
        program.wait()
    return log.read_text()


def objects(text: str) -> list[dict[str, Any]]:
    """The lines, each of which must be a JSON object with what a log line has."""
    lines = [json.loads(line) for line in text.splitlines()]
    assert all({"at", "level", "logger", "message"} <= line.keys() for line in lines)
    return lines


def failed_start(config: Config, command: Sequence[str], **changes: str) -> str:
    """What a program says that ends by itself, since it cannot start."""
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(config, **changes),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=60,
    )
    assert ended.returncode != 0
    return "\n".join(str(line) for line in objects(ended.stdout))


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_worker_speaks_JSON_from_its_banner_to_its_shutdown(
    config: Config, tmp_path: Path, end: signal.Signals
) -> None:
    command = (*CELERY, "worker", "-Q", "upkeep", "-c", "1", "-n", "json@test")

    lines = objects(everything_said(config, tmp_path, command, "json@test ready", end))

    printed = [line["message"] for line in lines if line["logger"] == "printed"]
    assert "json@test v5" in printed[0]  # the banner, as one
    assert "shutdown" in printed[-1] or "Shutdown" in printed[-1]


def test_beat_speaks_JSON(config: Config, tmp_path: Path) -> None:
    lines = objects(everything_said(config, tmp_path, (*CELERY, "beat"), "beat: Starting", signal.SIGTERM))

    assert "is starting" in lines[0]["message"]


def test_Flower_speaks_JSON(config: Config, tmp_path: Path) -> None:
    command = (*CELERY, "flower", "--address=127.0.0.1", f"--port={free_port()}")

    objects(everything_said(config, tmp_path, command, "Visit me at", signal.SIGTERM))


def test_web_speaks_JSON(config: Config, tmp_path: Path) -> None:
    command = (sys.executable, "-m", "workers.web", "--port", str(free_port()))

    objects(everything_said(config, tmp_path, command, "Serving on", signal.SIGTERM))


def test_web_whose_port_is_taken_says_so_in_JSON(config: Config) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = failed_start(config, (sys.executable, "-m", "workers.web", "--port", str(port)))

    assert f"nothing can listen on 127.0.0.1:{port}: Address already in use" in said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"STORESYNC_SECRET_KEY": ""}, "STORESYNC_SECRET_KEY must be set"),
        ({"REDIS_URL": "http://nowhere"}, "REDIS_URL must start with"),
    ],
)
def test_program_that_cannot_start_says_why_in_JSON(config: Config, changes: dict[str, str], words: str) -> None:
    assert words in failed_start(config, (*CELERY, "beat"), **changes)
