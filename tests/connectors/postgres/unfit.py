"""Databases in other encodings, and what may stand before one: a pooler that drops `options`, a real PgBouncer."""

import os
import secrets
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.databases import at_database
from tests.waiting import wait_until


@contextmanager
def database_in(encoding: str, url: str) -> Iterator[str]:
    """An empty database in an encoding, on the server of this URL; its own URL."""
    name = f"storesync_encoding_{secrets.token_hex(4)}"
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING {} LOCALE 'C' LOCALE_PROVIDER libc")
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(statement.format(sql.Identifier(name), sql.Literal(encoding)))
        try:
            yield at_database(url, name)
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def careless_pooler(url: str, *, refuses: bool = False) -> Iterator[str]:
    """PostgreSQL behind something that drops `options` of a new connection, or refuses them; its URL."""
    real = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    threading.Thread(target=_pass_on, args=(client, real.hostname, real.port, refuses)).start()

        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield real._replace(netloc=f"{real.username}:{real.password}@127.0.0.1:{port}").geturl()
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            serving.join()


def _pass_on(client: socket.socket, host: str, port: int, refuses: bool) -> None:
    with client, socket.create_connection((host, port)) as server:
        (length,) = struct.unpack("!i", client.recv(4, socket.MSG_WAITALL))
        words = client.recv(length - 4, socket.MSG_WAITALL)[4:].rstrip(b"\0").split(b"\0")
        asked = dict(zip(words[::2], words[1::2], strict=True))
        if asked.pop(b"options", b"") and refuses:
            said = b"SFATAL\0C08P01\0Munsupported startup parameter: options\0\0"
            client.sendall(b"E" + struct.pack("!i", len(said) + 4) + said)
            return
        start = b"".join(word + b"\0" for pair in asked.items() for word in pair) + b"\0"
        server.sendall(struct.pack("!ii", len(start) + 8, 3 << 16) + start)
        back = threading.Thread(target=_copy, args=(server, client))
        back.start()
        _copy(client, server)
        back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while some := source.recv(65536):
            target.sendall(some)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def pgbouncer(url: str, folder: Path, mode: str) -> Iterator[str]:
    """A PgBouncer that takes `options` and drops them, as its users are told to set it up; its URL."""
    real = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    database = real.path.lstrip("/")
    there = f"host=127.0.0.1 port={real.port} user={real.username} password={real.password}"
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n{database} = {there}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
        f"auth_type = any\nunix_socket_dir =\npool_mode = {mode}\nignore_startup_parameters = options\n"
    )
    command = ["pgbouncer", *(["-u", "nobody"] if os.geteuid() == 0 else []), str(settings)]
    for path in (settings, folder, *folder.parents[:2]):
        path.chmod(0o755)
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    through = real._replace(netloc=f"{real.username}@127.0.0.1:{port}").geturl()
    try:
        wait_until(lambda: _answers(through), what="PgBouncer")
        yield through
    finally:
        running.terminate()
        running.wait(60)


def has_pgbouncer() -> bool:
    """Whether one is installed."""
    return shutil.which("pgbouncer") is not None


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
