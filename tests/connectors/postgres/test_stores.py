"""connectors.postgres.stores: a row of `stores` as rules see it."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.postgres import Connection, stores
from connectors.postgres.rows import StoreRow
from connectors.postgres.stores import read_store
from schemas.bigcommerce.platform import PLATFORM as BIGCOMMERCE
from schemas.bigcommerce.platform import STITCH
from schemas.platform import Platform
from schemas.shopify.platform import PLATFORM as SHOPIFY
from schemas.stores import StoreState
from schemas.woocommerce.platform import PLATFORM as WOOCOMMERCE

CONNECTED = datetime(2026, 7, 1, 12, tzinfo=UTC)
RESUMED = CONNECTED + timedelta(days=40)


def row(**changes: Any) -> StoreRow:
    values: dict[str, Any] = dict.fromkeys(field.name for field in fields(StoreRow))
    values |= {"id": 1, "name": "acme", "url": "https://acme.example", "state": StoreState.ACTIVE, "settings": {}}
    return StoreRow(**values | {"connected_at": CONNECTED, "activated_at": CONNECTED} | changes)


@pytest.mark.parametrize(
    ("activated", "expected"),
    [
        pytest.param(CONNECTED, CONNECTED - timedelta(days=14), id="the first connection reaches 14 days back"),
        pytest.param(RESUMED, RESUMED, id="resuming is an activation without them"),
    ],
)
def test_ORD_2_orders_import_from_the_activation(activated: datetime, expected: datetime) -> None:
    assert read_store(row(activated_at=activated), SHOPIFY).imports_from == expected


def test_ORD_4_other_platforms_have_no_such_date() -> None:
    assert read_store(row(), WOOCOMMERCE).imports_from is None


@pytest.mark.parametrize(
    ("state", "is_new"),
    [(StoreState.PAUSED, True), (StoreState.NEEDS_ATTENTION, False), (StoreState.ACTIVE, False)],
)
def test_ORD_2_only_a_pause_that_ends_is_a_new_activation(
    connection: Connection, acme: int, state: StoreState, is_new: bool
) -> None:
    connection.execute("UPDATE stores SET state = %s, activated_at = %s, fetched_at = now()", (state, CONNECTED))

    stores.set_state(connection, acme, StoreState.ACTIVE)

    assert (stored(connection)["activated_at"] > CONNECTED) is is_new


@pytest.mark.parametrize("state", [state for state in StoreState if state is not StoreState.ACTIVE])
def test_a_fetch_under_way_moves_no_cursor_of_a_store_that_stopped(
    connection: Connection, acme: int, state: StoreState
) -> None:
    connection.execute("UPDATE stores SET state = %s, cursor = 'here'", (state,))

    assert not stores.advance_cursor(connection, acme, was="here", cursor="there")

    assert stored(connection)["cursor"] == "here"


def stored(connection: Connection) -> dict[str, Any]:
    """The one store's row."""
    found = connection.execute("SELECT * FROM stores").fetchone()
    assert found is not None
    return found


@pytest.mark.parametrize(("profile", "expected"), [(None, BIGCOMMERCE), ("katana", BIGCOMMERCE), ("stitch", STITCH)])
def test_STI_1_a_profile_is_another_record_of_the_platform(profile: str | None, expected: Platform) -> None:
    settings = {} if profile is None else {"profile": profile}

    assert read_store(row(settings=settings), BIGCOMMERCE).platform is expected
    assert read_store(row(settings=settings), WOOCOMMERCE).platform is WOOCOMMERCE
