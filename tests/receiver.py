"""Somebody who is told: a real HTTP server that keeps what Apprise's json:// posts to it, or is down, slow or rude."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


class Receiver(ThreadingHTTPServer):
    """What was posted: `title` and `message` of each."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Post)
        self.posts: list[dict[str, Any]] = []
        self.status = 200
        self.may_answer = Event()
        self.may_answer.set()

    @property
    def url(self) -> str:
        """Its address for Apprise, with a secret in it."""
        return f"json://bot:s3cret-w0rd@127.0.0.1:{self.server_port}/hook/t0ken"

    @property
    def titles(self) -> list[str]:
        """What was said, by its titles."""
        return [post["title"].removeprefix("storesync: ") for post in self.posts]


class _Post(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        post = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.may_answer.wait(20)
        if self.server.status == 200:
            self.server.posts.append(post)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def listening() -> Iterator[Receiver]:
    """A receiver that listens until the end."""
    with Receiver() as receiver:
        thread = Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield receiver
        finally:
            receiver.may_answer.set()
            receiver.shutdown()
            thread.join()
