"""A server that sends exactly the bytes it is given, for answers that no proper server would send."""

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

Answer = bytes | Callable[[socket.socket], None]


def http_answer(status: int, body: str | bytes = b"", *headers: str) -> bytes:
    """A whole answer; the connection closes after it."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Word", "Connection: close", f"Content-Length: {len(content)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + content


class RawServer:
    """Answers one connection after the other, the last answer again and again; keeps what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.requests: list[str] = []
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        with contextlib.suppress(OSError):  # wakes the thread out of accept
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        self._thread.join(timeout=5)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection, contextlib.suppress(OSError):
                request = _read_head(connection)
                if not request:
                    return
                self.requests.append(request)
                answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                if callable(answer):
                    answer(connection)
                else:
                    connection.sendall(answer)


def _read_head(connection: socket.socket) -> str:
    head = b""
    while b"\r\n\r\n" not in head and not head.startswith(b"\x16"):  # TLS has no end of head
        chunk = connection.recv(65536)
        if not chunk:
            return head.decode("latin-1")
        head += chunk
    return head.decode("latin-1")
