"""A Katana that answers what it is given, over real HTTP, and keeps what it was asked."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors import json_text


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: Any
    text: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Reply:
    """What is answered: a status, a value as JSON or a text as it is, and headers."""

    body: Any = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def bytes(self) -> bytes:
        return (self.body if isinstance(self.body, str) else json_text.write(self.body)).encode()


Answerer = Callable[[Asked], Reply]


@dataclass
class Answering:
    """A running server: its address, and what it was asked."""

    url: str
    asked: list[Asked]

    @property
    def calls(self) -> list[str]:
        """Methods and paths in order."""
        return [f"{one.method} {one.path}" for one in self.asked]


@contextmanager
def answering(answer: Answerer | Reply | list[Reply]) -> Iterator[Answering]:
    """Run a server that answers by a function, or one reply after the other, the last again and again."""
    asked: list[Asked] = []

    def reply(one: Asked) -> Reply:
        if isinstance(answer, Reply):
            return answer
        if isinstance(answer, list):
            return answer.pop(0) if len(answer) > 1 else answer[0]
        return answer(one)

    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            parts = urlsplit(self.path)
            text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            body = json_text.read(text) if text else None
            query = parse_qs(parts.query, keep_blank_values=True)
            one = Asked(self.command, parts.path, query, body, text, dict(self.headers))
            asked.append(one)
            given = reply(one)
            self.send_response(given.status)
            for name, value in {"Content-Length": str(len(given.bytes)), **given.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(given.bytes)

        do_GET = do_POST = do_PATCH = do_DELETE = do

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield Answering(f"http://127.0.0.1:{server.server_address[1]}", asked)
        finally:
            server.shutdown()
