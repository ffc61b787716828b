"""Messages to people by Apprise: which services there are, and whether each took a message, within bounded time."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, Final

PATIENCE_SECONDS: Final = 30  # for the process that sends: it ends by itself before

_OURS: Final = ("STORESYNC_", "DATABASE_URL", "REDIS_URL", "METRICS_TOKEN")


def masked(url: str) -> str:
    """An address as it may be shown: the service, and nothing of what may be a secret."""
    return f"{url.partition('://')[0]}://****"


def service_names(urls: Sequence[str]) -> list[str | None]:
    """The service of each address; None for one that is no service's."""
    said = {line["number"]: line["name"] for line in _ask({"names": list(urls)})}
    return [said.get(number) for number in range(len(urls))]


def send(urls: Sequence[str], title: str, body: str) -> list[bool]:
    """Which addresses took a message. What is not answered in time counts as not taken, and may come all the same."""
    took = {line["number"]: line["took"] for line in _ask({"urls": list(urls), "title": title, "body": body})}
    return [took.get(number, False) for number in range(len(urls))]


def _ask(question: dict[str, Any]) -> list[dict[str, Any]]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    try:
        said = subprocess.run(
            [sys.executable, "-m", "connectors.messenger"],
            input=json.dumps(question).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE_SECONDS,
            check=False,
            env=environ,
        ).stdout
    except subprocess.TimeoutExpired as late:
        said = late.stdout or b""
    return [json.loads(line) for line in said.splitlines() if line.endswith(b"}")]
