"""The stand-ins of the vendors, started by hand."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sandbox import open_sandbox
from tests.workers.cli.command import Cli
from workers.cli.main import run

Sandbox = subprocess.Popen[str]


@contextmanager
def sandbox(*arguments: str) -> Iterator[Sandbox]:
    command = [sys.executable, "-c", "from workers.cli.main import main; main()", "sandbox", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


@pytest.mark.long
def test_BEY_10_sandbox_says_how_it_is_connected_and_ends_with_ctrl_c(refusing_cli: Cli) -> None:
    with sandbox("woocommerce", "--orders", "3") as running:
        assert running.stdout is not None
        head, _, command = (running.stdout.readline() for _ in range(3))
        # A dry run of the line that it prints; --set keeps the store from being saved.
        result = refusing_cli(*command.split()[1:], "--set", "location=nowhere")
        running.send_signal(signal.SIGINT)
        _, problem = running.communicate(timeout=60)

    assert head.startswith("woocommerce sandbox with 3 orders at http://127.0.0.1:")
    assert command.split()[:5] == ["storesync", "store", "connect", "woocommerce", "trial-woocommerce"]
    assert "there is no location 'nowhere'" in result.err
    assert (running.returncode, problem.split()) == (130, ["storesync:", "stopped"])


@pytest.mark.long
def test_sandbox_with_json_says_one_document_before_it_runs() -> None:
    with sandbox("woocommerce", "--orders", "0", "--json") as running:
        assert running.stdout is not None
        lines = iter(running.stdout.readline, "}\n")
        document = json.loads("".join(lines) + "}")

    assert (document["platform"], document["orders"]) == ("woocommerce", 0)
    assert document["url"].startswith("http://127.0.0.1:")
    assert document["credentials"].keys() == {"consumer_key", "consumer_secret"}


@pytest.mark.long
def test_a_hub_s_sandbox_says_how_it_is_chosen() -> None:
    with sandbox("katana", "--orders", "2") as running:
        assert running.stdout is not None
        head, _, command = (running.stdout.readline() for _ in range(3))

    assert head.startswith("katana sandbox with 2 orders at http://127.0.0.1:")
    url = re.escape(head.split()[6].rstrip("."))
    key = "katana.api_key=sandbox-katana-key"
    assert re.fullmatch(
        rf"  storesync account set hub=katana katana.url={url} katana.allow_insecure=on {key}\n", command
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--fault", "nonsense=1"), "there is no fault 'nonsense'; there are http_500,"),
        (("--fault", "http_500"), "'http_500' must be NAME=RATE, like http_500=0.1"),
        (("--fault", "http_500=often"), "'http_500=often' must be NAME=RATE"),
        (("--fault", "http_500=1.5"), "the rate of http_500 must be between 0 and 1"),
        (("--fault", "http_500=nan"), "the rate of http_500 must be between 0 and 1"),
        (("--fault", "http_500=0.6", "--fault", "reset=0.6"), "may not be more than 1"),
        (("--orders", "-1"), "-1 is not in the range"),
        (("--port", "70000"), "70000 is not in the range"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_fault_or_number_that_cannot_be_is_refused_in_one_line(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["sandbox", "woocommerce", *arguments])

    out, err = capsys.readouterr()
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert words in err


@pytest.mark.parametrize(
    "arguments",
    [("woocommerce", "--token-life", "5"), ("katana", "--token-life", "5"), ("shopify", "--token-life", "0")],
)
def test_a_token_s_life_is_refused_where_there_is_none(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sandbox", *arguments]) == 2
    assert "--token-life" in capsys.readouterr().err


def test_unknown_platform_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sandbox", "magento"]) == 2
    assert "'magento'" in capsys.readouterr().err


def test_port_that_is_taken_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with open_sandbox("woocommerce", orders=0) as other:
        port = other.url.rpartition(":")[2]
        code = run(["sandbox", "woocommerce", "--port", port])

    assert (code, capsys.readouterr().err) == (
        1,
        f"storesync: port {port} of 127.0.0.1 cannot be used: Address already in use\n",
    )


@pytest.mark.long
def test_sandbox_on_all_addresses_names_one_that_can_be_called() -> None:
    with sandbox("shopify", "--orders", "0", "--host", "0.0.0.0", "--json") as running:
        assert running.stdout is not None
        document = json.loads("".join(iter(running.stdout.readline, "}\n")) + "}")

    assert document["url"].startswith(f"http://{socket.gethostname()}:")


def test_host_that_is_not_this_machine_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["sandbox", "woocommerce", "--host", "192.0.2.1", "--port", "8000", "--orders", "0"])

    assert (code, capsys.readouterr().err) == (
        1,
        "storesync: port 8000 of 192.0.2.1 cannot be used: Cannot assign requested address\n",
    )
