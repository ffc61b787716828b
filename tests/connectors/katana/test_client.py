"""Calls to Katana: what is sent, what its answers mean, and lists page by page."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import (
    ConnectorError,
    CredentialsRefused,
    FieldsRejected,
    NotFound,
    RateLimited,
    Rejected,
    Unavailable,
)
from connectors.katana.budget import Budget, Priority, Unshared
from connectors.katana.client import KatanaClient, may_have_made
from schemas.errors import Unreadable
from schemas.katana.limits import Quota
from tests.connectors.katana.answering import Answering, Reply, answering

KEY = "b1d06b5d-0000-4000-8000-000000000000"
NOW = Priority.ORDERS


@dataclass
class KeptBudget:
    """A limit in memory."""

    closed: datetime | None = None
    quotas: list[Quota] = field(default_factory=list)
    taken: list[Priority] = field(default_factory=list)

    def take(self, priority: Priority) -> None:
        if self.closed:
            raise RateLimited("closed", until=self.closed)
        self.taken.append(priority)

    def close(self, until: datetime) -> None:
        self.closed = until

    def lower(self, quota: Quota) -> None:
        self.quotas.append(quota)


def client(server: Answering, budget: Budget | None = None) -> KatanaClient:
    return KatanaClient({"api_key": KEY}, budget=budget or Unshared(), url=server.url, allow_insecure=True)


def error_for(reply: Reply) -> ConnectorError:
    """The error that the answer to a POST becomes."""
    with answering(reply) as server, pytest.raises(ConnectorError) as caught:
        client(server).post("sales_orders", {"order_no": "1"}, priority=NOW)
    assert str(caught.value).startswith(f"POST {server.url}/sales_orders: ")
    assert KEY not in str(caught.value)
    return caught.value


def details(*found: dict[str, Any]) -> dict[str, Any]:
    return {"statusCode": 422, "name": "UnprocessableEntityError", "message": "invalid", "details": list(found)}


def paged(page: int, of: int, *, last: str = "") -> dict[str, str]:
    said = {"total_pages": str(of), "page": str(page), "last_page": last or str(page == of).lower()}
    return {"X-Pagination": json.dumps(said)}


def test_KAT_1_numbers_are_sent_as_numbers_with_the_digits_they_have() -> None:
    body = {"rows": [{"price_per_unit": Decimal("12.50"), "quantity": Decimal(2), "location_id": None}], "ok": True}

    with answering(Reply({"id": 7})) as server:
        assert client(server).post("sales_orders", body, priority=NOW) == {"id": 7}

    (asked,) = server.asked
    assert asked.text == '{"rows":[{"price_per_unit":12.50,"quantity":2,"location_id":null}],"ok":true}'
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert asked.headers["Content-Type"] == "application/json"


def test_a_filter_with_several_values_is_repeated() -> None:
    with answering(Reply({"data": []})) as server:
        client(server).get("variants", {"sku": ["A", "B"]}, priority=NOW)

    assert server.asked[0].query == {"sku": ["A", "B"]}


@pytest.mark.parametrize("wrap", [lambda error: {"error": error}, lambda error: error], ids=["wrapped", "flat"])
def test_KAT_1_a_refusal_that_names_fields_names_them(wrap: Any) -> None:
    missing = {"path": "", "code": "required", "message": "is missing", "info": {"missingProperty": "customer_id"}}
    long = {"path": "/addresses/0/zip", "code": "maxLength", "message": "is too long", "info": {}}

    error = error_for(Reply(wrap(details(missing, long)), 422))

    assert isinstance(error, FieldsRejected)
    assert error.fields == ("customer_id: is missing", "addresses/0/zip: is too long")
    assert "answered 422 (invalid)" in str(error)


@pytest.mark.parametrize(
    ("reply", "kind", "may_be_there"),
    [
        (Reply({"error": {"statusCode": 422, "message": "incorrect location id"}}, 422), Rejected, True),
        (Reply({"error": details({"path": "/order_no", "code": "type"})}, 422), FieldsRejected, True),
        (Reply({"error": {"statusCode": 412, "name": "PreconditionFailedError"}}, 412), Rejected, True),
        (Reply({"error": {"statusCode": 404, "message": "no customer"}}, 404), NotFound, True),
        (Reply({"error": {"statusCode": 500, "message": "oh"}}, 500), Unavailable, True),
        (Reply("<html>", 502), Unavailable, True),
        (Reply("no json"), Unavailable, True),
        (Reply("[]", 422), Rejected, True),
        (Reply({"error": {"statusCode": 401, "name": "UnauthorizedError"}}, 401), CredentialsRefused, False),
        (Reply({"statusCode": 401, "name": "UnauthorizedError", "message": "x"}, 401), CredentialsRefused, False),
        (Reply("<html>firewall</html>", 403), Unavailable, True),
        (Reply({"statusCode": 429}, 429), RateLimited, False),
    ],
)
def test_KAT_1_what_an_answer_leaves_open(reply: Reply, kind: type[ConnectorError], may_be_there: bool) -> None:
    error = error_for(reply)

    assert type(error) is kind
    assert may_have_made(error) is may_be_there


def test_KAT_1_an_answer_that_cannot_be_read_leaves_open_what_it_made() -> None:
    assert may_have_made(Unreadable("id", "is missing"))


def test_KAT_2_a_429_closes_the_limit_for_all_and_is_not_sent_again() -> None:
    budget = KeptBudget()

    with answering(Reply("", 429, {"Retry-After": "70"})) as server:
        for _ in range(2):
            with pytest.raises(RateLimited):
                client(server, budget).get("factory", priority=Priority.POLL)

    assert server.calls == ["GET /factory"]
    assert budget.closed is not None
    assert timedelta(seconds=40) < budget.closed - datetime.now(UTC) <= timedelta(seconds=70)


def test_KAT_2_each_request_is_taken_from_the_limit_and_tells_it_what_is_left() -> None:
    budget = KeptBudget()

    with answering(Reply({}, 200, {"X-Ratelimit-Remaining": "41", "X-Ratelimit-Reset": "1795000000"})) as server:
        client(server, budget).patch("sales_orders/1", {}, priority=Priority.CHANGES)

    assert budget.taken == [Priority.CHANGES]
    assert budget.quotas == [Quota(41, datetime.fromtimestamp(1795000000, UTC))]


@pytest.mark.parametrize("status", [200, 204, 404])
def test_what_is_gone_need_not_be_deleted(status: int) -> None:
    with answering(Reply("", status)) as server:
        client(server).delete("sales_orders/1", priority=NOW)

    assert server.calls == ["DELETE /sales_orders/1"]


def test_a_list_is_read_to_its_last_page_and_what_moved_comes_once() -> None:
    full = [{"id": number} for number in range(250)]
    replies = [Reply({"data": full}, 200, paged(1, 2)), Reply({"data": [{"id": 249}, {"id": 250}]}, 200, paged(2, 2))]

    with answering(replies) as server:
        pages = list(client(server).pages("customers", {"email": "a@b.example"}, priority=NOW))

    assert [len(page) for page in pages] == [250, 1]
    assert [one.query["page"] for one in server.asked] == [["1"], ["2"]]
    assert server.asked[0].query["limit"] == ["250"]


def test_a_list_that_says_nothing_of_its_pages_ends_with_a_short_one() -> None:
    replies = [Reply({"data": [{"id": number} for number in range(250)]}), Reply({"data": []})]

    with answering(replies) as server:
        assert sum(map(len, client(server).pages("customers", {}, priority=NOW))) == 250

    assert len(server.asked) == 2


def test_a_list_that_gives_the_same_page_for_ever_ends() -> None:
    with answering(Reply({"data": [{"id": 1}]}, 200, paged(1, 9, last="false"))) as server:
        assert list(client(server).pages("customers", {}, priority=NOW)) == [[{"id": 1}], []]

    assert len(server.asked) == 2


@pytest.mark.parametrize("about", [("variant_id", "location_id"), ("batch_id", "location_id")])
def test_STK_2_entries_without_an_id_are_told_apart_by_what_they_are_about(about: tuple[str, str]) -> None:
    lines = [{about[0]: number // 2, about[1]: number % 2, "quantity_in_stock": "1"} for number in range(306)]
    replies = [Reply({"data": lines[:250]}, 200, paged(1, 2)), Reply({"data": lines[249:]}, 200, paged(2, 2))]

    with answering(replies) as server:
        found = [one for page in client(server).pages("inventory", {}, priority=NOW) for one in page]

    assert found == lines


def test_a_bare_list_is_a_list() -> None:
    with answering(Reply([{"id": 1}])) as server:
        assert list(client(server).pages("bin_locations", {}, priority=NOW)) == [[{"id": 1}]]


@pytest.mark.parametrize("said", [{"data": {}}, {"data": ["x"]}, {}, "x", None])
def test_what_is_no_list_is_no_empty_list(said: Any) -> None:
    with answering(Reply(json.dumps(said))) as server, pytest.raises(Unavailable, match="no list"):
        list(client(server).pages("customers", {}, priority=NOW))


def test_KAT_3_a_filter_that_is_ignored_is_seen_by_what_comes() -> None:
    rows = [{"id": 1, "email": "a@b.example"}, {"id": 2, "email": "c@d.example"}]

    with answering(Reply({"data": rows})) as server, pytest.raises(Rejected, match="ignores the filter email"):
        client(server).matching("customers", {"email": "a@b.example"}, priority=NOW)


def test_KAT_3_what_matches_is_found_with_what_else_is_asked() -> None:
    with answering(Reply({"data": [{"id": 1, "sales_order_id": 12}]})) as server:
        found = client(server).matching(
            "sales_order_fulfillments", {"sales_order_id": 12}, priority=NOW, others={"include_deleted": "true"}
        )

    assert found == [{"id": 1, "sales_order_id": 12}]
    assert server.asked[0].query["include_deleted"] == ["true"]


@pytest.mark.parametrize("key", ["", "b1\nd06", "schlüssel"])
def test_a_key_that_is_none_is_refused_before_it_is_sent(key: str) -> None:
    with pytest.raises(CredentialsRefused, match="api_key"):
        KatanaClient({"api_key": key}, budget=Unshared())
