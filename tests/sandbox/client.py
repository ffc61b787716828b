"""What the sandbox's tests hold in hand: a clock, a signing client, and a receiver of webhooks."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import requests
from requests_oauthlib import OAuth1

from sandbox.woocommerce.model import Order

ROOT = "/wp-json/wc/v3"
ADDRESS = {"first_name": "Lena", "last_name": "Vogel", "country": "DE", "city": "Berlin", "postcode": "10115"}
PARCEL = {"method_id": "flat_rate", "method_title": "DHL Paket", "total": "4.90"}


def basket(*lines: tuple[str, int], **more: Any) -> dict[str, Any]:
    """An order's body: SKUs with their quantities, to Berlin, processing."""
    items = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
    return {"status": "processing", "billing": ADDRESS, "shipping": ADDRESS, "line_items": items} | more


class Clock:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def tick(self, seconds: float = 1) -> None:
        """Let time pass."""
        self.time += timedelta(seconds=seconds)


class Api:
    """Signs every request as requests_oauthlib does, with the signature in the query."""

    def __init__(self, url: str, credentials: Any) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.auth = OAuth1(credentials["consumer_key"], credentials["consumer_secret"], signature_type="query")

    def get(self, path: str, **query: Any) -> requests.Response:
        """GET with parameters."""
        return self.session.get(f"{self.url}{ROOT}{path}", params=query, timeout=30)

    def send(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        """Anything else, with a JSON body."""
        return self.session.request(method, f"{self.url}{ROOT}{path}", json=body, params=query, timeout=30)

    def order_ids(self, **query: Any) -> list[int]:
        """The ids a list of orders shows."""
        answer = self.get("/orders", **query)
        assert answer.status_code == 200, answer.text
        return [order["id"] for order in answer.json()]

    def order(self, order: Order) -> dict[str, Any]:
        """An order as the API shows it."""
        shown: dict[str, Any] = self.get(f"/orders/{order.id}").json()
        return shown

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.session.close()


@dataclass(frozen=True, slots=True)
class Received:
    """One request a receiver got."""

    headers: dict[str, str]
    body: bytes


class Receiver:
    """A web server that keeps what is posted to it and answers `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.received: list[Received] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append(Received({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def topics(self) -> list[str]:
        """What was received: topics, and "ping"."""
        return [one.headers.get("x-wc-webhook-topic", "ping") for one in self.received]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
