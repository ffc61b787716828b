"""The demo, as somebody who tries the product runs it: what it shows is right, the second time too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(400)
def test_the_demo_is_right_and_may_be_run_again(tmp_path: Path) -> None:
    storesync = Path(sys.executable).with_name("storesync")
    environ = {"PATH": os.environ["PATH"], "STORESYNC_HOME": str(tmp_path / "home")}

    for _ in range(2):
        demo = subprocess.run(
            [storesync, "demo", "--once"], env=environ, capture_output=True, text=True, timeout=180, check=False
        )

        assert demo.returncode == 0, demo.stdout + demo.stderr
        assert "Every cent adds up." in demo.stdout
        assert "… and in every shop after" in demo.stdout
        assert "… and in the hub it is DELIVERED." in demo.stdout
