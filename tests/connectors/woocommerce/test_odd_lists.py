"""Shops that count orders they do not show, and shops that cannot give many at once (connectors.woocommerce)."""

import json
from collections.abc import Callable, Set
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Response, request

from connectors.errors import ConnectorError, RateLimited, TooLarge, Unavailable
from tests.connectors.store_contract import following, ids_of
from tests.connectors.woocommerce.shop import connect, raw_order, shop_that_answers

START = datetime(2026, 1, 5, tzinfo=UTC)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def list_of(count: int, *, hidden: Set[int] = frozenset()) -> Callable[[], Response]:
    """The list of so many orders, one changed each second, as WooCommerce cuts it into pages; some it only counts."""
    times = {number: START + timedelta(seconds=number) for number in range(1, count + 1)}

    def listing() -> Response:
        after = moment(request.args.get("modified_after", "2000-01-01T00:00:00"))
        before = moment(request.args.get("modified_before", "2100-01-01T00:00:00"))
        found = [(number, at) for number, at in times.items() if after < at < before]
        offset, size = int(request.args.get("offset", 0)), int(request.args["per_page"])
        page = found[offset : offset + size]
        shown = [raw_order(number, at.isoformat()) for number, at in page if number not in hidden]
        return Response(json.dumps(shown), headers={"X-WP-Total": str(len(found))}, mimetype="application/json")

    return listing


def read(listing: Callable[[], Any], *, tries: int = 1) -> tuple[set[int], list[ConnectorError]]:
    """The orders that a store reads from START on, in so many tries from where the last one broke off."""
    found: list[str] = []
    errors: list[ConnectorError] = []
    with shop_that_answers(listing) as server:
        store = connect(server.url)
        cursor = following(START)
        for _ in range(tries):
            try:
                for page in store.changed_orders(cursor):
                    found += [snapshot.external_id for snapshot in page.snapshots]
                    cursor = page.cursor
            except ConnectorError as error:
                errors.append(error)
    return {int(id_) for id_ in found}, errors


# -- what is counted and not shown -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "hidden"),
    [
        (240, {240}),
        (240, {239, 240}),
        (240, {1}),
        (240, {60}),
        (240, set(range(141, 241))),
        (100, set(range(1, 101))),
    ],
    ids=["the newest", "the newest two", "the oldest", "one between", "as many as are on a page", "all"],
)
def test_an_order_that_the_shop_counts_and_does_not_show_stops_nothing(count: int, hidden: set[int]) -> None:
    assert read(list_of(count, hidden=hidden)) == (set(range(1, count + 1)) - hidden, [])


def test_where_a_whole_page_is_hidden_what_comes_after_it_is_not_passed_over() -> None:
    found, errors = read(list_of(240, hidden=set(range(101, 240))))

    assert 240 not in found
    assert [type(error) for error in errors] == [Unavailable]
    assert "shows none of them" in str(errors[0])


def test_ORD_4_an_old_open_order_that_is_not_shown_stops_no_backfill() -> None:
    def listing() -> Response:
        shown = [] if "status" in request.args else [raw_order(7, START.isoformat())]
        return Response(json.dumps(shown), headers={"X-WP-Total": "1"}, mimetype="application/json")

    with shop_that_answers(listing) as server:
        assert ids_of(connect(server.url).changed_orders(None)) == ["7"]


# -- what is too much at once ------------------------------------------------------------------------------------


def failing(listing: Callable[[], Response], most: int, asked: list[int], status: int = 504) -> Callable[[], Response]:
    """A shop that gives up where more than so many orders are asked for."""

    def answer() -> Response:
        asked.append(int(request.args["per_page"]))
        return listing() if asked[-1] <= most else Response("", status=status)

    return answer


@pytest.mark.long
@pytest.mark.parametrize("most", [99, 30, 12])
def test_a_shop_that_is_too_slow_for_a_full_page_is_asked_for_fewer_orders_the_next_time(most: int) -> None:
    asked: list[int] = []

    found, errors = read(failing(list_of(240), most, asked), tries=4)

    assert found == set(range(1, 241))
    assert {type(error) for error in errors} == {Unavailable}
    assert len(errors) == len([size for size in asked if size > most]) <= 3


def test_an_outage_leaves_no_small_pages_behind() -> None:
    asked: list[int] = []

    read(failing(list_of(10), 0, asked), tries=6)

    assert asked == [100, 50, 25, 12, 100, 50]


def test_the_next_fetch_begins_with_a_full_page() -> None:
    asked: list[int] = []

    read(failing(list_of(10), 50, asked), tries=3)

    assert asked == [100, 50, 100]


def test_a_shop_that_asks_to_wait_is_not_asked_for_less() -> None:
    """SPEC chapter 11."""
    asked: list[int] = []

    _, errors = read(failing(list_of(10), 0, asked, status=429), tries=3)

    assert {type(error) for error in errors} == {RateLimited}
    assert set(asked) == {100}


def test_orders_that_are_too_large_for_one_page_come_in_smaller_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.http.SIZE_LIMIT", 30 * len(json.dumps(raw_order(240, START.isoformat()))))

    assert read(list_of(240)) == (set(range(1, 241)), [])


@pytest.mark.long
def test_orders_of_one_second_come_in_smaller_pages_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.http.SIZE_LIMIT", 30 * len(json.dumps(raw_order(240))))

    def listing() -> Response:
        offset, size = int(request.args.get("offset", 0)), int(request.args["per_page"])
        is_before = moment(request.args["modified_after"]) < START
        found = [raw_order(number, START.isoformat()) for number in range(1, 241)] if is_before else []
        return Response(json.dumps(found[offset : offset + size]), mimetype="application/json")

    assert read(listing) == (set(range(1, 241)), [])


def test_a_single_order_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.http.SIZE_LIMIT", 1000)

    _, errors = read(list_of(2))

    assert [type(error) for error in errors] == [TooLarge]
