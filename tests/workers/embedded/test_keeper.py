"""What becomes of a server of our own that ends, without a server: `tests/flows/test_crashes.py` kills real ones."""

import logging
from pathlib import Path

import pytest

from connectors.config import Config
from tests.waiting import wait_until
from workers.embedded import daemon, keep_servers, keeper
from workers.embedded.keeper import Keeper, wait_after


class Flimsy:
    """A server that ends as soon as it is started."""

    name = "Flimsy"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.starts = 0

    def prepare(self, starts: int) -> daemon.Launch:
        """It could run."""
        self.starts += 1
        return daemon.Launch(["/bin/true"], daemon.log_path(self), {})

    def answers(self) -> bool:
        """It never does."""
        return False


@pytest.mark.parametrize(("ends", "seconds"), [(1, 0), (3, 0), (4, 5), (5, 10), (9, 160), (10, 300), (1000, 300)])
def test_a_server_that_ends_again_and_again_waits_ever_longer(ends: int, seconds: int) -> None:
    assert wait_after(ends) == seconds


def test_a_server_that_cannot_stay_is_tried_a_few_times_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeper, "LOOK_SECONDS", 0.001)
    server = Flimsy(tmp_path / "flimsy")

    with caplog.at_level(logging.WARNING), Keeper([server]):
        wait_until(lambda: "started again in 5 s" in caplog.text, what="it to be given a rest")

    assert server.starts == keeper.AT_ONCE * daemon.ATTEMPTS
    assert "Flimsy ends as soon as it is started" in caplog.text
    assert str(daemon.log_path(server)) in caplog.text


def test_servers_that_are_not_ours_are_left_alone(config: Config) -> None:
    with keep_servers(config) as nobody:
        assert not nobody._threads
