"""connectors.postgres.stores: a row of `stores` as rules see it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.postgres.stores import read_store
from schemas.bigcommerce import PLATFORM as BIGCOMMERCE
from schemas.bigcommerce import STITCH
from schemas.platform import Platform
from schemas.shopify import PLATFORM as SHOPIFY
from schemas.woocommerce import PLATFORM as WOOCOMMERCE

CONNECTED = datetime(2026, 7, 1, 12, tzinfo=UTC)
RESUMED = CONNECTED + timedelta(days=40)


def row(**changes: Any) -> dict[str, Any]:
    known = {"id": 1, "name": "acme", "url": "https://acme.example", "state": "active", "settings": {}}
    return {**known, "allow_insecure": False, "connected_at": CONNECTED, "activated_at": CONNECTED, **changes}


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


@pytest.mark.parametrize(("profile", "expected"), [(None, BIGCOMMERCE), ("katana", BIGCOMMERCE), ("stitch", STITCH)])
def test_STI_1_a_profile_is_another_record_of_the_platform(profile: str | None, expected: Platform) -> None:
    settings = {} if profile is None else {"profile": profile}

    assert read_store(row(settings=settings), BIGCOMMERCE).platform is expected
    assert read_store(row(settings=settings), WOOCOMMERCE).platform is WOOCOMMERCE
