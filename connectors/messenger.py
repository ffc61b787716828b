"""Sends one message by Apprise to several addresses at once: `python -m connectors.messenger`, a process of its own.

Apprise takes half a second and 40 MB to load, and a service may be slow in ways that no time limit of its own bounds:
the process ends after `MOST_SECONDS`, whatever hangs. It is given {"urls": […], "title", "body"} and says a line of
JSON for each address that was tried, or, asked with {"names": […]}, the name of each one's service. Nothing else is
said: an address is a secret.
"""

import json
import logging
import os
import sys
from threading import Thread
from time import monotonic
from typing import Any, Final

import apprise

MOST_SECONDS: Final = 20.0


def _new(url: str) -> Any:
    asset = apprise.AppriseAsset(app_id="storesync", app_desc="storesync", plugin_paths=[], secure_logging=True)
    return apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)


def _say(number: int, **said: object) -> None:
    sys.stdout.write(json.dumps({"number": number, **said}) + "\n")
    sys.stdout.flush()


def _send(number: int, url: str, title: str, body: str) -> None:
    service = _new(url)
    took = service is not None and service.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT)
    _say(number, took=bool(took))


def main() -> None:
    """Do what stdin asks for."""
    logging.disable(logging.CRITICAL)
    asked = json.load(sys.stdin)
    for number, url in enumerate(asked.get("names", ())):
        service = _new(url)
        _say(number, name=service and str(service.service_name))
    stop_at = monotonic() + MOST_SECONDS
    threads = [
        Thread(target=_send, args=(number, url, asked["title"], asked["body"]), daemon=True)
        for number, url in enumerate(asked.get("urls", ()))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, stop_at - monotonic()))
    os._exit(0)  # who still waits for an answer holds up nobody


if __name__ == "__main__":
    main()
