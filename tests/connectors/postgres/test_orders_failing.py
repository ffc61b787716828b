"""Orders in the hub whose last look failed: shown and retried with all that failed, and still imported."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.postgres import Connection, order_view, orders, outgoing
from connectors.postgres.journal import Which, lines
from schemas.failures import PutOff
from schemas.orders import Snapshot
from schemas.outcomes import OrderOutcome, Told
from tests.connectors.builtin_hub.makers import run

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
REFUSED = PutOff("refused_by_hub", {"problem": "no"}, None)


@pytest.fixture
def stands(connection: Connection, acme: int) -> int:
    """The store of an order 1 that stands in the hub and has changed since, and of an order 2 that waits."""
    for external_id in ("1", "2"):
        keep(connection, acme, external_id, "a")
    orders.settle(connection, acme, "1", changed=1, outcome=OrderOutcome("imported", hub_order_id="7"))
    keep(connection, acme, "1", "b")
    return acme


def keep(connection: Connection, store_id: int, external_id: str, digest: str, **changes: Any) -> None:
    at = NOON + timedelta(minutes=ord(digest))
    orders.keep_snapshots(connection, store_id, [Snapshot(external_id, at, digest, "{}", **changes)])


def set_aside(connection: Connection, store_id: int, external_id: str, why: PutOff = REFUSED) -> None:
    orders.set_aside(connection, store_id, external_id, why, changed=9)


def failed(connection: Connection, store_id: int) -> list[tuple[str, str, str | None]]:
    """What `storesync order list --state failed` shows."""
    found = order_view.orders(connection, order_view.OrderFilter(store_id, "failed"))
    return sorted((row.external_id, row.state, row.reason) for row in found)


def retried(connection: Connection, store_id: int, reason: str | None = None) -> set[str]:
    return {external_id for _, external_id in orders.retry_failed(connection, store_id, reason)}


def written(connection: Connection, store_id: int) -> list[tuple[str | None, str, str]]:
    found = lines(connection, Which(store_id))
    return [(line.external_id, line.action, line.outcome) for line in found]


def test_ch_11_a_failed_change_is_shown_with_all_that_failed_and_stays_imported(
    connection: Connection, stands: int
) -> None:
    set_aside(connection, stands, "1")
    set_aside(connection, stands, "2")

    assert failed(connection, stands) == [("1", "imported", "refused_by_hub"), ("2", "failed", "refused_by_hub")]


def test_ch_11_the_journal_says_whether_an_import_or_a_change_failed(connection: Connection, stands: int) -> None:
    set_aside(connection, stands, "1")
    set_aside(connection, stands, "2")

    assert written(connection, stands) == [("1", "change", "failed"), ("2", "import", "failed")]


def test_ch_11_a_change_that_fails_again_for_the_same_is_journaled_once(connection: Connection, stands: int) -> None:
    for _ in range(3):
        set_aside(connection, stands, "1")

    assert written(connection, stands) == [("1", "change", "failed")]


@pytest.mark.parametrize("reason", [None, "refused_by_hub"])
def test_BEY_7_a_failed_change_is_retried_with_all_that_failed(
    connection: Connection, stands: int, reason: str | None
) -> None:
    set_aside(connection, stands, "1")

    assert retried(connection, stands, reason) == {"1"}
    assert retried(connection, stands, "unexpected_error") == set()


def test_BEY_7_what_stands_in_the_hub_and_is_well_is_not_retried(connection: Connection, stands: int) -> None:
    assert retried(connection, stands) == set()
    assert failed(connection, stands) == []


@pytest.mark.parametrize("reason", ["line_not_matched", "held_back", "not_fulfillable", "pickup_not_sent"])
def test_BEY_7_what_is_only_noted_of_an_order_in_the_hub_is_retried_by_its_reason(
    connection: Connection, stands: int, reason: str
) -> None:
    also = {"also": [{"reason": "line_not_matched", "detail": {}}]}
    orders.settle(connection, stands, "1", changed=2, outcome=OrderOutcome("imported", "held_back", also))
    run(connection, "UPDATE store_orders SET hub_changed = 1 WHERE external_id = '1'")
    told = Told("pickup_not_sent", {"also": [{"reason": "not_fulfillable", "detail": {}}]})
    outgoing.settle(connection, stands, "1", changed=1, told=told)

    assert (retried(connection, stands), retried(connection, stands, "location_not_mapped")) == (set(), set())
    assert retried(connection, stands, reason) == {"1"}


def test_BEY_7_what_is_skipped_is_not_retried_by_its_reason(connection: Connection, stands: int) -> None:
    orders.settle(connection, stands, "2", changed=1, outcome=OrderOutcome("skipped", "on_hold"))

    assert retried(connection, stands, "on_hold") == set()


def test_a_look_that_goes_well_ends_the_failure(connection: Connection, stands: int) -> None:
    set_aside(connection, stands, "1", PutOff("store_unavailable", {}, NOON))

    orders.settle(connection, stands, "1", changed=2, outcome=OrderOutcome("imported"))

    assert failed(connection, stands) == []
    assert retried(connection, stands) == set()


def test_ch_11_unreadable_news_of_an_imported_order_is_shown_and_retried(connection: Connection, stands: int) -> None:
    keep(connection, stands, "1", "c", problem=("total", "must be a number"))

    assert failed(connection, stands) == [("1", "imported", "invalid_payload")]
    assert retried(connection, stands, "invalid_payload") == {"1"}


def test_ch_11_good_news_after_unreadable_news_is_looked_at(connection: Connection, stands: int) -> None:
    keep(connection, stands, "1", "c", problem=("total", "must be a number"))
    keep(connection, stands, "1", "d")

    orders.settle(connection, stands, "1", changed=4, outcome=OrderOutcome("imported"))

    assert failed(connection, stands) == []


def test_an_order_that_was_deleted_in_the_hub_fails_no_more(connection: Connection, stands: int) -> None:
    set_aside(connection, stands, "1")

    run(connection, "UPDATE store_orders SET state = 'deleted', hub_order_id = NULL WHERE external_id = '1'")

    assert failed(connection, stands) == []
    assert retried(connection, stands) == set()


def test_store_show_counts_a_failed_change_with_its_reason(connection: Connection, stands: int) -> None:
    set_aside(connection, stands, "1")

    counted = [(row.state, row.reason, row.orders) for row in order_view.counts(connection, stands)]

    assert counted == [("imported", "refused_by_hub", 1), ("pending", None, 1)]
