"""The HTTP server under every stand-in."""

import concurrent.futures
import socket
import threading

import pytest
import requests

from sandbox import open_sandbox, seed_plain, serve
from sandbox.faults import Faults, Pace
from sandbox.woocommerce.app import create_app
from sandbox.woocommerce.state import WooCommerceShop
from tests.sandbox.client import Api
from tests.waiting import wait_until


@pytest.mark.long
def test_fifty_requests_at_once() -> None:
    with open_sandbox("woocommerce", orders=12) as sandbox:

        def ask(_: int) -> int:
            with Api(sandbox.url, sandbox.credentials) as api:
                return len(api.get("/orders", per_page=100).json())

        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(ask, range(100)))

    assert answers == [12] * 100


def test_parallel_writes_lose_nothing() -> None:
    shop = WooCommerceShop()
    seed_plain(shop, orders=0)
    with serve(create_app(shop)) as server:

        def order(_: int) -> None:
            with requests.Session() as session:
                session.trust_env = False
                body = {"status": "processing", "line_items": [{"sku": "PLAIN-001"}]}
                assert session.post(f"{server.url}/_sandbox/orders", json=body, timeout=30).status_code == 201

        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            list(pool.map(order, range(60)))

    assert len(shop.book.orders) == 60
    assert shop.stock("PLAIN-001") == 10_000 - 60


def of_ours() -> list[str]:
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith(("sandbox", "waitress"))]


def test_after_stopping_the_port_is_free_and_no_thread_is_left() -> None:
    with open_sandbox("woocommerce", orders=0) as sandbox:
        port = int(sandbox.url.rsplit(":", 1)[1])
        with Api(sandbox.url, sandbox.credentials) as api:
            assert api.get("/orders").status_code == 200

    sandbox.stop()  # twice does no harm
    sandbox.wait()
    with open_sandbox("woocommerce", orders=0, port=port) as again:
        assert again.url == sandbox.url
    wait_until(lambda: not of_ours(), what="the sandbox's threads to end")


def test_stopping_does_not_wait_for_a_request_that_a_fault_holds() -> None:
    shop, faults = WooCommerceShop(), Faults({"timeout": 1.0}, pace=Pace(timeout_seconds=100))
    server = serve(create_app(shop, faults))
    server.before_stop(faults.release)
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall(b"GET /wp-json/wc/v3/orders HTTP/1.1\r\nHost: shop\r\n\r\n")
        wait_until(lambda: faults.happened, what="the fault to hold the request")
        server.stop()

        assert client.recv(1) == b""


def test_a_taken_port_is_an_error() -> None:
    with open_sandbox("woocommerce", orders=0) as sandbox:
        port = int(sandbox.url.rsplit(":", 1)[1])

        with pytest.raises(OSError, match="in use"):
            open_sandbox("woocommerce", orders=0, port=port)


def test_an_unknown_platform_is_an_error() -> None:
    with pytest.raises(KeyError):
        open_sandbox("etsy")
