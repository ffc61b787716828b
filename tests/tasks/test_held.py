"""What a process holds open is given back at its end, whatever way it takes out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.config import Config

ROOT = Path(__file__).parents[2]

# What is registered first is asked last: after everything else that happens at the end of a program.
PROGRAM = """
import atexit, os, sys
held = []
atexit.register(lambda: print("closed" if held and held[0].closed else "open"))
from tasks.held import process
held.append(process().pool)
with held[0].connection() as connection:
    connection.execute("SELECT 1")
{way_out}
"""


@pytest.mark.parametrize(
    ("way_out", "code"),
    [
        ("", 0),
        ("sys.exit(3)", 3),
        ("raise KeyboardInterrupt", -2),
        ("raise ValueError", 1),
        ("held[0].getconn(); sys.exit(1)", 1),
    ],
    ids=["done", "failed", "Ctrl-C", "bug", "with a connection in use"],
)
def test_database_pool_is_closed_on_every_way_out(config: Config, way_out: str, code: int) -> None:
    environ = {
        **os.environ,
        "DATABASE_URL": config.database_url,
        "REDIS_URL": config.redis_url,
        "STORESYNC_SECRET_KEY": config.secret_key,
    }

    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(way_out=way_out)],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=15,
    )

    assert (ended.returncode, ended.stdout) == (code, "closed\n")
    assert "couldn't stop thread" not in ended.stderr
    assert ended.stderr == "" or way_out.startswith("raise")
