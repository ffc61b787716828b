"""Faults on demand, as a client meets them."""

import contextlib
from typing import Any

import pytest
import requests

from sandbox import Fault, FaultError, Faults, Pace, RunningSandbox, WooCommerceShop
from sandbox.faults import Said
from tests.sandbox.client import Api, basket

Sandbox = RunningSandbox[WooCommerceShop]


@pytest.mark.parametrize(
    ("fault", "status", "headers"),
    [
        ("http_500", 500, {}),
        ("http_503", 503, {"Retry-After": "3"}),
        ("rate_limit", 429, {"Retry-After": "3"}),
        ("unauthorized", 401, {}),
        ("html", 200, {"Content-Type": "text/html; charset=utf-8"}),
        ("html_done", 200, {"Content-Type": "text/html; charset=utf-8"}),
        ("slow", 200, {"X-WP-Total": "0"}),
    ],
)
def test_the_next_answer_is_spoilt(
    sandbox: Sandbox, api: Api, fault: str, status: int, headers: dict[str, str]
) -> None:
    sandbox.faults.fail_next(1, fault)

    spoilt, fine = api.get("/orders"), api.get("/orders")

    assert spoilt.status_code == status
    assert {name: spoilt.headers.get(name) for name in headers} == headers
    assert fine.json() == []


def test_the_next_answer_is_word_for_word_what_was_planned(sandbox: Sandbox, api: Api) -> None:
    sandbox.faults.answer_next(1, Said(207, "no JSON", {"X-Odd": "1"}), only="/orders")

    planned = sandbox.faults.summary()["next"]
    said, fine = api.get("/orders"), api.get("/orders")

    assert planned == [{"fault": "answer_207", "times": 1, "only": "/orders"}]
    assert (said.status_code, said.text, said.headers["X-Odd"]) == (207, "no JSON", "1")
    assert fine.json() == []
    assert sandbox.faults.happened == {"answer_207": 1}


def test_a_429_may_not_say_how_long(sandbox: Sandbox, api: Api) -> None:
    sandbox.faults.fail_next(1, "rate_limit_bare")

    answer = api.get("/orders")

    assert answer.status_code == 429
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize("fault", ["reset", "lost", "truncated"])
def test_a_broken_connection(sandbox: Sandbox, api: Api, fault: str) -> None:
    sandbox.shop.place_order(basket(("OIL", 1)))
    sandbox.faults.fail_next(1, fault)

    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        api.get("/orders")
    assert api.get("/orders").status_code == 200


@pytest.mark.parametrize(
    ("fault", "made"),
    [("reset", 0), ("http_500", 0), ("html", 0), ("lost", 1), ("truncated", 1), ("html_done", 1), ("timeout_done", 1)],
)
def test_some_faults_do_the_work_first(sandbox: Sandbox, api: Api, fault: str, made: int) -> None:
    sandbox.faults.set_pace(timeout_seconds=0.01)
    sandbox.faults.fail_next(1, fault)

    with contextlib.suppress(requests.RequestException):
        api.send("POST", "/orders", basket(("OIL", 1)))

    assert len(sandbox.shop.book.orders) == made


def test_a_timeout_lasts_no_longer_than_its_client(sandbox: Sandbox, api: Api) -> None:
    sandbox.faults.fail_next(1, "timeout")

    with pytest.raises(requests.ReadTimeout):
        api.session.get(f"{api.url}/wp-json/wc/v3/orders", timeout=0.1)
    assert api.get("/orders").status_code == 200


def test_stopping_lets_go_of_held_requests(sandbox: Sandbox) -> None:
    sandbox.faults.release()

    sandbox.faults.hold(60, lambda: False)  # the test's own time limit says whether it came back


def test_only_some_requests_fail(sandbox: Sandbox, api: Api) -> None:
    sandbox.faults.fail_next(1, "http_500", only="POST /wp-json/wc/v3/products")

    assert api.get("/orders").status_code == 200
    assert api.send("POST", "/products/batch", {}).status_code == 500


def test_a_rate_limit_counts_requests_per_second(sandbox: Sandbox, api: Api) -> None:
    sandbox.faults.set_pace(requests_per_second=3)

    answers = [api.get("/orders").status_code for _ in range(5)]

    assert answers == [200, 200, 200, 429, 429]


def test_rates_are_kept_and_reproducible() -> None:
    def drawn() -> list[Fault | Said | None]:
        faults = Faults({"http_500": 0.2, "reset": 0.1}, seed=3)
        return [faults.next("GET /") for _ in range(2000)]

    faults = drawn()
    assert faults == drawn()
    assert 300 < faults.count(Fault.HTTP_500) < 500
    assert 130 < faults.count(Fault.RESET) < 270


@pytest.mark.parametrize(
    "wrong", [{"earthquake": 0.1}, {"http_500": 1.1}, {"http_500": -0.1}, {"slow": 0.6, "html": 0.6}]
)
def test_wrong_faults_are_named(wrong: dict[str, float]) -> None:
    with pytest.raises(FaultError):
        Faults(wrong)


def test_faults_change_while_the_shop_runs(sandbox: Sandbox, api: Api) -> None:
    url = f"{sandbox.url}/_sandbox/faults"
    with requests.Session() as session:
        session.trust_env = False
        given: dict[str, Any] = {"rates": {"http_500": 1}, "next": {"fault": "html"}, "slow_seconds": 0.2}
        assert session.post(url, json=given, timeout=30).status_code == 200
        answers = [api.get("/orders").status_code for _ in range(2)]
        happened = session.get(url, timeout=30).json()["happened"]
        session.post(url, json={"rates": {}}, timeout=30)

    assert answers == [200, 500]
    assert happened == {"html": 1, "http_500": 1}
    assert api.get("/orders").status_code == 200
    assert sandbox.faults.pace == Pace(retry_after_seconds=3, timeout_seconds=5, slow_seconds=0.2)


@pytest.mark.parametrize("wrong", [{"rates": {"earthquake": 1}}, {"loudness": 3}, {"next": {"fault": "x"}}])
def test_the_control_names_what_is_wrong(sandbox: Sandbox, wrong: dict[str, Any]) -> None:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(f"{sandbox.url}/_sandbox/faults", json=wrong, timeout=30)

    assert answer.status_code == 400
    assert answer.json()["error"]
