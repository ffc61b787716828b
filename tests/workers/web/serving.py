"""The web process, as threads of a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from threading import Event, Thread
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

from connectors.config import Config
from workers.web import SERVING, create_app


@contextmanager
def web_process(config: Config) -> Iterator[int]:
    """The web process' own server: its port. It ends without a trace."""
    sockets: dict[int, Any] = {}
    # To set up its routes and compile its templates costs more than most tests, and where the home is it never asks.
    server = create_server(_app(replace(config, home=Path())), map=sockets, host="127.0.0.1", port=0, **SERVING)
    is_over = Event()

    def run() -> None:
        while not is_over.is_set():
            wasyncore.loop(timeout=1, use_poll=True, map=sockets, count=1)

    thread = Thread(target=run)
    thread.start()
    try:
        yield int(server.effective_port)
    finally:
        is_over.set()
        server.pull_trigger()
        thread.join()
        server.task_dispatcher.shutdown()
        wasyncore.close_all(sockets, ignore_all=True)


@lru_cache(maxsize=4)
def _app(config: Config) -> Flask:
    return create_app(config)
