"""A wire to a server that a test can cut, and that knows when a statement goes over it."""

import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final
from urllib.parse import urlsplit

_STATEMENTS: Final = (b"Q", b"B")  # of PostgreSQL's protocol: a simple query, and the parameters of a prepared one
_AT_ONCE: Final = 65536


class Wire:
    """Carries what goes between clients and one server, on a port of its own."""

    def __init__(self, server: tuple[str, int], *, counts: bool = False) -> None:
        self.statements = 0
        self.is_cut = False
        self._at: int | None = None
        self._act: Callable[[], object] = lambda: None
        self._loses = False
        self._server, self._counts = server, counts
        self._ends: set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """Where clients find it."""
        return int(self._listening.getsockname()[1])

    def cut(self) -> None:
        """Everything that goes over it is lost, and whoever connects is hung up on."""
        self.is_cut = True
        for end in list(self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Clients may connect again."""
        self.is_cut, self._at = False, None

    def at(self, statement: int, act: Callable[[], object], *, is_lost: bool = False) -> None:
        """Do something before that statement from now on goes on, or once it is lost with its connection."""
        self.statements, self._at, self._act, self._loses = 0, statement, act, is_lost

    def close(self) -> None:
        """The end of it."""
        self.cut()
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self.is_cut:
                client.close()
            else:
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        server = socket.create_connection(self._server)
        self._ends |= {client, server}
        if self.is_cut:  # this moment
            self.cut()
        reader = _Statements() if self._counts else None
        try:
            while True:
                ready, _, _ = select.select([client, server], [], [])
                for end in ready:
                    said = end.recv(_AT_ONCE)
                    if not said or (end is client and reader and self._is_lost(reader.count(said), server)):
                        return
                    (server if end is client else client).sendall(said)
        except OSError:
            return
        finally:
            self._ends -= {client, server}
            client.close()
            server.close()

    def _is_lost(self, statements: int, server: socket.socket) -> bool:
        for _ in range(statements):
            self.statements += 1
            if self._at is not None and self.statements >= self._at:
                self._at = None
                loses = self._loses
                if loses:
                    server.shutdown(socket.SHUT_RDWR)
                self._act()
                return loses
        return False


class _Statements:
    """Counts the statements in what a client says."""

    def __init__(self) -> None:
        self._rest = b""
        self._has_begun = False

    def count(self, said: bytes) -> int:
        self._rest += said
        found = 0
        while (size := self._size()) is not None:
            found += self._has_begun and self._rest[:1] in _STATEMENTS
            self._rest, self._has_begun = self._rest[size:], True
        return found

    def _size(self) -> int | None:
        """Of the first message, if it is whole; the very first one has no type."""
        head = 1 if self._has_begun else 0
        if len(self._rest) < head + 4:
            return None
        size = head + int.from_bytes(self._rest[head : head + 4], "big")
        return size if len(self._rest) >= size else None


@contextmanager
def wire_to(url: str, *, counts: bool = False) -> Iterator[tuple[Wire, str]]:
    """A wire to the server of a URL, and the URL by it; it may count the statements for PostgreSQL."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    wire = Wire((parts.hostname, parts.port), counts=counts)
    who = parts.netloc.rpartition("@")[0]
    by_wire = parts._replace(netloc=f"{who}@127.0.0.1:{wire.port}")
    try:
        yield wire, (by_wire._replace(query="sslmode=disable&gssencmode=disable") if counts else by_wire).geturl()
    finally:
        wire.close()
