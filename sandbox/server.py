"""Runs a stand-in behind a real HTTP server in threads of this process, and ends it without a trace."""

import logging
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from waitress import wasyncore
from waitress.server import create_server
from waitress.task import ThreadedTaskDispatcher

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_THREADS = 24  # at most: enough that requests which a fault holds back do not stop the others


class _Threads(ThreadedTaskDispatcher):  # type: ignore[misc] # waitress is not typed
    """Starts a thread when a request finds none that is free; most stand-ins are asked one thing at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._growing = threading.Lock()

    def add_task(self, task: Any) -> None:
        """A request has come."""
        with self._growing:
            wanted = min(self.active_count + len(self.queue) + 1, _THREADS)
            if wanted > len(self.threads):
                self.set_thread_count(wanted)
        super().add_task(task)


class RunningServer:
    """A stand-in that answers at `url` until it is stopped."""

    def __init__(self, app: "WSGIApplication", listener: socket.socket) -> None:
        host, port = listener.getsockname()[:2]
        self.port: int = port
        self.url = f"http://{host}:{port}"
        self._map: dict[int, Any] = {}
        self._stopping = threading.Event()
        self._stopped = threading.Event()
        self._before_stop: list[Callable[[], None]] = []
        self._server = create_server(
            app,
            map=self._map,
            sockets=[listener],
            _dispatcher=_Threads(),
            connection_limit=1000,
            channel_request_lookahead=1,  # notices a client that hangs up while a fault keeps it waiting
            clear_untrusted_proxy_headers=False,  # the shop itself decides whether it believes X-Forwarded-Proto
        )
        self._thread = threading.Thread(target=self._loop, name="sandbox-server", daemon=True)
        self._thread.start()

    def before_stop(self, act: Callable[[], None]) -> None:
        """Do something first when the server is stopped."""
        self._before_stop.append(act)

    def stop(self) -> None:
        """Close every connection and the port. Safe to call twice."""
        if self._stopping.is_set():
            self._stopped.wait()
            return
        self._stopping.set()
        for act in self._before_stop:
            act()
        self._server.pull_trigger()
        self._thread.join()
        self._server.task_dispatcher.shutdown()
        self._server.close()
        wasyncore.close_all(self._map, ignore_all=True)
        self._stopped.set()

    def wait(self) -> None:
        """Block until somebody stops the server (Ctrl-C raises KeyboardInterrupt here)."""
        self._stopped.wait()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            wasyncore.loop(timeout=1, use_poll=True, map=self._map, count=1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


def serve(app: "WSGIApplication", *, host: str = "127.0.0.1", port: int = 0) -> RunningServer:
    """Start serving; port 0 takes a free one. Raises OSError when the port is taken."""
    # waitress warns of answers that are cut short and of a long queue: here both are on purpose.
    logging.getLogger("waitress").setLevel(logging.ERROR)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return RunningServer(app, listener)
